"""The mailbox over real SSH on loopback: what a client can do, and all that it cannot."""

from __future__ import annotations

import hashlib
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import paramiko
import pytest

from agent.sftp import Address, ClientKey, connect
from governance.wire import FileKind, upload_name
from hub.accounts import HubDirectory
from hub.enrolment import add_practice, host_key, host_key_digest, invite
from hub.models import Invitation, Practice
from hub.sftp_server import MAX_HANDLES, Limits, SftpServer
from tests.federation import Agent, Federation

LOOPBACK = "127.0.0.1"


class Served:
    """A federation whose mailbox is reached over SSH."""

    def __init__(self, federation: Federation, limits: Limits | None = None) -> None:
        self.federation = federation
        self.arrived = 0
        self.clock_seconds = 1000.0
        directory = HubDirectory(federation.centre, self._note_arrival)
        self.server = SftpServer(
            (LOOPBACK, 0), host_key(federation.centre), directory, limits, now=lambda: self.clock_seconds
        )
        self.server.start()

    def _note_arrival(self) -> None:
        self.arrived += 1

    @contextmanager
    def transport(self) -> Iterator[paramiko.Transport]:
        transport = paramiko.Transport((LOOPBACK, self.server.port))
        try:
            transport.start_client(timeout=20)
            yield transport
        finally:
            transport.close()

    @contextmanager
    def login(self, agent: Agent, name: str | None = None) -> Iterator[paramiko.Transport]:
        with self.transport() as transport:
            transport.auth_publickey(
                agent.code if name is None else name, paramiko.Ed25519Key(filename=str(agent.folder.ssh_key))
            )
            yield transport

    def wait_until_all_are_gone(self) -> None:
        """The server notices a little later than the client that a connection has ended."""
        for transport in list(self.server._sessions):
            transport.join(20)
        assert self.server.close_overdue() == 0

    @contextmanager
    def sftp(self, agent: Agent) -> Iterator[paramiko.SFTPClient]:
        with self.login(agent) as transport:
            client = paramiko.SFTPClient.from_transport(transport)
            assert client is not None
            yield client


@contextmanager
def served(federation: Federation, limits: Limits | None = None) -> Iterator[Served]:
    running = Served(federation, limits)
    try:
        yield running
    finally:
        running.server.stop()


def test_an_upload_is_renamed_whole_and_wakes_the_receiver(tmp_path: Path) -> None:
    federation = Federation(tmp_path)
    elm = federation.enrol("Z90001")
    data = b"x" * 100_000
    path = "/in/" + upload_name(1, FileKind.RESULT, data)
    with served(federation) as running, running.sftp(elm) as sftp:
        with sftp.open(path + ".part", "wb") as file:
            file.write(data)
        assert sftp.stat(path + ".part").st_size == len(data)
        assert running.arrived == 0
        sftp.rename(path + ".part", path)
        assert running.arrived == 1
    assert [one.read_bytes() for one in elm.in_folder.iterdir()] == [data]


def test_the_host_key_is_the_one_in_the_code(tmp_path: Path) -> None:
    federation = Federation(tmp_path)
    code = invite(federation.centre, add_practice(federation.centre, "Z90001", "Elm"), (LOOPBACK, 2222))
    with served(federation) as running, running.transport() as transport:
        key = transport.get_remote_server_key()
    assert key.get_name() == "ssh-ed25519"
    assert hashlib.sha256(key.asbytes()).hexdigest() == code.host_key_sha256


def test_an_account_reads_what_is_its_own_and_lists_receipts_only(tmp_path: Path) -> None:
    federation = Federation(tmp_path)
    elm, oak = federation.ready("Z90001", "Z90002")
    assert oak.receipts
    with served(federation) as running, running.sftp(elm) as sftp:
        assert sftp.listdir("/receipts") == ["00000001.receipt"]
        with sftp.open("/receipts/00000001.receipt") as receipt:
            assert b"practice Z90001" in receipt.read()
        with sftp.open("/catalogue/metadata/timestamp.json") as timestamp:
            assert timestamp.read() == (federation.config.repository / "metadata" / "timestamp.json").read_bytes()
        for folder in ("/", "/in", "/catalogue", "/catalogue/metadata", "/receipts/..", "/../../Z90002/receipts"):
            with pytest.raises(PermissionError):
                sftp.listdir(folder)


