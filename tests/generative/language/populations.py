"""Hostile little populations: a few patients whose records hold ties, NULLs, duplicates and values at every edge.

Many are asked at once. Each gets a range of ids of its own, and since every join and EXISTS of the language is on
patient_id, none can see another: a hundred populations are a hundred practices in one set of tables.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import cache

from searches import canon
from searches.canon import TABLES, Column, ColumnType, Table
from tests.generative.language import hostile
from tests.generative.language.drawing import Hand
from tests.generative.language.evaluator import Row, Tables
from tests.generative.language.values import Value, moved

MOST_PATIENTS = 4
ROWS = {"event": (5, 10), "medication": (1, 4), "immunisation": (1, 4), "appointment": (2, 5)}
"""The fewest and most rows of a population in each table; elsewhere none to three."""
TOGETHER = 1_000  # ids of one population are equal modulo this


@dataclass(frozen=True, eq=False)
class World:
    """Populations that are loaded together, as of one reference date; `tables[n]` is the nth."""

    reference_date: date
    tables: Sequence[Tables]

    @property
    def together(self) -> Tables:
        """Every row of every population."""
        return {name: [row for tables in self.tables for row in tables[name]] for name in TABLES}

    @property
    def practice(self) -> str:
        """The code of the practice that it is where a layout tells practices apart; one for each reference date."""
        return f"Z{90_000 + hostile.REFERENCE_DATES.index(self.reference_date)}"

    def meant(self) -> list[Tables]:
        """Each population as a search sees it: a code is without the blanks around it, and nothing is no code."""
        return [{name: [_clean(row) for row in rows] for name, rows in tables.items()} for tables in self.tables]


def _clean(row: Row) -> Row:
    code = row.get("code")
    return {**row, "code": code.strip(" ") or None} if isinstance(code, str) else row


def world(reference_date: date, populations: int, seed: int) -> World:
    """Populations drawn from a seed."""
    hands = [Hand.of_seed(f"population {seed} {place}") for place in range(populations)]
    return World(reference_date, [_apart(population(hand, reference_date), place) for place, hand in enumerate(hands)])


def _apart(tables: Tables, place: int) -> Tables:
    """The same rows with ids that no other population has, in the same order, and still of different lengths."""
    ids = {column.name for table in TABLES.values() for column in table.columns if column.type is ColumnType.ID}

    def moved(row: Row) -> Row:
        return {name: value * TOGETHER + place if name in ids else value for name, value in row.items()}  # type: ignore[operator]

    return {name: [moved(row) for row in rows] for name, rows in tables.items()}


def population(hand: Hand, reference_date: date) -> Tables:
    """A few patients and their records."""
    days = _days(hand, reference_date)
    patients = _ids(hand, 1 + hand.upto(MOST_PATIENTS - 1))
    dated = (*days, *days, None)
    tables: dict[str, list[Row]] = {
        "patient": [{**_row(hand, canon.PATIENT, dated), "patient_id": patient} for patient in patients]
    }
    for table in list(TABLES.values())[1:]:
        fewest, most = ROWS.get(table.name, (0, 3))
        rows: list[Row] = []
        if table is canon.EVENT and hand.chance(60):
            rows += _pressure(hand, dated, hand.pick(patients))
        for key in _ids(hand, fewest + hand.upto(most - fewest)):
            # Sometimes an entry that another differs from by its id only.
            if rows and hand.chance(20):
                rows.append({**rows[-1], table.key: key})
            else:
                rows.append({**_row(hand, table, dated), table.key: key, "patient_id": hand.pick(patients)})
        tables[table.name] = rows
    return tables


def _days(hand: Hand, reference_date: date) -> list[date]:
    """The few days on which everything happens."""
    if hand.chance(60):
        return [hand.pick(hostile.days_near(reference_date)) for _ in range(2 + hand.upto(2))]
    # Two, some months apart and a day: there it shows how the end of a month was counted.
    end = hand.pick(hostile.month_ends(reference_date))
    months = hand.pick((1, -1)) * hand.pick((1, 1, 1, 1, *hostile.MONTHS))
    apart = moved(end, months, "MONTH") + timedelta(days=hand.pick((1, 1, 2, 0)))
    return [end, min(apart, reference_date)]


def _pressure(hand: Hand, dated: Sequence[Value], patient: int) -> list[Row]:
    """A blood pressure: two entries of one day, each with its value."""
    shared = _row(hand, canon.EVENT, dated) | {"patient_id": patient, "problem_status": None}
    values = [hand.pick(hostile.NUMBERS) for _ in hostile.PRESSURES]
    first = hand.pick((13, 102, 10**14 + 1))
    return [
        {**shared, "event_id": first + place, "code": code, "value": values[place]}
        for place, code in enumerate(hostile.PRESSURES)
    ]


def _ids(hand: Hand, count: int) -> list[int]:
    # Around a change of length, where text and numbers are in another order; and long ones.
    options = [*range(1, 13), *range(98, 102), 10**14 - 1, 10**14]
    return [options.pop(hand.upto(len(options) - 1)) for _ in range(count)]


def _row(hand: Hand, table: Table, dated: Sequence[Value]) -> dict[str, Value]:
    return {
        column.name: hand.pick(dated if column.type is ColumnType.DATE else _values(column))
        for column in table.columns
        if column.type is not ColumnType.ID
    }


@cache
def _values(column: Column) -> tuple[Value, ...]:
    options: tuple[Value, ...]
    if column.values:
        options = tuple(int(v) if column.type is ColumnType.INTEGER else v for v in column.values)
    elif column.type is ColumnType.CODE:
        # Most entries are of a code that somebody asks for.
        options = (*hostile.LISTED_CODES, *hostile.LISTED_CODES, *hostile.LISTED_CODES, *hostile.OTHER_CODES)
    elif column.type is ColumnType.DECIMAL:
        options = (*hostile.NUMBERS, *[Decimal(58)] * 3)
    elif column.type is ColumnType.TEXT:
        options = hostile.UNITS
    else:
        options = hostile.AGES_IN_MONTHS if column.name == "age_months" else hostile.AGES
    return (*options, *([None] * max(1, len(options) // 6)))
