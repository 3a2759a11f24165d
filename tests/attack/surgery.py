"""A surgery under attack: patients with names, a release every week, and of all that only the released bytes.

    surgery = Surgery(crowd("neighbour", 200))
    letter = surgery.release(ask("pulse", met=crowd("neighbour", 40), not_met=["Ann"]))
    letter.row("pulse")["met"]             # what the attacker reads

Everything between the patients and the bytes is the product's own: rows are gathered, opt-outs come off, the suppressor
makes the tables, and the history is written and read again between releases as it is on disk.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

from governance import audited
from governance.optouts import CountedPeople, take_off
from governance.profiles import GP_BENCH, Profile
from governance.release_history import ReleaseHistory, read_history, write_history
from governance.suppress import Practice, Terms, suppress
from searches.people import AnswerRow, Roster, gather
from searches.search import DISTRIBUTION, Dimension, Measure, Outcome, Schedule, Search, Unit
from tests.governance_kit import search as search_of

START = date(2026, 3, 31)
LOCAL_KEY = bytes(range(32))
PRESSURE = Measure(Decimal(60), Decimal(250), "systolic pressure", "mmHg")

Split = tuple[str, Mapping[str, Sequence[str]]]
"""A dimension's name, and who has which of its values, in declared order."""
Cell = Mapping[str, Any]
"""One count as it is written in what was released."""


def crowd(name: str, many: int, start: int = 0) -> list[str]:
    """So many people of a kind, always the same ones."""
    return [f"{name} {number:04}" for number in range(start, start + many)]


@dataclass(frozen=True)
class Asked:
    """A search and the rows that it returned this week."""

    search: Search
    rows: tuple[AnswerRow, ...]


def ask(
    search_id: str,
    met: Iterable[str] = (),
    not_met: Iterable[str] = (),
    excepted: Iterable[str] = (),
    by: Sequence[Split] = (),
    *,
    weekly: bool = False,
) -> Asked:
    """A search of people: who met, who did not, who was excepted, split by up to two dimensions."""
    outcomes = {Outcome.MET: met, Outcome.NOT_MET: not_met, Outcome.EXCEPTED: excepted}
    values = [{person: value for value, people in split.items() for person in people} for _, split in by]
    rows = [
        AnswerRow(person, outcome, tuple(value[person] for value in values))
        for outcome, people in outcomes.items()
        for person in people
    ]
    dimensions = tuple(Dimension(name, tuple(split)) for name, split in by)
    schedule = Schedule.WEEKLY if weekly else Schedule.MONTHLY
    return Asked(replace(search_of(search_id), dimensions=dimensions, schedule=schedule), tuple(rows))


def ask_values(
    search_id: str,
    values: Mapping[str, float],
    not_met: Iterable[str] = (),
    by: Sequence[Split] = (),
    *,
    measure: Measure = PRESSURE,
) -> Asked:
    """A distribution: everyone's value, and who has none, split by up to two dimensions."""
    plain = ask(search_id, values, not_met, by=by)
    rows = tuple(
        replace(row, value=int(measure.clipped(Decimal(str(values[row.patient_id]))) * 1000))
        if row.patient_id in values
        else row
        for row in plain.rows
    )
    return Asked(replace(plain.search, kind=DISTRIBUTION, measure=measure), rows)


def ask_visits(search_id: str, met: Mapping[str, int], not_met: Mapping[str, int] | None = None) -> Asked:
    """A search of appointments: how many each patient has that met, and that did not."""
    rows = []
    for outcome, visits in ((Outcome.MET, met), (Outcome.NOT_MET, not_met or {})):
        for person, many in visits.items():
            rows += [
                AnswerRow(person, outcome, (), f"{person} {outcome} {number}", START + timedelta(days=number))
                for number in range(many)
            ]
    return Asked(search_of(search_id, unit=Unit.APPOINTMENT), tuple(rows))


