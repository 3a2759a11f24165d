"""Totals over practices: numbers where all parts are, else the range in which they lie, and of how many practices."""

from __future__ import annotations

from decimal import Decimal
from itertools import product

import pytest

from governance.primary import Rule
from governance.profiles import GP_BENCH, NHS_ROUND5
from governance.suppress import CellState, Reason, State
from hub.comparison import Counts
from hub.totals import Coverage, Part, Range, Total, Totals, bounds, grid_step, on_grid, totals_for, totals_of
from hub.totals_words import completeness_words, coverage_words, file_rows, share_words, state_of, to_json, total_words
from searches.search import Outcome, Unit
from tests.governance_kit import counted, first_release, search

RULE = Rule(GP_BENCH, frozenset(Outcome))
FEW = CellState(State.BAND, below=8)


def value(number: int) -> CellState:
    return CellState(State.VALUE, value=number)


def without(state: State, reason: Reason) -> Counts:
    one = CellState(state, reason=reason)
    return Counts(one, one, one)


NUMBERS = Counts(value(300), value(200), value(20))
BANDED = Counts(FEW, CellState(State.BAND, above=92), FEW)
SMALL = without(State.WITHHELD, Reason.DENOMINATOR_TOO_SMALL)
PROTECTED = without(State.WITHHELD, Reason.PROTECTS_OTHERS)
NOT_RUN = without(State.NOT_RUN, Reason.LAYOUT_HAS_NO_EVENT)
FAILED = without(State.FAILED, Reason.TIMED_OUT)


def parts(*released: Counts | None) -> list[Part]:
    return [Part(f"P{at}", one, RULE if one is not None else None) for at, one in enumerate(released)]


def staff_sees(*released: Counts | None) -> tuple[Total, Total, Total]:
    met, not_met, excepted = totals_of(parts(*released)).by_outcome
    assert met is not None
    assert not_met is not None
    assert excepted is not None
    return met, not_met, excepted


def test_a_total_of_numbers_is_a_number() -> None:
    met, not_met, excepted = staff_sees(NUMBERS, NUMBERS)
    assert [one.everywhere.value for one in (met, not_met, excepted)] == [600, 400, 40]
    assert state_of(met) == "value"
    assert total_words(met) == "600"


def test_a_band_makes_a_range_and_is_never_put_in_as_zero() -> None:
    met, not_met, excepted = staff_sees(NUMBERS, BANDED)
    assert (met.everywhere, not_met.everywhere) == (Range(300, 307), Range(293, 300))
    assert total_words(met) == "300 to 307"
    assert coverage_words(met.coverage) == "1 of 2 practices as numbers; 1 as bands"
    assert excepted.everywhere == Range(20, 27)


def test_what_is_withheld_is_bounded_by_what_is_known() -> None:
    met, not_met, excepted = staff_sees(NUMBERS, SMALL)
    assert (met.everywhere, not_met.everywhere) == (Range(300, 314), Range(200, 214))
    assert excepted.everywhere == Range(20, None)
    assert total_words(excepted) == "at least 20"
    protected, *_ = staff_sees(NUMBERS, PROTECTED)
    assert protected.everywhere == Range(300, None)


@pytest.mark.parametrize("nothing", [NOT_RUN, FAILED, None], ids=["not run", "failed", "awaited"])
def test_who_has_not_counted_leaves_the_total_open_and_is_in_the_coverage(nothing: Counts | None) -> None:
    met, *_ = staff_sees(NUMBERS, NUMBERS, nothing)
    assert (met.everywhere, met.counted) == (Range(600, None), Range(600, 600))
    assert total_words(met) == "at least 600 (600 at the 2 practices that counted)"
    assert state_of(met) == "at_least"
    assert completeness_words(met.coverage) == "2 of 3 practices that signed have counted (67%)"


def test_nobody_who_counted_is_no_zero() -> None:
    totals = totals_of(parts(NOT_RUN, None))
    assert {total_words(total) for total in totals.by_outcome} == {"no practice has counted this yet"}
    assert [row[1:6] for row in file_rows(totals)] == [("none_counted", "", "", "", "")] * 3
    assert totals.percentage is None


def test_the_coverage_names_every_state() -> None:
    coverage = Coverage(21, 11, 3, 2, 1, 4)
    assert coverage_words(coverage) == (
        "21 of 42 practices as numbers; 11 as bands; 3 withheld; 2 not run; 1 failed; 4 not yet received"
    )
    assert coverage_words(Coverage(bands=1)) == "0 of 1 practice as numbers; 1 as bands"


