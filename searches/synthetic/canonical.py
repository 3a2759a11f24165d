"""The canonical tables straight from the model, through no supplier's layout: what every layout must come to.

Plain Python says here what the pinned readings mean: who is registered, which version of a record counts, who has
opted out.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from searches.canon import AGE_BANDS, TABLES
from searches.synthetic.deliveries import iso_days
from searches.synthetic.files import Files
from searches.synthetic.identities import Identities
from searches.synthetic.model import (
    ACTIVE_PROBLEM,
    CONFIDENTIAL,
    ISSUED,
    SHARED,
    UNMATCHED,
    Appointment,
    Consultation,
    Event,
    Immunisation,
    Medication,
    Person,
    Pressure,
    Referral,
    Row,
)
from searches.synthetic.sketch import completed_months
from searches.synthetic.vocabulary import UNLISTED
from searches.synthetic.world import World

_IDENTITY: Final = (
    "patient_id", "nhs_number", "title", "forename", "surname", "date_of_birth", "address", "postcode",
    "phone", "mobile", "email",
)  # fmt: skip
_HEADERS: Final = {
    **{name: tuple(column.name for column in table.columns) for name, table in TABLES.items()},
    "opt_out": ("patient_id",),
    "identity": _IDENTITY,
    "about": ("practice", "reference_date"),
}


def standing(person: Person) -> Iterator[Row]:
    """The records of a person that stand after the last delivery."""
    chart = person.chart
    yield from chart.events
    yield from chart.pressures
    yield from chart.medications
    yield from chart.immunisations
    yield from chart.appointments
    yield from chart.consultations
    yield from chart.referrals
    for story in chart.stories:
        if story.final is not None:
            yield story.final


def has_opted_out(person: Person) -> bool:
    """Whether the record says that data must not leave (Type 1), as known when the extract is read.

    The latest dated of dissent and withdrawal decides; a tie is an opt-out; an undated dissent is an opt-out unless a
    dated withdrawal exists. Entries of other organisations and confidential ones count.
    """
    days: dict[str, list[int]] = {"type1_dissent": [], "type1_withdrawn": []}
    for row in standing(person):
        if isinstance(row, Event) and row.concept.name in days and row.mark not in UNMATCHED:
            days[row.concept.name].append(row.day)
    dissent, withdrawn = max(days["type1_dissent"], default=0), max(days["type1_withdrawn"], default=0)
    if dissent:
        return dissent >= withdrawn
    return bool(days["type1_dissent"]) and not withdrawn


def write_canonical(world: World, people: Iterable[Person], out: Path, identities: Identities) -> dict[str, int]:
    """Write one CSV per canonical table, the opt-outs, and the identities of the action list.

    Returns:
        Rows per file.
    """
    writer = _Canonical(world, out, identities)
    for person in people:
        if person.is_registered(world.today):
            writer.person(person)
    return writer.close()


class _Canonical:
    def __init__(self, world: World, out: Path, identities: Identities) -> None:
        self._today = world.today
        self._identities = identities
        self._days = iso_days()
        self._files = Files(lambda table, _: out / f"{table}.csv", lambda table, _: _line(_HEADERS[table]), "utf-8")
        for table in _HEADERS:
            self._files.touch(table, 0)
        self._row("about", (world.code, self._days[world.today]))

    def close(self) -> dict[str, int]:
        self._files.close()
        return dict(self._files.counts)

    def person(self, person: Person) -> None:
        enrolment = person.enrolment
        if enrolment is None:
            return
        months = completed_months(person.born, self._today)
        band = AGE_BANDS[min(months // 120, 9)]
        start = self._days[enrolment.start]
        self._row("patient", (person.n, months // 12, months, band, person.sex, person.quintile, start))
        if has_opted_out(person):
            self._row("opt_out", (person.n,))
        who = self._identities(person.n)
        self._row(
            "identity",
            (person.n, who.nhs_number, who.title, who.forename, who.surname, self._days[person.born],
             f"{who.street} {who.town}", who.postcode, who.phone, who.mobile, who.email),
        )  # fmt: skip
        for row in standing(person):
            if row.day <= self._today:
                self._record(person, row)

    def _record(self, person: Person, row: Row) -> None:
        n, day = person.n, self._days[row.day]
        match row:
            case Event():
                self._event(person, row)
            case Pressure():
                self._pressure(person, row)
            case Medication() if row.source in ISSUED:
                self._row("medication", (row.n, n, day, row.concept.dmd, row.source))
            case Immunisation() if row.given:
                self._row("immunisation", (row.n, n, day, row.concept.snomed, self._age(person, row.day)))
            case Appointment() if row.mark != SHARED:
                how, booked = "online" if row.online else "practice", self._days[row.recorded]
                self._row("appointment", (row.n, n, day, booked, how, row.mode, row.role, row.status))
            case Consultation() if row.is_clinical:
                self._row("consultation", (row.n, n, day, row.mode))
            case Referral():
                self._row("referral", (row.n, n, day, row.concept.snomed))

    def _event(self, person: Person, row: Event) -> None:
        if row.mark == CONFIDENTIAL:
            return
        code = UNLISTED.snomed if row.mark in UNMATCHED else row.concept.snomed
        status = "" if not row.problem else "active" if row.problem == ACTIVE_PROBLEM else "past"
        self._row(
            "event",
            (row.n, person.n, self._days[row.day], self._days[row.recorded], code, row.value,
             row.concept.unit if row.value else "", self._age(person, row.day), status),
        )  # fmt: skip

    def _pressure(self, person: Person, row: Pressure) -> None:
        day, recorded, age = self._days[row.day], self._days[row.recorded], self._age(person, row.day)
        for number, concept, value in ((row.n + 1, row.systolic, row.high), (row.n + 2, row.diastolic, row.low)):
            self._row("event", (number, person.n, day, recorded, concept.snomed, value, concept.unit, age, ""))

    def _age(self, person: Person, day: int) -> object:
        return completed_months(person.born, day) if day else ""

    def _row(self, table: str, fields: tuple[object, ...]) -> None:
        self._files.row(table, 0, _line(fields))


def _line(fields: tuple[object, ...]) -> str:
    text = ",".join(map(str, fields))
    if '"' not in text and text.count(",") == len(fields) - 1:
        return f"{text}\n"
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerow(fields)
    return out.getvalue()
