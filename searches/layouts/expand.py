"""From a layout's SQL files to trees without rules, macros and placeholders.

Everything happens in the tree; the text is written once, by the engine.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path

import sqlglot
from sqlglot import exp

from searches.codelist import parse_codelist
from searches.engines.listed import listed, listed_numbers
from searches.engines.site import AS_NAMED, RAW, Site
from searches.errors import LayoutError
from searches.layouts.at_site import AtSite, number_codes
from searches.layouts.layout import Layout
from searches.search import Codelist

_CODELISTS = Path(__file__).parents[1] / "codelists"
_DIGITS = re.compile(r"[1-9][0-9]{0,18}")
_LARGEST = 2**63 - 1

# Completed months: calendar months between, less one until the day of the month is reached. Someone born on the 29th of
# February is therefore a year older on the 1st of March of a common year, as by the arithmetic on YYYYMMDD.
_MONTHS = """
    (EXTRACT(YEAR FROM _2) * 12 + EXTRACT(MONTH FROM _2)) - (EXTRACT(YEAR FROM _1) * 12 + EXTRACT(MONTH FROM _1))
    - CASE WHEN EXTRACT(DAY FROM _2) < EXTRACT(DAY FROM _1) THEN 1 ELSE 0 END
"""
_AGE_BAND = """
    CASE WHEN _1 < 10 THEN '0-9' WHEN _1 < 20 THEN '10-19' WHEN _1 < 30 THEN '20-29' WHEN _1 < 40 THEN '30-39'
         WHEN _1 < 50 THEN '40-49' WHEN _1 < 60 THEN '50-59' WHEN _1 < 70 THEN '60-69' WHEN _1 < 80 THEN '70-79'
         WHEN _1 < 90 THEN '80-89' WHEN _1 >= 90 THEN '90+' END
"""
_SEX = "CASE WHEN UPPER(TRIM(_1)) IN ('F', 'M', 'I') THEN UPPER(TRIM(_1)) ELSE 'U' END"
SHARED_MACROS = {
    "months_apart": _MONTHS,
    "age_band_of": _AGE_BAND,
    "sex_of": _SEX,
    "decimal_of": "TRY_CAST(_1 AS DECIMAL(19, 3))",
    "flag": "LOWER(TRIM(COALESCE(_1, ''))) IN ('true', '1')",
}


@dataclass(frozen=True, slots=True)
class Bindings:
    """What the placeholders of a layout stand for."""

    reference_date: date
    practice: str


def definitions(
    layout: Layout, wanted: Iterable[str], bindings: Bindings, site: Site = AS_NAMED
) -> dict[str, exp.Select]:
    """The named SELECTs that `wanted` needs, themselves included, each reading only those before it.

    They are kept for the next question: to be read and written, not to be changed.

    Args:
        layout: whose.
        wanted: names of canonical tables, or `type1`, or `identity`.
        bindings: what its placeholders stand for.
        site: whose database is to read them.

    Raises:
        LayoutError: the layout defines no such table; the reason says which.
    """
    needed: dict[str, exp.Select] = {}
    waiting = list(wanted)
    while waiting:
        name = waiting.pop()
        if name not in needed:
            needed[name] = definition(layout, name, bindings, site)
            waiting += [table.name for table in needed[name].find_all(exp.Table) if not table.db]
    return {name: needed[name] for name in layout.definitions if name in needed}


def raw_tables(trees: Iterable[exp.Select]) -> frozenset[str]:
    """Names of the raw tables that these SELECTs read."""
    return frozenset(table.name for tree in trees for table in tree.find_all(exp.Table) if table.db == RAW)


def rules_used(layout: Layout) -> frozenset[str]:
    """Names of the rules that stand in the layout's SQL and macros."""
    texts = (*layout.definitions.values(), *(f"SELECT {macro}" for macro in layout.macros.values()))
    return frozenset(
        node.expressions[0].name
        for text in texts
        for node in sqlglot.parse_one(text, read="duckdb").find_all(exp.Anonymous)
        if node.name.lower() == "rule"
    )


def codes_by_system(codelist: Codelist) -> dict[str, tuple[str, ...]]:
    """The codes of a list, by system."""
    return {system: codelist.of_system(system) for system in sorted({code.system for code in codelist.codes})}


