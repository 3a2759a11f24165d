"""The hours in which nothing is asked of the site's database, by this machine's clock.

What is due waits for their end, and a run that would last into them is given only the time before them.
"""

from __future__ import annotations

from datetime import datetime

from agent.databases.settings import DatabaseSettings
from agent.turn import Turn


def quiet_until(turn: Turn) -> datetime | None:
    """When the quiet hours that hold now end; None where nothing has to wait."""
    records = turn.config.records
    return records.quiet_until(turn.now.astimezone()) if isinstance(records, DatabaseSettings) else None


def run_seconds(turn: Turn) -> int:
    """How long a run may last that begins now."""
    records, most = turn.config.records, turn.config.run_seconds
    left = records.seconds_before_quiet(turn.now.astimezone()) if isinstance(records, DatabaseSettings) else None
    return most if left is None else min(most, left)
