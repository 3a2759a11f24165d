"""People as rows of an EMIS Web bulk extract."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from random import Random

from tests.layout_rows.facts import Carried, Row, Value
from tests.layout_rows.limits import EMIS
from tests.layout_rows.planting import Cells, Planting, Sent, Way
from tests.layout_rows.spelling import DMD, Spelling

_IMMUNISATIONS = "Immunisations"
_OTHER_CATEGORIES = ("Symptoms and Findings", "Biological values", "Administration, documents and attachments")
_MODES = {
    "face_to_face": "Face to Face",
    "telephone": "Telephone",
    "video": "Video",
    "home_visit": "Home Visit",
    "other": "Written",
}
_STATUSES = {
    "dna": ("DNA", "Did Not Attend"),
    "arrived": ("Arrived",),
    "in_progress": ("In Progress", "Sent In"),
    "completed": ("Left", "Finished"),
    "cancelled": ("Cancelled",),
    "walked_out": ("Walked Out", "Patient Walked Out"),
    "booked": ("Booked",),
}
_ELSEWHERE = ("ODS9", "{0000ABCD-0000-4000-8000-000000000009}")
_TYPES_OF_OTHERS = ("Temporary", " Private", "Immediately Necessary", "Dummy", "Pre Registration", "Regularly seen")
_OWN_KEY = {
    "Admin_Patient": "PatientGuid",
    "CareRecord_Observation": "ObservationGuid",
    "CareRecord_Problem": "ObservationGuid",
    "CareRecord_ObservationReferral": "ObservationGuid",
    "CareRecord_Consultation": "ConsultationGuid",
    "Prescribing_DrugRecord": "DrugRecordGuid",
    "Prescribing_IssueRecord": "IssueRecordGuid",
    "Appointment_Slot": "SlotGuid",
}
_CONFIDENTIAL = {"CareRecord_Observation", "CareRecord_Consultation", "Prescribing_IssueRecord"}


def guid(number: int, spelling: Spelling | None = None) -> str:
    """A number as a GUID, whose digits keep the order of the numbers; the supplier writes several forms."""
    digits = f"{number:032x}"
    plain = "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))
    if spelling is None:
        return plain
    return spelling.text(f"{{{plain.upper()}}}", f"{{{plain.upper()}}}", plain, plain.upper())


def number_of(cell: str) -> int:
    """The number of a GUID in any form."""
    return int(cell.strip().strip("{}").replace("-", ""), 16)


def _renamed(cell: str, number: int) -> str:
    return guid(number_of(cell) + (number << 100))


class Dictionaries:
    """The supplier's dictionaries of codes, which all practices share."""

    def __init__(self) -> None:
        self.rows: list[Sent] = []
        self._spelling = Spelling(EMIS, Random("dictionaries"))

    def clinical(self, codes: Mapping[str, str], category: str) -> str:
        """The id of an entry with these codes."""
        spelling = self._spelling
        term = codes.get("emis") or self._read(codes.get("read2")) or spelling.nothing()
        if "snomed" in codes and "emis" not in codes and spelling.chance(40):
            term = "C10E-1"  # counts for nothing beside a concept
        concept = codes.get("snomed") or spelling.pick("", "-1", "0")
        return self._add(
            "Coding_ClinicalCode",
            {
                "ReadTermId": spelling.text(term) if term and term.strip() else term,
                "SnomedCTConceptId": spelling.text(concept) if concept else spelling.nothing(),
                "EmisCodeCategoryDescription": spelling.text(category, category.upper()),
            },
        )

    def _read(self, code: str | None) -> str | None:
        if code is None:
            return None
        short = code.rstrip(".") if self._spelling.chance(60) and code.strip(".") else code
        return f"{short}{self._spelling.pick('', '', '-1', '-12')}"

    def drug(self, code: Value) -> str:
        """The id of a product; nothing says which where it has no code."""
        spelling = self._spelling
        product = spelling.nothing() if code is None else spelling.text(str(code))
        return self._add("Coding_DrugCode", {"DmdProductCodeId": product})

    def _add(self, table: str, cells: Cells) -> str:
        code_id = f"{1_000_000 + len(self.rows)}006119"
        before = {column: "10000" if column != "EmisCodeCategoryDescription" else _IMMUNISATIONS for column in cells}
        self.rows.append(Sent(table, {"CodeId": self._spelling.text(code_id), "ProcessingId": "12", **cells}))
        if self._spelling.chance(25):
            self.rows.append(Sent(table, {"CodeId": code_id, "ProcessingId": "9", **before}))
            self.rows.append(Sent(table, {"CodeId": code_id, "ProcessingId": "99", **before}, delivery=1))
        return code_id


