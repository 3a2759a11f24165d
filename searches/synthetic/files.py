"""Writes many files at once, a few thousand rows at a time, so that memory stays flat whatever the list size."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Final

_ROWS_HELD: Final = 4000


class Files:
    """The files of one extract, by table and delivery.

    Args:
        path: where the file of a table and delivery stands.
        header: the text that a new file begins with.
        encoding: of every file.
    """

    def __init__(self, path: Callable[[str, int], Path], header: Callable[[str, int], str], encoding: str) -> None:
        self.counts: Counter[str] = Counter()
        self._path, self._header, self._encoding = path, header, encoding
        self._held: dict[tuple[str, int], list[str]] = {}
        self._begun: set[tuple[str, int]] = set()

    def row(self, table: str, delivery: int, line: str) -> None:
        """Add a row, with its line end."""
        held = self._held.get((table, delivery))
        if held is None:
            held = self._held[table, delivery] = []
        held.append(line)
        if len(held) >= _ROWS_HELD:
            self._write(table, delivery)

    def touch(self, table: str, delivery: int) -> None:
        """Make sure that a file is there, if only with its header."""
        self._held.setdefault((table, delivery), [])

    def close(self) -> None:
        """Write what is held."""
        for table, delivery in list(self._held):
            self._write(table, delivery)

    def _write(self, table: str, delivery: int) -> None:
        rows = self._held[table, delivery]
        path = self._path(table, delivery)
        is_new = (table, delivery) not in self._begun
        if is_new:
            self._begun.add((table, delivery))
            path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("w" if is_new else "a", encoding=self._encoding, newline="") as file:
            if is_new:
                file.write(self._header(table, delivery))
            file.write("".join(rows))
        self.counts[path.name] += len(rows)
        rows.clear()


def quoted(*fields: object) -> str:
    """One record with every field in double quotes, ended by CRLF; no field of ours holds a quote."""
    return '"' + '","'.join(map(str, fields)) + '"\r\n'
