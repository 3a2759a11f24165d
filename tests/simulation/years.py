"""Two years of weekly releases of two hundred searches, and what an auditor who can see all sets finds in them."""

from __future__ import annotations

import random
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from governance.audited import suppress_audited
from governance.profiles import GP_BENCH
from governance.release_history import ReleaseHistory, series_key, write_history
from governance.suppress import Suppressed, Terms
from searches.search import Outcome, Search, Unit
from tests.simulation.checks import Findings, Released, Series, compare_searches, shown_sets
from tests.simulation.practice import KEY, Town, questions

SEED: Final = 20260331


@dataclass(frozen=True, slots=True)
class Size:
    """How large a simulation is."""

    patients: int = 1_200
    searches: int = 200
    weeks: int = 104


@dataclass
class Run:
    """What a simulation came to."""

    size: Size
    findings: Findings = field(default_factory=Findings)
    states: Counter[str] = field(default_factory=Counter)
    totals: Counter[str] = field(default_factory=Counter)
    errors: list[int] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    history_bytes: int = 0
    of_visits: int = 0


def run(size: Size, seed: int = SEED) -> Run:
    """Release every week, and check every week."""
    found, every = Run(size), Series()
    town = Town(size.patients, questions(size.searches, random.Random(seed)), seed)
    found.of_visits = sum(question.visits for question in town.questions)
    history = ReleaseHistory()
    for week in range(size.weeks):
        if week:
            town.pass_a_week()
        sys.stderr.write(f"week {week + 1} of {size.weeks}\n" if week % 8 == 0 else "")
        counted, practice = town.release_of()
        begun = time.process_time()
        released = suppress_audited(counted, Terms("heart-health", GP_BENCH), practice, history)
        found.seconds.append(time.process_time() - begun)
        history = released.history
        by_unit: dict[Unit, dict[tuple[str, str, str], int]] = {unit: {} for unit in Unit}
        for search, table in _released(town, released):
            by_unit[search.unit].update(shown_sets(table, found.findings))
            _count_states(table, found)
        for unit, shown in by_unit.items():
            compare_searches(shown, found.findings)
            if unit is Unit.PERSON:
                every.add(shown, found.findings)
        for one in counted:
            _count_totals(one.search, [one.counted[()][o].distinct for o in Outcome], released, found)
    found.history_bytes = len(write_history(history, KEY))
    return found


def _released(town: Town, released: Suppressed) -> Iterator[tuple[Search, Released]]:
    searches = {search.id: search for search in town.searches}
    for table in released.tables:
        search = searches[table.search_id]
        period = town.today.isoformat() if search.unit is Unit.APPOINTMENT else ""
        series = released.history.series[series_key(search.id, search.cells(), period)]
        cells = [cell for cell in series.cells if cell] or [()]
        can_be_excepted = str(Outcome.EXCEPTED) in search.sql
        yield search, Released(table.to_json(), cells, series.slots, search.id, can_be_excepted)


def _count_states(one: Released, found: Run) -> None:
    for row in one.table["rows"]:
        for part in ("met", "not_met"):
            found.states[str(row[part]["state"])] += 1


def _count_totals(search: Search, exact: list[int], released: Suppressed, found: Run) -> None:
    if search.unit is Unit.APPOINTMENT:
        return
    totals = next(table for table in released.tables if table.search_id == search.id).totals
    for state, count in zip((totals.met, totals.not_met), exact, strict=False):
        found.totals[str(state.state)] += 1
        if state.value is not None:
            found.errors.append(abs(state.value - count))


def report(found: Run) -> str:
    """The page."""
    size, findings = found.size, found.findings
    wrong = "\n".join(f"- {one}" for one in findings.wrong[:50]) or "Nothing of that kind was found."
    mean_error = sum(found.errors) / max(1, len(found.errors))
    return f"""# Two years of weeks

Written by `make simulation` (seed {SEED}). {size.searches} made-up searches in the shapes of the library, a third of
them near to another one on purpose, are released every week for {size.weeks} weeks at a practice of {size.patients:,}
patients who join, leave, age, fall ill, are seen to, are excepted and opt out; {found.of_visits} of them count
appointments, every fourth week. All is released through the agent's own suppressor under `gp-bench`. What was released
is then checked by code that uses nothing of it: it reads which numbers can be read or added up in the tables, and
counts the people behind them from the history, byte by byte.

| checked | found |
|---|---|
| sets shown, over all weeks | {findings.shown:,} |
| numbers compared with the people behind them | {findings.numbers:,} |
| pairs of sets near enough in size to be compared | {findings.pairs:,} |
| smallest distance of two released sets of one count, over all weeks | {findings.nearest} people (at least 5) |
| smallest distance of two searches' sets shown at one time | {findings.nearest_searches} people (at least 8) |
| what must not be | {len(findings.wrong):,} |
| totals less shown rows, 1 to 7 people from another search's set at that time | {findings.rests_near:,} |

What must not be: two released sets of one count, or a total and its rows, 1 to 4 people apart; two sets of different
searches 1 to 7 apart at one time; a number that is not the number of its people, or tells of fewer than 8.
The last line counts combinations of three numbers and more.

{wrong}

## What was left to read

| | value | band | withheld |
|---|---|---|---|
| met and not met of every row | {_shares(found.states)} |
| of the totals rows | {_shares(found.totals)} |

Mean distance of a released total from the exact count: {mean_error:.2f} people; largest {max(found.errors, default=0)}.
A release of all searches took {sum(found.seconds) / len(found.seconds):.1f} s of processor time in the mean and
{max(found.seconds):.1f} s at most; the history of all weeks is {found.history_bytes / 1000:,.0f} KB. Many of these
searches ask for a handful of people: the shares are no measure of usefulness, for which see
[what is left to read](usefulness.md).
"""


def _shares(states: Counter[str]) -> str:
    every = max(1, sum(states.values()))
    return " | ".join(f"{100 * states[state] / every:.1f} %" for state in ("value", "band", "withheld"))


def write(_: Path, reports: Path) -> bool:
    """Run and write the page; says whether nothing was found."""
    found = run(Size())
    reports.mkdir(parents=True, exist_ok=True)
    (reports / "two-years.md").write_text(report(found), encoding="utf-8")
    return not found.findings.wrong