class Writer:
    """Writes the rows of one practice.

    Args:
        carried: its people.
        number: a number that no other practice has.
        dictionaries: of all practices.
    """

    def __init__(self, carried: Carried, number: int, dictionaries: Dictionaries) -> None:
        self._carried = carried
        self._random = Random(f"{EMIS} rows {carried.practice.code}")
        self._spelling = Spelling(EMIS, self._random)
        self._dictionaries = dictionaries
        self._own, self._former = ((number * 2 + which) << 64 for which in (1, 2))
        self._rows: list[Sent] = []

    def rows(self) -> list[Sent]:
        """Every row, and what is planted among them."""
        tables = self._carried.tables
        referrals = {row["referral_id"] for row in tables["referral"]}
        vaccines = {row["immunisation_id"] for row in tables["immunisation"]}
        for name, write in (
            ("patient", self._patient),
            ("medication", self._medication),
            ("appointment", self._appointment),
            ("consultation", self._consultation),
        ):
            for row in tables[name]:
                write(row)
        for row in tables["event"]:
            self._observation(
                row, _IMMUNISATIONS if row["event_id"] in vaccines else self._random.choice(_OTHER_CATEGORIES)
            )
            if row["event_id"] in referrals:
                self._add("CareRecord_ObservationReferral", row, {"ObservationGuid": self._guid(row["event_id"])})
        planted = Planting(self._way(), self._random, self._rows).all()
        return [*self._organisations(), *planted]

    # --- tables ---

    def _patient(self, row: Row) -> None:
        spelling, today = self._spelling, self._carried.practice.reference_date
        born = self._carried.born[int(str(row["patient_id"]))]
        after = spelling.pick("", "", (today + timedelta(days=1)).isoformat())
        self._add(
            "Admin_Patient",
            row,
            {
                "Sex": self._sex(row["sex"]),
                "DateOfBirth": self._day(born),
                "DateOfDeath": after or spelling.nothing(),
                "DateOfRegistration": self._day(row["registered_on"]),
                "DateOfDeactivation": after or spelling.nothing(),
                "PatientTypeDescription": spelling.text("Regular", " Regular", "REGULAR", "GMS"),
                "DummyType": spelling.flag(False),
                "SpineSensitive": spelling.flag(False),
                "IsConfidential": spelling.flag(False),
            },
        )

    def _sex(self, sex: Value) -> str | None:
        if sex == "U":
            return self._spelling.pick("U", "u ", "", "X")
        return self._spelling.text(str(sex), str(sex).lower())

    def _observation(self, row: Row, category: str) -> None:
        guid_ = self._guid(row["event_id"])
        none = row["code"] is None and category != _IMMUNISATIONS and self._spelling.chance(50)
        code_id = self._spelling.pick("", "404") if none else self._clinical(row["code"], category)
        cells = {
            "ObservationGuid": guid_,
            **self._effective(row["event_date"]),
            "EnteredDate": self._day(row["recorded_date"]),
            "CodeId": code_id,
            "Value": self._number(row["value"]),
            "NumericUnit": None if row["unit"] is None else str(row["unit"]),
            "IsConfidential": self._spelling.flag(False),
        }
        self._add("CareRecord_Observation", row, cells)
        if row["problem_status"] is not None:
            status = self._spelling.text(
                *(("Active Problem", "active") if row["problem_status"] == "active" else ("Past Problem",))
            )
            self._add("CareRecord_Problem", row, {"ObservationGuid": guid_, "ProblemStatusDescription": status})

    def _clinical(self, code: Value, category: str) -> str:
        # A Read code counts only where nothing else is known: it stands alone.
        codes = self._spelling.codes(code)
        if code is not None and "read2" in codes and len(codes) > 1:
            true = [system for system, text in codes.items() if system == "read2" or text in {str(code), f"EMIS{code}"}]
            codes = {"read2": codes["read2"]} if true == ["read2"] else {k: v for k, v in codes.items() if k != "read2"}
        return self._dictionaries.clinical(codes, category)

    def _medication(self, row: Row) -> None:
        kind, drug_record = row["issue_type"], self._guid(row["medication_id"])
        if kind != "other" or self._spelling.chance(50):
            words = {
                "acute": ("Acute", "ACUTE"),
                "repeat": ("Repeat", "Repeat Dispensing", "Automatic"),
                "other": ("",),
            }
            self._add(
                "Prescribing_DrugRecord",
                row,
                {"DrugRecordGuid": drug_record, "PrescriptionType": self._spelling.text(*words[str(kind)])},
            )
        none = row["code"] is None and self._spelling.chance(50)
        self._add(
            "Prescribing_IssueRecord",
            row,
            {
                "IssueRecordGuid": self._guid(row["medication_id"]),
                "DrugRecordGuid": drug_record,
                "CodeId": self._spelling.nothing() if none else self._dictionaries.drug(row["code"]),
                **self._effective(row["issue_date"]),
                "IsConfidential": self._spelling.flag(False),
            },
        )

    def _appointment(self, row: Row) -> None:
        spelling = self._spelling
        methods = {"online": ("Patient Online", "online"), "practice": ("Reception", "Walk-in"), "None": ("",)}
        self._add(
            "Appointment_Slot",
            row,
            {
                "SlotGuid": self._guid(row["appointment_id"]),
                "AppointmentDate": self._day(row["start_date"]),
                "BookedDate": self._day(row["booked_date"]),
                "BookingMethod": spelling.text(*methods[str(row["booking_method"])]),
                "ModeOfContact": spelling.nothing() if row["mode"] is None else spelling.text(_MODES[str(row["mode"])]),
                **self._status(str(row["status"])),
            },
        )

    def _status(self, status: str) -> Cells:
        """The status in words, or told by times and by whether somebody came."""
        spelling, nothing = self._spelling, self._spelling.nothing
        by_times: dict[str, Cells] = {
            "dna": {"DidNotAttend": "true", "SendInTime": nothing(), "LeftTime": nothing()},
            "completed": {"LeftTime": "10:20:00", "SendInTime": spelling.pick("10:00:00", "")},
            "in_progress": {"SendInTime": "10:00:00", "LeftTime": nothing()},
            "booked": {"SendInTime": nothing(), "LeftTime": nothing()},
        }
        plain: Cells = {"DidNotAttend": spelling.flag(False), "SlotStatus": nothing()}
        if status in by_times and spelling.chance(50):
            return {**plain, **by_times[status]}
        return {
            **plain,
            "SlotStatus": spelling.text(*_STATUSES[status]),
            "SendInTime": "10:00:00",
            "LeftTime": nothing(),
        }

    def _consultation(self, row: Row) -> None:
        cells = {"ConsultationGuid": self._guid(row["consultation_id"]), **self._effective(row["consultation_date"])}
        self._add("CareRecord_Consultation", row, {**cells, "IsConfidential": self._spelling.flag(False)})

    # --- cells ---

    def _add(self, table: str, row: Row, cells: Cells) -> None:
        plain = {
            "OrganisationGuid": guid(self._own, self._spelling),
            "PatientGuid": self._guid(row["patient_id"]),
            "ProcessingId": self._spelling.pick("10", "11", "100"),
        }
        deleted = {} if table == "CareRecord_ObservationReferral" else {"Deleted": self._spelling.flag(False)}
        self._rows.append(Sent(table, {**plain, **deleted, **cells}))

    def _guid(self, number: Value) -> str:
        return guid(int(str(number)), self._spelling)

    def _day(self, day: Value) -> str | None:
        return day.isoformat() if isinstance(day, date) else self._spelling.nothing()

    def _effective(self, day: Value) -> Cells:
        if isinstance(day, date):
            return {
                "EffectiveDate": day.isoformat(),
                "EffectiveDatePrecision": self._spelling.pick("YMD", "YMDT", "YM", ""),
            }
        unknown = self._spelling.pick("", "2020-01-01", "1900-01-01")
        return {"EffectiveDate": unknown or None, "EffectiveDatePrecision": self._spelling.text("U", "u")}

    def _number(self, number: Value) -> str | None:
        return self._spelling.nothing() if number is None else str(number)

    # --- what stands around them ---

    def _organisations(self) -> list[Sent]:
        code = self._carried.practice.code
        spelled = self._spelling.text(code, code.lower())
        ours, former = guid(self._own, self._spelling), guid(self._former, self._spelling)
        ended = self._random.choice(({"IsActivated": "false"}, {"Disabled": "TRUE"}, {"Deleted": "true"}))
        active: Cells = {"IsActivated": "True", "Disabled": "false", "Deleted": "false"}
        agreements = "Agreements_SharingOrganisation"
        return [
            Sent("Admin_Organisation", {"OrganisationGuid": ours, "ODSCode": spelled}),
            Sent("Admin_Organisation", {"OrganisationGuid": former, "ODSCode": code}),
            Sent("Admin_Organisation", {"OrganisationGuid": _ELSEWHERE[1], "ODSCode": _ELSEWHERE[0]}),
            Sent(agreements, {"OrganisationGuid": ours, **active}),
            Sent(agreements, {"OrganisationGuid": ours, **active, "IsActivated": "false"}, delivery=1),
            Sent(agreements, {"OrganisationGuid": former, **active}, delivery=1),
            Sent(agreements, {"OrganisationGuid": former, **active, **ended}),
            Sent(agreements, {"OrganisationGuid": _ELSEWHERE[1], **active}),
        ]

    def _way(self) -> Way:
        today = self._carried.practice.reference_date
        patient = dict.fromkeys(_OWN_KEY, "PatientGuid")
        ids = {table: tuple(dict.fromkeys((key, "PatientGuid"))) for table, key in _OWN_KEY.items()}
        ids["Prescribing_IssueRecord"] += ("DrugRecordGuid",)
        tomorrow = (today + timedelta(days=1)).isoformat()
        later: dict[str, Cells] = {
            table: {"EffectiveDate": tomorrow, "EffectiveDatePrecision": "YMD"}
            for table in ("CareRecord_Observation", "CareRecord_Consultation", "Prescribing_IssueRecord")
        }
        later["Appointment_Slot"] = {"AppointmentDate": tomorrow}
        later["Admin_Patient"] = {"DateOfRegistration": tomorrow}
        undeletable = {"CareRecord_ObservationReferral"}
        return Way(
            keys=_OWN_KEY,
            ids=ids,
            patient=patient,
            practice=dict.fromkeys(_OWN_KEY, "OrganisationGuid"),
            renamed=_renamed,
            deleted=lambda table: None if table in undeletable else {"Deleted": "true"},
            later=later.get,
            hidden=lambda _, row: {"IsConfidential": "true"} if row.table in _CONFIDENTIAL else None,
            nobody=tuple({"Admin_Patient": cells} for cells in _nobody(today)),
            strangers=(_ELSEWHERE[1], guid(self._former)),
            outdated=lambda cells: {**cells, "ProcessingId": "9"},
        )


def _nobody(today: date) -> tuple[Cells, ...]:
    yesterday = (today - timedelta(days=1)).isoformat()
    ended: tuple[Cells, ...] = tuple({"DateOfDeactivation": day} for day in (today.isoformat(), yesterday))
    died: tuple[Cells, ...] = tuple({"DateOfDeath": day} for day in (today.isoformat(), yesterday))
    flagged: tuple[Cells, ...] = tuple({name: "TRUE"} for name in ("DummyType", "SpineSensitive", "IsConfidential"))
    typed: tuple[Cells, ...] = tuple({"PatientTypeDescription": name} for name in _TYPES_OF_OTHERS)
    return (*ended, *died, *flagged, *typed, {"Deleted": "true"}, {"DateOfRegistration": ""})


__all__ = ["DMD", "Dictionaries", "Writer", "guid", "number_of"]
