"""SIGKILL at every step of a message's way, a restart, and every result arrives exactly once."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from governance import audit
from governance.diary_chain import verify_lines
from governance.sealing import ReceivedResult
from tests.agent_kit import everything_under
from tests.integration import agent_kill_driver
from tests.integration.test_agent_cycle import PULSE, Practice, accepted

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
BEFORE_RECEIPT = [point for point in agent_kill_driver.POINTS if not point.startswith("receipt")]
AT_RECEIPT = [point for point in agent_kill_driver.POINTS if point.startswith("receipt")]


@pytest.fixture
def practice(tmp_path: Path) -> Practice:
    practice = accepted(Practice(tmp_path, PULSE))
    practice.collect()  # closes the acceptance, so that only the result is under way
    return practice


def killed_turn(practice: Practice, point: str) -> None:
    command = [sys.executable, agent_kill_driver.__file__, str(practice.state.root), str(practice.centre.folder), point]
    root = Path(__file__).parents[2]
    ended = subprocess.run(command, cwd=root, env={"PYTHONPATH": str(root)}, capture_output=True, check=False)
    assert ended.returncode == -signal.SIGKILL, ended.stderr.decode()


def check_exactly_once(practice: Practice, received: list[object]) -> None:
    results = [one for one in received if isinstance(one, ReceivedResult)]
    assert [(one.sequence, one.reference_date.isoformat()) for one in results] == [(2, "2026-03-31")]
    with practice.turn() as turn:
        messages = turn.outbox.messages()
        assert [(one.sequence, one.state) for one in messages] == [(1, "recorded"), (2, "recorded")]
    entries = verify_lines(practice.state.diary.read_bytes()).entries
    for event in ("spooled", "uploaded", "receipted"):
        assert [entry.facts["sequence"] for entry in entries if entry.event == event] == [1, 2], event
    assert sorted(everything_under(practice.state.outbox)) == [one.name for one in messages]
    assert sorted(everything_under(practice.state.receipts)) == ["00000001.receipt", "00000002.receipt"]
    assert audit.main(["verify", str(practice.state.root)]) == 0


@pytest.mark.parametrize("point", BEFORE_RECEIPT)
def test_a_kill_before_the_receipt_loses_nothing_and_doubles_nothing(practice: Practice, point: str) -> None:
    killed_turn(practice, point)

    practice.run()
    received = practice.receive()
    practice.run()

    check_exactly_once(practice, received)


@pytest.mark.parametrize("point", [point for point in BEFORE_RECEIPT if point.startswith("upload: ")][2:])
def test_a_message_taken_in_while_the_agent_was_down_is_not_sent_again(practice: Practice, point: str) -> None:
    killed_turn(practice, point)
    received = practice.receive()

    practice.run()

    assert practice.receive() == []
    check_exactly_once(practice, received)


@pytest.mark.parametrize("point", AT_RECEIPT)
def test_a_kill_at_the_receipt_is_made_good_by_the_next_turn(practice: Practice, point: str) -> None:
    practice.run()
    received = practice.receive()
    killed_turn(practice, point)

    practice.run()

    check_exactly_once(practice, received)


def test_the_runs_own_process_ends_when_the_agent_is_killed(practice: Practice) -> None:
    killed_turn(practice, "run: not yet answered")

    pid = int((practice.state.root / "run.pid").read_text())
    with contextlib.suppress(psutil.NoSuchProcess):
        psutil.Process(pid).wait(timeout=20)
    assert not psutil.pid_exists(pid)


def test_two_kills_in_a_row_are_made_good_too(practice: Practice) -> None:
    killed_turn(practice, "spool: file written, row not")
    killed_turn(practice, "upload: renamed, not noted")

    practice.run()
    received = practice.receive()
    practice.run()

    check_exactly_once(practice, received)
