"""What each piece of the search language means is the same in a batch: cell by cell that of a statement of its own."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from searches.batch import Batch
from searches.batch_plan import plan
from searches.canon import TABLES
from searches.engines import AS_NAMED, ENGINES
from searches.errors import AnswerError
from searches.extract import Extract, open_extract
from searches.layouts.expand import Bindings
from searches.people import PeopleSets, Roster, gather
from searches.server_batch import together
from searches.translate import Question
from tests.engine_servers import Database, Servers
from tests.site_kit import HeldDatabase
from tests.spec.language.asked import CANONICAL, PRACTICE, in_a_search
from tests.spec.language.drawn import Kind, Section, all_cases, rows_of
from tests.spec.language.people import People

SECTIONS = list({id(section): section for section, cases in all_cases() if cases[0].kind is not Kind.REFUSED}.values())
DECOMPOSED: dict[str, int] = {}


@pytest.fixture(scope="module")
def people(servers: Servers) -> Iterator[People]:
    with servers.database("postgresql") as database:
        yield People(database)


def questions(section: Section) -> list[Question]:
    found = [in_a_search(section, case) for cases in section.cases() for case in cases if case.kind is not Kind.REFUSED]
    return [question for question in found if question is not None]


def written(section: Section, folder: Path) -> Extract:
    """The people of a section as files."""
    rows = {
        name: [[row.get(c.name) for c in TABLES[name].columns] for row in found]
        for name, found in rows_of(section).items()
    }
    headers = {name: [column.name for column in table.columns] for name, table in TABLES.items()}
    headers |= {"opt_out": ["patient_id"], "about": ["practice", "reference_date"]}
    rows["about"] = [[PRACTICE, section.reference_date.isoformat()]]
    for name, header in headers.items():
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as stream:
            csv.writer(stream).writerows([header, *rows.get(name, ())])
    return open_extract(folder, "canonical")


def alone(batch: Batch, question: Question, roster: Roster) -> PeopleSets | str:
    try:
        return gather(question.search, question.reference_date, roster, batch.rows(question))
    except AnswerError as error:
        return error.message


def plainly(found: PeopleSets | AnswerError) -> PeopleSets | str:
    return found.message if isinstance(found, AnswerError) else found


def beside(database: Database) -> HeldDatabase:
    return HeldDatabase(CANONICAL, ENGINES[database.name], AS_NAMED, database, PRACTICE)


@pytest.mark.parametrize("section", SECTIONS, ids=lambda section: f"{section.page}:{section.title}")
def test_cases_are_the_same_in_a_batch_and_alone(people: People, section: Section) -> None:
    asked = questions(section)
    planned = plan(asked)
    if not planned.decomposed:
        return
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        extract = stack.enter_context(written(section, folder))
        bindings = Bindings(section.reference_date, extract.practice)
        batch = stack.enter_context(Batch(extract, frozenset(TABLES), bindings))
        roster = batch.roster()
        expected = {question.search.id: alone(batch, question, roster) for question in asked}
        here = batch.answers(planned, roster)
    people.hold(section)
    there = together(beside(people.database), planned, roster)
    assert here.keys() == there.keys() == {search.search.id for search in planned.decomposed}
    assert [name for name, found in here.items() if plainly(found) != expected[name]] == []
    assert [name for name, found in there.items() if plainly(found) != expected[name]] == []


def test_most_cases_are_taken_apart() -> None:
    planned = [plan(questions(section)) for section in SECTIONS]
    together_, apart = sum(len(each.decomposed) for each in planned), sum(len(each.alone) for each in planned)
    assert together_ > apart, (together_, apart)
