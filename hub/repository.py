"""Writes the signed catalogue that practices pull: a TUF repository (The Update Framework 1.0.34).

    metadata/<version>.root.json             2 of 3 root keys     1 year
    metadata/<version>.targets.json          2 of 3 targets keys  90 days  hub.json, and who may sign what
    metadata/<version>.agreement-<id>.json   2 reviewers          35 days  that agreement and its searches
    metadata/<version>.snapshot.json         hub                  14 days  the versions that belong together
    metadata/timestamp.json                  hub                  8 days   the newest snapshot
    targets/.../<sha256>.<name>                                            the files themselves

Every name but timestamp.json holds a version or a digest and is written once. `timestamp.json` is renamed into place
after all the others, so that a practice sees either the old catalogue or the new one, whole (consistent snapshots, TUF
section 6.2).
Nothing is written that has too few signatures.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypeVar

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from securesystemslib.signer import CryptoSigner, Key, SSlibKey
from tuf.api.exceptions import UnsignedMetadataError
from tuf.api.metadata import (
    DelegatedRole,
    Delegations,
    Metadata,
    MetaFile,
    Root,
    Snapshot,
    TargetFile,
    Targets,
    Timestamp,
)

from governance.keys import SigningKey, VerifyKey
from governance.targets import (
    AGREEMENT_DAYS,
    AGREEMENT_THRESHOLD,
    ROOT_DAYS,
    ROOT_THRESHOLD,
    SNAPSHOT_DAYS,
    TARGETS_DAYS,
    TARGETS_THRESHOLD,
    TIMESTAMP_DAYS,
)
from hub.errors import PublicationError
from hub.files import write_whole

LIFETIME = {
    Root.type: timedelta(days=ROOT_DAYS),
    Targets.type: timedelta(days=TARGETS_DAYS),
    Snapshot.type: timedelta(days=SNAPSHOT_DAYS),
    Timestamp.type: timedelta(days=TIMESTAMP_DAYS),
}
AGREEMENT_LIFETIME = timedelta(days=AGREEMENT_DAYS)
R = TypeVar("R", Root, Targets, Snapshot, Timestamp)


@dataclass(frozen=True, slots=True)
class OnlineKeys:
    """The two keys that the hub itself holds: they say what is newest, never what is true."""

    snapshot: SigningKey
    timestamp: SigningKey


@dataclass(frozen=True, slots=True)
class Delegation:
    """Who may sign the files of one agreement.

    Args:
        role: the role's name.
        paths: patterns of the files it may sign.
        keys: any two of these must have signed.
    """

    role: str
    paths: tuple[str, ...]
    keys: tuple[VerifyKey, ...]


class Repository:
    """The catalogue of one hub.

    Args:
        folder: holds `metadata/` and `targets/`.
        online: the hub's own two keys.
        now: the time, UTC and aware.
    """

    def __init__(self, folder: Path, online: OnlineKeys, now: datetime) -> None:
        self._metadata = folder / "metadata"
        self._targets = folder / "targets"
        self._online = online
        self._now = now.replace(microsecond=0)

    def create(self, root_keys: Sequence[SigningKey], targets_keys: Sequence[SigningKey]) -> bytes:
        """Write the first root and an empty catalogue.

        Returns:
            The root's bytes; their digest goes into every enrolment code.
        """
        root = Root(consistent_snapshot=True)
        for key in root_keys:
            root.add_key(tuf_key(key.public), Root.type)
        for key in targets_keys:
            root.add_key(tuf_key(key.public), Targets.type)
        root.add_key(tuf_key(self._online.snapshot.public), Snapshot.type)
        root.add_key(tuf_key(self._online.timestamp.public), Timestamp.type)
        root.roles[Root.type].threshold = ROOT_THRESHOLD
        root.roles[Targets.type].threshold = TARGETS_THRESHOLD
        signed = self._sign(Metadata(root), root_keys, LIFETIME[Root.type])
        root.verify_delegate(Root.type, signed.signed_bytes, signed.signatures)
        write_whole(self._metadata / "1.root.json", signed.to_bytes())
        self._put("targets", Metadata(Targets()), targets_keys, LIFETIME[Targets.type])
        self._point_at({"targets.json": 1})
        return signed.to_bytes()

    def root_bytes(self) -> bytes:
        """The first root, which a practice starts from."""
        return (self._metadata / "1.root.json").read_bytes()

    def put_hub_file(self, path: str, data: bytes, keys: Sequence[SigningKey]) -> None:
        """Put a file that the targets role itself signs."""
        targets = self._role("targets")
        targets.signed.targets[path] = self._store(path, data)
        self._replace("targets", targets, keys, LIFETIME[Targets.type])

    def delegate(self, delegation: Delegation, keys: Sequence[SigningKey]) -> None:
        """Say who may sign the files of an agreement; replaces what was said before of the same agreement."""
        targets = self._role("targets")
        delegations = targets.signed.delegations or Delegations({}, {})
        roles = dict(delegations.roles or {})
        tuf_keys = [tuf_key(key) for key in delegation.keys]
        roles[delegation.role] = DelegatedRole(
            delegation.role,
            [key.keyid for key in tuf_keys],
            AGREEMENT_THRESHOLD,
            terminating=True,
            paths=list(delegation.paths),
        )
        known = {**delegations.keys, **{key.keyid: key for key in tuf_keys}}
        needed = {keyid for role in roles.values() for keyid in role.keyids}
        targets.signed.delegations = Delegations({keyid: known[keyid] for keyid in sorted(needed)}, roles)
        self._replace("targets", targets, keys, LIFETIME[Targets.type])

    def put_agreement_files(self, role: str, files: Mapping[str, bytes], keys: Sequence[SigningKey]) -> None:
        """Make these the only files of an agreement's role.

        Raises:
            PublicationError: fewer than two of the reviewers that the catalogue names have signed.
        """
        metadata = self._role(role) if f"{role}.json" in self._versions() else Metadata(Targets())
        metadata.signed.targets = {path: self._store(path, data) for path, data in files.items()}
        self._replace(role, metadata, keys, AGREEMENT_LIFETIME)

    def refresh(self, ahead: timedelta) -> bool:
        """Sign snapshot and timestamp anew if either ends within `ahead`; whether that was so."""
        ends = min(self._snapshot().signed.expires, self._timestamp().signed.expires)
        if ends - self._now > ahead:
            return False
        self._point_at(self._versions())
        return True

    def expiries(self) -> dict[str, datetime]:
        """When each role's signatures end."""
        top = {
            Root.type: self._root().signed.expires,
            Snapshot.type: self._snapshot().signed.expires,
            Timestamp.type: self._timestamp().signed.expires,
        }
        roles = [name.removesuffix(".json") for name in self._versions()]
        return {**top, **{role: self._role(role).signed.expires for role in roles}}

    def _replace(self, role: str, metadata: Metadata[Targets], keys: Sequence[SigningKey], life: timedelta) -> None:
        versions = self._versions()
        metadata.signed.version = versions.get(f"{role}.json", 0) + 1
        self._put(role, metadata, keys, life)
        self._point_at({**versions, f"{role}.json": metadata.signed.version})

    def _put(self, role: str, metadata: Metadata[Targets], keys: Sequence[SigningKey], life: timedelta) -> None:
        signed = self._sign(metadata, keys, life)
        parent = self._root().signed if role == "targets" else self._role("targets").signed
        try:
            parent.verify_delegate(role, signed.signed_bytes, signed.signatures)
        except (UnsignedMetadataError, ValueError) as error:
            raise PublicationError(
                f"role {role} is not signed by two of the keys that may sign it", "give the right key files"
            ) from error
        write_whole(self._metadata / f"{signed.signed.version}.{role}.json", signed.to_bytes())

    def _point_at(self, versions: Mapping[str, int]) -> None:
        """Write snapshot and timestamp: from the last rename on, this is the catalogue."""
        first = not (self._metadata / "timestamp.json").exists()
        snapshot_version = 1 if first else self._snapshot().signed.version + 1
        timestamp_version = 1 if first else self._timestamp().signed.version + 1
        meta = {name: MetaFile(version) for name, version in versions.items()}
        snapshot = Metadata(Snapshot(version=snapshot_version, meta=meta))
        self._sign(snapshot, [self._online.snapshot], LIFETIME[Snapshot.type])
        write_whole(self._metadata / f"{snapshot_version}.snapshot.json", snapshot.to_bytes())
        timestamp = Metadata(Timestamp(version=timestamp_version, snapshot_meta=MetaFile(snapshot_version)))
        self._sign(timestamp, [self._online.timestamp], LIFETIME[Timestamp.type])
        write_whole(self._metadata / "timestamp.json", timestamp.to_bytes())

    def _sign(self, metadata: Metadata[R], keys: Iterable[SigningKey], life: timedelta) -> Metadata[R]:
        metadata.signed.expires = self._now + life
        metadata.signatures.clear()
        for key in keys:
            metadata.sign(tuf_signer(key), append=True)
        return metadata

    def _store(self, path: str, data: bytes) -> TargetFile:
        target = TargetFile.from_data(path, data, ["sha256"])
        folder, _, name = path.rpartition("/")
        stored = self._targets / folder / f"{hashlib.sha256(data).hexdigest()}.{name}"
        if not stored.exists():
            write_whole(stored, data)
        return target

    def _versions(self) -> dict[str, int]:
        return {name: meta.version for name, meta in self._snapshot().signed.meta.items()}

    def _root(self) -> Metadata[Root]:
        return Metadata[Root].from_file(str(self._metadata / "1.root.json"))

    def _timestamp(self) -> Metadata[Timestamp]:
        return Metadata[Timestamp].from_file(str(self._metadata / "timestamp.json"))

    def _snapshot(self) -> Metadata[Snapshot]:
        version = self._timestamp().signed.snapshot_meta.version
        return Metadata[Snapshot].from_file(str(self._metadata / f"{version}.snapshot.json"))

    def _role(self, role: str) -> Metadata[Targets]:
        version = self._versions()[f"{role}.json"]
        return Metadata[Targets].from_file(str(self._metadata / f"{version}.{role}.json"))


def tuf_key(key: VerifyKey) -> Key:
    """A key as TUF metadata names it."""
    return SSlibKey.from_crypto(Ed25519PublicKey.from_public_bytes(key.raw))


def tuf_signer(key: SigningKey) -> CryptoSigner:
    """A key as TUF signs with it."""
    private = Ed25519PrivateKey.from_private_bytes(key.raw)
    return CryptoSigner(private, SSlibKey.from_crypto(private.public_key()))
