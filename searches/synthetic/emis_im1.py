"""Writes the practice as EMIS delivers it: 21 CSV tables per delivery, every field quoted, GUIDs in braces.

    1-1000000_CareRecord_Observation_20260303213000_<agreement>.csv

What is done to it on purpose: rows of another organisation under the same PatientGuid; three former organisations
with this practice's own code whose agreements no longer hold; patients deleted while their rows live on; slots of
nobody and of patients who are not there; a row sent twice in one file, the later first, so that only ProcessingId
tells; TRUE and true; leading spaces; a few re-sent rows with their GUIDs bare and in lower case.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path

from searches.synthetic.deliveries import FULL, LAST, SECOND, iso_days
from searches.synthetic.emis_codes import Dictionary
from searches.synthetic.emis_headers import HEADERS, header
from searches.synthetic.emis_reference import (
    COURSE,
    FIRST_FORMER,
    FORMER,
    ORGANISATION,
    OTHER,
    OWN,
    PATIENT,
    ROW,
    SESSION,
    STAFF,
    write_reference,
)
from searches.synthetic.emis_words import MODES, ROLES, flag, patient_type, times
from searches.synthetic.files import Files, quoted
from searches.synthetic.identities import Identities
from searches.synthetic.model import (
    ACTIVE_PROBLEM,
    CONFIDENTIAL,
    CONFIDENTIAL_PERSON,
    DUMMY,
    GMS,
    ISSUED,
    PLAIN,
    REPEAT,
    SENSITIVE,
    SHARED,
    UNKNOWN_DAY,
    Appointment,
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
from searches.synthetic.vocabulary import BLOOD_PRESSURE
from searches.synthetic.world import World


def write_emis_im1(world: World, people: Iterable[Person], out: Path, identities: Identities) -> dict[str, int]:
    """Write three deliveries of the EMIS bulk extract.

    Returns:
        Rows per file.
    """
    writer = _Emis(world, out, identities)
    for person in people:
        writer.person(person)
    return writer.close()


class _Emis:
    def __init__(self, world: World, out: Path, identities: Identities) -> None:
        self._world = world
        self._identities = identities
        self._day = iso_days()
        self._deliveries = world.deliveries
        self._codes = Dictionary()
        self._processed = [1, 1_000_001, 2_000_001]
        self._guid = f"{{{world.serial:08X}-"
        self._org, self._other = self._of(ORGANISATION, OWN), self._of(ORGANISATION, OTHER)
        self._clinician = self._of(STAFF, 1)
        self._files = Files(lambda table, delivery: out / self._name(table, delivery), _header, "utf-8")
        self._emit: Callable[[str, int, str], None] = self._files.row
        self._ghosts: list[Person] = []
        for delivery in (FULL, SECOND, LAST):
            for table in HEADERS:
                self._files.touch(table, delivery)

    def person(self, person: Person) -> None:
        """Write everything of one person."""
        patient = self._of(PATIENT, person.n)
        self._enrol(person, patient)
        chart, first = person.chart, self._deliveries.first_with
        for event in chart.events:
            self._event(patient, event, first(event.recorded), "")
        for pressure in chart.pressures:
            self._pressure(patient, pressure, first(pressure.recorded))
        courses: dict[str, int] = {}
        for medication in chart.medications:
            self._medication(patient, medication, first(medication.recorded), courses)
        plain: list[Row] = [*chart.immunisations, *chart.appointments, *chart.consultations, *chart.referrals]
        for row in plain:
            self._record(patient, row, first(row.recorded), False)
        for story in chart.stories:
            self._story(patient, tuple(story.contents()))
        for event in person.elsewhere:
            self._event(patient, event, FULL, self._other)
        if len(self._ghosts) < len(FORMER) and person.quirk.startswith("registered as GMS"):
            self._ghosts.append(person)

    def close(self) -> dict[str, int]:
        """Write the organisations, staff, dictionaries and agreements of every delivery, and the files."""
        for delivery in (FULL, SECOND, LAST):
            day = self._day[self._deliveries.days[delivery]]
            row = partial(self._numbered, delivery)
            write_reference(self._world, self._of, self._codes, row, (delivery, day))
        for number, person in enumerate(self._ghosts):
            self._ghost(person, number)
        for number in range(20):
            self._slot_of_nobody(number)
        self._files.close()
        return dict(self._files.counts)

    def _of(self, kind: str, n: int) -> str:
        return f"{self._guid}{kind}-4000-8000-{n:012X}}}"

    def _name(self, table: str, delivery: int) -> str:
        at = self._day[self._deliveries.days[delivery]].replace("-", "")
        agreement = f"{self._world.serial:08X}-0009-4000-8000-000000000001"
        return f"{1 + delivery * 1_000_000}-{(delivery + 1) * 1_000_000}_{table}_{at}213000_{agreement}.csv"

    def _numbered(self, delivery: int, table: str, *fields: object) -> None:
        """A row of a reference table; where the table has one, its last or last but one field is the ProcessingId."""
        columns = header(table, delivery)
        place = columns.index("ProcessingId") if "ProcessingId" in columns else len(columns)
        numbered = [*fields[:place], self._next(delivery), *fields[place:]]
        self._files.row(table, delivery, quoted(*numbered[: len(columns)]))

    def _next(self, delivery: int) -> int:
        self._processed[delivery] += 1
        return self._processed[delivery]

    def _enrol(self, person: Person, patient: str) -> None:
        last: Enrolment | None = None
        rows: list[tuple[int, str]] = []
        for delivery, enrolment in person.enrolments:
            last = enrolment or last
            if last is not None:
                sent = self._org, flag(enrolment is None, delivery), self._next(delivery), delivery
                rows.append((delivery, self._patient(person, patient, last, sent)))
        for delivery, line in reversed(rows):
            self._emit("Admin_Patient", delivery, line)
        if person.elsewhere:
            there = (self._other, "false", self._next(FULL), FULL)
            since = Enrolment(GMS, self._world.today - 190)
            self._emit("Admin_Patient", FULL, self._patient(person, patient, since, there))

    def _ghost(self, person: Person, number: int) -> None:
        """A patient of a former organisation with our code, who looks like one of ours but for its agreement."""
        enrolment = Enrolment(GMS, self._world.today - 3650)
        sent = self._of(ORGANISATION, FIRST_FORMER + number), "false", self._next(FULL), FULL
        line = self._patient(person, self._of(PATIENT, 900_000_000 + number), enrolment, sent)
        self._emit("Admin_Patient", FULL, line)

    def _patient(self, person: Person, patient: str, now: Enrolment, sent: tuple[str, str, int, int]) -> str:
        org, deleted, processed, delivery = sent
        who, day, n = self._identities(person.n), self._day, person.n
        return quoted(
            patient, org, self._clinician, person.sex, day[person.born], day[now.died], who.title, who.forename, "",
            who.surname, day[now.start], who.nhs_number, n, patient_type(now.kind, n),
            flag(now.is_test and now.kind != DUMMY, delivery), "", who.street, "", who.town, "", who.postcode, "", "",
            "", "", patient, day[now.end], deleted, flag(person.withheld == SENSITIVE, delivery),
            flag(person.withheld == CONFIDENTIAL_PERSON, delivery), who.email, who.phone, who.mobile,
            *[""] * 4, processed,
        )  # fmt: skip

    def _story(self, patient: str, contents: tuple[tuple[int, Row, bool], ...]) -> None:
        """Of two versions in one file the later stands first: its ProcessingId tells, not its place."""
        held: list[tuple[str, int, str]] = []
        self._emit = lambda table, delivery, line: held.append((table, delivery, line))
        for delivery, row, gone in contents:
            self._record(patient, row, delivery, gone)
        self._emit = self._files.row
        for table, delivery, line in reversed(held):
            self._emit(table, delivery, line)

    def _record(self, patient: str, row: Row, delivery: int, gone: bool) -> None:
        deleted = flag(gone, delivery)
        match row:
            case Event():
                self._event(patient, row, delivery, "", gone)
            case Immunisation():
                if row.given:
                    as_event = Event(row.n, row.day, row.recorded, row.concept)
                    self._event(patient, as_event, delivery, "", gone)
            case Medication():
                self._medication(patient, row, delivery, {}, gone)
            case Appointment():
                self._slot(patient, row, delivery, deleted)
            case Consultation():
                self._consultation(patient, row, delivery, deleted)
            case Referral():
                self._referral(patient, row, delivery, gone)
            case Pressure():
                self._pressure(patient, row, delivery)

    def _event(self, patient: str, event: Event, delivery: int, org: str, gone: bool = False) -> None:
        n, day, recorded, concept, value, problem, mark = event
        row = self._of(ROW, n)
        if gone or (delivery == LAST and n % 5 == 0):  # some sites' loads hold GUIDs in this form
            row, patient = row[1:-1].lower(), patient[1:-1].lower()
        code = self._codes.code_id(concept, mark, n)
        secret = mark == CONFIDENTIAL
        self._observation(
            (row, patient, org or self._org), (day, recorded, n), (code, value, concept.unit), (delivery, gone, secret)
        )
        if problem:
            self._problem(row, patient, problem, delivery)

    def _observation(
        self,
        ids: tuple[str, str, str],
        when: tuple[int, int, int],
        what: tuple[str, str, str],
        sent: tuple[int, bool, bool],
        parent: str = "",
    ) -> None:
        day, recorded, n = when
        code, value, unit = what
        delivery, gone, secret = sent
        entered = self._day[recorded]
        if day == UNKNOWN_DAY:
            on, precision = (entered, "U") if n % 2 else ("", "")
        else:
            on, precision = self._day[day], "YMD" if n % 3 else "YMDT"
        false = "false" if delivery == FULL else "FALSE"
        text = "" if delivery == FULL else '"",'
        clinician = self._clinician
        self._emit(
            "CareRecord_Observation",
            delivery,
            f'"{ids[0]}","{ids[1]}","{ids[2]}","{on}","{precision}","{entered}","09:15:00","{clinician}","{clinician}",'
            f'"{parent}","{code}","",{text}"","{value}","{unit if value else ""}",'
            f'"{"Value" if value else "Observation"}",'
            f'"","","","","{false}","","","{flag(gone, delivery)}",'
            f'"{flag(secret, delivery)}","{self._next(delivery)}"\r\n',
        )

    def _problem(self, row: str, patient: str, problem: int, delivery: int) -> None:
        is_active = problem == ACTIVE_PROBLEM
        self._emit(
            "CareRecord_Problem",
            delivery,
            quoted(
                row, patient, self._org, "", flag(False, delivery), "" if is_active else self._day[problem], "", "",
                "", "", "", "", "Active Problem" if is_active else "Past Problem", "Significant Problem",
                self._next(delivery),
            ),
        )  # fmt: skip

    def _pressure(self, patient: str, pressure: Pressure, delivery: int) -> None:
        """A parent without a value, and a child for each number."""
        n, day, recorded, systolic, diastolic, high, low, _ = pressure
        parent = self._of(ROW, n)
        code = self._codes.code_id(BLOOD_PRESSURE, PLAIN, 0)
        self._observation((parent, patient, self._org), (day, recorded, n), (code, "", ""), (delivery, False, False))
        for number, concept, value in ((n + 1, systolic, high), (n + 2, diastolic, low)):
            code = self._codes.code_id(concept, PLAIN, number)
            ids = (self._of(ROW, number), patient, self._org)
            self._observation(ids, (day, recorded, n), (code, value, concept.unit), (delivery, False, False), parent)

    def _medication(
        self, patient: str, drug: Medication, delivery: int, courses: dict[str, int], gone: bool = False
    ) -> None:
        day, entered = self._day[drug.day], self._day[drug.recorded]
        code = self._codes.code_id(drug.concept, PLAIN, 0)
        kind = "Acute" if drug.source != REPEAT else "Repeat Dispensing" if drug.n % 9 == 0 else "Repeat"
        course = courses.get(code)
        who, false = self._clinician, flag(False, delivery)
        if course is None:
            course = courses[code] = drug.n
            self._emit(
                "Prescribing_DrugRecord",
                delivery,
                quoted(
                    self._of(COURSE, course), patient, self._org, day, "YMD", entered, "09:15:00", who, who, code,
                    "As directed", "28.000", "tablet", "", kind, flag(True, delivery), "", "", "", false, false, "",
                    self._next(delivery),
                ),
            )  # fmt: skip
        if drug.source in ISSUED:
            self._emit(
                "Prescribing_IssueRecord",
                delivery,
                f'"{self._of(ROW, drug.n)}","{patient}","{self._org}","{self._of(COURSE, course)}","{day}","YMD",'
                f'"{entered}",'
                f'"09:15:00","{who}","{who}","{code}","As directed","28.000","tablet","","28","1.25","{false}","",'
                '"","","","",'
                f'"{false}","{false}","","","","","","Print","{flag(gone, delivery)}","{self._next(delivery)}"\r\n',
            )

    def _slot(self, patient: str, slot: Appointment, delivery: int, deleted: str) -> None:
        if slot.mark == SHARED:
            return
        n, status = slot.n, slot.status
        sent_in, left, word = times(status, n)
        true_or_false = flag(status == "dna", delivery)
        false = flag(False, delivery)
        self._emit(
            "Appointment_Slot",
            delivery,
            f'"{self._of(ROW, n)}","{self._day[slot.day]}","09:{n % 6}0:00","10",'
            f'"{"" if status == "cancelled" else patient}",'
            f'"{sent_in}","{left}","{true_or_false}","","","","{self._org}",'
            f'"{self._of(SESSION, ROLES[slot.role])}","",'
            f'"{self._day[slot.recorded]}","08:30:00","{word}","Routine","{false}",'
            f'"{"Online" if slot.online else "Practice"}","","",'
            f'"{MODES[slot.mode]}","{false}","","","","","{deleted}","{self._next(delivery)}"\r\n',
        )

    def _slot_of_nobody(self, number: int) -> None:
        """An unbooked slot, or one of a patient who is not in the extract."""
        patient = "" if number % 2 else self._of(PATIENT, 990_000_000 + number)
        slot = Appointment(
            990_000_000 + number,
            self._world.today - 5 - number,
            self._world.today - 30,
            "dna",
            "telephone",
            "gp",
            False,
        )
        self._slot(patient, slot, SECOND, "FALSE")

    def _consultation(self, patient: str, contact: Consultation, delivery: int, deleted: str) -> None:
        if not contact.is_clinical:
            return
        day, who = self._day[contact.day], self._clinician
        self._emit(
            "CareRecord_Consultation",
            delivery,
            f'"{self._of(ROW, contact.n)}","{patient}","{self._org}","{day}","YMDT","{day}","09:15:00","{who}",'
            f'"{who}","","{MODES[contact.mode]}","","{flag(True, delivery)}","","{deleted}",'
            f'"{flag(False, delivery)}","{self._next(delivery)}"\r\n',
        )

    def _referral(self, patient: str, referral: Referral, delivery: int, gone: bool) -> None:
        self._event(patient, Event(referral.n, referral.day, referral.recorded, referral.concept), delivery, "", gone)
        fields = [self._of(ROW, referral.n), patient, self._org, "", "Routine", "Outpatient", "Written", *[""] * 12]
        self._emit(
            "CareRecord_ObservationReferral", delivery, quoted(*fields, flag(False, delivery), self._next(delivery))
        )


def _header(table: str, delivery: int) -> str:
    return quoted(*header(table, delivery))
