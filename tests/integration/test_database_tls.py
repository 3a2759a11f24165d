"""A connection that is to be encrypted is, to a server that proves who it is, or there is none: real handshakes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from agent.databases.connection import connected
from agent.databases.settings import DatabaseSettings
from searches.errors import DatabaseError
from tests.certificates import Certificate, certificate
from tests.databases import SiteServer, site
from tests.engine_servers import Servers
from tests.tls_relay import Relay, says_it_does_not_encrypt

SERVERS = ("postgresql", "mysql")
ADDRESS = "127.0.0.1"
CIPHER = "SELECT variable_value FROM information_schema.session_status WHERE variable_name = 'Ssl_cipher'"


class Site:
    """A site's database that is reached over TCP.

    Args:
        here: the database.
        before: what listens for it.
    """

    def __init__(self, here: SiteServer, before: Relay, authority: Path) -> None:
        self._here, self._before = here, before
        self.settings = replace(here.settings, host=ADDRESS, port=before.port, ca_file=str(authority))

    def is_encrypted(self, **changes: str) -> bool:
        """Is the connection that these settings make?"""
        with connected(replace(self.settings, **changes), self._here.password) as connection:  # type: ignore[arg-type]
            connection.begin()
            if self.settings.engine == "mysql":
                return list(connection.rows(CIPHER)) != [("",)]
            assert list(connection.rows("SELECT 1")) == [(1,)]
            return self._before.encrypted[-1:] == ["TLSv1.3"]

    def refusal(self, **changes: str) -> str:
        """Why these settings make no connection."""
        with pytest.raises(DatabaseError) as refused:
            self.is_encrypted(**changes)
        assert (refused.value.reason, refused.value.__context__) == ("not_encrypted", None)
        assert "encrypt and ca_file" in refused.value.hint
        return refused.value.message


@pytest.fixture(scope="module")
def others(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return certificate(tmp_path_factory.mktemp("others") / "made", ADDRESS)


@contextmanager
def readable(servers: Servers, engine: str, folder: Path) -> Iterator[SiteServer]:
    with site(servers, engine, folder) as here:
        here.admin.create("thing", {"a": "integer"})
        here.grant()
        yield here


@contextmanager
def encrypting(servers: Servers, engine: str, folder: Path) -> Iterator[Site]:
    with readable(servers, engine, folder) as here:
        if engine == "mysql":  # by itself
            before, shown = Relay(Path(here.settings.host)), Certificate.at(servers.folder / "mysql" / "tls")
        else:
            shown = certificate(folder / "tls", ADDRESS)
            before = Relay(socket_of(here), shown)
        with before.listening():
            yield Site(here, before, shown.authority)


@contextmanager
def plain(servers: Servers, engine: str, folder: Path) -> Iterator[Site]:
    greeting: dict[str, Callable[[bytes], bytes]] = {"mysql": says_it_does_not_encrypt, "postgresql": bytes}
    with (
        readable(servers, engine, folder) as here,
        Relay(socket_of(here), None, greeting[engine]).listening() as before,
    ):
        yield Site(here, before, certificate(folder / "tls", ADDRESS).authority)


def socket_of(here: SiteServer) -> Path:
    place = Path(here.settings.host)
    return place if here.settings.engine == "mysql" else place / f".s.PGSQL.{here.settings.port}"


@pytest.mark.parametrize("engine", SERVERS)
def test_a_server_whose_certificate_is_signed_by_the_named_authority_is_asked_encrypted(
    servers: Servers, tmp_path: Path, engine: str
) -> None:
    with encrypting(servers, engine, tmp_path) as there:
        assert there.settings.encrypt == "verified", "nothing but the authority is to be set"
        assert there.is_encrypted()


@pytest.mark.parametrize("engine", SERVERS)
def test_a_server_that_does_not_prove_who_it_is_is_not_asked(
    servers: Servers, tmp_path: Path, engine: str, others: Certificate
) -> None:
    with encrypting(servers, engine, tmp_path) as there:
        said = "no encrypted connection to the database can be made (its certificate is not trusted)"
        assert there.refusal(ca_file=str(others.authority)) == said
        assert there.refusal(ca_file="") == said, "no authority of this machine has signed it"
        assert there.refusal(host="localhost") == said, "the certificate is of another name"
        assert there.is_encrypted(ca_file="", encrypt="unverified")


@pytest.mark.parametrize("engine", SERVERS)
def test_without_its_file_no_authority_is_trusted(servers: Servers, tmp_path: Path, engine: str) -> None:
    (tmp_path / "empty.pem").write_text("no certificate\n")
    with encrypting(servers, engine, tmp_path) as there:
        for file in ("nowhere.pem", "empty.pem"):
            assert there.refusal(ca_file=str(tmp_path / file)).endswith("(ca_file holds no certificate)")


@pytest.mark.parametrize("engine", SERVERS)
def test_a_server_that_does_not_encrypt_is_asked_only_where_that_is_said(
    servers: Servers, tmp_path: Path, engine: str
) -> None:
    with plain(servers, engine, tmp_path) as there:
        for encrypt in ("verified", "unverified"):
            said = "no encrypted connection to the database can be made (the server offers none)"
            assert there.refusal(encrypt=encrypt) == said
        assert not there.is_encrypted(encrypt="none")


@pytest.mark.parametrize("engine", SERVERS)
def test_what_is_left_out_of_the_settings_is_the_safe_choice(engine: str) -> None:
    assert DatabaseSettings(engine, "db.practice.example", 1, "records", "reader").encrypt == "verified"
