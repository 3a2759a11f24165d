"""A supplier's folder, opened: what is there, whose it is, and its raw tables loaded when they are asked for."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from types import TracebackType
from typing import Self

from searches.engines.csv_files import CsvFile
from searches.engines.duckdb import Session
from searches.errors import ExtractError
from searches.extract.deliveries import Contents, DeliveredFile, contents, read_records
from searches.extract.files import csv_file
from searches.layouts import layout as layout_called
from searches.layouts.layout import Layout, RawTable

_PRACTICE_CODE = re.compile(r"[A-Z][0-9]{5}")
_FULL_REPLACES = "full_file_replaces"


@dataclass(frozen=True, slots=True)
class Extract:
    """One practice's extract.

    Args:
        folder: the supplier's folder.
        layout: of its files.
        practice: whose rows are asked for: the ODS code, or what the layout's database has in its place.
        contents: the files.
    """

    folder: Path
    layout: Layout
    practice: str
    contents: Contents

    @property
    def delivered_on(self) -> date:
        """The day of the newest delivery."""
        return self.contents.delivered_on

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Nothing stays open between two questions."""

    def session(self, tables: Iterable[str], *, identifying: bool = False) -> Session:
        """A locked database that holds these raw tables.

        Args:
            tables: names of raw tables.
            identifying: with the columns that say who a patient is, for the action list.

        Raises:
            ExtractError: a table or column is missing, or a file cannot be read.
        """
        session = Session()
        try:
            for name in sorted(tables):
                self._load(session, self.layout.raw[name], identifying=identifying)
            session.lock()
        except BaseException:
            session.close()
            raise
        return session

    def read(self, session: Session, name: str, columns: Container[str], *, once: bool) -> None:
        """Give a session one raw table, before it is locked.

        Args:
            session: the database.
            name: of the raw table.
            columns: those wanted, in lower case.
            once: it is read a single time, so that it need not be held.

        Raises:
            ExtractError: the table or a column is missing, or a file cannot be read.
        """
        table = self.layout.raw[name]
        wanted = tuple(column for column in table.columns if column.lower() in columns) or table.columns[:1]
        sources = self._sources(table, wanted)
        if once and sources and not any(source.in_python for source in sources.values()):
            session.read(name, sources)
        else:
            self._hold(session, name, wanted, sources)

    def _load(self, session: Session, table: RawTable, *, identifying: bool) -> None:
        columns = (*table.columns, *(table.identity if identifying else ()))
        self._hold(session, table.name, columns, self._sources(table, columns))

    def _hold(self, session: Session, name: str, columns: tuple[str, ...], sources: Mapping[int, CsvFile]) -> None:
        session.create_raw(name, columns, self._types(self.layout.raw[name], columns))
        for delivery, source in sources.items():
            session.load(name, source, delivery)

    def _sources(self, table: RawTable, columns: tuple[str, ...]) -> dict[int, CsvFile]:
        """The files of a table that hold a record, by the running number of their delivery."""
        found = {
            delivery: csv_file(file.path, table, columns, self.layout.encoding)
            for delivery, file in enumerate(self._files(table))
        }
        types = self._types(table, columns)
        return {delivery: replace(source, types=types) for delivery, source in found.items() if source is not None}

    def _types(self, table: RawTable, columns: tuple[str, ...]) -> dict[str, str] | None:
        return {column: table.types.get(column, "text") for column in columns} if self.layout.native else None

    def _files(self, table: RawTable) -> tuple[DeliveredFile, ...]:
        files = self.contents.files.get(table.name.lower(), ())
        if not files and not table.may_be_absent:
            raise ExtractError(f"no file of table {table.name} in the extract", "ask the supplier for all its tables")
        if _FULL_REPLACES in self.layout.rules:
            last_full = max((place for place, file in enumerate(files) if file.full), default=0)
            return files[last_full:]
        return files


def open_extract(folder: Path, layout: str | Layout, practice: str | None = None) -> Extract:
    """Open a supplier's folder.

    Args:
        folder: it holds all deliveries.
        layout: its name, or the layout itself.
        practice: ODS code; None where the folder holds one practice.

    Raises:
        ExtractError: nothing of the layout is there, or it is not clear whose it is.
        LayoutError: no layout has that name.
    """
    chosen = layout_called(layout) if isinstance(layout, str) else layout
    found = contents(folder, chosen.name)
    if practice is None:
        practice = _only(_PRACTICES[chosen.name](found, chosen))
    elif found.practices and practice.upper() not in {code.upper() for code in found.practices}:
        held = ", ".join(sorted(found.practices))
        raise ExtractError(f"the extract is not of practice {practice}", f"it is of {held}")
    return Extract(folder, chosen, found.practices.get(practice.upper(), practice), found)


def _only(codes: Iterable[str]) -> str:
    practices = sorted({code.strip().upper() for code in codes})
    shaped = [code for code in practices if _PRACTICE_CODE.fullmatch(code)]
    if len(shaped) != 1:
        raise ExtractError(f"the extract holds {len(shaped)} practices", "say which with --practice")
    return shaped[0]


def _named(found: Contents, _: Layout) -> Iterable[str]:
    return found.practices


def _emis_practices(found: Contents, layout: Layout) -> Iterable[str]:
    active: set[str] = set()
    for row in _records(found, layout, "agreements_sharingorganisation"):
        on = _is_true(row, "IsActivated") and not _is_true(row, "Disabled") and not _is_true(row, "Deleted")
        (active.add if on else active.discard)(_guid(row))
    return [row.get("ODSCode") or "" for row in _records(found, layout, "admin_organisation") if _guid(row) in active]


def _tpp_practices(found: Contents, layout: Layout) -> Iterable[str]:
    return [row.get("IDOrganisationVisibleTo") or "" for row in _records(found, layout, "srpatient")]


def _records(found: Contents, layout: Layout, table: str) -> Iterable[dict[str, str]]:
    for file in found.files.get(table, ()):
        yield from read_records(file.path, layout.encoding)


def _is_true(row: dict[str, str], column: str) -> bool:
    return (row.get(column) or "").strip().lower() in {"true", "1"}


def _guid(row: dict[str, str]) -> str:
    return (row.get("OrganisationGuid") or "").strip("{}").lower()


_PRACTICES = {
    "emis_im1": _emis_practices,
    "tpp_sr": _tpp_practices,
    "vision": _named,
    "canonical": _named,
    "opensafely_tpp": _named,
}
