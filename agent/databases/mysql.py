"""MariaDB and MySQL over PyMySQL: one read-only snapshot, rows as the server sends them.

What keeps it from writing: the login's rights, proved; a session and a transaction that are read only; and no
statement is run that was not written from a checked tree.
"""

from __future__ import annotations

import re
import ssl
from collections.abc import Iterator, Sequence
from typing import Any

from agent.databases.faults import NO_AUTHORITY, NOT_OFFERED, NOT_TRUSTED, RECORDS_INVALID, driver, fault
from agent.databases.settings import DatabaseSettings
from searches.database import plain_rows
from searches.errors import AnswerError, DatabaseError

_CONNECT_SECONDS = 15
_FIRST_THAT_INSISTS = (1, 2)  # earlier ones go on unencrypted where a server says that it does not encrypt
_PATIENCE_SECONDS = 30  # beyond the statement's own limit, before the server counts as lost

_MOST_ROWS = 2**64 - 1
_HARMLESS = frozenset({"USAGE", "SELECT", "SHOW VIEW", "SHOW DATABASES"})
_GRANT = re.compile(r"GRANT (?P<rights>.+?) ON (?P<object>.+?) TO ", re.DOTALL)
_ROLE = re.compile(r"GRANT (?P<roles>[`'\"].+?) TO ")

_REASONS = {
    **dict.fromkeys((1292, 1366, 1411, 1264, 1690, 1365, 4078), RECORDS_INVALID),
    **dict.fromkeys((1436, 1116, 1473, 4006), RECORDS_INVALID),  # one statement is too deep: others may run
    **dict.fromkeys((1969, 3024, 1317), "time_out"),
    **dict.fromkeys((1205, 1213, 1099, 1100, 1015), "locked"),
    **dict.fromkeys((1044, 1142, 1143, 1227, 1345, 1370), "right_missing"),
    **dict.fromkeys((1049, 1051, 1054, 1109, 1146, 1176, 1305, 1356, 1412, 1932), "changed"),
    **dict.fromkeys((3, 28, 1021, 1037, 1038, 1041, 1114, 1135), "full"),
    **dict.fromkeys((126, 127, 134, 145, 1034, 1194, 1195), "damaged"),
    **dict.fromkeys(
        (0, 1053, 1077, 1079, 1152, 1158, 1159, 1160, 1161, 1184, 1927, 2006, 2013, 2014, 2055), "connection_lost"
    ),
    **dict.fromkeys((1045, 1130, 1251, 1698, 1862, 2054, 2059, 2061, 3118, 3955), "login_refused"),
    **dict.fromkeys((1040, 1203, 2002, 2003, 2005), "no_connection"),
}
_NOT_OFFERED = 2026  # said by the driver, before it says who it is


def connect(settings: DatabaseSettings, password: str) -> Mysql:
    """Open a session that is read only.

    Raises:
        DatabaseError: there is no driver, no answer, or the login is refused.
    """
    pymysql = driver("pymysql", "mysql", "MySQL and MariaDB")
    refused = None
    try:
        connection = pymysql.connect(
            **_place(settings, pymysql.VERSION),
            user=settings.user,
            password=password,
            database=settings.database,
            charset="utf8mb4",
            connect_timeout=_CONNECT_SECONDS,
            read_timeout=settings.statement_seconds + _PATIENCE_SECONDS,
            write_timeout=_PATIENCE_SECONDS,
            autocommit=True,
            local_infile=False,
            program_name="gpfed-agent",
        )
    except (pymysql.MySQLError, OSError) as error:
        refused = _said(error)
    if refused:
        raise refused
    return Mysql(connection, pymysql, settings)


