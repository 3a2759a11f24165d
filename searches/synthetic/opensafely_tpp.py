"""Writes the practice as it stands in the OpenSAFELY-TPP database: one CSV per table, all columns, as of one build.

    Patient.csv  RegistrationHistory.csv  CodedEvent.csv ...  LatestBuildTime.csv  about.csv

What is done to it on purpose: 31 December 9999 and 1 January 1900 for days that are not there; dates of birth of the
first of the month; registrations at several practices at once, the last or the longest of which counts; other people of
other practices; the same entry in both tables of coded entries, or in one; 0 for no number; codes in the wrong case;
appointments that occur twice; vaccine names with several diseases; drugs that may be several products; a practice that
has not acknowledged the directions; an allow list beside the deny list.

What the database would not hold is left out: people whom the content filter drops, test patients, registrations of
another kind than GMS, confidential entries, administrative acts, and prescribing by sources that have no status there.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Final

from searches.synthetic.canonical import has_opted_out, standing
from searches.synthetic.files import Files, quoted
from searches.synthetic.identities import Identities
from searches.synthetic.model import (
    CONFIDENTIAL,
    DENTAL,
    GMS,
    HOSPITAL,
    LESS_THAN,
    NEVER_ISSUED,
    OTHER_SOURCE,
    PLAIN,
    REPEAT,
    SHARED,
    Appointment,
    Consultation,
    Enrolment,
    Event,
    Immunisation,
    Medication,
    Person,
    Pressure,
    Row,
    Spell,
)
from searches.synthetic.opensafely_words import (
    APPOINTMENT_STATUSES,
    NEVER,
    TABLES,
    UNKNOWN,
    codes_of,
    dictionary,
    drug_ids,
    header,
    moments,
    vaccine_ids,
)
from searches.synthetic.vocabulary import Concept
from searches.synthetic.world import World

_ELSEWHERE: Final = 1_000_001
_NOT_ACTIVATED: Final = 1_000_002
_MOVED: Final = 1_000_000
_OTHERS: Final = 2_000_000
"""Added to a patient's number for people whom only this database has: moved away since, or of another practice."""
_CONTACT_ELSEWHERE: Final = 90_000_000


def organisation_id(world: World) -> int:
    """The number of a practice: the digits of its code, where it is a letter and five digits."""
    digits = world.code[1:]
    return int(digits) if len(digits) == 5 and digits.isdigit() else 2_000_000 + world.serial


def write_opensafely_tpp(world: World, people: Iterable[Person], out: Path, identities: Identities) -> dict[str, int]:
    """Write the tables as of the reference date; nothing in them says who anybody is.

    Returns:
        Rows per file name.
    """
    del identities  # the database has none
    writer = _OpenSafely(world, out)
    for person in people:
        now = person.enrolment
        if not person.withheld and not (now is not None and now.is_test):
            writer.person(person)
    return writer.close()


