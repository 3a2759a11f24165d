from __future__ import annotations

import os
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest

from agent.release_hour import ReleaseHour
from agent.schedule import TurnProcess, make_scheduler
from agent.state import StateFolder
from agent.transport import Patience


def test_a_turn_is_due_at_once_then_every_so_many_minutes_spread_by_a_fifth() -> None:
    scheduler = make_scheduler(lambda: 0, 15, 6)

    [job] = scheduler.get_jobs()

    every, _ = job.trigger.triggers
    assert (every.interval.total_seconds(), every.jitter) == (900, 180)
    assert (job.coalesce, job.max_instances, job.misfire_grace_time) == (True, 1, None)


@pytest.mark.parametrize("hour", [0, 6, 23])
def test_however_seldom_the_agent_looks_it_does_in_every_release_hour(hour: int) -> None:
    [job] = make_scheduler(lambda: 0, 1440, hour).get_jobs()
    _, daily = job.trigger.triggers

    at, days = datetime(2026, 11, 23, 12).astimezone(), set()
    for _ in range(20):
        at = daily.get_next_fire_time(at, at)
        assert ReleaseHour(hour).is_now(at)
        days.add(at.date())

    assert len(days) >= 5


def test_a_turn_is_a_process_of_its_own_and_its_exit_code_comes_back(tmp_path: Path) -> None:
    assert TurnProcess(StateFolder(tmp_path))() == 10


def test_ending_when_no_turn_runs_does_nothing(tmp_path: Path) -> None:
    turn = TurnProcess(StateFolder(tmp_path))

    turn.end()

    assert turn._process is None
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="ends by another way there")
def test_a_turn_that_is_running_is_ended_with_the_service(tmp_path: Path) -> None:
    turn = TurnProcess(StateFolder(tmp_path))
    turn._process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])

    turn.end()

    assert turn._process.returncode == -15
    with pytest.raises(ProcessLookupError, match="No such process"):
        os.kill(turn._process.pid, 0)


def test_patience_looks_once_at_least_and_then_until_its_time_is_up(monkeypatch: pytest.MonkeyPatch) -> None:
    now = iter([0.0, 0.0, 0.5, 1.0])
    monkeypatch.setattr("agent.transport.time.monotonic", lambda: next(now))
    slept: list[float] = []
    monkeypatch.setattr("agent.transport.time.sleep", slept.append)

    assert len(list(Patience(seconds=1, poll_seconds=0.5).looks())) == 3
    assert slept == [0.5, 0.5]
