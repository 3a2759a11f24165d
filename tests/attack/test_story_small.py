"""Tiny practices: where a table is nearly a list of names."""

from __future__ import annotations

from governance.profiles import STRICT10
from tests.attack.stories import stopped_by
from tests.attack.surgery import Letter, Split, Surgery, ask, ask_visits, assert_alike, assert_speaks, crowd


@stopped_by("tiny practices are silent")
def test_a_hundred_patients_say_nothing() -> None:
    def world(it_is_so: bool) -> list[Letter]:
        patients = crowd("patient", 100)
        met = patients[:50] if it_is_so else patients[:40]
        return [Surgery(patients).release(ask("pulse", met, patients[50:]))]

    assert_alike(world)


@stopped_by("tiny practices are silent")
def test_a_hundred_patients_say_nothing_of_appointments() -> None:
    def world(it_is_so: bool) -> list[Letter]:
        patients = crowd("patient", 100)
        missed = dict.fromkeys(patients[:50], 2 if it_is_so else 1)
        return [Surgery(patients).release(ask_visits("dna", missed, dict.fromkeys(patients[50:], 2)))]

    assert_alike(world)


def by_sex(of_each: int, women_who_met: int) -> Letter:
    """A practice of twice so many, with a search by sex in which 60 met in all."""
    sexes = {"F": crowd("woman", of_each), "M": crowd("man", of_each)}
    met = [*sexes["F"][:women_who_met], *sexes["M"][: 60 - women_who_met]]
    not_met = [*sexes["F"][women_who_met:100], *sexes["M"][60 - women_who_met : 100]]
    return Surgery([*sexes["F"], *sexes["M"]]).release(ask("pulse", met, not_met, by=[("sex", sexes)]))


@stopped_by("small practices show totals")
def test_below_a_thousand_patients_no_group_is_told_apart() -> None:
    def world(it_is_so: bool) -> list[Letter]:
        letter = by_sex(499, 20 if it_is_so else 30)
        assert_speaks(letter, "pulse")
        return [letter]

    assert_alike(world)


@stopped_by("small practices show totals")
def test_the_strict_profile_shows_one_dimension_at_most() -> None:
    """Two dimensions together single people out long before either does."""

    def world(it_is_so: bool) -> list[Letter]:
        groups = {(sex, age): crowd(f"{sex} {age}", 300) for sex in "FM" for age in ("old", "young")}
        many = (30, 30, 30, 30) if it_is_so else (50, 10, 10, 50)
        met = [who for number, one in zip(many, groups.values(), strict=True) for who in one[:number]]
        not_met = [who for one in groups.values() for who in one[100:150]]
        split: list[Split] = [
            ("sex", {sex: [*groups[sex, "old"], *groups[sex, "young"]] for sex in "FM"}),
            ("age", {age: [*groups["F", age], *groups["M", age]] for age in ("old", "young")}),
        ]
        surgery = Surgery([who for one in groups.values() for who in one], STRICT10)
        return [surgery.release(ask("pulse", met, not_met, by=split))]

    assert_alike(world)


@stopped_by("tiny practices are silent")
def test_a_monthly_profile_is_not_released_weekly() -> None:
    """Too often is as bad as too few: four looks a month where one was agreed."""

    def world(it_is_so: bool) -> list[Letter]:
        surgery, patients = Surgery(crowd("patient", 250), STRICT10), crowd("patient", 250)
        met = patients[:60] if it_is_so else patients[:80]
        return [surgery.release(ask("pulse", met, patients[100:200], weekly=True))]

    assert_alike(world)
