"""Totals over practices: a practice takes off its own count, or of two totals what is the same, to learn a peer's."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from governance.cells import CellState, State
from governance.primary import Rule
from governance.profiles import GP_BENCH
from hub.comparison import Counts, percentage_of
from hub.totals import Part, Total, totals_for
from searches.search import Outcome
from tests.attack.simplex import extreme
from tests.attack.stories import stopped_by

ME = "P0"
LARGE = 10**6
Figures = dict[str, tuple[int, int]]
"""Met and not met of each practice that has answered; the attacker's is P0."""


def released(met: int, not_met: int) -> Counts:
    return Counts(*(CellState(State.VALUE, value=number) for number in (met, not_met, 20)))


@dataclass(frozen=True)
class Seen:
    """What the attacker reads at one moment: the totals, and everyone's whole percentage."""

    figures: Figures
    totals: tuple[Total | None, Total | None]

    @property
    def shares(self) -> dict[str, int]:
        return {code: int(percentage_of(released(*pair), "1")) for code, pair in self.figures.items() if code != ME}


def look(figures: Figures) -> Seen:
    rule = Rule(GP_BENCH, frozenset(Outcome))
    totals = totals_for([Part(code, released(*pair), rule) for code, pair in figures.items()], ME)
    return Seen(figures, (totals.met, totals.not_met))


def what_is_known(moments: Sequence[Seen], code: str) -> tuple[int, int]:
    """The least and the most that a peer's met count can be at the last moment, from all that was read.

    A peer whose percentage has not changed is taken to have the same counts, and no count to be larger than the grid's
    step: the attacker knows the rule.
    """
    bounds: dict[str, tuple[int, int]] = {}
    sums: list[dict[str, int]] = []
    names = [_names(moments, number) for number in range(len(moments))]
    for number, moment in enumerate(moments):
        for peer, share in moment.shares.items():
            _share(bounds, sums, names[number][peer], share)
        for place, total in enumerate(moment.totals):
            if total is not None and total.counted.high is not None:
                _total(bounds, sums, [one[place] for one in names[number].values()], total, moment.figures[ME][place])
    met = names[-1][code][0]
    return extreme(bounds, sums, met, -1), extreme(bounds, sums, met, 1)


def _names(moments: Sequence[Seen], number: int) -> dict[str, tuple[str, str]]:
    """The unknowns of each peer at a moment: those of the moment before, if nothing about it has changed."""
    names: dict[str, tuple[str, str]] = {}
    for peer, share in moments[number].shares.items():
        before = moments[number - 1].shares.get(peer) if number else None
        kept = _names(moments, number - 1).get(peer) if before == share else None
        names[peer] = kept or (f"met {peer} {number}", f"not met {peer} {number}")
    return names


def _share(bounds: dict[str, tuple[int, int]], sums: list[dict[str, int]], names: tuple[str, str], share: int) -> None:
    met, not_met = names
    for name in names:
        bounds.setdefault(name, (8, LARGE))
    for side, sign in ((2 * share - 1, 1), (2 * share + 1, -1)):  # a whole percentage is within half a percent
        slack = f"slack {met} {sign}"
        bounds[slack] = (0, 1000 * LARGE)
        sums.append({met: sign * (200 - side), not_met: -sign * side, slack: -1})


def _total(
    bounds: dict[str, tuple[int, int]], sums: list[dict[str, int]], counts: list[str], total: Total, own: int
) -> None:
    low, high = total.counted.low, total.counted.high or 0
    name = f"total {len(bounds)}"
    bounds[name] = (max(0, low - own), max(0, high - own))
    sums.append({**dict.fromkeys(counts, 1), name: -1})
    for one in counts:
        bounds[one] = (8, min(bounds[one][1], high - low or LARGE))


def assert_not_known(moments: Sequence[Seen], code: str) -> None:
    """The peer's count may, for all that the attacker knows, be anything in a range at least half as wide as itself."""
    low, high = what_is_known(moments, code)
    count = moments[-1].figures[code][0]
    assert low <= count <= high
    assert high - low >= count / 2, f"{code} has between {low} and {high}, and in truth {count}"


def network(size: int, seed: int) -> Figures:
    """Practices of unlike sizes, as they are."""
    rng = random.Random(seed)
    figures = {}
    for number in range(size):
        people = round(rng.lognormvariate(5.6, 0.6)) + 40
        met = round(people * rng.uniform(0.25, 0.85))
        figures[f"P{number}"] = (met, people - met)
    return figures


@stopped_by("totals of several practices")
def test_two_practices_do_not_learn_each_others_count_from_their_total() -> None:
    figures = {ME: (300, 200), "P1": (120, 80)}
    moment = look(figures)
    assert moment.totals == (None, None)


@stopped_by("totals of several practices")
def test_of_three_practices_none_learns_the_other_two() -> None:
    """Two unknown counts, two sums, two percentages: four equations for four unknowns."""
    assert_not_known([look({ME: (300, 200), "P1": (900, 100), "P2": (40, 160)})], "P1")


@stopped_by("totals on a grid")
def test_the_total_before_and_after_a_late_answer_does_not_tell_it() -> None:
    for seed in range(12):
        figures = network(8, seed)
        before = {code: pair for code, pair in figures.items() if code != "P7"}
        assert_not_known([look(before), look(figures)], "P7")


@stopped_by("totals on a grid")
def test_the_total_before_and_after_a_restatement_does_not_tell_it() -> None:
    """One peer is marked as restated; its percentage is known twice, and the two totals differ by it alone."""
    for seed in range(12):
        before = network(8, seed)
        met, not_met = before["P3"]
        after = before | {"P3": (met + not_met // 3, not_met - not_met // 3)}
        assert_not_known([look(before), look(after)], "P3")


@stopped_by("totals on a grid")
def test_the_total_before_and_after_a_practice_leaves_does_not_tell_it() -> None:
    for seed in range(12):
        figures = network(9, seed)
        after = {code: pair for code, pair in figures.items() if code != "P8"}
        assert_not_known([look(after), look(figures)], "P8")


@stopped_by("totals on a grid")
def test_a_large_practice_among_small_ones_is_not_told_by_the_total() -> None:
    small = {f"P{number}": (20 + number, 30) for number in range(7)}
    assert_not_known([look(small | {"P7": (800, 400)})], "P7")


@stopped_by("grid of twice the average")
def test_practices_that_are_all_as_large_as_can_be_are_not_told_by_that() -> None:
    """Were the step only as large as the largest, a total as large as it can be would say that all are the largest."""
    figures = {f"P{number}": (100, 100) for number in range(7)}
    assert_not_known([look(figures)], "P3")
