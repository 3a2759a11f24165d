"""SQL Server over python-tds.

What keeps it from writing: the login's rights, proved, and no statement is run that was not written from a checked
tree. SQL Server has no read-only transaction, and `ApplicationIntent=ReadOnly` only chooses a replica: it forbids
nothing. All rows are of one moment where the database allows snapshots; elsewhere each statement sees what is
committed.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterator, Sequence
from typing import Any

from agent.databases.faults import RECORDS_INVALID, driver, fault
from agent.databases.settings import DatabaseSettings
from searches.database import plain_rows
from searches.errors import AnswerError, DatabaseError

_CONNECT_SECONDS = 15
_ROWS_AT_A_TIME = 5000

_REASONS = {
    **dict.fromkeys((220, 232, 241, 242, 244, 245, 248, 295, 8114, 8115, 8134, 9803), RECORDS_INVALID),
    **dict.fromkeys((191, 8623, 8631, 8632), RECORDS_INVALID),  # one statement is too deep or long: others may run
    **dict.fromkeys((1204, 1205, 1222, 3952, 3960, 3961), "locked"),
    **dict.fromkeys((229, 230, 262, 297, 300, 371, 916), "right_missing"),
    **dict.fromkeys((206, 207, 208, 402, 529, 4413, 4502), "changed"),
    **dict.fromkeys((701, 802, 1101, 1105, 3967, 8645, 9002), "full"),
    **dict.fromkeys((823, 824, 825), "damaged"),
    **dict.fromkeys((596, 6005, 10053, 10054, 10060), "connection_lost"),
    **dict.fromkeys((4064, 18452, 18456, 18486, 18487, 18488), "login_refused"),
    **dict.fromkeys((4060, 17142, 18461, 40613), "no_connection"),
}

_SETTINGS = (
    "SET LANGUAGE us_english",
    "SET DATEFORMAT ymd",
    "SET DATEFIRST 7",
    "SET ANSI_NULLS, ANSI_PADDING, ANSI_WARNINGS, ARITHABORT, CONCAT_NULL_YIELDS_NULL, QUOTED_IDENTIFIER ON",
    "SET NUMERIC_ROUNDABORT OFF",
    "SET IMPLICIT_TRANSACTIONS OFF",
    "SET XACT_ABORT OFF",
    "SET NOCOUNT ON",
    "SET ROWCOUNT 0",
    "SET DEADLOCK_PRIORITY LOW",
)

_HARMLESS_AT_SERVER = ("CONNECT SQL", "VIEW ANY DATABASE")
_HARMLESS_IN_DATABASE = (
    "CONNECT",
    "SELECT",
    "SHOWPLAN",
    "VIEW DEFINITION",
    "VIEW SECURITY DEFINITION",
    "VIEW PERFORMANCE DEFINITION",
    "VIEW DATABASE STATE",
    "VIEW DATABASE PERFORMANCE STATE",
    "VIEW DATABASE SECURITY STATE",
    "VIEW ANY COLUMN ENCRYPTION KEY DEFINITION",
    "VIEW ANY COLUMN MASTER KEY DEFINITION",
)


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f"'{name}'" for name in names)


_WRITING = "('INSERT'), ('UPDATE'), ('DELETE'), ('EXECUTE'), ('ALTER'), ('CONTROL'), ('TAKE OWNERSHIP')"

MASTERS = """
SELECT 'is a member of ' + r.name FROM (VALUES ('sysadmin'), ('securityadmin'), ('serveradmin'), ('dbcreator'),
    ('bulkadmin'), ('diskadmin'), ('processadmin'), ('setupadmin')) AS r (name) WHERE IS_SRVROLEMEMBER(r.name) = 1
UNION ALL
SELECT 'is a member of ' + r.name FROM (VALUES ('db_owner'), ('db_securityadmin'), ('db_accessadmin'),
    ('db_backupoperator'), ('db_ddladmin'), ('db_datawriter')) AS r (name) WHERE IS_MEMBER(r.name) = 1
"""
"""Membership of a role that may do more than read, or may give itself more."""

EXCESS = f"""
SELECT 'may ' + p.permission_name + ' at the server' FROM sys.fn_my_permissions(NULL, 'SERVER') AS p
WHERE p.permission_name NOT IN ({_listed(_HARMLESS_AT_SERVER)})
UNION ALL
SELECT 'may ' + p.permission_name + ' in the database' FROM sys.fn_my_permissions(NULL, 'DATABASE') AS p
WHERE p.permission_name NOT IN ({_listed(_HARMLESS_IN_DATABASE)})
UNION ALL
SELECT 'may ' + p.name + ' in schema ' + s.name FROM sys.schemas AS s
CROSS JOIN (VALUES {_WRITING}) AS p (name)
WHERE HAS_PERMS_BY_NAME(QUOTENAME(s.name), 'SCHEMA', p.name) = 1
UNION ALL
SELECT 'may ' + p.name + ' ' + s.name + '.' + o.name
FROM sys.objects AS o INNER JOIN sys.schemas AS s ON s.schema_id = o.schema_id
CROSS JOIN (VALUES {_WRITING}) AS p (name)
WHERE o.is_ms_shipped = 0 AND o.type IN ('U', 'V', 'P', 'PC', 'FN', 'FS', 'IF', 'TF', 'SN', 'SO')
    AND HAS_PERMS_BY_NAME(QUOTENAME(s.name) + '.' + QUOTENAME(o.name), 'OBJECT', p.name) = 1