def _packaged_codes(name: str) -> dict[str, tuple[str, ...]]:
    """The codes of a list that a layout itself asks for (opt-outs), by system."""
    text = (_CODELISTS / f"{name}.csv").read_text(encoding="utf-8")
    return codes_by_system(parse_codelist(name, text))


@dataclass(frozen=True, slots=True)
class CodeColumns:
    """The columns of one canonical table that hold its codes.

    Args:
        layout: whose.
        table: which.
        numbers: the columns of any table, as `table.column`, that hold numbers where it is asked.
    """

    layout: Layout
    table: str
    numbers: frozenset[str] = frozenset()

    def by_system(self) -> Mapping[str, str]:
        """The column of each code system."""
        return self.layout.code_columns.get(self.table, {})

    def is_number(self, column: str) -> bool:
        """Does this column hold numbers?"""
        return f"{self.table}.{column}" in self.numbers


def codes_asked(columns: CodeColumns, node: exp.In, codes: Mapping[str, tuple[str, ...]]) -> exp.Expression:
    """`code IN codelist.NAME` as it is asked of this layout: one IN for each code system that both know.

    An entry has a code in one system or another. It is in no list if its code is not listed, whatever the other columns
    hold; only of an entry without any code is nothing known, as where there is one column. NOT ... depends on that;
    where nothing does, it is left out, and an index on a code serves.

    Args:
        columns: that hold the codes.
        node: the predicate, with a column named `code` on its left.
        codes: the list's codes, by system.

    Raises:
        LayoutError: the list has no code in any system of this table; nobody could ever be found.
    """
    by_system, layout = columns.by_system(), columns.layout
    prefix = node.this.args.get("table")
    asked = [
        _one_of(exp.column(column, table=prefix), codes[system], is_number=columns.is_number(column))
        for system, column in by_system.items()
        if codes.get(system)
    ]
    if not asked:
        raise LayoutError(
            f"layout {layout.name} has no code system of this list in {columns.table}",
            layout.missing.get(f"{columns.table}.code", "no_code_in_layout"),
            f"add codes of one of: {', '.join(by_system) or 'none'}",
        )
    if len(by_system) == 1 or _only_if_true(node):
        return exp.Paren(this=exp.or_(*asked, copy=False))
    known = [exp.And(this=exp.Not(this=_is_null(part.this)), expression=part) for part in asked]
    return exp.Paren(this=exp.or_(*known, _nothing_known(columns, prefix), copy=False))


def as_numbers(codes: Iterable[str]) -> list[str]:
    """Those of some codes that a column of numbers can hold; no other can ever be found there."""
    return [code for code in codes if _DIGITS.fullmatch(code) and int(code) <= _LARGEST]


def _one_of(column: exp.Column, codes: Sequence[str], *, is_number: bool) -> exp.Binary | exp.In:
    if not is_number:
        return exp.In(this=column, expressions=listed(codes))
    numbers = as_numbers(codes)
    if numbers:
        return exp.In(this=column, expressions=listed_numbers(numbers))
    return exp.NEQ(this=column, expression=column.copy())  # of a code not true, of none not known


def _only_if_true(node: exp.Expression) -> bool:
    """Does nobody ask more of a condition than whether it is true?"""
    holder = node.parent
    while isinstance(holder, exp.And | exp.Or | exp.Paren):
        node, holder = holder, holder.parent
    if isinstance(holder, exp.If):
        return node.arg_key == "this" and not (holder.parent and holder.parent.args.get("this"))
    return isinstance(holder, exp.Where | exp.Having) or (isinstance(holder, exp.Join) and node.arg_key == "on")


def _nothing_known(columns: CodeColumns, prefix: exp.Identifier | None) -> exp.Expr:
    """Never true; not known of an entry without any code, and false of any other."""
    names = list(columns.by_system().values())
    found = {name: exp.column(name, table=prefix) for name in names}
    text = next(name for name in names if not columns.is_number(name))
    without = [_no_code(column, is_number=columns.is_number(name)) for name, column in found.items()]
    never = exp.EQ(this=found[text].copy(), expression=exp.Literal.string(""))
    return exp.and_(*without, never, copy=False)


def _no_code(column: exp.Column, *, is_number: bool) -> exp.Expr:
    if not is_number:
        return _is_null(column)
    return exp.paren(exp.or_(_is_null(column), exp.LTE(this=column.copy(), expression=exp.Literal.number(0))))


