"""Every rule of the OpenSAFELY-TPP layout, with the least rows that show it, and what would be answered without it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from searches.answer import identities
from searches.errors import ExtractError
from searches.extract import open_extract
from searches.layouts import layout
from searches.layouts.expand import rules_used
from tests.opensafely_folder import NEVER, opensafely
from tests.supplier_folders import REFERENCE_DATE, Tables, canonical_rows, with_and_without

UNKNOWN = "1900-01-01 00:00:00"
ELSEWHERE = "4"
ONE: Tables = {"Patient": [{}], "RegistrationHistory": [{}]}
SECOND = {"Registration_ID": "2"}
CODES = ("event", "event_id", "code_snomed", "code_ctv3")


def spells(folder: Path, *rows: dict[str, str]) -> Path:
    return opensafely(folder, {"Patient": [{}, {"Patient_ID": "2"}], "RegistrationHistory": rows})


def with_rows(folder: Path, **tables: list[dict[str, str]]) -> Path:
    return opensafely(folder, {**ONE, **tables})


def worth(folder: Path, rule: str, *asked: str) -> tuple[list[object], list[object]]:
    return with_and_without(folder, "opensafely_tpp", rule, *asked)


def found(folder: Path, *asked: str) -> list[object]:
    return canonical_rows(folder, "opensafely_tpp", *asked)


def test_every_rule_stands_in_the_sql() -> None:
    assert rules_used(layout("opensafely_tpp")) == set(layout("opensafely_tpp").rules)


def test_a_registration_at_another_practice_makes_no_patient_of_this_one(tmp_path: Path) -> None:
    spells(tmp_path, {}, {**SECOND, "Patient_ID": "2", "Organisation_ID": ELSEWHERE})
    assert worth(tmp_path, "own_registrations", "patient", "patient_id") == ([1], [1])
    opensafely(
        tmp_path,
        {
            "Patient": [{}, {"Patient_ID": "2"}],
            "RegistrationHistory": [{}, {**SECOND, "Patient_ID": "2", "Organisation_ID": ELSEWHERE}],
            "DirectionsAcknowledged": [{}, {"Organisation_ID": ELSEWHERE}],
        },
    )
    assert worth(tmp_path, "own_registrations", "patient", "patient_id") == ([1], [1, 2])


def test_a_practice_that_has_not_acknowledged_the_directions_has_nobody(tmp_path: Path) -> None:
    with_rows(tmp_path, DirectionsAcknowledged=[{"Organisation_ID": ELSEWHERE}])
    assert found(tmp_path, "patient", "patient_id") == []


@pytest.mark.parametrize(("there", "without"), [("2015-01-01", [1]), ("2009-01-01", [1])])
def test_of_several_open_registrations_the_one_that_started_last_counts(
    tmp_path: Path, there: str, without: list[int]
) -> None:
    spells(tmp_path, {}, {**SECOND, "Organisation_ID": ELSEWHERE, "StartDate": f"{there} 00:00:00"})
    here = [] if there > "2010" else [1]
    assert worth(tmp_path, "latest_registration", "patient", "patient_id") == (here, without)


def test_of_two_that_started_on_one_day_the_longer_counts(tmp_path: Path) -> None:
    spells(tmp_path, {}, {**SECOND, "Organisation_ID": ELSEWHERE, "EndDate": "2027-01-01 00:00:00"})
    assert worth(tmp_path, "longest_of_those", "patient", "patient_id") == ([1], [])


def test_a_patient_counts_once_however_often_registered(tmp_path: Path) -> None:
    spells(tmp_path, {}, {**SECOND, "StartDate": "2015-05-05 00:00:00"})
    assert found(tmp_path, "patient", "patient_id", "registered_on") == [(1, date(2015, 5, 5))]


@pytest.mark.parametrize(
    ("rule", "column", "moment"),
    [
        ("start_by_reference", "StartDate", "2026-04-01 00:00:00"),
        ("left_is_out", "EndDate", "2026-03-30 00:00:00"),
        ("end_day_is_out", "EndDate", "2026-03-31 23:59:00"),
    ],
)
def test_who_is_registered_on_the_day(tmp_path: Path, rule: str, column: str, moment: str) -> None:
    spells(tmp_path, {column: moment})
    assert worth(tmp_path, rule, "patient", "patient_id") == ([], [1])


def test_a_registration_without_a_start_counts_for_nothing(tmp_path: Path) -> None:
    spells(tmp_path, {"StartDate": NEVER})
    assert found(tmp_path, "patient", "patient_id") == []


@pytest.mark.parametrize(("died", "alive"), [("9999-12-31", [1]), ("2026-04-01", [1]), ("2026-03-31", [])])
def test_the_last_day_of_the_year_9999_is_no_death(tmp_path: Path, died: str, alive: list[int]) -> None:
    opensafely(tmp_path, {**ONE, "Patient": [{"DateOfDeath": died}]})
    assert worth(tmp_path, "dead_is_out", "patient", "patient_id") == (alive, [1])


def test_a_day_that_is_not_there_is_null(tmp_path: Path) -> None:
    with_rows(tmp_path, Appointment=[{"BookedDate": NEVER}], CodedEvent=[{"ConsultationDate": NEVER}])
    assert worth(tmp_path, "never_is_no_day", "appointment", "booked_date") == ([None], [date(9999, 12, 31)])
    assert worth(tmp_path, "never_is_no_day", "event", "event_date") == ([None], [])


def test_a_day_that_is_not_known_is_null(tmp_path: Path) -> None:
    with_rows(
        tmp_path,
        CodedEvent=[{"ConsultationDate": UNKNOWN}],
        MedicationIssue=[{"ConsultationDate": UNKNOWN}],
        Consultation=[{"ConsultationDate": UNKNOWN}],
        Vaccination=[{"VaccinationDate": UNKNOWN}],
    )
    for table, column in (
        ("event", "event_date"),
        ("medication", "issue_date"),
        ("consultation", "consultation_date"),
        ("immunisation", "given_date"),
    ):
        assert worth(tmp_path, "unknown_is_no_day", table, column) == ([None], [date(1900, 1, 1)])


def test_the_time_of_an_entry_does_not_count(tmp_path: Path) -> None:
    with_rows(tmp_path, CodedEvent=[{"ConsultationDate": "2026-03-31 23:59:59"}])
    assert found(tmp_path, "event", "event_date") == [REFERENCE_DATE]


def test_an_entry_dated_after_the_reference_date_is_not_yet_there(tmp_path: Path) -> None:
    later = "2026-04-01 00:00:00"
    with_rows(
        tmp_path,
        CodedEvent=[{"ConsultationDate": later}],
        MedicationIssue=[{"ConsultationDate": later}],
        Consultation=[{"ConsultationDate": later}],
        Vaccination=[{"VaccinationDate": later}],
        Appointment=[{"StartDate": later}],
    )
    for table in ("event", "medication", "consultation", "immunisation", "appointment"):
        assert worth(tmp_path, "not_after_reference", table, f"{table}_id") == ([], [1])


def test_an_entry_in_both_tables_is_one_event_with_both_codes(tmp_path: Path) -> None:
    with_rows(tmp_path, CodedEvent=[{}], CodedEvent_SNOMED=[{}])
    assert worth(tmp_path, "same_entry_once", *CODES) == (
        [(1, "44054006", "X40J5")],
        [(1, "44054006", None), (1, None, "X40J5")],
    )


def test_an_entry_in_one_table_only_is_an_event_too(tmp_path: Path) -> None:
    with_rows(tmp_path, CodedEvent=[{}], CodedEvent_SNOMED=[{"CodedEvent_ID": "2"}])
    assert worth(tmp_path, "ctv3_table", *CODES) == (
        [(1, None, "X40J5"), (2, "44054006", None)],
        [(2, "44054006", None)],
    )
    assert worth(tmp_path, "snomed_table", *CODES)[1] == [(1, None, "X40J5")]


@pytest.mark.parametrize(
    ("system", "concept", "codes"),
    [("0", "44054006", ("44054006", None)), ("2", "Y0001", (None, "Y0001")), ("7", "44054006", (None, None))],
)
def test_the_code_system_says_what_a_concept_is(
    tmp_path: Path, system: str, concept: str, codes: tuple[str | None, str | None]
) -> None:
    with_rows(tmp_path, CodedEvent_SNOMED=[{"CodeSystemId": system, "ConceptId": concept}])
    assert found(tmp_path, *CODES) == [(1, *codes)]


def test_codes_keep_their_case_and_lose_their_blanks(tmp_path: Path) -> None:
    with_rows(tmp_path, CodedEvent=[{"CTV3Code": "c10.. "}, {"CodedEvent_ID": "2", "CTV3Code": "C10.."}])
    assert found(tmp_path, "event", "code_ctv3") == ["C10..", "c10.."]


def test_an_empty_code_is_no_code(tmp_path: Path) -> None:
    with_rows(tmp_path, CodedEvent=[{"CTV3Code": ""}], CodedEvent_SNOMED=[{"ConceptId": ""}])
    assert found(tmp_path, *CODES) == [(1, None, None)]


def test_zero_is_no_number(tmp_path: Path) -> None:
    with_rows(tmp_path, CodedEvent=[{"NumericValue": "0"}])
    assert worth(tmp_path, "zero_is_no_number", "event", "value") == ([None], [Decimal("0.000")])


@pytest.mark.parametrize(
    ("written", "value"), [("7.1", "7.100"), ("58", "58.000"), ("123.456", "123.456"), ("-0.5", "-0.500")]
)
def test_a_float_of_four_bytes_is_read_to_three_decimals(tmp_path: Path, written: str, value: str) -> None:
    with_rows(tmp_path, CodedEvent=[{"NumericValue": written}])
    assert found(tmp_path, "event", "value") == [Decimal(value)]


def test_what_the_database_does_not_hold_of_an_event_is_null(tmp_path: Path) -> None:
    with_rows(tmp_path, CodedEvent=[{}])
    assert found(tmp_path, "event", "recorded_date", "unit", "problem_status") == [(None, None, None)]


@pytest.mark.parametrize(("status", "issues"), [("0", [1]), ("8", [1]), ("28", [1]), ("10", []), ("11", [])])
def test_what_a_dentist_or_a_hospital_prescribed_is_no_issue(tmp_path: Path, status: str, issues: list[int]) -> None:
    with_rows(tmp_path, MedicationIssue=[{"MedicationStatus": status}])
    assert worth(tmp_path, "own_issues", "medication", "medication_id") == (issues, [1])


@pytest.mark.parametrize(
    ("product", "code", "without"),
    [
        ("12354611500001104", "12354611500001104", "12354611500001104"),
        ("MULTIPLE_DMD_MAPPING", None, "MULTIPLE_DMD_MAPPING"),
        ("", None, None),
    ],
)
def test_the_dictionary_says_what_was_issued_if_it_is_one_product(
    tmp_path: Path, product: str, code: str | None, without: str | None
) -> None:
    with_rows(tmp_path, MedicationIssue=[{}], MedicationDictionary=[{"DMD_ID": product}])
    assert worth(tmp_path, "one_product", "medication", "code_dmd") == ([code], [without])


def test_an_issue_that_no_dictionary_knows_is_one_all_the_same(tmp_path: Path) -> None:
    with_rows(tmp_path, MedicationIssue=[{}])
    assert found(tmp_path, "medication", "medication_id", "code_dmd") == [(1, None)]


@pytest.mark.parametrize(("repeat", "kind"), [("7", "repeat"), ("0", "acute"), ("-1", "acute")])
def test_an_issue_of_a_repeat_names_it(tmp_path: Path, repeat: str, kind: str) -> None:
    with_rows(tmp_path, MedicationIssue=[{"RepeatMedication_ID": repeat}])
    assert found(tmp_path, "medication", "issue_type") == [kind]


def test_a_row_that_occurs_twice_is_one_appointment(tmp_path: Path) -> None:
    with_rows(tmp_path, Appointment=[{}, {}])
    assert worth(tmp_path, "exact_duplicates", "appointment", "appointment_id") == ([1], [1, 1])


def test_an_appointment_at_another_practice_is_none_of_this_one(tmp_path: Path) -> None:
    with_rows(tmp_path, Appointment=[{"Organisation_ID": ELSEWHERE}])
    assert worth(tmp_path, "own_appointments", "appointment", "appointment_id") == ([], [1])


@pytest.mark.parametrize(
    ("number", "status"),
    [
        *((0, "booked"), (5, "booked"), (1, "arrived"), (9, "arrived"), (3, "in_progress"), (4, "completed")),
        *((2, "dna"), (14, "dna"), (10, "cancelled"), (11, "cancelled"), (12, "cancelled"), (15, "cancelled")),
        *((16, "walked_out"), (6, "other"), (8, "other"), (17, "other"), (26, "other")),
    ],
)
def test_the_status_of_an_appointment(tmp_path: Path, number: int, status: str) -> None:
    with_rows(tmp_path, Appointment=[{"Status": str(number)}])
    assert found(tmp_path, "appointment", "status") == [status]


def test_a_consultation_during_a_registration_elsewhere_is_none_of_this_practice(tmp_path: Path) -> None:
    spell = {**SECOND, "Organisation_ID": ELSEWHERE, "EndDate": "2009-01-01 00:00:00", "StartDate": UNKNOWN}
    opensafely(
        tmp_path,
        {"Patient": [{}], "RegistrationHistory": [{}, spell], "Consultation": [{}, {"Consultation_ID": "2", **SECOND}]},
    )
    assert worth(tmp_path, "own_consultations", "consultation", "consultation_id") == ([1], [1, 2])


def test_whoever_stands_in_the_deny_list_has_opted_out(tmp_path: Path) -> None:
    with_rows(tmp_path, PatientsWithTypeOneDissent=[{}])
    assert worth(tmp_path, "type1_deny_list", "type1", "patient_id") == ([1], [])


def test_a_code_of_dissent_is_not_what_decides(tmp_path: Path) -> None:
    with_rows(tmp_path, CodedEvent=[{"CTV3Code": "XaZ89"}])
    assert found(tmp_path, "type1", "patient_id") == []


def test_nothing_says_who_a_patient_is(tmp_path: Path) -> None:
    with_rows(tmp_path)
    with open_extract(tmp_path, "opensafely_tpp") as extract:
        header, rows = identities(extract, ["1"])
    assert rows == [("1", *[""] * (len(header) - 1))]


def test_a_practice_is_found_by_its_code_where_the_folder_says_its_number(tmp_path: Path) -> None:
    with_rows(tmp_path)
    extract = open_extract(tmp_path, "opensafely_tpp", "z90001")
    assert (extract.practice, extract.delivered_on) == ("90001", REFERENCE_DATE)
    with pytest.raises(ExtractError, match="the extract is not of practice Z90002"):
        open_extract(tmp_path, "opensafely_tpp", "Z90002")


def test_a_value_that_is_not_of_its_columns_type_is_refused_without_being_quoted(tmp_path: Path) -> None:
    with_rows(tmp_path, CodedEvent=[{"ConsultationDate": "secret"}])
    with pytest.raises(ExtractError, match=r"ConversionException") as refused:
        found(tmp_path, "event", "event_id")
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(("name", "text"), [("about.csv", "practice,organisation_id\r\nZ90001,X1\r\n")])
def test_a_folder_that_does_not_say_the_number_is_refused(tmp_path: Path, name: str, text: str) -> None:
    with_rows(tmp_path)
    (tmp_path / name).write_text(text)
    with pytest.raises(ExtractError, match=r"about.csv or LatestBuildTime.csv: expected a number and a time"):
        open_extract(tmp_path, "opensafely_tpp")
