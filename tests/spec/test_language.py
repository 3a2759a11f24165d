"""What each piece of the search language means: every drawn case gives its drawn answer on every engine."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from sqlglot import exp

from searches.allowed import NODES
from searches.canon import TABLES
from searches.engines import ENGINES
from searches.errors import RuleError
from tests.engine_servers import RUNNING, Servers
from tests.spec.language.asked import asked, refused
from tests.spec.language.drawn import Case, Kind, Section, all_cases, read_page
from tests.spec.language.people import People
from tests.tsql import problems

BLOCKS = [(section, cases) for section, cases in all_cases() if cases[0].kind is not Kind.REFUSED]
REFUSED = [case for _, cases in all_cases() for case in cases if case.kind is Kind.REFUSED]


def named(found: object) -> str:
    return f"{found.page}:{found.title}" if isinstance(found, Section) else f"line {first_line(found)}"


def first_line(found: object) -> int:
    case = found[0] if isinstance(found, tuple) else found
    return case.line if isinstance(case, Case) else 0


@pytest.fixture(scope="session", params=[name for name in RUNNING if name in ENGINES])
def people(request: pytest.FixtureRequest, servers: Servers) -> Iterator[People]:
    """A database of each engine, with the people of one section at a time."""
    with servers.database(request.param) as database:
        yield People(database)


@pytest.mark.parametrize(("section", "cases"), BLOCKS, ids=named)
def test_cases_give_their_drawn_answers(people: People, section: Section, cases: tuple[Case, ...]) -> None:
    assert differences(people, section, cases) == []


def differences(people: People, section: Section, cases: tuple[Case, ...]) -> list[str]:
    """The cases that the engine answers otherwise than they are drawn."""
    engine = ENGINES[people.database.name]
    return [told for one in asked(section, cases) for told in people.differences(section, one, engine)]


def test_every_case_is_a_statement_that_sql_server_takes() -> None:
    statements = {
        f"{section.page}, line {cases[0].line}, {one.form}": one.sql(ENGINES["sqlserver"])
        for section, cases in BLOCKS
        for one in asked(section, cases)
    }
    assert problems(statements) == {}


@pytest.mark.parametrize("case", REFUSED, ids=named)
def test_a_refused_condition_is_refused_for_its_drawn_reason(case: Case) -> None:
    with pytest.raises(RuleError, match=re.escape(str(case.rows[0][0]))):
        refused(case)


def test_a_list_of_five_thousand_codes_is_asked_exactly(people: People) -> None:
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
    assert differences(people, section, next(section.cases())) == []


def test_a_wrong_answer_is_told_with_its_line() -> None:
    section, cases = next((section, cases) for section, cases in BLOCKS if section.title == "Whole numbers")
    by_columns, by_branches = asked(section, cases)
    assert by_columns.differences([])[0].startswith(
        f"line {cases[0].line}: p.age = 40: expected 1 0; 2 1; 3 0; 4 0, got no"
    )
    assert by_branches.differences([(1, 0)])[0].endswith("p.age = 40: expected 2, got 1")


def test_the_language_is_shown_by_at_least_three_hundred_cases() -> None:
    assert sum(len(cases) for _, cases in BLOCKS) >= 300


def test_every_node_of_the_language_and_every_column_is_drawn() -> None:
    trees = [one.question.tree for section, cases in BLOCKS for one in asked(section, cases)]
    drawn = {type(node) for tree in trees for node in tree.walk()}
    # Bound dates are folded into literals before.
    assert set(NODES) - drawn - {exp.Placeholder} == set()
    read = {column.name for tree in trees for column in tree.find_all(exp.Column)}
    # A code is asked by the column of its system, and a unit is never read.
    assert {c.name for table in TABLES.values() for c in table.columns} - read - {"code", "unit"} == set()
