"""What a batch of searches reads of the canonical tables, so that nothing else is worked out or held.

Columns that no search names are left out. Of a table with codes only the rows with an asked code count, where every
search asks for codes wherever it reads the table.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain

from sqlglot import exp

from searches import canon
from searches.conditions import conjuncts
from searches.feature_reading import code_lists_asked
from searches.layouts.layout import Layout
from searches.search import Codelist, Unit
from searches.translate import Question

Codes = Mapping[str, frozenset[str]]
"""Codes, by code system."""


@dataclass(frozen=True, slots=True)
class Need:
    """What is read of one table.

    Args:
        columns: those that are read; None for all.
        codes: a row without one of these is never read; None if rows without a code may be.
    """

    columns: frozenset[str] | None = None
    codes: Codes | None = None


WHOLE = Need()


def whole(tables: Iterable[str]) -> dict[str, Need]:
    """Everything of these tables."""
    return dict.fromkeys(tables, WHOLE)


def needs(questions: Iterable[Question], layout: Layout) -> dict[str, Need]:
    """What these questions read; of `patient` everything.

    Args:
        questions: of that layout.
        layout: which columns hold its codes.
    """
    columns: dict[str, set[str]] = {}
    lists: dict[str, dict[str, Codelist] | None] = {}
    for question in questions:
        for table, names in _columns(question):
            columns.setdefault(table, {"patient_id"}).update(names)
        for table, asked in _lists(question):
            before = lists.setdefault(table, {})
            lists[table] = None if asked is None or before is None else before | asked
    found = {table: Need(_stored(layout, table, names), _codes(lists.get(table))) for table, names in columns.items()}
    return {**found, "patient": WHOLE}


def _columns(question: Question) -> Iterator[tuple[str, set[str]]]:
    # A name that occurs anywhere may be of any of the tables: too much is never wrong.
    names = {column.name for column in question.asked.find_all(exp.Column)}
    if question.search.unit is Unit.APPOINTMENT:
        names |= {"appointment_id", "start_date"}
    for table in question.tables:
        yield table, names & {column.name for column in canon.TABLES[table].columns}


def _lists(question: Question) -> Iterator[tuple[str, dict[str, Codelist] | None]]:
    """For every place where a table is read, the lists of its codes; None where rows of any code may count."""
    read = set()
    for table in question.asked.find_all(exp.Table):
        if table.name in question.tables:
            read.add(table.name)
            asked = _lists_of(table)
            codelists = question.search.codelists
            yield table.name, None if asked is None else {codelists[name].digest: codelists[name] for name in asked}
    for table_name in question.tables - read:
        yield table_name, None


def _lists_of(table: exp.Table) -> frozenset[str] | None:
    select, own = table.find_ancestor(exp.Select), table.parent
    if select is None:
        return None
    joins = select.args.get("joins") or ()
    where = select.args.get("where")
    conditions = [where.this] if where else []
    conditions += [join.args["on"] for join in joins if join is own or not join.side]
    # A prefix may only be left out where there is one table.
    names = {table.alias_or_name} if joins else {table.alias_or_name, ""}
    for condition in chain.from_iterable(conjuncts(each) for each in conditions):
        asked = code_lists_asked(condition)
        if asked and all(each.this.table in names for each in asked):
            return frozenset(each.args["field"].name for each in asked)
    return None


def _stored(layout: Layout, table: str, names: set[str]) -> frozenset[str]:
    """The columns as the layout has them: one for each code system in place of `code`."""
    codes = layout.code_columns.get(table, {}).values() if "code" in names else ()
    return frozenset({*names, *codes} - {"code"})


def _codes(lists: Mapping[str, Codelist] | None) -> Codes | None:
    if not lists:
        return None
    found: dict[str, set[str]] = {}
    for codelist in lists.values():
        for code in codelist.codes:
            found.setdefault(code.system, set()).add(code.code)
    return {system: frozenset(codes) for system, codes in found.items()}


def narrowed(views: Mapping[str, exp.Select], wanted: Mapping[str, Need]) -> dict[str, exp.Select]:
    """Definitions with no column that is not read by a later one or wanted.

    Args:
        views: each reads only those before it.
        wanted: those that are asked for themselves.
    """
    read: dict[str, set[str]] = {name: set(need.columns) for name, need in wanted.items() if need.columns is not None}
    kept_whole = {name for name, need in wanted.items() if need.columns is None}
    made: dict[str, exp.Select] = {}
    for name in reversed(list(views)):
        made[name] = views[name] if name in kept_whole else _with_columns(views[name].copy(), read.get(name, set()))
        for table, columns in columns_read(made[name]):
            if not table.db:
                read.setdefault(table.name, set()).update(columns)
    return dict(reversed(made.items()))


def columns_read(tree: exp.Expr) -> Iterator[tuple[exp.Table, set[str]]]:
    """Every table that a definition names, with the columns that it may read of it."""
    for table in tree.find_all(exp.Table):
        scope = table.find_ancestor(exp.Select)
        if scope is not None:
            names = {table.alias_or_name, ""}
            yield table, {column.name for column in scope.find_all(exp.Column) if column.table in names}


def _with_columns(select: exp.Select, wanted: set[str]) -> exp.Select:
    kept = [item for item in select.expressions if item.alias_or_name in wanted]
    # A table has at least one column; where two rows would become one, all columns tell them apart.
    if kept and not select.args.get("distinct"):
        select.set("expressions", kept)
    for inner in select.find_all(exp.Subquery):
        scope = inner.find_ancestor(exp.Select)
        if inner.alias and scope is not None and isinstance(inner.this, exp.Select):
            read = {column.name for column in scope.find_all(exp.Column) if column.table in {inner.alias, ""}}
            _with_columns(inner.this, read)
    return select