def _is_null(column: exp.Expr) -> exp.Is:
    return exp.Is(this=column.copy(), expression=exp.null())


def check_has(layout: Layout, name: str) -> None:
    """Refuse a table that the layout has no source for.

    Raises:
        LayoutError: with a reason such as `layout_has_no_appointments`.
    """
    if name not in layout.definitions:
        reason = layout.missing.get(name, f"layout_has_no_{name}")
        raise LayoutError(f"layout {layout.name} has no source for {name}", reason)


@lru_cache(maxsize=64)  # a tree takes some 90 kB
def definition(layout: Layout, name: str, bindings: Bindings, site: Site = AS_NAMED) -> exp.Select:
    """One named SELECT of a layout; it is kept, to be read and copied, not to be changed.

    Raises:
        LayoutError: the layout defines no such table; the reason says which.
    """
    check_has(layout, name)
    tree = sqlglot.parse_one(layout.definitions[name], read="duckdb")
    if not isinstance(tree, exp.Select):
        raise LayoutError(f"a definition of layout {layout.name} is not one SELECT", "layout_is_wrong")
    for node in tree.walk():
        node.comments = None
    at_site = AtSite(layout, site)
    tree = _bound(_expanded(at_site, tree), bindings)
    opt_outs = CodeColumns(layout, "type1_entry", number_codes(layout, site))
    for asked in list(tree.find_all(exp.In)):
        if isinstance(asked.args.get("field"), exp.Column):
            asked.replace(codes_asked(opt_outs, asked, _packaged_codes(asked.args["field"].name)))
    at_site.finish(tree)
    return tree


def _expanded(at_site: AtSite, tree: exp.Select) -> exp.Select:
    layout = at_site.layout
    macros = {**SHARED_MACROS, **layout.macros}
    at_site.mark(tree)
    # Outermost first: what a macro or rule leaves in the tree is looked at again.
    while (node := next(tree.find_all(exp.Anonymous), None)) is not None:
        name = node.name.lower()
        if name == "rule":
            node.replace(exp.paren(_ruled(layout, node)))
        elif name in macros:
            short = at_site.macro(name, node.expressions)
            node.replace(short or exp.paren(_macro(at_site, macros[name], node.expressions)))
        else:
            raise LayoutError(f"layout {layout.name} uses the unknown macro {name}", "layout_is_wrong")
    return tree


def _ruled(layout: Layout, node: exp.Anonymous) -> exp.Expression:
    name, kept, *otherwise = node.expressions
    chosen: exp.Expression = kept if name.name in layout.rules else (otherwise or [exp.true()])[0]
    return chosen.copy()


def _macro(at_site: AtSite, text: str, arguments: list[exp.Expression]) -> exp.Expression:
    holder = exp.Paren(this=sqlglot.parse_one(f"SELECT {text}", read="duckdb").expressions[0])
    at_site.mark(holder)
    for column in list(holder.find_all(exp.Column)):
        if column.name.startswith("_") and not column.table:
            column.replace(arguments[int(column.name[1:]) - 1].copy())
    body: exp.Expression = holder.this
    return body


def _bound(tree: exp.Select, bindings: Bindings) -> exp.Select:
    for node in list(tree.find_all(exp.Placeholder)):
        if node.name == "reference_date":
            node.replace(exp.cast(exp.Literal.string(bindings.reference_date.isoformat()), "DATE"))
        elif node.name == "practice":
            node.replace(exp.Literal.string(bindings.practice))
        elif node.name == "practice_number":
            node.replace(exp.Literal.number(_number(bindings.practice)))
        else:
            raise LayoutError(f"a layout may not use :{node.name}", "layout_is_wrong")
    for part in list(tree.find_all(exp.Extract)):
        if isinstance(part.expression, exp.Cast) and isinstance(part.expression.this, exp.Literal):
            day = date.fromisoformat(part.expression.this.name)
            part.replace(exp.Literal.number(getattr(day, part.name.lower())))
    return tree


def _number(practice: str) -> int:
    if not (practice.isascii() and practice.isdigit()):
        raise LayoutError(
            f"practice {practice} is called by a number in this record system, expected digits",
            "practice_is_no_number",
            "give its Organisation_ID",
        )
    return int(practice)
