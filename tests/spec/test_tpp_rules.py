"""Every rule of the TPP layout, with the least rows that show it, and what would be answered without it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from searches.errors import ExtractError
from searches.extract import open_extract
from searches.layouts import layout
from searches.layouts.expand import rules_used
from tests.supplier_folders import REFERENCE_DATE, Tables, canonical_rows, tpp, with_and_without

OTHER = "ZZ9HUB"
ONE: Tables = {"SRPatient": [{}], "SRPatientRegistration": [{}]}
SECOND = {"RowIdentifier": "2"}
SECOND_SPELL = {"RowIdentifier": "2", "IDPatient": "2"}
TWO: Tables = {"SRPatient": [{}, SECOND], "SRPatientRegistration": [{}, SECOND_SPELL]}


def spells(folder: Path, *rows: dict[str, str]) -> Path:
    return tpp(folder, {"SRPatient": [{}, SECOND], "SRPatientRegistration": rows})


def events(folder: Path, *rows: dict[str, str], later: Tables | None = None) -> Path:
    return tpp(folder, {**ONE, "SRCode": rows}, *([later] if later else []))


def worth(folder: Path, rule: str, *asked: str) -> tuple[list[object], list[object]]:
    return with_and_without(folder, "tpp_sr", rule, *asked)


def test_rows_that_another_organisation_publishes_do_not_count(tmp_path: Path) -> None:
    there = {"IDOrganisationVisibleTo": OTHER, "IDOrganisation": OTHER}
    tpp(tmp_path, {"SRPatient": [{}, {**SECOND, **there}], "SRPatientRegistration": [{}, {**SECOND_SPELL, **there}]})
    assert worth(tmp_path, "own_publisher", "patient", "patient_id") == ([1], [1, 2])


def test_a_full_file_replaces_what_came_before(tmp_path: Path) -> None:
    tpp(tmp_path, {**ONE, "SRCode": [{}, SECOND]}, {"SRCode": [{}]}, full=frozenset({"SRCode"}))
    assert worth(tmp_path, "full_file_replaces", "event", "event_id") == ([1], [1, 2])


def test_a_delta_adds_to_what_came_before(tmp_path: Path) -> None:
    events(tmp_path, {}, later={"SRCode": [SECOND]})
    assert canonical_rows(tmp_path, "tpp_sr", "event", "event_id") == [1, 2]


def test_changes_without_a_full_file_before_them_are_refused(tmp_path: Path) -> None:
    tpp(tmp_path, ONE, {"SRMapping": [{}]})
    with pytest.raises(ExtractError, match=r"SRMapping.csv holds changes, and no full file came before it"):
        open_extract(tmp_path, "tpp_sr", "Z90001")


def test_a_row_sent_again_counts_once_and_as_sent_last(tmp_path: Path) -> None:
    events(tmp_path, {"DateEvent": "01 Jan 2024 00:00:00"}, later={"SRCode": [{"DateEvent": "02 Jan 2024 00:00:00"}]})
    assert worth(tmp_path, "latest_version", "event", "event_date") == (
        [date(2024, 1, 2)],
        [date(2024, 1, 1), date(2024, 1, 2)],
    )


def test_an_older_version_does_not_come_back_when_the_newest_is_a_removal(tmp_path: Path) -> None:
    events(tmp_path, {}, later={"SRCode": [{"RemovedData": "1", "IDPatient": "", "DateEvent": "", "CTV3Code": ""}]})
    assert worth(tmp_path, "removed_after_latest", "event", "event_id") == ([], [1])


def test_a_removed_row_does_not_count(tmp_path: Path) -> None:
    events(tmp_path, {}, later={"SRCode": [{"RemovedData": "1"}]})
    assert worth(tmp_path, "removed_rows", "event", "event_id") == ([], [1])


def test_a_removed_row_that_is_sent_again_counts(tmp_path: Path) -> None:
    tpp(tmp_path, {**ONE, "SRCode": [{}]}, {"SRCode": [{"RemovedData": "1"}]}, {"SRCode": [{}]})
    assert canonical_rows(tmp_path, "tpp_sr", "event", "event_id") == [1]


def test_a_removed_patient_takes_all_rows_along(tmp_path: Path) -> None:
    events(tmp_path, {}, later={"SRPatient": [{"RemovedData": "1"}]})
    assert worth(tmp_path, "removed_patient", "event", "event_id") == ([], [1])


def test_a_patient_whom_the_content_filter_dropped_is_left_out(tmp_path: Path) -> None:
    tpp(tmp_path, {**TWO, "SRPatientRemovedByContentFilter": [{"IDPatient": "2"}]})
    assert worth(tmp_path, "content_filter", "patient", "patient_id") == ([1], [1, 2])


def test_a_list_delivered_as_numbers_is_read_as_its_texts(tmp_path: Path) -> None:
    tpp(
        tmp_path,
        {
            "SRPatient": [{}],
            "SRPatientRegistration": [{"RegistrationStatus": "31"}],
            "SRMapping": [{"RowIdentifier": "31", "Mapping": "GMS"}, {"RowIdentifier": "32", "Mapping": "Finished"}],
        },
    )
    assert worth(tmp_path, "static_lists", "patient", "patient_id") == ([1], [])


def test_the_word_null_is_nothing(tmp_path: Path) -> None:
    spells(tmp_path, {"IDOrganisation": "NULL"})
    assert worth(tmp_path, "null_strings", "patient", "patient_id") == ([1], [])


def test_a_registration_at_another_organisation_is_none_here_and_a_blank_one_is(tmp_path: Path) -> None:
    spells(tmp_path, {"IDOrganisation": ""}, {**SECOND_SPELL, "IDOrganisation": OTHER})
    assert worth(tmp_path, "own_registrations", "patient", "patient_id") == ([1], [1, 2])


@pytest.mark.parametrize("other", ["Private", "Temporary,Contraception", "Applied", "Remotely Registered", "GMSX"])
def test_only_gms_makes_a_current_patient(tmp_path: Path, other: str) -> None:
    spells(tmp_path, {}, {**SECOND_SPELL, "RegistrationStatus": other})
    assert worth(tmp_path, "gms_only", "patient", "patient_id") == ([1], [1, 2])


@pytest.mark.parametrize("status", ["GMS,Contraception", "Contraception, GMS", "Maternity ,GMS", "Standard,Other"])
def test_a_status_is_a_list_with_gms_anywhere_in_it(tmp_path: Path, status: str) -> None:
    spells(tmp_path, {"RegistrationStatus": status})
    assert worth(tmp_path, "status_is_a_list", "patient", "patient_id") == ([1], [])


def test_a_start_on_the_reference_date_counts_and_one_after_it_does_not(tmp_path: Path) -> None:
    spells(
        tmp_path,
        {"DateRegistration": "31 Mar 2026 23:00:00"},
        {**SECOND_SPELL, "DateRegistration": "01 Apr 2026 00:00:00"},
    )
    assert worth(tmp_path, "start_by_reference", "patient", "patient_id") == ([1], [1, 2])


def test_someone_who_has_left_is_out_and_someone_who_will_leave_is_in(tmp_path: Path) -> None:
    spells(
        tmp_path,
        {"DateDeRegistration": "01 Apr 2026 00:00:00"},
        {**SECOND_SPELL, "DateDeRegistration": "30 Mar 2026 00:00:00"},
    )
    assert worth(tmp_path, "left_is_out", "patient", "patient_id") == ([1], [1, 2])


def test_an_end_on_the_reference_date_does_not_count(tmp_path: Path) -> None:
    spells(tmp_path, {"DateDeRegistration": "31 Mar 2026 00:00:00"})
    assert worth(tmp_path, "end_day_is_out", "patient", "patient_id") == ([], [1])


def test_one_person_with_overlapping_spells_is_there_once_since_the_latest_start(tmp_path: Path) -> None:
    spells(
        tmp_path,
        {"DateRegistration": "01 Jan 2001 00:00:00", "DateDeRegistration": "NULL"},
        {"RowIdentifier": "2", "DateRegistration": "01 May 2015 00:00:00"},
        {
            "RowIdentifier": "3",
            "DateRegistration": "01 May 2020 00:00:00",
            "DateDeRegistration": "01 May 2021 00:00:00",
        },
    )
    assert canonical_rows(tmp_path, "tpp_sr", "patient", "patient_id", "registered_on") == [(1, date(2015, 5, 1))]


def test_the_dead_are_out_without_a_deregistration_too(tmp_path: Path) -> None:
    rows = [{"DateDeath": "01 Apr 2026 00:00"}, {**SECOND, "DateDeath": "31 Mar 2026 00:00"}]
    tpp(tmp_path, {**TWO, "SRPatient": rows})
    assert worth(tmp_path, "dead_is_out", "patient", "patient_id") == ([1], [1, 2])


def test_a_test_patient_is_nobody(tmp_path: Path) -> None:
    tpp(tmp_path, {**TWO, "SRPatient": [{}, {**SECOND, "TestPatient": "TRUE"}]})
    assert worth(tmp_path, "test_patient", "patient", "patient_id") == ([1], [1, 2])


@pytest.mark.parametrize("placeholder", ["0", "0.0", "-1", "-1.0"])
def test_a_number_counts_only_where_the_entry_is_numeric(tmp_path: Path, placeholder: str) -> None:
    events(tmp_path, {"IsNumeric": "FALSE", "NumericValue": placeholder})
    assert worth(tmp_path, "is_numeric", "event", "value") == ([None], [Decimal(placeholder)])


@pytest.mark.parametrize(("text", "value"), [("7.1", "7.1"), ("7.0999999", "7.1"), ("7.5", "7.5"), ("58", "58")])
def test_a_32_bit_number_is_read_to_three_decimals(tmp_path: Path, text: str, value: str) -> None:
    events(tmp_path, {"IsNumeric": "TRUE", "NumericValue": text})
    assert canonical_rows(tmp_path, "tpp_sr", "event", "value") == [Decimal(value)]


def test_an_entry_after_the_reference_date_is_not_there_and_an_undated_one_is(tmp_path: Path) -> None:
    events(tmp_path, {"DateEvent": ""}, {**SECOND, "DateEvent": "01 Apr 2026 00:00:00"})
    assert worth(tmp_path, "not_after_reference", "event", "event_id") == ([1], [1, 2])


def test_a_clinical_entry_of_another_organisation_counts(tmp_path: Path) -> None:
    events(tmp_path, {"IDOrganisation": OTHER})
    assert worth(tmp_path, "shared_facts", "event", "event_id") == ([1], [])


@pytest.mark.parametrize("source", ["IsOtherMedication", "IsDentalMedication", "IsHospitalMedication"])
def test_prescribing_by_others_is_no_issue_of_the_practice(tmp_path: Path, source: str) -> None:
    tpp(tmp_path, {**ONE, "SRPrimaryCareMedication": [{}, {**SECOND, source: "TRUE"}]})
    assert worth(tmp_path, "own_issues", "medication", "medication_id") == ([1], [1, 2])


def test_an_issue_is_dated_by_its_start_or_else_by_the_entry(tmp_path: Path) -> None:
    rows = [{}, {**SECOND, "DateMedicationStart": "", "IsRepeatMedication": "FALSE"}]
    tpp(tmp_path, {**ONE, "SRPrimaryCareMedication": rows})
    assert canonical_rows(tmp_path, "tpp_sr", "medication", "issue_date", "issue_type", "code_dmd") == [
        (date(2025, 6, 1), "acute", "12354611500001104"),
        (date(2025, 6, 3), "repeat", "12354611500001104"),
    ]


@pytest.mark.parametrize(
    ("table", "asked", "key"),
    [("SRAppointment", "appointment", "appointment_id"), ("SREvent", "consultation", "consultation_id")],
)
def test_activity_of_another_organisation_is_none_of_this_practice(
    tmp_path: Path, table: str, asked: str, key: str
) -> None:
    tpp(tmp_path, {**ONE, table: [{}, {**SECOND, "IDOrganisation": OTHER}]})
    assert worth(tmp_path, "own_activity", asked, key) == ([1], [1, 2])


def test_a_journal_action_that_is_not_clinical_is_no_consultation(tmp_path: Path) -> None:
    tpp(tmp_path, {**ONE, "SREvent": [{}, {**SECOND, "ClinicalEvent": "FALSE"}]})
    assert worth(tmp_path, "clinical_events", "consultation", "consultation_id") == ([1], [1, 2])


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("Booked", "booked"),
        ("Arrived", "arrived"),
        ("Waiting", "arrived"),
        ("In Progress", "in_progress"),
        ("Finished", "completed"),
        ("Did Not Attend", "dna"),
        ("No Access Visit", "dna"),
        ("Cancelled by Patient", "cancelled"),
        ("Rejected by Unit", "cancelled"),
        ("Patient Walked Out", "walked_out"),
        ("something else", "other"),
        ("", "other"),
    ],
)
def test_status_of_an_appointment(tmp_path: Path, text: str, status: str) -> None:
    tpp(tmp_path, {**ONE, "SRAppointment": [{"AppointmentStatus": text, "TelephoneAppointment": "TRUE"}]})
    asked = ("status", "mode", "booked_date", "start_date")
    assert canonical_rows(tmp_path, "tpp_sr", "appointment", *asked) == [
        (status, "telephone", date(2025, 6, 1), date(2025, 6, 10))
    ]


def test_both_codes_of_one_row_are_kept_and_sentinels_are_no_codes(tmp_path: Path) -> None:
    tpp(tmp_path, {**ONE, "SRCode": [{}, {**SECOND, "SNOMEDCode": "NULL", "CTV3Code": "Y1234"}]})
    assert canonical_rows(tmp_path, "tpp_sr", "event", "event_id", "code_snomed", "code_ctv3") == [
        (1, "44054006", "X40J5"),
        (2, None, "Y1234"),
    ]


@pytest.mark.parametrize(
    ("ends", "status"), [([""], "active"), (["31 Mar 2026 00:00:00"], "past"), (["01 Apr 2026 00:00:00"], "active")]
)
def test_a_problem_is_past_once_it_has_ended(tmp_path: Path, ends: list[str], status: str) -> None:
    tpp(tmp_path, {**ONE, "SRCode": [{}], "SRProblem": [{"DateEnd": end} for end in ends]})
    assert canonical_rows(tmp_path, "tpp_sr", "event", "event_id", "problem_status") == [(1, status)]


def test_immunisations_and_referrals_have_both_codes(tmp_path: Path) -> None:
    tpp(tmp_path, {**ONE, "SRImmunisation": [{}], "SRReferralOut": [{}]})
    assert canonical_rows(tmp_path, "tpp_sr", "immunisation", "given_date", "code_snomed", "code_ctv3") == [
        (date(2025, 10, 1), "86198006", "65E..")
    ]
    assert canonical_rows(tmp_path, "tpp_sr", "referral", "code_snomed", "code_ctv3") == [("44054006", "X40J5")]


@pytest.mark.parametrize(
    ("rule", "entries", "kept", "without"),
    [
        ("type1_latest_decides", [("XaZ89", "01 Jan 2020 00:00:00"), ("XaZ8A", "01 Jan 2021 00:00:00")], [], [1]),
        ("type1_tie_is_out", [("XaZ89", "01 Jan 2021 09:00:00"), ("XaZ8A", "01 Jan 2021 17:00:00")], [1], []),
        ("type1_undated_is_out", [("XaZ89", "")], [1], []),
    ],
)
def test_who_has_opted_out(
    tmp_path: Path, rule: str, entries: list[tuple[str, str]], kept: list[int], without: list[int]
) -> None:
    rows = [
        {"RowIdentifier": str(number), "CTV3Code": code, "SNOMEDCode": "-1", "DateEvent": day, "IDOrganisation": OTHER}
        for number, (code, day) in enumerate(entries, start=1)
    ]
    events(tmp_path, *rows)
    assert worth(tmp_path, rule, "type1", "patient_id") == (kept, without)


def test_another_case_of_a_code_is_another_code(tmp_path: Path) -> None:
    events(tmp_path, {"CTV3Code": "xaZ89", "SNOMEDCode": "-1"})
    assert canonical_rows(tmp_path, "tpp_sr", "type1", "patient_id") == []


def test_a_time_of_birth_does_not_change_an_age(tmp_path: Path) -> None:
    tpp(tmp_path, {**ONE, "SRPatient": [{"DateBirth": "31 Mar 1966 23:59"}]})
    assert canonical_rows(tmp_path, "tpp_sr", "patient", "age", "age_band") == [(60, "60-69")]
    assert date(2026, 3, 31) == REFERENCE_DATE


@pytest.mark.parametrize("concept", ["-1", "0", "", "NULL", " "])
def test_a_concept_that_is_not_known_is_none(tmp_path: Path, concept: str) -> None:
    events(tmp_path, {"CTV3Code": "", "SNOMEDCode": concept})
    assert canonical_rows(tmp_path, "tpp_sr", "event", "code_snomed", "code_ctv3") == [(None, None)]


def test_every_declared_rule_stands_in_the_sql_or_in_the_loader() -> None:
    assert set(layout("tpp_sr").rules) - rules_used(layout("tpp_sr")) == {"full_file_replaces"}
