"""Complementary suppression against a linear programme that sees only what was released."""

from __future__ import annotations

import random

import pytest

from governance.cells import CellState, Reason, SafeRow, State
from governance.complement import protect
from governance.decision import Decided
from governance.margins import Known, Seen, Table
from governance.optouts import take_off
from governance.primary import Rule
from governance.profiles import GP_BENCH
from governance.standing import Places, places_of
from governance.states import Told
from governance.states import rows_of as told_rows
from governance.suppress import SafeTable
from searches.people import PeopleSet, PeopleSets, Roster
from searches.search import TOTALS, Cell, Outcome, Search
from tests.governance_kit import REFERENCE_DATE, first_release, search
from tests.linear_attacker import OUTCOMES, Interval, Programme, intervals, programme

WIDTH = 7
COVERED = CellState(State.WITHHELD, reason=Reason.PROTECTS_OTHERS)
TABLES = 120


def random_counts(dice: random.Random, leaves: int) -> list[tuple[int, int, int]]:
    """Counts as indicators have them: some groups empty, some tiny, some large, few exceptions."""
    found = []
    for _ in range(leaves):
        scale = dice.choice((0, 4, 12, 30, 80))
        found.append(
            (dice.randint(0, scale), dice.randint(0, scale), dice.choice((0, 0, dice.randint(0, scale // 2 + 1))))
        )
    return found


def released(one: Search, counts: list[tuple[int, int, int]], lists: tuple[int, ...] | None) -> SafeTable:
    position = 0
    cells: dict[Cell, dict[Outcome, PeopleSet]] = {TOTALS: dict.fromkeys(Outcome, PeopleSet())}
    for cell, row in zip(one.cells()[1:], counts, strict=True):
        cells[cell] = {}
        for outcome, count in zip(Outcome, row, strict=True):
            members = ((1 << count) - 1) << position
            position += count
            cells[cell][outcome] = PeopleSet((members,) if members else ())
            total = cells[TOTALS][outcome].members | members
            cells[TOTALS][outcome] = PeopleSet((total,) if total else ())
    answer = PeopleSets(one, REFERENCE_DATE, Roster(tuple(map(str, range(position)))), cells, cells)
    return first_release(take_off(answer, 0, REFERENCE_DATE, "type1_excluded"), GP_BENCH, 6000, lists)


def a_priori(one: Search, lists: dict[Cell, tuple[int, bool]] | None) -> Programme:
    """What is known of a table of which nothing is released."""
    made = programme([], None)
    for cell in one.cells():
        for outcome in OUTCOMES:
            made.unknown((cell, outcome))
    for outcome in OUTCOMES:
        made.equal.append(({**{(cell, outcome): 1.0 for cell in one.cells()[1:]}, (TOTALS, outcome): -1.0}, 0.0))
    for cell in one.cells()[1:] if lists is not None else ():
        size, everyone = lists[cell]
        made.between([(cell, outcome) for outcome in OUTCOMES], size if everyone else 0, size)
    return made


@pytest.mark.parametrize("seed", range(TABLES))
def test_no_hidden_count_can_be_worked_out_more_nearly_than_its_profile_allows(seed: int) -> None:
    dice = random.Random(seed)
    leaves = dice.randint(2, 9)
    one = search(f"table-{seed}", tuple(f"g{number}" for number in range(leaves)))
    counts = random_counts(dice, leaves)
    outside = [dice.choice((0, 0, dice.randint(1, 60))) for _ in counts]
    sizes = tuple(sum(row) + more for row, more in zip(counts, outside, strict=True))
    are_known = dice.random() < 0.6
    table = released(one, counts, sizes if are_known else None)
    lists = (
        {cell: (size, not more) for cell, size, more in zip(one.cells()[1:], sizes, outside, strict=True)}
        if are_known
        else None
    )
    before = a_priori(one, lists)
    for name, (low, high) in intervals(table.rows, lists).items():
        if high - low < WIDTH:
            known_low, known_high = before.interval(name)
            assert high - low >= min(WIDTH, known_high - known_low), (seed, name, low, high)


@pytest.mark.parametrize("seed", range(40))
def test_the_attacker_in_the_agent_is_as_good_as_a_linear_programme(seed: int) -> None:
    dice = random.Random(1000 + seed)
    leaves = dice.randint(2, 6)
    one = search(f"table-{seed}", tuple(f"g{number}" for number in range(leaves)))
    counts = random_counts(dice, leaves)
    outside = [dice.choice((0, dice.randint(1, 60))) for _ in counts]
    sizes = [sum(row) + more for row, more in zip(counts, outside, strict=True)]
    full = frozenset(leaf for leaf, more in enumerate(outside) if not more)
    seen = seen_of(places_of(one.cells()), counts, Known(sizes, outside, full))
    protect(seen)
    rows = rows_of(one, seen)
    if any(set(row.states) == {COVERED} for row in rows):
        return  # three withheld counts look like a row withheld altogether: the agent is the more careful
    lists = {cell: (size, not more) for cell, size, more in zip(one.cells()[1:], sizes, outside, strict=True)}
    for name, interval in intervals(rows, lists).items():
        assert agent_interval(one, seen, name) == interval, (seed, name)


def seen_of(places: Places, counts: list[tuple[int, int, int]], known: Known) -> Seen:
    sizes = []
    for row in places.rows:
        met, not_met, excepted = (sum(counts[leaf][place] for leaf in row.leaves) for place in range(3))
        sizes += [met, not_met, excepted, met + not_met, met + not_met + excepted]
    return Seen(Table(places, sizes, sizes, Rule(GP_BENCH, frozenset(Outcome))), known)


def rows_of(one: Search, seen: Seen) -> list[SafeRow]:
    decided = Decided(
        table=seen.table,
        looks=tuple(seen.looks),
        covered=frozenset(seen.covered),
        blank=frozenset(seen.blank),
        near=frozenset(),
        alerted=frozenset(),
        slots=(b"",),
        shown=0,
        gated=0,
    )
    return told_rows(Told(one.id, decided, seen.table.amounts, None))


def agent_interval(one: Search, seen: Seen, name: tuple[Cell, str]) -> Interval:
    cell, outcome = name
    number = next(number for number, row in enumerate(seen.rows) if row.cell == cell)
    low, high = seen.circulation.interval(seen.spots[number, OUTCOMES.index(outcome)])
    return float(low), float("inf") if high >= 1 << 39 else float(high)
