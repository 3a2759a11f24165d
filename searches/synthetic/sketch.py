"""A person before the record is written: what everything in the record follows from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from random import Random

from searches.synthetic.practice import Practice
from searches.synthetic.vocabulary import Concept, concepts

YEAR = 365.25  # days


@dataclass(frozen=True, slots=True)
class Sketch:
    """Who is to be written about, and with which dice.

    Args:
        today: the reference date.
        born, since: day of birth, and of registration.
        age: completed years on the reference date (of a person who died: as if alive).
    """

    today: int
    born: int
    since: int
    age: int
    sex: str
    quintile: int
    practice: Practice
    random: Random

    def happens(self, name: str) -> bool:
        """Whether this practice achieved it for this person."""
        return self.random.random() < self.practice.rate[name]

    def ago(self, least: int, most: int) -> int:
        """A day between that many days ago, never before birth."""
        return max(self.born, self.today - least - int(self.random.random() * (most - least + 1)))


def pick(name: str, random: Random) -> Concept:
    """A concept of a list; the first ones come up most."""
    choices = concepts(name)
    return choices[int(len(choices) * random.random() ** 2)]


def months_before(day: int, months: int) -> int:
    """The same day of the month some months earlier; the last of the month where there is none."""
    then = date.fromordinal(day)
    year, month = divmod(then.year * 12 + then.month - 1 - months, 12)
    first = date(year, month + 1, 1).toordinal()
    last = (date(year + (month + 1) // 12, (month + 1) % 12 + 1, 1)).toordinal() - 1
    return min(first + then.day - 1, last)


def completed_months(born: int, day: int) -> int:
    """How many months are complete between two days; the day of the month must be reached."""
    start, end = date.fromordinal(born), date.fromordinal(day)
    return (end.year - start.year) * 12 + end.month - start.month - (end.day < start.day)


def season_start(today: int) -> int:
    """The latest 1 September on or before the day: when the flu season begins."""
    day = date.fromordinal(today)
    return date(day.year if day.month >= 9 else day.year - 1, 9, 1).toordinal()
