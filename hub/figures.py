"""From a received table to its one figure: the totals row, column by column."""

from __future__ import annotations

from collections.abc import Iterable

from governance.cells import CellState
from governance.suppress import SafeTable
from hub.models import Figure, PublishedSearch, Result

OUTCOMES = ("met", "not_met", "excepted")


def figures_of(result: Result, tables: Iterable[tuple[PublishedSearch, SafeTable]]) -> list[Figure]:
    """One figure for each table of a result, not saved yet."""
    return [_figure(result, search, table) for search, table in tables]


def _figure(result: Result, search: PublishedSearch, table: SafeTable) -> Figure:
    columns: dict[str, str | int | None] = {}
    for outcome in OUTCOMES:
        columns.update(_columns(outcome, getattr(table.totals, outcome)))
    return Figure(result=result, search=search, reference_date=result.reference_date, **columns)


def _columns(outcome: str, state: CellState) -> dict[str, str | int | None]:
    return {
        f"{outcome}_state": str(state.state.value),
        f"{outcome}_value": state.value,
        f"{outcome}_below": state.below,
        f"{outcome}_above": state.above,
        f"{outcome}_reason": "" if state.reason is None else str(state.reason),
    }
