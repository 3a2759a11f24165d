"""How sure a proportion is: the Wilson score interval.

The interval is the one English public health profiles use for proportions (Wilson 1927, without continuity
correction). It stays inside 0 and 1, and says something honest when nobody, or everybody, met the indicator.

>>> low, high = wilson(81, 263)
>>> f"{low:.4f} {high:.4f}"
'0.2553 0.3662'
"""

from __future__ import annotations

from math import sqrt

Z_95 = 1.959963984540054  # two-sided 95%: the 0.975 quantile of the normal distribution


def wilson(met: int, total: int, z: float = Z_95) -> tuple[float, float]:
    """The Wilson score interval of a proportion.

    Args:
        met: how many met it, 0 to `total`.
        total: how many were counted, at least 1.
        z: quantile of the normal distribution; 1.96 for 95%.

    Returns:
        Lower and upper limit, each between 0 and 1.

    Raises:
        ValueError: nobody was counted, or more met it than were counted.
    """
    if total < 1 or not 0 <= met <= total:
        raise ValueError(f"no interval for {met} of {total}")
    share = met / total
    centre = share + z * z / (2 * total)
    spread = z * sqrt(share * (1 - share) / total + z * z / (4 * total * total))
    scale = 1 + z * z / total
    # At 0 and at everybody the limit is exact; floating point would leave it a hair outside.
    low = 0.0 if met == 0 else (centre - spread) / scale
    high = 1.0 if met == total else (centre + spread) / scale
    return low, high
