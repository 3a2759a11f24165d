"""TPP SystmOne Strategic Reporting extract (since version 125): a folder of `SR*.csv` per delivery, with a manifest.

Facts that shape the SQL: `RowIdentifier` joins a row to its later versions; the last column `RemovedData` deletes; rows
that other organisations typed in are there too; lists are text, or numbers into `SRMapping`; every number and date is
text with sentinels (-1, empty, the word NULL).
"""

from __future__ import annotations

from pathlib import Path

from searches.layouts.layout import Layout, RawTable, by_name, read_sql, typed
from searches.layouts.shared import PATIENT_SQL, REGISTRATION_RULES, TYPE1_RULES, TYPE1_SQL

_HERE = Path(__file__).parent
_KEY = ("RowIdentifier", "IDOrganisationVisibleTo", "RemovedData")
_ROW = (*_KEY, "IDPatient", "IDOrganisation")
_REMOVED = frozenset({"RemovedData"})  # only delta feeds of some versions have it
_CODES = {"snomed": "code_snomed", "ctv3": "code_ctv3"}


def _table(name: str, *columns: str, identity: tuple[str, ...] = ()) -> RawTable:
    return RawTable(name, columns, identity=identity, optional=_REMOVED)


_TABLES = by_name(
    _table(
        "SRPatient",
        *(*_KEY, "DateBirth", "DateDeath", "Gender", "TestPatient"),
        identity=("NHSNumber", "Title", "FirstName", "Surname", "EmailAddress"),
    ),
    _table("SRPatientRegistration", *_ROW, "DateRegistration", "DateDeRegistration", "RegistrationStatus"),
    _table(
        "SRCode",
        *(*_ROW, "DateEvent", "DateEventRecorded", "CTV3Code", "SNOMEDCode"),
        *("IsNumeric", "NumericValue", "NumericUnit"),
    ),
    _table("SRProblem", *_KEY, "IDCode", "DateEnd"),
    _table(
        "SRPrimaryCareMedication",
        *(*_KEY, "IDPatient", "DateEvent", "DateMedicationStart", "IDMultiLexDMD"),
        *("IsRepeatMedication", "IsOtherMedication", "IsDentalMedication", "IsHospitalMedication"),
    ),
    _table("SRImmunisation", *_KEY, "IDPatient", "DateEvent", "ImmsReadCode", "ImmsSNOMEDCode"),
    _table("SRAppointment", *_ROW, "DateStart", "DateAppointmentBooked", "AppointmentStatus", "TelephoneAppointment"),
    _table("SREvent", *_ROW, "DateEvent", "ClinicalEvent"),
    _table("SRReferralOut", *_KEY, "IDPatient", "DateEvent", "PrimaryDiagnosis", "SNOMEDPrimaryDiagnosis"),
    RawTable("SRMapping", ("RowIdentifier", "Mapping"), may_be_absent=True),
    RawTable("SRPatientRemovedByContentFilter", ("IDPatient",), may_be_absent=True),
)

# What a database holds that keeps the types of the supplier's specification (125); every other column is text. It names
# none for RemovedData.
_TIMES = (
    *("DateBirth", "DateDeath", "DateRegistration", "DateDeRegistration", "DateEvent", "DateEventRecorded", "DateEnd"),
    *("DateMedicationStart", "DateStart", "DateAppointmentBooked"),
)
_FLAGS = (
    *("TestPatient", "IsNumeric", "TelephoneAppointment", "ClinicalEvent"),
    *("IsRepeatMedication", "IsOtherMedication", "IsDentalMedication", "IsHospitalMedication"),
)
_TYPES = {
    **dict.fromkeys(_TIMES, "datetime"),
    **dict.fromkeys(_FLAGS, "boolean"),
    **dict.fromkeys(("RowIdentifier", "IDCode"), "bigint"),
    **dict.fromkeys(("SRPatient.RowIdentifier", "SRMapping.RowIdentifier", "IDPatient"), "integer"),
    **dict.fromkeys(("SNOMEDCode", "ImmsSNOMEDCode", "SNOMEDPrimaryDiagnosis"), "bigint"),
    "NumericValue": "real",
}
RAW = typed(_TABLES, _TYPES)

