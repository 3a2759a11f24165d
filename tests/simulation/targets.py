"""Practices with one target, drawn at random: all that an attacker is after is whether that patient has a code.

Each world is drawn twice, alike but for the target: once with the code and once without. What the attacker knows: age,
sex and three conditions of the target, how common the code is in general, and, of everybody else, nothing.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cache

from governance import audited
from governance.optouts import take_off
from governance.profiles import GP_BENCH
from governance.release_history import ReleaseHistory
from governance.suppress import Practice, SafeTable, Terms
from searches.people import Roster, gather_bits
from searches.search import Dimension, Outcome, Search
from tests.governance_kit import search as plain_search

START, KEY = date(2026, 3, 31), bytes(range(32))
PATIENTS, WEEKS, SINCE = 1_050, 4, 2
TRAITS = ("sex", "lung", "heart", "kidney", "band", "age", "ethnicity")
_SHARES = (0.5, 0.12, 0.2, 0.08)
_ETHNICITIES = 6
_BANDS = ("0-19", "20-39", "40-59", "60-79", "80+")
_CHANGES = 0.004


@dataclass(frozen=True, slots=True)
class Gene:
    """A search, by what it asks of people in the terms of the target.

    Args:
        alike: traits that everyone on the register shares with the target.
        spared: those who share all these traits with the target are left out; none: nobody is.
        split: by nothing, sex, age band, or both.
    """

    alike: frozenset[str] = frozenset()
    spared: frozenset[str] = frozenset()
    split: tuple[str, ...] = ()


Plan = tuple[Gene, ...]
"""The searches of an attack."""


class Place:
    """A practice with a target (the first patient), who may get the code."""

    def __init__(self, seed: int, *, has_code: bool, since: int) -> None:
        self._dice = random.Random(seed)
        dice = self._dice
        self._traits = [self._draw() for _ in range(PATIENTS)]
        practice = dice.gauss(-0.8, 0.4)
        effects = [[practice + dice.gauss(0, 0.5) for _ in _BANDS] for _ in range(2)]
        chances = [1 / (1 + math.exp(-effects[one[0]][one[4]])) for one in self._traits]
        self._codes = [dice.random() < chance for chance in chances]
        self._codes[0] = False
        self._since = since if has_code else WEEKS
        self._shared = [self._alike(trait) for trait in range(len(TRAITS))]
        self._roster = Roster(
            tuple(f"{number:05}" for number in range(PATIENTS)),
            {
                "sex": {name: self._with(0, n) for n, name in enumerate(("F", "M"))},
                "age_band": {name: self._with(4, n) for n, name in enumerate(_BANDS)},
            },
        )

    def _draw(self) -> tuple[int, ...]:
        traits = [int(self._dice.random() < share) for share in _SHARES]
        age = int(self._dice.triangular(0, 99, 45))
        return (*traits, min(age // 20, 4), age, self._dice.randrange(_ETHNICITIES))

    def _with(self, trait: int, value: int) -> int:
        return sum(1 << person for person, one in enumerate(self._traits) if one[trait] == value)

    def _alike(self, trait: int) -> int:
        return self._with(trait, self._traits[0][trait])

    def register(self, gene: Gene) -> int:
        """Who a search is about, as a bit set."""
        return self._all(gene.alike) & ~(self._all(gene.spared) if gene.spared else 0)

    def _all(self, traits: frozenset[str]) -> int:
        people = (1 << PATIENTS) - 1
        for trait in traits:
            people &= self._shared[TRAITS.index(trait)]
        return people

    def weeks(self, plan: Plan) -> Iterator[tuple[SafeTable, ...]]:
        """What is released, week after week."""
        history = ReleaseHistory()
        practice = Practice(self._roster, 0, KEY)
        registers = [self.register(gene) for gene in plan]
        for week in range(WEEKS):
            day = START + timedelta(weeks=week)
            if week:
                self._pass_a_week()
            codes = sum(1 << person for person, has in enumerate(self._codes) if has) | int(week >= self._since)
            counted = []
            for number, (gene, register) in enumerate(zip(plan, registers, strict=True)):
                found = {Outcome.MET: register & codes, Outcome.NOT_MET: register & ~codes, Outcome.EXCEPTED: 0}
                search = _search(number, gene.split)
                groups = [self._roster.groups[name] for name in gene.split]
                answer = gather_bits(search, day, self._roster, (found, groups))
                counted.append(take_off(answer, 0, day, "type1_excluded"))
            released = audited.suppress_audited(counted, Terms("heart-health", GP_BENCH), practice, history)
            history = released.history
            yield released.tables

    def _pass_a_week(self) -> None:
        for person in range(1, PATIENTS):
            if self._dice.random() < _CHANGES:
                self._codes[person] = not self._codes[person]


@cache
def _search(number: int, split: tuple[str, ...]) -> Search:
    values = {"sex": ("F", "M"), "age_band": _BANDS}
    dimensions = tuple(Dimension(name, values[name]) for name in split)
    return replace(plain_search(f"search-{number:02}"), dimensions=dimensions, sql="'met' 'not met'")
