"""The statistics of a distribution as they may leave, and what of them can be checked from outside.

A statistic is shown beside the count of the people whose values it is of, never without it. What follows from that
count and the profile alone (`fixed_reason`) the hub works out again; whatever else is withheld has one reason, since
which of the rules on values it was would tell of the values.

Example: of 50 people measured between 60 and 250, a mean of 135 is sent as 15: fifteen steps of 5 above 60.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from governance.cells import CellState, Reason, ReceivedTable, Sent, Shape, State, Statistic, Statistics
from governance.errors import DisclosureError
from governance.means import (
    Quartiles,
    Refusal,
    Spread,
    deviation_step,
    quartiles,
    quartiles_least,
    spread,
    step_of,
)
from governance.primary import Rule, value_bounds
from governance.profiles import MeanRule
from governance.value_gate import LetOut, Values
from searches.search import Measure

_SPREAD: Final = 2  # the first two of five: mean and standard deviation
_TELL: Final = CellState(State.WITHHELD, reason=Reason.VALUES_TELL_TOO_MUCH)


@dataclass(frozen=True, slots=True)
class Shown:
    """The count of the people whose values are described, as others see it, and under which rules.

    Args:
        met: as released.
        measure: of the search.
        rule: of the search.
    """

    met: CellState
    measure: Measure
    rule: Rule

    @property
    def least(self) -> int:
        """The fewest people that the released number can stand for."""
        return 0 if self.met.value is None else value_bounds(self.met.value, self.rule)[0]

    def fixed_reason(self, fewest: Callable[[MeanRule], int]) -> CellState | None:
        """Why a statistic that needs so many people is not shown, as far as it follows from what others know."""
        mean = self.rule.profile.mean
        if self.met.state in (State.NOT_RUN, State.FAILED):
            return CellState(self.met.state, reason=self.met.reason)
        if mean is None:
            return CellState(State.WITHHELD, reason=Reason.MEANS_NOT_ALLOWED)
        if self.met.value is None:
            return CellState(State.WITHHELD, reason=Reason.COUNT_NOT_SHOWN)
        if self.least < fewest(mean):
            return CellState(State.WITHHELD, reason=Reason.TOO_FEW_VALUES)
        return None

    def statistics(self, sent: Sent) -> Statistics:
        """What was sent, in the unit of the measure."""
        mean, deviation, lower, median, upper = (self._statistic(place, one) for place, one in enumerate(sent))
        return Statistics(mean, deviation, lower, median, upper)

    def _statistic(self, place: int, one: CellState) -> Statistic:
        if one.value is None:
            return Statistic(one.state, reason=one.reason)
        step = self.step(place)
        start = Decimal(0) if place == 1 else self.measure.low
        return Statistic(State.VALUE, one.value, step, start + one.value * step)

    def step(self, place: int) -> Decimal:
        """Of the grid of a statistic, by its place among the five."""
        return (deviation_step if place == 1 else step_of)(self.measure, self.least)


@dataclass(frozen=True, slots=True)
class Measured:
    """The values of a distribution.

    Args:
        measure: of the search.
        let_out: those that are released from.
        now: those of today, by position of the people index, in thousandths.
    """

    measure: Measure
    let_out: LetOut
    now: Values


@dataclass(frozen=True, slots=True)
class Described:
    """The statistics of one row, and for the practice why one is not shown.

    Args:
        statistics: to be sent.
        refusals: of mean and standard deviation together, and of the quartiles: why there is none, or None.
    """

    statistics: Statistics
    refusals: tuple[Refusal | None, Refusal | None]


def describe(values: Sequence[int] | None, shown: Shown) -> Described:
    """The statistics of a row.

    Args:
        values: of everyone who is counted as met, as they were let out, in thousandths; None: they may not be shown.
        shown: the count that they stand beside.
    """
    decimals = [Decimal(value) / 1000 for value in values or ()]
    rule, measure = shown.rule.profile.mean, shown.measure
    kinds: tuple[Callable[[MeanRule], int], ...] = (lambda mean: mean.n_min, quartiles_least)
    sent: list[CellState] = []
    refusals: list[Refusal | None] = []
    for place, (fewest, work_out) in enumerate(zip(kinds, (spread, quartiles), strict=True)):
        many = 3 if place else _SPREAD
        fixed = shown.fixed_reason(fewest)
        found = Refusal.HELD if values is None else work_out(decimals, measure, rule, shown.least)
        refusals.append(found if isinstance(found, Refusal) else None)
        if fixed is not None or isinstance(found, Refusal):
            sent += [fixed or _TELL] * many
        else:
            sent += _numbers(found, measure)
    mean, deviation, lower, median, upper = sent
    return Described(shown.statistics((mean, deviation, lower, median, upper)), (refusals[0], refusals[1]))


def check_statistics(received: ReceivedTable, shape: Shape, rule: Rule) -> None:
    """Return if the statistics of a received table are some that the rules can give.

    Raises:
        DisclosureError: they are not; or a distribution came without any, or another kind with some.
    """
    measure = shape.measure
    if measure is None or received.statistics is None:
        if received.statistics is not None or measure is not None:
            raise DisclosureError(
                f"search {shape.search_id}: statistics are sent of a distribution, and of no other kind of search"
            )
        return
    if len(received.statistics) != len(received.rows):
        raise DisclosureError(f"search {shape.search_id}: statistics are not of each of its cells")
    for states, sent in zip(received.rows, received.statistics, strict=True):
        if not _is_possible(sent, Shown(states[0], measure, rule)):
            raise DisclosureError(f"search {shape.search_id}: a statistic breaks profile {rule.profile.id}")


def _numbers(found: Spread | Quartiles, measure: Measure) -> list[CellState]:
    if isinstance(found, Spread):
        steps = [(found.mean - measure.low) / found.step, found.deviation / found.deviation_step]
        return [CellState(State.VALUE, value=int(number)) for number in steps]
    cuts = (found.lower, found.median, found.upper)
    return [
        _TELL if cut is None else CellState(State.VALUE, value=int((cut - measure.low) / found.step)) for cut in cuts
    ]


def _is_possible(sent: Sent, shown: Shown) -> bool:
    averages, cuts = sent[:_SPREAD], sent[_SPREAD:]
    for group, fewest in ((averages, lambda mean: mean.n_min), (cuts, quartiles_least)):
        fixed = shown.fixed_reason(fewest)
        if fixed is not None and any(one != fixed for one in group):
            return False
        if fixed is None and not all(_is_number(one) or one == _TELL for one in group):
            return False
    reach = shown.measure.high - shown.measure.low
    within = (one.value is None or one.value * shown.step(place) <= reach for place, one in enumerate(sent))
    numbers = [one.value for one in cuts if one.value is not None]
    return all(within) and numbers == sorted(numbers) and _is_number(averages[0]) == _is_number(averages[1])


def _is_number(one: CellState) -> bool:
    return one.value is not None and one == CellState(State.VALUE, value=one.value) and one.value >= 0
