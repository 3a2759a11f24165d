"""When the supplier delivers, and how days are written.

Three deliveries per practice: everything four weeks before the reference date, then what has changed since: a week
before, and on the reference date itself. A record first comes with the first delivery on or after the day it was
entered.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Final

DAYS_BEFORE: Final = (28, 7, 0)
FULL, SECOND, LAST = 0, 1, 2
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True, slots=True)
class Deliveries:
    """The days of the deliveries, as ordinals, and the day before the first of them."""

    days: tuple[int, int, int]

    @classmethod
    def before(cls, reference_date: date) -> Deliveries:
        """The three deliveries, the last of them on the reference date."""
        today = reference_date.toordinal()
        first, second, last = (today - days for days in DAYS_BEFORE)
        return cls((first, second, last))

    def first_with(self, recorded: int) -> int:
        """The number of the first delivery that knows a record entered on that day."""
        if recorded <= self.days[0]:
            return FULL
        return SECOND if recorded <= self.days[1] else LAST

    def date(self, delivery: int) -> date:
        """The day of a delivery."""
        return date.fromordinal(self.days[delivery])


class DayTexts(dict[int, str]):
    """Ordinal to text, each day written once; 0 is the empty text."""

    def __init__(self, write: Callable[[date], str]) -> None:
        super().__init__({0: ""})
        self._write = write

    def __missing__(self, day: int) -> str:
        text = self[day] = self._write(date.fromordinal(day))
        return text


def iso_days() -> DayTexts:
    """`2026-03-31`."""
    return DayTexts(date.isoformat)


def compact_days() -> DayTexts:
    """`20260331`, as Vision writes."""
    return DayTexts(lambda day: day.isoformat().replace("-", ""))


def tpp_days() -> DayTexts:
    """`31 Mar 2026 00:00:00`, as TPP writes a day whose time is not known, whatever the machine's language."""
    return DayTexts(lambda day: f"{day.day:02d} {_MONTHS[day.month - 1]} {day.year} 00:00:00")
