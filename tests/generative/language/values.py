"""What single values mean: comparisons with NULL, three-valued logic, and dates moved by an interval."""

from __future__ import annotations

import operator
from calendar import monthrange
from collections.abc import Callable, Iterable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

Value = int | Decimal | date | str | None
Truth = bool | None
"""True, false, or unknown: what a comparison with NULL is."""

COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "eq": operator.eq,
    "neq": operator.ne,
    "lt": operator.lt,
    "lte": operator.le,
    "gt": operator.gt,
    "gte": operator.ge,
}


def compared(sign: str, left: Value, right: Value) -> Truth:
    """Say whether one value stands so to the other; nothing is known of NULL."""
    return None if left is None or right is None else COMPARISONS[sign](left, right)


def all_of(truths: Iterable[Truth]) -> Truth:
    """AND: false if one is false, else unknown if one is unknown."""
    known = list(truths)
    return False if False in known else None if None in known else True


def any_of(truths: Iterable[Truth]) -> Truth:
    """OR: true if one is true, else unknown if one is unknown."""
    known = list(truths)
    return True if True in known else None if None in known else False


def not_(truth: Truth) -> Truth:
    """NOT: what is unknown stays unknown."""
    return None if truth is None else not truth


def is_in(value: Value, listed: Iterable[Value]) -> Truth:
    """IN: one of them equals it; a NULL is in no list, and out of none."""
    return None if value is None else value in set(listed)


def moved(day: date, amount: int, unit: str) -> date:
    """A date some days, months or years later; a day that the month does not have is its last."""
    if unit == "DAY":
        return day + timedelta(days=amount)
    months = (day.year * 12 + day.month - 1) + amount * {"MONTH": 1, "YEAR": 12}[unit]
    year, month = months // 12, months % 12 + 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))


def bound_dates(reference_date: date, schedule: str) -> dict[str, date]:
    """The three dates a search may name, by the words of the language reference."""
    first_of_month = reference_date.replace(day=1)
    autumn = date(reference_date.year, 9, 1)
    spring = date(reference_date.year, 4, 1)
    period_start = {
        "weekly": reference_date - timedelta(days=6),
        "monthly": first_of_month,
        "quarterly": moved(first_of_month, -((reference_date.month - 1) % 3), "MONTH"),
        "yearly": spring if spring <= reference_date else moved(spring, -1, "YEAR"),
    }
    season_start = autumn if autumn <= reference_date else moved(autumn, -1, "YEAR")
    return {
        "reference_date": reference_date,
        "period_start": period_start[schedule],
        "season_start": season_start,
    }


def in_order(value: Value, *, descending: bool) -> tuple[bool, Any]:
    """A key to sort by: NULL comes last either way."""
    if value is None:
        return (True, 0)
    number = value.toordinal() if isinstance(value, date) else value
    return (False, -number if descending else number)  # type: ignore[operator]
