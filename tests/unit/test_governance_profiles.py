"""The effective rule is the narrowest of each parameter, and no document goes below the floor."""

from __future__ import annotations

from dataclasses import fields, replace

import pytest

from governance.errors import NotPermittedError
from governance.primary import Look, Rule, above_of, looks_of, rounded, value_bounds
from governance.profiles import (
    GP_BENCH,
    NHS_ROUND5,
    PROFILES,
    STRICT10,
    MeanRule,
    Profile,
    Relaxation,
    at_least,
    check_floor,
    effective,
    narrowest,
    own_part,
    own_profile,
    profile,
)
from searches.search import Outcome, Schedule, Unit, possible_outcomes
from tests.governance_kit import agreement, search

EVERY = frozenset(Outcome)
ONE_SIDED = frozenset({Relaxation.ONE_SIDED})


def test_of_two_profiles_the_stricter_of_each_parameter_holds() -> None:
    both = narrowest(STRICT10, NHS_ROUND5)
    assert (both.k, both.rounding, both.zero_shown, both.two_sided) == (10, 10, False, True)
    assert (both.gate_delta, both.most_dimensions, both.most_often) == (10, 1, Schedule.MONTHLY)
    assert both.mean is None
    assert narrowest(GP_BENCH, NHS_ROUND5).mean == MeanRule()


@pytest.mark.parametrize("one", PROFILES.values())
@pytest.mark.parametrize("other", PROFILES.values())
def test_the_order_of_profiles_does_not_matter_and_twice_is_once(one: Profile, other: Profile) -> None:
    both = narrowest(one, other)
    assert both == narrowest(other, one) == narrowest(both, one) == profile(both.id)
    assert narrowest(one, one) == one


@pytest.mark.parametrize("name", ["", "gp-bench+gp-bench", "strict10+gp-bench", "gp-bench+", "weak"])
def test_a_profile_has_one_name(name: str) -> None:
    with pytest.raises(NotPermittedError, match="is not known, expected one of: gp-bench, nhs-round5, strict10"):
        profile(name)


def test_a_relaxation_widens_the_agreements_part_only() -> None:
    assert not effective(GP_BENCH, None, ONE_SIDED).two_sided
    assert effective(GP_BENCH, STRICT10, ONE_SIDED).two_sided
    assert effective(GP_BENCH, None) == GP_BENCH


def test_a_relaxation_holds_for_the_search_that_it_was_signed_for() -> None:
    signed = agreement()
    relaxed = replace(signed, searches=(replace(signed.searches[0], relaxed=ONE_SIDED),))
    assert not relaxed.rule("tiny-search").two_sided
    assert relaxed.rule("another").two_sided
    assert relaxed.rule("tiny-search", STRICT10).id == "gp-bench+strict10"


@pytest.mark.parametrize("one", PROFILES.values(), ids=list(PROFILES))
def test_a_smallest_count_narrows_that_and_nothing_else(one: Profile) -> None:
    joined = narrowest(one, at_least(12))
    assert joined == replace(one, id="+".join(sorted((one.id, "k12"))), k=12, overlap_width=9)
    assert profile(joined.id) == joined
    assert narrowest(one, at_least(5)) == replace(one, id="+".join(sorted((one.id, "k5"))))


def test_of_two_smallest_counts_the_larger_is_named() -> None:
    assert narrowest(GP_BENCH, at_least(9), at_least(12)).id == "gp-bench+k12"
    assert narrowest(at_least(12), GP_BENCH, at_least(9)).k == 12


@pytest.mark.parametrize(
    "name", ["k12", "gp-bench+k4", "gp-bench+k100", "k12+gp-bench", "gp-bench+k9+k12", "gp-bench+"]
)
def test_a_smallest_count_is_no_profile_by_itself_and_not_below_the_floor(name: str) -> None:
    with pytest.raises(NotPermittedError, match="is not known, expected one of: gp-bench, nhs-round5, strict10"):
        profile(name)


