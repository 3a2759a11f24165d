"""The hours in which nothing is run, by this machine's clock: quiet hours of the site's database, and the release hour.

What is due waits for their end, and a run that would last into them is given only the time before them.
"""

from __future__ import annotations

from datetime import datetime

from agent.databases.settings import DatabaseSettings
from agent.release_hour import ReleaseHour
from agent.turn import Turn


def quiet_until(turn: Turn) -> datetime | None:
    """When the quiet hours that hold now end; None where nothing has to wait."""
    records = turn.config.records
    return records.quiet_until(turn.now.astimezone()) if isinstance(records, DatabaseSettings) else None


def release_hour_until(turn: Turn) -> datetime | None:
    """When a run may begin that does not last into the release hour; None: now."""
    return ReleaseHour(turn.config.release_hour).run_waits_until(turn.now, turn.config.run_seconds)


def run_seconds(turn: Turn, *, at_once: bool = False) -> int:
    """How long a run may last that begins now.

    Args:
        turn: of the agent.
        at_once: whether what it gives leaves at once, so that it may last into the release hour.
    """
    records, most = turn.config.records, turn.config.run_seconds
    left = records.seconds_before_quiet(turn.now.astimezone()) if isinstance(records, DatabaseSettings) else None
    before = most if at_once else ReleaseHour(turn.config.release_hour).seconds_before(turn.now)
    return min(most, before) if left is None else min(most, before, left)
