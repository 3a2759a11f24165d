"""The hour of the day in which results leave: when something left tells nothing of the run that made it.

How long a run took, and whether it had to be repeated, can depend on what is in the records. So a result that was
sealed before the hour began leaves in it, at the beginning of a turn; one that was sealed later waits for the next
day's. In the hour, and so shortly before it that it would be cut off, nothing is run: no run delays what leaves.

By this machine's clock. Agreements that were signed or declined leave at once: no record has a part in them. Who is
there can send at once too: `gpfed-agent run --once --now`.

Example, hour 6: sealed on Monday at 01:20 after three minutes, or at 02:05 after forty-eight: both leave on Monday
between 06:00 and 07:00. Sealed on Monday at 06:10: on Tuesday.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta

HOUR = timedelta(hours=1)
LEAST_SECONDS = 3600
"""A run that may last longer is still begun if it has so much time before the hour."""


@dataclass(frozen=True, slots=True)
class ReleaseHour:
    """One hour of every day; times may be in any zone, and are looked at as this machine's clock shows them.

    Args:
        hour: 0 to 23.
    """

    hour: int

    def began(self, now: datetime) -> datetime:
        """When it last began, by this machine's clock."""
        local = _local(now)
        today = datetime.combine(local.date(), time(self.hour))
        return today if today <= local else today - timedelta(days=1)

    def next(self, after: datetime) -> datetime:
        """When it next begins, by this machine's clock."""
        return self.began(after) + timedelta(days=1)

    def is_now(self, now: datetime) -> bool:
        """Whether results leave now."""
        return _local(now) < self.began(now) + HOUR

    def may_leave(self, sealed_at: datetime, now: datetime) -> bool:
        """Whether a result that was sealed then leaves now."""
        return self.is_now(now) and _local(sealed_at) < self.began(now)

    def seconds_before(self, now: datetime) -> int:
        """Whole seconds until it next begins."""
        return int((self.next(now) - _local(now)).total_seconds())

    def run_waits_until(self, now: datetime, most_seconds: int) -> datetime | None:
        """When a run may begin that does not last into the hour; None: now.

        Args:
            now: present time.
            most_seconds: the longest that it may last.
        """
        if self.is_now(now):
            return self.began(now) + HOUR
        if self.seconds_before(now) < min(most_seconds, LEAST_SECONDS):
            return self.next(now) + HOUR
        return None


def _local(moment: datetime) -> datetime:
    return moment.astimezone().replace(tzinfo=None)
