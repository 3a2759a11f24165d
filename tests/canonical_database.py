"""The canonical tables as a database holds them: columns with types, one row for each record, codes without blanks."""

from __future__ import annotations

from dataclasses import replace

from searches.canon import TABLES, ColumnType, Table
from searches.layouts import layout
from searches.layouts.layout import RawTable

_KINDS = {
    ColumnType.ID: "bigint",
    ColumnType.INTEGER: "integer",
    ColumnType.DECIMAL: "decimal",
    ColumnType.DATE: "date",
}
_FILES = layout("canonical")


def _raw(table: Table) -> RawTable:
    kinds = {column.name: _KINDS[column.type] for column in table.columns if column.type in _KINDS}
    return replace(_FILES.raw[table.name], types=kinds, optional=frozenset())


def _select(table: Table) -> str:
    code = next(iter(_FILES.code_columns.get(table.name, {"": "code"}).values()))
    listed = ", ".join(
        f"r.{column.name} AS {code if column.name == 'code' else column.name}" for column in table.columns
    )
    return f"SELECT {listed} FROM raw.{table.name} AS r"


CANONICAL_DATABASE = replace(
    _FILES,
    native=True,
    raw={
        **{table.name: _raw(table) for table in TABLES.values()},
        "opt_out": replace(_FILES.raw["opt_out"], types={"patient_id": "bigint"}),
        "identity": replace(_FILES.raw["identity"], types={"patient_id": "bigint"}),
    },
    tables={
        **_FILES.tables,
        **{table.name: _select(table) for table in TABLES.values()},
        "type1": "SELECT r.patient_id FROM raw.opt_out AS r",
    },
)
