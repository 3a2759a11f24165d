"""What goes wrong with a site's database is told by a code and in our own words, on the real servers."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from agent.databases.connection import connected
from agent.databases.settings import DatabaseSettings
from searches.errors import AnswerError, DatabaseError
from tests.agent_kit import CANARY
from tests.databases import SiteServer, site
from tests.engine_servers import RUNNING, Servers

SERVERS = ("postgresql", "mysql")
LONG = {
    # a statement that never ends by itself
    "postgresql": "SELECT COUNT(*) FROM generate_series(1, 9999) AS a, generate_series(1, 9999) AS b, "
    "generate_series(1, 9999) AS c",
    "mysql": "SELECT COUNT(*) FROM seq_1_to_9999 AS a, seq_1_to_9999 AS b, seq_1_to_9999 AS c",
    "sqlite": "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n) SELECT COUNT(*) FROM n",
    "duckdb": "SELECT COUNT(*) FROM range(10000000000) AS a, range(10000000000) AS b WHERE a.range + b.range = 1",
}
NUMBER = {
    # a text that is no number, read as one
    "postgresql": "SELECT CAST(b AS INTEGER) FROM {table}",
    "mysql": "SELECT 9223372036854775807 + CHAR_LENGTH(b) FROM {table}",
    "sqlite": "SELECT JSON('!' || b) FROM {table}",
    "duckdb": "SELECT CAST(b AS INTEGER) FROM {table}",
}


@contextmanager
def small_site(servers: Servers, engine: str, folder: Path) -> Iterator[SiteServer]:
    with site(servers, engine, folder) as here:
        here.admin.create("thing", {"a": "integer", "b": "text"}, [(1, CANARY), (2, CANARY)])
        here.grant()
        yield here


def table(here: SiteServer) -> str:
    return f"{here.settings.schema_of_tables}.thing"


def ask(settings: DatabaseSettings, password: str, sql: str) -> list[tuple[Any, ...]]:
    """One statement in a session of its own."""
    with connected(settings, password) as connection:
        connection.begin()
        return list(connection.rows(sql))


def told(here: SiteServer, sql: str, **changes: Any) -> DatabaseError | AnswerError:
    """How a statement ends that must not go well."""
    with pytest.raises((DatabaseError, AnswerError)) as refused:
        ask(replace(here.settings, **changes), here.password, sql.format(table=table(here)))
    error = refused.value
    assert CANARY not in repr(error) + error.hint
    assert error.__cause__ is None
    assert error.__context__ is None
    return error


@pytest.mark.parametrize("engine", RUNNING)
def test_a_statement_that_takes_too_long_is_stopped(servers: Servers, tmp_path: Path, engine: str) -> None:
    with small_site(servers, engine, tmp_path) as here:
        begun = time.monotonic()
        error = told(here, LONG[engine], statement_seconds=1)
    assert isinstance(error, DatabaseError)
    assert (error.reason, error.message.split(" (")[0]) == ("time_out", "a statement took too long")
    assert time.monotonic() - begun < 20


@pytest.mark.parametrize("engine", RUNNING)
@pytest.mark.parametrize("sql", ["SELECT gone FROM {table}", "SELECT a FROM {table}_gone"])
def test_a_table_or_column_that_is_gone_is_named_as_such(
    servers: Servers, tmp_path: Path, engine: str, sql: str
) -> None:
    with small_site(servers, engine, tmp_path) as here:
        error = told(here, sql)
    assert isinstance(error, DatabaseError)
    # Where the right was given to each table, one that is not there is one that may not be read.
    assert error.reason in ({"changed", "right_missing"} if engine == "mysql" else {"changed"})


@pytest.mark.parametrize("engine", RUNNING)
def test_a_value_that_is_no_number_fails_one_statement_and_the_next_runs(
    servers: Servers, tmp_path: Path, engine: str
) -> None:
    with small_site(servers, engine, tmp_path) as here:
        assert isinstance(told(here, NUMBER[engine]), AnswerError)
        with connected(here.settings, here.password) as connection:
            connection.begin()
            with pytest.raises(AnswerError, match="the statement did not run"):
                list(connection.rows(NUMBER[engine].format(table=table(here))))
            assert len(list(connection.rows(f"SELECT a FROM {table(here)}"))) == 2


@pytest.mark.parametrize("engine", SERVERS)
def test_a_right_that_was_taken_back_is_missing(servers: Servers, tmp_path: Path, engine: str) -> None:
    with small_site(servers, engine, tmp_path) as here:
        here.revoke()
        error = told(here, "SELECT a FROM {table}")
    assert isinstance(error, DatabaseError)
    assert error.reason == "right_missing"


@pytest.mark.parametrize("engine", ["postgresql", "mysql", "sqlite"])
def test_a_table_that_another_holds_is_waited_for_and_no_longer(servers: Servers, tmp_path: Path, engine: str) -> None:
    with small_site(servers, engine, tmp_path) as here, here.held("thing"):
        error = told(here, "SELECT a FROM {table}", lock_seconds=1)
    assert isinstance(error, DatabaseError)
    assert error.reason == "locked"


@pytest.mark.parametrize("engine", SERVERS)
def test_a_connection_that_is_cut_in_a_statement_is_lost(servers: Servers, tmp_path: Path, engine: str) -> None:
    with small_site(servers, engine, tmp_path) as here, here.cut_when_it_waits("thing"):
        error = told(here, "SELECT a FROM {table}")
    assert isinstance(error, DatabaseError)
    assert error.reason == "connection_lost"


@pytest.mark.parametrize("engine", SERVERS)
def test_a_connection_that_is_cut_between_two_statements_is_lost(servers: Servers, tmp_path: Path, engine: str) -> None:
    with small_site(servers, engine, tmp_path) as here, connected(here.settings, here.password) as connection:
        connection.begin()
        assert len(list(connection.rows(f"SELECT a FROM {table(here)}"))) == 2
        here.cut()
        with pytest.raises(DatabaseError, match="the connection to the database was lost") as refused:
            list(connection.rows(f"SELECT a FROM {table(here)}"))
    assert refused.value.reason == "connection_lost"


def test_a_wrong_password_is_told_without_it(servers: Servers, tmp_path: Path) -> None:
    with small_site(servers, "mysql", tmp_path) as here:
        here.password = f"wrong {CANARY}"
        error = told(here, "SELECT 1")
    assert isinstance(error, DatabaseError)
    assert error.reason == "login_refused"
    assert "gpfed-agent password" in error.hint


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        (DatabaseSettings("postgresql", "127.0.0.1", 1, "d", "u", "none"), "no_connection"),
        (DatabaseSettings("mysql", "127.0.0.1", 1, "d", "u", "none"), "no_connection"),
        (DatabaseSettings("sqlserver", "127.0.0.1", 1, "d", "u", "none"), "no_connection"),
        (DatabaseSettings("sqlserver", "127.0.0.1", 1, "d", "u", "unverified"), "not_encrypted"),
        (DatabaseSettings("sqlite", file="/nowhere/x.sqlite"), "no_connection"),
        (DatabaseSettings("duckdb", file="/nowhere/x.duckdb"), "no_connection"),
    ],
    ids=lambda value: value if isinstance(value, str) else f"{value.engine}-{value.encrypt}",
)
def test_a_database_that_is_not_there_is_told(
    settings: DatabaseSettings, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agent.databases.sqlserver._CONNECT_SECONDS", 1)
    with pytest.raises(DatabaseError) as refused, connected(settings, ""):
        pass
    assert refused.value.reason == reason
    assert refused.value.__context__ is None


@pytest.mark.parametrize("engine", ["sqlite", "duckdb"])
def test_a_file_that_is_no_database_is_told(tmp_path: Path, engine: str) -> None:
    file = tmp_path / "records"
    file.write_bytes(CANARY.encode() * 1000)
    with pytest.raises(DatabaseError, match="is damaged, or is no database of this engine") as refused:
        ask(DatabaseSettings(engine, file=str(file)), "", "SELECT a FROM thing")
    assert refused.value.reason == "damaged"


def test_a_file_of_duckdb_that_another_fills_is_locked(servers: Servers, tmp_path: Path) -> None:
    with small_site(servers, "duckdb", tmp_path) as here:
        command = "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print('open', flush=True); sys.stdin.read()"
        other = subprocess.Popen(
            [sys.executable, "-c", command, here.settings.file], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        try:
            assert other.stdout is not None
            other.stdout.readline()
            error = told(here, "SELECT a FROM {table}")
        finally:
            other.communicate(timeout=20)
    assert isinstance(error, DatabaseError)
    assert error.reason == "locked"


def test_a_driver_that_is_not_installed_is_named_with_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with (
        pytest.raises(DatabaseError, match="the driver for PostgreSQL is not installed") as refused,
        connected(DatabaseSettings("postgresql", "127.0.0.1", 1, "d", "u"), ""),
    ):
        pass
    assert refused.value.hint == "install it: pip install 'gpfed[postgresql]'"


def test_rows_hidden_by_a_policy_are_not_silently_left_out(servers: Servers, tmp_path: Path) -> None:
    with small_site(servers, "postgresql", tmp_path) as here:
        here.admin.run("ALTER TABLE raw.thing ENABLE ROW LEVEL SECURITY")
        here.admin.run(f"CREATE POLICY only_some ON raw.thing TO {here.user} USING (a = 1)")
        error = told(here, "SELECT a FROM {table}")
    assert isinstance(error, DatabaseError)
    assert error.reason == "right_missing"


@pytest.mark.parametrize("engine", RUNNING)
def test_rows_that_are_not_wanted_any_more_are_left(servers: Servers, tmp_path: Path, engine: str) -> None:
    with small_site(servers, engine, tmp_path) as here, connected(here.settings, here.password) as connection:
        connection.begin()
        rows = connection.rows(f"SELECT a FROM {table(here)} ORDER BY a")
        assert next(rows) == (1,)
        rows.close()  # type: ignore[attr-defined]
        assert len(list(connection.rows(f"SELECT a FROM {table(here)}"))) == 2
