"""Writing the hub's record: every change is recorded, and entered in the log, in the transaction that makes it."""

from __future__ import annotations

from django.db import transaction

from hub.centre import Centre
from hub.log import append
from hub.models import Event, Practice


def record(centre: Centre, kind: str, practice: Practice | None = None, **facts: str | int | bool | None) -> None:
    """Add an event and its entry in the log; call it inside the transaction of what it records.

    Args:
        centre: the hub.
        kind: what happened.
        practice: whom it concerns, if one.
        facts: ids, digests and reasons; never a figure.
    """
    with transaction.atomic():
        append(Event.objects.create(at=centre.now(), kind=kind, practice=practice, facts=facts))