FORBIDDEN = (
    "/hub.sqlite3",
    "/../hub.sqlite3",
    "/keys/seal.key",
    "/catalogue/../keys/seal.key",
    "/catalogue/metadata/../../keys/seal.key",
    "/catalogue/metadata/..%2f..%2fhub.toml",
    "//catalogue/metadata/timestamp.json",
    "/catalogue//metadata/timestamp.json",
    "/catalogue/metadata/timestamp.json\n",
    "catalogue/metadata/timestamp.json\0",
    "\\catalogue\\metadata\\timestamp.json",
    "/receipts/../../Z90002/receipts/00000001.receipt",
    "/mailboxes/Z90002/receipts/00000001.receipt",
    "/receipts/1.receipt",
    "/etc/passwd",
    "/proc/self/environ",
    "",
)


def test_an_account_reads_nothing_outside_its_rights(tmp_path: Path) -> None:
    federation = Federation(tmp_path)
    elm, _ = federation.ready("Z90001", "Z90002")
    with served(federation) as running, running.sftp(elm) as sftp:
        for path in FORBIDDEN:
            with pytest.raises(PermissionError):
                sftp.open(path)
            with pytest.raises(PermissionError):
                sftp.stat(path)


def test_an_account_changes_nothing_outside_its_rights(tmp_path: Path) -> None:
    federation = Federation(tmp_path)
    (elm,) = federation.ready("Z90001")
    data = b"first"
    name = "/in/" + upload_name(2, FileKind.RESULT, data)
    with served(federation) as running, running.sftp(elm) as sftp:
        _upload(sftp, name, data)
        refused = {
            "read back what was put": lambda: sftp.open(name),
            "write it over": lambda: sftp.open(name, "wb"),
            "open for both": lambda: sftp.open(name + ".part", "w+b"),
            "append": lambda: sftp.open(name + ".part", "ab"),
            "write a receipt": lambda: sftp.open("/receipts/00000009.receipt", "wb"),
            "write into the catalogue": lambda: sftp.open("/catalogue/metadata/timestamp.json", "wb"),
            "write another name": lambda: sftp.open("/in/evil.sh.part", "wb"),
            "rename to another name": lambda: _upload(sftp, "/in/evil.gpfed", data, part=name + ".part"),
            "rename a receipt": lambda: sftp.rename("/receipts/00000001.receipt", name),
            "delete": lambda: sftp.remove(name),
            "make a folder": lambda: sftp.mkdir("/in/folder"),
            "remove a folder": lambda: sftp.rmdir("/in"),
            "make a link": lambda: sftp.symlink("/etc/passwd", "/in/link"),
            "read a link": lambda: sftp.readlink("/in"),
            "change permissions": lambda: sftp.chmod(name, 0o777),
            "change owner": lambda: sftp.chown(name, 0, 0),
            "cut short": lambda: sftp.truncate(name, 0),
        }
        for what, act in refused.items():
            with pytest.raises(OSError, match=r"(?i)denied|unsupported|no such|not permitted"):
                _must_fail(what, act)
    assert (elm.in_folder / name.removeprefix("/in/")).read_bytes() == data


def test_a_different_file_under_a_taken_name_is_refused_and_the_same_one_is_harmless(tmp_path: Path) -> None:
    federation = Federation(tmp_path)
    elm = federation.enrol("Z90001")
    name = "/in/" + upload_name(1, FileKind.RESULT, b"first")
    with served(federation) as running, running.sftp(elm) as sftp:
        _upload(sftp, name, b"first")
        _upload(sftp, name, b"first")
        with pytest.raises(PermissionError):
            _upload(sftp, name, b"other")
    assert (elm.in_folder / name.removeprefix("/in/")).read_bytes() == b"first"


def test_a_file_beyond_its_limit_is_refused_while_it_is_written(tmp_path: Path) -> None:
    federation = Federation(tmp_path)
    elm = federation.enrol("Z90001")
    name = "/in/" + upload_name(1, FileKind.ACCEPTANCE, b"")
    with served(federation) as running, running.sftp(elm) as sftp:
        file = sftp.open(name + ".part", "wb")
        file.seek(10**9)
        with pytest.raises(PermissionError, match="denied"):
            file.write(b"far away")
    assert (elm.in_folder / (name.removeprefix("/in/") + ".part")).stat().st_size == 0


