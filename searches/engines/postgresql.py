"""PostgreSQL 12 and later: a cast that fails ends the statement, so each is asked for first; text sorts by bytes."""

from __future__ import annotations

from sqlglot import exp

from searches.engines.engine import Engine
from searches.engines.shapes import DAY, NUMBER
from searches.engines.site import AS_NAMED, Site
from searches.engines.writing import (
    AS_TEXT,
    STANDARD,
    WHOLE,
    NativeCasts,
    Rule,
    Writer,
    cases,
    days_or_months,
    fill,
    first_part,
    leading_trim,
    like_pattern,
    native_cast,
    part_of_date,
    positive_places,
    refused,
    whole_of,
)

NAME = "postgresql"
_TITLE = "PostgreSQL"
_DIALECT = "postgres"

_LIMITS = {
    exp.DType.BIGINT: ("ABS(ROUND(_1)) <= 9223372036854775807", "CAST(ROUND(_1) AS BIGINT)"),
    exp.DType.INT: ("ABS(ROUND(_1)) <= 2147483647", "CAST(ROUND(_1) AS INT)"),
    exp.DType.DECIMAL: ("ABS(_1) < 9999999999999999.9995", "CAST(_1 AS DECIMAL(19, 3))"),
}

_EXACT_FLOAT = "CAST(CAST(_1 AS DOUBLE PRECISION) AS DECIMAL)"  # of a real itself only six digits would be left
NATIVE: NativeCasts = {
    (exp.DType.DATE, exp.DType.DATE): "_1",
    (exp.DType.TIMESTAMP, exp.DType.DATE): "CAST(_1 AS DATE)",
    (exp.DType.FLOAT, exp.DType.DECIMAL): f"CASE WHEN ABS(_1) < 1E16 THEN CAST({_EXACT_FLOAT} AS DECIMAL(19, 3)) END",
    (exp.DType.DECIMAL, exp.DType.DECIMAL): "CASE WHEN {} THEN {} END".format(*_LIMITS[exp.DType.DECIMAL]),
    **dict.fromkeys(cases(WHOLE, exp.DType.BIGINT), "CAST(_1 AS BIGINT)"),
    **dict.fromkeys(cases(WHOLE, exp.DType.DECIMAL), "CAST(_1 AS DECIMAL(19, 3))"),
    # How a day is written as text would otherwise depend on a setting.
    (exp.DType.DATE, exp.DType.TEXT): "TO_CHAR(_1, 'YYYY-MM-DD') COLLATE \"C\"",
    (exp.DType.TIMESTAMP, exp.DType.TEXT): "TO_CHAR(_1, 'YYYY-MM-DD HH24:MI:SS') COLLATE \"C\"",
    **dict.fromkeys(cases(AS_TEXT, exp.DType.TEXT), 'CAST(_1 AS TEXT) COLLATE "C"'),
}


def engine_version() -> str:
    """The oldest PostgreSQL that the statements are written for."""
    return "12"


def render(tree: exp.Expression, site: Site = AS_NAMED) -> str:
    """Write a query for PostgreSQL.

    Raises:
        LayoutError: it is no query, or holds something that PostgreSQL cannot be made to answer alike.
    """
    return WRITER.write(tree, site)


def _words(text: str, *values: exp.Expr) -> exp.Paren:
    return fill(text, _DIALECT, *values)


def _cast(node: exp.Expr, *, strict: bool) -> exp.Expr:
    value, kind = node.this, node.args["to"].this
    native = native_cast(node, NATIVE, _DIALECT, _TITLE)
    if native is not None:
        return native
    if isinstance(value, exp.Null) or (isinstance(value, exp.Literal) and kind is exp.DType.DATE):
        return node
    text = _words("TRIM(_1)", value)
    if kind is exp.DType.DATE:
        shape, made = DAY, _words("CAST(SUBSTRING(_1 FROM 1 FOR 10) AS DATE)", text)
    elif kind in _LIMITS:
        fits, cast = _LIMITS[kind]
        shape, made = NUMBER, _words(f"CASE WHEN {fits} THEN {cast} END", _words("CAST(_1 AS NUMERIC)", text))
    else:
        raise refused(f"a cast to {kind.value}", _TITLE)
    # What is no date or number at all ends the run, where the layout does not expect it.
    otherwise = f"WHEN _1 IS NOT NULL THEN CAST('!' || _1 AS {kind.value})" if strict else ""
    return _words(f"CASE WHEN _1 ~ '{shape}' THEN _2 {otherwise} END", text, made)


def _extract(node: exp.Expr) -> exp.Expr:
    return _words(f"CAST(EXTRACT({part_of_date(node, _TITLE)} FROM _1) AS INT)", node.expression)


def _shifted(node: exp.Expr) -> exp.Expr:
    asked = days_or_months(node, _TITLE)
    if asked is None:
        return node
    day, amount, unit = asked
    return _words(f"CAST(_1 + INTERVAL '{amount} {unit}' AS DATE)", day)


def _ordered(node: exp.Expr) -> exp.Expr:
    node.set("nulls_first", False)
    return node


def _int_div(node: exp.Expr) -> exp.Expr:
    whole_of(node.expression, "// by something", _TITLE)
    return _words("_1 / _2", node.this, node.expression)


def _split(node: exp.Expr) -> exp.Expr:
    return _words("SPLIT_PART(_1, _2, 1)", *first_part(node, _TITLE))


def _trim(node: exp.Expr) -> exp.Expr:
    letter = leading_trim(node, _TITLE)
    return node if letter is None else _words("LTRIM(_1, _2)", node.this, letter)


def _like(node: exp.Expr) -> exp.Expr:
    like_pattern(node, _TITLE)
    return node


RULES: dict[type[exp.Expr], Rule] = {
    exp.Cast: lambda node: _cast(node, strict=True),
    exp.TryCast: lambda node: _cast(node, strict=False),
    exp.Extract: _extract,
    exp.Add: _shifted,
    exp.Sub: _shifted,
    exp.Like: _like,
    exp.Trim: _trim,
    exp.SplitPart: _split,
    exp.IntDiv: _int_div,
    exp.Substring: lambda node: positive_places(node, _TITLE),
    exp.Ordered: _ordered,
}
WRITER = Writer(
    title=_TITLE,
    dialect=_DIALECT,
    rules=RULES,
    nodes=STANDARD | frozenset(RULES) | {exp.DPipe, exp.Boolean},
    raw_text=lambda column: _words('_1 COLLATE "C"', column),
)
ENGINE = Engine(NAME, engine_version, render)
