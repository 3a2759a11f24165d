"""The tables of an EMIS extract that are about no patient: organisations, agreements, staff, sessions, dictionaries.

Besides the practice there is another unit with an agreement of its own, and three former organisations that carry the
practice's code but whose agreements were never activated, have been disabled, or were deleted. Their rows count for
nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Protocol

from searches.synthetic.deliveries import FULL
from searches.synthetic.emis_codes import Dictionary
from searches.synthetic.world import OTHER_UNIT, World

ORGANISATION, PATIENT, ROW, COURSE, STAFF, SESSION = "0001", "0002", "0003", "0004", "0005", "0006"
"""The kinds of GUID, so that one number in two tables is two GUIDs."""
OWN, OTHER, FIRST_FORMER = 1, 2, 3
FORMER: Final = (  # activated, disabled, deleted, as the last delivery says
    ("false", "false", "false"),
    ("true", "true", "false"),
    ("true", "false", "true"),
)
_SHARED: Final = ("true", "false", "false")
_DISABLED_SINCE: Final = 1  # which of the former was still shared in the first delivery
_JOBS: Final = ("General Medical Practitioner", "Nurse", "Healthcare Assistant")


Guid = Callable[[str, int], str]
"""The GUID of a kind and a number."""


class Row(Protocol):
    """Writes one row of a table; the ProcessingId is put in its place."""

    def __call__(self, table: str, *fields: object) -> None:
        """Write the fields, in the order of the header."""


def write_reference(world: World, guid: Guid, codes: Dictionary, row: Row, delivery: tuple[int, str]) -> None:
    """Write the reference tables of one delivery.

    Args:
        world: the practice.
        guid: makes GUIDs.
        codes: the dictionaries, resent whole.
        row: writes a row of this delivery.
        delivery: its number, and its day in ISO form.
    """
    _, day = delivery
    own = guid(ORGANISATION, OWN)
    former = [guid(ORGANISATION, FIRST_FORMER + number) for number in range(len(FORMER))]
    names = [(own, "Synthetic Practice (synthetic)", world.code, "GP Practice", "")]
    names.append((guid(ORGANISATION, OTHER), "Synthetic Hub (synthetic)", OTHER_UNIT, "Extended Access Hub", ""))
    names.extend((each, "Former Practice (synthetic)", world.code, "GP Practice", "2019-03-31") for each in former)
    for number, (organisation, name, code, kind, closed) in enumerate(names):
        row("Admin_Organisation", organisation, number, name, code, own, "", kind, "2001-04-01", closed, own)
    states = [(own, _SHARED), (guid(ORGANISATION, OTHER), _SHARED)]
    for number, (each, state) in enumerate(zip(former, FORMER, strict=True)):
        states.append((each, _SHARED if delivery[0] == FULL and number == _DISABLED_SINCE else state))
    for organisation, (activated, disabled, deleted) in states:
        row("Agreements_SharingOrganisation", organisation, activated, f"{day} 08:00:00", disabled, deleted)
    _write_staff(guid, row, day)
    for code, term, read, snomed, category in codes.clinical:
        row("Coding_ClinicalCode", code, term, read, snomed, "", "", "", "", category, "")
    for code, term, dmd in codes.drugs:
        row("Coding_DrugCode", code, term, dmd, "")


def _write_staff(guid: Guid, row: Row, day: str) -> None:
    own = guid(ORGANISATION, OWN)
    for number, job in enumerate(_JOBS, start=1):
        staff, session = guid(STAFF, number), guid(SESSION, number)
        row(
            "Admin_UserInRole",
            staff,
            own,
            "Dr",
            "Synthetic",
            f"Staff-{number}",
            f"R{number:04d}",
            job,
            "2015-01-01",
            "",
            "",
        )
        row(
            "Appointment_Session",
            session,
            job,
            own,
            "Timed",
            "General",
            day,
            "08:00:00",
            day,
            "18:00:00",
            "false",
            own,
            "false",
        )
        row("Appointment_SessionUser", session, staff, "false")
