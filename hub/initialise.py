"""The first, empty signed catalogue of a new hub."""

from __future__ import annotations

from pathlib import Path

from django.db import transaction

from hub.centre import Centre, create_offline_keys
from hub.events import record
from hub.staff import publish_identity


def initialise(centre: Centre, offline: Path | None = None) -> None:
    """Make root and targets keys, and write the first catalogue: it says who the hub is, and nothing else.

    Args:
        centre: a hub that was just founded.
        offline: where the six keys go; `keys/offline` in the hub's folder if not given.
    """
    root_keys, targets_keys = create_offline_keys(offline or offline_folder(centre))
    with transaction.atomic():
        centre.repository().create(root_keys, targets_keys)
        publish_identity(centre, targets_keys)
        record(centre, "hub_initialised", code=centre.config.code)


def offline_folder(centre: Centre) -> Path:
    """Where root and targets keys are made, until somebody moves them to a safer place."""
    return centre.config.keys / "offline"
