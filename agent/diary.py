"""The practice's own record of what was decided and what left, as lines that chain (`governance.diary_chain`).

Crash contract: an entry is written and flushed to the disk in one append. A crash leaves either the whole line or a
piece without its newline (a torn tail). The next append cuts the piece off and records that it did. Entries before it
stand.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from agent.files import OWNER_ONLY_FILE
from governance.diary_chain import Entry, Facts, next_entry, verify_lines

Clock = Callable[[], datetime]


def utc_text(moment: datetime) -> str:
    """A time as the diary and the files write it: UTC, whole seconds."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class Diary:
    """An append-only file of entries. Facts are ids, digests and reasons: never a figure, nothing of a patient.

    Args:
        path: the file; made when first written.
        clock: gives the present time, aware.
    """

    def __init__(self, path: Path, clock: Clock) -> None:
        self.path = path
        self._clock = clock

    def append(self, event: str, facts: Facts) -> None:
        """Add an entry, durable when this returns.

        Raises:
            ChainError: what is there does not chain; nothing is added.
        """
        data = self._read()
        chain = verify_lines(data)
        last = chain.entries[-1] if chain.entries else None
        if chain.torn:
            self._cut_off(len(data) - len(chain.torn))
            last = self._write(last, "torn_tail", {"bytes": len(chain.torn)})
        self._write(last, event, facts)

    def append_once(self, event: str, facts: Facts) -> None:
        """Add an entry unless one with the same event and facts is there: harmless when repeated after a crash."""
        if not any(entry.event == event and entry.facts == facts for entry in self.entries()):
            self.append(event, facts)

    def append_changed(self, event: str, facts: Facts) -> None:
        """Add an entry unless the latest with that event says the same: for what goes on being so."""
        latest = next((entry for entry in reversed(self.entries()) if entry.event == event), None)
        if latest is None or latest.facts != facts:
            self.append(event, facts)

    def entries(self) -> tuple[Entry, ...]:
        """Every whole entry, in order.

        Raises:
            ChainError: an entry does not follow from the one before it.
        """
        return verify_lines(self._read()).entries

    def _read(self) -> bytes:
        return self.path.read_bytes() if self.path.exists() else b""

    def _cut_off(self, length: int) -> None:
        with self.path.open("r+b") as file:
            file.truncate(length)
            os.fsync(file.fileno())

    def _write(self, last: Entry | None, event: str, facts: Facts) -> Entry:
        entry = next_entry(last, utc_text(self._clock()), event, facts)
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_BINARY", 0)
        with os.fdopen(os.open(self.path, flags, OWNER_ONLY_FILE), "ab") as file:
            file.write(entry.line() + b"\n")
            file.flush()
            os.fsync(file.fileno())
        return entry
