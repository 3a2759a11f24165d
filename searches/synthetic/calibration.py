"""The published figures that the synthetic population follows, each with its source.

Rates are proportions. Where a source gives only a total, the shape over age is a logistic curve scaled to that total: a
modelling aid, not data.
"""

from __future__ import annotations

from math import exp
from typing import Final

# United Kingdom 2018, five-year bands from 0-4 to 85-89 and then 90+, thousands (ONS mid-year estimates).
POPULATION_THOUSANDS: Final = (
    3914, 4139, 3859, 3669, 4185, 4527, 4463, 4372, 3993, 4507, 4674, 4294, 3673, 3396, 3252, 2236, 1673, 1024, 584,
)  # fmt: skip
AGE_TILT_SD: Final = (
    0.45  # gives 65+ a standard deviation of about 7 points between practices (NHS Digital, April 2020: 7.1)
)
MALE: Final = 0.50  # NHS Digital, patients registered at a practice, April 2020

# Registers, England, all ages unless said: QOF 2019/20.
HYPERTENSION: Final = 0.141
DIABETES_17_AND_OVER: Final = 0.071
CHD: Final = 0.031
AF: Final = 0.0205
ASTHMA: Final = 0.065
COPD: Final = 0.019
HEART_FAILURE: Final = 0.009
CKD_18_AND_OVER: Final = 0.040

# Most to least deprived fifth, relative to the mean: QOF 2019/20 by deprivation (diabetes 8.5 to 5.8, COPD 2.6 to 1.5,
# AF 1.8 to 2.3, in per cent, over tenths).
GRADIENT: Final = {
    "diabetes": (1.18, 1.08, 1.00, 0.92, 0.84),
    "hypertension": (1.03, 1.02, 1.00, 0.99, 0.97),
    "chd": (1.10, 1.04, 1.00, 0.95, 0.90),
    "af": (0.90, 0.95, 1.00, 1.05, 1.10),
    "copd": (1.36, 1.15, 0.95, 0.82, 0.76),
    "asthma": (1.04, 1.02, 1.00, 0.98, 0.96),
    "heart failure": (1.08, 1.03, 1.00, 0.96, 0.93),
    "kidney disease": (1.06, 1.03, 1.00, 0.97, 0.94),
}

# What practices achieve. QOF 2019/20 (receiving the intervention | of those without an exception), UKHSA, COVER.
ACHIEVED: Final = {
    "pulse checked": 0.72,  # Cole et al., BJGP 2018: 66.4% in 2012-17, 93.1% in the last year, three London boroughs
    "bp recorded": 0.92,
    "bp to target": 0.775,  # hypertension under 80: 67.3 | 72.4; diabetes to 140/80: 68.1 | 75.9; CHD: 77.8 | 82.0
    "hba1c recorded": 0.93,
    "hba1c to target": 0.64,  # 56.7 | 66.9
    "anticoagulated": 0.85,  # AF, score of 2 or more: 87.3 | 91.8
    "flu at risk": 0.414,  # UKHSA 2023/24, under 65 at risk; 40.0% in 2024/25
    "flu 65": 0.749,  # UKHSA 2024/25
    "flu child": 0.426,  # UKHSA 2024/25, two and three years
    "pertussis": 0.656,  # UKHSA 2024/25
    "mmr first": 0.92,  # COVER 2023/24: 89.1% at 24 months, more by five years
    "mmr second": 0.92,  # of those with a first dose; 84.3-85.2% of all by five years
    "ethnicity": 0.86,  # no current figure is published; 77-80% in older extracts
    "smoking": 0.88,  # 73.7% of all ages ever coded, Greater Manchester 2021; the search asks from 15 years
    "attends": 0.5,  # no level of its own: only how a practice differs in appointments missed
}
SPREAD: Final = {"pulse checked": 0.9, "pertussis": 0.5, "flu at risk": 0.35, "ethnicity": 0.6, "smoking": 0.5}
"""Standard deviation between practices on the logit scale, where it is not the usual one."""
USUAL_SPREAD: Final = 0.35  # about two and a half times that between CCGs (HYP 3.0, DM020 2.5 points in 2019/20)
EXCEPTED_OF_NOT_MET: Final = {
    "diabetes": 0.30,  # from receiving and underlying: (1 - .567/.669) / (1 - .567)
    "hypertension": 0.20,
    "af": 0.36,
}

# Appointments in general practice, England 2025: 0.48 a month per patient.
APPOINTMENTS_A_MONTH: Final = 0.48
LEAD: Final = (  # days from booking to appointment: share, from, to, and how many are missed
    (0.438, 0, 0, 0.018),  # missed on the day 1.8%, at 28 days and more 8.8% (2020-22); between them a straight line
    (0.074, 1, 1, 0.036),
    (0.174, 2, 7, 0.049),
    (0.127, 8, 14, 0.063),
    (0.076, 15, 21, 0.072),
    (0.052, 22, 28, 0.080),
    (0.059, 29, 70, 0.088),
)
MISSED: Final = 0.0426
OUTCOME_UNKNOWN: Final = 0.061
CANCELLED: Final = 0.06  # not published; cancelled slots are outside the national figure
MODES: Final = ((0.635, "face_to_face"), (0.882, "telephone"), (0.964, "video"), (0.976, "home_visit"), (1.0, "other"))
GP_SHARE: Final = 0.44

BIRTHS_PER_WOMAN: Final = {15: 0.009, 20: 0.042, 25: 0.078, 30: 0.096, 35: 0.060, 40: 0.015}
"""A year's deliveries per woman, by five-year band (England and Wales; total fertility about 1.5)."""

SMOKES: Final = 0.147  # 15 and over, QOF 2022/23
ETHNIC_GROUPS: Final = {"white": 0.81, "asian": 0.09, "black": 0.045, "mixed": 0.03, "other": 0.025}  # Census 2021


def curve(shape: tuple[float, float, float], total: float, *, start: int, among: int = 0) -> tuple[float, ...]:
    """Prevalence at each year of age from 0 to 110: logistic, scaled to a published total.

    Args:
        shape: the height it tends to before scaling, the age of half that height, and the steepness per year.
        total: crude prevalence among those aged `among` and over.
        start: age below which nobody has it.
        among: the youngest age that the published figure is about.
    """
    limit, middle, steepness = shape
    raw = [0.0 if age < start else limit / (1 + exp(-steepness * (age - middle))) for age in range(111)]
    people = [POPULATION_THOUSANDS[min(age // 5, 18)] / 5 for age in range(95)]
    crude = sum(raw[age] * people[age] for age in range(among, 95)) / sum(people[among:])
    return tuple(min(0.9, value * total / crude) for value in raw)


PREVALENCE: Final = {
    "hypertension": curve((0.60, 62, 0.10), HYPERTENSION, start=16),
    "diabetes": curve((0.21, 57, 0.10), DIABETES_17_AND_OVER, start=17, among=17),
    "chd": curve((0.33, 77, 0.105), CHD, start=30),
    "af": curve((0.38, 82, 0.12), AF, start=30),
    "asthma": curve((0.07, 5, 1.0), ASTHMA, start=5),
    "copd": curve((0.095, 63, 0.13), COPD, start=35),
    "heart failure": curve((0.25, 84, 0.13), HEART_FAILURE, start=35),
    "kidney disease": curve((0.45, 79, 0.13), CKD_18_AND_OVER, start=18, among=18),
}
BY_SEX: Final = {"chd": (1.32, 0.68), "af": (1.15, 0.85), "diabetes": (1.12, 0.88)}
"""Men and women, relative to both together (QOF registers are not split by sex; Health Survey for England 2022)."""
