"""Rules of expressions: what a value may be made of, and what a condition may ask.

A value is a column, a written number or text, a bound date, a date moved by an INTERVAL, CASE, COALESCE, or an
aggregate of a grouped SELECT. A condition is a comparison, IN, BETWEEN, IS NULL, EXISTS, or conditions joined by AND,
OR and NOT. Nothing is both.
"""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal

from sqlglot import exp

from searches.rules.comparisons import check_comparison, pair
from searches.rules.dates import bound_date_type, moved_date_type
from searches.rules.kinds import Kind, ValueType, united
from searches.rules.names import CODELIST, Here, Role, Spot, check_grouped, column_type
from searches.windows import BoundDates, is_bound, value_of

_NUMBER = re.compile(r"[0-9]{1,16}(\.[0-9]{1,3})?")  # fits DECIMAL(19,3)
_MAX_LISTED = 100
_ANY_DATES = BoundDates(date(2024, 2, 17), date(1990, 5, 3), date(1971, 11, 29))
_A_CONDITION = ("a condition is not a value", "use CASE WHEN condition THEN ... END")
_A_SUBQUERY = ("a subquery as a value is refused", "join a CTE grouped by patient_id, or use EXISTS")
_A_ROW_NUMBER = ("ROW_NUMBER stands by itself in the SELECT list of a CTE", "name it there and compare it later")
_NOT_VALUES: dict[type[exp.Expr], tuple[str, str]] = {
    exp.Subquery: _A_SUBQUERY,
    exp.Select: _A_SUBQUERY,
    exp.Union: _A_SUBQUERY,
    exp.Window: _A_ROW_NUMBER,
    exp.RowNumber: _A_ROW_NUMBER,
    exp.Star: ("* is refused", "name each column"),
    exp.Null: ("NULL stands only in CASE and after IS", "write IS NULL"),
    exp.Interval: ("an INTERVAL follows a date", "write a date column or bound date, then + or - INTERVAL '6' MONTH"),
    exp.Neg: ("a minus sign stands only before a number", "compare the column with a negative number"),
}
_GROUPED = "use them in a CTE grouped by patient_id"


def value_type(node: exp.Expr, here: Here) -> ValueType:  # noqa: PLR0911 - one line for each kind of node
    """The type of a value; everything in it is checked.

    Raises:
        RuleError: it is not a value that a search may use here.
    """
    match node:
        case exp.Paren():
            return value_type(node.this, here)
        case exp.Column():
            return _column(node, here)
        case exp.Literal():
            return _literal(node, here)
        case exp.Neg() if isinstance(node.this, exp.Literal) and not node.this.is_string:
            return _literal(node.this, here)
        case exp.Placeholder():
            return bound_date_type(node, here)
        case exp.Add() | exp.Sub():
            return moved_date_type(node, here)
        case exp.Case():
            return _case(node, here)
        case exp.Coalesce():
            return _united(node, [value_type(part, here) for part in (node.this, *node.expressions)], here)
        case exp.Count() | exp.Min() | exp.Max():
            return _aggregate(node, here)
        case _:
            raise here.refuse(node, *_NOT_VALUES.get(type(node), _A_CONDITION))


def _column(node: exp.Column, here: Here) -> ValueType:
    found = column_type(node, here)
    if found.kind is Kind.CODE:
        raise here.refuse(node, "a code can only be asked IN a code list", "write code IN codelist.NAME")
    if found.kind is Kind.UNIT:
        raise here.refuse(node, "a unit is never compared or selected", "use a code list of one unit")
    check_grouped(node, here)
    return found


def _literal(node: exp.Literal, here: Here) -> ValueType:
    if node.is_string:
        return ValueType(Kind.TEXT, frozenset({node.name}))
    if not _NUMBER.fullmatch(node.name):
        raise here.refuse(node, "this number is refused", "write at most 16 digits and three decimals")
    return ValueType(Kind.DECIMAL if "." in node.name else Kind.INTEGER, written=True)


def _case(node: exp.Case, here: Here) -> ValueType:
    branches = [*(branch.args["true"] for branch in node.args["ifs"]), node.args.get("default") or exp.Null()]
    for branch in node.args["ifs"]:
        check_condition(branch.this, here)
    return _united(node, [_branch(branch, here) for branch in branches], here)


def _branch(node: exp.Expr, here: Here) -> ValueType:
    return ValueType(Kind.NULL) if isinstance(node, exp.Null) else value_type(node, here)


def _united(node: exp.Expr, types: list[ValueType], here: Here) -> ValueType:
    one = united(types)
    if one is None:
        kinds = ", ".join(sorted({str(branch.kind) for branch in types}))
        raise here.refuse(
            node, f"the branches do not fit together: {kinds}", "give all branches one kind of value, no ids"
        )
    return one


