from __future__ import annotations

import hashlib
import sqlite3
import stat
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from agent.errors import BusyError, OutboxError
from agent.outbox import Outbox, Outgoing, Place
from agent.state import StateFolder, latest_time, one_turn, open_database
from governance.wire import FIRST, FileKind

NOON = datetime(2026, 3, 31, 12, 0, tzinfo=UTC)


@pytest.fixture
def folder(tmp_path: Path) -> StateFolder:
    folder = StateFolder(tmp_path / "state")
    folder.make()
    return folder


@pytest.fixture
def connection(folder: StateFolder) -> Iterator[sqlite3.Connection]:
    with open_database(folder) as connection:
        yield connection


@pytest.fixture
def outbox(folder: StateFolder, connection: sqlite3.Connection) -> Outbox:
    return Outbox(folder, connection)


def result(text: str = "sealed", reference_date: str = "2026-03-31") -> Outgoing:
    return Outgoing(FileKind.RESULT, "dsa-1", reference_date, text.encode())


def test_messages_are_numbered_from_one_and_each_names_the_one_before(outbox: Outbox) -> None:
    assert outbox.next_place() == Place(1, FIRST)

    first = outbox.spool(outbox.next_place(), result(), NOON)

    assert first.digest == hashlib.sha256(b"sealed").hexdigest()
    assert first.remote_path == f"/in/00000001-result-{first.digest[:16]}.gpfed"
    assert outbox.next_place() == Place(2, first.digest)
    assert outbox.data(first) == b"sealed"


def test_a_message_goes_through_four_states_and_each_step_may_be_repeated(outbox: Outbox) -> None:
    message = outbox.spool(outbox.next_place(), result(), NOON)
    for _ in range(2):
        outbox.uploaded(message, NOON)
        assert outbox.message(1).state == "uploaded"
    for receipt in (b"first", b"second"):
        outbox.receipted(message, receipt, "2026-03-31T12:00:01Z")
        outbox.uploaded(message, NOON)
        assert (outbox.message(1).state, outbox.receipt(message)) == ("receipted", b"first")
    for _ in range(2):
        outbox.recorded(message)
        outbox.receipted(message, b"third", "")
        assert (outbox.message(1).state, outbox.receipt(message)) == ("recorded", b"first")


def test_a_message_is_not_recorded_before_its_receipt(outbox: Outbox) -> None:
    message = outbox.spool(outbox.next_place(), result(), NOON)

    outbox.recorded(message)

    assert outbox.message(1).state == "spooled"


def test_an_answer_is_released_once(outbox: Outbox) -> None:
    kept = outbox.spool(outbox.next_place(), result(), NOON)

    with pytest.raises(OutboxError, match="agreement dsa-1 of 2026-03-31 was released before"):
        outbox.spool(outbox.next_place(), result("sealed anew"), NOON)

    assert outbox.released("dsa-1", "2026-03-31") == kept
    assert outbox.released("dsa-1", "2026-04-30") is None
    assert outbox.messages() == (kept,)


def again(reference_date: str = "2026-03-31", restates: int = 1, agreement: str = "dsa-1") -> Outgoing:
    return Outgoing(
        FileKind.RESULT, agreement, reference_date, b"sealed again", ("a", "b"), restates, "records_corrected"
    )


def test_an_answer_is_restated_once_and_the_first_is_kept(outbox: Outbox) -> None:
    first = outbox.spool(outbox.next_place(), result(), NOON)

    second = outbox.spool(outbox.next_place(), again(), NOON)

    assert (second.restates, second.reason, second.searches) == (1, "records_corrected", "a b")
    assert outbox.released("dsa-1", "2026-03-31") == first
    assert outbox.restated("dsa-1", "2026-03-31") == second
    assert (outbox.data(first), outbox.data(second)) == (b"sealed", b"sealed again")
    with pytest.raises(OutboxError, match="agreement dsa-1 of 2026-03-31 was restated before"):
        outbox.spool(outbox.next_place(), again(), NOON)
    with pytest.raises(OutboxError, match="agreement dsa-1 of 2026-03-31 was released before"):
        outbox.spool(outbox.next_place(), result("a third"), NOON)
    assert outbox.messages() == (first, second)


@pytest.mark.parametrize(
    "wrong",
    [again("2026-04-30"), again(restates=2), again(restates=9), again(agreement="dsa-2")],
    ids=["another date", "an acceptance", "no message", "another agreement"],
)
def test_what_is_not_the_first_release_is_not_restated(outbox: Outbox, wrong: Outgoing) -> None:
    outbox.spool(outbox.next_place(), result(), NOON)
    outbox.spool(outbox.next_place(), Outgoing(FileKind.ACCEPTANCE, "dsa-1", "", b"signed"), NOON)

    with pytest.raises(OutboxError, match=r"message \d is not the first release .* there is nothing to restate"):
        outbox.spool(outbox.next_place(), wrong, NOON)

    assert [message.sequence for message in outbox.messages()] == [1, 2]


