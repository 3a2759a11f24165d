"""What is done for the conditions: readings, prescriptions, and the reasons given where a target is not met.

A person is to target or not; the latest reading says so, earlier ones need not. Exceptions are written only for
people not to target, as practices do: nobody looks for a reason in an achiever.
"""

from __future__ import annotations

from typing import Final

from searches.synthetic.calibration import EXCEPTED_OF_NOT_MET
from searches.synthetic.conditions import Conditions
from searches.synthetic.model import REPEAT, Chart
from searches.synthetic.sketch import Sketch, pick
from searches.synthetic.vocabulary import BMI, CHOLESTEROL, EGFR, FILLER_DRUGS, concept, concepts

_AT_HOME: Final = 0.18
_PRESSURE_CONDITIONS: Final = ("hypertension", "diabetes", "chd")


def look_after(sketch: Sketch, chart: Chart, found: Conditions) -> None:
    """Write a year or two of care."""
    random = sketch.random.random
    if any(name in found for name in _PRESSURE_CONDITIONS):
        _treat_pressure(sketch, chart, found)
        _repeat_drugs(sketch, chart)
    elif sketch.age >= 45 and random() < 0.7:
        _measure(sketch, chart, random() < 0.8, sketch.ago(1, 1800))
    elif sketch.age >= 18 and random() < 0.25:
        _measure(sketch, chart, True, sketch.ago(1, 1800))
    if "diabetes" in found:
        _treat_diabetes(sketch, chart)
    elif sketch.age >= 40 and random() < 0.15:
        chart.event(pick("hba1c_ifcc", sketch.random), sketch.ago(1, 1500), str(30 + int(random() * 17)))
    if "af" in found:
        _treat_af(sketch, chart, found)
    if sketch.age >= 18:
        _measure_the_rest(sketch, chart)


def _measure_the_rest(sketch: Sketch, chart: Chart) -> None:
    """What no search of the library asks for: most of a record is like that."""
    random = sketch.random.random
    if random() < 0.55:
        chart.event(BMI, sketch.ago(1, 2000), f"{18 + random() * 20:.1f}")
    if random() < sketch.age / 120:
        chart.event(EGFR, sketch.ago(3, 900), str(30 + int(random() * 60)))
        chart.event(CHOLESTEROL, sketch.ago(3, 900), f"{3 + random() * 4:.1f}")


def _measure(sketch: Sketch, chart: Chart, to_target: bool, day: int) -> None:
    """One blood pressure: at home five less counts as the same (NICE NG136: 135/85 for 140/90)."""
    random = sketch.random.random
    home = random() < _AT_HOME
    less = 5 if home else 0
    if to_target:
        high, low = 106 + int(random() * 35) - less, 60 + int(random() * 31) - less
    else:
        high, low = 141 + int(random() * 40), 68 + int(random() * 38)
    setting = "_home" if home else ""
    which = int(4 * random() ** 3)
    pair = concepts(f"systolic{setting}")[which], concepts(f"diastolic{setting}")[which]
    chart.pressure(pair, day, str(high), str(low))


def _treat_pressure(sketch: Sketch, chart: Chart, found: Conditions) -> None:
    random = sketch.random.random
    to_target = sketch.happens("bp to target")
    if sketch.happens("bp recorded"):
        latest = 3 + int(360 * random() ** 1.4)
        _measure(sketch, chart, to_target, sketch.today - latest)
        for _ in range(int(random() * 2.4)):
            _measure(sketch, chart, random() < 0.6, sketch.ago(latest + 14, latest + 600))
        if to_target:
            return
    elif random() < 0.7:
        _measure(sketch, chart, to_target, sketch.ago(380, 900))
    _except(sketch, chart, "diabetes" if "diabetes" in found and "hypertension" not in found else "hypertension")


