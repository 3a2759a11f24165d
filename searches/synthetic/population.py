"""The people of one practice: first the difficult ones, made by design, then everybody else, drawn by lot.

The list size asked for is the number of people currently registered; those who left, died or were never patients of the
practice come on top, as they do in an extract. The same seed and practice code give the same people whatever the
layout.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from itertools import count
from random import Random
from typing import Final

from searches.synthetic.appointments import attend
from searches.synthetic.bench import Bench
from searches.synthetic.calibration import MALE
from searches.synthetic.care import look_after
from searches.synthetic.conditions import diagnose
from searches.synthetic.deliveries import FULL, LAST, SECOND, Deliveries
from searches.synthetic.difficult import difficult_people
from searches.synthetic.model import (
    CONFIDENTIAL,
    GMS,
    IMMEDIATELY_NECESSARY,
    LESS_THAN,
    OTHER_SERVICES,
    PRIVATE,
    TEMPORARY,
    Chart,
    Enrolment,
    Event,
    Person,
    Registered,
    Spell,
)
from searches.synthetic.practice import Practice, draw_practice
from searches.synthetic.prevention import prevent
from searches.synthetic.sketch import YEAR, Sketch, completed_months

FIRST_PATIENT: Final = 100_001
FIRST_RECORD: Final = 10_000_001
"""Where the running numbers begin: all have the same number of digits, so that their order as text is their order."""
ENOUGH_FOR_THE_DIFFICULT: Final = 300
_NOT_REGISTERED: Final = 0.06
_OTHER_KINDS: Final = (TEMPORARY, TEMPORARY, PRIVATE, OTHER_SERVICES, IMMEDIATELY_NECESSARY)


def population(seed: int, patients: int, reference_date: date, code: str) -> Iterator[Person]:
    """The people of a practice, one after the other, never all in memory.

    Args:
        seed: other seeds give other people and another practice.
        patients: how many are currently registered on the reference date.
        reference_date: the day the practice is looked at.
        code: the practice's organisation code.

    Yields:
        The difficult people (from 300 patients on), then the drawn ones; patient numbers rise by one.
    """
    random = Random(f"gpfed synthetic practice {seed} {code}")  # noqa: S311 (must be repeatable; guards no secret)
    today = reference_date.toordinal()
    people, numbers = count(FIRST_PATIENT), count(FIRST_RECORD)
    practice = draw_practice(code, random)
    wanted = patients
    if patients >= ENOUGH_FOR_THE_DIFFICULT:
        for person in difficult_people(Bench(today, people, numbers)):
            wanted -= person.is_registered(today)
            yield person
    dice = _Dice(today, practice, random, Deliveries.before(reference_date))
    for _ in range(wanted):
        yield dice.registered(next(people), Chart(numbers))
        if random.random() < _NOT_REGISTERED:
            yield dice.not_registered(next(people), Chart(numbers))


class _Dice:
    """Draws people, one at a time."""

    def __init__(self, today: int, practice: Practice, random: Random, deliveries: Deliveries) -> None:
        self.today, self.practice, self.random, self.deliveries = today, practice, random, deliveries

    def registered(self, n: int, chart: Chart) -> Person:
        """A person on the list today."""
        sketch = self._sketch()
        self._write(sketch, chart)
        enrolment = Registered(self.deliveries.first_with(sketch.since), Enrolment(GMS, sketch.since))
        past: tuple[Spell, ...] = ()
        if self.random.random() < 0.03 and sketch.since - sketch.born > 3000:
            past = (Spell(sketch.since - 2500, sketch.since - 900),)
        return Person(n, sketch.born, sketch.sex, sketch.quintile, (enrolment,), chart, past=past)

    def not_registered(self, n: int, chart: Chart) -> Person:
        """Someone in the extract who is not on the list today: left, dead, or another kind of patient."""
        sketch = self._sketch()
        self._write(sketch, chart)
        start = min(sketch.since, self.today - 2)
        end = max(start + 1, self.today - 1 - int(self.random.random() * 700))
        roll = self.random.random()
        if roll < 0.6:
            enrolment = Enrolment(GMS, start, end)
        elif roll < 0.8:
            enrolment = Enrolment(GMS, start, min(end + 3, self.today), died=end, is_dead=True)
        else:
            kind = _OTHER_KINDS[int(self.random.random() * len(_OTHER_KINDS))]
            enrolment = Enrolment(kind, start, 0 if roll < 0.9 else end)
        delivery = self.deliveries.first_with(max(start, enrolment.end))
        return Person(n, sketch.born, sketch.sex, sketch.quintile, (Registered(delivery, enrolment),), chart)

    def _sketch(self) -> Sketch:
        random = self.random.random
        band = _first_over(self.practice.age_bands, random())
        born = self.today - int((5 * band + 5 * random()) * YEAR)
        roll = random()
        sex = "M" if roll < MALE else "F" if roll < 0.9985 else "I" if roll < 0.9992 else "U"
        quintile = 1 + _first_over(self.practice.quintiles, random())
        longest = min(self.today - born, 30 * YEAR)
        since = self.today - int(longest * random() ** 1.3)
        age = completed_months(born, self.today) // 12
        return Sketch(self.today, born, since, age, sex, quintile, self.practice, self.random)

    def _write(self, sketch: Sketch, chart: Chart) -> None:
        found = diagnose(sketch, chart)
        look_after(sketch, chart, found)
        prevent(sketch, chart, found)
        attend(sketch, chart)
        if self.random.random() < 0.06:
            self._disturb(chart)

    def _disturb(self, chart: Chart) -> None:
        """Let one entry be sent again, corrected, deleted, brought back, or marked."""
        if not chart.events:
            return
        which = int(self.random.random() * len(chart.events))
        entry = chart.events[which]
        roll = self.random.random()
        if entry.recorded > self.deliveries.days[FULL] or entry.concept.name.startswith("type1"):
            return
        if roll < 0.15:
            chart.events[which] = entry._replace(mark=CONFIDENTIAL)
        elif roll < 0.25 and entry.value:
            chart.events[which] = entry._replace(mark=LESS_THAN)
        else:
            del chart.events[which]
            self._tell(chart, entry, roll)

    def _tell(self, chart: Chart, entry: Event, roll: float) -> None:
        before = entry._replace(day=entry.day - 400, recorded=entry.recorded)
        if roll < 0.4:
            chart.story((FULL, entry), (SECOND, entry))
        elif roll < 0.6:
            chart.story((FULL, before), (LAST, entry))
        elif roll < 0.8:
            chart.story((FULL, entry), (SECOND, None))
        else:
            chart.story((FULL, entry), (SECOND, None), (LAST, entry))


def _first_over(cumulative: tuple[float, ...], roll: float) -> int:
    for index, limit in enumerate(cumulative):
        if roll < limit:
            return index
    return len(cumulative) - 1
