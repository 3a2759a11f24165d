"""The tables of the OpenSAFELY-TPP database with their columns, and how it writes what the model knows."""

from __future__ import annotations

from typing import Final

from searches.synthetic.deliveries import DayTexts
from searches.synthetic.emis_codes import other_case
from searches.synthetic.files import quoted
from searches.synthetic.model import BARE, FALSE_FRIEND, LOCAL, NO_SUCH_CODE, WRONG_CASE
from searches.synthetic.vocabulary import UNLISTED, Concept, every_concept

TABLES: Final = {
    "Patient": "Patient_ID DateOfBirth DateOfDeath Sex",
    "RegistrationHistory": "Registration_ID Organisation_ID Patient_ID StartDate EndDate",
    "Organisation": "Organisation_ID GoLiveDate STPCode MSOACode Region",
    "DirectionsAcknowledged": "Organisation_ID",
    "PatientsWithTypeOneDissent": "Patient_ID",
    "PatientsWithoutNDOO": "Patient_ID",
    "CodedEvent": "CodedEvent_ID Consultation_ID ConsultationDate CTV3Code NumericValue Patient_ID",
    "CodedEvent_SNOMED": (
        "CodedEvent_ID CodeSystemId ConceptId Consultation_ID ConsultationDate NumericValue Patient_ID"
    ),
    "CodedEventRange": "CodedEvent_ID CodedEventRange_ID Comparator Consultation_ID LowerBound Patient_ID UpperBound",
    "Consultation": "Consultation_ID ConsultationDate Patient_ID Registration_ID",
    "MedicationIssue": (
        "Consultation_ID ConsultationDate Dose EndDate MedicationIssue_ID MedicationStatus MultilexDrug_ID Patient_ID "
        "Quantity RepeatMedication_ID StartDate"
    ),
    "MedicationRepeat": (
        "Consultation_ID ConsultationDate Dose EndDate MedicationRepeat_ID MedicationStatus MultilexDrug_ID "
        "Patient_ID Quantity StartDate"
    ),
    "MedicationDictionary": (
        "CompanyName DMD_ID Form FullName MultilexDrug_ID PackDescription ProductId RootName Strength"
    ),
    "Appointment": (
        "Appointment_ID ArrivedDate BookedDate EndDate FinishedDate Organisation_ID Patient_ID SeenDate StartDate "
        "Status"
    ),
    "Vaccination": (
        "Patient_ID Vaccination_ID VaccinationDate VaccinationName VaccinationName_ID VaccinationSchedulePart"
    ),
    "VaccinationReference": "VaccinationContent VaccinationName VaccinationName_ID",
    "LatestBuildTime": "DtLatestBuild",
    "about": "practice organisation_id",
}

NEVER: Final = "9999-12-31 00:00:00"
UNKNOWN: Final = "1900-01-01 00:00:00"
APPOINTMENT_STATUSES: Final = {
    "dna": (2, 2, 14),
    "completed": (4, 4, 4),
    "booked": (0, 0, 5),
    "arrived": (1, 9, 1),
    "in_progress": (3, 3, 3),
    "walked_out": (16, 16, 16),
    "cancelled": (10, 11, 12),
}
SNOMED_SYSTEM, CTV3_SYSTEM = 0, 2
SEVERAL_PRODUCTS: Final = "MULTIPLE_DMD_MAPPING"


def header(table: str) -> str:
    """The first line of a table's file."""
    return quoted(*TABLES[table].split())


def moments() -> DayTexts:
    """`2026-03-31 00:00:00`; a day that is not there is the last of the year 9999."""
    texts = DayTexts(lambda day: f"{day.isoformat()} 00:00:00")
    texts[0] = NEVER
    return texts


def codes_of(concept: Concept, mark: int, n: int) -> tuple[str, int, str]:
    """CTV3 code, code system and concept of an entry; one that is empty has no row in that table."""
    if mark == FALSE_FRIEND:
        return UNLISTED.ctv3, SNOMED_SYSTEM, UNLISTED.snomed
    if mark == NO_SUCH_CODE:
        return "Y9zzz", CTV3_SYSTEM, "Y9zzz"
    if not concept.ctv3:
        return "", SNOMED_SYSTEM, concept.snomed
    if mark == WRONG_CASE:
        return other_case(concept.ctv3), SNOMED_SYSTEM, ""
    if mark in {BARE, LOCAL} or n % 17 == 3:
        return concept.ctv3, SNOMED_SYSTEM, ""
    return "" if n % 17 == 5 else concept.ctv3, SNOMED_SYSTEM, concept.snomed


def drug_ids() -> dict[str, str]:
    """The Multilex id of every drug, by label."""
    drugs = [concept for concept in every_concept() if concept.is_drug]
    return {concept.label: f"{number};0;0" for number, concept in enumerate(drugs, start=101)}


def dictionary() -> list[str]:
    """The rows of the dictionary of drugs, one of a product that dm+d does not have."""
    ids = drug_ids()
    products = {concept.label: concept.dmd for concept in every_concept() if concept.is_drug}
    rows = [
        quoted("", dmd or SEVERAL_PRODUCTS, "", label, ids[label], "", ids[label].split(";")[0], "", "")
        for label, dmd in products.items()
    ]
    return [*rows, quoted("", "", "", "a product of no dm+d code", "9;0;0", "", 9, "", "")]


def vaccine_ids() -> dict[str, int]:
    """The number of every vaccine's name, by label."""
    vaccines = [concept for concept in every_concept() if concept.is_vaccine]
    return {concept.label: number for number, concept in enumerate(vaccines, start=1)}
