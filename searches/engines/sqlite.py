"""SQLite: dates are ISO text, decimals are floating-point numbers of three places, LIKE is blind to case.

A decimal is exact to 15 digits. A date outside the years 1 to 9999 is NULL.
"""

from __future__ import annotations

import sqlite3

from sqlglot import exp

from searches.engines.engine import Engine
from searches.engines.spelling import Spelling
from searches.engines.writing import (
    AS_TEXT,
    STANDARD,
    WHOLE,
    NativeCasts,
    Writer,
    cases,
    fill,
    like_pattern,
    nulls_last,
    refused,
)

NAME = "sqlite"
_TITLE = "SQLite"
_DIALECT = "sqlite"

_DAY = """
    TRIM(_1) GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]*' AND SUBSTR(TRIM(_1), 1, 4) <> '0000'
    AND DATE(SUBSTR(TRIM(_1), 1, 10), '+0 days') = SUBSTR(TRIM(_1), 1, 10)
    AND (LENGTH(TRIM(_1)) = 10 OR SUBSTR(TRIM(_1), 11, 1) IN (' ', 'T') AND DATETIME(TRIM(_1)) IS NOT NULL)
"""
_TO_DAY = "SUBSTR(TRIM(_1), 1, 10)"

# A number is a sign, digits and one point, and maybe an exponent; _1 is the text without blanks.
_UNSIGNED = "LTRIM(_1, '+-')"
_ONE_SIGN = f"LENGTH(_1) - LENGTH({_UNSIGNED}) <= 1"
_SIGN = "CASE WHEN SUBSTR(_1, 1, 1) = '-' THEN -1 ELSE 1 END"
_DIGITS = f"{_ONE_SIGN} AND {_UNSIGNED} <> '' AND NOT {_UNSIGNED} GLOB '*[^0-9]*'"
_PLAIN = "_1 GLOB '*[0-9]*' AND NOT _1 GLOB '*[^0-9.]*' AND LENGTH(_1) - LENGTH(REPLACE(_1, '.', '')) <= 1"
_BEFORE_POINT = "SUBSTR(_1, 1, INSTR(_1 || '.', '.') - 1)"
_AFTER_POINT = "SUBSTR(_1, INSTR(_1 || '.', '.') + 1)"
_THOUSANDTHS = f"""
    CAST('0' || {_BEFORE_POINT} AS INTEGER) * 1000 + CAST(SUBSTR({_AFTER_POINT} || '000', 1, 3) AS INTEGER)
    + CASE WHEN SUBSTR({_AFTER_POINT}, 4, 1) >= '5' THEN 1 ELSE 0 END
"""
_MANTISSA = "SUBSTR(_1, 1, INSTR(LOWER(_1), 'e') - 1)"
_EXPONENT = "SUBSTR(_1, INSTR(LOWER(_1), 'e') + 1)"
_LARGEST = {"BIGINT": "9223372036854775807", "INT": "2147483647"}

# A column says what its values are to be, not what they are. Days are kept as ISO text, maybe with a time after it.
_NUMBER = "TYPEOF(_1) IN ('integer', 'real') AND ABS(_1) < 1E16"
NATIVE: NativeCasts = {
    **dict.fromkeys(
        cases((exp.DType.DATE, exp.DType.TIMESTAMP), exp.DType.DATE), f"CASE WHEN {_DAY} THEN {_TO_DAY} END"
    ),
    **dict.fromkeys(cases(WHOLE, exp.DType.BIGINT), "CASE WHEN TYPEOF(_1) = 'integer' THEN _1 END"),
    **dict.fromkeys(
        cases((exp.DType.FLOAT, exp.DType.DECIMAL, *WHOLE), exp.DType.DECIMAL),
        f"CASE WHEN {_NUMBER} THEN ROUND(_1, 3) END",
    ),
    **dict.fromkeys(cases((exp.DType.DATE, exp.DType.TIMESTAMP, *AS_TEXT), exp.DType.TEXT), "CAST(_1 AS TEXT)"),
    (exp.DType.BOOLEAN, exp.DType.TEXT): "CASE _1 WHEN 1 THEN 'true' WHEN 0 THEN 'false' ELSE CAST(_1 AS TEXT) END",
    (exp.DType.UUID, exp.DType.TEXT): "LOWER(REPLACE(REPLACE(TRIM(_1), '{', ''), '}', ''))",
}


def _words(text: str, *values: exp.Expr) -> exp.Paren:
    return fill(text, _DIALECT, *values)


def _trimmed(node: exp.Expr) -> exp.Expr:
    return _words("TRIM(_1)", node)


