"""The exact statistics of a distribution: for the practice that the values are of, and for nobody else.

Values are whole thousandths, as everywhere between the database and what leaves; nothing is rounded before the end.

Example: 120, 130 and 170 have a mean of 140, a standard deviation of 26.458 and a median of 130.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal, localcontext
from fractions import Fraction

from searches.people import PeopleSets
from searches.search import Cell, Outcome

STATISTICS = ("mean", "deviation", "lower_quartile", "median", "upper_quartile")
_THOUSANDTH = Decimal("0.001")


def exact_statistics(values: Iterable[int]) -> dict[str, object]:
    """How many values there are, and each statistic as a text with three decimals; None where there is none.

    Args:
        values: in thousandths.

    >>> exact_statistics([120_000, 130_000, 170_000])["deviation"]
    '26.458'
    """
    ordered = sorted(values)
    n = len(ordered)
    found: dict[str, Fraction | Decimal | None] = dict.fromkeys(STATISTICS)
    if n:
        found["mean"] = Fraction(sum(ordered), n)
        for quarters, name in enumerate(STATISTICS[2:], start=1):
            found[name] = quantile(ordered, quarters)
    if n > 1:
        found["deviation"] = root(variance(ordered))
    return {"n": n, **{name: _text(number) for name, number in found.items()}}


def variance(values: Sequence[int]) -> Fraction:
    """With n - 1 below, in the square of the values' unit; of at least two values."""
    n = len(values)
    return Fraction(n * sum(value * value for value in values) - sum(values) ** 2, n * (n - 1))


def quantile(ordered: Sequence[int], quarters: int) -> Fraction:
    """A quartile, between the two values beside the cut (Hyndman and Fan's definition 7).

    Args:
        ordered: the values, ascending; at least one.
        quarters: 1 lower quartile, 2 median, 3 upper quartile.
    """
    before, rest = divmod((len(ordered) - 1) * quarters, 4)
    after = min(before + 1, len(ordered) - 1)
    return ordered[before] + Fraction((ordered[after] - ordered[before]) * rest, 4)


def root(number: Fraction) -> Decimal:
    """The square root, to forty digits."""
    with localcontext(prec=40):
        return (Decimal(number.numerator) / Decimal(number.denominator)).sqrt()


def exact_by_cell(people: PeopleSets, type1: int) -> dict[Cell, Mapping[str, object]]:
    """The statistics of each cell: of everyone who met, and without those who opted out."""
    found: dict[Cell, Mapping[str, object]] = {}
    for cell in people.search.cells():
        members = people.every[cell][Outcome.MET].members
        kinds = {"everyone": members, "without_type1": members & ~type1}
        found[cell] = {name: exact_statistics(_values(people, who)) for name, who in kinds.items()}
    return found


def _values(people: PeopleSets, who: int) -> list[int]:
    return [value for position, value in people.values.items() if who >> position & 1]


def _text(number: Fraction | Decimal | None) -> str | None:
    if number is None:
        return None
    with localcontext(prec=40):
        exact = number if isinstance(number, Decimal) else Decimal(number.numerator) / Decimal(number.denominator)
        return str((exact / 1000).quantize(_THOUSANDTH, ROUND_HALF_UP))
