"""People as rows of a Vision extract."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random

from tests.layout_rows.facts import Carried, Row, Value
from tests.layout_rows.limits import VISION
from tests.layout_rows.planting import Cells, Planting, Sent, Way
from tests.layout_rows.spelling import DMD, Spelling

_OWN_KEY = {"patient": "PID", "journal": "ID", "encounter": "ID", "referral": "ID"}
_CLINICAL = ("C", "T", "L")
_APART = 10**15


def stamp(day: date) -> str:
    """A day as the extract writes it."""
    return f"{day:%Y%m%d}"


def _renamed(cell: str, number: int) -> str:
    return str(int(cell) + number * _APART)


class Writer:
    """Writes the rows of one practice.

    Args:
        carried: its people.
        number: a number that no other practice has.
    """

    def __init__(self, carried: Carried, number: int) -> None:
        self._carried = carried
        self._random = Random(f"{VISION} rows {carried.practice.code}")
        self._spelling = Spelling(VISION, self._random)
        # The unit is the practice's code, or a number that the table of practices explains.
        self._service = carried.practice.code if number % 2 else str(7_000 + number)
        self._rows: list[Sent] = []

    def rows(self) -> list[Sent]:
        """Every row, and what is planted among them."""
        copies = {row["immunisation_id"] for row in self._carried.tables["immunisation"]}
        events = {int(str(row["event_id"])): row for row in self._carried.tables["event"]}
        for number, row in events.items():
            if number % 10 == 1:
                self._pressure(row, events[number + 1])
            elif number % 10 == 0 and number not in copies:
                self._event(row)
        for name, write in (
            ("patient", self._patient),
            ("medication", self._medication),
            ("immunisation", self._immunisation),
            ("consultation", self._consultation),
            ("referral", self._referral),
        ):
            for row in self._carried.tables[name]:
                write(row)
        code = self._carried.practice.code
        units = [Sent("practice", {"ID": self._service, "IDENTIFIER": self._spelling.text(code, code.lower())})]
        return [*units, *Planting(self._way(), self._random, self._rows).all()]

    # --- tables ---

    def _patient(self, row: Row) -> None:
        spelling, today = self._spelling, self._carried.practice.reference_date
        tomorrow = stamp(today + timedelta(days=1))
        active, removed, died = spelling.random.choice(
            (("R", None, None), ("R", None, None), ("r ", tomorrow, None), ("L", tomorrow, None), ("D", None, tomorrow))
        )
        cells: Cells = {
            "PID": str(row["patient_id"]),
            "DATE_OF_BIRTH": self._day(self._carried.born[int(str(row["patient_id"]))]),
            "SEX": spelling.pick("U", "", "u ") if row["sex"] == "U" else spelling.text(str(row["sex"])),
            "ACTIVE": active,
            "REGISTERED_DATE": self._day(row["registered_on"]),
            "REMOVED_DATE": removed or spelling.nothing(),
            "DATE_OF_DEATH": died or spelling.nothing(),
        }
        self._rows.append(Sent("patient", {**self._unit(), **cells}))

    def _event(self, row: Row) -> None:
        today, status = self._carried.practice.reference_date, row["problem_status"]
        ended = self._spelling.pick(stamp(today), stamp(today - timedelta(days=40)))
        going_on = self._spelling.pick("", stamp(today + timedelta(days=1)))
        subset = self._spelling.pick(*_CLINICAL) if status is None else "P"
        other_end = self._spelling.pick("", ended)  # of something that is no problem
        cells: Cells = {
            **self._entry(row["event_id"], row["event_date"], row["recorded_date"]),
            **self._codes(row["code"]),
            "VALUE1": self._number(row["value"]),
            "VALUE1_UNITS": None if row["unit"] is None else str(row["unit"]),
            "END_DATE": {"past": ended, "active": going_on}.get(str(status), other_end) or self._spelling.nothing(),
            "SUBSET": self._spelling.text(subset, subset.lower()),
        }
        if self._spelling.chance(30):  # a second value of something that is no blood pressure
            cells |= {"ENTITY": self._spelling.pick("WEIGHT", "PULSE"), "VALUE2": "27.5", "VALUE2_UNITS": "kg"}
        self._journal(row, cells)

    def _pressure(self, systolic: Row, diastolic: Row) -> None:
        """One row of two values; its code is of the pair or of the first half, or only the entity tells."""
        spelling = self._spelling
        number = int(str(systolic["event_id"])) // 10 * 10
        code = spelling.pick("246..", "2469.00", "24690", "")
        by_entity = not code or spelling.chance(50)
        unit = None if systolic["unit"] is None else str(systolic["unit"])
        cells: Cells = {
            **self._entry(number, systolic["event_date"], systolic["recorded_date"]),
            "CODE": spelling.text(code) if code else spelling.nothing(),
            "SNOMED_CODE": spelling.pick("75367002", ""),
            "ENTITY": spelling.text("BP", "bp") if by_entity else spelling.nothing(),
            "VALUE1": str(systolic["value"]),
            "VALUE1_UNITS": unit,
            "VALUE2": str(diastolic["value"]),
            "VALUE2_UNITS": unit,
            "SUBSET": spelling.text(*_CLINICAL),
        }
        self._journal(systolic, cells)

    def _medication(self, row: Row) -> None:
        subset = {"acute": "A", "repeat": "S"}[str(row["issue_type"])]
        code = row["code"]
        cells: Cells = {
            **self._entry(row["medication_id"], row["issue_date"], None),
            "DMD_CODE": self._spelling.nothing() if code is None else self._spelling.text(str(code)),
            "CODE": self._spelling.pick("", "bxd1."),
            "SUBSET": self._spelling.text(subset),
            "VALUE1": self._spelling.pick("28", "1.5", ""),
        }
        self._journal(row, cells)

    def _immunisation(self, row: Row) -> None:
        cells: Cells = {
            **self._entry(row["immunisation_id"], row["given_date"], None),
            **self._codes(row["code"]),
            "IMMS_STATUS": self._spelling.text("Given", "GIVEN", "given"),
            "SUBSET": self._spelling.text("I"),
        }
        self._journal(row, cells)

    def _consultation(self, row: Row) -> None:
        cells = {"ID": str(row["consultation_id"]), "DATE": self._day(row["consultation_date"])}
        self._rows.append(Sent("encounter", {**self._unit(), "PID": str(row["patient_id"]), **cells}))

    def _referral(self, row: Row) -> None:
        cells = {"ID": str(row["referral_id"]), "DATE": self._day(row["referral_date"])}
        self._rows.append(Sent("referral", {**self._unit(), "PID": str(row["patient_id"]), **cells}))

    # --- cells ---

    def _journal(self, row: Row, cells: Cells) -> None:
        self._rows.append(Sent("journal", {**self._unit(), "PID": str(row["patient_id"]), **cells}))

    def _unit(self) -> Cells:
        action = self._spelling.random.choice(("", None, "A", "U"))
        return {"SERVICE_ID": self._spelling.text(self._service, self._service.lower()), "ACTION": action}

    def _entry(self, number: Value, day: Value, recorded: Value) -> Cells:
        whole, half = divmod(int(str(number)), 10)
        if half:
            raise ValueError("the supplier's number, times ten, is what a layout makes of it")
        return {"ID": str(whole), "DATE": self._day(day), "RECORDED_DATE": self._day(recorded)}

    def _codes(self, code: Value) -> Cells:
        codes = self._spelling.codes(code)
        read = codes.get("read2")
        if read is not None and len(read) == 5 and self._spelling.chance(60):
            read += self._spelling.pick("00", "11")  # the term
        snomed = codes.get("snomed")
        return {
            "CODE": self._spelling.nothing() if read is None else self._spelling.text(read),
            "SNOMED_CODE": self._spelling.nothing() if snomed is None else self._spelling.text(snomed),
        }

    def _day(self, day: Value) -> str | None:
        return stamp(day) if isinstance(day, date) else self._spelling.nothing()

    def _number(self, number: Value) -> str | None:
        return self._spelling.pick("", "normal", "n/a") or None if number is None else str(number)

    def _way(self) -> Way:
        today = self._carried.practice.reference_date
        tomorrow = stamp(today + timedelta(days=1))
        later: dict[str, Cells] = {table: {"DATE": tomorrow} for table in ("journal", "encounter", "referral")}
        return Way(
            keys=_OWN_KEY,
            ids={table: ("PID",) if table == "patient" else ("ID", "PID") for table in _OWN_KEY},
            patient=dict.fromkeys(_OWN_KEY, "PID"),
            practice=dict.fromkeys(_OWN_KEY, "SERVICE_ID"),
            renamed=_renamed,
            deleted=lambda table: {"ACTION": "D"} | ({"DATE": None} if table != "patient" else {}),
            later=(later | {"patient": {"REGISTERED_DATE": tomorrow}}).get,
            hidden=_hidden,
            nobody=tuple({"patient": cells} for cells in _nobody(today)),
            strangers=("ZZ9HUB", "7"),
        )


def _hidden(random: Random, row: Sent) -> Cells | None:
    if row.table != "journal":
        return None
    subset = (row.cells["SUBSET"] or "").strip()
    if subset == "I":
        return {"IMMS_STATUS": random.choice(("Advised", "Refusal to start or complete course", ""))}
    return {"SUBSET": "R"} if subset in {"A", "S"} else None


def _nobody(today: date) -> tuple[Cells, ...]:
    yesterday = stamp(today - timedelta(days=1))
    return (
        *({"ACTIVE": active} for active in ("T", "S", "P", "")),
        {"ACTIVE": "L", "REMOVED_DATE": stamp(today)},
        {"ACTIVE": "R", "REMOVED_DATE": yesterday},
        {"ACTIVE": "L", "REMOVED_DATE": ""},
        {"ACTIVE": "D", "DATE_OF_DEATH": ""},
        {"ACTIVE": "D", "DATE_OF_DEATH": stamp(today)},
        {"DATE_OF_DEATH": yesterday},
        {"REGISTERED_DATE": ""},
        {"ACTION": "D"},
    )


__all__ = ["DMD", "Writer", "stamp"]
