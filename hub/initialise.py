"""Making a new hub: folder, configuration, keys, database, and an empty signed catalogue."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from hub.centre import Centre, create_hub_keys, create_offline_keys, open_centre
from hub.config import CONFIG_FILE, config_text
from hub.errors import HubConfigError
from hub.events import record
from hub.files import write_whole
from hub.settings import configure, migrate
from hub.staff import publish_identity


def create_files(folder: Path, text: str) -> None:
    """Write configuration and keys of a new hub; `text` is from `config_text`.

    Raises:
        HubConfigError: the folder holds a hub.
    """
    if (folder / CONFIG_FILE).exists():
        raise HubConfigError(f"{folder} holds a hub", "choose another folder: a hub is never written over")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    create_hub_keys(folder / "keys")
    write_whole(folder / CONFIG_FILE, text.encode("utf-8"), mode=0o600)


def initialise(
    folder: Path, text: str, offline: Path | None = None, now: Callable[[], datetime] | None = None
) -> Centre:
    """Make a new hub and open it.

    Args:
        folder: the hub's folder; made if need be.
        text: of `hub.toml`, from `hub.config.config_text`.
        offline: where the root and targets keys go; `keys/offline` in the folder if not given.
        now: the time, UTC and aware.

    Raises:
        HubConfigError: the folder holds a hub.
    """
    create_files(folder, text)
    config = configure(folder)
    migrate()
    centre = open_centre(config, now)
    root_keys, targets_keys = create_offline_keys(offline or config.keys / "offline")
    centre.repository().create(root_keys, targets_keys)
    publish_identity(centre, targets_keys)
    record(centre, "hub_initialised", code=config.code)
    return centre


__all__ = ["config_text", "create_files", "initialise"]
