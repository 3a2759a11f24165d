"""People as rows of a SystmOne Strategic Reporting extract."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random

from tests.layout_rows.facts import Carried, Row, Value
from tests.layout_rows.limits import TPP
from tests.layout_rows.planting import Cells, Planting, Sent, Way
from tests.layout_rows.spelling import DMD, Spelling

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_STATUSES = {
    "dna": ("Did Not Attend", "did not attend (late)", "No Access Visit"),
    "booked": ("Booked", "Booked by phone"),
    "arrived": ("Arrived", "Waiting"),
    "in_progress": ("In Progress",),
    "completed": ("Finished",),
    "cancelled": ("Cancelled by Patient", "Cancelled", "Rejected"),
    "walked_out": ("Patient Walked Out",),
    "other": ("Blocked", "NULL"),
}
_GMS = ("GMS", "Standard", "GMS,Contraception", "Contraception , GMS", "Maternity, GMS ,Other")
_LISTS = {text: str(901 + place) for place, text in enumerate((*_GMS[:4], *(s[0] for s in _STATUSES.values())))}
"""Texts that may stand as a number into the list."""
_ELSEWHERE = "ZZ9HUB"
_OWN_KEY = dict.fromkeys(
    (
        *("SRPatient", "SRPatientRegistration", "SRCode", "SRProblem", "SRPrimaryCareMedication", "SRImmunisation"),
        *("SRAppointment", "SREvent", "SRReferralOut"),
    ),
    "RowIdentifier",
)
_OF_ANY_UNIT = {"SRPatientRegistration", "SRCode", "SRAppointment", "SREvent"}
_APART = 10**15


def stamp(day: date, time: str) -> str:
    """A day as the extract writes it."""
    return f"{day.day:02d} {_MONTHS[day.month - 1]} {day.year:04d}{time}"


def _renamed(cell: str, number: int) -> str:
    return str(int(cell) + number * _APART)


def lists() -> list[Sent]:
    """The texts of lists that stand as numbers, which all practices share."""
    newest = [Sent("SRMapping", {"RowIdentifier": number, "Mapping": text}) for text, number in _LISTS.items()]
    older = [Sent("SRMapping", {"RowIdentifier": number, "Mapping": "Applied"}, 1) for number in _LISTS.values()]
    return [*newest, *older]


class Writer:
    """Writes the rows of one practice.

    Args:
        carried: its people.
    """

    def __init__(self, carried: Carried) -> None:
        self._carried = carried
        self._random = Random(f"{TPP} rows {carried.practice.code}")
        self._spelling = Spelling(TPP, self._random)
        self._rows: list[Sent] = []

    def rows(self) -> list[Sent]:
        """Every row, and what is planted among them."""
        for name, write in (
            ("patient", self._patient),
            ("event", self._event),
            ("medication", self._medication),
            ("immunisation", self._immunisation),
            ("appointment", self._appointment),
            ("consultation", self._consultation),
            ("referral", self._referral),
        ):
            for row in self._carried.tables[name]:
                write(row)
        return Planting(self._way(), self._random, self._rows).all()

    # --- tables ---

    def _patient(self, row: Row) -> None:
        spelling, today = self._spelling, self._carried.practice.reference_date
        tomorrow = stamp(today + timedelta(days=1), " 00:00")
        born = self._carried.born[int(str(row["patient_id"]))]
        cells: Cells = {
            "DateBirth": stamp(born, spelling.pick(" 00:00", " 13:45")) if born is not None else self._nothing(),
            "DateDeath": tomorrow if spelling.chance(20) else self._nothing(),
            "Gender": spelling.pick("U", "", "u ") if row["sex"] == "U" else spelling.text(str(row["sex"])),
            "TestPatient": spelling.flag(False),
        }
        self._rows.append(Sent("SRPatient", {**self._key(row["patient_id"]), **cells}))
        registered = row["registered_on"]
        if not isinstance(registered, date):
            raise TypeError("only a registered patient can be written")
        self._registration(row, 0, registered, self._nothing())
        if spelling.chance(40):  # an earlier one that is open too, as after a change of status
            self._registration(row, 1, registered - timedelta(days=400), tomorrow)
        if spelling.chance(40):
            earlier = registered - timedelta(days=30)
            self._registration(row, 2, earlier, stamp(min(registered, today), " 09:00:00"))

    def _registration(self, row: Row, place: int, start: date, end: str | None) -> None:
        status = self._spelling.random.choice(_GMS)
        listed = _LISTS.get(status) if self._spelling.chance(40) else None
        cells = {
            "DateRegistration": stamp(start, self._spelling.pick(" 00:00:00", " 09:30:00")),
            "DateDeRegistration": end,
            "RegistrationStatus": listed or self._spelling.text(status),
        }
        number = int(str(row["patient_id"])) * 3 + place
        self._add("SRPatientRegistration", row, {**self._key(number), **self._unit(own=True), **cells})

    def _event(self, row: Row) -> None:
        codes = self._spelling.codes(row["code"])
        value = row["value"]
        numeric = value is not None
        cells: Cells = {
            "DateEvent": self._day(row["event_date"]),
            "DateEventRecorded": self._day(row["recorded_date"]),
            "CTV3Code": self._code(codes.get("ctv3")),
            "SNOMEDCode": self._concept(codes),
            "IsNumeric": self._spelling.flag(numeric),
            "NumericValue": str(value) if numeric else self._spelling.pick("0", "0.0", "-1", "-1.0", ""),
            "NumericUnit": None if row["unit"] is None else str(row["unit"]),
        }
        self._add("SRCode", row, {**self._key(row["event_id"]), **self._unit(own=False), **cells})
        if row["problem_status"] is not None:
            self._problem(row)

    def _problem(self, row: Row) -> None:
        today, active = self._carried.practice.reference_date, row["problem_status"] == "active"
        ended = (stamp(today, " 00:00:00"), stamp(today - timedelta(days=40), " 10:00:00"))
        going_on = (self._nothing(), stamp(today + timedelta(days=1), " 00:00:00"))
        ends = [self._random.choice(going_on if active else ended)]
        if self._spelling.chance(30):
            ends.append(ended[0])  # a problem once before
        for place, end in enumerate(ends):
            key = self._key(int(str(row["event_id"])) * 2 + place)
            self._add("SRProblem", row, {**key, "IDCode": str(row["event_id"]), "DateEnd": end})

    def _medication(self, row: Row) -> None:
        spelling, day = self._spelling, row["issue_date"]
        stands_alone = isinstance(day, date) and spelling.chance(30)
        cells: Cells = {
            "DateMedicationStart": self._nothing() if stands_alone else self._day(day),
            "DateEvent": self._day(day) if stands_alone or day is None else self._other_day(),
            "IDMultiLexDMD": self._code(None if row["code"] is None else str(row["code"])),
            "IsRepeatMedication": spelling.flag(row["issue_type"] == "repeat"),
            **{f"Is{kind}Medication": spelling.flag(False) for kind in ("Other", "Dental", "Hospital")},
        }
        self._add("SRPrimaryCareMedication", row, {**self._key(row["medication_id"]), **cells})

    def _immunisation(self, row: Row) -> None:
        codes = self._spelling.codes(row["code"])
        cells = {
            "DateEvent": self._day(row["given_date"]),
            "ImmsReadCode": self._code(codes.get("ctv3")),
            "ImmsSNOMEDCode": self._concept(codes),
        }
        self._add("SRImmunisation", row, {**self._key(row["immunisation_id"]), **cells})

    def _appointment(self, row: Row) -> None:
        status = self._spelling.random.choice(_STATUSES[str(row["status"])])
        listed = _LISTS.get(status) if self._spelling.chance(40) else None
        cells = {
            "DateStart": self._day(row["start_date"]),
            "DateAppointmentBooked": self._day(row["booked_date"]),
            "AppointmentStatus": listed or self._spelling.text(status, status.upper()),
            "TelephoneAppointment": self._spelling.flag(row["mode"] == "telephone"),
        }
        self._add("SRAppointment", row, {**self._key(row["appointment_id"]), **self._unit(own=True), **cells})

    def _consultation(self, row: Row) -> None:
        cells = {"DateEvent": self._day(row["consultation_date"]), "ClinicalEvent": self._spelling.flag(True)}
        self._add("SREvent", row, {**self._key(row["consultation_id"]), **self._unit(own=True), **cells})

    def _referral(self, row: Row) -> None:
        codes = self._spelling.codes(row["code"])
        cells = {
            "DateEvent": self._day(row["referral_date"]),
            "PrimaryDiagnosis": self._code(codes.get("ctv3")),
            "SNOMEDPrimaryDiagnosis": self._concept(codes),
        }
        self._add("SRReferralOut", row, {**self._key(row["referral_id"]), **cells})

    # --- cells ---

    def _add(self, table: str, row: Row, cells: Cells) -> None:
        patient = {} if table == "SRProblem" else {"IDPatient": str(row["patient_id"])}
        self._rows.append(Sent(table, {**patient, **cells}))

    def _key(self, number: Value) -> Cells:
        code = self._carried.practice.code
        visible = self._spelling.text(code, code, code.lower())
        removed = self._spelling.pick("0", "0", "", "FALSE")
        return {"RowIdentifier": str(number), "IDOrganisationVisibleTo": visible, "RemovedData": removed or None}

    def _unit(self, *, own: bool) -> Cells:
        code = self._carried.practice.code
        here = self._spelling.random.choice((code, code.lower(), f"{code} ", "", None, "NULL"))
        return {"IDOrganisation": here if own or self._spelling.chance(70) else "NQ123"}

    def _nothing(self) -> str | None:
        return "NULL" if self._spelling.chance(20) else self._spelling.nothing()

    def _code(self, code: str | None) -> str | None:
        return self._nothing() if code is None else self._spelling.text(code)

    def _concept(self, codes: dict[str, str]) -> str | None:
        if "snomed" not in codes and self._spelling.chance(50):
            return self._spelling.pick("-1", "0")  # not mapped
        return self._code(codes.get("snomed"))

    def _day(self, day: Value) -> str | None:
        if isinstance(day, date):
            return stamp(day, self._spelling.pick(" 00:00:00", " 23:59:59", " 14:53:28"))
        return self._nothing()

    def _other_day(self) -> str | None:
        return self._day(self._spelling.random.choice((date(2020, 2, 29), None)))

    def _way(self) -> Way:
        today = self._carried.practice.reference_date
        tomorrow = stamp(today + timedelta(days=1), " 00:00:00")
        dated: Cells = {"DateEvent": tomorrow}
        later: dict[str, Cells] = {
            **dict.fromkeys(("SRCode", "SRImmunisation", "SREvent", "SRReferralOut"), dated),
            "SRPrimaryCareMedication": {"DateMedicationStart": tomorrow},
            "SRAppointment": {"DateStart": tomorrow},
            "SRPatientRegistration": {"DateRegistration": tomorrow},
        }
        patient = {table: "IDPatient" for table in _OWN_KEY if table not in {"SRPatient", "SRProblem"}}
        ids = dict.fromkeys(_OWN_KEY, ("RowIdentifier", "IDPatient"))
        return Way(
            keys=_OWN_KEY,
            ids=ids | {"SRPatient": ("RowIdentifier",), "SRProblem": ("RowIdentifier", "IDCode")},
            patient=patient | {"SRPatient": "RowIdentifier", "SRPatientRemovedByContentFilter": "IDPatient"},
            practice=dict.fromkeys(_OWN_KEY, "IDOrganisationVisibleTo"),
            renamed=_renamed,
            deleted=lambda table: (
                {"RemovedData": "1", "IDOrganisation": None, "DateEvent": None}
                if table == "SRCode"
                else {"RemovedData": "1"}
            ),
            later=later.get,
            hidden=lambda random, row: _hidden(random, row.table, stamp(today, " 00:00:00")),
            nobody=_nobody(today),
            strangers=(_ELSEWHERE, "ZZ9COM"),
        )


def _hidden(random: Random, table: str, today: str) -> Cells | None:
    elsewhere: Cells = {"IDOrganisation": "NQ123"}
    prescribed_elsewhere = ("IsOtherMedication", "IsDentalMedication", "IsHospitalMedication")
    match table:
        case "SRPatientRegistration":
            other: Cells = {"RegistrationStatus": random.choice(("Temporary", "Applied,Private", "NOTGMS", ""))}
            return {**random.choice((elsewhere, other)), "DateRegistration": today}
        case "SRAppointment":
            return elsewhere
        case "SREvent":
            return random.choice((elsewhere, {"ClinicalEvent": random.choice(("FALSE", "0", ""))}))
        case "SRPrimaryCareMedication":
            marked: Cells = {random.choice(prescribed_elsewhere): "TRUE"}
            return marked
        case _:
            return None


def _nobody(today: date) -> tuple[dict[str, Cells], ...]:
    yesterday = today - timedelta(days=1)
    died = tuple({"SRPatient": {"DateDeath": stamp(day, " 00:00")}} for day in (today, yesterday))
    left = tuple(
        {"SRPatientRegistration": {"DateDeRegistration": stamp(day, " 00:00:00")}} for day in (today, yesterday)
    )
    typed = tuple(
        {"SRPatientRegistration": {"RegistrationStatus": status}}
        for status in ("Temporary", "Private", "NOT GMS", "GMSX,Other", "")
    )
    return (
        *(*died, *left, *typed),
        {"SRPatient": {"TestPatient": "TRUE"}},
        {"SRPatient": {"RemovedData": "1"}},
        {"SRPatientRegistration": {"RemovedData": "TRUE"}},
        {"SRPatientRegistration": {"IDOrganisation": "NQ123"}},
        {"SRPatientRemovedByContentFilter": {}},
    )


__all__ = ["DMD", "Writer", "lists", "stamp"]
