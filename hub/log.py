"""The hub's log: every event becomes an entry, in the same transaction; checkpoints are signed over it.

    event (row)  ->  entry, without figures  ->  leaf, its hashes, and the secret of its commitments

`hub.events.record` calls `append`, so that a row, its event and its leaf are all there or none is. The database's write
lock is held meanwhile: leaves have numbers without gaps. Events that an older version recorded before there was a log
are entered first, in their order.

A checkpoint that witnesses are to cosign stays the newest until enough have, or for a day: practices come when they
come, and all of them have to be shown the same one.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path

from django.db import transaction

from governance.checkpoint import Checkpoint, LogKey, SignedCheckpoint, log_origin, read_checkpoint, sign_checkpoint
from governance.cosignature import with_cosignatures
from governance.errors import NotLoggedError
from governance.keys import VerifyKey
from governance.log_entry import COMMITTED, SALT_BYTES, Kind, LogEntry, commitment, read_entry, salt_of, write_entry
from governance.log_policy import LogPolicy, practices_policy, read_policy, witnessed
from governance.merkle_tree import grown, kept_hashes, root_hash
from hub.centre import Centre
from hub.errors import HubError
from hub.models import Event, LogCheckpoint, LogHash, LogLeaf, LogSecret, Practice

HOLD = timedelta(days=1)
"""For so long at most a checkpoint waits for its quorum before a newer one takes its place."""

POLICY_FILE = "log-policy.txt"

ENTRIES: Mapping[str, Kind | None] = {
    "agreement_accept": Kind.AGREEMENT_ACCEPTED,
    "agreement_decline": Kind.AGREEMENT_DECLINED,
    "agreement_drafted": Kind.AGREEMENT_DRAFTED,
    "agreement_ended": Kind.AGREEMENT_ENDED,
    "agreement_proposed": Kind.AGREEMENT_PROPOSED,
    "agreement_resume": Kind.AGREEMENT_RESUMED,
    "agreement_reviewed": Kind.AGREEMENT_REVIEWED,
    "agreement_signed": Kind.AGREEMENT_SIGNED,
    "agreement_suspend": Kind.AGREEMENT_SUSPENDED,
    "agreement_withdraw": Kind.AGREEMENT_WITHDRAWN,
    "deletion_certified": Kind.DELETION_CERTIFIED,
    "hub_initialised": None,  # nothing of it is not in the catalogue
    "key_revoked": Kind.KEY_REVOKED,
    "key_rotated": Kind.KEY_ROTATED,
    "practice_added": None,  # a name in a list: nothing can run yet
    "practice_enrolled": Kind.KEY_ENROLLED,
    "practice_invited": None,  # likewise; the enrolment that follows is entered
    "quarantined": Kind.REFUSAL,
    "result_received": Kind.RESULT_RECEIVED,
    "search_published": Kind.SEARCH_PUBLISHED,
    "search_withdrawn": Kind.SEARCH_WITHDRAWN,
    "staff_added": Kind.KEY_ENROLLED,
    "viewed": Kind.VIEW,
}
"""What each event is in the log; None: it is not for the log, and why. An event that is not here cannot be recorded."""


def append(event: Event) -> None:
    """Enter an event, after any earlier one that has not been entered; call it in the event's own transaction.

    Raises:
        HubError: the log does not know this kind of event.
        FormatError: the event holds a fact that its entry may not hold.
    """
    if event.kind not in ENTRIES:
        raise HubError(f"event {event.kind} has no place in the log", "name it in hub/log.py, with its kind of entry")
    last = LogLeaf.objects.select_related("event").last()
    waiting = Event.objects.filter(pk__gt=last.event.pk if last else 0, kind__in=_entered())
    for one in waiting.select_related("practice").order_by("pk"):
        last = _enter(one, last)


def entry_of(event: Event, secret: bytes, not_before: datetime) -> LogEntry:
    """What the log says of an event.

    Args:
        event: the row.
        secret: from which the salts of its commitments come.
        not_before: the time of the entry before it: times never go back, even if the hub's clock does.
    """
    kind = ENTRIES[event.kind]
    if kind is None:
        raise HubError(f"event {event.kind} is not for the log")
    facts = {name: value for name, value in event.facts.items() if value is not None}
    return LogEntry(
        kind,
        max(event.at.replace(microsecond=0).astimezone(UTC), not_before),
        event.practice.code if event.practice else "",
        {name: value for name, value in facts.items() if name not in COMMITTED},
        {name: commitment(salt_of(secret, name), name, str(facts[name])) for name in sorted(COMMITTED & {*facts})},
    )


def size() -> int:
    """How many entries there are."""
    last = LogLeaf.objects.only("index").last()
    return last.index + 1 if last else 0


def read_hashes(places: Sequence[int]) -> list[bytes]:
    """The tree's hashes at these places."""
    found = {row.place: bytes(row.hash) for row in LogHash.objects.filter(place__in=places)}
    return [found[place] for place in places]


