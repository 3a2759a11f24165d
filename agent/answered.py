"""For which dates each search was answered under each agreement: the practice's own count of how often.

Written in the commit that spools the result, and never taken away: an agreement that says how often is kept by this
side whatever the hub asks for.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from datetime import date

from governance.agreement import Agreement
from governance.errors import NotPermittedError
from governance.frequency import check_frequency


def note_answered(connection: sqlite3.Connection, agreement_id: str, day: date, searches: Iterable[str]) -> None:
    """Remember for which date searches were answered; harmless when repeated."""
    connection.executemany(
        "INSERT OR IGNORE INTO answered VALUES (?, ?, ?)",
        [(agreement_id, search, day.isoformat()) for search in searches],
    )


def too_often(connection: sqlite3.Connection, agreement: Agreement, search_id: str, day: date) -> str:
    """Why a search may not be answered for a date as often as that; an empty string if it may."""
    terms = agreement.terms_of(search_id)
    rows = connection.execute(
        "SELECT reference_date FROM answered WHERE agreement = ? AND search = ?", (agreement.id, search_id)
    )
    try:
        if terms is not None:
            check_frequency(terms, day, [date.fromisoformat(text) for (text,) in rows])
    except NotPermittedError as error:
        return error.message
    return ""
