"""What may be known of one count, and what a table of a search must look like: values only, no rule.

Every state of a cell is explicit and no two look alike; `governance.suppress` decides which one a count gets.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from governance.errors import DisclosureError
from governance.profiles import FLOOR
from searches.distribution import STATISTICS
from searches.search import TOTALS, Cell, Measure, Outcome, Schedule, Search, Unit, possible_outcomes


class State(StrEnum):
    """What is known of one count; no two look alike."""

    VALUE = "value"
    BAND = "band"
    WITHHELD = "withheld"
    NOT_RUN = "not_run"
    FAILED = "failed"


class Reason(StrEnum):
    """Why there is no number: a closed list, so that no text can leave. New ones are added at the end."""

    LIST_BELOW_1000 = "list_below_1000"
    LIST_AT_MOST_100 = "list_at_most_100"
    DENOMINATOR_BELOW_8 = "denominator_below_8"
    NUMBER_TOO_LARGE = "number_too_large"
    LAYOUT_HAS_NO_APPOINTMENTS = "layout_has_no_appointments"
    LAYOUT_HAS_NO_EVENT = "layout_has_no_event"
    LAYOUT_HAS_NO_MEDICATION = "layout_has_no_medication"
    LAYOUT_HAS_NO_IMMUNISATION = "layout_has_no_immunisation"
    LAYOUT_HAS_NO_CONSULTATION = "layout_has_no_consultation"
    LAYOUT_HAS_NO_REFERRAL = "layout_has_no_referral"
    LAYOUT_HAS_NO_SOURCE = "layout_has_no_source"
    NOT_TRANSLATABLE = "not_translatable"
    OPTOUTS_MISSING = "optouts_missing"
    OPTOUTS_STALE = "optouts_stale"
    TIMED_OUT = "timed_out"
    ANSWER_INVALID = "answer_invalid"
    OTHER = "other"
    DENOMINATOR_TOO_SMALL = "denominator_too_small"
    PROTECTS_OTHERS = "protects_others"
    TOO_MANY_DIMENSIONS = "too_many_dimensions"
    TOO_OFTEN = "too_often"
    MEANS_NOT_ALLOWED = "means_not_allowed"
    TOO_FEW_VALUES = "too_few_values"
    COUNT_NOT_SHOWN = "count_not_shown"
    VALUES_TELL_TOO_MUCH = "values_tell_too_much"


WITHHELD_REASONS = frozenset(
    {
        Reason.LIST_BELOW_1000,
        Reason.LIST_AT_MOST_100,
        Reason.NUMBER_TOO_LARGE,
        Reason.DENOMINATOR_BELOW_8,  # of version 1 of the rules: no longer sent
        Reason.DENOMINATOR_TOO_SMALL,
        Reason.PROTECTS_OTHERS,
        Reason.TOO_MANY_DIMENSIONS,
        Reason.TOO_OFTEN,
    }
)
"""Reasons for which a count that was worked out is not sent."""

STATISTIC_REASONS = frozenset(
    {Reason.MEANS_NOT_ALLOWED, Reason.TOO_FEW_VALUES, Reason.COUNT_NOT_SHOWN, Reason.VALUES_TELL_TOO_MUCH}
)
"""Reasons for which a mean or quartile is not sent. Which of the rules on its values it was stays at the practice."""


@dataclass(frozen=True, slots=True)
class CellState:
    """What may be known of one count.

    Args:
        state: which of the five.
        value: for `value`.
        below: for `band`: the count is smaller than this.
        above: for `band`: the count is larger than this.
        reason: for the other three.
    """

    state: State
    value: int | None = None
    below: int | None = None
    above: int | None = None
    reason: Reason | None = None

    def to_json(self) -> dict[str, object]:
        """For people and files: state and what belongs to it."""
        parts: dict[str, object] = {"state": str(self.state)}
        for name in ("value", "below", "above"):
            number = getattr(self, name)
            if number is not None:
                parts[name] = number
        if self.reason is not None:
            parts["reason"] = str(self.reason)
        return parts


@dataclass(frozen=True, slots=True)
class Statistic:
    """What may be known of one statistic of a distribution.

    Args:
        state: value, withheld, not run or failed.
        number: for `value`: how many steps above the low end of the range (of a standard deviation, above 0).
        step: for `value`: of its grid, in the unit; one person's value moves it by one step at most.
        value: for `value`: the statistic in the unit, to the nearest step.
        reason: for the other three.
    """

    state: State
    number: int | None = None
    step: Decimal | None = None
    value: Decimal | None = None
    reason: Reason | None = None

    @property
    def plain(self) -> CellState:
        """As it is sent: the state with the number of steps, or with the reason."""
        return CellState(self.state, value=self.number, reason=self.reason)

    def to_json(self) -> dict[str, object]:
        """For people and files: decimals as texts."""
        parts: dict[str, object] = {"state": str(self.state)}
        if self.value is not None and self.step is not None:
            parts |= {"value": f"{self.value:f}", "step": f"{self.step:f}"}
        if self.reason is not None:
            parts["reason"] = str(self.reason)
        return parts


@dataclass(frozen=True, slots=True)
class Statistics:
    """The statistics of everyone who met in one cell of a distribution."""

    mean: Statistic
    deviation: Statistic
    lower_quartile: Statistic
    median: Statistic
    upper_quartile: Statistic

    @property
    def each(self) -> tuple[Statistic, Statistic, Statistic, Statistic, Statistic]:
        """In the order in which they are sent."""
        return self.mean, self.deviation, self.lower_quartile, self.median, self.upper_quartile

    def to_json(self) -> dict[str, object]:
        """For people and files."""
        return {name: one.to_json() for name, one in zip(STATISTICS, self.each, strict=True)}


Sent = tuple[CellState, CellState, CellState, CellState, CellState]
"""The five statistics of a row as they are sent."""


@dataclass(frozen=True, slots=True)
class SafeRow:
    """One cell: its dimension values (none: the totals row), its three states, and of a distribution its statistics."""

    dimensions: Cell
    met: CellState
    not_met: CellState
    excepted: CellState
    statistics: Statistics | None = None

    @property
    def states(self) -> tuple[CellState, CellState, CellState]:
        """Met, not met, excepted."""
        return self.met, self.not_met, self.excepted

    def to_json(self) -> dict[str, object]:
        """For people and files."""
        return {
            "dimensions": dict(self.dimensions),
            "met": self.met.to_json(),
            "not_met": self.not_met.to_json(),
            "excepted": self.excepted.to_json(),
            **({"statistics": self.statistics.to_json()} if self.statistics is not None else {}),
        }


@dataclass(frozen=True, slots=True)
class Shape:
    """What a table of a search must look like, known before any data.

    Args:
        search_id: of the search.
        search_digest: SHA-256 (hex) of its content.
        unit: what is counted.
        cells: the totals row, then the full cross-product in declared order.
        possible: the outcomes that its text can give.
        schedule: how often it is due.
        measure: what the value of a distribution is; None for every other kind.
    """

    search_id: str
    search_digest: str
    unit: Unit
    cells: tuple[Cell, ...]
    possible: frozenset[Outcome]
    schedule: Schedule
    measure: Measure | None = None

    @property
    def dimensions(self) -> int:
        """By how many its counts are split."""
        return len(self.cells[-1])

    @classmethod
    def of(cls, search: Search) -> Shape:
        """The shape that a search declares.

        Raises:
            DisclosureError: it has more cells or dimensions than the floor allows.
        """
        cells = search.cells()
        leaves = sum(1 for cell in cells if cell != TOTALS)
        if leaves > FLOOR.most_cells or len(search.dimensions) > FLOOR.most_dimensions:
            raise DisclosureError(
                f"floor: search {search.id} has {leaves} cells, at most {FLOOR.most_cells} of "
                f"{FLOOR.most_dimensions} dimensions may leave"
            )
        possible = possible_outcomes(search)
        return cls(search.id, search.digest, search.unit, cells, possible, search.schedule, search.measure)


@dataclass(frozen=True, slots=True)
class ReceivedTable:
    """A table as it came out of a sealed message: nothing about it has been checked. `recheck` makes it safe.

    Args:
        search_id: of the search.
        search_digest16: the first 16 hex digits of the digest of its content.
        profile: id of the profile that is said to have been applied.
        engine_version: of the rules that are said to have been applied.
        rows: met, not met and excepted of each cell, in the order the search declares.
        statistics: of a distribution, those of each cell; None: there are none.
    """

    search_id: str
    search_digest16: str
    profile: str
    engine_version: int
    rows: tuple[tuple[CellState, CellState, CellState], ...]
    statistics: tuple[Sent, ...] | None = None
