"""A synthetic practice as databases of several sites hold it: typed as the supplier says, or merged to current rows.

What a typed load makes of a text, and which row of a key is the current one, is worked out here in plain Python, by
nothing of what reads it again.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from searches.engines import Site
from searches.layouts import layout
from searches.layouts.layout import RawTable
from tests.engine_kit import RawPractice, Rows
from tests.engine_servers import Database

SCHEMA, PREFIX = "gp records", "my_"
DELIVERED = ("delivery", "row_in_delivery")

DECLARED = {
    "duckdb": {
        **{"text": "VARCHAR", "integer": "INTEGER", "bigint": "BIGINT", "decimal": "DECIMAL(19, 3)", "real": "REAL"},
        **{"date": "DATE", "datetime": "TIMESTAMP", "time": "TIME", "boolean": "BOOLEAN", "guid": "UUID"},
    },
    "postgresql": {
        **{"text": "VARCHAR(500)", "integer": "INTEGER", "bigint": "BIGINT", "decimal": "NUMERIC(19, 3)"},
        **{"real": "REAL", "date": "DATE", "datetime": "TIMESTAMP", "time": "TIME", "boolean": "BOOLEAN"},
        "guid": "UUID",
    },
    "mysql": {
        **{"text": "VARCHAR(400)", "integer": "INT", "bigint": "BIGINT", "decimal": "DECIMAL(19, 3)", "real": "FLOAT"},
        **{"date": "DATE", "datetime": "DATETIME", "time": "TIME", "boolean": "TINYINT(1)", "guid": "CHAR(38)"},
    },
    "sqlite": {
        **{"text": "TEXT", "integer": "INTEGER", "bigint": "BIGINT", "decimal": "NUMERIC", "real": "REAL"},
        **{"date": "DATE", "datetime": "TIMESTAMP", "time": "TIME", "boolean": "BOOLEAN", "guid": "TEXT"},
    },
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
        keys = _KEYS.get(self.practice.layout, {}).get(table) or _tpp_key(self.practice.layout, names)
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


def _tpp_key(name: str, columns: tuple[str, ...]) -> tuple[str, ...]:
    wanted = ("RowIdentifier", "IDOrganisationVisibleTo") if name == "tpp_sr" else ()
    return tuple(column for column in wanted if column in columns and "RowIdentifier" in columns)


def typed_as(kind: str, name: str) -> Callable[[Any], Any]:
    """What a typed load makes of a text: nothing, where it is no value of that type."""

    def load(value: Any) -> Any:
        if not isinstance(value, str) or kind == "text":
            return value
        try:
            return _made(kind, value.strip(), _DATES[name])
        except (ValueError, InvalidOperation):
            return None

    return load


def _made(kind: str, text: str, form: str) -> Any:
    match kind:
        case "integer" | "bigint":
            return int(text)
        case "decimal":
            return round(Decimal(text), 3)
        case "real":
            return float(text)
        case "date":
            return datetime.strptime(text, form).date()  # noqa: DTZ007 - a day has no zone
        case "datetime":
            has_seconds = len(re.findall(":", text)) > 1
            return datetime.strptime(text, f"{form} %H:%M{':%S' if has_seconds else ''}")  # noqa: DTZ007 - as above
        case "time":
            return time.fromisoformat(text)
        case "boolean":
            return {"true": True, "1": True, "false": False, "0": False}.get(text.lower())
        case "guid":
            return UUID(text)
    raise AssertionError(kind)


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


def raw_table_of(name: str, table: str) -> RawTable:
    """A raw table of a layout."""
    return layout(name).raw[table]
