"""Drawn deliveries: a few raw rows written as each supplier delivers them, and what a layout makes of them.

Rows are given as mappings of the columns that matter to a test; the others have plain values.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from sqlglot import exp

from searches.batch import Batch
from searches.extract import open_extract
from searches.layouts import Layout, layout
from searches.layouts.expand import Bindings
from searches.layouts.vision.layout import RAW as VISION_RAW

REFERENCE_DATE = date(2026, 3, 31)
PRACTICE = "Z90001"
Row = Mapping[str, str]
Tables = Mapping[str, Iterable[Row]]


def guid(number: int) -> str:
    """A GUID as EMIS writes it: upper case, in braces."""
    return f"{{{number:08X}-0000-4000-8000-0000000000AB}}"


OURS = guid(0xA)
OTHERS = guid(0xB)
_AGREEMENT = "7B0E3C55-0000-4000-8000-000000000001"

_EMIS_PLAIN: dict[str, dict[str, str]] = {
    "Admin_Organisation": {"OrganisationGuid": OURS, "ODSCode": PRACTICE, "ProcessingId": "1"},
    "Agreements_SharingOrganisation": {
        "OrganisationGuid": OURS,
        "IsActivated": "true",
        "Disabled": "false",
        "Deleted": "false",
    },
    "Admin_Patient": {
        "Sex": "F",
        "DateOfBirth": "1956-02-01",
        "DateOfDeath": "",
        "DateOfRegistration": "2010-01-01",
        "DateOfDeactivation": "",
        "PatientTypeDescription": "Regular",
        "DummyType": "false",
        "SpineSensitive": "false",
        "IsConfidential": "false",
        "NhsNumber": "9990001112",
        "Title": "Mx",
        "GivenName": "Zoë",
        "Surname": "O'Canary",
        "Postcode": "ZZ991AA",
        "HomePhone": "",
        "MobilePhone": "07700900001",
        "EmailAddress": "zoe@example.invalid",
    },
    "Coding_ClinicalCode": {
        "CodeId": "",
        "Term": "a term",
        "ReadTermId": "",
        "SnomedCTConceptId": "",
        "EmisCodeCategoryDescription": "Symptoms and Findings",
    },
    "Coding_DrugCode": {"CodeId": "", "DmdProductCodeId": ""},
    "CareRecord_Observation": {
        "ObservationGuid": guid(900),
        "EffectiveDate": "2025-06-01",
        "EffectiveDatePrecision": "YMD",
        "EnteredDate": "2025-06-02",
        "CodeId": "101",
        "Value": "",
        "NumericUnit": "",
        "IsConfidential": "false",
    },
    "CareRecord_Problem": {"ObservationGuid": guid(900), "ProblemStatusDescription": "Active Problem"},
    "CareRecord_ObservationReferral": {"ObservationGuid": guid(900)},
    "CareRecord_Consultation": {
        "ConsultationGuid": guid(950),
        "EffectiveDate": "2025-06-01",
        "EffectiveDatePrecision": "YMD",
        "IsConfidential": "false",
    },
    "Prescribing_DrugRecord": {"DrugRecordGuid": guid(800), "PrescriptionType": "Repeat"},
    "Prescribing_IssueRecord": {
        "IssueRecordGuid": guid(850),
        "DrugRecordGuid": guid(800),
        "EffectiveDate": "2025-06-01",
        "EffectiveDatePrecision": "YMD",
        "CodeId": "201",
        "IsConfidential": "false",
    },
    "Appointment_Slot": {
        "SlotGuid": guid(700),
        "AppointmentDate": "2025-06-10",
        "SendInTime": "",
        "LeftTime": "",
        "DidNotAttend": "false",
        "BookedDate": "2025-06-01",
        "SlotStatus": "",
        "BookingMethod": "",
        "ModeOfContact": "",
    },
}
_EMIS_ROW = {"PatientGuid": guid(1), "OrganisationGuid": OURS, "Deleted": "false", "ProcessingId": "1"}
_EMIS_WITHOUT_ROW = {"Admin_Organisation", "Agreements_SharingOrganisation"}
_EMIS_DICTIONARIES = {"Coding_ClinicalCode", "Coding_DrugCode"}
_EMIS_EVERY = {"Admin_Organisation": [{}], "Agreements_SharingOrganisation": [{}]}


def emis(folder: Path, *deliveries: Tables, every_table: bool = True) -> Path:
    """Write EMIS deliveries; tables that no delivery names come empty, with the first."""
    for number, tables in enumerate(deliveries, start=1):
        plain = dict.fromkeys(_EMIS_PLAIN, ()) | _EMIS_EVERY if number == 1 and every_table else {}
        for name, rows in {**plain, **tables}.items():
            path = folder / f"{number * 10}-{number * 10 + 5}_{name}_2026010{number}020000_{_AGREEMENT}.csv"
            _write(path, [_emis_row(name, row) for row in rows], tuple(_emis_row(name, {})), quoted=True)
    return folder


def _emis_row(name: str, row: Row) -> dict[str, str]:
    if name in _EMIS_DICTIONARIES:
        base: dict[str, str] = {"ProcessingId": "1"}
    else:
        base = {} if name in _EMIS_WITHOUT_ROW else _EMIS_ROW
    return {**base, **_EMIS_PLAIN[name], **row}


_TPP_ROW = {"RowIdentifier": "1", "IDOrganisationVisibleTo": PRACTICE, "IDPatient": "1", "IDOrganisation": PRACTICE}
_TPP_PLAIN: dict[str, dict[str, str]] = {
    "SRPatient": {
        "DateBirth": "01 Feb 1956 00:00",
        "DateDeath": "",
        "Gender": "F",
        "TestPatient": "FALSE",
        "NHSNumber": "9990001112",
        "Title": "Mx",
        "FirstName": "Zoë",
        "Surname": "O’Canary",
        "EmailAddress": "zoe@example.invalid",
    },
    "SRPatientRegistration": {
        "DateRegistration": "01 Jan 2010 00:00:00",
        "DateDeRegistration": "",
        "RegistrationStatus": "GMS",
    },
    "SRCode": {
        "DateEvent": "01 Jun 2025 09:30:00",
        "DateEventRecorded": "02 Jun 2025 09:30:00",
        "CTV3Code": "X40J5",
        "SNOMEDCode": "44054006",
        "IsNumeric": "FALSE",
        "NumericValue": "0.0",
        "NumericUnit": "",
    },
    "SRProblem": {"IDCode": "1", "DateEnd": ""},
    "SRPrimaryCareMedication": {
        "DateEvent": "01 Jun 2025 09:30:00",
        "DateMedicationStart": "03 Jun 2025 00:00:00",
        "IDMultiLexDMD": "12354611500001104",
        "IsRepeatMedication": "TRUE",
        "IsOtherMedication": "FALSE",
        "IsDentalMedication": "FALSE",
        "IsHospitalMedication": "FALSE",
    },
    "SRImmunisation": {"DateEvent": "01 Oct 2025 10:00:00", "ImmsReadCode": "65E..", "ImmsSNOMEDCode": "86198006"},
    "SRAppointment": {
        "DateStart": "10 Jun 2025 10:00:00",
        "DateAppointmentBooked": "01 Jun 2025 08:00:00",
        "AppointmentStatus": "Finished",
        "TelephoneAppointment": "FALSE",
    },
    "SREvent": {"DateEvent": "01 Jun 2025 09:30:00", "ClinicalEvent": "TRUE"},
    "SRReferralOut": {
        "DateEvent": "01 Jun 2025 09:30:00",
        "PrimaryDiagnosis": "X40J5",
        "SNOMEDPrimaryDiagnosis": "44054006",
    },
    "SRMapping": {"Mapping": ""},
    "SRPatientRemovedByContentFilter": {},
}
_TPP_DEMANDED = tuple(name for name in _TPP_PLAIN if name not in {"SRMapping", "SRPatientRemovedByContentFilter"})
_TPP_EXTRA = ("SRPatient", "SRPatientRegistration")


def tpp(folder: Path, *deliveries: Tables, full: frozenset[str] = frozenset()) -> Path:
    """Write TPP deliveries: the first is full, later ones are deltas but for the tables named in `full`."""
    for number, tables in enumerate(deliveries, start=1):
        here = folder / f"2026010{number}_0200"
        here.mkdir(parents=True)
        named = {**(dict.fromkeys(_TPP_DEMANDED, ()) if number == 1 else {}), **tables}
        for name, rows in named.items():
            removed = {} if number == 1 else {"RemovedData": "0"}
            written = [{**_TPP_ROW, **_TPP_PLAIN[name], **removed, **row} for row in rows]
            header = tuple({**_TPP_ROW, **_TPP_PLAIN[name], **removed})
            _write(here / f"{name}.csv", written, header, quoted=True, encoding="cp1252")
        manifest = [
            {
                "FileName": name,
                "IsDelta": "N" if number == 1 or name in full else "Y",
                "IsReference": "N",
                "DateExtractFrom": "",
                "DateExtractTo": f"2026010{number}_0200",
            }
            for name in named
        ]
        _write(here / "SRManifest.csv", manifest, tuple(manifest[0]), quoted=True, encoding="cp1252")
    return folder


_VISION_PLAIN: dict[str, dict[str, str]] = {
    "patient": {
        "PID": "1",
        "DATE_OF_BIRTH": "19560201",
        "SEX": "F",
        "ACTIVE": "R",
        "REGISTERED_DATE": "20100101",
        "SURNAME": "O'Canary",
        "FORENAME": "Zoë",
        "TITLE": "Mx",
        "NHS_NUMBER": "9990001112",
        "POSTCODE": "ZZ99 1AA",
        "PHONE_NUMBER": "02079460000",
    },
    "journal": {
        "PID": "1",
        "ID": "5",
        "DATE": "20250601",
        "RECORDED_DATE": "20250602",
        "CODE": "C10F.00",
        "SNOMED_CODE": "44054006",
        "SUBSET": "C",
    },
    "encounter": {"PID": "1", "ID": "6", "DATE": "20250601"},
    "referral": {"PID": "1", "ID": "7", "DATE": "20250601"},
    "practice": {"ID": "77", "NAME": "a practice", "IDENTIFIER": PRACTICE},
    "staff": {},
}
_VISION_DEMANDED = ("patient", "journal", "encounter", "referral")


def vision(folder: Path, *deliveries: Tables, narrow: bool = False) -> Path:
    """Write Vision deliveries; `narrow` writes patients without telephone and e-mail, as the test pack does."""
    for number, tables in enumerate(deliveries, start=1):
        kind = "FULL" if number == 1 else "INCREMENTAL"
        for name, rows in {**(dict.fromkeys(_VISION_DEMANDED, ()) if number == 1 else {}), **tables}.items():
            columns = VISION_RAW[name].positions[1 if narrow and name == "patient" else 0]
            written = [{"SERVICE_ID": PRACTICE, **_VISION_PLAIN[name], **row} for row in rows]
            path = folder / f"{kind}_{PRACTICE}_{name}_data_extract-2026-01-0{number}-020000.csv"
            _write(path, written, columns, header=False)
    return folder


def canonical(folder: Path, tables: Tables, reference_date: date = REFERENCE_DATE) -> Path:
    """Write canonical tables; those not named come empty."""
    _write(folder / "about.csv", [{"practice": PRACTICE, "reference_date": reference_date.isoformat()}])
    for name, table in layout("canonical").raw.items():
        _write(folder / f"{name}.csv", list(tables.get(name, ())), table.columns)
    return folder


def canonical_rows(folder: Path, of: Layout | str, table: str, *columns: str) -> list[Any]:
    """What a layout makes of a folder: the asked columns of one table, sorted; single values where one is asked."""
    with open_extract(folder, of, PRACTICE) as extract:
        bindings = Bindings(REFERENCE_DATE, extract.practice)
        with Batch(extract, frozenset({table}), bindings) as batch:
            rows = batch._session.rows(exp.select(*columns).from_(table))
    values = [row[0] if len(columns) == 1 and columns != ("*",) else row for row in rows]
    return sorted(values, key=repr)


def with_and_without(folder: Path, name: str, rule: str, *asked: str) -> tuple[list[Any], list[Any]]:
    """The asked rows with every rule of the layout, and with one rule taken out."""
    whole = layout(name)
    return canonical_rows(folder, whole, *asked), canonical_rows(folder, whole.without(rule), *asked)


def _write(
    path: Path,
    rows: Iterable[Row],
    columns: tuple[str, ...] = (),
    *,
    header: bool = True,
    quoted: bool = False,
    encoding: str = "utf-8",
) -> None:
    rows = list(rows)
    names = columns or tuple(rows[0])
    with path.open("w", encoding=encoding, newline="") as stream:
        writer = csv.DictWriter(
            stream,
            names,
            restval="",
            extrasaction="ignore",
            quoting=csv.QUOTE_ALL if quoted else csv.QUOTE_MINIMAL,
            lineterminator="\r\n",
        )
        if header:
            writer.writeheader()
        writer.writerows(rows)
