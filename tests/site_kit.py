"""A synthetic practice as databases of several sites hold it: typed as the supplier says, or merged to current rows.

What a typed load makes of a text, and which row of a key is the current one, is worked out here in plain Python, by
nothing of what reads it again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from importlib import import_module
from typing import Any
from uuid import UUID

from sqlglot import exp

from searches.canon import TABLES
from searches.database import plain_rows
from searches.engines import ENGINES, Engine, Site
from searches.layouts import layout
from searches.layouts.expand import Bindings, definitions
from searches.layouts.layout import Layout
from tests.engine_kit import PRACTICE, RawPractice, Rows, in_order
from tests.engine_servers import Database

SCHEMA, PREFIX = "gp records", "my_"
DELIVERED = ("delivery", "row_in_delivery")

_NUMBERS = {"integer": "INTEGER", "bigint": "BIGINT", "decimal": "DECIMAL(19, 3)", "real": "REAL"}
_TIMES = {"date": "DATE", "datetime": "TIMESTAMP", "time": "TIME"}
_DECLARED = {"text": "VARCHAR", **_NUMBERS, **_TIMES, "boolean": "BOOLEAN", "guid": "UUID"}
DECLARED = {
    "duckdb": _DECLARED,
    "postgresql": {**_DECLARED, "text": "VARCHAR(500)"},
    "mysql": {**_DECLARED, "text": "VARCHAR(400)", "real": "FLOAT", "datetime": "DATETIME", "guid": "CHAR(38)"},
    "sqlite": {**_DECLARED, "text": "TEXT", "decimal": "NUMERIC", "guid": "TEXT"},
}
"""How a site's own load would declare a column of each type."""

_DATES = {"emis_im1": "%Y-%m-%d", "tpp_sr": "%d %b %Y", "vision": "%Y%m%d"}
_KEYS: dict[str, Mapping[str, tuple[str, ...]]] = {
    "emis_im1": {
        "Agreements_SharingOrganisation": ("OrganisationGuid",),
        "Admin_Patient": ("OrganisationGuid", "PatientGuid"),
        "Coding_ClinicalCode": ("CodeId",),
        "Coding_DrugCode": ("CodeId",),
        "CareRecord_Observation": ("OrganisationGuid", "ObservationGuid"),
        "CareRecord_Problem": ("OrganisationGuid", "ObservationGuid"),
        "CareRecord_ObservationReferral": ("OrganisationGuid", "ObservationGuid"),
        "CareRecord_Consultation": ("OrganisationGuid", "ConsultationGuid"),
        "Prescribing_DrugRecord": ("OrganisationGuid", "DrugRecordGuid"),
        "Prescribing_IssueRecord": ("OrganisationGuid", "IssueRecordGuid"),
        "Appointment_Slot": ("OrganisationGuid", "SlotGuid"),
    },
    "vision": {
        "patient": ("SERVICE_ID", "PID"),
        "journal": ("SERVICE_ID", "PID", "ID"),
        "encounter": ("SERVICE_ID", "PID", "ID"),
        "referral": ("SERVICE_ID", "PID", "ID"),
    },
}


@dataclass(frozen=True, slots=True)
class SitePractice:
    """The raw tables of a practice as a site holds them.

    Args:
        practice: as delivered.
        site: how the tables are called and stored.
    """

    practice: RawPractice
    site: Site

    def columns(self, table: str) -> dict[str, str]:
        """Name and type of each column of a table."""
        names, _ = self.practice.tables[table]
        types = layout(self.practice.layout).raw[table].types if self.site.columns == "native" else {}
        kinds = {name: types.get(name, "text") for name in names}
        return kinds if self.site.history == "merged" else {**kinds, **dict.fromkeys(DELIVERED, "bigint")}

    def rows(self, table: str) -> Rows:
        """Its rows, in the order of the columns."""
        names, delivered = self.practice.tables[table]
        kept = delivered
        if self.site.history == "merged":
            kept = [row[: len(names)] for row in self._current(table, names, delivered)]
        makes = [typed_as(kind, self.practice.layout) for kind in self.columns(table).values()]
        return [tuple(make(value) for make, value in zip(makes, row, strict=True)) for row in kept]

    def load(self, database: Database) -> SitePractice:
        """Make and fill the tables.

        Returns:
            The same, with the schema as this database calls it.
        """
        here = replace(self, site=replace(self.site, schema=_new_schema(database, self.site.schema)))
        for table in here.practice.tables:
            here.fill(database, table)
        if database.name == "postgresql":
            database.run("ANALYZE")
        return here

    def fill(self, database: Database, table: str) -> None:
        """Make and fill one table."""
        declared = DECLARED[database.name]
        columns = self.columns(table)
        quote = "`" if database.name == "mysql" else '"'
        named = ".".join(f"{quote}{name}{quote}" for name in (self.site.schema, f"{self.site.prefix}{table}"))
        listed = ", ".join(f"{quote}{name}{quote} {declared[kind]}" for name, kind in columns.items())
        database.run(f"CREATE TABLE {named} ({listed})")
        place = "?" if database.name in {"duckdb", "sqlite"} else "%s"
        rows = [tuple(_bound(database.name, value) for value in row) for row in self.rows(table)]
        if rows:
            places = ", ".join([place] * len(columns))
            database.connection.cursor().executemany(f"INSERT INTO {named} VALUES ({places})", rows)

    def _current(self, table: str, names: tuple[str, ...], rows: Rows) -> Iterable[tuple[Any, ...]]:
        keys = key_of(self.practice.layout, table, names)
        if not keys:
            return rows
        places = [names.index(key) for key in keys]
        latest: dict[tuple[str, ...], tuple[Any, tuple[Any, ...]]] = {}
        processing = names.index("ProcessingId") if "ProcessingId" in names else None
        for row in rows:
            key = tuple((row[place] or "").strip(" {}").lower() for place in places)
            order = (row[-2], int(row[processing]) if processing is not None else 0, row[-1])
            if key not in latest or latest[key][0] < order:
                latest[key] = order, row
        return [row for _, row in latest.values()]


