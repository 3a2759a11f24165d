"""Results leave in one hour of the day, whenever they were made; nothing is run into it."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from agent.release_hour import ReleaseHour

SIX = ReleaseHour(6)


def at(day: int, clock: str) -> datetime:
    """A moment of November 2026 as this machine's clock shows it."""
    return datetime.fromisoformat(f"2026-11-{day:02}T{clock}").astimezone()


@pytest.mark.parametrize(
    ("sealed", "now", "leaves"),
    [
        (at(2, "01:20"), at(2, "01:30"), False),
        (at(2, "01:20"), at(2, "05:59"), False),
        (at(2, "01:20"), at(2, "06:00"), True),
        (at(2, "02:05"), at(2, "06:59"), True),
        (at(2, "01:20"), at(2, "07:00"), False),
        (at(2, "06:00"), at(2, "06:30"), False),
        (at(2, "06:10"), at(3, "06:10"), True),
        (at(2, "23:50"), at(3, "00:10"), False),
    ],
)
def test_when_a_result_leaves(sealed: datetime, now: datetime, leaves: bool) -> None:
    assert SIX.may_leave(sealed, now) is leaves


@pytest.mark.parametrize(
    ("now", "most_seconds", "until"),
    [
        (at(2, "01:00"), 1800, None),
        (at(2, "05:30"), 1800, None),
        (at(2, "05:31"), 1800, "2026-11-02T07:00:00"),
        (at(2, "06:20"), 1800, "2026-11-02T07:00:00"),
        (at(2, "07:00"), 1800, None),
        (at(2, "04:50"), 86_400, None),
        (at(2, "05:10"), 86_400, "2026-11-02T07:00:00"),
    ],
)
def test_no_run_lasts_into_the_hour(now: datetime, most_seconds: int, until: str | None) -> None:
    found = SIX.run_waits_until(now, most_seconds)
    assert (found.isoformat() if found is not None else None) == until


@pytest.mark.parametrize("hour", range(24))
def test_every_hour_comes_once_a_day(hour: int) -> None:
    one, now = ReleaseHour(hour), at(2, "00:00")
    minutes = [now + timedelta(minutes=number) for number in range(24 * 60)]
    assert sum(one.is_now(minute) for minute in minutes) == 60
    assert one.next(now) - one.began(now) == timedelta(days=1)
    assert 0 < one.seconds_before(now) <= 86_400
