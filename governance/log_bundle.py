"""A bundle for an auditor: entries of the log with all that is needed to check them, and no hub.

Canonical JSON:

    schema       1
    title        what it answers, for people
    origin, log_key, policy      whose log, and which witnesses count, as the maker of the bundle says
    checkpoint   the newest one that counts, with its cosignatures
    entries      [{index, entry, hashes, salts, opened}] in the order of the log

Each entry is proved to be in the log of that checkpoint, and `opened` (name -> SHA-256) with its salt shows to which
message an entry commits. A bundle that has every entry proves that as well, because the root is computed from them.

Keys inside a bundle prove only that it agrees with itself. Whoever checks gives the policy that he trusts, from a
practice's catalogue or from the governance managers; without one the findings say so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Final

from pydantic import Field

from governance.canonical import to_canonical
from governance.checkpoint import LogKey, SignedCheckpoint, read_checkpoint
from governance.errors import FormatError, GovernanceError, NotLoggedError
from governance.keys import VerifyKey
from governance.log_entry import LogEntry
from governance.log_policy import LogPolicy, Witnessed, read_policy, witnessed, write_policy
from governance.log_proof import Shown, check_shown
from governance.merkle_tree import MerkleTree
from governance.signing import decode64, encode64
from governance.wire import Digest, Message, read_message

BUNDLE_LIMIT_BYTES: Final = 256 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Selected:
    """One entry of a bundle.

    Args:
        shown: the entry and its proof.
        opened: name -> SHA-256 of what it commits to.
    """

    shown: Shown
    opened: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LogBundle:
    """Entries and what proves them; nothing of it is verified.

    Args:
        title: what it answers.
        log: whose log.
        policy: which witnesses count, as its maker says.
        note: the checkpoint.
        entries: in the order of the log.
    """

    title: str
    log: LogKey
    policy: LogPolicy
    note: bytes
    entries: tuple[Selected, ...]


class _SelectedModel(Message):
    index: Annotated[int, Field(ge=0)]
    entry: str
    hashes: list[str]
    salts: dict[str, Digest]
    opened: dict[str, Digest]


class _BundleModel(Message):
    schema_: Annotated[int, Field(alias="schema", ge=1, le=1)]
    title: str
    origin: str
    log_key: str
    policy: str
    checkpoint: str
    entries: list[_SelectedModel]


@dataclass(frozen=True, slots=True)
class BundleFindings:
    """What the verification of a bundle found.

    Args:
        title: what it answers, as its maker says.
        size: of the log that it is proved against.
        cosigners: witnesses whose word was good.
        since: the time by which enough of them had spoken (ISO), or the empty string.
        entries: those that are proved, in order.
        is_whole: whether they are all that the log holds.
        broken: what cannot be.
        missing: what is not there, or was taken on trust.
    """

    title: str
    size: int
    cosigners: tuple[str, ...]
    since: str
    entries: tuple[LogEntry, ...]
    is_whole: bool
    broken: tuple[str, ...]
    missing: tuple[str, ...]

    @property
    def exit_code(self) -> int:
        """0 holds, 1 broken, 3 something is missing."""
        if self.broken:
            return 1
        return 3 if self.missing else 0


def write_log_bundle(bundle: LogBundle) -> bytes:
    """The bundle's bytes."""
    return to_canonical(
        {
            "schema": 1,
            "title": bundle.title,
            "origin": bundle.log.origin,
            "log_key": bundle.log.key.text,
            "policy": write_policy(bundle.policy).decode(),
            "checkpoint": bundle.note.decode("utf-8"),
            "entries": [_selected(one) for one in bundle.entries],
        }
    )


def read_log_bundle(data: bytes) -> LogBundle:
    """A bundle from its bytes.

    Raises:
        FormatError: it is not one.
    """
    model = read_message(_BundleModel, data, BUNDLE_LIMIT_BYTES, "log bundle")
    note = model.checkpoint.encode()
    entries = tuple(
        Selected(
            Shown(
                one.entry.encode(),
                {name: bytes.fromhex(salt) for name, salt in one.salts.items()},
                one.index,
                tuple(decode64(text, "log bundle") for text in one.hashes),
                note,
            ),
            one.opened,
        )
        for one in model.entries
    )
    log = LogKey(model.origin, VerifyKey.parse(model.log_key))
    return LogBundle(model.title, log, read_policy(model.policy.encode()), note, entries)


def verify_log_bundle(bundle: LogBundle, trusted: LogPolicy | None) -> BundleFindings:
    """Check a bundle.

    Args:
        bundle: as read.
        trusted: the policy that the reader trusts; None: what the bundle says of itself.

    Raises:
        GovernanceError: its checkpoint is not one that the log signed, or a cosignature is forged.
    """
    missing = [] if trusted else ["keys: they are the bundle's own; give the policy that you trust"]
    policy = trusted or bundle.policy
    if policy.logs.get(bundle.log.origin) != bundle.log.key:
        raise NotLoggedError(f"log {bundle.log.origin} with key {bundle.log.key.key_id} is not in the trusted policy")
    signed = read_checkpoint(bundle.note, bundle.log)
    counted = _counted(bundle, policy)
    if counted is None:
        missing.append(f"witnesses: the checkpoint of {signed.size} entries has no quorum")
    entries, broken = _proved(bundle.entries, signed)
    return BundleFindings(
        bundle.title,
        signed.size,
        tuple(sorted(one.name for one in counted.cosigners)) if counted else (),
        counted.at.isoformat() if counted and counted.at else "",
        entries,
        not broken and _is_whole(bundle.entries, signed),
        tuple(broken),
        tuple(missing),
    )


def _counted(bundle: LogBundle, policy: LogPolicy) -> Witnessed | None:
    try:
        return witnessed(bundle.note, policy, bundle.log)
    except NotLoggedError:
        return None


def _proved(entries: Sequence[Selected], signed: SignedCheckpoint) -> tuple[tuple[LogEntry, ...], list[str]]:
    good: list[LogEntry] = []
    broken = []
    last = -1
    for one in entries:
        index = one.shown.index
        try:
            entry = check_shown(one.shown, signed)
            _check_opened(one)
        except GovernanceError as error:
            broken.append(f"entry {index}: {error.message}")
            continue
        if index <= last:
            broken.append(f"entry {index}: it stands after entry {last}")
        if good and entry.at < good[-1].at:
            broken.append(f"entry {index}: it says it was written before entry {last}")
        good.append(entry)
        last = index
    return tuple(good), broken


def _check_opened(one: Selected) -> None:
    for name, digest in one.opened.items():
        if not one.shown.opens(name, digest):
            raise FormatError(f"it does not commit to the {name} {digest[:16]} that is shown with it")


def _is_whole(entries: Sequence[Selected], signed: SignedCheckpoint) -> bool:
    if [one.shown.index for one in entries] != list(range(signed.size)):
        return False
    tree = MerkleTree()
    for one in entries:
        tree.append(one.shown.leaf)
    return tree.root() == signed.root


def _selected(one: Selected) -> dict[str, object]:
    return {
        "index": one.shown.index,
        "entry": one.shown.leaf.decode("utf-8"),
        "hashes": [encode64(part) for part in one.shown.hashes],
        "salts": {name: salt.hex() for name, salt in one.shown.salts.items()},
        "opened": dict(one.opened),
    }
