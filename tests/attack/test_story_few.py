"""Primary disclosure: a count that is one person, or everybody but one."""

from __future__ import annotations

from governance.profiles import GP_BENCH, NHS_ROUND5, STRICT10, Profile
from tests.attack.stories import stopped_by
from tests.attack.surgery import Letter, Surgery, ask, assert_alike, assert_speaks, crowd

PATIENTS = crowd("patient", 250)


def first(met: int, not_met: int, excepted: int = 0, profile: Profile = GP_BENCH) -> Letter:
    """A first release of so many."""
    met_people, others = crowd("patient", met), crowd("patient", not_met, met)
    return Surgery(PATIENTS, profile).release(
        ask("rare", met_people, others, crowd("patient", excepted, met + not_met))
    )


@stopped_by("nobody is a few")
def test_nobody_or_one() -> None:
    def world(it_is_so: bool) -> list[Letter]:
        return [first(1, 99) if it_is_so else first(0, 100)]

    assert_alike(world)


@stopped_by("threshold")
def test_one_or_seven() -> None:
    assert_alike(lambda it_is_so: [first(1, 99) if it_is_so else first(7, 93)])


@stopped_by("threshold")
def test_a_register_of_one_under_the_national_rule() -> None:
    """Not how few, though nobody and a few do not look alike there."""
    assert_alike(lambda it_is_so: [first(1 if it_is_so else 7, 0, profile=NHS_ROUND5)])


@stopped_by("two-sided")
def test_everybody_but_one_met() -> None:
    assert_alike(lambda it_is_so: [first(99, 1) if it_is_so else first(98, 2)])


@stopped_by("two-sided")
def test_everybody_met() -> None:
    """If all did, then so did Ann, whoever she is."""
    assert_alike(lambda it_is_so: [first(100, 0) if it_is_so else first(94, 6)])


@stopped_by("two-sided")
def test_nobody_met_of_a_known_register() -> None:
    """The register is known (so many are shown not to have met and so many are few), and still it is not said who."""
    assert_alike(lambda it_is_so: [first(0, 60) if it_is_so else first(7, 53)])


@stopped_by("least denominator")
def test_a_row_of_eight_where_one_side_must_be_nobody() -> None:
    """Of eight people, a side that is not few has all eight: the other is nobody, and that is a status of each."""
    assert_alike(lambda it_is_so: [first(8, 0) if it_is_so else first(4, 4)])


@stopped_by("least denominator")
def test_fourteen_look_like_nobody() -> None:
    assert_alike(lambda it_is_so: [first(10, 4) if it_is_so else first(0, 0)])


@stopped_by("nobody is a few")
def test_one_exception_or_none() -> None:
    def world(it_is_so: bool) -> list[Letter]:
        letter = first(40, 40, 1 if it_is_so else 0)
        assert_speaks(letter, "rare")
        return [letter]

    assert_alike(world)


@stopped_by("threshold")
def test_one_exception_or_seven() -> None:
    assert_alike(lambda it_is_so: [first(40, 40, 1 if it_is_so else 7)])


@stopped_by("threshold")
def test_nine_are_few_under_the_strict_profile() -> None:
    assert_alike(lambda it_is_so: [first(9, 60, profile=STRICT10) if it_is_so else first(1, 68, profile=STRICT10)])


@stopped_by("least denominator")
def test_twentynine_are_no_denominator_under_the_strict_profile() -> None:
    assert_alike(lambda it_is_so: [first(15, 14, profile=STRICT10) if it_is_so else first(12, 10, profile=STRICT10)])


@stopped_by("rounding")
def test_one_patient_more_under_the_national_rule() -> None:
    assert_alike(lambda it_is_so: [first(41 if it_is_so else 40, 50, profile=NHS_ROUND5)])


@stopped_by("rounding")
def test_one_patient_more_under_the_strict_profile() -> None:
    assert_alike(lambda it_is_so: [first(41 if it_is_so else 40, 50, profile=STRICT10)])


@stopped_by("the other side is rounded")
def test_the_other_side_does_not_give_a_rounded_sum_away() -> None:
    """Above met + not met - 10, to the person, would be the sum that rounding is there to blur."""
    assert_alike(lambda it_is_so: [first(3, 53 if it_is_so else 52, profile=STRICT10)])


@stopped_by("threshold")
def test_a_search_for_one_patient_among_everybody() -> None:
    """The denominator is everyone, the numerator Ann if it is so: a band either way."""
    assert_alike(lambda it_is_so: [first(1 if it_is_so else 2, 198 if it_is_so else 197)])
