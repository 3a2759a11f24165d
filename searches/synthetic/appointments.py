"""Appointments: booked ahead by so many days, kept or missed; the longer ahead, the more often missed."""

from __future__ import annotations

from math import log
from typing import Final

from searches.synthetic.calibration import (
    APPOINTMENTS_A_MONTH,
    CANCELLED,
    GP_SHARE,
    LEAD,
    MODES,
    OUTCOME_UNKNOWN,
)
from searches.synthetic.model import Appointment, Chart, Consultation, Referral
from searches.synthetic.sketch import Sketch
from searches.synthetic.vocabulary import REFERRAL

_DAYS: Final = 122  # of appointments before the reference date
_DAYS_AHEAD: Final = 21
_NOT_YET_HERE: Final = 1.19
"""Makes up for cancelled slots, for people registered meanwhile, and for days ahead that are not booked yet."""


def attend(sketch: Sketch, chart: Chart) -> None:
    """Write four months of appointments, the contacts that came of them, and those of the two years before."""
    random = sketch.random.random
    busy = 0.75 if sketch.age < 65 else 1.75
    mean = (
        _NOT_YET_HERE
        * APPOINTMENTS_A_MONTH
        * (_DAYS + _DAYS_AHEAD)
        / 30.4
        * busy
        * (1.15 if sketch.sex == "F" else 0.85)
    )
    for _ in range(_often(random(), 3.5 * busy)):
        day = sketch.ago(_DAYS + 1, 730)
        chart.consultations.append(
            Consultation(next(chart.numbers), day, day, "telephone" if random() < 0.3 else "face_to_face")
        )
    for _ in range(_often(random(), mean)):
        day = sketch.today + _DAYS_AHEAD - int(random() * (_DAYS + _DAYS_AHEAD))
        if day >= max(sketch.since, sketch.born):
            _book(sketch, chart, day)


def _often(roll: float, mean: float) -> int:
    """How often, by a geometric distribution: some come often, many never."""
    return int(log(1 - roll) / log(mean / (1 + mean)))


def _book(sketch: Sketch, chart: Chart, day: int) -> None:
    random = sketch.random.random
    lead, missed = _lead(sketch)
    booked = day - lead
    if booked > sketch.today:
        return
    status = _status(sketch, day, missed)
    roll = random()
    mode = next(name for limit, name in MODES if roll < limit)
    role = "gp" if random() < GP_SHARE else "nurse" if random() < 0.5 else "other"
    chart.appointments.append(
        Appointment(next(chart.numbers), day, min(booked, sketch.today), status, mode, role, random() < 0.2)
    )
    if status == "completed":
        chart.consultations.append(Consultation(next(chart.numbers), day, day, mode))
        if random() < 0.04:
            chart.referrals.append(Referral(next(chart.numbers), day, day, REFERRAL))
    elif random() < 0.3 and day <= sketch.today:
        chart.consultations.append(Consultation(next(chart.numbers), day, day, "other", is_clinical=False))


def _lead(sketch: Sketch) -> tuple[int, float]:
    roll = sketch.random.random()
    for share, least, most, missed in LEAD:
        roll -= share
        if roll < 0:
            return least + int(sketch.random.random() * (most - least + 1)), missed
    return LEAD[-1][2], LEAD[-1][3]


def _status(sketch: Sketch, day: int, missed: float) -> str:
    if day > sketch.today:
        return "booked"
    rate = sketch.practice.rate["attends"]
    odds = missed / (1 - missed) * (1 - rate) / rate
    roll = sketch.random.random()
    if roll < CANCELLED:
        return "cancelled"
    roll = (roll - CANCELLED) / (1 - CANCELLED)
    if roll < odds / (1 + odds):
        return "dna"
    if roll < odds / (1 + odds) + OUTCOME_UNKNOWN:
        return "booked"
    return (
        "completed" if roll < 0.985 else "in_progress" if roll < 0.99 else "arrived" if roll < 0.995 else "walked_out"
    )
