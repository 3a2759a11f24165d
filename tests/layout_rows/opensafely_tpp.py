"""People as rows of the OpenSAFELY-TPP database: typed, one row for each record, of many practices together."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from random import Random

from tests.layout_rows.facts import Carried, Row, Value
from tests.layout_rows.limits import OPENSAFELY
from tests.layout_rows.planting import Cells, Sent
from tests.layout_rows.spelling import Spelling

_NEVER, _UNKNOWN = datetime(9999, 12, 31), datetime(1900, 1, 1)  # noqa: DTZ001 - the database has no time zone
_SNOMED, _CTV3 = 0, 2
_STATUSES = {
    "booked": (0, 5),
    "arrived": (1, 9),
    "dna": (2, 14),
    "in_progress": (3,),
    "completed": (4,),
    "cancelled": (10, 11, 12, 15),
    "walked_out": (16,),
    "other": (6, 8, 17, 26),
}
_OWN_STATUSES, _OF_OTHERS = (0, 4, 8), (10, 11)
_ELSEWHERE, _NOT_ACKNOWLEDGED = 999_998, 999_999
_NOBODY, _LATER, _HIDDEN = 250, 500, 750
"""Added to a number for another row like it; the numbers of practices are less."""


class Writer:
    """Writes the rows of one practice, and around them those that must not count.

    Args:
        carried: its people.
    """

    def __init__(self, carried: Carried) -> None:
        self._carried = carried
        self._today = carried.practice.reference_date
        self._random = Random(f"{OPENSAFELY} rows {carried.practice.code}")
        self._spelling = Spelling(OPENSAFELY, self._random)
        self._here = int(carried.practice.code[1:])
        self._rows: list[Sent] = []

    def rows(self) -> list[Sent]:
        """Every row, in an order of which nothing may depend."""
        tables = self._carried.tables
        nobody = {row["patient_id"] for row in tables["patient"] if self._spelling.chance(50)}
        for moved in (0, _NOBODY):
            for name, write in (
                ("patient", self._patient if not moved else self._no_patient),
                ("event", self._event),
                ("medication", self._medication),
                ("immunisation", self._immunisation),
                ("appointment", self._appointment),
                ("consultation", self._consultation),
            ):
                for row in tables[name]:
                    if not moved or row["patient_id"] in nobody:
                        write(row, moved)
        self._add("DirectionsAcknowledged", Organisation_ID=self._here)
        self._random.shuffle(self._rows)
        return self._rows

    # --- patients ---

    def _patient(self, row: Row, moved: int) -> None:
        number = int(str(row["patient_id"])) + moved
        self._person(row, moved, self._later() if self._spelling.chance(20) else _NEVER)
        start = row["registered_on"]
        if not isinstance(start, date):
            raise TypeError("only a registered patient can be written")
        end = self._later() if self._spelling.chance(30) else _NEVER
        self._registration(number, 0, self._here, start, end)
        if self._spelling.chance(50):  # a former one that is still open, here or elsewhere
            self._registration(number, 1, self._random.choice((self._here, _ELSEWHERE)), start - timedelta(400), _NEVER)
        if self._spelling.chance(40):  # a shorter one of the same day
            shorter = datetime.combine(self._today + timedelta(days=1), time()) if end == _NEVER else end
            if shorter != end:
                self._registration(number, 2, _ELSEWHERE, start, shorter)
        if self._spelling.chance(40):  # one that has ended, and one to come
            self._registration(number, 3, self._here, start, datetime.combine(self._today, time()))
            self._registration(number, 4, _ELSEWHERE, self._today + timedelta(days=1), _NEVER)

    def _no_patient(self, row: Row, moved: int) -> None:
        """Somebody like it who is no patient today."""
        number = int(str(row["patient_id"])) + moved
        yesterday = datetime.combine(self._today - timedelta(days=1), time())
        why = self._random.choice(("dead", "left", "left today", "elsewhere", "moved", "not yet", "not acknowledged"))
        self._person(row, moved, yesterday if why == "dead" else _NEVER)
        start = date(2010, 1, 1) if why != "not yet" else self._today + timedelta(days=1)
        end = {"left": yesterday, "left today": datetime.combine(self._today, time())}.get(why, _NEVER)
        where = {"elsewhere": _ELSEWHERE, "not acknowledged": _NOT_ACKNOWLEDGED}.get(why, self._here)
        self._registration(number, 0, where, start, end)
        if why == "moved":
            self._registration(number, 1, _ELSEWHERE, self._today, _NEVER)

    def _person(self, row: Row, moved: int, died: datetime) -> None:
        sex = self._spelling.pick("U", "", "X") if row["sex"] == "U" else self._spelling.pick(str(row["sex"]))
        number = int(str(row["patient_id"]))
        born = self._carried.born[number]
        self._add("Patient", Patient_ID=number + moved, DateOfBirth=born, DateOfDeath=died.date(), Sex=sex)

    def _registration(self, number: int, place: int, where: int, start: date, end: datetime) -> None:
        cells = {"Registration_ID": number * 5 + place, "Organisation_ID": where, "Patient_ID": number}
        self._add("RegistrationHistory", **cells, StartDate=self._moment(start), EndDate=end)

    # --- their records ---

    def _event(self, row: Row, moved: int) -> None:
        codes = self._spelling.codes(row["code"])
        value = row["value"]
        cells = self._of(row, "CodedEvent_ID", row["event_id"], moved)
        cells |= {"ConsultationDate": self._event_day(row["event_date"])}
        cells |= {"NumericValue": float(value) if isinstance(value, Decimal) else 0.0}
        ctv3 = codes.get("ctv3")
        as_local = ctv3 is not None and "snomed" not in codes and self._spelling.chance(40)
        sent = []
        if "snomed" in codes or as_local or (not codes and self._spelling.chance(50)):
            system, concept = (_CTV3, ctv3) if as_local else (_SNOMED, codes.get("snomed", ""))
            sent.append(("CodedEvent_SNOMED", {"CodeSystemId": system, "ConceptId": self._code(concept)}))
        if (ctv3 is not None and not (as_local and self._spelling.chance(50))) or not sent:
            sent.append(("CodedEvent", {"CTV3Code": self._code(ctv3)}))
        for table, coded in sent:
            self._add(table, **cells, **coded)
        if not moved and self._spelling.chance(15):
            tomorrow = {**cells, "CodedEvent_ID": cells["CodedEvent_ID"] + _LATER, "ConsultationDate": self._later()}
            self._add(sent[0][0], **tomorrow, **sent[0][1])

    def _medication(self, row: Row, moved: int) -> None:
        cells = self._of(row, "MedicationIssue_ID", row["medication_id"], moved)
        number = cells["MedicationIssue_ID"]
        drug = f"{number};0;0"
        if row["code"] is not None or self._spelling.chance(50):
            none = self._spelling.pick("", "MULTIPLE_DMD_MAPPING", " ")
            product = none if row["code"] is None else self._code(str(row["code"]))
            self._add("MedicationDictionary", MultilexDrug_ID=self._spelling.pick(drug, f"{drug} "), DMD_ID=product)
        repeat = number if row["issue_type"] == "repeat" else self._random.choice((0, -1))
        cells |= {"MultilexDrug_ID": drug, "RepeatMedication_ID": repeat}
        cells |= {"ConsultationDate": self._event_day(row["issue_date"])}
        self._add("MedicationIssue", **cells, MedicationStatus=self._random.choice(_OWN_STATUSES))
        others = {**cells, "MedicationIssue_ID": number + _HIDDEN}
        if not moved and self._spelling.chance(20):
            self._add("MedicationIssue", **others, MedicationStatus=self._random.choice(_OF_OTHERS))
        if not moved and self._spelling.chance(10):
            tomorrow = {**cells, "MedicationIssue_ID": number + _LATER, "ConsultationDate": self._later()}
            self._add("MedicationIssue", **tomorrow, MedicationStatus=0)

    def _immunisation(self, row: Row, moved: int) -> None:
        cells = self._of(row, "Vaccination_ID", row["immunisation_id"], moved)
        self._add("Vaccination", **cells, VaccinationDate=self._event_day(row["given_date"]))
        if not moved and self._spelling.chance(15):
            later = {**cells, "Vaccination_ID": cells["Vaccination_ID"] + _LATER}
            self._add("Vaccination", **later, VaccinationDate=self._later())

    def _appointment(self, row: Row, moved: int) -> None:
        cells = self._of(row, "Appointment_ID", row["appointment_id"], moved)
        number = cells["Appointment_ID"]
        cells |= {"StartDate": self._moment(row["start_date"]), "BookedDate": self._moment(row["booked_date"])}
        cells |= {"Status": self._random.choice(_STATUSES[str(row["status"])]), "Organisation_ID": self._here}
        for _ in range(self._random.choice((1, 1, 2, 3))):  # exact duplicates occur
            self._add("Appointment", **cells)
        if not moved and self._spelling.chance(25):
            self._add("Appointment", **cells | {"Appointment_ID": number + _HIDDEN, "Organisation_ID": _ELSEWHERE})
        if not moved and self._spelling.chance(15):
            self._add("Appointment", **cells | {"Appointment_ID": number + _LATER, "StartDate": self._later()})

    def _consultation(self, row: Row, moved: int) -> None:
        cells = self._of(row, "Consultation_ID", row["consultation_id"], moved)
        number, patient = cells["Consultation_ID"], cells["Patient_ID"]
        cells |= {"ConsultationDate": self._event_day(row["consultation_date"])}
        self._add("Consultation", **cells, Registration_ID=patient * 5)
        if not moved and self._spelling.chance(25):
            registration = patient * 5 + 9_000_000_000
            moment = {"StartDate": datetime(2001, 1, 1), "EndDate": datetime(2002, 1, 1)}  # noqa: DTZ001
            other = {"Registration_ID": registration, "Organisation_ID": _ELSEWHERE, "Patient_ID": patient}
            self._add("RegistrationHistory", **other, **moment)
            self._add("Consultation", **cells | {"Consultation_ID": number + _HIDDEN}, Registration_ID=registration)
        if not moved and self._spelling.chance(15):
            later = {"Consultation_ID": number + _LATER, "ConsultationDate": self._later()}
            self._add("Consultation", **cells | later, Registration_ID=patient * 5)

    # --- cells ---

    def _add(self, table: str, **cells: object) -> None:
        self._rows.append(Sent(table, cells))

    def _of(self, row: Row, key: str, number: Value, moved: int) -> Cells:
        return {key: int(str(number)) + moved, "Patient_ID": int(str(row["patient_id"])) + moved}

    def _moment(self, day: Value) -> datetime:
        hour = time(self._random.choice((0, 0, 9, 23)), self._random.choice((0, 59)))
        return datetime.combine(day, hour) if isinstance(day, date) else _NEVER

    def _event_day(self, day: Value) -> datetime:
        return self._moment(day) if day is not None else self._random.choice((_NEVER, _UNKNOWN))

    def _later(self) -> datetime:
        return datetime.combine(self._today + timedelta(days=1), time())

    def _code(self, code: str | None) -> str:
        return self._spelling.text(code) if code else self._spelling.pick("", " ")


def around() -> list[Sent]:
    """What all practices share: which take part, and when the tables were built."""
    built = [Sent("LatestBuildTime", {"DtLatestBuild": datetime(2026, 4, day, 3, 12, 45)}) for day in (1, 2)]  # noqa: DTZ001
    opted_out = [Sent("PatientsWithTypeOneDissent", {"Patient_ID": number}) for number in (1, 2)]
    return [*built, *opted_out, Sent("DirectionsAcknowledged", {"Organisation_ID": _ELSEWHERE})]