def test_what_a_practice_asks_for_by_itself() -> None:
    assert own_profile("") is None
    assert own_profile("strict10") == STRICT10
    assert own_profile("strict10", 12) == narrowest(STRICT10, at_least(12))
    with pytest.raises(NotPermittedError, match="floor: profile k4 has k=4, at least 5 holds"):
        own_profile("", 4)
    with pytest.raises(NotPermittedError, match="profile 'none' is not known"):
        own_profile("none")


@pytest.mark.parametrize("own", [None, STRICT10, at_least(12), own_profile("nhs-round5", 20)])
def test_what_a_practice_added_is_read_from_the_id_that_it_applied(own: Profile | None) -> None:
    assert own_part(GP_BENCH, effective(GP_BENCH, own)) == own
    assert own_part(GP_BENCH, GP_BENCH) is None


def test_a_gate_below_the_floor_is_refused() -> None:
    with pytest.raises(NotPermittedError, match="floor: profile gp-bench has a gate of 4, at least 5 holds"):
        check_floor(replace(GP_BENCH, gate_delta=4))


def test_every_parameter_is_joined() -> None:
    """A parameter that is added and forgotten in joining would silently be that of the first."""
    loose = Profile("a", 5, True, False, 1, 0, False, 5, 1, 4, 2, 0, Schedule.WEEKLY, MeanRule())
    tight = Profile("b", 9, False, True, 10, 40, True, 11, 200, 12, 0, 5000, Schedule.YEARLY, None)
    joined = narrowest(loose, tight)
    assert [one.name for one in fields(Profile) if getattr(joined, one.name) != getattr(tight, one.name)] == ["id"]


@pytest.mark.parametrize(
    ("met", "not_met", "looks"),
    [
        (7, 7, "HIDDEN HIDDEN"),
        (14, 0, "HIDDEN HIDDEN"),
        (15, 0, "OTHER FEW"),
        (7, 8, "FEW OTHER"),
        (8, 8, "VALUE VALUE"),
        (8, 7, "OTHER FEW"),
    ],
)
def test_a_row_of_few_is_hidden_and_from_fifteen_one_side_is(met: int, not_met: int, looks: str) -> None:
    found = looks_of((met, not_met, 0, met + not_met, met + not_met), Rule(GP_BENCH, EVERY))
    assert " ".join(look.name for look in found[:2]) == looks
    assert found[2] in (Look.FEW, Look.HIDDEN)


def test_an_outcome_that_cannot_be_has_no_other_side() -> None:
    only_met = Rule(GP_BENCH, frozenset({Outcome.MET}))
    assert looks_of((40, 0, 0, 40, 40), only_met)[0] is Look.VALUE
    assert looks_of((4, 0, 0, 4, 4), only_met)[0] is Look.FEW


def test_what_an_outcome_can_be_is_read_from_the_searchs_text() -> None:
    assert possible_outcomes(search()) == EVERY  # no text, so nothing is known of it
    one = replace(search(), sql="SELECT p.patient_id, 'met' AS outcome FROM patient AS p")
    assert possible_outcomes(one) == {Outcome.MET}
    two = replace(search(), sql="CASE WHEN x THEN 'met' ELSE 'not met' END")
    assert possible_outcomes(two) == {Outcome.MET, Outcome.NOT_MET}


@pytest.mark.parametrize("one", PROFILES.values())
@pytest.mark.parametrize("unit", list(Unit))
def test_bounds_of_a_value_are_just_the_numbers_shown_alike(one: Profile, unit: Unit) -> None:
    rule = Rule(one, EVERY, unit)
    for number in range(one.k, 400):
        low, high = value_bounds(number, rule)
        alike = [other for other in range(one.k, 500) if rounded(other, rule.step) == rounded(number, rule.step)]
        assert (low, high) == (alike[0], alike[-1])


@pytest.mark.parametrize("one", [GP_BENCH, STRICT10])
def test_the_other_side_is_truly_above(one: Profile) -> None:
    for unit in Unit:
        rule = Rule(one, EVERY, unit)
        for den in range(one.least_denominator, 300):
            assert above_of(den, rule) < max(den - rule.few_most, 1)
