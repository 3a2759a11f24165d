"""What is done for people without asking whether they are ill, from vaccinations to the births of their children.

Pulse checks, frailty, ethnicity and smoking are here too, and the word of those who do not want their record used.
"""

from __future__ import annotations

from functools import cache
from typing import Final

from searches.synthetic.calibration import BIRTHS_PER_WOMAN, ETHNIC_GROUPS, SMOKES
from searches.synthetic.conditions import Conditions
from searches.synthetic.model import Chart
from searches.synthetic.sketch import YEAR, Sketch, pick, season_start
from searches.synthetic.vocabulary import Concept, concept, concepts

_AT_RISK: Final = ("diabetes", "asthma", "copd", "heart failure", "kidney disease", "chd")
_OPTED_OUT: Final = 0.05  # about one patient in twenty in England; the level differs between practices
_WITHDRAWN: Final = 0.04  # of those


def prevent(sketch: Sketch, chart: Chart, found: Conditions) -> None:
    """Write what everybody's record may hold."""
    _describe(sketch, chart)
    if sketch.age < 16:
        _mmr(sketch, chart)
    is_pregnant = sketch.sex == "F" and 15 <= sketch.age < 45 and _birth(sketch, chart)
    _flu(sketch, chart, found, is_pregnant)
    if sketch.age >= 65:
        _pulse(sketch, chart)
        _frailty(sketch, chart)
    _opt_out(sketch, chart)


@cache
def _group(name: str, category: str) -> tuple[Concept, ...]:
    return tuple(entry for entry in concepts(name) if entry.category == category)


def _drawn(roll: float) -> str:
    for category, share in ETHNIC_GROUPS.items():
        roll -= share
        if roll < 0:
            return category
    return "other"


def _describe(sketch: Sketch, chart: Chart) -> None:
    random = sketch.random.random
    if sketch.happens("ethnicity"):
        group = _group("ethnicity", _drawn(random()))
        chart.event(group[int(len(group) * random() ** 3)], sketch.ago(1, 4000))
    if sketch.age >= 15 and sketch.happens("smoking"):
        roll = random()
        status = "current" if roll < SMOKES else "ex" if roll < 0.40 else "never"
        chosen = _group("smoking", status)
        entry = chosen[int(len(chosen) * random() ** 2)]
        latest = 1 + int(2400 * random() ** 1.7)
        chart.event(entry, sketch.today - latest)
        if random() < 0.4:
            chart.event(entry, sketch.ago(latest + 100, latest + 1500))


def _mmr(sketch: Sketch, chart: Chart) -> None:
    random = sketch.random.random
    days = sketch.today - sketch.born
    first, second = sketch.born + 372 + int(random() * 60), sketch.born + 1225 + int(random() * 150)
    if days > 372 and sketch.happens("mmr first") and first <= sketch.today:
        chart.immunisation(concept("mmr_vaccine"), first)
        if days > 1225 and sketch.happens("mmr second") and second <= sketch.today:
            chart.immunisation(pick("mmr_vaccine", sketch.random), second)


def _birth(sketch: Sketch, chart: Chart) -> bool:
    """Perhaps a delivery in the last eighteen months, with or without the vaccination before it."""
    random = sketch.random.random
    if random() >= BIRTHS_PER_WOMAN[sketch.age // 5 * 5] * 1.5:
        return False
    born = sketch.ago(1, 547)
    chart.event(pick("delivery", sketch.random), born)
    if sketch.happens("pertussis"):
        before = 28 + int(random() * 130) if random() < 0.985 else 169 + int(random() * 40)
        vaccine = concepts("pertussis_vaccine")[0 if random() < 0.7 else 2]
        if random() < 0.9:
            chart.immunisation(vaccine, born - before)
        else:
            chart.event(vaccine, born - before)
    return True


def _flu(sketch: Sketch, chart: Chart, found: Conditions, is_pregnant: bool) -> None:
    random = sketch.random.random
    if sketch.age >= 65:
        likely = sketch.practice.rate["flu 65"]
    elif sketch.age in {2, 3}:
        likely = sketch.practice.rate["flu child"]
    elif any(name in found for name in _AT_RISK):
        likely = sketch.practice.rate["flu at risk"]
    else:
        likely = 0.35 if is_pregnant else 0.10 if sketch.age >= 50 else 0.02
    season = season_start(sketch.today)
    given = season + 15 + int(90 * random() ** 1.5)
    if random() < likely:
        _give_flu(sketch, chart, min(given, sketch.today - 1))
    if random() < likely:
        _give_flu(sketch, chart, given - 360)


def _give_flu(sketch: Sketch, chart: Chart, day: int) -> None:
    """Given here, or reported by a pharmacist as a coded entry."""
    random = sketch.random.random
    if day < season_start(sketch.today) and sketch.age == 0:
        return
    if random() < 0.13 and sketch.age >= 16:
        chart.event(concept("flu_vaccine", "pharmacist"), day)
    elif sketch.age < 16:
        chart.immunisation(concept("flu_vaccine", "nasal"), day)
    else:
        chart.immunisation(pick("flu_vaccine", sketch.random), day)


def _pulse(sketch: Sketch, chart: Chart) -> None:
    random = sketch.random.random
    if sketch.happens("pulse checked"):
        chart.event(pick("pulse_rhythm", sketch.random), sketch.today - 2 - int(1700 * random() ** 1.6))
    if random() < 0.3:
        chart.event(pick("pulse_rhythm", sketch.random), sketch.ago(1850, 3600))


def _frailty(sketch: Sketch, chart: Chart) -> None:
    """The electronic frailty index, coded in most people of 65 and over (Clegg et al. 2016: 15% moderate or severe)."""
    random = sketch.random.random
    if random() < 0.6:
        older = (sketch.age - 65) / 60
        roll = random()
        degree = "severe" if roll < 0.02 + older * 0.1 else "moderate" if roll < 0.10 + older * 0.6 else "mild"
        if roll < 0.75:
            chart.event(concept(f"frailty_{degree}"), sketch.ago(5, 1400))


def _opt_out(sketch: Sketch, chart: Chart) -> None:
    random = sketch.random.random
    if random() < _OPTED_OUT:
        day = sketch.ago(3, int(9 * YEAR))
        chart.event(concept("type1_dissent"), day)
        if random() < _WITHDRAWN:
            chart.event(concept("type1_withdrawn"), day + int((sketch.today - day) * random()))
