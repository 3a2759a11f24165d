"""The values where record systems, engines and authors err: shared by populations and searches, so that they meet."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from tests.generative.language.values import bound_dates, moved

REFERENCE_DATES = (date(2026, 3, 31), date(2024, 2, 29), date(2025, 10, 31), date(2023, 3, 1))
"""The end of a service year, a leap day, an end of month that has to be clamped, the day after a common February."""

NUMBERS = tuple(
    map(Decimal, ("0", "1", "2", "7", "-1", "58", "57.999", "58.001", "0.001", "-0.5", "140", "123456789.5"))
)
"""Around a threshold, around nothing, one that sorts otherwise as text, and one too fine for four bytes."""

AGES = (0, 1, 9, 10, 39, 64, 65, 74, 75, 100, 119)
AGES_IN_MONTHS = (0, 1, 5, 6, 11, 12, 59, 60, 143, 779, 1_200)

LISTED_CODES = (
    "44054006",
    "999000771000000106",  # too long for a number of eight bytes read as a float
    "C10E.",
    "XaB..",
    "O'B",
    "back\\slash",
    "100%",
    "_24..",
)
OTHER_CODES = (
    "999000771000000107",
    "44054007",
    "c10e.",
    "C10E",
    "Xab..",
    "O''B",
    "backslash",
    "1000",
    "X24..",
    "\u00e9cole",
    " 44054006",  # blanks around a code do not count
    "44054006 ",
    "C10E.  ",
    "44054 006",
    "  ",
)
PRESSURES = ("271649006", "271650006")
"""Of a blood pressure, the systolic and the diastolic half: one row of two values in one layout."""
CODELISTS = {
    "reds": frozenset({"44054006", "C10E.", "O'B", PRESSURES[0]}),
    "blues": frozenset({"999000771000000106", "XaB..", "back\\slash", "44054006"}),
    "greens": frozenset({"100%", "_24..", "C10E.", PRESSURES[1]}),
}
SCHEDULES = ("weekly", "monthly", "quarterly", "yearly")
UNITS = ("mmol/mol", "MMOL/MOL", "")

MONTHS = (1, 6, 12, 13, 60)
DAYS = (0, 1, 7, 28, 31, 168, 366)


def days_near(reference_date: date) -> list[date]:
    """Days on which windows begin and end, their neighbours, and leap days, by how often they are to be drawn."""
    bounds = {day for schedule in SCHEDULES for day in bound_dates(reference_date, schedule).values()}
    edges = bounds | {date(2020, 2, 29), date(2019, 2, 28), date(2021, 1, 31), date(1901, 1, 1)}
    windows = [moved(reference_date, -months, "MONTH") for months in MONTHS]
    near = [edge + timedelta(days=days) for edge in sorted(edges) for days in (-1, 0, 1)]
    # Most often where a window begins; two days on it matters how a month without such a day was counted.
    near += [window + timedelta(days=days) for window in windows for days in (-1, 0, 0, 1, 1, 2)]
    return [day for day in near if day <= reference_date]


def month_ends(reference_date: date) -> list[date]:
    """Days that some other months do not have."""
    ends = [date(year, month, 31) for year in (2021, 2022, 2023, 2025, 2026) for month in (1, 3, 5, 8, 10, 12)]
    return [day for day in (*ends, date(2020, 2, 29), date(2024, 2, 29)) if day <= reference_date]
