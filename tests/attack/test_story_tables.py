"""Complementary disclosure: a hidden count worked out from its margins, from public list sizes, from another search."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from governance.profiles import GP_BENCH, STRICT10, Profile
from tests.attack.attacker import Notes, know_lists, read
from tests.attack.stories import stopped_by
from tests.attack.surgery import Letter, Split, Surgery, ask, assert_alike, assert_speaks, crowd

WIDE = GP_BENCH.width
GROUPS = ("a", "b", "c", "d")
Counts = Mapping[str, tuple[int, int, int]]


def people(counts: Counts, of_each: int = 600) -> dict[str, list[str]]:
    """Who is registered in each group."""
    return {name: crowd(name, of_each) for name in counts}


def table(counts: Counts, profile: Profile = GP_BENCH, lists: Mapping[str, int] | None = None) -> Letter:
    """A release of a table by group: so many met, not met and excepted in each; lists are public where given."""
    groups = people(counts) if lists is None else {name: crowd(name, size) for name, size in lists.items()}
    split: Split = ("group", groups)
    outcomes: list[list[str]] = [[], [], []]
    for name, numbers in counts.items():
        start = 0
        for who, number in zip(outcomes, numbers, strict=True):
            who.extend(groups[name][start : start + number])
            start += number
    patients = [who for group in groups.values() for who in group]
    surgery = Surgery(patients, profile, groups=[split] if lists else ())
    return surgery.release(ask("q", *outcomes, by=[split]))


def assert_hidden(notes: Notes, names: Sequence[str], width: int = WIDE) -> None:
    """None of these can be worked out more nearly than the profile says."""
    for name in names:
        assert notes.width(name) >= width, f"{name} lies in {notes.interval(name)}"


@stopped_by("complement")
def test_the_total_less_the_other_leaf() -> None:
    letter = table({"a": (4, 40, 0), "b": (30, 50, 0)})
    assert_speaks(letter, "q")
    assert_hidden(read(letter, "q"), ["a met", "b met"])


@stopped_by("complement")
def test_nobody_or_four_under_a_known_total() -> None:
    def world(it_is_so: bool) -> list[Letter]:
        few = 4 if it_is_so else 0
        return [table({"a": (few, 44 - few, 0), "b": (34 - few, 46 + few, 0)})]

    assert_alike(world)


@stopped_by("complement")
def test_one_patient_in_one_leaf_or_the_other() -> None:
    """The total knows of Ann in any case; the leaf must not."""
    letter = table({"a": (1, 44, 0), "b": (30, 44, 0)})
    assert_hidden(read(letter, "q"), ["a met"])


@stopped_by("complement")
def test_the_total_less_three_leaves() -> None:
    letter = table({"a": (5, 40, 0), "b": (30, 50, 0), "c": (25, 50, 0), "d": (45, 60, 0)})
    assert_hidden(read(letter, "q"), ["a met"])


@stopped_by("complement")
def test_two_small_leaves_that_are_seven_each() -> None:
    """Their sum is 14: only seven and seven fit."""
    letter = table({"a": (7, 40, 0), "b": (7, 50, 0), "c": (25, 50, 0)})
    assert_hidden(read(letter, "q"), ["a met", "b met"])


@stopped_by("complement")
def test_two_small_leaves_of_one_patient_in_all() -> None:
    letter = table({"a": (1, 40, 0), "b": (0, 50, 0), "c": (25, 50, 0)})
    assert_hidden(read(letter, "q"), ["a met", "b met"])


@stopped_by("complement")
def test_a_few_who_have_not_met_it() -> None:
    letter = table({"a": (50, 3, 0), "b": (30, 50, 0), "c": (25, 50, 0)})
    assert_hidden(read(letter, "q"), ["a met", "a not_met"])


@stopped_by("complement")
def test_a_few_exceptions() -> None:
    letter = table({"a": (50, 30, 2), "b": (30, 50, 20), "c": (25, 50, 30)})
    assert_hidden(read(letter, "q"), ["a excepted"])


@stopped_by("complement")
def test_a_leaf_with_too_small_a_denominator() -> None:
    """A row that is withheld is no use if the totals less the others give it."""
    letter = table({"a": (3, 4, 0), "b": (30, 50, 0), "c": (25, 50, 0)})
    notes = read(letter, "q")
    assert_hidden(notes, ["a met", "a not_met"])


@stopped_by("complement")
def test_a_group_in_which_everybody_met() -> None:
    """Whoever is in the group met it: not to be read from totals either."""
    letter = table({"a": (40, 0, 0), "b": (30, 50, 0), "c": (25, 50, 0)})
    assert_hidden(read(letter, "q"), ["a not_met", "a met"])


@stopped_by("complement")
def test_few_of_the_total_are_in_one_of_many_leaves() -> None:
    letter = table({"a": (9, 40, 0), "b": (9, 40, 0), "c": (9, 40, 0), "d": (1, 40, 0)})
    assert_hidden(read(letter, "q"), ["d met"])


@stopped_by("complement")
def test_a_few_under_two_margins() -> None:
    """By sex and age: rows and columns can both be summed, and every sum is shown or can be worked out."""
    ages, sexes = ("old", "young"), ("F", "M")
    groups = {(sex, age): crowd(f"{sex} {age}", 300) for sex in sexes for age in ages}
    met = [who for number, one in zip((4, 40, 35, 30), groups.values(), strict=True) for who in one[:number]]
    not_met = [who for one in groups.values() for who in one[100:150]]
    split: list[Split] = [
        ("sex", {sex: [*groups[sex, "old"], *groups[sex, "young"]] for sex in sexes}),
        ("age", {age: [*groups["F", age], *groups["M", age]] for age in ages}),
    ]
    letter = Surgery([who for one in groups.values() for who in one]).release(ask("q", met, not_met, by=split))
    assert_hidden(read(letter, "q"), ["F old met"])


@stopped_by("known elsewhere")
def test_another_search_tells_a_margin_that_this_one_hides() -> None:
    """A search of the women alone shows exactly how many met, though the table by sex and age keeps some back."""
    groups = {(sex, age): crowd(f"{sex} {age}", 300) for sex in "FM" for age in ("old", "young")}
    met = [who for number, one in zip((4, 40, 35, 30), groups.values(), strict=True) for who in one[:number]]
    not_met = [who for one in groups.values() for who in one[100:150]]
    split: list[Split] = [
        ("sex", {sex: [*groups[sex, "old"], *groups[sex, "young"]] for sex in "FM"}),
        ("age", {age: [*groups["F", age], *groups["M", age]] for age in ("old", "young")}),
    ]
    old, young = groups["F", "young"], groups["M", "young"]
    letter = Surgery([who for one in groups.values() for who in one]).release(
        ask("a-young-women", old[:40], old[100:150]),
        ask("b-young-men", young[:30], young[100:150]),
        ask("c-old-men", groups["M", "old"][:35], groups["M", "old"][100:150]),
        ask("q", met, not_met, by=split),
    )
    notes = read(letter, "q")
    for search_id, leaf in (("a-young-women", "F young"), ("b-young-men", "M young"), ("c-old-men", "M old")):
        for outcome in ("met", "not_met"):
            value = letter.value(search_id, outcome)
            if value is not None:
                notes.note(f"{leaf} {outcome}", value, value)
    assert_hidden(notes, ["F old met"])


@stopped_by("list sizes are public")
def test_everyone_of_the_list_is_on_the_register() -> None:
    """A search of all adults: registered patients less met less not met are the exceptions."""
    lists = {"a": 600, "b": 600}
    letter = table({"a": (300, 296, 4), "b": (280, 290, 30)}, lists=lists)
    notes = read(letter, "q")
    know_lists(notes, lists)
    for name in lists:
        notes.note(f"{name} outside", 0, 0)
    assert_hidden(notes, ["a excepted"])


@stopped_by("list sizes are public")
def test_all_but_a_few_of_the_list_are_on_the_register() -> None:
    """Who is not on it is as telling as who is: here three people of the list."""
    lists = {"a": 600, "b": 600}
    letter = table({"a": (300, 287, 10), "b": (280, 200, 30)}, lists=lists)
    notes = read(letter, "q")
    know_lists(notes, lists)
    assert_hidden(notes, ["a outside"])


@stopped_by("list sizes are public")
def test_a_list_gives_away_what_two_bands_hide() -> None:
    lists = {"a": 400, "b": 700}
    letter = table({"a": (390, 5, 5), "b": (280, 200, 220)}, lists=lists)
    notes = read(letter, "q")
    know_lists(notes, lists)
    for name in lists:
        notes.note(f"{name} outside", 0, 0)
    assert_hidden(notes, ["a not_met", "a excepted"])


@stopped_by("complement")
def test_nine_in_a_leaf_under_the_strict_profile_without_rounding() -> None:
    """Rounded totals still bound what is hidden; the strict profile asks for more room."""
    profile = Profile(**{name: getattr(STRICT10, name) for name in Profile.__slots__} | {"rounding": 1})
    letter = table({"a": (9, 60, 0), "b": (70, 80, 0)}, profile=profile)
    assert_hidden(read(letter, "q", profile), ["a met"], profile.width)


@stopped_by("complement")
def test_what_is_withheld_does_not_say_who_is_protected() -> None:
    """Of two leaves that could be the small one, the pattern is the same whichever number of a few it is."""

    def world(it_is_so: bool) -> list[Letter]:
        few = 7 if it_is_so else 1
        return [table({"a": (few, 44 - few, 0), "b": (38 - few, 46 + few, 0), "c": (50, 50, 0)})]

    assert_alike(world)


AGES, SEXES = ("old", "young"), ("F", "M")
SQUARE = {(sex, age): crowd(f"{sex} {age}", 300) for sex in SEXES for age in AGES}
BY_SEX: Split = ("sex", {sex: [*SQUARE[sex, "old"], *SQUARE[sex, "young"]] for sex in SEXES})
BY_AGE: Split = ("age", {age: [*SQUARE["F", age], *SQUARE["M", age]] for age in AGES})


def square(*weeks: Sequence[str]) -> Notes:
    """What an attacker knows of a table by sex and age from it and its two one-way tables, released in this order."""
    met = [who for number, one in zip((4, 40, 35, 30), SQUARE.values(), strict=True) for who in one[:number]]
    not_met = [who for one in SQUARE.values() for who in one[100:150]]
    asked = {
        "q": ask("q", met, not_met, by=[BY_SEX, BY_AGE]),
        "by-sex": ask("by-sex", met, not_met, by=[BY_SEX]),
        "by-age": ask("by-age", met, not_met, by=[BY_AGE]),
    }
    surgery = Surgery([who for one in SQUARE.values() for who in one])
    letters = {
        one: letter for week in weeks for letter in [surgery.release(*(asked[one] for one in week))] for one in week
    }
    notes = read(letters["q"], "q")
    for sex in SEXES:
        _know_margin(notes, letters["by-sex"], "by-sex", sex, [f"{sex} {age}" for age in AGES])
    for age in AGES:
        _know_margin(notes, letters["by-age"], "by-age", age, [f"{sex} {age}" for sex in SEXES])
    return notes


def _know_margin(notes: Notes, letter: Letter, search_id: str, margin: str, leaves: Sequence[str]) -> None:
    for outcome in ("met", "not_met"):
        value = letter.value(search_id, outcome, margin)
        notes.adds_up(f"{margin} margin {outcome}", *(f"{leaf} {outcome}" for leaf in leaves))
        if value is not None:
            notes.note(f"{margin} margin {outcome}", value, value)


@stopped_by("margins elsewhere")
def test_the_margins_of_two_dimensions_were_released_by_two_other_searches() -> None:
    assert_hidden(square(["by-sex", "by-age"], ["q"]), ["F old met"])


@stopped_by("margins elsewhere")
def test_the_margins_of_two_dimensions_come_in_the_same_message() -> None:
    assert_hidden(square(["by-age", "by-sex", "q"]), ["F old met"])


@stopped_by("margins of other tables")
def test_the_margins_of_two_dimensions_come_after_the_table() -> None:
    """Searches that were asked for later, to finish a table that hid something."""
    assert_hidden(square(["q"], ["by-sex", "by-age"]), ["F old met"])
