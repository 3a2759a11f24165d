"""Why each statistic is shown as it is: for the practice's own eyes, beside the exact one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from governance.cells import Reason, Statistic
from governance.means import Refusal
from governance.measured import Described
from governance.story import StatisticStory
from searches.distribution import STATISTICS, exact_statistics

_OF_REFUSAL = {
    Refusal.ONE_RULES: "one or two values make up too much of the sum",
    Refusal.ALIKE: "nearly everyone has the same value",
    Refusal.HELD: "a few people's values would show beside an earlier release or another search",
}
_OF_REASON = {
    Reason.MEANS_NOT_ALLOWED: "the profile shows no means",
    Reason.TOO_FEW_VALUES: "too few people were measured",
    Reason.COUNT_NOT_SHOWN: "others do not see how many people were measured",
    Reason.VALUES_TELL_TOO_MUCH: "one person's value would move it by more than a step",
}


def stories_of(
    today: Sequence[int], counted: Sequence[int] | None, described: Described
) -> Mapping[str, StatisticStory]:
    """The story of each statistic of a row, by its name.

    Args:
        today: the values of today, in thousandths.
        counted: those let out; None: they may not be shown.
        described: what is released.
    """
    exact, used = exact_statistics(today), exact_statistics(counted or ())
    found = {}
    for place, (name, shown) in enumerate(zip(STATISTICS, described.statistics.each, strict=True)):
        refusal = described.refusals[0 if place < 2 else 1]
        is_held = counted is not None and exact[name] != used[name]
        held = ["a few people's new values wait until more have changed"] if is_held else []
        told = "; ".join([*held, _why(shown, refusal)])
        found[name] = StatisticStory(_text(exact[name]), None if counted is None else _text(used[name]), told)
    return found


def _why(shown: Statistic, refusal: Refusal | None) -> str:
    if shown.step is not None:
        return f"to the nearest {shown.step:f}"
    if shown.reason is Reason.VALUES_TELL_TOO_MUCH and refusal in _OF_REFUSAL:
        return f"withheld: {_OF_REFUSAL[refusal]}"
    return f"{shown.state.replace('_', ' ')}: {_OF_REASON.get(shown.reason, shown.reason) if shown.reason else ''}"


def _text(number: object) -> str | None:
    return None if number is None else str(number)
