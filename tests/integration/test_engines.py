"""Every starter search gives the same rows on every engine, in every layout: real servers, one synthetic practice."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from searches.layouts import LAYOUTS
from searches.search import Search
from tests.engine_kit import RawPractice, Rows, in_order, raw_practice
from tests.engine_servers import Database, Servers
from tests.exact_answers import probe_searches, starter_searches
from tests.small_search import LIKE_A_LAYOUT, OTHERWISE, in_steps
from tests.tsql import problems

PATIENTS = 60
SEED = 5
DAY = date(2024, 2, 29)
STEPS = (in_steps(LIKE_A_LAYOUT, "like-a-layout"), in_steps(OTHERWISE, "otherwise"))
SEARCHES: tuple[Search, ...] = (*starter_searches(), *probe_searches(), *STEPS)
OTHERS = ("postgresql", "mysql", "sqlite")


@pytest.fixture(scope="module", params=LAYOUTS)
def practice(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> RawPractice:
    folder: Path = tmp_path_factory.mktemp("raw")
    return raw_practice(request.param, PATIENTS, SEED, folder, DAY)


@pytest.fixture(scope="module")
def reference(practice: RawPractice, servers: Servers) -> dict[str, Rows]:
    with servers.database("duckdb") as database:
        practice.load(database)
        return answers(practice, database)


@pytest.fixture(scope="module", params=OTHERS)
def database(request: pytest.FixtureRequest, practice: RawPractice, servers: Servers) -> Iterator[Database]:
    with servers.database(request.param) as opened:
        practice.load(opened)
        yield opened


def answers(practice: RawPractice, database: Database) -> dict[str, Rows]:
    statements = {search.id: practice.statement(search, database.name) for search in SEARCHES}
    return {name: in_order(database.query(sql)) for name, sql in statements.items() if sql is not None}


def test_the_rows_of_every_search_are_those_of_duckdb(
    practice: RawPractice, reference: dict[str, Rows], database: Database
) -> None:
    found = answers(practice, database)
    assert {name for name, rows in found.items() if rows != reference[name]} == set()
    assert found.keys() == reference.keys()


def test_steps_of_a_search_may_be_called_as_steps_of_a_layout(reference: dict[str, Rows]) -> None:
    rows = reference["like-a-layout"]
    assert rows == reference["otherwise"]
    assert {row[1] for row in rows} >= {"met", "not met"}


def test_there_is_something_to_compare(practice: RawPractice, reference: dict[str, Rows]) -> None:
    assert sum(len(rows) for rows in reference.values()) > 10 * PATIENTS
    assert {row[1] for rows in reference.values() for row in rows} >= {"met", "not met", "excepted"}


@pytest.mark.parametrize("name", LAYOUTS)
def test_sql_server_takes_every_statement(name: str) -> None:
    empty = RawPractice(name, DAY, {})
    written = {search.id: empty.statement(search, "sqlserver") for search in SEARCHES}
    assert problems({search: sql for search, sql in written.items() if sql is not None}) == {}


@pytest.mark.parametrize(
    ("sql", "why"),
    [
        ("SELECT a FROM t LIMIT 3", "LIMIT does not exist|Incorrect syntax near"),
        ("SELECT a = 1 AS b FROM t", "Incorrect syntax near"),
        ("SELECT a FROM t WHERE TRUE", "TRUE does not exist|Incorrect syntax near"),
        ("SELECT DATEPART(DOW, a) FROM t", "DATEPART of DOW"),
        ("SELECT LPAD(a, 1) FROM t", "LPAD does not exist"),
        ("SELECT TRIM(a) FROM t", "TRIM does not exist"),
        ("SELECT ROUND(a) FROM t", "ROUND with 1 arguments"),
        ("SELECT CAST(a AS BOOLEAN) FROM t", "a cast to BOOLEAN"),
    ],
)
def test_what_sql_server_2016_does_not_take_is_seen(sql: str, why: str) -> None:
    assert re.search(why, problems({"asked": sql})["asked"])
