"""A site's database can only be read: a right beyond that is named and refused, and no session writes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from agent.databases.connection import Connection, check_reads_only, connected
from agent.databases.mysql import rights_beyond_reading
from searches.errors import AnswerError, DatabaseError
from tests.databases import SiteServer, site
from tests.engine_servers import RUNNING, Servers

SERVERS = ("postgresql", "mysql")


@contextmanager
def small_site(servers: Servers, engine: str, folder: Path) -> Iterator[SiteServer]:
    with site(servers, engine, folder) as here:
        here.admin.create("thing", {"a": "integer"}, [(1,), (2,)])
        here.grant()
        yield here


def table(here: SiteServer) -> str:
    return f"{here.settings.schema_of_tables}.thing"


def raised(database: Connection, statement: str) -> str:
    with pytest.raises((DatabaseError, AnswerError)) as refused:
        list(database.rows(statement))
    return str(refused.value)


@pytest.mark.parametrize("engine", RUNNING)
def test_a_login_that_may_only_read_is_taken_and_reads(servers: Servers, tmp_path: Path, engine: str) -> None:
    with small_site(servers, engine, tmp_path) as here, here.session() as database:
        assert sorted(database.rows(f"SELECT a FROM {table(here)}")) == [(1,), (2,)]


@pytest.mark.parametrize("engine", RUNNING)
@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO {table} VALUES (3)",
        "UPDATE {table} SET a = 3",
        "DELETE FROM {table}",
        "DROP TABLE {table}",
        "CREATE TABLE {table}_2 (a INTEGER)",
    ],
)
def test_no_session_writes_whatever_it_is_handed(servers: Servers, tmp_path: Path, engine: str, statement: str) -> None:
    with small_site(servers, engine, tmp_path) as here:
        with here.session() as database, pytest.raises((DatabaseError, AnswerError)):
            list(database.rows(statement.format(table=table(here))))
        with here.session() as database:
            assert sorted(database.rows(f"SELECT a FROM {table(here)}")) == [(1,), (2,)]


def test_postgresql_a_function_of_somebody_does_not_take_the_place_of_the_servers(
    servers: Servers, tmp_path: Path
) -> None:
    with small_site(servers, "postgresql", tmp_path) as here:
        body = "LANGUAGE sql AS 'SELECT 99'"
        here.admin.run(f"CREATE FUNCTION public.abs(bigint) RETURNS bigint {body}")
        here.admin.run(f"ALTER ROLE {here.user} SET search_path = public, raw, pg_catalog")
        with here.session() as session:
            assert list(session.rows("SELECT abs(CAST(-1 AS bigint))")) == [(1,)]


@pytest.mark.parametrize(
    ("setting", "sql", "expected"),
    [
        ("sql_select_limit = 1", "SELECT a FROM {table} ORDER BY a", [(1,), (2,)]),
        ("max_sort_length = 8", "SELECT @@max_sort_length", [(1024,)]),
        ("sql_mode = 'ANSI_QUOTES,PIPES_AS_CONCAT'", 'SELECT "x" || 0', [(0,)]),
        ("character_set_results = latin1", "SELECT _utf8mb4'é'", [("é",)]),
    ],
)
def test_mariadb_what_the_server_sets_for_everybody_changes_no_answer(
    servers: Servers, tmp_path: Path, setting: str, sql: str, expected: list[tuple[object, ...]]
) -> None:
    with small_site(servers, "mysql", tmp_path) as here:
        name = setting.split(" = ", maxsplit=1)[0]
        [(before,)] = here.admin.query(f"SELECT @@GLOBAL.{name}")
        here.admin.run(f"SET GLOBAL {setting}")
        try:
            with here.session() as session:
                assert list(session.rows(sql.format(table=table(here)))) == expected
        finally:
            here.admin.connection.cursor().execute(f"SET GLOBAL {name} = %s", (before,))


@pytest.mark.parametrize("engine", SERVERS)
@pytest.mark.parametrize(
    "statement", ["INSERT INTO {table} VALUES (3)", "CREATE TABLE {table}_2 (a INTEGER)", "DELETE FROM {table}"]
)
def test_even_a_login_with_every_right_could_not_write_in_this_session(
    servers: Servers, tmp_path: Path, engine: str, statement: str
) -> None:
    with small_site(servers, engine, tmp_path) as here:
        grant_all(here)
        with connected(here.settings, here.password) as connection:
            connection.begin()
            with pytest.raises(DatabaseError, match=r"SQLSTATE 25006|error 1792"):
                connection._all(statement.format(table=table(here)))  # type: ignore[attr-defined]
        assert sorted(here.admin.query(f"SELECT a FROM {table(here)}")) == [(1,), (2,)]


def grant_all(here: SiteServer) -> None:
    if here.settings.engine == "postgresql":
        here.admin.run(f"GRANT ALL ON SCHEMA raw TO {here.user}")
        here.admin.run(f"GRANT ALL ON ALL TABLES IN SCHEMA raw TO {here.user}")
    else:
        here.admin.run(f"GRANT ALL ON {here.admin.schema}.* TO {here.user}")


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ("GRANT INSERT ON raw.thing TO {user}", "may INSERT raw.thing"),
        ("GRANT UPDATE (a) ON raw.thing TO {user}", "may UPDATE raw.thing"),
        ("GRANT TRUNCATE ON raw.thing TO {user}", "may TRUNCATE raw.thing"),
        ("GRANT CREATE ON SCHEMA raw TO {user}", "may create in schema raw, created a table in a trial"),
        ("GRANT CREATE ON SCHEMA public TO PUBLIC", "may create in schema public"),
        ("ALTER TABLE raw.thing OWNER TO {user}", "may DELETE raw.thing"),
        ("ALTER ROLE {user} SUPERUSER", "is or may become superuser {user}"),
        ("ALTER ROLE {user} CREATEDB", "may create databases as {user}"),
        ("ALTER ROLE {user} CREATEROLE", "may create roles as {user}"),
        ("ALTER ROLE {user} REPLICATION", "may replicate as {user}"),
        ("GRANT pg_write_all_data TO {user}", "is a member of pg_write_all_data"),
        ("GRANT pg_execute_server_program TO {user}", "is a member of pg_execute_server_program"),
        ("GRANT writer TO {user}", "may DELETE raw.thing"),
        ("CREATE SEQUENCE raw.s; GRANT USAGE ON SEQUENCE raw.s TO {user}", "may draw from sequence raw.s"),
        (
            "CREATE FUNCTION raw.f() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'",
            "may EXECUTE raw.f, which runs with the rights of its owner",
        ),
    ],
)
def test_postgresql_a_right_beyond_reading_is_named(
    servers: Servers, tmp_path: Path, given: str, complaint: str
) -> None:
    with small_site(servers, "postgresql", tmp_path) as here:
        here.admin.run("DROP ROLE IF EXISTS writer")
        here.admin.run("CREATE ROLE writer NOINHERIT")
        here.admin.run("GRANT DELETE ON raw.thing TO writer")
        here.admin.run(given.format(user=here.user))
        try:
            with pytest.raises(DatabaseError, match="the login may do more than read") as refused, here.session():
                pass
        finally:
            here.admin.run("DROP OWNED BY writer")
        assert complaint.format(user=here.user) in refused.value.message
        assert refused.value.reason == "can_write"


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ("GRANT INSERT ON {schema}.* TO {user}", "may INSERT on `{schema}`.*"),
        ("GRANT UPDATE (a) ON {schema}.thing TO {user}", "may UPDATE on `{schema}`.`thing`"),
        ("GRANT DELETE ON {schema}.* TO {user}", "could delete rows in a trial, which asked for none"),
        ("GRANT CREATE TEMPORARY TABLES ON {schema}.* TO {user}", "may CREATE TEMPORARY TABLES on `{schema}`.*"),
        ("GRANT EXECUTE ON {schema}.* TO {user}", "may EXECUTE on `{schema}`.*"),
        ("GRANT FILE ON *.* TO {user}", "may FILE on *.*"),
        ("GRANT SUPER ON *.* TO {user}", "may SUPER on *.*"),
        ("GRANT SELECT ON {schema}.* TO {user} WITH GRANT OPTION", "may pass on its rights on `{schema}`.*"),
        ("GRANT ALL ON *.* TO {user}", "may ALL PRIVILEGES on *.*"),
        ("GRANT writer TO {user}", "has role `writer`, whose rights it cannot see"),
    ],
)
def test_mariadb_a_right_beyond_reading_is_named(servers: Servers, tmp_path: Path, given: str, complaint: str) -> None:
    with small_site(servers, "mysql", tmp_path) as here:
        schema = here.admin.schema
        here.admin.run("CREATE OR REPLACE ROLE writer")
        here.admin.run(f"GRANT DELETE ON {schema}.* TO writer")
        here.admin.run(given.format(user=here.user, schema=schema))
        try:
            with pytest.raises(DatabaseError, match="the login may do more than read") as refused, here.session():
                pass
        finally:
            here.admin.run("DROP ROLE writer")
        assert complaint.format(schema=schema) in refused.value.message
        assert refused.value.reason == "can_write"


def test_what_mysql_says_of_a_login_is_read_to_the_end() -> None:
    said = [
        "GRANT USAGE ON *.* TO `a`@`%` IDENTIFIED BY PASSWORD '*SECRET'",
        "GRANT SELECT, SHOW VIEW ON `raw`.* TO `a`@`%`",
        "GRANT SELECT (`a`, `b`), INSERT (`a`) ON `raw`.`t` TO `a`@`%`",
        "GRANT PROXY ON ''@'%' TO 'a'@'%' WITH GRANT OPTION",
        "GRANT `r`@`%` TO `a`@`%`",
    ]

    assert rights_beyond_reading(said) == (
        "may INSERT on `raw`.`t`",
        "may PROXY on ''@'%'",
        "may pass on its rights on ''@'%'",
    )


@pytest.mark.parametrize(
    "statement",
    [
        "ATTACH '{folder}/other.sqlite' AS other",
        "PRAGMA query_only = 0",
        "PRAGMA writable_schema = 1",
        "SELECT load_extension('x')",
        "VACUUM INTO '{folder}/copy.sqlite'",
    ],
)
def test_sqlite_nothing_leads_out_of_the_file(servers: Servers, tmp_path: Path, statement: str) -> None:
    with small_site(servers, "sqlite", tmp_path) as here, here.session() as database:
        said = raised(database, statement.format(folder=tmp_path))
    assert re.match(r"the login may not read what is needed|the database refused", said)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["site.sqlite"]


@pytest.mark.parametrize(
    "statement",
    [
        "COPY (SELECT 1) TO '{folder}/out.csv'",
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM '/etc/passwd'",
        "ATTACH '{folder}/other.duckdb' AS other",
        "SET enable_external_access = true",
        "INSTALL httpfs",
        "EXPORT DATABASE '{folder}/all'",
    ],
)
def test_duckdb_nothing_leads_out_of_the_file(servers: Servers, tmp_path: Path, statement: str) -> None:
    with small_site(servers, "duckdb", tmp_path) as here, here.session() as database:
        said = raised(database, statement.format(folder=tmp_path))
    assert re.search(r"\(\w+Exception\)$|did not run: \w+Exception", said)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["site.duckdb"]


def test_many_rights_are_not_all_read_out() -> None:
    class Mighty:
        def excess(self) -> tuple[str, ...]:
            return tuple(f"may INSERT t{number}" for number in range(9))

    with pytest.raises(DatabaseError, match="may INSERT t4, and 4 more") as refused:
        check_reads_only(Mighty())  # type: ignore[arg-type]
    assert "t5" not in refused.value.message
