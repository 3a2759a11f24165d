"""MariaDB 10.3 and later, and MySQL 8: text compares byte by byte only where that is said.

Blanks at the end of a text are not compared: every layout takes them away first. A date outside the years 1 to 9999
is NULL.
"""

from __future__ import annotations

from sqlglot import exp

from searches.engines.engine import Engine
from searches.engines.shapes import EXACT_DECIMAL, PatternCasts
from searches.engines.spelling import Spelling
from searches.engines.writing import (
    AS_TEXT,
    STANDARD,
    WHOLE,
    NativeCasts,
    Writer,
    cases,
    fill,
    is_compared,
    nulls_last,
)

NAME = "mysql"
_TITLE = "MySQL"
_DIALECT = "mysql"

_NULLS = {exp.DType.BIGINT: "SIGNED", exp.DType.INT: "SIGNED", exp.DType.TEXT: "CHAR", exp.DType.DATE: "DATE"}

# A day that is 0000-00-00, or whose month or day is 00, is none.
_DATED = "YEAR(_1) > 0 AND MONTH(_1) > 0 AND DAY(_1) > 0"
_TEXT = "CONVERT(CAST(_1 AS CHAR) USING utf8mb4) COLLATE utf8mb4_bin"
NATIVE: NativeCasts = {
    (exp.DType.DATE, exp.DType.DATE): f"CASE WHEN {_DATED} THEN _1 END",
    (exp.DType.TIMESTAMP, exp.DType.DATE): f"CASE WHEN {_DATED} THEN CAST(_1 AS DATE) END",
    (exp.DType.FLOAT, exp.DType.DECIMAL): "CASE WHEN ABS(_1) < 1E16 THEN CAST(_1 + 0E0 AS DECIMAL(19, 3)) END",
    (exp.DType.DECIMAL, exp.DType.DECIMAL): EXACT_DECIMAL,
    **dict.fromkeys(cases(WHOLE, exp.DType.BIGINT), "_1"),
    **dict.fromkeys(cases(WHOLE, exp.DType.DECIMAL), "CASE WHEN ABS(_1) < 1E16 THEN CAST(_1 AS DECIMAL(19, 3)) END"),
    **dict.fromkeys(cases((exp.DType.DATE, exp.DType.TIMESTAMP, *AS_TEXT), exp.DType.TEXT), _TEXT),
    (exp.DType.BOOLEAN, exp.DType.TEXT): (
        "CONVERT(CASE WHEN _1 <> 0 THEN 'true' WHEN _1 = 0 THEN 'false' END USING utf8mb4) COLLATE utf8mb4_bin"
    ),
    # Before MariaDB 10.7 there is no type for these: 36 or 38 characters hold them.
    (exp.DType.UUID, exp.DType.TEXT): f"LOWER(REPLACE(REPLACE(TRIM({_TEXT}), '{{', ''), '}}', ''))",
}

_OUT_OF_RANGE = "9223372036854775807 + (CHAR_LENGTH(_1) + 1)"  # which ends the run
_OF_TEXT = PatternCasts(
    title=_TITLE,
    dialect=_DIALECT,
    matches="REGEXP_INSTR(_1, '{shape}') = 1",
    day="CAST(SUBSTRING(_1, 1, 10) AS DATE)",
    exact="CAST(_1 AS DECIMAL(65, 30))",
    made={
        exp.DType.BIGINT: "CAST(ROUND(_1) AS SIGNED)",
        exp.DType.INT: "CAST(ROUND(_1) AS SIGNED)",
        exp.DType.DECIMAL: "CAST(_1 AS DECIMAL(19, 3))",
    },
    ends={
        exp.DType.DATE: f"CAST({_OUT_OF_RANGE} AS DATE)",
        exp.DType.BIGINT: _OUT_OF_RANGE,
        exp.DType.INT: _OUT_OF_RANGE,
        exp.DType.DECIMAL: _OUT_OF_RANGE,
    },
)


def _cast(node: exp.Expr, *, strict: bool) -> exp.Expr:
    value, kind = node.this, node.args["to"].this
    if isinstance(value, exp.Null) and kind in _NULLS:
        return fill(f"CAST(NULL AS {_NULLS[kind]})", _DIALECT)
    if isinstance(value, exp.Literal) and kind is exp.DType.DATE:
        return node
    return _OF_TEXT.cast(node, strict=strict)


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


SPELLING = Spelling(
    title=_TITLE,
    dialect=_DIALECT,
    parts={part: f"EXTRACT({part} FROM _1)" for part in ("YEAR", "MONTH", "DAY")},
    days="DATE_ADD(_1, INTERVAL '{n}' DAY)",
    months="DATE_ADD(_1, INTERVAL '{n}' MONTH)",
    quotient="_1 DIV _2",
    before="SUBSTRING_INDEX(_1, _2, 1)",
    without_leading="TRIM(LEADING _2 FROM _1)",
    joined="CONCAT(_1, _2)",
    cast=_cast,
    native=NATIVE,
)
RULES = SPELLING.rules() | {exp.Literal: _literal, exp.Ordered: nulls_last}
WRITER = Writer(
    title=_TITLE,
    dialect=_DIALECT,
    rules=RULES,
    nodes=STANDARD | frozenset(RULES) | {exp.Boolean},
    raw_text=lambda column: fill("CONVERT(_1 USING utf8mb4) COLLATE utf8mb4_bin", _DIALECT, column),
)
ENGINE = Engine(NAME, lambda: "10.3", WRITER.write)
