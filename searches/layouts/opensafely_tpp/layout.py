"""The OpenSAFELY-TPP database: SystmOne records of many practices, pseudonymised, in Microsoft SQL Server.

Facts that shape the SQL: the tables are built anew each time, so that a row is a record; columns have types and are not
null, with 31 December 9999 for a date that is not there, 1 January 1900 for a day of an event that is not known, 0 for
no number and an empty text for no text; a practice is an Organisation_ID and nothing in the database is its
organisation code, so that whoever asks gives the number; a coded entry stands in two tables, under one id; events
belong to a patient, not to a practice, and only registrations and appointments name one.

What it does not hold is not guessed. Dates of birth are those of the first of the month. There are no referrals and no
problems, no day of entry, no units, no test patients and no mode of an appointment; a vaccination has product names and
no code. The rank of deprivation is there, but not how many ranks there are. The list of people without a national data
opt-out is not read: counts are no confidential patient information.

A practice that has not acknowledged the directions has nobody, which is no rule to be taken out: no one practice's
answers would show it.
"""

from __future__ import annotations

from pathlib import Path

from searches.layouts.layout import Layout, RawTable, by_name, read_sql
from searches.layouts.shared import PATIENT_SQL, REGISTRATION_RULES

_HERE = Path(__file__).parent


def _table(name: str, columns: str) -> RawTable:
    """A table by its columns, each with its type, as a database would be told."""
    types = dict(column.split() for column in columns.split(","))
    return RawTable(name, tuple(types), types={column: kind for column, kind in types.items() if kind != "text"})


RAW = by_name(
    _table("Patient", "Patient_ID bigint, DateOfBirth date, DateOfDeath date, Sex text"),
    _table(
        "RegistrationHistory",
        "Registration_ID bigint, Organisation_ID bigint, Patient_ID bigint, StartDate datetime, EndDate datetime",
    ),
    _table("DirectionsAcknowledged", "Organisation_ID bigint"),
    _table(
        "CodedEvent",
        "CodedEvent_ID bigint, Patient_ID bigint, ConsultationDate datetime, CTV3Code text, NumericValue real",
    ),
    _table(
        "CodedEvent_SNOMED",
        "CodedEvent_ID bigint, Patient_ID bigint, ConsultationDate datetime, CodeSystemId integer, ConceptId text, "
        "NumericValue real",
    ),
    _table(
        "MedicationIssue",
        "MedicationIssue_ID bigint, Patient_ID bigint, ConsultationDate datetime, MultilexDrug_ID text, "
        "RepeatMedication_ID bigint, MedicationStatus integer",
    ),
    _table("MedicationDictionary", "MultilexDrug_ID text, DMD_ID text"),
    _table(
        "Appointment",
        "Appointment_ID bigint, Organisation_ID bigint, Patient_ID bigint, BookedDate datetime, StartDate datetime, "
        "Status integer",
    ),
    _table(
        "Consultation", "Consultation_ID bigint, Patient_ID bigint, Registration_ID bigint, ConsultationDate datetime"
    ),
    _table("Vaccination", "Vaccination_ID bigint, Patient_ID bigint, VaccinationDate datetime"),
    _table("PatientsWithTypeOneDissent", "Patient_ID bigint"),
    _table("LatestBuildTime", "DtLatestBuild datetime"),
)

_NEVER = "CAST('9999-12-31' AS DATE)"
_UNKNOWN = "CAST('1900-01-01' AS DATE)"
MACROS = {
    "day_of": f"rule('never_is_no_day', NULLIF(CAST(_1 AS DATE), {_NEVER}), CAST(_1 AS DATE))",
    "event_day_of": f"rule('unknown_is_no_day', NULLIF(day_of(_1), {_UNKNOWN}), day_of(_1))",
    "text_of": "NULLIF(TRIM(_1), '')",
    "number_of": """
        rule('zero_is_no_number', CASE WHEN _1 <> 0 THEN TRY_CAST(_1 AS DECIMAL(19, 3)) END,
             TRY_CAST(_1 AS DECIMAL(19, 3)))
    """,
}

RULES = {
    "never_is_no_day": "31 December 9999 is no day: open, alive, or not known",
    "unknown_is_no_day": "an event of 1 January 1900 is one of no known day",
    "own_registrations": "a registration at another practice makes no patient of this one",
    "latest_registration": "of several open registrations the one that started last counts, wherever it is",
    "longest_of_those": "of several that started on one day the longest counts",
    **REGISTRATION_RULES,
    "ctv3_table": "an entry counts by its CTV3 code, even where it has no SNOMED CT concept",
    "snomed_table": "an entry counts by its SNOMED CT concept, even where it has no CTV3 code",
    "same_entry_once": "an entry that stands in both tables of coded entries is one",
    "zero_is_no_number": "0 is no number; a true 0 cannot be told from it",
    "not_after_reference": "an entry dated after the reference date is not yet there",
    "one_product": "a drug that may be several products is none of them",
    "own_issues": "prescribing by a hospital or a dentist is not an issue of the practice",
    "exact_duplicates": "a row that occurs twice is one appointment",
    "own_appointments": "an appointment at another practice is none of this one",
    "own_consultations": "a consultation during a registration at another practice is none of this one",
    "type1_deny_list": "whoever stands in the list of Type 1 dissents has opted out",
}

OPENSAFELY_TPP = Layout(
    name="opensafely_tpp",
    encoding="utf-8",
    raw=RAW,
    macros=MACROS,
    current=read_sql(
        _HERE / "current", ("patient", "registration", "medication", "appointment", "consultation"), "current_"
    ),
    tables={
        **read_sql(_HERE / "tables", ("spell", "person")),
        "patient": PATIENT_SQL,
        **read_sql(
            _HERE / "tables",
            (
                *("entry", "event", "medication", "immunisation", "appointment", "consultation"),
                *("type1", "identity", "as_of"),
            ),
        ),
    },
    code_columns={"event": {"snomed": "code_snomed", "ctv3": "code_ctv3"}, "medication": {"dmd": "code_dmd"}},
    missing={
        "referral": "layout_has_no_referrals",
        "immunisation.code": "layout_has_no_vaccination_codes",
    },
    rules=RULES,
    native=True,
    synthetic_practice="90001",
)
