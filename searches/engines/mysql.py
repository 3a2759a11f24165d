"""MariaDB 10.3 and later, and MySQL 8: text compares byte by byte only where that is said.

Blanks at the end of a text are not compared: every layout takes them away first. A date outside the years 1 to 9999
is NULL.
"""

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
    is_compared,
    leading_trim,
    like_pattern,
    native_cast,
    nulls_last,
    part_of_date,
    positive_places,
    refused,
    whole_of,
)

NAME = "mysql"
_TITLE = "MySQL"
_DIALECT = "mysql"

_LIMITS = {
    exp.DType.BIGINT: ("ABS(ROUND(_1)) <= 9223372036854775807", "CAST(ROUND(_1) AS SIGNED)"),
    exp.DType.INT: ("ABS(ROUND(_1)) <= 2147483647", "CAST(ROUND(_1) AS SIGNED)"),
    exp.DType.DECIMAL: ("ABS(_1) < 9999999999999999.9995", "CAST(_1 AS DECIMAL(19, 3))"),
}
_NULLS = {exp.DType.BIGINT: "SIGNED", exp.DType.INT: "SIGNED", exp.DType.TEXT: "CHAR", exp.DType.DATE: "DATE"}

# A day that is 0000-00-00, or whose month or day is 00, is none.
_DATED = "YEAR(_1) > 0 AND MONTH(_1) > 0 AND DAY(_1) > 0"
_TEXT = "CONVERT(CAST(_1 AS CHAR) USING utf8mb4) COLLATE utf8mb4_bin"
NATIVE: NativeCasts = {
    (exp.DType.DATE, exp.DType.DATE): f"CASE WHEN {_DATED} THEN _1 END",
    (exp.DType.TIMESTAMP, exp.DType.DATE): f"CASE WHEN {_DATED} THEN CAST(_1 AS DATE) END",
    (exp.DType.FLOAT, exp.DType.DECIMAL): "CASE WHEN ABS(_1) < 1E16 THEN CAST(_1 + 0E0 AS DECIMAL(19, 3)) END",
    (exp.DType.DECIMAL, exp.DType.DECIMAL): "CASE WHEN {} THEN {} END".format(*_LIMITS[exp.DType.DECIMAL]),
    **dict.fromkeys(cases(WHOLE, exp.DType.BIGINT), "_1"),
    **dict.fromkeys(cases(WHOLE, exp.DType.DECIMAL), "CASE WHEN ABS(_1) < 1E16 THEN CAST(_1 AS DECIMAL(19, 3)) END"),
    **dict.fromkeys(cases((exp.DType.DATE, exp.DType.TIMESTAMP, *AS_TEXT), exp.DType.TEXT), _TEXT),
    (exp.DType.BOOLEAN, exp.DType.TEXT): (
        "CONVERT(CASE WHEN _1 <> 0 THEN 'true' WHEN _1 = 0 THEN 'false' END USING utf8mb4) COLLATE utf8mb4_bin"
    ),
    # Before MariaDB 10.7 there is no type for these: 36 or 38 characters hold them.
    (exp.DType.UUID, exp.DType.TEXT): f"LOWER(REPLACE(REPLACE(TRIM({_TEXT}), '{{', ''), '}}', ''))",
}


def engine_version() -> str:
    """The oldest MariaDB that the statements are written for."""
    return "10.3"


def render(tree: exp.Expression, site: Site = AS_NAMED) -> str:
    """Write a query for MariaDB and MySQL.

    Raises:
        LayoutError: it is no query, or holds something that MariaDB cannot be made to answer alike.
    """
    return WRITER.write(tree, site)


def _words(text: str, *values: exp.Expr) -> exp.Paren:
    return fill(text, _DIALECT, *values)


