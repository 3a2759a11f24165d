"""A practice for two years and two hundred searches, all of it made up, in the shapes of the library.

Registers of people with a condition, with two, with either, with one and not the other; from an age, up to an age;
checked within so many months, below a threshold, excepted or not; by nothing, sex, age band, deprivation, or two of
these; and appointments. Many lie near each other on purpose: the same register from 17 and from 18, within 12 and
within 13 months, below 140 and below 150, inside one another.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Final

from governance.optouts import CountedPeople, take_off
from governance.suppress import Practice
from searches.people import AnswerRow, PeopleSets, Roster, gather, gather_bits
from searches.search import Dimension, Outcome, Search, Unit
from tests.governance_kit import search as plain_search

START: Final = date(2026, 3, 31)
KEY: Final = bytes(range(32))
CONDITIONS, MEASURES = 16, 8
_AGES: Final = (0, 5, 16, 17, 18, 40, 45, 50, 60, 64, 65, 75, 80, 200)
_WITHIN: Final = (13, 26, 52, 56, 260)
_BELOW: Final = (60, 75, 80, 200)
_VALUES: Final = {
    "sex": ("F", "M"),
    "age_band": ("0-17", "18-39", "40-64", "65-79", "80+"),
    "imd_quintile": ("1", "2", "3", "4", "5"),
}
_BANDS: Final = (18, 40, 65, 80, 200)


@dataclass(frozen=True, slots=True)
class Question:
    """What a search asks.

    Args:
        condition: of the register; None: everyone.
        joined: `and`, `or`, `not`: with the second condition; empty: only the first.
        second: that condition.
        from_age: and older.
        to_age: younger than.
        measure: what is to be done.
        within: so many weeks.
        below: and with a value below.
        excepts: whether people can be excepted.
        dimensions: the result is split by.
        visits: whether it counts appointments, those booked at least `within` days ahead.
    """

    condition: int | None
    joined: str = ""
    second: int = 0
    from_age: int = 0
    to_age: int = 200
    measure: int = 0
    within: int = 52
    below: int = 200
    excepts: bool = False
    dimensions: tuple[str, ...] = ()
    visits: bool = False


@dataclass(slots=True)
class Patient:
    """One patient: weeks since each thing was done, and its value."""

    id: str
    birthday: int
    sex: str
    deprived: str
    conditions: set[int]
    done: list[int]
    values: list[int]
    excepted: set[int] = field(default_factory=set)
    opted_out: bool = False


def questions(number: int, dice: random.Random) -> list[Question]:
    """So many questions, a third of them near to another one."""
    asked: list[Question] = [Question(0, within=1, visits=True), Question(0, within=14, visits=True)][: number // 20]
    while len(asked) < number:
        people = [one for one in asked if not one.visits]
        new = _nearby(dice.choice(people), dice) if people and dice.random() < 1 / 3 else _anything(dice)
        if new not in asked:
            asked.append(new)
    return asked


def _anything(dice: random.Random) -> Question:
    low, high = sorted(dice.sample(_AGES, 2))
    return Question(
        condition=dice.choice((None, *range(CONDITIONS))),
        joined=dice.choice(("", "", "", "and", "or", "not")),
        second=dice.randrange(CONDITIONS),
        from_age=dice.choice((0, low)),
        to_age=dice.choice((200, 200, high)),
        measure=dice.randrange(MEASURES),
        within=dice.choice(_WITHIN),
        below=dice.choice(_BELOW),
        excepts=dice.random() < 0.3,
        dimensions=dice.choice(((), (), (), ("sex",), ("age_band",), ("imd_quintile",), ("sex", "age_band"))),
    )


def _nearby(one: Question, dice: random.Random) -> Question:
    match dice.randrange(6):
        case 0:
            return replace(one, from_age=dice.choice(_AGES[:-1]))
        case 1:
            return replace(one, within=dice.choice(_WITHIN))
        case 2:
            return replace(one, below=dice.choice(_BELOW))
        case 3:
            return replace(one, joined=dice.choice(("and", "or", "not")), second=dice.randrange(CONDITIONS))
        case 4:
            return replace(one, dimensions=dice.choice(((), ("sex",), ("age_band",), ("sex", "imd_quintile"))))
        case _:
            return replace(one, excepts=not one.excepts)


def search_of(number: int, question: Question) -> Search:
    """The search that asks a question."""
    unit = Unit.APPOINTMENT if question.visits else Unit.PERSON
    outcomes = [one for one in Outcome if question.excepts or one is not Outcome.EXCEPTED]
    dimensions = tuple(Dimension(name, _VALUES[name]) for name in question.dimensions)
    search = plain_search(f"search-{number:03}", unit=unit)
    return replace(search, dimensions=dimensions, sql=" ".join(f"'{one}'" for one in outcomes))


class Town:
    """A practice as it stands this week; weeks pass one at a time."""

    def __init__(self, patients: int, asked: list[Question], seed: int) -> None:
        self.week = 0
        self.questions = asked
        self.searches = [search_of(number, question) for number, question in enumerate(asked)]
        self._dice = random.Random(seed)
        self._born = 0
        self._shares = [self._dice.uniform(0.02, 0.25) for _ in range(CONDITIONS)]
        self.people = [self._new() for _ in range(patients)]

    @property
    def today(self) -> date:
        """The reference date."""
        return START + timedelta(weeks=self.week)

    def pass_a_week(self) -> None:
        """People leave and join, age, fall ill and recover, are seen to, excepted, and change their minds."""
        self.week += 1
        roll = self._dice.random
        leaving = {patient.id for patient in self.people if roll() < 0.0016}
        self.people = [one for one in self.people if one.id not in leaving]
        self.people += [self._new() for _ in range(len(leaving) + self._dice.choice((-1, 0, 1)))]
        for patient in self.people:
            if roll() < 0.004:
                patient.conditions ^= {self._dice.randrange(CONDITIONS)}
            if roll() < 0.1:
                measure = self._dice.randrange(MEASURES)
                patient.done[measure], patient.values[measure] = self.week, self._dice.randrange(50, 100)
            if roll() < 0.002:
                patient.excepted ^= {self._dice.randrange(MEASURES)}
            if roll() < 0.0005:
                patient.opted_out = not patient.opted_out

    def release_of(self) -> tuple[list[CountedPeople], Practice]:
        """This week's answers, and whose they are; appointments every fourth week."""
        people = sorted(self.people, key=lambda one: one.id)
        groups = {
            "sex": {value: _bits([one.sex == value for one in people]) for value in _VALUES["sex"]},
            "age_band": self._bands(people),
            "imd_quintile": {v: _bits([one.deprived == v for one in people]) for v in _VALUES["imd_quintile"]},
        }
        roster = Roster(tuple(one.id for one in people), groups)
        opted_out = _bits([one.opted_out for one in people])
        counted = [
            take_off(answer, opted_out, self.today, "type1_excluded") for answer in self._answers(people, roster)
        ]
        return counted, Practice(roster, opted_out, KEY)

    def _answers(self, people: list[Patient], roster: Roster) -> Iterator[PeopleSets]:
        has = [_bits([number in one.conditions for one in people]) for number in range(CONDITIONS)]
        older = {age: _bits([self._age(one) >= age for one in people]) for age in _AGES}
        excepted = [_bits([number in one.excepted for one in people]) for number in range(MEASURES)]
        everyone = (1 << len(people)) - 1
        for search, asked in zip(self.searches, self.questions, strict=True):
            if asked.visits:
                if self.week % 4 == 0:
                    yield gather(search, self.today, roster, list(self._visits(people, asked)))
                continue
            register = _register(asked, has, everyone) & older[asked.from_age] & ~older[asked.to_age]
            met = register & _bits([self._is_done(one, asked) for one in people])
            out = register & ~met & excepted[asked.measure] if asked.excepts else 0
            found = {Outcome.MET: met, Outcome.NOT_MET: register & ~met & ~out, Outcome.EXCEPTED: out}
            yield gather_bits(search, self.today, roster, (found, [roster.groups[name] for name in asked.dimensions]))

    def _is_done(self, one: Patient, asked: Question) -> bool:
        return self.week - one.done[asked.measure] < asked.within and one.values[asked.measure] < asked.below

    def _visits(self, people: list[Patient], asked: Question) -> Iterator[AnswerRow]:
        for one in people:
            dice = random.Random(f"{one.id} {self.week}")
            for number in range(max(0, dice.randrange(-6, 5))):
                ahead, missed = dice.randrange(30), dice.random() < 0.1
                if ahead >= asked.within:
                    outcome = Outcome.MET if missed else Outcome.NOT_MET
                    yield AnswerRow(one.id, outcome, (), f"{one.id} {number}", self.today + timedelta(days=number))

    def _bands(self, people: list[Patient]) -> Mapping[str, int]:
        ages = [next(n for n, limit in enumerate(_BANDS) if self._age(one) < limit) for one in people]
        return {name: _bits([age == number for age in ages]) for number, name in enumerate(_VALUES["age_band"])}

    def _age(self, one: Patient) -> int:
        return (self.week - one.birthday) // 52

    def _new(self) -> Patient:
        dice = self._dice
        self._born += 1
        age = int(dice.triangular(0, 95, 42))
        return Patient(
            id=f"patient {self._born:06}",
            birthday=self.week - 52 * age - dice.randrange(52),
            sex=dice.choice("FM"),
            deprived=dice.choice("11122334 5".replace(" ", "4")),
            conditions={n for n, share in enumerate(self._shares) if dice.random() < share * (0.3 + age / 60)},
            done=[self.week - dice.randrange(120) for _ in range(MEASURES)],
            values=[dice.randrange(50, 100) for _ in range(MEASURES)],
            excepted={n for n in range(MEASURES) if dice.random() < 0.03},
            opted_out=dice.random() < 0.03,
        )


def _register(asked: Question, has: list[int], everyone: int) -> int:
    first = everyone if asked.condition is None else has[asked.condition]
    match asked.joined:
        case "and":
            return first & has[asked.second]
        case "or":
            return first | has[asked.second]
        case "not":
            return first & ~has[asked.second]
        case _:
            return first


def _bits(holds: list[bool]) -> int:
    return int("".join("1" if one else "0" for one in reversed(holds)), 2)
