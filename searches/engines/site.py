"""What one site calls its raw tables and how it stores them, where that is not `raw.NAME` with every column as text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from sqlglot import exp

from searches.errors import LayoutError

RAW = "raw"
"""The schema of the raw tables in the SQL of a layout."""

READ = "read_at_site"
"""Marks a raw table whose columns were put in the words of a site."""


@dataclass(frozen=True, slots=True)
class FoundTable:
    """A raw table as the site's catalogue lists it.

    Args:
        name: as the layout calls it.
        listed: as the catalogue does; empty if the site has no such table, which the layout allows.
        columns: for each column as the layout calls it the name in the catalogue, or an empty one, likewise.
    """

    name: str
    listed: str
    columns: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Site:
    """How the raw tables are called and stored in one database.

    Args:
        schema: in which they stand; empty for that of the login.
        prefix: before each name, such as `emis_`.
        columns: `text`, or `native` for the types that the supplier's documents give.
        history: `kept`, with the columns `delivery` and `row_in_delivery`, or `merged`, with one row for each key.
        types: where a column's type is another, by `Table.Column`, or by `Column` in whatever table.
        found: what a look at the catalogue has found; empty before.
    """

    schema: str = RAW
    prefix: str = ""
    columns: Literal["text", "native"] = "text"
    history: Literal["kept", "merged"] = "kept"
    types: tuple[tuple[str, str], ...] = ()
    found: tuple[FoundTable, ...] = ()

    @property
    def only_names(self) -> bool:
        """Is it only the name of a table that differs?"""
        return (self.columns, self.history, self.types, self.found) == ("text", "kept", (), ())

    def table(self, name: str) -> FoundTable | None:
        """What the catalogue lists for a raw table; None before anybody has looked."""
        return next((found for found in self.found if found.name == name), None)

    def called(self, name: str) -> str:
        """The name of a raw table at the site; empty if it has none."""
        found = self.table(name)
        return f"{self.prefix}{name}" if found is None else found.listed

    def rename(self, tree: exp.Expression) -> None:
        """Give every raw table in a tree its name at the site, in place.

        Raises:
            LayoutError: the site differs in more than names, and the tree was not written for it.
        """
        for table in tree.find_all(exp.Table):
            if table.db == RAW:
                if not self.only_names and not table.meta.get(READ):
                    raise LayoutError(f"{table.name} was not read as it is at the site", "not_read_at_site")
                table.set("this", exp.to_identifier(self.called(table.name), quoted=True))
                table.set("db", exp.to_identifier(self.schema, quoted=True) if self.schema else None)


AS_NAMED = Site()
"""Every raw table is called `raw.NAME`, every column is text, and every delivery is kept."""
