"""Checkpoints of the log (C2SP tlog-checkpoint v1): the hub's signed word on how long its log is and what it holds.

    NORTHSIDE/log                                     origin: the hub's code and the log's name, also the signer's name
    20852163                                          size: number of entries, no leading zero
    CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=      root (RFC 6962) of the tree of that size, base64

    — NORTHSIDE/log base64(key id, 4 bytes || Ed25519 signature, 64 bytes)

The signed text is those three lines. Lines beyond them, which the format allows and advises against, are refused: ours
has none. The hub signs with its receipt key: a receipt says that a message came, a checkpoint that it stays.
Cosignatures of witnesses are further signature lines (`governance.cosignature`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from governance.errors import FormatError
from governance.keys import SigningKey, VerifyKey
from governance.merkle_proof import EMPTY_ROOT, HASH_BYTES
from governance.note import open_note, sign_note
from governance.signing import decode64, encode64

CHECKPOINT_LIMIT_BYTES: Final = 8192
_TEXT = re.compile(r"(?P<origin>[^\n]+)\n(?P<size>0|[1-9][0-9]{0,15})\n(?P<root>[A-Za-z0-9+/]{43}=)\n", re.ASCII)


@dataclass(frozen=True, slots=True)
class LogKey:
    """Which log, and who must have signed for it."""

    origin: str
    key: VerifyKey


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """How long a log is, and its root."""

    origin: str
    size: int
    root: bytes

    @property
    def text(self) -> str:
        """What is signed."""
        return f"{self.origin}\n{self.size}\n{encode64(self.root)}\n"


@dataclass(frozen=True, slots=True)
class SignedCheckpoint:
    """A checkpoint that its log signed, with the note as received."""

    checkpoint: Checkpoint
    note: bytes

    @property
    def size(self) -> int:
        """Entries."""
        return self.checkpoint.size

    @property
    def root(self) -> bytes:
        """The root."""
        return self.checkpoint.root


def log_origin(hub: str) -> str:
    """The origin of a hub's log."""
    return f"{hub}/log"


def sign_checkpoint(checkpoint: Checkpoint, key: SigningKey) -> bytes:
    """A checkpoint as a note, signed by its log."""
    _check(checkpoint)
    return sign_note(checkpoint.text, checkpoint.origin, key)


def read_checkpoint(note: bytes, log: LogKey) -> SignedCheckpoint:
    """A checkpoint that this log has signed.

    Raises:
        FormatError: it is not a checkpoint, or another log's.
        SignatureError: the log has not signed it.
    """
    match = _TEXT.fullmatch(open_note(note, log.origin, log.key))
    if match is None:
        raise FormatError("note is signed, but is not a checkpoint of three lines")
    if match["origin"] != log.origin:
        raise FormatError(f"checkpoint is of log {match['origin'][:80]}, expected {log.origin}")
    checkpoint = Checkpoint(log.origin, int(match["size"]), decode64(match["root"], "checkpoint"))
    _check(checkpoint)
    return SignedCheckpoint(checkpoint, note)


def _check(checkpoint: Checkpoint) -> None:
    if len(checkpoint.root) != HASH_BYTES or checkpoint.size < 0:
        raise FormatError("checkpoint is not a size and a root")
    if checkpoint.size == 0 and checkpoint.root != EMPTY_ROOT:  # C2SP tlog-witness: refused
        raise FormatError("checkpoint of an empty log has another root than the empty log's")
