"""How to reach a site's database, as `[database]` of agent.toml says it; the password stands nowhere in it.

    engine = "postgresql"            # or mysql (also MariaDB), sqlserver, sqlite, duckdb
    host = "db.practice.example"     # or the path of a Unix socket (mysql) or its folder (postgresql)
    port = 5432
    database = "records"
    user = "gpfed_reader"
    encrypt = "verified"             # TLS, certificate checked; or "unverified", or "none"
    ca_file = ""                     # certificates to trust, instead of the system's
    practice = ""                    # what the database calls this practice; empty: by its code
    schema = "emis"                  # of the raw tables; empty: public, dbo or main, or the database of mysql
    prefix = ""                      # before the name of each
    columns = "text"                 # as delivered; or "native": typed as the layout says
    history = "kept"                 # every delivery; or "merged": only the newest version of each row
    quiet_hours = "07:30-19:00"      # when nothing is asked, by this machine's clock; empty: never
    statement_seconds = 900          # one statement is stopped after this long
    lock_seconds = 10                # and waits so long for a lock

    [database.types]                 # where a column is of another type than the layout says
    "Table.Column" = "date"          # text, integer, bigint, decimal, real, date, datetime, time, boolean or guid

For sqlite and duckdb `file` stands in place of host, port, database, user, encrypt and ca_file. What is left out is as
shown, but that `schema` and `quiet_hours` are then empty and `port` is the engine's own.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import datetime, time, timedelta
from typing import Any

from agent.errors import ConfigError
from agent.shapes import Choice, Field, Number, Pairs, Table, Text, check

SERVERS = {"postgresql": 5432, "mysql": 3306, "sqlserver": 1433}
"""Engines that listen, with the port of each."""

FILES = ("sqlite", "duckdb")
"""Engines whose database is a file."""

_SCHEMAS = {"postgresql": "public", "sqlserver": "dbo", "sqlite": "main", "duckdb": "main"}
_NAME = Text(r"[^\x00-\x1f\"'`\[\];]{0,128}", "a name without quotes and semicolons")
_PATH = Text(r"[^\x00-\x1f]{1,4096}", "a path")
_HOURS = Text(r"|([01][0-9]|2[0-3]):[0-5][0-9]-([01][0-9]|2[0-3]):[0-5][0-9]", 'a time of day such as "07:30-19:00"')

_TYPES = ("text", "integer", "bigint", "decimal", "real", "date", "datetime", "time", "boolean", "guid")
_TYPE = Choice(_TYPES)
_ENGINES = Choice((*SERVERS, *FILES))
_EVERY: dict[str, Field] = {
    "engine": _ENGINES,
    "practice": Text(r"[A-Za-z0-9-]{0,36}", "a practice as the database calls it"),
    "schema": _NAME,
    "prefix": _NAME,
    "columns": Choice(("text", "native")),
    "history": Choice(("kept", "merged")),
    "quiet_hours": _HOURS,
    "statement_seconds": Number(1, 86_400),
    "lock_seconds": Number(1, 3_600),
    "types": Pairs(_NAME, _TYPE),
}
_OF_SERVERS: dict[str, Field] = {
    "host": Text(r"[A-Za-z0-9.:_/\\ -]{1,253}", "a host name, an address or the path of a socket"),
    "port": Number(1, 65_535),
    "database": Text(r"[^\x00-\x1f\"'`;]{1,128}", "the name of a database"),
    "user": Text(r"[^\x00-\x1f\"'`;]{1,128}", "the name of a login"),
    "encrypt": Choice(("verified", "unverified", "none")),
    "ca_file": Text(r"[^\x00-\x1f]{0,4096}", "a path"),
}
_NEEDED = frozenset({"engine", "host", "database", "user", "file"})
_SHAPES = {
    **{name: Table({**_EVERY, **_OF_SERVERS}, frozenset({*_EVERY, *_OF_SERVERS}) - _NEEDED) for name in SERVERS},
    **{name: Table({**_EVERY, "file": _PATH}, frozenset(_EVERY) - _NEEDED) for name in FILES},
}


@dataclass(frozen=True, slots=True)
class DatabaseSettings:
    """How to reach a site's database, and when not to; as the page above says."""

    engine: str
    host: str = ""
    port: int = 0
    database: str = ""
    user: str = ""
    encrypt: str = "verified"
    ca_file: str = ""
    file: str = ""
    practice: str = ""
    schema: str = ""
    prefix: str = ""
    columns: str = "text"
    history: str = "kept"
    quiet_hours: str = ""
    statement_seconds: int = 900
    lock_seconds: int = 10
    types: tuple[tuple[str, str], ...] = ()

    @property
    def is_file(self) -> bool:
        """Is the database a file, which nobody logs in to?"""
        return self.engine in FILES

    @property
    def schema_of_tables(self) -> str:
        """In which the raw tables stand: named in every statement, or else a step of one could take their place."""
        return self.schema or self.database if self.engine == "mysql" else self.schema or _SCHEMAS[self.engine]

    @property
    def where(self) -> str:
        """The database in a few words, for messages: never the password."""
        return self.file if self.is_file else f"{self.database} at {self.host}"

    def quiet_until(self, now: datetime) -> datetime | None:
        """When the quiet hours that hold now end; None outside them.

        Args:
            now: by the site's clock.
        """
        if not self.quiet_hours:
            return None
        begin, end = _times(self.quiet_hours)
        held = begin <= now.time() < end if begin <= end else not end <= now.time() < begin
        return _next(now, end) if held else None

    def seconds_before_quiet(self, now: datetime) -> int | None:
        """Whole seconds until quiet hours begin; None where there are none."""
        if not self.quiet_hours:
            return None
        begin, _ = _times(self.quiet_hours)
        return int((_next(now, begin) - now).total_seconds())

    def as_toml(self) -> list[str]:
        """The lines of the table, every setting of the engine written out."""
        values = asdict(self)
        names = [field.name for field in fields(self) if field.name in _SHAPES[self.engine].fields]
        # A JSON string or number is the same text in TOML.
        lines = [f"{name} = {json.dumps(values[name])}" for name in names if name != "types"]
        if self.types:
            lines += [
                "",
                "[database.types]",
                *(f"{json.dumps(name)} = {json.dumps(kind)}" for name, kind in self.types),
            ]
        return lines


