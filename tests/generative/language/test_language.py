"""Any search, any population, every engine: the rows are those that the evaluator says, which knows no engine.

Populations and seeds are fixed; `make generative` asks many more. A failing search is shrunk before it is told.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date
from functools import cache
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings

from searches.engines import ENGINES
from searches.errors import LayoutError, SearchesError
from searches.layouts import layout
from searches.search import Search, Unit
from tests.engine_servers import RUNNING, Servers
from tests.generative.language import evaluator, hostile, values
from tests.generative.language.asking import (
    Answers,
    Difference,
    check_valid,
    difference,
    meant,
    statement_for,
    turned_away,
)
from tests.generative.language.coverage import constructs, raw_columns, wanted
from tests.generative.language.engines import CANONICAL, Loaded, Place, loaded, places, raw_rows
from tests.generative.language.populations import World, world
from tests.generative.language.searches import Generated, many_searches, searches
from tests.layout_rows import SUPPLIERS
from tests.tsql import problems

SEARCHES, IN_EACH_LAYOUT, POPULATIONS, SEED = 20, 3, 16, 3
DRAWN = 800
SQL_SERVER = "sqlserver"


def given_searches(count: int) -> Callable[[Any], Any]:
    """Any searches: so many for each of the places in which they are asked."""
    how = settings(
        max_examples=count,
        phases=[Phase.generate, Phase.shrink],
        database=None,
        deadline=None,
        print_blob=False,
        suppress_health_check=list(HealthCheck),
    )
    return lambda test: seed(SEED)(how(given(generated=searches())(test)))


@cache
def worlds() -> tuple[World, ...]:
    return tuple(world(day, POPULATIONS, SEED) for day in hostile.REFERENCE_DATES[:2])


@cache
def many() -> tuple[Generated, ...]:
    return many_searches(DRAWN, SEED)


def canonical() -> Place:
    return places(CANONICAL, worlds())[0]


@cache
def expected(sql: str, schedule: str, place: Place) -> Answers:
    return meant(_SEEN[sql, schedule], place)


_SEEN: dict[tuple[str, str], Search] = {}


@pytest.fixture(scope="module", params=RUNNING)
def everywhere(request: pytest.FixtureRequest, servers: Servers) -> Iterator[list[Loaded]]:
    with loaded(servers, request.param, worlds()) as databases:
        yield databases


@pytest.fixture(scope="module", params=[(name, engine) for name in SUPPLIERS for engine in RUNNING], ids="-".join)
def in_a_layout(request: pytest.FixtureRequest, servers: Servers) -> Iterator[list[Loaded]]:
    name, engine = request.param
    with loaded(servers, engine, worlds(), name) as databases:
        yield databases


@given_searches(SEARCHES)
def test_every_engine_gives_the_rows_that_the_evaluator_says(everywhere: list[Loaded], generated: Generated) -> None:
    assert wrong(everywhere, generated.search) == []


@given_searches(IN_EACH_LAYOUT)
def test_every_layout_gives_the_rows_that_the_evaluator_says(in_a_layout: list[Loaded], generated: Generated) -> None:
    assert wrong(in_a_layout, generated.search) == []


def wrong(databases: list[Loaded], search: Search) -> list[str]:
    """What each database answers otherwise than the evaluator, or refuses for another reason than its layout's."""
    _SEEN[search.sql, search.schedule.value] = search
    return [str(found) for each in databases if (found := _wrong(each, search)) is not None]


def _wrong(asked: Loaded, search: Search) -> Difference | str | None:
    reason = turned_away(search, asked.place.layout)
    if not reason:
        return difference(search, asked, expected(search.sql, search.schedule.value, asked.place))
    try:
        statement_for(search, asked.place, ENGINES[asked.database.name])
    except LayoutError as refusal:
        return None if refusal.reason == reason else f"refused as {refusal.reason}, expected {reason}"
    return f"not refused, expected {reason}"


