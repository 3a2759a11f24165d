"""What is known of the people of a practice: canonical rows, and the birth dates from which every age comes."""

from __future__ import annotations

from calendar import monthrange
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from random import Random
from typing import Self

Value = int | Decimal | date | str | None
Row = dict[str, Value]
Tables = Mapping[str, Sequence[Mapping[str, Value]]]

SOME_DAY = date(1980, 6, 15)
"""The birth date of somebody of whom nothing is asked that depends on one."""
_BANDS = {"90+": (1_080, 1_800), **{f"{low}-{low + 9}": (12 * low, 12 * low + 119) for low in range(0, 90, 10)}}
_OLDEST = 1_800  # months; nobody is older


class Id(int):
    """An id as a layout numbers it; `drawn` is the one it was drawn with."""

    drawn: int

    def __new__(cls, number: int, drawn: int) -> Self:
        made = super().__new__(cls, number)
        made.drawn = drawn
        return made


@dataclass(frozen=True, slots=True)
class Practice:
    """People as they are drawn.

    Args:
        code: of the practice.
        reference_date: the day that is asked about.
        tables: canonical rows; of a column that a row does not have nothing is asked.
    """

    code: str
    reference_date: date
    tables: Tables


@dataclass(slots=True)
class Carried:
    """The same people as a layout can hold them.

    Args:
        practice: as drawn.
        tables: complete canonical rows, which the layout has to give back exactly; ids are `Id`.
        born: birth date of each patient, by their number.
        limits: how many values or rows each limit of the layout changed.
    """

    practice: Practice
    tables: dict[str, list[Row]]
    born: dict[int, date | None]
    limits: Counter[str] = field(default_factory=Counter)


def completed_months(born: date, day: date) -> int:
    """Completed months of life; somebody born on the 31st completes a month of thirty days on the next day."""
    return (day.year - born.year) * 12 + day.month - born.month - (day.day < born.day)


def band_of(years: int) -> str:
    """The age band of completed years."""
    return "90+" if years >= 90 else f"{years // 10 * 10}-{years // 10 * 10 + 9}"


@dataclass(slots=True)
class Birth:
    """The birth dates that fit everything said so far, from `first` to `last`."""

    first: date
    last: date

    def narrow(self, day: date, least: int, most: int) -> None:
        """Keep those with that many completed months on a day, if any of them has."""
        first, last = _last_with(day, most + 1) + timedelta(days=1), _last_with(day, least)
        if max(first, self.first) <= min(last, self.last):
            self.first, self.last = max(first, self.first), min(last, self.last)


def _last_with(day: date, months: int) -> date:
    """The last birth date with at least so many completed months on a day."""
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def birth_date(
    practice: Practice, patient: Mapping[str, Value], random: Random, *, of_month: bool = False
) -> date | None:
    """A birth date that gives a patient the ages that are drawn, as far as one day can.

    The age comes first, then the age in months, the band, and the ages at entries. Most often it is the first or the
    last day that fits, where an error by a day would be seen; `of_month`, a first of a month, if one fits.
    """
    ages = [patient[name] for name in ("age", "age_months", "age_band") if name in patient]
    if ages and ages[0] is None:
        return None
    today = practice.reference_date
    birth = Birth(_last_with(today, _OLDEST), today if ages else SOME_DAY)
    for name in ("age", "age_months", "age_band"):
        drawn = patient.get(name)
        if drawn is not None:
            birth.narrow(today, *_months(name, drawn))
    for table, dated in (("event", "event_date"), ("immunisation", "given_date")):
        for row in practice.tables.get(table, ()):
            age, day = row.get("age_months"), row.get(dated)
            if row["patient_id"] == patient["patient_id"] and isinstance(age, int) and isinstance(day, date):
                birth.narrow(day, age, age)
    if of_month:
        return birth.last.replace(day=1)
    span = (birth.last - birth.first).days
    return birth.first + timedelta(days=random.choice((0, span, span, random.randint(0, span))))


def _months(name: str, drawn: Value) -> tuple[int, int]:
    if name == "age_band":
        return _BANDS[str(drawn)]
    number = int(str(drawn))
    return (number, number) if name == "age_months" else (12 * number, 12 * number + 11)
