"""Complementary suppression: which further counts are withheld, so that margins do not give hidden ones away.

Every hidden count must be able to lie, for all that others can work out, anywhere in an interval as wide as the profile
says. For each that cannot, the cheapest way to give it room is looked for: a path along which people could have
been counted otherwise, through counts that are hidden anyway (free) and shown ones that would have to be withheld (at
their cost). Afterwards each withheld count that is not needed after all is shown again.

This is the network method of complementary suppression (Cox 1980; Kelly, Golden and Assad 1992), with the exact
attacker of `governance.attacker` as judge: what it gives is safe whatever the heuristic did.

Counts of the totals row cost more than all leaves together, because they are what most readers look at; counts
withheld last time cost less. As long as the counts that are large enough by themselves are the same as at the last
release (who changes that comes in the company of delta people), what was withheld then is withheld again, if that is
enough: so a move of a few people behind hidden counts does not show in what is withheld.
"""

from __future__ import annotations

import heapq
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from governance.attacker import UNBOUNDED
from governance.margins import Seen, Spot
from governance.standing import OUTCOMES

_LEAF_COST: Final = 1000
_SAME_AS_LAST_TIME: Final = 400
_TOTALS_COST: Final = 100_000
_LARGE: Final = 1000  # beyond this many people, size no longer counts against withholding


@dataclass(frozen=True, slots=True)
class Covering:
    """What complementary suppression has decided.

    Args:
        covered: the counts withheld to protect others.
        blank: the rows withheld altogether to protect others (or because no leaf may be shown).
        is_safe: whether every hidden count now has room enough.
    """

    covered: frozenset[Spot]
    blank: frozenset[int]
    is_safe: bool


@dataclass(frozen=True, slots=True)
class Narrow:
    """A hidden arc that can be worked out too nearly: its row, and the width that it needs."""

    row: int
    arc: int
    width: int


def protect(seen: Seen, before: Collection[Spot] = (), forced: Collection[Spot] = ()) -> Covering:
    """Withhold further counts until every hidden one has room.

    Args:
        seen: the table; its counts are covered, its rows blanked.
        before: what was withheld in the last release.
        forced: what must be withheld in any case.
    """
    for spot in forced:
        if seen.can_be_withheld(spot):
            seen.cover(spot)
    judge, costs, given = _Judge(seen), _costs(seen, before), frozenset(seen.blank)
    while (narrow := judge.narrowed()) is not None:
        if not _give_room(seen, narrow, costs):
            if narrow.row in seen.blank:
                return Covering(frozenset(seen.covered), frozenset(seen.blank), is_safe=False)
            seen.blank_row(narrow.row)
    _take_back(seen, judge, costs, (forced, given))
    return Covering(frozenset(seen.covered), frozenset(seen.blank), is_safe=True)


def keep(seen: Seen, before: Collection[Spot], forced: Collection[Spot] = ()) -> Covering | None:
    """Withhold what was withheld in the last release and no more, if that is enough; None: it is not.

    Args:
        seen: the table; its counts are covered, its rows blanked.
        before: what was withheld; of a row that was blanked, all counts.
        forced: what must be withheld in any case.
    """
    for row in sorted({row for row, _ in before} - seen.blank):
        if all((row, outcome) in before for outcome in range(len(OUTCOMES))):
            seen.blank_row(row)
    for spot in sorted({*before, *forced}):
        if seen.can_be_covered(spot) or (spot in forced and seen.can_be_withheld(spot)):
            seen.cover(spot)
    is_enough = _Judge(seen).narrowed() is None
    return Covering(frozenset(seen.covered), frozenset(seen.blank), is_safe=True) if is_enough else None


