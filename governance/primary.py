"""Primary suppression: what each count looks like by itself, from how many distinct people stand behind it.

For the three counts of a row, in this order:

1. fewer people in met and not met than the profile's least denominator: the row is hidden;
2. fewer than k behind a count: FEW (nobody, under a profile that shows zeros: VALUE);
3. two-sided, and the other of met and not met is FEW: OTHER;
4. VALUE.

An outcome that the search's text cannot give is FEW as well, but hides nothing: everyone knows that it is 0. It makes
no other side, and met and not met need no least denominator when one of them cannot be.

The kinds of a row say which of its unions others can work out: den from two values, or from FEW and OTHER (above den -
k gives den away); the register if excepted is a value too.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

from governance.profiles import APPOINTMENT_ROUNDING, Profile
from governance.standing import DEN, EXCEPTED, MET, NOT_MET, PARTS, REGISTER, Places, Row
from searches.people import APPOINTMENTS_COUNTED_PER_PERSON
from searches.search import Outcome, Search, Unit, possible_outcomes


class Look(IntEnum):
    """What a count looks like by itself."""

    VALUE = 0
    FEW = 1
    OTHER = 2
    HIDDEN = 3


Looks = tuple[Look, Look, Look]
"""Of met, not met and excepted."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A profile applied to one search.

    Args:
        profile: what holds.
        possible: the outcomes that the search's text can give.
        unit: what the numbers count; the thresholds are on people in any case.
    """

    profile: Profile
    possible: frozenset[Outcome]
    unit: Unit = Unit.PERSON

    @classmethod
    def of(cls, search: Search, profile: Profile) -> Rule:
        """Of a search under a profile."""
        return cls(profile, possible_outcomes(search), search.unit)

    @property
    def is_split(self) -> bool:
        """Whether both met and not met can be."""
        return {Outcome.MET, Outcome.NOT_MET} <= self.possible

    @property
    def each_counts(self) -> int:
        """How often one person can count."""
        return APPOINTMENTS_COUNTED_PER_PERSON if self.unit is Unit.APPOINTMENT else 1

    @property
    def few_most(self) -> int:
        """The largest number that fewer than k people can make."""
        return (self.profile.k - 1) * self.each_counts

    @property
    def step(self) -> int:
        """Numbers go to the nearest multiple of this."""
        visits = APPOINTMENT_ROUNDING if self.unit is Unit.APPOINTMENT else 1
        return math.lcm(self.profile.rounding, visits)

    @property
    def least_denominator(self) -> int:
        """Below this many people in met and not met a row is hidden."""
        return self.profile.least_denominator if self.is_split else 0


def looks_of(sizes: Sequence[int], rule: Rule) -> Looks:
    """What the counts of a row look like.

    Args:
        sizes: distinct people behind met, not met, excepted, den and register.
        rule: of the search.
    """
    if sizes[DEN] < rule.least_denominator:
        return Look.HIDDEN, Look.HIDDEN, Look.HIDDEN
    met, not_met, excepted = (_alone(sizes[part], rule.profile) for part in (MET, NOT_MET, EXCEPTED))
    if rule.profile.two_sided and rule.is_split:
        if met is Look.FEW:
            not_met = Look.OTHER
        elif not_met is Look.FEW:
            met = Look.OTHER
    return met, not_met, excepted


def shown_parts(looks: Looks, rule: Rule) -> tuple[bool, bool, bool, bool, bool]:
    """Which of the five unions of a row others can work out."""
    met, not_met, excepted = (
        look is Look.VALUE or (outcome not in rule.possible and look is not Look.HIDDEN)
        for look, outcome in zip(looks, Outcome, strict=True)
    )
    den = (met and not_met) or Look.OTHER in looks
    return met, not_met, excepted, den, den and excepted


def shown_unions(places: Places, sizes: Sequence[int], rule: Rule, *, bare: bool = False) -> int:
    """Bit set of the unions of a table that can be worked out from how each row looks by itself.

    Args:
        places: of the table.
        sizes: distinct people in each union.
        rule: of the search.
        bare: whether the totals row alone is shown.
    """
    single = len(places.leaves) == 1
    shown = 0 if single else _shown_row(places.totals, sizes, rule)
    if not bare or single:
        for row in places.leaf_rows:
            shown |= _shown_row(row, sizes, rule)
    return shown | margins_shown(places, sizes, shown)


def margins_shown(places: Places, sizes: Sequence[int], shown: int) -> int:
    """The one-way margins that can be worked out: no row of a result, but the sum of leaves shown or empty."""
    found = 0
    for row in places.margins:
        firsts = [places.rows[leaf].first for leaf in row.leaves if sizes[places.rows[leaf].first + REGISTER]]
        for part in range(len(PARTS)):
            if firsts and all(shown >> first + part & 1 for first in firsts):
                found |= 1 << row.first + part
    return found


def _shown_row(row: Row, sizes: Sequence[int], rule: Rule) -> int:
    looks = looks_of(sizes[row.first : row.first + len(PARTS)], rule)
    return sum(1 << row.first + part for part, is_shown in enumerate(shown_parts(looks, rule)) if is_shown)


def rounded(number: int, step: int) -> int:
    """To the nearest multiple, half up: 12 -> 10 and 13 -> 15 with step 5."""
    return (number + step // 2) // step * step


def above_of(den: int, rule: Rule) -> int:
    """What the other side of a few is said to be above, from met and not met together.

    Rounded down: it stays true, and does not give the exact sum away where numbers are rounded.
    """
    return max(0, (den - rule.few_most - 1) // rule.step * rule.step)


def value_bounds(number: int, rule: Rule) -> tuple[int, int]:
    """The numbers that are shown as this one is."""
    step = rule.step
    if step == 1 or number == 0:
        return number, number
    shown = rounded(number, step)
    return max(rule.profile.k, shown - step // 2), shown + step - 1 - step // 2


def _alone(people: int, profile: Profile) -> Look:
    if people >= profile.k or (people == 0 and profile.zero_shown):
        return Look.VALUE
    return Look.FEW
