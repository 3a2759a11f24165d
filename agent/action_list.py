"""The list of patients to act on, for the practice only; it never leaves.

Who is on it: `not met` where good is higher, `met` where good is lower; nobody for a neutral search or a distribution,
or where one row is an appointment. People who opted out of sharing are on it: it is their own practice's care.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from agent.files import private_folder, write_private
from searches.people import PeopleSets
from searches.search import Good, Outcome, Search, Unit

_LISTED = {Good.HIGHER: Outcome.NOT_MET, Good.LOWER: Outcome.MET}

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")


@dataclass(frozen=True, slots=True)
class Identities:
    """Who the patients of the action lists are: column names, and a row for each patient id. Never leaves."""

    header: tuple[str, ...]
    rows: Mapping[str, tuple[str, ...]]


def listed_outcome(search: Search) -> Outcome | None:
    """Whose patients are listed, or None where there is no list."""
    has_none = search.unit is Unit.APPOINTMENT or search.measure is not None
    return None if has_none else _LISTED.get(search.good)


def write_action_list(folder: Path, people: PeopleSets, identities: Identities) -> Path | None:
    """Write a search's list as CSV, owner-only; None where the search has none.

    Args:
        folder: of the action lists; the file is REFERENCE-DATE/SEARCH.csv in it.
        people: the exact answer, everyone in it.
        identities: rows of at least the patients to list.
    """
    outcome = listed_outcome(people.search)
    if outcome is None:
        return None
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(identities.header)
    for patient_id in people.roster.ids(people.outcome(outcome).members):
        row = identities.rows.get(patient_id, (patient_id,))
        writer.writerow([cell_text(value) for value in row])
    path = private_folder(folder / people.reference_date.isoformat()) / f"{people.search.id}.csv"
    # A byte-order mark, without which spreadsheets read names with accents wrongly.
    write_private(path, text.getvalue().encode("utf-8-sig"))
    return path


def cell_text(value: str) -> str:
    """A value that no spreadsheet takes for a formula.

    >>> cell_text("=1+1"), cell_text("O'Neill"), cell_text("+44 20 7946 0000")
    ("'=1+1", "O'Neill", "'+44 20 7946 0000")
    """
    return "'" + value if value.startswith(_FORMULA_STARTS) else value
