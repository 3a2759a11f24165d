"""Totals over practices: a number where every part is a number, else the range in which it must lie, and of how many.

What one practice released of one count says of the true released number:

| released | it is |
|---|---|
| a number | itself; where numbers are rounded, any that is rounded so |
| below b | 0 to b - 1 (above 0 too: 1 to b - 1) |
| above a | a + 1 to met and not met together, which is known from a and from what counts as a few |
| an outcome that the search's text cannot give | 0 |
| withheld: too few in met and not met | these two: 0 to one less than the rule's least; excepted: 0 or more |
| withheld: a list of 100 or fewer | 0 to 100 (appointments: three times as many) |
| withheld for another reason | 0 or more: the hub does not know the list's size |
| not run, failed, not yet received | nothing: it is in no sum, and the coverage says so |

The sum of the lower ends is the least that the total can be, the sum of the upper ends the most; where one has no upper
end, or a practice has released nothing, the total has none. Nothing is ever put in as zero.

Who sees what. The hub's staff, who hold every figure under the agreement, see the ends as they are, once two practices
have counted: a total of one would be that practice's figure, which no view of an agreement shows to them. A practice
sees them on a grid (`on_grid`), or nothing: from exact totals it could take off its own count and, of two totals, learn
what one peer sent between them, though of peers it may see percentages only. The rule, for each outcome by itself:

1. at least five practices besides the viewer have released a number that is not 0;
2. every practice counts on the same grid: its step is the smallest of 1, 2, 5, 10, 20, 50... that is at least twice
   the average count and at least the largest; the ends are moved outward to it, and lie at least one step apart.

So a practice that comes, goes or restates moves an end by one step at most; and because the average is at most half a
step, nobody's count has to be large for the rest to add up.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Decimal
from typing import Final

from governance.cells import CellState, Reason, State
from governance.primary import Rule, value_bounds
from governance.profiles import FLOOR
from hub.comparison import Counts
from searches.search import Outcome

LEAST_OTHERS: Final = 5
LEAST_FOR_STAFF: Final = 2
_TENTH = Decimal("0.1")
_STEPS: Final[tuple[int, ...]] = tuple(factor * 10**power for power in range(9) for factor in (1, 2, 5))


@dataclass(frozen=True, slots=True)
class Range:
    """Where a number lies.

    Args:
        low: the least that it can be.
        high: the most that it can be; None: that is not known.
    """

    low: int
    high: int | None

    @property
    def value(self) -> int | None:
        """The number, where it is known."""
        return self.low if self.low == self.high else None

    def __add__(self, other: Range) -> Range:
        return Range(self.low + other.low, None if None in (self.high, other.high) else _sum(self.high, other.high))


@dataclass(frozen=True, slots=True)
class Coverage:
    """Of how many practices a total is made, by what each released.

    Args:
        numbers: as numbers.
        bands: as bands.
        withheld: withheld.
        not_run: not run.
        failed: failed.
        awaited: nothing yet.
    """

    numbers: int = 0
    bands: int = 0
    withheld: int = 0
    not_run: int = 0
    failed: int = 0
    awaited: int = 0

    @property
    def agreed(self) -> int:
        """All practices for which the agreement is active."""
        return self.counted + self.not_run + self.failed + self.awaited

    @property
    def counted(self) -> int:
        """Those that counted, whatever they could show of it: they are in the sum."""
        return self.numbers + self.bands + self.withheld


@dataclass(frozen=True, slots=True)
class Total:
    """One outcome over all practices.

    Args:
        counted: where the sum over those that counted lies.
        coverage: of how many, and how.
    """

    counted: Range
    coverage: Coverage

    @property
    def everywhere(self) -> Range:
        """Where the sum over all practices lies: without an upper end unless all have counted."""
        is_whole = self.coverage.counted == self.coverage.agreed
        return self.counted if is_whole else Range(self.counted.low, None)


@dataclass(frozen=True, slots=True)
class Totals:
    """Met, not met and excepted over all practices; None: the viewer may not see it.

    Args:
        percentage: the least and the most that met can be of met and not met, over those that counted, in percent;
            None where that is not known.
    """

    met: Total | None
    not_met: Total | None
    excepted: Total | None
    percentage: tuple[Decimal, Decimal] | None

    @property
    def by_outcome(self) -> tuple[Total | None, Total | None, Total | None]:
        """In order."""
        return self.met, self.not_met, self.excepted


@dataclass(frozen=True, slots=True)
class Part:
    """What one practice released of one search.

    Args:
        code: of the practice.
        counts: its totals row; None: nothing yet.
        rule: by which it hid small counts; None where it released nothing.
    """

    code: str
    counts: Counts | None
    rule: Rule | None


def totals_of(parts: Sequence[Part]) -> Totals:
    """The totals with their ends as they are: for the hub's staff."""
    met, not_met, excepted = (_total(parts, place) for place in range(3))
    if met.coverage.counted in range(1, LEAST_FOR_STAFF):
        return Totals(None, None, None, None)
    return Totals(met, not_met, excepted, share(met.counted, not_met.counted))


