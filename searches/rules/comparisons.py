"""Rules of comparisons: which two values may stand on either side of =, <>, <, <=, > and >=.

1  codes and units are not compared at all (they are refused where they are read)
2  patient_id only equals another table's patient_id; a row's id only equals or differs from the same id of another
   table; neither meets a value written in the search
3  two written values are not compared
4  a number meets a number, a date a date, a text a value of its own closed domain
5  texts have no order
6  what is fine enough to pick one patient (age in months, a date) has no equality; in a CTE, dates of two tables may
   be equal
7  a row number is compared with a whole number from 1
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlglot import exp

from searches.allowed import EQUALITIES
from searches.rules.kinds import IDS, NUMBERS, Kind, ValueType
from searches.rules.names import Here, alias_of

_BOUND = "use :reference_date, :period_start or :season_start, plus or minus an INTERVAL"
_ONE_KIND = "compare two numbers, two dates or two texts"
_RANGE = "use <, <=, > or >= with a whole window"


@dataclass(frozen=True, slots=True)
class Pair:
    """The two sides of a comparison; equality covers =, <>, and IN."""

    left: exp.Expr
    right: exp.Expr
    left_type: ValueType
    right_type: ValueType
    equality: bool
    equals: bool

    @property
    def kinds(self) -> frozenset[Kind]:
        """The kinds of both sides."""
        return frozenset({self.left_type.kind, self.right_type.kind})

    @property
    def columns_of_two_tables(self) -> bool:
        """Are both sides plain columns with different prefixes?"""
        prefixes = {side.table for side in (self.left, self.right) if isinstance(side, exp.Column) and side.table}
        return len(prefixes) == 2


def pair(node: exp.Expr, sides: tuple[exp.Expr, exp.Expr], types: tuple[ValueType, ValueType]) -> Pair:
    """The two sides of a comparison, without parentheses; `node` says which comparison it is."""
    left, right = (side.unnest() for side in sides)
    return Pair(left, right, *types, isinstance(node, (*EQUALITIES, exp.In)), isinstance(node, exp.EQ))


def check_comparison(node: exp.Expr, both: Pair, here: Here) -> None:
    """Apply every rule of comparisons to one pair.

    Raises:
        RuleError: a rule is broken; the place is the comparison's.
    """
    for rule in (_ids, _written, _same_kind, _texts, _closed_numbers, _singling_out, _row_numbers):
        rule(node, both, here)


def _ids(node: exp.Expr, both: Pair, here: Here) -> None:
    if not both.kinds & IDS:
        return
    if both.kinds == {Kind.PATIENT_ID}:
        if both.equals and both.columns_of_two_tables:
            return
        raise here.refuse(
            node, "patient_id only equals the patient_id of another table", "write a.patient_id = b.patient_id"
        )
    same = both.left_type.origin is not None and both.left_type.origin == both.right_type.origin
    if both.kinds == {Kind.ROW_ID} and both.equality and same and both.columns_of_two_tables:
        return
    raise here.refuse(
        node,
        "an identifier is only compared with the same identifier of another table",
        "write a.event_id <> b.event_id",
    )


def _written(node: exp.Expr, both: Pair, here: Here) -> None:
    if _is_written(both.left) and _is_written(both.right):
        raise here.refuse(node, "two written values are compared", "compare a column with a value")


def _is_written(side: exp.Expr) -> bool:
    return isinstance(side, exp.Literal | exp.Neg | exp.Placeholder)


def _same_kind(node: exp.Expr, both: Pair, here: Here) -> None:
    if both.kinds <= NUMBERS or len(both.kinds) == 1:
        return
    if both.kinds == {Kind.DATE, Kind.TEXT}:
        raise here.refuse(node, "a date literal is refused", _BOUND)
    raise here.refuse(node, f"a {both.left_type.kind} is compared with a {both.right_type.kind}", _ONE_KIND)


def _texts(node: exp.Expr, both: Pair, here: Here) -> None:
    if both.kinds != {Kind.TEXT}:
        return
    if not both.equality:
        raise here.refuse(node, "texts have no order", "use = or IN with values of the closed domain")
    column, written = (both.right, both.left) if isinstance(both.left, exp.Literal) else (both.left, both.right)
    if not isinstance(written, exp.Literal):
        raise here.refuse(node, "two texts are compared", "compare each with a value of its closed domain")
    domain = both.left_type.values if column is both.left else both.right_type.values
    if written.name not in domain:
        raise here.refuse(
            written, f"'{written.name[:40]}' is not in the domain", f"use one of: {', '.join(sorted(domain))}"
        )


def _closed_numbers(_: exp.Expr, both: Pair, here: Here) -> None:
    for column, written in ((both.left_type, both.right), (both.right_type, both.left)):
        closed = column.kind is Kind.INTEGER and column.values
        if closed and _is_written(written) and (isinstance(written, exp.Neg) or written.name not in column.values):
            hint = f"use one of: {', '.join(sorted(column.values))}"
            raise here.refuse(written, "the number is not in the domain", hint)


def _singling_out(node: exp.Expr, both: Pair, here: Here) -> None:
    singles_out = both.left_type.singles_out or both.right_type.singles_out
    if not both.equality or not (singles_out or Kind.DATE in both.kinds):
        return
    if both.equals and not singles_out and both.columns_of_two_tables and here.scope.in_table:
        return
    what = "a date" if Kind.DATE in both.kinds else "an age in months"
    raise here.refuse(node, f"equality on {what} is refused", _RANGE)


def _row_numbers(node: exp.Expr, both: Pair, here: Here) -> None:
    if Kind.ROW_NUMBER not in both.kinds:
        return
    written = both.right if both.left_type.kind is Kind.ROW_NUMBER else both.left
    if not isinstance(written, exp.Literal) or not written.name.isdigit() or int(written.name) < 1:
        raise here.refuse(node, "a row number is only compared with a whole number from 1", "write rn = 1")


def is_patient_link(node: exp.Expr, here: Here, inner: frozenset[str], outer: frozenset[str]) -> bool:
    """Does this condition say that patient_id of one of `inner` equals patient_id of one of `outer`?"""
    if not isinstance(node, exp.EQ):
        return False
    sides = (node.left.unnest(), node.right.unnest())
    if not all(isinstance(side, exp.Column) and side.name == "patient_id" for side in sides):
        return False
    one, other = (alias_of(side, here) for side in sides if isinstance(side, exp.Column))
    return (one in inner and other in outer) or (other in inner and one in outer)