class _Judge:
    """Says whether others can work out too much: more than they could if nothing of the table were released."""

    def __init__(self, seen: Seen) -> None:
        self._seen = seen
        self._nothing: Seen | None = None
        self._last: int = -1

    def narrowed(self) -> Narrow | None:
        """A hidden arc whose interval is too narrow; None: there is none."""
        hidden = self._seen.hidden()
        hidden.sort(key=lambda one: one[1] != self._last)  # what was too narrow before is the likeliest now
        for row, arc, width in hidden:
            room = self._seen.circulation.room(arc, width)
            if room < width and room < (least := self._unreleased(arc, width)):
                self._last = arc
                return Narrow(row, arc, least)
        return None

    def _unreleased(self, arc: int, width: int) -> int:
        """How wide an interval is before anything of this table is released, of lists and other searches alone."""
        if self._nothing is None:
            self._nothing = Seen(self._seen.table, self._seen.known, blank=range(len(self._seen.rows)))
        return self._nothing.circulation.room(arc, width)


def _costs(seen: Seen, before: Collection[Spot]) -> dict[Spot, int]:
    costs = {}
    for spot, arc in seen.spots.items():
        is_totals = spot[0] == len(seen.rows) - 1
        base = _TOTALS_COST if is_totals else _LEAF_COST
        discount = _SAME_AS_LAST_TIME if spot in before else 0
        costs[spot] = base - discount + min(seen.circulation.flow[arc], _LARGE) // 10
    return costs


def _give_room(seen: Seen, narrow: Narrow, costs: dict[Spot, int]) -> bool:
    arc = narrow.arc
    missing = narrow.width - seen.circulation.room(arc, narrow.width)
    for amount in dict.fromkeys((missing, 1)):
        paths = [_cheapest(seen, arc, amount, costs, upwards=upwards) for upwards in (True, False)]
        found = [path for path in paths if path is not None]
        if found:
            for spot in min(found)[1]:
                seen.cover(spot)
            return True
    return False


def _cheapest(
    seen: Seen, arc: int, amount: int, costs: dict[Spot, int], *, upwards: bool
) -> tuple[int, tuple[Spot, ...]] | None:
    """The cheapest counts to withhold so that an arc could be larger (or smaller) by an amount more than it can be."""
    net = seen.circulation
    kept = net.slack
    free = net.push(arc, UNBOUNDED, upwards=upwards)
    own = kept[2 * arc if upwards else 2 * arc + 1]
    found = _search(seen, net.ends(arc, upwards=upwards), amount, costs) if own - free >= amount else None
    net.slack = kept
    return found


def _search(
    seen: Seen, ends: tuple[int, int], amount: int, costs: dict[Spot, int]
) -> tuple[int, tuple[Spot, ...]] | None:
    """The cheapest path (Dijkstra 1959) on which so many people could have been counted otherwise."""
    start, end = ends
    best: dict[int, int] = {start: 0}
    queue: list[tuple[int, int, tuple[Spot, ...]]] = [(0, start, ())]
    while queue:
        cost, node, spots = heapq.heappop(queue)
        if node == end:
            return cost, spots
        if cost > best[node]:
            continue
        for step, reached in seen.circulation.steps[node]:
            spot = _to_cover(seen, step, amount)
            if spot is None and seen.circulation.slack[step] < amount:
                continue
            is_new = spot is not None and spot not in spots
            further = cost + costs[spot] if is_new and spot is not None else cost
            if further < best.get(reached, UNBOUNDED):
                best[reached] = further
                heapq.heappush(queue, (further, reached, (*spots, spot) if is_new and spot is not None else spots))
    return None


def _to_cover(seen: Seen, step: int, amount: int) -> Spot | None:
    """The count that would have to be withheld so that a step has room; None: it has, or withholding gives it none."""
    net, arc = seen.circulation, step >> 1
    spot = seen.owner.get(arc)
    if net.slack[step] >= amount or spot is None or not seen.can_be_covered(spot):
        return None
    if step & 1 and arc == seen.spots[spot] and net.flow[arc] - seen.table.rule.profile.k < amount:
        return None
    return spot


def _take_back(
    seen: Seen, judge: _Judge, costs: dict[Spot, int], given: tuple[Collection[Spot], frozenset[int]]
) -> None:
    for row in sorted(seen.blank - given[1]):
        seen.unblank_row(row)
        if judge.narrowed() is not None:
            seen.blank_row(row)
    for spot in sorted(seen.covered - set(given[0]), key=lambda spot: (-costs[spot], spot)):
        seen.uncover(spot)
        if judge.narrowed() is not None:
            seen.cover(spot)
