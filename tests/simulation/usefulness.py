"""What disclosure control leaves of the library's figures after a year of weeks, beside suppressing and rounding.

Every week of a simulated year the library's searches of people are released at practices of three sizes. Of each
practice total (met and not met of the totals row) it is noted whether it left as a number, how far that number was from
the exact count, and, when it changed, how many people stood behind the change. The same is worked out for what
most national publications do: 0 stays, 1 to 7 are suppressed, the rest goes to the nearest 5.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from governance.release_history import series_key
from governance.standing import each, members, places_of
from governance.suppress import SafeTable, State
from searches.search import TOTALS, Outcome
from tests.simulation.picture import Chart, Group, svg
from tests.simulation.running import Week, weeks
from tests.simulation.worlds import world

FLOORS: Final = {2_000: 55, 8_000: 85, 15_000: 92}
"""Registered patients, and the share of totals (%) that has to be values."""
WEEKS, SEED = 53, 20260331
_SIZES: Final = ((0, 50), (50, 150), (150, 400), (400, 1_000), (1_000, 3_000), (3_000, 20_000))
_FEW: Final = 5
_LEAST: Final = 15  # people in met and not met; of fewer nothing is said


@dataclass(frozen=True, slots=True)
class Noted:
    """One practice total in one week.

    Args:
        patients: of the practice.
        week: 0 is the first release.
        register: people in the search.
        exact: the count.
        released: the number that left, or None.
        rounded: the number that suppressing and rounding would have given, or None.
        behind: if there is another number than last week: how many people changed between the two.
        behind_rounded: the same of the rounded number.
    """

    patients: int
    week: int
    register: int
    exact: int
    released: int | None
    rounded: int | None
    behind: int | None
    behind_rounded: int | None


@dataclass(frozen=True, slots=True)
class _Total:
    register: int
    released: int | None
    released_set: frozenset[int]
    exact_set: frozenset[str]

    @property
    def rounded(self) -> int | None:
        return suppressed_and_rounded(len(self.exact_set))


def suppressed_and_rounded(count: int) -> int | None:
    """The national method for sub-national counts: 1 to 7 suppressed, others to the nearest 5, half up."""
    return None if 0 < count < 8 else (2 * count + 5) // 10 * 5


Groups = Counter[tuple[int, str]]
"""Met and not met of the groups of all searches in the last week: how many, by patients of the practice and state."""


def noted(folder: Path, patients: int, number: int = WEEKS, groups: Groups | None = None) -> Iterator[Noted]:
    """Every total of a practice in each of so many weeks; counts its groups in the last."""
    before: dict[tuple[str, Outcome], _Total] = {}
    practice = world(folder, patients, SEED)
    for week in weeks(practice, number):
        now = dict(_totals(week, [person.id for person in practice.people]))
        for key, total in now.items():
            last = before.get(key)
            yield Noted(
                patients=patients,
                week=week.number,
                register=total.register,
                exact=len(total.exact_set),
                released=total.released,
                rounded=total.rounded,
                behind=_behind(last, total, exact=False),
                behind_rounded=_behind(last, total, exact=True),
            )
        before = now
        if groups is not None and week.number == number - 1:
            groups.update((patients, state) for state in _group_states(week))


def _group_states(week: Week) -> Iterator[str]:
    """Of each group whether its met and not met are a number, a band, or withheld, and if so for want of people."""
    counted = {one.search.id: one for one in week.counted}
    for table in week.released.tables:
        for row in table.rows[1:]:
            of = counted[table.search_id].counted[row.dimensions]
            is_few = of[Outcome.MET].distinct + of[Outcome.NOT_MET].distinct < _LEAST
            for state in (row.met, row.not_met):
                is_withheld = state.state is State.WITHHELD
                yield "too few people" if is_withheld and is_few else str(state.state)


def _totals(week: Week, names: Sequence[str]) -> Iterator[tuple[tuple[str, Outcome], _Total]]:
    tables = {table.search_id: table for table in week.released.tables}
    for counted in week.counted:
        places = places_of(counted.search.cells())
        standing = week.released.history.series[series_key(counted.search.id, counted.search.cells())].standing
        of = counted.counted[TOTALS]
        register = sum(of[outcome].distinct for outcome in Outcome)
        for part, outcome in enumerate((Outcome.MET, Outcome.NOT_MET)):
            released_set = members(standing, places.unions[places.totals.first + part])
            yield (
                (counted.search.id, outcome),
                _Total(
                    register,
                    _number(tables[counted.search.id], part),
                    frozenset(each(released_set)),
                    frozenset(names[person] for person in each(of[outcome].members)),
                ),
            )


def _number(table: SafeTable, part: int) -> int | None:
    state = (table.totals.met, table.totals.not_met)[part]
    return state.value if state.state is State.VALUE else None


def _behind(last: _Total | None, now: _Total, *, exact: bool) -> int | None:
    if last is None:
        return None
    if exact:
        numbers, behind = (last.rounded, now.rounded), len(last.exact_set ^ now.exact_set)
    else:
        numbers, behind = (last.released, now.released), len(last.released_set ^ now.released_set)
    return None if None in numbers or numbers[0] == numbers[1] else behind


@dataclass(frozen=True, slots=True)
class Figures:
    """What a group of totals came to.

    Args:
        totals: how many, over all weeks.
        share: of them released as numbers, in percent.
        error: mean distance of a released number from the exact count, in people.
        largest: the largest such distance.
        telling: changes of a released number in a year, of one total, behind which were fewer than 5 people.
    """

    totals: int
    share: float
    error: float
    largest: int
    telling: float


def figures(of: Iterable[Noted], *, rounded: bool = False) -> Figures:
    """Sum up some totals."""
    found = list(of)
    numbers = [(one.rounded if rounded else one.released, one.exact) for one in found]
    errors = [abs(number - exact) for number, exact in numbers if number is not None]
    behind = [one.behind_rounded if rounded else one.behind for one in found]
    telling = sum(1 for people in behind if people is not None and people < _FEW)
    weeks_seen = max(1, len([one for one in found if one.week]))
    return Figures(
        totals=len(found),
        share=100 * len(errors) / max(1, len(found)),
        error=sum(errors) / max(1, len(errors)),
        largest=max(errors, default=0),
        telling=52 * telling / weeks_seen,
    )


def by_register(found: Iterable[Noted]) -> dict[str, list[Noted]]:
    """The totals by how many people are in their search."""
    groups: dict[str, list[Noted]] = {f"{low:,} to {high - 1:,}": [] for low, high in _SIZES}
    for one in found:
        low, high = next((low, high) for low, high in _SIZES if low <= one.register < high)
        groups[f"{low:,} to {high - 1:,}"].append(one)
    return {name: group for name, group in groups.items() if group}


def report(found: list[Noted], groups: Groups) -> str:
    """The page."""
    sizes = {patients: [one for one in found if one.patients == patients] for patients in FLOORS}
    lines = [
        _OPENING,
        "| patients | totals x weeks | as numbers | at least | mean error | largest | few behind a change |",
    ]
    lines += ["|---|---|---|---|---|---|---|"]
    for patients, group in sizes.items():
        ours = figures(group)
        lines.append(
            f"| {patients:,} | {ours.totals:,} | {ours.share:.1f} % | {FLOORS[patients]} % | {ours.error:.2f} "
            f"| {ours.largest} | {ours.telling:.1f} |"
        )
    lines += [_GROUPS]
    for patients in FLOORS:
        states = [groups[patients, state] for state in ("value", "band", "withheld", "too few people")]
        lines.append(f"| {patients:,} | {' | '.join(f'{number:,}' for number in states)} |")
    lines += [_BY_REGISTER, "| people in the search | totals x weeks | as numbers, gp-bench | rounded "]
    lines[-1] += "| mean error, gp-bench | rounded | few behind a change, gp-bench | rounded |"
    lines += ["|---|---|---|---|---|---|---|---|"]
    for name, group in by_register(found).items():
        ours, theirs = figures(group), figures(group, rounded=True)
        lines.append(
            f"| {name} | {ours.totals:,} | {ours.share:.1f} % | {theirs.share:.1f} % | {ours.error:.2f} "
            f"| {theirs.error:.2f} | {ours.telling:.1f} | {theirs.telling:.1f} |"
        )
    return "\n".join(lines) + _CLOSING


def picture(found: list[Noted]) -> str:
    """The picture beside the page."""
    shares = []
    for patients, floor in FLOORS.items():
        group = [one for one in found if one.patients == patients]
        both = figures(group).share, figures(group, rounded=True).share
        shares.append(Group(f"{patients:,} patients", both, floor))
    errors = [
        Group(name, (figures(group).error, figures(group, rounded=True).error))
        for name, group in by_register(found).items()
    ]
    telling = [
        Group(name, (figures(group).telling, figures(group, rounded=True).telling))
        for name, group in by_register(found).items()
    ]
    names = ("gp-bench", "suppress 1 to 7, round to 5")
    return svg(
        (
            Chart("Practice totals that leave as numbers (dashed: at least)", names, shares, 100, "%"),
            Chart("Mean error in people, by people in the search", names, errors, _top(errors), ""),
            Chart("Changes a year with fewer than 5 people behind them, each total", names, telling, _top(telling), ""),
        )
    )


def _top(groups: list[Group]) -> float:
    most = max(value or 0 for group in groups for value in group.values)
    return float(max(1, 2 * round(most * 0.6 + 0.5)))


def write(folder: Path, reports: Path) -> bool:
    """Run all and write page and picture; says whether every floor is kept."""
    counted: Groups = Counter()
    found = [one for patients in FLOORS for one in noted(folder, patients, groups=counted)]
    reports.mkdir(parents=True, exist_ok=True)
    (reports / "usefulness.md").write_text(report(found, counted), encoding="utf-8")
    (reports / "usefulness.svg").write_text(picture(found), encoding="utf-8")
    groups = {patients: figures(one for one in found if one.patients == patients) for patients in FLOORS}
    return all(groups[patients].share >= floor for patients, floor in FLOORS.items())


_OPENING = f"""# What is left to read

