from __future__ import annotations

from datetime import date

import pytest

from agent.approval import last_end
from searches.search import Schedule


@pytest.mark.parametrize(
    ("schedule", "today", "end"),
    [
        # A Sunday's week ends that evening: it is not over yet.
        (Schedule.WEEKLY, date(2026, 3, 29), date(2026, 3, 22)),
        (Schedule.WEEKLY, date(2026, 3, 30), date(2026, 3, 29)),
        (Schedule.WEEKLY, date(2026, 1, 3), date(2025, 12, 28)),
        (Schedule.MONTHLY, date(2026, 3, 31), date(2026, 2, 28)),
        (Schedule.MONTHLY, date(2026, 4, 1), date(2026, 3, 31)),
        (Schedule.MONTHLY, date(2024, 3, 1), date(2024, 2, 29)),
        (Schedule.QUARTERLY, date(2026, 1, 1), date(2025, 12, 31)),
        (Schedule.QUARTERLY, date(2026, 6, 30), date(2026, 3, 31)),
        (Schedule.QUARTERLY, date(2026, 12, 31), date(2026, 9, 30)),
        (Schedule.YEARLY, date(2026, 3, 31), date(2025, 3, 31)),
        (Schedule.YEARLY, date(2026, 4, 1), date(2026, 3, 31)),
        (Schedule.YEARLY, date(2026, 12, 31), date(2026, 3, 31)),
    ],
)
def test_a_period_is_due_once_it_is_over(schedule: Schedule, today: date, end: date) -> None:
    assert last_end(schedule, today) == end