def test_a_restatement_is_not_restated(outbox: Outbox) -> None:
    outbox.spool(outbox.next_place(), result(), NOON)
    outbox.spool(outbox.next_place(), again(), NOON)

    with pytest.raises(OutboxError, match="message 2 is not the first release"):
        outbox.spool(outbox.next_place(), again(restates=2), NOON)


def test_the_database_itself_holds_two_releases_of_a_period_at_most(
    outbox: Outbox, connection: sqlite3.Connection
) -> None:
    outbox.spool(outbox.next_place(), result(), NOON)
    outbox.spool(outbox.next_place(), again(), NOON)
    columns = "kind, agreement, reference_date, digest, size, state, spooled_at"

    for restates in ("NULL", "1"):
        with pytest.raises(sqlite3.IntegrityError, match="UNIQUE constraint failed"):
            connection.execute(
                f"INSERT INTO message (sequence, restates, {columns}) SELECT 3, {restates}, {columns} FROM message"
                " WHERE sequence = 1"
            )


def test_a_folder_of_an_agent_that_knew_no_restatement_is_opened_with_what_is_in_it(folder: StateFolder) -> None:
    later = ("searches", "restates", "reason")
    with open_database(folder) as connection:
        kept = Outbox(folder, connection).spool(Place(1, FIRST), result(), NOON)
        connection.executescript("DROP INDEX one_first; DROP INDEX one_restatement")
        for name in later:
            connection.execute(f"ALTER TABLE message DROP COLUMN {name}")
        connection.execute(
            "CREATE UNIQUE INDEX one_result ON message (agreement, reference_date) WHERE kind = 'result'"
        )

    for _ in range(2):
        with open_database(folder) as connection:
            assert Outbox(folder, connection).messages() == (kept,)
    with open_database(folder) as connection:
        outbox = Outbox(folder, connection)
        assert outbox.spool(outbox.next_place(), again(), NOON).restates == 1


def test_a_place_that_is_taken_is_refused(outbox: Outbox) -> None:
    place = outbox.next_place()
    outbox.spool(place, result(), NOON)

    with pytest.raises(OutboxError, match="message 1 is not the next: expected 2"):
        outbox.spool(place, Outgoing(FileKind.ACCEPTANCE, "dsa-1", "", b"signed"), NOON)


def test_acceptances_of_one_agreement_may_follow_each_other(outbox: Outbox) -> None:
    for text in (b"accept", b"withdraw"):
        outbox.spool(outbox.next_place(), Outgoing(FileKind.ACCEPTANCE, "dsa-1", "", text), NOON)

    assert [message.sequence for message in outbox.messages()] == [1, 2]


def test_a_file_without_its_row_is_removed_and_its_number_used_again(folder: StateFolder, outbox: Outbox) -> None:
    kept = outbox.spool(outbox.next_place(), result(), NOON)
    (folder.outbox / "00000002-result-0123456789abcdef.gpfed").write_bytes(b"never sent")
    (folder.outbox / "00000002-result-0123456789abcdef.gpfed.tmp").write_bytes(b"half")

    assert outbox.recover() == 2

    assert [path.name for path in folder.outbox.iterdir()] == [kept.name]
    assert outbox.next_place().sequence == 2


def test_what_is_committed_together_is_undone_together(outbox: Outbox) -> None:
    def fail(_connection: sqlite3.Connection, _sequence: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt, match=r"^$"):
        outbox.spool(outbox.next_place(), result(), NOON, fail)

    assert outbox.messages() == ()


@pytest.mark.parametrize("damage", [b"", b"sealee"])
def test_a_changed_or_missing_message_is_never_sent(folder: StateFolder, outbox: Outbox, damage: bytes) -> None:
    message = outbox.spool(outbox.next_place(), result(), NOON)
    path = folder.outbox / message.name
    path.write_bytes(damage) if damage else path.unlink()

    with pytest.raises(OutboxError, match="message 1 in the outbox is not what was put there"):
        outbox.data(message)


def test_an_unknown_message_is_refused(outbox: Outbox) -> None:
    with pytest.raises(OutboxError, match="there is no message 9"):
        outbox.message(9)


@pytest.mark.skipif(sys.platform == "win32", reason="modes mean nothing there")
def test_everything_in_the_state_folder_is_for_its_owner_only(folder: StateFolder, outbox: Outbox) -> None:
    outbox.spool(outbox.next_place(), result(), NOON)

    for path in (folder.root, *folder.root.rglob("*")):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path


def test_a_second_turn_waits_outside(folder: StateFolder) -> None:
    with one_turn(folder), pytest.raises(BusyError, match="another turn of the agent is running"), one_turn(folder):
        pass
    with one_turn(folder):
        pass


def test_a_clock_set_back_does_not_bring_time_back(connection: sqlite3.Connection) -> None:
    assert latest_time(connection, NOON) == NOON
    assert latest_time(connection, NOON - timedelta(days=400)) == NOON
    assert latest_time(connection, NOON + timedelta(days=1)) == NOON + timedelta(days=1)
