"""The change gate: whatever happens to a practice's people, no two releases of a count are a few people apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from hypothesis import given, settings
from hypothesis import strategies as st

from governance.gate import Gate, Past, earlier, is_clear, let_out, moved, rests_near
from governance.primary import Rule, shown_unions
from governance.profiles import GP_BENCH, STRICT10, Profile
from governance.standing import PARTS, Places, Standing, places_of
from searches.search import TOTALS, Outcome

FLAT = places_of((TOTALS,))
SPLIT = places_of((TOTALS, (("sex", "F"),), (("sex", "M"),)))
CROSSED = places_of(
    (TOTALS, *((("age", age), ("sex", sex)) for age in ("young", "old") for sex in ("F", "M"))),
)
MET, NOT_MET, EXCEPTED = 1, 2, 3


@dataclass
class Told:
    """A table that is released again and again."""

    places: Places
    profile: Profile = GP_BENCH
    past: list[Past] = field(default_factory=list)
    last: Standing = b""

    def shown(self, sizes: Sequence[int]) -> int:
        return shown_unions(self.places, sizes, Rule(self.profile, frozenset(Outcome)))

    def gate(self) -> Gate:
        return Gate(self.places, self.last, self.past, self.profile.gate_delta, self.shown)

    def release(self, now: Standing) -> Standing:
        out = let_out(self.gate(), now)
        self.past.insert(0, Past(self.shown(self.places.sizes(out)), moved(self.last, out) if self.past else ()))
        self.last = out
        return out

    def met(self, now: Standing) -> int:
        return self.places.sizes(self.release(now))[0]


def people(**counts: int) -> Standing:
    """So many who met, did not, were excepted, and are outside, one after the other."""
    order = ((MET, "met"), (NOT_MET, "not_met"), (EXCEPTED, "excepted"), (0, "outside"))
    return b"".join(bytes([place]) * counts.get(name, 0) for place, name in order)


def change(standing: Standing, who: range, place: int) -> Standing:
    new = bytearray(standing)
    for person in who:
        new[person] = place
    return bytes(new)


def test_the_first_release_is_the_truth() -> None:
    assert Told(FLAT).met(people(met=40, not_met=30)) == 40


def test_four_moves_are_held_and_the_fifth_lets_all_out() -> None:
    told, start = Told(FLAT), people(met=40, not_met=30)
    told.release(start)
    assert [told.met(change(start, range(40, 40 + number), MET)) for number in range(1, 7)] == [40, 40, 40, 40, 45, 45]


def test_five_in_and_five_out_look_like_nothing_but_are_let_out() -> None:
    """The size is the same; the people are not, and ten moves tell of nobody."""
    told, start = Told(FLAT), people(met=40, not_met=30)
    told.release(start)
    swapped = change(change(start, range(40, 45), MET), range(5), NOT_MET)
    assert told.release(swapped) == swapped


def test_the_two_sides_of_a_row_go_together() -> None:
    """Six more have met, and one has joined the register: met and not met together would tell of one person."""
    told, start = Told(FLAT), people(met=40, not_met=30, outside=10)
    told.release(start)
    now = change(change(start, range(40, 46), MET), range(70, 71), NOT_MET)
    out = told.release(now)
    sizes = FLAT.sizes(out)
    assert (sizes[0], sizes[3]) == (46, 70)


def test_a_release_long_ago_counts_as_much_as_the_last() -> None:
    told, start = Told(FLAT), people(met=40, not_met=30)
    told.release(start)
    told.release(change(start, range(40, 50), MET))
    assert told.met(change(start, range(40, 41), MET)) in (40, 50)  # one more than in the first week


def test_crossing_from_a_band_to_a_value_takes_company() -> None:
    """Seven have met, then eight: the change from band to number would tell of one person."""
    told, start = Told(FLAT), people(met=7, not_met=60)
    told.release(start)
    assert told.met(change(start, range(7, 8), MET)) == 7
    assert told.met(change(start, range(7, 12), MET)) == 12


def test_what_is_hidden_under_a_total_moves_only_in_company() -> None:
    """The men are too few to be shown; total less women gives them, so one man more must not show."""
    women, men = people(met=40, not_met=40), bytes([4]) * 3 + bytes([5]) * 3 + bytes(20)
    told = Told(SPLIT)
    told.release(women + men)
    grown = change(women + men, range(86, 87), 4)  # a man joins
    six_women = change(grown, range(40, 46), MET)
    out = told.release(six_women)
    assert out == change(women + men, range(40, 46), MET)


def test_birthdays_move_people_between_rows_without_showing_who_joined() -> None:
    """Six grow old and one joins: each row changes by six or more, but their margin by one."""
    young = bytes([1]) * 40 + bytes([2]) * 40
    old = bytes([7]) * 40 + bytes([8]) * 40
    told, start = Told(CROSSED), young + old + bytes(5)
    told.release(start)
    aged = change(start, range(6), 7)
    assert told.release(change(aged, range(160, 161), 7)) == aged


def test_a_wider_gate_holds_for_good() -> None:
    told, start = Told(FLAT, replace(STRICT10, denominator_min=0)), people(met=40, not_met=40)
    told.release(start)
    assert told.met(change(start, range(40, 49), MET)) == 40
    assert told.met(change(start, range(40, 50), MET)) == 50


def test_earlier_standings_are_had_back_from_the_moves() -> None:
    told, start = Told(FLAT), people(met=40, not_met=60)
    standings = [told.release(change(start, range(40, 40 + 6 * week), MET)) for week in range(5)]
    assert [standing for _, standing in earlier(told.last, told.past)] == standings[::-1]


WEEKS = st.lists(st.lists(st.tuples(st.integers(0, 89), st.integers(0, 12)), max_size=25), min_size=2, max_size=9)


@settings(deadline=None, derandomize=True, max_examples=250)
@given(WEEKS, st.sampled_from([FLAT, SPLIT, CROSSED]))
def test_no_two_releases_of_anything_shown_are_a_few_people_apart(
    weeks: list[list[tuple[int, int]]], places: Places
) -> None:
    most = 3 * len(places.leaves)
    told = Told(places)
    now = bytes(1 + person % most for person in range(90))
    standings = [told.release(now)]
    for week in weeks:
        for person, place in week:
            now = change(now, range(person, person + 1), min(place, most))
        assert is_clear(told.gate(), told.last)
        standings.append(told.release(now))
    shown = [told.shown(places.sizes(standing)) for standing in standings]
    for first in range(len(standings)):
        for second in range(first):
            both = shown[first] & shown[second]
            for union in (number for number in range(len(places.unions)) if both >> number & 1):
                apart = places.members(standings[first], union) ^ places.members(standings[second], union)
                assert apart.bit_count() not in range(1, 5), PARTS[union % 5]


@settings(deadline=None, derandomize=True, max_examples=100)
@given(WEEKS)
def test_each_person_stands_in_one_place_so_rows_add_up(weeks: list[list[tuple[int, int]]]) -> None:
    told = Told(CROSSED)
    now = bytes(1 + person % 12 for person in range(90))
    for week in weeks:
        for person, place in week:
            now = change(now, range(person, person + 1), place)
        sizes = CROSSED.sizes(told.release(now))
        for part in range(5):
            leaves = sum(sizes[row.first + part] for row in CROSSED.leaf_rows)
            assert leaves == sizes[CROSSED.totals.first + part]
        for row in CROSSED.rows:
            assert sizes[row.first] <= sizes[row.first + 3] <= sizes[row.first + 4]


def left(places: Places, standing: Standing, shown: int, part: int) -> set[int]:
    """The people of a total who are in none of its shown rows."""
    hidden = [row.first + part for row in places.leaf_rows if not shown >> row.first + part & 1]
    return {person for person, place in enumerate(standing) if any(place in places.unions[one] for one in hidden)}


@settings(deadline=None, derandomize=True, max_examples=200)
@given(st.lists(st.tuples(st.dictionaries(st.integers(0, 39), st.integers(0, 6)), st.integers(0, 3)), min_size=2))
def test_what_a_total_leaves_is_compared_with_every_release_that_withheld_the_same_groups(
    weeks: list[tuple[dict[int, int], int]],
) -> None:
    everything = (1 << len(SPLIT.unions)) - 1
    patterns = [everything ^ 1 << SPLIT.rows[leaf].first for leaf in (0, 1)]
    patterns += [patterns[0] & patterns[1], patterns[0] ^ 1 << SPLIT.totals.first]
    standing, past, released, before = bytes(40), list[Past](), list[int](), list[tuple[Standing, int]]()
    for moves, pattern in weeks:
        now = bytearray(standing)
        for person, place in moves.items():
            now[person] = place
        shown = patterns[pattern]
        gate = Gate(SPLIT, standing, past, 5, lambda _: 0, released)
        expected = set()
        if shown >> SPLIT.totals.first & 1:
            apart = [
                len(left(SPLIT, bytes(now), shown, 0) ^ left(SPLIT, then, shown, 0))
                for then, its in before
                if its & 0b1 << SPLIT.totals.first and not (its ^ shown) & sum(1 << row.first for row in SPLIT.rows)
            ]
            expected = {0} if any(1 <= one < 5 for one in apart) else set()
        assert set(rests_near(gate, bytes(now), shown)) == expected
        past.insert(0, Past(0, moved(standing, bytes(now)) if before else ()))
        released.insert(0, shown)
        before.insert(0, (bytes(now), shown))
        standing = bytes(now)
