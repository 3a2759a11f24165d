"""Drawn tables of an OpenSAFELY-TPP database, as a folder of their rows; what a test does not name is plain."""

from __future__ import annotations

import csv
from pathlib import Path

from tests.supplier_folders import PRACTICE, Tables

NUMBER = "90001"
"""What the database calls the practice."""

NEVER = "9999-12-31 00:00:00"
_ENTRY = "2025-06-01 09:30:00"
_PLAIN: dict[str, tuple[tuple[str, str], ...]] = {
    "Patient": (("Patient_ID", "1"), ("DateOfBirth", "1956-02-01"), ("DateOfDeath", "9999-12-31"), ("Sex", "F")),
    "RegistrationHistory": (
        *(("Registration_ID", "1"), ("Organisation_ID", NUMBER), ("Patient_ID", "1")),
        *(("StartDate", "2010-01-01 00:00:00"), ("EndDate", NEVER)),
    ),
    "DirectionsAcknowledged": (("Organisation_ID", NUMBER),),
    "CodedEvent": (
        *(("CodedEvent_ID", "1"), ("Patient_ID", "1"), ("ConsultationDate", _ENTRY)),
        *(("CTV3Code", "X40J5"), ("NumericValue", "0")),
    ),
    "CodedEvent_SNOMED": (
        *(("CodedEvent_ID", "1"), ("Patient_ID", "1"), ("ConsultationDate", _ENTRY)),
        *(("CodeSystemId", "0"), ("ConceptId", "44054006"), ("NumericValue", "0")),
    ),
    "MedicationIssue": (
        *(("MedicationIssue_ID", "1"), ("Patient_ID", "1"), ("ConsultationDate", _ENTRY)),
        *(("MultilexDrug_ID", "7;0;0"), ("RepeatMedication_ID", "0"), ("MedicationStatus", "0")),
    ),
    "MedicationDictionary": (("MultilexDrug_ID", "7;0;0"), ("DMD_ID", "12354611500001104")),
    "Appointment": (
        *(("Appointment_ID", "1"), ("Organisation_ID", NUMBER), ("Patient_ID", "1"), ("Status", "4")),
        *(("BookedDate", "2025-06-01 08:00:00"), ("StartDate", "2025-06-10 10:00:00")),
    ),
    "Consultation": (
        *(("Consultation_ID", "1"), ("Patient_ID", "1"), ("Registration_ID", "1")),
        ("ConsultationDate", _ENTRY),
    ),
    "Vaccination": (("Vaccination_ID", "1"), ("Patient_ID", "1"), ("VaccinationDate", "2025-10-01 10:00:00")),
    "PatientsWithTypeOneDissent": (("Patient_ID", "1"),),
    "LatestBuildTime": (("DtLatestBuild", "2026-03-31 03:12:45"),),
}
_EVERY: Tables = {"DirectionsAcknowledged": [{}], "LatestBuildTime": [{}]}


def opensafely(folder: Path, tables: Tables) -> Path:
    """Write the tables; those not named come empty, but that the practice takes part and the day of the build."""
    about = f"practice,organisation_id\r\n{PRACTICE},{NUMBER}\r\n"
    (folder / "about.csv").write_text(about, encoding="utf-8", newline="")
    for name, rows in {**dict.fromkeys(_PLAIN, ()), **_EVERY, **tables}.items():
        plain = dict(_PLAIN[name])
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as stream:
            writer = csv.DictWriter(stream, tuple(plain))
            writer.writeheader()
            writer.writerows({**plain, **row} for row in rows)
    return folder
