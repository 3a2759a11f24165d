"""From a checked search to one statement in the words of one record system and one engine.

The search's tree and the layout's trees become one tree: bound dates are literals, `code IN codelist.NAME` is one IN
for each code system that the layout has, canonical tables are CTEs over raw ones. That tree is written once, by the
engine; the author's text is never run. A receipt says what was made of what.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from hashlib import sha256

from sqlglot import exp

from searches import canon
from searches.engines import AS_NAMED, ENGINES, Engine, Site
from searches.errors import LayoutError
from searches.layouts.at_site import number_codes
from searches.layouts.expand import Bindings, CodeColumns, check_has, codes_asked, codes_by_system
from searches.layouts.layout import Layout
from searches.layouts.written import OURS, Ground, over_raw
from searches.parse import parse
from searches.search import Search, Unit
from searches.windows import bind, fold_in_place

ROWS = f"{OURS}rows"
"""What the search's own SELECT is called in the statement."""


@dataclass(frozen=True, slots=True)
class TranslationReceipt:
    """What was made of a search; goes with every result.

    Args:
        search_digest: SHA-256 (hex) of the search's files and code lists.
        layout: its name.
        layout_version: over all that the layout says.
        engine: its name.
        engine_version: its own, or of a server the oldest that the statement is written for.
        statement_digest: SHA-256 (hex) of the whole statement, as UTF-8.
    """

    search_digest: str
    layout: str
    layout_version: str
    engine: str
    engine_version: str
    statement_digest: str


@dataclass(frozen=True, slots=True)
class LocalStatement:
    """A search as one statement for one record system and engine, with its receipt."""

    sql: str
    receipt: TranslationReceipt


def translate(
    search: Search, layout: Layout, engine: str = "duckdb", *, reference_date: date, practice: str
) -> LocalStatement:
    """Write a search for one record system and engine.

    Raises:
        LayoutError: the layout has no source for a table or a code list that the search reads, or a node cannot be
            written exactly; `reason` is a code.
    """
    if engine not in ENGINES:
        raise LayoutError(f"no engine is called {engine!r}", "unknown_engine", f"choose one of: {', '.join(ENGINES)}")
    question = ask(search, layout, reference_date)
    return statement(question, layout, ENGINES[engine], practice)


@dataclass(frozen=True, slots=True)
class Question:
    """A search as one layout and one date see it, over canonical tables.

    Args:
        search: what is asked.
        reference_date: for which day.
        tree: one SELECT of fixed columns: patient_id, outcome, the dimensions as declared, of a distribution the value,
            and for appointments the id and start date of each.
        tables: the canonical tables that it reads.
        asked: the same as its author wrote it, dates folded and code lists still by name.
    """

    search: Search
    reference_date: date
    tree: exp.Select
    tables: frozenset[str]
    asked: exp.Select


def statement(
    question: Question, layout: Layout, engine: Engine, practice: str, site: Site = AS_NAMED
) -> LocalStatement:
    """The question over raw tables: the layout's CTEs, the search's own, and its SELECT.

    Raises:
        LayoutError: a node cannot be written exactly.
    """
    numbers = number_codes(layout, site)
    # Where codes are numbers the literals are numbers too: an index serves, and no engine compares floats.
    tree = _in_codes(question.search, layout, question.asked.copy(), numbers) if numbers else question.tree
    sql = over_raw(Ground(layout, Bindings(question.reference_date, practice), engine, site), tree)
    receipt = TranslationReceipt(
        search_digest=question.search.digest,
        layout=layout.name,
        layout_version=_version(layout),
        engine=engine.name,
        engine_version=engine.version(),
        statement_digest=sha256(sql.encode()).hexdigest(),
    )
    return LocalStatement(sql, receipt)


@lru_cache(maxsize=16)
def _version(layout: Layout) -> str:
    return layout.version


def ask(search: Search, layout: Layout, reference_date: date) -> Question:
    """Put a search in the words of a layout.

    Raises:
        LayoutError: the layout has no source for a table or a code list that the search reads.
    """
    select = parse(search.sql).select.copy()
    for node in select.walk():
        node._meta = None  # noqa: SLF001 - where a piece stood, which is no longer asked, would be copied again and again
    fold_in_place(select, bind(reference_date, search.schedule))
    asked = select.copy()
    tables = _tables_read(search, select.walk())
    for table in sorted(tables):
        check_has(layout, table)
    return Question(search, reference_date, _in_codes(search, layout, select, frozenset()), tables, asked)


def _in_codes(search: Search, layout: Layout, select: exp.Select, numbers: frozenset[str]) -> exp.Select:
    """The tree of a question, made of its author's SELECT, in which code lists become codes."""
    for node in list(select.walk()):
        if isinstance(node, exp.Union):  # SQLite knows no parentheses around one side
            node.set("this", node.this.unnest())
            node.set("expression", node.expression.unnest())
        elif isinstance(node, exp.In) and isinstance(node.args.get("field"), exp.Column):
            codes = codes_by_system(search.codelists[node.args["field"].name])
            node.replace(codes_asked(CodeColumns(layout, _table_of(node), numbers), node, codes))
    return _wrapped(search, select)


def _tables_read(search: Search, nodes: Iterable[exp.Expr]) -> frozenset[str]:
    # For appointments that table too, which says when each was.
    read = {node.name for node in nodes if isinstance(node, exp.Table)} & set(canon.TABLES)
    return frozenset(read | ({"appointment"} if search.unit is Unit.APPOINTMENT else set()))


def _table_of(node: exp.In) -> str:
    """The canonical table whose `code` is asked: by the column's prefix, or the only one in sight that has codes."""
    prefix = node.this.table
    scope = node.find_ancestor(exp.Select)
    while scope is not None:
        sources = [join.this for join in scope.args.get("joins") or ()]
        sources += [scope.args["from_"].this] if scope.args.get("from_") else []
        tables = [source for source in sources if isinstance(source, exp.Table) and source.name in canon.TABLES]
        coded = [table for table in tables if canon.TABLES[table.name].column("code") is not None]
        fitting = [table for table in coded if not prefix or table.alias_or_name == prefix]
        if len(fitting) == 1:
            return fitting[0].name
        if fitting:
            break
        scope = scope.find_ancestor(exp.Select)
    raise LayoutError("it is not clear of which table a code is asked", "not_translatable", "write alias.code")


def _wrapped(search: Search, select: exp.Select) -> exp.Select:
    with_ = select.args.get("with_")
    select.set("with_", None)
    names = ["patient_id", "outcome", *(dimension.name for dimension in search.dimensions)]
    names += ["value"] if search.measure is not None else []
    columns = [exp.column(name, table="r") for name in names]
    rows = exp.select(*columns).from_(exp.to_table(ROWS).as_("r"))
    if search.unit is Unit.APPOINTMENT:
        rows = rows.select(exp.column("appointment_id", table="r"), exp.column("start_date", table="a")).join(
            exp.to_table("appointment").as_("a"),
            on=exp.column("appointment_id", table="a").eq(exp.column("appointment_id", table="r")),
            join_type="left",
        )
    inner = exp.CTE(this=select, alias=exp.TableAlias(this=exp.to_identifier(ROWS)))
    rows.set("with_", exp.With(expressions=[*(with_.expressions if with_ else ()), inner]))
    return rows
