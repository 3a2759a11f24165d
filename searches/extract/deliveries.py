"""Which files of a supplier's folder hold which table, and the order in which they came.

    emis_im1   <from>-<to>_<Schema>_<Table>_<yyyyMMddHHmmss>_<agreement GUID>.csv, by processing id
    tpp_sr     one subfolder per delivery with SRManifest.csv, by its DateExtractTo (CCYYMMDD_HHMM)
    vision     FULL_ or INCREMENTAL_<ODS>_<table>_data_extract-YYYY-MM-DD-hhmmss.csv, by that time
    canonical  <table>.csv; about.csv says the practice and the reference date
    opensafely_tpp  <Table>.csv, each a table of the database as it stands; about.csv says which Organisation_ID a
               practice has

Names count in any case; other files are ignored.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

from searches.errors import ExtractError

_EMIS = re.compile(
    r"(?:(?P<first>\d+)-)?(?P<last>\d+)_(?P<table>[a-z]+_[a-z]+)_(?P<at>\d{14})_(?P<agreement>[{}0-9a-f-]+)\.csv",
    re.IGNORECASE,
)
_VISION = re.compile(
    r"(?P<kind>full|incremental)_(?P<practice>[a-z0-9]+)_(?P<table>[a-z]+)_data_extract-"
    r"(?P<at>\d{4}-\d{2}-\d{2}-\d{6})\.csv",
    re.IGNORECASE,
)
_MANIFEST = "SRManifest.csv"
_MANIFEST_COLUMNS = ("FileName", "IsDelta", "DateExtractTo")
_TPP_EVERY_DELIVERY = ("SRPatient.csv", "SRCode.csv")
# What EMIS sends whole once and then as changes; dictionaries and agreements are sent whole each time.
_EMIS_CHANGES = re.compile(r"admin_patient|appointment_slot|carerecord_[a-z]+|prescribing_[a-z]+")
_AGAIN = "ask the supplier to send the delivery again"


@dataclass(frozen=True, slots=True)
class DeliveredFile:
    """One file of one table.

    Args:
        table: name of the raw table, in lower case.
        path: of the file.
        at: when it was made, as the supplier says.
        order: what files of one table are ordered by.
        full: it holds the whole table, not what changed since.
    """

    table: str
    path: Path
    at: datetime
    order: tuple[Any, ...]
    full: bool = True


@dataclass(frozen=True, slots=True)
class Contents:
    """What is in a supplier's folder.

    Args:
        files: of each raw table (name in lower case), oldest first.
        delivered_on: the day of the newest file.
        practices: codes in the files' names, where the layout has them there; and what the tables hold for each: the
            code itself, but where a database numbers its practices.
    """

    files: Mapping[str, tuple[DeliveredFile, ...]]
    delivered_on: date
    practices: Mapping[str, str] = field(default_factory=dict)


def contents(folder: Path, layout: str) -> Contents:
    """Look at a supplier's folder.

    Raises:
        ExtractError: no such folder, nothing of this layout in it, or a name or manifest that contradicts itself.
    """
    if not folder.is_dir():
        raise ExtractError(f"no folder at {folder}", "give the folder that holds the supplier's files")
    found, practices = _FINDERS[layout](folder)
    if not found:
        raise ExtractError(
            f"no delivery of layout {layout} in {folder}", "check the folder, and that the layout is the practice's"
        )
    tables: dict[str, list[DeliveredFile]] = {}
    for file in sorted(found, key=lambda file: file.order):
        tables.setdefault(file.table, []).append(file)
    return Contents(
        {table: tuple(files) for table, files in tables.items()}, max(file.at for file in found).date(), practices
    )


def read_records(path: Path, encoding: str) -> list[dict[str, str]]:
    """A small file with a header, as one mapping per record.

    Raises:
        ExtractError: it is missing, or not CSV of that encoding.
    """
    fault = "cannot be read"
    try:
        with path.open(encoding=encoding, newline="") as stream:
            return list(csv.DictReader(stream, strict=True))
    except FileNotFoundError:
        fault = "is missing"
    except (UnicodeDecodeError, csv.Error):
        fault = f"is not {encoding} CSV"
    # Raised here, since the codec's own error, which would come along as the context, quotes the file.
    raise ExtractError(f"{path.name} {fault}", _AGAIN)


_Found = tuple[list[DeliveredFile], dict[str, str]]


def _matching(folder: Path, pattern: re.Pattern[str]) -> list[tuple[Path, re.Match[str]]]:
    matches = ((path, pattern.fullmatch(path.name)) for path in sorted(folder.iterdir()) if path.is_file())
    return [(path, match) for path, match in matches if match is not None]


def _emis(folder: Path) -> _Found:
    matches = _matching(folder, _EMIS)
    agreements = {match["agreement"].strip("{}").upper() for _, match in matches}
    if len(agreements) > 1:
        raise ExtractError(f"files of {len(agreements)} sharing agreements, expected one", "keep one folder for each")
    found = []
    for path, match in matches:
        at = _time(path.name, match["at"], "%Y%m%d%H%M%S")
        last = int(match["last"])
        found.append(DeliveredFile(match["table"].lower(), path, at, (last, int(match["first"] or last), at)))
    _check_starts_together(found)
    return found, {}


def _check_starts_together(found: Iterable[DeliveredFile]) -> None:
    # No name says which file is whole: the first delivery is, so a table that begins later lacks what it builds on.
    begins: DeliveredFile | None = None
    seen: set[str] = set()
    for file in sorted(found, key=lambda file: file.order):
        begins = begins or file
        later = file.order[1] > begins.order[0] and file.at.date() > begins.at.date()
        if later and file.table not in seen and _EMIS_CHANGES.fullmatch(file.table):
            message = f"{file.path.name} holds changes, and the first delivery has no file of its table"
            raise ExtractError(message, "add the missing file of the first delivery")
        seen.add(file.table)


def _vision(folder: Path) -> _Found:
    found = []
    practices: dict[str, str] = {}
    for path, match in _matching(folder, _VISION):
        at = _time(path.name, match["at"], "%Y-%m-%d-%H%M%S")
        full = match["kind"].upper() == "FULL"
        # A full file and an incremental one of the same second: the increment builds on the full one.
        found.append(DeliveredFile(match["table"].lower(), path, at, (at, not full, path.name), full))
        practices[match["practice"].upper()] = match["practice"].upper()
    _check_starts_full(found)
    return found, practices


def _tpp(folder: Path) -> _Found:
    found: list[DeliveredFile] = []
    for delivery in sorted({path.parent for name in _TPP_EVERY_DELIVERY for path in folder.glob(f"*/{name}")}):
        if not (delivery / _MANIFEST).is_file():
            # Passed over, it would leave every count as it was before that delivery, and nobody would see it.
            raise ExtractError(f"{delivery.name} has no {_MANIFEST}", "copy the delivery again, or move it away")
    for manifest in sorted(folder.glob(f"*/{_MANIFEST}")):
        found += _listed(manifest)
    _check_starts_full(found)
    return found, {}


def _listed(manifest: Path) -> Iterable[DeliveredFile]:
    place = f"{manifest.parent.name}/{_MANIFEST}"
    for row in read_records(manifest, "cp1252"):
        if any(row.get(column) is None for column in _MANIFEST_COLUMNS):
            raise ExtractError(f"{place}: expected the columns {', '.join(_MANIFEST_COLUMNS)}", _AGAIN)
        name = row["FileName"].removesuffix(".csv")
        if not re.fullmatch(r"SR[A-Za-z0-9]+", name):
            raise ExtractError(f"{place}: a file name that is no table", _AGAIN)
        path = manifest.parent / f"{name}.csv"
        if not path.is_file():
            raise ExtractError(f"{place} lists {name}.csv, which is missing", _AGAIN)
        if row["IsDelta"] not in {"Y", "N"}:
            raise ExtractError(f"{place}: IsDelta of {name} is neither Y nor N", _AGAIN)
        at = _time(place, row["DateExtractTo"], "%Y%m%d_%H%M")
        yield DeliveredFile(name.lower(), path, at, (at, manifest.parent.name), row["IsDelta"] == "N")


def _check_starts_full(found: Iterable[DeliveredFile]) -> None:
    # Without the full table to build on, every count would be too small, and nobody would see it.
    first: dict[str, DeliveredFile] = {}
    for file in sorted(found, key=lambda file: file.order):
        first.setdefault(file.table, file)
    for file in first.values():
        if not file.full:
            message = f"{file.path.name} holds changes, and no full file came before it"
            raise ExtractError(message, "add the full delivery")


def _canonical(folder: Path) -> _Found:
    about = _about(folder, ("practice", "reference_date"))
    if about is None:
        return [], {}
    practice, day = about
    at = _time("about.csv", day, "%Y-%m-%d")
    return _tables(folder, at), {practice: practice}


def _opensafely(folder: Path) -> _Found:
    about = _about(folder, ("practice", "organisation_id"))
    built = folder / "LatestBuildTime.csv"
    if about is None or not built.is_file():
        return [], {}
    practice, number = about
    rows = read_records(built, "utf-8")
    at = max((_time(built.name, row.get("DtLatestBuild") or "", "%Y-%m-%d %H:%M:%S") for row in rows), default=None)
    if at is None or not number.isdigit():
        raise ExtractError("about.csv or LatestBuildTime.csv: expected a number and a time", "export the tables again")
    return _tables(folder, at), {practice.upper(): number}


def _about(folder: Path, columns: tuple[str, str]) -> tuple[str, str] | None:
    path = folder / "about.csv"
    if not path.is_file():
        return None
    rows = read_records(path, "utf-8")
    if len(rows) != 1 or any(not rows[0].get(column) for column in columns):
        raise ExtractError(f"about.csv: expected one row of {', '.join(columns)}", "write it again")
    return rows[0][columns[0]], rows[0][columns[1]]


def _tables(folder: Path, at: datetime) -> list[DeliveredFile]:
    return [DeliveredFile(path.stem.lower(), path, at, (path.name,)) for path in sorted(folder.glob("*.csv"))]


def _time(place: str, text: str, form: str) -> datetime:
    try:
        return datetime.strptime(text, form)  # noqa: DTZ007 - the supplier's local time, compared with its own kind only
    except ValueError:
        raise ExtractError(f"{place}: no such date and time", _AGAIN) from None


_FINDERS = {
    "emis_im1": _emis,
    "tpp_sr": _tpp,
    "vision": _vision,
    "canonical": _canonical,
    "opensafely_tpp": _opensafely,
}
