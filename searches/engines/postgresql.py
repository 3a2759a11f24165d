"""PostgreSQL 12 and later: a cast that fails ends the statement, so each is asked for first; text sorts by bytes."""

from __future__ import annotations

from sqlglot import exp

from searches.engines.engine import Engine
from searches.engines.shapes import EXACT_DECIMAL, PatternCasts
from searches.engines.spelling import Spelling
from searches.engines.writing import AS_TEXT, STANDARD, WHOLE, NativeCasts, Writer, cases, fill

NAME = "postgresql"
_TITLE = "PostgreSQL"
_DIALECT = "postgres"

_EXACT_FLOAT = "CAST(CAST(_1 AS DOUBLE PRECISION) AS DECIMAL)"  # of a real itself only six digits would be left
NATIVE: NativeCasts = {
    (exp.DType.DATE, exp.DType.DATE): "_1",
    (exp.DType.TIMESTAMP, exp.DType.DATE): "CAST(_1 AS DATE)",
    (exp.DType.FLOAT, exp.DType.DECIMAL): f"CASE WHEN ABS(_1) < 1E16 THEN CAST({_EXACT_FLOAT} AS DECIMAL(19, 3)) END",
    (exp.DType.DECIMAL, exp.DType.DECIMAL): EXACT_DECIMAL,
    **dict.fromkeys(cases(WHOLE, exp.DType.BIGINT), "CAST(_1 AS BIGINT)"),
    **dict.fromkeys(cases(WHOLE, exp.DType.DECIMAL), "CAST(_1 AS DECIMAL(19, 3))"),
    # How a day is written as text would otherwise depend on a setting.
    (exp.DType.DATE, exp.DType.TEXT): "TO_CHAR(_1, 'YYYY-MM-DD') COLLATE \"C\"",
    (exp.DType.TIMESTAMP, exp.DType.TEXT): "TO_CHAR(_1, 'YYYY-MM-DD HH24:MI:SS') COLLATE \"C\"",
    **dict.fromkeys(cases(AS_TEXT, exp.DType.TEXT), 'CAST(_1 AS TEXT) COLLATE "C"'),
}

_OF_TEXT = PatternCasts(
    title=_TITLE,
    dialect=_DIALECT,
    matches="_1 ~ '{shape}'",
    day="CAST(SUBSTRING(_1 FROM 1 FOR 10) AS DATE)",
    exact="CAST(_1 AS NUMERIC)",
    made={
        exp.DType.BIGINT: "CAST(ROUND(_1) AS BIGINT)",
        exp.DType.INT: "CAST(ROUND(_1) AS INT)",
        exp.DType.DECIMAL: "CAST(_1 AS DECIMAL(19, 3))",
    },
    ends={
        kind: f"CAST('!' || _1 AS {kind.value})"
        for kind in (exp.DType.DATE, exp.DType.BIGINT, exp.DType.INT, exp.DType.DECIMAL)
    },
)


def _cast(node: exp.Expr, *, strict: bool) -> exp.Expr:
    if isinstance(node.this, exp.Null) or (
        isinstance(node.this, exp.Literal) and node.args["to"].this is exp.DType.DATE
    ):
        return node
    return _OF_TEXT.cast(node, strict=strict)


def _ordered(node: exp.Expr) -> exp.Expr:
    node.set("nulls_first", False)
    return node


SPELLING = Spelling(
    title=_TITLE,
    dialect=_DIALECT,
    parts={part: f"CAST(EXTRACT({part} FROM _1) AS INT)" for part in ("YEAR", "MONTH", "DAY")},
    days="CAST(_1 + INTERVAL '{n} DAY' AS DATE)",
    months="CAST(_1 + INTERVAL '{n} MONTH' AS DATE)",
    quotient="_1 / _2",
    before="SPLIT_PART(_1, _2, 1)",
    without_leading="LTRIM(_1, _2)",
    joined="",
    cast=_cast,
    native=NATIVE,
)
RULES = SPELLING.rules() | {exp.Ordered: _ordered}
WRITER = Writer(
    title=_TITLE,
    dialect=_DIALECT,
    rules=RULES,
    nodes=STANDARD | frozenset(RULES) | {exp.DPipe, exp.Boolean},
    raw_text=lambda column: fill('_1 COLLATE "C"', _DIALECT, column),
)
ENGINE = Engine(NAME, lambda: "12", WRITER.write)
