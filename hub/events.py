"""Writing the hub's record: every change is recorded in the transaction that makes it."""

from __future__ import annotations

from hub.centre import Centre
from hub.models import Event, Practice


def record(centre: Centre, kind: str, practice: Practice | None = None, **facts: str | int | bool | None) -> None:
    """Add an event; call it inside the transaction of what it records.

    Args:
        centre: the hub.
        kind: what happened.
        practice: whom it concerns, if one.
        facts: ids, digests and reasons; never a figure.
    """
    Event.objects.create(at=centre.now(), kind=kind, practice=practice, facts=facts)
