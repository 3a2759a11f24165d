"""A disk that fills up at any step of a message's way: a named end, nothing half sent, and the next turn succeeds."""

from __future__ import annotations

import json
import resource
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from agent.outbox import AlsoCommit, Message, Outbox, Outgoing
from agent.state import open_database
from governance.wire import FileKind
from tests.agent_kit import NOW
from tests.integration import agent_disk_driver
from tests.integration.test_agent_cycle import PULSE, Practice, accepted
from tests.integration.test_agent_kills import check_exactly_once

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there is no RLIMIT_FSIZE")
ROOT = Path(__file__).parents[2]
FULL = {
    "kind": "NoRoomError",
    "message": "the state folder cannot be written: its disk is full",
    "exit_code": 1,
}
BEFORE_UPLOAD = [point for point in agent_disk_driver.POINTS if not point.startswith(("upload", "receipt"))]
AT_UPLOAD = [point for point in agent_disk_driver.POINTS if point.startswith("upload")]
AT_RECEIPT = [point for point in agent_disk_driver.POINTS if point.startswith("receipt")]


@pytest.fixture
def practice(tmp_path: Path) -> Practice:
    practice = accepted(Practice(tmp_path, PULSE))
    practice.collect()  # closes the acceptance, so that only the result is under way
    return practice


def turn_without_room(practice: Practice, point: str) -> dict[str, Any]:
    command = [
        *(sys.executable, agent_disk_driver.__file__),
        *(str(practice.state.root), str(practice.centre.folder), point),
    ]
    ended = subprocess.run(
        command, cwd=ROOT, env={"PYTHONPATH": str(ROOT)}, capture_output=True, check=False, text=True
    )
    assert ended.returncode == 0, ended.stderr
    said: dict[str, Any] = json.loads(ended.stdout)
    return said


def uploads(practice: Practice) -> list[Path]:
    return list((practice.centre.folder / "mailboxes" / "Z90001" / "in").iterdir())


def test_nothing_is_sent_that_could_not_be_kept_and_the_next_turn_goes_on(practice: Practice) -> None:
    for point in BEFORE_UPLOAD:
        assert turn_without_room(practice, point) == FULL, point
        assert uploads(practice) == [], point

    practice.run()
    received = practice.receive()
    practice.run()

    check_exactly_once(practice, received)


@pytest.mark.parametrize("point", AT_UPLOAD)
def test_what_was_sent_but_could_not_be_noted_is_not_doubled(practice: Practice, point: str) -> None:
    assert turn_without_room(practice, point) == FULL
    assert [path.suffix for path in uploads(practice)] == [".gpfed"], "half of a message would be a .part"
    received = practice.receive()

    practice.run()

    assert practice.receive() == []
    check_exactly_once(practice, received)


@pytest.mark.parametrize("point", AT_RECEIPT)
def test_a_receipt_that_could_not_be_kept_is_kept_by_the_next_turn(practice: Practice, point: str) -> None:
    practice.run()
    received = practice.receive()

    assert turn_without_room(practice, point) == FULL
    practice.run()

    check_exactly_once(practice, received)


def spooled_without_room(practice: Practice, also: AlsoCommit) -> tuple[Message, ...]:
    """The results that the outbox shows after one that found no room."""
    with open_database(practice.state) as connection:
        outbox, limit = Outbox(practice.state, connection), resource.getrlimit(resource.RLIMIT_FSIZE)
        outgoing = Outgoing(FileKind.RESULT, "heart-health", "2026-03-31", b"sealed")
        try:
            with pytest.raises(sqlite3.OperationalError, match=r"disk I/O error|database or disk is full"):
                outbox.spool(outbox.next_place(), outgoing, NOW, also)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limit)
        return outbox.messages()[1:]


def test_a_message_whose_commit_found_no_room_is_not_there_to_send(practice: Practice) -> None:
    assert spooled_without_room(practice, lambda _connection, _sequence: agent_disk_driver.full()) == ()


def test_a_message_whose_history_found_no_room_is_not_there_to_send(practice: Practice) -> None:
    def fill(connection: sqlite3.Connection, _sequence: int) -> None:
        connection.execute("PRAGMA max_page_count = 1")  # no more than there are
        connection.execute("INSERT OR REPLACE INTO release_history VALUES (1, ?)", (bytes(100_000),))

    assert spooled_without_room(practice, fill) == ()
