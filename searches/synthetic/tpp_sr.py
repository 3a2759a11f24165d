"""Writes the practice as TPP delivers it: a folder per delivery, a CSV per `SR` table in Windows-1252, a manifest.

    20260303_2130/SRManifest.csv  20260303_2130/SRCode.csv  ...

What is done to it on purpose: rows removed with RemovedData, a column that only delta files have; immunisations re-sent
whole in the second delivery, where what is missing is gone; entries typed in by a community service; registrations and
appointments of other organisations; another unit with rows under the same patient ids; -1, empty and the word NULL
for nothing; placeholders where IsNumeric is FALSE; lists as text at first and as numbers later; hospital, dental and
other prescribing.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from pathlib import Path

from searches.synthetic.deliveries import FULL, LAST, SECOND, DayTexts, tpp_days
from searches.synthetic.files import Files, quoted
from searches.synthetic.identities import Identities
from searches.synthetic.model import (
    ACTIVE_PROBLEM,
    CONFIDENTIAL,
    DENTAL,
    GMS,
    HOSPITAL,
    LESS_THAN,
    NEVER_ISSUED,
    NO_NUMBER,
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
    Referral,
    Row,
    Spell,
)
from searches.synthetic.tpp_headers import TABLES, header
from searches.synthetic.tpp_words import (
    APPOINTMENT_STATUSES,
    STATUS_IDS,
    codes_of,
    is_full,
    registration_status,
    write_reference,
)
from searches.synthetic.world import COMMUNITY, ELSEWHERE, OTHER_UNIT, World


def write_tpp_sr(world: World, people: Iterable[Person], out: Path, identities: Identities) -> dict[str, int]:
    """Write three deliveries of the Strategic Reporting extract.

    Returns:
        Rows per file name, over the deliveries.
    """
    writer = _Tpp(world, out, identities)
    for person in people:
        writer.person(person)
    return writer.close()


class _Tpp:
    def __init__(self, world: World, out: Path, identities: Identities) -> None:
        self._world = world
        self._code = world.code
        self._identities = identities
        self._day = tpp_days()
        self._timed = DayTexts(lambda day: self._day[day.toordinal()][:12] + "14:53:28")
        self._deliveries = world.deliveries
        self._files = Files(lambda table, delivery: out / self._folder(delivery) / f"{table}.csv", _header, "cp1252")
        for delivery in (FULL, SECOND, LAST):
            for table in TABLES:
                self._files.touch(table, delivery)

    def person(self, person: Person) -> None:
        """Write everything of one person."""
        n, chart, first = person.n, person.chart, self._deliveries.first_with
        self._enrol(person)
        for event in chart.events:
            self._event(n, event, first(event.recorded), False)
        for pressure in chart.pressures:
            self._pressure(n, pressure, first(pressure.recorded), False)
        for medication in chart.medications:
            self._medication(n, medication, first(medication.recorded), False)
        plain: list[Row] = [*chart.appointments, *chart.consultations, *chart.referrals]
        for row in plain:
            self._record(n, row, first(row.recorded), False)
        for immunisation in chart.immunisations:
            self._whole(n, immunisation, first(immunisation.recorded))
        self._stories(person)
        for event in person.elsewhere:
            self._event(n, event, FULL, False, OTHER_UNIT)
        if person.withheld:
            for delivery in (FULL, SECOND, LAST):
                self._files.row("SRPatientRemovedByContentFilter", delivery, quoted(n))

    def _stories(self, person: Person) -> None:
        n, chart = person.n, person.chart
        for story in chart.stories:
            contents = list(story.contents())
            if isinstance(contents[0][1], Immunisation):
                self._immunisation_story(n, contents)
                continue
            in_full = [entry for entry in contents if entry[0] == FULL][
                -1:
            ]  # a full file holds a row once, or not at all
            for delivery, row, gone in (*in_full, *(entry for entry in contents if entry[0] != FULL)):
                self._record(n, row, delivery, gone)

    def close(self) -> dict[str, int]:
        """Write the reference tables and the manifests, and the files."""
        for delivery in (FULL, SECOND, LAST):
            write_reference(self._code, self._folder, partial(self._files.row, delivery=delivery), delivery)
        self._files.close()
        return dict(self._files.counts)

    def _folder(self, delivery: int) -> str:
        return f"{self._deliveries.date(delivery).isoformat().replace('-', '')}_2130"

    def _put(self, table: str, delivery: int, line: str, gone: bool) -> None:
        """Add a row; in a delta file the last column says whether it is removed."""
        if not is_full(table, delivery):
            line = f'{line[:-2]},"{"1" if gone else "0"}"\r\n'
        elif gone:
            return
        self._files.row(table, delivery, line)

    def _enrol(self, person: Person) -> None:
        last: Enrolment | None = None
        for delivery, enrolment in person.enrolments:
            last = enrolment or last
            if last is None:
                continue
            self._patient(person, last, delivery, enrolment is None)
            if enrolment is not None:  # a removal is not passed on to the other rows of the patient
                status = registration_status(last.kind, person.n)
                self._registration((person.n, 0), Spell(last.start, last.end), status, delivery)
        for place, spell in enumerate(person.past, start=1):
            self._registration((person.n, place), spell, "GMS", FULL)
        for place, spell in enumerate(person.shared, start=5):
            self._registration((person.n, place), spell, "GMS", FULL, ELSEWHERE)
        if person.elsewhere:
            self._patient(person, Enrolment(GMS, 0), FULL, False, OTHER_UNIT)
            there = Spell(self._world.today - 190, 0)
            self._registration((person.n, 9), there, "GMS", FULL, OTHER_UNIT, OTHER_UNIT)

    def _patient(self, person: Person, now: Enrolment, delivery: int, gone: bool, visible_to: str = "") -> None:
        who, n = self._identities(person.n), person.n
        born = self._day[person.born][:12] + ("07:41" if n % 4 == 0 else "00:00")
        died = self._day[now.died][:17] if now.died else "NULL" if n % 6 == 0 else ""
        line = quoted(
            n, visible_to or self._code, who.title, who.forename, "", who.surname, "", who.nhs_number, born, died, "",
            person.sex, "TRUE", who.email, "TRUE" if now.is_test else "FALSE", "", "TRUE",
        )  # fmt: skip
        self._put("SRPatient", delivery, line, gone)

    def _registration(  # noqa: PLR0913, PLR0917 (the columns that differ)
        self, ids: tuple[int, int], spell: Spell, status: str, delivery: int, org: str = "", visible_to: str = ""
    ) -> None:
        n, place = ids
        start, end = self._day[spell.start], self._day[spell.end] or ("NULL" if n % 6 == 1 else "")
        row = n * 10 + place
        here = visible_to or self._code
        line = quoted(row, here, start, 1, start, end, status, "", n, org or self._organisation(row, here), here)
        self._put("SRPatientRegistration", delivery, line, False)

    def _organisation(self, n: int, here: str = "") -> str:
        """Where a row was typed in; what is left empty, or filled with the word NULL, was typed in here."""
        chance = n % 37
        return "" if chance == 5 else "NULL" if chance == 11 else here or self._code

    def _record(self, n: int, row: Row, delivery: int, gone: bool) -> None:
        match row:
            case Event():
                self._event(n, row, delivery, gone)
            case Medication():
                self._medication(n, row, delivery, gone)
            case Appointment():
                self._appointment(n, row, delivery, gone)
            case Consultation():
                self._contact(n, row, delivery, gone)
            case Referral():
                self._referral(n, row, delivery, gone)
            case Pressure():
                self._pressure(n, row, delivery, gone)
            case Immunisation():
                self._immunisation(n, row, delivery, gone)

    def _event(self, patient: int, event: Event, delivery: int, gone: bool, visible_to: str = "") -> None:
        n, day, recorded, concept, value, problem, mark = event
        if mark == CONFIDENTIAL and not concept.name.startswith("type1"):
            return
        here = visible_to or self._code
        org = COMMUNITY if mark == SHARED or n % 31 == 3 else self._organisation(n, here)
        ctv3, snomed = codes_of(concept, mark, n)
        self._code_row(
            (n, patient, here, org), (day, recorded), (ctv3, snomed), (value, concept.unit, mark), (delivery, gone)
        )
        if problem and not gone:
            end = "" if problem == ACTIVE_PROBLEM else self._day[problem]
            on = self._day[day]
            line = quoted(n, here, on, on, 1, 1, "", here, ctv3, end, "", n, -1, patient, -1, org, here)
            self._put("SRProblem", delivery, line, False)

    def _code_row(
        self,
        ids: tuple[int, int, str, str],
        when: tuple[int, int],
        codes: tuple[str, str],
        what: tuple[str, str, int],
        sent: tuple[int, bool],
    ) -> None:
        n, patient, here, org = ids
        day, recorded = when
        value, unit, mark = what
        if value:
            numeric, number, unit = "TRUE", f"{value}.0" if "." not in value else value, unit or "1"
        else:
            number = ("0", "-1", "0.0", "-1.0")[n % 4] if mark != NO_NUMBER else "-1"
            numeric, unit = "FALSE", "NULL" if n % 5 == 0 else ""
        on = (self._timed if n % 3 == 0 else self._day)[day]
        line = (
            f'"{n}","{here}","{self._timed[recorded]}","{on}","1","1","","{here}","{codes[0]}","","{codes[1]}","",'
            f'"{"<" if mark == LESS_THAN else ""}","{numeric}","{number}","{unit}","","-1","-1","-1","{patient}",'
            '"-1","-1","-1",'
            f'"{org}","{here}"\r\n'
        )
        self._put("SRCode", sent[0], line, sent[1])

    def _pressure(self, patient: int, pressure: Pressure, delivery: int, gone: bool) -> None:
        """Two codes that nothing joins but the day."""
        n, day, recorded, systolic, diastolic, high, low, mark = pressure
        for number, concept, value in ((n + 1, systolic, high), (n + 2, diastolic, low)):
            ids = number, patient, self._code, self._organisation(number)
            codes = codes_of(concept, PLAIN, number)
            self._code_row(ids, (day, recorded), codes, (value, concept.unit, mark), (delivery, gone))

    def _medication(self, patient: int, drug: Medication, delivery: int, gone: bool) -> None:
        n, day, recorded, concept, source = drug
        here, entered = self._code, self._day[recorded]
        if source == NEVER_ISSUED:
            line = quoted(
                n, here, entered, entered, 1, 1, "", here, -1, -1, concept.dmd, concept.label, entered, "", "",
                "As directed", "28 tablets", "6", "28", "", -1, -1, patient, here, here,
            )  # fmt: skip
            self._put("SRRepeatTemplate", delivery, line, gone)
            return
        name = concept.label if concept.dmd else f"TEXTUAL DRUG : {concept.label}"
        start = "" if day == recorded and n % 5 == 0 else self._day[day]
        flags = ",".join(
            f'"{"TRUE" if source == kind else "FALSE"}"' for kind in (REPEAT, OTHER_SOURCE, DENTAL, HOSPITAL)
        )
        line = (
            f'"{n}","{here}","{entered}","{entered}","1","1","","{here}","-1","-1","{concept.dmd}","{name}","{start}","",'
            f'"As directed","28 tablets","FALSE","-1","-1",{flags},"-1","-1","-1","{patient}",'
            f'"{self._organisation(n)}","{here}"\r\n'
        )
        self._put("SRPrimaryCareMedication", delivery, line, gone)

    def _whole(self, patient: int, row: Immunisation, first: int) -> None:
        """A row of a table that the second delivery sends whole."""
        self._immunisation(patient, row, first, False)
        if first == FULL:
            self._immunisation(patient, row, SECOND, False)

    def _immunisation_story(self, patient: int, contents: list[tuple[int, Row, bool]]) -> None:
        before = [entry for entry in contents if entry[0] <= SECOND]
        for delivery, row, gone in contents:
            if delivery != SECOND and isinstance(row, Immunisation):
                self._immunisation(patient, row, delivery, gone)
        _, row, gone = before[-1]
        if isinstance(row, Immunisation):
            self._immunisation(patient, row, SECOND, gone)

    def _immunisation(self, patient: int, row: Immunisation, delivery: int, gone: bool) -> None:
        if not row.given:
            return
        on, here = self._day[row.day], self._code
        ctv3, snomed = codes_of(row.concept, PLAIN, row.n)
        org = COMMUNITY if row.n % 31 == 3 else self._organisation(row.n)
        line = (
            f'"{row.n}","{here}","{on}","{on}","1","1","","{here}","-1","1","1","Left arm","Intramuscular","",'
            f'"{ctv3}","{snomed}","1",'
            f'"","","GMS","-1","{patient}","{org}","{here}"\r\n'
        )
        self._put("SRImmunisation", delivery, line, gone)

    def _appointment(self, patient: int, slot: Appointment, delivery: int, gone: bool) -> None:
        n, day, recorded, status, mode, role, _, mark = slot
        here, on = self._code, self._day[day][:12]
        text = APPOINTMENT_STATUSES[status][n % 3]
        named = text if delivery == FULL else str(STATUS_IDS[text])
        org = COMMUNITY if mark == SHARED else self._organisation(n)
        seen = f"{on}09:12:00" if status == "completed" else ""
        cancelled = self._day[day - 1] if status == "cancelled" else ""
        profile = {"gp": 1, "nurse": 2}.get(role, 3)
        line = (
            f'"{n}","{here}","{on}09:{n % 6}0:00","{on}09:{n % 6}9:00","{named}","{self._day[recorded]}","{seen}",'
            f'"{seen}","FALSE",'
            f'"{"TRUE" if mode == "telephone" else "FALSE"}","{profile}","{profile}","Routine","Timed","Surgery","",'
            '"1","1","FALSE",'
            f'"","{cancelled}","1","-1","{patient}","{org}","{here}"\r\n'
        )
        self._put("SRAppointment", delivery, line, gone)

    def _contact(self, patient: int, contact: Consultation, delivery: int, gone: bool) -> None:
        on, here = self._timed[contact.day], self._code
        line = (
            f'"{contact.n}","{here}","{on}","{on}","1","1","1","","{here}","-1","-1","Surgery","{contact.mode}","FALSE",'
            f'"{"TRUE" if contact.is_clinical else "FALSE"}","-1","{patient}","{self._organisation(contact.n)}",'
            f'"-1","","{here}"\r\n'
        )
        self._put("SREvent", delivery, line, gone)

    def _referral(self, patient: int, referral: Referral, delivery: int, gone: bool) -> None:
        on, here = self._timed[referral.day], self._code
        line = quoted(
            referral.n, here, on, on, 1, 1, "", here, "Outpatient", "Opinion", 1, "", "FALSE", "Routine",
            referral.concept.ctv3, referral.concept.snomed, "", "", -1, patient, here, "", here,
        )  # fmt: skip
        self._put("SRReferralOut", delivery, line, gone)


def _header(table: str, delivery: int) -> str:
    columns = header(table)
    return quoted(*columns) if is_full(table, delivery) else quoted(*columns, "RemovedData")
