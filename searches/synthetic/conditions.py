"""Which long-term conditions a person has, and since when: by age, sex and deprivation, and often several together."""

from __future__ import annotations

from collections.abc import Callable
from math import exp
from typing import Final

from searches.synthetic.calibration import BY_SEX, GRADIENT, PREVALENCE
from searches.synthetic.model import Chart
from searches.synthetic.sketch import YEAR, Sketch, pick
from searches.synthetic.vocabulary import Concept, concept

_RESOLVED: Final = 0.02  # of diabetes, hypertension and AF: enough to matter; no figure is published
_CODED_TWICE: Final = 0.15
_SHARED_LIABILITY: Final = 0.45  # gives correlations between registers like those between practices (0.55-0.88)

Conditions = dict[str, int]
"""The conditions a person has now, by name, and the day of the first diagnosis."""


def _flu_risk(words: str) -> Callable[[Sketch], Concept]:
    return lambda _: concept("flu_at_risk", words)


def _diabetes(sketch: Sketch) -> Concept:
    return concept("diabetes", "type 1") if sketch.age < 30 else pick("diabetes", sketch.random)


_CODED: Final[dict[str, Callable[[Sketch], Concept]]] = {
    "hypertension": lambda sketch: pick("hypertension", sketch.random),
    "diabetes": _diabetes,
    "chd": lambda sketch: pick("chd", sketch.random),
    "af": lambda sketch: pick("af", sketch.random),
    "asthma": _flu_risk("asthma"),
    "copd": _flu_risk("pulmonary"),
    "heart failure": _flu_risk("heart failure"),
    "kidney disease": _flu_risk("stage 3"),
}
_RESOLVABLE: Final = {"hypertension": "hypertension_resolved", "diabetes": "diabetes_resolved", "af": "af_resolved"}


def diagnose(sketch: Sketch, chart: Chart) -> Conditions:
    """Draw the conditions, write their diagnoses, and give back those that still stand."""
    found: Conditions = {}
    random, age = sketch.random.random, min(sketch.age, 110)
    liability = exp(sketch.random.gauss(0, 1) * _SHARED_LIABILITY - _SHARED_LIABILITY**2 / 2)
    man = sketch.sex == "M"
    for name, by_age in PREVALENCE.items():
        likely = by_age[age]
        if not likely:
            continue
        likely *= GRADIENT[name][sketch.quintile - 1] * liability
        if name in BY_SEX:
            likely *= BY_SEX[name][0 if man else 1]
        if random() < likely:
            _write(sketch, chart, name, found)
    return found


def _write(sketch: Sketch, chart: Chart, name: str, found: Conditions) -> None:
    random = sketch.random.random
    youngest = 5 if name == "asthma" else 14
    span = min(20.0, max(0.5, sketch.age - youngest)) * YEAR
    onset = sketch.today - 10 - int(random() * span)
    coded = _CODED[name](sketch)
    if name in _RESOLVABLE and random() < _RESOLVED:
        resolved = onset + int((sketch.today - onset) * random())
        chart.diagnosis(coded, onset, ended=resolved)
        chart.event(concept(_RESOLVABLE[name]), resolved)
        return
    chart.diagnosis(coded, onset)
    found[name] = onset
    if random() < _CODED_TWICE:
        chart.event(coded, onset + int((sketch.today - onset) * random()))
