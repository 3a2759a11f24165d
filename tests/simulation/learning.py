"""What an attacker needs of statistics, in plain Python: area under the curve, and logistic regression."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

_STEPS, _RATE, _RIDGE = 150, 0.3, 0.02
_CLIP = 4.0


def area_under_curve(scores: Sequence[float], labels: Sequence[bool]) -> float:
    """The chance that a positive scores higher than a negative; ties count half.

    >>> area_under_curve([0.1, 0.4, 0.8, 0.4], [False, False, True, True])
    0.875
    """
    order = sorted(range(len(scores)), key=lambda one: scores[one])
    ranks = [0.0] * len(scores)
    start = 0
    while start < len(order):
        end = start
        while end < len(order) and scores[order[end]] == scores[order[start]]:
            end += 1
        for at in range(start, end):
            ranks[order[at]] = (start + 1 + end) / 2
        start = end
    positive = sum(labels)
    negative = len(labels) - positive
    if not positive or not negative:
        return 0.5
    rank_sum = sum(rank for rank, label in zip(ranks, labels, strict=True) if label)
    return (rank_sum - positive * (positive + 1) / 2) / (positive * negative)


@dataclass(frozen=True, slots=True)
class Guesser:
    """Weighs some signs, and says how likely the target has the code.

    Args:
        signs: their names.
        middles: what counts as nothing, for each.
        scales: how far apart they lie.
        weights: of each.
    """

    signs: tuple[str, ...]
    middles: tuple[float, ...]
    scales: tuple[float, ...]
    weights: tuple[float, ...]

    def score(self, seen: Mapping[str, float]) -> float:
        """Higher: likelier."""
        return sum(
            weight * _scaled(seen.get(sign), middle, scale)
            for sign, middle, scale, weight in zip(self.signs, self.middles, self.scales, self.weights, strict=True)
        )


def telling(seen: Sequence[Mapping[str, float]], labels: Sequence[bool]) -> list[tuple[float, str]]:
    """The signs, those first that tell most by themselves: how far their area under the curve is from 0.5."""
    found = []
    for sign in sorted({sign for one in seen for sign in one}):
        values = [one.get(sign) for one in seen]
        middle = _median([value for value in values if value is not None])
        scores = [middle if value is None else value for value in values]
        if min(scores) < max(scores):
            found.append((abs(area_under_curve(scores, labels) - 0.5), sign))
    return sorted(found, reverse=True)


def learn(seen: Sequence[Mapping[str, float]], labels: Sequence[bool], most: int = 12) -> Guesser:
    """Logistic regression with a ridge on the signs that tell most by themselves."""
    signs = tuple(sign for _, sign in telling(seen, labels)[:most])
    middles, scales = [], []
    for sign in signs:
        values = [one[sign] for one in seen if sign in one]
        middles.append(_median(values))
        spread = sum(abs(value - middles[-1]) for value in values) / len(values)
        scales.append(spread or 1.0)
    rows = [
        [_scaled(one.get(sign), middle, scale) for sign, middle, scale in zip(signs, middles, scales, strict=True)]
        for one in seen
    ]
    return Guesser(signs, tuple(middles), tuple(scales), tuple(_descend(rows, labels)))


def _descend(rows: list[list[float]], labels: Sequence[bool]) -> list[float]:
    weights = [0.0] * (len(rows[0]) if rows else 0)
    for _ in range(_STEPS):
        slope = [_RIDGE * weight for weight in weights]
        for row, label in zip(rows, labels, strict=True):
            guess = 1 / (1 + math.exp(-sum(w * x for w, x in zip(weights, row, strict=True))))
            for at, x in enumerate(row):
                slope[at] += (guess - label) * x / len(rows)
        weights = [weight - _RATE * step for weight, step in zip(weights, slope, strict=True)]
    return weights


def _scaled(value: float | None, middle: float, scale: float) -> float:
    return 0.0 if value is None else max(-_CLIP, min(_CLIP, (value - middle) / scale))


def _median(values: Sequence[float]) -> float:
    return sorted(values)[len(values) // 2] if values else 0.0