def _date(node: exp.Expr, otherwise: str) -> exp.Expr:
    return _words(f"CASE WHEN {_DAY} THEN {_TO_DAY} {otherwise} END", node)


def _whole(node: exp.Expr, largest: str, otherwise: str) -> exp.Expr:
    significant = "LTRIM(_1, '+-0')"
    longest = f"LENGTH({significant}) = {len(largest)} AND {significant} <= '{largest}'"
    fits = f"LENGTH({significant}) < {len(largest)} OR {longest}"
    return _words(f"CASE WHEN {_DIGITS} AND ({fits}) THEN CAST(_1 AS INTEGER) {otherwise} END", _trimmed(node))


def _decimal(node: exp.Expr, otherwise: str) -> exp.Expr:
    text = _trimmed(node)
    unsigned = _words(_UNSIGNED, text)
    plain = _words(f"{_PLAIN} AND LENGTH(LTRIM({_BEFORE_POINT}, '0')) <= 16", unsigned)
    mantissa, exponent = _words(_MANTISSA, unsigned), _words(_EXPONENT, unsigned)
    scientific = _words(
        "_1 GLOB '*[eE]*' AND _2 AND _3 AND ABS(CAST(_4 AS REAL)) < 9999999999999999.0",
        unsigned,
        _words(_PLAIN, mantissa),
        _words(_DIGITS, exponent),
        text,
    )
    return _words(
        "CASE WHEN NOT _1 THEN _6 WHEN _2 THEN _3 * (_4) / 1000.0 WHEN _5 THEN ROUND(CAST(_7 AS REAL), 3) ELSE _6 END",
        _words(_ONE_SIGN, text),
        plain,
        _words(_SIGN, text),
        _words(_THOUSANDTHS, unsigned),
        scientific,
        _words(otherwise or "NULL", text),
        text,
    )


def _cast(node: exp.Expr, *, strict: bool) -> exp.Expr:
    value, kind = node.this, node.args["to"].this
    if isinstance(value, exp.Null):
        return exp.cast(value.copy(), "TEXT") if kind is exp.DType.DATE else node
    if strict and isinstance(value, exp.Literal) and kind is exp.DType.DATE:
        return exp.Literal.string(value.name)
    # What is not even JSON ends the run: SQLite would make 0 of it, or 2026 of a date, without a word.
    wrong = "JSON('!' || _1)" if strict else ""
    otherwise = f"WHEN _1 IS NOT NULL THEN {wrong}" if strict else ""
    match kind:
        case exp.DType.DATE:
            return _date(value, otherwise)
        case exp.DType.BIGINT | exp.DType.INT:
            return _whole(value, _LARGEST[kind.value], otherwise)
        case exp.DType.DECIMAL:
            return _decimal(value, wrong)
        case _:
            raise refused(f"a cast to {kind.value}", _TITLE)


def _like(node: exp.Expr) -> exp.Expr:
    spelled = {"%": "*", "_": "?", "*": "[*]", "?": "[?]", "[": "[[]"}
    pattern = "".join(spelled.get(letter, letter) for letter in like_pattern(node, _TITLE))
    found = exp.Glob(this=node.this.copy(), expression=exp.Literal.string(pattern))
    return exp.Paren(this=exp.Not(this=exp.Paren(this=found)) if node.args.get("negate") else found)


SPELLING = Spelling(
    title=_TITLE,
    dialect=_DIALECT,
    parts={
        "YEAR": "CAST(SUBSTR(_1, 1, 4) AS INTEGER)",
        "MONTH": "CAST(SUBSTR(_1, 6, 2) AS INTEGER)",
        "DAY": "CAST(SUBSTR(_1, 9, 2) AS INTEGER)",
    },
    days="DATE(_1, '{n:+d} days')",
    # SQLite goes over the end of a short month: then the last day of that month is the earlier one.
    months="MIN(DATE(_1, '{n:+d} months'), DATE(_1, 'start of month', '{more:+d} months', '-1 day'))",
    quotient="_1 / _2",
    before="SUBSTR(_1, 1, INSTR(_1 || _2, _2) - 1)",
    without_leading="LTRIM(_1, _2)",
    joined="",
    cast=_cast,
    native=NATIVE,
)
RULES = SPELLING.rules() | {exp.Like: _like, exp.Ordered: nulls_last}
WRITER = Writer(
    title=_TITLE,
    dialect=_DIALECT,
    rules=RULES,
    nodes=STANDARD | frozenset(RULES) | {exp.DPipe, exp.Boolean},
    raw_text=lambda column: column,  # text of SQLite compares byte by byte
)
ENGINE = Engine(NAME, lambda: sqlite3.sqlite_version, WRITER.write)
