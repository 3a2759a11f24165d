"""What a search needs of a database that holds one site's records: to read rows, and nothing else.

The adapters, one for each engine, stand with the agent, which holds the drivers and the right to connect.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Protocol

from searches.engines import Engine, Site
from searches.layouts.layout import Layout

_AS_THEY_ARE = frozenset({str, int, date, type(None)})
_ISO_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


class Database(Protocol):
    """One site's records, for reading only.

    All rows are of one moment where the engine can hold one: nothing changes between the first and the last.
    """

    @property
    def layout(self) -> Layout:
        """How the records are stored."""

    @property
    def engine(self) -> Engine:
        """Who writes the statements."""

    @property
    def site(self) -> Site:
        """What the raw tables are called there."""

    @property
    def practice(self) -> str:
        """ODS code of the practice whose rows are asked for."""

    @property
    def version(self) -> str:
        """Of the server, as it says."""

    def rows(self, sql: str, parameters: Sequence[object] = ()) -> Iterator[tuple[Any, ...]]:
        """Run one SELECT and give its rows as they arrive.

        Args:
            sql: as the engine writes it; places of parameters are `$1` for PostgreSQL, `?` for DuckDB and SQLite, `%s`
                for MySQL and SQL Server (where there are parameters, any other `%` is then doubled).
            parameters: bound, never written.

        Returns:
            Rows of None, int, Decimal, date and text, whatever the engine has in their place; in no order but that of
            the statement. Rows not wanted may be left: closing the iterator ends the statement.

        Raises:
            AnswerError: a value of the records is not what the statement needs.
            DatabaseError: the connection, a right, a table or the time for it is gone; `reason` says which.
        """


def plain_rows(rows: Iterable[Sequence[Any]]) -> Iterator[tuple[Any, ...]]:
    """Rows of a driver as rows of None, int, Decimal, date and text.

    >>> list(plain_rows([(Decimal("3"), Decimal("58.000"), True, b"met", datetime(2026, 3, 31))]))
    [(3, Decimal('58.000'), 1, 'met', datetime.date(2026, 3, 31))]
    """
    for row in rows:
        yield tuple([value if value.__class__ in _AS_THEY_ARE else plain(value) for value in row])


def plain(value: Any) -> Any:
    """A driver's value as None, int, Decimal, date or text."""
    match value:
        case bool():
            return int(value)
        case Decimal() if value.as_tuple().exponent == 0:
            return int(value)  # MySQL sums whole numbers to decimals; a decimal of the records has three places
        case float():
            return Decimal(str(round(value, 3)))
        case datetime():
            return value.date()
        case bytes() | bytearray() | memoryview():
            return bytes(value).decode("utf-8", "replace")
    return value if isinstance(value, str | int | Decimal | date | None) else str(value)


def day_or_text(value: str) -> date | str:
    """A day where the text is one: what an engine without a date type has in its place.

    >>> day_or_text("2024-02-29"), day_or_text("2023-02-29")
    (datetime.date(2024, 2, 29), '2023-02-29')
    """
    if len(value) == 10 and _ISO_DAY.fullmatch(value):
        try:
            return date.fromisoformat(value)
        except ValueError:
            return value
    return value
