from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from agent.errors import SourceError
from agent.run import RunRequest, run
from agent.sources import Records, Wanted
from agent.state import StateFolder
from searches.document import library_folder, load_search
from searches.people import PeopleSets
from tests.agent_kit import CANARY, PRACTICE, REFERENCE_DATE, write_extract

PULSE = load_search(library_folder("pulse-rhythm-65"))


@pytest.fixture
def request_(tmp_path: Path) -> RunRequest:
    extract = write_extract(tmp_path / "extract")
    records = Records(PRACTICE, "canonical", extract, StateFolder(tmp_path / "state"))
    return RunRequest(records, Wanted((PULSE,), REFERENCE_DATE, REFERENCE_DATE), run_seconds=60)


class Deadly:
    """Ends the process that reads it."""

    def __reduce__(self) -> tuple[Any, ...]:
        return os._exit, (3,)


def test_people_sets_and_the_identities_of_the_listed_come_back(request_: RunRequest) -> None:
    ran = run(request_)

    people = ran.answers.results[PULSE.id]
    assert isinstance(people, PeopleSets)
    assert len(ran.answers.roster.patient_ids) == 50
    assert ran.answers.type1.bit_count() == 10
    assert sorted(ran.identities.rows, key=int) == [str(number) for number in range(31, 51)]
    assert (ran.layout, ran.engine, ran.delivered_on) == ("canonical", "duckdb", REFERENCE_DATE)


def test_a_run_that_takes_too_long_is_ended(request_: RunRequest) -> None:
    with pytest.raises(SourceError, match="the run took longer than 0 seconds"):
        run(replace(request_, run_seconds=0))


def test_a_missing_extract_is_told_in_our_own_words(request_: RunRequest, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no folder at"):
        run(replace(request_, records=replace(request_.records, place=tmp_path / "nowhere")))


def test_a_foreign_error_is_told_by_its_kind_alone(request_: RunRequest) -> None:
    broken: Any = (CANARY,)

    with pytest.raises(SourceError, match="the run failed: AttributeError") as refused:
        run(replace(request_, wanted=replace(request_.wanted, searches=broken)))
    assert CANARY not in repr(refused.value) + repr(refused.value.__cause__)


def test_a_process_that_dies_is_not_waited_for(request_: RunRequest) -> None:
    deadly: Any = (Deadly(),)

    with pytest.raises(SourceError, match="the run ended without an answer"):
        run(replace(request_, wanted=replace(request_.wanted, searches=deadly)))


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("patient.csv", "70-79", CANARY),
        ("patient.csv", ",70,", f",{CANARY},"),
        ("event.csv", "2025-06-01", CANARY),
        ("identity.csv", "\r\n", f",{CANARY}\r\n"),
        ("opt_out.csv", "50", CANARY),
        ("about.csv", "2026-03-31", CANARY),
    ],
)
def test_no_refusal_of_a_damaged_extract_quotes_it(
    request_: RunRequest, capfd: pytest.CaptureFixture[str], name: str, old: str, new: str
) -> None:
    assert isinstance(request_.records.place, Path)
    path = request_.records.place / name
    path.write_bytes(path.read_bytes().replace(old.encode(), new.encode()))
    try:
        told = repr(run(request_).answers.results[PULSE.id])
    except SourceError as error:
        told = repr(error) + error.hint
    assert CANARY not in told + "".join(capfd.readouterr())
