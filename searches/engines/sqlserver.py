"""SQL Server 2016 and later: no booleans but in conditions, text compares as the database's collation says.

Blanks at the end of a text are not compared: every layout takes them away first.
"""

from __future__ import annotations

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
    is_compared,
    leading_trim,
    like_pattern,
    nulls_last,
    refused,
)

NAME = "sqlserver"
_TITLE = "SQL Server"
_DIALECT = "tsql"

_BINARY = "COLLATE Latin1_General_BIN2"
_DIGIT = "[0-9]"
_DAY = f"{_DIGIT * 4}-{_DIGIT * 2}-{_DIGIT * 2}"
# TRY_CAST makes a number of an empty text, of a sign alone and of an amount of money, and a date of many things.
_IS_DAY = (
    f"_1 LIKE '{_DAY}' OR _1 LIKE '{_DAY}[ T]{_DIGIT * 2}:{_DIGIT * 2}%' AND TRY_CAST(_1 AS DATETIME2) IS NOT NULL"
)
_IS_NUMBER = f"_1 LIKE '%{_DIGIT}%' AND _1 NOT LIKE '%[^0-9.+-]%'"
_IS_SCIENTIFIC = f"_1 LIKE '%{_DIGIT}%[eE]%{_DIGIT}' AND _1 NOT LIKE '%[^0-9.eE+-]%'"
_EXACT = (
    f"CASE WHEN {_IS_NUMBER} THEN TRY_CAST(_1 AS DECIMAL(38, 12)) "
    f"WHEN {_IS_SCIENTIFIC} THEN TRY_CAST(TRY_CAST(_1 AS FLOAT) AS DECIMAL(38, 12)) END"
)
_KINDS = {
    exp.DType.BIGINT: "TRY_CAST(ROUND(_1, 0) AS BIGINT)",
    exp.DType.INT: "TRY_CAST(ROUND(_1, 0) AS INT)",
    exp.DType.DECIMAL: "TRY_CAST(_1 AS DECIMAL(19, 3))",
}
_NULLS = {exp.DType.BIGINT: "BIGINT", exp.DType.INT: "INT", exp.DType.DATE: "DATE"}
_STRICT = {**_NULLS, exp.DType.DECIMAL: "DECIMAL(19, 3)"}
_PREDICATES = (
    *(exp.And, exp.Or, exp.Not, exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE),
    *(exp.Between, exp.In, exp.Is, exp.Exists, exp.Like, exp.Boolean),
)

NATIVE: NativeCasts = {
    (exp.DType.DATE, exp.DType.DATE): "_1",
    (exp.DType.TIMESTAMP, exp.DType.DATE): "CAST(_1 AS DATE)",
    (exp.DType.FLOAT, exp.DType.DECIMAL): "TRY_CAST(CAST(_1 AS FLOAT) AS DECIMAL(19, 3))",
    **dict.fromkeys(cases((exp.DType.DECIMAL, *WHOLE), exp.DType.DECIMAL), "TRY_CAST(_1 AS DECIMAL(19, 3))"),
    **dict.fromkeys(cases(WHOLE, exp.DType.BIGINT), "CAST(_1 AS BIGINT)"),
    (exp.DType.DATE, exp.DType.TEXT): f"CONVERT(VARCHAR(10), _1, 23) {_BINARY}",
    (exp.DType.TIMESTAMP, exp.DType.TEXT): f"CONVERT(VARCHAR(19), _1, 120) {_BINARY}",
    **dict.fromkeys(cases(AS_TEXT, exp.DType.TEXT), f"CAST(_1 AS VARCHAR(400)) {_BINARY}"),
    (exp.DType.BOOLEAN, exp.DType.TEXT): f"CASE WHEN _1 = 1 THEN 'true' WHEN _1 = 0 THEN 'false' END {_BINARY}",
    (exp.DType.UUID, exp.DType.TEXT): f"LOWER(CAST(_1 AS VARCHAR(36))) {_BINARY}",
}


