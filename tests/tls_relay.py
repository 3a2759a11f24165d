"""What stands between an agent and a server of the tests, which listen on a Unix socket: it passes on what it hears.

PostgreSQL of the wheel is built without encryption. Before it the relay does that part: the client's first eight bytes
ask whether the server encrypts (protocol 3, "SSLRequest"), the relay says yes and makes the encrypted connection.
MariaDB encrypts by itself, and says so in its greeting; an attacker in between can take that word out of it.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread

from tests.certificates import Certificate

_REQUEST = (8).to_bytes(4, "big") + (80877103).to_bytes(4, "big")
_CLIENT_SSL = 0x0800
_SALT_AND_NUMBER = 4 + 8 + 1


@dataclass(slots=True)
class Relay:
    """What to do between the two.

    Args:
        behind: the server's Unix socket.
        shown: a certificate to encrypt with, as PostgreSQL does; without one what is said is passed on.
        greeting: changes the server's first words.
        port: where it listens, on 127.0.0.1.
        encrypted: the version of TLS of each connection that it has encrypted.
    """

    behind: Path
    shown: Certificate | None = None
    greeting: Callable[[bytes], bytes] = bytes
    port: int = 0
    encrypted: list[str] = field(default_factory=list)

    @contextmanager
    def listening(self) -> Iterator[Relay]:
        """Stand between them, meanwhile."""
        with socket.create_server(("127.0.0.1", 0)) as listener:
            self.port = listener.getsockname()[1]
            thread = Thread(target=self._serve, args=(listener,))
            thread.start()
            try:
                yield self
            finally:
                listener.shutdown(socket.SHUT_RDWR)
                thread.join()

    def _serve(self, listener: socket.socket) -> None:
        with suppress(OSError):  # the listener was shut
            while True:
                client, _ = listener.accept()
                with client, socket.socket(socket.AF_UNIX) as server, suppress(OSError):
                    server.connect(str(self.behind))
                    self._one(client, server)  # whoever refuses the certificate hangs up

    def _one(self, client: socket.socket, server: socket.socket) -> None:
        if self.shown is None:
            self._between(client, server)
        elif client.recv(len(_REQUEST), socket.MSG_WAITALL) == _REQUEST:
            client.sendall(b"S")
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(self.shown.chain, self.shown.key)
            with context.wrap_socket(client, server_side=True) as inner:
                self.encrypted.append(str(inner.version()))
                self._between(inner, server)

    def _between(self, client: socket.socket, server: socket.socket) -> None:
        back = Thread(target=_pass_on, args=(server, client, self.greeting))
        back.start()
        _pass_on(client, server, bytes)
        back.join()


def says_it_does_not_encrypt(greeting: bytes) -> bytes:
    """MariaDB's first packet without the word that it encrypts (protocol 10: the lower half of its abilities)."""
    place = greeting.index(b"\0", 5) + 1 + _SALT_AND_NUMBER
    abilities = int.from_bytes(greeting[place : place + 2], "little")
    return greeting[:place] + (abilities & ~_CLIENT_SSL).to_bytes(2, "little") + greeting[place + 2 :]


def _pass_on(one: socket.socket, other: socket.socket, first: Callable[[bytes], bytes]) -> None:
    with suppress(OSError):
        other.sendall(first(one.recv(65536)))
        while data := one.recv(65536):
            other.sendall(data)
    with suppress(OSError):
        other.shutdown(socket.SHUT_RDWR)
