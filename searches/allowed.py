"""The whole language a search may use: every kind of node, and every part of it that may be filled in.

What does not stand here is refused, with a suggestion where authors are known to need one. The parser does not refuse
what it cannot translate (unknown functions come back as `Anonymous`, file readers as tables, a DELETE hides in a CTE),
so this list, and not the parser, is the fence. An entry is added only with a proof that every engine answers alike.
"""

from __future__ import annotations

from sqlglot import exp

_BINARY = frozenset({"this", "expression"})
_THIS = frozenset({"this"})
_LIST = frozenset({"expressions"})

NODES: dict[type[exp.Expr], frozenset[str]] = {
    # shape
    exp.Select: frozenset({"with_", "expressions", "from_", "joins", "where", "group", "having"}),
    exp.With: _LIST,
    exp.CTE: frozenset({"this", "alias"}),
    exp.From: _THIS,
    exp.Join: frozenset({"this", "on", "side", "kind"}),
    exp.Table: frozenset({"this", "alias"}),
    exp.Subquery: frozenset({"this", "alias"}),
    exp.TableAlias: _THIS,
    exp.Where: _THIS,
    exp.Group: _LIST,
    exp.Having: _THIS,
    exp.Union: _BINARY,
    exp.Alias: frozenset({"this", "alias"}),
    # names and values
    exp.Column: frozenset({"this", "table"}),
    exp.Identifier: _THIS,
    exp.Literal: frozenset({"this", "is_string"}),
    exp.Neg: _THIS,
    exp.Null: frozenset(),
    exp.Placeholder: _THIS,
    exp.Interval: frozenset({"this", "unit"}),
    exp.Var: _THIS,
    exp.Add: _BINARY,
    exp.Sub: _BINARY,
    exp.Case: frozenset({"ifs", "default"}),
    exp.If: frozenset({"this", "true"}),
    # conditions
    exp.And: _BINARY,
    exp.Or: _BINARY,
    exp.Not: _THIS,
    exp.Paren: _THIS,
    exp.EQ: _BINARY,
    exp.NEQ: _BINARY,
    exp.LT: _BINARY,
    exp.LTE: _BINARY,
    exp.GT: _BINARY,
    exp.GTE: _BINARY,
    exp.Between: frozenset({"this", "low", "high"}),
    exp.In: frozenset({"this", "expressions", "field"}),
    exp.Is: _BINARY,
    exp.Exists: _THIS,
    # functions
    exp.Coalesce: frozenset({"this", "expressions"}),
    exp.Count: frozenset({"this", "big_int"}),
    exp.Distinct: _LIST,
    exp.Star: frozenset(),
    exp.Min: _THIS,
    exp.Max: _THIS,
    exp.Window: frozenset({"this", "partition_by", "order", "over"}),
    exp.RowNumber: frozenset(),
    exp.Order: _LIST,
    exp.Ordered: frozenset({"this", "desc"}),
}
"""Every node a search may hold, with the parts that may be filled in."""

NEEDED: dict[type[exp.Expr], frozenset[str]] = {
    exp.Count: _THIS,
    exp.Min: _THIS,
    exp.Max: _THIS,
    exp.In: frozenset({"expressions", "field", "query", "unnest"}),
}
"""Parts of which one must be filled in; of other nodes the parser itself sees to it."""

EQUALITIES = (exp.EQ, exp.NEQ)

FUNCTIONS = "the functions are COALESCE, COUNT, MIN, MAX and ROW_NUMBER"
_ONE_SELECT = "a search is one SELECT and changes nothing"
_WINDOWS = "only ROW_NUMBER() OVER (PARTITION BY patient_id ORDER BY ...) is supported"

