"""A practice over the years: the starter library's answers of a synthetic practice, then weekly changes.

The first week is real: a synthetic practice answers every search. After that people join and leave, have birthdays, are
treated, and fall out of date. Whoever joins or falls ill takes after somebody like them, so that what one search says
of a person goes on fitting what the others say.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from governance.standing import OUTCOMES, Places, each, places_of
from searches.answer import answer
from searches.document import library, library_folder, load_search
from searches.extract import open_extract
from searches.people import PeopleSets
from searches.search import Search, Unit
from searches.synthetic import synthesise

START = date(2026, 3, 31)


@dataclass(frozen=True, slots=True)
class Rates:
    """How much changes in a week, as shares of those who can change."""

    turnover: float = 0.0016  # 8 % of the list in a year
    falls_ill: float = 0.0008
    treated: float = 0.015
    falls_out: float = 0.008
    excepted: float = 0.0008
    birthday: float = 1 / 520  # into the next band of ten years


@dataclass(slots=True)
class Person:
    """One patient: age band and sex by their numbers, and their place in each table."""

    id: str
    age: int
    sex: str
    at: list[int]


@dataclass(slots=True)
class World:
    """A practice as it stands this week."""

    searches: tuple[Search, ...]
    places: tuple[Places, ...]
    people: list[Person]
    rates: Rates
    dice: random.Random
    born: int = 0
    alike: dict[tuple[int, str], list[Person]] = field(default_factory=dict)

    def weeks(self, number: int) -> Iterator[int]:
        """Let weeks pass, one at a time; the first is as it was made."""
        for week in range(number):
            if week:
                self.pass_a_week()
            yield week

    def pass_a_week(self) -> None:
        """Let one week pass."""
        self.alike = {}
        for person in self.people:
            self.alike.setdefault((person.age, person.sex), []).append(person)
        stay = [person for person in self.people if self.dice.random() >= self.rates.turnover]
        joined = [self._joins() for _ in range(len(self.people) - len(stay) + self.dice.choice((-2, -1, 0, 1, 2, 3)))]
        self.people = stay + joined
        for person in stay:
            self._a_week(person)

    def _joins(self) -> Person:
        like = self.dice.choice(self.people)
        self.born += 1
        return Person(f"new{self.born}", like.age, like.sex, list(like.at))

    def _a_week(self, person: Person) -> None:
        rates, roll = self.rates, self.dice.random
        if roll() < rates.birthday and person.age < 9:
            self._grows_older(person)
        if roll() < rates.falls_ill:
            person.at = list(self.dice.choice(self.alike.get((person.age, person.sex), [person])).at)
        for table, place in enumerate(person.at):
            if place:
                person.at[table] = self._treated(place, table)

    def _treated(self, place: int, table: int) -> int:
        outcome, roll = (place - 1) % 3, self.dice.random()
        can_be_excepted = "'excepted'" in self.searches[table].sql
        if outcome == 1 and roll < self.rates.treated:
            return place - 1
        if outcome == 0 and roll < self.rates.falls_out:
            return place + 1
        if outcome < 2 and can_be_excepted and roll > 1 - self.rates.excepted:
            return place + 2 - outcome
        return place - 1 if outcome == 2 and roll < 10 * self.rates.excepted else place

    def _grows_older(self, person: Person) -> None:
        person.age += 1
        for table, place in enumerate(person.at):
            dimensions = self.searches[table].dimensions
            if place and dimensions and dimensions[0].name == "age_band":
                step = 3 * (len(dimensions[1].values) if len(dimensions) > 1 else 1)
                moved = place + step
                person.at[table] = moved if moved <= 3 * len(self.places[table].leaves) else 0

    def standing(self, table: int, positions: dict[str, int], size: int) -> bytes:
        """Where everyone stands in a table."""
        standing = bytearray(size)
        for person in self.people:
            standing[positions[person.id]] = person.at[table]
        return bytes(standing)


def world(folder: Path, patients: int, seed: int, rates: Rates | None = None) -> World:
    """A practice of so many patients."""
    out = folder / f"practice-{patients}-{seed}"
    if not out.exists():
        synthesise(layout="canonical", patients=patients, seed=seed, out=out, reference_date=START)
    searches = [load_search(library_folder(name)) for name in library()]
    searches = [search for search in searches if search.unit is Unit.PERSON]
    with open_extract(out, "canonical", None) as extract:
        answers = answer(extract, searches, START)
    results = [answers.results[search.id] for search in searches]
    tables = [places_of(search.cells()) for search in searches]
    people = _people(answers.roster.patient_ids, tables, results, searches)
    return World(tuple(searches), tuple(tables), people, rates or Rates(), random.Random(seed))


def _people(ids: tuple[str, ...], tables: list[Places], results: list[object], searches: list[Search]) -> list[Person]:
    at = [[0] * len(tables) for _ in ids]
    for table, (places, result) in enumerate(zip(tables, results, strict=True)):
        assert isinstance(result, PeopleSets)
        for leaf, cell in enumerate(places.leaves):
            for number, outcome in enumerate(OUTCOMES):
                for person in each(result.counted[cell][outcome].members):
                    at[person][table] = 1 + 3 * leaf + number
    everyone = next(n for n, search in enumerate(searches) if search.id == "ethnicity-recorded")
    people = []
    for name, places in zip(ids, at, strict=True):
        leaf = tables[everyone].leaves[(places[everyone] - 1) // 3]
        age = searches[everyone].dimensions[0].values.index(leaf[0][1])
        people.append(Person(name, age, leaf[1][1], places))
    return people
