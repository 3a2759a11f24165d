"""The page and the file of a distribution: a mean with its step, quartiles where they are shown, no percentage."""

from __future__ import annotations

from collections import Counter

from markupsafe import Markup

from governance.cells import Statistic
from governance.means import step_of
from governance.restatement import RestatementReason
from governance.suppress import SafeRow, SafeTable
from hub.charts import strip
from hub.comparison import Comparison, Own, Peer, Standing, plain
from hub.pages import download
from hub.pages.tables import Cell, Rows, group_names, groups
from hub.pages.words import cell_words, count_words, day, reason_words
from searches.distribution import STATISTICS
from searches.search import Measure

NAMES = {
    "mean": "Mean",
    "deviation": "Standard deviation",
    "lower_quartile": "Lower quartile",
    "median": "Median",
    "upper_quartile": "Upper quartile",
}
CSV_HEADER = (
    "search",
    "reference_date",
    "practice",
    "yours",
    "state",
    "measure",
    "unit",
    "measured",
    *(f"{name}{part}" for name in STATISTICS for part in ("", "_step", "_state")),
    "list_size",
)
_SCALE_PARTS = 20
_NONE = "–"


def words(one: Statistic, unit: str) -> str:
    """A statistic with its step as uncertainty: `135 mmHg, to the nearest 5`; or why there is none."""
    if one.value is None or one.step is None:
        return f"not shown: {reason_words(one.reason)}" if one.reason is not None else _NONE
    return f"{plain(one.value)} {unit}, to the nearest {plain(one.step)}"


def headline(comparison: Comparison) -> str:
    """The page's first sentence, made from the same values as the picture; it states and does not judge."""
    measure, own = _measure(comparison), comparison.own
    mean = own.statistics.mean if own.statistics is not None else None
    if mean is None or mean.value is None or mean.step is None:
        why = f": {reason_words(mean.reason)}" if mean is not None and mean.reason is not None else ""
        return f"No mean of your practice is shown{why}."
    half = mean.step / 2
    between = f"between {plain(mean.value - half)} and {plain(mean.value + half)}"
    said = f"Your practice: a mean {measure.name} of {plain(mean.value)} {measure.unit} ({between})."
    middle = comparison.peers_median
    if middle is None:
        return f"{said} No peer has a mean to compare with yet."
    close = abs(mean.value - middle) <= mean.step
    side = "close to" if close else "above" if mean.value > middle else "below"
    return f"{said} That is {side} the middle of peers ({plain(middle)} {measure.unit})."


def peers_table(comparison: Comparison) -> Rows:
    """Oneself, then the peers in the order in which the comparison gives them."""
    own, unit = comparison.own, _measure(comparison).unit
    first: list[Cell] = [
        {"text": f"{own.name} (your practice)"},
        {"text": own_words(own, _measure(comparison))},
        {"text": own.size_band or _NONE},
    ]
    others: Rows = [
        [{"text": peer.label}, {"text": _peer(peer, unit)}, {"text": peer.size_band or _NONE}]
        for peer in comparison.peers
    ]
    return [[cell | {"classes": "gpf-own-cell"} for cell in first], *others]


def facts(comparison: Comparison) -> list[tuple[str, str]]:
    """One's own figures in words: how many were measured, and each statistic."""
    own, unit = comparison.own, _measure(comparison).unit
    if own.counts is None:
        return []
    counted = [
        ("Measured", count_words(own.counts.met, "people")),
        ("Not measured", count_words(own.counts.not_met, "people")),
    ]
    if own.statistics is None:
        return counted
    described = zip(NAMES.values(), own.statistics.each, strict=True)
    return [*counted, *((name, words(one, unit)) for name, one in described)]


def network_words(comparison: Comparison) -> str:
    """The mean over all practices, labelled as what it is."""
    network, unit = comparison.network, _measure(comparison).unit
    if network is None or network.mean is None:
        return "No mean over all practices is shown: fewer than four practices have one."
    return (
        f"Mean over {network.practices} practices: {plain(network.mean)} {unit}. It is the mean of the means that they "
        "released, each weighted by its released number of people; those means are rounded, so it is not exact."
    )


def picture(comparison: Comparison) -> Markup:
    """The strip of means: the values of the page's table, nothing else."""
    measure, own = _measure(comparison), comparison.own
    mean = own.statistics.mean if own.statistics is not None else None
    mark = None
    if mean is not None and mean.value is not None and mean.step is not None:
        half = mean.step / 2
        mark = strip.OwnMark(float(mean.value), float(mean.value - half), float(mean.value + half))
    lane = "" if mark else _without(own.standing)
    without = Counter([_without(peer.standing) for peer in comparison.peers if peer.mean is None])
    without.update([lane] if lane else [])
    drawn = strip.draw(
        strip.Strip(
            name="strip",
            title=f"{comparison.search.title}: your practice among its peers",
            description=f"{headline(comparison)} The table below has the same values.",
            own=mark,
            own_without=lane,
            peers=tuple(float(peer.mean) for peer in comparison.peers if peer.mean is not None),
            median=None if comparison.peers_median is None else float(comparison.peers_median),
            target=None,
            without=without,
            scale=_scale(measure),
        )
    )
    return Markup(drawn)  # noqa: S704 - our own drawing, escaped where it is made


