"""PostgreSQL over psycopg: one read-only snapshot, rows by a cursor of the server's.

What keeps it from writing: the login's rights, proved; every transaction read only unless a statement says otherwise;
and no statement is run that was not written from a checked tree. Rows hidden by a policy would be missed without a
word, so a table with one is refused (`row_security`).
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from agent.databases.faults import NO_AUTHORITY, NOT_OFFERED, NOT_TRUSTED, RECORDS_INVALID, driver, fault
from agent.databases.settings import DatabaseSettings
from searches.database import plain_rows
from searches.errors import AnswerError, DatabaseError

_CONNECT_SECONDS = 15
_ROWS_AT_A_TIME = 500
_TLS = {"verified": "verify-full", "unverified": "require", "none": "disable"}
_FIRST_WITH_SYSTEM_CERTIFICATES = 160_000

_REASONS = {
    # SQLSTATE, or its first two letters
    "22": RECORDS_INVALID,
    "54": RECORDS_INVALID,  # one statement is too long or too deep: others may run
    "57014": "time_out",
    "55P03": "locked",
    "40": "locked",
    "42501": "right_missing",
    "42P01": "changed",  # a table, column, function, type: what the layout says is there
    "42703": "changed",
    "42883": "changed",
    "42804": "changed",
    "42846": "changed",
    "3F000": "changed",
    "53": "full",
    "28": "login_refused",
    "3D000": "no_connection",
    "08": "connection_lost",
    "57": "connection_lost",
}

_MAY_BECOME = "SELECT r.* FROM pg_catalog.pg_roles AS r WHERE pg_has_role(current_user, r.oid, 'MEMBER')"
_RELATIONS = """
    SELECT c.oid, c.relowner, c.relkind, n.nspname || '.' || c.relname AS name
    FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
    WHERE n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\\_%'
"""
_IS_MASTER = f"""
    SELECT 'is or may become superuser ' || m.rolname FROM ({_MAY_BECOME}) AS m WHERE m.rolsuper
    UNION ALL SELECT 'may create databases as ' || m.rolname FROM ({_MAY_BECOME}) AS m WHERE m.rolcreatedb
    UNION ALL SELECT 'may create roles as ' || m.rolname FROM ({_MAY_BECOME}) AS m WHERE m.rolcreaterole
    UNION ALL SELECT 'may replicate as ' || m.rolname FROM ({_MAY_BECOME}) AS m WHERE m.rolreplication
    UNION ALL SELECT 'is a member of ' || m.rolname FROM ({_MAY_BECOME}) AS m
    WHERE m.rolname IN ('pg_write_all_data', 'pg_write_server_files', 'pg_execute_server_program',
                        'pg_read_server_files', 'pg_maintain', 'pg_database_owner', 'pg_signal_backend')
"""
_EXCESS = f"""
    SELECT DISTINCT 'may create schemas in ' || current_database() FROM ({_MAY_BECOME}) AS m
    WHERE has_database_privilege(m.oid, current_database(), 'CREATE')
    UNION ALL
    SELECT DISTINCT 'may create in schema ' || n.nspname FROM pg_catalog.pg_namespace AS n, ({_MAY_BECOME}) AS m
    WHERE n.nspname NOT LIKE 'pg\\_t%' AND has_schema_privilege(m.oid, n.oid, 'CREATE')
    UNION ALL
    SELECT DISTINCT 'may ' || p.name || ' ' || c.name
    FROM ({_RELATIONS}) AS c, ({_MAY_BECOME}) AS m,
         (VALUES ('INSERT'), ('UPDATE'), ('DELETE'), ('TRUNCATE'), ('TRIGGER')) AS p (name)
    WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f')
      AND (has_table_privilege(m.oid, c.oid, p.name)
           OR p.name IN ('INSERT', 'UPDATE') AND has_any_column_privilege(m.oid, c.oid, p.name))
    UNION ALL
    SELECT DISTINCT 'owns ' || c.name FROM ({_RELATIONS}) AS c, ({_MAY_BECOME}) AS m WHERE c.relowner = m.oid
    UNION ALL
    SELECT DISTINCT 'may draw from sequence ' || c.name FROM ({_RELATIONS}) AS c, ({_MAY_BECOME}) AS m
    WHERE c.relkind = 'S'
      AND (has_sequence_privilege(m.oid, c.oid, 'USAGE') OR has_sequence_privilege(m.oid, c.oid, 'UPDATE'))
    UNION ALL
    SELECT DISTINCT 'may EXECUTE ' || n.nspname || '.' || f.proname || ', which runs with the rights of its owner'
    FROM pg_catalog.pg_proc AS f JOIN pg_catalog.pg_namespace AS n ON n.oid = f.pronamespace, ({_MAY_BECOME}) AS m
    WHERE f.prosecdef AND n.nspname NOT IN ('pg_catalog', 'information_schema')
      AND has_function_privilege(m.oid, f.oid, 'EXECUTE')
    ORDER BY 1
