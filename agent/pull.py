"""Fetch the hub's catalogue and keep only what verifies; the last good one stays until its signatures expire.

The Update Framework's client workflow (specification 1.0, section 5) over the mailbox: the root given at enrolment is
the anchor; every role needs its threshold of signatures, must not be expired, and never goes back in version.

    catalogue/root.json           the anchor, as enrolled
    catalogue/tuf/                the client's metadata, so that nothing older is ever taken
    catalogue/files/<sha-256>     verified files
    catalogue/hub.json            the verified hub.json, for whoever checks the folder with other tools
    catalogue/current.json        which files, under which names, good until when

Crash contract: current.json is replaced last and at once, so that a reader finds the old catalogue or the new one,
whole. Anything refused on the way leaves current.json as it was.

Agreements that do not name this practice, and searches of agreements that it has not accepted, are not served to it and
left out; a later pull brings them. An agreement that was never kept here and does not verify is left out too, so that
other people's agreements cannot stop this practice's.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from tuf.api.exceptions import (
    BadVersionNumberError,
    DownloadError,
    DownloadHTTPError,
    DownloadLengthMismatchError,
    ExpiredMetadataError,
    LengthOrHashMismatchError,
    RepositoryError,
    UnsignedMetadataError,
)
from tuf.api.metadata import Metadata, Targets
from tuf.ngclient import FetcherInterface, Updater

from agent.errors import CatalogueRefusedError, HubRefusedError, NotThereError, TooLargeError
from agent.files import private_folder, write_private
from agent.transport import MAX_CATALOGUE_FILE_BYTES, METADATA, TARGETS, Mailbox
from governance.log_policy import POLICY_TARGET
from governance.targets import HUB_TARGET

logger = logging.getLogger(__name__)

MAX_FILES = 10_000


@dataclass(frozen=True, slots=True)
class Pulled:
    """A verified catalogue: its version, until when it may be used, and its files by target name."""

    version: int
    expires: datetime
    files: Mapping[str, bytes]


class MailboxFetcher(FetcherInterface):
    """The library's only way out: files of the mailbox."""

    def __init__(self, mailbox: Mailbox) -> None:
        self._mailbox = mailbox

    def _fetch(self, url: str) -> Iterator[bytes]:
        try:
            yield self._mailbox.fetch(url, MAX_CATALOGUE_FILE_BYTES)
        except NotThereError as error:
            raise DownloadHTTPError(error.message, 404) from error
        except HubRefusedError as error:
            raise DownloadHTTPError(error.message, 403) from error
        except TooLargeError as error:
            raise DownloadLengthMismatchError(error.message) from error


def set_anchor(folder: Path, root: bytes) -> None:
    """Keep the root metadata of the enrolment: all trust starts from it."""
    write_private(folder / "root.json", root)


def pull(mailbox: Mailbox, folder: Path) -> Pulled:
    """Bring the catalogue up to date.

    Args:
        mailbox: the practice's account.
        folder: where the catalogue is kept.

    Raises:
        CatalogueRefusedError: something does not verify; the last good catalogue is as it was.
        TransportError: the hub did not answer.
    """
    for name in ("tuf", "tuf/root_history", "files"):
        private_folder(folder / name)
    try:
        targets = _download(_updater(mailbox, folder), folder)
        roles = [role for role in _delegated_roles(folder / "tuf") if _terms_path(role) in targets]
        expires, version = _validity(folder / "tuf", roles)
    except (RepositoryError, DownloadError) as error:
        raise _refused(error) from error
    # For whoever checks this folder without us: the same bytes under their own name.
    write_private(folder / HUB_TARGET, (folder / "files" / targets[HUB_TARGET]).read_bytes())
    current = {"version": version, "expires": expires.isoformat(), "roles": roles, "targets": targets}
    write_private(folder / "current.json", json.dumps(current, sort_keys=True).encode("ascii"))
    _forget_others(folder, set(targets.values()))
    return _read(folder)


def last_good(folder: Path, now: datetime) -> Pulled:
    """The catalogue last pulled, read back and checked against its digests.

    Args:
        folder: where the catalogue is kept.
        now: the latest time seen.

    Raises:
        CatalogueRefusedError: there is none, it was changed on the disk, or it expired.
    """
    if not (folder / "current.json").exists():
        raise CatalogueRefusedError("no catalogue was pulled yet", "run gpfed-agent run --once when the hub answers")
    pulled = _read(folder)
    if now >= pulled.expires:
        raise CatalogueRefusedError(
            f"the catalogue expired on {pulled.expires:%Y-%m-%d}", "nothing runs until the hub signs a new one"
        )
    return pulled


def _updater(mailbox: Mailbox, folder: Path) -> Updater:
    anchor = (folder / "root.json").read_bytes()
    return Updater(
        metadata_dir=str(folder / "tuf"),
        metadata_base_url=METADATA,
        target_dir=str(folder / "files"),
        target_base_url=TARGETS,
        fetcher=MailboxFetcher(mailbox),
        bootstrap=anchor,
    )


