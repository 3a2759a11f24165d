"""The hub's mailbox over SFTP: paramiko carries the bytes, `hub.mailbox` decides.

What a connection can be asked for, and nothing else: key exchange with the host's one Ed25519 key; login by public key
(a practice) or by one-time secret (the account `enrol`); one session channel; the subsystem `sftp`; in it open, read,
write, close, stat, list and rename. No shell, no command, no forwarding, no X11, no agent, no environment, no deletion,
no link. A connection that does not log in, is idle, or stays too long is closed; there are at most so many at once,
the next ones wait in the listening queue.
"""

from __future__ import annotations

import logging
import os
import socket
import stat
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, BinaryIO, Protocol, TypeVar

import paramiko
from paramiko.common import (
    AUTH_FAILED,
    AUTH_SUCCESSFUL,
    OPEN_FAILED_ADMINISTRATIVELY_PROHIBITED,
    OPEN_SUCCEEDED,
)
from paramiko.sftp import (
    SFTP_FAILURE,
    SFTP_NO_SUCH_FILE,
    SFTP_OK,
    SFTP_OP_UNSUPPORTED,
    SFTP_PERMISSION_DENIED,
    SFTPError,
)
from typing_extensions import Buffer

from hub.errors import AccessError, NotThereError
from hub.mailbox import Account, Upload

log = logging.getLogger(__name__)
T = TypeVar("T")

ENROL = "enrol"
MAX_PACKET_BYTES = 256 * 1024  # clients write 32 kB at a time
MAX_HANDLES = 16  # open at once in one session: each is a file descriptor of the hub's


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a connection, and all of them, may take.

    Args:
        connections: at once; further ones wait in the queue.
        connections_each: of one account at once.
        login_seconds: until a connection must have logged in.
        idle_seconds: without a request.
        session_seconds: in all.
    """

    connections: int = 500
    connections_each: int = 8
    login_seconds: float = 20
    idle_seconds: float = 60
    session_seconds: float = 1800


class Directory(Protocol):
    """Who may log in."""

    def by_key(self, name: str, key: bytes) -> Account | None:
        """The account of that name, if this public key (SSH wire form) is its key."""
        ...

    def by_secret(self, secret: str) -> Account | None:
        """The enrolment account of that one-time secret."""
        ...

    def release(self) -> None:
        """The calling thread is done (database connections belong to threads)."""
        ...


class Connection(paramiko.ServerInterface):
    """One connection: who it is, and the few requests that are answered."""

    def __init__(self, directory: Directory, admit: Callable[[str], bool], now: Callable[[], float]) -> None:
        self._directory = directory
        self._admit = admit
        self._now = now
        self._channels = 0
        self.account: Account | None = None
        self.opened = self.used = now()

    def touch(self) -> None:
        """Note that a request was made."""
        self.used = self._now()

    def get_allowed_auths(self, username: str) -> str:
        """A secret for `enrol`, a key for everyone else."""
        return "password" if username == ENROL else "publickey"

    def check_auth_publickey(self, username: str, key: paramiko.PKey) -> int:
        """Whether the key is that practice's; paramiko checks the signature afterwards."""
        found = self._look_up(lambda: self._directory.by_key(username, key.asbytes()))
        return self._welcome(found) if username != ENROL else AUTH_FAILED

    def check_auth_password(self, username: str, password: str | bytes) -> int:
        """Whether the one-time secret is one that was given out."""
        if username != ENROL or not isinstance(password, str):
            return AUTH_FAILED
        return self._welcome(self._look_up(lambda: self._directory.by_secret(password)))

    def check_channel_request(self, kind: str, chanid: int) -> int:  # noqa: ARG002 - paramiko's form
        """One session channel and no other."""
        self._channels += 1
        if kind == "session" and self._channels == 1:
            return OPEN_SUCCEEDED
        return OPEN_FAILED_ADMINISTRATIVELY_PROHIBITED

    def check_channel_subsystem_request(self, channel: paramiko.Channel, name: str) -> bool:
        """Only sftp, and only for somebody."""
        if name != "sftp" or self.account is None:
            return False
        return super().check_channel_subsystem_request(channel, name)

    def release(self) -> None:
        """The session's thread ends."""
        self._directory.release()

    def _look_up(self, find: Callable[[], Account | None]) -> Account | None:
        try:
            return find()
        except Exception:
            log.exception("login_failed reason=lookup")
            return None
        finally:
            self._directory.release()

    def _welcome(self, account: Account | None) -> int:
        if account is None or not self._admit(account.name):
            return AUTH_FAILED
        self.account = account
        return AUTH_SUCCESSFUL


