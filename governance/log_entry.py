"""Entries of the log: what happened, to which agreement, search, key or message, in a closed set of kinds.

An entry is canonical JSON, and exactly these bytes are the leaf:

    {"at":"2026-03-31T09:30:00Z","committed":{"file":"5dc9..."},"facts":{"agreement":"heart-health","sequence":7},
     "kind":"result_received","practice":"Z90001","schema":1}

* `facts` are ids, versions, dates, reason codes and digests of what is published anyway. No figure, no count of people,
  nothing of a patient: an entry can never be taken out again.
* `committed` are salted commitments to bytes that are not for everybody. An unsalted digest of a small table is found
  by trying all tables. The salt of each name comes from one secret of the entry, which is kept beside the log and can
  be deleted with what it hides: the entry then stays, and says nothing more.
* times never go back from one entry to the next.

What a kind may hold is the table `FACTS`; an unknown kind, or a fact that its kind does not have, is refused when it is
written and when it is read.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Final

from pydantic import Field

from governance.canonical import to_canonical
from governance.errors import FormatError
from governance.wire import Digest, Line, Message, PracticeCode, read_message

ENTRY_LIMIT_BYTES: Final = 8192
SALT_BYTES: Final = 32
_COMMITMENT = b"gpfed commitment v1\n"
_TIME = "%Y-%m-%dT%H:%M:%SZ"


class Kind(StrEnum):
    """Everything that the log records."""

    AGREEMENT_DRAFTED = "agreement_drafted"
    AGREEMENT_REVIEWED = "agreement_reviewed"
    AGREEMENT_PROPOSED = "agreement_proposed"
    AGREEMENT_SIGNED = "agreement_signed"
    AGREEMENT_ACCEPTED = "agreement_accepted"
    AGREEMENT_DECLINED = "agreement_declined"
    AGREEMENT_SUSPENDED = "agreement_suspended"
    AGREEMENT_RESUMED = "agreement_resumed"
    AGREEMENT_WITHDRAWN = "agreement_withdrawn"
    AGREEMENT_ENDED = "agreement_ended"  # superseded or expired; the reason says which
    SEARCH_PUBLISHED = "search_published"
    SEARCH_WITHDRAWN = "search_withdrawn"
    RESULT_RECEIVED = "result_received"
    REFUSAL = "refusal"
    KEY_ENROLLED = "key_enrolled"
    KEY_ROTATED = "key_rotated"
    KEY_REVOKED = "key_revoked"
    VIEW = "view"  # where an agreement asks it
    DELETION_CERTIFIED = "deletion_certified"


_AGREEMENT = frozenset({"agreement", "version", "digest", "person", "reason", "sequence"})
_SEARCH = frozenset({"agreement", "search", "version", "digest", "author", "clinical", "governance", "reason"})
_RESULT = frozenset({"agreement", "version", "reference_date", "sequence", "searches", "reason"})
_KEY = frozenset({"key", "previous_key", "person", "reason"})

FACTS: Final[Mapping[Kind, frozenset[str]]] = {
    **{kind: _AGREEMENT for kind in Kind if kind.startswith("agreement_")},
    **{kind: _SEARCH for kind in Kind if kind.startswith("search_")},
    **{kind: _KEY for kind in Kind if kind.startswith("key_")},
    Kind.RESULT_RECEIVED: _RESULT,
    Kind.REFUSAL: frozenset({"agreement", "search", "reason"}),
    Kind.VIEW: frozenset({"agreement", "search", "person", "role", "level", "reference_date"}),
    Kind.DELETION_CERTIFIED: frozenset({"agreement", "version", "reference_date", "sequence", "person", "reason"}),
}
"""Which facts an entry of a kind may hold."""

COMMITTED: Final = frozenset({"file", "restates", "certificate"})
"""Bytes (by their SHA-256) to which an entry may commit: a message, the one it restates, a certificate."""


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One entry.

    Args:
        kind: what happened.
        at: when, by the hub's clock; UTC, whole seconds.
        practice: whom it concerns, or the empty string.
        facts: see `FACTS`.
        committed: name -> `commitment`.
    """

    kind: Kind
    at: datetime
    practice: str = ""
    facts: Mapping[str, str | int] = field(default_factory=dict)
    committed: Mapping[str, str] = field(default_factory=dict)


class _EntryModel(Message):
    schema_: Annotated[int, Field(alias="schema", ge=1, le=1)]
    kind: str
    at: Annotated[str, Field(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$")]
    practice: PracticeCode | None
    facts: dict[str, int | Line]
    committed: dict[str, Digest]


def write_entry(entry: LogEntry) -> bytes:
    """The leaf's bytes.

    Raises:
        FormatError: the kind does not have such a fact, or a value is not one line of text or a number.
    """
    data = to_canonical(
        {
            "schema": 1,
            "kind": str(entry.kind),
            "at": entry.at.astimezone(UTC).strftime(_TIME),
            "practice": entry.practice or None,
            "facts": dict(entry.facts),
            "committed": dict(entry.committed),
        }
    )
    read_entry(data)
    return data


def read_entry(data: bytes) -> LogEntry:
    """An entry from a leaf's bytes.

    Raises:
        FormatError: it is not one, or not in its one spelling.
    """
    model = read_message(_EntryModel, data, ENTRY_LIMIT_BYTES, "log entry")
    if to_canonical(model.model_dump(by_alias=True)) != data:
        raise FormatError("log entry is not canonical JSON")
    if model.kind not in tuple(Kind):
        raise FormatError(f"log entry is of unknown kind {model.kind[:40]}")
    kind = Kind(model.kind)
    unknown = sorted({*model.facts} - FACTS[kind]) + sorted({*model.committed} - COMMITTED)
    if unknown:
        raise FormatError(f"log entry {kind} may not hold {unknown[0][:40]}")
    return LogEntry(kind, _time(model.at), model.practice or "", model.facts, model.committed)


def commitment(salt: bytes, name: str, digest: str) -> str:
    """A salted commitment to bytes of this digest.

    Args:
        salt: `salt_of` the entry's secret and the same name: 32 bytes.
        name: of `COMMITTED`.
        digest: SHA-256 of the bytes, 64 hex digits.
    """
    if len(salt) != SALT_BYTES or not re.fullmatch(r"[0-9a-f]{64}", digest):
        raise FormatError(f"commitment to {name} is not made of a salt of {SALT_BYTES} bytes and a SHA-256")
    return hashlib.sha256(_COMMITMENT + name.encode() + b"\n" + salt + bytes.fromhex(digest)).hexdigest()


def salt_of(secret: bytes, name: str) -> bytes:
    """The salt of one commitment: showing it opens that one and no other (HMAC-SHA256 of the entry's secret)."""
    return hmac.digest(secret, name.encode(), "sha256")


def _time(text: str) -> datetime:
    try:
        return datetime.strptime(text, _TIME).replace(tzinfo=UTC)
    except ValueError as error:
        raise FormatError("log entry holds a time that does not exist") from error
