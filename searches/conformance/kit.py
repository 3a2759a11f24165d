"""The data of the kit: made-up people in the words of each layout, golden searches, and their answers."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from searches.document import library_folder, load_search
from searches.errors import LayoutError
from searches.search import Search

FOLDER = Path(__file__).parent
LIBRARY = ("mmr-two-doses", "pulse-rhythm-65")
"""Searches of the starter library that are golden too."""

_FILES = ("**/*.json", "**/*.yaml", "**/*.sql", "**/*.csv")
_ANSWERS = "answers.json"


@dataclass(frozen=True, slots=True)
class RawRows:
    """Rows of one raw table.

    Args:
        columns: all that the layout reads, then `delivery` and `row_in_delivery` where the layout keeps deliveries.
        rows: those that a table with one row for each key holds too.
        older: versions that later ones have replaced.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    older: tuple[tuple[Any, ...], ...]


@dataclass(frozen=True, slots=True)
class Fixture:
    """The made-up people as one layout stores them.

    Args:
        practice: the code that stands in the rows.
        reference_date: the day that is asked about.
        people: the number of each, by patient id.
        tables: the raw tables, by name.
    """

    practice: str
    reference_date: date
    people: Mapping[str, int]
    tables: Mapping[str, RawRows]


@cache
def fixture(layout: str) -> Fixture:
    """The made-up people in the words of a layout.

    Raises:
        LayoutError: the kit knows no such layout; nothing can be released from it.
    """
    path = FOLDER / "fixtures" / f"{layout}.json"
    if not path.is_file():
        raise LayoutError(f"the conformance kit has no people in layout {layout}", "no_fixture", "update the agent")
    found = json.loads(path.read_text(encoding="utf-8"))
    return Fixture(
        practice=found["practice"],
        reference_date=date.fromisoformat(found["reference_date"]),
        people=found["people"],
        tables={
            name: RawRows(tuple(held["columns"]), _rows(held["rows"]), _rows(held["older"]))
            for name, held in found["tables"].items()
        },
    )


@cache
def golden_searches() -> tuple[Search, ...]:
    """The searches whose answers over these people are known."""
    own = (path.parent for path in sorted(FOLDER.glob("searches/*/search.yaml")))
    return (
        *(load_search(folder, FOLDER / "codelists") for folder in own),
        *(load_search(library_folder(name)) for name in LIBRARY),
    )


def golden_answers(layout: str) -> Mapping[str, Mapping[str, tuple[int, ...]] | str]:
    """For each search, and for `roster` and `type1`, who must be where; or the reason why it cannot be asked there."""
    found = json.loads((FOLDER / _ANSWERS).read_text(encoding="utf-8"))
    answers = {**found["everywhere"], **found["except"].get(layout, {})}
    return {
        name: said if isinstance(said, str) else {place: tuple(numbers) for place, numbers in said.items()}
        for name, said in answers.items()
    }


@cache
def kit_version() -> str:
    """The first 12 hex digits of the SHA-256 over every file of the kit."""
    digest = sha256()
    for path in sorted(path for pattern in _FILES for path in FOLDER.glob(pattern)):
        data = path.read_bytes()
        digest.update(f"{path.relative_to(FOLDER).as_posix()}\0{len(data)}\0".encode() + data)
    return digest.hexdigest()[:12]


def _rows(rows: Sequence[Sequence[Any]]) -> tuple[tuple[Any, ...], ...]:
    return tuple(tuple(row) for row in rows)