def group_rows(table: SafeTable, measure: Measure) -> tuple[list[Cell], Rows]:
    """Head and rows of one's own figures by group, as released."""
    split = groups(table)
    names = [name.replace("_", " ").capitalize() for name, _ in split[0].dimensions] if split else []
    head = [{"text": name} for name in (*names, "Measured", "Not measured", "Mean", "Median")]
    return head, [_group(row, measure) for row in split]


def front_cells(comparison: Comparison) -> list[Cell]:
    """Own mean, middle of peers and target of a distribution on a practice's front page."""
    measure, middle = _measure(comparison), comparison.peers_median
    own = {"text": own_words(comparison.own, measure), "classes": "nhsuk-u-font-weight-bold"}
    return [own, {"text": _NONE if middle is None else f"{plain(middle)} {measure.unit}"}, {"text": _NONE}]


def csv(comparison: Comparison) -> bytes:
    """One row for oneself, then one for each peer, in the order of the page."""
    measure = _measure(comparison)
    about = (comparison.search.id, comparison.reference_date.isoformat())
    rows = (_own_row(comparison.own, measure), *(_peer_row(peer, measure) for peer in comparison.peers))
    return download.written(CSV_HEADER, ((*about, *row) for row in rows))


def context(comparison: Comparison, table: SafeTable | None) -> dict[str, object]:
    """What the page of a distribution shows in place of percentages."""
    measure = _measure(comparison)
    head, rows = group_rows(table, measure) if table is not None else ([], [])
    with_mean = sum(peer.mean is not None for peer in comparison.peers)
    return {
        "headline": headline(comparison),
        "picture": picture(comparison),
        "peers": peers_table(comparison),
        "facts": [[{"text": name}, {"text": value}] for name, value in facts(comparison)],
        "restated": _restated(comparison.own),
        "network": network_words(comparison),
        "measure": measure,
        "middle": None if comparison.peers_median is None else f"{plain(comparison.peers_median)} {measure.unit}",
        "with_mean": with_mean,
        "range": f"{plain(measure.low)} to {plain(measure.high)} {measure.unit}",
        "mean_groups_head": head,
        "mean_groups": rows,
    }


def own_words(own: Own, measure: Measure) -> str:
    """One's own mean in a few words, for a list of searches."""
    return words(own.statistics.mean, measure.unit) if own.statistics is not None else own.standing.value.capitalize()


def _restated(own: Own) -> str:
    if own.restated is None:
        return ""
    return f"Restated on {day(own.restated.on)}: {RestatementReason(own.restated.reason).words}."


def _measure(comparison: Comparison) -> Measure:
    if comparison.search.measure is None:
        raise TypeError(f"search {comparison.search.id} is no distribution")
    return comparison.search.measure


def _scale(measure: Measure) -> strip.Scale:
    step = float(step_of(measure, _SCALE_PARTS))
    return strip.Scale(float(measure.low), float(measure.high), step, measure.unit, "a mean")


def _without(standing: Standing) -> str:
    return "no mean is shown" if standing is Standing.VALUE else standing.value


def _peer(peer: Peer, unit: str) -> str:
    return f"{plain(peer.mean)} {unit}" if peer.mean is not None else _without(peer.standing).capitalize()


def _group(row: SafeRow, measure: Measure) -> list[Cell]:
    described = (row.statistics.mean, row.statistics.median) if row.statistics is not None else ()
    texts = (
        *group_names(row),
        cell_words(row.met),
        cell_words(row.not_met),
        *(words(one, measure.unit) for one in described),
    )
    return [{"text": text} for text in texts]


def _own_row(own: Own, measure: Measure) -> tuple[str, ...]:
    about = (own.name, "yes", own.standing.value, measure.name, measure.unit)
    measured = cell_words(own.counts.met).replace(",", "") if own.counts is not None else ""
    parts = [part for one in own.statistics.each for part in _parts(one)] if own.statistics is not None else [""] * 15
    return (*about, measured, *parts, own.size_band)


def _peer_row(peer: Peer, measure: Measure) -> tuple[str, ...]:
    about = (peer.label, "no", peer.standing.value, measure.name, measure.unit, "")
    return (*about, "" if peer.mean is None else plain(peer.mean), *[""] * 14, peer.size_band)


def _parts(one: Statistic) -> tuple[str, str, str]:
    value, step = ("" if number is None else plain(number) for number in (one.value, one.step))
    return value, step, str(one.state) if one.reason is None else str(one.reason)
