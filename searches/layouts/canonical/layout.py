"""The canonical tables themselves, as CSV files: the reference that every other layout is compared with.

One file per table with the columns of `searches.canon` (`code` holds SNOMED CT, or dm+d in `medication`), as they are
on one reference date; `opt_out.csv` names those who have opted out; `about.csv` holds the practice and that date.
"""

from __future__ import annotations

from searches.canon import TABLES, Column, ColumnType, Table
from searches.layouts.layout import IDENTITY_HEADER, Layout, RawTable, by_name

_CODE_COLUMN = {"medication": "code_dmd"}
_SQL_TYPE = {ColumnType.INTEGER: "INTEGER", ColumnType.DECIMAL: "DECIMAL(19, 3)", ColumnType.DATE: "DATE"}


def _column(table: Table, column: Column) -> str:
    if column.type is ColumnType.CODE:
        return f"NULLIF(TRIM(r.code), '') AS {_CODE_COLUMN.get(table.name, 'code_snomed')}"
    if column.type is ColumnType.ID:
        return f"CAST(r.{column.name} AS BIGINT) AS {column.name}"
    if column.type in _SQL_TYPE:
        return f"CAST(NULLIF(TRIM(r.{column.name}), '') AS {_SQL_TYPE[column.type]}) AS {column.name}"
    return f"NULLIF(TRIM(r.{column.name}), '') AS {column.name}"


def _select(table: Table) -> str:
    return f"SELECT {', '.join(_column(table, column) for column in table.columns)} FROM raw.{table.name} AS r"


def _raw(table: Table) -> RawTable:
    # A column that is added to the canonical tables later is NULL in folders written before.
    names = tuple(column.name for column in table.columns)
    return RawTable(table.name, names, optional=frozenset(names) - {table.key, "patient_id"})


CANONICAL = Layout(
    name="canonical",
    encoding="utf-8",
    raw=by_name(
        *(_raw(table) for table in TABLES.values()),
        RawTable("opt_out", ("patient_id",)),
        RawTable("identity", IDENTITY_HEADER),
    ),
    macros={},
    current={},
    tables={
        **{table.name: _select(table) for table in TABLES.values()},
        "type1": "SELECT CAST(r.patient_id AS BIGINT) AS patient_id FROM raw.opt_out AS r",
        "identity": "SELECT CAST(r.patient_id AS BIGINT) AS patient_id, "
        + ", ".join(f"r.{name}" for name in IDENTITY_HEADER[1:])
        + " FROM raw.identity AS r",
    },
    code_columns={
        table.name: {"dmd": "code_dmd"} if table.name == "medication" else {"snomed": "code_snomed"}
        for table in TABLES.values()
        if table.column("code") is not None
    },
    missing={},
    rules={},
)
