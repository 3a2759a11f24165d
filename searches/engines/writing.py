"""Writing a canonical tree for a database that is not DuckDB: rewrites first, then text.

A canonical tree means what DuckDB makes of it. For every kind of node each engine says that its own spelling means the
same, or has a rule that makes one that does; any other kind is refused. sqlglot does none of this: it refuses nothing
and is here to write what the rules leave.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

import sqlglot
from sqlglot import exp

from searches import allowed
from searches.engines.listed import is_foreign
from searches.engines.site import RAW, Site
from searches.errors import LayoutError

Rule = Callable[[exp.Expr], exp.Expr]
NativeCasts = Mapping[tuple[exp.DType, exp.DType], str]
"""From the type that a raw column has in the database, and the type asked for, to the words that make it; `_1` is the
column."""

WHOLE = (exp.DType.INT, exp.DType.BIGINT)
AS_TEXT = (*WHOLE, exp.DType.DECIMAL, exp.DType.FLOAT, exp.DType.TIME, exp.DType.BOOLEAN, exp.DType.UUID)
"""Types whose text, as the engine writes it, is that of the suppliers."""

STANDARD = frozenset(
    {
        *(exp.Select, exp.With, exp.CTE, exp.From, exp.Join, exp.Table, exp.Subquery, exp.TableAlias, exp.Where),
        *(exp.Group, exp.Having, exp.Union, exp.Alias, exp.Column, exp.Identifier, exp.Literal, exp.Neg, exp.Null),
        *(exp.Case, exp.If, exp.And, exp.Or, exp.Not, exp.Paren, exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE),
        *(exp.Between, exp.In, exp.Is, exp.Exists, exp.Coalesce, exp.Count, exp.Distinct, exp.Star, exp.Min, exp.Max),
        *(exp.Window, exp.WindowSpec, exp.RowNumber, exp.Order, exp.Add, exp.Sub, exp.Mul, exp.Nullif, exp.Lower),
        *(exp.Upper, exp.Replace, exp.DataType, exp.DataTypeParam, exp.Var, exp.Interval),
    }
)
"""Kinds that every engine reads alike once its texts, dates and orders are made exact."""

_PARTS: dict[type[exp.Expr], frozenset[str]] = {
    # beyond the language of a search, for layouts
    exp.Table: frozenset({"db"}),
    exp.Identifier: frozenset({"quoted"}),
    exp.Case: frozenset({"this"}),
    exp.In: frozenset({"query"}),
    exp.Window: frozenset({"spec"}),
    exp.Ordered: frozenset({"nulls_first"}),
}
_KNOWN_PARTS = {kind: known | _PARTS.get(kind, frozenset()) for kind, known in allowed.NODES.items()}
_ORDER_COLUMNS = frozenset({"delivery", "row_in_delivery"})


@dataclass(frozen=True, slots=True)
class Writer:
    """How one engine writes.

    Args:
        title: as people call the engine.
        dialect: as sqlglot does.
        rules: for kinds of node that are not written as they stand.
        nodes: every kind that may be written.
        raw_text: makes a text column of a raw table compare byte by byte.
        misplaced: what is wrong with where a node stands; empty if nothing is.
    """

    title: str
    dialect: str
    rules: Mapping[type[exp.Expr], Rule]
    nodes: frozenset[type[exp.Expr]]
    raw_text: Rule
    misplaced: Callable[[exp.Expr], str] = lambda node: ""  # noqa: ARG005 - most engines have no such place

    def write(self, tree: exp.Expression, site: Site) -> str:
        """One statement, or one CTE for the front of a statement.

        Raises:
            LayoutError: it is neither, or something in it cannot be written exactly.
        """
        if not isinstance(tree, exp.Select | exp.Union | exp.CTE):
            raise LayoutError("only a SELECT can be written", "not_a_query")
        whole = tree.copy()
        nodes = list(whole.walk())
        self._check(nodes)
        _keep_names(nodes)
        over_raw = any(isinstance(node, exp.Table) and node.db == RAW for node in nodes)
        raw = {id(node) for node in nodes if over_raw and isinstance(node, exp.Column) and is_raw_text(node)}
        # Children first: a rule finds what is below it rewritten, and what is above it as it was.
        for node in reversed(nodes):
            rule = self.raw_text if id(node) in raw else self.rules.get(type(node))
            made = rule(node) if rule else node
            if made is not node:
                node.replace(made)
        if over_raw:
            site.rename(whole)
        return whole.sql(dialect=self.dialect, identify=True, comments=False, copy=False)

    def _check(self, nodes: Iterable[exp.Expr]) -> None:
        for node in nodes:
            if type(node) not in self.nodes or is_foreign(node):
                raise refused(node.key.upper(), self.title)
            for part in _parts(node):
                raise refused(f"{part} of {node.key.upper()}", self.title)
            if misplaced := self.misplaced(node):
                raise refused(misplaced, self.title)


def refused(what: str, title: str) -> LayoutError:
    """What is raised for something that an engine cannot be made to answer alike."""
    return LayoutError(f"{what} cannot be written for {title}", "not_translatable")


def _parts(node: exp.Expr) -> list[str]:
    """The parts of a node that are filled in and that nobody has shown to mean the same everywhere."""
    known = _KNOWN_PARTS.get(type(node))
    return [] if known is None else [name for name, part in node.args.items() if part and name not in known]


def _keep_names(nodes: Iterable[exp.Expr]) -> None:
    # A column that a rule makes an expression of would lose its name.
    for node in nodes:
        if isinstance(node, exp.Column) and isinstance(node.parent, exp.Select) and node.arg_key == "expressions":
            named = exp.Alias(alias=exp.to_identifier(node.name))
            node.replace(named)
            named.set("this", node)


def is_raw_text(column: exp.Column) -> bool:
    """Is this a column of a raw table, as text? One of another type says so itself."""
    return column.name not in _ORDER_COLUMNS and column.type is None and raw_table(column) is not None


def raw_table(column: exp.Column) -> exp.Table | None:
    """The raw table that a column is of; None if it is of anything else."""
    scope = column.find_ancestor(exp.Select) if column.table else None
    while scope is not None:
        for source in _sources(scope):
            if source.alias_or_name == column.table:
                return source if isinstance(source, exp.Table) and source.db == RAW else None
        scope = scope.find_ancestor(exp.Select)
    return None


def _sources(select: exp.Select) -> list[exp.Expression]:
    first = select.args.get("from_")
    joins = select.args.get("joins") or ()
    return [*([first.this] if first else []), *(join.this for join in joins)]


def fill(text: str, dialect: str, *values: exp.Expr) -> exp.Paren:
    """An expression written in the engine's own words, between parentheses.

    Args:
        text: `_1`, `_2` and so on stand for the values.
        dialect: of the text.
        values: trees; each is copied wherever it stands.
    """
    holder = exp.Paren(this=_parsed(text, dialect).copy())
    for column in list(holder.find_all(exp.Column)):
        if column.name[0] == "_" and column.name[1:].isdigit():
            value = values[int(column.name[1:]) - 1].copy()
            column.replace(exp.paren(value, copy=False) if isinstance(value, exp.Binary) else value)
    return holder


def cases(kinds: Iterable[exp.DType], wanted: exp.DType) -> tuple[tuple[exp.DType, exp.DType], ...]:
    """Each of some types of a column, with the one type asked for."""
    return tuple((kind, wanted) for kind in kinds)


def native_cast(node: exp.Expr, casts: NativeCasts, dialect: str, title: str) -> exp.Expr | None:
    """A cast of a raw column that has a type of its own in the database; None for any other cast.

    Args:
        node: the cast.
        casts: those that the engine is known to make alike.
        dialect: of their words.
        title: of the engine.

    Raises:
        LayoutError: it is no cast of those.
    """
    value = node.this.unnest()
    if not isinstance(value, exp.Column) or value.type is None:
        return None
    kind, wanted = value.type.this, node.args["to"].this
    if (kind, wanted) not in casts:
        raise refused(f"a cast of {kind.value} to {wanted.value}", title)
    return fill(casts[kind, wanted], dialect, value)


@lru_cache(maxsize=256)
def _parsed(text: str, dialect: str) -> exp.Expr:
    found: exp.Expr = sqlglot.parse_one(f"SELECT {text}", read=dialect).expressions[0]
    return found


def text_of(node: exp.Expr | None, what: str, title: str) -> str:
    """The text of a string literal.

    Raises:
        LayoutError: it is no string literal.
    """
    if not isinstance(node, exp.Literal) or not node.is_string:
        raise refused(f"{what} that is no literal", title)
    return node.name


def whole_of(node: exp.Expr | None, what: str, title: str) -> int:
    """The value of a literal that is a whole number of at least 1.

    Raises:
        LayoutError: it is anything else.
    """
    if not isinstance(node, exp.Literal) or not node.name.isdigit() or int(node.name) < 1:
        raise refused(f"{what} that is no literal above 0", title)
    return int(node.name)


def days_or_months(node: exp.Expr, title: str) -> tuple[exp.Expr, int, str] | None:
    """Of `date + INTERVAL 'n' DAY` the date, n (negative for earlier) and the unit; None if it is plain arithmetic.

    Raises:
        LayoutError: the unit is neither DAY nor MONTH.
    """
    interval = node.args.get("expression")
    if not isinstance(interval, exp.Interval):
        return None
    unit = interval.text("unit").upper()
    if unit not in {"DAY", "MONTH"}:
        raise refused(f"an interval of {unit}", title)
    amount = int(interval.name)
    return node.this, -amount if isinstance(node, exp.Sub) else amount, unit


def nulls_last(node: exp.Expr) -> exp.Expr:
    """Order by whether there is a value and then by the value: for engines without NULLS LAST.

    The key is marked as the engine would order it anyway, so that the writer adds nothing.
    """
    descending = bool(node.args.get("desc"))
    missing = exp.Case(ifs=[exp.If(this=node.this.copy().is_(exp.null()), true=exp.Literal.number(1))])
    missing.set("default", exp.Literal.number(0))
    first = exp.Ordered(this=missing, desc=False, nulls_first=True)
    second = exp.Ordered(this=node.this.copy(), desc=descending, nulls_first=not descending)
    holder = node.parent
    if isinstance(holder, exp.Order):
        place = next(place for place, term in enumerate(holder.expressions) if term is node)
        holder.set("expressions", [*holder.expressions[:place], first, second, *holder.expressions[place + 1 :]])
    return node


def first_part(node: exp.Expr, title: str) -> tuple[exp.Expr, exp.Expr]:
    """Of SPLIT_PART(text, separator, 1) the text and the separator.

    Raises:
        LayoutError: another part than the first is asked for, or the separator is no literal.
    """
    separator = node.args["delimiter"]
    text_of(separator, "SPLIT_PART at something", title)
    if whole_of(node.args.get("part_index"), "SPLIT_PART of a part", title) != 1:
        raise refused("SPLIT_PART of another part than the first", title)
    return node.this, separator


def leading_trim(node: exp.Expr, title: str) -> exp.Expr | None:
    """The one character that LTRIM takes away at the start; None for a plain TRIM of blanks.

    Raises:
        LayoutError: anything else is taken away.
    """
    letter: exp.Expr | None = node.args.get("expression")
    if letter is None and not node.args.get("position"):
        return None
    if node.args.get("position") != "LEADING" or len(text_of(letter, "LTRIM of something", title)) != 1:
        raise refused("TRIM of anything but one character at the start", title)
    return letter


def like_pattern(node: exp.Expr, title: str) -> str:
    """The pattern of a LIKE.

    Raises:
        LayoutError: it is no literal, or holds a backslash, which some engines read as an escape.
    """
    pattern = text_of(node.expression, "LIKE with a pattern", title)
    if "\\" in pattern:
        raise refused("LIKE with a backslash", title)
    return pattern


def positive_places(node: exp.Expr, title: str) -> exp.Expr:
    """A SUBSTRING as it stands.

    Raises:
        LayoutError: its place or length is no whole number above 0.
    """
    whole_of(node.args.get("start"), "SUBSTRING from a place", title)
    whole_of(node.args.get("length"), "SUBSTRING of a length", title)
    return node


def is_compared(literal: exp.Expr) -> bool:
    """Does a literal only stand beside a column, which says how to compare, or where a function reads it?"""
    holder, place = literal.parent, literal.arg_key
    match holder:
        case exp.EQ() | exp.NEQ() | exp.LT() | exp.LTE() | exp.GT() | exp.GTE() | exp.Like() | exp.Between():
            return True
        case exp.Cast() | exp.TryCast() | exp.Interval():
            return True
        case exp.In() | exp.Nullif() | exp.Replace() | exp.SplitPart() | exp.Trim():
            return place != "this"
        case exp.If():
            return place == "this"
        case _:
            return False