def test_the_share_is_a_number_only_where_both_totals_are() -> None:
    assert totals_of(parts(NUMBERS, NUMBERS)).percentage == (Decimal("60.0"), Decimal("60.0"))
    assert share_words(totals_of(parts(NUMBERS, BANDED)).percentage) == "50.0% to 51.2%"
    assert totals_of(parts(NUMBERS, PROTECTED)).percentage is None


def test_numbers_that_were_rounded_make_a_range() -> None:
    rule = Rule(NHS_ROUND5, frozenset(Outcome))
    rounded = Counts(value(300), value(200), value(0))
    met, _, excepted = totals_of([Part(code, rounded, rule) for code in "AB"]).by_outcome
    assert met is not None
    assert excepted is not None
    assert (met.everywhere, excepted.everywhere) == (Range(596, 604), Range(0, 0))


def test_an_outcome_that_cannot_be_is_nobody() -> None:
    rule = Rule(GP_BENCH, frozenset({Outcome.MET, Outcome.NOT_MET}))
    *_, excepted = totals_of([Part(code, BANDED, rule) for code in "AB"]).by_outcome
    assert excepted is not None
    assert (excepted.everywhere, excepted.coverage.numbers) == (Range(0, 0), 2)


@pytest.mark.parametrize("profile", [GP_BENCH, NHS_ROUND5], ids=lambda one: one.id)
@pytest.mark.parametrize("unit", list(Unit))
def test_what_was_counted_lies_in_the_bounds_of_what_was_released(profile: object, unit: Unit) -> None:
    """Every small table that can be: what the suppressor lets out is never known to be what it is not."""
    one, visits = search(unit=unit), 3 if unit is Unit.APPOINTMENT else 1
    for met, not_met, excepted in product((0, 1, 7, 8, 9, 12, 15, 22, 40), (0, 3, 7, 8, 14, 33), (0, 1, 8, 13)):
        exact = [people * visits for people in (met, not_met, excepted)]
        cells = [([visits] * met, [visits] * not_met, [visits] * excepted)]
        row = first_release(counted(one, cells), profile, 6000).totals  # type: ignore[arg-type]
        released = Counts(row.met, row.not_met, row.excepted)
        rule = Rule.of(one, profile)  # type: ignore[arg-type]
        rule = Rule(rule.profile, frozenset(Outcome), unit)
        for place, number in enumerate(exact):
            known = bounds(released, place, rule)
            assert known is not None
            assert known.low <= number
            assert known.high is None or number <= known.high, (met, not_met, excepted, place, released)


def test_staff_see_no_total_of_one_practice() -> None:
    assert totals_of(parts(NUMBERS, NOT_RUN)).by_outcome == (None, None, None)


def test_a_practice_sees_totals_on_a_grid_that_no_practice_exceeds() -> None:
    figures = [Counts(value(100 + 10 * at), value(50), value(20)) for at in range(8)]
    met, not_met, excepted = totals_for(parts(*figures), "P0").by_outcome
    assert met is not None
    assert not_met is not None
    assert (met.everywhere, not_met.everywhere) == (Range(1000, 1500), Range(400, 500))
    assert all(totals_for(parts(*figures), f"P{at}").met == met for at in range(8))
    assert total_words(met) == "1,000 to 1,500"
    assert excepted is not None


def test_a_practice_sees_no_total_with_fewer_than_five_others_that_released_a_number() -> None:
    five = [NUMBERS] * 5
    assert totals_for(parts(*five), "P0").met is None
    assert totals_for(parts(*five, BANDED, PROTECTED, NOT_RUN, None), "P0").met is None
    assert totals_for(parts(*five, NUMBERS), "P0").met is not None
    assert totals_for(parts(BANDED, *five), "P0").met is not None
    assert total_words(None) == "not shown: too few practices have released a number"
    assert to_json(Totals(None, None, None, None))["met"] == {"state": "not_shown"}


def test_the_grid_is_at_least_twice_the_average_and_the_largest() -> None:
    assert grid_step([Range(100, 100)] * 6) == 200
    assert grid_step([Range(10, 10)] * 5 + [Range(90, 90)]) == 100
    assert grid_step([Range(0, 0)] * 6) == 1
    assert grid_step([Range(100, None)] * 6) == 200
    assert on_grid(Range(600, 600), 200) == Range(600, 800)
    assert on_grid(Range(599, None), 200) == Range(400, None)
