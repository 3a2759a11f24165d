"""What is particular about one practice: its age, its deprivation, and how well it does what it does."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import accumulate
from math import exp, log
from random import Random
from typing import Final

from searches.synthetic.calibration import ACHIEVED, AGE_TILT_SD, POPULATION_THOUSANDS, SPREAD, USUAL_SPREAD

_DEPRIVATION_SD: Final = 0.5
_AGE_AND_DEPRIVATION: Final = -0.43  # older practices are less deprived (r over English practices)


@dataclass(frozen=True, slots=True)
class Practice:
    """One practice's particulars.

    Args:
        code: its synthetic organisation code.
        age_bands: cumulative weights of the nineteen five-year bands.
        quintiles: cumulative weights of the five fifths of deprivation, the most deprived first.
        rate: what it achieves, by the names of `calibration.ACHIEVED`.
    """

    code: str
    age_bands: tuple[float, ...]
    quintiles: tuple[float, ...]
    rate: dict[str, float]


def shifted(rate: float, shift: float) -> float:
    """A proportion moved on the logit scale."""
    odds = exp(log(rate / (1 - rate)) + shift)
    return odds / (1 + odds)


def draw_practice(code: str, random: Random) -> Practice:
    """Draw a practice; the order of the draws is part of the result."""
    tilt = random.gauss(0, 1)
    affluence = -_AGE_AND_DEPRIVATION * tilt + random.gauss(0, 1) * (1 - _AGE_AND_DEPRIVATION**2) ** 0.5
    ages = (
        people * exp(AGE_TILT_SD * tilt * (5 * band + 2.5 - 40) / 40)
        for band, people in enumerate(POPULATION_THOUSANDS)
    )
    fifths = (exp(_DEPRIVATION_SD * affluence * (fifth - 2)) for fifth in range(5))
    rate = {name: shifted(level, random.gauss(0, SPREAD.get(name, USUAL_SPREAD))) for name, level in ACHIEVED.items()}
    return Practice(code, _cumulative(ages), _cumulative(fifths), rate)


def _cumulative(weights: Iterable[float]) -> tuple[float, ...]:
    sums = tuple(accumulate(weights))
    return tuple(value / sums[-1] for value in sums)
