"""Means of several practices: on one grid for all peers, and one mean over all.

A practice's own mean is shown with its step. The step says roughly of how many people a mean is, so a peer's mean is
given on a grid that is the same for all: the range in 200 parts, rounded up to 1, 2 or 5 times a power of ten. So is
the mean over all practices, which is the mean of the released means, each weighted by its released number of people; it
is given of at least four practices, of which the one that looks is one at most.

Example: pressure between 60 and 250: peers to the nearest 1 mmHg. Of 50 people at 135, 120 at 140, 80 at 140 and 200 at
143 the mean is (50 x 135 + 120 x 140 + 80 x 140 + 200 x 143) / 450 = 140.78, shown as 141.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from governance.cells import Reason, State, Statistic, Statistics
from governance.means import step_of
from searches.distribution import STATISTICS
from searches.search import Measure

FEWEST_PRACTICES: Final = 4
_PARTS: Final = 200


@dataclass(frozen=True, slots=True)
class NetworkMean:
    """The mean over practices.

    Args:
        mean: on the grid of peers; None: of fewer than four practices.
        practices: of how many it is.
    """

    mean: Decimal | None
    practices: int


def for_peers(measure: Measure, mean: Decimal) -> Decimal:
    """A mean as others see it: to the nearest part of the range.

    >>> for_peers(Measure(Decimal(60), Decimal(250)), Decimal("137.4"))
    Decimal('137')
    """
    step = step_of(measure, _PARTS)
    return measure.low + ((mean - measure.low) / step).quantize(Decimal(1), ROUND_HALF_UP) * step


def network_mean(measure: Measure, parts: Iterable[tuple[int | None, Decimal | None]]) -> NetworkMean:
    """The mean over all practices that released both a number of people and a mean.

    Args:
        measure: of the search.
        parts: of each practice how many people were measured, and their mean, as released.
    """
    shown = [(number, mean) for number, mean in parts if number and mean is not None]
    if len(shown) < FEWEST_PRACTICES:
        return NetworkMean(None, len(shown))
    people = sum(number for number, _ in shown)
    return NetworkMean(
        for_peers(measure, sum((number * mean for number, mean in shown), Decimal(0)) / people), len(shown)
    )


def read_statistics(kept: Mapping[str, Mapping[str, str]]) -> Statistics:
    """Statistics as `Statistics.to_json` gave them."""
    mean, deviation, lower, median, upper = (_statistic(kept[name]) for name in STATISTICS)
    return Statistics(mean, deviation, lower, median, upper)


def _statistic(kept: Mapping[str, str]) -> Statistic:
    value, step = (Decimal(kept[name]) if name in kept else None for name in ("value", "step"))
    reason = Reason(kept["reason"]) if "reason" in kept else None
    return Statistic(State(kept["state"]), step=step, value=value, reason=reason)
