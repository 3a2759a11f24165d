"""The same figures as a file: exactly what the page shows, no column more.

UTF-8 with a byte order mark, because spreadsheets otherwise read it as something else; a text that a spreadsheet
would take for a formula gets an apostrophe in front.
"""

from __future__ import annotations

import csv
from io import StringIO

from hub.comparison import Comparison, Own, Peer
from hub.pages.words import cell_words

HEADER = (
    "search",
    "reference_date",
    "practice",
    "yours",
    "state",
    "percentage",
    "interval_95_low",
    "interval_95_high",
    "met",
    "not_met",
    "left_out",
    "list_size",
)
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def comparison_csv(comparison: Comparison) -> bytes:
    """One row for oneself, then one for each peer, in the order of the page."""
    text = StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(HEADER)
    about = (comparison.search.id, comparison.reference_date.isoformat())
    for row in (_own_row(comparison.own), *map(_peer_row, comparison.peers)):
        writer.writerow([safe(cell) for cell in (*about, *row)])
    return text.getvalue().encode("utf-8-sig")


def safe(cell: str) -> str:
    """A cell that no spreadsheet runs as a formula."""
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


def _own_row(own: Own) -> tuple[str, ...]:
    low, high = (str(own.interval[0]), str(own.interval[1])) if own.interval else ("", "")
    counts = own.counts
    share = str(own.percentage) if own.percentage is not None else ""
    released = ("", "", "")
    if counts:
        # A thousands comma is for people, not for a file.
        cells = (counts.met, counts.not_met, counts.excepted)
        met, not_met, excepted = (cell_words(cell).replace(",", "") for cell in cells)
        released = (met, not_met, excepted)
    return (own.name, "yes", own.standing.value, share, low, high, *released, own.size_band)


def _peer_row(peer: Peer) -> tuple[str, ...]:
    share = str(peer.percentage) if peer.percentage is not None else ""
    return (peer.label, "no", peer.standing.value, share, "", "", "", "", "", peer.size_band)
