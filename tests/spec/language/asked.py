"""From a case to statements: every one goes through the parser, the rules and the translator, as a search does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from enum import StrEnum
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


class Form(StrEnum):
    """How the answers of several cases stand in the rows of one statement."""

    WHOLE = "the rows are the answer of one case"
    COLUMNS = "an id, and then a column for each case"
    BRANCHES = "an id and the number of a case that chose it"


@dataclass(frozen=True, slots=True)
class Asked:
    """One statement that asks all cases of a block at once."""

    question: Question
    cases: tuple[Case, ...]
    form: Form

    def sql(self, engine: Engine) -> str:
        """The statement as that engine writes it."""
        return statement(self.question, CANONICAL, engine, PRACTICE).sql

    def differences(self, fetched: Sequence[Sequence[object]]) -> list[str]:
        """The cases whose answer is not the drawn one, with both."""
        found = []
        for place, case in enumerate(self.cases):
            got, drawn = self._got(fetched, place), compared(self._drawn(case))
            if got != drawn:
                found.append(f"line {case.line}: {case.text}: expected {_shown_rows(drawn)}, got {_shown_rows(got)}")
        return found

    def _got(self, fetched: Sequence[Sequence[object]], place: int) -> list[Row]:
        if self.form is Form.WHOLE:
            return compared(fetched)
        if self.form is Form.COLUMNS:
            return compared([(row[0], row[place + 1]) for row in fetched])
        return compared([(row[0],) for row in fetched if row[1] == place])

    def _drawn(self, case: Case) -> Sequence[Row]:
        if self.form is Form.BRANCHES:
            return [(row[0],) for row in case.rows if row[1] == Decimal(1)]
        return case.rows


@cache
def asked(section: Section, cases: tuple[Case, ...]) -> tuple[Asked, ...]:
    """The statements of a block of cases, for any engine: conditions are asked in CASE and in WHERE."""
    first = cases[0]
    if first.kind is Kind.QUERY and "outcome" in first.columns:
        question = ask(_search(section, first.text), CANONICAL, section.reference_date)
        return (Asked(_fixed_order(question, first), cases, Form.WHOLE),)
    if first.kind is Kind.QUERY:
        return (Asked(_shown(section, first.columns, first.text), cases, Form.WHOLE),)
    table = OF_LETTER[first.letter]
    ids = f"{first.letter}.patient_id" + (f", {first.letter}.{table.key}" if table.key != "patient_id" else "")
    source = f"FROM {table.name} AS {first.letter}"
    numbers = range(len(cases))
    values = ", ".join(f"{_value(case)} AS answer{number}" for number, case in enumerate(cases))
    columns = (table.key, *(f"answer{number}" for number in numbers))
    by_columns = Asked(_shown(section, columns, f"SELECT {ids}, {values} {source}"), cases, Form.COLUMNS)
    if first.kind is Kind.VALUE:
        return (by_columns,)
    branches = " UNION ALL ".join(
        f"SELECT {ids}, {number} AS chosen_by {source} WHERE {case.text}" for number, case in enumerate(cases)
    )
    return (by_columns, Asked(_shown(section, (table.key, "chosen_by"), branches), cases, Form.BRANCHES))


def _value(case: Case) -> str:
    if case.kind is Kind.VALUE:
        return case.text
    return f"CASE WHEN {case.text} THEN 1 WHEN NOT ({case.text}) THEN 0 END"


def _shown_rows(rows: Sequence[Row]) -> str:
    return "; ".join(" ".join("NULL" if cell is None else str(cell) for cell in row) for row in rows) or "no rows"


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


def _shown(section: Section, columns: Sequence[str], sql: str) -> Question:
    """Columns of a CTE: the search around it is checked and asked, and then the CTE is shown instead."""
    start = _after_ctes(sql)
    before = f"{sql[:start].rstrip()}, " if start else "WITH "
    question = ask(_search(section, f"{before}shown AS ({sql[start:]}) {_OUTER}"), CANONICAL, section.reference_date)
    tree = exp.select(*(exp.column(name, table="s") for name in columns)).from_(exp.to_table("shown").as_("s"))
    with_ = question.tree.args["with_"].copy()
    with_.set("expressions", with_.expressions[:-1])
    tree.set("with_", with_)
    return replace(question, tree=tree)


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
