"""The tables of a comparison, as rows for the table macro; the file has the same rows (`hub.pages.download`)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from markupsafe import Markup

from governance.suppress import SafeRow, SafeTable, State
from hub.charts import spark
from hub.comparison import Comparison, Counts, Own, Standing, percentage_of, plain
from hub.pages.words import cell_words, reason_words

Cell = dict[str, Any]
Rows = list[list[Cell]]

_STATE = Markup('<span class="nhsuk-tag nhsuk-tag--grey nhsuk-tag--no-border">{}</span>')
_QUIET = Markup('<span class="gpf-quiet">{}</span>')
_OWN = "gpf-own-cell"


def peers_table(comparison: Comparison) -> Rows:
    """Oneself, then the peers in the order in which the comparison gives them."""
    own = comparison.own
    rows = [[_own_name(own), _share(own), {"text": own.size_band or "–"}, _standing(own.standing)]]
    for cell in rows[0]:
        cell["classes"] = f"{cell.get('classes', '')} {_OWN}".strip()
    for peer in comparison.peers:
        share = {"text": f"{peer.percentage}%"} if peer.percentage is not None else _dash()
        rows.append([{"text": peer.label}, share, {"text": peer.size_band or "–"}, _standing(peer.standing)])
    return rows


def facts_table(facts: Sequence[tuple[str, str]]) -> Rows:
    """Pairs of a name and a figure."""
    return [[{"text": key}, {"text": value}] for key, value in facts]


def breakdown_head(table: SafeTable) -> list[Cell]:
    """The columns of one's own figures by group."""
    numeric = [{"text": text, "format": "numeric"} for text in ("Met", "Not met", "Left out", "Percentage")]
    return [*({"text": name.replace("_", " ").capitalize()} for name, _ in _groups(table)[0].dimensions), *numeric]


def breakdown_table(table: SafeTable) -> Rows:
    """One's own figures by group, as released."""
    return [_group_row(row) for row in _groups(table)]


def has_groups(table: SafeTable) -> bool:
    """Whether the search splits its counts at all."""
    return bool(_groups(table))


def is_split(table: SafeTable) -> bool:
    """Whether any group of the table says more than that it is withheld."""
    return any(cell.state in (State.VALUE, State.BAND) for row in _groups(table) for cell in row.states)


def unsplit_reason(table: SafeTable) -> str:
    """Why no group can be shown, in words; empty if the search has no groups."""
    groups = _groups(table)
    reason = groups[0].met.reason if groups else None
    return reason_words(reason) if reason else ""


def front_row(comparison: Comparison, href: str, place: int) -> list[Cell]:
    """One search on a practice's front page."""
    title = comparison.search.title
    return [
        {"html": Markup('<a class="nhsuk-link" href="{}">{}</a>').format(href, title)},
        _front_share(comparison.own),
        {"text": _percent_or_dash(comparison.peers_median)},
        {"text": _percent_or_dash(comparison.target)},
        {"html": Markup(_spark(comparison, place))},  # noqa: S704 - our own drawing, escaped where it is made
        {"text": f"{comparison.answered} of {comparison.agreed}"},
    ]


def _spark(comparison: Comparison, place: int) -> str:
    own = comparison.own
    share = f"{plain(own.percentage)}%" if own.percentage is not None else "no percentage"
    peers = tuple(peer.percentage for peer in comparison.with_percentage if peer.percentage is not None)
    return spark.draw(
        spark.Spark(
            f"spark-{place}",
            comparison.search.title,
            f"Your practice: {share}. {len(peers)} peers on a line from 0 to 100%.",
            float(own.percentage) if own.percentage is not None else None,
            peers,
            float(comparison.target) if comparison.target is not None else None,
        )
    )


def _own_name(own: Own) -> Cell:
    return {"html": Markup("{} (your practice)").format(own.name)}


def _share(own: Own) -> Cell:
    return {"text": f"{own.percentage}%"} if own.percentage is not None else _dash()


def _front_share(own: Own) -> Cell:
    if own.percentage is None:
        return {"html": _STATE.format(own.standing.value)}
    return {"html": Markup("<strong>{}%</strong>").format(own.percentage)}


def _standing(standing: Standing) -> Cell:
    if standing is Standing.VALUE:
        return {"text": "Percentage shown"}
    return {"html": _STATE.format(standing.value.capitalize())}


def _dash() -> Cell:
    return {"html": Markup('<span aria-hidden="true">–</span><span class="nhsuk-u-visually-hidden">none</span>')}


def _percent_or_dash(value: Any) -> str:
    return f"{plain(value)}%" if value is not None else "–"


def _groups(table: SafeTable) -> list[SafeRow]:
    return [row for row in table.rows if row.dimensions]


def _group_row(row: SafeRow) -> list[Cell]:
    counts = Counts(row.met, row.not_met, row.excepted)
    share = f"{percentage_of(counts)}%" if counts.standing is Standing.VALUE else "–"
    names = [{"text": value.replace("_", " ")} for _, value in row.dimensions]
    numbers = [cell_words(state) for state in row.states]
    return [*names, *({"text": text, "format": "numeric"} for text in (*numbers, share))]
