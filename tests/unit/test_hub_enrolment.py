"""One code brings one practice's keys, once."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import paramiko
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from governance.enrolment import EnrolmentCode, EnrolmentRequest, read_reply, sign_request
from governance.errors import FormatError
from governance.keys import SigningKey
from hub.accounts import HubDirectory, enrol_account
from hub.enrolment import MAX_ATTEMPTS, add_practice, enrol, find_invitation, invite
from hub.errors import AccessError, EnrolmentError
from hub.models import Event, Invitation, Practice
from tests.federation import Federation, MemoryMailbox

ADDRESS = ("hub.example.org", 2222)


def _ssh_key() -> str:
    public = Ed25519PrivateKey.generate().public_key()
    return public.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode("ascii")


def _request(practice: str = "Z90001", ssh_key: str = "", key: SigningKey | None = None) -> bytes:
    key = key or SigningKey.generate()
    return sign_request(EnrolmentRequest(practice, ssh_key or _ssh_key(), key.public), key)


def _invited(federation: Federation, code: str = "Z90001") -> tuple[EnrolmentCode, Invitation]:
    made = invite(federation.centre, add_practice(federation.centre, code, f"Practice {code}"), ADDRESS)
    invitation = find_invitation(made.secret, federation.now)
    assert invitation is not None
    return made, invitation


def test_a_request_brings_the_keys_and_the_reply_can_be_checked_against_the_code(tmp_path: Path) -> None:
    federation = Federation(tmp_path)
    code, invitation = _invited(federation)
    mailbox = MemoryMailbox(enrol_account(federation.centre, invitation.pk))

    mailbox.put("/request", _request())

    reply = read_reply(mailbox.fetch("/reply", 1_000_000), code)
    practice = Practice.objects.get()
    assert reply.account == "Z90001"
    assert practice.enrolled
    assert (federation.config.mailbox("Z90001") / "in").is_dir()
    assert list(Event.objects.filter(practice=practice).values_list("kind", flat=True)) == [
        "practice_added",
        "practice_invited",
        "practice_enrolled",
    ]


def test_only_a_hash_of_the_secret_is_kept(tmp_path: Path) -> None:
    federation = Federation(tmp_path)
    code, _ = _invited(federation)

    files = (federation.hub_folder / "hub.sqlite3", federation.hub_folder / "hub.sqlite3-wal")
    stored = b"".join(file.read_bytes() for file in files if file.exists())
    assert code.secret[8:].encode() not in stored
    assert bytes.fromhex(code.secret[8:]) not in stored


def test_a_session_that_outlives_its_code_enrols_nobody(tmp_path: Path) -> None:
    federation = Federation(tmp_path)
    _, invitation = _invited(federation)
    federation.later(hours=1)
    with pytest.raises(EnrolmentError, match="this code has expired"):
        enrol(federation.centre, invitation.pk, _request())
    assert not Practice.objects.get().enrolled


def test_the_same_request_again_is_harmless_and_another_one_is_refused(tmp_path: Path) -> None:
    federation = Federation(tmp_path)
    _, invitation = _invited(federation)
    request = _request()

    enrol(federation.centre, invitation.pk, request)
    enrol(federation.centre, invitation.pk, request)

    with pytest.raises(EnrolmentError, match="this code has been used"):
        enrol(federation.centre, invitation.pk, _request())
    assert Event.objects.filter(kind="practice_enrolled").count() == 1


def test_a_request_for_another_practice_is_refused(tmp_path: Path) -> None:
    federation = Federation(tmp_path)
    _, invitation = _invited(federation)

    with pytest.raises(EnrolmentError, match="the request is for Z90002, the code for Z90001"):
        enrol(federation.centre, invitation.pk, _request("Z90002"))


def test_a_key_of_another_practice_is_refused(tmp_path: Path) -> None:
    federation = Federation(tmp_path)
    key, ssh_key = SigningKey.generate(), _ssh_key()
    enrol(federation.centre, _invited(federation)[1].pk, _request("Z90001", ssh_key, key))
    second = _invited(federation, "Z90002")[1].pk

    for request in (_request("Z90002", ssh_key), _request("Z90002", key=key)):
        with pytest.raises(EnrolmentError, match="another practice uses one of these keys"):
            enrol(federation.centre, second, request)


@pytest.mark.parametrize("request_", [b"", b"{}", b"junk", b"{" * 1000])
def test_a_request_that_is_none_is_refused(tmp_path: Path, request_: bytes) -> None:
    federation = Federation(tmp_path)
    _, invitation = _invited(federation)

    with pytest.raises(EnrolmentError, match="the request cannot be taken"):
        enrol(federation.centre, invitation.pk, request_)


def test_a_code_ends_with_its_hour(tmp_path: Path) -> None:
    federation = Federation(tmp_path)
    code, _ = _invited(federation)

    federation.now += timedelta(hours=1, seconds=1)

    assert find_invitation(code.secret, federation.now) is None


def test_a_new_code_ends_the_one_before(tmp_path: Path) -> None:
    federation = Federation(tmp_path)
    first, _ = _invited(federation)
    second, _ = _invited(federation)

    assert find_invitation(first.secret, federation.now) is None
    assert find_invitation(second.secret, federation.now) is not None


def test_wrong_secrets_end_the_invitation(tmp_path: Path) -> None:
    federation = Federation(tmp_path)
    code, _ = _invited(federation)
    Invitation.objects.update(attempts=MAX_ATTEMPTS - 1)

    assert find_invitation(code.secret[:8] + "f" * 24, federation.now) is None

    assert find_invitation(code.secret, federation.now) is None


def test_a_practice_that_has_enrolled_is_not_invited_again(tmp_path: Path) -> None:
    federation = Federation(tmp_path)
    federation.enrol("Z90001")

    with pytest.raises(EnrolmentError, match="practice Z90001 has enrolled"):
        invite(federation.centre, Practice.objects.get(), ADDRESS)


def test_a_practice_has_one_name_and_a_code_that_is_one(tmp_path: Path) -> None:
    federation = Federation(tmp_path)
    add_practice(federation.centre, "Z90001", "Elm Street")

    with pytest.raises(EnrolmentError, match="practice Z90001 is known as Elm Street"):
        add_practice(federation.centre, "Z90001", "Oak Street")
    for code in ("../etc", "z90001", "", "A/B"):
        with pytest.raises(FormatError, match="practice code"):
            add_practice(federation.centre, code, "x")


def test_the_account_enrol_can_do_nothing_else(tmp_path: Path) -> None:
    federation = Federation(tmp_path)
    _, invitation = _invited(federation)
    account = enrol_account(federation.centre, invitation.pk)

    for path in ("/request", "/reply", "/in/x", "/request.part.part"):
        with pytest.raises(AccessError, match="only a request may be written here"):
            account.open_write(path)
    with pytest.raises(AccessError, match="a request may only lose its"):
        account.rename("/request.part", "/request")
    with pytest.raises(AccessError, match="there is no such file"):
        account.open_read("/reply")
    upload = account.open_write("/request.part")
    with pytest.raises(AccessError, match="at most 16384 bytes"):
        upload.write(0, b"x" * 20_000)


def test_a_practice_logs_in_with_its_own_key_only_once_it_has_enrolled(tmp_path: Path) -> None:
    federation = Federation(tmp_path)
    directory = HubDirectory(federation.centre, lambda: None)
    add_practice(federation.centre, "Z90002", "Not enrolled")
    elm = federation.enrol("Z90001")
    blob = paramiko.Ed25519Key(filename=str(elm.folder.ssh_key)).asbytes()

    assert directory.by_key("Z90001", blob) is not None
    assert directory.by_key("Z90001", blob[:-1] + b"x") is None
    assert directory.by_key("Z90002", blob) is None
    assert directory.by_key("Z90003", blob) is None
    assert directory.by_secret("") is None
