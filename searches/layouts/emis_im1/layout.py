"""EMIS Web bulk extract (IM1), versions 5.0 to 8.x: one CSV per `Schema_Table`, a full one first and deltas after it.

Facts that shape the SQL: a row is known by its organisation and its GUID; a deletion is a re-sent row; deleting a
patient deletes none of their other rows; codes are the supplier's own ids into a dictionary; a date has a precision.
"""

from __future__ import annotations

from pathlib import Path

from searches.layouts.layout import Layout, RawTable, by_name, read_sql, typed
from searches.layouts.shared import PATIENT_SQL, REGISTRATION_RULES, TYPE1_RULES, TYPE1_SQL

_HERE = Path(__file__).parent
_VERSION = ("OrganisationGuid", "Deleted", "ProcessingId")
_ROW = ("PatientGuid", *_VERSION)
_DATED = ("EffectiveDate", "EffectiveDatePrecision")
_CODES = {"snomed": "code_snomed", "emis": "code_emis", "read2": "code_read2"}

_CONTACT = (
    *("HouseNameFlatNumber", "NumberAndStreet", "Village", "Town"),
    *("HomePhone", "MobilePhone", "EmailAddress"),
)
"""How to reach somebody; an extract without them still gives a list."""

_TABLES = by_name(
    RawTable("Admin_Organisation", ("OrganisationGuid", "ODSCode")),
    RawTable("Agreements_SharingOrganisation", ("OrganisationGuid", "IsActivated", "Disabled", "Deleted")),
    RawTable(
        "Admin_Patient",
        (
            *_ROW,
            *("Sex", "DateOfBirth", "DateOfDeath", "DateOfRegistration", "DateOfDeactivation"),
            *("PatientTypeDescription", "DummyType", "SpineSensitive", "IsConfidential"),
        ),
        identity=(
            *(
                "NhsNumber",
                "Title",
                "GivenName",
                "Surname",
                "HouseNameFlatNumber",
                "NumberAndStreet",
                "Village",
                "Town",
            ),
            *("Postcode", "HomePhone", "MobilePhone", "EmailAddress"),
        ),
        optional=frozenset({"IsConfidential", *_CONTACT}),
        spellings={"DateOfDeactivation": ("DateofDeactivation",)},
    ),
    RawTable(
        "Coding_ClinicalCode",
        ("CodeId", "ReadTermId", "SnomedCTConceptId", "EmisCodeCategoryDescription", "ProcessingId"),
    ),
    RawTable("Coding_DrugCode", ("CodeId", "DmdProductCodeId", "ProcessingId")),
    RawTable(
        "CareRecord_Observation",
        (*_ROW, *_DATED, "ObservationGuid", "EnteredDate", "CodeId", "Value", "NumericUnit", "IsConfidential"),
    ),
    RawTable(
        "CareRecord_Problem",
        (*_VERSION, "ObservationGuid", "ProblemStatusDescription"),
        optional=frozenset({"Deleted"}),  # since 5.2
    ),
    RawTable("CareRecord_ObservationReferral", ("OrganisationGuid", "ProcessingId", "ObservationGuid")),
    RawTable("CareRecord_Consultation", (*_ROW, *_DATED, "ConsultationGuid", "IsConfidential")),
    RawTable("Prescribing_DrugRecord", (*_VERSION, "DrugRecordGuid", "PrescriptionType")),
    RawTable(
        "Prescribing_IssueRecord", (*_ROW, *_DATED, "IssueRecordGuid", "DrugRecordGuid", "CodeId", "IsConfidential")
    ),
    RawTable(
        "Appointment_Slot",
        (
            *_ROW,
            *("SlotGuid", "AppointmentDate", "SendInTime", "LeftTime", "DidNotAttend"),
            *("BookedDate", "SlotStatus", "BookingMethod", "ModeOfContact"),
        ),
        optional=frozenset({"BookedDate", "SlotStatus", "BookingMethod", "ModeOfContact"}),  # since 8.0
    ),
)

# What a database holds that keeps the types of the supplier's specification (8.2); every other column is text.
_GUIDS = ("OrganisationGuid", "PatientGuid", "ObservationGuid", "ConsultationGuid", "DrugRecordGuid", "IssueRecordGuid")
_FLAGS = ("Deleted", "IsActivated", "Disabled", "DummyType", "SpineSensitive", "IsConfidential", "DidNotAttend")
_DAYS = (
    *("DateOfBirth", "DateOfDeath", "DateOfRegistration", "DateOfDeactivation"),
    *("EffectiveDate", "EnteredDate", "AppointmentDate", "BookedDate"),
)
_TYPES = {
    **dict.fromkeys((*_GUIDS, "SlotGuid"), "guid"),
    **dict.fromkeys(_FLAGS, "boolean"),
    **dict.fromkeys(_DAYS, "date"),
    **dict.fromkeys(("SendInTime", "LeftTime"), "time"),
    **dict.fromkeys(("CodeId", "SnomedCTConceptId", "DmdProductCodeId"), "bigint"),
    "ProcessingId": "integer",
    "Value": "decimal",
}
RAW = typed(_TABLES, _TYPES)

