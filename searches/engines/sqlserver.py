"""SQL Server 2016 and later: no booleans but in conditions, text compares as the database's collation says.

Blanks at the end of a text are not compared: every layout takes them away first.
"""

from __future__ import annotations

from sqlglot import exp

from searches.engines.engine import Engine
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


def engine_version() -> str:
    """The oldest SQL Server that the statements are written for."""
    return "2016"


def render(tree: exp.Expression, site: Site = AS_NAMED) -> str:
    """Write a query for SQL Server.

    Raises:
        LayoutError: it is no query, or holds something that SQL Server cannot be made to answer alike.
    """
    for node in tree.find_all(*_PREDICATES):
        if not _is_condition(node):
            raise refused(f"{node.key.upper()} as a value", _TITLE)
    return WRITER.write(tree, site)


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


def _words(text: str, *values: exp.Expr) -> exp.Paren:
    return fill(text, _DIALECT, *values)


def _trimmed(node: exp.Expr) -> exp.Expr:
    return _words("LTRIM(RTRIM(_1))", node)


def _cast(node: exp.Expr, *, strict: bool) -> exp.Expr:
    value, kind = node.this, node.args["to"].this
    native = native_cast(node, NATIVE, _DIALECT, _TITLE)
    if native is not None:
        return native
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


def _extract(node: exp.Expr) -> exp.Expr:
    return _words(f"DATEPART({part_of_date(node, _TITLE)}, _1)", node.expression)


def _shifted(node: exp.Expr) -> exp.Expr:
    asked = days_or_months(node, _TITLE)
    if asked is None:
        return node
    day, amount, unit = asked
    return _words(f"DATEADD({unit}, {amount}, _1)", day)


def _joined(node: exp.Expr) -> exp.Expr:
    return _words("_1 + _2", node.this, node.expression)


def _int_div(node: exp.Expr) -> exp.Expr:
    whole_of(node.expression, "// by something", _TITLE)
    return _words("_1 / _2", node.this, node.expression)


def _split(node: exp.Expr) -> exp.Expr:
    return _words("LEFT(_1, CHARINDEX(_2, _1 + _2) - 1)", *first_part(node, _TITLE))


def _trim(node: exp.Expr) -> exp.Expr:
    letter = leading_trim(node, _TITLE)
    if letter is None:
        return _trimmed(node.this)
    if letter.name != "^":
        raise refused("LTRIM of another character than ^", _TITLE)
    return _words("SUBSTRING(_1, PATINDEX('%[^^]%', _1 + '.'), 8000)", node.this)


def _like(node: exp.Expr) -> exp.Expr:
    pattern = like_pattern(node, _TITLE).replace("[", "[[]")
    return exp.Like(this=node.this.copy(), expression=exp.Literal.string(pattern))


def _ordered(node: exp.Expr) -> exp.Expr:
    if isinstance(node.this.unnest(), exp.Literal):
        raise refused("ORDER BY a constant", _TITLE)
    return nulls_last(node)


RULES: dict[type[exp.Expr], Rule] = {
    exp.Literal: _literal,
    exp.Boolean: lambda node: _words("1 = 1" if node.this else "1 = 0"),
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
    exp.Ordered: _ordered,
}
WRITER = Writer(
    title=_TITLE,
    dialect=_DIALECT,
    rules=RULES,
    nodes=STANDARD | frozenset(RULES),
    raw_text=lambda column: _words(f"_1 {_BINARY}", column),
)
ENGINE = Engine(NAME, engine_version, render)
