"""A release is audited before it leaves: a whole and its parts, asked for one by one, do not tell of the rest."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from governance import audited
from governance.audited import suppress_audited
from governance.linear_audit import Looked, Told
from governance.optouts import CountedPeople, take_off
from governance.profiles import GP_BENCH
from governance.release_history import ReleaseHistory, read_history, write_history
from governance.suppress import Practice, Reason, SafeTable, State, Suppressed, Terms, suppress
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


def met(made: Suppressed) -> dict[str, int | None]:
    tables: tuple[SafeTable, ...] = made.tables
    return {table.search_id: table.totals.met.value for table in tables}


def left(numbers: dict[str, int | None]) -> int | None:
    """What is left of the whole without its parts, for whoever reads them."""
    whole, one, other = numbers["whole"], numbers["part-1"], numbers["part-2"]
    return None if whole is None or one is None or other is None else whole - one - other


def test_two_counts_at_a_time_do_not_see_it() -> None:
    assert left(met(suppress([WHOLE, *PARTS], TERMS, PRACTICE, ReleaseHistory()))) == 3


def test_a_whole_and_two_parts_leave_nobody() -> None:
    assert left(met(suppress_audited([WHOLE, *PARTS], TERMS, PRACTICE, ReleaseHistory()))) in (0, None)


def test_whether_three_people_are_left_or_none_looks_the_same() -> None:
    exact = asked("whole", range(100), range(1000, 1100))
    few, none = (suppress_audited([one, *PARTS], TERMS, PRACTICE, ReleaseHistory()) for one in (WHOLE, exact))
    assert met(few) == met(none)


def test_it_stays_so_in_later_releases() -> None:
    history = suppress_audited([WHOLE, *PARTS], TERMS, PRACTICE, ReleaseHistory()).history
    assert read_history(write_history(history, bytes(32)), bytes(32)) == history
    for number in range(2):
        made = suppress_audited([WHOLE, *PARTS], Terms(f"again-{number}", GP_BENCH), PRACTICE, history)
        assert left(met(made)) in (0, None)
        history = made.history


def told_of(*names: str) -> Callable[..., Told]:
    """An audit that always finds something, as long as one of these searches shows a number."""

    def told_by(history: ReleaseHistory, _: int, at: Looked) -> Told:
        keys = [key for key in at.keys if key.split()[0] in names and history.series[key].released[0]]
        return Told(concerned=frozenset(keys))

    return told_by


def test_an_audit_that_does_not_settle_withholds_the_searches_concerned(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audited, "told_by", told_of("part-1"))
    made = suppress_audited(PARTS, TERMS, PRACTICE, ReleaseHistory())
    assert met(made) == {"part-1": None, "part-2": 50}
    assert [row.met.reason for row in made.tables[0].rows] == [Reason.PROTECTS_OTHERS]
    monkeypatch.undo()
    assert met(suppress_audited(PARTS, replace(TERMS, agreement="next"), PRACTICE, made.history))["part-1"] == 50


def test_as_the_last_resort_the_whole_message_is_withheld_and_not_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audited, "told_by", lambda *_: Told(concerned=frozenset({"nobody knows"})))
    made = suppress_audited([WHOLE, *PARTS], TERMS, PRACTICE, ReleaseHistory())
    assert [table.search_id for table in made.tables] == ["part-1", "part-2", "whole"]
    assert met(made) == dict.fromkeys(("part-1", "part-2", "whole"))
    assert {state.state for table in made.tables for state in table.totals.states} == {State.WITHHELD}


@pytest.mark.parametrize("first", ["whole", "part-1"])
def test_the_last_of_three_is_looked_at_with_what_is_out(first: str) -> None:
    by_name = {one.search.id: one for one in (WHOLE, *PARTS)}
    out = suppress_audited([by_name.pop(first)], TERMS, PRACTICE, ReleaseHistory())
    numbers = met(out)
    for number, one in enumerate(by_name.values()):
        out = suppress_audited([one], Terms(f"later-{number}", GP_BENCH), PRACTICE, out.history)
        numbers |= met(out)
    assert left(numbers) in (0, None)