class _OpenSafely:
    def __init__(self, world: World, out: Path) -> None:
        self._today = world.today
        self._here = organisation_id(world)
        self._moment = moments()
        self._drugs, self._vaccines = drug_ids(), vaccine_ids()
        self._files = Files(lambda table, _: out / f"{table}.csv", lambda table, _: header(table), "utf-8")
        for table in TABLES:
            self._files.touch(table, 0)
        self._row("about", world.code, self._here)
        self._row("LatestBuildTime", f"{world.reference_date.isoformat()} 03:12:45")

    def person(self, person: Person) -> None:
        """Write everything of one person, and whom the database has beside them."""
        n, now = person.n, person.enrolment
        if now is not None:
            self._patient(n, person.born, now.died, person.sex)
            self._registrations(person, now)
            if has_opted_out(person):
                self._row("PatientsWithTypeOneDissent", n)
            if n % 3:
                self._row("PatientsWithoutNDOO", n)
        for row in standing(person):
            self._record(n, row)
        if person.elsewhere:
            self._other_patient(n + _OTHERS, person)
        if n % 41 == 2:
            self._moved_away(n + _MOVED, person)

    def close(self) -> dict[str, int]:
        """Write the dictionaries and the organisations, and the files."""
        for number in (self._here, _ELSEWHERE, _NOT_ACTIVATED):
            self._row("Organisation", number, "2009-04-01 00:00:00", "E54000001", "E02000001", "Synthetic Region")
        for number in (self._here, _ELSEWHERE):
            self._row("DirectionsAcknowledged", number)
        for line in dictionary():
            self._files.row("MedicationDictionary", 0, line)
        for label, number in self._vaccines.items():
            for content in ("ONE SYNTHETIC DISEASE", "ANOTHER SYNTHETIC DISEASE"):
                self._row("VaccinationReference", content, label[:100], number)
        self._files.close()
        return dict(self._files.counts)

    def _row(self, table: str, *fields: object) -> None:
        self._files.row(table, 0, quoted(*fields))

    def _patient(self, n: int, born: int, died: int, sex: str) -> None:
        first = date.fromordinal(born).replace(day=1).isoformat()
        self._row("Patient", n, first, self._moment[died][:10], sex)

    def _registrations(self, person: Person, now: Enrolment) -> None:
        n = person.n
        if now.kind == GMS:
            self._registration(n, 0, Spell(now.start, now.end), self._here)
        for place, spell in enumerate(person.past, start=1):
            self._registration(n, place, spell, self._here)
        for place, spell in enumerate(person.shared, start=5):
            self._registration(n, place, spell, _ELSEWHERE)
        if not person.shared and now.kind == GMS and 0 < now.start <= self._today and not now.end:
            self._registrations_elsewhere(n, now)

    def _registrations_elsewhere(self, n: int, now: Enrolment) -> None:
        """Two at once: one there that began earlier, or one there of the same day that is shorter."""
        if n % 23 == 0:
            self._registration(n, 7, Spell(now.start - 500, 0), _ELSEWHERE)
            contact = self._moment[self._today - 5]
            self._row("Consultation", _CONTACT_ELSEWHERE + n, contact, n, n * 10 + 7)
        if n % 29 == 1:
            self._registration(n, 8, Spell(now.start, self._today + 10), _ELSEWHERE)

    def _registration(self, n: int, place: int, spell: Spell, organisation: int) -> None:
        start, end = self._moment[spell.start], self._moment[spell.end]
        self._row("RegistrationHistory", n * 10 + place, organisation, n, start, end)

    def _moved_away(self, n: int, person: Person) -> None:
        """Someone whose registration here was never ended, and who has registered elsewhere since."""
        self._patient(n, person.born, 0, person.sex)
        self._registration(n, 0, Spell(self._today - 3000, 0), self._here)
        self._registration(n, 1, Spell(self._today - 100, 0), _ELSEWHERE)

    def _other_patient(self, n: int, person: Person) -> None:
        """A patient of another practice only."""
        self._patient(n, person.born, 0, person.sex)
        self._registration(n, 0, Spell(self._today - 190, 0), _NOT_ACTIVATED if n % 2 else _ELSEWHERE)
        self._row("PatientsWithTypeOneDissent", n)
        for event in person.elsewhere:
            self._record(n, event)

    def _record(self, patient: int, row: Row) -> None:
        match row:
            case Event() if row.mark != CONFIDENTIAL:
                self._event(patient, row)
            case Pressure():
                for n, concept, value in ((row.n + 1, row.systolic, row.high), (row.n + 2, row.diastolic, row.low)):
                    self._entry((n, patient, row.day), concept, value, PLAIN)
            case Medication():
                self._medication(patient, row)
            case Immunisation() if row.given:
                label = row.concept.label[:100]
                day = self._event_moment(row.n, row.day)
                self._row("Vaccination", patient, row.n, day, label, self._vaccines[row.concept.label], 1)
            case Appointment():
                for _ in range(2 if row.n % 19 == 0 else 1):
                    self._appointment(patient, row)
            case Consultation() if row.is_clinical:
                self._row("Consultation", row.n, self._event_moment(row.n, row.day), patient, patient * 10)

    def _event_moment(self, n: int, day: int) -> str:
        """The time of an entry, which is known for some; a day that is not known is written in two ways."""
        if not day:
            return UNKNOWN if n % 2 else NEVER
        return f"{self._moment[day][:10]} 14:53:28" if n % 3 == 0 else self._moment[day]

    def _event(self, patient: int, event: Event) -> None:
        self._entry((event.n, patient, event.day), event.concept, event.value, event.mark)
        if event.mark == LESS_THAN:
            self._row("CodedEventRange", event.n, event.n, 7, 0, 0, patient, event.value)

    def _entry(self, ids: tuple[int, int, int], concept: Concept, value: str, mark: int) -> None:
        n, patient, day = ids
        ctv3, system, code = codes_of(concept, mark, n)
        on, number = self._event_moment(n, day), value or "0"
        if ctv3:
            self._row("CodedEvent", n, 0, on, ctv3, number, patient)
        if code:
            self._row("CodedEvent_SNOMED", n, system, code, 0, on, number, patient)

    def _medication(self, patient: int, drug: Medication) -> None:
        n, day, _, concept, source = drug
        on, drug_id = self._event_moment(n, day), self._drugs[concept.label]
        if source == NEVER_ISSUED:
            self._row("MedicationRepeat", 0, on, "As directed", NEVER, n, 0, drug_id, patient, "28 tablets", on)
        elif source != OTHER_SOURCE:
            status = {DENTAL: 10, HOSPITAL: 11}.get(source, 8 if n % 5 == 0 else 0)
            repeat = n if source == REPEAT else -(n % 2)
            self._row(
                "MedicationIssue",
                *(0, on, "As directed", NEVER, n, status, drug_id, patient, "28 tablets", repeat, on),
            )

    def _appointment(self, patient: int, slot: Appointment) -> None:
        n, day, recorded, status, _, _, _, mark = slot
        on = self._moment[day][:10]
        seen = f"{on} 09:12:00" if status == "completed" else NEVER
        self._row(
            "Appointment",
            *(n, seen, self._moment[recorded], f"{on} 09:{n % 6}9:00", seen),
            *(_ELSEWHERE if mark == SHARED else self._here, patient, seen, f"{on} 09:{n % 6}0:00"),
            APPOINTMENT_STATUSES[status][n % 3],
        )
