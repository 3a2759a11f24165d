"""What a search means, in plain Python: one row after the other, nothing clever.

Written from the rules of the language and sharing nothing with translation and engines but the parsed tree. A SELECT is
read in the order in which it means something: FROM, JOIN, WHERE, GROUP BY, HAVING, row numbers, columns.

    a row        a dictionary: column -> value
    a binding    what is in sight: alias -> row, that of EXISTS with what surrounds it
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from sqlglot import exp

from searches.canon import TABLES
from tests.generative.language.values import (
    Truth,
    Value,
    all_of,
    any_of,
    bound_dates,
    compared,
    in_order,
    is_in,
    moved,
    not_,
)

Row = Mapping[str, Value]
Tables = Mapping[str, Sequence[Row]]
Binding = dict[str, Any]

_TABLES, _GROUP, _NUMBERS = "(tables)", "(group)", "(row numbers)"  # no alias can be called so


@dataclass(frozen=True)
class Asked:
    """What a search is asked with.

    Args:
        codelists: the codes of each list.
        dates: the bound dates.
        columns: of each table that can be named.
    """

    codelists: Mapping[str, frozenset[str]]
    dates: Mapping[str, date]
    columns: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class Query:
    """A SELECT or UNION ALL: its columns, and its rows for what is in sight."""

    columns: tuple[str, ...]
    rows: Callable[[Binding], list[Row]]


@dataclass(frozen=True)
class Scope:
    """Which columns each alias of a SELECT has."""

    asked: Asked
    aliases: Mapping[str, tuple[str, ...]]

    def alias_of(self, column: exp.Column) -> str:
        """The alias that a column belongs to."""
        if column.table:
            return column.table
        (alias,) = (alias for alias, columns in self.aliases.items() if column.name in columns)
        return alias


def meaning(
    select: exp.Select, codelists: Mapping[str, frozenset[str]], reference_date: date, schedule: str
) -> Callable[[Tables], list[Row]]:
    """What a search gives, as a function of the canonical tables."""
    columns = {name: tuple(column.name for column in table.columns) for name, table in TABLES.items()}
    asked = Asked(codelists, bound_dates(reference_date, schedule), columns)
    ctes: list[tuple[str, Query]] = []
    with_ = select.args.get("with_")
    for cte in with_.expressions if with_ is not None else ():
        ctes.append((cte.alias, _query(cte.this, asked)))
        asked = replace(asked, columns={**asked.columns, cte.alias: ctes[-1][1].columns})
    outer = _query(select, asked)

    def rows(tables: Tables) -> list[Row]:
        known = dict(tables)
        for name, query in ctes:
            known[name] = query.rows({_TABLES: known})
        return outer.rows({_TABLES: known})

    return rows


# --- SELECT ---


def _query(node: exp.Expr, asked: Asked) -> Query:
    if isinstance(node, exp.Subquery):
        return _query(node.this, asked)
    if isinstance(node, exp.Union):
        one, other = _query(node.left, asked), _query(node.right, asked)
        return Query(one.columns, lambda binding: one.rows(binding) + other.rows(binding))
    return _select(node, asked)


def _select(select: exp.Expr, asked: Asked) -> Query:
    found, scope = _found(select, asked)
    names = tuple(item.alias_or_name for item in select.expressions)
    values = [_value(item.unalias(), scope) for item in select.expressions]
    numbers = [_numbers(window, scope) for window in select.find_all(exp.Window) if window.parent_select is select]
    group, having = select.args.get("group"), select.args.get("having")
    key = _value(group.expressions[0], scope) if group is not None else None
    keeps = _condition(having.this, scope) if having is not None else None

    def rows(binding: Binding) -> list[Row]:
        bindings = found(binding)
        if key is not None:
            bindings = [group for group in _grouped(bindings, key) if keeps is None or keeps(group) is True]
        for number in numbers:
            number(bindings)
        return [{name: value(each) for name, value in zip(names, values, strict=True)} for each in bindings]

    return Query(names, rows)


def _found(select: exp.Expr, asked: Asked) -> tuple[Callable[[Binding], list[Binding]], Scope]:
    """FROM, JOIN and WHERE: every binding of one row per alias that fulfils them."""
    alias, source = _source(select.args["from_"].this, asked)
    aliases = {alias: source.columns}
    joins = []
    for join in select.args.get("joins") or ():
        name, joined = _source(join.this, asked)
        aliases[name] = joined.columns
        joins.append((name, joined, _condition(join.args["on"], Scope(asked, dict(aliases))), join.side == "LEFT"))
    scope = Scope(asked, aliases)
    where = select.args.get("where")
    holds = _condition(where.this, scope) if where is not None else None

    def bindings(around: Binding) -> list[Binding]:
        found = [{**around, alias: row} for row in source.rows(around)]
        for name, joined, on, keeps_all in joins:
            found = _joined(
                found, (name, joined.rows(around), on), dict.fromkeys(joined.columns) if keeps_all else None
            )
        return [each for each in found if holds is None or holds(each) is True]

    return bindings, scope


def _source(node: exp.Expr, asked: Asked) -> tuple[str, Query]:
    if isinstance(node, exp.Subquery):
        return node.alias, _query(node.this, asked)
    name = node.name
    return node.alias_or_name, Query(asked.columns[name], lambda binding: list(binding[_TABLES][name]))


def _joined(
    found: list[Binding], join: tuple[str, list[Row], Callable[[Binding], Truth]], without: Row | None
) -> list[Binding]:
    alias, rows, on = join
    longer: list[Binding] = []
    for binding in found:
        matches = [both for both in ({**binding, alias: row} for row in rows) if on(both) is True]
        longer += matches or ([{**binding, alias: without}] if without is not None else [])
    return longer


def _grouped(bindings: list[Binding], key: Callable[[Binding], Value]) -> list[Binding]:
    groups: dict[Value, list[Binding]] = {}
    for binding in bindings:
        groups.setdefault(key(binding), []).append(binding)
    return [{**group[0], _GROUP: group} for group in groups.values()]


def _numbers(window: exp.Window, scope: Scope) -> Callable[[list[Binding]], None]:
    """Give each binding its number among those of the same patient, in the order asked."""
    partition = _value(window.args["partition_by"][0], scope)
    keys = [(_value(key.this, scope), bool(key.args.get("desc"))) for key in window.args["order"].expressions]

    def give(bindings: list[Binding]) -> None:
        def place(binding: Binding) -> list[tuple[bool, Any]]:
            return [in_order(key(binding), descending=descending) for key, descending in keys]

        seen: dict[Value, int] = {}
        for binding in sorted(bindings, key=place):
            patient = partition(binding)
            seen[patient] = seen.get(patient, 0) + 1
            binding[_NUMBERS] = {**binding.get(_NUMBERS, {}), id(window): seen[patient]}

    return give


# --- values ---


def _value(node: exp.Expr, scope: Scope) -> Callable[[Binding], Value]:  # noqa: C901, PLR0911 - one line for each kind
    match node:
        case exp.Paren():
            return _value(node.this, scope)
        case exp.Column():
            alias, name = scope.alias_of(node), node.name
            return lambda binding: binding[alias][name]
        case exp.Literal() | exp.Neg():
            written = node.name if isinstance(node, exp.Literal) and node.is_string else _number(node)
            return lambda _: written
        case exp.Null():
            return lambda _: None
        case exp.Placeholder():
            bound = scope.asked.dates[node.name]
            return lambda _: bound
        case exp.Add() | exp.Sub():
            return _moved(node, scope)
        case exp.Case():
            return _case(node, scope)
        case exp.Coalesce():
            parts = [_value(part, scope) for part in (node.this, *node.expressions)]
            return lambda binding: next((found for part in parts if (found := part(binding)) is not None), None)
        case exp.Window():
            place = id(node)
            return lambda binding: binding[_NUMBERS][place]
        case exp.Count() | exp.Min() | exp.Max():
            return _aggregate(node, scope)
        case _:
            raise TypeError(f"{node.key} is no value")


def _number(node: exp.Expr) -> int | Decimal:
    if isinstance(node, exp.Neg):
        return -_number(node.this)
    return Decimal(node.name) if "." in node.name else int(node.name)


def _moved(node: exp.Add | exp.Sub, scope: Scope) -> Callable[[Binding], Value]:
    start = _value(node.this, scope)
    amount, unit = int(node.expression.name), node.expression.text("unit").upper()
    signed = amount if isinstance(node, exp.Add) else -amount

    def day(binding: Binding) -> Value:
        before = start(binding)
        return moved(before, signed, unit) if isinstance(before, date) else None

    return day


def _case(node: exp.Case, scope: Scope) -> Callable[[Binding], Value]:
    branches = [(_condition(branch.this, scope), _value(branch.args["true"], scope)) for branch in node.args["ifs"]]
    default = node.args.get("default")
    otherwise = _value(default, scope) if default is not None else lambda _: None

    def chosen(binding: Binding) -> Value:
        return next((value for holds, value in branches if holds(binding) is True), otherwise)(binding)

    return chosen


def _aggregate(node: exp.Count | exp.Min | exp.Max, scope: Scope) -> Callable[[Binding], Value]:
    if isinstance(node, exp.Count) and isinstance(node.this, exp.Star):
        return lambda binding: len(binding[_GROUP])
    distinct = isinstance(node.this, exp.Distinct)
    counted = _value(node.this.expressions[0] if distinct else node.this, scope)

    def over(binding: Binding) -> Value:
        known: list[Any] = [value for each in binding[_GROUP] if (value := counted(each)) is not None]
        if isinstance(node, exp.Count):
            return len(set(known)) if distinct else len(known)
        return (min if isinstance(node, exp.Min) else max)(known, default=None)

    return over


# --- conditions ---


def _condition(node: exp.Expr, scope: Scope) -> Callable[[Binding], Truth]:  # noqa: PLR0911 - as above
    match node:
        case exp.Paren():
            return _condition(node.this, scope)
        case exp.Not():
            inner = _condition(node.this, scope)
            return lambda binding: not_(inner(binding))
        case exp.And() | exp.Or():
            one, other = _condition(node.left, scope), _condition(node.right, scope)
            joined = all_of if isinstance(node, exp.And) else any_of
            return lambda binding: joined((one(binding), other(binding)))
        case exp.Exists():
            inside, _ = _found(node.this, scope.asked)
            return lambda binding: bool(inside(binding))
        case exp.Is():
            asked = _value(node.this, scope)
            return lambda binding: asked(binding) is None
        case exp.In():
            return _in(node, scope)
        case exp.Between():
            value, low, high = (_value(node.args[part], scope) for part in ("this", "low", "high"))
            return lambda b: all_of((compared("gte", value(b), low(b)), compared("lte", value(b), high(b))))
        case _:
            sign, left, right = node.key, _value(node.left, scope), _value(node.right, scope)
            return lambda binding: compared(sign, left(binding), right(binding))


def _in(node: exp.In, scope: Scope) -> Callable[[Binding], Truth]:
    value = _value(node.this, scope)
    codelist = node.args.get("field")
    if codelist is not None:
        codes = scope.asked.codelists[codelist.name]
        return lambda binding: is_in(value(binding), codes)
    listed = {_value(item, scope)({}) for item in node.expressions}
    return lambda binding: is_in(value(binding), listed)
