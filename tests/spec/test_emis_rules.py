"""Every rule of the EMIS layout, with the least rows that show it, and what would be answered without it."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from searches.layouts import layout
from searches.layouts.expand import rules_used
from tests.supplier_folders import OTHERS, OURS, Tables, canonical_rows, emis, guid, with_and_without

DIABETES = {"CodeId": "101", "SnomedCTConceptId": "44054006"}
DISSENT = {"CodeId": "102", "SnomedCTConceptId": "827241000000103"}
WITHDRAWAL = {"CodeId": "103", "SnomedCTConceptId": "827261000000102"}
FIRST, SECOND = (guid(number)[1:-1].lower() for number in (1, 2))
EVENT, EVENT_2 = (guid(number)[1:-1].lower() for number in (900, 901))


def patients(folder: Path, *rows: dict[str, str]) -> Path:
    return emis(folder, {"Admin_Patient": rows})


def events(folder: Path, *rows: dict[str, str], later: Tables | None = None) -> Path:
    first: Tables = {"Admin_Patient": [{}], "Coding_ClinicalCode": [DIABETES], "CareRecord_Observation": rows}
    return emis(folder, first, *([later] if later else []))


def worth(folder: Path, rule: str, *asked: str) -> tuple[list[object], list[object]]:
    return with_and_without(folder, "emis_im1", rule, *asked)


def test_rows_of_another_organisation_do_not_count(tmp_path: Path) -> None:
    emis(
        tmp_path,
        {
            "Admin_Organisation": [{}, {"OrganisationGuid": OTHERS, "ODSCode": "ZZ9HUB"}],
            "Agreements_SharingOrganisation": [{}, {"OrganisationGuid": OTHERS}],
            "Admin_Patient": [{}, {"PatientGuid": guid(2), "OrganisationGuid": OTHERS}],
        },
    )
    assert worth(tmp_path, "own_organisation", "patient", "patient_id") == ([FIRST], [FIRST, SECOND])


@pytest.mark.parametrize("off", [{"IsActivated": "FALSE"}, {"Disabled": "TRUE"}, {"Deleted": "true"}])
def test_an_organisation_without_an_active_agreement_is_not_processed(tmp_path: Path, off: dict[str, str]) -> None:
    emis(tmp_path, {"Admin_Patient": [{}]}, {"Agreements_SharingOrganisation": [off]})
    assert worth(tmp_path, "agreement_active", "patient", "patient_id") == ([], [FIRST])


def test_of_two_organisations_of_one_code_the_one_with_the_active_agreement_counts(tmp_path: Path) -> None:
    emis(
        tmp_path,
        {
            "Admin_Organisation": [{}, {"OrganisationGuid": OTHERS}],
            "Agreements_SharingOrganisation": [{}, {"OrganisationGuid": OTHERS, "Disabled": "true"}],
            "Admin_Patient": [{}, {"PatientGuid": guid(2), "OrganisationGuid": OTHERS}],
        },
    )
    assert canonical_rows(tmp_path, "emis_im1", "patient", "patient_id") == [FIRST]


def test_guids_match_whatever_their_case_and_braces(tmp_path: Path) -> None:
    events(tmp_path, {"PatientGuid": guid(1)[1:-1].lower(), "OrganisationGuid": OURS.lower()})
    assert worth(tmp_path, "guid_form", "event", "event_id") == ([EVENT], [])


def test_a_row_sent_again_counts_once_and_as_sent_last(tmp_path: Path) -> None:
    events(tmp_path, {"Value": "7"}, later={"CareRecord_Observation": [{"Value": "8"}]})
    assert worth(tmp_path, "latest_version", "event", "CAST(value AS INTEGER)") == ([8], [7, 8])


def test_within_a_delivery_the_greatest_processing_id_counts(tmp_path: Path) -> None:
    events(tmp_path, {"Value": "8", "ProcessingId": "10"}, {"Value": "7", "ProcessingId": "9"})
    assert worth(tmp_path, "processing_order", "event", "CAST(value AS INTEGER)") == ([8], [7])


def test_without_processing_ids_the_last_row_of_a_delivery_counts(tmp_path: Path) -> None:
    events(tmp_path, {"Value": "8", "ProcessingId": ""}, {"Value": "7", "ProcessingId": ""})
    assert canonical_rows(tmp_path, "emis_im1", "event", "CAST(value AS INTEGER)") == [7]


def test_a_delivery_after_beats_a_greater_processing_id_before(tmp_path: Path) -> None:
    later = {"CareRecord_Observation": [{"Value": "8", "ProcessingId": "1"}]}
    events(tmp_path, {"Value": "7", "ProcessingId": "99"}, later=later)
    assert canonical_rows(tmp_path, "emis_im1", "event", "CAST(value AS INTEGER)") == [8]


def test_an_older_version_does_not_come_back_when_the_newest_is_a_deletion(tmp_path: Path) -> None:
    events(tmp_path, {}, later={"CareRecord_Observation": [{"Deleted": "TRUE"}]})
    assert worth(tmp_path, "deleted_after_latest", "event", "event_id") == ([], [EVENT])


def test_a_row_deleted_and_sent_again_counts(tmp_path: Path) -> None:
    emis(
        tmp_path,
        {"Admin_Patient": [{}], "CareRecord_Observation": [{}]},
        {"CareRecord_Observation": [{"Deleted": "true"}]},
        {"CareRecord_Observation": [{}]},
    )
    assert canonical_rows(tmp_path, "emis_im1", "event", "event_id") == [EVENT]


def test_a_deleted_row_does_not_count(tmp_path: Path) -> None:
    events(tmp_path, {"Deleted": "true"})
    assert worth(tmp_path, "deleted_rows", "event", "event_id") == ([], [EVENT])


def test_a_deleted_patient_takes_all_rows_along(tmp_path: Path) -> None:
    events(tmp_path, {}, later={"Admin_Patient": [{"Deleted": "true"}]})
    assert worth(tmp_path, "deleted_patient", "event", "event_id") == ([], [EVENT])


def test_leading_spaces_of_a_patient_type_are_nothing(tmp_path: Path) -> None:
    patients(tmp_path, {"PatientTypeDescription": "  Regular"})
    assert worth(tmp_path, "type_trimmed", "patient", "patient_id") == ([FIRST], [])


@pytest.mark.parametrize("other", ["Temporary", "Private", "Immediately Necessary", "Pre Registration", ""])
def test_only_regular_patients_are_registered(tmp_path: Path, other: str) -> None:
    patients(tmp_path, {}, {"PatientGuid": guid(2), "PatientTypeDescription": other})
    assert worth(tmp_path, "regular_only", "patient", "patient_id")[0] == [FIRST]
    without = canonical_rows(tmp_path, layout("emis_im1").without("regular_only"), "patient", "patient_id")
    assert FIRST in without
    assert (SECOND in without) == (other != "")


def test_a_start_on_the_reference_date_counts_and_one_after_it_does_not(tmp_path: Path) -> None:
    patients(
        tmp_path,
        {"DateOfRegistration": "2026-03-31"},
        {"PatientGuid": guid(2), "DateOfRegistration": "2026-04-01"},
    )
    assert worth(tmp_path, "start_by_reference", "patient", "patient_id") == ([FIRST], [FIRST, SECOND])


def test_nobody_without_a_start_is_registered(tmp_path: Path) -> None:
    patients(tmp_path, {"DateOfRegistration": ""})
    assert canonical_rows(tmp_path, "emis_im1", "patient", "patient_id") == []


def test_someone_who_has_left_is_out_and_someone_who_will_leave_is_in(tmp_path: Path) -> None:
    patients(
        tmp_path,
        {"DateOfDeactivation": "2026-04-01"},
        {"PatientGuid": guid(2), "DateOfDeactivation": "2026-03-30"},
    )
    assert worth(tmp_path, "left_is_out", "patient", "patient_id") == ([FIRST], [FIRST, SECOND])


def test_an_end_on_the_reference_date_does_not_count(tmp_path: Path) -> None:
    patients(tmp_path, {"DateOfDeactivation": "2026-03-31"})
    assert worth(tmp_path, "end_day_is_out", "patient", "patient_id") == ([], [FIRST])


def test_the_dead_are_out_without_a_deregistration_too(tmp_path: Path) -> None:
    patients(tmp_path, {"DateOfDeath": "2026-04-01"}, {"PatientGuid": guid(2), "DateOfDeath": "2026-03-31"})
    assert worth(tmp_path, "dead_is_out", "patient", "patient_id") == ([FIRST], [FIRST, SECOND])


def test_a_dummy_is_nobody(tmp_path: Path) -> None:
    patients(tmp_path, {}, {"PatientGuid": guid(2), "DummyType": "True"})
    assert worth(tmp_path, "test_patient", "patient", "patient_id") == ([FIRST], [FIRST, SECOND])


@pytest.mark.parametrize(
    ("rule", "column"), [("sensitive_patient", "SpineSensitive"), ("confidential_patient", "IsConfidential")]
)
def test_sensitive_and_confidential_patients_are_left_out(tmp_path: Path, rule: str, column: str) -> None:
    patients(tmp_path, {}, {"PatientGuid": guid(2), column: "true"})
    assert worth(tmp_path, rule, "patient", "patient_id") == ([FIRST], [FIRST, SECOND])


def test_confidential_entries_are_left_out(tmp_path: Path) -> None:
    events(tmp_path, {"IsConfidential": "TRUE"})
    assert worth(tmp_path, "confidential_rows", "event", "event_id") == ([], [EVENT])


def test_a_confidential_dissent_is_an_opt_out(tmp_path: Path) -> None:
    emis(
        tmp_path,
        {
            "Admin_Patient": [{}],
            "Coding_ClinicalCode": [DISSENT],
            "CareRecord_Observation": [{"CodeId": "102", "IsConfidential": "true"}],
        },
    )
    assert canonical_rows(tmp_path, "emis_im1", "type1", "patient_id") == [FIRST]


def test_a_date_of_unknown_precision_is_no_date_and_a_year_is_its_first_day(tmp_path: Path) -> None:
    events(
        tmp_path,
        {"EffectiveDate": "2020-07-09", "EffectiveDatePrecision": "U"},
        {"ObservationGuid": guid(901), "EffectiveDate": "2019-01-01", "EffectiveDatePrecision": "Y"},
    )
    assert worth(tmp_path, "unknown_precision", "event", "COALESCE(CAST(event_date AS TEXT), 'none')") == (
        ["2019-01-01", "none"],
        ["2019-01-01", "2020-07-09"],
    )


def test_an_entry_after_the_reference_date_is_not_there_and_an_undated_one_is(tmp_path: Path) -> None:
    events(tmp_path, {"EffectiveDate": ""}, {"ObservationGuid": guid(901), "EffectiveDate": "2026-04-01"})
    assert worth(tmp_path, "not_after_reference", "event", "event_id") == ([EVENT], [EVENT, EVENT_2])


def test_a_read_code_counts_only_where_there_is_no_concept(tmp_path: Path) -> None:
    rows = [
        {"CodeId": "101", "SnomedCTConceptId": "44054006", "ReadTermId": "C10F"},
        {"CodeId": "102", "SnomedCTConceptId": "", "ReadTermId": "C10E"},
    ]
    entries = [{}, {"ObservationGuid": guid(901), "CodeId": "102"}]
    emis(tmp_path, {"Admin_Patient": [{}], "Coding_ClinicalCode": rows, "CareRecord_Observation": entries})
    assert worth(tmp_path, "read_only_without_snomed", "event", "COALESCE(code_read2, '')") == (
        ["", "C10E."],
        ["C10E.", "C10F."],
    )


def test_a_read_code_is_cut_at_its_synonym_and_padded(tmp_path: Path) -> None:
    rows = [{"CodeId": "101", "ReadTermId": "A2"}, {"CodeId": "102", "ReadTermId": "F404-1"}]
    entries = [{}, {"ObservationGuid": guid(901), "CodeId": "102"}]
    emis(tmp_path, {"Admin_Patient": [{}], "Coding_ClinicalCode": rows, "CareRecord_Observation": entries})
    assert worth(tmp_path, "read_padded", "event", "code_read2") == (["A2...", "F404."], ["A2", "F404-1"])


@pytest.mark.parametrize(
    "local", ["EMISNQIN160", "^ESCTNE549592", "FUNDHC1", "JHCC2", "RAFME3", "1A-KC60", "2B-SHHAPT"]
)
def test_a_local_code_is_kept_whole_and_is_no_read_code(tmp_path: Path, local: str) -> None:
    rows = [{"CodeId": "101", "ReadTermId": local, "SnomedCTConceptId": "0"}]
    emis(tmp_path, {"Admin_Patient": [{}], "Coding_ClinicalCode": rows, "CareRecord_Observation": [{}]})
    asked = ("code_emis", "code_read2", "code_snomed")
    assert canonical_rows(tmp_path, "emis_im1", "event", *asked) == [(local, None, None)]


def test_a_code_that_the_dictionary_lacks_is_an_entry_without_a_code(tmp_path: Path) -> None:
    events(tmp_path, {"CodeId": "999"})
    assert canonical_rows(tmp_path, "emis_im1", "event", "event_id", "code_snomed") == [(EVENT, None)]


def test_an_immunisation_is_an_entry_of_that_category(tmp_path: Path) -> None:
    rows = [
        DIABETES,
        {"CodeId": "104", "SnomedCTConceptId": "86198006", "EmisCodeCategoryDescription": "Immunisations"},
    ]
    entries = [{}, {"ObservationGuid": guid(901), "CodeId": "104"}]
    emis(tmp_path, {"Admin_Patient": [{}], "Coding_ClinicalCode": rows, "CareRecord_Observation": entries})
    assert worth(tmp_path, "immunisation_category", "immunisation", "immunisation_id") == ([EVENT_2], [EVENT, EVENT_2])


def test_did_not_attend_beats_the_times(tmp_path: Path) -> None:
    emis(tmp_path, {"Admin_Patient": [{}], "Appointment_Slot": [{"DidNotAttend": "true", "LeftTime": "10:20:00"}]})
    assert worth(tmp_path, "did_not_attend", "appointment", "status") == (["dna"], ["completed"])


@pytest.mark.parametrize(
    ("slot", "status"),
    [
        ({}, "booked"),
        ({"SendInTime": "10:02:00"}, "in_progress"),
        ({"SendInTime": "10:02:00", "LeftTime": "10:12:00"}, "completed"),
        ({"SlotStatus": "Arrived"}, "arrived"),
        ({"SlotStatus": "Patient Walked Out"}, "walked_out"),
        ({"SlotStatus": "an unknown status", "LeftTime": "10:12:00"}, "completed"),
    ],
)
def test_status_of_an_appointment(tmp_path: Path, slot: dict[str, str], status: str) -> None:
    emis(tmp_path, {"Admin_Patient": [{}], "Appointment_Slot": [slot]})
    assert canonical_rows(tmp_path, "emis_im1", "appointment", "status") == [status]


def test_a_time_of_leaving_completes_an_appointment(tmp_path: Path) -> None:
    emis(tmp_path, {"Admin_Patient": [{}], "Appointment_Slot": [{"LeftTime": "10:12:00"}]})
    assert worth(tmp_path, "left_time", "appointment", "status") == (["completed"], ["booked"])


def test_slots_of_nobody_and_of_unknown_patients_are_no_appointments(tmp_path: Path) -> None:
    slots = [{"PatientGuid": ""}, {"SlotGuid": guid(701), "PatientGuid": guid(99)}]
    emis(tmp_path, {"Admin_Patient": [{}], "Appointment_Slot": slots})
    assert canonical_rows(tmp_path, "emis_im1", "appointment", "appointment_id") == []


def test_the_first_versions_of_the_extract_lack_columns_of_the_later_ones(tmp_path: Path) -> None:
    emis(tmp_path, {"Admin_Patient": [{}], "Appointment_Slot": [{}]})
    path = next(tmp_path.glob("*Appointment_Slot*"))
    lines = [line.split(",") for line in path.read_text().splitlines()]
    old = [[cell for name, cell in zip(lines[0], line, strict=True) if "Book" not in name] for line in lines]
    path.write_text("".join(",".join(line) + "\r\n" for line in old), newline="")
    asked = ("booked_date", "start_date")
    assert canonical_rows(tmp_path, "emis_im1", "appointment", *asked) == [(None, date(2025, 6, 10))]


def test_another_spelling_of_a_header_is_understood(tmp_path: Path) -> None:
    patients(tmp_path, {"DateOfDeactivation": "2026-03-01"})
    path = next(tmp_path.glob("*Admin_Patient*"))
    path.write_text(path.read_text().replace("DateOfDeactivation", "DateofDeactivation"), newline="")
    assert canonical_rows(tmp_path, "emis_im1", "patient", "patient_id") == []


@pytest.mark.parametrize(("text", "issue_type"), [("Acute", "acute"), ("Repeat Dispensing", "repeat"), ("", "other")])
def test_the_course_says_what_kind_of_issue_it_is(tmp_path: Path, text: str, issue_type: str) -> None:
    emis(
        tmp_path,
        {
            "Admin_Patient": [{}],
            "Coding_DrugCode": [{"CodeId": "201", "DmdProductCodeId": "12354611500001104"}],
            "Prescribing_DrugRecord": [{"PrescriptionType": text}],
            "Prescribing_IssueRecord": [{}],
        },
    )
    asked = ("code_dmd", "issue_type", "issue_date")
    assert canonical_rows(tmp_path, "emis_im1", "medication", *asked) == [
        ("12354611500001104", issue_type, date(2025, 6, 1))
    ]


def test_a_problem_that_is_one_no_longer_has_no_status(tmp_path: Path) -> None:
    emis(
        tmp_path,
        {
            "Admin_Patient": [{}],
            "CareRecord_Observation": [{}, {"ObservationGuid": guid(901)}, {"ObservationGuid": guid(902)}],
            "CareRecord_Problem": [
                {},
                {"ObservationGuid": guid(901), "Deleted": "true"},
                {"ObservationGuid": guid(902), "ProblemStatusDescription": "Past Problem"},
            ],
        },
    )
    rows = canonical_rows(tmp_path, "emis_im1", "event", "event_id", "problem_status")
    assert [status for _, status in rows] == ["active", None, "past"]


def test_a_referral_is_its_observation(tmp_path: Path) -> None:
    entries = [{}, {"ObservationGuid": guid(901), "Deleted": "true"}]
    referrals = [{}, {"ObservationGuid": guid(901)}]
    emis(
        tmp_path,
        {
            "Admin_Patient": [{}],
            "Coding_ClinicalCode": [DIABETES],
            "CareRecord_Observation": entries,
            "CareRecord_ObservationReferral": referrals,
        },
    )
    asked = ("referral_id", "referral_date", "code_snomed")
    assert canonical_rows(tmp_path, "emis_im1", "referral", *asked) == [(EVENT, date(2025, 6, 1), "44054006")]


def test_a_consultation_is_dated_and_confidential_like_an_entry(tmp_path: Path) -> None:
    contacts = [{}, {"ConsultationGuid": guid(951), "IsConfidential": "true"}]
    emis(tmp_path, {"Admin_Patient": [{}], "CareRecord_Consultation": contacts})
    assert canonical_rows(tmp_path, "emis_im1", "consultation", "consultation_date", "mode") == [
        (date(2025, 6, 1), None)
    ]


@pytest.mark.parametrize(
    ("rule", "entries", "kept", "without"),
    [
        ("type1_latest_decides", [("102", "2020-01-01"), ("103", "2021-01-01")], [], [FIRST]),
        ("type1_latest_decides", [("102", "2021-01-01"), ("103", "2020-01-01")], [FIRST], [FIRST]),
        ("type1_tie_is_out", [("102", "2021-01-01"), ("103", "2021-01-01")], [FIRST], []),
        ("type1_undated_is_out", [("102", "")], [FIRST], []),
        ("type1_undated_is_out", [("102", ""), ("103", "2021-01-01")], [], []),
        ("type1_undated_is_out", [("102", ""), ("103", "")], [FIRST], []),
        ("type1_latest_decides", [("103", "2021-01-01")], [], []),
        ("type1_latest_decides", [("102", "2026-05-01")], [FIRST], [FIRST]),
    ],
    ids=["withdrawn", "dissent after", "same day", "undated", "undated, withdrawn", "both undated", "never", "after R"],
)
def test_who_has_opted_out(
    tmp_path: Path, rule: str, entries: list[tuple[str, str]], kept: list[str], without: list[str]
) -> None:
    rows = [
        {"ObservationGuid": guid(900 + number), "CodeId": code, "EffectiveDate": day}
        for number, (code, day) in enumerate(entries)
    ]
    emis(
        tmp_path,
        {"Admin_Patient": [{}], "Coding_ClinicalCode": [DISSENT, WITHDRAWAL], "CareRecord_Observation": rows},
    )
    assert worth(tmp_path, rule, "type1", "patient_id") == (kept, without)


def test_a_deleted_dissent_is_none(tmp_path: Path) -> None:
    emis(
        tmp_path,
        {
            "Admin_Patient": [{}],
            "Coding_ClinicalCode": [DISSENT],
            "CareRecord_Observation": [{"CodeId": "102", "Deleted": "true"}],
        },
    )
    assert canonical_rows(tmp_path, "emis_im1", "type1", "patient_id") == []


def test_an_entry_of_the_dictionary_without_a_code_has_none_in_any_system(tmp_path: Path) -> None:
    codes = [{"CodeId": "101", "ReadTermId": " ", "SnomedCTConceptId": "0"}]
    drugs = [{"CodeId": "201", "DmdProductCodeId": " "}]
    entries: Tables = {"CareRecord_Observation": [{}], "Prescribing_DrugRecord": [{}], "Prescribing_IssueRecord": [{}]}
    emis(tmp_path, {"Admin_Patient": [{}], "Coding_ClinicalCode": codes, "Coding_DrugCode": drugs, **entries})
    asked = ("code_snomed", "code_emis", "code_read2")
    assert canonical_rows(tmp_path, "emis_im1", "event", *asked) == [(None, None, None)]
    assert canonical_rows(tmp_path, "emis_im1", "medication", "code_dmd") == [None]


def test_every_declared_rule_stands_in_the_sql_and_every_rule_there_is_declared() -> None:
    assert rules_used(layout("emis_im1")) == set(layout("emis_im1").rules)
