"""Means and medians of one declared value: only of enough people, clipped, on a coarse grid, ruled by nobody.

A search of kind distribution declares a range [low, high] for its value. Everyone's value is clipped to it first, so
that no one person can carry a mean far. Then, for the people of one cell, as counted for release:

* mean and standard deviation: n >= 10; the largest value at most 50 % of the sum, the two largest at most 90 %
  (the (n, k) rule with n = 2), the sum of the others at least 10 % of the largest (the p% rule); all of values above
  `low`, since a shift of the scale must not hide a dominant one;
* median and quartiles: n >= 40, and at least 10 people on each side of each cut; a cut only where one person's value,
  whatever it became, would move it by one step at most: in a gap of the values it would be one or two people's;
* each is given to the nearest step of what one person can move it by, rounded up to 1, 2 or 5 times a power of ten:
  (high - low) / n for a mean, (high - low) / root of n - 1 for a standard deviation; steps are counted from `low`;
* none if fewer than 8 people have another value (on the grid) than the commonest: it would be everyone's value;
* never: sums (others work them out as n times the mean, as nearly as the step lets them), extremes, mode, lists.

n is what others know of it: of a count that is shown rounded the least that it can be, so that both sides use the same
step. The thresholds are the narrower of ACRO's (n 10, (2, 90 %), p 10 %) and UK LLC's (10).

Example: systolic pressure in 60 to 250 of 50 people: step 5 (190 / 50 = 3.8, rounded up to 5); a mean of 137.4 is 135.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Decimal, localcontext
from enum import StrEnum

from governance.profiles import MeanRule
from searches.search import Measure

__all__ = [
    "Measure",
    "Quartiles",
    "Refusal",
    "Spread",
    "deviation_step",
    "quartiles",
    "quartiles_least",
    "spread",
    "step_of",
]

_LADDER = (1, 2, 5, 10)


class Refusal(StrEnum):
    """Why a statistic is not shown; it says nothing of the values."""

    NOT_ALLOWED = "means_not_allowed"
    TOO_FEW = "too_few_values"
    ONE_RULES = "one_value_rules"
    ALIKE = "values_alike"
    HELD = "values_held"


@dataclass(frozen=True, slots=True)
class Spread:
    """A mean and its standard deviation, each with the step of its grid."""

    mean: Decimal
    step: Decimal
    deviation: Decimal
    deviation_step: Decimal


@dataclass(frozen=True, slots=True)
class Quartiles:
    """Lower quartile, median and upper quartile, on the grid; None where one person could move it too far."""

    lower: Decimal | None
    median: Decimal | None
    upper: Decimal | None
    step: Decimal


def spread(
    values: Sequence[Decimal], measure: Measure, rule: MeanRule | None, known: int | None = None
) -> Spread | Refusal:
    """Mean and standard deviation as they may be shown.

    Args:
        values: one for each person counted for release.
        measure: the declared range.
        rule: of the profile; None: means are not allowed.
        known: at least so many values there are, as far as others know; None: they know how many.
    """
    if rule is None:
        return Refusal.NOT_ALLOWED
    n = _least(values, known)
    if n < rule.n_min:
        return Refusal.TOO_FEW
    above = sorted((measure.clipped(value) - measure.low for value in values), reverse=True)
    if is_dominated(above, rule):
        return Refusal.ONE_RULES
    step, wide = step_of(measure, n), deviation_step(measure, n)
    if is_alike(above, step, rule):
        return Refusal.ALIKE
    reach, total, many = measure.high - measure.low, sum(above, Decimal(0)), len(above)
    with localcontext(prec=50):  # squares of six digits and three decimals, a million of them
        variance = (many * sum((value * value for value in above), Decimal(0)) - total * total) / (many * (many - 1))
        deviation = _on_grid(variance.sqrt(), wide, reach)
        return Spread(measure.low + _on_grid(total / many, step, reach), step, deviation, wide)


def quartiles(
    values: Sequence[Decimal], measure: Measure, rule: MeanRule | None, known: int | None = None
) -> Quartiles | Refusal:
    """Lower quartile, median and upper quartile as they may be shown; arguments as for `spread`."""
    if rule is None:
        return Refusal.NOT_ALLOWED
    n = _least(values, known)
    if n < quartiles_least(rule):
        return Refusal.TOO_FEW
    above = sorted(measure.clipped(value) - measure.low for value in values)
    step, reach = step_of(measure, n), measure.high - measure.low
    if is_alike(above, step, rule):
        return Refusal.ALIKE
    cuts = [_quantile(above, quarters) if is_steady(above, quarters, step) else None for quarters in (1, 2, 3)]
    lower, median, upper = (None if cut is None else measure.low + _on_grid(cut, step, reach) for cut in cuts)
    return Quartiles(lower, median, upper, step)


def quartiles_least(rule: MeanRule) -> int:
    """The fewest people of whom quartiles may be shown."""
    return max(rule.median_n_min, 4 * rule.each_side)


def _least(values: Sequence[Decimal], known: int | None) -> int:
    return len(values) if known is None else min(known, len(values))


def step_of(measure: Measure, n: int) -> Decimal:
    """The grid for n people: (high - low) / n, rounded up to 1, 2 or 5 times a power of ten.

    >>> step_of(Measure(Decimal(60), Decimal(250)), 50), step_of(Measure(Decimal(0), Decimal(1)), 30)
    (Decimal('5'), Decimal('0.05'))
    """
    return _rounded_up((measure.high - measure.low) / n)


def deviation_step(measure: Measure, n: int) -> Decimal:
    """The grid of a standard deviation of n people: (high - low) / root of n - 1, rounded up to 1, 2 or 5 times.

    >>> deviation_step(Measure(Decimal(60), Decimal(250)), 50)
    Decimal('50')
    """
    with localcontext(prec=50):
        return _rounded_up((measure.high - measure.low) / Decimal(n - 1).sqrt())


def _rounded_up(least: Decimal) -> Decimal:
    power = Decimal(10) ** int(least.log10().to_integral_value(rounding=ROUND_FLOOR))
    return next(power * factor for factor in _LADDER if power * factor >= least)


def is_alike(values: Sequence[Decimal], step: Decimal, rule: MeanRule) -> bool:
    """Whether nearly everyone has one value, as far as the grid tells."""
    [(_, commonest)] = Counter((value / step).quantize(Decimal(1), ROUND_HALF_UP) for value in values).most_common(1)
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


def is_steady(ordered: Sequence[Decimal], quarters: int, step: Decimal) -> bool:
    """Whether one person's value, whatever it became, would move a quartile by one step at most.

    Then every value in the order is at most where its neighbour was.
    """
    cut, last = _quantile(ordered, quarters), len(ordered) - 1
    lower = _quantile([ordered[max(place - 1, 0)] for place in range(last + 1)], quarters)
    upper = _quantile([ordered[min(place + 1, last)] for place in range(last + 1)], quarters)
    return cut - lower <= step and upper - cut <= step


def _quantile(ordered: Sequence[Decimal], quarters: int) -> Decimal:
    """Between the two values beside the cut (Hyndman and Fan's definition 7)."""
    place = Decimal(len(ordered) - 1) * quarters / 4
    before = int(place)
    after = min(before + 1, len(ordered) - 1)
    return ordered[before] + (ordered[after] - ordered[before]) * (place - before)


def _on_grid(above: Decimal, step: Decimal, reach: Decimal) -> Decimal:
    """The nearest multiple of a step that does not lie beyond the range."""
    nearest = (above / step).quantize(Decimal(1), rounding=ROUND_HALF_UP)
    return min(nearest, reach // step) * step
