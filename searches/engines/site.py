"""What one site calls its raw tables, where it does not call them `raw.NAME`."""

from __future__ import annotations

from dataclasses import dataclass

from sqlglot import exp

RAW = "raw"
"""The schema of the raw tables in the SQL of a layout."""


@dataclass(frozen=True, slots=True)
class Site:
    """How the raw tables are called on one database.

    Args:
        schema: in which they stand; empty for that of the login.
        prefix: before each name, such as `emis_`.
    """

    schema: str = RAW
    prefix: str = ""

    def rename(self, tree: exp.Expression) -> None:
        """Give every raw table in a tree its name at the site, in place."""
        for table in tree.find_all(exp.Table):
            if table.db == RAW:
                table.set("this", exp.to_identifier(f"{self.prefix}{table.name}", quoted=True))
                table.set("db", exp.to_identifier(self.schema, quoted=True) if self.schema else None)


AS_NAMED = Site()
"""Every raw table is called `raw.NAME`."""
