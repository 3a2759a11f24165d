"""The overlap ledger finds every near set; the audit finds those that three or more sets tell of together."""

from __future__ import annotations

import random
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from governance.gate import Past
from governance.linear_audit import audit, triples
from governance.overlap import Ledger, Nearness
from governance.recording import ledger_of
from governance.release_history import ReleaseHistory, Series
from governance.standing import Places, places_of
from searches.search import TOTALS


def bits(*people: int) -> int:
    return sum(1 << person for person in people)


LARGE = st.frozensets(st.integers(0, 400), min_size=70, max_size=90)
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


def few_apart(dice: random.Random, people: frozenset[int], most: int) -> frozenset[int]:
    return people ^ frozenset(dice.sample(range(400), dice.randint(0, most)))


@settings(deadline=None, derandomize=True, max_examples=100)
@given(st.lists(LARGE, min_size=1, max_size=4), st.integers(0, 1000), st.integers(1, 9))
def test_large_sets_that_are_near_are_found_wherever_they_differ(
    kept: list[frozenset[int]], seed: int, width: int
) -> None:
    dice = random.Random(seed)
    crowd = [few_apart(dice, people, 14) for people in kept for _ in range(12)]
    earlier = Ledger(9)
    for series, people in enumerate(crowd[::2]):
        earlier.add(bits(*people), series)
    ledger = earlier.followed()
    for series, people in enumerate(crowd[1::2], start=100):
        ledger.add(bits(*people), series)
    asked = few_apart(dice, kept[0], 3)
    near = {one.members for one in ledger.near(bits(*asked), "me", width)}
    assert near == {bits(*people) for people in crowd if 1 <= len(people ^ asked) <= width}


@pytest.mark.parametrize("size", range(44, 72))
def test_a_set_is_found_on_both_sides_of_the_border_between_small_and_large(size: int) -> None:
    ledger = Ledger(7)
    ledger.add(bits(*range(size)), "kept")
    for other in range(size - 7, size + 8):
        assert len(ledger.near(bits(*range(other)), "me", 7)) == (other != size)


def test_what_follows_a_ledger_leaves_it_as_it_was() -> None:
    ledger = Ledger(7)
    ledger.add(bits(*range(20)), "kept")
    after = ledger.followed()
    after.add(bits(*range(30)), "new")
    after.add_hidden(bits(*range(50)), "new")
    assert after.holds(bits(*range(20)), "new")
    assert after.near(bits(*range(31)), "me", 7)
    assert after.hidden_near(bits(*range(50)), "me", 7)
    assert not ledger.near(bits(*range(31)), "me", 7)
    assert not ledger.hidden_near(bits(*range(50)), "me", 7)


def test_a_set_that_a_series_released_before_is_compared_only_with_what_it_is_aimed_at() -> None:
    ledger = Ledger(9)
    for series, size in (("mine", 20), ("other", 22)):
        ledger.add(bits(*range(size)), series)
    assert ledger.near_new(bits(*range(20)), "mine", 7) == []
    assert len(ledger.near_new(bits(*range(20)), "mine", 9)) == 1  # under a stricter profile than any it was made under
    assert len(ledger.near_new(bits(*range(21)), "mine", 7)) == 1
    ledger.aim_at(bits(*range(23)))
    assert [one.members for one in ledger.near_new(bits(*range(20)), "mine", 7)] == [bits(*range(23))]
    assert not ledger.holds(bits(*range(23)), "mine")  # nobody has released it, so nobody knows it


def standing(places: Places, dice: random.Random) -> bytes:
    return bytes(dice.choices(range(len(places.unions_of)), k=300))


@pytest.mark.parametrize("seed", range(20))
def test_what_comes_near_is_the_same_whether_people_are_placed_one_by_one_or_at_once(seed: int) -> None:
    dice = random.Random(seed)
    places = places_of((TOTALS, (("sex", "F"),), (("sex", "M"),)))
    ledger, first = Ledger(7), standing(places, dice)
    for number in range(4):
        other = bytearray(first)
        for person in dice.sample(range(300), 3):
            other[person] = dice.randrange(7)
        for union in range(len(places.unions)):
            ledger.add(places.members(bytes(other), union), number)
    nearness, now, every = Nearness(ledger, places, ("mine", 7)), bytearray(first), (1 << len(places.unions)) - 1
    for _ in range(6):
        now[dice.randrange(300)] = dice.randrange(7)
        assert nearness.of(bytes(now), every) == Nearness(ledger, places, ("mine", 7)).of(bytes(now), every)


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


@pytest.mark.parametrize("seed", range(60))
def test_three_sets_of_which_one_is_new_are_found_just_as_if_all_were(seed: int) -> None:
    dice = random.Random(seed)
    whole = dice.sample(range(200), 90)
    apart = frozenset(dice.sample(range(200), dice.randint(0, 3)))
    part, other = bits(*whole[:40]), bits(*whole[40:80])
    sets = [part, other, bits(*(frozenset(whole[:80]) ^ apart)), *random_sets(dice, 10, 200)]
    dice.shuffle(sets)
    found = {frozenset(one.sets) for one in triples([sets], 7)}
    for new in sets:
        with_new = {frozenset(one.sets) for one in triples([sets], 7, out=frozenset(sets) - {new})}
        assert with_new == {one for one in found if new in one}
    assert triples([sets], 7, out=frozenset(sets)) == ()


def test_a_longer_sum_than_anybody_can_follow_is_not_reported() -> None:
    pieces = [bits(*range(20 * number, 20 * number + 20)) for number in range(15)]
    assert audit([bits(*range(303)), *pieces], 7) == ()


def test_a_set_that_was_shown_and_then_hidden_is_still_remembered() -> None:
    """It was withheld in the last release, where its people were the same; whoever read it before knows it."""
    split = places_of((TOTALS, (("sex", "F"),), (("sex", "M"),)))
    now = bytes([1] * 20 + [2] * 20 + [4] * 20 + [5] * 20)
    series = Series(
        cells=(TOTALS, (("sex", "F"),), (("sex", "M"),)),
        slots=(now,),
        past=(Past(0, ()), Past(0, ())),
        released=(0, 1),
        covered=frozenset(),
        full=frozenset(),
        delta=5,
    )
    ledger = ledger_of(ReleaseHistory(series={"q": series}))
    assert ledger.holds(split.members(now, 0), "another")
