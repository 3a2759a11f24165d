"""What each piece of the search language means: every drawn case gives its drawn answer on every engine."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from sqlglot import exp

from searches.allowed import NODES
from searches.canon import TABLES
from searches.engines import ENGINES
from searches.errors import RuleError
from tests.engine_servers import RUNNING, Database, Servers, servers, text_columns  # noqa: F401 - a fixture
from tests.spec.language.asked import asked, compared, refused
from tests.spec.language.drawn import Case, Kind, Section, all_cases, read_page, rows_of

CASES = [(section, case) for section, case in all_cases() if case.kind is not Kind.REFUSED]
REFUSED = [case for _, case in all_cases() if case.kind is Kind.REFUSED]
Filled = Callable[[Section], Database]


def named(found: object) -> str:
    return f"{found.page}:{found.title}" if isinstance(found, Section) else f"line {getattr(found, 'line', '')}"


@pytest.fixture(scope="session", params=[name for name in RUNNING if name in ENGINES])
def filled(request: pytest.FixtureRequest, servers: Servers) -> Iterator[Filled]:  # noqa: F811 - the fixture
    """A database of each engine, with the people of one section at a time."""
    with ExitStack() as stack:
        database = stack.enter_context(servers.database(request.param))
        held: list[Section] = []

        def fill(section: Section) -> Database:
            if held != [section]:
                replace_tables(database, section, empty=not held)
                held[:] = [section]
            return database

        yield fill


def replace_tables(database: Database, section: Section, *, empty: bool) -> None:
    for name, rows in rows_of(section).items():
        columns = [column.name for column in TABLES[name].columns]
        if not empty:
            database.drop(name)
        written = [(*(row.get(column) for column in columns), 1, at) for at, row in enumerate(rows, 1)]
        database.create(name, text_columns(columns), written)


@pytest.mark.parametrize(("section", "case"), CASES, ids=named)
def test_a_case_gives_its_drawn_answer(filled: Filled, section: Section, case: Case) -> None:
    database = filled(section)
    for one in asked(section, case):
        sql = one.sql(ENGINES[database.name])
        assert compared(database.query(sql)) == compared(one.rows), f"{case.text}\n{sql}"


@pytest.mark.parametrize("case", REFUSED, ids=named)
def test_a_refused_condition_is_refused_for_its_drawn_reason(case: Case) -> None:
    with pytest.raises(RuleError, match=re.escape(str(case.rows[0][0]))):
        refused(case)


def test_a_list_of_five_thousand_codes_is_asked_exactly(filled: Filled) -> None:
    listed = " ".join(str(100_000_000_000_000_000 + 2 * number) for number in range(5000))
    drawn = """== Many codes

codelist many: LISTED

event | patient_id | code
11    | 1          | 100000000000000000
12    | 1          | 100000000000000001
13    | 1          | 100000000000009998
14    | 1          | 100000000000010000

when e                   | yes   | no    | unknown
e.code IN codelist.many  | 11 13 | 12 14 |
"""
    (section,) = read_page("many", drawn.replace("LISTED", listed)).sections
    test_a_case_gives_its_drawn_answer(filled, section, next(section.cases()))


def test_the_language_is_shown_by_at_least_three_hundred_cases() -> None:
    assert len(CASES) >= 300


def test_every_node_of_the_language_and_every_column_is_drawn() -> None:
    trees = [one.question.tree for section, case in CASES for one in asked(section, case)]
    drawn = {type(node) for tree in trees for node in tree.walk()}
    # Bound dates are folded into literals before, and what is asked of a list is spelt out.
    assert set(NODES) - drawn - {exp.Placeholder, exp.Neg} == set()
    named = {column.name for tree in trees for column in tree.find_all(exp.Column)}
    assert {c.name for table in TABLES.values() for c in table.columns} - named - {"code", "unit"} == set()
