"""What is written as a supplier's rows comes back as it was drawn, on every engine, but for the closed list."""

from __future__ import annotations

from collections import Counter
from functools import cache

import pytest

from searches.layouts import layout
from tests.engine_servers import RUNNING, Servers
from tests.generative.language import hostile
from tests.generative.language.populations import world
from tests.layout_rows import LIMITS, SUPPLIERS, Practice, RawRows, limits_of
from tests.layout_rows.facts import Birth, completed_months
from tests.layout_rows.reading import differences

MANY, FEW, SEED = 20, 6, 5
"""Populations that are written, and of those that are read back from databases."""


@cache
def written(name: str, populations: int = MANY) -> RawRows:
    """The same ids in every practice: only whose rows they are tells them apart."""
    worlds = [world(day, populations, SEED) for day in hostile.REFERENCE_DATES[: 2 if populations == FEW else None]]
    practices = [Practice(f"Z9000{place}", each.reference_date, each.together) for place, each in enumerate(worlds)]
    return RawRows.of(name, practices)


@pytest.mark.parametrize("engine", RUNNING)
@pytest.mark.parametrize("name", SUPPLIERS)
def test_every_row_comes_back_as_it_is_held(servers: Servers, engine: str, name: str) -> None:
    with servers.database(engine) as database:
        written(name, FEW).load(database)
        for people in written(name, FEW).practices:
            assert differences(database, name, people) == []


@pytest.mark.parametrize("name", SUPPLIERS)
def test_every_limit_of_the_closed_list_changes_something(name: str) -> None:
    changed = sum((people.limits for people in written(name).practices), Counter[str]())
    refusing = {limit.name for limit in limits_of(name) if limit.refused}
    assert {limit for limit in changed if changed[limit]} - refusing == {
        limit.name for limit in limits_of(name)
    } - refusing


@pytest.mark.parametrize("name", SUPPLIERS)
def test_a_column_that_no_limit_names_is_held_as_it_is_drawn(name: str) -> None:
    limited = {column for limit in limits_of(name) for column in limit.columns}
    for people in written(name).practices:
        for table, rows in people.tables.items():
            drawn = {row[f"{table}_id"]: row for row in people.practice.tables[table]}
            for row in rows:
                before = drawn.get(getattr(row[f"{table}_id"], "drawn", None))
                for column in row.keys() - {"code"} if before is not None and f"{table}.*" not in limited else ():
                    if f"{table}.{column}" not in limited and not column.endswith("_id"):
                        assert before is not None
                        assert row[column] == before[column], f"{table}.{column}"


def test_every_limit_has_a_reason_and_names_columns() -> None:
    assert all(limit.reason and limit.columns for limit in LIMITS)
    assert len({(limit.name, name) for limit in LIMITS for name in limit.layouts}) == sum(
        len(limit.layouts) for limit in LIMITS
    )


@pytest.mark.parametrize("name", SUPPLIERS)
def test_every_column_that_a_layout_reads_is_written_with_several_values(name: str) -> None:
    values: dict[tuple[str, str], set[str | None]] = {}
    for row in written(name).rows:
        for column, cell in row.cells.items():
            values.setdefault((row.table, column), set()).add(cell)
    for table in layout(name).raw.values():
        for column in table.columns:
            assert len(values.get((table.name, column), ())) >= 2, f"{table.name}.{column}"


@pytest.mark.parametrize("name", SUPPLIERS)
def test_rows_that_must_not_count_outnumber_no_fewer_than_half_of_those_that_do(name: str) -> None:
    held = sum(len(rows) for people in written(name).practices for rows in people.tables.values())
    assert len(written(name).rows) >= 1.5 * held


def test_a_birth_date_fits_the_months_of_life_to_the_day() -> None:
    for day in hostile.REFERENCE_DATES:
        for months in range(60):
            birth = Birth(hostile.days_near(day)[0].replace(year=1850), day)
            birth.narrow(day, months, months)
            assert {completed_months(end, day) for end in (birth.first, birth.last)} == {months}
