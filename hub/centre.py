"""The hub at work: its configuration, its keys and the time, in one value that is passed down.

The key files, all in `keys/` and owner-only; an attacker who reads one of them can

| file | do |
|---|---|
| agreement.key | propose an agreement in the hub's name (every practice still decides, the reviewers still sign) |
| receipt.key | acknowledge files that never came |
| seal.key | open the sealed counts in the mailboxes |
| snapshot.key, timestamp.key | show practices an older catalogue as the newest (they remember, and refuse) |
| ssh_host_ed25519 | pose as the hub's mailbox (what is sealed stays sealed) |
| web.secret | look at pages as any practice |
| offline/root-*.key, targets-*.key | any two: publish in the hub's name; keep them elsewhere |
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from governance.keys import (
    SealingKey,
    SigningKey,
    VerifyKey,
    read_sealing_key,
    read_signing_key,
    write_key,
)
from hub.config import WEB_SECRET_FILE, HubConfig
from hub.errors import HubConfigError
from hub.files import write_whole
from hub.repository import OnlineKeys, Repository

HOST_KEY_FILE = "ssh_host_ed25519"
ROOT_KEYS = ("root-1.key", "root-2.key", "root-3.key")
TARGETS_KEYS = ("targets-1.key", "targets-2.key", "targets-3.key")
_SIGNING = ("agreement.key", "receipt.key", "snapshot.key", "timestamp.key")


@dataclass(frozen=True, slots=True)
class HubKeys:
    """The keys that a running hub holds.

    Args:
        agreement: signs agreements.
        receipt: signs receipts.
        seal: opens results.
        online: signs what is newest in the catalogue.
    """

    agreement: SigningKey
    receipt: SigningKey
    seal: SealingKey
    online: OnlineKeys


@dataclass(frozen=True, slots=True)
class Centre:
    """A hub at work.

    Args:
        config: where it lives and what it is called.
        keys: what it signs and opens with.
        now: the time, UTC and aware.
    """

    config: HubConfig
    keys: HubKeys
    now: Callable[[], datetime]

    def today(self) -> date:
        """The day in UTC."""
        return self.now().date()

    def repository(self) -> Repository:
        """The catalogue, to be written at this time."""
        return Repository(self.config.repository, self.keys.online, self.now())


def open_centre(config: HubConfig, now: Callable[[], datetime] | None = None) -> Centre:
    """Read the keys of a hub.

    Raises:
        KeyFileError: one is missing, or others may read it.
    """
    return Centre(config, read_hub_keys(config.keys), now or _utc_now)


def read_hub_keys(folder: Path) -> HubKeys:
    """The keys in the hub's key folder.

    Raises:
        KeyFileError: one is missing, or others may read it.
    """
    agreement, receipt, snapshot, timestamp = (read_signing_key(folder / name) for name in _SIGNING)
    return HubKeys(agreement, receipt, read_sealing_key(folder / "seal.key"), OnlineKeys(snapshot, timestamp))


def create_hub_keys(folder: Path) -> HubKeys:
    """Make the keys of a new hub."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name in _SIGNING:
        write_key(folder / name, SigningKey.generate())
    write_key(folder / "seal.key", SealingKey.generate())
    host_key = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption())
    write_whole(folder / HOST_KEY_FILE, host_key, mode=0o600)
    write_whole(folder / WEB_SECRET_FILE, secrets.token_urlsafe(48).encode("ascii"), mode=0o600)
    return read_hub_keys(folder)


def create_offline_keys(folder: Path) -> tuple[list[SigningKey], list[SigningKey]]:
    """Make the root and the targets keys of a new hub: three of each, of which two must sign."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    root, targets = ([SigningKey.generate() for _ in names] for names in (ROOT_KEYS, TARGETS_KEYS))
    for name, key in zip((*ROOT_KEYS, *TARGETS_KEYS), (*root, *targets), strict=True):
        write_key(folder / name, key)
    return root, targets


def read_targets_keys(folder: Path) -> list[SigningKey]:
    """Those targets keys that are in this folder; two are enough.

    Raises:
        HubConfigError: fewer than two are there.
    """
    keys = [read_signing_key(folder / name) for name in TARGETS_KEYS if os.path.lexists(folder / name)]
    if len(keys) < 2:
        raise HubConfigError(
            f"{len(keys)} of the targets keys in {folder}, expected 2 or more", "say where they are with --offline-keys"
        )
    return keys


def public_keys(keys: list[SigningKey]) -> list[VerifyKey]:
    """The public halves."""
    return [key.public for key in keys]


def _utc_now() -> datetime:
    return datetime.now(tz=UTC)
