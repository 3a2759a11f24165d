"""The files of an extract as the embedded DuckDB reads them: by a SELECT, or in Python where it does not know how."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from sqlglot import exp

from searches.errors import ExtractError

AGAIN = "copy the file again, or ask the supplier to send it again"
TYPES = {
    "text": "VARCHAR",
    "integer": "INTEGER",
    "bigint": "BIGINT",
    "decimal": "DECIMAL(19, 3)",
    "real": "FLOAT",
    "date": "DATE",
    "datetime": "TIMESTAMP",
    "boolean": "BOOLEAN",
}
_RECORDS_AT_A_TIME = 20_000
_BYTES_AT_A_TIME = 4_000_000


@dataclass(frozen=True, slots=True)
class CsvFile:
    """One delivered file, and where the wanted columns stand in it.

    Args:
        path: of the file.
        encoding: as DuckDB calls it: utf-8 or latin-1; cp1252, which it does not know, is read in Python.
        has_header: the first record names the columns.
        width: how many columns a record has.
        places: for each wanted column its place in a record, or None if this version of the extract lacks it.
        types: for each wanted column its type, where the file is a table of a database; it has no order of rows then.
        a_line_each: no value holds a line end, so that the file can be read piece by piece.
    """

    path: Path
    encoding: str
    has_header: bool
    width: int
    places: Mapping[str, int | None]
    types: Mapping[str, str] | None = None
    a_line_each: bool = False

    @property
    def in_python(self) -> bool:
        """Is it in an encoding that DuckDB does not know?"""
        return self.encoding == "cp1252"


def records_of(source: CsvFile, delivery: int) -> str:
    """A SELECT of the wanted columns of a file, by name, with the numbers of the delivery and of the row in it."""
    wanted = [_wanted(name, place, source.types) for name, place in source.places.items()]
    if source.types is None:
        wanted += [f"{delivery} AS delivery", "ROW_NUMBER() OVER () AS row_in_delivery"]
    columns = ", ".join(f"'c{place}': 'VARCHAR'" for place in range(source.width))
    path = exp.Literal.string(str(source.path)).sql(dialect="duckdb")
    return (
        f"SELECT {', '.join(wanted)} FROM read_csv({path}, "
        f"columns = {{{columns}}}, header = {str(source.has_header).lower()}, encoding = '{source.encoding}', "
        "auto_detect = false, delim = ',', quote = '\"', escape = '\"', strict_mode = true, null_padding = false, "
        # Otherwise the whole file is held while it is read.
        f"parallel = {str(source.a_line_each).lower()}, buffer_size = {_BYTES_AT_A_TIME})"
    )


def _wanted(name: str, place: int | None, types: Mapping[str, str] | None) -> str:
    value = "CAST(NULL AS VARCHAR)" if place is None else f"c{place}"
    if types is not None:  # a text of such a database is empty where there is none
        value = f"COALESCE({value}, '')" if types[name] == "text" else f"CAST({value} AS {TYPES[types[name]]})"
    return f"{value} AS {_quoted(name)}"


def records_in(source: CsvFile) -> Iterator[list[list[str]]]:
    """The records of a file, some thousands at a time.

    Raises:
        ExtractError: a record has another number of columns, or the file is not CSV of its encoding.
    """
    fault = ""
    with source.path.open(encoding=source.encoding, newline="") as stream:
        reader = csv.reader(stream, strict=True)
        try:
            if source.has_header:
                next(reader)
            while batch := list(islice(reader, _RECORDS_AT_A_TIME)):
                _check_widths(source, batch)
                yield batch
        except (UnicodeDecodeError, csv.Error) as error:
            fault = f"line {reader.line_num + 1}: {type(error).__name__}"
    if fault:  # raised here, since the codec's own error, which would come along as the context, quotes the file
        raise ExtractError(f"{source.path.name} cannot be read: {fault}", AGAIN)


def _check_widths(source: CsvFile, records: list[list[str]]) -> None:
    for record in records:
        if len(record) != source.width:
            raise ExtractError(
                f"{source.path.name} cannot be read: expected {source.width} columns, got {len(record)}", AGAIN
            )


def _quoted(name: str) -> str:
    return exp.to_identifier(name, quoted=True).sql(dialect="duckdb")
