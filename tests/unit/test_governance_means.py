"""Means: of enough people, clipped, on a grid that one person moves by one step at most, and never one person's."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from governance.means import Measure, Quartiles, Refusal, Spread, quartiles, spread, step_of
from governance.profiles import GP_BENCH, STRICT10

PRESSURE = Measure(Decimal(60), Decimal(250))
RULE = GP_BENCH.mean


def values(*numbers: float) -> list[Decimal]:
    return [Decimal(str(number)) for number in numbers]


def test_the_documented_example() -> None:
    made = spread(values(*[127.4] * 25, *[147.4] * 25), PRESSURE, RULE)
    assert made == Spread(Decimal(135), Decimal(5), Decimal(0), Decimal(50))


@pytest.mark.parametrize(
    ("n", "step"), [(10, "20"), (19, "10"), (38, "5"), (50, "5"), (95, "2"), (190, "1"), (191, "1"), (400, "0.5")]
)
def test_the_step_is_the_reach_of_one_person_rounded_up(n: int, step: str) -> None:
    assert step_of(PRESSURE, n) == Decimal(step)


def test_nine_people_have_no_mean_and_ten_do() -> None:
    assert spread(values(*[120] * 9), PRESSURE, RULE) is Refusal.TOO_FEW
    assert isinstance(spread(values(*range(100, 200, 10)), PRESSURE, RULE), Spread)


def test_a_sensitive_profile_has_no_means_at_all() -> None:
    assert spread(values(*[120] * 100), PRESSURE, STRICT10.mean) is Refusal.NOT_ALLOWED
    assert quartiles(values(*[120] * 100), PRESSURE, STRICT10.mean) is Refusal.NOT_ALLOWED


def test_one_person_above_all_others_is_not_averaged_in() -> None:
    count = Measure(Decimal(0), Decimal(1000))
    assert spread(values(*[1] * 20, 900), count, RULE) is Refusal.ONE_RULES
    assert spread(values(*[1] * 20, 400, 400), count, RULE) is Refusal.ONE_RULES
    assert isinstance(spread(values(*[300] * 12, *[500] * 8, 900), count, RULE), Spread)


def test_a_shifted_scale_does_not_hide_who_rules() -> None:
    """60 is nothing on this scale: everyone at 61 but one at 250 is one person's mean."""
    assert spread(values(*[60.1] * 20, 250), PRESSURE, RULE) is Refusal.ONE_RULES


def test_medians_need_ten_people_on_each_side_of_each_cut() -> None:
    assert quartiles(values(*range(100, 139)), PRESSURE, RULE) is Refusal.TOO_FEW
    made = quartiles(values(*range(100, 140)), PRESSURE, RULE)
    assert made == Quartiles(Decimal(110), Decimal(120), Decimal(130), Decimal(5))


def test_a_mean_of_people_who_are_all_alike_would_be_everyones_value() -> None:
    assert spread(values(*[140] * 30, *[180] * 7), PRESSURE, RULE) is Refusal.ALIKE
    assert isinstance(spread(values(*[140] * 30, *[180] * 8), PRESSURE, RULE), Spread)
    assert quartiles(values(*[140] * 50), PRESSURE, RULE) is Refusal.ALIKE


def test_a_range_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="measure goes from 5 to 5"):
        Measure(Decimal(5), Decimal(5))


NUMBERS = st.lists(st.integers(-1000, 1000).map(Decimal), min_size=10, max_size=60)


@settings(deadline=None, derandomize=True, max_examples=200)
@given(NUMBERS, st.integers(-10_000, 10_000).map(Decimal))
def test_one_person_moves_a_mean_by_one_step_at_most(numbers: list[Decimal], other: Decimal) -> None:
    first, second = (spread(one, PRESSURE, RULE) for one in (numbers, [*numbers[:-1], other]))
    if isinstance(first, Spread) and isinstance(second, Spread):
        assert abs(first.mean - second.mean) <= first.step
        assert abs(first.deviation - second.deviation) <= first.deviation_step


@settings(deadline=None, derandomize=True, max_examples=100)
@given(NUMBERS)
def test_a_mean_lies_within_its_range_and_on_its_grid(numbers: list[Decimal]) -> None:
    made = spread(numbers, PRESSURE, RULE)
    if isinstance(made, Spread):
        assert PRESSURE.low - made.step / 2 <= made.mean <= PRESSURE.high + made.step / 2
        assert made.mean % made.step == 0