def read_settings(values: Mapping[str, object], place: str, hint: str) -> DatabaseSettings:
    """The settings that a table holds.

    Args:
        values: as read from TOML.
        place: what stands before each name in a message, such as `agent.toml: database.`.
        hint: what to do next.

    Raises:
        ConfigError: a name is not a setting of this engine, or a value is not as it should be.
    """
    engine = values.get("engine")
    if not isinstance(engine, str) or engine not in _SHAPES:
        raise ConfigError(f"{place}engine is not {_ENGINES.expected}", hint)
    check(values, _SHAPES[engine], place, hint)
    given: dict[str, Any] = dict(values)
    given.setdefault("port", SERVERS.get(engine, 0))
    given["types"] = tuple(sorted(dict(given.get("types", ())).items()))
    settings = DatabaseSettings(**given)
    if settings.quiet_hours and len(set(_times(settings.quiet_hours))) == 1:
        raise ConfigError(f"{place}quiet_hours begin when they end", "leave them empty, or write when nothing may run")
    return settings


def _times(hours: str) -> tuple[time, time]:
    begin, end = re.split("-", hours)
    return time.fromisoformat(begin), time.fromisoformat(end)


def _next(now: datetime, at: time) -> datetime:
    """The next moment after now that the clock shows so."""
    today = now.replace(hour=at.hour, minute=at.minute, second=0, microsecond=0)
    return today if today > now else today + timedelta(days=1)
