"""Vision extract: `FULL_` and `INCREMENTAL_` CSV files without a header, one per table and delivery.

Facts that shape the SQL: columns are known by position; ACTION = D deletes; everything clinical is in `journal`, of
which SUBSET says what a row is; a blood pressure is one row of two values; there are no appointments.
"""

from __future__ import annotations

from pathlib import Path

from searches.layouts.layout import Layout, RawTable, by_name, read_sql, typed
from searches.layouts.shared import PATIENT_SQL, REGISTRATION_RULES, TYPE1_RULES, TYPE1_SQL

_HERE = Path(__file__).parent
_CODES = {"snomed": "code_snomed", "read2": "code_read2"}


def _columns(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_PATIENT_HEAD = _columns(
    "PID REFERENCE DATE_OF_BIRTH SEX POSTCODE MARITAL_STATUS GP GP_USUAL ACTIVE REGISTERED_DATE REMOVED_DATE HA PCG "
    "SURGERY MILEAGE DISPENSING ETHNIC DATE_OF_DEATH PRACTICE SURNAME FORENAME TITLE NHS_NUMBER ADDRESS ADDRESS_1 "
    "ADDRESS_2 ADDRESS_3 ADDRESS_4 ADDRESS_5"
)
_PATIENT_TAIL = ("PRACT_NUMBER", "SERVICE_ID", "ACTION")
_PATIENT_LIVE = (*_PATIENT_HEAD, "PHONE_NUMBER", "MOBILE_NUMBER", "EMAIL", *_PATIENT_TAIL)
_PRACTICE = _columns(
    "ID NAME IDENTIFIER HA ADDRESS ADDRESS_1 ADDRESS_2 ADDRESS_3 ADDRESS_4 ADDRESS_5 POSTCODE PHONE EMAIL FAX"
)
_ENCOUNTER = _columns(
    "PID ID DATE HCP HCP_TYPE SESSION LOCATION TIME DURATION TRAVEL LINKS PRACT_NUMBER SERVICE_ID ACTION"
)
_JOURNAL = _columns(
    "PID ID DATE RECORDED_DATE CODE SNOMED_CODE BNF_CODE HCP HCP_TYPE GMS EPISODE TEXT RUBRIC DRUG_FORM DRUG_STRENGTH "
    "DRUG_PACKSIZE DMD_CODE IMMS_STATUS IMMS_COMPOUND IMMS_SOURCE IMMS_BATCH IMMS_REASON IMMS_METHOD IMMS_SITE ENTITY "
    "VALUE1_NAME VALUE1 VALUE1_UNITS VALUE2_NAME VALUE2 VALUE2_UNITS END_DATE TIME CONTEXT CERTAINTY SEVERITY LINKS "
    "LINKS_EXT SERVICE_ID ACTION SUBSET DOCUMENT_ID"
)
_REFERRAL = _columns(
    "PID ID DATE HCP HCP_TYPE TO_HCP SPECIALTY UNIT TYPE CONTRACTOR CONTRACT ACTION_DATE LINKS SERVICE_ID ACTION"
)
_CONTACT = ("PHONE_NUMBER", "MOBILE_NUMBER", "EMAIL")

_TABLES = by_name(
    RawTable("practice", ("ID", "IDENTIFIER"), positions=(_PRACTICE,), may_be_absent=True),
    RawTable(
        "patient",
        (
            *("PID", "DATE_OF_BIRTH", "SEX", "ACTIVE", "REGISTERED_DATE", "REMOVED_DATE", "DATE_OF_DEATH"),
            *("SERVICE_ID", "ACTION"),
        ),
        identity=(
            *("NHS_NUMBER", "TITLE", "FORENAME", "SURNAME", "ADDRESS", "ADDRESS_1", "ADDRESS_2", "ADDRESS_3"),
            *("ADDRESS_4", "POSTCODE", *_CONTACT),
        ),
        optional=frozenset(_CONTACT),
        positions=(_PATIENT_LIVE, (*_PATIENT_HEAD, *_PATIENT_TAIL)),
    ),
    RawTable(
        "journal",
        (
            *("PID", "ID", "DATE", "RECORDED_DATE", "CODE", "SNOMED_CODE", "DMD_CODE", "IMMS_STATUS", "ENTITY"),
            *("VALUE1", "VALUE1_UNITS", "VALUE2", "VALUE2_UNITS", "END_DATE", "SERVICE_ID", "ACTION", "SUBSET"),
        ),
        positions=(_JOURNAL,),
    ),
    RawTable("encounter", ("PID", "ID", "DATE", "SERVICE_ID", "ACTION"), positions=(_ENCOUNTER,)),
    RawTable("referral", ("PID", "ID", "DATE", "SERVICE_ID", "ACTION"), positions=(_REFERRAL,)),
)

# The supplier's files say of days that they are days, and of no other column what it is.
_DAYS = (
    *("DATE_OF_BIRTH", "REGISTERED_DATE", "REMOVED_DATE", "DATE_OF_DEATH"),
    *("DATE", "RECORDED_DATE", "END_DATE"),
)
RAW = typed(_TABLES, dict.fromkeys(_DAYS, "date"))

# Read code of the row, then Read and SNOMED CT of the systolic and of the diastolic half. Sitting, standing, lying; at
# home, ambulatory, over 24 hours, by day. Any other code of a pair (`246..`) is a plain reading.
_PLAIN = ("2469.", "271649006", "246A.", "271650006")
_PAIRS = {
    "246Q.": ("246Q.", "407554009", "246R.", "407555005"),
    "246N.": ("246N.", "400974009", "246P.", "400975005"),
    "246S.": ("246S.", "407556006", "246T.", "407557002"),
    "246d.": ("246d.", "413606001", "246c.", "413605002"),
    "246e.": ("246e.", "198081000000101", "246f.", "198091000000104"),
    "246W.": ("246W.", "314449000", "246V.", "314462001"),
    "246Y.": ("246Y.", "314446007", "246X.", "314461008"),
}


def _half(place: int) -> str:
    cases = " ".join(f"WHEN '{code}' THEN '{names[place]}'" for code, names in _PAIRS.items())
    return f"CASE _1 {cases} ELSE '{_PLAIN[place]}' END"


MACROS = {
    "on_day": "TRY_CAST(SUBSTRING(_1, 1, 4) || '-' || SUBSTRING(_1, 5, 2) || '-' || SUBSTRING(_1, 7, 2) AS DATE)",
    "whole": "TRY_CAST(_1 AS BIGINT)",
    "text_of": "NULLIF(TRIM(_1), '')",
    "is_service": """
        UPPER(TRIM(_1)) = UPPER(:practice)
        OR TRIM(_1) IN (SELECT TRIM(s.ID) FROM raw.practice AS s WHERE UPPER(TRIM(s.IDENTIFIER)) = UPPER(:practice))
    """,
    "is_bp": "_1 = 'BP' OR _2 LIKE '246%' AND _3 IS NOT NULL",
    "systolic_read2": _half(0),
    "systolic_snomed": _half(1),
    "diastolic_read2": _half(2),
    "diastolic_snomed": _half(3),
}

RULES = {
    "own_service": "rows of the practice asked about, and of no other in the same files",
    "latest_version": "of a row sent several times, the version of the latest delivery counts",
    "deleted_after_latest": "the latest version is taken first, and dropped afterwards if it is a deletion",
    "deleted_rows": "a row whose latest version has ACTION D does not count",
    "deleted_patient": "a deleted patient takes all their rows along",
    "active_types": "ACTIVE is R, L or D; temporary, private and other-service patients are no current patients",
    "left_since_counts": "someone who has left or died since was registered on an earlier day, as the dates say",
    **REGISTRATION_RULES,
    "left_undated_is_out": "someone who left on no known date is no current patient",
    "dead_undated_is_out": "someone who is dead without a date of death is no current patient",
    "read_term_code": "a Read code is its first five characters, without the term code after it",
    "bp_split": "a blood pressure row is two events, systolic and diastolic",
    "clinical_subsets": "drugs (A, S, R) are no events",
    "given_only": "an immunisation that was not given is neither an immunisation nor an event",
    "issues_only": "a repeat master is no issue",
    "not_after_reference": "an entry dated after the reference date is not yet there",
    **TYPE1_RULES,
}

VISION = Layout(
    name="vision",
    encoding="utf-8",
    raw=RAW,
    macros=MACROS,
    current=read_sql(_HERE / "current", ("patient", "journal", "encounter", "referral"), "current_"),
    tables={
        **read_sql(_HERE / "tables", ("person",)),
        "patient": PATIENT_SQL,
        **read_sql(
            _HERE / "tables",
            ("half", "event", "medication", "immunisation", "consultation", "referral", "type1_entry", "identity"),
        ),
        "type1": TYPE1_SQL,
    },
    code_columns={
        "event": _CODES,
        "immunisation": _CODES,
        "type1_entry": _CODES,
        "medication": {"dmd": "code_dmd"},
    },
    missing={"appointment": "layout_has_no_appointments"},
    rules=RULES,
)
