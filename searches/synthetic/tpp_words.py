"""The words and codes TPP uses for what the model knows, and the tables that are about no patient."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Protocol

from searches.synthetic.deliveries import FULL, SECOND
from searches.synthetic.emis_codes import other_case
from searches.synthetic.files import quoted
from searches.synthetic.model import (
    APPLIED,
    BARE,
    DUMMY,
    FALSE_FRIEND,
    GMS,
    IMMEDIATELY_NECESSARY,
    LOCAL,
    NO_KIND,
    NO_SUCH_CODE,
    OTHER_SERVICES,
    PRIVATE,
    TEMPORARY,
    WALK_IN,
    WRONG_CASE,
)
from searches.synthetic.tpp_headers import FULL_AGAIN, REFERENCE_TABLES, TABLES
from searches.synthetic.vocabulary import UNLISTED, Concept
from searches.synthetic.world import COMMUNITY, ELSEWHERE, OTHER_UNIT

_GMS_SPELLINGS: Final = (
    *("GMS", "GMS,Contraception", "Standard", "GMS , Minor Surgery"),
    *("Contraception,GMS", "GMS", "GMS, Child Health Surveillance", "GMS"),
)
_STATUSES: Final = {
    TEMPORARY: "Temporary Resident 16 days to 3 months",
    PRIVATE: "Private",
    IMMEDIATELY_NECESSARY: "Immediately Necessary",
    OTHER_SERVICES: "Contraception",
    APPLIED: "Applied",
    WALK_IN: "Walk-in Patient",
    DUMMY: "GMS",
    NO_KIND: "",
}
APPOINTMENT_STATUSES: Final = {
    "dna": ("Did Not Attend", "Did Not Attend - No Reason Given", "No Access Visit"),
    "completed": ("Finished", "Finished", "Finished"),
    "booked": ("Booked", "Booked", "Booked"),
    "arrived": ("Arrived", "Waiting", "Arrived"),
    "in_progress": ("In Progress", "In Progress", "In Progress"),
    "walked_out": ("Patient Walked Out", "Patient Walked Out", "Patient Walked Out"),
    "cancelled": ("Cancelled by Patient", "Cancelled by Unit", "Rejected by Patient"),
}
STATUS_IDS: Final = {
    text: 7001 + place
    for place, text in enumerate(sorted({text for texts in APPOINTMENT_STATUSES.values() for text in texts}))
}
_ROLES: Final = ("General Medical Practitioner", "Nurse", "Healthcare Assistant")


class Put(Protocol):
    """Adds a line to a table."""

    def __call__(self, table: str, *, line: str) -> None:
        """Add the line."""


def registration_status(kind: str, n: int) -> str:
    """The list of statuses of a registration; GMS stands anywhere in it, or is called Standard."""
    return _GMS_SPELLINGS[n % 8] if kind == GMS else _STATUSES[kind]


def is_full(table: str, delivery: int) -> bool:
    """Whether the file of a table holds everything in that delivery, or only what has changed."""
    return delivery == FULL or table in REFERENCE_TABLES or (table in FULL_AGAIN and delivery == SECOND)


def codes_of(concept: Concept, mark: int, n: int) -> tuple[str, str]:
    """CTV3 and SNOMED CT as TPP holds them: either may be missing, in one of its ways of saying so."""
    nothing = ("-1", "NULL", "0")[n % 3]
    if mark == FALSE_FRIEND:
        return UNLISTED.ctv3, UNLISTED.snomed
    if mark == NO_SUCH_CODE:
        return "Y9zzz", nothing
    if not concept.ctv3:
        return "", concept.snomed
    if mark == WRONG_CASE:
        return other_case(concept.ctv3), nothing
    if mark in {BARE, LOCAL} or n % 17 == 3:
        return concept.ctv3, nothing
    return "" if n % 17 == 5 else concept.ctv3, concept.snomed


def write_reference(code: str, folder: Callable[[int], str], put: Put, delivery: int) -> None:
    """Write the organisations, the staff, the lists and the manifest of one delivery.

    Args:
        code: of the practice.
        folder: the name of a delivery's folder, which is also its time.
        put: adds a line to a table of this delivery.
        delivery: its number.
    """
    for number, unit in enumerate((code, OTHER_UNIT, COMMUNITY, ELSEWHERE), start=1):
        put("SROrganisation", line=quoted(number, "Synthetic Unit (synthetic)", unit, *[""] * 10, "FALSE", -1, -1))
    hired = "01 Jan 2015 00:00:00"
    for number, role in enumerate(_ROLES, start=1):
        put("SRStaffMember", line=quoted(number, f"Synthetic Staff-{number}", f"staff{number}", "", "", "", "FALSE"))
        put("SRStaffMemberProfile", line=quoted(number, hired, 1, number, role, hired, "", "", "", number, code, ""))
    put("SRImmunisationContent", line=quoted(1, "Synthetic vaccine", "", ""))
    if delivery != FULL:  # the configuration option to normalise static lists was switched on after the first
        for text, number in STATUS_IDS.items():
            put("SRMapping", line=quoted(number, 12, text))
        put("SRMappingGroup", line=quoted(12, "AppointmentStatus"))
    for table in TABLES:
        if table != "SRManifest":
            whole = is_full(table, delivery)
            since = "" if whole else folder(delivery - 1)
            reference = "Y" if table in REFERENCE_TABLES else "N"
            put("SRManifest", line=quoted(table, "N" if whole else "Y", reference, since, folder(delivery)))
