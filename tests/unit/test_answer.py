"""Exact answers of one practice, opt-outs marked, and who the people of an action list are."""

from __future__ import annotations

import pickle
from datetime import date
from pathlib import Path

import pytest

from searches.answer import Answers, Failed, NotRun, answer, exact_cells, identities
from searches.document import library, library_folder, load_search
from searches.errors import ExtractError
from searches.extract import open_extract
from searches.people import PeopleSets
from searches.search import Dimension, Outcome, Search, Unit
from searches.synthetic import synthesise
from tests.small_search import DIABETIC, EVERYONE, small_search
from tests.supplier_folders import PRACTICE, REFERENCE_DATE, canonical, emis, guid, tpp, vision

DNA = load_search(library_folder("dna-booking-lead"))
SEX = Dimension("sex", ("F", "M"))


def answered(folder: Path, layout: str, *searches: Search, day: date = REFERENCE_DATE) -> Answers:
    with open_extract(folder, layout, PRACTICE) as extract:
        return answer(extract, searches, day)


def people(answers: Answers, name: str = "small") -> PeopleSets:
    result = answers.results[name]
    assert isinstance(result, PeopleSets), result
    return result


def test_an_answer_has_everyone_and_says_who_opted_out(tmp_path: Path) -> None:
    vision(
        tmp_path,
        {
            "patient": [{}, {"PID": "2"}, {"PID": "3"}],
            "journal": [{}, {"ID": "6", "PID": "2"}, {"ID": "7", "PID": "2", "CODE": "9Nu0.00", "SNOMED_CODE": ""}],
        },
    )
    answers = answered(tmp_path, "vision", small_search(DIABETIC))
    assert answers.roster.patient_ids == ("1", "2", "3")
    assert answers.roster.ids(answers.type1) == ("2",)
    assert exact_cells(people(answers), answers.type1) == [
        {
            "dimensions": {},
            "met": {"everyone": 2, "without_type1": 1},
            "not_met": {"everyone": 1, "without_type1": 1},
            "excepted": {"everyone": 0, "without_type1": 0},
        }
    ]


def test_a_dissent_after_the_reference_date_counts_since_the_data_leave_today(tmp_path: Path) -> None:
    entry = {"CODE": "9Nu0.00", "SNOMED_CODE": "", "DATE": "20260501"}
    vision(tmp_path, {"patient": [{}], "journal": [entry]})
    assert answered(tmp_path, "vision", small_search()).type1 == 1


def test_what_a_layout_has_no_source_for_is_not_run_and_the_rest_is(tmp_path: Path) -> None:
    vision(tmp_path, {"patient": [{}]})
    answers = answered(tmp_path, "vision", DNA, small_search())
    assert answers.results[DNA.id] == NotRun(
        "layout_has_no_appointments", "layout vision has no source for appointment"
    )
    assert set(answers.receipts) == {"small"}
    assert people(answers).outcome(Outcome.MET).rows == 1


def test_a_search_that_gives_no_valid_answer_fails_alone(tmp_path: Path) -> None:
    vision(tmp_path, {"patient": [{"SEX": "I"}]})
    sql = EVERYONE.replace("'met'", "p.sex, 'met'")
    answers = answered(tmp_path, "vision", small_search(sql, name="split", dimensions=(SEX,)), small_search())
    assert answers.results["split"] == Failed(
        "answer_invalid", "search split returned a value of sex that it does not declare"
    )
    assert people(answers).outcome(Outcome.MET).rows == 1


def test_appointments_are_shown_capped_and_uncapped(tmp_path: Path) -> None:
    slots = [
        {"SlotGuid": guid(700 + number), "AppointmentDate": f"2026-03-{10 + number}", "BookedDate": "2026-03-09"}
        for number in range(5)
    ]
    dna = {"DidNotAttend": "true"}
    emis(tmp_path, {"Admin_Patient": [{}], "Appointment_Slot": [{**slot, **dna} for slot in slots]})
    answers = answered(tmp_path, "emis_im1", DNA)
    total = exact_cells(people(answers, DNA.id), answers.type1)[0]
    assert total["met"] == {
        "everyone": 3,
        "without_type1": 3,
        "everyone_uncapped": 5,
        "without_type1_uncapped": 5,
    }