def key_of(name: str, table: str, columns: tuple[str, ...]) -> tuple[str, ...]:
    """The columns that say which row a row is a version of; none where a table has no versions."""
    if name == "tpp_sr" and "RowIdentifier" in columns:
        return tuple(column for column in ("RowIdentifier", "IDOrganisationVisibleTo") if column in columns)
    return _KEYS.get(name, {}).get(table, ())


def resent(practice: RawPractice) -> RawPractice:
    """The same practice, of which every third row was sent before, with what another row says."""
    tables = {}
    for table, (names, rows) in practice.tables.items():
        kept = {names.index(column) for column in key_of(practice.layout, table, names)}
        older = [
            (*(row[n] if n in kept else rows[(7 * place + 1) % len(rows)][n] for n in range(len(names))), -1, place)
            for place, row in enumerate(rows)
            if kept and place % 3 == 0
        ]
        tables[table] = (names, [*older, *rows])
    return replace(practice, tables=tables)


def typed_as(kind: str, name: str) -> Callable[[Any], Any]:
    """What a typed load makes of a text: nothing, where it is no value of that type."""

    def load(value: Any) -> Any:
        if not isinstance(value, str) or kind == "text":
            return value
        try:
            return _MADE[kind](value.strip(), _DATES[name])
        except (ValueError, InvalidOperation):
            return None

    return load


def _moment(text: str, form: str) -> datetime:
    seconds = ":%S" if text.count(":") > 1 else ""
    return datetime.strptime(text, f"{form} %H:%M{seconds}")  # noqa: DTZ007 - a supplier names no zone


_FLAGS = {"true": True, "1": True, "false": False, "0": False}
_MADE: Mapping[str, Callable[[str, str], Any]] = {
    "integer": lambda text, _: int(text),
    "bigint": lambda text, _: int(text),
    "decimal": lambda text, _: round(Decimal(text), 3),
    "real": lambda text, _: float(text),
    "date": lambda text, form: datetime.strptime(text, form).date(),  # noqa: DTZ007 - a day has no zone
    "datetime": _moment,
    "time": lambda text, _: time.fromisoformat(text),
    "boolean": lambda text, _: _FLAGS.get(text.lower()),
    "guid": lambda text, _: UUID(text),
}


def _bound(engine: str, value: Any) -> Any:
    match value:
        case UUID():
            # MariaDB's 38 characters hold the supplier's spelling.
            return f"{{{value}}}".upper() if engine == "mysql" else value if engine == "duckdb" else str(value)
        case Decimal() if engine == "sqlite":
            return float(value)
        case date() | time() if engine == "sqlite":
            return value.isoformat(sep=" ") if isinstance(value, datetime) else value.isoformat()
    return value


def _new_schema(database: Database, name: str) -> str:
    """Make a schema; what it is really called."""
    match database.name:
        case "mysql":
            name = f"{database.schema} {name}"
            database.run(f"CREATE DATABASE `{name}` CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci")
        case "sqlite":
            database.run(f"ATTACH ':memory:' AS \"{name}\"")
        case _:
            database.run(f'CREATE SCHEMA "{name}"')
    return name


def drop(database: Database, site: Site) -> None:
    """Forget what was loaded."""
    match database.name:
        case "mysql":
            database.run(f"DROP DATABASE `{site.schema}`")
        case "sqlite":
            database.run(f'DETACH "{site.schema}"')
        case _:
            database.run(f'DROP SCHEMA "{site.schema}" CASCADE')


@dataclass(frozen=True, slots=True)
class HeldDatabase:
    """The database of a site, asked by whoever filled it; as `searches.database.Database`."""

    layout: Layout
    engine: Engine
    site: Site
    database: Database
    practice: str = PRACTICE
    version: str = "test"

    def rows(self, sql: str, parameters: Sequence[object] = ()) -> Iterator[tuple[Any, ...]]:
        """Run one SELECT."""
        if not parameters:
            yield from self.database.query(sql)
            return
        connection = self.database.connection
        is_postgresql = self.database.name == "postgresql"
        cursor = import_module("psycopg").RawCursor(connection) if is_postgresql else connection.cursor()
        cursor.execute(sql, tuple(parameters))
        yield from plain_rows(cursor.fetchall())


def held(practice: SitePractice, database: Database, layout_name: str = "") -> HeldDatabase:
    """A loaded practice as a database."""
    return HeldDatabase(
        layout(layout_name or practice.practice.layout), ENGINES[database.name], practice.site, database
    )


def canonical_rows(asked: HeldDatabase, table: str, day: date) -> Rows:
    """Every row of a canonical table, in the order of ids."""
    of_code = asked.layout.code_columns.get(table, {}).values()
    columns = [column.name for column in TABLES[table].columns if column.name != "code"]
    select = exp.select(*columns, *of_code).from_(table)
    for name, tree in definitions(asked.layout, (table,), Bindings(day, asked.practice), asked.site).items():
        select = select.with_(name, as_=tree.copy())
    rows = asked.rows(asked.engine.render(select, asked.site))
    return in_order([(*row[: len(columns)], *map(_code, row[len(columns) :])) for row in rows])


def _code(value: Any) -> str | None:
    """A code as it was delivered; where a site keeps it as a number, 0 or less is none."""
    return (str(value) if value > 0 else None) if isinstance(value, int | Decimal) else value
