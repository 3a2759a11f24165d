"""Where the difficult people are made: sets out a plain person of seventy, to be changed in one respect."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any, Final

from searches.synthetic.deliveries import DAYS_BEFORE
from searches.synthetic.model import GMS, PLAIN, Chart, Enrolment, Event, Person, Pressure, Registered
from searches.synthetic.sketch import YEAR, months_before
from searches.synthetic.vocabulary import Concept, concept

PULSE: Final = "pulse_rhythm"


class Bench:
    """Makes persons with known records; the running numbers are the practice's.

    Args:
        today: the reference date.
        people, numbers: the running numbers of patients and of records.
    """

    def __init__(self, today: int, people: Iterator[int], numbers: Iterator[int]) -> None:
        self.today = today
        self.old = today - 3650
        self.first_of_month = date.fromordinal(today).replace(day=1).toordinal()
        self.known = today - DAYS_BEFORE[0] - 60  # a day that the first delivery knows well
        self._people, self._numbers = people, numbers

    def months_ago(self, months: int) -> int:
        """The same day of the month so many months before the reference date."""
        return months_before(self.today, months)

    def number(self) -> int:
        """The next running number of a record."""
        return next(self._numbers)

    def chart(self) -> Chart:
        """An empty record."""
        return Chart(self._numbers)

    def person(self, quirk: str, chart: Chart | None = None, **changed: Any) -> Person:
        """A person of seventy, on the list for ten years, changed as said.

        Args:
            quirk: what is difficult about this person, in words; unique.
            chart: the record, empty if not given.
            changed: fields of `Person`; also `enrolment` for one that every delivery agrees on, and `age`.
        """
        n = next(self._people)
        enrolment = changed.pop("enrolment", Enrolment(GMS, self.old))
        age = changed.pop("age", 70)
        facts: dict[str, Any] = {
            "born": self.today - int(age * YEAR) - 40,
            "sex": "FM"[n % 2],
            "quintile": n % 5 + 1,
            "enrolments": (Registered(0, enrolment),),
        }
        return Person(n=n, chart=chart or self.chart(), quirk=quirk, **(facts | changed))

    def event(self, what: Concept, day: int, value: str = "", mark: int = PLAIN) -> Event:
        """A coded entry that stands in no record yet; one of no day, or of a day to come, was entered some time ago."""
        recorded = day if 0 < day <= self.today else self.known
        return Event(next(self._numbers), day, recorded, what, value, mark=mark)

    def pressure(self, day: int, high: str, low: str, where: str = "") -> Pressure:
        """A blood pressure that stands in no record yet; `where` is empty or `_home`."""
        number = next(self._numbers)
        next(self._numbers)
        next(self._numbers)
        pair = concept(f"systolic{where}"), concept(f"diastolic{where}")
        return Pressure(number, day, min(day, self.today), *pair, high, low)

    def pulse(self, day: int, mark: int = PLAIN) -> Event:
        """A pulse check."""
        return self.event(concept(PULSE), day, mark=mark)

    def with_pulse(self, quirk: str, day: int, mark: int = PLAIN, **changed: Any) -> Person:
        """A person whose only entry is a pulse check."""
        chart = self.chart()
        chart.events.append(self.pulse(day, mark))
        return self.person(quirk, chart, **changed)

    def diabetic(self) -> Chart:
        """The record of someone who has had diabetes for five years."""
        chart = self.chart()
        chart.diagnosis(concept("diabetes"), self.today - 1800)
        return chart

    def fibrillating(self) -> Chart:
        """The record of someone with atrial fibrillation for five years and a score that calls for treatment."""
        chart = self.chart()
        chart.diagnosis(concept("af"), self.today - 1800)
        chart.event(concept("chads_vasc"), self.today - 240, "3")
        return chart
