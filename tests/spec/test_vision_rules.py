"""Every rule of the Vision layout, with the least rows that show it, and what would be answered without it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from searches.answer import identities
from searches.errors import ExtractError, LayoutError
from searches.extract import open_extract
from searches.layouts import layout
from searches.layouts.expand import rules_used
from tests.supplier_folders import Tables, canonical_rows, vision, with_and_without

BP = {"CODE": "246..00", "SNOMED_CODE": "75367002", "ENTITY": "BP", "VALUE1": "142", "VALUE2": "88"}


def patients(folder: Path, *rows: dict[str, str]) -> Path:
    return vision(folder, {"patient": rows})


def journal(folder: Path, *rows: dict[str, str], later: Tables | None = None) -> Path:
    return vision(folder, {"patient": [{}], "journal": rows}, *([later] if later else []))


def worth(folder: Path, rule: str, *asked: str) -> tuple[list[object], list[object]]:
    return with_and_without(folder, "vision", rule, *asked)


def test_rows_of_another_service_do_not_count(tmp_path: Path) -> None:
    patients(tmp_path, {}, {"PID": "2", "SERVICE_ID": "ZZ9HUB"})
    assert worth(tmp_path, "own_service", "patient", "patient_id") == ([1], [1, 2])


def test_a_service_may_be_a_number_that_the_practice_table_explains(tmp_path: Path) -> None:
    vision(tmp_path, {"patient": [{"SERVICE_ID": "77"}, {"PID": "2", "SERVICE_ID": "78"}], "practice": [{}]})
    assert canonical_rows(tmp_path, "vision", "patient", "patient_id") == [1]


def test_a_row_sent_again_counts_once_and_as_sent_last(tmp_path: Path) -> None:
    journal(tmp_path, {"VALUE1": "7"}, later={"journal": [{"VALUE1": "8"}]})
    assert worth(tmp_path, "latest_version", "event", "CAST(value AS INTEGER)") == ([8], [7, 8])


def test_an_older_version_does_not_come_back_when_the_newest_is_a_deletion(tmp_path: Path) -> None:
    journal(tmp_path, {}, later={"journal": [{"ACTION": "D", "DATE": "", "CODE": "", "SUBSET": ""}]})
    assert worth(tmp_path, "deleted_after_latest", "event", "event_id") == ([], [50])


def test_a_deleted_row_does_not_count_and_one_sent_again_does(tmp_path: Path) -> None:
    vision(
        tmp_path,
        {"patient": [{}], "journal": [{}, {"ID": "6"}]},
        {"journal": [{"ACTION": "D"}, {"ID": "6", "ACTION": "D"}]},
        {"journal": [{"ID": "6", "ACTION": "U"}]},
    )
    assert worth(tmp_path, "deleted_rows", "event", "event_id") == ([60], [50, 60])


def test_a_deleted_patient_takes_all_rows_along(tmp_path: Path) -> None:
    journal(tmp_path, {}, later={"patient": [{"ACTION": "D"}]})
    assert worth(tmp_path, "deleted_patient", "event", "event_id") == ([], [50])


@pytest.mark.parametrize("active", ["T", "S", "P"])
def test_temporary_private_and_other_patients_are_not_registered(tmp_path: Path, active: str) -> None:
    patients(tmp_path, {}, {"PID": "2", "ACTIVE": active})
    assert worth(tmp_path, "active_types", "patient", "patient_id") == ([1], [1, 2])


def test_someone_who_left_after_the_reference_date_was_registered_on_it(tmp_path: Path) -> None:
    patients(tmp_path, {"ACTIVE": "L", "REMOVED_DATE": "20260401"})
    assert worth(tmp_path, "left_since_counts", "patient", "patient_id") == ([1], [])


def test_a_start_on_the_reference_date_counts_and_one_after_it_does_not(tmp_path: Path) -> None:
    patients(tmp_path, {"REGISTERED_DATE": "20260331"}, {"PID": "2", "REGISTERED_DATE": "20260401"})
    assert worth(tmp_path, "start_by_reference", "patient", "patient_id") == ([1], [1, 2])


def test_someone_who_has_left_is_out(tmp_path: Path) -> None:
    patients(tmp_path, {}, {"PID": "2", "ACTIVE": "L", "REMOVED_DATE": "20260301"})
    assert worth(tmp_path, "left_is_out", "patient", "patient_id") == ([1], [1, 2])


def test_an_end_on_the_reference_date_does_not_count(tmp_path: Path) -> None:
    patients(tmp_path, {"ACTIVE": "L", "REMOVED_DATE": "20260331"})
    assert worth(tmp_path, "end_day_is_out", "patient", "patient_id") == ([], [1])


def test_someone_who_left_on_no_known_date_is_out(tmp_path: Path) -> None:
    patients(tmp_path, {"ACTIVE": "L"})
    assert worth(tmp_path, "left_undated_is_out", "patient", "patient_id") == ([], [1])


def test_the_dead_are_out(tmp_path: Path) -> None:
    rows = [{"ACTIVE": "D", "DATE_OF_DEATH": "20260401"}, {"PID": "2", "ACTIVE": "D", "DATE_OF_DEATH": "20260331"}]
    patients(tmp_path, *rows)
    assert worth(tmp_path, "dead_is_out", "patient", "patient_id") == ([1], [1, 2])


def test_the_dead_without_a_date_are_out(tmp_path: Path) -> None:
    patients(tmp_path, {"ACTIVE": "D"})
    assert worth(tmp_path, "dead_undated_is_out", "patient", "patient_id") == ([], [1])


@pytest.mark.parametrize(
    ("code", "kept"), [("C10F.00", "C10F."), ("C10F.", "C10F."), ("9V0.00", "9V0.0"), ("DNA", "DNA")]
)
def test_a_read_code_is_its_first_five_characters(tmp_path: Path, code: str, kept: str) -> None:
    journal(tmp_path, {"CODE": code})
    assert worth(tmp_path, "read_term_code", "event", "code_read2") == ([kept], [code])


def test_a_blood_pressure_row_is_two_events_in_the_order_of_ids(tmp_path: Path) -> None:
    journal(tmp_path, BP, {"ID": "6", "CODE": "246..00", "VALUE1": "138", "VALUE2": "79"})
    assert worth(tmp_path, "bp_split", "event", "event_id") == ([51, 52, 61, 62], [50, 60])
    asked = ("event_id", "code_read2", "code_snomed", "value")
    assert canonical_rows(tmp_path, "vision", "event", *asked)[:2] == [
        (51, "2469.", "271649006", Decimal(142)),
        (52, "246A.", "271650006", Decimal(88)),
    ]


def test_a_home_blood_pressure_stays_one(tmp_path: Path) -> None:
    journal(tmp_path, {**BP, "CODE": "246d.00", "SNOMED_CODE": "413606001"})
    assert canonical_rows(tmp_path, "vision", "event", "code_read2", "code_snomed") == [
        ("246c.", "413605002"),
        ("246d.", "413606001"),
    ]


def test_a_single_value_under_a_blood_pressure_code_stays_one_event(tmp_path: Path) -> None:
    journal(tmp_path, {"CODE": "246A.00", "SNOMED_CODE": "271650006", "VALUE1": "88"})
    assert canonical_rows(tmp_path, "vision", "event", "event_id", "code_read2", "value") == [
        (50, "246A.", Decimal(88))
    ]


@pytest.mark.parametrize("text", ["high", "<5", "1/2", ""])
def test_a_value_that_is_no_number_is_none(tmp_path: Path, text: str) -> None:
    journal(tmp_path, {"VALUE1": text})
    assert canonical_rows(tmp_path, "vision", "event", "value") == [None]


def test_a_snomed_code_longer_than_any_number_does_no_harm(tmp_path: Path) -> None:
    journal(tmp_path, {"SNOMED_CODE": "12345678901234567890"})
    assert canonical_rows(tmp_path, "vision", "event", "code_snomed") == ["12345678901234567890"]


def test_drugs_are_no_events(tmp_path: Path) -> None:
    rows = [{"ID": str(number), "SUBSET": subset} for number, subset in enumerate("PCTLIASR", start=1)]
    journal(tmp_path, *({**row, "IMMS_STATUS": "Given"} for row in rows))
    assert worth(tmp_path, "clinical_subsets", "event", "event_id") == (
        [10, 20, 30, 40, 50],
        [10, 20, 30, 40, 50, 60, 70, 80],
    )


@pytest.mark.parametrize("status", ["Refusal to start or complete course", "Advised"])
@pytest.mark.parametrize(("asked", "key"), [("immunisation", "immunisation_id"), ("event", "event_id")])
def test_a_vaccine_that_was_not_given_is_neither_immunisation_nor_event(
    tmp_path: Path, status: str, asked: str, key: str
) -> None:
    journal(tmp_path, {"SUBSET": "I", "IMMS_STATUS": "Given"}, {"ID": "6", "SUBSET": "I", "IMMS_STATUS": status})
    assert worth(tmp_path, "given_only", asked, key) == ([50], [50, 60])


def test_a_repeat_master_is_no_issue(tmp_path: Path) -> None:
    rows = [{"ID": str(number), "SUBSET": subset, "DMD_CODE": "1"} for number, subset in enumerate("ASR", start=1)]
    journal(tmp_path, *rows)
    assert worth(tmp_path, "issues_only", "medication", "issue_type") == (
        ["acute", "repeat"],
        ["acute", "other", "repeat"],
    )


def test_an_entry_after_the_reference_date_is_not_there_and_an_undated_one_is(tmp_path: Path) -> None:
    journal(tmp_path, {"DATE": ""}, {"ID": "6", "DATE": "20260401"})
    assert worth(tmp_path, "not_after_reference", "event", "event_id") == ([50], [50, 60])


@pytest.mark.parametrize(("end", "status"), [("", "active"), ("20260331", "past"), ("20260401", "active")])
def test_a_problem_is_past_once_it_has_ended(tmp_path: Path, end: str, status: str) -> None:
    journal(tmp_path, {"SUBSET": "P", "END_DATE": end}, {"ID": "6"})
    assert canonical_rows(tmp_path, "vision", "event", "event_id", "problem_status") == [(50, status), (60, None)]


def test_encounters_and_referrals_are_dated(tmp_path: Path) -> None:
    vision(tmp_path, {"patient": [{}], "encounter": [{}], "referral": [{}]})
    assert canonical_rows(tmp_path, "vision", "consultation", "*") == [(6, 1, date(2025, 6, 1), None)]
    assert canonical_rows(tmp_path, "vision", "referral", "*") == [(7, 1, date(2025, 6, 1))]


def test_patients_without_contact_columns_are_read_by_their_own_places(tmp_path: Path) -> None:
    vision(tmp_path, {"patient": [{}, {"PID": "2", "ACTION": "D"}]}, narrow=True)
    assert canonical_rows(tmp_path, "vision", "patient", "patient_id", "age") == [(1, 70)]
    with open_extract(tmp_path, "vision") as extract:
        header, rows = identities(extract, ["1"])
    assert dict(zip(header, rows[0], strict=True))["phone"] == ""


def test_another_number_of_columns_is_refused(tmp_path: Path) -> None:
    patients(tmp_path, {})
    path = next(tmp_path.glob("*patient*"))
    path.write_bytes(path.read_bytes().replace(b"\r\n", b",\r\n"))
    with pytest.raises(ExtractError, match="expected 32 or 35 columns, got 36"):
        canonical_rows(tmp_path, "vision", "patient", "patient_id")


def test_there_are_no_appointments(tmp_path: Path) -> None:
    patients(tmp_path, {})
    with pytest.raises(LayoutError, match="layout vision has no source for appointment") as refused:
        canonical_rows(tmp_path, "vision", "appointment", "status")
    assert refused.value.reason == "layout_has_no_appointments"


def test_changes_without_a_full_file_before_them_are_refused(tmp_path: Path) -> None:
    patients(tmp_path, {})
    path = next(tmp_path.glob("FULL*patient*"))
    path.rename(tmp_path / path.name.replace("FULL", "INCREMENTAL"))
    with pytest.raises(ExtractError, match="holds changes, and no full file came before it"):
        open_extract(tmp_path, "vision")


@pytest.mark.parametrize(
    ("rule", "entries", "kept", "without"),
    [
        ("type1_latest_decides", [("9Nu0.00", "20200101"), ("9Nu1.00", "20210101")], [], [1]),
        ("type1_tie_is_out", [("9Nu0.00", "20210101"), ("9Nu1.00", "20210101")], [1], []),
        ("type1_undated_is_out", [("9Nu0.00", "")], [1], []),
    ],
)
def test_who_has_opted_out(
    tmp_path: Path, rule: str, entries: list[tuple[str, str]], kept: list[int], without: list[int]
) -> None:
    rows = [
        {"ID": str(number), "CODE": code, "SNOMED_CODE": "", "DATE": day} for number, (code, day) in enumerate(entries)
    ]
    journal(tmp_path, *rows)
    assert worth(tmp_path, rule, "type1", "patient_id") == (kept, without)


def test_an_entry_with_empty_codes_has_none_in_any_system(tmp_path: Path) -> None:
    journal(tmp_path, {"CODE": " ", "SNOMED_CODE": "", "DMD_CODE": " "}, {"ID": "6", "SUBSET": "A", "DMD_CODE": ""})
    assert canonical_rows(tmp_path, "vision", "event", "code_snomed", "code_read2") == [(None, None)]
    assert canonical_rows(tmp_path, "vision", "medication", "code_dmd") == [None]


def test_every_declared_rule_stands_in_the_sql_and_every_rule_there_is_declared() -> None:
    assert rules_used(layout("vision")) == set(layout("vision").rules)
