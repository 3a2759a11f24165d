from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from agent.schedule import TurnProcess, make_scheduler
from agent.state import StateFolder
from agent.transport import Patience


def test_a_turn_is_due_at_once_then_every_so_many_minutes_spread_by_a_fifth() -> None:
    scheduler = make_scheduler(lambda: 0, 15)

    [job] = scheduler.get_jobs()

    assert (job.trigger.interval.total_seconds(), job.trigger.jitter) == (900, 180)
    assert (job.coalesce, job.max_instances, job.misfire_grace_time) == (True, 1, None)


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