def test_there_is_no_shell_no_command_no_forwarding(tmp_path: Path) -> None:
    federation = Federation(tmp_path)
    elm = federation.enrol("Z90001")
    with served(federation) as running:
        for request in ("get_pty", "invoke_shell", "command", "request_x11", "subsystem"):
            with running.login(elm) as transport:
                channel = transport.open_session()
                with pytest.raises(paramiko.SSHException):
                    _ask(channel, request)
        with running.login(elm) as transport, pytest.raises(paramiko.ChannelException, match="prohibited"):
            transport.open_channel("direct-tcpip", ("127.0.0.1", 22), ("127.0.0.1", 1))
        with running.login(elm) as transport, pytest.raises(paramiko.SSHException):
            transport.request_port_forward("", 0)
        with running.login(elm) as transport:
            transport.open_session()
            with pytest.raises(paramiko.ChannelException):
                transport.open_session()


def test_only_the_right_key_for_the_right_account_logs_in(tmp_path: Path) -> None:
    federation = Federation(tmp_path)
    elm, _oak = federation.enrol("Z90001"), federation.enrol("Z90002")
    add_practice(federation.centre, "Z90003", "Not enrolled")
    with served(federation) as running:
        for name in ("Z90002", "Z90003", "root", "enrol", ""):
            with pytest.raises(paramiko.SSHException), running.login(elm, name):
                pytest.fail(f"logged in as {name}")
        for name in ("Z90001", "root"):
            with running.transport() as transport, pytest.raises(paramiko.SSHException):
                transport.auth_password(name, "password")
        with running.transport() as transport, pytest.raises(paramiko.SSHException):
            transport.auth_none("Z90001")


def test_the_account_enrol_puts_one_request_and_reads_one_reply(tmp_path: Path) -> None:
    federation = Federation(tmp_path)
    code = invite(federation.centre, add_practice(federation.centre, "Z90001", "Elm"), (LOOPBACK, 2222))
    with served(federation) as running, running.transport() as transport:
        transport.auth_password("enrol", code.secret)
        sftp = paramiko.SFTPClient.from_transport(transport)
        assert sftp is not None
        for path in ("/reply", "/request"):
            with pytest.raises(FileNotFoundError):
                sftp.open(path)
        for path in ("/", "/in", "/receipts"):
            with pytest.raises(PermissionError):
                sftp.listdir(path)
        for path in ("/in/x.part", "/reply", "/request"):
            with pytest.raises(PermissionError):
                sftp.open(path, "wb")
        with pytest.raises(FileNotFoundError):
            sftp.open("/catalogue/metadata/timestamp.json")
        with pytest.raises(PermissionError):
            _upload(sftp, "/request", b"junk")
    assert not Practice.objects.get().enrolled


def test_a_wrong_secret_is_counted_and_ends_the_invitation(tmp_path: Path) -> None:
    federation = Federation(tmp_path)
    code = invite(federation.centre, add_practice(federation.centre, "Z90001", "Elm"), (LOOPBACK, 2222))
    Invitation.objects.update(attempts=9)
    wrong = code.secret[:8] + "0" * 24
    with served(federation) as running:
        for secret in (wrong, code.secret, "", "0" * 32):
            with running.transport() as transport, pytest.raises(paramiko.AuthenticationException):
                transport.auth_password("enrol", secret)
    assert Invitation.objects.get().attempts == 10


def test_connections_that_do_not_log_in_or_are_idle_or_stay_too_long_are_closed(tmp_path: Path) -> None:
    federation = Federation(tmp_path)
    elm = federation.enrol("Z90001")
    limits = Limits(login_seconds=20, idle_seconds=60, session_seconds=600)
    with served(federation, limits) as running, running.transport() as stranger, running.login(elm) as known:
        running.server.close_overdue()
        running.clock_seconds += 30
        running.server.close_overdue()
        stranger.join(10)
        assert not stranger.is_active()
        assert known.is_active()
        running.clock_seconds += 60
        running.server.close_overdue()
        known.join(10)
        assert not known.is_active()


def test_one_account_has_only_so_many_connections_at_once(tmp_path: Path) -> None:
    federation = Federation(tmp_path)
    elm = federation.enrol("Z90001")
    with served(federation, Limits(connections_each=2)) as running:
        two = running.login(elm), running.login(elm)
        with two[0], two[1], pytest.raises(paramiko.AuthenticationException), running.login(elm):
            pytest.fail("logged in a third time")
        running.wait_until_all_are_gone()
        with running.login(elm):
            pass


