"""Which witnesses make a checkpoint count (C2SP tlog-policy): a text that two of the hub's targets keys sign.

    log NORTHSIDE/log+5b1a7f04+AWxr...
    witness Z90001 Z90001+c8a1e0d2+BKq1...
    witness Z90002 Z90002+03ff91bb+BNxY...
    witness lmc lmc.example/w1+77aa0c1d+BPq0...
    group practices 1 Z90001 Z90002
    group oversight any lmc
    group both all practices oversight
    quorum both

Ours names every practice that takes part, of which min(3, n - 1) must have cosigned: one that is down stops nobody, and
a hub that wants to show somebody another log needs two more practices to go along. With one or two practices the number
is no protection; what witnesses see is compared when they meet (`docs/explanation/log.md`).
Witnesses that oversee (a local medical committee, an auditor) are optional; where there are any, one of them must have
cosigned too. Read is the whole format, so that an auditor may write a policy of his own; a name that is not defined, a
key that stands twice or a second quorum refuses the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from governance.checkpoint import LogKey, SignedCheckpoint, read_checkpoint
from governance.cosignature import Cosignature, cosignatures
from governance.errors import FormatError, NotLoggedError
from governance.keys import VerifyKey
from governance.note import COSIGNATURE, ED25519, read_verifier_key, verifier_key

POLICY_LIMIT_BYTES: Final = 4 * 1024 * 1024
POLICY_TARGET: Final = "log-policy.txt"
MOST_NEEDED: Final = 3
NONE: Final = "none"
_ALLOWED = re.compile(r"[\t\n\x20-\x7e\x80-\U0010ffff]*")


@dataclass(frozen=True, slots=True)
class Group:
    """So many of these must have cosigned; a member is a witness or another group."""

    needed: int
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LogPolicy:
    """What makes a checkpoint count.

    Args:
        logs: by origin.
        witnesses: by the name in the policy, the name and key under which each signs.
        groups: by name.
        quorum: the name of a witness or a group; `none`: the log's own signature is enough.
    """

    logs: Mapping[str, VerifyKey]
    witnesses: Mapping[str, tuple[str, VerifyKey]] = field(default_factory=dict)
    groups: Mapping[str, Group] = field(default_factory=dict)
    quorum: str = NONE

    def is_reached(self, cosigners: Iterable[str]) -> bool:
        """Whether these (names under which they sign) are enough."""
        return self.quorum == NONE or self._has(self.quorum, frozenset(cosigners))

    def _has(self, name: str, cosigners: frozenset[str]) -> bool:
        if name in self.witnesses:
            return self.witnesses[name][0] in cosigners
        group = self.groups[name]
        return sum(self._has(member, cosigners) for member in group.members) >= group.needed


@dataclass(frozen=True, slots=True)
class Witnessed:
    """A checkpoint that counts, who made it count, and since when it has.

    Args:
        at: the latest time at which the policy held by the cosigners' clocks; None where it needs none.
    """

    signed: SignedCheckpoint
    cosigners: tuple[Cosignature, ...]
    at: datetime | None


def practices_policy(
    log: LogKey, practices: Mapping[str, VerifyKey], oversight: Mapping[str, VerifyKey] | None = None
) -> LogPolicy:
    """The policy of a federation: practices by code, and who oversees (optional)."""
    overseers = dict(oversight or {})
    needed = min(MOST_NEEDED, max(len(practices) - 1, 0))
    groups = {"practices": Group(needed, tuple(sorted(practices)))} if needed else {}
    if overseers:
        groups["oversight"] = Group(1, tuple(sorted(overseers)))
    if len(groups) > 1:
        groups["both"] = Group(len(groups), ("practices", "oversight"))
    witnesses = {name: (name, key) for name, key in sorted({**practices, **overseers}.items())}
    return LogPolicy({log.origin: log.key}, witnesses, groups, next(reversed(groups), NONE))


def write_policy(policy: LogPolicy) -> bytes:
    """The policy as text."""
    lines = [f"log {verifier_key(origin, key)}" for origin, key in policy.logs.items()]
    lines += [f"witness {name} {verifier_key(*key, COSIGNATURE)}" for name, key in policy.witnesses.items()]
    lines += [f"group {name} {group.needed} {' '.join(group.members)}" for name, group in policy.groups.items()]
    data = "".join(f"{line}\n" for line in [*lines, f"quorum {policy.quorum}"]).encode()
    read_policy(data)
    return data


def read_policy(data: bytes) -> LogPolicy:
    """A policy from text.

    Raises:
        FormatError: it is not one.
    """
    if len(data) > POLICY_LIMIT_BYTES:
        raise FormatError(f"log policy is {len(data)} bytes, at most {POLICY_LIMIT_BYTES} are read")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise FormatError("log policy is not UTF-8") from error
    if not _ALLOWED.fullmatch(text) or not text.endswith("\n"):
        raise FormatError("log policy holds a control character or ends without a newline")
    reader = _Reader()
    for number, line in enumerate(text.split("\n"), start=1):
        words = [word for word in re.split(r"[ \t]+", line) if word]
        if words and not words[0].startswith("#"):
            reader.take(number, words)
    return reader.policy()


class _Reader:
    """Takes the lines of a policy in their order: what a line names stands before it."""

    def __init__(self) -> None:
        self._logs: dict[str, VerifyKey] = {}
        self._witnesses: dict[str, tuple[str, VerifyKey]] = {}
        self._groups: dict[str, Group] = {}
        self._keys: set[VerifyKey] = set()
        self._members: set[str] = set()
        self._quorum = ""

    def take(self, number: int, words: list[str]) -> None:
        match words:
            case ["log", key] | ["log", key, _]:
                self._log(number, *read_verifier_key(key, ED25519))
            case ["witness", name, key] | ["witness", name, key, _]:
                self._witness(number, name, read_verifier_key(key, COSIGNATURE))
            case ["group", name, needed, *members] if members:
                self._group(number, name, needed, tuple(members))
            case ["quorum", name] if not self._quorum:
                self._known(number, name, allowed=(NONE,))
                self._quorum = name
            case _:
                raise FormatError(f"log policy: line {number} is not a log, witness, group or the one quorum")

    def policy(self) -> LogPolicy:
        if not self._quorum:
            raise FormatError("log policy has no quorum")
        return LogPolicy(self._logs, self._witnesses, self._groups, self._quorum)

    def _log(self, number: int, origin: str, key: VerifyKey) -> None:
        if origin in self._logs or key in self._logs.values():
            raise FormatError(f"log policy: line {number} names a log twice")
        self._logs[origin] = key

    def _witness(self, number: int, name: str, key: tuple[str, VerifyKey]) -> None:
        self._new(number, name)
        if key[1] in self._keys:
            raise FormatError(f"log policy: line {number} gives one key to two witnesses")
        self._keys.add(key[1])
        self._witnesses[name] = key

    def _group(self, number: int, name: str, needed: str, members: tuple[str, ...]) -> None:
        self._new(number, name)
        for member in members:
            self._known(number, member)
            if member in self._members:
                raise FormatError(f"log policy: line {number} counts {member[:64]} a second time")
            self._members.add(member)
        self._groups[name] = Group(_needed(number, needed, len(members)), members)

    def _new(self, number: int, name: str) -> None:
        if name == NONE or name in self._witnesses or name in self._groups:
            raise FormatError(f"log policy: line {number} defines {name[:64]} a second time")

    def _known(self, number: int, name: str, allowed: tuple[str, ...] = ()) -> None:
        if name not in self._witnesses and name not in self._groups and name not in allowed:
            raise FormatError(f"log policy: line {number} names {name[:64]}, which is not defined before it")


def _needed(number: int, words: str, members: int) -> int:
    needed = {"any": 1, "all": members}.get(words, int(words) if re.fullmatch(r"[1-9][0-9]{0,5}", words) else 0)
    if not 1 <= needed <= members:
        raise FormatError(f"log policy: line {number} needs {words[:20]} of {members}")
    return needed


def witnessed(note: bytes, policy: LogPolicy, log: LogKey) -> Witnessed:
    """A checkpoint that counts under a policy.

    Args:
        note: the checkpoint, with its cosignatures.
        policy: which witnesses are needed.
        log: which log.

    Raises:
        FormatError: it is not a checkpoint of this log.
        SignatureError: a signature is wrong.
        NotLoggedError: the policy does not know the log, or too few have cosigned.
    """
    if policy.logs.get(log.origin) != log.key:
        raise NotLoggedError(f"log policy does not name log {log.origin} with key {log.key.key_id}")
    signed = read_checkpoint(note, log)
    found = list(cosignatures(signed, dict(policy.witnesses.values())))
    if not policy.is_reached(one.name for one in found):
        raise NotLoggedError(
            f"checkpoint of {signed.size} entries is cosigned by {len(found)} witnesses, which is no quorum",
            "the next polls of other practices bring more; tell the hub if this goes on for days",
        )
    return Witnessed(signed, tuple(found), _since(policy, found))


def _since(policy: LogPolicy, found: list[Cosignature]) -> datetime | None:
    """The latest time from which on too few would have spoken: the policy's freshness."""
    if policy.is_reached(()):
        return None
    times = sorted({one.at for one in found}, reverse=True)
    return next(at for at in times if policy.is_reached(one.name for one in found if one.at >= at))
