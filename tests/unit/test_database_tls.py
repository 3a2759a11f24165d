"""How a connection is encrypted, as the driver is told."""

from __future__ import annotations

import ssl
from dataclasses import replace

import pytest

from agent.databases.mysql import _place
from agent.databases.postgresql import _tls
from agent.databases.settings import DatabaseSettings
from searches.errors import DatabaseError

SERVER = DatabaseSettings("postgresql", "db.example", 5432, "records", "reader")
LIBPQ, PYMYSQL = 160_000, (1, 2, 0, "final")


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({}, {"sslmode": "verify-full", "sslrootcert": "system"}),
        ({"ca_file": "/etc/ca.pem"}, {"sslmode": "verify-full", "sslrootcert": "/etc/ca.pem"}),
        ({"encrypt": "unverified"}, {"sslmode": "require"}),
        ({"encrypt": "none"}, {"sslmode": "disable"}),
        ({"host": "/run/postgresql"}, {"sslmode": "disable"}),
    ],
)
def test_postgresql_checks_the_certificate_unless_told_otherwise(changes: dict[str, str], told: dict[str, str]) -> None:
    assert _tls(replace(SERVER, **changes), LIBPQ) == told  # type: ignore[arg-type]


def test_postgresql_is_not_trusted_by_a_driver_that_knows_no_certificates() -> None:
    with pytest.raises(DatabaseError, match="no encrypted connection to the database can be made") as refused:
        _tls(SERVER, LIBPQ - 1)
    assert refused.value.reason == "not_encrypted"


@pytest.mark.parametrize(
    ("encrypt", "verifies", "checks_name"),
    [("verified", ssl.CERT_REQUIRED, True), ("unverified", ssl.CERT_NONE, False)],
)
def test_mysql_checks_the_certificate_unless_told_otherwise(
    encrypt: str, verifies: ssl.VerifyMode, checks_name: bool
) -> None:
    context = _place(replace(SERVER, engine="mysql", encrypt=encrypt), PYMYSQL)["ssl"]

    assert (context.verify_mode, context.check_hostname) == (verifies, checks_name)


@pytest.mark.parametrize("changes", [{"encrypt": "none"}, {"host": "/run/mysqld/mysqld.sock"}])
def test_mysql_is_not_encrypted_where_that_is_said_or_on_a_socket(changes: dict[str, str]) -> None:
    assert _place(replace(SERVER, engine="mysql", **changes), PYMYSQL)["ssl_disabled"]  # type: ignore[arg-type]


def test_mysql_is_not_trusted_by_a_driver_that_would_go_on_without_encryption() -> None:
    with pytest.raises(DatabaseError, match="this driver would go on without: install PyMySQL") as refused:
        _place(replace(SERVER, engine="mysql"), (1, 1, 3, "final"))
    assert refused.value.reason == "not_encrypted"
