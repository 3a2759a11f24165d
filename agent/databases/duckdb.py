"""A file of DuckDB.

What keeps it from writing: the file is opened read only; files, network, extensions and settings are taken away for
good; and no statement is run that was not written from a checked tree.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Timer
from typing import Any

from agent.databases.faults import RECORDS_INVALID, driver, fault
from agent.databases.settings import DatabaseSettings
from searches.database import plain_rows
from searches.errors import AnswerError, DatabaseError

_SETTINGS = {
    "threads": "1",
    "memory_limit": "4GB",
    "temp_directory": "",
    "default_null_order": "nulls_last",
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "allow_community_extensions": "false",
}
_ROWS_AT_A_TIME = 5000

_REASONS = {
    # the kind of error, as the driver names it
    "ConversionException": RECORDS_INVALID,
    "InvalidInputException": RECORDS_INVALID,
    "OutOfRangeException": RECORDS_INVALID,
    "CatalogException": "changed",
    "BinderException": "changed",
    "InterruptException": "time_out",
    "OutOfMemoryException": "full",
    "IOException": "connection_lost",
    "FatalException": "connection_lost",
    "SerializationException": "damaged",
    "PermissionException": "right_missing",
}
_TRIALS = {
    "CREATE TABLE gpfed_trial_that_must_fail (x INTEGER)": "created a table",
    "SET enable_external_access = true": "opened files and network again",
}


def connect(settings: DatabaseSettings, password: str) -> Duckdb:  # noqa: ARG001 - nobody logs in to a file
    """Open the file, to read.

    Raises:
        DatabaseError: there is no driver or no such file, or another process has it open to write.
    """
    duckdb = driver("duckdb", "duckdb", "DuckDB")
    if not Path(settings.file).is_file():
        raise fault("no_connection", "no such file")
    problem = None
    try:
        connection = duckdb.connect(settings.file, read_only=True, config=dict(_SETTINGS))
        for taken_away in ("enable_external_access = false", "lock_configuration = true"):
            connection.execute(f"SET {taken_away}")
    except duckdb.Error as error:
        problem = _not_opened(error)
    if problem:
        raise problem
    return Duckdb(connection, duckdb, settings.statement_seconds)


class Duckdb:
    """An open file of DuckDB."""

    def __init__(self, connection: Any, duckdb: Any, statement_seconds: int) -> None:
        self.version: str = duckdb.__version__
        self._connection = connection
        self._error: type[Exception] = duckdb.Error
        self._seconds = statement_seconds

    def excess(self) -> tuple[str, ...]:
        """Every attempt to write that went through."""
        return tuple(f"{did} although it should only read" for trial, did in _TRIALS.items() if self._does(trial))

    def begin(self) -> None:
        """Nobody else can write to a file that is open here."""

    def rows(self, sql: str, parameters: Sequence[object] = ()) -> Iterator[tuple[Any, ...]]:
        """Run one SELECT and give its rows some thousands at a time."""
        problem = None
        try:
            with self._in_time():
                self._connection.execute(sql, list(parameters))
                while found := self._connection.fetchmany(_ROWS_AT_A_TIME):
                    yield from plain_rows(found)
        except self._error as error:
            problem = _said(error)
        if problem is not None:
            raise problem

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    @contextmanager
    def _in_time(self) -> Iterator[None]:
        timer = Timer(self._seconds, self._connection.interrupt)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def _does(self, sql: str) -> bool:
        try:
            self._connection.execute(sql)
        except self._error:
            return False
        return True


def _not_opened(error: Exception) -> DatabaseError | AnswerError:
    # Only its words tell a lock from a file of another kind; they stay here.
    said = str(error)
    if "lock" in said.lower():
        return fault("locked", type(error).__name__)
    if "not a valid DuckDB" in said or "version number" in said:
        return fault("damaged", type(error).__name__)
    return fault("no_connection", type(error).__name__)


def _said(error: Exception) -> DatabaseError | AnswerError:
    kind = type(error).__name__
    return fault(_REASONS.get(kind, "failed"), kind)
