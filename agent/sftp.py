"""The mailbox over SFTP (SSH file transfer, draft-ietf-secsh-filexfer-02), outward connections only.

The order of a connection, each step before anything of the next is sent:

1. TCP, within a time limit.
2. SSH key exchange; the server's host key must be Ed25519 and the one expected: the fingerprint of the enrolment code,
   or afterwards the key itself. Anything else is HubIdentityError, and nothing has been sent.
3. Authentication: the practice's own Ed25519 key, or for enrolment the one-time secret.
4. SFTP.

Every read has a size limit, every operation a time limit. Names that the hub sends are only compared, never used as
paths.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import paramiko

from agent.errors import (
    HubIdentityError,
    HubRefusedError,
    HubUnreachableError,
    NotThereError,
    TooLargeError,
    TransportError,
)

CONNECT_SECONDS = 15.0  # paramiko's own banner time-out: a burst of agents waits this long at most
OPERATION_SECONDS = 30.0
CHUNK_BYTES = 32_768  # the largest packet that every server must take
MAX_NAMES = 100_000  # in one listing

_PART = ".part"
HOST_KEY_TYPE = "ssh-ed25519"


@dataclass(frozen=True, slots=True)
class Address:
    """Where the hub is, and the SHA-256 (hex) of the host key blob that must answer."""

    host: str
    port: int
    host_key_sha256: str


@dataclass(frozen=True, slots=True)
class ClientKey:
    """Log in as a practice, with its own key.

    Args:
        account: the practice's code.
        path: OpenSSH private key, owner-only.
    """

    account: str
    path: Path


@dataclass(frozen=True, slots=True)
class OneTimeSecret:
    """Log in to enrol, with the secret of the code."""

    account: str
    secret: str


@contextmanager
def connect(address: Address, identity: ClientKey | OneTimeSecret) -> Iterator[SftpMailbox]:
    """A mailbox for as long as the block lasts.

    Raises:
        HubUnreachableError: no answer in time.
        HubIdentityError: another host key answered.
        HubRefusedError: the hub does not let this account in.
    """
    transport = _transport(address)
    try:
        _start(transport, address)
        _log_in(transport, identity, address)
        with _as_ours(address.host):
            client = paramiko.SFTPClient.from_transport(transport)
        if client is None:
            raise HubRefusedError(f"hub {address.host} offers no SFTP")
        channel = client.get_channel()
        if channel is not None:
            channel.settimeout(OPERATION_SECONDS)
        yield SftpMailbox(client)
    finally:
        transport.close()


class SftpMailbox:
    """`Mailbox` over one open SFTP session."""

    def __init__(self, client: paramiko.SFTPClient) -> None:
        self._client = client

    def list(self, folder: str) -> tuple[str, ...]:
        """Names in a folder, sorted."""
        with _as_ours(folder):
            names = self._client.listdir(folder)
        if len(names) > MAX_NAMES:
            raise TooLargeError(f"folder {folder} lists too many names")
        return tuple(sorted(names))

    def fetch(self, path: str, limit_bytes: int) -> bytes:
        """The whole of a file, at most `limit_bytes` long."""
        data = bytearray()
        with _as_ours(path), self._client.open(path, "rb") as file:
            while chunk := file.read(min(CHUNK_BYTES, limit_bytes + 1 - len(data))):
                data += chunk
                if len(data) > limit_bytes:
                    raise TooLargeError(f"file {path} is larger than {limit_bytes} bytes")
        return bytes(data)

    def put(self, path: str, data: bytes) -> None:
        """Write under a temporary name, then rename; harmless when repeated."""
        with _as_ours(path):
            with self._client.open(path + _PART, "wb") as file:
                for start in range(0, len(data), CHUNK_BYTES):
                    file.write(data[start : start + CHUNK_BYTES])
            if self._client.stat(path + _PART).st_size != len(data):
                # Seen in other clients: an upload cut short without an error.
                raise HubUnreachableError(f"the hub holds only a part of {path}", "it is kept and sent again")
            self._client.rename(path + _PART, path)


def fingerprint(key: paramiko.PKey) -> str:
    """SHA-256 (hex) of a public key's blob: the bytes that `ssh-keygen -l` hashes (RFC 4253, 6.6)."""
    return hashlib.sha256(key.asbytes()).hexdigest()