"""
_LOGIN_WORDS = ("authentication failed", "no password supplied", "no pg_hba", 'FATAL:  role "')
_TLS_WORDS = {
    "root certificate file": NO_AUTHORITY,
    "does not support SSL": NOT_OFFERED,
    "certificate verify failed": NOT_TRUSTED,
    "server certificate for": NOT_TRUSTED,  # another's name
}
_TRIAL = "CREATE TABLE {}.gpfed_trial_that_must_fail (x integer)"


def connect(settings: DatabaseSettings, password: str) -> Postgresql:
    """Open a session whose transactions are read only.

    Raises:
        DatabaseError: there is no driver, no answer, or the login is refused.
    """
    psycopg = driver("psycopg", "postgresql", "PostgreSQL")
    refused = None
    try:
        connection = psycopg.connect(
            host=settings.host,
            port=settings.port,
            dbname=settings.database,
            user=settings.user,
            password=password,
            connect_timeout=_CONNECT_SECONDS,
            application_name="gpfed-agent",
            client_encoding="UTF8",
            options="",  # this and the next, or else libpq would look around for its own
            passfile=str(Path(os.devnull) / "none"),
            autocommit=True,
            prepare_threshold=None,
            **_tls(settings, psycopg.pq.version()),
        )
    except psycopg.Error as error:
        refused = _not_connected(error)
    if refused:
        raise refused
    return Postgresql(connection, psycopg, settings)


class Postgresql:
    """A session of PostgreSQL."""

    def __init__(self, connection: Any, psycopg: Any, settings: DatabaseSettings) -> None:
        self._connection = connection
        self._streaming = psycopg.RawServerCursor
        self._error: type[Exception] = psycopg.Error
        self._trial = _TRIAL.format(psycopg.sql.Identifier(settings.schema_of_tables).as_string())
        self._set_up(settings)
        [(self.version,)] = self._all("SELECT split_part(current_setting('server_version'), ' ', 1)")

    def _set_up(self, settings: DatabaseSettings) -> None:
        values = {
            "default_transaction_read_only": "on",
            "statement_timeout": f"{settings.statement_seconds}s",
            "lock_timeout": f"{settings.lock_seconds}s",
            "standard_conforming_strings": "on",
            "row_security": "off",
            "search_path": "pg_catalog",  # tables are named with their schema; no function takes another's place
            "timezone": "UTC",
            "datestyle": "ISO, YMD",
            "jit": "off",  # to compile a statement of hundreds of conditions takes longer than to run it
        }
        for name, value in values.items():
            self._all(f"SELECT set_config('{name}', '{value}', false)")
        # Where the server can notice that nobody waits any more, it ends the statement of an agent that was killed.
        optional = (
            "SELECT set_config(name, '10s', false) FROM pg_settings WHERE name = 'client_connection_check_interval'"
        )
        self._went_through(optional)

    def excess(self) -> tuple[str, ...]:
        """Every right of this login beyond reading, and every attempt to write that went through."""
        found = [str(row[0]) for row in self._all(_IS_MASTER)] or [str(row[0]) for row in self._all(_EXCESS)]
        for words, begin in (("although it should only read", "BEGIN"), ("in a trial", "BEGIN READ WRITE")):
            if self._went_through(begin) and self._went_through(
                self._trial
            ):  # a copy that only follows refuses the first
                found.append(f"created a table {words}, which was taken back")
            self._all("ROLLBACK")
        return tuple(found)

    def begin(self) -> None:
        """All rows from here on are of one moment."""
        self._all("BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")

    def rows(self, sql: str, parameters: Sequence[object] = ()) -> Iterator[tuple[Any, ...]]:
        """Run one SELECT and give its rows as they arrive; it fails by itself, and the transaction goes on."""
        self._all("SAVEPOINT one_statement")
        problem = None
        try:
            with self._streaming(self._connection, "rows") as cursor:
                cursor.itersize = _ROWS_AT_A_TIME
                cursor.execute(sql, parameters or None)
                yield from plain_rows(cursor)
        except self._error as error:
            problem = _said(error)
        if problem is None:
            self._all("RELEASE SAVEPOINT one_statement")
            return
        if isinstance(problem, AnswerError):
            self._all("ROLLBACK TO SAVEPOINT one_statement")
        raise problem

    def close(self) -> None:
        """End the session."""
        self._connection.close()

    def _all(self, sql: str) -> list[tuple[Any, ...]]:
        problem = None
        try:
            cursor = self._connection.execute(sql)
            return cursor.fetchall() if cursor.description else []
        except self._error as error:
            problem = _said(error)
        raise problem

    def _went_through(self, sql: str) -> bool:
        try:
            self._connection.execute(sql)
        except self._error:
            return False
        return True


def _tls(settings: DatabaseSettings, libpq: int) -> dict[str, str]:
    if settings.host.startswith("/"):
        return {"sslmode": "disable"}  # a socket of this machine
    tls = {"sslmode": _TLS[settings.encrypt]}
    if settings.encrypt == "verified":
        if not settings.ca_file and libpq < _FIRST_WITH_SYSTEM_CERTIFICATES:
            raise fault("not_encrypted", "this driver needs a ca_file")
        tls["sslrootcert"] = settings.ca_file or "system"
    return tls


def _not_connected(error: Exception) -> DatabaseError | AnswerError:
    # The server's refusal of a login comes without its SQLSTATE: only the words tell it apart, and they stay here.
    state, said = getattr(error, "sqlstate", None) or "", str(error)
    if state.startswith("28") or any(words in said for words in _LOGIN_WORDS):
        return fault("login_refused", f"SQLSTATE {state or '28000'}")
    if "SSL" in said or "certificate" in said:
        why = next((why for words, why in _TLS_WORDS.items() if words in said), type(error).__name__)
        return fault("not_encrypted", why)
    return fault("no_connection", type(error).__name__)


def _said(error: Exception) -> DatabaseError | AnswerError:
    state = getattr(error, "sqlstate", None)
    if not state:
        return fault("connection_lost", type(error).__name__)
    reason = _REASONS.get(state, _REASONS.get(state[:2], "failed"))
    return fault(reason, f"SQLSTATE {state}")
