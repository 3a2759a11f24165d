"""What a database says of its own tables: one statement for the columns, one for what its indexes begin with.

Both are of one schema. The first gives table, column and the name of its type; the second table and column.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlglot import exp


@dataclass(frozen=True, slots=True)
class LiveSchema:
    """How one engine is asked.

    Args:
        columns: `{schema}` stands for the schema's name as a text, `{named}` for it as a name.
        indexes: likewise; empty where an index makes no statement of ours faster.
        kinds: for each name of a type what it is to a layout.
    """

    columns: str
    indexes: str
    kinds: Mapping[str, str]

    def kind(self, declared: str) -> str:
        """What a declared type is to a layout; the type itself, in lower case, if that is none that a layout reads."""
        name = " ".join(declared.lower().split("(")[0].split())
        return self.kinds.get(name, name)


def asked(text: str, schema: str) -> str:
    """A statement about one schema."""
    named = exp.to_identifier(schema, quoted=True).sql()
    return text.replace("{schema}", exp.Literal.string(schema).sql()).replace("{named}", named)


def affinity(declared: str) -> str:
    """What SQLite makes of the values of a column with such a type, as it says itself."""
    name = declared.upper()
    if "INT" in name:
        return "integer"
    if any(part in name for part in ("CHAR", "CLOB", "TEXT")):
        return "text"
    if not name or "BLOB" in name:
        return "any"
    return "real" if any(part in name for part in ("REAL", "FLOA", "DOUB")) else "numeric"


def _kinds(**names: str) -> dict[str, str]:
    return {name.strip(): kind for kind, listed in names.items() for name in listed.split(",")}


_POSTGRESQL = LiveSchema(
    """SELECT CAST(table_name AS TEXT), CAST(column_name AS TEXT),
       CAST(CASE WHEN data_type = 'USER-DEFINED' THEN udt_name ELSE data_type END AS TEXT)
FROM information_schema.columns WHERE table_schema = {schema}""",
    """SELECT CAST(t.relname AS TEXT), CAST(a.attname AS TEXT)
FROM pg_index AS i JOIN pg_class AS t ON t.oid = i.indrelid JOIN pg_namespace AS n ON n.oid = t.relnamespace
JOIN pg_attribute AS a ON a.attrelid = t.oid AND a.attnum = i.indkey[0] WHERE n.nspname = {schema}""",
    _kinds(
        text="text, character varying, character",
        integer="smallint, integer",
        bigint="bigint",
        decimal="numeric",
        real="real, double precision",
        date="date",
        datetime="timestamp without time zone",
        time="time without time zone",
        boolean="boolean",
        guid="uuid",
    ),
)
_MYSQL = LiveSchema(
    "SELECT table_name, column_name, data_type FROM information_schema.columns WHERE table_schema = {schema}",
    "SELECT table_name, column_name FROM information_schema.statistics "
    "WHERE table_schema = {schema} AND seq_in_index = 1",
    _kinds(
        text="varchar, char, text, tinytext, mediumtext, longtext",
        integer="tinyint, smallint, mediumint, int",
        bigint="bigint",
        decimal="decimal",
        real="float, double",
        date="date",
        datetime="datetime, timestamp",
        time="time",
        boolean="bit",
        guid="uuid",
    ),
)
_DUCKDB = LiveSchema(
    "SELECT table_name, column_name, data_type FROM information_schema.columns "
    "WHERE table_catalog = current_database() AND table_schema = {schema}",
    "",
    _kinds(
        text="varchar",
        integer="tinyint, smallint, integer, utinyint, usmallint, uinteger",
        bigint="bigint",
        decimal="decimal",
        real="float, double",
        date="date",
        datetime="timestamp, timestamp_s, timestamp_ms, timestamp_ns",
        time="time",
        boolean="boolean",
        guid="uuid",
    ),
)
_SQLSERVER = LiveSchema(
    """SELECT o.name, c.name, TYPE_NAME(c.system_type_id)
FROM sys.columns AS c JOIN sys.objects AS o ON o.object_id = c.object_id
WHERE o.schema_id = SCHEMA_ID({schema}) AND o.type IN ('U', 'V')""",
    """SELECT o.name, c.name
FROM sys.index_columns AS i JOIN sys.objects AS o ON o.object_id = i.object_id
JOIN sys.columns AS c ON c.object_id = i.object_id AND c.column_id = i.column_id
WHERE o.schema_id = SCHEMA_ID({schema}) AND i.key_ordinal = 1""",
    _kinds(
        text="varchar, nvarchar, char, nchar",
        integer="tinyint, smallint, int",
        bigint="bigint",
        decimal="decimal, numeric, money, smallmoney",
        real="real, float",
        date="date",
        datetime="datetime, datetime2, smalldatetime",
        time="time",
        boolean="bit",
        guid="uniqueidentifier",
    ),
)
_SQLITE = LiveSchema(
    """SELECT m.name, c.name, c.type
FROM {named}.sqlite_master AS m JOIN pragma_table_xinfo(m.name, {schema}) AS c WHERE m.type IN ('table', 'view')""",
    """SELECT m.tbl_name, c.name
FROM {named}.sqlite_master AS m JOIN pragma_index_info(m.name, {schema}) AS c WHERE m.type = 'index' AND c.seqno = 0""",
    {},
)
LIVE_SCHEMAS: Mapping[str, LiveSchema] = {
    "postgresql": _POSTGRESQL,
    "mysql": _MYSQL,
    "duckdb": _DUCKDB,
    "sqlserver": _SQLSERVER,
    "sqlite": _SQLITE,
}
"""By the engine's name."""
