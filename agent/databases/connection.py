"""A site's database as the agent holds it: opened for reading, proved harmless, then asked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from importlib import import_module
from typing import Any, Protocol

from agent.databases.settings import DatabaseSettings
from searches.engines import ENGINES, Engine, Site
from searches.errors import DatabaseError
from searches.layouts.layout import Layout
from searches.layouts.site_tables import check_tables

_ADAPTERS = {name: f"agent.databases.{name}" for name in ("postgresql", "mysql", "sqlserver", "sqlite", "duckdb")}
_SHOWN = 5


class Connection(Protocol):
    """What an adapter gives: one connection by one driver, in a session that can only read."""

    version: str
    """Of the server, as it says."""

    def excess(self) -> tuple[str, ...]:
        """Every right of this login beyond reading, and every attempt to write that went through, in words."""

    def begin(self) -> None:
        """Begin to read: from here to the end all rows are of one moment, where the engine can hold one."""

    def rows(self, sql: str, parameters: Sequence[object] = ()) -> Iterator[tuple[Any, ...]]:
        """As `searches.database.Database.rows`."""

    def close(self) -> None:
        """End the session; harmless when it is lost."""


@dataclass(frozen=True, slots=True)
class SiteDatabase:
    """One site's records, as `searches.database.Database` asks for them."""

    layout: Layout
    engine: Engine
    site: Site
    practice: str
    connection: Connection

    @property
    def version(self) -> str:
        """Of the server, as it says."""
        return self.connection.version

    def rows(self, sql: str, parameters: Sequence[object] = ()) -> Iterator[tuple[Any, ...]]:
        """Run one SELECT and give its rows as they arrive."""
        return self.connection.rows(sql, parameters)


def site_of(settings: DatabaseSettings) -> Site:
    """What the settings call the raw tables."""
    return Site(
        schema=settings.schema_of_tables,
        prefix=settings.prefix,
        columns="native" if settings.columns == "native" else "text",
        history="merged" if settings.history == "merged" else "kept",
        types=settings.types,
    )


@contextmanager
def connected(settings: DatabaseSettings, password: str) -> Iterator[Connection]:
    """A connection, before anything is asked of the records and before it is known what the login may do.

    Raises:
        DatabaseError: there is no driver, no answer, or the login is refused.
    """
    adapter = import_module(_ADAPTERS[settings.engine])  # each is loaded where it is used, and none where none is
    connection: Connection = adapter.connect(settings, password)
    try:
        yield connection
    finally:
        connection.close()


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked of a site: whose records, in which layout.

    Args:
        layout: how they are stored.
        practice: as the database calls it.
        tables: the canonical tables that must be there; all of the layout if empty.
    """

    layout: Layout
    practice: str
    tables: tuple[str, ...] = ()


@contextmanager
def open_site(settings: DatabaseSettings, password: str, asked: Asked) -> Iterator[SiteDatabase]:
    """A site's records, once it is proved that this login can do nothing but read them.

    Raises:
        DatabaseError: it cannot be opened, the login may do more than read, or the tables are not as they should be.
    """
    with connected(settings, password) as connection:
        check_reads_only(connection)
        yield begin_reading(connection, settings, asked)


def begin_reading(connection: Connection, settings: DatabaseSettings, asked: Asked) -> SiteDatabase:
    """The records as they are from now on, for statements.

    Raises:
        DatabaseError: the connection is lost, or the tables are not as the layout and the settings say.
    """
    connection.begin()
    engine, site = ENGINES[settings.engine], site_of(settings)
    database = SiteDatabase(asked.layout, engine, site, asked.practice, connection)
    checked = check_tables(database, asked.tables)
    if checked.complaints:
        raise DatabaseError(
            f"the tables are not as layout {asked.layout.name} reads them: {_some(checked.complaints, '; ')}",
            "layout_differs",
            "see schema, prefix, columns, history and types in docs/how-to/connect-a-database.md",
        )
    return replace(database, site=checked.site)


def further_notes(database: SiteDatabase) -> tuple[str, ...]:
    """What else is to be said of the tables: what is missing for searches of others, and what would make answers slow.

    Raises:
        DatabaseError: the connection is lost.
    """
    checked = check_tables(replace(database, site=replace(database.site, found=())))
    return (*checked.complaints, *checked.notes)


def check_reads_only(connection: Connection) -> None:
    """Refuse a login that may do more than read.

    Raises:
        DatabaseError: with every such right, or the first of many.
    """
    excess = connection.excess()
    if excess:
        raise DatabaseError(
            f"the login may do more than read: {_some(excess, ', ')}",
            "can_write",
            "use a login with only the rights that gpfed-agent sql create-user prints",
        )


def _some(said: Sequence[str], between: str) -> str:
    more = (f"and {len(said) - _SHOWN} more",) if len(said) > _SHOWN else ()
    return between.join((*said[:_SHOWN], *more))
