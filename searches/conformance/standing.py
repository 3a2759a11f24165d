"""A site's database in which the raw tables are made-up people: they stand in every statement, and nowhere else."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any

from searches.conformance.kit import Fixture, fixture
from searches.conformance.literals import quoted, select_of
from searches.database import Database
from searches.engines import Engine, Site
from searches.layouts.at_site import kind_of
from searches.layouts.layout import ORDER_COLUMNS, Layout

PREFIX = "gpfed_made_up_"
"""Before the name of a raw table; nothing at a site is called so."""

_MENTIONED = re.compile(rf"{PREFIX}(\w+)")
_DOUBLE_PERCENT = frozenset({"mysql", "sqlserver"})
_DAYS = ("%Y-%m-%d", "%d %b %Y %H:%M:%S", "%d %b %Y %H:%M", "%d %b %Y", "%Y%m%d", "%Y-%m-%d %H:%M:%S")
_TRUE, _FALSE = frozenset({"true", "1"}), frozenset({"false", "0"})


@dataclass(frozen=True, slots=True)
class Standing:
    """A database that answers from made-up people. What is written for it is what is written for the real one.

    Args:
        real: the site's database.
        made_up: the people.
    """

    real: Database
    made_up: Fixture

    @property
    def layout(self) -> Layout:
        """As at the site."""
        return self.real.layout

    @property
    def engine(self) -> Engine:
        """As at the site."""
        return self.real.engine

    @property
    def site(self) -> Site:
        """As at the site, but for the names; and every column is there, since its answers count on all."""
        return replace(self.real.site, schema="", prefix=PREFIX, found=())

    @property
    def practice(self) -> str:
        """The made-up practice."""
        return self.made_up.practice

    @property
    def version(self) -> str:
        """As at the site."""
        return self.real.version

    def rows(self, sql: str, parameters: Sequence[object] = ()) -> Iterator[tuple[Any, ...]]:
        """Run one SELECT, with the rows of every raw table that it mentions written out before it."""
        mentioned = [name for name in self.made_up.tables if name in set(_MENTIONED.findall(sql))]
        tables = ", ".join(self._table(name) for name in mentioned)
        if parameters and self.engine.name in _DOUBLE_PERCENT:
            tables = tables.replace("%", "%%")
        rest = f", {sql[5:]}" if sql.startswith("WITH ") else f" {sql}"
        return self.real.rows(f"WITH {tables}{rest}" if mentioned else sql, parameters)

    def _table(self, name: str) -> str:
        rows = _rows(self.layout, name, self.site, self.engine.name)
        return f"{quoted(self.engine.name, PREFIX + name)} AS ({rows})"


@lru_cache(maxsize=64)
def _rows(layout: Layout, name: str, site: Site, engine: str) -> str:
    """The rows of a raw table, with the types that its columns have at the site."""
    held, table, is_kept = fixture(layout.name).tables[name], layout.raw[name], site.history == "kept"
    columns = [
        (column, "bigint" if column in ORDER_COLUMNS else kind_of(site, table, column, native=layout.native))
        for column in held.columns
        if column not in ORDER_COLUMNS or is_kept
    ]
    rows = (*held.rows, *(held.older if is_kept else ()))
    # Where no deliveries are kept, their two columns, which come last, have nothing to go to.
    typed = [[native(kind, value) for value, (_, kind) in zip(row, columns, strict=False)] for row in rows]
    return select_of(engine, columns, typed)


def native(kind: str, value: Any) -> Any:
    """A text of a raw row as a column of another type holds it: nothing, where it is no such value.

    >>> native("date", "29 Feb 2024 14:53:28"), native("integer", "-1"), native("boolean", " True "), native("real", "")
    (datetime.date(2024, 2, 29), -1, True, None)
    """
    if kind == "text" or not isinstance(value, str):
        return value
    text = value.strip()
    if kind == "boolean":
        return True if text.lower() in _TRUE else False if text.lower() in _FALSE else None
    if kind == "time":
        return text or None
    if kind == "guid":
        return text.strip("{}").lower() or None
    return _moment(kind, text) if kind in {"date", "datetime"} else _number(kind, text)


def _number(kind: str, text: str) -> int | Decimal | None:
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return int(number) if kind in {"integer", "bigint"} else number


def _moment(kind: str, text: str) -> datetime | date | None:
    for form in _DAYS:
        try:
            found = datetime.strptime(text, form)  # noqa: DTZ007 - a day of a record has no zone
        except ValueError:
            continue
        return found.date() if kind == "date" else found
    return None
