"""Rows written out as a query, in the words of each engine: what travels in place of a stored table.

The first row says the type of every column, as a table would; the others are added to it by UNION ALL.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlglot import exp

_DIALECTS = {
    "duckdb": "duckdb",
    "postgresql": "postgres",
    "mysql": "mysql",
    "sqlite": "sqlite",
    "sqlserver": "tsql",
}
_KINDS = {
    # in the order of the engines above; MySQL casts to few types, these are what arithmetic and comparison see
    "text": ("VARCHAR", "TEXT", "CHAR(400)", "TEXT", "NVARCHAR(400)"),
    "integer": ("INTEGER", "INTEGER", "SIGNED", "INTEGER", "INT"),
    "bigint": ("BIGINT", "BIGINT", "SIGNED", "INTEGER", "BIGINT"),
    "decimal": ("DECIMAL(19, 3)", "NUMERIC(19, 3)", "DECIMAL(19, 3)", "REAL", "DECIMAL(19, 3)"),
    "real": ("REAL", "REAL", "FLOAT", "REAL", "REAL"),
    "date": ("DATE", "DATE", "DATE", "TEXT", "DATE"),
    "datetime": ("TIMESTAMP", "TIMESTAMP", "DATETIME", "TEXT", "DATETIME2"),
    "time": ("TIME", "TIME", "TIME", "TEXT", "TIME"),
    "boolean": ("BOOLEAN", "BOOLEAN", "SIGNED", "INTEGER", "BIT"),
    "guid": ("UUID", "UUID", "CHAR(36)", "TEXT", "UNIQUEIDENTIFIER"),
}
_TYPES = {kind: dict(zip(_DIALECTS, types, strict=True)) for kind, types in _KINDS.items()}
_AS_WRITTEN = frozenset({"text", "integer", "bigint", "boolean"})
_TRUTHS = {"duckdb": ("TRUE", "FALSE"), "postgresql": ("TRUE", "FALSE")}

Columns = Sequence[tuple[str, str]]
"""Name and kind of each column; a kind is one of `searches.layouts.layout.TYPES`."""


def quoted(engine: str, name: str) -> str:
    """A name as the engine quotes it."""
    return exp.to_identifier(name, quoted=True).sql(dialect=_DIALECTS[engine])


def select_of(engine: str, columns: Columns, rows: Iterable[Sequence[Any]]) -> str:
    """A query that gives exactly these rows; None is NULL.

    Args:
        engine: its name.
        columns: name and kind of each.
        rows: values in the order of the columns; dates and numbers as Python's own, or as text.
    """
    written = [[_as(engine, kind, value) for value, (_, kind) in zip(row, columns, strict=True)] for row in rows]
    nothing = [["NULL"] * len(columns)]
    first, *others = written or nothing
    typed = ", ".join(
        f"CAST({value} AS {_TYPES[kind][engine]}) AS {quoted(engine, name)}"
        for value, (name, kind) in zip(first, columns, strict=True)
    )
    query = " UNION ALL ".join([f"SELECT {typed}", *(f"SELECT {', '.join(values)}" for values in others)])
    return query if written else f"SELECT * FROM ({query}) AS nothing WHERE 1 = 0"


def _as(engine: str, kind: str, value: object) -> str:
    """A value that keeps the type of its column where the other side of UNION ALL is a text or another number."""
    written = _value(engine, value)
    return written if value is None or kind in _AS_WRITTEN else f"CAST({written} AS {_TYPES[kind][engine]})"


def _value(engine: str, value: object) -> str:
    match value:
        case None:
            return "NULL"
        case bool():
            return _TRUTHS.get(engine, ("1", "0"))[not value]
        case int() | Decimal():
            return str(value)
        case datetime():
            return f"'{value.isoformat(sep=' ')}'"
        case date():
            return f"'{value.isoformat()}'"
        case _:
            return _text(engine, str(value))


def _text(engine: str, text: str) -> str:
    if engine == "mysql" and "\\" in text:  # whether a backslash is a letter depends on a setting there
        return f"_utf8mb4 X'{text.encode().hex()}'"
    national = "N" if engine == "sqlserver" else ""
    doubled = text.replace("'", "''")
    return f"{national}'{doubled}'"
