"""What leaves, kept until the hub has signed for it, each message exactly once.

Messages of a practice are numbered from 1, results and acceptances together, and go up in that order. Each names the
SHA-256 of the one before it. A message goes through four states; every step may be cut off by a kill and is repeated:

    (nothing) --spool--> spooled --upload--> uploaded --receipt--> receipted --diary--> recorded

* spool: the sealed bytes are written to outbox/NAME and flushed, then the row is committed. A kill between the two
  leaves a file without a row: nothing was sent, so `recover` removes it, and other bytes use the number again.
* upload: a temporary name at the hub, then a rename. A kill before the row says `uploaded` repeats it with the same
  bytes under the same name (it holds their digest), which the hub takes once.
* receipt: the hub's signed bytes go into the row in one commit; the row is the truth.
* diary: receipts/SEQUENCE.receipt and the diary's entry are written after it, both harmless when repeated, and only
  then is the row `recorded`. A kill in between leaves `receipted`, from which the same two are written again.

An answer is released once and restated at most once: the same agreement and reference date again gives the same bytes,
never newly sealed ones. Each of the two is a message of its own; the second names the first, and neither goes.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from agent.diary import utc_text
from agent.errors import OutboxError
from agent.files import write_private
from agent.state import StateFolder
from agent.transport import INBOX
from governance.wire import FIRST, FileKind, UploadName, file_digest, upload_name

_COLUMNS = (
    "sequence, kind, agreement, reference_date, digest, size, state, spooled_at, uploaded_at, received_at, searches,"
    " restates, reason"
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where in the practice's chain the next message stands."""

    sequence: int
    previous_digest: str


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message to spool: its kind and the agreement it is under; the rest is of results.

    Args:
        reference_date: ISO, or empty.
        data: the sealed bytes.
        searches: the ids of those it answers.
        restates: of a restatement, the number of the message that it restates.
        reason: of a restatement, why.
    """

    kind: FileKind
    agreement: str
    reference_date: str
    data: bytes
    searches: tuple[str, ...] = ()
    restates: int | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Message:
    """A message of the outbox; times as text (UTC), empty while not reached.

    Args:
        searches: the ids of those a result answers, with blanks between them.
        restates: the number of the message that it restates, or None.
        reason: why it restates that.
    """

    sequence: int
    kind: str
    agreement: str
    reference_date: str
    digest: str
    size: int  # bytes
    state: str
    spooled_at: str
    uploaded_at: str
    received_at: str
    searches: str
    restates: int | None
    reason: str

    @property
    def remote_path(self) -> str:
        """Its name at the hub."""
        return f"{INBOX}/{self.name}"

    @property
    def name(self) -> str:
        """Its name in the outbox."""
        return str(UploadName(self.sequence, FileKind(self.kind), self.digest[:16]))


AlsoCommit = Callable[[sqlite3.Connection, int], None]


class Outbox:
    """The messages of one practice."""

    def __init__(self, folder: StateFolder, connection: sqlite3.Connection) -> None:
        self._folder = folder
        self._connection = connection

    def recover(self) -> int:
        """Remove files that were written but never committed; returns how many."""
        known = {message.name for message in self.messages()}
        orphans = [path for path in self._folder.outbox.iterdir() if path.name not in known]
        for path in orphans:
            path.unlink()
        return len(orphans)

    def next_place(self) -> Place:
        """The number of the next message, and the digest of the one before it."""
        messages = self.messages()
        return Place(messages[-1].sequence + 1, messages[-1].digest) if messages else Place(1, FIRST)

    def spool(self, place: Place, outgoing: Outgoing, at: datetime, also: AlsoCommit | None = None) -> Message:
        """Keep a sealed message for sending, durable when this returns.

        Args:
            place: for which the message was sealed; must still be the next.
            outgoing: what to keep.
            at: present time.
            also: what is committed together with the row.

        Raises:
            OutboxError: the place is taken, the answer was released or restated before, or there is nothing such to
                restate.
        """
        self._check_next(place)
        digest = file_digest(outgoing.data)
        write_private(self._folder.outbox / upload_name(place.sequence, outgoing.kind, outgoing.data), outgoing.data)
        with _transaction(self._connection):
            self._check_restates(outgoing)
            try:
                self._insert(place.sequence, outgoing, digest, at)
            except sqlite3.IntegrityError as error:
                before = "released" if outgoing.restates is None else "restated"
                raise OutboxError(
                    f"agreement {outgoing.agreement} of {outgoing.reference_date} was {before} before",
                    "see gpfed-agent sent; the same bytes are kept",
                ) from error
            if also is not None:
                also(self._connection, place.sequence)
        return self.message(place.sequence)

    def messages(self) -> tuple[Message, ...]:
        """Every message, in order."""
        rows = self._connection.execute(f"SELECT {_COLUMNS} FROM message ORDER BY sequence")
        return tuple(Message(*row) for row in rows)

    def message(self, sequence: int) -> Message:
        """One message.

        Raises:
            OutboxError: there is none of that number.
        """
        row = self._connection.execute(f"SELECT {_COLUMNS} FROM message WHERE sequence = ?", (sequence,)).fetchone()
        if row is None:
            raise OutboxError(f"there is no message {sequence}", "see gpfed-agent sent")
        return Message(*row)

    def released(self, agreement: str, reference_date: str) -> Message | None:
        """The result first released for an agreement and reference date, or None."""
        found = self._results(agreement, reference_date)
        return next((message for message in found if message.restates is None), None)

    def restated(self, agreement: str, reference_date: str) -> Message | None:
        """The restatement of an agreement and reference date, or None."""
        found = self._results(agreement, reference_date)
        return next((message for message in found if message.restates is not None), None)

    def in_state(self, *states: str) -> tuple[Message, ...]:
        """Messages in any of these states, in order."""
        return tuple(message for message in self.messages() if message.state in states)

    def data(self, message: Message) -> bytes:
        """The sealed bytes of a message, as they were spooled.

        Raises:
            OutboxError: the file is gone or was changed.
        """
        path = self._folder.outbox / message.name
        data = path.read_bytes() if path.exists() else b""
        if file_digest(data) != message.digest:
            raise OutboxError(
                f"message {message.sequence} in the outbox is not what was put there",
                "restore the state folder from its backup; do not edit the outbox",
            )
        return data

    def receipt(self, message: Message) -> bytes:
        """The hub's receipt of a message, or no bytes."""
        row = self._connection.execute("SELECT receipt FROM message WHERE sequence = ?", (message.sequence,)).fetchone()
        return bytes(row[0] or b"")

    def uploaded(self, message: Message, at: datetime) -> None:
        """The hub has the bytes, as far as the connection says; harmless when repeated."""
        self._connection.execute(
            "UPDATE message SET state = 'uploaded', uploaded_at = ?"
            " WHERE sequence = ? AND state IN ('spooled', 'uploaded')",
            (utc_text(at), message.sequence),
        )

    def receipted(self, message: Message, receipt: bytes, received_at: str) -> None:
        """The hub has signed for it; harmless when repeated."""
        self._connection.execute(
            "UPDATE message SET state = 'receipted', receipt = ?, received_at = ?"
            " WHERE sequence = ? AND state IN ('spooled', 'uploaded')",
            (receipt, received_at, message.sequence),
        )

    def recorded(self, message: Message) -> None:
        """The receipt's file and the diary's entry are written; harmless when repeated."""
        self._connection.execute(
            "UPDATE message SET state = 'recorded' WHERE sequence = ? AND state = 'receipted'", (message.sequence,)
        )

    def _results(self, agreement: str, reference_date: str) -> tuple[Message, ...]:
        rows = self._connection.execute(
            f"SELECT {_COLUMNS} FROM message WHERE kind = 'result' AND agreement = ? AND reference_date = ?",
            (agreement, reference_date),
        )
        return tuple(Message(*row) for row in rows)

    def _check_restates(self, outgoing: Outgoing) -> None:
        if outgoing.restates is None:
            return
        first = self.released(outgoing.agreement, outgoing.reference_date)
        if first is None or first.sequence != outgoing.restates:
            raise OutboxError(
                f"message {outgoing.restates} is not the first release of agreement {outgoing.agreement} of "
                f"{outgoing.reference_date}: there is nothing to restate",
                "see gpfed-agent sent",
            )

    def _insert(self, sequence: int, outgoing: Outgoing, digest: str, at: datetime) -> None:
        values = (
            sequence,
            str(outgoing.kind),
            outgoing.agreement,
            outgoing.reference_date,
            digest,
            len(outgoing.data),
            utc_text(at),
            " ".join(outgoing.searches),
            outgoing.restates,
            outgoing.reason,
        )
        self._connection.execute(
            "INSERT INTO message (sequence, kind, agreement, reference_date, digest, size, state, spooled_at, searches,"
            " restates, reason) VALUES (?, ?, ?, ?, ?, ?, 'spooled', ?, ?, ?, ?)",
            values,
        )

    def _check_next(self, place: Place) -> None:
        expected = self.next_place()
        if place != expected:
            raise OutboxError(f"message {place.sequence} is not the next: expected {expected.sequence}")


class _transaction:  # noqa: N801 - reads as a verb where it is used
    """BEGIN IMMEDIATE ... COMMIT, or ROLLBACK when anything is raised."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def __enter__(self) -> None:
        self._connection.execute("BEGIN IMMEDIATE")

    def __exit__(self, kind: type[BaseException] | None, *_rest: object) -> None:
        try:
            if kind is None:
                self._connection.execute("COMMIT")
        finally:
            # Where there was no room SQLite may have rolled back by itself, or left rows that must not be sent.
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
