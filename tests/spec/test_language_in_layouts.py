"""The drawn cases of the language, asked of the same people as each supplier's rows, on every engine.

All sections are loaded at once, each as a practice of its own, with rows that must not count planted among them. Here
every case is asked in every layout, in each of them on another engine; `make generative` asks it everywhere.
"""

from __future__ import annotations

from collections import Counter
from functools import cache

import pytest

from searches.engines import ENGINES
from searches.errors import LayoutError
from searches.layouts import layout
from tests.engine_servers import RUNNING, Servers
from tests.layout_rows import SUPPLIERS, limits_of
from tests.spec.language.asked import asked
from tests.spec.language.drawn import Case, Kind, all_cases
from tests.spec.language.in_layouts import Block, LayoutPeople, as_drawn, blocks, refused_cases
from tests.tsql import problems

SQL_SERVER = "sqlserver"
CASES = {case for _, cases in all_cases() for case in cases if case.kind is not Kind.REFUSED}


@cache
def blocks_of(name: str) -> tuple[Block, ...]:
    return tuple(blocks(name))


def share(name: str, engine: str) -> tuple[Block, ...]:
    """The blocks that are asked of a layout on that engine; no other engine is asked them of the same layout."""
    engines = (*RUNNING, SQL_SERVER) if engine == SQL_SERVER else RUNNING
    turn = engines.index(engine) + SUPPLIERS.index(name)
    return tuple(block for place, block in enumerate(blocks_of(name)) if (place + turn) % len(engines) == 0)


@pytest.mark.parametrize("engine", RUNNING)
@pytest.mark.parametrize("name", SUPPLIERS)
def test_every_case_gives_what_the_rows_hold(servers: Servers, engine: str, name: str) -> None:
    with servers.database(engine) as database:
        people = LayoutPeople(database, name)
        assert [told for block in share(name, engine) for told in people.differences(block, ENGINES[engine])] == []


@pytest.mark.parametrize("name", SUPPLIERS)
def test_every_block_of_cases_has_its_turn_in_every_layout(name: str) -> None:
    taken = [block for engine in RUNNING for block in share(name, engine)]
    assert sorted(map(id, taken)) == sorted(map(id, blocks_of(name)))


@pytest.mark.parametrize("name", SUPPLIERS)
def test_a_case_that_reads_nothing_of_the_closed_list_gives_its_drawn_answer(name: str) -> None:
    wrong, kept = list[str](), set[Case]()
    for block in blocks_of(name):
        kept |= {case for case in block.cases if not block.limits(case)}
        lines = tuple(f"line {case.line}:" for case in block.cases if not block.limits(case))
        for one in block.asked:
            told = one.differences(as_drawn(block.expected(one)))
            wrong += [each for each in told if each.startswith(lines)]
    assert wrong == []
    assert len(kept) >= 300, "too few cases are the same in every layout"


@pytest.mark.parametrize("name", SUPPLIERS)
def test_every_case_is_asked_or_refused_for_the_reason_in_the_closed_list(name: str) -> None:
    answered = {case for block in blocks_of(name) for case in block.cases}
    turned_away = {case for _, case, _ in refused_cases(name)}
    assert answered | turned_away == CASES
    assert not answered & turned_away
    for section, case, reason in refused_cases(name):
        with pytest.raises(LayoutError) as refusal:
            asked(section, (case,), layout(name))
        assert refusal.value.reason == reason, case.text


@pytest.mark.parametrize("name", SUPPLIERS)
def test_every_limit_that_a_case_meets_is_in_the_closed_list_and_every_one_is_met(name: str) -> None:
    met = Counter(limit for block in blocks_of(name) for case in block.cases for limit in block.limits(case))
    reasons = {limit.refused for limit in limits_of(name) if limit.refused}
    assert {reason for _, _, reason in refused_cases(name)} == reasons
    assert met.keys() == {limit.name for limit in limits_of(name) if not limit.refused}


def test_cases_in_layouts_are_statements_that_sql_server_takes() -> None:
    statements = {
        f"{name}, line {block.cases[0].line}, {one.form} {place}": one.sql(ENGINES[SQL_SERVER], "Z90001")
        for name in SUPPLIERS
        for place, block in enumerate(share(name, SQL_SERVER))
        for one in block.asked
    }
    assert problems(statements) == {}
