"""Why each count is shown as it is: for the practice's own eyes, beside the exact figure.

The released table says what others see. The story of a count says how it came to that, in the order in which the rules
acted; it holds exact figures, so it stays in the practice's own report and in what `gpfed-agent explain` reads.

Example: exact 33, released 31, as a value, because of `held` (two people's moves wait for others').
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from searches.search import Cell


class Rule(StrEnum):
    """A rule that changed how a count is shown."""

    HELD = "held"
    SNAPPED = "snapped"
    FEW = "few"
    OTHER_SIDE = "other_side"
    DENOMINATOR = "denominator"
    PROTECTS_OTHERS = "protects_others"
    NEAR_ANOTHER_SEARCH = "near_another_search"
    AUDIT = "audit"
    ROUNDED = "rounded"
    SMALL_LIST = "small_list"
    TOO_MANY_DIMENSIONS = "too_many_dimensions"
    TOO_OFTEN = "too_often"
    TOO_LARGE = "too_large"
    CANNOT_BE = "cannot_be"


@dataclass(frozen=True, slots=True)
class CountStory:
    """One count: exact, and as counted for release, with the rules that made the difference; none: shown as it is.

    Args:
        exact: without people who opted out, as of today.
        counted: from the released standing, before any band or rounding.
        rules: in the order in which they acted.
        changed: how many patients are counted here today and not in the released standing, or the other way round.
    """

    exact: int
    counted: int
    rules: tuple[Rule, ...]
    changed: int = 0

    def to_json(self) -> dict[str, object]:
        """For the practice's own report."""
        return {
            "exact": self.exact,
            "counted": self.counted,
            "rules": [str(rule) for rule in self.rules],
            "changed": self.changed,
        }


@dataclass(frozen=True, slots=True)
class StatisticStory:
    """One statistic of a distribution: exact, and of the values let out, with what made the difference.

    Args:
        exact: of today's values, people who opted out taken off; None: there is none.
        counted: of the values let out, before it goes to the nearest step; None: they may not be shown.
        why: in words; empty: shown as it is.
    """

    exact: str | None
    counted: str | None
    why: str

    def to_json(self) -> dict[str, object]:
        """For the practice's own report."""
        return {"exact": self.exact, "counted": self.counted, "why": self.why}


@dataclass(frozen=True, slots=True)
class RowStory:
    """Met, not met and excepted of one row, and of a distribution each statistic by its name."""

    dimensions: Cell
    counts: tuple[CountStory, CountStory, CountStory]
    statistics: Mapping[str, StatisticStory] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TableStory:
    """One table: how each count came to be shown as it is.

    Args:
        search_id: of the search.
        rows: the totals row, then the full cross-product in declared order.
        held_below: changes of fewer patients than this are held.
    """

    search_id: str
    rows: tuple[RowStory, ...]
    held_below: int = 0

    def to_json(self) -> dict[str, object]:
        """For the practice's own report."""
        return {
            "search": self.search_id,
            "held_below": self.held_below,
            "rows": [
                {
                    "dimensions": dict(row.dimensions),
                    **{
                        name: count.to_json()
                        for name, count in zip(("met", "not_met", "excepted"), row.counts, strict=True)
                    },
                    **{name: one.to_json() for name, one in row.statistics.items()},
                }
                for row in self.rows
            ],
        }
