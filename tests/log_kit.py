"""A small log for tests: a hub's key, practices' keys, entries, checkpoints, and what a hub would serve of them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from governance.checkpoint import Checkpoint, LogKey, log_origin, read_checkpoint, sign_checkpoint
from governance.cosignature import cosign, with_cosignatures
from governance.keys import SigningKey
from governance.log_bundle import LogBundle, Selected
from governance.log_entry import Kind, LogEntry, commitment, salt_of, write_entry
from governance.log_policy import LogPolicy, practices_policy
from governance.log_proof import Offer, Shown, write_offer, write_proof
from governance.merkle_tree import MerkleTree
from hub.errors import NotThereError

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


class Shelf:
    """What a hub shows of a log, without a database; honest, unless its parts are changed."""

    def __init__(self, key: SigningKey = HUB_KEY, origin_at: datetime = AT) -> None:
        self.log = Log(key=key)
        self.places: dict[str, int] = {}
        self.words: dict[int, dict[str, bytes]] = {}
        self.at = origin_at

    def enter(self, path: str, entry: LogEntry, file: str = "") -> None:
        """Append an entry and show it under a path; `file` is the digest that it commits to."""
        committed = {"file": commitment(salt_of(SECRET, "file"), "file", file)} if file else {}
        self.places.setdefault(path, self.log.append(write_entry(replace(entry, committed=committed))))

    def enter_agreement(self, agreement: str, digest: str) -> None:
        facts = {"agreement": agreement, "version": 1, "digest": digest}
        entry = LogEntry(Kind.AGREEMENT_PROPOSED, self.at, "", facts)
        self.enter(f"/log/proof/agreement/{agreement}/{digest}", entry)

    def enter_search(self, agreement: str, search: str, digest: str) -> None:
        facts = {"agreement": agreement, "search": search, "version": 1, "digest": digest}
        entry = LogEntry(Kind.SEARCH_PUBLISHED, self.at, "", facts)
        self.enter(f"/log/proof/search/{agreement}/{digest}", entry)

    def enter_message(self, kind: Kind, practice: str, facts: Mapping[str, str | int], file: str) -> None:
        self.enter(f"/log/proof/message/{file}", LogEntry(kind, self.at, practice, facts), file)

    def read(self, path: str) -> bytes:
        match path.split("/")[2:]:
            case ["offer", old]:
                return self.offer(int(old), self.log.tree.size)
            case ["offer", old, new]:
                return self.offer(int(old), int(new))
            case ["checkpoint"]:
                return self.note()
            case _:
                if path not in self.places:
                    raise NotThereError("there is no such file")
                return write_proof(self.log.shown(self.places[path], self.note()))

    def take(self, size: int, line: bytes) -> None:
        name = line.decode().split(" ")[1]
        self.words.setdefault(size, {})[name] = line

    def note(self) -> bytes:
        """The newest checkpoint with the words that it has."""
        note = self.log.note()
        signed = read_checkpoint(note, LogKey(LOG.origin, self.log.key.public))
        return with_cosignatures(signed, tuple(self.words.get(signed.size, {}).values()))

    def offer(self, old: int, new: int) -> bytes:
        return self.log.offer(old, new) if old <= new else write_offer(Offer(old, (), self.log.note(new)))
