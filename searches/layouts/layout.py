"""What a layout is: frozen values, and the reading of its folder of SQL."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from hashlib import sha256
from pathlib import Path

from searches.errors import LayoutError

ORDER_COLUMNS = ("delivery", "row_in_delivery")
"""What the loader adds to every raw table: the running number of the delivery, and of the row within it."""

IDENTITY_HEADER = (
    "patient_id",
    "nhs_number",
    "title",
    "forename",
    "surname",
    "date_of_birth",
    "address",
    "postcode",
    "phone",
    "mobile",
    "email",
)
"""The columns of `identity`: for the action list at the practice, and for nothing else."""

TYPES = ("text", "integer", "bigint", "decimal", "real", "date", "datetime", "time", "boolean", "guid")
"""The types that a column of a raw table can have in a database; `real` is a float of 4 bytes."""


@dataclass(frozen=True, slots=True)
class RawTable:
    """One table as the supplier delivers it.

    Args:
        name: as in the supplier's documents, and in `raw.NAME`.
        columns: those that the layout's SQL reads.
        identity: identifying columns, loaded for the action list only.
        optional: columns that some versions of the extract lack; they are then NULL.
        spellings: other headers of a column that versions of the extract are known to use.
        positions: for files without a header, every known order of columns.
        may_be_absent: a delivery without this table is complete.
        types: of `TYPES`, that of each column in a database that keeps what the supplier means; text if not named.
    """

    name: str
    columns: tuple[str, ...]
    identity: tuple[str, ...] = ()
    optional: frozenset[str] = frozenset()
    spellings: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    positions: tuple[tuple[str, ...], ...] = ()
    may_be_absent: bool = False
    types: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """How one record system stores the canonical tables.

    Args:
        name: the layout's folder.
        encoding: of its files, as Python calls it.
        raw: the raw tables, by name.
        macros: named expressions; `_1` and `_2` are the arguments.
        current: SQL of the rows that stand, by name (`current_...`).
        tables: SQL of the canonical tables, of the steps between, of `type1` and of `identity`, by name.
        code_columns: for each table with a `code`, the column that holds the codes of each system.
        code_sources: for such columns (`table.column`) the raw column (`Table.Column`) that they are where a site holds
            numbers there; any other is text everywhere.
        missing: reason codes of the canonical tables that the layout has no source for, and of the codes (`table.code`)
            that a table of it lacks.
        rules: what each named rule says.
        native: its SQL reads columns of the declared types and one row for each record, as a database holds them; else
            columns of text, beside `delivery` and `row_in_delivery`, as a loader of files makes them.
        synthetic_practice: how the practice of the examples is called where `:practice` asks for it.
    """

    name: str
    encoding: str
    raw: Mapping[str, RawTable]
    macros: Mapping[str, str]
    current: Mapping[str, str]
    tables: Mapping[str, str]
    code_columns: Mapping[str, Mapping[str, str]]
    missing: Mapping[str, str]
    rules: Mapping[str, str]
    native: bool = False
    code_sources: Mapping[str, str] = field(default_factory=dict)
    synthetic_practice: str = "Z90001"

    @property
    def definitions(self) -> dict[str, str]:
        """Every named SELECT, in an order in which each reads only those before it."""
        return {**self.current, **self.tables}

    @property
    def version(self) -> str:
        """The first 12 hex digits of the SHA-256 over all that the layout says."""
        said = (
            self.name,
            f"native{self.native}",
            *(f"{kind}{name}\0{text}" for kind, part in self._texts() for name, text in sorted(part.items())),
            *(f"raw{_said(table)}" for _, table in sorted(self.raw.items())),
            *(f"code{table}{sorted(columns.items())}" for table, columns in sorted(self.code_columns.items())),
            *(f"number{column}{source}" for column, source in sorted(self.code_sources.items())),
        )
        return sha256("\0\0".join(said).encode()).hexdigest()[:12]

    def _texts(self) -> tuple[tuple[str, Mapping[str, str]], ...]:
        return (("macro", self.macros), ("sql", self.definitions), ("rule", dict.fromkeys(self.rules, "")))

    def without(self, rule: str) -> Layout:
        """The same layout with one rule taken out: what a mutation test compares with.

        Raises:
            LayoutError: the layout has no such rule.
        """
        if rule not in self.rules:
            raise LayoutError(f"layout {self.name} has no rule {rule!r}", "unknown_rule", "see Layout.rules")
        return replace(self, rules={name: text for name, text in self.rules.items() if name != rule})


def _said(table: RawTable) -> str:
    """A raw table as text, the same in every process: a set has an order of its own in each."""
    values = ((part.name, getattr(table, part.name)) for part in fields(table))
    return repr([(name, sorted(value) if isinstance(value, frozenset) else value) for name, value in values])


def read_sql(folder: Path, names: tuple[str, ...], prefix: str = "") -> dict[str, str]:
    """The SQL files of those names, in that order, by `prefix` and name."""
    return {prefix + name: (folder / f"{name}.sql").read_text(encoding="utf-8") for name in names}


def by_name(*tables: RawTable) -> dict[str, RawTable]:
    """The raw tables, by name."""
    return {table.name: table for table in tables}


def typed(tables: Mapping[str, RawTable], types: Mapping[str, str]) -> dict[str, RawTable]:
    """Raw tables with the types of their columns, given by `Table.Column`, or by `Column` for every table."""
    return {name: replace(table, types=_types_of(table, types)) for name, table in tables.items()}


def _types_of(table: RawTable, types: Mapping[str, str]) -> dict[str, str]:
    columns = (*table.columns, *table.identity)
    found = {column: types.get(f"{table.name}.{column}", types.get(column)) for column in columns}
    return {column: kind for column, kind in found.items() if kind is not None}
