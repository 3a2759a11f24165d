r"""The practice's own record of what was decided and what left, as lines that chain.

One entry is one line of canonical JSON (keys sorted, no spaces, ASCII) ending in a newline:

    {"at":"2026-03-31T10:00:00Z","event":"spooled","facts":{"sequence":1},"n":1,"previous":"00...00"}

* `n` counts from 1 without gaps.
* `previous` is the SHA-256 (hex) of "gpfed diary v1\n" and the line before, without its newline; the first has 64
  zeros.
* `facts` are flat: ids, digests, counts of messages, reasons. Never a figure, never anything of a patient.

Crash contract: an entry is written and flushed to the disk in one append. A crash leaves either the whole line or a
piece without its newline (a torn tail). The next append cuts the piece off and records that it did. Entries before it
stand.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from agent.errors import DiaryBrokenError
from agent.files import OWNER_ONLY_FILE

Facts = Mapping[str, str | int | bool]
Clock = Callable[[], datetime]

FIRST = "0" * 64
_CONTEXT = b"gpfed diary v1\n"


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the diary."""

    n: int
    at: str
    event: str
    facts: Facts
    previous: str

    def line(self) -> bytes:
        """The entry as it stands in the file, without its newline."""
        fields = {"n": self.n, "at": self.at, "event": self.event, "facts": dict(self.facts), "previous": self.previous}
        return json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode("ascii")


def chain_digest(line: bytes) -> str:
    """What the entry after this line names as `previous`."""
    return hashlib.sha256(_CONTEXT + line).hexdigest()


def utc_text(moment: datetime) -> str:
    """A time as the diary and the files write it: UTC, whole seconds."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class Diary:
    """An append-only file of entries.

    Args:
        path: the file; made when first written.
        clock: gives the present time, aware.
    """

    def __init__(self, path: Path, clock: Clock) -> None:
        self.path = path
        self._clock = clock

    def append(self, event: str, facts: Facts) -> Entry:
        """Add an entry, durable when this returns.

        Raises:
            DiaryBrokenError: what is there does not chain; nothing is added.
        """
        whole, torn = self._read()
        entries = list(_chained(whole))
        if torn:
            self._cut_off(len(whole))
            entries.append(self._write(entries, "torn_tail", {"bytes": len(torn)}))
        return self._write(entries, event, facts)

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
            DiaryBrokenError: an entry does not follow from the one before it.
        """
        return tuple(_chained(self._read()[0]))

    def _read(self) -> tuple[bytes, bytes]:
        data = self.path.read_bytes() if self.path.exists() else b""
        end = data.rfind(b"\n") + 1
        return data[:end], data[end:]

    def _cut_off(self, length: int) -> None:
        with self.path.open("r+b") as file:
            file.truncate(length)
            os.fsync(file.fileno())

    def _write(self, entries: list[Entry], event: str, facts: Facts) -> Entry:
        previous = chain_digest(entries[-1].line()) if entries else FIRST
        entry = Entry(len(entries) + 1, utc_text(self._clock()), event, dict(facts), previous)
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_BINARY", 0)
        with os.fdopen(os.open(self.path, flags, OWNER_ONLY_FILE), "ab") as file:
            file.write(entry.line() + b"\n")
            file.flush()
            os.fsync(file.fileno())
        return entry


def _chained(data: bytes) -> Iterator[Entry]:
    previous = FIRST
    for number, line in enumerate(data.split(b"\n")[:-1], start=1):
        entry = _entry(number, line)
        if entry.n != number or entry.previous != previous or entry.line() != line:
            raise _broken(number)
        previous = chain_digest(line)
        yield entry


def _entry(number: int, line: bytes) -> Entry:
    try:
        fields = json.loads(line)
        return Entry(**fields)
    except (ValueError, TypeError) as error:
        raise _broken(number) from error


def _broken(number: int) -> DiaryBrokenError:
    return DiaryBrokenError(
        f"the diary does not chain at entry {number}",
        "keep the file as it is and call your governance lead: it was changed, or the disk failed",
    )
