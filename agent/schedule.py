"""`gpfed-agent start`: a small service that looks every so many minutes and in the release hour, and otherwise sleeps.

Each turn is `gpfed-agent run --once` in a process of its own, whose memory goes back to the system when it ends; this
one holds only the scheduler. Turns are spread by a random delay, so that the agents of a network do not come
together. A turn that is late is run once, not as often as it was missed; two never run at the same time.
"""

from __future__ import annotations

import logging
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from types import FrameType

from apscheduler.schedulers.blocking import BlockingScheduler
from apscheduler.triggers.combining import OrTrigger
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

from agent.config import Config
from agent.errors import INTERRUPTED, OK
from agent.state import StateFolder

logger = logging.getLogger(__name__)

JITTER_SHARE = 0.2  # of the interval: agents of one network spread over a fifth of it
RELEASE_MINUTE, RELEASE_JITTER_SECONDS = 15, 600  # of the release hour: from five past to twenty-five past
END_SECONDS = 30

Turn = Callable[[], int]


class _Ended(Exception):  # noqa: N818 - a signal, not an error
    """The service was told to end."""


class TurnProcess:
    """One turn at a time, in a process of its own."""

    def __init__(self, folder: StateFolder) -> None:
        self._command = [sys.executable, "-m", "agent", "--state", str(folder.root), "run", "--once"]
        self._process: subprocess.Popen[bytes] | None = None

    def __call__(self) -> int:
        """Run a turn to its end; its exit code."""
        self._process = subprocess.Popen(self._command, stdout=subprocess.DEVNULL)  # noqa: S603 - our own command
        code = self._process.wait()
        logger.info("event=turn_ended exit_code=%d", code)
        return code

    def end(self) -> None:
        """End a turn that is running; every step of it may be cut off."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(END_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()


def start(folder: StateFolder, config: Config) -> int:
    """Serve until told to end; the exit code: 130 after an interrupt from the keyboard, 0 after a request to end."""
    turn = TurnProcess(folder)
    scheduler = make_scheduler(turn, config.every_minutes, config.release_hour)
    signal.signal(signal.SIGTERM, _end)
    logger.info("event=started every_minutes=%d release_hour=%d", config.every_minutes, config.release_hour)
    try:
        scheduler.start()
    except KeyboardInterrupt:
        return INTERRUPTED
    except _Ended:
        return OK
    finally:
        turn.end()
        logger.info("event=stopped")
    return OK


def make_scheduler(turn: Turn, every_minutes: int, release_hour: int) -> BlockingScheduler:
    """A scheduler with one job: a turn now, then every so many minutes, and once in each day's release hour."""
    scheduler = BlockingScheduler(timezone=UTC)
    jitter_seconds = int(every_minutes * 60 * JITTER_SHARE)
    scheduler.add_job(
        turn,
        OrTrigger(
            [
                IntervalTrigger(minutes=every_minutes, jitter=jitter_seconds, timezone=UTC),
                # Without a zone: by this machine's clock, as the hour is.
                CronTrigger(hour=release_hour, minute=RELEASE_MINUTE, jitter=RELEASE_JITTER_SECONDS),
            ]
        ),
        next_run_time=datetime.now(UTC),
        coalesce=True,
        max_instances=1,
        misfire_grace_time=None,
    )
    return scheduler


def _end(_signal: int, _frame: FrameType | None) -> None:
    raise _Ended
