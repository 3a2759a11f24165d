"""The conformance kit in real databases: green as the agent opens them, red when a setting or a rewrite is wrong."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from agent.databases.connection import SiteDatabase, connected
from searches.conformance import check, golden_searches
from searches.engines import AS_NAMED, ENGINES, Engine, Site
from searches.errors import DatabaseError
from searches.layouts import layout
from searches.layouts.layout import Layout
from tests.conformance.making import NAMES
from tests.databases import site
from tests.engine_kit import PRACTICE
from tests.engine_servers import RUNNING, Servers
from tests.mutations.rewrites import PLANTED, Planted
from tests.tsql import problems

SUPPLIERS = tuple(name for name in NAMES if name != "canonical")
TEXTS = tuple(name for name in SUPPLIERS if not layout(name).native)
"""Layouts of files, which a site may store in its own way."""
TYPED, MERGED = Site(columns="native"), Site(history="merged")
SOME = (("sqlite", "typed"), ("postgresql", "merged"))
SITES = {"typed": TYPED, "merged": MERGED, "typed and merged": replace(TYPED, history="merged")}


@dataclass(frozen=True, slots=True)
class Setting:
    """A setting that changes answers.

    Args:
        engine: whose.
        layout: whose people show it.
        sets: the statement.
        complaint: in what the kit says.
    """

    engine: str
    layout: str
    sets: str
    complaint: str


WRONG = (
    Setting("postgresql", "emis_im1", "SET standard_conforming_strings = off", "a backslash is a letter"),
    Setting("postgresql", "tpp_sr", "SET search_path = shadow, pg_catalog", "roster .* got 0 "),
    Setting("mysql", "emis_im1", "SET sql_mode = 'EMPTY_STRING_IS_NULL'", "an empty text is not nothing"),
    Setting("mysql", "vision", "SET sql_mode = 'HIGH_NOT_PRECEDENCE'", "kit-"),
    Setting("mysql", "emis_im1", "SET sql_mode = 'ONLY_FULL_GROUP_BY'", "refused a statement"),
    Setting("mysql", "vision", "SET sql_select_limit = 5", "roster"),
    Setting("mysql", "emis_im1", "SET max_sort_length = 8", "two rows for one person that disagree"),
    Setting("mysql", "tpp_sr", "SET character_set_results = latin1", "UnicodeDecodeError"),
    Setting("duckdb", "vision", "SET default_null_order = 'nulls_first'", "kit-latest"),
    Setting("duckdb", "vision", "SET default_order = 'DESC'", "kit-latest"),
    Setting("duckdb", "tpp_sr", "SET default_collation = 'NOCASE'", "kit-codes"),
)
HARMLESS = (
    Setting("postgresql", "vision", "SET datestyle = 'SQL, DMY'", ""),
    Setting("postgresql", "vision", "SET timezone = 'Pacific/Auckland'", ""),
    Setting("postgresql", "tpp_sr", "SET transform_null_equals = on", ""),
    Setting("mysql", "vision", "SET sql_mode = 'ANSI_QUOTES,PIPES_AS_CONCAT,NO_BACKSLASH_ESCAPES'", ""),
    Setting("mysql", "tpp_sr", "SET NAMES utf8mb4 COLLATE utf8mb4_unicode_ci", ""),
    Setting("mysql", "vision", "SET time_zone = '+12:00'", ""),
)
"""What the statements are written to withstand, though the agent's session sets it."""


@contextmanager
def empty_site(servers: Servers, engine: str, folder: Path, name: str) -> Iterator[SiteDatabase]:
    """A site as the agent opens it, without a single table of records, so that none can be read."""
    with site(servers, engine, folder) as here:
        if engine == "postgresql":
            here.admin.run("CREATE SCHEMA shadow")
            here.admin.run("CREATE FUNCTION shadow.lower(text) RETURNS text LANGUAGE sql AS 'SELECT $1'")
            here.admin.run(f"GRANT USAGE ON SCHEMA shadow TO {here.user}")
        here.grant()
        with connected(here.settings, here.password) as connection:
            connection.begin()
            yield SiteDatabase(layout(name), ENGINES[engine], AS_NAMED, PRACTICE, connection)


