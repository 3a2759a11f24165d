"""The figures of a practice's exact report, line by line: what its page, its table on a terminal and its files show.

A line is one count: exact, as others see it, and why. The lines of one cell are a group; that of everyone stands first.
An outcome that a search never gives has no lines: that it is nobody is no secret and no figure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

OUTCOMES = {"met": "met", "not_met": "not met", "excepted": "excepted"}
COUNTS = {
    "everyone": "everyone",
    "without_type1": "without opt-outs",
    "everyone_uncapped": "everyone, all",
    "without_type1_uncapped": "without opt-outs, all",
}
"""The exact counts of an outcome, and how people read them; the last two are of appointments."""
STATISTICS = {
    "mean": "mean",
    "deviation": "standard deviation",
    "lower_quartile": "lower quartile",
    "median": "median",
    "upper_quartile": "upper quartile",
}
"""Of a distribution, after its counts."""
_NONE = "–"
EVERYONE = "everyone"
_NEVER = "cannot_be"


@dataclass(frozen=True, slots=True)
class Line:
    """One count, or one statistic of a distribution.

    Args:
        outcome: met, not_met or excepted; or the statistic's name.
        exact: the counts here, by their names; of a statistic decimals as texts, None where there is none.
        state: what others see, as it leaves; None: nothing was released.
        others_see: the same in words.
        why: what made the difference, as a sentence.
        rules: that did, in the order in which they acted.
    """

    outcome: str
    exact: Mapping[str, int | str | None]
    state: Mapping[str, object] | None
    others_see: str
    why: str
    rules: tuple[str, ...]

    @property
    def name(self) -> str:
        """The outcome or statistic in words."""
        return {**OUTCOMES, **STATISTICS}[self.outcome]

    def figure(self, count: str) -> str:
        """An exact count as people read it."""
        number = self.exact.get(count)
        if number is None:
            return _NONE
        return f"{number:,}" if isinstance(number, int) else number

    @property
    def kind(self) -> str:
        """What others see: a value, a band, withheld, not_run, failed; empty: nothing was released."""
        return str(self.state["state"]) if self.state is not None else ""

    @property
    def is_same(self) -> bool:
        """Whether others see the exact number of those who did not opt out."""
        exact = self.exact.get("without_type1")
        if self.state is None or self.kind != "value" or exact is None:
            return False
        return Decimal(str(self.state["value"])) == Decimal(exact)


@dataclass(frozen=True, slots=True)
class Group:
    """One cell of a report.

    Args:
        dimensions: its values by dimension; none: everyone.
        lines: its counts.
    """

    dimensions: Mapping[str, str]
    lines: tuple[Line, ...]

    @property
    def name(self) -> str:
        """In words: `70-79, F`."""
        return ", ".join(value.replace("_", " ") for value in self.dimensions.values()) or EVERYONE

    @property
    def is_empty(self) -> bool:
        """Whether nobody is in it, and others see no number of it either: one sentence can tell of all such groups."""
        counts = [line for line in self.lines if line.outcome in OUTCOMES]
        nobody = all(line.exact.get("everyone") == 0 for line in counts)
        return bool(self.dimensions) and nobody and all(line.kind in ("band", "withheld") for line in self.lines)


def groups_of(document: Mapping[str, Any]) -> tuple[Group, ...]:
    """The groups of a report's document (the JSON file), in its order: the totals first."""
    never = never_given(document)
    return tuple(
        Group(
            cell["dimensions"],
            (
                *(_line(document, number, outcome) for outcome in OUTCOMES if outcome not in never),
                *(_statistic(document, number, name) for name in STATISTICS if "statistics" in cell),
            ),
        )
        for number, cell in enumerate(document["cells"])
    )


def never_given(document: Mapping[str, Any]) -> tuple[str, ...]:
    """The outcomes that the search cannot give, as far as its story says."""
    rows = document["why"]["rows"] if document["why"] is not None else ()
    return tuple(outcome for outcome in OUTCOMES if rows and all(_NEVER in row[outcome]["rules"] for row in rows))


def empty_words(groups: Sequence[Group]) -> str:
    """The groups of nobody in a sentence, instead of a line for each count; empty: there are none."""
    empty = [group for group in groups if group.is_empty]
    if not empty:
        return ""
    seen = sorted({line.others_see for group in empty for line in group.lines})
    names = "; ".join(group.name for group in empty)
    more = "1 more group" if len(empty) == 1 else f"{len(empty)} more groups"
    return f"Nobody is in {more}, of which others see no number ({', '.join(seen)}): {names}."


def summary(groups: Sequence[Group]) -> str:
    """What others see of all figures together, in a sentence."""
    lines = [line for group in groups for line in group.lines]
    if any(line.state is None for line in lines):
        return "Others see nothing of this: it has not been released."
    for kind in ("not_run", "failed"):
        if all(line.kind == kind for line in lines):
            return f"Others see that this search {'was not run' if kind == 'not_run' else 'failed'}, and no figure."
    if all(line.is_same and line.exact["everyone"] == line.exact["without_type1"] for line in lines):
        return "Others see every figure exactly as it is here."
    if all(line.is_same for line in lines):
        return "Others see every figure exactly, without the people who opted out."
    exact = sum(line.is_same for line in lines)
    numbers = sum(line.kind == "value" for line in lines)
    bands = sum(line.kind == "band" for line in lines)
    parts = ((exact, "as they are without opt-outs"), (numbers - exact, "as another number"), (bands, "as a band"))
    words = [f"{number} {how}" for number, how in (*parts, (len(lines) - numbers - bands, "not at all")) if number]
    return f"Of {len(lines)} figures others see {', '.join(words)}."


def _statistic(document: Mapping[str, Any], number: int, name: str) -> Line:
    exact = {count: one[name] for count, one in document["cells"][number]["statistics"].items()}
    if document["released"] is None:
        return Line(name, exact, None, "", "", ())
    seen = document["others_see"][number].get(name, {"words": "", "why": ""})
    released = document["released"]["rows"][number]
    state = released["statistics"][name] if "statistics" in released else released["met"]
    return Line(name, exact, state, seen["words"], seen["why"], ())


def _line(document: Mapping[str, Any], number: int, outcome: str) -> Line:
    exact = document["cells"][number][outcome]
    if document["released"] is None:
        return Line(outcome, exact, None, "", "", ())
    seen, why = document["others_see"][number][outcome], document["why"]
    rules = why["rows"][number][outcome]["rules"] if why is not None else ()
    state = document["released"]["rows"][number][outcome]
    return Line(outcome, exact, state, seen["words"], seen["why"], tuple(rules))
