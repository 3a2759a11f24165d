"""However a site stores a supplier's tables, it gives the rows that the delivered text gives.

Every table of a layout is asked on every engine, stored in every way. A search reads nothing else, so each is asked of
each layout in each way of storing, and on each engine, but not of all three at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from searches.canon import TABLES
from searches.engines import AS_NAMED, ENGINES, Site
from searches.layouts import layout
from searches.search import Search
from searches.translate import ask, statement
from tests.engine_kit import PRACTICE, RawPractice, Rows, in_order, raw_practice
from tests.engine_servers import RUNNING, Database, Servers
from tests.exact_answers import EXTRACTS, starter_searches
from tests.site_kit import PREFIX, SCHEMA, HeldDatabase, SitePractice, canonical_rows, drop, held, resent

PATIENTS = 24
SEED = 5
DAY = date(2024, 2, 29)
SITES = (
    Site(SCHEMA, PREFIX),
    Site(SCHEMA, PREFIX, history="merged"),
    Site(SCHEMA, PREFIX, columns="native"),
    Site(SCHEMA, PREFIX, columns="native", history="merged"),
)


SEARCHES = starter_searches()


def share(engine: str, name: str, site: Site) -> tuple[Search, ...]:
    """The searches that are asked there: each of them once on an engine for every layout and way of storing."""
    turn = RUNNING.index(engine) + SITES.index(site) + EXTRACTS.index(name)
    return tuple(search for place, search in enumerate(SEARCHES) if (place + turn) % len(RUNNING) == 0)


@pytest.fixture(scope="module")
def practices(tmp_path_factory: pytest.TempPathFactory) -> dict[str, RawPractice]:
    folder: Path = tmp_path_factory.mktemp("raw")
    return {name: resent(raw_practice(name, PATIENTS, SEED, folder, DAY)) for name in EXTRACTS}


@pytest.fixture(scope="module")
def delivered(practices: dict[str, RawPractice], servers: Servers) -> dict[str, dict[str, Rows]]:
    found = {}
    for name, practice in practices.items():
        with servers.database("duckdb") as database:
            practice.load(database)
            written = {search.id: practice.statement(search, "duckdb") for search in SEARCHES}
            found[name] = {key: in_order(database.query(sql)) for key, sql in written.items() if sql is not None}
            as_named = HeldDatabase(layout(name), ENGINES["duckdb"], AS_NAMED, database)
            found[name] |= {table: canonical_rows(as_named, table, DAY) for table in tables_of(name)}
    return found


def tables_of(name: str) -> list[str]:
    return [table for table in TABLES if table in layout(name).definitions]


@pytest.fixture(scope="module", params=RUNNING)
def database(request: pytest.FixtureRequest, servers: Servers) -> Iterator[Database]:
    with servers.database(request.param) as opened:
        yield opened


def rows_at(loaded: SitePractice, database: Database, search: Search) -> Rows:
    chosen = layout(loaded.practice.layout)
    question = ask(search, chosen, DAY)
    return in_order(database.query(statement(question, chosen, ENGINES[database.name], PRACTICE, loaded.site).sql))


@pytest.mark.parametrize("site", SITES, ids=lambda site: f"{site.columns}-{site.history}")
@pytest.mark.parametrize("name", EXTRACTS)
def test_a_site_gives_the_rows_of_what_was_delivered(
    practices: dict[str, RawPractice],
    delivered: dict[str, dict[str, Rows]],
    database: Database,
    name: str,
    site: Site,
) -> None:
    loaded = SitePractice(practices[name], site).load(database)
    searches = [search for search in share(database.name, name, site) if search.id in delivered[name]]
    try:
        found = {table: canonical_rows(held(loaded, database), table, DAY) for table in tables_of(name)}
        found |= {search.id: rows_at(loaded, database, search) for search in searches}
    finally:
        drop(database, loaded.site)
    assert {key for key, rows in found.items() if rows != delivered[name][key]} == set()
    assert found.keys() >= set(tables_of(name))


@pytest.mark.parametrize("name", EXTRACTS)
def test_every_search_is_asked_on_every_engine_and_in_every_way_of_storing(name: str) -> None:
    by_site = [{search.id for engine in RUNNING for search in share(engine, name, site)} for site in SITES]
    by_engine = [{search.id for site in SITES for search in share(engine, name, site)} for engine in RUNNING]
    assert all(asked == {search.id for search in SEARCHES} for asked in (*by_site, *by_engine))
