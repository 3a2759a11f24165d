"""Where in `search.sql` a piece of the tree stands, for messages that an author can follow.

The parser notes a place for names, literals and functions only (and gives the column of their last character), so
the place of anything else is worked out here: from the earliest name or literal inside it, and, for a clause, back
from there to its keyword.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlglot import Token, exp

from searches.errors import RuleError

# What to look for: back from the first name inside, or on from the surrounding piece where there is none.
_KEYWORDS: dict[type[exp.Expr], str] = {
    exp.Boolean: "TRUE",
    exp.Case: "CASE",
    exp.CurrentDate: "CURRENT_DATE",
    exp.CurrentTimestamp: "CURRENT_TIMESTAMP",
    exp.Delete: "DELETE",
    exp.Distinct: "DISTINCT",
    exp.Except: "EXCEPT",
    exp.Exists: "EXISTS",
    exp.Group: "GROUP BY",
    exp.Having: "HAVING",
    exp.Insert: "INSERT",
    exp.Intersect: "INTERSECT",
    exp.Interval: "INTERVAL",
    exp.Into: "INTO",
    exp.Limit: "LIMIT",
    exp.Lock: "FOR",
    exp.Max: "MAX",
    exp.Min: "MIN",
    exp.Null: "NULL",
    exp.Offset: "OFFSET",
    exp.Order: "ORDER BY",
    exp.Qualify: "QUALIFY",
    exp.Select: "SELECT",
    exp.Subquery: "SELECT",
    exp.Union: "UNION",
    exp.Update: "UPDATE",
    exp.Values: "VALUES",
    exp.With: "WITH",
}


@dataclass(frozen=True, slots=True)
class Places:
    """The text of a search and its tokens, which know where everything stands."""

    text: str
    tokens: Sequence[Token]

    def at(self, offset: int) -> tuple[int, int]:
        """Line and column, both from 1, of a character of the text."""
        line_start = self.text.rfind("\n", 0, offset) + 1
        return self.text.count("\n", 0, offset) + 1, offset - line_start + 1

    def of(self, node: exp.Expr) -> int:
        """Offset of the first character of a piece of the tree; of what surrounds it if it has no place of its own."""
        inside = self._inside(node)
        if inside is not None:
            return inside
        around = self.of(node.parent) if node.parent is not None else 0
        return self._on_to(_KEYWORDS[type(node)], around) if type(node) in _KEYWORDS else around

    def refuse(self, node: exp.Expr, reason: str, suggestion: str = "") -> RuleError:
        """The error that says this piece breaks a rule."""
        return RuleError(reason, *self.at(self.of(node)), suggestion)

    def _inside(self, node: exp.Expr) -> int | None:
        if "start" in node.meta:
            return int(node.meta["start"])
        # Of two SELECTs joined by a set operation, the second stands next to the keyword.
        pieces = [node.expression] if isinstance(node, exp.SetOperation) else list(node.iter_expressions())
        places = [place for place in map(self._inside, pieces) if place is not None]
        if places and type(node) in _KEYWORDS:
            return self._back_to(_KEYWORDS[type(node)], min(places))
        return min(places, default=None)

    def _back_to(self, keyword: str, offset: int) -> int:
        before = [token.start for token in self.tokens if token.start <= offset and _is(token, keyword)]
        return before[-1] if before else offset

    def _on_to(self, keyword: str, offset: int) -> int:
        after = [token.start for token in self.tokens if token.start >= offset and _is(token, keyword)]
        return after[0] if after else offset


def _is(token: Token, keyword: str) -> bool:
    return " ".join(token.text.upper().split()) == keyword.upper()
