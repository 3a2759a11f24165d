"""A file of SQLite, over Python's own module.

What keeps it from writing: the file is opened read only; the session refuses to write; an authoriser lets through
nothing but reading (no file is attached, no temporary table made); and no statement is run that was not written from
a checked tree.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from agent.databases.faults import RECORDS_INVALID, fault
from agent.databases.settings import DatabaseSettings
from searches.database import day_or_text, plain
from searches.errors import AnswerError, DatabaseError

_STEPS_BETWEEN_LOOKS = 10_000  # of SQLite's machine: about a millisecond
_ALLOWED = frozenset(
    {
        sqlite3.SQLITE_SELECT,
        sqlite3.SQLITE_READ,
        sqlite3.SQLITE_FUNCTION,
        sqlite3.SQLITE_RECURSIVE,
        sqlite3.SQLITE_TRANSACTION,
    }
)
_PRAGMAS = frozenset({"table_info", "table_xinfo", "table_list", "index_info"})  # which say what there is
_REFUSED_FUNCTIONS = frozenset({"load_extension", "writefile", "readfile", "edit"})

_REASONS = {
    # the result code without its extension
    sqlite3.SQLITE_BUSY: "locked",
    sqlite3.SQLITE_LOCKED: "locked",
    sqlite3.SQLITE_INTERRUPT: "time_out",
    sqlite3.SQLITE_NOMEM: "full",
    sqlite3.SQLITE_FULL: "full",
    sqlite3.SQLITE_IOERR: "connection_lost",
    sqlite3.SQLITE_CORRUPT: "damaged",
    sqlite3.SQLITE_NOTADB: "damaged",
    sqlite3.SQLITE_CANTOPEN: "no_connection",
    sqlite3.SQLITE_PERM: "right_missing",
    sqlite3.SQLITE_AUTH: "right_missing",
    sqlite3.SQLITE_SCHEMA: "changed",
    sqlite3.SQLITE_TOOBIG: RECORDS_INVALID,
}
_TRIALS = (
    "CREATE TABLE gpfed_trial_that_must_fail (x)",
    "CREATE TEMP TABLE gpfed_trial_that_must_fail (x)",
    "ATTACH ':memory:' AS gpfed_trial_that_must_fail",
)


def connect(settings: DatabaseSettings, password: str) -> Sqlite:  # noqa: ARG001 - nobody logs in to a file
    """Open the file, to read.

    Raises:
        DatabaseError: there is no such file, or it cannot be read.
    """
    path = Path(settings.file)
    if not path.is_file():
        raise fault("no_connection", "no such file")
    problem = None
    try:
        connection = sqlite3.connect(
            f"{path.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None, timeout=settings.lock_seconds
        )
    except sqlite3.Error as error:
        problem = _said(error)
    if problem:
        raise problem
    return Sqlite(connection, settings.statement_seconds)


class Sqlite:
    """An open file of SQLite."""

    def __init__(self, connection: sqlite3.Connection, statement_seconds: int) -> None:
        self.version = sqlite3.sqlite_version
        self._connection = connection
        self._seconds = statement_seconds
        self._deadline = float("inf")
        for pragma in ("query_only = 1", "trusted_schema = 0", "cell_size_check = 1", "temp_store = MEMORY"):
            self._run(f"PRAGMA {pragma}")
        for pragma in _PRAGMAS:  # SQLite makes a table of each when it is first asked for, and later may not
            self._run(f"SELECT 1 FROM pragma_{pragma}('')")
        connection.set_progress_handler(self._is_late, _STEPS_BETWEEN_LOOKS)
        connection.set_authorizer(_authorise)

    def excess(self) -> tuple[str, ...]:
        """Every attempt to write that went through."""
        return tuple(
            f"did {trial.split(' gpfed')[0]} although it should only read" for trial in _TRIALS if self._does(trial)
        )

    def begin(self) -> None:
        """All rows from here on are of one moment; who wants to write waits, unless the file has a log."""
        self._run("BEGIN")

    def rows(self, sql: str, parameters: Sequence[object] = ()) -> Iterator[tuple[Any, ...]]:
        """Run one SELECT and give its rows as they are found."""
        problem = None
        self._deadline = time.monotonic() + self._seconds
        try:
            for row in self._connection.execute(sql, tuple(parameters)):
                yield tuple([day_or_text(value) if isinstance(value, str) else plain(value) for value in row])
        except sqlite3.Error as error:
            problem = _said(error)
        if problem is not None:
            raise problem

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def _is_late(self) -> bool:
        return time.monotonic() > self._deadline

    def _run(self, sql: str) -> None:
        problem = None
        try:
            self._connection.execute(sql)
        except sqlite3.Error as error:
            problem = _said(error)
        if problem is not None:
            raise problem

    def _does(self, sql: str) -> bool:
        try:
            self._run(sql)
        except (DatabaseError, AnswerError):
            return False
        return True


def _authorise(action: int, first: str | None, second: str | None, _database: str | None, _trigger: str | None) -> int:
    if action == sqlite3.SQLITE_PRAGMA:
        return sqlite3.SQLITE_OK if first in _PRAGMAS else sqlite3.SQLITE_DENY
    if action == sqlite3.SQLITE_FUNCTION and (second or "").lower() in _REFUSED_FUNCTIONS:
        return sqlite3.SQLITE_DENY
    return sqlite3.SQLITE_OK if action in _ALLOWED else sqlite3.SQLITE_DENY


def _said(error: sqlite3.Error) -> DatabaseError | AnswerError:
    code, message = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF, str(error)
    if code in _REASONS:
        return fault(_REASONS[code], getattr(error, "sqlite_errorname", type(error).__name__))
    # What SQLite calls by no number of its own; its words are read, and not passed on.
    if "no such table" in message or "no such column" in message:
        return fault("changed", "SQLITE_ERROR")
    if "not authorized" in message or "prohibited" in message:
        return fault("right_missing", "SQLITE_ERROR")
    if "malformed JSON" in message or "integer overflow" in message:
        return fault(RECORDS_INVALID, "SQLITE_ERROR")
    return fault("failed", getattr(error, "sqlite_errorname", type(error).__name__))