def _download(updater: Updater, folder: Path) -> dict[str, str]:
    updater.refresh()
    kept_before = _kept_roles(folder)
    targets = {HUB_TARGET: _fetch_target(updater, folder, HUB_TARGET)}
    if POLICY_TARGET in _role(folder / "tuf", "targets").targets:  # hubs of before the log have none
        targets[POLICY_TARGET] = _fetch_target(updater, folder, POLICY_TARGET)
    for role in _delegated_roles(folder / "tuf"):
        try:
            targets |= _download_agreement(updater, folder, role)
        except RepositoryError:
            if role in kept_before:
                raise
            logger.warning("event=agreement_left_out role=%s reason=does_not_verify", role)
        if len(targets) > MAX_FILES:
            raise CatalogueRefusedError(f"the catalogue has more than {MAX_FILES} files")
    return targets


def _download_agreement(updater: Updater, folder: Path, role: str) -> dict[str, str]:
    terms = _terms_path(role)
    digest = _fetch_if_served(updater, folder, terms)
    if not digest:
        return {}
    others = (path for path in _role(folder / "tuf", role).targets if path != terms)
    fetched = {path: _fetch_if_served(updater, folder, path) for path in others}
    return {terms: digest} | {path: digest for path, digest in fetched.items() if digest}


def _terms_path(role: str) -> str:
    return f"agreements/{role.removeprefix('agreement-')}/agreement.json"


def _kept_roles(folder: Path) -> frozenset[str]:
    if not (folder / "current.json").exists():
        return frozenset()
    return frozenset(json.loads((folder / "current.json").read_bytes())["roles"])


def _fetch_if_served(updater: Updater, folder: Path, path: str) -> str:
    try:
        return _fetch_target(updater, folder, path)
    except DownloadHTTPError:
        logger.info("event=not_served target=%s", path)
        return ""


def _fetch_target(updater: Updater, folder: Path, path: str) -> str:
    info = updater.get_targetinfo(path)
    if info is None or "sha256" not in info.hashes:
        raise RepositoryError(f"target {path} is not signed for")
    digest = info.hashes["sha256"]
    # The name on our disk is the signed digest, never a name of the hub's.
    if len(digest) != 64 or not set(digest) <= set("0123456789abcdef"):
        raise RepositoryError(f"target {path} has no SHA-256 digest")
    kept = folder / "files" / digest
    if updater.find_cached_target(info, str(kept)) is None:
        partial = kept.with_suffix(".part")
        updater.download_target(info, str(partial))
        write_private(kept, partial.read_bytes())
        partial.unlink()
    return digest


def _delegated_roles(metadata: Path) -> tuple[str, ...]:
    delegations = _role(metadata, "targets").delegations
    return tuple(delegations.roles) if delegations and delegations.roles else ()


def _role(metadata: Path, name: str) -> Targets:
    # What the client keeps here was verified by it just before.
    return Metadata[Targets].from_file(str(metadata / f"{name}.json")).signed


def _validity(metadata: Path, roles: list[str]) -> tuple[datetime, int]:
    names = ("root", "timestamp", "snapshot", "targets", *roles)
    signed = {name: Metadata.from_file(str(metadata / f"{name}.json")).signed for name in names}
    return min(part.expires for part in signed.values()).astimezone(UTC), signed["timestamp"].version


def _read(folder: Path) -> Pulled:
    try:
        current = json.loads((folder / "current.json").read_bytes())
        files = {path: _checked(folder, path, digest) for path, digest in current["targets"].items()}
        return Pulled(current["version"], datetime.fromisoformat(current["expires"]), files)
    except (ValueError, KeyError, OSError) as error:
        raise CatalogueRefusedError("the kept catalogue cannot be read", "the next pull replaces it") from error


def _checked(folder: Path, path: str, digest: str) -> bytes:
    data = (folder / "files" / digest).read_bytes()
    if hashlib.sha256(data).hexdigest() != digest:
        raise CatalogueRefusedError(f"the kept file of {path} was changed", "the next pull replaces it")
    return data


def _forget_others(folder: Path, wanted: set[str]) -> None:
    for path in (folder / "files").iterdir():
        if path.name not in wanted:
            path.unlink()


_REASONS: tuple[tuple[type[Exception], str], ...] = (
    (UnsignedMetadataError, "it lacks signatures"),
    (BadVersionNumberError, "it is older than one already seen"),
    (ExpiredMetadataError, "it has expired"),
    (LengthOrHashMismatchError, "a file was altered"),
    (DownloadLengthMismatchError, "a file is longer than signed"),
    (DownloadHTTPError, "a file is missing"),
)


def _refused(error: Exception) -> CatalogueRefusedError:
    reason = next((text for kind, text in _REASONS if isinstance(error, kind)), "it does not verify")
    return CatalogueRefusedError(
        f"the hub's catalogue is refused: {reason}", "the last good one is kept; tell the hub if this goes on"
    )
