"""The tables of a practice's pages, as rows for the table macro; the files have the same (`hub.pages.download`)."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from markupsafe import Markup

from governance.suppress import CellState, Reason, SafeRow, SafeTable, State
from hub.charts import spark
from hub.comparison import Comparison, Counts, Own, Peer, Standing, percentage_of, plain
from hub.pages.words import cell_words, day, peers_words, reason_words
from hub.totals import Totals
from hub.totals_words import totals_rows

Cell = dict[str, Any]
Rows = list[list[Cell]]

_STATE = Markup('<span class="nhsuk-tag nhsuk-tag--no-border gpf-state gpf-state--{}">{}</span>')
_COUNT = Markup('<span class="gpf-count gpf-count--{}">{}</span>')
_QUIET = Markup('<span class="gpf-quiet">{}</span>')
_OWN = "gpf-own-cell"
_NONE = "–"


def peers_table(comparison: Comparison) -> Rows:
    """Oneself, then the peers in the order in which the comparison gives them."""
    own = comparison.own
    first = [{"text": f"{own.name} (your practice)"}, _figure(own), {"text": own.size_band or _NONE}]
    if own.restated is not None:
        first[1] = _marked(first[1], f"restated on {day(own.restated.on)}; first {_first_share(own.restated.first)}")
    others = [
        [{"text": peer.label}, _peer_figure(peer), {"text": peer.size_band or _NONE}] for peer in comparison.peers
    ]
    return [[cell | {"classes": _OWN} for cell in first], *others]


def facts_table(facts: Sequence[tuple[str, str]]) -> Rows:
    """Pairs of a name and a figure."""
    return [[{"text": key}, {"text": value}] for key, value in facts]


def totals_table(totals: Totals) -> Rows:
    """Each outcome over all practices, with of how many it is made."""
    return [[{"text": text} for text in row] for row in totals_rows(totals)]


def breakdown_head(table: SafeTable) -> list[Cell]:
    """The columns of one's own figures by group."""
    numeric = [{"text": text, "format": "numeric"} for text in ("Met", "Not met", "Left out", "Percentage")]
    return [*({"text": name.replace("_", " ").capitalize()} for name, _ in groups(table)[0].dimensions), *numeric]


def breakdown_table(table: SafeTable) -> Rows:
    """One's own figures by group, as released."""
    return [_group_row(row) for row in groups(table)]


def has_groups(table: SafeTable) -> bool:
    """Whether the search splits its counts at all."""
    return bool(groups(table))


def is_split(table: SafeTable) -> bool:
    """Whether any group of the table says more than that it is withheld."""
    return any(cell.state in (State.VALUE, State.BAND) for row in groups(table) for cell in row.states)


def unsplit_reason(table: SafeTable) -> str:
    """Why no group can be shown, in words; empty if the search has no groups."""
    rows = groups(table)
    reason = rows[0].met.reason if rows else None
    if reason in (Reason.DENOMINATOR_BELOW_8, Reason.DENOMINATOR_TOO_SMALL):
        return f"{reason_words(reason)} in each"
    return reason_words(reason) if reason else ""


def front_row(comparison: Comparison, href: str, place: int) -> list[Cell]:
    """One search on a practice's front page."""
    title = comparison.search.title
    answered = _QUIET.format(f"{comparison.answered} of {comparison.agreed} answered")
    return [
        {"html": Markup('<a class="nhsuk-link" href="{}">{}</a>').format(href, title)},
        _own_figure(comparison.own),
        {"text": _percent_or_dash(comparison.peers_median if comparison.search.measure is None else None)},
        {"text": _percent_or_dash(comparison.target)},
        {
            "html": Markup("{}{}").format(
                _spark(comparison, place) if comparison.search.measure is None else "", answered
            )
        },
    ]


def groups(table: SafeTable) -> list[SafeRow]:
    """The groups of a table, without the row that has everyone."""
    return [row for row in table.rows if row.dimensions]


def group_names(row: SafeRow) -> list[str]:
    """What a group is called, one word for each dimension."""
    return [value.replace("_", " ") for _, value in row.dimensions]


def group_percentage(row: SafeRow) -> Decimal | None:
    """The percentage of one group, where both sides of it are values."""
    counts = Counts(row.met, row.not_met, row.excepted)
    return percentage_of(counts) if counts.standing is Standing.VALUE else None


def _spark(comparison: Comparison, place: int) -> Markup:
    own = comparison.own
    share = f"{plain(own.percentage)}%" if own.percentage is not None else "no percentage"
    peers = tuple(peer.percentage for peer in comparison.with_percentage if peer.percentage is not None)
    return Markup(  # noqa: S704 - our own drawing, escaped where it is made
        spark.draw(
            spark.Spark(
                f"spark-{place}",
                comparison.search.title,
                f"Your practice: {share}. {peers_words(len(peers))} on a line from 0 to 100%.",
                float(own.percentage) if own.percentage is not None else None,
                peers,
                float(comparison.target) if comparison.target is not None else None,
            )
        )
    )


def _figure(practice: Own | Peer) -> Cell:
    """A percentage, or the words that say why there is none; never an empty place that could be read as zero."""
    if practice.percentage is None:
        return {"html": _STATE.format(practice.standing.name.lower(), practice.standing.value.capitalize())}
    return {"text": f"{practice.percentage}%"}


def _peer_figure(peer: Peer) -> Cell:
    first = peer.first
    if first is None:
        return _figure(peer)
    share = f"{first.percentage}%" if first.percentage is not None else first.standing.value
    on = f" on {day(first.on)}" if first.on is not None else ""
    return _marked(_figure(peer), f"restated{on}; first {share}")


def _marked(figure: Cell, words: str) -> Cell:
    """A figure with a few words under it."""
    shown = figure["html"] if "html" in figure else figure["text"]
    return {"html": Markup("{}<br>{}").format(shown, _QUIET.format(words))}


def _first_share(first: Counts) -> str:
    return f"{percentage_of(first)}%" if first.standing is Standing.VALUE else first.standing.value


def _own_figure(own: Own) -> Cell:
    figure = _figure(own)
    if own.interval:
        low, high = own.interval
        figure = _marked(figure, f"interval {low}% to {high}%")
    if own.restated is not None:
        figure = _marked(figure, f"restated on {day(own.restated.on)}; first {_first_share(own.restated.first)}")
    return figure | {"classes": "nhsuk-u-font-weight-bold"}


def _percent_or_dash(value: Any) -> str:
    return f"{plain(value)}%" if value is not None else _NONE


def _group_row(row: SafeRow) -> list[Cell]:
    percentage = group_percentage(row)
    share = f"{percentage}%" if percentage is not None else _NONE
    names = [{"text": name} for name in group_names(row)]
    numbers = [{**_count(state), "format": "numeric"} for state in row.states]
    return [*names, *numbers, {"text": share, "format": "numeric"}]


def _count(state: CellState) -> Cell:
    """One count; what is no number looks unlike one, and each kind unlike the others."""
    if state.state is State.VALUE:
        return {"text": cell_words(state)}
    return {"html": _COUNT.format(state.state, cell_words(state))}
