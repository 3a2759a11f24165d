# ruff: noqa: E501 - one case, one line: tables are drawn as tables
from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path

import pytest

from searches.document import SearchFiles, library, library_folder, load_search, read_search
from searches.errors import AnswerError, DocumentError
from searches.handmade.document import read_handmade
from searches.handmade.tables import completed_months, write_tables
from searches.handmade.verdict import verdicts
from searches.search import Search, Unit

CODELISTS = {
    "pulse": "system,code,label,category\nctv3,2431.,pulse,\nsnomed,162999005,pulse regular,\nsnomed,163000006,pulse,\n",
    "read": "system,code,label,category\nctv3,2431.,pulse,\n",
    "drug": "system,code,label,category\ndmd,39113611000001102,drug,\n",
}
DOCUMENT = """\
schema: 1
id: handmade
title: Handmade
why_it_matters: A test.
unit: UNIT
kind: proportion
dimensions: [DIMENSION]
codelists: [LISTS]
good: higher
schedule: monthly
owner: us
authored_by: us
next_review: 2027-11-01
"""
PULSE = """SELECT p.patient_id, p.sex,
CASE WHEN EXISTS (SELECT 1 FROM event AS e WHERE e.patient_id = p.patient_id AND e.code IN codelist.pulse AND e.value > 60.5)
THEN 'met' WHEN p.age >= 65 THEN 'not met' END AS outcome FROM patient AS p"""
MODE = """SELECT a.patient_id, a.appointment_id, COALESCE(a.mode, 'other') AS how,
CASE WHEN a.status = 'dna' THEN 'met' WHEN a.status = 'completed' THEN 'not met' END AS outcome FROM appointment AS a"""


def search(sql: str, unit: str = "person", dimension: str = "sex", lists: str = "pulse") -> Search:
    document = DOCUMENT.replace("UNIT", unit).replace("DIMENSION", dimension).replace("LISTS", lists)
    used = {name: CODELISTS[name] for name in lists.split(", ") if name}
    return read_search(SearchFiles({"search.yaml": document, "search.sql": sql}, used))


def patients(*entries: str) -> str:
    return "reference_date: 2026-03-31\npatients:\n" + "".join(f"  - {{{entry}}}\n" for entry in entries)


def found(sought: Search, tests: str) -> list[tuple[str, bool, Mapping[str, str]]]:
    return [(verdict.name, verdict.holds, verdict.found) for verdict in verdicts(sought, tests)]


def test_each_patient_is_checked_by_name() -> None:
    tests = patients(
        "name: a, born: 1950-01-01, sex: M, expect: met, dimensions: {sex: M}, events: [{codelist: pulse, on: 2025-01-01, value: 61}]",
        "name: b, born: 1950-01-01, expect: met, events: [{codelist: pulse, on: null, value: 60.5}]",
        "name: c, born: 1961-04-01, expect: absent",
        "name: d, born: 1961-03-31, expect: not met, dimensions: {sex: M}",
    )
    assert found(search(PULSE), tests) == [
        ("a", True, {"outcome": "met", "sex": "M"}),
        ("b", False, {"outcome": "not met"}),
        ("c", True, {"outcome": "absent"}),
        ("d", False, {"outcome": "not met", "sex": "F"}),
    ]


def test_each_appointment_is_checked_by_its_place() -> None:
    tests = patients(
        "name: a, born: 1950-01-01, appointments: [{start: 2026-03-01, status: dna, mode: telephone, expect: met, dimensions: {how: telephone}}, "
        "{start: 2026-04-01, status: dna, expect: absent}, {start: 2026-03-02, expect: met}]",
        "name: b, born: 1950-01-01, appointments: [{start: 2026-03-01, status: booked, expect: absent}]",
    )
    dimension = "{name: how, values: [face_to_face, telephone, video, home_visit, other]}"
    assert found(search(MODE, "appointment", dimension, ""), tests) == [
        ("a, appointment 1", True, {"outcome": "met", "how": "telephone"}),
        ("a, appointment 2", True, {"outcome": "absent"}),
        ("a, appointment 3", False, {"outcome": "not met"}),
        ("b, appointment 1", True, {"outcome": "absent"}),
    ]


@pytest.mark.parametrize("search_id", library())
def test_every_packaged_search_says_what_its_author_expects(search_id: str) -> None:
    tests = (library_folder(search_id) / "tests.yaml").read_text(encoding="utf-8")
    said = verdicts(load_search(library_folder(search_id)), tests)
    assert [verdict for verdict in said if not verdict.holds] == []
    assert len(said) >= 6


