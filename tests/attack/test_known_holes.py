"""Attacks that still succeed. Each is expected to fail, and must move to its story file on the day that it does not."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import pytest

from governance.means import Measure, Refusal, Spread, spread
from governance.profiles import GP_BENCH
from tests.attack.attacker import Notes, read
from tests.attack.surgery import Letter, Split, Surgery, ask, crowd

PRESSURE = Measure(Decimal(60), Decimal(250))


@pytest.mark.xfail(strict=True, reason="margins that other searches released are not among what the attacker knows")
def test_the_margins_of_two_dimensions_come_from_two_other_searches() -> None:
    """A table by sex and age; beside it one by sex and one by age, which give every one-way margin exactly."""
    groups = {(sex, age): crowd(f"{sex} {age}", 300) for sex in "FM" for age in ("old", "young")}
    met = [who for number, one in zip((4, 40, 35, 30), groups.values(), strict=True) for who in one[:number]]
    not_met = [who for one in groups.values() for who in one[100:150]]
    sex: Split = ("sex", {sex: [*groups[sex, "old"], *groups[sex, "young"]] for sex in "FM"})
    age: Split = ("age", {age: [*groups["F", age], *groups["M", age]] for age in ("old", "young")})
    letter = Surgery([who for one in groups.values() for who in one]).release(
        ask("a-sex", met, not_met, by=[sex]),
        ask("b-age", met, not_met, by=[age]),
        ask("q", met, not_met, by=[sex, age]),
    )
    notes = read(letter, "q")
    for margin, leaves in (("F", ("F old", "F young")), ("M", ("M old", "M young"))):
        _know_margin(notes, letter, "a-sex", margin, leaves)
    for margin, leaves in (("old", ("F old", "M old")), ("young", ("F young", "M young"))):
        _know_margin(notes, letter, "b-age", margin, leaves)
    assert notes.width("F old met") >= 7


@pytest.mark.xfail(strict=True, reason="one person moves a deviation by several steps")
def test_an_outlier_is_seen_in_the_deviation() -> None:
    shown = [spread([Decimal(100)] * 49 + [Decimal(ann)], PRESSURE, GP_BENCH.mean) for ann in (100, 250)]
    deviations = [one.deviation for one in shown if isinstance(one, Spread)]
    steps = [one.step for one in shown if isinstance(one, Spread)]
    assert not deviations or max(deviations) - min(deviations) <= max(steps)


@pytest.mark.xfail(strict=True, reason="a deviation of nothing gives everybody's value")
def test_everybody_has_the_same_value() -> None:
    assert isinstance(spread([Decimal(140)] * 12, PRESSURE, GP_BENCH.mean), Refusal)


def _know_margin(notes: Notes, letter: Letter, search_id: str, margin: str, leaves: Sequence[str]) -> None:
    for outcome in ("met", "not_met"):
        value = letter.value(search_id, outcome, margin)
        notes.adds_up(f"{margin} margin {outcome}", *(f"{leaf} {outcome}" for leaf in leaves))
        if value is not None:
            notes.note(f"{margin} margin {outcome}", value, value)
