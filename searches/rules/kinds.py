"""What kind of value an expression of a search has, and so what may be done with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from searches.canon import Column, ColumnType, Table


class Kind(StrEnum):
    """Kinds of values; each has its own rules of comparison."""

    PATIENT_ID = "patient id"
    ROW_ID = "row id"
    INTEGER = "whole number"
    DECIMAL = "number"
    DATE = "date"
    CODE = "code"
    TEXT = "text of a closed domain"
    UNIT = "unit"
    ROW_NUMBER = "row number"
    NULL = "NULL"


NUMBERS = frozenset({Kind.INTEGER, Kind.DECIMAL, Kind.ROW_NUMBER})
IDS = frozenset({Kind.PATIENT_ID, Kind.ROW_ID})


@dataclass(frozen=True, slots=True)
class ValueType:
    """The type of an expression.

    Args:
        kind: what it is.
        values: the closed set it comes from; empty where there is none.
        origin: the canonical table and column it is, unchanged; None if it was computed.
        singles_out: it is so fine that an equality could pick one patient.
        written: it is a number that the author wrote, in some case at least.
    """

    kind: Kind
    values: frozenset[str] = frozenset()
    origin: tuple[str, str] | None = None
    singles_out: bool = False
    written: bool = False


_KINDS = {
    ColumnType.INTEGER: Kind.INTEGER,
    ColumnType.DECIMAL: Kind.DECIMAL,
    ColumnType.DATE: Kind.DATE,
    ColumnType.CODE: Kind.CODE,
    ColumnType.DOMAIN: Kind.TEXT,
    ColumnType.TEXT: Kind.UNIT,
}
_SINGLE_OUT = frozenset({"age_months", "registered_on"})


def canonical_columns(table: Table) -> Mapping[str, ValueType]:
    """The type of every column of a canonical table."""
    return {column.name: _canonical(table, column) for column in table.columns}


def _canonical(table: Table, column: Column) -> ValueType:
    return ValueType(
        _id_kind(column) if column.type is ColumnType.ID else _KINDS[column.type],
        frozenset(column.values),
        (table.name, column.name),
        column.name in _SINGLE_OUT,
    )


def _id_kind(column: Column) -> Kind:
    return Kind.PATIENT_ID if column.name == "patient_id" else Kind.ROW_ID


def united(types: list[ValueType]) -> ValueType | None:
    """The one type of several branches, or None if they do not fit together; ids fit nothing, NULL fits everything."""
    present = [one for one in types if one.kind is not Kind.NULL]
    kinds = {Kind.INTEGER if one.kind is Kind.ROW_NUMBER else one.kind for one in present}
    if kinds == {Kind.INTEGER, Kind.DECIMAL}:
        kinds = {Kind.DECIMAL}
    if len(kinds) != 1 or kinds & IDS:
        return None
    kind = kinds.pop()
    values = frozenset[str]().union(*(one.values for one in present)) if kind is Kind.TEXT else frozenset[str]()
    singles_out, written = (
        any(each) for each in zip(*((one.singles_out, one.written) for one in present), strict=True)
    )
    return ValueType(kind, values, None, singles_out, written)
