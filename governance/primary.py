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

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

from governance.profiles import Profile
from governance.standing import DEN, EXCEPTED, MET, NOT_MET, PARTS, REGISTER, Places, Row
from searches.search import Outcome


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
    """

    profile: Profile
    possible: frozenset[Outcome]

    @property
    def is_split(self) -> bool:
        """Whether both met and not met can be."""
        return {Outcome.MET, Outcome.NOT_MET} <= self.possible

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


def shown_unions(places: Places, sizes: Sequence[int], rule: Rule) -> int:
    """Bit set of the unions of a table that can be worked out from how each row looks by itself.

    A one-way margin is no row of a result: it can be worked out where each of its leaves can, or is empty.
    """
    shown = 0
    for row in places.leaf_rows:
        shown |= _shown_row(row, sizes, rule)
    for row in places.margins:
        for part in range(len(PARTS)):
            firsts = (places.rows[leaf].first for leaf in row.leaves)
            if all(shown >> first + part & 1 or not sizes[first + REGISTER] for first in firsts):
                shown |= 1 << row.first + part
    return shown if len(places.leaves) == 1 else shown | _shown_row(places.totals, sizes, rule)


def _shown_row(row: Row, sizes: Sequence[int], rule: Rule) -> int:
    looks = looks_of(sizes[row.first : row.first + len(PARTS)], rule)
    return sum(1 << row.first + part for part, is_shown in enumerate(shown_parts(looks, rule)) if is_shown)


def _alone(people: int, profile: Profile) -> Look:
    if people >= profile.k or (people == 0 and profile.zero_shown):
        return Look.VALUE
    return Look.FEW
