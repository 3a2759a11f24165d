"""The same figures as a file, one for every table of figures: what its page shows, and nothing beyond it.

UTF-8 with a byte order mark, because spreadsheets otherwise read it as something else; a text that a spreadsheet
would take for a formula gets an apostrophe in front.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from io import StringIO

from django.http import HttpResponse

from governance.suppress import CellState, SafeRow, SafeTable
from hub.comparison import Comparison, Own, Peer, Standing, percentage_of, plain
from hub.pages import tables
from hub.pages.words import cell_words
from hub.totals import Totals
from hub.totals_words import FILE_HEADER, file_rows

COMPARISON_HEADER = (
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
    "restated_on",
    "first_state",
    "first_percentage",
    "first_met",
    "first_not_met",
    "first_left_out",
)
FRONT_HEADER = (
    "agreement",
    "reference_date",
    "practice",
    "search",
    "title",
    "state",
    "percentage",
    "interval_95_low",
    "interval_95_high",
    "middle_of_peers",
    "target",
    "answered",
    "agreed",
    "restated_on",
    "first_state",
    "first_percentage",
)
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def comparison_csv(comparison: Comparison) -> bytes:
    """One row for oneself, then one for each peer, in the order of the page."""
    about = (comparison.search.id, comparison.reference_date.isoformat())
    rows = (_own_row(comparison.own), *map(_peer_row, comparison.peers))
    return written(COMPARISON_HEADER, ((*about, *row) for row in rows))


def front_csv(practice: str, agreements: Iterable[tuple[str, Sequence[Comparison] | None]]) -> bytes:
    """Every search of a practice's front page in one row, in the order of the page.

    Args:
        practice: its name.
        agreements: the id of each agreement, with what is shown under it, or None where nothing was received: then
            one row says so.
    """
    rows: list[tuple[str, ...]] = []
    for agreement, shown in agreements:
        if shown is None:
            rows.append((agreement, "", practice, "", "", Standing.AWAITED.value, *[""] * 10))
        else:
            rows += [(agreement, *_front_row(comparison)) for comparison in shown]
    return written(FRONT_HEADER, rows)


def groups_csv(own: Own, table: SafeTable, reference_date: date) -> bytes:
    """One's own figures by group, as released; nobody else's have groups."""
    groups = tables.groups(table)
    names = [name for name, _ in groups[0].dimensions] if groups else []
    header = ("search", "reference_date", "practice", *names, "met", "not_met", "left_out", "percentage")
    about = (table.search_id, reference_date.isoformat(), own.name)
    return written(header, ((*about, *_group_row(row)) for row in groups))


def totals_csv(comparison: Comparison, totals: Totals) -> bytes:
    """The totals over all practices, one row for each outcome."""
    about = (comparison.search.id, comparison.reference_date.isoformat())
    header = ("search", "reference_date", *FILE_HEADER)
    return written(header, ((*about, *row) for row in file_rows(totals)))


def attachment(name: str, content: bytes) -> HttpResponse:
    """The answer that a browser keeps as a file; `name` is made of ids and dates, never of what others wrote."""
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(content, content_type="text/csv; charset=utf-8", headers=headers)


def written(header: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    """A table in the one form that all files have."""
    text = StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    for row in (header, *rows):
        writer.writerow([safe(cell) for cell in row])
    return text.getvalue().encode("utf-8-sig")


def safe(cell: str) -> str:
    """A cell that no spreadsheet runs as a formula."""
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


def _own_row(own: Own) -> tuple[str, ...]:
    counts = own.counts
    released = _counts(counts.met, counts.not_met, counts.excepted) if counts else ("", "", "")
    first = _counts(*own.restated.first.cells) if own.restated else ("", "", "")
    return (own.name, "yes", *_own_figure(own), *released, own.size_band, *_own_first(own), *first)


def _peer_row(peer: Peer) -> tuple[str, ...]:
    first, shown = peer.first, ("", "", "")
    if first is not None:
        on = first.on.isoformat() if first.on is not None else "restated"  # of whom is not named the day is not told
        shown = (on, first.standing.value, _number(first.percentage))
    figure = (peer.standing.value, _number(peer.percentage), "", "", "", "", "")
    return (peer.label, "no", *figure, peer.size_band, *shown, "", "", "")


def _front_row(comparison: Comparison) -> tuple[str, ...]:
    own, search = comparison.own, comparison.search
    # Of a distribution the middle is no percentage: its own file has it.
    median = comparison.peers_median if search.measure is None else None
    middle, target = (plain(x) if x is not None else "" for x in (median, comparison.target))
    about = (comparison.reference_date.isoformat(), own.name, search.id, search.title)
    answered = (str(comparison.answered), str(comparison.agreed))
    return (*about, *_own_figure(own), middle, target, *answered, *_own_first(own))


def _group_row(row: SafeRow) -> tuple[str, ...]:
    return (*tables.group_names(row), *_counts(*row.states), _number(tables.group_percentage(row)))


def _own_figure(own: Own) -> tuple[str, str, str, str]:
    low, high = own.interval or (None, None)
    return own.standing.value, _number(own.percentage), _number(low), _number(high)


def _own_first(own: Own) -> tuple[str, str, str]:
    if own.restated is None:
        return "", "", ""
    first = own.restated.first
    share = str(percentage_of(first)) if first.standing is Standing.VALUE else ""
    return own.restated.on.isoformat(), first.standing.value, share


def _counts(*cells: CellState) -> tuple[str, ...]:
    # A thousands comma is for people, not for a file.
    return tuple(cell_words(cell).replace(",", "") for cell in cells)


def _number(value: Decimal | int | None) -> str:
    return str(value) if value is not None else ""