def _cast(node: exp.Expr, *, strict: bool) -> exp.Expr:
    value, kind = node.this, node.args["to"].this
    native = native_cast(node, NATIVE, _DIALECT, _TITLE)
    if native is not None:
        return native
    if isinstance(value, exp.Null) and kind in _NULLS:
        return _words(f"CAST(NULL AS {_NULLS[kind]})")
    if isinstance(value, exp.Literal) and kind is exp.DType.DATE:
        return node
    text = _words("TRIM(_1)", value)
    if kind is exp.DType.DATE:
        shape, made = DAY, _words("CAST(SUBSTRING(_1, 1, 10) AS DATE)", text)
    elif kind in _LIMITS:
        fits, cast = _LIMITS[kind]
        exact = _words("CAST(_1 AS DECIMAL(65, 30))", text)
        shape, made = NUMBER, _words(f"CASE WHEN {fits} THEN {cast} END", exact)
    else:
        raise refused(f"a cast to {kind.value}", _TITLE)
    # What is no date or number at all ends the run where the layout does not expect it: a number out of range.
    wrong = "9223372036854775807 + (CHAR_LENGTH(_1) + 1)"
    wrong = f"CAST({wrong} AS DATE)" if kind is exp.DType.DATE else wrong
    otherwise = f"WHEN _1 IS NOT NULL THEN {wrong}" if strict else ""
    return _words(f"CASE WHEN REGEXP_INSTR(_1, '{shape}') = 1 THEN _2 {otherwise} END", text, made)


def _literal(node: exp.Expr) -> exp.Expr:
    if not node.args["is_string"]:
        return node
    if is_compared(node) and "\\" not in node.name:
        return node
    # A text of our own, such as an outcome, would otherwise compare as the connection's default says. Whether a
    # backslash is a letter depends on a setting: such a text is written by its bytes.
    written = exp.HexString(this=node.name.encode().hex()) if "\\" in node.name else node.copy()
    introduced = exp.Introducer(this=exp.Var(this="_utf8mb4"), expression=written)
    return exp.paren(exp.Collate(this=introduced, expression=exp.Var(this="utf8mb4_bin")))


def _extract(node: exp.Expr) -> exp.Expr:
    return _words(f"EXTRACT({part_of_date(node, _TITLE)} FROM _1)", node.expression)


def _shifted(node: exp.Expr) -> exp.Expr:
    asked = days_or_months(node, _TITLE)
    if asked is None:
        return node
    day, amount, unit = asked
    return _words(f"DATE_ADD(_1, INTERVAL '{amount}' {unit})", day)


def _joined(node: exp.Expr) -> exp.Expr:
    return _words("CONCAT(_1, _2)", node.this, node.expression)


def _int_div(node: exp.Expr) -> exp.Expr:
    whole_of(node.expression, "// by something", _TITLE)
    return _words("_1 DIV _2", node.this, node.expression)


def _split(node: exp.Expr) -> exp.Expr:
    return _words("SUBSTRING_INDEX(_1, _2, 1)", *first_part(node, _TITLE))


def _trim(node: exp.Expr) -> exp.Expr:
    letter = leading_trim(node, _TITLE)
    return node if letter is None else _words("TRIM(LEADING _2 FROM _1)", node.this, letter)


def _like(node: exp.Expr) -> exp.Expr:
    like_pattern(node, _TITLE)
    return node


RULES: dict[type[exp.Expr], Rule] = {
    exp.Literal: _literal,
    exp.Cast: lambda node: _cast(node, strict=True),
    exp.TryCast: lambda node: _cast(node, strict=False),
    exp.Extract: _extract,
    exp.Add: _shifted,
    exp.Sub: _shifted,
    exp.DPipe: _joined,
    exp.Like: _like,
    exp.Trim: _trim,
    exp.SplitPart: _split,
    exp.IntDiv: _int_div,
    exp.Substring: lambda node: positive_places(node, _TITLE),
    exp.Ordered: nulls_last,
}
WRITER = Writer(
    title=_TITLE,
    dialect=_DIALECT,
    rules=RULES,
    nodes=STANDARD | frozenset(RULES) | {exp.Boolean},
    raw_text=lambda column: _words("CONVERT(_1 USING utf8mb4) COLLATE utf8mb4_bin", column),
)
ENGINE = Engine(NAME, engine_version, render)
