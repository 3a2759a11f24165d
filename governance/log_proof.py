"""How the hub's log shows itself to a practice: two texts, each with the newest checkpoint it was made for.

To be a witness (C2SP tlog-witness, the body of `add-checkpoint`; fetched, not posted, because practices take no calls):

    old 20852014                                      the size that the witness has seen
    PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=      consistency proof, one hash a line
                                                      (an empty line)
    NORTHSIDE/log                                     the checkpoint, as signed
    ...

That an entry is in the log (C2SP tlog-proof v1):

    c2sp.org/tlog-proof@v1
    extra eyJlbnRyeSI6Ii4uLiJ9                        base64 of canonical JSON: the entry, salts of its commitments
    index 73894
    gSKyXoYZUgZ6jduWYrkDOARinOMGJveXjgMkBTcdPlQ=      inclusion proof, from the leaf's sibling up
                                                      (an empty line)
    NORTHSIDE/log                                     the checkpoint, as signed, with cosignatures
    ...

`extra` is signed by nobody. It is believed only because its entry's hash is the leaf that the proof leads from, and
because a salt opens a commitment in that entry or does not.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Final

from pydantic import Field

from governance.canonical import to_canonical
from governance.checkpoint import CHECKPOINT_LIMIT_BYTES, SignedCheckpoint
from governance.errors import FormatError, ProofError
from governance.log_entry import ENTRY_LIMIT_BYTES, LogEntry, commitment, read_entry
from governance.merkle_proof import (
    EMPTY_ROOT,
    MOST_HASHES,
    ConsistencyProof,
    InclusionProof,
    leaf_hash,
    verify_consistency,
    verify_inclusion,
)
from governance.signing import decode64, encode64
from governance.wire import Digest, Message, read_message

PROOF_LIMIT_BYTES: Final = CHECKPOINT_LIMIT_BYTES + 4 * ENTRY_LIMIT_BYTES
_HEADER = "c2sp.org/tlog-proof@v1"
_NUMBER = "(?:0|[1-9][0-9]{0,15})"
_OLD = re.compile(rf"old ({_NUMBER})", re.ASCII)
_INDEX = re.compile(rf"index ({_NUMBER})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Offer:
    """What a witness is asked to cosign: a checkpoint's note and the hashes that should lead to it from `old`."""

    old: int
    hashes: tuple[bytes, ...]
    note: bytes


@dataclass(frozen=True, slots=True)
class Shown:
    """An entry as the hub shows it, not verified.

    Args:
        leaf: the entry's bytes.
        salts: name -> salt, for the commitments that the reader may open.
        index: its number.
        hashes: its inclusion proof.
        note: the checkpoint.
    """

    leaf: bytes
    salts: Mapping[str, bytes]
    index: int
    hashes: tuple[bytes, ...]
    note: bytes

    @property
    def entry(self) -> LogEntry:
        """The entry, read."""
        return read_entry(self.leaf)

    def opens(self, name: str, digest: str) -> bool:
        """Whether the entry commits to bytes of this digest under this name, as far as the reader is shown."""
        committed = self.entry.committed.get(name)
        return committed is not None and name in self.salts and commitment(self.salts[name], name, digest) == committed


class _ExtraModel(Message):
    entry: Annotated[str, Field(max_length=ENTRY_LIMIT_BYTES)]
    salts: dict[str, Digest]


def write_offer(offer: Offer) -> bytes:
    """The text that a witness fetches."""
    return b"".join((f"old {offer.old}\n".encode(), *_hash_lines(offer.hashes), b"\n", offer.note))


def read_offer(data: bytes) -> Offer:
    """An offer from its text.

    Raises:
        FormatError: it is not one.
    """
    (first, *lines), note = _split(data, "offer")
    match = _OLD.fullmatch(first)
    if match is None:
        raise FormatError("offer of a checkpoint does not begin with the old size")
    return Offer(int(match[1]), _hashes(lines, "offer"), note)


def check_offer(offer: Offer, signed: SignedCheckpoint, seen: tuple[int, bytes]) -> None:
    """Return if the offered checkpoint continues what the witness has seen.

    Args:
        offer: as read.
        signed: its checkpoint, whose signature was checked.
        seen: size and root that the witness has seen last; (0, EMPTY_ROOT) for nothing.

    Raises:
        ProofError: it does not: entries were edited, moved or taken out, or the log shown is another.
    """
    old, root = seen
    if offer.old != old:
        raise ProofError(f"offer begins at a log of {offer.old}, seen was one of {old}")
    verify_consistency(root if old else EMPTY_ROOT, ConsistencyProof(old, signed.size, offer.hashes), signed.root)


def write_proof(shown: Shown) -> bytes:
    """The text of an inclusion proof."""
    salts = {name: salt.hex() for name, salt in shown.salts.items()}
    extra = encode64(to_canonical({"entry": shown.leaf.decode("utf-8"), "salts": salts}))
    head = f"{_HEADER}\nextra {extra}\nindex {shown.index}\n".encode()
    return b"".join((head, *_hash_lines(shown.hashes), b"\n", shown.note))


def read_proof(data: bytes) -> Shown:
    """An entry from the text of its proof: nothing of it is verified.

    Raises:
        FormatError: it is not one.
    """
    lines, note = _split(data, "proof")
    match = _INDEX.fullmatch(lines[2]) if len(lines) > 2 else None
    if match is None or lines[0] != _HEADER or not lines[1].startswith("extra "):
        raise FormatError(f"proof does not begin with {_HEADER}, an entry and its index")
    extra = decode64(lines[1].removeprefix("extra "), "proof")
    model = read_message(_ExtraModel, extra, 2 * ENTRY_LIMIT_BYTES, "entry in a proof")
    salts = {name: bytes.fromhex(salt) for name, salt in model.salts.items()}
    return Shown(model.entry.encode(), salts, int(match[1]), _hashes(lines[3:], "proof"), note)


def check_shown(shown: Shown, signed: SignedCheckpoint) -> LogEntry:
    """The entry, if it is in the log of this checkpoint.

    Raises:
        ProofError: it is not.
        FormatError: the leaf is not an entry.
    """
    verify_inclusion(leaf_hash(shown.leaf), InclusionProof(shown.index, signed.size, shown.hashes), signed.root)
    return shown.entry


def _hash_lines(hashes: tuple[bytes, ...]) -> list[bytes]:
    return [f"{encode64(one)}\n".encode() for one in hashes]


def _hashes(lines: list[str], what: str) -> tuple[bytes, ...]:
    if len(lines) > MOST_HASHES:
        raise FormatError(f"{what} has {len(lines)} hashes, at most {MOST_HASHES} are read")
    return tuple(decode64(line, what) for line in lines)


def _split(data: bytes, what: str) -> tuple[list[str], bytes]:
    """The lines before the first empty line, and the note after it."""
    if len(data) > PROOF_LIMIT_BYTES:
        raise FormatError(f"{what} is {len(data)} bytes, at most {PROOF_LIMIT_BYTES} are read")
    head, blank, note = data.partition(b"\n\n")
    if not blank or not head.isascii():
        raise FormatError(f"{what} has no checkpoint after an empty line")
    return head.decode("ascii").split("\n"), note
