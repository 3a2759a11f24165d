"""Means and medians of one declared value: only of enough people, clipped, on a coarse grid, ruled by nobody.

A search of kind distribution declares a range [low, high] for its value. Everyone's value is clipped to it first, so
that no one person can carry a mean far. Then, for the people of one cell, as counted for release:

* mean and standard deviation: n >= 10; the largest value at most 50 % of the sum, the two largest at most 90 %
  (the (n, k) rule with n = 2), the sum of the others at least 10 % of the largest (the p% rule); all of values above
  `low`, since a shift of the scale must not hide a dominant one;
* median and quartiles: n >= 40, and at least 10 people on each side of each cut;
* each is given to the nearest step of what one person can move it by, rounded up to 1, 2 or 5 times a power of ten:
  (high - low) / n for a mean, (high - low) / root of n - 1 for a standard deviation;
* none if fewer than 8 people have another value (on the grid) than the commonest: it would be everyone's value;
* never: sums (others work them out as n times the mean, as nearly as the step lets them), extremes, mode, lists.

The thresholds are the narrower of ACRO's (n 10, (2, 90 %), p 10 %) and UK LLC's (10).

Example: systolic pressure in 60 to 250 of 50 people: step 5 (190 / 50 = 3.8, rounded up to 5); a mean of 137.4 is 135.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Decimal
from enum import StrEnum

from governance.profiles import MeanRule

_LADDER = (1, 2, 5, 10)


class Refusal(StrEnum):
    """Why a statistic is not shown; it says nothing of the values."""

    NOT_ALLOWED = "means_not_allowed"
    TOO_FEW = "too_few_values"
    ONE_RULES = "one_value_rules"
    ALIKE = "values_alike"


@dataclass(frozen=True, slots=True)
class Measure:
    """The declared range of a value.

    Raises:
        ValueError: it is empty.
    """

    low: Decimal
    high: Decimal

    def __post_init__(self) -> None:
        if not self.low < self.high:
            raise ValueError(f"measure goes from {self.low} to {self.high}, expected a range")

    def clipped(self, value: Decimal) -> Decimal:
        """The value, or the end of the range that it lies beyond."""
        return min(max(value, self.low), self.high)


@dataclass(frozen=True, slots=True)
class Spread:
    """A mean and its standard deviation, each with the step of its grid."""

    mean: Decimal
    step: Decimal
    deviation: Decimal
    deviation_step: Decimal


@dataclass(frozen=True, slots=True)
class Quartiles:
    """Lower quartile, median and upper quartile, on the grid."""

    lower: Decimal
    median: Decimal
    upper: Decimal
    step: Decimal


def spread(values: Sequence[Decimal], measure: Measure, rule: MeanRule | None) -> Spread | Refusal:
    """Mean and standard deviation as they may be shown.

    Args:
        values: one for each person counted for release.
        measure: the declared range.
        rule: of the profile; None: means are not allowed.
    """
    if rule is None:
        return Refusal.NOT_ALLOWED
    if len(values) < rule.n_min:
        return Refusal.TOO_FEW
    above = sorted((measure.clipped(value) - measure.low for value in values), reverse=True)
    if is_dominated(above, rule):
        return Refusal.ONE_RULES
    n, step = len(above), step_of(measure, len(above))
    if is_alike(above, step, rule):
        return Refusal.ALIKE
    wide = _rounded_up((measure.high - measure.low) / Decimal(n - 1).sqrt())
    mean = sum(above, Decimal(0)) / n
    variance = sum(((value - mean) ** 2 for value in above), Decimal(0)) / (n - 1)
    return Spread(_on_grid(measure.low + mean, step), step, _on_grid(variance.sqrt(), wide), wide)


def quartiles(values: Sequence[Decimal], measure: Measure, rule: MeanRule | None) -> Quartiles | Refusal:
    """Lower quartile, median and upper quartile as they may be shown; arguments as for `spread`."""
    if rule is None:
        return Refusal.NOT_ALLOWED
    if len(values) < max(rule.median_n_min, 4 * rule.each_side):
        return Refusal.TOO_FEW
    ordered = sorted(measure.clipped(value) for value in values)
    step = step_of(measure, len(ordered))
    if is_alike(ordered, step, rule):
        return Refusal.ALIKE
    lower, median, upper = (_on_grid(_quantile(ordered, quarters), step) for quarters in (1, 2, 3))
    return Quartiles(lower, median, upper, step)


def step_of(measure: Measure, n: int) -> Decimal:
    """The grid for n people: (high - low) / n, rounded up to 1, 2 or 5 times a power of ten.

    >>> step_of(Measure(Decimal(60), Decimal(250)), 50), step_of(Measure(Decimal(0), Decimal(1)), 30)
    (Decimal('5'), Decimal('0.05'))
    """
    return _rounded_up((measure.high - measure.low) / n)


def _rounded_up(least: Decimal) -> Decimal:
    power = Decimal(10) ** int(least.log10().to_integral_value(rounding=ROUND_FLOOR))
    return next(power * factor for factor in _LADDER if power * factor >= least)


def is_alike(values: Sequence[Decimal], step: Decimal, rule: MeanRule) -> bool:
    """Whether nearly everyone has one value, as far as the grid tells."""
    [(_, commonest)] = Counter(_on_grid(value, step) for value in values).most_common(1)
    return len(values) - commonest < rule.unlike_min


def is_dominated(above: Sequence[Decimal], rule: MeanRule) -> bool:
    """Whether one or two people make up too much of a sum.

    Args:
        above: values above the low end of the range, the largest first.
        rule: of the profile.
    """
    total = sum(above, Decimal(0))
    if total == 0:
        return False  # everyone at the low end: the mean says no more than that
    largest, second = above[0], above[1]
    return (
        100 * largest > rule.top_share_percent * total
        or 100 * (largest + second) > rule.largest_two_percent * total
        or 100 * (total - largest - second) < rule.p_percent * largest
    )


def _quantile(ordered: Sequence[Decimal], quarters: int) -> Decimal:
    """Between the two values beside the cut (Hyndman and Fan's definition 7)."""
    place = Decimal(len(ordered) - 1) * quarters / 4
    before = int(place)
    after = min(before + 1, len(ordered) - 1)
    return ordered[before] + (ordered[after] - ordered[before]) * (place - before)


def _on_grid(value: Decimal, step: Decimal) -> Decimal:
    return (value / step).quantize(Decimal(1), rounding=ROUND_HALF_UP) * step
