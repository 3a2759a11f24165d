"""Attacks that once succeeded; each must stay lost."""

from __future__ import annotations

from tests.attack.surgery import Letter, Surgery, ask, assert_alike, crowd


def test_one_more_joins_a_register_that_nearly_everybody_is_on() -> None:
    """The move is held, but eight outside have become seven, and something is withheld that was not last week."""
    groups = {"a": crowd("a", 600), "b": crowd("b", 600)}

    def world(it_is_so: bool) -> list[Letter]:
        surgery, letters = Surgery([*groups["a"], *groups["b"]], groups=[("group", groups)]), []
        for joined in (0, int(it_is_so)):
            a, b = groups["a"][: 592 + joined], groups["b"][:510]
            outcomes = [*a[:300], *b[:280]], [*a[300:580], *b[280:480]], [*a[580:], *b[480:]]
            letters.append(surgery.release(ask("q", *outcomes, by=[("group", groups)])))
        return letters

    assert_alike(world)


def test_the_third_of_three_counts_comes_a_week_later() -> None:
    halves = crowd("patient", 60), crowd("patient", 60, 60)
    surgery, rest = Surgery([*crowd("patient", 250), "Ann"], is_audited=True), crowd("patient", 60, 140)
    first = surgery.release(ask("a-half", halves[0], rest), ask("b-half", halves[1], rest))
    second = surgery.release(ask("c-whole", [*halves[0], *halves[1], "Ann"], rest))
    values = [first.value("a-half", "met"), first.value("b-half", "met"), second.value("c-whole", "met")]
    assert values[2] != 121


def test_the_whole_is_withheld_if_and_only_if_the_target_is_in_it() -> None:
    halves, rest = (crowd("patient", 60), crowd("patient", 60, 60)), crowd("patient", 60, 140)

    def world(it_is_so: bool) -> list[Letter]:
        whole = [*halves[0], *halves[1], *(["Ann"] if it_is_so else [])]
        searches = ask("a-half", halves[0], rest), ask("b-half", halves[1], rest), ask("c-whole", whole, rest)
        return [Surgery([*crowd("patient", 250), "Ann"], is_audited=True).release(*searches)]

    assert_alike(world)
