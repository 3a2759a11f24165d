"""Where a site keeps codes as numbers, they are compared as numbers: an index serves, and the answers are the same."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

import pytest

from searches.batch_plan import plan
from searches.engines import AS_NAMED, ENGINES, Site
from searches.layouts import layout
from searches.people import PeopleSets, Roster
from searches.search import Code, Codelist, Outcome, Search
from searches.server_batch import together
from searches.translate import ask, statement
from tests.engine_kit import PRACTICE, RawPractice, Rows, in_order, raw_practice
from tests.engine_servers import RUNNING, Database, Servers
from tests.site_kit import PREFIX, SCHEMA, SitePractice, canonical_rows, drop, held
from tests.small_search import DIABETIC, small_search

DAY = date(2024, 2, 29)
CHOSEN = layout("tpp_sr")
NATIVE = Site(SCHEMA, PREFIX, columns="native", history="merged")
SAID = (
    ("44054006", None),
    ("73211009", None),
    ("73211009", "X40J5"),
    ("0", None),
    ("-1", "XaBcD"),
    (None, None),
    (None, "X40J5"),
    ("0", "XaBcD"),
)
"""What the one entry of a patient says: its SNOMED CT concept and its CTV3 code."""

NO_NUMBER = Codelist("odd", (Code("snomed", "9" * 30, "no number holds it", ""),), "1" * 64)
ASKED = """
    SELECT p.patient_id,
           CASE WHEN EXISTS (SELECT 1 FROM event AS e WHERE e.patient_id = p.patient_id AND NOT e.code IN codelist.odd)
                THEN 'met'
                WHEN EXISTS (SELECT 1 FROM event AS e WHERE e.patient_id = p.patient_id AND e.code IN codelist.odd)
                THEN 'not met' ELSE 'excepted' END AS outcome
    FROM patient AS p
"""
ONE_SYSTEM = Codelist("odd", (Code("snomed", "44054006", "type 2 diabetes", ""),), "2" * 64)
FOUND = ASKED.replace("NOT e.code", "e.code").replace("THEN 'not met'", "THEN 'met'")


def asking(sql: str, *, listed: bool) -> Search:
    """A search of a list of four codes, or of a list of one that no number holds."""
    search = small_search(sql)
    return replace(search, codelists={"odd": search.codelists["diabetes"] if listed else NO_NUMBER})


@pytest.fixture(scope="module")
def practice(tmp_path_factory: pytest.TempPathFactory) -> RawPractice:
    made = raw_practice("tpp_sr", 24, 5, tmp_path_factory.mktemp("raw"), DAY)
    names, rows = made.tables["SRCode"]
    first = {row[names.index("IDPatient")]: dict(zip(names, row[: len(names)], strict=True)) for row in rows}
    entries = [
        (*({**row, "SNOMEDCode": concept, "CTV3Code": code}.values()), 1, place)
        for place, row in enumerate(first.values())
        for concept, code in [SAID[place % len(SAID)]]
    ]
    return replace(made, tables={**made.tables, "SRCode": (names, entries)})


@pytest.fixture(scope="module")
def delivered(practice: RawPractice, servers: Servers) -> dict[bool, Rows]:
    with servers.database("duckdb") as database:
        practice.load(database)
        return {listed: rows_at(database, asking(ASKED, listed=listed), AS_NAMED) for listed in (True, False)}


@pytest.fixture(scope="module", params=RUNNING)
def at_site(request: pytest.FixtureRequest, practice: RawPractice, servers: Servers) -> Iterator[tuple[Database, Site]]:
    with servers.database(request.param) as database:
        loaded = SitePractice(practice, NATIVE).load(database)
        yield database, loaded.site
        drop(database, loaded.site)


def rows_at(database: Database, search: Search, site: Site) -> Rows:
    question = ask(search, CHOSEN, DAY)
    return in_order(database.query(statement(question, CHOSEN, ENGINES[database.name], PRACTICE, site).sql))


@pytest.mark.parametrize("listed", [True, False])
def test_in_and_not_in_a_list_are_what_they_are_of_text(
    at_site: tuple[Database, Site], delivered: dict[bool, Rows], listed: bool
) -> None:
    database, site = at_site
    assert rows_at(database, asking(ASKED, listed=listed), site) == delivered[listed]


def test_every_outcome_is_there(delivered: dict[bool, Rows]) -> None:
    assert {row[1] for row in delivered[True]} == {"met", "not met", "excepted"}
    assert {row[1] for row in delivered[False]} == {"met", "excepted"}


@pytest.mark.parametrize("listed", [True, False])
def test_a_batch_asks_for_numbers_too(practice: RawPractice, servers: Servers, listed: bool) -> None:
    with servers.database("postgresql") as database:
        loaded = SitePractice(practice, NATIVE).load(database)
        search = asking(FOUND, listed=listed)
        alone = rows_at(database, search, loaded.site)
        people = Roster(tuple(sorted((str(row[0]) for row in alone), key=int)))
        found = together(held(loaded, database), plan([ask(search, CHOSEN, DAY)]), people)[search.id]
    assert isinstance(found, PeopleSets)
    met = sum(1 for row in alone if row[1] == "met")
    assert found.outcome(Outcome.MET).rows == met
    assert (met > 0) is listed


@pytest.mark.parametrize("system", ["snomed", "ctv3"])
def test_a_batch_says_the_same_with_an_index_and_without(practice: RawPractice, servers: Servers, system: str) -> None:
    code = next(code for code in small_search().codelists["diabetes"].codes if code.system == system)
    search = replace(small_search(DIABETIC), codelists={"diabetes": Codelist("diabetes", (code,), "3" * 64)})
    planned = plan([ask(search, CHOSEN, DAY)])
    with servers.database("postgresql") as database:
        loaded = SitePractice(practice, NATIVE).load(database)
        patients = canonical_rows(held(loaded, database), "patient", DAY)
        people = Roster(tuple(sorted((str(row[0]) for row in patients), key=int)))
        here = held(loaded, database)
        before = together(here, planned, people)
        for column in ("SNOMEDCode", "CTV3Code"):
            database.run(f'CREATE INDEX ON "{SCHEMA}"."{PREFIX}SRCode" ("{column}")')
        database.run("SET enable_seqscan = off")
        after = together(here, planned, people)
    assert before == after
    assert before.keys() == {search.id}


@pytest.mark.parametrize(("kept_as", "served"), [("bigint", True), ("text", False)])
def test_an_index_on_a_code_serves_where_it_is_a_number(
    practice: RawPractice, servers: Servers, kept_as: str, served: bool
) -> None:
    with servers.database("postgresql") as database:
        site = replace(SitePractice(practice, NATIVE).load(database).site, types=(("SRCode.SNOMEDCode", kept_as),))
        named = f'"{SCHEMA}"."{PREFIX}SRCode"'
        database.run(f'ALTER TABLE {named} ALTER COLUMN "SNOMEDCode" TYPE {kept_as}')
        database.run(f'CREATE INDEX code_index ON {named} ("SNOMEDCode")')
        database.run("SET enable_seqscan = off")
        search = replace(small_search(DIABETIC), codelists={"diabetes": ONE_SYSTEM})
        sql = statement(ask(search, CHOSEN, DAY), CHOSEN, ENGINES["postgresql"], PRACTICE, site).sql
        lines = [str(row[0]) for row in database.query(f"EXPLAIN {sql}")]
    assert any("Index Cond: " in line and "SNOMEDCode" in line for line in lines) is served
