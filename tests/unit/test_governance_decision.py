"""What is withheld besides small counts: no more than protects somebody, and the same from week to week."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from governance import decision
from governance.complement import Covering, keep, protect
from governance.margins import Known, Seen, Table
from governance.primary import Rule
from governance.profiles import GP_BENCH
from governance.standing import places_of
from searches.search import TOTALS, Outcome
from tests.attack.surgery import Letter, Split, Surgery, ask, crowd

AGES, SEXES = ("young", "old"), ("F", "M")


def square(people: Sequence[str], many: int) -> list[Split]:
    """So many people of each age and sex."""
    of = {(age, sex): people[at * many : (at + 1) * many] for at, (age, sex) in enumerate(pairs())}
    ages = {age: [one for (other, _), who in of.items() if other == age for one in who] for age in AGES}
    sexes = {sex: [one for (_, other), who in of.items() if other == sex for one in who] for sex in SEXES}
    return [("age", ages), ("sex", sexes)]


def pairs() -> list[tuple[str, str]]:
    return [(age, sex) for age in AGES for sex in SEXES]


def shown(letter: Letter, search: str) -> int:
    return sum(letter.value(search, part, *pair) is not None for pair in pairs() for part in ("met", "not_met"))


EVERYONE = crowd("patient", 1200)
SPLITS = square(EVERYONE, 300)


def test_margins_that_follow_from_public_lists_are_no_reason_to_withhold_groups() -> None:
    """Everyone is in both searches, so that how many there are of each age is no secret; three men are few."""
    few = [*crowd("patient", 40), *crowd("patient", 3, 300), *crowd("patient", 50, 600), *crowd("patient", 60, 900)]
    rest = [one for one in EVERYONE if one not in set(few)]
    by_age = ask("a-by-age", crowd("patient", 500), crowd("patient", 700, 500), by=SPLITS[:1])
    q = ask("q", few, rest, by=SPLITS)
    alone, beside = (Surgery(EVERYONE, groups=SPLITS).release(*asked) for asked in ((q,), (by_age, q)))
    assert shown(alone, "q") >= shown(beside, "q") > 0
    assert shown(Surgery(EVERYONE).release(by_age, q), "q") == 0  # lists are not known


def test_margins_of_a_search_with_the_same_groups_are_known_group_by_group() -> None:
    """Two searches of one register by age and sex: its margins were not released but follow from its groups."""
    register = [one for at in range(4) for one in crowd("patient", 100, 300 * at)]
    few = {one for at, many in enumerate((40, 3, 50, 60)) for one in crowd("patient", many, 300 * at)}
    half = {one for at in range(4) for one in crowd("patient", 50, 300 * at + 30)}
    a, q = (
        ask(name, [one for one in register if one in met], [one for one in register if one not in met], by=SPLITS)
        for name, met in (("a", half), ("q", few))
    )
    alone, beside = (Surgery(EVERYONE).release(*asked) for asked in ((q,), (a, q)))
    assert shown(beside, "a") == 8
    assert shown(alone, "q") >= shown(beside, "q") > 0


def test_where_a_total_leaves_nearly_another_searchs_people_one_more_group_is_withheld_and_not_all() -> None:
    groups: Split = ("group", {name: crowd(name, 300) for name in "abcdef"})
    sizes = {"a": 3, "b": 20, "c": 40, "d": 60, "e": 80, "f": 90}
    met = [one for name, many in sizes.items() for one in crowd(name, many)]
    rest = [one for name in sizes for one in crowd(name, 100, 120)]
    everyone = [one for name in sizes for one in crowd(name, 300)]
    plain = Surgery(everyone).release(ask("q", met, rest, by=[groups]))
    numbers = {name for name in sizes if plain.value("q", "met", name) is not None}
    hidden = [one for name in sizes if name not in numbers for one in crowd(name, sizes[name])]
    beside = ask("a", [*hidden, "a 0110", "a 0111"], crowd("b", 60, 230))
    letter = Surgery(everyone).release(beside, ask("q", met, rest, by=[groups]))
    left = {name for name in numbers if letter.value("q", "met", name) is not None}
    assert len(numbers) - 2 <= len(left) < len(numbers)


def weeks(moved: Sequence[str]) -> list[bytes]:
    """Two weeks, between which these few people go from met to not met in a group of which nothing is said."""
    groups: Split = ("group", {name: crowd(name, 300) for name in "abc"})
    met = [*crowd("a", 7), *crowd("b", 30), *crowd("c", 40)]
    rest = [*crowd("a", 6, 10), *crowd("b", 30, 100), *crowd("c", 40, 100)]
    surgery = Surgery([one for name in "abc" for one in crowd(name, 300)])
    first = surgery.release(ask("q", met, rest, crowd("b", 9, 200), by=[groups]))
    met, rest = [one for one in met if one not in moved], [*rest, *(one for one in met if one in moved)]
    return [first.data, surgery.release(ask("q", met, rest, crowd("b", 9, 200), by=[groups])).data]


@pytest.mark.parametrize("moved", [[], *([one] for one in crowd("a", 3)), crowd("a", 4)])
def test_who_moves_behind_hidden_counts_does_not_show_in_what_is_withheld(moved: list[str]) -> None:
    first, second = weeks(moved)
    assert first == second


def test_what_was_withheld_stays_so_without_looking_for_anything_cheaper(monkeypatch: pytest.MonkeyPatch) -> None:
    first = weeks([])

    def none_is_looked_for(*_: object) -> None:
        raise AssertionError("nothing that others can see has changed")

    whole, calls = decision.protect, []

    def counted(*arguments: object) -> object:
        calls.append(arguments)
        return whole(*arguments) if len(calls) <= 2 else none_is_looked_for()  # type: ignore[arg-type]

    monkeypatch.setattr(decision, "protect", counted)
    assert weeks(["a 0001"]) == first
    assert calls


@pytest.mark.parametrize("how", [protect, lambda seen, forced: keep(seen, (), forced)])
def test_a_count_too_near_to_another_is_withheld_though_a_third_search_has_released_it(
    how: Callable[..., Covering],
) -> None:
    """It is known as the third search's; that it is this one's too, and how far from the other, is not."""
    places = places_of((TOTALS,))
    sizes = places.sizes(bytes([1] * 40 + [2] * 60))
    rule = Rule(GP_BENCH, frozenset({Outcome.MET, Outcome.NOT_MET}))
    seen = Seen(Table(places, sizes, sizes, rule), Known(elsewhere=0b1))
    assert not seen.can_be_covered((0, 0))
    covering = how(seen, forced=[(0, 0)])
    assert (0, 0) in covering.covered
    assert not seen.shown() & 0b1
