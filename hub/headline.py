"""The first sentence of a comparison: made from the same values as its picture; it states and does not judge."""

from __future__ import annotations

from hub.comparison import Comparison, Own, Standing, plain
from searches.search import Good, Unit

_EXACT = "Your exact figure is in the report at your practice."


def headline(comparison: Comparison) -> str:
    """The page's first sentence, made from the same values as the picture; it states and does not judge."""
    own = comparison.own
    if own.percentage is None:
        return _without_percentage(own.standing, comparison.search.unit)
    return f"{_own_sentence(own)} {_peer_sentence(comparison)}{_target_sentence(comparison)}"


def _own_sentence(own: Own) -> str:
    counts = own.counts
    met, total = (counts.met.value or 0, counts.total) if counts else (0, 0)
    return f"Your practice: {own.percentage}% ({met:,} of {total:,})."


def _peer_sentence(comparison: Comparison) -> str:
    middle, own = comparison.peers_median, comparison.own
    if middle is None or own.interval is None or own.percentage is None:
        return "No peer has a percentage to compare with yet."
    count = len(comparison.with_percentage)
    peers = "the one peer with a percentage" if count == 1 else f"the middle of {count} peers"
    low, high = own.interval
    if low <= middle <= high:
        return f"That is close to {peers} ({plain(middle)}%): the difference is within what chance alone can bring."
    side = "above" if own.percentage > middle else "below"
    return f"That is {side} {peers} ({plain(middle)}%), by more than chance alone would usually bring."


def _target_sentence(comparison: Comparison) -> str:
    target, own = comparison.target, comparison.own
    if target is None or own.percentage is None or own.interval is None:
        return ""
    low, high = own.interval
    lower_is_good = comparison.search.good is Good.LOWER
    reached = own.percentage <= target if lower_is_good else own.percentage >= target
    if reached:
        return f" The target of {plain(target)}% is reached."
    if low <= target <= high:
        return f" The target of {plain(target)}% lies within your interval."
    return f" The target is {plain(target)}%."


def _without_percentage(standing: Standing, unit: Unit) -> str:
    counted = "appointments" if unit is Unit.APPOINTMENT else "people"
    match standing:
        case Standing.AWAITED:
            return "No result of your practice has been received for this date yet."
        case Standing.NOT_RUN:
            return "This search could not be run on your practice's record system, so there is no figure."
        case Standing.BANDED:
            return f"One side of this figure counts too few {counted} to show a percentage. {_EXACT}"
        case Standing.WITHHELD:
            return f"This figure is withheld: with it, a few {counted} could be told apart. {_EXACT}"
        case Standing.EMPTY:
            return f"There were no {counted} to count at your practice on this date."
        case _:
            return "This search did not finish at your practice, so there is no figure for this date."
