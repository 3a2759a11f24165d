"""A release is audited before it leaves: a whole and its parts, asked for one by one, do not tell of the rest."""

from __future__ import annotations

from governance.audited import suppress_audited
from governance.optouts import CountedPeople, take_off
from governance.profiles import GP_BENCH
from governance.release_history import ReleaseHistory, read_history, write_history
from governance.suppress import Practice, SafeTable, State, Suppressed, Terms, suppress
from searches.people import PeopleSet, PeopleSets, Roster
from searches.search import TOTALS, Outcome
from tests.governance_kit import REFERENCE_DATE, search

ROSTER = Roster(tuple(f"p{number}" for number in range(1500)))
PRACTICE = Practice(ROSTER, 0, bytes(32))
TERMS = Terms("heart-health", GP_BENCH)


def asked(name: str, met: range, not_met: range) -> CountedPeople:
    sets = {
        outcome: PeopleSet((sum(1 << person for person in people),) if people else ())
        for outcome, people in zip(Outcome, (met, not_met, range(0)), strict=True)
    }
    answer = PeopleSets(search(name), REFERENCE_DATE, ROSTER, {TOTALS: sets}, {TOTALS: sets})
    return take_off(answer, 0, REFERENCE_DATE, "type1_excluded")


WHOLE = asked("whole", range(103), range(1000, 1100))
PARTS = [asked("part-1", range(50), range(1100, 1200)), asked("part-2", range(50, 100), range(1200, 1300))]


def met(made: Suppressed) -> dict[str, State]:
    tables: tuple[SafeTable, ...] = made.tables
    return {table.search_id: table.totals.met.state for table in tables}


def test_two_counts_at_a_time_do_not_see_it() -> None:
    made = suppress([WHOLE, *PARTS], TERMS, PRACTICE, ReleaseHistory())
    assert set(met(made).values()) == {State.VALUE}


def test_of_a_whole_and_two_parts_that_leave_three_people_one_is_withheld() -> None:
    made = suppress_audited([WHOLE, *PARTS], TERMS, PRACTICE, ReleaseHistory())
    assert sorted(met(made).values()).count(State.WITHHELD) == 1


def test_it_stays_withheld_in_later_releases() -> None:
    history = suppress_audited([WHOLE, *PARTS], TERMS, PRACTICE, ReleaseHistory()).history
    assert read_history(write_history(history, bytes(32)), bytes(32)) == history
    for _ in range(2):
        made = suppress_audited([WHOLE, *PARTS], Terms(f"again-{_}", GP_BENCH), PRACTICE, history)
        assert sorted(met(made).values()).count(State.WITHHELD) == 1
        history = made.history


def test_parts_asked_for_a_week_later_are_looked_at_with_what_is_out() -> None:
    first = suppress_audited([WHOLE], TERMS, PRACTICE, ReleaseHistory())
    made = suppress_audited(PARTS, Terms("other", GP_BENCH), PRACTICE, first.history)
    assert State.WITHHELD in met(made).values()
