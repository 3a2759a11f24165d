"""Complementary suppression beside Tau-Argus, the tool of the statistical offices (pytauargus, an oracle only).

Both are given the same tables: groups by met, not met and excepted with their totals, half of them with the size of
each group known too. Under a one-sided rule, counts of 1 to 7 are unsafe for both. Tau-Argus solves for the fewest
cells; its range of protection is 100 % of the count on either side (one number for all), ours an interval 7 wide.
"""

from __future__ import annotations

import random
import statistics
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytauargus
import pytest

from governance.attacker import UNBOUNDED
from governance.complement import protect
from governance.margins import Known, Seen, Spot, Table
from governance.primary import Look, Rule
from governance.profiles import GP_BENCH
from governance.standing import places_of
from searches.search import TOTALS, Cell, Outcome
from tests.linear_attacker import Programme

TABLES = 500
ONE_SIDED = replace(GP_BENCH, two_sided=False, denominator_min=0)
OUTCOMES = ("m", "n", "e")  # of one length: it reads columns of fixed width
Counts = list[tuple[int, int, int]]


@dataclass(frozen=True)
class Drawn:
    seed: int
    counts: Counts
    sizes_known: bool

    @property
    def cells(self) -> tuple[Cell, ...]:
        return (TOTALS, *((("group", f"g{number}"),) for number in range(len(self.counts))))

    def seen(self) -> Seen:
        places = places_of(self.cells)
        sizes: list[int] = []
        for row in places.rows:
            met, not_met, excepted = (sum(self.counts[leaf][place] for leaf in row.leaves) for place in range(3))
            sizes += [met, not_met, excepted, met + not_met, met + not_met + excepted]
        lists = [sum(row) for row in self.counts] if self.sizes_known else None
        outside = [0] * len(self.counts) if self.sizes_known else None
        rule = Rule(ONE_SIDED, frozenset(Outcome))
        full = frozenset(range(len(self.counts)))
        return Seen(Table(places, sizes, sizes, rule), Known(lists, outside, full))


def drawn(number: int) -> Iterator[Drawn]:
    for seed in range(number):
        dice = random.Random(seed)
        counts = []
        for _ in range(dice.randint(3, 10)):
            scale = dice.choice((6, 20, 60, 120))
            counts.append((dice.randint(1, scale), dice.randint(1, scale), dice.randint(1, scale)))
        yield Drawn(seed, counts, sizes_known=bool(seed % 2))


def primary(seen: Seen) -> set[Spot]:
    return {(row, place) for row, looks in enumerate(seen.looks) for place in range(3) if looks[place] is Look.FEW}


def tau_argus(table: Drawn, folder: Path) -> set[Spot]:
    """The counts that Tau-Argus withholds, by row (the totals last) and outcome."""
    if table.sizes_known:
        return _tau_argus(table, folder, OUTCOMES, ["group", "outcome"])
    return set().union(*(_tau_argus(table, folder, (outcome,), ["group"]) for outcome in OUTCOMES))


def _tau_argus(table: Drawn, folder: Path, outcomes: tuple[str, ...], explain: list[str]) -> set[Spot]:
    people = [
        {"group": f"g{number:02}", "outcome": outcome, "n": 1}
        for number, row in enumerate(table.counts)
        for outcome, count in zip(OUTCOMES, row, strict=True)
        if outcome in outcomes
        for _ in range(count)
    ]
    made = pytauargus.protect(
        people, [explain], "n", safety_rules="FREQ(8,100)", suppress="OPT(1)", workdir=str(folder)
    )
    withheld = set()
    for cell in made.tables[0].rows:
        outcome, group = cell.get("outcome", outcomes[0]), str(cell["group"])
        if cell["status"] != "S" and outcome in OUTCOMES:
            row = len(table.counts) if group == "Total" else int(group[1:])
            withheld.add((row, OUTCOMES.index(outcome)))
    return withheld


def linear(table: Drawn, seen: Seen, hidden: set[Spot]) -> dict[Spot, float]:
    """How wide a linear programme finds the interval of each hidden count."""
    made = Programme()
    last = len(table.counts)
    for row in range(last + 1):
        for place in range(3):
            low, high = _bounds(seen, (row, place), hidden)
            made.unknown((row, place), low, high)
    for place in range(3):
        made.equal.append(({**{(row, place): 1.0 for row in range(last)}, (last, place): -1.0}, 0.0))
    for row, counts in enumerate(table.counts) if table.sizes_known else ():
        made.equal.append(({(row, place): 1.0 for place in range(3)}, float(sum(counts))))
    intervals = {spot: made.interval(spot) for spot in hidden}
    return {spot: high - low for spot, (low, high) in intervals.items()}


def _bounds(seen: Seen, spot: Spot, hidden: set[Spot]) -> tuple[float, float | None]:
    amount = seen.circulation.flow[seen.spots[spot]]
    if spot not in hidden:
        return amount, amount
    return (0, 7) if amount < 8 else (8, None)


@pytest.mark.slow
def test_as_safe_as_tau_argus_with_hardly_more_withheld(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # its solver leaves files where it stands
    more = []
    for table in drawn(TABLES):
        seen = table.seen()
        few = primary(seen)
        covering = protect(seen)
        assert covering.is_safe
        blanked = {(row, place) for row in covering.blank for place in range(3)}
        ours, theirs = few | covering.covered | blanked, tau_argus(table, tmp_path)
        assert few <= theirs  # the same counts are unsafe for both
        if few:
            more.append(len(ours) / len(theirs))
    assert len(more) > TABLES * 0.9
    assert statistics.median(more) <= 1.25


@pytest.mark.parametrize("table", list(drawn(40)), ids=lambda table: str(table.seed))
def test_the_agent_and_a_linear_programme_say_the_same_of_any_pattern(
    table: Drawn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of what Tau-Argus withholds, and of nothing but what is unsafe by itself, which often is not safe."""
    monkeypatch.chdir(tmp_path)
    for pattern in (tau_argus(table, tmp_path), set[Spot]()):
        seen = table.seen()
        hidden = pattern | primary(seen)
        for spot in pattern - primary(seen):
            seen.cover(spot)
        found = {spot: seen.circulation.interval(seen.spots[spot]) for spot in hidden}
        widths = {spot: _width(interval) for spot, interval in found.items()}
        assert widths == linear(table, seen, hidden)


def _width(interval: tuple[int, int]) -> float:
    low, high = interval
    return float("inf") if high > UNBOUNDED // 2 else float(high - low)
