"""Worlds in real databases: as the raw tables of the layout `canonical`, and as those of each supplier."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import date
from functools import cache

from searches.canon import TABLES
from tests.engine_servers import Database, Servers, text_columns
from tests.generative.language.evaluator import Tables
from tests.generative.language.populations import TOGETHER, World
from tests.generative.language.values import Value
from tests.layout_rows import Carried, Practice, RawRows

CANONICAL = "canonical"


@dataclass(frozen=True, eq=False)
class Place:
    """A world in the tables of one layout.

    Args:
        world: the populations.
        layout: its name.
        tables: each population as the layout holds it, and as a search sees it.
    """

    world: World
    layout: str
    tables: Sequence[Tables]


@dataclass(frozen=True)
class Loaded:
    """A place in a real database."""

    place: Place
    database: Database


@cache
def places(layout: str, worlds: tuple[World, ...]) -> tuple[Place, ...]:
    """Worlds as a layout holds them."""
    if layout == CANONICAL:
        return tuple(Place(world, layout, world.meant()) for world in worlds)
    return tuple(
        Place(world, layout, _populations(people, len(world.tables)))
        for world, people in zip(worlds, raw_rows(layout, worlds).practices, strict=True)
    )


@cache
def raw_rows(layout: str, worlds: tuple[World, ...]) -> RawRows:
    """Worlds as the rows of a supplier: each a practice, whose patients have the numbers of all others'."""
    return RawRows.of(layout, [Practice(each.practice, each.reference_date, each.together) for each in worlds])


def _populations(people: Carried, count: int) -> list[Tables]:
    """The rows of each population by itself, told apart by the numbers with which patients are drawn."""
    found: list[dict[str, list[dict[str, Value]]]] = [{name: [] for name in TABLES} for _ in range(count)]
    for name, rows in people.tables.items():
        for row in rows:
            found[row["patient_id"].drawn % TOGETHER][name].append(row)  # type: ignore[union-attr]
    return list(found)


@contextmanager
def loaded(servers: Servers, engine: str, worlds: tuple[World, ...], layout: str = CANONICAL) -> Iterator[list[Loaded]]:
    """Every world in a database of that engine; a supplier's tables hold all at once, the canonical ones each."""
    with ExitStack() as stack:
        if layout != CANONICAL:
            database = stack.enter_context(servers.database(engine))
            raw_rows(layout, worlds).load(database)
            yield [Loaded(place, database) for place in places(layout, worlds)]
            return
        databases = [stack.enter_context(servers.database(engine)) for _ in worlds]
        for database, world in zip(databases, worlds, strict=True):
            fill(database, world.together)
        yield [Loaded(*each) for each in zip(places(layout, worlds), databases, strict=True)]


def fill(database: Database, tables: Tables) -> None:
    """Make the raw tables of the layout `canonical` and load them."""
    for place, (name, table) in enumerate(TABLES.items()):
        columns = [column.name for column in table.columns]
        rows = [[*(as_text(row[column]) for column in columns), 1, place] for row in tables[name]]
        database.create(name, text_columns(columns), rows)


def as_text(value: Value) -> str | None:
    """A value as the canonical files write it."""
    if value is None:
        return None
    return value.isoformat() if isinstance(value, date) else str(value)
