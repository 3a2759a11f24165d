"""The overlap ledger finds every near set; the audit finds those that three or more sets tell of together."""

from __future__ import annotations

import random
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from governance.linear_audit import audit, triples
from governance.overlap import Ledger


def bits(*people: int) -> int:
    return sum(1 << person for person in people)


PEOPLE = st.frozensets(st.integers(0, 60), min_size=5, max_size=40)  # fewer are never shown, whatever the floor allows
SETS = st.lists(PEOPLE, min_size=1, max_size=25)


@settings(deadline=None, derandomize=True, max_examples=300)
@given(SETS, PEOPLE, st.integers(1, 9))
def test_the_ledger_finds_just_the_sets_that_are_near(
    kept: list[frozenset[int]], asked: frozenset[int], width: int
) -> None:
    ledger = Ledger(9)
    for series, people in enumerate(kept):
        ledger.add(bits(*people), series)
    near = {one.members for one in ledger.near(bits(*asked), "me", width)}
    assert near == {bits(*people) for people in kept if 1 <= len(people ^ asked) <= width}


def test_sets_of_the_same_series_are_the_gates_matter() -> None:
    ledger = Ledger(7)
    ledger.add(bits(*range(20)), "mine")
    assert ledger.near(bits(*range(21)), "mine", 7) == []
    assert len(ledger.near(bits(*range(21)), "other", 7)) == 1


def test_the_nearest_comes_first() -> None:
    ledger = Ledger(7)
    for size in (24, 21, 22):
        ledger.add(bits(*range(size)), size)
    assert [one.series for one in ledger.near(bits(*range(20)), "me", 7)] == [21, 22, 24]


def test_a_wider_question_than_the_ledger_can_answer_is_refused() -> None:
    with pytest.raises(ValueError, match="ledger finds sets up to 7 apart, not 9"):
        Ledger(7).near(1, "me", 9)


def random_sets(dice: random.Random, number: int, people: int = 400) -> list[int]:
    return [bits(*dice.sample(range(people), dice.randint(8, 60))) for _ in range(number)]


def test_a_whole_and_its_two_parts_tell_of_the_rest() -> None:
    part, other, few = bits(*range(30)), bits(*range(30, 70)), bits(70, 71, 72)
    found = triples([[part | other | few, part, other]], 7)
    assert [(one.people, set(one.sets)) for one in found] == [(few, {part | other | few, part, other})]
    assert triples([[part | other, part, other]], 7) == ()


@pytest.mark.parametrize("parts", [2, 3, 5, 8])
@pytest.mark.parametrize("seed", range(5))
def test_a_sum_of_any_length_is_found_among_many_others(parts: int, seed: int) -> None:
    dice = random.Random(seed)
    order = dice.sample(range(400), 400)
    pieces = [bits(*order[20 * number : 20 * number + 20]) for number in range(parts)]
    few = bits(*order[300 : 300 + dice.randint(1, 7)])
    whole = few
    for piece in pieces:
        whole |= piece
    found = audit([whole, *random_sets(dice, 60), *pieces], 7)
    assert [one.people for one in found] == [few]
    assert dict(zip(found[0].sets, found[0].factors, strict=True)) == {
        whole: Fraction(1),
        **dict.fromkeys(pieces, Fraction(-1)),
    }


def test_sets_that_have_nothing_to_do_with_each_other_tell_of_nobody() -> None:
    assert audit(random_sets(random.Random(1), 120), 7) == ()


def test_a_longer_sum_than_anybody_can_follow_is_not_reported() -> None:
    pieces = [bits(*range(20 * number, 20 * number + 20)) for number in range(15)]
    assert audit([bits(*range(303)), *pieces], 7) == ()
