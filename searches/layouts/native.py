"""The SQL of a layout that is a database itself: its raw columns have types, which the engines have to know of."""

from __future__ import annotations

from sqlglot import exp

from searches.engines.writing import raw_table
from searches.layouts.layout import Layout

KINDS = {
    "integer": exp.DType.INT,
    "bigint": exp.DType.BIGINT,
    "decimal": exp.DType.DECIMAL,
    "real": exp.DType.FLOAT,
    "date": exp.DType.DATE,
    "datetime": exp.DType.TIMESTAMP,
    "boolean": exp.DType.BOOLEAN,
}
"""What each type of `searches.layouts.layout.TYPES` is in a tree; text is what a column is that says nothing."""


def mark_types(layout: Layout, tree: exp.Select) -> None:
    """Let every raw column of a native layout say its type, in place."""
    for column in tree.find_all(exp.Column):
        table = raw_table(column)
        kind = layout.raw[table.name].types.get(column.name, "text") if table is not None else "text"
        if kind != "text":
            column.type = exp.DataType(this=KINDS[kind])
