"""Writes the practice as Vision delivers it: CSV without a header, a full extract and two increments.

    FULL_Z90001_journal_data_extract-2026-03-03-213000.csv
    INCREMENTAL_Z90001_journal_data_extract-2026-03-24-213000.csv

What is done to it on purpose: deletions by ACTION D; rows of another service under the same patient ids; Read codes
of five, six and seven characters and junk; SNOMED codes missing or too long to be any; words where numbers should be;
blood pressures in one row or in two; vaccinations refused; repeat masters; ACTIVE that has overwritten the type of
registration; no appointments.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from searches.synthetic.deliveries import FULL, compact_days
from searches.synthetic.emis_codes import other_case
from searches.synthetic.files import Files
from searches.synthetic.identities import Identities
from searches.synthetic.model import (
    ACTIVE_PROBLEM,
    BARE,
    CONFIDENTIAL,
    FALSE_FRIEND,
    GMS,
    ISSUED,
    LOCAL,
    NEVER_ISSUED,
    NO_NUMBER,
    NO_SUCH_CODE,
    PLAIN,
    PRIVATE,
    REPEAT,
    TEMPORARY,
    WRONG_CASE,
    Consultation,
    Enrolment,
    Event,
    Immunisation,
    Medication,
    Person,
    Pressure,
    Referral,
    Row,
)
from searches.synthetic.vocabulary import UNLISTED, Concept
from searches.synthetic.world import OTHER_UNIT, World

TABLES: Final = ("patient", "practice", "staff", "encounter", "journal", "referral")
_ACTIVE: Final = {GMS: "R", TEMPORARY: "T", PRIVATE: "P"}
_MASTER: Final = 900_000_000
"""Added to the number of a first issue to number the repeat master, which is no record of its own in the model."""


def write_vision(world: World, people: Iterable[Person], out: Path, identities: Identities) -> dict[str, int]:
    """Write three deliveries of the Vision extract.

    Returns:
        Rows per file.
    """
    writer = _Vision(world, out, identities)
    for person in people:
        if not person.withheld:
            writer.person(person)
    return writer.close()


class _Vision:
    def __init__(self, world: World, out: Path, identities: Identities) -> None:
        self._world = world
        self._service = world.code
        self._identities = identities
        self._day = compact_days()
        self._deliveries = world.deliveries
        self._files = Files(lambda table, delivery: out / self._name(table, delivery), lambda *_: "", "utf-8")
        code = world.code
        self._row("practice", FULL, (1, "Synthetic Practice (synthetic)", code, *[""] * 11))
        for number, kind in enumerate(("GP", "NURSE", "HCA"), start=1):
            self._row("staff", FULL, (number, kind, f"G{number:07d}", f"Staff-{number}", "Synthetic", "Dr", "U", code))

    def person(self, person: Person) -> None:
        """Write everything of one person."""
        n, chart, first = person.n, person.chart, self._deliveries.first_with
        self._enrol(person)
        for event in chart.events:
            self._event(n, event, first(event.recorded), "A")
        for pressure in chart.pressures:
            self._pressure(n, pressure, first(pressure.recorded), "A")
        masters: set[Concept] = set()
        for medication in chart.medications:
            delivery = first(medication.recorded)
            if medication.source == REPEAT and medication.concept not in masters:
                masters.add(medication.concept)
                master = medication._replace(n=_MASTER + medication.n, source=NEVER_ISSUED)
                self._medication(n, master, delivery, "A")
            self._medication(n, medication, delivery, "A")
        plain: list[Row] = [*chart.immunisations, *chart.consultations, *chart.referrals]
        for row in plain:
            self._record(n, row, first(row.recorded), "A")
        for story in chart.stories:
            for place, (delivery, row, gone) in enumerate(story.contents()):
                self._record(n, row, delivery, "D" if gone else "U" if place else "A")
        for event in person.elsewhere:
            self._event(n, event, FULL, "A", OTHER_UNIT)

    def close(self) -> dict[str, int]:
        """Write what is held."""
        self._files.close()
        return dict(self._files.counts)

    def _name(self, table: str, delivery: int) -> str:
        kind = "FULL" if delivery == FULL else "INCREMENTAL"
        day = self._deliveries.date(delivery).isoformat()
        return f"{kind}_{self._service}_{table}_data_extract-{day}-213000.csv"

    def _row(self, table: str, delivery: int, fields: tuple[object, ...]) -> None:
        self._files.row(table, delivery, ",".join(map(str, fields)) + "\r\n")

    def _enrol(self, person: Person) -> None:
        last: Enrolment | None = None
        for place, (delivery, enrolment) in enumerate(person.enrolments):
            last = enrolment or last
            if last is not None:
                self._patient(
                    person, last, delivery, ("D" if enrolment is None else "U" if place else "A", self._service)
                )
        if person.elsewhere:
            self._patient(person, Enrolment(GMS, self._world.today - 190), FULL, ("A", OTHER_UNIT))

    def _patient(self, person: Person, now: Enrolment, delivery: int, sent: tuple[str, str]) -> None:
        action, service = sent
        who, day, n = self._identities(person.n), self._day, person.n
        removed, died = ("", "") if now.is_undated else (day[now.end], day[now.died])
        self._row(
            "patient",
            delivery,
            (n, f"V{n}", day[person.born], person.sex, who.postcode, "", 1, 1, _active(now), day[now.start], removed,
             "", "", "", "", "N", "", died, 1, who.surname, who.forename, who.title, who.nhs_number, "", who.street, "",
             who.town, "", "", who.phone, who.mobile, who.email, n, service, action),
        )  # fmt: skip

    def _record(self, patient: int, row: Row, delivery: int, action: str) -> None:
        match row:
            case Event():
                self._event(patient, row, delivery, action)
            case Pressure():
                self._pressure(patient, row, delivery, action)
            case Medication():
                self._medication(patient, row, delivery, action)
            case Immunisation():
                self._immunisation(patient, row, delivery, action)
            case Consultation() if row.is_clinical:
                what = (1, "GP", "Surgery", row.mode, "9999", "", "", "", patient)
                self._row("encounter", delivery, (patient, row.n, self._day[row.day], *what, self._service, action))
            case Referral():
                day = self._day[row.day]
                details = (1, "GP", "", "General", "", "Outpatient", "", "", day)
                self._row("referral", delivery, (patient, row.n, day, *details, "", self._service, action))

    def _event(self, patient: int, event: Event, delivery: int, action: str, service: str = "") -> None:
        n, day, recorded, concept, value, problem, mark = event
        if mark == CONFIDENTIAL and not concept.name.startswith("type1"):
            return
        if mark == NO_NUMBER:
            value = "trace"
        subset = "P" if problem else "T" if value else "C"
        ended = self._day[problem] if problem > ACTIVE_PROBLEM else ""
        codes = _codes(concept, mark, n)
        what = ("", "", value, concept.unit if value and n % 4 else "", "", "", ended)
        self._journal(
            (patient, n, service or self._service, action),
            (day, recorded),
            codes,
            what,
            (subset, "F", concept),
            delivery,
        )

    def _pressure(self, patient: int, pressure: Pressure, delivery: int, action: str) -> None:
        """One row, or now and then one for each half."""
        n, day, recorded, systolic, diastolic, high, low, mark = pressure
        low = "trace" if mark == NO_NUMBER else low
        if n % 11 == 2 or not low:
            for number, concept, value in ((n + 1, systolic, high), (n + 2, diastolic, low)):
                ids = (patient, number, self._service, action)
                codes = _codes(concept, PLAIN, 0)
                self._journal(
                    ids, (day, recorded), codes, ("", "", value, "mmHg", "", "", ""), ("C", "O", concept), delivery
                )
            return
        read = "246.." if systolic.snomed == "271649006" and n % 2 else systolic.read2
        codes = f"{read}00", "75367002" if read == "246.." else systolic.snomed
        what = ("", "BP", high, "mmHg", low, "mmHg", "")
        self._journal((patient, n, self._service, action), (day, recorded), codes, what, ("C", "O", systolic), delivery)

    def _medication(self, patient: int, drug: Medication, delivery: int, action: str) -> None:
        n, day, recorded, concept, source = drug
        if source not in ISSUED and source != NEVER_ISSUED:
            return
        subset = "R" if source == NEVER_ISSUED else "S" if source == REPEAT else "A"
        when, entered = self._day[day], self._day[recorded]
        self._files.row(
            "journal",
            delivery,
            f"{patient},{n},{when},{entered},{concept.read2 or 'zz1..'}00,{concept.snomed},,1,GP,Y,{subset},"
            f"As directed,{_text(concept.label)},,,tablet,{concept.dmd},,,,,,,,"
            f"DRUG,QUANTITY,28,,,,,,9999,,,,,,{self._service},{action},{subset},\r\n",
        )

    def _immunisation(self, patient: int, row: Immunisation, delivery: int, action: str) -> None:
        status = "Given" if row.given else "Refusal to start or complete course"
        codes = _codes(row.concept, PLAIN, row.n)
        what = (status, "", "", "", "", "", "")
        ids = (patient, row.n, self._service, action)
        self._journal(ids, (row.day, row.recorded), codes, what, ("I", "O", row.concept), delivery)

    def _journal(  # noqa: PLR0913, PLR0917 (the columns that differ)
        self,
        ids: tuple[int, int, str, str],
        when: tuple[int, int],
        codes: tuple[str, str],
        what: tuple[str, str, str, str, str, str, str],
        kind: tuple[str, str, Concept],
        delivery: int,
    ) -> None:
        patient, n, service, action = ids
        status, entity, value1, unit1, value2, unit2, ended = what
        subset, episode, concept = kind
        day, recorded = self._day[when[0]], self._day[when[1]]
        read, snomed = codes
        self._files.row(
            "journal",
            delivery,
            f"{patient},{n},{day},{recorded},{read},{snomed},,1,GP,Y,{episode},,{_text(concept.label)},,,,,{status},,,,,,,"
            f"{entity},{'VALUE' if value1 else ''},{value1},{unit1},{'VALUE' if value2 else ''},{value2},{unit2},"
            f"{ended},9999,,,,,,"
            f"{service},{action},{subset},\r\n",
        )


def _text(label: str) -> str:
    return f'"{label}"' if "," in label else label


def _active(now: Enrolment) -> str:
    """Type and state in one: death and leaving overwrite what the type was."""
    if now.is_test:
        return "S"
    if now.is_dead:
        return "D"
    if now.end:
        return "L"
    return _ACTIVE.get(now.kind, "S")


def _codes(concept: Concept, mark: int, n: int) -> tuple[str, str]:
    """Read version 2 with its term code, and SNOMED CT; either may be missing or junk."""
    if mark == FALSE_FRIEND:
        return f"{UNLISTED.read2}00", UNLISTED.snomed
    if mark == NO_SUCH_CODE:
        return "asthma", ""
    if mark == WRONG_CASE:
        return f"{other_case(concept.read2)}00", ""
    if not concept.read2:
        return ("DNA", "9V0.00", "")[n % 3], concept.snomed
    if mark in {BARE, LOCAL} or n % 13 == 2:
        return f"{concept.read2}{('00', '11', '0')[n % 3]}", "" if n % 2 else "82724100000010382724"
    spelled = {6: ("DNA", "9V0.00", "asthma")[n % 3], 8: concept.read2}.get(n % 13, f"{concept.read2}00")
    return spelled, concept.snomed
