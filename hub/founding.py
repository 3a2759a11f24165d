"""A hub's folder before there is a database: configuration and keys, then Django and its tables.

Stands apart from everything that imports models, which Django allows only once it is configured.
"""

from __future__ import annotations

from pathlib import Path

from hub.centre import create_hub_keys
from hub.config import CONFIG_FILE, HubConfig
from hub.errors import HubConfigError
from hub.files import write_whole
from hub.settings import configure, migrate


def found(folder: Path, text: str) -> HubConfig:
    """Make the folder of a new hub, and configure this process for it.

    Args:
        folder: made if need be.
        text: of `hub.toml`, from `hub.config.config_text`.

    Raises:
        HubConfigError: the folder holds a hub.
    """
    create_files(folder, text)
    config = configure(folder)
    migrate()
    return config


def create_files(folder: Path, text: str) -> None:
    """Write configuration and keys of a new hub.

    Raises:
        HubConfigError: the folder holds a hub.
    """
    if (folder / CONFIG_FILE).exists():
        raise HubConfigError(f"{folder} holds a hub", "choose another folder: a hub is never written over")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    create_hub_keys(folder / "keys")
    write_whole(folder / CONFIG_FILE, text.encode("utf-8"), mode=0o600)
