"""Means with an outlier: one value read from a mean, a spread or a median of many."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal

import pytest

from governance import means
from governance.means import Measure, Quartiles, Refusal, Spread
from governance.profiles import GP_BENCH
from tests.attack.stories import stopped_by

PRESSURE = Measure(Decimal(60), Decimal(250))
OTHERS = [Decimal(110 + 7 * number % 60) for number in range(49)]


def spread(*values: int | Decimal) -> Spread | Refusal:
    """What is shown of a mean."""
    return means.spread([Decimal(value) for value in values], PRESSURE, GP_BENCH.mean)


def quartiles(*values: int | Decimal) -> Quartiles | Refusal:
    """What is shown of a median."""
    return means.quartiles([Decimal(value) for value in values], PRESSURE, GP_BENCH.mean)


def mean_of(others: Sequence[Decimal], ann: int) -> Decimal:
    """The released mean of others and Ann."""
    shown = spread(*others, ann)
    assert isinstance(shown, Spread)
    return shown.mean


def fitting(shown: Decimal, others: Sequence[Decimal]) -> list[int]:
    """What Ann's value can be for somebody who knows the released mean, and every other value exactly."""
    return [ann for ann in range(60, 251) if mean_of(others, ann) == shown]


def alike(one: Callable[[bool], object]) -> None:
    """Both worlds show the same."""
    assert repr(one(True)) == repr(one(False)), "the two worlds look different"


@stopped_by("values are clipped")
def test_an_impossible_value_does_not_stand_out() -> None:
    """A pressure of 9,999 is a typing error, and would be Ann's in any mean."""
    alike(lambda it_is_so: spread(*OTHERS, 9999 if it_is_so else 250))


@stopped_by("cuts are steady")
def test_a_median_in_a_gap_would_be_somebodys_value() -> None:
    """Twenty at 100, twenty at 200, and Ann between them: the median is hers."""
    alike(lambda it_is_so: quartiles(*[100] * 20, 180 if it_is_so else 120, *[200] * 20))


@stopped_by("cuts are steady")
def test_an_upper_quartile_in_a_gap_would_be_somebodys_value() -> None:
    alike(lambda it_is_so: quartiles(*[100] * 40, 180 if it_is_so else 120, *[200] * 13))


@stopped_by("means on a grid")
def test_the_last_value_is_not_known_to_who_knows_all_the_others() -> None:
    """The mean times n, less all others: with an exact mean that is Ann's value to the digit."""
    for ann in (140, 200):
        assert len(fitting(mean_of(OTHERS, ann), OTHERS)) >= (250 - 60) / 2


@stopped_by("means on a grid")
def test_two_means_a_month_apart_do_not_give_the_new_patients_value() -> None:
    """Mean and number before Ann, mean and number with her: their difference leaves at least half of the range."""
    before = spread(*OTHERS)
    assert isinstance(before, Spread)
    sums = [(total, total + ann) for ann in range(60, 251) for total in (49 * before.mean,)]
    after = mean_of(OTHERS, 190)
    error = Decimal(49) * before.step / 2
    fits = [new - old for old, new in sums if abs(new / 50 - after) <= before.step / 2 + error / 50]
    assert max(fits) - min(fits) >= (250 - 60) / 2
    assert after % before.step == 0


@stopped_by("no value rules a mean")
def test_one_value_makes_up_most_of_the_sum() -> None:
    """Everybody is near the low end but Ann: the mean would be hers."""
    low = [*[60] * 4, *[72] * 4, 100, 100, 102]
    alike(lambda it_is_so: spread(*low, 250 if it_is_so else 231))


@stopped_by("enough values")
def test_nine_values_have_no_mean() -> None:
    alike(lambda it_is_so: spread(*range(128, 136), 230 if it_is_so else 120))


@stopped_by("enough values")
def test_of_few_values_it_is_not_said_how_few() -> None:
    alike(lambda it_is_so: spread(*[110, 120] * 2) if it_is_so else spread(*[200, 240] * 4))


@stopped_by("enough values")
def test_a_median_of_thirtynine_would_be_somebodys_value() -> None:
    alike(lambda it_is_so: quartiles(*range(98, 117), 119 if it_is_so else 117, *range(118, 137)))


@stopped_by("means have a range")
def test_a_range_of_nothing_clips_everybody_to_one_answer() -> None:
    """A search that declares the range 140 to 140, or 250 to 60, to learn who is on which side."""
    with pytest.raises(ValueError, match="expected a range"):
        Measure(Decimal(140), Decimal(140))


@stopped_by("means on a grid")
def test_an_outlier_does_not_stand_out_in_the_deviation() -> None:
    """One person moves it by one step at most, as little as somebody in the middle."""
    shown = [spread(*OTHERS, ann) for ann in (130, 250)]
    first, second = (one for one in shown if isinstance(one, Spread))
    assert abs(first.deviation - second.deviation) <= first.deviation_step
    assert first.deviation_step >= 20


@stopped_by("means are of different values")
def test_everybody_has_the_same_value() -> None:
    """A deviation of nothing would be twelve people's values at once."""
    alike(lambda it_is_so: spread(*[150 if it_is_so else 60] * 12))


@stopped_by("means are of different values")
def test_everybody_but_one_has_the_same_value() -> None:
    alike(lambda it_is_so: quartiles(*[150 if it_is_so else 100] * 49, 120))
