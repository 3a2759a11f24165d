"""A batch over a server gives what one statement for each search gives, cell by cell, with an index or without."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random

import pytest

from searches.answer import Answers, answer
from searches.batch import answer_rows
from searches.batch_plan import plan
from searches.database import Database
from searches.document import library, library_folder, load_search
from searches.errors import LayoutError
from searches.extract import open_extract
from searches.layouts import layout
from searches.people import PeopleSets, Roster, gather
from searches.search import Outcome, Search
from searches.server_batch import together
from searches.translate import Question, ask, statement
from tests.databases import SiteServer, site
from tests.engine_kit import PRACTICE
from tests.engine_servers import Servers
from tests.exact_answers import SUPPLIERS, write_practice
from tests.generated_indicators import REFERENCE_DATE, Size, code_lists, indicators, write_rows

SEED = 11
SMALL = Size(patients=150, events=24_000, medications=6_000, codes=600)


def questions(searches: list[Search], database: Database) -> list[Question]:
    """Those that the layout can answer."""
    asked = []
    for search in searches:
        try:
            asked.append(ask(search, database.layout, REFERENCE_DATE))
        except LayoutError:
            assert database.layout.name in {"vision", "opensafely_tpp"}
    return asked


def alone(database: Database, question: Question, roster: Roster) -> PeopleSets:
    written = statement(question, database.layout, database.engine, database.practice, database.site)
    return gather(question.search, REFERENCE_DATE, roster, answer_rows(question.search, database.rows(written.sql)))


def generated(count: int) -> list[Search]:
    random = Random(SEED)
    return list(indicators(random, code_lists(random, SMALL.codes, 60), count))


@dataclass(frozen=True)
class Filled:
    """A server with the rows of files, and what the files answer."""

    here: SiteServer
    asked: list[Question]
    expected: Answers


@pytest.fixture(scope="module")
def filled(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Filled]:
    folder = tmp_path_factory.mktemp("generated")
    write_rows(folder, SMALL)
    searches = generated(500)
    with open_extract(folder, "canonical") as extract:
        expected = answer(extract, searches, REFERENCE_DATE)
    with site(servers, "postgresql", folder) as here:
        here.fill(folder, "canonical")
        here.grant()
        yield Filled(here, [ask(search, layout("canonical"), REFERENCE_DATE) for search in searches], expected)


@pytest.mark.parametrize("index", ["", 'CREATE INDEX ON raw.event (code COLLATE "C", patient_id)'])
def test_five_hundred_generated_indicators_answer_alike_from_rows_of_a_server_and_of_files(
    filled: Filled, index: str
) -> None:
    if index:
        filled.here.admin.run(index)
    expected = filled.expected
    with filled.here.open("canonical") as database:
        found = together(database, plan(filled.asked), expected.roster)
        singles = {one.search.id: alone(database, one, expected.roster) for one in filled.asked[::25]}
    assert len(found) == 500
    assert [name for name in found if found[name] != expected.results[name]] == []
    assert [name for name in singles if found[name] != singles[name]] == []


@pytest.mark.parametrize("name", SUPPLIERS)
def test_starter_searches_answer_alike_together_and_alone(servers: Servers, tmp_path: Path, name: str) -> None:
    folder = write_practice(name, 250, 7, tmp_path / "files", REFERENCE_DATE).folder
    with open_extract(folder, name, PRACTICE) as extract:
        searches = [load_search(library_folder(one)) for one in library()]
        expected = answer(extract, searches, REFERENCE_DATE)
    with site(servers, "postgresql", tmp_path) as here:
        here.fill(folder, name)
        here.grant()
        with here.open(name) as database:
            found = together(database, plan(questions(searches, database)), expected.roster)
    assert [one for one in found if found[one] != expected.results[one]] == []
    answered = {one for one, result in expected.results.items() if isinstance(result, PeopleSets)}
    assert set(found) == answered - set(expected.alone)
    assert len(found) >= 8
    assert any(one.outcome(Outcome.MET).rows for one in found.values() if isinstance(one, PeopleSets))
