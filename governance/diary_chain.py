r"""The form of an agent's diary: lines that chain, so that an edit, a swap or a gap shows. Pure functions.

One entry is one line: JSON with its keys sorted, without blanks, in ASCII, ending in a newline:

    {"at":"2026-03-31T10:00:00Z","event":"spooled","facts":{"sequence":1},"n":1,"previous":"00...00"}

* `n` counts from 1 without gaps.
* `previous` is the SHA-256 (hex) of "gpfed diary v1\n" and the line before without its newline; the first has 64 zeros.
* `facts` are flat: text, whole numbers, yes or no. Never a figure, never anything of a patient.

A last piece without its newline is a torn tail: what a crash leaves. It is reported, not refused; the entries before
it stand. Lines cut off at the end leave a shorter chain that is whole: receipts, which others signed, show what is
missing.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Final

from pydantic import Field

from governance.canonical import from_json
from governance.errors import ChainError, FormatError
from governance.wire import FIRST, Digest, Message, fit

__all__ = ["FIRST", "Chain", "Entry", "chain_digest", "next_entry", "verify_lines"]

LINE_LIMIT_BYTES: Final = 64 * 1024
_CONTEXT: Final = b"gpfed diary v1\n"
Facts = Mapping[str, str | int | bool]


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a diary.

    Args:
        n: its number, from 1.
        at: UTC, whole seconds, as `2026-03-31T10:00:00Z`.
        event: what happened, one word.
        facts: ids, digests, reasons.
        previous: `chain_digest` of the line before, or `FIRST`.
    """

    n: int
    at: str
    event: str
    facts: Facts
    previous: str

    def line(self) -> bytes:
        """As it stands in the file, without its newline."""
        fields = {"n": self.n, "at": self.at, "event": self.event, "facts": dict(self.facts), "previous": self.previous}
        return json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode("ascii")


@dataclass(frozen=True, slots=True)
class Chain:
    """A diary that holds together.

    Args:
        entries: in order.
        torn: the piece after the last newline; empty if the last write was whole.
        head: `chain_digest` of the last line, or `FIRST`: what the next entry names.
    """

    entries: tuple[Entry, ...]
    torn: bytes
    head: str


class _EntryModel(Message):
    n: Annotated[int, Field(ge=1)]
    at: Annotated[str, Field(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$")]
    event: Annotated[str, Field(pattern="^[a-z][a-z0-9_]{0,39}$")]
    facts: dict[str, bool | int | str]
    previous: Digest


def chain_digest(line: bytes) -> str:
    """What the entry after this line (without its newline) names as `previous`."""
    return hashlib.sha256(_CONTEXT + line).hexdigest()


def next_entry(last: Entry | None, at: str, event: str, facts: Facts) -> Entry:
    """The entry that follows `last`, or the first."""
    if last is None:
        return Entry(1, at, event, dict(facts), FIRST)
    return Entry(last.n + 1, at, event, dict(facts), chain_digest(last.line()))


def verify_lines(data: bytes) -> Chain:
    """Read a diary and check that every entry follows from the one before it.

    Raises:
        ChainError: an entry was edited, moved or taken out; names the first that does not fit.
    """
    end = data.rfind(b"\n") + 1
    entries: list[Entry] = []
    previous = FIRST
    for number, line in enumerate(data[:end].split(b"\n")[:-1], start=1):
        entry = _entry(number, line)
        if entry.n != number:
            raise ChainError(f"diary: line {number} holds entry {entry.n}: lines were taken out or moved")
        if entry.previous != previous:
            raise ChainError(f"diary: entry {number} does not follow from the one before it: one of them was edited")
        entries.append(entry)
        previous = chain_digest(line)
    return Chain(tuple(entries), data[end:], previous)


def _entry(number: int, line: bytes) -> Entry:
    what = f"diary: line {number}"
    try:
        model = fit(_EntryModel, from_json(line, LINE_LIMIT_BYTES, what), what)
    except FormatError as error:
        raise ChainError(error.message) from error
    entry = Entry(model.n, model.at, model.event, model.facts, model.previous)
    if entry.line() != line:
        raise ChainError(f"{what} is not written as the diary writes: it was edited")
    return entry