class _ReadHandle(paramiko.SFTPHandle):
    def __init__(self, source: BinaryIO, touch: Callable[[], None]) -> None:
        super().__init__()
        self._source = source
        self._touch = touch

    def read(self, offset: int, length: int) -> bytes | int:
        self._touch()
        self._source.seek(offset)
        return self._source.read(length)

    def stat(self) -> paramiko.SFTPAttributes | int:
        return _attributes("", self._source.seek(0, 2))

    def close(self) -> None:
        self._source.close()


class _WriteHandle(paramiko.SFTPHandle):
    def __init__(self, upload: Upload, touch: Callable[[], None]) -> None:
        super().__init__()
        self._upload = upload
        self._touch = touch

    def write(self, offset: int, data: Buffer) -> int:
        self._touch()
        return _status(lambda: self._upload.write(offset, bytes(data)))

    def stat(self) -> paramiko.SFTPAttributes | int:
        return _attributes("", self._upload.size())

    def close(self) -> None:
        self._upload.close()


class Requests(paramiko.SFTPServerInterface):
    """SFTP requests of one session, passed to its account; what is not here is answered with "unsupported"."""

    def __init__(self, server: Connection, *args: Any, **kwargs: Any) -> None:
        super().__init__(server, *args, **kwargs)
        if server.account is None:
            raise AccessError("nobody has logged in")
        self._connection = server
        self._account = server.account

    def open(self, path: str, flags: int, attr: paramiko.SFTPAttributes) -> paramiko.SFTPHandle | int:  # noqa: ARG002
        """Open for reading or for writing, never for both, never to append."""
        self._connection.touch()
        if not _writes(flags):
            return _answer(lambda: _ReadHandle(self._account.open_read(path), self._connection.touch))
        if not _begins_a_file(flags):
            return SFTP_PERMISSION_DENIED
        return _answer(lambda: _WriteHandle(self._account.open_write(path), self._connection.touch))

    def list_folder(self, path: str) -> list[paramiko.SFTPAttributes] | int:
        """Names only: sizes and times are not told."""
        self._connection.touch()
        return _answer(lambda: [_attributes(name, None) for name in self._account.list(path.rstrip("/"))])

    def stat(self, path: str) -> paramiko.SFTPAttributes | int:
        """The size of a file."""
        self._connection.touch()
        return _answer(lambda: _attributes(path, self._account.size(path)))

    lstat = stat

    def rename(self, oldpath: str, newpath: str) -> int:
        """Give an upload its name."""
        self._connection.touch()
        return _status(lambda: self._account.rename(oldpath, newpath))

    posix_rename = rename

    def canonicalize(self, path: str) -> str:
        """The path itself: what is allowed is decided on whole paths, so there is nothing to resolve."""
        return path if path.startswith("/") else "/" + path.removeprefix(".")

    def session_ended(self) -> None:
        """Give back what the session's thread held."""
        self._connection.release()


class ConfinedSftp(paramiko.SFTPServer):
    """Paramiko's SFTP with small packets, few handles and no `check-file` (which loops for ever past a file's end)."""

    def _send_handle_response(
        self, request_number: int, handle: paramiko.SFTPHandle | int, folder: bool = False
    ) -> None:
        if isinstance(handle, paramiko.SFTPHandle) and len(self.file_table) + len(self.folder_table) >= MAX_HANDLES:
            handle.close()
            handle = SFTP_FAILURE
        super()._send_handle_response(request_number, handle, folder)  # type: ignore[misc]

    def _check_file(self, request_number: int, msg: paramiko.Message) -> None:  # noqa: ARG002
        self._send_status(request_number, SFTP_OP_UNSUPPORTED)  # type: ignore[attr-defined]

    def _read_all(self, n: int) -> bytes:
        if n > MAX_PACKET_BYTES:
            raise SFTPError("packet too large")
        data: bytes = super()._read_all(n)  # type: ignore[misc]
        return data


