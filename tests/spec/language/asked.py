"""From a case to statements: every one goes through the parser, the rules and the translator, as a search does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from enum import StrEnum
from functools import cache
from hashlib import sha256

from sqlglot import TokenType, exp
from sqlglot.dialects.duckdb import DuckDB

from searches.layouts import Layout, layout
from searches.parse import SearchTree, parse
from searches.rules import Declared, check
from searches.rules.selects import read_whole
from searches.search import Code, Codelist, Dimension, Good, Schedule, Search, Unit
from searches.translate import Engine, Question, ask, statement
from tests.layout_rows import called, listed
from tests.spec.language.drawn import OF_LETTER, Case, Kind, Row, Section, value

CANONICAL = layout("canonical")
PRACTICE = "Z90001"
_NUMBER = "987654321"
"""What no other number in a statement is."""
_CHOSEN = "CASE WHEN {yes} THEN 'met' WHEN NOT {yes} THEN 'not met' ELSE 'excepted' END"
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
    """One statement that asks all cases of a block at once.

    Args:
        question: in the words of a layout.
        cases: what is asked.
        form: how their answers stand in the rows.
        columns: of the rows, in order.
        written: the same SELECT as it is written, of no layout.
        layout: whose tables are asked.
    """

    question: Question
    cases: tuple[Case, ...]
    form: Form
    columns: tuple[str, ...]
    written: exp.Select
    layout: Layout

    def sql(self, engine: Engine, practice: str = PRACTICE) -> str:
        """The statement as that engine writes it.

        It is written for one practice and has another's code put in: the tables of a layout are then written once.
        """
        if self.layout.native:
            number = called(self.layout.name, practice)
            return statement(self.question, self.layout, engine, _NUMBER).sql.replace(_NUMBER, number)
        return statement(self.question, self.layout, engine, PRACTICE).sql.replace(f"'{PRACTICE}'", f"'{practice}'")

    def differences(self, fetched: Sequence[Sequence[object]], held: Sequence[Row] | None = None) -> list[str]:
        """The cases whose answer is not the drawn one, with both.

        Args:
            fetched: rows of the statement.
            held: rows that are expected instead of the drawn ones.
        """
        found = []
        for place, case in enumerate(self.cases):
            got = self._got(fetched, place)
            drawn = compared(self._drawn(case)) if held is None else self._got(held, place)
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
def asked(section: Section, cases: tuple[Case, ...], of: Layout = CANONICAL) -> tuple[Asked, ...]:
    """The statements of a block of cases, for any engine: conditions are asked in CASE and in WHERE."""
    first = cases[0]
    if first.kind is Kind.QUERY and "outcome" in first.columns:
        return (_whole(section, cases, of),)
    if first.kind is Kind.QUERY:
        return (_shown(section, cases, of, Form.WHOLE, first.columns, first.text),)
    by_columns, by_branches = both_forms(cases)
    table = OF_LETTER[first.letter]
    columns = (table.key, *(f"answer{number}" for number in range(len(cases))))
    in_columns = _shown(section, cases, of, Form.COLUMNS, columns, by_columns)
    if first.kind is Kind.VALUE:
        return (in_columns,)
    return (in_columns, _shown(section, cases, of, Form.BRANCHES, (table.key, "chosen_by"), by_branches))


def in_a_search(section: Section, case: Case) -> Question | None:
    """A case as a search for a batch: who has a row of which it is true; None of a value or a CTE."""
    if case.kind is Kind.QUERY and "outcome" in case.columns:
        sql = case.text
    elif case.kind is Kind.CONDITION and case.letter == "p":
        sql = f"SELECT p.patient_id, {_CHOSEN.format(yes=f'({case.text})')} AS outcome FROM patient AS p"
    elif case.kind is Kind.CONDITION:
        table = OF_LETTER[case.letter]
        rows = f"SELECT 1 FROM {table.name} AS {case.letter} WHERE {case.letter}.patient_id = p.patient_id"
        sql = (
            f"SELECT p.patient_id, {_CHOSEN.format(yes=f'EXISTS ({rows} AND ({case.text}))')} AS outcome "
            "FROM patient AS p"
        )
    else:
        return None
    return ask(replace(_search(section, sql), id=f"line-{case.line}"), CANONICAL, section.reference_date)


def both_forms(cases: tuple[Case, ...]) -> tuple[str, str]:
    """A SELECT with a column for each case, and, of conditions, one with a branch for each."""
    letter = cases[0].letter
    table = OF_LETTER[letter]
    ids = f"{letter}.patient_id" + (f", {letter}.{table.key}" if table.key != "patient_id" else "")
    source = f"FROM {table.name} AS {letter}"
    values = ", ".join(f"{_value(case)} AS answer{number}" for number, case in enumerate(cases))
    branches = " UNION ALL ".join(
        f"SELECT {ids}, {number} AS chosen_by {source} WHERE {case.text}" for number, case in enumerate(cases)
    )
    return f"SELECT {ids}, {values} {source}", branches


def tree_of(case: Case) -> SearchTree:
    """A case as the whole search that asks it, parsed."""
    if case.kind is Kind.QUERY and "outcome" in case.columns:
        return _parsed(case.text)
    return _parsed(_around(case.text if case.kind is Kind.QUERY else both_forms((case,))[0]))


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


def _whole(section: Section, cases: tuple[Case, ...], of: Layout) -> Asked:
    """A whole search, with its columns in the order in which they are drawn."""
    (case,) = cases
    question = ask(_search(section, case.text, of), of, section.reference_date)
    tree = question.tree.copy()
    columns = {item.alias_or_name: item for item in tree.expressions}
    tree.set("expressions", [columns[name] for name in case.columns])
    return Asked(replace(question, tree=tree), cases, Form.WHOLE, case.columns, _parsed(case.text).select, of)


def _shown(  # noqa: PLR0917 - two questions
    section: Section, cases: tuple[Case, ...], of: Layout, form: Form, columns: tuple[str, ...], sql: str
) -> Asked:
    """Columns of a CTE: the search around it is checked and asked, and then the CTE is shown instead."""
    search = _search(section, _around(sql), of)
    question = ask(search, of, section.reference_date)
    with_ = question.tree.args["with_"].copy()
    with_.set("expressions", with_.expressions[:-1])
    written = _of_shown(columns, _parsed(search.sql).select.args["with_"].copy())
    return Asked(replace(question, tree=_of_shown(columns, with_)), cases, form, columns, written, of)


def _of_shown(columns: tuple[str, ...], with_: exp.Expression) -> exp.Select:
    tree = exp.select(*(exp.column(name, table="s") for name in columns)).from_(exp.to_table("shown").as_("s"))
    tree.set("with_", with_)
    return tree


def _around(sql: str) -> str:
    """A search that has this SELECT as its last CTE."""
    start = _after_ctes(sql)
    before = f"{sql[:start].rstrip()}, " if start else "WITH "
    return f"{before}shown AS ({sql[start:]}) {_OUTER}"


def _after_ctes(sql: str) -> int:
    """Where the query after the CTEs begins; 0 if there are none."""
    tokens = DuckDB().tokenize(sql)
    deep = 0
    for token in tokens if tokens[0].token_type is TokenType.WITH else ():
        deep += {TokenType.L_PAREN: 1, TokenType.R_PAREN: -1}.get(token.token_type, 0)
        if token.token_type is TokenType.SELECT and not deep:
            return token.start
    return 0


@cache
def _parsed(sql: str) -> SearchTree:
    return parse(sql)


def _search(section: Section, sql: str, of: Layout = CANONICAL) -> Search:
    """The search of that SQL, with the codes of its lists as a layout has them."""
    lists = {name: _codelist(name, codes, of) for name, codes in section.codelists.items()}
    return replace(_checked(sql, section.schedule), codelists=lists)


@cache
def _checked(sql: str, schedule: Schedule) -> Search:
    """A search after every rule of the language."""
    tree = _parsed(sql)
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
        codelists={},
        good=Good.NEUTRAL,
        target=None,
        schedule=schedule,
        owner="a tester",
        authored_by="a tester",
        next_review=date(2027, 1, 1),
        sql=sql,
        digest="0" * 64,
    )


def _codelist(name: str, codes: tuple[str, ...], of: Layout) -> Codelist:
    # Made here and not read from a file: a page also asks of texts that are no valid codes of any system.
    if of is not CANONICAL:
        return listed(of.name, name, codes)
    digest = sha256("\0".join((name, *codes)).encode()).hexdigest()
    return Codelist(name, tuple(Code(system, code, "") for system in _SYSTEMS for code in codes), digest)