def _aggregate(node: exp.Count | exp.Min | exp.Max, here: Here) -> ValueType:
    name = node.sql_name()
    if here.scope.role is Role.OUTER:
        raise here.refuse(node, f"{name} in the outer SELECT is refused", _GROUPED)
    if here.spot not in {Spot.SELECT, Spot.HAVING} or not here.scope.grouped:
        raise here.refuse(node, f"{name} needs GROUP BY patient_id and stands in SELECT or HAVING", _GROUPED)
    if isinstance(node, exp.Count):
        _check_counted(node.this, here)
        return ValueType(Kind.INTEGER)
    found = _argument(node.this, here)
    if found.kind not in {Kind.DATE, Kind.INTEGER, Kind.DECIMAL}:
        raise here.refuse(node, f"{name} of a {found.kind} is refused", f"use {name} of a date or a number")
    return ValueType(found.kind, frozenset(), None, found.singles_out, found.written)


def _check_counted(counted: exp.Expr, here: Here) -> None:
    if isinstance(counted, exp.Star):
        return
    if not isinstance(counted, exp.Distinct):
        _argument(counted, here)
        return
    if len(counted.expressions) != 1 or _argument(counted.expressions[0], here).kind is not Kind.DATE:
        raise here.refuse(counted, "COUNT(DISTINCT ...) takes one date", "write COUNT(DISTINCT event_date)")


def _argument(node: exp.Expr, here: Here) -> ValueType:
    if not isinstance(node, exp.Column | exp.Case):
        raise here.refuse(node, "an aggregate takes a column or CASE", "write MAX(event_date)")
    return value_type(node, here.at(Spot.ARGUMENT))


def check_condition(node: exp.Expr, here: Here) -> None:
    """Check a condition and everything in it; an EXISTS is noted, to be read later.

    Raises:
        RuleError: it is not a condition that a search may ask here.
    """
    match node:
        case exp.And() | exp.Or():
            check_condition(node.left, here)
            check_condition(node.right, here)
        case exp.Not() | exp.Paren():
            check_condition(node.this, here)
        case exp.Exists():
            _exists(node, here)
        case exp.In():
            _in(node, here)
        case exp.Between():
            _between(node, here)
        case exp.Is():
            _is_null(node, here)
        case exp.EQ() | exp.NEQ() | exp.LT() | exp.LTE() | exp.GT() | exp.GTE():
            _compare(node, (node.left, node.right), here)
        case _:
            raise here.refuse(node, "a value is not a condition", "compare it with =, <, >, IN or IS NULL")


def _compare(node: exp.Expr, sides: tuple[exp.Expr, exp.Expr], here: Here) -> None:
    left, right = (value_type(side, here) for side in sides)
    check_comparison(node, pair(node, sides, (left, right)), here)


def _exists(node: exp.Exists, here: Here) -> None:
    if here.spot is Spot.WHERE or (here.spot is Spot.SELECT and not here.scope.grouped):
        here.usage.exists.append((node, here))
        return
    raise here.refuse(
        node, f"EXISTS in {here.spot} is refused", "use it in WHERE, or in CASE of a SELECT without GROUP BY"
    )


def _in(node: exp.In, here: Here) -> None:
    if node.args.get("field") is not None:
        _in_codelist(node, here)
        return
    if len(node.expressions) > _MAX_LISTED:
        raise here.refuse(node, f"more than {_MAX_LISTED} values in a list", "use a code list")
    for listed in node.expressions:
        if not isinstance(listed, exp.Literal):
            raise here.refuse(listed, "IN lists written values or names a code list", "write code IN codelist.NAME")
        _compare(node, (node.this, listed), here)


def _in_codelist(node: exp.In, here: Here) -> None:
    codelist, column = node.args["field"], node.this
    if not isinstance(codelist, exp.Column) or codelist.table != CODELIST:
        raise here.refuse(node, "IN needs a list in parentheses or a code list", "write code IN codelist.NAME")
    if not isinstance(column, exp.Column) or column_type(column, here).kind is not Kind.CODE:
        raise here.refuse(node, "only a code can be asked IN a code list", "write code IN codelist.NAME")
    check_grouped(column, here)
    here.usage.codelists.setdefault(codelist.name, codelist)


def _between(node: exp.Between, here: Here) -> None:
    low, high = node.args["low"], node.args["high"]
    _compare(node, (node.this, low), here)
    _compare(node, (node.this, high), here)
    if _same_value(low.unnest(), high.unnest()):
        raise here.refuse(node, "BETWEEN with equal bounds is refused", "use a whole window")


def _same_value(low: exp.Expr, high: exp.Expr) -> bool:
    if is_bound(low) and is_bound(high):
        # Days that no calendar brings together: two windows are equal on them only if they are on every day.
        return value_of(low, _ANY_DATES) == value_of(high, _ANY_DATES)
    if isinstance(low, exp.Literal) and isinstance(high, exp.Literal):
        return Decimal(low.name) == Decimal(high.name)
    return low == high


def _is_null(node: exp.Is, here: Here) -> None:
    if not isinstance(node.expression, exp.Null):
        raise here.refuse(node, "IS is only followed by NULL or NOT NULL", "use = with a value")
    value_type(node.this, here)
