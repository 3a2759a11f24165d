"""How often a search may be answered: so many reference dates in a period of its schedule, so many days apart.

Both sides count for themselves: the agent what it released, the hub what it took in. A date that is released again (a
restatement, a retry) is the same date and counts once.

>>> from datetime import date
>>> from searches.search import Schedule
>>> period_of(Schedule.WEEKLY, date(2026, 3, 31)), period_of(Schedule.YEARLY, date(2026, 3, 31))
((date(2026, 3, 30), date(2026, 4, 5)), (date(2025, 4, 1), date(2026, 3, 31)))
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

from governance.clauses import SearchTerms
from governance.errors import NotPermittedError
from searches.search import Schedule


def check_frequency(terms: SearchTerms, reference_date: date, released: Iterable[date]) -> None:
    """Return if a search may be answered for a date.

    Args:
        terms: what is agreed of the search.
        reference_date: asked for.
        released: every date for which it was answered before, under any version.

    Raises:
        NotPermittedError: too often in one period, or too few days from another date.
    """
    others = {day for day in released if day != reference_date}
    first, last = period_of(terms.schedule, reference_date)
    within = [day for day in others if first <= day <= last]
    if len(within) >= terms.most_per_period:
        raise NotPermittedError(
            f"search {terms.search_id} was answered for {len(within)} dates from {first} to {last}, agreed "
            f"is at most {terms.most_per_period}"
        )
    near = [day for day in others if abs((day - reference_date).days) < terms.gap_days]
    if near:
        raise NotPermittedError(
            f"search {terms.search_id} was answered for {min(near)}, agreed is {terms.gap_days} days apart"
        )


def period_of(schedule: Schedule, day: date) -> tuple[date, date]:
    """First and last day of the week (from Monday), month, quarter or year (from 1 April) of a day."""
    match schedule:
        case Schedule.WEEKLY:
            first = day - timedelta(days=day.weekday())
            return first, first + timedelta(days=6)
        case Schedule.MONTHLY:
            return _months(day.year, day.month, 1)
        case Schedule.QUARTERLY:
            return _months(day.year, 3 * ((day.month - 1) // 3) + 1, 3)
        case Schedule.YEARLY:
            return _months(day.year if day.month >= 4 else day.year - 1, 4, 12)


def _months(year: int, month: int, count: int) -> tuple[date, date]:
    after = month - 1 + count
    return date(year, month, 1), date(year + after // 12, after % 12 + 1, 1) - timedelta(days=1)
