"""What engines do alike and spell differently: one rewrite for each, and the words of each engine as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from sqlglot import exp

from searches.engines.writing import (
    NativeCasts,
    Rule,
    days_or_months,
    fill,
    first_part,
    leading_trim,
    like_pattern,
    native_cast,
    positive_places,
    refused,
    whole_of,
)


class Cast(Protocol):
    """How an engine casts."""

    def __call__(self, node: exp.Expr, *, strict: bool) -> exp.Expr:
        """The cast of a node; what is no such value ends the run if it is strict, and is NULL otherwise."""


@dataclass(frozen=True, slots=True)
class Spelling:
    """The words of one engine.

    In each text `_1` and `_2` stand for values.

    Args:
        title: as people call the engine.
        dialect: of the texts, as sqlglot calls it.
        parts: the YEAR, MONTH and DAY of a date.
        days: a date moved by `{n}` days, as by Python's `format`.
        months: a date moved by `{n}` months, of which `{more}` is one more; ends of months clamp.
        quotient: of two whole numbers above 0, rounded down.
        before: a text up to the first `_2` in it, or all of it.
        without_leading: a text without the letters `_2` at its start.
        joined: two texts as one; empty if `||` joins them.
        cast: of anything but a raw column with a type of its own.
        native: of such a column.
    """

    title: str
    dialect: str
    parts: Mapping[str, str]
    days: str
    months: str
    quotient: str
    before: str
    without_leading: str
    joined: str
    cast: Cast
    native: NativeCasts

    def rules(self) -> dict[type[exp.Expr], Rule]:
        """The rewrites into these words; an engine adds its own, or puts them instead."""
        found: dict[type[exp.Expr], Rule] = {
            exp.Cast: self._strict_cast,
            exp.TryCast: self._lenient_cast,
            exp.Extract: self._part,
            exp.Add: self._moved,
            exp.Sub: self._moved,
            exp.Like: self._like,
            exp.Trim: self._trim,
            exp.SplitPart: self._before,
            exp.IntDiv: self._quotient,
            exp.Substring: self._substring,
        }
        return found | ({exp.DPipe: self._joined} if self.joined else {})

    def words(self, text: str, *values: exp.Expr) -> exp.Paren:
        """An expression in these words, as `fill` makes it."""
        return fill(text, self.dialect, *values)

    def _strict_cast(self, node: exp.Expr) -> exp.Expr:
        return native_cast(node, self.native, self.dialect, self.title) or self.cast(node, strict=True)

    def _lenient_cast(self, node: exp.Expr) -> exp.Expr:
        return native_cast(node, self.native, self.dialect, self.title) or self.cast(node, strict=False)

    def _part(self, node: exp.Expr) -> exp.Expr:
        part = node.name.upper()
        if part not in self.parts:
            raise refused(f"EXTRACT of {part}", self.title)
        return self.words(self.parts[part], node.expression)

    def _moved(self, node: exp.Expr) -> exp.Expr:
        asked = days_or_months(node, self.title)
        if asked is None:
            return node
        day, amount, unit = asked
        text = self.days if unit == "DAY" else self.months
        return self.words(text.format(n=amount, more=amount + 1), day)

    def _like(self, node: exp.Expr) -> exp.Expr:
        like_pattern(node, self.title)
        return node

    def _trim(self, node: exp.Expr) -> exp.Expr:
        letter = leading_trim(node, self.title)
        return node if letter is None else self.words(self.without_leading, node.this, letter)

    def _before(self, node: exp.Expr) -> exp.Expr:
        return self.words(self.before, *first_part(node, self.title))

    def _quotient(self, node: exp.Expr) -> exp.Expr:
        whole_of(node.expression, "// by something", self.title)
        return self.words(self.quotient, node.this, node.expression)

    def _substring(self, node: exp.Expr) -> exp.Expr:
        return positive_places(node, self.title)

    def _joined(self, node: exp.Expr) -> exp.Expr:
        return self.words(self.joined, node.this, node.expression)
