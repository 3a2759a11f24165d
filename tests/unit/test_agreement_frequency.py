"""How often a search may be answered, by the agreement."""

from __future__ import annotations

from datetime import date

import pytest

from governance.clauses import SearchTerms
from governance.errors import NotPermittedError
from governance.frequency import check_frequency, period_of
from searches.search import Schedule

MARCH = date(2026, 3, 31)


@pytest.mark.parametrize(
    ("schedule", "first", "last"),
    [
        (Schedule.WEEKLY, date(2026, 3, 30), date(2026, 4, 5)),
        (Schedule.MONTHLY, date(2026, 3, 1), MARCH),
        (Schedule.QUARTERLY, date(2026, 1, 1), MARCH),
        (Schedule.YEARLY, date(2025, 4, 1), MARCH),
    ],
)
def test_one_date_in_a_period_uses_it_up_and_the_days_beside_it_do_not(
    schedule: Schedule, first: date, last: date
) -> None:
    assert period_of(schedule, MARCH) == (first, last)
    terms = SearchTerms("x", (), schedule)
    for taken in {first, last} - {MARCH}:
        with pytest.raises(NotPermittedError, match=f"search x was answered for 1 dates from {first} to"):
            check_frequency(terms, MARCH, [taken])
    check_frequency(
        terms, MARCH, [MARCH, date.fromordinal(first.toordinal() - 1), date.fromordinal(last.toordinal() + 1)]
    )


def test_more_dates_in_a_period_are_taken_where_more_are_agreed() -> None:
    terms = SearchTerms("x", (), Schedule.MONTHLY, most_per_period=2)
    check_frequency(terms, MARCH, [date(2026, 3, 1)])
    with pytest.raises(NotPermittedError, match="agreed is at most 2"):
        check_frequency(terms, MARCH, [date(2026, 3, 1), date(2026, 3, 2)])


def test_dates_closer_than_agreed_are_refused_on_either_side() -> None:
    terms = SearchTerms("x", (), Schedule.MONTHLY, gap_days=20)
    for near in (date(2026, 4, 19), date(2026, 2, 28)):
        apart = abs((near - MARCH).days)
        if apart < 20:
            with pytest.raises(NotPermittedError, match="agreed is 20 days apart"):
                check_frequency(terms, MARCH, [near])
        else:
            check_frequency(terms, MARCH, [near])
