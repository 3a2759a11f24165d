"""A small log for tests: a hub's key, practices' keys, entries, checkpoints, and what a hub would serve of them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from governance.checkpoint import Checkpoint, LogKey, log_origin, read_checkpoint, sign_checkpoint
from governance.cosignature import cosign, with_cosignatures
from governance.keys import SigningKey
from governance.log_bundle import LogBundle, Selected
from governance.log_entry import Kind, LogEntry, commitment, salt_of, write_entry
from governance.log_policy import LogPolicy, practices_policy
from governance.log_proof import Offer, Shown, write_offer, write_proof
from governance.merkle_tree import MerkleTree

HUB_KEY = SigningKey(hashlib.sha256(b"log hub").digest())
OTHER_KEY = SigningKey(hashlib.sha256(b"somebody else").digest())
LOG = LogKey(log_origin("NORTHSIDE"), HUB_KEY.public)
CODES = ("Z90001", "Z90002", "Z90003", "Z90004", "Z90005")
KEYS = {code: SigningKey(hashlib.sha256(code.encode()).digest()) for code in CODES}
AT = datetime(2026, 3, 31, 9, 30, tzinfo=UTC)
SECRET = bytes(range(32))


def policy(codes: Sequence[str] = CODES) -> LogPolicy:
    return practices_policy(LOG, {code: KEYS[code].public for code in codes})


def result_entry(number: int, practice: str = "Z90001", **changes: object) -> bytes:
    """The entry of a practice's message of this number, whose file is `file_digest(number)`."""
    facts = {"agreement": "heart-health", "reference_date": "2026-03-31", "sequence": number}
    committed = {"file": commitment(salt_of(SECRET, "file"), "file", file_digest(number))}
    fields: dict[str, object] = {
        "kind": Kind.RESULT_RECEIVED,
        "at": AT + timedelta(minutes=number),
        "practice": practice,
        "facts": facts,
        "committed": committed,
    }
    return write_entry(LogEntry(**{**fields, **changes}))  # type: ignore[arg-type]


def file_digest(number: int) -> str:
    return hashlib.sha256(f"file {number}".encode()).hexdigest()


class Log:
    """A log in memory, of honest entries unless told otherwise."""

    def __init__(self, entries: Sequence[bytes] = (), key: SigningKey = HUB_KEY) -> None:
        self.tree, self.leaves, self.key = MerkleTree(), [], key
        for entry in entries:
            self.append(entry)

    def append(self, entry: bytes) -> int:
        self.leaves.append(entry)
        return self.tree.append(entry)

    def note(self, size: int | None = None, cosigners: Sequence[str] = (), at: datetime = AT) -> bytes:
        size = self.tree.size if size is None else size
        checkpoint = Checkpoint(LOG.origin, size, self.tree.root(size))
        note = sign_checkpoint(checkpoint, self.key)
        lines = tuple(cosign(checkpoint.text, code, KEYS[code], at) for code in cosigners)
        return with_cosignatures(read_checkpoint(note, LogKey(LOG.origin, self.key.public)), lines)

    def offer(self, old: int, new: int | None = None) -> bytes:
        proof = self.tree.consistency(old, new)
        return write_offer(Offer(old, proof.hashes, self.note(new)))

    def shown(self, index: int, note: bytes | None = None, size: int | None = None) -> Shown:
        proof = self.tree.inclusion(index, size)
        salts = {"file": salt_of(SECRET, "file")}
        return Shown(self.leaves[index], salts, index, proof.hashes, note or self.note(size))

    def proof(self, index: int, note: bytes | None = None, size: int | None = None) -> bytes:
        return write_proof(self.shown(index, note, size))

    def bundle(self, indices: Sequence[int], cosigners: Sequence[str] = CODES[:3]) -> LogBundle:
        note = self.note(cosigners=cosigners)
        entries = tuple(Selected(self.shown(index, note), {"file": file_digest(index + 1)}) for index in indices)
        return LogBundle("results of March", LOG, policy(), note, entries)


def log_of(count: int, practice: str = "Z90001") -> Log:
    return Log([result_entry(number, practice) for number in range(1, count + 1)])