# A local code is one the supplier made: by its prefix (some carry a caret), or by its suffix.
_LOCAL = """
    LTRIM(_1, '^') LIKE 'EMIS%' OR LTRIM(_1, '^') LIKE 'ESCT%' OR LTRIM(_1, '^') LIKE 'FUNDHC%'
    OR LTRIM(_1, '^') LIKE 'JHCC%' OR LTRIM(_1, '^') LIKE 'RAFME%' OR _1 LIKE '%-KC60' OR _1 LIKE '%-SHHAPT'
"""
MACROS = {
    "guid": "rule('guid_form', LOWER(REPLACE(REPLACE(TRIM(_1), '{', ''), '}', '')), TRIM(_1))",
    "on_day": "TRY_CAST(NULLIF(_1, '') AS DATE)",
    "precise_day": """
        rule('unknown_precision', CASE WHEN UPPER(TRIM(_2)) = 'U' THEN NULL ELSE on_day(_1) END, on_day(_1))
    """,
    "whole": "TRY_CAST(_1 AS BIGINT)",
    "key_of": "TRIM(_1)",
    "concept_of": "CASE WHEN whole(_1) > 0 THEN TRIM(_1) END",
    "product_of": "NULLIF(TRIM(_1), '')",
    "is_local": _LOCAL,
}

RULES = {
    "own_organisation": "rows of the practice asked about, and of no other in the same files",
    "agreement_active": "a practice whose sharing agreement is not activated, or disabled or deleted, is not processed",
    "guid_form": "a GUID is the same in upper and lower case, with and without braces",
    "latest_version": "of a row sent several times, the version of the latest delivery counts",
    "processing_order": "within one delivery, the version with the greatest ProcessingId counts",
    "deleted_after_latest": "the latest version is taken first, and dropped afterwards if it is a deletion",
    "deleted_rows": "a row whose latest version is a deletion does not count",
    "deleted_patient": "a deleted patient takes all their rows along",
    "type_trimmed": "a patient type is read without the spaces before and after it",
    "regular_only": "only the registration type Regular (GMS) is a current patient",
    **REGISTRATION_RULES,
    "test_patient": "a dummy patient is nobody",
    "sensitive_patient": "a patient flagged as sensitive on the Spine is left out",
    "confidential_patient": "a patient marked confidential is left out",
    "confidential_rows": "an entry marked confidential is left out",
    "unknown_precision": "a date of unknown precision is no date",
    "not_after_reference": "an entry dated after the reference date is not yet there",
    "read_only_without_snomed": "a Read code counts only where the dictionary has no SNOMED CT concept",
    "read_padded": "a Read code is cut at its synonym and padded with dots to five characters",
    "immunisation_category": "an immunisation is an entry whose code stands under immunisations",
    "did_not_attend": "did not attend is asked before everything else about an appointment",
    "left_time": "an appointment with a time of leaving is completed",
    **TYPE1_RULES,
}

EMIS_IM1 = Layout(
    name="emis_im1",
    encoding="utf-8",
    raw=RAW,
    macros=MACROS,
    current=read_sql(
        _HERE / "current",
        (
            *("organisation", "patient", "clinical_code", "drug_code", "observation", "problem", "referral"),
            *("consultation", "drug_record", "issue", "slot"),
        ),
        "current_",
    ),
    tables={
        **read_sql(_HERE / "tables", ("person",)),
        "patient": PATIENT_SQL,
        **read_sql(
            _HERE / "tables",
            (
                *("event", "medication", "immunisation", "appointment", "consultation", "referral"),
                *("type1_entry", "identity"),
            ),
        ),
        "type1": TYPE1_SQL,
    },
    code_columns={
        "event": _CODES,
        "immunisation": _CODES,
        "referral": _CODES,
        "type1_entry": _CODES,
        "medication": {"dmd": "code_dmd"},
    },
    code_sources={
        **dict.fromkeys(
            (f"{table}.code_snomed" for table in ("event", "immunisation", "referral", "type1_entry")),
            "Coding_ClinicalCode.SnomedCTConceptId",
        ),
        "medication.code_dmd": "Coding_DrugCode.DmdProductCodeId",
    },
    missing={},
    rules=RULES,
)