def test_practices_that_enrol_together_do_not_keep_each_other_out(tmp_path: Path) -> None:
    federation = Federation(tmp_path)
    codes = [
        invite(federation.centre, add_practice(federation.centre, code, code), (LOOPBACK, 22))
        for code in ("Z90001", "Z90002")
    ]
    with (
        served(federation, Limits(connections_each=1)) as running,
        running.transport() as one,
        running.transport() as other,
    ):
        one.auth_password("enrol", codes[0].secret)
        other.auth_password("enrol", codes[1].secret)
        with running.transport() as again, pytest.raises(paramiko.AuthenticationException):
            again.auth_password("enrol", codes[0].secret)


def test_a_session_holds_only_so_many_files_open_and_goes_on_when_it_closes_them(tmp_path: Path) -> None:
    federation = Federation(tmp_path)
    elm = federation.enrol("Z90001")
    path = "/catalogue/metadata/timestamp.json"
    with served(federation) as running, running.sftp(elm) as sftp:
        opened = [sftp.open(path) for _ in range(MAX_HANDLES)]
        for _ in range(3):
            with pytest.raises(OSError, match="Failure"):
                sftp.open(path)
            with pytest.raises(OSError, match="Failure"):
                sftp.open("/in/" + upload_name(1, FileKind.RESULT, b"x") + ".part", "wb")
        opened.pop().close()
        with sftp.open(path) as file:
            assert file.read()


def test_a_slow_transfer_is_not_idle(tmp_path: Path) -> None:
    federation = Federation(tmp_path)
    elm = federation.enrol("Z90001")
    name = "/in/" + upload_name(1, FileKind.RESULT, b"abcd")
    with served(federation, Limits(idle_seconds=60)) as running, running.sftp(elm) as sftp:
        with sftp.open(name + ".part", "wb") as file:
            for letter in (b"a", b"b", b"c", b"d"):
                running.clock_seconds += 50
                file.write(letter)
                file.flush()
                running.server.close_overdue()
        sftp.rename(name + ".part", name)
        with sftp.open("/catalogue/metadata/timestamp.json") as file:
            for _ in range(4):
                running.clock_seconds += 50
                assert file.read(10)
                running.server.close_overdue()
    assert (elm.in_folder / name.removeprefix("/in/")).read_bytes() == b"abcd"


def test_a_stranger_who_speaks_no_ssh_stops_nobody(tmp_path: Path) -> None:
    federation = Federation(tmp_path)
    elm = federation.enrol("Z90001")
    with served(federation) as running, socket.create_connection((LOOPBACK, running.server.port)) as plain:
        plain.sendall(b"GET / HTTP/1.1\r\n\r\n" * 100)
        with running.sftp(elm) as sftp:
            assert sftp.listdir("/receipts") == []


def test_the_agents_own_client_enrols_and_pulls_over_the_wire(tmp_path: Path) -> None:

    federation = Federation(tmp_path)
    (elm,) = federation.ready("Z90001")
    with served(federation) as running:
        address = Address(LOOPBACK, running.server.port, host_key_digest(federation.centre))
        with connect(address, ClientKey("Z90001", elm.folder.ssh_key)) as mailbox:
            assert mailbox.list("/receipts") == ("00000001.receipt",)
            data = b"y" * 70_000
            mailbox.put("/in/" + upload_name(2, FileKind.RESULT, data), data)
    assert [one.read_bytes() for one in elm.in_folder.iterdir()] == [data]


def _upload(sftp: paramiko.SFTPClient, name: str, data: bytes, part: str = "") -> None:
    with sftp.open(part or name + ".part", "wb") as file:
        file.write(data)
    sftp.rename(part or name + ".part", name)


def _must_fail(what: str, act: Callable[[], object]) -> None:
    act()
    pytest.fail(f"was able to {what}")


def _ask(channel: paramiko.Channel, request: str) -> None:
    match request:
        case "get_pty":
            channel.get_pty()
        case "invoke_shell":
            channel.invoke_shell()
        case "command":
            channel.exec_command("id")
        case "request_x11":
            channel.request_x11()
        case _:
            channel.invoke_subsystem("netconf")
