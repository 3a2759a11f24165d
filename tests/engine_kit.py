"""Synthetic practices in real databases: the same raw tables in DuckDB and in every other engine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from searches.errors import LayoutError
from searches.extract import open_extract
from searches.layouts import layout
from searches.layouts.expand import Bindings, definitions, raw_tables
from searches.layouts.layout import ORDER_COLUMNS
from searches.search import Search
from searches.translate import translate
from tests.engine_servers import Database, text_columns
from tests.exact_answers import write_practice

PRACTICE = "Z90001"
Rows = list[tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class RawPractice:
    """The raw tables of one practice.

    Args:
        layout: its name.
        reference_date: the day that is asked about.
        tables: names of columns, and rows, by table.
    """

    layout: str
    reference_date: date
    tables: Mapping[str, tuple[tuple[str, ...], Rows]]

    def load(self, database: Database) -> None:
        """Copy every raw table into a database."""
        chosen = layout(self.layout)
        for name, (columns, rows) in self.tables.items():
            types = {column: chosen.raw[name].types.get(column, "text") for column in columns}
            database.create(name, types if chosen.native else text_columns(columns), rows)
        if database.name == "postgresql":
            database.run("ANALYZE")  # as its own housekeeping would, a minute later

    def statement(self, search: Search, engine: str) -> str | None:
        """The statement of a search, or None if the layout has no source for it."""
        try:
            chosen = layout(self.layout)
            return translate(
                search, chosen, engine, reference_date=self.reference_date, practice=chosen.synthetic_practice
            ).sql
        except LayoutError as error:
            if error.reason.startswith("layout_has_no_"):
                return None
            raise


def raw_practice(name: str, patients: int, seed: int, folder: Path, reference_date: date) -> RawPractice:
    """Write a synthetic practice in a layout and read its raw tables as they are delivered."""
    written = write_practice(name, patients, seed, folder, reference_date)
    chosen = layout(name)
    views = definitions(
        chosen,
        [name for name in chosen.definitions if name != "identity"],
        Bindings(reference_date, chosen.synthetic_practice),
    )
    tables: dict[str, tuple[tuple[str, ...], Rows]] = {}
    with (
        open_extract(written.folder, name, PRACTICE) as extract,
        extract.session(raw_tables(views.values())) as session,
    ):
        for table in sorted(raw_tables(views.values())):
            found = session._connection.execute(f'SELECT * FROM raw."{table}"')
            columns = tuple(column[0] for column in found.description if column[0] not in ORDER_COLUMNS)
            tables[table] = (columns, found.fetchall())
    return RawPractice(name, reference_date, tables)


def in_order(rows: Sequence[tuple[Any, ...]]) -> Rows:
    """Rows of any engine in one order."""
    return sorted(rows, key=lambda row: tuple(str(value) for value in row))
