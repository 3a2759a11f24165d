"""What was released so far: read before a release, kept in the same transaction as the message that goes out.

The history and its key are made together, at the first release. After that a missing or altered one, or an older
copy of either, stops every release: what is let out next could not be compared with what went before.
"""

from __future__ import annotations

import contextlib
import secrets
import sqlite3
from dataclasses import dataclass

from agent.errors import NotThereError
from agent.files import write_private
from agent.state import BEGINS_HERE, StateFolder
from agent.transport import RECEIPTS, Mailbox
from agent.turn import Turn
from governance.errors import HistoryError
from governance.release_history import Mark, ReleaseHistory, check_continues, read_history, write_history
from governance.wire import FileKind, file_digest

_KEY_BYTES = 32
_SUFFIX = ".receipt"


@dataclass(frozen=True, slots=True)
class Memory:
    """The history of a practice's releases, with the local key that it is kept under."""

    history: ReleaseHistory
    local_key: bytes


def open_memory(turn: Turn) -> Memory:
    """What was released so far.

    Raises:
        HistoryError: it is missing, was altered, or is not as new as the outbox.
    """
    row, last = turn.connection.execute("SELECT data FROM release_history").fetchone(), _last_result(turn)
    if row is None and last != Mark():
        raise HistoryError(
            "release history is gone, but results were released", "restore the state folder from its newest copy"
        )
    begins = row is None or row[0] == BEGINS_HERE
    local_key = _new_key(turn.folder) if begins else _key(turn.folder)
    history = ReleaseHistory(mark=last) if begins else read_history(bytes(row[0]), local_key)
    known = turn.outbox.next_place().sequence - 1
    check_continues(history, last, known, _highest_receipt(turn))
    return Memory(history, local_key)


def note_receipts(turn: Turn, mailbox: Mailbox) -> None:
    """Remember for which message the hub has signed last: if this state folder ends before it, it is an old copy."""
    with contextlib.suppress(NotThereError):  # before the first receipt there is no folder of them
        stems = [name.removesuffix(_SUFFIX) for name in mailbox.list(RECEIPTS) if name.endswith(_SUFFIX)]
        highest = max((int(stem) for stem in stems if stem.isdecimal()), default=0)
        turn.connection.execute("INSERT OR REPLACE INTO receipted VALUES (1, ?)", (highest,))


def _highest_receipt(turn: Turn) -> int:
    row = turn.connection.execute("SELECT highest FROM receipted").fetchone()
    return int(row[0]) if row else 0


def keep(connection: sqlite3.Connection, memory: Memory, sequence: int, sealed: bytes) -> None:
    """Keep a history in the transaction that spools the message it belongs to."""
    data = write_history(memory.history.marked(Mark(sequence, file_digest(sealed))), memory.local_key)
    connection.execute("INSERT OR REPLACE INTO release_history VALUES (1, ?)", (data,))


def _last_result(turn: Turn) -> Mark:
    results = [message for message in turn.outbox.messages() if message.kind == FileKind.RESULT]
    return Mark(results[-1].sequence, results[-1].digest) if results else Mark()


def _new_key(folder: StateFolder) -> bytes:
    if folder.people_key.exists():
        return _key(folder)  # a release was cut off before its history was kept
    local_key = secrets.token_bytes(_KEY_BYTES)
    write_private(folder.people_key, local_key)
    return local_key


def _key(folder: StateFolder) -> bytes:
    data = folder.people_key.read_bytes() if folder.people_key.exists() else b""
    if len(data) != _KEY_BYTES:
        raise HistoryError(
            "key of the release history is missing", "restore the state folder from its newest copy, keys included"
        )
    return data