class SftpServer:
    """Listens, hands each connection to paramiko, and closes those that overstay.

    Args:
        address: host and port to listen on; port 0 takes a free one (see `port`).
        host_key: the hub's Ed25519 host key.
        directory: who may log in.
        limits: how much may be taken.
        now: seconds of a clock that never goes back.
    """

    def __init__(
        self,
        address: tuple[str, int],
        host_key: paramiko.PKey,
        directory: Directory,
        limits: Limits | None = None,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._limits = limits or Limits()
        self._host_key = host_key
        self._directory = directory
        self._now = now
        self._sessions: dict[paramiko.Transport, Connection] = {}
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._socket = socket.create_server(address, backlog=1024)
        self._socket.settimeout(0.5)  # so that stopping and closing the idle need no second thread
        self.port: int = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, name="sftp", daemon=True)

    def start(self) -> None:
        """Begin to accept connections, in a thread of its own."""
        self._thread.start()

    def stop(self) -> None:
        """Close every connection and stop listening."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()
        self._socket.close()
        with self._lock:
            transports = list(self._sessions)
        for transport in transports:
            transport.close()

    def close_overdue(self) -> int:
        """Forget ended connections and close overdue ones; how many are left."""
        with self._lock:
            for transport, connection in list(self._sessions.items()):
                if self._overdue(transport, connection):
                    transport.close()
                if not transport.is_active():
                    del self._sessions[transport]
            return len(self._sessions)

    def _overdue(self, transport: paramiko.Transport, connection: Connection) -> bool:
        now, limits = self._now(), self._limits
        if not transport.is_authenticated():
            return now - connection.opened > limits.login_seconds
        return now - connection.used > limits.idle_seconds or now - connection.opened > limits.session_seconds

    def _serve(self) -> None:
        while not self._stopping.is_set():
            if self.close_overdue() >= self._limits.connections:
                self._stopping.wait(0.05)
                continue
            try:
                client, _ = self._socket.accept()
            except TimeoutError:
                continue
            except OSError as error:
                log.warning("accept_failed error=%s", error)
                self._stopping.wait(0.5)  # out of file descriptors, most likely: let some connection end
                continue
            self._begin(client)

    def _begin(self, client: socket.socket) -> None:
        try:
            transport = paramiko.Transport(client)
            self._restrict(transport)
            connection = Connection(self._directory, self._admit, self._now)
            with self._lock:
                self._sessions[transport] = connection
            transport.start_server(event=threading.Event(), server=connection)
        except (paramiko.SSHException, OSError, EOFError) as error:
            log.info("connection_refused error=%s", type(error).__name__)
            client.close()

    def _restrict(self, transport: paramiko.Transport) -> None:
        transport.add_server_key(self._host_key)
        transport.set_subsystem_handler("sftp", ConfinedSftp, sftp_si=Requests)
        options = transport.get_security_options()
        options.kex = [name for name in options.kex if name.startswith(("mlkem768x25519", "curve25519"))]
        options.ciphers = [name for name in options.ciphers if name.startswith("aes") and "cbc" not in name]
        options.digests = [name for name in options.digests if name.startswith("hmac-sha2-")]
        options.key_types = ["ssh-ed25519"]
        transport.banner_timeout = self._limits.login_seconds
        transport.auth_timeout = self._limits.login_seconds

    def _admit(self, name: str) -> bool:
        with self._lock:
            others = [
                connection
                for transport, connection in self._sessions.items()
                if transport.is_authenticated() and connection.account is not None and connection.account.name == name
            ]
        return len(others) < self._limits.connections_each


def _writes(flags: int) -> bool:
    return bool(flags & (os.O_WRONLY | os.O_RDWR))


def _begins_a_file(flags: int) -> bool:
    forbidden = os.O_RDWR | os.O_APPEND
    return bool(flags & os.O_CREAT) and not flags & forbidden


def _attributes(path: str, size: int | None) -> paramiko.SFTPAttributes:
    attributes = paramiko.SFTPAttributes()
    attributes.st_mode = stat.S_IFREG | 0o400
    attributes.st_size = size
    attributes.filename = path
    return attributes


def _answer(act: Callable[[], T]) -> T | int:
    """The result of an act, or the SFTP status that says why not."""
    try:
        return act()
    except NotThereError:
        return SFTP_NO_SUCH_FILE
    except AccessError as error:
        log.info("refused reason=%s", error.message.replace(" ", "_"))
        return SFTP_PERMISSION_DENIED
    except Exception:
        log.exception("request_failed")
        return SFTP_FAILURE


def _status(act: Callable[[], None]) -> int:
    """The SFTP status of an act that returns nothing."""
    status = _answer(act)
    return SFTP_OK if status is None else status