_MONTH = """
    CASE SUBSTRING(_1, 4, 3) WHEN 'Jan' THEN '01' WHEN 'Feb' THEN '02' WHEN 'Mar' THEN '03' WHEN 'Apr' THEN '04'
         WHEN 'May' THEN '05' WHEN 'Jun' THEN '06' WHEN 'Jul' THEN '07' WHEN 'Aug' THEN '08' WHEN 'Sep' THEN '09'
         WHEN 'Oct' THEN '10' WHEN 'Nov' THEN '11' WHEN 'Dec' THEN '12' END
"""
MACROS = {
    # `29 Sep 2011 14:53:28`: the date part, whatever language the engine speaks.
    "on_day": "TRY_CAST(SUBSTRING(_1, 8, 4) || '-' || month_of(_1) || '-' || SUBSTRING(_1, 1, 2) AS DATE)",
    "month_of": _MONTH,
    "whole": "TRY_CAST(_1 AS BIGINT)",
    "text_of": "rule('null_strings', NULLIF(NULLIF(TRIM(_1), ''), 'NULL'), NULLIF(TRIM(_1), ''))",
    # A concept that is not known is 0 or less.
    "concept_of": "CASE WHEN text_of(_1) LIKE '-%' THEN NULL ELSE NULLIF(text_of(_1), '0') END",
    "is_own": "_1 IS NULL OR UPPER(_1) = UPPER(_2)",
}

RULES = {
    "own_publisher": "rows visible to the practice asked about, and to no other in the same files",
    "full_file_replaces": "a full file replaces what earlier deliveries said of that table",
    "latest_version": "of a row sent several times, the version of the latest delivery counts",
    "removed_after_latest": "the latest version is taken first, and dropped afterwards if it is a removal",
    "removed_rows": "a row whose latest version is a removal does not count",
    "removed_patient": "a removed patient takes all their rows along",
    "content_filter": "a patient whom the content filter dropped is left out",
    "static_lists": "a list delivered as a number is read as its text",
    "null_strings": "the word NULL is nothing",
    "own_registrations": "a registration typed in at another organisation is none of this practice",
    "gms_only": "only a registration with the status GMS (or Standard) makes a current patient",
    "status_is_a_list": "the status of a registration is a list, of which GMS may be any member",
    **REGISTRATION_RULES,
    "test_patient": "a test patient is nobody",
    "is_numeric": "a number counts only where the entry says that it is numeric",
    "not_after_reference": "an entry dated after the reference date is not yet there",
    "shared_facts": "a clinical entry typed in by another organisation counts",
    "own_issues": "prescribing by a hospital, a dentist or another source is not an issue of the practice",
    "own_activity": "an appointment or contact typed in by another organisation is none of this practice",
    "clinical_events": "a journal action that is not clinical is no consultation",
    **TYPE1_RULES,
}

TPP_SR = Layout(
    name="tpp_sr",
    encoding="cp1252",
    raw=RAW,
    macros=MACROS,
    current=read_sql(
        _HERE / "current",
        (
            *("patient", "registration", "list_text", "code", "problem", "medication", "immunisation"),
            *("appointment", "consultation", "referral"),
        ),
        "current_",
    ),
    tables={
        **read_sql(_HERE / "tables", ("spell", "person")),
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
        "event.code_snomed": "SRCode.SNOMEDCode",
        "immunisation.code_snomed": "SRImmunisation.ImmsSNOMEDCode",
        "referral.code_snomed": "SRReferralOut.SNOMEDPrimaryDiagnosis",
        "type1_entry.code_snomed": "SRCode.SNOMEDCode",
    },
    missing={},
    rules=RULES,
)
