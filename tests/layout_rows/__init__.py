"""Canonical rows as raw rows of each supplier's layout: the inverse of a layout, written from the facts.

It knows the suppliers' tables, columns and ways of saying things, and nothing of a layout's SQL. People are drawn as
canonical rows; what a layout cannot hold is a closed list (`limits`), everything else has to come back exactly.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from searches.layouts import layout
from tests.engine_servers import Database, text_columns
from tests.layout_rows import emis_im1, opensafely_tpp, tpp_sr, vision
from tests.layout_rows.facts import Carried, Id, Practice
from tests.layout_rows.limits import EMIS, LIMITS, OPENSAFELY, SUPPLIERS, TPP, carried, limits_of, refused
from tests.layout_rows.planting import Sent
from tests.layout_rows.spelling import listed

__all__ = [
    "LIMITS",
    "SUPPLIERS",
    "Carried",
    "Id",
    "Practice",
    "RawRows",
    "as_number",
    "called",
    "carried",
    "limits_of",
    "listed",
    "refused",
]


@dataclass(frozen=True, slots=True)
class RawRows:
    """Practices as the raw tables of one layout.

    Args:
        layout: its name.
        practices: what it can hold of each.
        rows: of all, in the order in which they came.
    """

    layout: str
    practices: tuple[Carried, ...]
    rows: tuple[Sent, ...]

    @classmethod
    def of(cls, name: str, practices: Sequence[Practice]) -> RawRows:
        """Write practices in a layout; the same practices give the same rows."""
        people = tuple(carried(name, practice) for practice in practices)
        if name == EMIS:
            dictionaries = emis_im1.Dictionaries()
            written = [emis_im1.Writer(each, place, dictionaries).rows() for place, each in enumerate(people, 1)]
            written.append(dictionaries.rows)
        elif name == TPP:
            written = [tpp_sr.Writer(each).rows() for each in people]
            written.append(tpp_sr.lists())
        elif name == OPENSAFELY:
            written = [opensafely_tpp.Writer(each).rows() for each in people]
            written.append(opensafely_tpp.around())
        else:
            written = [vision.Writer(each, place).rows() for place, each in enumerate(people, 1)]
        return cls(name, people, tuple(row for rows in written for row in rows))

    def load(self, database: Database) -> None:
        """Make the raw tables and fill them."""
        for table in layout(self.layout).raw.values():
            rows = [row for row in self.rows if row.table == table.name]
            cells = [[row.cells.get(column) for column in table.columns] for row in rows]
            if layout(self.layout).native:
                types = {column: table.types.get(column, "text") for column in table.columns}
                database.create(table.name, types, cells)
            else:
                order = [[row.delivery, place] for place, row in enumerate(rows, 1)]
                sent = [[*each, *place] for each, place in zip(cells, order, strict=True)]
                database.create(table.name, text_columns(table.columns), sent)
        if database.name == "postgresql":
            database.run("ANALYZE")  # as its own housekeeping would, a minute later


def as_number(layout_name: str, cell: Any) -> Any:
    """A fetched cell as it compares with what is held: a GUID of EMIS as its number."""
    if layout_name == EMIS and isinstance(cell, str) and len(cell) == 36 and cell.count("-") == 4:
        return emis_im1.number_of(cell)
    return cell


def called(layout_name: str, practice: str) -> str:
    """What a layout calls a practice: its code, or a number where the database knows no codes."""
    return practice[1:] if layout_name == OPENSAFELY else practice
