"""Why others see what they see of one count, as a practice reads it: each rule and each reason has its sentence.

    3 patients changed since the release of 2026-03-02; changes of fewer than 5 are held, so others still see 212.

Exact figures stand in these sentences, so they stay where the exact report does.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from governance.cells import CellState, Reason, State
from governance.profiles import APPOINTMENT_ROUNDING, FLOOR, Profile
from governance.story import Rule
from searches.people import APPOINTMENTS_COUNTED_PER_PERSON
from searches.search import Unit

AS_IT_IS = "As it is here."
_OTHER_SIDE = {"met": "not met", "not_met": "met"}


@dataclass(frozen=True, slots=True)
class About:
    """What is the same for every count of a table.

    Args:
        unit: what is counted.
        profile: by which the counts are shown.
        held_below: changes of fewer patients than this are held.
        since: the release before, in words: `the release of 2026-03-02`.
    """

    unit: Unit
    profile: Profile
    held_below: int
    since: str = "the release before"

    @property
    def fewest(self) -> str:
        """What a number is at least of: `8 patients`."""
        return f"{self.profile.k} patients"


@dataclass(frozen=True, slots=True)
class Count:
    """One count: exact here, as others see it, and the rules that made the difference.

    Args:
        outcome: met, not_met or excepted.
        everyone: exact.
        sharing: exact, without the people who opted out.
        state: what others see.
        counted: from the released standing, before any band or rounding.
        rules: that acted on it, in that order.
        changed: patients who changed since the release before, where that is held.
    """

    outcome: str
    everyone: int
    sharing: int
    state: CellState
    counted: int = 0
    rules: tuple[Rule, ...] = ()
    changed: int = 0


def sentence(count: Count, about: About) -> str:
    """Why others see what they see of a count.

    Args:
        count: of a table.
        about: the table.
    """
    if count.state.state in (State.NOT_RUN, State.FAILED):
        return reason_sentence(count.state.reason or Reason.OTHER)
    parts = [RULE_WORDS[rule](count, about) for rule in count.rules]
    if not parts and count.state.reason is not None:
        parts = [REASON_WORDS[count.state.reason]]
    if count.everyone != count.sharing and count.state.state is State.VALUE:
        parts.insert(0, _opted_out(count, about))
    return _sentence(parts) if parts else AS_IT_IS


def reason_sentence(reason: Reason) -> str:
    """Why there is no number, where one reason holds for a whole row or table."""
    return _sentence([REASON_WORDS[reason]])


def seen_by_others(state: CellState) -> str:
    """What others see of one count, in words.

    >>> seen_by_others(CellState(State.BAND, below=8)), seen_by_others(CellState(State.VALUE, value=31))
    ('below 8', '31')
    """
    match state.state:
        case State.VALUE:
            return f"{state.value:,}"
        case State.BAND:
            bounds = (("above", state.above), ("below", state.below))
            return " and ".join(f"{word} {bound:,}" for word, bound in bounds if bound is not None)
        case State.WITHHELD | State.NOT_RUN | State.FAILED:
            return state.state.replace("_", " ")


def patients(number: int) -> str:
    """How many: `1 patient`, `3 patients`."""
    return f"{number:,} {'patient' if number == 1 else 'patients'}"


def _sentence(parts: list[str]) -> str:
    return f"{'. '.join(part[0].upper() + part[1:] for part in parts)}."


def _opted_out(count: Count, about: About) -> str:
    left_out = count.everyone - count.sharing
    if about.unit is Unit.APPOINTMENT:
        are = (
            "appointment of a patient who opted out is"
            if left_out == 1
            else "appointments of patients who opted out are"
        )
        return f"{left_out:,} {are} left out"
    return f"{patients(left_out)} who opted out {'is' if left_out == 1 else 'are'} left out"


def _held(count: Count, about: About) -> str:
    still = f"others still see {seen_by_others(count.state)}"
    if count.state.state is not State.VALUE:
        still = f"{count.counted:,} are still counted"
    if count.changed >= about.held_below:
        return (
            f"of {patients(count.changed)} who changed since {about.since} some wait: each of their moves would show "
            f"fewer than {about.held_below} patients in some count, so {still}"
        )
    changed = f"{patients(count.changed)} changed" if count.changed else "appointments of the same patients changed"
    return f"{changed} since {about.since}; changes of fewer than {about.held_below} are held, so {still}"


def _snapped(count: Count, _: About) -> str:
    return (
        f"another search counts the same patients but for a few, and the difference would tell of them, so "
        f"{count.counted:,} are counted in both"
    )


def _few(_: Count, about: About) -> str:
    if about.profile.zero_shown:
        return f"1 to {about.profile.k - 1} patients are never a number"
    each = ""
    if about.unit is Unit.APPOINTMENT:
        each = f"; each counts with at most {APPOINTMENTS_COUNTED_PER_PERSON} appointments"
    return f"fewer than {about.fewest} are never a number, and nobody looks like a few{each}"


def _other_side(count: Count, about: About) -> str:
    other = _OTHER_SIDE.get(count.outcome, "the other side")
    return f"{other} is of fewer than {about.fewest}, and an exact number here would give it away"


def _denominator(_: Count, about: About) -> str:
    least = about.profile.least_denominator
    return f"met and not met together are fewer than {least} patients, so neither is shown"


def _rounded(_: Count, about: About) -> str:
    if about.unit is Unit.APPOINTMENT:
        return f"appointments are rounded to the nearest {APPOINTMENT_ROUNDING}"
    return f"rounded to the nearest {about.profile.rounding}"


def _too_many(_: Count, about: About) -> str:
    most = about.profile.most_dimensions
    return f"profile {about.profile.id} splits counts by at most {most} dimension{'s' if most != 1 else ''}"


def _small_list(_: Count, about: About) -> str:
    return (
        f"of fewer than {about.profile.dimensions_list_min:,} registered patients no groups are shown, only the totals"
    )


def _says(words: str) -> Callable[[Count, About], str]:
    return lambda _, __: words


RULE_WORDS: dict[Rule, Callable[[Count, About], str]] = {
    Rule.HELD: _held,
    Rule.SNAPPED: _snapped,
    Rule.FEW: _few,
    Rule.OTHER_SIDE: _other_side,
    Rule.DENOMINATOR: _denominator,
    Rule.PROTECTS_OTHERS: _says(
        "with this number, a hidden one could be worked out from totals, public list sizes or other searches"
    ),
    Rule.NEAR_ANOTHER_SEARCH: _says(
        "another search counts the same patients but for a few, and the difference would tell of them"
    ),
    Rule.AUDIT: _says("together with other counts that were released it would tell of a few patients"),
    Rule.ROUNDED: _rounded,
    Rule.SMALL_LIST: _small_list,
    Rule.TOO_MANY_DIMENSIONS: _too_many,
    Rule.TOO_OFTEN: _says("this search is asked more often than its profile allows"),
    Rule.TOO_LARGE: _says(f"numbers above {FLOOR.largest_number:,} do not fit a message"),
    Rule.CANNOT_BE: _says("this search never gives this outcome, which everybody knows"),
}
"""What each rule of a story says of a count."""

REASON_WORDS: dict[str, str] = {
    "list_below_1000": "of fewer than 1,000 registered patients no groups are shown, only the totals",
    "list_at_most_100": f"of {FLOOR.silent_list} registered patients or fewer nothing is shown at all",
    "denominator_below_8": "met and not met together are fewer than 8 patients",
    "number_too_large": f"numbers above {FLOOR.largest_number:,} do not fit a message",
    "layout_has_no_appointments": "the files of this record system hold no appointments",
    "layout_has_no_event": "the files of this record system hold no events",
    "layout_has_no_medication": "the files of this record system hold no prescriptions",
    "layout_has_no_immunisation": "the files of this record system hold no immunisations",
    "layout_has_no_consultation": "the files of this record system hold no consultations",
    "layout_has_no_referral": "the files of this record system hold no referrals",
    "layout_has_no_source": "the files of this record system do not hold what the search asks",
    "not_translatable": "the search cannot be put exactly to this record system",
    "optouts_missing": "it is not known who opted out",
    "optouts_stale": "the list of who opted out is older than the reference date",
    "timed_out": "the search took longer than it may",
    "answer_invalid": "the answer was not of the shape that the search declares",
    "other": "this practice refused the search, or it failed; the diary says which, and others are not told",
    "denominator_too_small": "met and not met together are too few patients",
    "protects_others": "with this number, a hidden one could be worked out",
    "too_many_dimensions": "the profile splits counts by fewer dimensions",
    "too_often": "this search is asked more often than its profile allows",
    "means_not_allowed": "the profile shows no means",
    "too_few_values": "too few patients have a value",
    "count_not_shown": "how many patients have a value is not shown either",
    "values_tell_too_much": "a mean of these values would tell of one patient",
}
"""Why there is no number, by the reason's code."""