def log_key(centre: Centre) -> LogKey:
    """Which log this is, and its key."""
    return LogKey(log_origin(centre.config.code), centre.keys.receipt.public)


def newest(centre: Centre) -> LogCheckpoint:
    """The checkpoint that witnesses are shown: signed anew when the log has grown and the last one is settled."""
    with transaction.atomic():
        last, entries = LogCheckpoint.objects.last(), size()
        if last is not None and (last.size == entries or not _is_settled(centre, last)):
            return last
        checkpoint = Checkpoint(log_key(centre).origin, entries, root_hash(entries, read_hashes))
        note = sign_checkpoint(checkpoint, centre.keys.receipt)
        return LogCheckpoint.objects.create(size=entries, note=note, signed_at=centre.now())


def counting(centre: Centre) -> LogCheckpoint | None:
    """The newest checkpoint that enough witnesses have cosigned."""
    policy = policy_in_force(centre)
    rows = LogCheckpoint.objects.order_by("-size").prefetch_related("cosignatures__practice")
    return next((row for row in rows.iterator(chunk_size=20) if _counts(centre, row, policy)), None)


def with_words(centre: Centre, checkpoint: LogCheckpoint) -> bytes:
    """A checkpoint's note with the cosignatures that it has: those of the policy's witnesses first."""
    names = {name for name, _ in policy_in_force(centre).witnesses.values()}
    rows = sorted(checkpoint.cosignatures.select_related("practice"), key=lambda row: row.practice.code not in names)
    return with_cosignatures(signed(centre, checkpoint), tuple(bytes(row.line) for row in rows))


def signed(centre: Centre, checkpoint: LogCheckpoint) -> SignedCheckpoint:
    """A stored checkpoint, read."""
    return read_checkpoint(bytes(checkpoint.note), log_key(centre))


def policy_of_today(centre: Centre) -> LogPolicy:
    """Every practice that has enrolled, as witnesses: what the holders of the targets keys are asked to sign."""
    enrolled = Practice.objects.filter(enrolled_at__isnull=False)
    return practices_policy(log_key(centre), {one.code: VerifyKey.parse(one.signing_key) for one in enrolled})


def policy_in_force(centre: Centre) -> LogPolicy:
    """The policy that practices were last given; before any was, the hub's signature is enough."""
    path = centre.config.folder / POLICY_FILE
    if not path.exists():
        return practices_policy(log_key(centre), {})
    return _policy_of(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=2)
def _policy_of(path: Path, _changed: int) -> LogPolicy:
    """Read once: every proof asks for it, and there may be thousands of witnesses."""
    return read_policy(path.read_bytes())


def _enter(event: Event, last: LogLeaf | None) -> LogLeaf:
    index, secret = (last.index + 1 if last else 0), secrets.token_bytes(SALT_BYTES)
    not_before = read_entry(bytes(last.entry)).at if last else datetime.min.replace(tzinfo=UTC)
    entry = entry_of(event, secret, not_before)
    data = write_entry(entry)
    leaf = LogLeaf.objects.create(
        index=index,
        event=event,
        kind=entry.kind.value,
        practice=event.practice,
        agreement=str(entry.facts.get("agreement", "")),
        subject=_subject(event.facts),
        entry=data,
    )
    if entry.committed:
        LogSecret.objects.create(leaf=leaf, secret=secret)
    _keep(kept_hashes(index), grown(index, data, read_hashes))
    return leaf


def _keep(begin: int, hashes: Iterable[bytes]) -> None:
    LogHash.objects.bulk_create(LogHash(place=begin + at, hash=one) for at, one in enumerate(hashes))


def _subject(facts: Mapping[str, object]) -> str:
    return next((str(facts[name])[:64] for name in ("file", "digest", "key") if facts.get(name)), "")


def _entered() -> list[str]:
    return [kind for kind, entry in ENTRIES.items() if entry is not None]


def _is_settled(centre: Centre, checkpoint: LogCheckpoint) -> bool:
    waited_enough = centre.now() - checkpoint.signed_at >= HOLD
    return waited_enough or _counts(centre, checkpoint, policy_in_force(centre))


def _counts(centre: Centre, checkpoint: LogCheckpoint, policy: LogPolicy) -> bool:
    try:
        witnessed(with_words(centre, checkpoint), policy, log_key(centre))
    except NotLoggedError:
        return False
    return True