def force(database: SiteDatabase, statement: str) -> None:
    """Set something in the agent's own session, past the agent."""
    connection: Any = database.connection
    if database.engine.name == "duckdb":
        connection._connection.close()
        connection._connection = __import__("duckdb").connect(":memory:")
    cursor = connection._connection.cursor()
    (connection._connection if database.engine.name == "duckdb" else cursor).execute(statement)


@pytest.mark.parametrize("name", SUPPLIERS)
@pytest.mark.parametrize("engine", RUNNING)
def test_every_engine_is_green_in_every_layout(servers: Servers, tmp_path: Path, engine: str, name: str) -> None:
    with empty_site(servers, engine, tmp_path, name) as database:
        found = check(database)
    assert found.complaints == ()
    assert (found.engine, found.engine_version) == (engine, database.version)
    assert {tried.name for tried in found.tried} >= {"texts", "roster", "type1", *(one.id for one in golden_searches())}


@pytest.mark.parametrize(("engine", "stored"), [*((engine, "typed and merged") for engine in RUNNING), *SOME])
def test_a_site_that_stores_its_columns_by_type_or_merged_is_green(
    servers: Servers, tmp_path: Path, engine: str, stored: str
) -> None:
    with empty_site(servers, engine, tmp_path, "vision") as database:
        for name in TEXTS:
            found = check(replace(database, layout=layout(name), site=SITES[stored]))
            assert found.complaints == (), name


@pytest.mark.parametrize("wrong", WRONG, ids=lambda wrong: f"{wrong.engine} {wrong.sets}")
def test_a_setting_that_changes_answers_is_red_and_says_why(servers: Servers, tmp_path: Path, wrong: Setting) -> None:
    with empty_site(servers, wrong.engine, tmp_path, wrong.layout) as database:
        force(database, wrong.sets)
        found = check(database)
    assert not found.ok
    assert re.search(wrong.complaint, "\n".join(found.complaints))


@pytest.mark.parametrize("harmless", HARMLESS, ids=lambda harmless: f"{harmless.engine} {harmless.sets}")
def test_a_setting_that_changes_no_answer_is_green(servers: Servers, tmp_path: Path, harmless: Setting) -> None:
    with empty_site(servers, harmless.engine, tmp_path, harmless.layout) as database:
        force(database, harmless.sets)
        assert check(database).complaints == ()


@pytest.mark.parametrize("planted", PLANTED, ids=lambda planted: f"{planted.engine} {planted.name}")
def test_every_planted_rewrite_is_red(servers: Servers, tmp_path: Path, planted: Planted) -> None:
    with empty_site(servers, planted.engine, tmp_path, "tpp_sr") as database:
        assert not check(replace(database, engine=planted.wrong())).ok


def test_a_database_that_does_not_answer_is_neither_green_nor_red(servers: Servers, tmp_path: Path) -> None:
    with empty_site(servers, "postgresql", tmp_path, "vision") as database:
        database.connection.close()
        with pytest.raises(DatabaseError, match="connection"):
            check(database)


@dataclass(frozen=True, slots=True)
class Written:
    """A database that keeps what is written for it, and answers nothing."""

    layout: Layout
    engine: Engine
    site: Site = AS_NAMED
    practice: str = "Z90001"
    version: str = "13.0"
    statements: list[str] = field(default_factory=list)

    def rows(self, sql: str, parameters: Sequence[object] = ()) -> Iterator[tuple[Any, ...]]:
        """Nobody."""
        assert not parameters
        self.statements.append(sql)
        if "written" in sql:
            yield ("1", None)
        else:
            yield ("1", None, "", "", "1", None) if "outcome" in sql else ("1", None, None, None)


@pytest.mark.parametrize("name", SUPPLIERS)
def test_sql_server_takes_every_statement_of_the_kit(name: str) -> None:
    database = Written(layout(name), ENGINES["sqlserver"])
    assert not check(database).ok
    statements = {str(number): sql for number, sql in enumerate(database.statements)}
    assert len(statements) >= len(golden_searches())
    assert problems(statements) == {}