@dataclass(frozen=True)
class Letter:
    """What was released at one time: bytes, and what anybody can read in them."""

    data: bytes

    def row(self, search_id: str, *values: str) -> dict[str, Cell]:
        """The three counts of a row; without values, of the totals."""
        table = next(table for table in json.loads(self.data) if table["search"] == search_id)
        rows = [row for row in table["rows"] if tuple(row["dimensions"].values()) == values]
        return {name: rows[0][name] for name in ("met", "not_met", "excepted")}

    def statistics(self, search_id: str, *values: str) -> dict[str, Cell]:
        """The statistics of a row of a distribution; without values, of the totals."""
        table = next(table for table in json.loads(self.data) if table["search"] == search_id)
        rows = [row for row in table["rows"] if tuple(row["dimensions"].values()) == values]
        found: dict[str, Cell] = rows[0]["statistics"]
        return found

    def mean(self, search_id: str, *values: str) -> Decimal | None:
        """A released mean; None: there is none."""
        found = self.statistics(search_id, *values)["mean"].get("value")
        return None if found is None else Decimal(found)

    def value(self, search_id: str, outcome: str, *values: str) -> int | None:
        """A released number; None: there is none."""
        found: int | None = self.row(search_id, *values)[outcome].get("value")
        return found


@dataclass
class Surgery:
    """A practice that releases week after week.

    Args:
        patients: who is registered.
        profile: of the agreement.
        agreement: its id.
        opted_out: who wants to be counted for nobody else.
        groups: who has which value of a public dimension, so that list sizes are known by it.
        is_audited: whether releases are audited as a whole, as the agent does; left out, so that every other defence
            is seen by itself.
    """

    patients: Iterable[str]
    profile: Profile = GP_BENCH
    agreement: str = "heart-health"
    opted_out: Iterable[str] = ()
    groups: Sequence[Split] = ()
    is_audited: bool = False
    weeks: int = 0
    history: ReleaseHistory = field(default_factory=ReleaseHistory)

    @property
    def today(self) -> date:
        """The reference date of the week."""
        return START + timedelta(weeks=self.weeks)

    @property
    def roster(self) -> Roster:
        """Who is registered, numbered anew at every run."""
        plain = Roster(tuple(sorted(self.patients)))
        return replace(
            plain,
            groups={name: {value: plain.bits(who) for value, who in split.items()} for name, split in self.groups},
        )

    def release(self, *asked: Asked) -> Letter:
        """Everything that is due this week, as it leaves; the next release is a week later."""
        letter = self.release_again(*asked)
        self.weeks += 1
        return letter

    def release_again(self, *asked: Asked) -> Letter:
        """The same without going on to the next week."""
        roster = self.roster
        opted_out = roster.bits(self.opted_out)
        counted = [self._counted(one, roster, opted_out) for one in asked]
        practice = Practice(roster, opted_out, LOCAL_KEY)
        make = audited.suppress_audited if self.is_audited else suppress
        made = make(counted, Terms(self.agreement, self.profile), practice, self.history)
        self.history = read_history(write_history(made.history, LOCAL_KEY), LOCAL_KEY)
        return Letter(json.dumps([table.to_json() for table in made.tables]).encode())

    def _counted(self, one: Asked, roster: Roster, opted_out: int) -> CountedPeople:
        people = gather(one.search, self.today, roster, one.rows)
        return take_off(people, opted_out, self.today, "type1_excluded")


World = Callable[[bool], Sequence[Letter]]
"""What is released while something is true of the target, or is not."""


def assert_alike(world: World) -> None:
    """Nobody who reads all that is released can tell which of the two worlds it is from."""
    with_it, without_it = world(True), world(False)
    assert [one.data for one in with_it] == [one.data for one in without_it], "the two worlds look different"


def assert_same_count(world: Callable[[bool], Letter], search_id: str, outcome: str) -> None:
    """The count from which the attacker subtracts is the same in both worlds, and it is a number."""
    with_it, without_it = (world(is_so).row(search_id)[outcome] for is_so in (True, False))
    assert "value" in without_it, f"{search_id} shows no number"
    assert with_it == without_it, "the two worlds give another difference"


def assert_speaks(letter: Letter, search_id: str, *values: str) -> None:
    """Something is released at all: a surgery that says nothing is no proof."""
    assert any("value" in cell for cell in letter.row(search_id, *values).values()), f"{search_id} shows no number"


def assert_no_small_steps(values: Iterable[int | None], least: int = 5) -> None:
    """No two released numbers differ by a few people."""
    numbers = sorted({value for value in values if value is not None})
    steps = [newer - older for older, newer in pairwise(numbers)]
    assert all(step >= least for step in steps), f"released numbers are a few people apart: {numbers}"
