"""Complementary suppression: which further counts are withheld, so that margins do not give hidden ones away.

Every hidden count must be able to lie, for all that others can work out, anywhere in an interval as wide as the profile
says. For each that cannot, the cheapest way to give it room is looked for: a path along which people could have
been counted otherwise, through counts that are hidden anyway (free) and shown ones that would have to be withheld (at
their cost). Afterwards each withheld count that is not needed after all is shown again.

This is the network method of complementary suppression (Cox 1980; Kelly, Golden and Assad 1992), with the exact
attacker of `governance.attacker` as judge: what it gives is safe whatever the heuristic did.

Counts of the totals row cost more than all leaves together, because they are what most readers look at; counts
withheld last time cost less, so that the pattern is steady and tells nothing.
"""

from __future__ import annotations

import heapq
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from governance.attacker import UNBOUNDED
from governance.margins import Seen, Spot

_LEAF_COST: Final = 1000
_SAME_AS_LAST_TIME: Final = 400
_TOTALS_COST: Final = 100_000
_LARGE: Final = 1000  # beyond this many people, size no longer counts against withholding


@dataclass(frozen=True, slots=True)
class Covering:
    """What complementary suppression has decided.

    Args:
        covered: the counts withheld to protect others.
        is_safe: whether every hidden count now has room enough.
    """

    covered: frozenset[Spot]
    is_safe: bool


def protect(seen: Seen, before: Collection[Spot] = (), forced: Collection[Spot] = ()) -> Covering:
    """Withhold further counts until every hidden one has room.

    Args:
        seen: the table; its counts are covered.
        before: what was withheld in the last release.
        forced: what must be withheld in any case.
    """
    for spot in forced:
        if seen.can_be_covered(spot):
            seen.cover(spot)
    costs = _costs(seen, before)
    while (narrow := narrowed(seen)) is not None:
        if not _give_room(seen, narrow, costs):
            return Covering(frozenset(seen.covered), is_safe=False)
    _take_back(seen, costs, forced)
    return Covering(frozenset(seen.covered), is_safe=True)


def narrowed(seen: Seen) -> tuple[int, int] | None:
    """A hidden arc whose interval is too narrow, with the width it needs; None: there is none."""
    for arc, width in seen.hidden():
        if seen.circulation.room(arc, width) < width:
            return arc, width
    return None


def _costs(seen: Seen, before: Collection[Spot]) -> dict[Spot, int]:
    costs = {}
    for spot, arc in seen.spots.items():
        is_totals = spot[0] == len(seen.rows) - 1
        base = _TOTALS_COST if is_totals else _LEAF_COST
        discount = _SAME_AS_LAST_TIME if spot in before else 0
        costs[spot] = base - discount + min(seen.circulation.flow[arc], _LARGE) // 10
    return costs


def _give_room(seen: Seen, narrow: tuple[int, int], costs: dict[Spot, int]) -> bool:
    arc, width = narrow
    missing = width - seen.circulation.room(arc, width)
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
    kept = net.flow
    free = net.push(arc, UNBOUNDED, upwards=upwards)
    own = net.high[arc] - kept[arc] if upwards else kept[arc] - net.low[arc]
    found = _search(seen, arc, amount, costs, upwards=upwards) if own - free >= amount else None
    net.flow = kept
    return found


def _search(
    seen: Seen, arc: int, amount: int, costs: dict[Spot, int], *, upwards: bool
) -> tuple[int, tuple[Spot, ...]] | None:
    """The cheapest path around an arc (Dijkstra 1959)."""
    net = seen.circulation
    start, end = (net.head[arc], net.tail[arc]) if upwards else (net.tail[arc], net.head[arc])
    best: dict[int, int] = {start: 0}
    queue: list[tuple[int, int, tuple[Spot, ...]]] = [(0, start, ())]
    while queue:
        cost, node, spots = heapq.heappop(queue)
        if node == end:
            return cost, spots
        if cost > best[node]:
            continue
        for step in net.steps(node):
            price = _price(seen, step, amount, costs) if step not in (arc, ~arc) else None
            if price is None:
                continue
            spot = seen.owner.get(_arc(step)) if price else None
            is_new = spot is not None and spot not in spots
            further = cost + price if is_new else cost
            reached = net.head[step] if step >= 0 else net.tail[~step]
            if further < best.get(reached, UNBOUNDED):
                best[reached] = further
                heapq.heappush(queue, (further, reached, (*spots, spot) if is_new and spot is not None else spots))
    return None


def _price(seen: Seen, step: int, amount: int, costs: dict[Spot, int]) -> int | None:
    """What a step costs: 0 if there is room, else the cost of withholding its count; None: no room either way."""
    net, arc = seen.circulation, _arc(step)
    if (net.high[arc] - net.flow[arc] if step >= 0 else net.flow[arc] - net.low[arc]) >= amount:
        return 0
    spot = seen.owner.get(arc)
    if spot is None or not seen.can_be_covered(spot):
        return None
    if step < 0 and arc == seen.spots[spot] and net.flow[arc] - seen.table.rule.profile.k < amount:
        return None
    return costs[spot]


def _arc(step: int) -> int:
    return step if step >= 0 else ~step


def _take_back(seen: Seen, costs: dict[Spot, int], forced: Collection[Spot]) -> None:
    for spot in sorted(seen.covered - set(forced), key=lambda spot: (-costs[spot], spot)):
        seen.uncover(spot)
        if narrowed(seen) is not None:
            seen.cover(spot)
