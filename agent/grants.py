"""The script that makes the agent's login: to read what a layout reads, column by column, and nothing else.

It is printed for whoever runs the site's database, who reads it first. It holds no password: the login cannot be used
until that person has given it one. A file has no logins; there the same is said of its permissions.
"""

from __future__ import annotations

import json
from argparse import Namespace
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from sqlglot import exp

from agent.databases.connection import site_of
from agent.databases.settings import DatabaseSettings
from agent.errors import OK, ConfigError
from agent.site_commands import settings_file
from searches.layouts import layout as layout_called
from searches.layouts.layout import Layout, RawTable
from searches.layouts.site_tables import Wanted, wanted_by

USER = "gpfed_reader"
_CONNECTIONS = 3  # one to read with, and room for `doctor` beside it
_DIALECTS = {"postgresql": "postgres", "mysql": "mysql", "sqlserver": "tsql"}


@dataclass(frozen=True, slots=True)
class Grant:
    """One right to read: some columns of a table at the site, or all of it."""

    table: str
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rights:
    """What a login needs.

    Args:
        always: of every site with this layout.
        where_there: columns and tables that some versions of the supplier's data lack, each by itself.
    """

    always: tuple[Grant, ...]
    where_there: tuple[Grant, ...]


def rights(layout: Layout, settings: DatabaseSettings, *, whole_tables: bool) -> Rights:
    """What the agent reads at a site.

    Args:
        layout: of the records.
        settings: the site's.
        whole_tables: no rights to single columns.
    """
    wanted = wanted_by(layout, site_of(settings))
    always: list[Grant] = []
    where_there: list[Grant] = []
    for name in sorted(wanted.tables):
        table = layout.raw[name]
        columns = tuple(_spelled(table, wanted))
        needed = () if whole_tables else tuple(column for column, optional in columns if not optional)
        others = () if whole_tables else tuple(column for column, optional in columns if optional)
        called = f"{settings.prefix}{name}"
        (where_there if table.may_be_absent else always).append(Grant(called, needed))
        where_there += [Grant(called, (column,)) for column in others]
    return Rights(tuple(always), tuple(where_there))


def _spelled(table: RawTable, wanted: Wanted) -> Iterator[tuple[str, bool]]:
    """Each column of a table, and whether a site may lack it; a column of several spellings has one of them."""
    for column in wanted.columns(table):
        spellings = (column, *table.spellings.get(column, ()))
        for spelling in spellings:
            yield spelling, column in table.optional or len(spellings) > 1


def script(layout: Layout, settings: DatabaseSettings, *, host: str = "%", whole_tables: bool = False) -> str:
    """The script for one engine.

    Args:
        layout: of the records.
        settings: the site's: engine, database, user, schema, prefix, history, and the seconds that are allowed.
        host: from where the agent logs in; MariaDB and MySQL ask for it.
        whole_tables: rights to tables, where a site gives none to columns.

    Raises:
        ConfigError: the schema is not said.
    """
    if settings.is_file:
        return _ADVICE.format(file=settings.file or "FILE")
    if not settings.schema_of_tables:
        raise ConfigError(f"no schema for {settings.engine}", "say which with --schema")
    needed = rights(layout, settings, whole_tables=whole_tables)
    lines = _ENGINES[settings.engine](settings, host)
    to = _to(settings, host)
    return "\n".join(
        [
            f"-- A login that may read what layout {layout.name} reads, and nothing else. Read it before you run it.",
            *lines,
            "",
            *(_grant(settings, grant, to) for grant in needed.always),
            *_where_there([_grant(settings, grant, to) for grant in needed.where_there]),
            "",
            *_LAST[settings.engine](settings, host),
        ]
    )


def create_user_command(_: object, options: Namespace) -> int:
    """Print the script."""
    layout = layout_called(options.layout)
    text = script(layout, _settings(options), host=options.host, whole_tables=options.whole_tables)
    print(json.dumps({"schema": 1, "layout": layout.name, "script": text}, indent=1) if options.json else text)
    return OK


def _settings(options: Namespace) -> DatabaseSettings:
    if options.settings is not None:
        return settings_file(options.settings)
    return DatabaseSettings(
        options.engine,
        database=options.database,
        user=options.user,
        schema=options.schema,
        prefix=options.prefix,
        history=options.history,
    )


def _where_there(lines: list[str]) -> list[str]:
    if not lines:
        return []
    said = "-- Not every version of the supplier's data has these: leave out a line that names what yours has not."
    return ["", said, *lines]


