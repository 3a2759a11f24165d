"""The embedded DuckDB: holds one practice's extract in memory, for one run, and nothing else.

What makes it safe to hand it a search:

    * while files are read it runs only statements made here, and the definitions of a layout, which no search touches
    * then `lock` takes away files, network, extensions and settings, for good
    * after that it runs only text written again from a tree, of node types that stand in `NODES`
    * one thread and little memory; what does not fit goes to a temporary folder of its owner's, encrypted with a key
      that is never written, and is deleted when the session ends
    * its own messages quote rows, so none is passed on: an error says which table and line, or the kind alone
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from sqlglot import exp

from searches import allowed
from searches.engines.csv_files import AGAIN, TYPES, CsvFile, records_in, records_of
from searches.engines.listed import is_foreign
from searches.engines.site import AS_NAMED, Site
from searches.errors import AnswerError, ExtractError, LayoutError

NAME = "duckdb"
RAW = "raw"
BETWEEN = "\x1f"
NOTHING = "\x1e"
"""Two characters that stand in no value."""

_SETTINGS = {
    "threads": "1",
    # Its own encryption draws its keys from a generator that its makers do not call secure: it is for what a crash may
    # leave behind on the practice's machine, where the extract itself lies.
    "force_mbedtls_unsafe": "true",
    "temp_file_encryption": "true",
    "default_null_order": "nulls_last",
    "preserve_insertion_order": "true",
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
}
# Nobody knows beforehand how many rows a file has. As the definitions of a layout are written, the larger table comes
# first, and goes through; in another order it would be held while the smaller goes through.
_AS_WRITTEN = "SET disabled_optimizers = 'join_order,build_side_probe_side'"
_LOCK = ("RESET disabled_optimizers", "SET enable_external_access = false", "SET lock_configuration = true")

NODES = frozenset(allowed.NODES) | {
    # what layouts need beyond the language of a search
    exp.Boolean,
    exp.Cast,
    exp.DataType,
    exp.DataTypeParam,
    exp.DPipe,
    exp.Extract,
    exp.IntDiv,
    exp.Like,
    exp.Lower,
    exp.Mul,
    exp.Nullif,
    exp.Replace,
    exp.SplitPart,
    exp.Substring,
    exp.Trim,
    exp.TryCast,
    exp.Upper,
    exp.Window,
    exp.WindowSpec,
}
"""Every node type that may be written for DuckDB."""


def engine_version() -> str:
    """The version of DuckDB, without starting it."""
    return version("duckdb")


def render(tree: exp.Expression, site: Site = AS_NAMED) -> str:
    """Write a query for DuckDB.

    Raises:
        LayoutError: it is no query, or holds a node that is not on the list.
    """
    if not isinstance(tree, exp.Select | exp.Union | exp.CTE):
        raise LayoutError("only a SELECT can be written", "not_a_query")
    for node in tree.walk():
        if type(node) not in NODES or isinstance(node, exp.Placeholder) or is_foreign(node):
            raise LayoutError(f"{node.key.upper()} cannot be written for DuckDB", "not_translatable")
    if site != AS_NAMED:
        tree = tree.copy()
        site.rename(tree)
    # Copying the tree first would cost five times the writing; a test holds that writing leaves it as it was.
    return tree.sql(dialect="duckdb", comments=False, copy=False)


class Session:
    """One in-memory database. A context manager; closing it forgets everything.

    Args:
        memory: how much it may hold before some of it goes to the temporary folder.
    """

    def __init__(self, memory: str = "300MB") -> None:
        import duckdb  # noqa: PLC0415 - 35 MB that an idle agent does not need

        self._error: type[Exception] = duckdb.Error
        self._folder = tempfile.TemporaryDirectory(prefix="gpfed-")
        settings: dict[str, Any] = {**_SETTINGS, "memory_limit": memory, "temp_directory": self._folder.name}
        self._connection = duckdb.connect(":memory:", config=settings)
        self._connection.execute(f"CREATE SCHEMA {RAW}")
        self._connection.execute(_AS_WRITTEN)
        self._read: set[Path] = set()
        self.locked = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Forget everything."""
        self._connection.close()
        self._folder.cleanup()

    def create_raw(self, table: str, columns: Sequence[str], types: Mapping[str, str] | None = None) -> None:
        """Make an empty raw table: of text and the order of rows, or of typed columns as in a database."""
        listed = [f"{_quoted(column)} {TYPES[types[column]] if types else 'VARCHAR'}" for column in columns]
        order = [] if types else ["delivery INTEGER", "row_in_delivery BIGINT"]
        self._connection.execute(f"CREATE TABLE {RAW}.{_quoted(table)} ({', '.join([*listed, *order])})")

    def load(self, table: str, source: CsvFile, delivery: int) -> None:
        """Append one file to a raw table.

        Raises:
            ExtractError: a record is cut short or too long, a quote is open, or a byte is not of the encoding.
        """
        if source.in_python:
            self._load_in_python(table, source, delivery)
            return
        fault = self._fault(f"INSERT INTO {RAW}.{_quoted(table)} {records_of(source, delivery)}", [])
        if fault:
            raise ExtractError(f"{source.path.name} cannot be read: {fault}", AGAIN)

    def read(self, table: str, sources: Mapping[int, CsvFile]) -> None:
        """Make a raw table of files that are read when it is asked, each time, and never held.

        Args:
            table: its name.
            sources: the files by the running number of their delivery; at least one, none of them `in_python`.
        """
        self._read.update(source.path for source in sources.values())
        records = " UNION ALL ".join(records_of(source, delivery) for delivery, source in sources.items())
        self._connection.execute(f"CREATE VIEW {RAW}.{_quoted(table)} AS {records}")

    def _load_in_python(self, table: str, source: CsvFile, delivery: int) -> None:
        listed = ", ".join(f"UNNEST(?::VARCHAR[]) AS c{number}" for number in range(len(source.places)))
        wanted = ", ".join(f"c{number}" for number in range(len(source.places)))
        before = 0
        for records in records_in(source):
            columns = [
                [None if place is None else record[place] or None for record in records]
                for place in source.places.values()
            ]
            self._connection.execute(
                f"INSERT INTO {RAW}.{_quoted(table)} "
                f"SELECT {wanted}, ?, ? + ROW_NUMBER() OVER () FROM (SELECT {listed})",
                [delivery, before, *columns],
            )
            before += len(records)

    def lock(self) -> None:
        """Take away files, network, extensions and settings, for good."""
        for statement in _LOCK:
            self._connection.execute(statement)
        self.locked = True

    def define(self, name: str, definition: exp.Expression, *, held: bool) -> None:
        """Name what a layout says of its raw tables, before the database is locked.

        Args:
            name: of the table.
            definition: the layout's own words; nothing of a search.
            held: work it out now and hold it; otherwise it is worked out where it is read.

        Raises:
            ExtractError: a file cannot be read, or the definition does not run over this extract.
        """
        error = self._run(f"CREATE {'TABLE' if held else 'VIEW'} {_quoted(name)} AS {render(definition)}", [])
        if error is None:
            return
        file = next((path for path in self._read if f"\n  file = {path}\n" in str(error)), None)
        if file is not None:
            raise ExtractError(f"{file.name} cannot be read: {_said(error)}", AGAIN) from None
        raise ExtractError(f"{name} cannot be worked out from this extract: {_said(error)}") from None

    def keep(self, name: str, tree: exp.Expression) -> None:
        """Run a query and keep what it gives as a table.

        Raises:
            ExtractError: it does not run over this extract.
        """
        fault = self._fault(f"CREATE TABLE {_quoted(name)} AS {self._checked(tree)}", [])
        if fault:
            raise ExtractError(f"{name} cannot be worked out from this extract: {fault}")

    def keep_values(self, name: str, columns: Mapping[str, tuple[str, Sequence[Any]]]) -> None:
        """Keep a table of values that are bound, not written: thousands of codes never pass through a parser.

        Args:
            name: of the table.
            columns: for each its type, and its values; one that ends in [] holds lists, and gives a row for each
                member.
        """
        listed = ", ".join(f"UNNEST(?::{kind}[]) AS {_quoted(column)}" for column, (kind, _) in columns.items())
        parameters = [list(values) for _, values in columns.values()]
        rows = ", ".join(
            f"UNNEST({_quoted(column)}) AS {_quoted(column)}" if kind.endswith("[]") else _quoted(column)
            for column, (kind, _) in columns.items()
        )
        self._connection.execute(f"CREATE TABLE {_quoted(name)} AS SELECT {rows} FROM (SELECT {listed})", parameters)

    def make(self, name: str, columns: Mapping[str, str]) -> None:
        """Make an empty table of columns with these types."""
        listed = ", ".join(f"{_quoted(column)} {kind}" for column, kind in columns.items())
        self._connection.execute(f"CREATE TABLE {_quoted(name)} ({listed})")

    def append_packed(self, name: str, first: Sequence[int], packed: Mapping[str, tuple[str, Sequence[str]]]) -> None:
        """Append rows that come many in a text.

        Args:
            name: of the table.
            first: the value of the first column for all rows of a text.
            packed: for each other column, in the order of the table, what is made of a value, which is called `_1`, and
                texts of values with `BETWEEN` between two and `NOTHING` for NULL.

        Raises:
            AnswerError: a value is no such value.
        """
        split = ", ".join(f"UNNEST(string_split(u.{_quoted(column)}, ?)) AS {_quoted(column)}" for column in packed)
        bound = ", ".join(f"UNNEST(?::VARCHAR[]) AS {_quoted(column)}" for column in packed)
        made = ", ".join(
            made.replace("_1", f"NULLIF(s.{_quoted(column)}, '{NOTHING}')") for column, (made, _) in packed.items()
        )
        fault = self._fault(
            f"INSERT INTO {_quoted(name)} SELECT s.number, {made} FROM (SELECT u.number, {split} FROM "
            f"(SELECT UNNEST(?::INTEGER[]) AS number, {bound}) AS u) AS s",
            [*[BETWEEN] * len(packed), first, *(values for _, values in packed.values())],
        )
        if fault:
            raise AnswerError(f"the statement did not run: {fault}")

    def bit_sets(self, tree: exp.Expression, size: int) -> dict[Any, int]:
        """Run a query of two columns, a key and a position, and gather the positions of each key as bits.

        Args:
            tree: the query; its columns are called `k` and `pos`.
            size: how many positions there are; the last is size - 1.

        Raises:
            AnswerError: it does not run.
        """
        text = f"SELECT k, bitstring_agg(pos, 0, {max(size, 1) - 1}) FROM ({self._checked(tree)}) GROUP BY k"
        fault = self._fault(text, [])
        if fault:
            raise AnswerError(f"the statement did not run: {fault}")
        # Position 0 is the first character.
        return {key: int(bits[::-1], 2) for key, bits in self._connection.fetchall() if bits is not None}

    def drop(self, table: str, schema: str = "") -> None:
        """Forget a table, raw or kept."""
        self._connection.execute(f"DROP TABLE {f'{_quoted(schema)}.' if schema else ''}{_quoted(table)}")

    def forget(self, name: str, schema: str = "") -> None:
        """Forget a table that is held, or leave one as it is that is read or worked out where it is asked."""
        kind = self._connection.execute(
            "SELECT table_type FROM information_schema.tables WHERE table_schema = ? AND table_name = ?",
            [schema or "main", name],
        ).fetchone()
        if kind == ("BASE TABLE",):
            self.drop(name, schema)

    def type_of(self, table: str, column: str) -> str:
        """The type of a column of a table that is held, as DuckDB writes it."""
        found = self._connection.execute(
            "SELECT data_type FROM duckdb_columns() WHERE table_name = ? AND column_name = ?", [table, column]
        ).fetchone()
        return "" if found is None else str(found[0])

    def rows(self, tree: exp.Expression) -> list[tuple[Any, ...]]:
        """Run a query and fetch what it gives.

        Raises:
            AnswerError: it does not run.
        """
        text = self._checked(tree)
        fault = self._fault(text, [])
        if fault:
            raise AnswerError(f"the statement did not run: {fault}")
        return self._connection.fetchall()

    def _checked(self, tree: exp.Expression) -> str:
        if not self.locked:
            raise LayoutError("a query before the database is locked", "not_locked")
        return render(tree)

    def _fault(self, statement: str, parameters: list[Any]) -> str:
        """Run a statement; what went wrong in our words, or an empty string."""
        error = self._run(statement, parameters)
        return "" if error is None else _said(error)

    def _run(self, statement: str, parameters: list[Any]) -> Exception | None:
        # Not raised from where it is caught: its message quotes rows, and would come along as the context.
        try:
            self._connection.execute(statement, parameters)
        except self._error as error:
            return error
        return None


def _said(error: Exception) -> str:
    # DuckDB quotes the offending record in its message: only its numbers and the kind of error may pass.
    message = str(error)
    line = re.search(r"CSV Error on Line: (\d+)", message)
    place = f"line {line[1]}: " if line else ""
    if "utf-8" in message.lower() or "unicode" in message.lower():
        return f"{place}a byte that is not of the declared encoding"
    found = re.search(r"Expected Number of Columns: (\d+) Found: (\d+)", message)
    if found:
        return f"{place}expected {found[1]} columns, got {found[2]}"
    if "quote" in message.lower() and line:
        return f"{place}a quote that is not closed"
    return f"{place}{type(error).__name__}"


def _quoted(name: str) -> str:
    return exp.to_identifier(name, quoted=True).sql(dialect="duckdb")