class Mysql:
    """A session of MariaDB or MySQL."""

    def __init__(self, connection: Any, pymysql: Any, settings: DatabaseSettings) -> None:
        self._connection = connection
        self._streaming = pymysql.cursors.SSCursor
        # PyMySQL reads on where its socket is gone, and finds None in its place; and text it decodes by itself.
        self._errors: tuple[type[Exception], ...] = (pymysql.MySQLError, OSError, AttributeError, UnicodeError)
        [(version,)] = self._all("SELECT VERSION()")
        self._is_mariadb = "mariadb" in version.lower()
        self.version = version.split("-")[0]
        self._set_up(settings)

    def _set_up(self, settings: DatabaseSettings) -> None:
        seconds = settings.statement_seconds
        limit = f"max_statement_time = {seconds}" if self._is_mariadb else f"max_execution_time = {seconds * 1000}"
        for setting in (
            "NAMES utf8mb4 COLLATE utf8mb4_general_ci",  # that of a connection; what is compared says its own
            "SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ",
            "SESSION TRANSACTION READ ONLY",
            f"SESSION {limit}",
            f"SESSION lock_wait_timeout = {settings.lock_seconds}",
            f"SESSION innodb_lock_wait_timeout = {settings.lock_seconds}",
            "SESSION sql_mode = 'STRICT_TRANS_TABLES,NO_ENGINE_SUBSTITUTION'",
            "SESSION time_zone = '+00:00'",
            "SESSION sql_big_selects = 1",
            # What a server may have set otherwise for everybody: each would change answers without a word.
            f"SESSION sql_select_limit = {_MOST_ROWS}",
            "SESSION max_sort_length = 1024",
        ):
            self._all(f"SET {setting}")

    def excess(self) -> tuple[str, ...]:
        """Every right of this login beyond reading, and an attempt to delete no row where it went through."""
        found = list(rights_beyond_reading([str(row[0]) for row in self._all("SHOW GRANTS")]))
        found += self._of_roles()
        tables = self._all(
            "SELECT table_schema, table_name FROM information_schema.tables "
            "WHERE table_type = 'BASE TABLE' AND table_schema = DATABASE() ORDER BY 2 LIMIT 1"
        )
        for schema, table in tables:
            trial = f"DELETE FROM `{schema.replace('`', '``')}`.`{table.replace('`', '``')}` WHERE 1 = 0"
            if self._went_through(trial):
                found.append("deleted no row although it should only read")
            self._all("START TRANSACTION READ WRITE")
            if self._went_through(trial):
                found.append("could delete rows in a trial, which asked for none")
            self._all("ROLLBACK")
        return tuple(found)

    def _of_roles(self) -> list[str]:
        roles = {role for row in self._all("SHOW GRANTS") for role in _roles(str(row[0]))}
        found: list[str] = []
        for role in sorted(roles):
            try:
                rows = self._all(f"SHOW GRANTS FOR {role}")
            except DatabaseError:
                found.append(f"has role {role}, whose rights it cannot see")
            else:
                found += [f"{right} by role {role}" for right in rights_beyond_reading([str(row[0]) for row in rows])]
        return found

    def begin(self) -> None:
        """All rows from here on are of one moment, where the tables are InnoDB's."""
        self._all("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY")

    def rows(self, sql: str, parameters: Sequence[object] = ()) -> Iterator[tuple[Any, ...]]:
        """Run one SELECT and give its rows as they arrive."""
        problem = None
        try:
            with self._connection.cursor(self._streaming) as cursor:
                cursor.execute(sql, tuple(parameters) or None)
                yield from plain_rows(cursor.fetchall_unbuffered())
        except self._errors as error:
            problem = _said(error)
        if problem is not None:
            raise problem

    def close(self) -> None:
        """End the session."""
        try:
            self._connection.close()
        except self._errors:
            return  # it is closed already

    def _all(self, sql: str) -> list[tuple[Any, ...]]:
        problem = None
        try:
            with self._connection.cursor() as cursor:
                cursor.execute(sql)
                return list(cursor.fetchall())
        except self._errors as error:
            problem = _said(error)
        raise problem

    def _went_through(self, sql: str) -> bool:
        try:
            self._all(sql)
        except (DatabaseError, AnswerError):
            return False
        return True


def rights_beyond_reading(grants: Sequence[str]) -> tuple[str, ...]:
    """What `SHOW GRANTS` says beyond reading, in words.

    >>> rights_beyond_reading(["GRANT SELECT, INSERT ON `raw`.* TO `a`@`%`", "GRANT USAGE ON *.* TO `a`@`%`"])
    ('may INSERT on `raw`.*',)
    """
    found = []
    for grant in grants:
        if given := _GRANT.match(grant):
            rights = [right.strip() for right in re.sub(r"\([^)]*\)", "", given["rights"]).split(",")]
            found += [f"may {right} on {given['object']}" for right in rights if right not in _HARMLESS]
            if "WITH GRANT OPTION" in grant or "WITH ADMIN OPTION" in grant:
                found.append(f"may pass on its rights on {given['object']}")
    return tuple(found)


def _roles(grant: str) -> tuple[str, ...]:
    given = None if _GRANT.match(grant) else _ROLE.match(grant)
    return tuple(role.strip() for role in given["roles"].split(",")) if given else ()


def _place(settings: DatabaseSettings, driver_version: tuple[Any, ...]) -> dict[str, Any]:
    if settings.host.startswith("/"):
        return {"unix_socket": settings.host, "ssl_disabled": True}  # a socket of this machine
    place: dict[str, Any] = {"host": settings.host, "port": settings.port}
    if settings.encrypt == "none":
        return {**place, "ssl_disabled": True}
    if driver_version[:2] < _FIRST_THAT_INSISTS:
        raise fault("not_encrypted", "this driver would go on without: install PyMySQL 1.2")
    context = _trusting(settings.ca_file)
    if settings.encrypt == "unverified":
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return {**place, "ssl": context}


def _trusting(ca_file: str) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=ca_file or None)
    except OSError:  # an error of OpenSSL is one too
        refused = fault("not_encrypted", NO_AUTHORITY)
    raise refused


def _said(error: Exception) -> DatabaseError | AnswerError:
    number = error.args[0] if error.args and isinstance(error.args[0], int) else None
    if isinstance(error, ssl.SSLError) or (number == 2003 and "SSL" in str(error)):
        return fault("not_encrypted", NOT_TRUSTED if "CERTIFICATE_VERIFY" in str(error) else type(error).__name__)
    if number == _NOT_OFFERED:
        return fault("not_encrypted", NOT_OFFERED)
    if isinstance(error, UnicodeError):
        return fault("failed", type(error).__name__)
    if number is None or not type(error).__module__.startswith("pymysql"):
        return fault("connection_lost", type(error).__name__)
    return fault(_REASONS.get(number, "failed"), f"error {number}")