def totals_for(parts: Sequence[Part], viewer: str) -> Totals:
    """The totals that one practice may see."""
    met, not_met, excepted = (_shown(parts, place, viewer) for place in range(3))
    percentage = share(met.counted, not_met.counted) if met is not None and not_met is not None else None
    return Totals(met, not_met, excepted, percentage)


def bounds(counts: Counts, place: int, rule: Rule) -> Range | None:
    """What is known of one outcome of one practice; None: it did not count.

    Args:
        counts: as released.
        place: 0 met, 1 not met, 2 excepted.
        rule: by which small counts were hidden.
    """
    one = counts.cells[place]
    if one.state in (State.NOT_RUN, State.FAILED):
        return None
    if tuple(Outcome)[place] not in rule.possible:
        return Range(0, 0)
    if one.value is not None:
        return Range(*value_bounds(one.value, rule))
    if one.state is State.WITHHELD:
        return Range(0, _most_withheld(one, place, rule))
    least = 0 if one.above is None else one.above + 1
    if one.below is not None:
        return Range(least, one.below - 1)
    return Range(least, least + rule.few_most + rule.step - 1)


def share(met: Range, not_met: Range) -> tuple[Decimal, Decimal] | None:
    """The least and the most that met can be of both, in percent; None where one of them has no upper end."""
    if met.high is None or not_met.high is None or not met.high + not_met.high:
        return None
    if met.value is not None and not_met.value is not None:
        exact = _percent(met.low, not_met.low).quantize(_TENTH, ROUND_HALF_UP)
        return exact, exact
    least = _percent(met.low, not_met.high).quantize(_TENTH, ROUND_FLOOR)
    return least, _percent(met.high, not_met.low).quantize(_TENTH, ROUND_CEILING)


def on_grid(exact: Range, step: int) -> Range:
    """The ends moved outward to multiples of a step, at least one step apart."""
    low = exact.low // step * step
    return Range(low, None if exact.high is None else exact.high // step * step + step)


def grid_step(counted: Sequence[Range]) -> int:
    """The step of the grid on which a practice sees a total of these: twice the average, and the largest, at least."""
    known = [one.low if one.high is None else one.high for one in counted]
    least = max(-(-2 * sum(known) // len(known)), *known)
    return next(step for step in _STEPS if step >= least)


def _total(parts: Iterable[Part], place: int) -> Total:
    sum_, states = Range(0, 0), dict.fromkeys(Coverage.__dataclass_fields__, 0)
    for part in parts:
        states[_standing(part, place)] += 1
        known = _known(part, place)
        if known is not None:
            sum_ += known
    return Total(sum_, Coverage(**states))


def _shown(parts: Sequence[Part], place: int, viewer: str) -> Total | None:
    others = [part for part in parts if part.code != viewer and _has_number(part, place)]
    if len(others) < LEAST_OTHERS:
        return None
    exact = _total(parts, place)
    counted = [known for part in parts if (known := _known(part, place)) is not None]
    return Total(on_grid(exact.counted, grid_step(counted)), exact.coverage)


def _known(part: Part, place: int) -> Range | None:
    if part.counts is None or part.rule is None:
        return None
    return bounds(part.counts, place, part.rule)


def _has_number(part: Part, place: int) -> bool:
    return part.counts is not None and bool(part.counts.cells[place].value)


def _standing(part: Part, place: int) -> str:
    if part.counts is None or part.rule is None:
        return "awaited"
    known_nobody = tuple(Outcome)[place] not in part.rule.possible
    match part.counts.cells[place].state:
        case State.NOT_RUN:
            return "not_run"
        case State.FAILED:
            return "failed"
        case State.WITHHELD:
            return "numbers" if known_nobody else "withheld"
        case State.BAND:
            return "numbers" if known_nobody else "bands"
        case State.VALUE:
            return "numbers"


def _most_withheld(one: CellState, place: int, rule: Rule) -> int | None:
    if one.reason is Reason.DENOMINATOR_TOO_SMALL and place < 2 and rule.least_denominator:
        return (rule.least_denominator - 1) * rule.each_counts
    if one.reason is Reason.LIST_AT_MOST_100:
        return FLOOR.silent_list * rule.each_counts
    return None


def _percent(met: int, not_met: int) -> Decimal:
    return Decimal(100 * met) / (met + not_met) if met + not_met else Decimal(0)


def _sum(one: int | None, other: int | None) -> int:
    return (one or 0) + (other or 0)
