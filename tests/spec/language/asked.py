"""From a case to statements: every one goes through the parser, the rules and the translator, as a search does."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from functools import cache

from sqlglot import TokenType, exp
from sqlglot.dialects.duckdb import DuckDB

from searches.layouts import layout
from searches.parse import parse
from searches.rules import Declared, check
from searches.rules.selects import read_whole
from searches.search import Code, Codelist, Dimension, Good, Search, Unit
from searches.translate import Engine, Question, ask, statement
from tests.spec.language.drawn import OF_LETTER, Case, Kind, Row, Section, value

CANONICAL = layout("canonical")
PRACTICE = "Z90001"
_SYSTEMS = ("snomed", "dmd")
_OUTER = (
    "SELECT p.patient_id, CASE WHEN EXISTS (SELECT 1 FROM shown WHERE shown.patient_id = p.patient_id) "
    "THEN 'met' ELSE 'not met' END AS outcome FROM patient AS p"
)


@dataclass(frozen=True, slots=True)
class Asked:
    """A statement to run, and the rows that it must give, in any order."""

    question: Question
    rows: tuple[Row, ...]

    def sql(self, engine: Engine) -> str:
        """The statement as that engine writes it."""
        return statement(self.question, CANONICAL, engine, PRACTICE).sql


@cache
def asked(section: Section, case: Case) -> tuple[Asked, ...]:
    """The statements of a case, for any engine: a condition is asked in CASE and in WHERE, anything else once."""
    if case.kind is Kind.QUERY and "outcome" in case.columns:
        search = _search(section, case.text)
        return (Asked(_fixed_order(ask(search, CANONICAL, section.reference_date), case), case.rows),)
    if case.kind is Kind.QUERY:
        return (_shown(section, case, case.text),)
    table = OF_LETTER[case.letter]
    ids = f"{case.letter}.patient_id" + (f", {case.letter}.{table.key}" if table.key != "patient_id" else "")
    source = f"FROM {table.name} AS {case.letter}"
    if case.kind is Kind.VALUE:
        return (_shown(section, case, f"SELECT {ids}, {case.text} AS answer {source}"),)
    holds = f"CASE WHEN {case.text} THEN 1 WHEN NOT ({case.text}) THEN 0 END AS answer"
    yes = tuple((row[0],) for row in case.rows if row[1] == Decimal(1))
    return (
        _shown(section, case, f"SELECT {ids}, {holds} {source}"),
        _shown(section, replace(case, columns=(table.key,), rows=yes), f"SELECT {ids} {source} WHERE {case.text}"),
    )


def compared(rows: object) -> list[Row]:
    """Rows in one order and with values that compare, as they are drawn or as an engine fetched them."""
    listed = rows if isinstance(rows, list | tuple) else ()
    return sorted((tuple(value(cell) for cell in row) for row in listed), key=_order)


def _order(row: Row) -> list[str]:
    return [f"{cell.normalize():f}" if isinstance(cell, Decimal) else str(cell) for cell in row]


def refused(case: Case) -> None:
    """Put a condition into a search that asks it of every event, and check that.

    Raises:
        RuleError: the search is refused.
    """
    _search(Section("", ""), f"WITH shown AS (SELECT e.patient_id FROM event AS e WHERE {case.text}) {_OUTER}")


def _shown(section: Section, case: Case, sql: str) -> Asked:
    """The rows of a CTE: the search around it is checked and asked, and then the CTE is shown instead."""
    start = _after_ctes(sql)
    before = f"{sql[:start].rstrip()}, " if start else "WITH "
    question = ask(_search(section, f"{before}shown AS ({sql[start:]}) {_OUTER}"), CANONICAL, section.reference_date)
    tree = exp.select(*(exp.column(name, table="s") for name in case.columns)).from_(exp.to_table("shown").as_("s"))
    with_ = question.tree.args["with_"].copy()
    with_.set("expressions", with_.expressions[:-1])
    tree.set("with_", with_)
    return Asked(replace(question, tree=tree), case.rows)


def _after_ctes(sql: str) -> int:
    """Where the query after the CTEs begins; 0 if there are none."""
    tokens = DuckDB().tokenize(sql)
    deep = 0
    for token in tokens if tokens[0].token_type is TokenType.WITH else ():
        deep += {TokenType.L_PAREN: 1, TokenType.R_PAREN: -1}.get(token.token_type, 0)
        if token.token_type is TokenType.SELECT and not deep:
            return token.start
    return 0


def _fixed_order(question: Question, case: Case) -> Question:
    """The question with its columns in the order in which they are drawn."""
    tree = question.tree.copy()
    columns = {item.alias_or_name: item for item in tree.expressions}
    tree.set("expressions", [columns[name] for name in case.columns])
    return replace(question, tree=tree)


def _search(section: Section, sql: str) -> Search:
    """The search of that SQL, after every rule of the language."""
    tree = parse(sql)
    whole = read_whole(tree)
    unit = Unit.APPOINTMENT if "appointment_id" in whole.outputs else Unit.PERSON
    dimensions = tuple(
        Dimension(name, tuple(sorted(output.type.values)))
        for name, output in whole.outputs.items()
        if name not in {"patient_id", "appointment_id", "outcome"}
    )
    kind = "proportion" if "not met" in whole.outputs["outcome"].type.values else "count"
    check(tree, Declared(unit, kind, dimensions, frozenset(whole.usage.codelists)))
    return Search(
        id="drawn",
        title="a drawn case",
        why_it_matters="",
        unit=unit,
        kind=kind,
        dimensions=dimensions,
        codelists={name: _codelist(name, codes) for name, codes in section.codelists.items()},
        good=Good.NEUTRAL,
        target=None,
        schedule=section.schedule,
        owner="a tester",
        authored_by="a tester",
        next_review=date(2027, 1, 1),
        sql=sql,
        digest="0" * 64,
    )


def _codelist(name: str, codes: tuple[str, ...]) -> Codelist:
    # Made here and not read from a file: a page also asks of texts that are no valid codes of any system.
    return Codelist(name, tuple(Code(system, code, "") for system in _SYSTEMS for code in codes), "0" * 64)
