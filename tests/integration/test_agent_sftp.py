"""The agent's SFTP side and its enrolment, against the hub's real server on the loopback."""

from __future__ import annotations

import base64
import hashlib
import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import paramiko
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from agent.config import read_config
from agent.diary import Diary
from agent.enrol import Door, Place, enrol
from agent.errors import (
    EnrolmentRefusedError,
    HubIdentityError,
    HubRefusedError,
    HubUnreachableError,
    NotThereError,
    TooLargeError,
)
from agent.pull import pull
from agent.sftp import Address, ClientKey, OneTimeSecret, SftpMailbox, connect, fingerprint, openssh_fingerprint
from agent.state import StateFolder
from agent.transport import Patience
from governance.enrolment import EnrolmentCode, EnrolmentReply, read_request, write_reply
from hub.mailbox import Account, EnrolAccount
from hub.sftp_server import SftpServer
from tests.agent_kit import NOW, PRACTICE, Centre, library, make_agreement, sha256

SECRET = "0123456789abcdef" * 2
PULSE = "pulse-rhythm-65"


class KnownKeys:
    """Who may log in: one practice by its key, and whoever has the secret, once."""

    def __init__(self, centre: Centre) -> None:
        self.centre = centre
        self.keys: set[bytes] = set()
        self.requests: list[bytes] = []
        self.logins = 0
        self.root = centre.root

    def by_key(self, name: str, key: bytes) -> Account | None:
        self.logins += 1
        return self.centre.account(name) if name == PRACTICE and key in self.keys else None

    def by_secret(self, secret: str) -> Account | None:
        self.logins += 1
        if secret != SECRET or self.requests:
            return None
        return EnrolAccount("enrol", self._take, self._reply)

    def release(self) -> None:
        pass

    def _take(self, data: bytes) -> None:
        request = read_request(data)
        self.keys.add(paramiko.PKey.from_type_string(*_blob(request.ssh_public_key)).asbytes())
        self.requests.append(data)

    def _reply(self) -> bytes | None:
        return write_reply(EnrolmentReply(PRACTICE, self.root)) if self.requests else None


def _blob(line: str) -> tuple[str, bytes]:
    kind, encoded = line.split()
    return kind, base64.b64decode(encoded)


@pytest.fixture(scope="module")
def host_key(tmp_path_factory: pytest.TempPathFactory) -> paramiko.Ed25519Key:
    return make_key(tmp_path_factory.mktemp("host") / "host_key")


def make_key(path: Path) -> paramiko.Ed25519Key:
    path.write_bytes(Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()))
    path.chmod(0o600)
    return paramiko.Ed25519Key.from_private_key_file(str(path))


@pytest.fixture
def centre(tmp_path: Path) -> Centre:
    centre = Centre(tmp_path / "hub")
    centre.publish(make_agreement(PULSE), library(PULSE))
    return centre


@pytest.fixture
def door(centre: Centre) -> KnownKeys:
    return KnownKeys(centre)


@pytest.fixture
def server(door: KnownKeys, host_key: paramiko.Ed25519Key) -> Iterator[SftpServer]:
    server = SftpServer(("127.0.0.1", 0), host_key, door)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def address(server: SftpServer, host_key: paramiko.Ed25519Key) -> Address:
    return Address("127.0.0.1", server.port, fingerprint(host_key))


@pytest.fixture
def client(door: KnownKeys, tmp_path: Path) -> ClientKey:
    door.keys.add(make_key(tmp_path / "client_key").asbytes())
    return ClientKey(PRACTICE, tmp_path / "client_key")


@pytest.fixture
def mailbox(address: Address, client: ClientKey) -> Iterator[SftpMailbox]:
    with connect(address, client) as mailbox:
        yield mailbox


def upload_name(data: bytes, sequence: int = 1) -> str:
    return f"/in/{sequence:08d}-result-{sha256(data)[:16]}.gpfed"


def test_the_catalogue_comes_over_sftp(mailbox: SftpMailbox, centre: Centre, tmp_path: Path) -> None:
    folder = tmp_path / "catalogue"
    folder.mkdir()
    (folder / "root.json").write_bytes(centre.root)
    centre.active = frozenset({"heart-health"})

    assert len(pull(mailbox, folder).files) == 4


