"""From a received table to its one figure: the totals row, column by column; of a distribution with its statistics."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import connection

from governance.cells import CellState
from governance.suppress import SafeTable
from hub.models import Description, PublishedSearch, Result

OUTCOMES = ("met", "not_met", "excepted")
PARTS = ("state", "value", "below", "above", "reason")
_COLUMNS = ("result_id", "search_id", "reference_date", *(f"{one}_{part}" for one in OUTCOMES for part in PARTS))
_INSERT = f"INSERT INTO hub_figure ({', '.join(_COLUMNS)}) VALUES ({', '.join(['%s'] * len(_COLUMNS))})"


def store_figures(result: Result, tables: Iterable[tuple[PublishedSearch, SafeTable]]) -> None:
    """Store one figure for each table of a result, in the transaction that stores the result.

    By one prepared statement: building hundreds of model objects took longer than opening their message.
    """
    on = result.reference_date.isoformat()
    kept = list(tables)
    rows = [(result.pk, search.pk, on, *_cells(table)) for search, table in kept]
    with connection.cursor() as cursor:
        cursor.executemany(_INSERT, rows)
    Description.objects.bulk_create(
        Description(
            result=result,
            search=search,
            reference_date=result.reference_date,
            statistics=table.totals.statistics.to_json(),
        )
        for search, table in kept
        if table.totals.statistics is not None
    )


def _cells(table: SafeTable) -> list[str | int | None]:
    return [part for state in table.totals.states for part in _parts(state)]


def _parts(one: CellState) -> tuple[str | int | None, ...]:
    reason = "" if one.reason is None else str(one.reason)
    return str(one.state), one.value, one.below, one.above, reason
