"""Enrol this agent with a hub, once, by a one-time code given for one practice.

The code carries the hub's address, the practice's code, a one-time secret, the fingerprint of the hub's host key and
the digest of the root of its catalogue. In this order:

1. The code is read; an agent that is enrolled refuses.
2. The practice's two keys are made here (or kept from an attempt that was cut off). They never leave.
3. The connection is opened. Another host key than the code's: nothing is sent, not even the secret.
4. The request (practice, public halves of the keys, signed) is put; the reply is waited for, up to a deadline.
5. The reply's root metadata must have the code's digest. It becomes the anchor of the catalogue.
6. agent.toml is written last: its presence means enrolled. A kill before it leaves an agent that is not enrolled; the
   keys are used again with the next code.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_ssh_private_key,
)

from agent.config import Config, Hub, write_config
from agent.databases.settings import DatabaseSettings
from agent.diary import Diary
from agent.errors import EnrolmentRefusedError, HubRefusedError, HubUnreachableError, NotThereError
from agent.files import write_private
from agent.pull import set_anchor
from agent.sftp import Address, OneTimeSecret, openssh_fingerprint
from agent.state import StateFolder
from agent.transport import REPLY, REQUEST, Mailbox, Patience
from governance.enrolment import (
    EnrolmentCode,
    EnrolmentReply,
    EnrolmentRequest,
    read_reply,
    sign_request,
)
from governance.errors import GovernanceError
from governance.keys import SigningKey, read_signing_key, write_key
from governance.wire import REPLY_LIMIT_BYTES

ENROL_ACCOUNT = "enrol"
REPLY_PATIENCE = Patience(seconds=60)
EVERY_MINUTES = 15
RUN_SECONDS = 1800

Open = Callable[[Address, OneTimeSecret], AbstractContextManager[Mailbox]]


@dataclass(frozen=True, slots=True)
class Place:
    """Where the practice's records are: which layout, and the folder of the nightly files or the site's database."""

    layout: str
    records: Path | DatabaseSettings


@dataclass(frozen=True, slots=True)
class Door:
    """How to reach the hub of a code, and how long to wait for its reply."""

    open: Open
    patience: Patience = REPLY_PATIENCE


@dataclass(frozen=True, slots=True)
class Enrolled:
    """What to read out to the hub by telephone."""

    practice: str
    hub: Hub
    key_words: str  # fingerprint of the practice's signing key


def enrol(folder: StateFolder, code_text: str, place: Place, door: Door, diary: Diary) -> Enrolled:
    """Enrol with the hub that gave the code.

    Raises:
        EnrolmentRefusedError: the code, the hub's answer or a second enrolment is refused.
        HubIdentityError: another key than the code's answered; nothing was sent.
        HubUnreachableError: no answer in time.
    """
    code = read_code(code_text)
    check_not_enrolled(folder)
    folder.make()
    signing_key, ssh_public_key = _signing_key(folder), _ssh_public_key(folder)
    request = sign_request(EnrolmentRequest(code.practice, ssh_public_key, signing_key.public), signing_key)
    reply = _exchange(code, request, door)
    set_anchor(folder.catalogue, reply.root)
    hub = Hub(code.host, code.port, openssh_fingerprint(code.host_key_sha256))
    write_config(folder, Config(code.practice, place.layout, place.records, EVERY_MINUTES, RUN_SECONDS, hub))
    diary.append("enrolled", {"practice": code.practice, "host": code.host, "key": signing_key.public.key_id})
    return Enrolled(code.practice, hub, signing_key.public.fingerprint)


def read_code(text: str) -> EnrolmentCode:
    """The code as the hub gave it.

    Raises:
        EnrolmentRefusedError: it was typed otherwise.
    """
    try:
        return EnrolmentCode.parse(text.strip())
    except GovernanceError as error:
        raise EnrolmentRefusedError(
            f"the code cannot be read: {error.message}", "type it as the hub gave it"
        ) from error


def check_not_enrolled(folder: StateFolder) -> None:
    """Refuse a second enrolment.

    Raises:
        EnrolmentRefusedError: there is a hub already.
    """
    if folder.config.exists():
        raise EnrolmentRefusedError(
            "this agent is enrolled already",
            "to enrol anew, move the state folder away first: its reports and its record stay yours",
        )


def _signing_key(folder: StateFolder) -> SigningKey:
    path = folder.signing_key
    if not path.exists():
        write_key(path, SigningKey.generate())
    return read_signing_key(path)


def _ssh_public_key(folder: StateFolder) -> str:
    path = folder.ssh_key
    if not path.exists():
        private = Ed25519PrivateKey.generate()
        write_private(path, private.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()))
    key = load_ssh_private_key(path.read_bytes(), password=None)
    return key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode("ascii")


def _exchange(code: EnrolmentCode, request: bytes, door: Door) -> EnrolmentReply:
    address = Address(code.host, code.port, code.host_key_sha256)
    try:
        with door.open(address, OneTimeSecret(ENROL_ACCOUNT, code.secret)) as mailbox:
            mailbox.put(REQUEST, request)
            return read_reply(_reply(mailbox, door.patience), code)
    except HubRefusedError as error:
        raise EnrolmentRefusedError(
            f"hub {code.host} does not take this code", "a code works once and for a short time: ask for a new one"
        ) from error
    except GovernanceError as error:
        raise EnrolmentRefusedError(
            f"the hub's reply does not match the code: {error.message}", "nothing was kept; tell the hub"
        ) from error


def _reply(mailbox: Mailbox, patience: Patience) -> bytes:
    for _ in patience.looks():
        with contextlib.suppress(NotThereError):
            return mailbox.fetch(REPLY, REPLY_LIMIT_BYTES)
    raise HubUnreachableError(f"no reply within {patience.seconds:.0f} seconds", "ask for a new code and try again")
