"""What cannot be the same in every layout, as a closed list: which people, which layouts, what differs.

Everything else is the same, row by row. Only what has no source at all reaches an answer of the starter searches.

Confidentiality is not on the list, though only EMIS marks it: people and entries that EMIS marks are not delivered by
the other suppliers here (TPP's content filter drops the people, the rest is never written), and the canonical tables
leave them out. A confidential Type 1 dissent is delivered by all and counts as an opt-out everywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final

from searches.synthetic.canonical import standing
from searches.synthetic.model import (
    CONFIDENTIAL,
    Appointment,
    Consultation,
    Event,
    Immunisation,
    Person,
    Pressure,
    Referral,
    Row,
)


@dataclass(frozen=True, slots=True)
class Difference:
    """One way in which layouts differ from the canonical tables of the same people.

    Args:
        name: a short name.
        layouts: where it differs.
        table: the canonical table.
        says: what differs.
        concerns: whether a person has rows of that table that differ.
        searches: the starter searches whose answer it changes.
    """

    name: str
    layouts: tuple[str, ...]
    table: str
    says: str
    concerns: Callable[[Person], bool]
    searches: frozenset[str] = frozenset()


def _has(kind: type[Row], when: Callable[[Row], bool] = lambda _: True) -> Callable[[Person], bool]:
    def concerns(person: Person) -> bool:
        return any(isinstance(row, kind) and when(row) for row in standing(person))

    return concerns


def _status(*statuses: str) -> Callable[[Row], bool]:
    return lambda row: isinstance(row, Appointment) and row.status in statuses


_EXTRACTS: Final = ("emis_im1", "tpp_sr", "vision")
_OPENSAFELY: Final = "opensafely_tpp"
_EVERY: Final = (*_EXTRACTS, _OPENSAFELY)
DIFFERENCES: Final = (
    Difference(
        "no appointments",
        ("vision",),
        "appointment",
        "the extract has no appointments; a search that reads them is not run",
        _has(Appointment),
        frozenset({"dna-booking-lead"}),
    ),
    Difference(
        "cancelled appointments",
        ("emis_im1",),
        "appointment",
        "a cancelled slot is re-sent without its patient, so that the row is nobody's",
        _has(Appointment, _status("cancelled")),
    ),
    Difference(
        "arrived and walked out",
        ("emis_im1",),
        "appointment",
        "where the extract has no word for the status, the times say only that the person was sent in: in_progress",
        _has(Appointment, _status("arrived", "walked_out")),
    ),
    Difference(
        "how and with whom",
        _EVERY,
        "appointment",
        "clinician_role has no source; TPP has no booking_method, and of the modes only telephone, its database none",
        _has(Appointment),
    ),
    Difference(
        "vaccinations as events",
        ("emis_im1", "vision"),
        "event",
        "a vaccination is an event as well as an immunisation, and in EMIS a coded one is both; TPP keeps them apart",
        lambda person: any(_is_vaccination(row) for row in standing(person)),
    ),
    Difference(
        "parents of blood pressures",
        ("emis_im1",),
        "event",
        "a blood pressure has a third event, without a value, that joins its two halves",
        _has(Pressure),
    ),
    Difference(
        "confidential dissent",
        ("tpp_sr", "vision"),
        "event",
        "an opt-out that EMIS marks confidential is an event too, where nothing marks it",
        _has(Event, lambda row: isinstance(row, Event) and row.mark == CONFIDENTIAL),
    ),
    Difference(
        "referrals",
        ("emis_im1", "vision"),
        "referral",
        "in EMIS a referral is an event too; in Vision it has no code",
        _has(Referral),
    ),
    Difference("mode of contact", _EVERY, "consultation", "the mode has no source", _has(Consultation)),
    Difference("deprivation", _EVERY, "patient", "imd_quintile has no source", lambda _: True),
    Difference(
        "units",
        ("tpp_sr", "vision", _OPENSAFELY),
        "event",
        "a unit may be missing; no search can compare it",
        _has(Event, lambda row: isinstance(row, Event) and bool(row.value)),
    ),
    Difference(
        "codes of vaccinations",
        (_OPENSAFELY,),
        "immunisation",
        "a vaccination has product names and no code; a search that asks for one is not run",
        _has(Immunisation),
        frozenset({"flu-at-risk", "mmr-two-doses", "pertussis-pregnancy"}),
    ),
    Difference(
        "no referrals",
        (_OPENSAFELY,),
        "referral",
        "the database has no referrals; a search that reads them is not run",
        _has(Referral),
    ),
    Difference(
        "days of entry and problems",
        (_OPENSAFELY,),
        "event",
        "recorded_date and problem_status have no source",
        _has(Event),
    ),
    Difference(
        "days of birth",
        (_OPENSAFELY,),
        "patient",
        "a date of birth is the first of its month, so that an age may be one month more",
        lambda person: date.fromordinal(person.born).day > 1,
    ),
    Difference(
        "ages at events",
        (_OPENSAFELY,),
        "event",
        "age_months is worked out from the first of the month of birth, so that it may be one month more",
        lambda person: date.fromordinal(person.born).day > 1,
    ),
    Difference(
        "older codes",
        _EVERY,
        "event",
        "an entry may be held by its Read or CTV3 code alone, where the canonical tables have the SNOMED CT concept",
        _has(Event),
    ),
)


def _is_vaccination(row: Row) -> bool:
    return isinstance(row, Immunisation) or (isinstance(row, Event) and row.concept.is_vaccine)


def differing(people: Iterator[Person], layout: str, table: str) -> Iterator[int]:
    """The numbers of the people whose rows of a table differ in a layout, by this list."""
    listed = [each for each in DIFFERENCES if layout in each.layouts and each.table == table]
    for person in people:
        if any(each.concerns(person) for each in listed):
            yield person.n
