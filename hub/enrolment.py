"""Enrolment: a one-time code brings a practice's two public keys to the hub, once.

The secret in the code is 32 hex digits. The first eight find the invitation; of the rest only a scrypt hash is kept
(RFC 7914), and ten wrong tries end the invitation. Until it expires, the same secret may hand in the very same request
again and read the same reply, so that an interrupted enrolment can be finished; a different request is refused.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
from datetime import datetime, timedelta

import paramiko
from django.db import transaction

from governance.enrolment import EnrolmentCode, EnrolmentReply, EnrolmentRequest, read_request, write_reply
from governance.errors import GovernanceError
from governance.wire import check_practice_code
from hub.centre import HOST_KEY_FILE, Centre
from hub.errors import EnrolmentError
from hub.events import record
from hub.models import Invitation, Practice

SELECTOR_DIGITS = 8
MAX_ATTEMPTS = 10
INVITATION_LIFE = timedelta(hours=1)


def add_practice(centre: Centre, code: str, name: str) -> Practice:
    """Add a practice, or find the one of that code.

    Raises:
        FormatError: the code cannot be a practice's.
        EnrolmentError: a practice of that code has another name.
    """
    check_practice_code(code)
    with transaction.atomic():
        practice, is_new = Practice.objects.get_or_create(code=code, defaults={"name": name, "added_at": centre.now()})
        if practice.name != name:
            raise EnrolmentError(f"practice {code} is known as {practice.name}", "give the same name")
        if is_new:
            record(centre, "practice_added", practice)
    return practice


def invite(
    centre: Centre, practice: Practice, address: tuple[str, int], life: timedelta = INVITATION_LIFE
) -> EnrolmentCode:
    """Make a one-time code for a practice; an earlier one stops working.

    Args:
        centre: the hub.
        practice: not yet enrolled.
        address: host and port of the mailbox, as the practice reaches them.
        life: how long the code works.

    Raises:
        EnrolmentError: the practice has enrolled.
    """
    secret = EnrolmentCode.new_secret()
    salt = os.urandom(16)
    with transaction.atomic():
        if Practice.objects.select_for_update().get(pk=practice.pk).enrolled:
            raise EnrolmentError(f"practice {practice.code} has enrolled")
        practice.invitations.all().delete()
        Invitation.objects.create(
            practice=practice,
            selector=secret[:SELECTOR_DIGITS],
            salt=salt,
            secret_hash=_hash(secret, salt),
            created_at=centre.now(),
            expires_at=centre.now() + life,
        )
        record(centre, "practice_invited", practice)
    root_digest = hashlib.sha256(centre.repository().root_bytes()).hexdigest()
    return EnrolmentCode(*address, practice.code, secret, host_key_digest(centre), root_digest)


def host_key(centre: Centre) -> paramiko.Ed25519Key:
    """The mailbox's SSH host key."""
    return paramiko.Ed25519Key(filename=str(centre.config.keys / HOST_KEY_FILE))


def host_key_digest(centre: Centre) -> str:
    """SHA-256 of the host key's public blob, as `ssh-keygen -l` computes it, in hex."""
    return hashlib.sha256(host_key(centre).asbytes()).hexdigest()


def find_invitation(secret: str, now: datetime) -> Invitation | None:
    """The invitation that this secret opens, if it has not expired."""
    invitation = Invitation.objects.filter(selector=secret[:SELECTOR_DIGITS], expires_at__gt=now).first()
    if invitation is None or invitation.attempts >= MAX_ATTEMPTS:
        return None
    if not hmac.compare_digest(_hash(secret, bytes(invitation.salt)), bytes(invitation.secret_hash)):
        invitation.attempts += 1
        invitation.save(update_fields=["attempts"])
        return None
    return invitation


def enrol(centre: Centre, invitation_id: int, data: bytes) -> None:
    """Take in a practice's request; the reply is then there to be read.

    Raises:
        EnrolmentError: the request is for another practice, not signed by the key it brings, brings a key that another
            practice uses, is a second, different one, or comes after the code has expired.
    """
    digest = hashlib.sha256(data).hexdigest()
    with transaction.atomic():
        invitation = Invitation.objects.select_related("practice").get(pk=invitation_id)
        if invitation.request_digest == digest:
            return
        if invitation.request_digest:
            raise EnrolmentError("this code has been used", "ask the hub for a new one")
        if invitation.expires_at <= centre.now():  # it was good when the session began, which may be a while ago
            raise EnrolmentError("this code has expired", "ask the hub for a new one")
        request = _checked(invitation.practice, data)
        _take(centre, invitation, request, digest)


def _checked(practice: Practice, data: bytes) -> EnrolmentRequest:
    try:
        request = read_request(data)
        paramiko.Ed25519Key(data=_key_blob(request.ssh_public_key))
    except (GovernanceError, paramiko.SSHException, ValueError) as error:
        raise EnrolmentError(f"the request cannot be taken: {error}") from error
    if request.practice != practice.code:
        raise EnrolmentError(f"the request is for {request.practice}, the code for {practice.code}")
    others = Practice.objects.exclude(pk=practice.pk)
    if (
        others.filter(signing_key=request.signing_key.text).exists()
        or others.filter(ssh_key=request.ssh_public_key).exists()
    ):
        raise EnrolmentError("another practice uses one of these keys", "make new keys")
    return request


def _take(centre: Centre, invitation: Invitation, request: EnrolmentRequest, digest: str) -> None:
    practice = invitation.practice
    practice.signing_key = request.signing_key.text
    practice.ssh_key = request.ssh_public_key
    practice.enrolled_at = centre.now()
    practice.save()
    invitation.request_digest = digest
    invitation.reply = write_reply(EnrolmentReply(practice.code, centre.repository().root_bytes()))
    invitation.save()
    record(centre, "practice_enrolled", practice, key=request.signing_key.key_id)
    make_mailbox(centre, practice)


def make_mailbox(centre: Centre, practice: Practice) -> None:
    """Make the folders of a practice's mailbox; harmless when they are there."""
    for name in ("in", "receipts"):
        (centre.config.mailbox(practice.code) / name).mkdir(parents=True, exist_ok=True, mode=0o700)


def _key_blob(line: str) -> bytes:
    return base64.b64decode(line.split()[1], validate=True)


def _hash(secret: str, salt: bytes) -> bytes:
    return hashlib.scrypt(secret[SELECTOR_DIGITS:].encode("utf-8"), salt=salt, n=2**14, r=8, p=1, dklen=32)
