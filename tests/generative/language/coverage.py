"""What was generated: counts of every construct of a search, for the meta-test and the report."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date

from sqlglot import exp

from searches.allowed import NODES
from searches.canon import BOUND_DATES, BUILT_IN_DIMENSIONS, TABLES
from searches.footprint import footprint
from searches.layouts import Layout
from searches.layouts.expand import RAW, Bindings, definitions
from searches.layouts.layout import ORDER_COLUMNS
from searches.parse import SearchTree, parse
from searches.search import Schedule, Search, Unit
from searches.windows import is_bound

NEVER_READ = {"event.unit"}
"""Columns that a search may name nowhere: a unit is neither compared nor selected."""

_MOVES = {exp.Add: "+", exp.Sub: "-"}


def wanted() -> frozenset[str]:
    """Every construct that must have been generated."""
    nodes = {f"node {node.__name__}" for node in NODES}
    parts = {f"part {node.__name__}.{part}" for node, parts in NODES.items() for part in parts}
    columns = {f"column {table.name}.{column.name}" for table in TABLES.values() for column in table.columns}
    columns -= {f"column {name}" for name in NEVER_READ}
    values = {
        f"value {column.name} {value}"
        for table in TABLES.values()
        for column in table.columns
        for value in column.values
    }
    moves = {f"interval {sign} {unit} on a column" for sign in "+-" for unit in ("DAY", "MONTH")}
    moves |= {f"interval {sign} {unit} on a bound date" for sign in "+-" for unit in ("DAY", "MONTH", "YEAR")}
    said = {f"date {name}" for name in BOUND_DATES} | {f"schedule {schedule.value}" for schedule in Schedule}
    said |= {f"dimension {name}" for name in (*BUILT_IN_DIMENSIONS, "computed")} | {
        f"unit {unit.value}" for unit in Unit
    }
    return frozenset(nodes | parts | columns | values | moves | said | _SHAPES)


_SHAPES = frozenset(
    f"shape {name}"
    for name in (
        "LEFT JOIN",
        "INNER JOIN",
        "JOIN ON more than patient_id",
        "dates of two tables are equal",
        "COUNT(*)",
        "COUNT(column)",
        "COUNT(DISTINCT date)",
        "aggregate of CASE",
        "CASE of aggregates",
        "HAVING",
        "ROW_NUMBER ordered DESC",
        "ROW_NUMBER over a join",
        "row number compared with 1",
        "EXISTS in CASE",
        "EXISTS in EXISTS",
        "EXISTS of a CTE",
        "NOT EXISTS",
        "NOT IN codelist",
        "subquery in FROM",
        "CTE over a CTE",
        "three sides of UNION ALL",
        "column without its alias",
        "interval on a CTE's date",
        "arithmetic on a date that is NULL in a LEFT JOIN",
    )
)


def constructs(searches: Iterable[Search]) -> Counter[str]:
    """In how many searches each construct stands."""
    known = wanted()
    return Counter(name for search in searches for name in known.intersection(_of(search)))


def raw_columns(of: Layout, searches: Iterable[Search]) -> frozenset[tuple[str, str]]:
    """The columns of raw tables that searches read in a layout, and what is asked beside them, with their tables."""
    tables = {name for search in searches for name in footprint(parse(search.sql)).tables} | {"type1", "as_of"}
    views = definitions(of, tables & of.definitions.keys(), Bindings(date(2026, 3, 31), of.synthetic_practice))
    found = set()
    for select in (select for view in views.values() for select in view.find_all(exp.Select)):
        source = select.args["from_"].this if select.args.get("from_") else None
        if isinstance(source, exp.Table) and source.db == RAW:
            alias = source.alias_or_name
            columns = (column for column in select.find_all(exp.Column) if column.table == alias)
            found.update((source.name, column.name) for column in columns)
    return frozenset(column for column in found if column[1] not in ORDER_COLUMNS)


def _of(search: Search) -> Iterator[str]:
    tree = parse(search.sql)
    yield f"schedule {search.schedule.value}"
    yield f"unit {search.unit.value}"
    yield from (f"dimension {dimension.name}" for dimension in search.dimensions)
    yield from _of_footprint(tree)
    ctes = {cte.alias for cte in tree.select.find_all(exp.CTE)}
    for node in tree.select.walk():
        yield f"node {type(node).__name__}"
        yield from (
            f"part {type(node).__name__}.{part}" for part, value in node.args.items() if value not in (None, [])
        )
        yield from (f"shape {shape}" for shape in _shapes(node, ctes))
        if isinstance(node, exp.Literal) and node.parent_select is not None:
            yield from _values(node)
        if type(node) in _MOVES:
            what = "a bound date" if is_bound(node) else "a column"
            yield f"interval {_MOVES[type(node)]} {node.expression.text('unit').upper()} on {what}"


def _of_footprint(tree: SearchTree) -> Iterator[str]:
    read = footprint(tree)
    yield from (f"column {table}.{column}" for table, columns in read.tables.items() for column in columns)
    yield from (f"date {name}" for name in read.bound_dates)


def _values(literal: exp.Literal) -> Iterator[str]:
    """A value of a closed domain, and the column it is compared with."""
    asked = literal.parent
    if isinstance(asked, exp.In):
        yield f"value {asked.this.name} {literal.name}"
    elif isinstance(asked, exp.Binary):
        yield from (f"value {side.name} {literal.name}" for side in (asked.left, asked.right) if side is not literal)


def _shapes(node: exp.Expr, ctes: set[str]) -> Iterator[str]:
    match node:
        case exp.Join():
            yield "LEFT JOIN" if node.side == "LEFT" else "INNER JOIN"
            if isinstance(node.args["on"].unnest(), exp.And):
                yield "JOIN ON more than patient_id"
        case exp.EQ():
            yield from _equality(node)
        case exp.Count() | exp.Min() | exp.Max():
            yield from _aggregated(node)
        case exp.Window():
            yield from _numbered(node)
        case exp.Exists():
            yield from _exists(node, ctes)
        case _:
            yield from _others(node, ctes)


def _others(node: exp.Expr, ctes: set[str]) -> Iterator[str]:
    match node:
        case exp.Having():
            yield "HAVING"
        case exp.Union() if isinstance(node.left.unnest(), exp.Union):
            yield "three sides of UNION ALL"
        case exp.Subquery() if node.alias:
            yield "subquery in FROM"
        case exp.Table() if node.name in ctes and node.find_ancestor(exp.CTE):
            yield "CTE over a CTE"
        case exp.Column() if not node.table:
            yield "column without its alias"
        case exp.Not() if isinstance(node.this, exp.In) and node.this.args.get("field"):
            yield "NOT IN codelist"
        case exp.Add() | exp.Sub() if isinstance(node.this, exp.Column):
            yield from _moved_column(node.this, ctes)


def _equality(node: exp.EQ) -> Iterator[str]:
    sides = [side.unnest() for side in (node.left, node.right)]
    columns = [side for side in sides if isinstance(side, exp.Column)]
    if len(columns) == 2 and all(column.name.endswith(("_date", "_on")) for column in columns):
        yield "dates of two tables are equal"
    if any(column.name == "place" for column in columns) and any(side.name == "1" for side in sides):
        yield "row number compared with 1"


def _numbered(node: exp.Window) -> Iterator[str]:
    select = node.parent_select
    if select is not None and select.args.get("joins"):
        yield "ROW_NUMBER over a join"
    if any(key.args.get("desc") for key in node.args["order"].expressions):
        yield "ROW_NUMBER ordered DESC"


def _aggregated(node: exp.Expr) -> Iterator[str]:
    if isinstance(node, exp.Count):
        what = {exp.Star: "COUNT(*)", exp.Distinct: "COUNT(DISTINCT date)"}
        yield what.get(type(node.this), "COUNT(column)")
    if node.find(exp.Case):
        yield "aggregate of CASE"
    if node.find_ancestor(exp.Case):
        yield "CASE of aggregates"


def _exists(node: exp.Exists, ctes: set[str]) -> Iterator[str]:
    if isinstance(node.parent, exp.Not):
        yield "NOT EXISTS"
    if node.find_ancestor(exp.Exists):
        yield "EXISTS in EXISTS"
    case, select = node.find_ancestor(exp.Case), node.parent_select
    if case is not None and case.parent_select is select:
        yield "EXISTS in CASE"
    if node.this.args["from_"].this.name in ctes:
        yield "EXISTS of a CTE"


def _moved_column(column: exp.Column, ctes: set[str]) -> Iterator[str]:
    select = column.parent_select
    while select is not None:
        if select.args["from_"].this.alias_or_name == column.table and select.args["from_"].this.name in ctes:
            yield "interval on a CTE's date"
        for join in select.args.get("joins") or ():
            if join.this.alias_or_name == column.table and join.side == "LEFT":
                yield "arithmetic on a date that is NULL in a LEFT JOIN"
        select = select.parent_select
