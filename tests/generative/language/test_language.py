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

from searches.search import Search, Unit
from tests.engine_servers import RUNNING, Database, Servers
from tests.generative.language import evaluator, hostile, values
from tests.generative.language.asking import Answers, check_valid, difference, meant
from tests.generative.language.coverage import constructs, wanted
from tests.generative.language.engines import loaded
from tests.generative.language.populations import World, world
from tests.generative.language.searches import Generated, many_searches, searches

SEARCHES, POPULATIONS, SEED = 20, 16, 3
DRAWN = 800
_SEARCHES = settings(
    max_examples=SEARCHES,
    phases=[Phase.generate, Phase.shrink],
    database=None,
    deadline=None,
    print_blob=False,
    suppress_health_check=list(HealthCheck),
)
Asked = list[tuple[World, Database]]


@cache
def worlds() -> tuple[World, ...]:
    return tuple(world(day, POPULATIONS, SEED) for day in hostile.REFERENCE_DATES[:2])


@cache
def many() -> tuple[Generated, ...]:
    return many_searches(DRAWN, SEED)


@cache
def expected(sql: str, schedule: str, place: int) -> Answers:
    return meant(_SEEN[sql, schedule], worlds()[place])


_SEEN: dict[tuple[str, str], Search] = {}


@pytest.fixture(scope="module", params=RUNNING)
def asked(request: pytest.FixtureRequest, servers: Servers) -> Iterator[Asked]:
    with loaded(servers, request.param, worlds()) as databases:
        yield list(zip(worlds(), databases, strict=True))


@seed(SEED)
@_SEARCHES
@given(generated=searches())
def test_every_engine_gives_the_rows_that_the_evaluator_says(asked: Asked, generated: Generated) -> None:
    search = generated.search
    _SEEN[search.sql, search.schedule.value] = search
    for place, (world_, database) in enumerate(asked):
        found = difference(search, world_, database, expected(search.sql, search.schedule.value, place))
        assert found is None, f"{found.engine}\n{found.sql}\n{found.says}"


def test_no_search_that_is_generated_is_refused() -> None:
    for generated in many():
        check_valid(generated)


def test_every_node_part_column_value_and_shape_of_the_language_is_generated() -> None:
    assert sorted(wanted() - set(constructs(generated.search for generated in many()))) == []


def test_searches_find_people_of_every_outcome_and_leave_some_out() -> None:
    people = sum(len(tables["patient"]) for tables in worlds()[0].tables)
    outcomes: Counter[Any] = Counter()
    for generated in many()[:100]:
        answers = meant(generated.search, worlds()[0])
        outcomes.update(row[1] for row in answers)
        outcomes["nobody" if not answers else "everybody" if answers.total() >= people else "some"] += 1
    assert set(outcomes) >= {"met", "not met", "excepted", None}
    assert min(outcomes["some"], outcomes["everybody"]) > 10
    assert outcomes["nobody"] < 50


def test_no_search_of_people_gives_two_rows_for_one_person() -> None:
    for generated in many()[:100]:
        if generated.search.unit is Unit.PERSON:
            rows = meant(generated.search, worlds()[0])
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
    assert any(meant(generated.search, worlds()[0]) != right(place) for place, generated in enumerate(many()))


@cache
def right(place: int) -> Answers:
    with pytest.MonkeyPatch.context() as whole:
        for name, _ in FAULTS.values():
            whole.setattr(evaluator, name, getattr(values, name))
        return meant(many()[place].search, worlds()[0])