def _named(engine: str, *names: str) -> str:
    return ".".join(exp.to_identifier(name, quoted=True).sql(dialect=_DIALECTS[engine]) for name in names)


def _text(value: str) -> str:
    return exp.Literal.string(value).sql(dialect="mysql")


def _to(settings: DatabaseSettings, host: str) -> str:
    if settings.engine == "mysql":
        return f"{_text(settings.user)}@{_text(host)}"
    return _named(settings.engine, settings.user)


def _grant(settings: DatabaseSettings, grant: Grant, to: str) -> str:
    table = _named(settings.engine, settings.schema_of_tables, grant.table)
    columns = ", ".join(_named(settings.engine, column) for column in grant.columns)
    listed = f" ({columns})" if columns else ""
    if settings.engine == "sqlserver":
        return f"GRANT SELECT ON OBJECT::{table}{listed} TO {to};"
    return f"GRANT SELECT{listed} ON TABLE {table} TO {to};"


def _postgresql(settings: DatabaseSettings, _: str) -> list[str]:
    user, schema = _named("postgresql", settings.user), _named("postgresql", settings.schema_of_tables)
    may = "NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS"
    lines = [
        f"CREATE ROLE {user} LOGIN {may} CONNECTION LIMIT {_CONNECTIONS};",
        f"ALTER ROLE {user} SET default_transaction_read_only = on;",
        f"ALTER ROLE {user} SET statement_timeout = '{settings.statement_seconds}s';",
        f"ALTER ROLE {user} SET lock_timeout = '{settings.lock_seconds}s';",
    ]
    if settings.database:
        lines.append(f"GRANT CONNECT ON DATABASE {_named('postgresql', settings.database)} TO {user};")
    return [*lines, f"GRANT USAGE ON SCHEMA {schema} TO {user};"]


def _postgresql_last(settings: DatabaseSettings, _: str) -> list[str]:
    return [
        "-- The role has no password yet. In psql, which sends it encrypted and keeps it in no file:",
        f"--   \\password {settings.user}",
    ]


def _mysql(settings: DatabaseSettings, host: str) -> list[str]:
    limit = f"/*M! MAX_STATEMENT_TIME {settings.statement_seconds} */"
    return [f"CREATE USER {_to(settings, host)} WITH MAX_USER_CONNECTIONS {_CONNECTIONS} {limit} ACCOUNT LOCK;"]


def _mysql_last(settings: DatabaseSettings, host: str) -> list[str]:
    return [
        "-- The account is locked and has no password. With one in place of the dots:",
        f"--   ALTER USER {_to(settings, host)} IDENTIFIED BY '...';",
        f"--   ALTER USER {_to(settings, host)} ACCOUNT UNLOCK;",
    ]


def _sqlserver(settings: DatabaseSettings, _: str) -> list[str]:
    user = _named("sqlserver", settings.user)
    lines = [
        "-- Put a password in place of the dots. As it stands the server refuses it.",
        f"CREATE LOGIN {user} WITH PASSWORD = N'...', CHECK_POLICY = ON;",
    ]
    if settings.database:
        lines.append(f"USE {_named('sqlserver', settings.database)};")
    else:
        lines.append("-- From here on in the database that holds the records.")
    return [*lines, f"CREATE USER {user} FOR LOGIN {user};"]


def _sqlserver_last(_: DatabaseSettings, __: str) -> list[str]:
    return [
        "-- Do not put the user into db_datareader: it could then read every table.",
        "-- A login has no limit of time here: the agent ends its own statements; a workload group of the Resource",
        "-- Governor can limit them too.",
    ]


_Lines = Callable[[DatabaseSettings, str], list[str]]
_ENGINES: Mapping[str, _Lines] = {"postgresql": _postgresql, "mysql": _mysql, "sqlserver": _sqlserver}
_LAST: Mapping[str, _Lines] = {"postgresql": _postgresql_last, "mysql": _mysql_last, "sqlserver": _sqlserver_last}

_ADVICE = """\
-- A file has no logins: whoever may read it may read all of it, and whoever may write to it may change answers.
--   let the agent run under an account of its own, such as gpfed
--   let that account read the file and its folder, and write to neither:
--     chown root:gpfed {file} && chmod 640 {file}
--   let what fills the file run under another account
--   where it holds more than the agent is to read, make it a copy with the layout's tables only
"""