def test_every_kind_of_record_becomes_a_row(tmp_path: Path) -> None:
    tests = patients(
        "name: a, born: 2024-02-29, imd_quintile: 3, registered_on: 2024-05-01, expect: met, "
        "events: [{codelist: pulse, code: '163000006', on: 2025-02-28, recorded: 2025-03-02, unit: bpm, value: 60, problem: active}, "
        "{codelist: pulse, on: 2026-04-01}], medications: [{codelist: drug, on: 2025-01-01, type: acute}], "
        "immunisations: [{codelist: pulse, on: 2025-03-01}], referrals: [{codelist: pulse}], "
        "consultations: [{on: 2025-01-01, mode: video}], appointments: [{start: 2025-01-01, booked: 2024-12-01, booking_method: online, clinician_role: gp}]"
    )
    lists = search(
        PULSE
        + " WHERE EXISTS (SELECT 1 FROM medication AS m WHERE m.patient_id = p.patient_id AND m.code IN codelist.drug)",
        lists="pulse, drug",
    ).codelists
    write_tables(read_handmade(tests, Unit.PERSON), lists, tmp_path)
    rows = {path.stem: path.read_text(encoding="utf-8").splitlines()[1:] for path in tmp_path.glob("*.csv")}
    assert rows == {
        "about": ["Z99999,2026-03-31"],
        "patient": ["1,2,25,0-9,F,3,2024-05-01"],
        "event": ["1,1,2025-02-28,2025-03-02,163000006,60.0,bpm,11,active"],
        "medication": ["1,1,2025-01-01,39113611000001102,acute"],
        "immunisation": ["1,1,2025-03-01,162999005,12"],
        "appointment": ["1,1,2025-01-01,2024-12-01,online,,gp,completed"],
        "consultation": ["1,1,2025-01-01,video"],
        "referral": ["1,1,,162999005"],
        "opt_out": [],
        "identity": [],
    }


def test_who_was_born_on_the_last_of_a_month_completes_a_shorter_one_on_the_next_first() -> None:
    born = date(2020, 1, 31)
    assert [completed_months(born, day) for day in (date(2020, 4, 30), date(2020, 5, 1))] == [2, 3]


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        ("name: a, expect: met", r"patients.0.born: Field required"),
        ("name: a, born: 1950-01-01", "'a': the patient, and no appointment, needs expect"),
        ("name: a, born: 1950-01-01, expect: maybe", r"patients.0.expect: Input should be 'met'"),
        ("name: a, born: 2026-04-01, expect: met", "'a' is born after the reference date"),
        ("name: a, born: 1950-01-01, expect: met, nhs_number: 1", "Extra inputs are not permitted"),
        ("name: a, born: 1950-01-01, expect: met, appointments: [{start: 2026-01-01, status: late}]", "String should match pattern"),
        ("name: a, born: 1950-01-01, expect: met, appointments: [{start: 2026-01-01, expect: met}]", "and no appointment, needs expect"),
        ("name: a, born: 1950-01-01, expect: met, events: [{codelist: other}]", "names code list other, which the search does not declare"),
        ("name: a, born: 1950-01-01, expect: met, events: [{codelist: read}]", "code list read has no snomed code"),
        ("name: a, born: 1950-01-01, expect: met, events: [{codelist: pulse, code: '162999006'}]", "check digit is wrong"),
        ("name: a, born: 1950-01-01, expect: met, events: [{codelist: pulse, code: 162999005}]", "Input should be a valid string"),
    ],
)  # fmt: skip
def test_a_patient_that_cannot_be_made_is_refused(entry: str, reason: str) -> None:
    sql = PULSE.replace("e.code IN codelist.pulse", "(e.code IN codelist.pulse OR e.code IN codelist.read)")
    with pytest.raises(DocumentError, match=reason):
        verdicts(search(sql, lists="pulse, read"), patients(entry))


def test_two_patients_of_one_name_are_refused() -> None:
    with pytest.raises(DocumentError, match="two patients are named 'a'"):
        verdicts(
            search(PULSE), patients("name: a, born: 1950-01-01, expect: met", "name: a, born: 1950-01-01, expect: met")
        )


@pytest.mark.parametrize(
    "entry",
    [
        "name: a, born: 1950-01-01, expect: met",
        "name: a, born: 1950-01-01, dimensions: {sex: F}",
        "name: a, born: 1950-01-01, appointments: [{start: 2026-01-01}]",
    ],
)
def test_in_a_search_of_appointments_each_appointment_says_what_is_expected(entry: str) -> None:
    with pytest.raises(DocumentError, match="each appointment, and not the patient, needs expect"):
        read_handmade(patients(entry), Unit.APPOINTMENT)


def test_a_search_without_a_valid_answer_is_told() -> None:
    sql = PULSE.replace("p.sex,", "p.imd_quintile,")
    with pytest.raises(AnswerError, match="a value of imd_quintile that it does not declare"):
        verdicts(search(sql, dimension="imd_quintile"), patients("name: a, born: 1950-01-01, expect: not met"))