Written by `make usefulness` (seed {SEED}). The searches of people in the library run every week of a simulated
year at three synthetic practices, whose patients join, leave, age, fall ill, are treated and fall out of date; all is
released and audited as the agent does under `gp-bench`, the history kept from week to week. A total is met or not
met of the totals row of one search. *Few behind a change*: how often in a year, for one total, a number becomes another
number while fewer than 5 people have changed: who knows the others then knows the last one.

![The same as bars: share of totals, mean error, telling changes](usefulness.svg)
"""
_GROUPS = """
## Groups

Met and not met of each age band, sex or other group that a search asks for, all searches together, in the last week.
Of fewer than 15 people in a group nothing is said; *withheld* are those that would be large enough, but protect others.

| patients | numbers | bands | withheld | too few people |
|---|---|---|---|---|"""
_BY_REGISTER = """
## Beside suppressing and rounding

The same totals as a publication would give them that suppresses 1 to 7 and rounds the rest to the nearest 5 without
looking back. Errors are in people, of the totals that are numbers.
"""
_CLOSING = """

Reading: rounding errs by 1.2 people whatever the size, and tells of few people again and again, because a count near a
border crosses it with one patient. The gate all but ends that, and pays with delay: moves are held until at least 5
people have changed in every count that can be read or added up, and in a register of hundreds the moves into one row
wait for those into another. That costs 2 to 6 people of exactness, in the larger registers well below 1 %.
Small registers lose most numbers: of fewer than 15 people neither side is shown, and the other side of a few is not.
Not among these figures: the search of appointments, which is released once for each month and rounded.
"""
