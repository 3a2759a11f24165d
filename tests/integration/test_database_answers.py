"""Answers over a site's database are those over the files it was filled from, on every engine."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest

from searches.answer import Answers, NotRun, answer, exact_cells, identities
from searches.answer_database import answer_on, identities_on, recorded_until
from searches.errors import DatabaseError
from searches.extract import open_extract
from tests.databases import site
from tests.engine_kit import PRACTICE
from tests.engine_servers import RUNNING, Servers
from tests.exact_answers import SUPPLIERS, starter_searches, write_practice

REFERENCE_DATE = date(2026, 3, 31)
SEARCHES = starter_searches()


def cells(answers: Answers) -> dict[str, object]:
    return {
        name: result if isinstance(result, NotRun) else exact_cells(result, answers.type1)  # type: ignore[arg-type]
        for name, result in answers.results.items()
    }


@dataclass(frozen=True)
class Files:
    """What a practice's files answer."""

    layout: str
    folder: Path
    expected: Answers
    known: tuple[tuple[str, ...], list[tuple[str, ...]]]


@pytest.fixture(scope="module", params=SUPPLIERS)
def files(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Files:
    folder = write_practice(request.param, 60, 7, tmp_path_factory.mktemp("files"), REFERENCE_DATE).folder
    with open_extract(folder, request.param, PRACTICE) as extract:
        expected = answer(extract, SEARCHES, REFERENCE_DATE)
        return Files(request.param, folder, expected, identities(extract, expected.roster.patient_ids))


@pytest.mark.parametrize("engine", RUNNING)
def test_a_database_gives_what_its_files_give(servers: Servers, tmp_path: Path, engine: str, files: Files) -> None:
    expected = files.expected
    with site(servers, engine, tmp_path) as here:
        here.fill(files.folder, files.layout)
        here.grant()
        with here.open(files.layout) as database:
            found = answer_on(database, SEARCHES, REFERENCE_DATE)
            who = identities_on(database, found.roster.patient_ids)
            reached = recorded_until(database, REFERENCE_DATE)

    assert (found.roster, found.type1, who) == (expected.roster, expected.type1, files.known)
    assert cells(found) == cells(expected)
    assert reached is not None
    assert date(2026, 3, 1) < reached <= REFERENCE_DATE


def test_of_a_practice_that_is_not_there_nothing_is_answered(servers: Servers, tmp_path: Path) -> None:
    folder = write_practice("vision", 60, 7, tmp_path / "files", REFERENCE_DATE).folder
    with site(servers, "sqlite", tmp_path) as here:
        here.fill(folder, "vision")
        with (
            here.open("vision", "Z99999") as database,
            pytest.raises(DatabaseError, match="the database holds no current patient of practice Z99999"),
        ):
            answer_on(database, SEARCHES, REFERENCE_DATE)
