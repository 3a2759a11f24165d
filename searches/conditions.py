"""Conditions of a search as text with its literals taken out, so that those that differ only in literals are alike.

    e.value <= 58 AND e.event_date > DATE '2025-03-31'     becomes     a.value <= v.p0 AND a.event_date > v.p1

The text is never the author's: it is written anew from the tree, from the few kinds of node named here, and whatever
else is met makes the search run by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from sqlglot import exp

from searches.features import Value

COMPARISONS: dict[type[exp.Expr], str] = {
    exp.EQ: "=",
    exp.NEQ: "<>",
    exp.LT: "<",
    exp.LTE: "<=",
    exp.GT: ">",
    exp.GTE: ">=",
}
_BETWEEN = ("this", "low", "high")
OPPOSITE: dict[str, str] = {"=": "<>", "<>": "=", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}


class NotDecomposableError(Exception):
    """A search cannot be worked out from features; the message says what is in the way."""


@dataclass(slots=True)
class Writer:
    """Writes conditions and collects their literals.

    Args:
        column: the text of a column.
        values: the literals so far; `v.p0` in the text is the first.
    """

    column: Callable[[exp.Column], str]
    values: list[Value] = field(default_factory=list)

    def value(self, taken: Value) -> str:
        """Take a literal out."""
        self.values.append(taken)
        return f"v.p{len(self.values) - 1}"

    def condition(self, node: exp.Expr) -> str:
        """The text of a condition on rows.

        Raises:
            NotDecomposableError: it holds a kind of node that is not written here.
        """
        match node:
            case exp.Paren():
                return self.condition(node.this)
            case exp.And():
                return f"({self.condition(node.left)} AND {self.condition(node.right)})"
            case exp.Or():
                return f"({self.condition(node.left)} OR {self.condition(node.right)})"
            case exp.Not():
                return f"(NOT {self.condition(node.this)})"
            case exp.Is() if isinstance(node.expression, exp.Null):
                return f"({self.operand(node.this)} IS NULL)"
            case _:
                return self.comparison(node, negated=False)

    def comparison(self, node: exp.Expr, *, negated: bool) -> str:
        """The text of a comparison, or of its opposite: unknown, and so not met, if an operand is NULL.

        Raises:
            NotDecomposableError: it is no comparison.
        """
        match node:
            case exp.Between() if not negated:
                return "({} BETWEEN {} AND {})".format(*(self.operand(node.args[part]) for part in _BETWEEN))
            case exp.In() if node.expressions:
                listed = ", ".join(self._constant(each) for each in node.expressions)
                return f"({self.operand(node.this)} {'NOT IN' if negated else 'IN'} ({listed}))"
            case exp.In() if node.args.get("field"):
                raise NotDecomposableError("a code list in OR, in NOT or beside another")
            case _ if type(node) in COMPARISONS:
                sign = COMPARISONS[type(node)]
                left, right = self.operand(node.args["this"]), self.operand(node.args["expression"])
                return f"{left} {OPPOSITE[sign] if negated else sign} {right}"
            case _:
                raise NotDecomposableError(f"{node.key.upper()} in a condition")

    def operand(self, node: exp.Expr) -> str:  # noqa: PLR0911 - one line for each kind of node
        """The text of one side of a comparison; NULL if a column in it is.

        Raises:
            NotDecomposableError: it is neither a column, a literal, nor a date moved by an interval.
        """
        match node:
            case exp.Paren():
                return self.operand(node.this)
            case exp.Column():
                return self.column(node)
            case exp.Literal() if node.is_string:
                return _text(node)
            case exp.Literal():
                return self.value(Decimal(node.name))
            case exp.Neg() if isinstance(node.this, exp.Literal):
                return self.value(-Decimal(node.this.name))
            case exp.Cast() if isinstance(node.this, exp.Literal) and node.is_type("DATE"):
                return self.value(date.fromisoformat(node.this.name))
            case exp.Add() | exp.Sub() if isinstance(node.expression, exp.Interval):
                sign = "+" if isinstance(node, exp.Add) else "-"
                interval = node.expression
                return f"({self.operand(node.this)} {sign} INTERVAL '{int(interval.name)}' {interval.text('unit')})"
            case _:
                raise NotDecomposableError(f"{node.key.upper()} as a value")

    def _constant(self, node: exp.Expr) -> str:
        # Members of a written list are few and of a closed domain: they stay in the text.
        if isinstance(node, exp.Literal):
            return _text(node) if node.is_string else str(Decimal(node.name))
        raise NotDecomposableError(f"{node.key.upper()} in a list of values")


def _text(node: exp.Literal) -> str:
    return exp.Literal.string(node.name).sql(dialect="duckdb")


def conjuncts(condition: exp.Expr | None) -> Iterator[exp.Expr]:
    """The conditions that AND joins at the top, without parentheses."""
    if condition is None:
        return
    inner = condition.unnest()
    if isinstance(inner, exp.And):
        yield from conjuncts(inner.left)
        yield from conjuncts(inner.right)
    else:
        yield inner


def linked(link: exp.Expr) -> tuple[str, str]:
    """The names of the two tables that a patient link ties together."""
    one, other = (link.args[side].unnest() for side in ("this", "expression"))
    return one.table, other.table


def is_patient_link(node: exp.Expr) -> bool:
    """Does the condition say that two tables are of the same person?"""
    sides = [node.args[side].unnest() for side in ("this", "expression")] if isinstance(node, exp.EQ) else [node]
    return all(isinstance(side, exp.Column) and side.name == "patient_id" for side in sides)
