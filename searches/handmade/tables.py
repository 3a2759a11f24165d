"""Hand-made patients as canonical tables in a folder, which is then opened like any practice's.

The canonical tables hold nothing dated after the reference date, so later records are left out here, as every layout
leaves them out.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path

from searches.canon import AGE_BANDS, TABLES
from searches.codelist import SYSTEMS
from searches.errors import DocumentError
from searches.handmade.document import CodedRecord, HandmadeEvent, HandmadePatient, HandmadePatients
from searches.layouts.layout import IDENTITY_HEADER
from searches.search import Codelist

PRACTICE = "Z99999"

Row = tuple[str, Mapping[str, object]]
"""A canonical table's name and the columns that are not NULL."""


def completed_months(born: date, day: date) -> int:
    """Completed months from birth to a day; who was born on the 31st completes April's month on 1 May."""
    return (day.year - born.year) * 12 + day.month - born.month - (day.day < born.day)


def write_tables(handmade: HandmadePatients, codelists: Mapping[str, Codelist], folder: Path) -> None:
    """Write a folder of the layout `canonical`.

    Args:
        handmade: the patients; the first gets patient_id 1.
        codelists: that records may name.
        folder: an empty folder.

    Raises:
        DocumentError: a record names a code list or code that there is not.
    """
    rows: dict[str, list[Mapping[str, object]]] = {name: [] for name in TABLES}
    for number, patient in enumerate(handmade.patients, start=1):
        for table, row in _rows(number, patient, handmade.reference_date, codelists):
            rows[table].append({TABLES[table].key: len(rows[table]) + 1, "patient_id": number, **row})
    for canonical in TABLES.values():
        header = tuple(column.name for column in canonical.columns)
        _write(folder / f"{canonical.name}.csv", header, rows[canonical.name])
    _write(folder / "opt_out.csv", ("patient_id",), ())
    _write(folder / "identity.csv", IDENTITY_HEADER, ())
    about = {"practice": PRACTICE, "reference_date": handmade.reference_date}
    _write(folder / "about.csv", tuple(about), (about,))


def appointment_ids(handmade: HandmadePatients) -> Iterator[tuple[HandmadePatient, int, str]]:
    """Each patient's appointments, by their place in the document, with the id that each got."""
    written = 0
    for patient in handmade.patients:
        for place, appointment in enumerate(patient.appointments):
            written += appointment.start <= handmade.reference_date
            yield patient, place, str(written) if appointment.start <= handmade.reference_date else ""


def _write(path: Path, header: Sequence[str], rows: Sequence[Mapping[str, object]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, header, restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def _rows(
    number: int, patient: HandmadePatient, reference_date: date, codelists: Mapping[str, Codelist]
) -> Iterator[Row]:
    months = completed_months(patient.born, reference_date)
    yield (
        "patient",
        {
            "patient_id": number,
            "age": months // 12,
            "age_months": months,
            "age_band": AGE_BANDS[min(months // 120, len(AGE_BANDS) - 1)],
            "sex": patient.sex,
            "imd_quintile": patient.imd_quintile,
            "registered_on": patient.registered_on,
        },
    )
    for table, day, row in (*_coded_rows(patient, codelists), *_contacts(patient)):
        if day is None or day <= reference_date:
            yield table, row


def _coded_rows(
    patient: HandmadePatient, codelists: Mapping[str, Codelist]
) -> Iterator[tuple[str, date | None, Mapping[str, object]]]:
    for event in patient.events:
        coded = {
            "event_date": event.on,
            "code": _code(event, "snomed", codelists),
            "age_months": _age(patient, event.on),
        }
        yield "event", event.on, {**coded, **_event_details(event)}
    for issue in patient.medications:
        code = _code(issue, "dmd", codelists)
        yield "medication", issue.on, {"issue_date": issue.on, "code": code, "issue_type": issue.type}
    for given in patient.immunisations:
        code = _code(given, "snomed", codelists)
        yield "immunisation", given.on, {"given_date": given.on, "code": code, "age_months": _age(patient, given.on)}
    for referral in patient.referrals:
        yield "referral", referral.on, {"referral_date": referral.on, "code": _code(referral, "snomed", codelists)}


def _event_details(event: HandmadeEvent) -> Mapping[str, object]:
    return {
        "recorded_date": event.recorded or event.on,
        "value": None if event.value is None else Decimal(str(event.value)),
        "unit": event.unit,
        "problem_status": event.problem,
    }


def _contacts(patient: HandmadePatient) -> Iterator[tuple[str, date | None, Mapping[str, object]]]:
    for appointment in patient.appointments:
        yield (
            "appointment",
            appointment.start,
            {
                "start_date": appointment.start,
                "booked_date": appointment.booked,
                "booking_method": appointment.booking_method,
                "mode": appointment.mode,
                "clinician_role": appointment.clinician_role,
                "status": appointment.status,
            },
        )
    for consultation in patient.consultations:
        yield "consultation", consultation.on, {"consultation_date": consultation.on, "mode": consultation.mode}


def _age(patient: HandmadePatient, day: date | None) -> int | None:
    return None if day is None else completed_months(patient.born, day)


def _code(record: CodedRecord, system: str, codelists: Mapping[str, Codelist]) -> str:
    if record.code is not None:
        fault = SYSTEMS[system](record.code)
        if fault:
            raise DocumentError(f"tests.yaml: {system} code {record.code!r}: {fault}", "write it as text, in quotes")
        return record.code
    if record.codelist not in codelists:
        reason = f"tests.yaml names code list {record.codelist}, which the search does not declare"
        raise DocumentError(reason, f"use one of: {', '.join(codelists)}")
    codes = [code.code for code in codelists[record.codelist].codes if code.system == system]
    if not codes:
        raise DocumentError(f"tests.yaml: code list {record.codelist} has no {system} code", "give one with code:")
    return codes[0]