"""
"""Every right beyond reading; temporary tables of its own anybody may make."""

TRIAL = "CREATE TABLE gpfed_trial_that_must_fail (x INT)"
SNAPSHOTS = "SELECT snapshot_isolation_state FROM sys.databases WHERE database_id = DB_ID()"
VERSION = "SELECT CAST(SERVERPROPERTY('ProductVersion') AS VARCHAR(50))"


def connect(settings: DatabaseSettings, password: str) -> Sqlserver:
    """Open a session.

    Raises:
        DatabaseError: there is no driver, no answer, or the login is refused.
    """
    pytds = driver("pytds", "mssql", "SQL Server")
    certificates = _certificates(settings)
    problem = None
    try:
        connection = pytds.connect(
            dsn=settings.host,
            port=settings.port,
            database=settings.database,
            user=settings.user,
            password=password,
            timeout=settings.statement_seconds,
            login_timeout=_CONNECT_SECONDS,
            appname="gpfed-agent",
            autocommit=True,
            cafile=certificates,
            disable_connect_retry=True,
            validate_host=True,
        )
    except Exception as error:  # noqa: BLE001 - the driver has errors of its own, of sockets and of TLS
        problem = _not_connected(error)
    if problem:
        raise problem
    return Sqlserver(connection, settings)


class Sqlserver:
    """A session of SQL Server."""

    def __init__(self, connection: Any, settings: DatabaseSettings) -> None:
        self._connection = connection
        for setting in (*_SETTINGS, f"SET LOCK_TIMEOUT {settings.lock_seconds * 1000}"):
            self._all(setting)
        [(version,)] = self._all(VERSION)
        self.version = str(version)

    def excess(self) -> tuple[str, ...]:
        """Every right of this login beyond reading, and an attempt to create that went through."""
        found = [str(row[0]) for row in self._all(MASTERS)] or [str(row[0]) for row in self._all(EXCESS)]
        self._all("BEGIN TRANSACTION")
        if self._went_through(TRIAL):
            found.append("created a table in a trial, which was taken back")
        self._all("IF @@TRANCOUNT > 0 ROLLBACK TRANSACTION")
        return tuple(found)

    def begin(self) -> None:
        """All rows from here on are of one moment, where the database allows snapshots."""
        allowed = self._all(SNAPSHOTS) == [(1,)]
        self._all(f"SET TRANSACTION ISOLATION LEVEL {'SNAPSHOT' if allowed else 'READ COMMITTED'}")
        if allowed:
            self._all("BEGIN TRANSACTION")

    def rows(self, sql: str, parameters: Sequence[object] = ()) -> Iterator[tuple[Any, ...]]:
        """Run one SELECT and give its rows some thousands at a time."""
        problem = None
        try:
            with self._connection.cursor() as cursor:
                cursor.execute(sql, tuple(parameters))
                while found := cursor.fetchmany(_ROWS_AT_A_TIME):
                    yield from plain_rows(found)
        except Exception as error:  # noqa: BLE001 - as above
            problem = _said(error)
        if problem is not None:
            raise problem

    def close(self) -> None:
        """End the session."""
        try:
            self._connection.close()
        except Exception:  # noqa: BLE001 - it is closed already
            return

    def _all(self, sql: str) -> list[tuple[Any, ...]]:
        problem = None
        try:
            with self._connection.cursor() as cursor:
                cursor.execute(sql)
                return [tuple(row) for row in cursor.fetchall()] if cursor.description else []
        except Exception as error:  # noqa: BLE001 - as above
            problem = _said(error)
        raise problem

    def _went_through(self, sql: str) -> bool:
        try:
            self._all(sql)
        except (DatabaseError, AnswerError):
            return False
        return True


def _certificates(settings: DatabaseSettings) -> str | None:
    if settings.encrypt == "none":
        return None
    if settings.encrypt == "unverified":
        raise fault("not_encrypted", "the driver for SQL Server checks certificates or does not encrypt")
    driver("OpenSSL", "mssql", "encrypted connections to SQL Server")
    found = settings.ca_file or ssl.get_default_verify_paths().cafile
    if not found:
        raise fault("not_encrypted", "this driver needs a ca_file")
    return found


def _not_connected(error: Exception) -> DatabaseError | AnswerError:
    known = _said(error)
    if isinstance(known, DatabaseError) and known.reason in {"connection_lost", "failed", "time_out"}:
        kind = type(error)
        reason = "not_encrypted" if kind.__module__.startswith("OpenSSL") else "no_connection"
        return fault(reason, kind.__name__)
    return known


def _said(error: Exception) -> DatabaseError | AnswerError:
    number = getattr(error, "number", 0)
    kind = type(error).__name__
    if number:
        return fault(_REASONS.get(number, "failed"), f"error {number}")
    if kind == "TimeoutError":
        return fault("time_out", kind)
    if kind == "LoginError":
        return fault("login_refused", kind)
    return fault("connection_lost", kind)
