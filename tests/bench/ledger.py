"""What gate and ledger cost: `python -m tests.bench.ledger`, one JSON object on stdout.

4,000 cells at a practice of 10,000 patients: 200 searches by age band and sex, 20 cells each, each of three counts.
Behind them are some weeks of releases, and a week's changes. Two cases: *far apart*, where one search in four is three
people from another; and *near*, where nine in ten are within a few people of another one, and of each other, week after
week. Measured is what gate and ledger take in one release, in processor seconds, and how much memory Python asks for at
most; beside it the whole release, with the search for counts to be withheld. Without numpy.
"""

from __future__ import annotations

import json
import random
import sys
import time
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any, Final
from unittest.mock import patch

from governance import decision, ground, known, suppress
from governance.optouts import CountedPeople, take_off
from governance.profiles import GP_BENCH
from governance.release_history import ReleaseHistory
from governance.suppress import Practice, Terms
from searches.people import Roster, gather_bits
from searches.search import Dimension, Outcome, Search
from tests.governance_kit import search as plain_search

SEED: Final = 20260331
START: Final = date(2026, 3, 31)
_AGES: Final = tuple(f"{ten}0-{ten}9" for ten in range(10))
_CHANGED_EACH_WEEK: Final = 0.003
_PARTS: Final = (
    (ground, "ledger_of"),
    (suppress, "add_to_ledger"),
    (decision, "let_out"),
    (decision, "_clear_of_others"),
    (decision, "gives_away"),
    (decision, "margins_elsewhere"),
    (known, "_elsewhere"),
    (decision, "rests"),
)


@dataclass(frozen=True, slots=True)
class Size:
    """How much there is to be released.

    Args:
        patients: of the practice.
        searches: of 20 cells each.
        weeks_before: releases that are kept.
        repeats: of so many searches one after the other, all but the first are nearly the first.
        every: such a group begins at every so manieth search.
    """

    patients: int = 10_000
    searches: int = 200
    weeks_before: int = 4
    repeats: int = 2
    every: int = 4


FAR_APART: Final = Size()
NEAR: Final = Size(weeks_before=6, repeats=10, every=10)


@dataclass
class Clock:
    """Processor seconds, and the most memory, of what ran under it."""

    seconds: float = 0.0
    running: int = 0

    def around(self, work: Callable[..., Any]) -> Callable[..., Any]:
        """The same work, with its time taken once."""

        def timed(*arguments: Any, **named: Any) -> Any:
            begun = time.process_time()
            self.running += 1
            try:
                return work(*arguments, **named)
            finally:
                self.running -= 1
                if not self.running:
                    self.seconds += time.process_time() - begun

        return timed


@contextmanager
def gate_and_ledger_timed() -> Iterator[Clock]:
    """While this lasts, a clock runs whenever gate or ledger are at work."""
    clock = Clock()
    patches = [patch.object(where, name, clock.around(getattr(where, name))) for where, name in _PARTS]
    for one in patches:
        one.start()
    try:
        yield clock
    finally:
        for one in patches:
            one.stop()


@dataclass
class Bench:
    """A practice whose people stand at random, in searches of which some nearly repeat another."""

    size: Size
    dice: random.Random = field(default_factory=lambda: random.Random(SEED))

    def __post_init__(self) -> None:
        ages = [self.dice.randrange(10) for _ in range(self.size.patients)]
        sexes = [self.dice.randrange(2) for _ in range(self.size.patients)]
        self.groups = [
            {name: _bits(ages, number) for number, name in enumerate(_AGES)},
            {name: _bits(sexes, number) for number, name in enumerate(("F", "M"))},
        ]
        ids = tuple(f"{number:06}" for number in range(self.size.patients))
        self.practice = Practice(Roster(ids), 0, bytes(32))
        dimensions = (Dimension("age_band", _AGES), Dimension("sex", ("F", "M")))
        self.searches = [
            replace(plain_search(f"search-{number:03}"), dimensions=dimensions) for number in range(self.size.searches)
        ]
        self.outcomes: list[list[int]] = []
        for number in range(self.size.searches):
            self.outcomes.append(self._near(number) if self._repeats(number) else self._drawn())
        self.week = 0

    def _repeats(self, number: int) -> bool:
        return 0 < number % self.size.every < self.size.repeats

    def _drawn(self) -> list[int]:
        register = self.dice.uniform(0.1, 0.9)
        weights = (register * 0.6, register * 0.35, register * 0.05, 1 - register)
        return self.dice.choices(range(4), weights, k=self.size.patients)

    def _near(self, number: int) -> list[int]:
        """Three people stand elsewhere than in the search that is repeated: others in each repetition."""
        at = number % self.size.every
        outcomes, start = list(self.outcomes[number - at]), 3 * at
        outcomes[start : start + 3] = [(outcome + 1) % 4 for outcome in outcomes[start : start + 3]]
        return outcomes

    def pass_a_week(self) -> None:
        """Some people stand elsewhere, in every search by itself but for those that nearly repeat another."""
        self.week += 1
        for number, outcomes in enumerate(self.outcomes):
            if self._repeats(number):
                self.outcomes[number] = self._near(number)
                continue
            for person in self.dice.sample(range(len(outcomes)), int(len(outcomes) * _CHANGED_EACH_WEEK)):
                outcomes[person] = self.dice.randrange(4)

    def counted(self) -> list[CountedPeople]:
        """This week's answers."""
        day = START + timedelta(weeks=self.week)
        return [
            take_off(self._answer(at, search, day), 0, day, "type1_excluded") for at, search in enumerate(self.searches)
        ]

    def _answer(self, at: int, search: Search, day: date) -> Any:
        found = {outcome: _bits(self.outcomes[at], number) for number, outcome in enumerate(Outcome)}
        return gather_bits(search, day, self.practice.roster, (found, self.groups))


def _bits(values: list[int], value: int) -> int:
    return int("".join("1" if one == value else "0" for one in reversed(values)), 2)


def measure(size: Size | None = None) -> dict[str, float]:
    """Release for so many weeks, and measure the last."""
    bench, history = Bench(size or Size()), ReleaseHistory()
    terms = Terms("heart-health", GP_BENCH)
    with patch.object(decision, "protect", _nothing_withheld):  # it takes longest, and is not what is measured
        for _ in range(bench.size.weeks_before):
            history = suppress.suppress(bench.counted(), terms, bench.practice, history).history
            bench.pass_a_week()
    counted = bench.counted()
    begun = time.process_time()
    with gate_and_ledger_timed() as clock:
        made = suppress.suppress(counted, terms, bench.practice, history)
    whole = time.process_time() - begun
    tracemalloc.start()
    with patch.object(decision, "protect", _nothing_withheld):
        suppress.suppress(counted, terms, bench.practice, history)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return {
        "cells": float(sum(len(table.rows) - 1 for table in made.tables)),
        "counts": float(3 * sum(len(table.rows) for table in made.tables)),
        "gate_and_ledger_seconds": clock.seconds,
        "release_seconds": whole,
        "peak_megabytes": peak / 1_000_000,
    }


def _nothing_withheld(seen: Any, *_: Any) -> Any:
    return decision.Covering(frozenset(seen.covered), frozenset(seen.blank), is_safe=True)


if __name__ == "__main__":
    json.dump({"far apart": measure(FAR_APART), "near": measure(NEAR)}, sys.stdout, indent=1)
