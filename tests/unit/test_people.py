"""People sets: who is in which cell, and what is refused on the way there."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from searches.errors import AnswerError
from searches.people import AnswerRow, PeopleSet, PeopleSets, Roster, gather
from searches.search import TOTALS, Dimension, Outcome, Unit
from tests.small_search import small_search

ROSTER = Roster(("a", "b", "c"))
DAY = date(2026, 3, 1)
SEX = Dimension("sex", ("F", "M"))
COUNTS = st.dictionaries(st.integers(0, 200), st.integers(1, 5), max_size=30)


def gathered(*rows: AnswerRow, unit: Unit = Unit.PERSON, dimensions: tuple[Dimension, ...] = ()) -> PeopleSets:
    return gather(small_search(unit=unit, dimensions=dimensions), DAY, ROSTER, rows)


def visit(person: str, number: int, outcome: Outcome | None = Outcome.MET, day: date | None = DAY) -> AnswerRow:
    return AnswerRow(person, outcome, (), f"appointment {number}", day, number)


@given(COUNTS)
def test_a_set_counts_what_it_was_made_of(counts: dict[int, int]) -> None:
    people = PeopleSet.of_counts(counts)
    assert people.rows == sum(counts.values())
    assert people.distinct == len(counts)


@given(COUNTS, st.sets(st.integers(0, 200)))
def test_taking_people_off_takes_all_their_rows_and_nobody_elses(counts: dict[int, int], off: set[int]) -> None:
    without = PeopleSet.of_counts(counts).without(sum(1 << position for position in off))
    assert without.rows == sum(count for position, count in counts.items() if position not in off)
    assert without.distinct == len(set(counts) - off)


def test_an_empty_set_has_nobody() -> None:
    assert (PeopleSet().rows, PeopleSet().distinct, PeopleSet().members) == (0, 0, 0)


def test_a_roster_leaves_out_those_it_does_not_know() -> None:
    assert ROSTER.bits(["c", "stranger", "a"]) == 0b101
    assert ROSTER.ids(0b110) == ("b", "c")


def test_everyone_is_in_the_totals_and_in_the_cell_of_their_dimensions() -> None:
    people = gathered(
        AnswerRow("a", Outcome.MET, ("F",)),
        AnswerRow("b", Outcome.NOT_MET, ("M",)),
        AnswerRow("c", None, ("F",)),
        dimensions=(SEX,),
    )
    assert people.outcome(Outcome.MET).members == 0b001
    assert people.counted[TOTALS][Outcome.NOT_MET].members == 0b010
    assert people.counted[(("sex", "F"),)][Outcome.MET].distinct == 1
    assert people.counted[(("sex", "M"),)][Outcome.MET].distinct == 0


def test_the_same_row_twice_is_one() -> None:
    assert gathered(AnswerRow("a", Outcome.MET, ()), AnswerRow("a", Outcome.MET, ())).outcome(Outcome.MET).rows == 1


@pytest.mark.parametrize("other", [Outcome.NOT_MET, None])
def test_two_rows_of_one_person_that_disagree_are_refused(other: Outcome | None) -> None:
    with pytest.raises(AnswerError, match="search small returned two rows for one person that disagree"):
        gathered(AnswerRow("a", Outcome.MET, ()), AnswerRow("a", other, ()))


def test_two_rows_of_one_appointment_that_disagree_are_refused() -> None:
    with pytest.raises(AnswerError, match="two rows for one appointment that disagree"):
        gathered(visit("a", 1), visit("b", 1), unit=Unit.APPOINTMENT)


@pytest.mark.parametrize("value", ["", "X", "f"])
def test_a_value_that_is_not_declared_is_refused_without_showing_it(value: str) -> None:
    with pytest.raises(AnswerError, match="returned a value of sex that it does not declare") as refused:
        gathered(AnswerRow("a", Outcome.MET, (value,)), dimensions=(SEX,))
    assert refused.value.hint == "make sex one of: F, M"


def test_a_value_outside_the_denominator_need_not_be_declared() -> None:
    assert gathered(AnswerRow("a", None, ("",)), dimensions=(SEX,)).outcome(Outcome.MET).rows == 0


def test_someone_who_is_no_current_patient_is_refused() -> None:
    with pytest.raises(AnswerError, match="search small returned a person who is not a current patient"):
        gathered(AnswerRow("stranger", Outcome.MET, ()))


def test_for_others_the_first_three_appointments_of_a_person_count_by_date_then_id() -> None:
    rows = [
        visit("a", 5, Outcome.MET, date(2026, 3, 2)),
        visit("a", 4, Outcome.NOT_MET, date(2026, 3, 1)),
        visit("a", 3, Outcome.MET, None),
        visit("a", 2, Outcome.NOT_MET, date(2026, 3, 2)),
        visit("a", 9, Outcome.NOT_MET, date(2026, 1, 1)),
        visit("b", 7),
    ]
    people = gathered(*rows, unit=Unit.APPOINTMENT)
    assert people.every[TOTALS][Outcome.MET].rows == 3
    assert people.counted[TOTALS][Outcome.NOT_MET].rows == 3  # January, then number 4, then number 2 of the same day
    assert people.counted[TOTALS][Outcome.MET].rows == 1
    assert people.counted[TOTALS][Outcome.MET].members == 0b010


def test_appointments_outside_the_denominator_use_up_nothing() -> None:
    rows = [visit("a", number, None) for number in range(5)] + [visit("a", 9)]
    assert gathered(*rows, unit=Unit.APPOINTMENT).counted[TOTALS][Outcome.MET].rows == 1