def test_nobody_registered_is_refused_with_what_to_look_at(tmp_path: Path) -> None:
    emis(tmp_path, {"Admin_Patient": [{}]}, {"Agreements_SharingOrganisation": [{"Disabled": "true"}]})
    with pytest.raises(ExtractError, match="the extract holds no current patient of practice Z90001") as refused:
        answered(tmp_path, "emis_im1", small_search())
    assert "sharing agreement is active" in refused.value.hint


def test_canonical_tables_answer_for_their_own_date_only(tmp_path: Path) -> None:
    canonical(tmp_path, {"patient": [{"patient_id": "1", "age": "70"}], "opt_out": [{"patient_id": "1"}]})
    assert answered(tmp_path, "canonical", small_search()).type1 == 1
    with pytest.raises(ExtractError, match="the canonical tables are of 2026-03-31, not of 2026-02-28"):
        answered(tmp_path, "canonical", small_search(), day=date(2026, 2, 28))


def test_identities_are_found_for_those_asked_and_for_nobody_else(tmp_path: Path) -> None:
    emis(tmp_path, {"Admin_Patient": [{}, {"PatientGuid": guid(2)}]})
    wanted = guid(2)[1:-1].lower()
    with open_extract(tmp_path, "emis_im1") as extract:
        header, rows = identities(extract, [wanted, "a stranger"])
        assert identities(extract, [])[1] == []
    (row,) = rows
    assert dict(zip(header, row, strict=True)) == {
        "patient_id": wanted,
        "nhs_number": "9990001112",
        "title": "Mx",
        "forename": "Zoë",
        "surname": "O'Canary",
        "date_of_birth": "1956-02-01",
        "address": "",
        "postcode": "ZZ991AA",
        "phone": "",
        "mobile": "07700900001",
        "email": "zoe@example.invalid",
    }


@pytest.mark.parametrize("surname", ["O’Canary", "Zoë", "plain"])
def test_names_in_windows_1252_are_read_as_they_were_written(tmp_path: Path, surname: str) -> None:
    tpp(tmp_path, {"SRPatient": [{"Surname": surname, "FirstName": "Kim"}]})
    with open_extract(tmp_path, "tpp_sr") as extract:
        header, rows = identities(extract, ["1"])
    assert dict(zip(header, rows[0], strict=True))["surname"] == surname


def test_answers_travel_between_processes(tmp_path: Path) -> None:
    vision(tmp_path, {"patient": [{}]})
    answers = answered(tmp_path, "vision", load_search(library_folder("pulse-rhythm-65")))
    assert pickle.loads(pickle.dumps(answers)) == answers


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    folder = tmp_path_factory.mktemp("canonical")
    synthesise("canonical", 900, 11, folder)
    return cells(folder, "canonical")


def cells(folder: Path, layout: str) -> dict[str, object]:
    answers = answered(folder, layout, *map(load_search, map(library_folder, library())))
    return {
        name: exact_cells(result, answers.type1) if isinstance(result, PeopleSets) else result
        for name, result in answers.results.items()
    }


@pytest.mark.parametrize("layout", ["emis_im1", "tpp_sr", "vision"])
def test_the_same_people_give_the_same_cells_in_every_layout(
    tmp_path: Path, reference: dict[str, object], layout: str
) -> None:
    synthesise(layout, 900, 11, tmp_path)
    found = cells(tmp_path, layout)
    if layout == "vision":
        assert isinstance(found.pop(DNA.id), NotRun)
        reference = {name: value for name, value in reference.items() if name != DNA.id}
    assert found == reference
    assert DNA.unit is Unit.APPOINTMENT
