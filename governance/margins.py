"""A table as others see it: every count and margin an arc, bounded by what its look, the list sizes and others' results tell.

    start -> list of leaf -> register -> den -> met, not met -> total of each -> den of totals -> register of totals -> start
                  \\-> outside (in no cell)      \\-> excepted ------------------------------------------/

What is known beforehand: the public number of registered patients of each leaf ("Patients registered at a GP practice"
gives age and sex exactly; the practice's deprivation follows from where patients live), which outcomes the search's
text can give, and every number released under another search that counts the same people. That some of the list are in
no cell is a state of its own: few outside a leaf's register are as telling as few inside, unless nobody is, which the
search's text usually says (everyone aged 65 and over).

A count withheld to protect others (COVERED) is known to be k at least, or it would be a band.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from governance.attacker import UNBOUNDED, Circulation
from governance.primary import Look, Rule, looks_of
from governance.standing import DEN, EXCEPTED, MET, NOT_MET, OUTCOMES, PARTS, REGISTER, Places, Row

Spot = tuple[int, int]
"""A row (by its number) and an outcome (by its number)."""

_START: Final = 0
_TOTAL_MET, _TOTAL_NOT_MET, _TOTAL_EXCEPTED, _TOTAL_DEN, _TOTAL_REGISTER = range(1, 6)
_FIRST_LEAF: Final = 6


@dataclass(frozen=True, slots=True)
class Known:
    """What others know of a table beside its result.

    Args:
        lists: registered patients of each leaf who may be counted, or None for all: not known.
        outside: how many of them are in no cell of the table today, by leaf; as `lists`.
        elsewhere: bit set of the unions that are released under another search, just as they are here.
    """

    lists: Sequence[int] | None = None
    outside: Sequence[int] | None = None
    elsewhere: int = 0


class Seen:
    """A table as others see it, with each count shown or covered, and how much of the hidden ones they can work out.

    Args:
        places: of the table.
        sizes: of its unions, as released.
        rule: of the search.
        known: beside the result.
        withheld: whether every leaf (not the totals) is withheld for a reason of its own, such as a small list.
    """

    def __init__(
        self, places: Places, sizes: Sequence[int], rule: Rule, known: Known, *, withheld: bool = False
    ) -> None:
        self.places, self.sizes, self.rule, self.known = places, sizes, rule, known
        self.rows = (*places.leaf_rows, places.totals) if len(places.leaves) > 1 else places.leaf_rows
        self.looks = [looks_of(sizes[row.first : row.first + len(PARTS)], rule) for row in self.rows]
        if withheld:
            self.looks[: len(places.leaves)] = [(Look.HIDDEN, Look.HIDDEN, Look.HIDDEN)] * len(places.leaves)
        self.covered: set[Spot] = set()
        self.circulation = Circulation()
        self.spots: dict[Spot, int] = {}
        self.owner: dict[int, Spot] = {}
        self._dens: dict[int, int] = {}
        self._outside: dict[int, int] = {}
        self._unbounded_rows = withheld
        self._build()

    def cover(self, spot: Spot) -> None:
        """Withhold a count that is not hidden by itself."""
        self.covered.add(spot)
        self._bound(spot)

    def uncover(self, spot: Spot) -> None:
        """Show it again as it looks by itself."""
        self.covered.discard(spot)
        self._bound(spot)

    def can_be_covered(self, spot: Spot) -> bool:
        """Whether it is shown as a value, or as the other side of a few."""
        row, outcome = spot
        is_shown = self.looks[row][outcome] in (Look.VALUE, Look.OTHER)
        return is_shown and spot not in self.covered and not self.is_known(spot)

    def is_known(self, spot: Spot) -> bool:
        """Whether others know it in any case: by the search's text, or from another search."""
        row, outcome = spot
        is_elsewhere = bool(self.known.elsewhere >> self.rows[row].first + outcome & 1)
        return is_elsewhere or OUTCOMES[outcome] not in self.rule.possible

    def hidden(self) -> list[tuple[int, int]]:
        """The arcs that must stay uncertain, each with how wide at least."""
        found = [(arc, self._width(spot, arc)) for spot, arc in self.spots.items() if self._is_hidden(spot)]
        found += [(arc, self._outside_width(leaf, arc)) for leaf, arc in self._outside.items()]
        return [(arc, width) for arc, width in found if width > 0]

    def _is_hidden(self, spot: Spot) -> bool:
        row, outcome = spot
        if self.is_known(spot):
            return False
        return spot in self.covered or self.looks[row][outcome] is not Look.VALUE

    def _width(self, spot: Spot, arc: int) -> int:
        low, high = self.circulation.low[arc], self.circulation.high[arc]
        return min(self.rule.profile.width, high - low, self._list(spot[0]) - low)

    def _outside_width(self, leaf: int, arc: int) -> int:
        assert self.known.outside is not None  # noqa: S101 - arcs of it are only made then
        few = 0 < self.known.outside[leaf] < self.rule.profile.k
        return min(self.rule.profile.width, self._list(leaf), self.circulation.flow[arc] + 1) if few else 0

    def _list(self, row: int) -> int:
        if self.known.lists is None:
            return UNBOUNDED
        return sum(self.known.lists[leaf] for leaf in self.rows[row].leaves)

    def _build(self) -> None:
        single = len(self.rows) == 1
        for number, row in enumerate(self.places.leaf_rows):
            ends = (_START, _START, _START) if single else (_TOTAL_MET, _TOTAL_NOT_MET, _TOTAL_EXCEPTED)
            self._build_leaf(number, row, ends)
        if not single:
            self._build_totals(len(self.rows) - 1, self.rows[-1])

    def _build_leaf(self, number: int, row: Row, ends: tuple[int, int, int]) -> None:
        add, base = self.circulation.add, _FIRST_LEAF + 3 * number
        everyone, register, den = base, base + 1, base + 2
        inside = self.sizes[row.first + REGISTER]
        if self.known.lists is None or self.known.outside is None:
            add(_START, everyone, (0, UNBOUNDED), inside)
        else:
            # People held where they were last released may be more than are on the list today.
            listed = max(self.known.lists[number], inside)
            add(_START, everyone, (listed, listed), listed)
            most = UNBOUNDED if self.known.outside[number] or listed > inside else 0
            self._outside[number] = add(everyone, _START, (0, most), listed - inside)
        add(everyone, register, self._margin(row, REGISTER), inside)
        self._dens[number] = add(register, den, (0, UNBOUNDED), self.sizes[row.first + DEN])
        for outcome, tail in ((MET, den), (NOT_MET, den), (EXCEPTED, register)):
            self._add_spot((number, outcome), tail, ends[outcome])
        self._bound((number, MET))

    def _build_totals(self, number: int, row: Row) -> None:
        for outcome, tail in enumerate((_TOTAL_MET, _TOTAL_NOT_MET, _TOTAL_EXCEPTED)):
            self._add_spot((number, outcome), tail, _TOTAL_REGISTER if outcome == EXCEPTED else _TOTAL_DEN)
        add = self.circulation.add
        self._dens[number] = add(_TOTAL_DEN, _TOTAL_REGISTER, (0, UNBOUNDED), self.sizes[row.first + DEN])
        add(_TOTAL_REGISTER, _START, self._margin(row, REGISTER), self.sizes[row.first + REGISTER])
        self._bound((number, MET))

    def _add_spot(self, spot: Spot, tail: int, head: int) -> None:
        row, outcome = spot
        size = self.sizes[self.rows[row].first + outcome]
        arc = self.circulation.add(tail, head, (size, size), size)
        self.spots[spot] = arc
        self.owner[arc] = spot
        self._bound_arc(arc, self._count_bounds(spot))

    def _bound(self, spot: Spot) -> None:
        """Set the bounds of a count, and of met and not met together in its row."""
        row = spot[0]
        self._bound_arc(self.spots[spot], self._count_bounds(spot))
        self._bound_arc(self._dens[row], self._den_bounds(row))
        other = next((o for o in (MET, NOT_MET) if self.looks[row][o] is Look.OTHER), None)
        if other is not None:
            self.owner[self._dens[row]] = (row, other)

    def _bound_arc(self, arc: int, bounds: tuple[int, int]) -> None:
        true = self.circulation.flow[arc]
        # The truth is always among what is possible; a held person may make a bound too narrow by a few.
        self.circulation.low[arc], self.circulation.high[arc] = min(bounds[0], true), max(bounds[1], true)

    def _count_bounds(self, spot: Spot) -> tuple[int, int]:
        row, outcome = spot
        first, profile = self.rows[row].first, self.rule.profile
        size = self.sizes[first + outcome]
        if OUTCOMES[outcome] not in self.rule.possible:
            return 0, 0
        if self.known.elsewhere >> first + outcome & 1:
            return size, size
        if spot in self.covered:
            return profile.k, UNBOUNDED
        match self.looks[row][outcome]:
            case Look.VALUE:
                return value_bounds(size, self.rule)
            case Look.FEW:
                return int(profile.zero_shown), profile.k - 1
            case Look.OTHER:
                return max(profile.k, self._above(row) + 1), UNBOUNDED
            case Look.HIDDEN:
                most = UNBOUNDED if outcome == EXCEPTED or self._is_withheld(row) else self.rule.least_denominator - 1
                return 0, most

    def _den_bounds(self, row: int) -> tuple[int, int]:
        first = self.rows[row].first
        size = self.sizes[first + DEN]
        if self.known.elsewhere >> first + DEN & 1:
            return size, size
        looks = self.looks[row]
        if looks[MET] is Look.HIDDEN:
            return 0, UNBOUNDED if self._is_withheld(row) else self.rule.least_denominator - 1
        if any(look is Look.OTHER and (row, outcome) not in self.covered for outcome, look in enumerate(looks)):
            least = self._above(row) + self.rule.profile.k
            return least, least + self.rule.profile.rounding - 1
        return self.rule.least_denominator, UNBOUNDED

    def _above(self, row: int) -> int:
        return above_of(self.sizes[self.rows[row].first + DEN], self.rule)

    def _is_withheld(self, row: int) -> bool:
        return self._unbounded_rows and row < len(self.places.leaves)

    def _margin(self, row: Row, part: int) -> tuple[int, int]:
        union = row.first + part
        return (self.sizes[union], self.sizes[union]) if self.known.elsewhere >> union & 1 else (0, UNBOUNDED)


def value_bounds(size: int, rule: Rule) -> tuple[int, int]:
    """The counts that are shown as this one is."""
    step, k = rule.profile.rounding, rule.profile.k
    if step == 1 or size == 0:
        return size, size
    shown = (size + step // 2) // step * step
    return max(k, shown - step // 2), shown + step - 1 - step // 2


def above_of(den: int, rule: Rule) -> int:
    """What the other side of a few is said to be above, from met and not met together."""
    step = rule.profile.rounding
    return max(0, (den - rule.profile.k) // step * step)


def known_widths(seen: Seen) -> Mapping[Spot, tuple[int, int]]:
    """For every count, the interval in which others know it to lie."""
    return {spot: seen.circulation.interval(arc) for spot, arc in seen.spots.items()}