def openssh_fingerprint(sha256_hex: str) -> str:
    """The same fingerprint as `ssh-keygen -l` prints it."""
    return "SHA256:" + base64.b64encode(bytes.fromhex(sha256_hex)).decode("ascii").rstrip("=")


def _transport(address: Address) -> paramiko.Transport:
    try:
        connection = socket.create_connection((address.host, address.port), timeout=CONNECT_SECONDS)
    except OSError as error:
        raise _unreachable(address) from error
    transport = paramiko.Transport(connection)
    # One kind of host key, so that a hub with several cannot answer with one that was never pinned.
    transport.get_security_options().key_types = (HOST_KEY_TYPE,)
    transport.banner_timeout = CONNECT_SECONDS
    transport.auth_timeout = OPERATION_SECONDS
    return transport


def _start(transport: paramiko.Transport, address: Address) -> None:
    try:
        transport.start_client(timeout=CONNECT_SECONDS)
        answered = fingerprint(transport.get_remote_server_key())
    except paramiko.ssh_exception.IncompatiblePeer as error:
        raise HubIdentityError(f"hub {address.host} has no Ed25519 host key", _IDENTITY_HINT) from error
    except (paramiko.SSHException, EOFError, OSError) as error:
        raise _unreachable(address) from error
    if not hmac.compare_digest(answered, address.host_key_sha256):
        expected, got = openssh_fingerprint(address.host_key_sha256), openssh_fingerprint(answered)
        raise HubIdentityError(
            f"hub {address.host} answered with another key: expected {expected}, got {got}", _IDENTITY_HINT
        )


_IDENTITY_HINT = "nothing was sent; ask the hub by telephone whether its key changed, and enrol again only then"


def _log_in(transport: paramiko.Transport, identity: ClientKey | OneTimeSecret, address: Address) -> None:
    try:
        match identity:
            case ClientKey(account, path):
                transport.auth_publickey(account, paramiko.Ed25519Key.from_private_key_file(str(path)))
            case OneTimeSecret(account, secret):
                transport.auth_password(account, secret, fallback=False)
    except paramiko.AuthenticationException as error:
        raise HubRefusedError(
            f"hub {address.host} does not let account {identity.account} in",
            "a code works once and for a short time; a practice may have been removed: ask the hub",
        ) from error
    except (paramiko.SSHException, EOFError, OSError) as error:
        raise _unreachable(address) from error


def _unreachable(address: Address) -> HubUnreachableError:
    return HubUnreachableError(
        f"hub {address.host} port {address.port} did not answer",
        "ask for outward TCP to this host and port; what is due is kept and tried again",
    )


_BY_ERROR: tuple[tuple[type[Exception], Callable[[str], TransportError]], ...] = (
    (FileNotFoundError, lambda what: NotThereError(f"the hub has no {what}")),
    (PermissionError, lambda what: HubRefusedError(f"the hub refuses access to {what}")),
    (TimeoutError, lambda what: HubUnreachableError(f"the hub stopped answering at {what}")),
    (ConnectionError, lambda what: HubUnreachableError(f"the hub closed the connection at {what}")),
    (EOFError, lambda what: HubUnreachableError(f"the hub closed the connection at {what}")),
    (paramiko.SSHException, lambda what: HubUnreachableError(f"the connection broke at {what}")),
    (OSError, lambda what: HubRefusedError(f"the hub refuses {what}")),  # SFTP's plain "failure"
)


@contextlib.contextmanager
def _as_ours(what: str) -> Iterator[None]:
    """Turn the library's errors into ours, without the server's own words."""
    try:
        yield
    except tuple(kind for kind, _ in _BY_ERROR) as error:
        raise next(make for kind, make in _BY_ERROR if isinstance(error, kind))(what) from error
