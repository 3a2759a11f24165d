"""What holds for every starter search.

Its hand-made patients get what they must, and notice every changed boundary, condition, rule and order of its SQL.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from searches.batch import Batch
from searches.document import TESTS, library, library_folder, load_search, read_folder
from searches.errors import AnswerError
from searches.extract import open_extract
from searches.handmade.document import HandmadePatients, read_handmade
from searches.handmade.tables import write_tables
from searches.handmade.verdict import verdicts
from searches.layouts.expand import Bindings
from searches.people import AnswerRow
from searches.search import Good, Unit
from searches.translate import Question, ask
from tests.sql_mutants import mutants

STARTERS = (
    "af-anticoagulation",
    "chd-bp",
    "diabetes-bp",
    "diabetes-hba1c",
    "dna-booking-lead",
    "ethnicity-recorded",
    "flu-at-risk",
    "hypertension-systolic",
    "hypertension-under-80",
    "mmr-two-doses",
    "pertussis-pregnancy",
    "pulse-rhythm-65",
    "smoking-recorded",
)
FEWEST_PATIENTS = 6


def written_tests(name: str) -> str:
    return read_folder(library_folder(name)).files[TESTS]


def handmade(name: str) -> HandmadePatients:
    search = load_search(library_folder(name))
    return read_handmade(written_tests(name), search.unit, measured=search.measure is not None)


def test_the_library_holds_the_thirteen_starter_searches() -> None:
    assert library() == STARTERS


@pytest.mark.parametrize("name", STARTERS)
def test_every_hand_made_patient_gets_what_its_author_expects(name: str) -> None:
    found = verdicts(load_search(library_folder(name)), written_tests(name))
    assert [(verdict.name, verdict.expected, verdict.found) for verdict in found if not verdict.holds] == []


@pytest.mark.parametrize("name", STARTERS)
def test_there_are_at_least_six_hand_made_patients_and_every_outcome_among_them(name: str) -> None:
    made = handmade(name)
    assert len(made.patients) >= FEWEST_PATIENTS
    sql = load_search(library_folder(name)).sql
    outcomes = {patient.expect for patient in made.patients if patient.expect}
    outcomes |= {appointment.expect for patient in made.patients for appointment in patient.appointments}
    wanted = {"met", "not met"} | ({"excepted"} if "'excepted'" in sql else set())
    assert wanted <= {str(outcome) for outcome in outcomes}


@pytest.mark.parametrize("name", STARTERS)
def test_a_clinical_note_says_who_is_counted_and_why_it_matters(name: str) -> None:
    search = load_search(library_folder(name))
    assert search.explanation.startswith("# ")
    assert "is counted.**" in search.explanation
    assert len(search.why_it_matters.split()) >= 15


def test_only_missed_appointments_are_better_when_fewer_and_counted_by_appointment() -> None:
    found = {name: load_search(library_folder(name)) for name in STARTERS}
    assert [name for name, search in found.items() if search.good is Good.LOWER] == ["dna-booking-lead"]
    assert [name for name, search in found.items() if search.unit is Unit.APPOINTMENT] == ["dna-booking-lead"]


def test_the_three_national_indicators_are_named_with_their_year() -> None:
    found = [load_search(library_folder(name)) for name in STARTERS]
    named = {search.id: (search.official_name, search.service_year) for search in found if search.official_name}
    assert named == {
        "af-anticoagulation": ("AF008", "2025/26"),
        "diabetes-hba1c": ("DM020", "2025/26"),
        "hypertension-under-80": ("HYP008", "2025/26"),
    }


def rows(batch: Batch, question: Question) -> list[AnswerRow] | str:
    try:
        found = batch.rows(question)
    except AnswerError as error:
        return error.message
    return sorted((row for row in found if row.outcome), key=lambda row: (row.patient_id, row.appointment_id))


@pytest.mark.parametrize("name", STARTERS)
def test_the_hand_made_patients_notice_every_change_of_the_sql(name: str, tmp_path: Path) -> None:
    search, made = load_search(library_folder(name)), handmade(name)
    write_tables(made, search.codelists, tmp_path)
    with open_extract(tmp_path, "canonical") as extract:
        asked = ask(search, extract.layout, made.reference_date)
        changed = [
            (mutant.change, ask(replace(search, sql=mutant.sql), extract.layout, made.reference_date))
            for mutant in mutants(search.sql)
        ]
        with Batch(extract, asked.tables | {"patient"}, Bindings(made.reference_date, extract.practice)) as batch:
            before = rows(batch, asked)
            unnoticed = [change for change, question in changed if rows(batch, question) == before]
    assert before
    assert unnoticed == []
