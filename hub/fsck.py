"""Whether rows, events and the log agree: everything is worked out again from the smallest parts.

    leaves        numbered without gaps, each an entry, times in order; each as its event says
    tree          every hash computed again from the leaves; every checkpoint's root and signature
    events        every event that is for the log has one leaf; none stands before the log that is not in it
    rows          every result, agreement, search, word and enrolled key has its event, and the event its row

What this finds on the hub's own disk is what its operator must explain. It does not replace witnesses: whoever can
change every table alike is found out by those who have seen the log before.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from governance.errors import GovernanceError
from governance.keys import VerifyKey
from governance.log_entry import LogEntry, read_entry
from governance.merkle_tree import MerkleTree
from hub.centre import Centre
from hub.log import ENTRIES, entry_of, signed
from hub.models import (
    Agreement,
    Event,
    LogCheckpoint,
    LogHash,
    LogLeaf,
    LogSecret,
    Membership,
    Practice,
    PublishedSearch,
    Result,
)


@dataclass(frozen=True, slots=True)
class Checked:
    """What was checked, and every disagreement, each a sentence."""

    entries: int
    checkpoints: int
    events: int
    faults: tuple[str, ...]


def fsck(centre: Centre) -> Checked:
    """Check the whole hub; reads everything, changes nothing."""
    tree = MerkleTree()
    faults = [*_leaf_faults(tree), *_hash_faults(tree), *_checkpoint_faults(centre, tree), *_event_faults()]
    faults += [fault for check in _ROWS for fault in check()]
    return Checked(tree.size, LogCheckpoint.objects.count(), Event.objects.count(), tuple(faults))


def _leaf_faults(tree: MerkleTree) -> Iterator[str]:
    """Also grows the tree from the leaves."""
    before = datetime.min.replace(tzinfo=UTC)
    secrets = dict(LogSecret.objects.values_list("leaf_id", "secret"))
    for number, leaf in enumerate(LogLeaf.objects.select_related("event__practice").iterator(chunk_size=2000)):
        if leaf.index != number:
            yield f"entry {leaf.index}: it stands in the place of entry {number}"
        data = bytes(leaf.entry)
        tree.append(data)
        try:
            entry = read_entry(data)
            expected = entry_of(leaf.event, bytes(secrets.get(leaf.index, b"\0" * 32)), before)
        except GovernanceError as error:
            yield f"entry {number}: {error.message}"
            continue
        if entry.at < before:
            yield f"entry {number}: its time is before that of the entry before it"
        if not _agrees(entry, expected, is_open=leaf.index in secrets):
            yield f"entry {number}: it is not what event {leaf.event_id} says"
        before = entry.at


def _agrees(entry: LogEntry, expected: LogEntry, *, is_open: bool) -> bool:
    """Whether an entry says what its event says; without its secret, commitments are only counted."""
    if not is_open and {*entry.committed} == {*expected.committed}:
        expected = replace(expected, committed=entry.committed)
    return entry == expected


def _hash_faults(tree: MerkleTree) -> Iterator[str]:
    kept = {row.place: bytes(row.hash) for row in LogHash.objects.iterator(chunk_size=5000)}
    computed = dict(enumerate(tree.hashes()))
    for place in sorted({*kept} | {*computed}):
        if kept.get(place) != computed.get(place):
            yield f"hash {place} of the log's tree is not that of its entries"
            return  # every one above it is wrong too


def _checkpoint_faults(centre: Centre, tree: MerkleTree) -> Iterator[str]:
    for row in LogCheckpoint.objects.all():
        try:
            checkpoint = signed(centre, row)
        except GovernanceError as error:
            yield f"checkpoint of {row.size}: {error.message}"
            continue
        if (checkpoint.size, checkpoint.root) != (row.size, tree.root(row.size) if row.size <= tree.size else b""):
            yield f"checkpoint of {row.size}: the log's entries have another root"


def _event_faults() -> Iterator[str]:
    """Every event has its leaf, and no event is of an unknown kind."""
    for event in Event.objects.filter(leaf=None).iterator():
        if event.kind not in ENTRIES:
            yield f"event {event.pk}: the log knows no {event.kind}"
        elif ENTRIES[event.kind] is not None:
            yield f"event {event.pk}: {event.kind} is not in the log"


def _results() -> Iterator[str]:
    said = _said("result_received", "practice_id", "file")
    kept = {}
    for row in Result.objects.only("practice_id", "digest", "sealed", "sequence").iterator(chunk_size=200):
        kept[(row.practice_id, row.digest)] = row.sequence
        if hashlib.sha256(bytes(row.sealed)).hexdigest() != row.digest:
            yield f"result {row.pk}: its bytes are not those received"
    yield from _differences("result", {*kept}, said)


def _words() -> Iterator[str]:
    """A newer word overwrites an older: each word kept has its event."""
    words = (f"agreement_{decision}" for decision in ("accept", "decline", "withdraw", "suspend", "resume"))
    said = {one for kind in words for one in _said(kind, "practice_id", "file")}
    for row in Membership.objects.iterator():
        if (row.practice_id, hashlib.sha256(bytes(row.acceptance)).hexdigest()) not in said:
            yield f"word {row.pk} of a practice on an agreement has no event"


def _agreements() -> Iterator[str]:
    kept = {(row.agreement_id, row.digest) for row in Agreement.objects.iterator()}
    yield from _differences("agreement", kept, _said("agreement_proposed", "agreement", "digest"))


def _searches() -> Iterator[str]:
    rows = PublishedSearch.objects.values_list("agreement__agreement_id", "search_id", "digest")
    yield from _differences("search", {*rows}, _said("search_published", "agreement", "search", "digest"))


def _keys() -> Iterator[str]:
    enrolled = Practice.objects.filter(enrolled_at__isnull=False)
    kept = {(row.pk, VerifyKey.parse(row.signing_key).key_id) for row in enrolled}
    yield from _differences("key of practice", kept, _said("practice_enrolled", "practice_id", "key"))


_Rows = AbstractSet[tuple[object, ...]]

_ROWS: tuple[Callable[[], Iterator[str]], ...] = (_results, _words, _agreements, _searches, _keys)


def _said(kind: str, *names: str) -> set[tuple[object, ...]]:
    """What the events of a kind say, as the rows would."""
    events = Event.objects.filter(kind=kind)
    return {
        tuple(event.practice_id if name == "practice_id" else event.facts.get(name) for name in names)
        for event in events.iterator()
    }


def _differences(what: str, kept: _Rows, said: _Rows) -> Iterator[str]:
    yield from (f"{what} {' '.join(map(str, one))[:80]} has no event" for one in sorted(kept - said, key=str))
    yield from (f"event of {what} {' '.join(map(str, one))[:80]} has no row" for one in sorted(said - kept, key=str))
