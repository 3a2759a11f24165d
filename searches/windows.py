"""Which dates a search may name, what they are on a given day, and how windows relative to them become plain dates.

    :reference_date   the day the question is asked of
    :period_start     weekly: six days before; monthly and quarterly: the first day of the reference date's month or
                      quarter; yearly: 1 April of the reference date's service year
    :season_start     the latest 1 September on or before the reference date (start of the flu season)

Month ends clamp, as DuckDB, PostgreSQL and SQL Server do: six months before 31 October is 30 April, a year before
29 February is 28 February. SQLite overflows instead and other engines return timestamps, so no engine does this
arithmetic: every bound date, with its intervals, is folded here into a DATE literal before a statement is written. An
interval on a column (`given_date + INTERVAL '168' DAY`) stays a node, for the engine's writer.

>>> bind(date(2026, 3, 31), Schedule.QUARTERLY)
BoundDates(reference_date=datetime.date(2026, 3, 31), period_start=datetime.date(2026, 1, 1), \
season_start=datetime.date(2025, 9, 1))
"""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta

from sqlglot import exp

from searches.canon import BOUND_DATES
from searches.errors import RuleError
from searches.search import Schedule

_MONTHS_IN = {"MONTH": 1, "YEAR": 12}


@dataclass(frozen=True, slots=True)
class BoundDates:
    """The dates that stand for the three names a search may use."""

    reference_date: date
    period_start: date
    season_start: date

    def of(self, name: str) -> date:
        """The date of that name.

        Raises:
            RuleError: there is no such bound date.
        """
        if name not in BOUND_DATES:
            raise RuleError(f"unknown date :{name}", 1, 1, f"use one of: {', '.join(BOUND_DATES)}")
        bound: date = getattr(self, name)
        return bound


def bind(reference_date: date, schedule: Schedule) -> BoundDates:
    """The bound dates of a search of that schedule on that day."""
    return BoundDates(reference_date, _period_start(reference_date, schedule), _season_start(reference_date))


def _period_start(day: date, schedule: Schedule) -> date:
    match schedule:
        case Schedule.WEEKLY:
            return day - timedelta(days=6)
        case Schedule.MONTHLY:
            return day.replace(day=1)
        case Schedule.QUARTERLY:
            return date(day.year, day.month - (day.month - 1) % 3, 1)
        case Schedule.YEARLY:  # pragma: no branch - there is no other
            # QOF and the NHS service year run from 1 April.
            return date(day.year if day.month >= 4 else day.year - 1, 4, 1)


def _season_start(day: date) -> date:
    return date(day.year if day.month >= 9 else day.year - 1, 9, 1)


def shift(day: date, amount: int, unit: str) -> date:
    """Move a date by whole days, months or years; month ends clamp.

    Args:
        day: the date to move.
        amount: how far; negative for earlier.
        unit: DAY, MONTH or YEAR.

    Raises:
        ValueError: the unit is another one.
        OverflowError: the result is outside the years 1 to 9999.
    """
    if unit == "DAY":
        return day + timedelta(days=amount)
    if unit not in _MONTHS_IN:
        raise ValueError(f"unknown unit {unit}, expected DAY, MONTH or YEAR")
    months = day.year * 12 + day.month - 1 + amount * _MONTHS_IN[unit]
    year, month = divmod(months, 12)
    if not 1 <= year <= 9999:
        raise OverflowError("date outside the years 1 to 9999")
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def is_bound(node: exp.Expr) -> bool:
    """Is this a bound date, or a bound date plus or minus intervals (in parentheses or not)?"""
    match node:
        case exp.Placeholder():
            return True
        case exp.Paren():
            return is_bound(node.this)
        case exp.Add() | exp.Sub():
            return isinstance(node.expression, exp.Interval) and is_bound(node.this)
        case _:
            return False


def fold(select: exp.Select, dates: BoundDates) -> exp.Select:
    """A copy of the tree in which every bound date, with its intervals, is a DATE literal.

    Raises:
        RuleError: a bound date is unknown, or a window reaches outside the calendar.
    """
    folded = select.copy()
    fold_in_place(folded, dates)
    return folded


def fold_in_place(select: exp.Select, dates: BoundDates) -> None:
    """The same in the tree itself.

    Raises:
        RuleError: a bound date is unknown, or a window reaches outside the calendar.
    """
    bound = [node for node in select.walk() if is_bound(node)]
    for node in bound:
        if node.parent is None or not is_bound(node.parent):  # a bound date with its intervals is folded as a whole
            node.replace(_literal(node, dates))


def _literal(node: exp.Expr, dates: BoundDates) -> exp.Expr:
    try:
        day = value_of(node, dates)
    except OverflowError as error:
        raise RuleError("the window reaches outside the calendar", 1, 1, "use a shorter interval") from error
    # Not exp.cast, which parses the name of the type each time.
    return exp.Cast(this=exp.Literal.string(day.isoformat()), to=exp.DataType(this=exp.DType.DATE))


def value_of(node: exp.Expr, dates: BoundDates) -> date:
    """The day that a bound date with its intervals is.

    Raises:
        OverflowError: it is outside the years 1 to 9999.
    """
    match node:
        case exp.Placeholder():
            return dates.of(node.name)
        case exp.Paren():
            return value_of(node.this, dates)
        case _:
            sign = 1 if isinstance(node, exp.Add) else -1
            interval = node.expression
            return shift(value_of(node.this, dates), sign * int(interval.name), interval.text("unit").upper())
