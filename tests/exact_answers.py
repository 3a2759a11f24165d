"""Synthetic practices and their exact answers, for the tests that compare record systems with each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from searches.answer import NotRun, answer, exact_cells
from searches.document import library, library_folder, load_search
from searches.extract import open_extract
from searches.layouts.layout import Layout
from searches.people import PeopleSets
from searches.search import Search
from searches.synthetic import REFERENCE_DATE, synthesise

EXTRACTS = ("emis_im1", "tpp_sr", "vision")
"""What suppliers deliver as files."""
SUPPLIERS = (*EXTRACTS, "opensafely_tpp")
"""Those, and a database of records."""
CANONICAL = "canonical"
PROBES = Path(__file__).parent / "mutations" / "probes"

Cells = Mapping[str, list[dict[str, Any]] | str]
"""For each search its cells, or the reason why it has none."""


def starter_searches() -> tuple[Search, ...]:
    """Those of the library."""
    return tuple(load_search(library_folder(name)) for name in library())


def probe_searches() -> tuple[Search, ...]:
    """Searches of tables and columns that the twelve do not read, so that no rule of a layout goes untested."""
    folders = sorted(path.parent for path in PROBES.glob("*/search.yaml"))
    return tuple(load_search(folder, PROBES / "codelists") for folder in folders)


@dataclass(frozen=True, slots=True)
class WrittenPractice:
    """One synthetic practice, written in one layout."""

    layout: str
    folder: Path
    reference_date: date

    def cells(self, searches: Sequence[Search], layout: Layout | None = None) -> Cells:
        """Exact answers, everyone and without those who opted out.

        Args:
            searches: what is asked.
            layout: a changed copy of the layout to read it with.
        """
        with open_extract(self.folder, layout or self.layout, "Z90001") as extract:
            found = answer(extract, searches, self.reference_date)
        return {
            name: exact_cells(result, found.type1) if isinstance(result, PeopleSets) else _reason(result)
            for name, result in found.results.items()
        }


def _reason(result: Any) -> str:
    return f"not run: {result.reason}" if isinstance(result, NotRun) else f"failed: {result.reason}"


def write_practice(
    layout: str, patients: int, seed: int, folder: Path, reference_date: date = REFERENCE_DATE
) -> WrittenPractice:
    """Write a synthetic practice.

    Args:
        patients: how many are currently registered.
        seed: the same seed gives the same people in every layout.
        folder: an empty one; the layout's own folder is made in it.
    """
    out = folder / f"{layout}-{patients}-{seed}"
    synthesise(layout, patients, seed, out, reference_date)
    return WrittenPractice(layout, out, reference_date)


def differences(one: Cells, other: Cells) -> dict[str, list[tuple[dict[str, Any], dict[str, Any]]]]:
    """The cells that differ, by search."""
    found = {}
    for name, cells in one.items():
        others = other[name]
        if isinstance(cells, str) or isinstance(others, str):
            pairs = [({"reason": cells}, {"reason": others})] if cells != others else []
        else:
            pairs = [(a, b) for a, b in zip(cells, others, strict=True) if a != b]
        if pairs:
            found[name] = pairs
    return found