REFUSED_NODES: dict[type[exp.Expr], tuple[str, str]] = {
    exp.Limit: ("LIMIT is refused", "every person who qualifies must be in the answer"),
    exp.Offset: ("OFFSET is refused", "every person who qualifies must be in the answer"),
    exp.Qualify: ("QUALIFY is refused", "name the ROW_NUMBER in a CTE and compare it with 1"),
    exp.Delete: ("DELETE is refused", _ONE_SELECT),
    exp.Insert: ("INSERT is refused", _ONE_SELECT),
    exp.Update: ("UPDATE is refused", _ONE_SELECT),
    exp.Into: ("INTO is refused", _ONE_SELECT),
    exp.Lock: ("a locking clause is refused", _ONE_SELECT),
    exp.Intersect: ("INTERSECT is refused", "use EXISTS"),
    exp.Except: ("EXCEPT is refused", "use NOT EXISTS"),
    exp.Cast: (
        "casts and date literals are refused",
        "use :reference_date, :period_start or :season_start, plus or minus an INTERVAL",
    ),
    exp.Sum: ("SUM is refused", "use COUNT, MIN or MAX in a CTE grouped by patient_id"),
    exp.Avg: ("AVG is refused", "use COUNT, MIN or MAX in a CTE grouped by patient_id"),
    exp.Boolean: ("TRUE and FALSE are refused", "compare a column with a value"),
    exp.Like: ("LIKE is refused", "use IN codelist.NAME, or = with a value of a closed domain"),
    exp.NullSafeEQ: ("IS NOT DISTINCT FROM is refused", "use =, and IS NULL where needed"),
    exp.NullSafeNEQ: ("IS DISTINCT FROM is refused", "use <>, and IS NULL where needed"),
    exp.Tuple: ("a list of expressions is refused here", "compare columns one by one"),
    exp.Div: ("arithmetic is refused", "only a date plus or minus an INTERVAL is supported"),
    exp.Mul: ("arithmetic is refused", "only a date plus or minus an INTERVAL is supported"),
    exp.Mod: ("arithmetic is refused", "only a date plus or minus an INTERVAL is supported"),
    exp.DateDiff: ("DATE_DIFF is refused", "compare dates: start_date <= booked_date + INTERVAL '7' DAY"),
    exp.CurrentDate: ("CURRENT_DATE is refused", "use :reference_date"),
    exp.CurrentTimestamp: ("the clock is refused", "use :reference_date"),
    exp.RawString: ("this spelling of a text is refused", "write it between single quotes"),
    exp.ByteString: ("this spelling of a text is refused", "write it between single quotes"),
    exp.Extract: ("EXTRACT is refused", "compare dates, or use age or age_months"),
    exp.DateTrunc: ("DATE_TRUNC is refused", "use :period_start, :season_start or an INTERVAL"),
    exp.TimestampTrunc: ("DATE_TRUNC is refused", "use :period_start, :season_start or an INTERVAL"),
    exp.Greatest: ("GREATEST is refused", "use CASE WHEN a >= b THEN a ELSE b END, and say what NULL means"),
    exp.Least: ("LEAST is refused", "use CASE WHEN a <= b THEN a ELSE b END, and say what NULL means"),
    exp.Unnest: ("UNNEST is refused", "list the values"),
    exp.WindowSpec: ("a window frame is refused", _WINDOWS),
    exp.WithFill: ("WITH FILL is refused", "order only inside ROW_NUMBER() OVER (...)"),
    exp.TableSample: ("TABLESAMPLE is refused", "every person who qualifies must be in the answer"),
}
"""Why a node is refused and what to write instead; nodes that stand nowhere are refused by their name."""

REFUSED_PARTS: dict[tuple[type[exp.Expr], str], tuple[str, str]] = {
    (exp.Select, "distinct"): ("SELECT DISTINCT is refused", "use GROUP BY patient_id, or ROW_NUMBER() OVER (...) = 1"),
    (exp.Select, "order"): ("ORDER BY is refused", "order only inside ROW_NUMBER() OVER (...)"),
    (exp.Select, "windows"): ("a named window is refused", _WINDOWS),
    (exp.With, "recursive"): ("WITH RECURSIVE is refused", "write each CTE over the ones before it"),
    (exp.CTE, "materialized"): ("MATERIALIZED is refused", "leave the plan to the engine"),
    (exp.Union, "distinct"): ("UNION is refused", "use UNION ALL in a CTE"),
    (exp.Union, "by_name"): ("UNION BY NAME is refused", "list the same columns in the same order"),
    (exp.Union, "order"): ("ORDER BY is refused", "order only inside ROW_NUMBER() OVER (...)"),
    (exp.Union, "with_"): ("WITH inside a subquery is refused", "put every CTE at the top"),
    (exp.Subquery, "with_"): ("WITH inside a subquery is refused", "put every CTE at the top"),
    (exp.Join, "using"): ("USING is refused", "write ON a.patient_id = b.patient_id"),
    (exp.Join, "method"): ("only INNER JOIN and LEFT JOIN are supported", "write JOIN ... ON ..."),
    (exp.Table, "db"): ("a table's name is bare", "name one of the canonical tables without a prefix"),
    (exp.Column, "db"): ("a column's name has at most one prefix", "write alias.column"),
    (exp.TableAlias, "columns"): ("renaming columns in an alias is refused", "use AS in the SELECT list"),
    (exp.Identifier, "quoted"): ("a quoted name is refused", "names are bare, in lower-case letters, digits and _"),
    (exp.Case, "this"): ("CASE with a value after it is refused", "write CASE WHEN column = value THEN ..."),
    (exp.In, "query"): (
        "IN (SELECT ...) is refused",
        "use EXISTS (SELECT 1 FROM ... WHERE x.patient_id = y.patient_id)",
    ),
    (exp.Between, "symmetric"): ("BETWEEN SYMMETRIC is refused", "put the lower bound first"),
    (exp.Window, "alias"): ("a named window is refused", _WINDOWS),
    (exp.Ordered, "nulls_first"): ("NULLS FIRST is refused", "NULL comes last, which every engine is made to obey"),
    (exp.Count, "expressions"): ("COUNT takes one column", "use COUNT(*) or COUNT(DISTINCT date_column)"),
    (exp.Min, "count"): ("MIN takes one column", "use CASE WHEN ... to choose between columns"),
    (exp.Max, "count"): ("MAX takes one column", "use CASE WHEN ... to choose between columns"),
}
"""Why a part of an allowed node is refused, and what to write instead."""
