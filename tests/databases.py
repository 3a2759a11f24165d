"""Sites: a database of each engine with records in it, and a login that may only read them.

with site(servers, "postgresql", tmp_path) as here:
    here.fill(folder, "vision")
    here.grant()
    with here.open("vision") as database:
        database.rows(...)
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from itertools import count
from pathlib import Path
from threading import Event, Thread
from typing import Any

from agent.databases.connection import Asked, Connection, SiteDatabase, check_reads_only, connected, open_site
from agent.databases.settings import DatabaseSettings
from searches.extract import open_extract
from searches.layouts import layout as layout_called
from searches.layouts.layout import ORDER_COLUMNS
from tests.engine_kit import PRACTICE
from tests.engine_servers import RAW, Database, Servers, text_columns

PASSWORD = "a password: 'with\" $signs"
_numbers = count(1)


@dataclass(slots=True)
class SiteServer:
    """A site's database.

    Args:
        settings: by which the agent reaches it.
        admin: whoever fills it, with every right.
        password: of the agent's login; empty where there is none.
        user: the agent's login, as the engine writes it; empty for files.
    """

    settings: DatabaseSettings
    admin: Database
    password: str = ""
    user: str = ""
    release: Callable[[], None] = field(default=lambda: None)

    def fill(self, folder: Path, layout: str) -> None:
        """Put every raw table of an extract in, the columns that say who a patient is too."""
        chosen = layout_called(layout)
        with (
            open_extract(folder, layout, PRACTICE) as extract,
            extract.session(sorted(chosen.raw), identifying=True) as session,
        ):
            for table in sorted(chosen.raw):
                found = session._connection.execute(f'SELECT * FROM raw."{table}"')
                columns = [column[0] for column in found.description if column[0] not in ORDER_COLUMNS]
                types = {column: chosen.raw[table].types.get(column, "text") for column in columns}
                self.admin.create(table, types if chosen.native else text_columns(columns), found.fetchall())
        if self.settings.engine == "postgresql":
            self.admin.run("ANALYZE")  # as its own housekeeping would, a minute later

    def grant(self) -> None:
        """Let the agent's login read every table that is there now; a file is let go of."""
        if self.settings.engine == "postgresql":
            self.admin.run(f"GRANT USAGE ON SCHEMA {RAW} TO {self.user}")
            self.admin.run(f"GRANT SELECT ON ALL TABLES IN SCHEMA {RAW} TO {self.user}")
        elif self.settings.engine == "mysql":
            self.admin.run(f"GRANT SELECT ON {self.admin.schema}.* TO {self.user}")
        self.release()

    def revoke(self) -> None:
        """Take back from the agent's login what `grant` gave."""
        if self.settings.engine == "postgresql":
            self.admin.run(f"REVOKE SELECT ON ALL TABLES IN SCHEMA {RAW} FROM {self.user}")
        else:
            self.admin.run(f"REVOKE SELECT ON {self.admin.schema}.* FROM {self.user}")

    @contextmanager
    def without_right(self, table: str) -> Iterator[None]:
        """Meanwhile the agent's login may not read one table."""
        if self.settings.engine == "postgresql":
            self.admin.run(f"REVOKE SELECT ON {RAW}.{table} FROM {self.user}")
        else:
            self.revoke()
        yield
        self.grant()

    @contextmanager
    def able_to_write(self, table: str) -> Iterator[None]:
        """Meanwhile the agent's login may write to a table."""
        named = f"{self.settings.schema_of_tables}.{table}"
        self.admin.run(f"GRANT INSERT ON {named} TO {self.user}")
        yield
        self.admin.run(f"REVOKE INSERT ON {named} FROM {self.user}")

    @contextmanager
    def renamed(self, table: str, column: str, other: str) -> Iterator[None]:
        """Meanwhile a column has another name."""
        mark = "`" if self.settings.engine == "mysql" else '"'
        named, first, second = (
            f"{self.settings.schema_of_tables}.{table}",
            f"{mark}{column}{mark}",
            f"{mark}{other}{mark}",
        )
        self.admin.run(f"ALTER TABLE {named} RENAME COLUMN {first} TO {second}")
        yield
        self.admin.run(f"ALTER TABLE {named} RENAME COLUMN {second} TO {first}")

    def version(self) -> str:
        """Of the server, as the agent says it."""
        with connected(self.settings, self.password) as connection:
            return connection.version

    @contextmanager
    def held(self, table: str) -> Iterator[None]:
        """Meanwhile another session holds a table of `raw`, so that nobody can read it."""
        begin, end = {
            "postgresql": (("BEGIN", f"LOCK TABLE {RAW}.{table} IN ACCESS EXCLUSIVE MODE"), "ROLLBACK"),
            "mysql": ((f"LOCK TABLES {self.admin.schema}.{table} WRITE",), "UNLOCK TABLES"),
            "sqlite": (("BEGIN EXCLUSIVE",), "ROLLBACK"),
        }[self.settings.engine]
        other = self.another()
        try:
            for statement in begin:
                other.cursor().execute(statement)
            yield
            other.cursor().execute(end)
        finally:
            other.close()

    @contextmanager
    def cut_when_it_waits(self, table: str) -> Iterator[None]:
        """Meanwhile a table is held, and the agent's connection is cut once it waits for it."""
        with self.held(table):
            stop = Event()
            thread = Thread(target=self._cut_in_time, args=(stop,))
            thread.start()
            try:
                yield
            finally:
                stop.set()
                thread.join()

    def _cut_in_time(self, stop: Event) -> None:
        waits = {
            "postgresql": "SELECT COUNT(*) FROM pg_stat_activity "
            f"WHERE usename = '{self.settings.user}' AND wait_event_type = 'Lock'",
            "mysql": "SELECT COUNT(*) FROM information_schema.processlist "
            f"WHERE user = '{self.settings.user}' AND state LIKE 'Waiting for table%'",
        }[self.settings.engine]
        while not stop.wait(0.02):
            if self.admin.query(waits) != [(0,)]:
                self.cut()
                return

    def cut(self) -> None:
        """End every connection of the agent's login, as a server does that is stopped."""
        if self.settings.engine == "postgresql":
            self.admin.query(
                f"SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE usename = '{self.settings.user}'"
            )
            return
        of_agent = f"SELECT id FROM information_schema.processlist WHERE user = '{self.settings.user}'"
        for (number,) in self.admin.query(of_agent):
            self.admin.run(f"KILL CONNECTION {number}")

    def another(self) -> Any:
        """Another connection of whoever fills the database."""
        match self.settings.engine:
            case "postgresql":
                psycopg = import_module("psycopg")
                info = self.admin.connection.info
                return psycopg.connect(
                    host=info.host, port=info.port, dbname=info.dbname, user=info.user, autocommit=True
                )
            case "mysql":
                pymysql = import_module("pymysql")
                return pymysql.connect(
                    unix_socket=self.admin.connection.unix_socket, user="root", autocommit=True, ssl_disabled=True
                )
        return sqlite3.connect(self.settings.file, isolation_level=None)

    @contextmanager
    def session(self) -> Iterator[Connection]:
        """As the agent opens it, whatever tables there are."""
        with connected(self.settings, self.password) as connection:
            check_reads_only(connection)
            connection.begin()
            yield connection

    @contextmanager
    def open(self, layout: str, practice: str = "") -> Iterator[SiteDatabase]:
        """As the agent opens it."""
        chosen = layout_called(layout)
        asked = Asked(chosen, practice or chosen.synthetic_practice)
        with open_site(self.settings, self.password, asked) as database:
            yield database


