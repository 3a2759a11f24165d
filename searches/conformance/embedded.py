"""The made-up people as a supplier's folder, so that the embedded DuckDB reads them as it reads any extract."""

from __future__ import annotations

import csv
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from searches.conformance.kit import Fixture, RawRows
from searches.extract import Extract, open_extract
from searches.layouts.layout import Layout, RawTable

_AGREEMENT = "00000000-0009-4000-8000-000000000001"
_MANIFEST = "SRManifest"
_ABOUT = {"canonical": ("practice", "reference_date"), "opensafely_tpp": ("practice", "organisation_id")}


@dataclass(frozen=True, slots=True)
class _Delivery:
    """One delivery: its running number, and its day."""

    number: int
    day: date

    def name_of(self, layout: str, practice: str, table: str) -> str:
        """The name of a file, as the supplier gives it."""
        match layout:
            case "emis_im1":
                return f"{self.number + 1}-{self.number + 1}_{table}_{self.day:%Y%m%d}213000_{_AGREEMENT}.csv"
            case "tpp_sr":
                return f"{self.day:%Y%m%d}_2130/{table}.csv"
            case "vision":
                kind = "INCREMENTAL" if self.number else "FULL"
                return f"{kind}_{practice}_{table}_data_extract-{self.day:%Y-%m-%d}-213000.csv"
            case _:
                return f"{table}.csv"


@contextmanager
def made_up_extract(layout: Layout, made_up: Fixture) -> Iterator[Extract]:
    """The people in a layout, as an extract of their own practice in a temporary folder."""
    with tempfile.TemporaryDirectory(prefix="gpfed-conformance-") as folder:
        _write(layout, made_up, Path(folder))
        with open_extract(Path(folder), layout, made_up.practice) as extract:
            yield extract


def _write(layout: Layout, made_up: Fixture, folder: Path) -> None:
    last = 0 if layout.native else max(_delivery(row) for held in made_up.tables.values() for row in _every(held))
    for number in range(last + 1):
        delivery = _Delivery(number, made_up.reference_date - timedelta(days=last - number))
        for name, held in made_up.tables.items():
            path = folder / delivery.name_of(layout.name, made_up.practice, name)
            path.parent.mkdir(exist_ok=True)
            rows = held.rows if layout.native else _of_delivery(held, number)
            records = [dict(zip(held.columns, row, strict=True)) for row in rows]
            _write_table(path, layout, layout.raw[name], records)
        if layout.name == "tpp_sr":
            listed = [(name, "Y" if number else "N", f"{delivery.day:%Y%m%d}_2130") for name in made_up.tables]
            manifest = folder / delivery.name_of(layout.name, made_up.practice, _MANIFEST)
            _write_rows(manifest, layout.encoding, [("FileName", "IsDelta", "DateExtractTo"), *listed])
    if layout.name in _ABOUT:
        about = {"practice": made_up.practice, "organisation_id": made_up.practice}
        about["reference_date"] = made_up.reference_date.isoformat()
        columns = _ABOUT[layout.name]
        _write_rows(folder / "about.csv", layout.encoding, [columns, [about[column] for column in columns]])


def _every(held: RawRows) -> tuple[Sequence[Any], ...]:
    return (*held.rows, *held.older)


def _delivery(row: Sequence[Any]) -> int:
    return int(row[-2])


def _of_delivery(held: RawRows, number: int) -> list[Sequence[Any]]:
    return sorted((row for row in _every(held) if _delivery(row) == number), key=lambda row: int(row[-1]))


def _write_table(path: Path, layout: Layout, table: RawTable, rows: Sequence[Mapping[str, Any]]) -> None:
    columns = table.positions[0] if table.positions else (*table.columns, *table.identity)
    header = () if table.positions else (columns,)
    _write_rows(path, layout.encoding, [*header, *([row.get(column) for column in columns] for row in rows)])


def _write_rows(path: Path, encoding: str, rows: Iterable[Sequence[Any]]) -> None:
    with path.open("w", encoding=encoding, newline="") as file:
        csv.writer(file, lineterminator="\r\n", quoting=csv.QUOTE_ALL).writerows(rows)
