"""The words for states, reasons and counts, the same on the page, in the file and on the terminal."""

from __future__ import annotations

from datetime import date

from governance.restatement import RestatementReason
from governance.suppress import CellState, Reason, State
from hub.comparison import Counts, Restated, Standing, percentage_of
from searches.search import Good, Search, Unit

_REASONS = {
    Reason.LIST_BELOW_1000: "a list under 1,000 people is not split into groups",
    Reason.LIST_AT_MOST_100: "a list of 100 people or fewer sends no figures",
    Reason.DENOMINATOR_BELOW_8: "fewer than 8 people were counted",
    Reason.NUMBER_TOO_LARGE: "the number is too large to send",
    Reason.LAYOUT_HAS_NO_APPOINTMENTS: "the record system's files hold no appointments",
    Reason.LAYOUT_HAS_NO_EVENT: "the record system's files hold no events",
    Reason.LAYOUT_HAS_NO_MEDICATION: "the record system's files hold no prescriptions",
    Reason.LAYOUT_HAS_NO_IMMUNISATION: "the record system's files hold no immunisations",
    Reason.LAYOUT_HAS_NO_CONSULTATION: "the record system's files hold no consultations",
    Reason.LAYOUT_HAS_NO_REFERRAL: "the record system's files hold no referrals",
    Reason.LAYOUT_HAS_NO_SOURCE: "the record system's files do not hold what this search asks",
    Reason.NOT_TRANSLATABLE: "the search could not be put exactly to this record system",
    Reason.OPTOUTS_MISSING: "the list of people who opted out was not there",
    Reason.OPTOUTS_STALE: "the list of people who opted out was too old",
    Reason.TIMED_OUT: "the search took too long",
    Reason.ANSWER_INVALID: "the answer did not have the right shape",
    Reason.OTHER: "the reason is in the diary at the practice",
    Reason.DENOMINATOR_TOO_SMALL: "too few people were counted",
    Reason.PROTECTS_OTHERS: "a small number could be worked out from it",
    Reason.TOO_MANY_DIMENSIONS: "the agreed rules allow fewer groups",
    Reason.TOO_OFTEN: "the agreed rules allow fewer releases",
    Reason.MEANS_NOT_ALLOWED: "the agreed rules allow no averages",
    Reason.TOO_FEW_VALUES: "too few people were measured",
    Reason.COUNT_NOT_SHOWN: "the number of people measured is not shown",
    Reason.VALUES_TELL_TOO_MUCH: "one or a few people's values could be worked out from it",
}


def reason_words(reason: Reason) -> str:
    """A reason code in words."""
    return _REASONS[reason]


def cell_words(cell: CellState) -> str:
    """One state of one cell: `412`, `fewer than 8`, `more than 404`, `withheld`."""
    match cell.state:
        case State.VALUE:
            return f"{cell.value:,}"
        case State.BAND:
            return _band_words(cell)
        case State.WITHHELD | State.NOT_RUN | State.FAILED:
            return cell.state.replace("_", " ")


def count_words(cell: CellState, what: str) -> str:
    """A state with what it counts, where it counts something: `412 people`, `not run`."""
    return f"{cell_words(cell)} {what}" if cell.state in (State.VALUE, State.BAND) else cell_words(cell)


def restated_words(restated: Restated) -> str:
    """That a figure is the second one, as a sentence."""
    why = RestatementReason(restated.reason).words
    return f"Restated on {day(restated.on)}: {why}. First released: {first_words(restated.first)}."


def first_words(first: Counts) -> str:
    """What was released first: `73.2% (412 met, 151 not met, fewer than 8 left out)`."""
    share = f"{percentage_of(first)}%" if first.standing is Standing.VALUE else first.standing.value
    cells = ((first.met, "met"), (first.not_met, "not met"), (first.excepted, "left out"))
    return f"{share} ({', '.join(f'{cell_words(cell)} {what}' for cell, what in cells)})"


def peers_words(number: int) -> str:
    """How many peers: `1 peer`, `9 peers`."""
    return f"{number} {'peer' if number == 1 else 'peers'}"


def counted(search: Search) -> str:
    """What the search counts."""
    return "appointments" if search.unit is Unit.APPOINTMENT else "people"


def direction(search: Search) -> str:
    """Which way is good, as a sentence."""
    match search.good:
        case Good.HIGHER:
            return "Higher is better."
        case Good.LOWER:
            return "Lower is better."
        case Good.NEUTRAL:
            return "Neither high nor low is better in itself: a figure to talk about."


def day(value: date) -> str:
    """`31 March 2026`."""
    return f"{value.day} {value:%B %Y}"


def _band_words(cell: CellState) -> str:
    if cell.below is not None and cell.above is not None:
        # nhs-round5 says "above 0, below 8": 1 to 7
        return f"{cell.above + 1:,} to {cell.below - 1:,}"
    if cell.below is not None:
        return f"fewer than {cell.below:,}"
    return f"more than {cell.above:,}"