@pytest.mark.parametrize("size", [0, 1, 32_768, 100_000])
def test_a_message_is_put_whole_under_its_name_and_again_without_harm(
    mailbox: SftpMailbox, centre: Centre, size: int
) -> None:
    data = b"x" * size
    for _ in range(2):
        mailbox.put(upload_name(data), data)

    waiting = centre.folder / "mailboxes" / PRACTICE / "in"
    assert {path.name: path.read_bytes() for path in waiting.iterdir()} == {upload_name(data)[4:]: data}


def test_what_the_mailbox_does_not_allow_is_refused(mailbox: SftpMailbox) -> None:
    for path in ("/in/notes.txt", "/catalogue/x.json", "/receipts/00000001.receipt"):
        with pytest.raises(HubRefusedError, match="the hub refuses access to"):
            mailbox.put(path, b"x")
    with pytest.raises(HubRefusedError, match="the hub refuses access to /in"):
        mailbox.list("/in")


def test_what_is_not_there_is_another_error_than_what_is_refused(mailbox: SftpMailbox) -> None:
    assert mailbox.list("/receipts") == ()
    with pytest.raises(NotThereError, match=r"the hub has no /receipts/00000009\.receipt"):
        mailbox.fetch("/receipts/00000009.receipt", 100)


def test_a_file_is_read_up_to_its_limit_and_no_further(mailbox: SftpMailbox, centre: Centre) -> None:
    (centre.folder / "mailboxes" / PRACTICE / "receipts" / "00000001.receipt").write_bytes(b"x" * 70_000)

    assert len(mailbox.fetch("/receipts/00000001.receipt", 70_000)) == 70_000
    with pytest.raises(TooLargeError, match="is larger than 69999 bytes"):
        mailbox.fetch("/receipts/00000001.receipt", 69_999)


def test_a_key_that_the_hub_does_not_know_is_refused(address: Address, tmp_path: Path) -> None:
    make_key(tmp_path / "stranger")

    with (
        pytest.raises(HubRefusedError, match="does not let account Z90001 in"),
        connect(address, ClientKey(PRACTICE, tmp_path / "stranger")),
    ):
        pass


def test_another_host_key_is_refused_before_anything_is_sent(
    address: Address, client: ClientKey, door: KnownKeys
) -> None:
    other = replace(address, host_key_sha256=hashlib.sha256(b"another").hexdigest())

    for identity in (client, OneTimeSecret("enrol", SECRET)):
        with (
            pytest.raises(HubIdentityError, match="answered with another key: expected SHA256:"),
            connect(other, identity),
        ):
            pass

    assert door.logins == 0


def test_a_port_where_nobody_listens_is_unreachable(client: ClientKey) -> None:
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        port = nobody.getsockname()[1]

    with (
        pytest.raises(HubUnreachableError, match=f"port {port} did not answer"),
        connect(Address("127.0.0.1", port, "0" * 64), client),
    ):
        pass


