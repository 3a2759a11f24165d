"""Disclosure control: what leaves is what the rules let out, is true, and anything else is refused when it arrives."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from governance.cells import WITHHELD_REASONS, CellState, Reason, ReceivedTable, SafeRow, Shape, State
from governance.errors import DisclosureError, NotPermittedError, OptOutsMissingError, OptOutsStaleError
from governance.optouts import CountedPeople, take_off
from governance.profiles import (
    FLOOR,
    GP_BENCH,
    NHS_ROUND5,
    PROFILES,
    STRICT10,
    Profile,
    check_floor,
    profile,
    size_band,
)
from governance.release_history import ReleaseHistory
from governance.suppress import ENGINE_VERSION, Practice, SafeTable, Terms, failed, not_run, recheck, suppress
from searches.people import AnswerRow, PeopleSet, Roster, gather
from searches.search import TOTALS, Dimension, Outcome, Unit
from tests.governance_kit import REFERENCE_DATE, counted, first_release, people, search, table

PERSON = search()
SPLIT = search("split", ("a", "b", "c"))
VISITS = search("visits", (), Unit.APPOINTMENT)
SPLIT_VISITS = search("split-visits", ("a", "b"), Unit.APPOINTMENT)
SMALL = CellState(State.BAND, below=8)
FEW = CellState(State.BAND, below=8, above=0)
WITHHELD = CellState(State.WITHHELD, reason=Reason.DENOMINATOR_TOO_SMALL)


def value(number: int) -> CellState:
    return CellState(State.VALUE, value=number)


def above(number: int) -> CellState:
    return CellState(State.BAND, above=number)


def below(number: int) -> CellState:
    return CellState(State.BAND, below=number)


def states(one: SafeTable) -> tuple[CellState, CellState, CellState]:
    return one.totals.states


def received(one: SafeTable) -> ReceivedTable:
    rows = tuple(row.states for row in one.rows)
    return ReceivedTable(one.search_id, one.search_digest[:16], one.profile, one.engine_version, rows)


# --- gp-bench ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("met", "not_met", "excepted", "expected"),
    [
        (80, 20, 8, (value(80), value(20), value(8))),
        (80, 20, 7, (value(80), value(20), SMALL)),
        (80, 20, 0, (value(80), value(20), SMALL)),
        (30, 4, 9, (above(26), SMALL, value(9))),
        (4, 30, 9, (SMALL, above(26), value(9))),
        (0, 15, 9, (SMALL, above(7), value(9))),
        (15, 0, 9, (above(7), SMALL, value(9))),
        (0, 14, 9, (WITHHELD, WITHHELD, WITHHELD)),  # one side is known to be 8 or more: the other is 6 or fewer
        (7, 7, 9, (WITHHELD, WITHHELD, WITHHELD)),  # both small beside a row that is shown: neither is 0
        (4, 3, 90, (WITHHELD, WITHHELD, WITHHELD)),
        (0, 0, 0, (WITHHELD, WITHHELD, WITHHELD)),
    ],
)
def test_small_counts_and_their_other_side_hide_in_bands(
    met: int, not_met: int, excepted: int, expected: tuple[CellState, ...]
) -> None:
    assert states(table(met, not_met, excepted)) == expected


# --- nhs-round5 -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("count", "expected"),
    [
        (0, value(0)),
        (1, FEW),
        (7, FEW),
        (8, value(10)),
        (12, value(10)),
        (13, value(15)),
        (17, value(15)),
        (18, value(20)),
    ],
)
def test_the_national_rule_gives_its_published_values(count: int, expected: CellState) -> None:
    assert states(table(count, 50, count, profile=NHS_ROUND5)) == (expected, value(50), expected)


# --- appointments -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("met", "not_met", "expected"),
    [
        ([3] * 10, [1] * 20, (value(30), value(20), below(22))),
        ([3] * 10, [1] * 12, (value(30), value(10), below(22))),
        ([3] * 7, [1] * 40, (below(22), above(35), below(22))),  # 61 - 22 = 39
        ([1] * 40, [1] * 2, (above(20), below(22), below(22))),
        ([1] * 15, [], (above(0), below(22), below(22))),
        ([1] * 14, [], (WITHHELD, WITHHELD, WITHHELD)),
        ([3] * 7, [3] * 7, (WITHHELD, WITHHELD, WITHHELD)),
        ([3] * 7, [], (WITHHELD, WITHHELD, WITHHELD)),
    ],
)
def test_appointments_are_protected_by_patients_and_given_to_the_nearest_five(
    met: list[int], not_met: list[int], expected: tuple[CellState, ...]
) -> None:
    assert states(first_release(counted(VISITS, [(met, not_met, [])]), GP_BENCH, 6000)) == expected


def test_a_few_patients_appointments_under_the_national_rule_are_between_none_and_22() -> None:
    few = first_release(counted(VISITS, [([3] * 7, [1] * 8, [])]), NHS_ROUND5, 6000)
    assert states(few) == (CellState(State.BAND, below=22, above=0), value(10), value(0))


# --- lists ------------------------------------------------------------------------------------------------------------


def test_below_a_thousand_patients_only_totals_leave() -> None:
    counted_people = counted(SPLIT, [([1] * 50, [1] * 50, [1] * 50)] * 3)
    rows = first_release(counted_people, GP_BENCH, 999).rows
    assert rows[0].states == (value(150),) * 3
    assert {one.reason for row in rows[1:] for one in row.states} == {Reason.LIST_BELOW_1000}
    assert first_release(counted_people, GP_BENCH, 1000).rows[1].states == (value(50),) * 3


@pytest.mark.parametrize("one", PROFILES.values())
def test_a_hundred_patients_or_fewer_send_nothing(one: Profile) -> None:
    rows = first_release(counted(SPLIT, [([1] * 50, [1] * 50, [1] * 50)] * 3), one, 100).rows
    assert {state.reason for row in rows for state in row.states} == {Reason.LIST_AT_MOST_100}


def test_every_cell_of_the_cross_product_is_there_even_if_nobody_is_in_it() -> None:
    rows = first_release(counted(SPLIT, [([1] * 50, [1] * 50, []), ([], [], []), ([], [], [])]), GP_BENCH, 6000).rows
    assert [row.dimensions for row in rows] == [TOTALS, *(((("group", name)),) for name in "abc")]
    assert rows[2].states == (WITHHELD,) * 3


def test_a_number_too_large_for_the_wire_is_withheld() -> None:
    huge = PeopleSet((2**FLOOR.largest_number - 1,))
    none = PeopleSet()
    sets = {Outcome.MET: huge, Outcome.NOT_MET: huge, Outcome.EXCEPTED: none}
    answer = replace(people(PERSON, [([], [], [])]), counted={TOTALS: sets})
    out = first_release(take_off(answer, 0, REFERENCE_DATE, "type1_excluded"), GP_BENCH, 6000)
    assert {one.reason for one in states(out)} == {Reason.NUMBER_TOO_LARGE}
    recheck(received(out), GP_BENCH, Shape.of(PERSON))


# --- properties -------------------------------------------------------------------------------------------------------

ROWS = {
    Unit.PERSON: st.integers(0, 40).map(lambda count: [1] * count),
    Unit.APPOINTMENT: st.lists(st.integers(1, 3), max_size=40),
}


@st.composite
def answers(draw: st.DrawFn) -> CountedPeople:
    one = draw(st.sampled_from([PERSON, SPLIT, VISITS, SPLIT_VISITS]))
    rows = ROWS[one.unit]
    cells = max(1, len(one.cells()) - 1)
    return counted(one, [draw(st.tuples(rows, rows, rows)) for _ in range(cells)])


LISTS = st.sampled_from([90, 900, 6000])
EVERY_PROFILE = st.sampled_from(list(PROFILES.values()))


@settings(deadline=None, derandomize=True, max_examples=300)
@given(answers(), LISTS)
def test_gp_bench_never_gives_a_number_of_one_to_seven_people(counted_people: CountedPeople, list_size: int) -> None:
    for row in first_release(counted_people, GP_BENCH, list_size).rows:
        for one, outcome in zip(row.states, Outcome, strict=True):
            if one.value is not None:
                assert one.value >= 8
                assert counted_people.counted[row.dimensions][outcome].distinct >= 8


@settings(deadline=None, derandomize=True, max_examples=300)
@given(answers(), LISTS, EVERY_PROFILE)
def test_whatever_leaves_is_true(counted_people: CountedPeople, list_size: int, one_profile: Profile) -> None:
    step = 5 if counted_people.search.unit is Unit.APPOINTMENT else one_profile.rounding
    for row in first_release(counted_people, one_profile, list_size).rows:
        for one, outcome in zip(row.states, Outcome, strict=True):
            true = counted_people.counted[row.dimensions][outcome].rows
            assert one.value is None or abs(one.value - true) <= step // 2
            assert one.below is None or true < one.below
            assert one.above is None or true > one.above
            assert (one.reason is None) == (one.state in (State.VALUE, State.BAND))


@settings(deadline=None, derandomize=True, max_examples=300)
@given(answers(), LISTS, EVERY_PROFILE)
def test_the_small_side_cannot_be_had_from_the_large_side(
    counted_people: CountedPeople, list_size: int, one_profile: Profile
) -> None:
    """Under a two-sided profile, whatever is shown of a pair fits with every small count from none to seven."""
    if not one_profile.two_sided:
        return
    for row in first_release(counted_people, one_profile, list_size).rows:
        assert {row.met.state, row.not_met.state} != {State.VALUE, State.BAND}


@settings(deadline=None, derandomize=True, max_examples=300)
@given(answers(), LISTS, EVERY_PROFILE)
def test_the_hub_accepts_whatever_the_agent_makes(
    counted_people: CountedPeople, list_size: int, one_profile: Profile
) -> None:
    made = first_release(counted_people, one_profile, list_size)
    assert recheck(received(made), one_profile, Shape.of(counted_people.search)) == made


@settings(deadline=None, derandomize=True, max_examples=300)
@given(answers(), EVERY_PROFILE, st.data())
def test_the_hub_refuses_any_cell_that_the_rules_cannot_make(
    counted_people: CountedPeople, one_profile: Profile, data: st.DataObject
) -> None:
    made = first_release(counted_people, one_profile, 6000)
    unit = counted_people.search.unit
    illegal = [value(1), value(7), value(-8), value(FLOOR.largest_number + 1), below(7), below(9), below(5000)]
    illegal += [above(-1), above(FLOOR.largest_number + 5), CellState(State.BAND), CellState(State.BAND, 3, 8)]
    illegal += [CellState(State.VALUE), CellState(State.WITHHELD), CellState(State.NOT_RUN), CellState(State.FAILED)]
    illegal += [CellState(State.VALUE, value=50, above=3), CellState(State.VALUE, value=50, reason=Reason.OTHER)]
    illegal += [CellState(State.WITHHELD, reason=Reason.OTHER), CellState(State.NOT_RUN, reason=Reason.LIST_BELOW_1000)]
    illegal += [value(52)] if unit is Unit.APPOINTMENT or one_profile is NHS_ROUND5 else [value(0), FEW]
    illegal += [] if one_profile is NHS_ROUND5 else [CellState(State.BAND, below=22, above=0)]
    at, place = data.draw(st.integers(0, len(made.rows) - 1)), data.draw(st.integers(0, 2))
    rows = [list(row.states) for row in made.rows]
    rows[at][place] = data.draw(st.sampled_from(illegal))
    tampered = replace(received(made), rows=tuple((row[0], row[1], row[2]) for row in rows))
    with pytest.raises(DisclosureError, match=r"search .*: a cell breaks profile"):
        recheck(tampered, one_profile, Shape.of(counted_people.search))


# --- recheck, case by case --------------------------------------------------------------------------------------------

WHOLE = first_release(counted(SPLIT, [([1] * 50, [1] * 40, [1] * 9)] * 3), GP_BENCH, 6000)
SHAPE = Shape.of(SPLIT)


def tampered(*rows: tuple[CellState, CellState, CellState]) -> ReceivedTable:
    kept = tuple(row.states for row in WHOLE.rows)
    return replace(received(WHOLE), rows=(*rows, *kept[len(rows) :]))


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"search_id": "other"}, "table is not of search split as published"),
        ({"search_digest16": "0" * 16}, "table is not of search split as published"),
        ({"search_digest16": ""}, "its digest is given with too few digits"),
        ({"profile": "nhs-round5"}, "profile is not the agreement's, expected gp-bench"),
        ({"engine_version": ENGINE_VERSION + 1}, "rules are version 3, expected 2"),
        ({"rows": ()}, "table has 0 cells, declared are 4"),
    ],
)
def test_a_table_of_something_else_is_refused(change: dict[str, object], why: str) -> None:
    with pytest.raises(DisclosureError, match=why):
        recheck(replace(received(WHOLE), **change), GP_BENCH, SHAPE)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "row",
    [
        (SMALL, value(40), value(9)),  # one side banded, the other exact: the small count follows from the total
        (value(50), SMALL, value(9)),
        (above(40), value(40), value(9)),
        (above(40), above(30), value(9)),
        (above(40), SMALL, above(3)),
        (WITHHELD, value(40), value(9)),
        (value(50), value(40), WITHHELD),
        (CellState(State.NOT_RUN, reason=Reason.OTHER), value(40), value(9)),
        (CellState(State.WITHHELD, reason=Reason.LIST_BELOW_1000),) * 3,  # never of the totals
        (CellState(State.VALUE, value=50, reason=Reason.OTHER),) * 3,
        (CellState(State.BAND, reason=Reason.OTHER),) * 3,
        (CellState(State.WITHHELD, reason=Reason.OTHER),) * 3,
        (CellState(State.FAILED, reason=Reason.DENOMINATOR_BELOW_8),) * 3,
    ],
)
def test_rows_that_hide_only_one_side_are_refused(row: tuple[CellState, CellState, CellState]) -> None:
    with pytest.raises(DisclosureError, match="a cell breaks profile gp-bench"):
        recheck(tampered(row), GP_BENCH, SHAPE)


def test_the_national_rule_has_no_denominator_to_be_below() -> None:
    made = received(table(50, 50, profile=NHS_ROUND5))
    with pytest.raises(DisclosureError, match="a cell breaks profile nhs-round5"):
        recheck(replace(made, rows=((WITHHELD,) * 3,)), NHS_ROUND5, Shape.of(PERSON))


def test_cells_that_cannot_add_up_to_the_totals_are_refused() -> None:
    with pytest.raises(DisclosureError, match="cannot add up"):
        recheck(tampered((value(151), value(120), value(27))), GP_BENCH, SHAPE)
    with pytest.raises(DisclosureError, match="cannot add up"):
        recheck(tampered((value(149), value(120), value(27))), GP_BENCH, SHAPE)


def test_a_reason_that_holds_for_the_whole_table_cannot_hold_for_a_part() -> None:
    failed_row = (CellState(State.FAILED, reason=Reason.TIMED_OUT),) * 3
    with pytest.raises(DisclosureError, match="reason timed_out holds for some cells only"):
        recheck(tampered(failed_row), GP_BENCH, SHAPE)
    below_1000 = (CellState(State.WITHHELD, reason=Reason.LIST_BELOW_1000),) * 3
    totals = tuple(WHOLE.totals.states)
    with pytest.raises(DisclosureError, match="reason list_below_1000 holds for some cells only"):
        recheck(tampered(totals, below_1000), GP_BENCH, SHAPE)  # type: ignore[arg-type]


# --- not run, failed --------------------------------------------------------------------------------------------------


def test_a_search_that_did_not_run_says_why_in_every_cell() -> None:
    made = not_run(SPLIT, GP_BENCH, "layout_has_no_appointments")
    assert {one.to_json()["reason"] for row in made.rows for one in row.states} == {"layout_has_no_appointments"}
    assert recheck(received(made), GP_BENCH, SHAPE) == made


@pytest.mark.parametrize("reason", ["Mrs Smith of 1 High Street", "list_below_1000"])
def test_a_reason_that_is_not_on_the_list_leaves_as_other(reason: str) -> None:
    made = failed(SPLIT, GP_BENCH, reason)
    assert {one.reason for row in made.rows for one in row.states} == {Reason.OTHER}
    assert recheck(received(made), GP_BENCH, SHAPE) == made


def test_reasons_to_withhold_and_reasons_not_to_run_are_not_the_same() -> None:
    assert {Reason.LIST_BELOW_1000, Reason.DENOMINATOR_BELOW_8} <= WITHHELD_REASONS
    assert Reason.TIMED_OUT not in WITHHELD_REASONS


# --- the floor and the profiles ---------------------------------------------------------------------------------------

WEAK = replace(GP_BENCH, id="weak", k=4)


def test_a_profile_below_the_floor_makes_no_table() -> None:
    counted_people = counted(PERSON, [([1] * 50, [1] * 50, [])])
    for make in (
        lambda: first_release(counted_people, WEAK, 6000),
        lambda: not_run(PERSON, WEAK, "other"),
        lambda: recheck(received(WHOLE), WEAK, SHAPE),
        lambda: check_floor(WEAK),
    ):
        with pytest.raises(NotPermittedError, match="floor: profile weak has k=4, at least 5 holds"):
            make()


def test_profiles_are_known_by_name_and_none_lies_below_the_floor() -> None:
    assert [profile(name) for name in PROFILES] == [GP_BENCH, NHS_ROUND5, STRICT10]
    with pytest.raises(NotPermittedError, match="profile 'open' is not known, expected one of: gp-bench, nhs-round5"):
        profile("open")


def test_a_search_with_more_cells_than_may_leave_makes_no_table() -> None:
    wide = search("wide", tuple(f"v{number}" for number in range(61)))
    with pytest.raises(DisclosureError, match="floor: search wide has 61 cells, at most 60 of 2 dimensions"):
        not_run(wide, GP_BENCH, "other")
    deep = replace(PERSON, dimensions=tuple(Dimension(name, ("x", "y")) for name in "abc"))
    with pytest.raises(DisclosureError, match="has 8 cells, at most 60 of 2 dimensions"):
        Shape.of(deep)


def test_only_a_band_is_told_of_a_lists_size() -> None:
    assert [size_band(size) for size in (0, 3999, 4000, 7999, 8000, 11999, 12000, 99999)] == [
        *["under 4,000"] * 2,
        *["4,000 to 7,999"] * 2,
        *["8,000 to 11,999"] * 2,
        *["12,000 or more"] * 2,
    ]


# --- opt-outs ---------------------------------------------------------------------------------------------------------


def test_people_who_opted_out_are_in_no_cell() -> None:
    answer = people(PERSON, [([1] * 10, [1] * 10, [1] * 10)])
    opted_out = 0b11 | 1 << 10 | 1 << 29
    left = take_off(answer, opted_out, REFERENCE_DATE, "type1_excluded")
    assert [left.counted[TOTALS][outcome].distinct for outcome in Outcome] == [8, 9, 9]
    assert answer.counted[TOTALS][Outcome.MET].distinct == 10  # the practice's own answer keeps everyone


def test_without_a_list_of_opt_outs_nobody_is_counted() -> None:
    answer = people(PERSON, [([1] * 10, [], [])])
    with pytest.raises(OptOutsMissingError, match="there is no list of who has opted out"):
        take_off(answer, None, REFERENCE_DATE, "type1_excluded")
    with pytest.raises(OptOutsMissingError, match="there is no list of who has opted out"):
        take_off(answer, 0, None, "type1_excluded")


def test_a_list_of_opt_outs_older_than_the_reference_date_is_stale() -> None:
    answer = people(PERSON, [([1] * 10, [], [])])
    with pytest.raises(OptOutsStaleError, match="opt-out list is of 2026-03-30, expected 2026-03-31 or later"):
        take_off(answer, 0, REFERENCE_DATE - timedelta(days=1), "type1_excluded")


def test_a_policy_that_is_not_known_counts_nobody() -> None:
    with pytest.raises(NotPermittedError, match="opt-out policy 'include' is not known"):
        take_off(people(PERSON, [([1] * 10, [], [])]), 0, REFERENCE_DATE, "include")


# --- types ------------------------------------------------------------------------------------------------------------


def test_nobody_else_can_make_a_safe_table_or_counted_people() -> None:
    row = SafeRow(TOTALS, value(3), value(4), value(5))
    with pytest.raises(TypeError, match="only the suppressor makes a SafeTable"):
        SafeTable("s", "0" * 64, Unit.PERSON, "gp-bench", 1, (row,), maker=object())
    with pytest.raises(TypeError, match="only take_off makes CountedPeople"):
        CountedPeople(PERSON, REFERENCE_DATE, {}, "type1_excluded", REFERENCE_DATE, maker=None)  # type: ignore[arg-type]
    with pytest.raises((TypeError, ValueError), match="maker"):
        replace(WHOLE, rows=(row,))  # type: ignore[call-arg]


def test_a_table_spells_out_for_people_what_leaves() -> None:
    assert table(30, 4, 9).to_json()["rows"] == [
        {
            "dimensions": {},
            "met": {"state": "band", "above": 26},
            "not_met": {"state": "band", "below": 8},
            "excepted": {"state": "value", "value": 9},
        }
    ]


def test_a_held_nobody_is_not_said_to_be_nobody_and_the_table_still_adds_up() -> None:
    """Under a profile that shows zeros: one person has come into an empty group, but the move is held."""
    roster = Roster(tuple(f"p{number}" for number in range(2000)))
    practice = Practice(roster, 0, bytes(32))
    terms = Terms("heart-health", NHS_ROUND5)
    many = search("many", tuple(f"g{number:02}" for number in range(40)))
    before = [([1] * 9, [1] * 30, []), *[([], [1] * 10, [])] * 39]
    first = suppress([counted(many, before)], terms, practice, ReleaseHistory())
    positions = iter(range(9 + 30, 9 + 30 + 390, 10))  # the first of each other group
    cells = dict(counted(many, before).counted)
    for cell, person in zip(many.cells()[2:], positions, strict=True):
        members = cells[cell][Outcome.NOT_MET].members
        one = 1 << person
        cells[cell] = {**cells[cell], Outcome.MET: PeopleSet((one,)), Outcome.NOT_MET: PeopleSet((members & ~one,))}
    answer = replace(people(many, before), counted=cells)
    again = suppress([take_off(answer, 0, REFERENCE_DATE, "type1_excluded")], terms, practice, first.history)
    [made] = again.tables
    assert recheck(received(made), NHS_ROUND5, Shape.of(many)) == made
    assert {row.met for row in made.rows[2:]} <= {FEW, value(0)}
    told = zip(made.rows[2:], again.stories[0].rows[2:], strict=True)
    assert all(row.met == FEW for row, story in told if story.counts[0].exact)


def test_the_story_of_a_held_count_says_how_many_patients_changed_and_which_changes_are_held() -> None:
    """Forty met; then two of them have not, and one newcomer has: three patients, and the same forty are released."""
    roster = Roster(tuple(str(number) for number in range(200)))
    practice, terms = Practice(roster, 0, bytes(32)), Terms("a", GP_BENCH)

    def answer(met: set[int], not_met: set[int]) -> CountedPeople:
        outcomes = {**dict.fromkeys(met, Outcome.MET), **dict.fromkeys(not_met, Outcome.NOT_MET)}
        rows = [AnswerRow(str(person), outcome, ()) for person, outcome in outcomes.items()]
        return take_off(gather(PERSON, REFERENCE_DATE, roster, rows), 0, REFERENCE_DATE, "type1_excluded")

    before = suppress([answer({*range(40)}, {*range(40, 80)})], terms, practice, ReleaseHistory())
    now = answer({*range(38), 100}, {*range(38, 80)})
    story = suppress([now], terms, practice, before.history).stories[0]
    met, not_met, _ = story.rows[0].counts
    assert story.held_below == 5
    assert (met.exact, met.counted, met.rules, met.changed) == (39, 40, ("held",), 3)
    assert (not_met.exact, not_met.counted, not_met.changed) == (42, 40, 2)
    assert met.to_json() == {"exact": 39, "counted": 40, "rules": ["held"], "changed": 3}