def _except(sketch: Sketch, chart: Chart, condition: str) -> None:
    """Perhaps a reason for not reaching the target: two invitations are the commonest."""
    random = sketch.random.random
    if random() >= EXCEPTED_OF_NOT_MET[condition]:
        return
    why = random()
    if why < 0.5:
        first = sketch.ago(40, 300)
        chart.event(pick(f"{condition}_invite", sketch.random), first)
        chart.event(pick(f"{condition}_invite", sketch.random), first + 7 + int(random() * 30))
    elif why < 0.7:
        chart.event(concept(f"{condition}_declined"), sketch.ago(5, 500))
    elif why < 0.85:
        chart.event(concept(f"{condition}_unsuitable"), sketch.ago(5, 500))
    elif condition == "diabetes":
        chart.event(concept("diabetes_max_therapy"), sketch.ago(5, 500))
    else:
        chart.event(concept("bp_max_therapy" if why < 0.95 else "bp_declined"), sketch.ago(5, 500))


def _treat_diabetes(sketch: Sketch, chart: Chart) -> None:
    random = sketch.random.random
    to_target = sketch.happens("hba1c to target")
    if random() < 0.005:
        chart.event(concept("fructosamine"), sketch.ago(5, 360), str(200 + int(random() * 150)))
    if sketch.happens("hba1c recorded"):
        latest = 3 + int(360 * random() ** 1.3)
        chart.event(pick("hba1c_ifcc", sketch.random), sketch.today - latest, _hba1c(sketch, to_target))
        if random() < 0.7:
            chart.event(
                pick("hba1c_ifcc", sketch.random), sketch.ago(latest + 30, latest + 500), _hba1c(sketch, to_target)
            )
        if to_target:
            return
    elif random() < 0.1:
        chart.event(concept("blood_test_declined"), sketch.ago(5, 360))
    _except(sketch, chart, "diabetes")


def _hba1c(sketch: Sketch, to_target: bool) -> str:
    roll = sketch.random.random()
    return str(40 + int(19 * roll**0.6) if to_target else 59 + int(50 * roll * roll))


def _treat_af(sketch: Sketch, chart: Chart, found: Conditions) -> None:
    random = sketch.random.random
    score = stroke_risk(sketch, found)
    if random() < 0.96:
        chart.event(pick("chads_vasc", sketch.random), sketch.ago(20, 900), str(score))
    treated = sketch.happens("anticoagulated") and (score >= 2 or random() < 0.5)
    if treated and random() < 0.94:
        _issue_every_month(sketch, chart, "doac")
    elif treated:
        _issue_every_month(sketch, chart, "vka")
        if random() < 0.7:
            chart.event(
                pick("doac_declined" if random() < 0.5 else "doac_unsuitable", sketch.random), sketch.ago(5, 340)
            )
    elif random() < EXCEPTED_OF_NOT_MET["af"]:
        why = ("anticoagulant_contraindicated", "af_unsuitable", "af_declined", "af_invite")[int(random() * 4)]
        first = sketch.ago(30, 340)
        chart.event(pick(why, sketch.random), first)
        if why == "af_invite":
            chart.event(pick(why, sketch.random), first + 8 + int(random() * 20))


def stroke_risk(sketch: Sketch, found: Conditions) -> int:
    """CHA2DS2-VASc as far as the model knows, which is without stroke (Lip et al., Chest 2010)."""
    age = 2 if sketch.age >= 75 else int(sketch.age >= 65)
    return (
        age + (sketch.sex == "F") + sum(name in found for name in ("hypertension", "diabetes", "chd", "heart failure"))
    )


def _issue_every_month(sketch: Sketch, chart: Chart, name: str) -> None:
    drug = pick(name, sketch.random)
    latest = sketch.ago(1, 50)
    for month in range(3):
        chart.medication(drug, latest - 28 * month, REPEAT)


def _repeat_drugs(sketch: Sketch, chart: Chart) -> None:
    random = sketch.random.random
    for drug in FILLER_DRUGS[: 1 + int(random() * 4)]:
        latest = sketch.ago(1, 55)
        for month in range(3):
            chart.medication(drug, latest - 28 * month, REPEAT)