def _is_condition(node: exp.Expr) -> bool:
    """Does a condition stand where one is asked for? There is no type for its outcome."""
    holder = node.parent
    while isinstance(holder, exp.Paren):
        node, holder = holder, holder.parent
    match holder:
        case exp.And() | exp.Or() | exp.Not() | exp.Where() | exp.Having():
            return True
        case exp.If():
            return node.arg_key == "this" and not (holder.parent and holder.parent.args.get("this"))
        case exp.Join():
            return node.arg_key == "on"
        case _:
            return False


def _misplaced(node: exp.Expr) -> str:
    if isinstance(node, _PREDICATES) and not _is_condition(node):
        return f"{node.key.upper()} as a value"
    return ""


def _words(text: str, *values: exp.Expr) -> exp.Paren:
    return fill(text, _DIALECT, *values)


def _trimmed(node: exp.Expr) -> exp.Expr:
    return _words("LTRIM(RTRIM(_1))", node)


def _cast(node: exp.Expr, *, strict: bool) -> exp.Expr:
    value, kind = node.this, node.args["to"].this
    if isinstance(value, exp.Null):
        return _words(f"CAST(NULL AS {_NULLS[kind]})" if kind in _NULLS else f"CAST(NULL AS VARCHAR(400)) {_BINARY}")
    if isinstance(value, exp.Literal) and kind is exp.DType.DATE:
        return node
    text = _trimmed(value)
    # What is no date or number at all ends the run, where the layout does not expect it.
    otherwise = f"WHEN _1 IS NOT NULL THEN CAST('!' + _1 AS {_STRICT.get(kind)})" if strict else ""
    if kind is exp.DType.DATE:
        return _words(f"CASE WHEN {_IS_DAY} THEN TRY_CONVERT(DATE, LEFT(_1, 10), 23) {otherwise} END", text)
    if kind not in _KINDS:
        raise refused(f"a cast to {kind.value}", _TITLE)
    number = _words(_KINDS[kind], _words(_EXACT, text))
    return _words(f"CASE WHEN _2 IS NOT NULL THEN _2 {otherwise} END", text, number) if strict else number


def _literal(node: exp.Expr) -> exp.Expr:
    if not node.args["is_string"]:
        return node
    written = node if node.name.isascii() else exp.National(this=node.name)
    # A text of our own, such as an outcome, would otherwise compare as the database's default says.
    return written if is_compared(node) else _words(f"_1 {_BINARY}", written)


def _trim(node: exp.Expr) -> exp.Expr:
    letter = leading_trim(node, _TITLE)
    if letter is None:
        return _trimmed(node.this)
    if letter.name != "^":
        raise refused("LTRIM of another character than ^", _TITLE)
    return _words("SUBSTRING(_1, PATINDEX('%[^^]%', _1 + '.'), 8000)", node.this)


def _like(node: exp.Expr) -> exp.Expr:
    pattern = like_pattern(node, _TITLE).replace("[", "[[]")
    return exp.Like(
        this=node.this.copy(), expression=exp.Literal.string(pattern), negate=node.args.get("negate") or None
    )


def _ordered(node: exp.Expr) -> exp.Expr:
    if isinstance(node.this.unnest(), exp.Literal):
        raise refused("ORDER BY a constant", _TITLE)
    return nulls_last(node)


SPELLING = Spelling(
    title=_TITLE,
    dialect=_DIALECT,
    parts={part: f"DATEPART({part}, _1)" for part in ("YEAR", "MONTH", "DAY")},
    days="DATEADD(DAY, {n}, _1)",
    months="DATEADD(MONTH, {n}, _1)",
    quotient="_1 / _2",
    before="LEFT(_1, CHARINDEX(_2, _1 + _2) - 1)",
    without_leading="",  # only of ^, see _trim
    joined="_1 + _2",
    cast=_cast,
    native=NATIVE,
)
RULES = SPELLING.rules() | {
    exp.Literal: _literal,
    exp.Boolean: lambda node: _words("1 = 1" if node.this else "1 = 0"),
    exp.Like: _like,
    exp.Trim: _trim,
    exp.Ordered: _ordered,
}
WRITER = Writer(
    title=_TITLE,
    dialect=_DIALECT,
    rules=RULES,
    nodes=STANDARD | frozenset(RULES),
    raw_text=lambda column: _words(f"_1 {_BINARY}", column),
    misplaced=_misplaced,
)
ENGINE = Engine(NAME, lambda: "2016", WRITER.write)
