"""Files that practices put into their mailboxes: found, read, set aside; and read again from what was stored."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from django.db import transaction

from governance.keys import VerifyKey
from governance.sealing import ReceivedResult, read_payload
from governance.suppress import ENGINE_VERSION, SafeTable, as_received
from governance.terms import read_agreement
from governance.wire import PART_SUFFIX, RESULT_LIMIT_BYTES
from hub.centre import Centre
from hub.enforce import rechecked
from hub.errors import QuarantineError
from hub.events import record
from hub.files import write_whole
from hub.models import Figure, Practice, Quarantined, Result
from hub.searches import shape_of

ABANDONED = timedelta(hours=24)
"""An upload that nobody has gone on with for so long is forgotten."""

MOST_KEPT = 500
"""Files of one practice kept in quarantine; beyond it only the note of why is, so that junk cannot fill the disk."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """A file waiting in a practice's mailbox."""

    practice: Practice
    path: Path


def waiting(centre: Centre) -> Iterator[Arrival]:
    """Every finished upload, practice by practice, in the order of its name (which begins with the sequence)."""
    for practice in Practice.objects.filter(enrolled_at__isnull=False):
        folder = centre.config.mailbox(practice.code) / "in"
        for path in sorted(folder.iterdir()) if folder.is_dir() else ():
            if not path.name.endswith(PART_SUFFIX):
                yield Arrival(practice, path)
            elif _is_abandoned(path, centre.now()):
                path.unlink(missing_ok=True)


def read_arrival(arrival: Arrival) -> bytes:
    """The bytes of a waiting file; the caller has not looked at them yet, so no more than a message's length is read.

    Raises:
        QuarantineError: it is longer than any message.
    """
    descriptor = os.open(arrival.path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0))
    with os.fdopen(descriptor, "rb") as file:
        data = file.read(RESULT_LIMIT_BYTES + 1)
    if len(data) > RESULT_LIMIT_BYTES:
        raise QuarantineError(f"the file is longer than {RESULT_LIMIT_BYTES} bytes", "too_large")
    return data


def set_aside(centre: Centre, arrival: Arrival, refusal: QuarantineError) -> None:
    """Move a file out of the mailbox into quarantine, with its reason; the same bytes again only add to a count."""
    data = arrival.path.read_bytes()
    digest = hashlib.sha256(data).hexdigest()
    folder = centre.config.quarantine(arrival.practice.code)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if sum(1 for _ in folder.iterdir()) < MOST_KEPT:
        write_whole(folder / digest, data, mode=0o600)
    with transaction.atomic():
        row, is_new = Quarantined.objects.get_or_create(
            practice=arrival.practice,
            digest=digest,
            reason=refusal.reason,
            defaults={"file_name": arrival.path.name[:255], "explanation": refusal.message, "at": centre.now()},
        )
        if not is_new:
            row.times += 1
            row.save(update_fields=["times"])
        record(centre, "quarantined", arrival.practice, file=digest, reason=refusal.reason)
    arrival.path.unlink(missing_ok=True)


def opened_message(result: Result) -> ReceivedResult:
    """What a stored result says, from the payload that the practice signed."""
    return read_payload(bytes(result.opened))


def opened_tables(result: Result) -> tuple[SafeTable, ...]:
    """The tables of a stored result, checked again against the profile they were received under.

    Those of earlier rules were checked with those when they came: they are given as they were received, and say so.
    """
    figures = Figure.objects.filter(result=result).select_related("search")
    shapes = {figure.search.search_id: shape_of(figure.search) for figure in figures}
    signed = read_agreement(bytes(result.agreement.envelope), VerifyKey.parse(result.agreement.signed_by))
    tables = opened_message(result).tables
    if any(table.engine_version < ENGINE_VERSION for table in tables):
        return tuple(as_received(table, shapes[table.search_id]) for table in tables)
    return rechecked(signed.agreement, tables, [shapes[table.search_id] for table in tables])


def _is_abandoned(path: Path, now: datetime) -> bool:
    return now.timestamp() - path.stat().st_mtime > ABANDONED.total_seconds()
