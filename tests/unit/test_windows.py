from __future__ import annotations

from datetime import date, timedelta

import pytest
import sqlglot
from hypothesis import given
from hypothesis import strategies as st
from sqlglot import exp

from searches.errors import RuleError
from searches.search import Schedule
from searches.windows import BoundDates, bind, fold, is_bound, shift

DATES = BoundDates(date(2026, 3, 31), date(2026, 3, 1), date(2025, 9, 1))


def folded(condition: str, dates: BoundDates = DATES) -> str:
    select = sqlglot.parse_one(f"SELECT 1 FROM t WHERE {condition}", read="duckdb")
    assert isinstance(select, exp.Select)
    return fold(select, dates).sql(dialect="duckdb").removeprefix("SELECT 1 FROM t WHERE ")


@pytest.mark.parametrize(
    ("schedule", "reference_date", "period_start"),
    [
        (Schedule.WEEKLY, date(2026, 3, 1), date(2026, 2, 23)),
        (Schedule.MONTHLY, date(2026, 3, 31), date(2026, 3, 1)),
        (Schedule.QUARTERLY, date(2026, 3, 31), date(2026, 1, 1)),
        (Schedule.QUARTERLY, date(2026, 12, 1), date(2026, 10, 1)),
        (Schedule.QUARTERLY, date(2026, 8, 31), date(2026, 7, 1)),
        (Schedule.YEARLY, date(2026, 3, 31), date(2025, 4, 1)),
        (Schedule.YEARLY, date(2026, 4, 1), date(2026, 4, 1)),
    ],
)
def test_the_period_starts_where_the_schedule_says(
    schedule: Schedule, reference_date: date, period_start: date
) -> None:
    assert bind(reference_date, schedule).period_start == period_start


@pytest.mark.parametrize(
    ("reference_date", "season_start"),
    [
        (date(2026, 3, 31), date(2025, 9, 1)),
        (date(2025, 8, 31), date(2024, 9, 1)),
        (date(2025, 9, 1), date(2025, 9, 1)),
    ],
)
def test_the_season_starts_on_the_latest_first_of_september(reference_date: date, season_start: date) -> None:
    assert bind(reference_date, Schedule.MONTHLY).season_start == season_start


@pytest.mark.parametrize(
    ("day", "amount", "unit", "expected"),
    [
        (date(2026, 10, 31), -6, "MONTH", date(2026, 4, 30)),
        (date(2024, 2, 29), -1, "YEAR", date(2023, 2, 28)),
        (date(2023, 3, 31), 11, "MONTH", date(2024, 2, 29)),
        (date(2024, 2, 29), 4, "YEAR", date(2028, 2, 29)),
        (date(2026, 1, 1), -1, "DAY", date(2025, 12, 31)),
        (date(2026, 12, 15), 1, "MONTH", date(2027, 1, 15)),
    ],
)
def test_month_ends_clamp(day: date, amount: int, unit: str, expected: date) -> None:
    assert shift(day, amount, unit) == expected


def test_another_unit_is_refused() -> None:
    with pytest.raises(ValueError, match="unknown unit WEEK, expected DAY, MONTH or YEAR"):
        shift(date(2026, 1, 1), 1, "WEEK")


def test_a_window_outside_the_calendar_is_refused() -> None:
    with pytest.raises(RuleError, match="the window reaches outside the calendar"):
        folded("d >= :reference_date - INTERVAL '9999' YEAR")


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("d >= :reference_date", "d >= CAST('2026-03-31' AS DATE)"),
        ("d >= :reference_date - INTERVAL '6' MONTH", "d >= CAST('2025-09-30' AS DATE)"),
        ("d >= :period_start - INTERVAL 1 YEAR", "d >= CAST('2025-03-01' AS DATE)"),
        ("d < (:season_start + INTERVAL '1' YEAR) - INTERVAL '1' DAY", "d < CAST('2026-08-31' AS DATE)"),
        ("d + INTERVAL '3' DAY >= e", "d + INTERVAL '3' DAY >= e"),
        ("(a + b) > 3", "(a + b) > 3"),
    ],
)
def test_bound_dates_become_literals_and_columns_stay(condition: str, expected: str) -> None:
    assert folded(condition) == expected


def test_folding_leaves_the_original_tree_alone() -> None:
    select = sqlglot.parse_one("SELECT 1 FROM t WHERE d = :reference_date", read="duckdb")
    assert isinstance(select, exp.Select)
    fold(select, DATES)
    assert select.find(exp.Placeholder) is not None


def test_an_unknown_bound_date_is_refused() -> None:
    with pytest.raises(RuleError, match="unknown date :today"):
        folded("d >= :today")


def test_a_number_is_not_a_bound_date() -> None:
    assert not is_bound(exp.Literal.number(1))


@given(st.dates(date(1900, 1, 1), date(2100, 1, 1)), st.integers(-1200, 1200))
def test_a_shift_by_months_lands_in_the_right_month_and_never_later_than_the_same_day(day: date, months: int) -> None:
    moved = shift(day, months, "MONTH")
    assert (moved.year * 12 + moved.month) - (day.year * 12 + day.month) == months
    assert moved.day == day.day or (moved.day < day.day and (moved + timedelta(days=1)).day == 1)
