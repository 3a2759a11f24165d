"""Worlds in real databases: the populations as the raw tables of the layout `canonical`, all text, on any engine."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import date

from searches.canon import TABLES
from tests.engine_servers import Database, Servers, text_columns
from tests.generative.language.evaluator import Tables
from tests.generative.language.populations import World
from tests.generative.language.values import Value


@contextmanager
def loaded(servers: Servers, engine: str, worlds: Sequence[World]) -> Iterator[list[Database]]:
    """One database for each world."""
    with ExitStack() as stack:
        databases = [stack.enter_context(servers.database(engine)) for _ in worlds]
        for database, world in zip(databases, worlds, strict=True):
            fill(database, world.together)
        yield databases


def fill(database: Database, tables: Tables) -> None:
    """Make the raw tables and load them."""
    for place, (name, table) in enumerate(TABLES.items()):
        columns = [column.name for column in table.columns]
        rows = [[*(as_text(row[column]) for column in columns), 1, place] for row in tables[name]]
        database.create(name, text_columns(columns), rows)


def as_text(value: Value) -> str | None:
    """A value as the canonical files write it."""
    if value is None:
        return None
    return value.isoformat() if isinstance(value, date) else str(value)
