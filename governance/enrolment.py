"""How a practice joins: a code told once, by hand; one signed request; one reply that the code lets it check.

| message | from | signed by | believed because |
|---|---|---|---|
| code | hub, by hand | nobody: it is a secret, told once | its check characters; the person who told it |
| request | practice | the key that it brings | the signature; the secret was the password |
| reply | hub, over the pinned connection | nobody | the root's digest is in the code |

The code is `GPF1-` and `governance.code_text` over: port (2 bytes, big-endian), secret (16), SHA-256 of the SSH host
key (32), SHA-256 of the first TUF root (32), length of the practice's code (1), that code, the host's name.
"""

from __future__ import annotations

import re
import secrets
import struct
from dataclasses import dataclass
from typing import Annotated, Final

from pydantic import Field

from governance.canonical import to_canonical
from governance.code_text import from_groups, to_groups
from governance.errors import FormatError, TrustError
from governance.keys import SigningKey, VerifyKey
from governance.signing import decode64, encode64, parse_signed, sign, verify
from governance.wire import (
    ENROLMENT_LIMIT_BYTES,
    REPLY_LIMIT_BYTES,
    Message,
    PracticeCode,
    check_practice_code,
    file_digest,
    fit,
    read_message,
)

CODE_LIMIT_CHARACTERS = 1024
REQUEST_TYPE: Final = "application/vnd.gpfed.enrolment-request.v1+json"

_CODE_PREFIX = "GPF1-"
_SECRET_BYTES, _DIGEST_BYTES = 16, 32
_HOST = re.compile(r"[A-Za-z0-9.:-]{1,253}", re.ASCII)


@dataclass(frozen=True, slots=True)
class EnrolmentCode:
    """What the hub gives a practice once, by hand: where it is, how to know it, and a secret that works once.

    Args:
        host: name or address of the hub's SFTP server.
        port: of the same.
        practice: the practice's code.
        secret: 32 hex digits; the password of the account `enrol`.
        host_key_sha256: SHA-256 of the server's SSH key blob, 64 hex digits.
        root_sha256: SHA-256 of the first TUF root's bytes, 64 hex digits.
    """

    host: str
    port: int
    practice: str
    secret: str
    host_key_sha256: str
    root_sha256: str

    def __post_init__(self) -> None:
        check_practice_code(self.practice)
        if not _HOST.fullmatch(self.host):
            raise FormatError("enrolment code: host is not a name or an address")
        if not 1 <= self.port <= 65535:
            raise FormatError(f"enrolment code: port is {self.port}, expected 1 to 65535")
        for text, size in ((self.secret, 16), (self.host_key_sha256, 32), (self.root_sha256, 32)):
            if not re.fullmatch(f"[0-9a-f]{{{2 * size}}}", text, re.ASCII):
                raise FormatError(f"enrolment code: secret or digest is not {2 * size} hex digits")

    @staticmethod
    def new_secret() -> str:
        """128 random bits."""
        return secrets.token_hex(_SECRET_BYTES)

    @property
    def text(self) -> str:
        """`GPF1-` and groups of eight characters."""
        parts = (
            struct.pack(">H", self.port),
            bytes.fromhex(self.secret + self.host_key_sha256 + self.root_sha256),
            bytes([len(self.practice)]) + self.practice.encode("ascii"),
            self.host.encode("ascii"),
        )
        return _CODE_PREFIX + to_groups(b"".join(parts))

    @classmethod
    def parse(cls, text: str) -> EnrolmentCode:
        """Read the text form.

        Raises:
            FormatError: it is not one; names the group that is mistyped.
        """
        plain = "".join(text.split()).upper()
        if len(plain) > CODE_LIMIT_CHARACTERS or not plain.startswith(_CODE_PREFIX):
            raise FormatError(f"enrolment code does not begin with {_CODE_PREFIX}", "copy the whole code again")
        data = from_groups(plain.removeprefix(_CODE_PREFIX))
        fixed = 2 + _SECRET_BYTES + 2 * _DIGEST_BYTES
        if len(data) <= fixed:
            raise FormatError("enrolment code is too short")
        practice_end = fixed + 1 + data[fixed]
        digests = data[2:fixed].hex()
        return cls(
            host=data[practice_end:].decode("ascii", errors="replace"),
            port=int(struct.unpack(">H", data[:2])[0]),
            practice=data[fixed + 1 : practice_end].decode("ascii", errors="replace"),
            secret=digests[:32],
            host_key_sha256=digests[32:96],
            root_sha256=digests[96:],
        )


@dataclass(frozen=True, slots=True)
class EnrolmentRequest:
    """What a practice sends once: who it is and its two public keys.

    Args:
        practice: its code.
        ssh_public_key: one OpenSSH line without comment, `ssh-ed25519 AAAA...`.
        signing_key: with which it will sign acceptances and results.
    """

    practice: str
    ssh_public_key: str
    signing_key: VerifyKey


@dataclass(frozen=True, slots=True)
class EnrolmentReply:
    """What the hub answers: the practice's account and the first TUF root, byte for byte."""

    account: str
    root: bytes


class _RequestModel(Message):
    schema_: Annotated[int, Field(alias="schema", ge=1, le=1)]
    practice: PracticeCode
    ssh_public_key: Annotated[str, Field(pattern=r"^ssh-ed25519 [A-Za-z0-9+/]{60,100}={0,2}$")]
    signing_key: Annotated[str, Field(max_length=100)]


class _ReplyModel(Message):
    schema_: Annotated[int, Field(alias="schema", ge=1, le=1)]
    account: PracticeCode
    root: str


def sign_request(request: EnrolmentRequest, key: SigningKey) -> bytes:
    """An enrolment request, signed by the key that it brings."""
    body = {
        "schema": 1,
        "practice": request.practice,
        "ssh_public_key": request.ssh_public_key,
        "signing_key": request.signing_key.text,
    }
    fit(_RequestModel, body, "enrolment request")
    return sign(REQUEST_TYPE, to_canonical(body), [key]).to_bytes()


def read_request(data: bytes) -> EnrolmentRequest:
    """An enrolment request whose sender holds the key that it brings.

    Raises:
        FormatError: it is not one.
        SignatureError: it is not signed by the key that it brings.
    """
    signed = parse_signed(data, ENROLMENT_LIMIT_BYTES, "enrolment request")
    model = read_message(_RequestModel, signed.body, ENROLMENT_LIMIT_BYTES, "enrolment request")
    key = VerifyKey.parse(model.signing_key)
    verify(signed, REQUEST_TYPE, [key])
    return EnrolmentRequest(model.practice, model.ssh_public_key, key)


def write_reply(reply: EnrolmentReply) -> bytes:
    """An enrolment reply."""
    return to_canonical({"schema": 1, "account": reply.account, "root": encode64(reply.root)})


def read_reply(data: bytes, code: EnrolmentCode) -> EnrolmentReply:
    """An enrolment reply that belongs to a code.

    Raises:
        FormatError: it is not one.
        TrustError: its root is not the one that the code names, or it is for another practice.
    """
    model = read_message(_ReplyModel, data, REPLY_LIMIT_BYTES, "enrolment reply")
    root = decode64(model.root, "enrolment reply")
    if file_digest(root) != code.root_sha256:
        raise TrustError("enrolment reply: root is not the one that the code names", "tell the hub by telephone")
    if model.account != code.practice:
        raise TrustError(f"enrolment reply: account is {model.account}, expected {code.practice}")
    return EnrolmentReply(model.account, root)