def test_a_port_that_says_nothing_is_unreachable_in_time(client: ClientKey, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agent.sftp.CONNECT_SECONDS", 0.2)
    with (
        socket.create_server(("127.0.0.1", 0)) as silent,
        pytest.raises(HubUnreachableError, match="did not answer"),
        connect(Address("127.0.0.1", silent.getsockname()[1], "0" * 64), client),
    ):
        pass


def test_a_hub_that_goes_away_in_the_middle_is_unreachable(mailbox: SftpMailbox, server: SftpServer) -> None:
    server.stop()

    with pytest.raises(HubUnreachableError, match="at /receipts"):
        mailbox.list("/receipts")


def test_fingerprints_are_spelled_as_ssh_keygen_does() -> None:
    assert openssh_fingerprint(hashlib.sha256(b"x").hexdigest()) == "SHA256:LXEWQrcmsEQBYnyp+6wy9chTD7GQPMTbAiWHF5IaSIE"


# --- enrolment --------------------------------------------------------------------------------------------------------


@pytest.fixture
def code(address: Address, centre: Centre) -> EnrolmentCode:
    return EnrolmentCode("127.0.0.1", address.port, PRACTICE, SECRET, address.host_key_sha256, sha256(centre.root))


def enrol_now(folder: StateFolder, text: str) -> object:
    door = Door(connect, Patience(seconds=2, poll_seconds=0.01))
    return enrol(folder, text, Place("canonical", Path("/extracts")), door, Diary(folder.diary, lambda: NOW))


def test_an_agent_enrols_once_and_then_logs_in_with_its_own_key(
    tmp_path: Path, code: EnrolmentCode, address: Address, centre: Centre
) -> None:
    folder = StateFolder(tmp_path / "state")

    enrol_now(folder, code.text)

    config = read_config(folder)
    assert (config.practice, config.hub.host_key_sha256) == (PRACTICE, address.host_key_sha256)
    assert (folder.catalogue / "root.json").read_bytes() == centre.root
    with connect(address, ClientKey(PRACTICE, folder.ssh_key)) as mailbox:
        assert len(pull(mailbox, folder.catalogue).files) == 3
    assert [entry.event for entry in Diary(folder.diary, lambda: NOW).entries()] == ["enrolled"]


def test_a_second_enrolment_is_refused(tmp_path: Path, code: EnrolmentCode, door: KnownKeys) -> None:
    folder = StateFolder(tmp_path / "state")
    enrol_now(folder, code.text)
    logins = door.logins

    with pytest.raises(EnrolmentRefusedError, match="this agent is enrolled already"):
        enrol_now(folder, code.text)
    assert door.logins == logins


def test_a_code_that_was_used_is_refused_with_what_to_do(tmp_path: Path, code: EnrolmentCode) -> None:
    enrol_now(StateFolder(tmp_path / "first"), code.text)

    with pytest.raises(EnrolmentRefusedError, match="does not take this code") as refused:
        enrol_now(StateFolder(tmp_path / "second"), code.text)
    assert "ask for a new one" in refused.value.hint
    assert not StateFolder(tmp_path / "second").config.exists()


def test_a_hub_with_another_key_than_the_codes_gets_nothing(
    tmp_path: Path, code: EnrolmentCode, door: KnownKeys
) -> None:
    other = replace(code, host_key_sha256="0" * 64)

    with pytest.raises(HubIdentityError, match="answered with another key"):
        enrol_now(StateFolder(tmp_path / "state"), other.text)
    assert (door.logins, door.requests) == (0, [])


def test_a_reply_with_another_root_than_the_codes_is_refused(
    tmp_path: Path, code: EnrolmentCode, door: KnownKeys
) -> None:
    door.root = b"another root"

    with pytest.raises(EnrolmentRefusedError, match="root is not the one that the code names"):
        enrol_now(StateFolder(tmp_path / "state"), code.text)
    assert not StateFolder(tmp_path / "state").config.exists()


def test_a_mistyped_code_is_refused_before_anything_is_made(tmp_path: Path, code: EnrolmentCode) -> None:
    text = code.text[:-1] + ("0" if code.text[-1] != "0" else "1")

    with pytest.raises(EnrolmentRefusedError, match="the code cannot be read"):
        enrol_now(StateFolder(tmp_path / "state"), text)
    assert not (tmp_path / "state").exists()


def test_an_enrolment_that_was_cut_off_keeps_its_keys_for_the_next_code(
    tmp_path: Path, code: EnrolmentCode, door: KnownKeys, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = StateFolder(tmp_path / "state")
    monkeypatch.setattr(door, "_reply", lambda: None)
    with pytest.raises(HubUnreachableError, match="no reply within 0 seconds"):
        enrol(
            folder,
            code.text,
            Place("canonical", Path("/x")),
            Door(connect, Patience(0)),
            Diary(folder.diary, lambda: NOW),
        )
    keys = {path.name: path.read_bytes() for path in folder.keys.iterdir()}
    monkeypatch.undo()
    door.requests.clear()

    enrol_now(folder, code.text)

    assert {path.name: path.read_bytes() for path in folder.keys.iterdir()} == keys
