from __future__ import annotations

import pytest

from hub.intervals import wilson


@pytest.mark.parametrize(
    ("met", "total", "low", "high"),
    [
        # Newcombe 1998, Statistics in Medicine 17:857, table I, method 3 (score, no continuity correction)
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_the_interval_is_wilsons(met: int, total: int, low: float, high: float) -> None:
    assert wilson(met, total) == pytest.approx((low, high), abs=0.00005)


def test_everybody_reaches_one_and_nobody_zero_exactly() -> None:
    assert wilson(20, 20)[1] == 1.0
    assert wilson(0, 20)[0] == 0.0


@pytest.mark.parametrize(("met", "total"), [(0, 0), (3, 2), (-1, 5)])
def test_an_impossible_proportion_has_no_interval(met: int, total: int) -> None:
    with pytest.raises(ValueError, match=f"no interval for {met} of {total}"):
        wilson(met, total)
