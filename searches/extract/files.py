"""What one delivered file looks like: its header, matched to the columns a layout needs, and whether it is whole."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from pathlib import Path

from searches.engines.csv_files import CsvFile
from searches.errors import ExtractError
from searches.layouts.layout import RawTable

_HEADER_BYTES = 65_536  # the widest header known is under 2,000
_CHUNK = 1 << 20
_NEITHER_QUOTE_NOR_END = bytes(byte for byte in range(256) if byte not in b'"\r\n')
_ONLY_IN_CP1252 = re.compile(rb"[\x80-\x9f]")
_GLOB = "*?[]"  # DuckDB would take such a path for a pattern


def csv_file(path: Path, table: RawTable, columns: tuple[str, ...], encoding: str) -> CsvFile | None:
    """How to read a file; None if there is not a single record in it.

    Args:
        path: of the file.
        table: what it is a file of.
        columns: those wanted.
        encoding: of the file, as Python calls it.

    Raises:
        ExtractError: a column is missing, the file is cut short, or its header cannot be read.
    """
    if any(character in _GLOB for character in str(path)):
        raise ExtractError(f"{path.name}: its path holds one of {_GLOB}", "rename the folder")
    first = _first_record(path, encoding)
    seen = _look_through(path, encoding)
    if table.positions:
        return _positional(path, table, columns, first, seen) if first else None
    if not first:
        raise ExtractError(f"{path.name} is empty, expected a header", "ask the supplier to send it again")
    places = {column: _place(path, table, column, first) for column in columns}
    return CsvFile(path, seen.encoding, has_header=True, width=len(first), places=places, a_line_each=seen.a_line_each)


def _first_record(path: Path, encoding: str) -> tuple[str, ...]:
    with path.open("rb") as stream:
        start = stream.read(_HEADER_BYTES)
    if len(start) == _HEADER_BYTES:
        start = start[: start.rfind(b"\n") + 1]
    # A byte that is not of the encoding is reported with its line, when the records are read.
    text = start.removeprefix(b"\xef\xbb\xbf").decode(encoding, "replace")
    return tuple(next(csv.reader(text.splitlines(keepends=True)), ()))


@dataclass(frozen=True, slots=True)
class _Seen:
    """What a look through a file's bytes tells: what to read it as, and whether every record is one line."""

    encoding: str
    a_line_each: bool


def _look_through(path: Path, declared: str) -> _Seen:
    """Check that a file is whole, and say how to read it.

    Windows-1252 is plain ASCII, or else Latin-1, but for 32 bytes that few files hold.
    """
    is_open, last = False, b"\n"
    a_line_each = True
    read_as = "utf-8"
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            # Quotes that stand in pairs on one line go; what is left tells of values that hold a line end.
            left = (b'"' * is_open + chunk.translate(None, _NEITHER_QUOTE_NOR_END)).replace(b'""', b"")
            a_line_each = a_line_each and b'"' not in left[:-1]
            is_open = left.count(b'"') % 2 == 1
            last = chunk[-1:]
            if declared == "cp1252" and read_as != "cp1252" and not chunk.isascii():
                read_as = "cp1252" if _ONLY_IN_CP1252.search(chunk) else "latin-1"
    # Every supplier ends each record with a line end; without one the last record may be cut within a value. An odd
    # number of quotes is a quoted value cut at a line end, which DuckDB would read as no record at all.
    if last != b"\n" or is_open:
        fault = "a quote is not closed" if is_open else "it does not end with a line end"
        raise ExtractError(f"{path.name} is cut short: {fault}", "copy the file again")
    return _Seen(read_as, a_line_each)


def _positional(path: Path, table: RawTable, columns: tuple[str, ...], first: tuple[str, ...], seen: _Seen) -> CsvFile:
    known = {len(names): names for names in table.positions}
    names = known.get(len(first))
    if names is None:
        expected = " or ".join(str(width) for width in sorted(known))
        raise ExtractError(f"{path.name}: expected {expected} columns, got {len(first)}", "check the extract's version")
    places = {column: _place(path, table, column, names) for column in columns}
    return CsvFile(path, seen.encoding, has_header=False, width=len(names), places=places, a_line_each=seen.a_line_each)


def _place(path: Path, table: RawTable, column: str, header: tuple[str, ...]) -> int | None:
    for spelling in (column, *table.spellings.get(column, ())):
        if spelling in header:
            return header.index(spelling)
    if column in table.optional:
        return None
    raise ExtractError(f"{path.name}: column {column} is missing", "check the extract's version")