@pytest.mark.parametrize("name", [CANONICAL, *SUPPLIERS])
def test_generated_statements_are_such_as_sql_server_takes(name: str) -> None:
    place = places(name, worlds())[0]
    asked = [generated.search for generated in many()[:12] if not turned_away(generated.search, name)]
    statements = {f"search {at}": statement_for(search, place, ENGINES[SQL_SERVER]) for at, search in enumerate(asked)}
    assert problems(statements) == {}


@pytest.mark.parametrize("name", SUPPLIERS)
def test_every_column_of_a_layout_is_read_by_a_search_and_written(name: str) -> None:
    read = raw_columns(layout(name), (generated.search for generated in many()[:50]))
    raw = layout(name).raw.values()
    assert sorted({(table.name, column) for table in raw for column in table.columns} - read) == []
    written = {
        (row.table, column) for row in raw_rows(name, worlds()).rows for column in row.cells if row.cells[column]
    }
    assert sorted(read - written) == []


def is_valid(generated: Generated) -> bool:
    try:
        check_valid(generated)
    except SearchesError:
        return False
    return True


def test_no_search_that_is_generated_is_refused() -> None:
    assert [generated.search.sql for generated in many() if not is_valid(generated)] == []


def test_every_node_part_column_value_and_shape_of_the_language_is_generated() -> None:
    assert sorted(wanted() - set(constructs(generated.search for generated in many()))) == []


def test_searches_find_people_of_every_outcome_and_leave_some_out() -> None:
    people = sum(len(tables["patient"]) for tables in worlds()[0].tables)
    outcomes: Counter[Any] = Counter()
    for generated in many()[:100]:
        answers = meant(generated.search, canonical())
        outcomes.update(row[1] for row in answers)
        outcomes["nobody" if not answers else "everybody" if answers.total() >= people else "some"] += 1
    assert set(outcomes) >= {"met", "not met", "excepted", None}
    assert min(outcomes["some"], outcomes["everybody"]) > 10
    assert outcomes["nobody"] < 50


def test_no_search_of_people_gives_two_rows_for_one_person() -> None:
    for generated in many()[:100]:
        if generated.search.unit is Unit.PERSON:
            rows = meant(generated.search, canonical())
            assert max(Counter(row[0] for row in rows.elements()).values(), default=0) <= 1, generated.search.sql


def _overflowing(day: date, amount: int, unit: str) -> date:
    """Month ends as SQLite has them: the days that are too many go into the next month."""
    clamped = values.moved(day, amount, unit)
    return values.moved(clamped, day.day - clamped.day, "DAY") if unit != "DAY" and clamped.day < day.day else clamped


def _null_first(value: Any, *, descending: bool) -> tuple[bool, Any]:
    last, number = values.in_order(value, descending=descending)
    return (not last, number)


FAULTS: dict[str, tuple[str, Callable[..., Any]]] = {
    "month ends overflow": ("moved", _overflowing),
    "NULL comes first in an order": ("in_order", _null_first),
    "a comparison with NULL is false": ("compared", lambda *sides: values.compared(*sides) is True),
    "a NULL is in no list, and so out of it": ("is_in", lambda value, listed: value in set(listed)),
    "texts are blind to case": (
        "is_in",
        lambda value, listed: values.is_in(_lower(value), [_lower(each) for each in listed]),
    ),
    "NOT of unknown is true": ("not_", lambda truth: truth is not True),
}


def _lower(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value


@pytest.mark.parametrize("fault", FAULTS)
def test_searches_and_populations_tell_a_wrong_meaning_from_the_right_one(
    fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evaluator, *FAULTS[fault])
    assert any(meant(generated.search, canonical()) != right(place) for place, generated in enumerate(many()))


@cache
def right(place: int) -> Answers:
    with pytest.MonkeyPatch.context() as whole:
        for name, _ in FAULTS.values():
            whole.setattr(evaluator, name, getattr(values, name))
        return meant(many()[place].search, canonical())
