"""Which table a name stands for: relations, the scope of a SELECT, and where in it an expression stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from sqlglot import exp

from searches.canon import TABLES
from searches.errors import RuleError
from searches.places import Places
from searches.rules.kinds import Kind, ValueType, canonical_columns

CODELIST = "codelist"
"""The prefix of a code list's name: `code IN codelist.pulse_rhythm`."""


@dataclass(frozen=True, slots=True)
class Relation:
    """What a FROM or JOIN can name: a canonical table, a CTE or a subquery.

    Args:
        columns: the type of each column.
        one_row: there is at most one row per patient_id.
        ids: the columns that tell the rows of one patient apart; None if none do.
        table: the canonical table it is; empty for a CTE or subquery.
    """

    columns: Mapping[str, ValueType]
    one_row: bool
    ids: frozenset[str] | None
    table: str = ""


CANONICAL: Mapping[str, Relation] = {
    name: Relation(
        canonical_columns(table),
        one_row=table.key == "patient_id",
        ids=frozenset({table.key}) - {"patient_id"},
        table=name,
    )
    for name, table in TABLES.items()
}


class Role(StrEnum):
    """What a SELECT is for."""

    OUTER = "the outer SELECT"
    TABLE = "a CTE or subquery"
    EXISTS = "EXISTS"


@dataclass(frozen=True, slots=True)
class Scope:
    """The tables one SELECT sees.

    Args:
        role: what the SELECT is for.
        relations: by alias; the first is that of FROM.
        fixed: aliases that give at most one row per patient here.
        grouped: there is a GROUP BY.
        around: for EXISTS, the scope it stands in.
    """

    role: Role
    relations: Mapping[str, Relation]
    fixed: frozenset[str] = frozenset()
    grouped: bool = False
    around: Scope | None = None

    @property
    def first(self) -> str:
        """The alias of FROM."""
        return next(iter(self.relations))

    @property
    def in_table(self) -> bool:
        """Does it stand in a CTE or subquery, directly or through EXISTS?"""
        return self.role is Role.TABLE or (self.around is not None and self.around.in_table)


@dataclass(slots=True)
class Usage:
    """What was met on the way through a search; filled while it is read."""

    tables: dict[str, set[str]] = field(default_factory=dict)
    codelists: dict[str, exp.Expr] = field(default_factory=dict)
    bound_dates: set[str] = field(default_factory=set)
    ctes: set[str] = field(default_factory=set)
    exists: list[tuple[exp.Exists, Here]] = field(default_factory=list)  # to be read after what surrounds them


class Spot(StrEnum):
    """Which clause an expression stands in."""

    SELECT = "the SELECT list"
    WHERE = "WHERE"
    ON = "ON"
    HAVING = "HAVING"
    ARGUMENT = "an aggregate"
    ORDER = "ORDER BY"


@dataclass(frozen=True, slots=True)
class Here:
    """Where an expression stands, and what is noted on the way."""

    places: Places
    usage: Usage
    scope: Scope
    spot: Spot

    def at(self, spot: Spot) -> Here:
        """The same scope, another clause."""
        return replace(self, spot=spot)

    def refuse(self, node: exp.Expr, reason: str, suggestion: str = "") -> RuleError:
        """The error that says this piece breaks a rule."""
        return self.places.refuse(node, reason, suggestion)


def alias_of(column: exp.Column, here: Here) -> str:
    """The alias whose column this is, in this scope or, for EXISTS, around it.

    Raises:
        RuleError: there is no such table or column here, or more than one.
    """
    if column.table == CODELIST:
        raise here.refuse(column, "a code list stands only after IN", f"write code IN codelist.{column.name}")
    if column.table:
        return column.table
    holders = [alias for alias, relation in here.scope.relations.items() if column.name in relation.columns]
    if len(holders) == 1:
        return holders[0]
    reason = f"column {column.name} is {'in several tables' if holders else 'in no table'} here"
    raise here.refuse(column, reason, "write alias.column, with a column of the canonical tables")


def column_type(column: exp.Column, here: Here) -> ValueType:
    """The type of a column; it is noted as read.

    Raises:
        RuleError: there is no such table or column here.
    """
    alias = alias_of(column, here)
    relation = _visible(alias, column, here)
    if column.name not in relation.columns:
        raise here.refuse(
            column, f"{alias} has no column {column.name}", f"its columns are: {', '.join(relation.columns)}"
        )
    if relation.table:
        here.usage.tables[relation.table].add(column.name)
    return relation.columns[column.name]


def check_grouped(column: exp.Column, here: Here) -> None:
    """Refuse a column of a grouped SELECT that stands outside an aggregate: it has many values there.

    Raises:
        RuleError: it does.
    """
    if here.scope.grouped and here.spot in {Spot.SELECT, Spot.HAVING}:
        raise here.refuse(column, f"column {column.name} stands outside an aggregate", "use MIN, MAX or COUNT of it")


def _visible(alias: str, column: exp.Column, here: Here) -> Relation:
    scope: Scope | None = here.scope
    while scope is not None:
        if alias in scope.relations:
            return scope.relations[alias]
        scope = scope.around
    raise here.refuse(column, f"there is no table {alias} here", "use the alias given in FROM or JOIN")


def is_patient_id_of_first(node: exp.Expr, here: Here) -> bool:
    """Say whether this is the patient_id of the table in FROM (that of a left-joined table may be NULL)."""
    if not isinstance(node, exp.Column) or alias_of(node, here) != here.scope.first:
        return False
    return column_type(node, here).kind is Kind.PATIENT_ID