@contextmanager
def site(servers: Servers, engine: str, folder: Path) -> Iterator[SiteServer]:
    """An empty database of that engine; skips the test where there is no server."""
    with ExitStack() as stack:
        yield _SITES[engine](servers, folder, stack)


def _postgresql(servers: Servers, _: Path, stack: ExitStack) -> SiteServer:
    admin = stack.enter_context(servers.database("postgresql"))
    user, info = f"reader_{next(_numbers)}", admin.connection.info
    admin.run(f"CREATE ROLE {user} LOGIN")
    settings = DatabaseSettings(
        "postgresql", host=info.host, port=info.port, database=info.dbname, user=user, schema=RAW, statement_seconds=60
    )
    return SiteServer(settings, admin, user=user)


def _mysql(servers: Servers, _: Path, stack: ExitStack) -> SiteServer:
    admin = stack.enter_context(servers.database("mysql"))
    name = f"reader_{next(_numbers)}"
    user = f"'{name}'@'localhost'"
    admin.connection.cursor().execute(f"CREATE USER {user} IDENTIFIED BY %s", (PASSWORD,))
    stack.callback(lambda: admin.run(f"DROP USER {user}"))
    settings = DatabaseSettings(
        "mysql",
        host=admin.connection.unix_socket,
        port=3306,
        database=admin.schema,
        user=name,
        schema=admin.schema,
        statement_seconds=60,
    )
    return SiteServer(settings, admin, PASSWORD, user)


def _sqlite(_: Servers, folder: Path, stack: ExitStack) -> SiteServer:
    file = folder / "site.sqlite"
    connection = sqlite3.connect(":memory:", isolation_level=None)
    stack.callback(connection.close)
    connection.execute(f"ATTACH ? AS {RAW}", (str(file),))
    for pragma in ("synchronous = OFF", "journal_mode = OFF"):  # filled in one go, and never after a crash
        connection.execute(f"PRAGMA {RAW}.{pragma}")
    settings = DatabaseSettings("sqlite", file=str(file), statement_seconds=60)
    return SiteServer(settings, Database("sqlite", connection))


def _duckdb(_: Servers, folder: Path, stack: ExitStack) -> SiteServer:
    import duckdb  # noqa: PLC0415 - as in the project, only where it is used

    file = folder / "site.duckdb"
    connection = duckdb.connect(str(file), config={"threads": "1"})
    stack.callback(connection.close)
    connection.execute(f"CREATE SCHEMA {RAW}")
    settings = DatabaseSettings("duckdb", file=str(file), schema=RAW, statement_seconds=60)
    return SiteServer(settings, Database("duckdb", connection), release=connection.close)


_SITES: dict[str, Callable[[Servers, Path, ExitStack], SiteServer]] = {
    "postgresql": _postgresql,
    "mysql": _mysql,
    "sqlite": _sqlite,
    "duckdb": _duckdb,
}
