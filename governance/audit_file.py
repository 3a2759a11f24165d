"""`gpfed-audit verify FILE`: one file that speaks for itself, checked without a hub and without a network.

a bundle      what `gpfed-hub audit bundle` writes: entries of the log, each with its proof
evidence      what an agent keeps when the log it is shown is not the one it has seen
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from governance.canonical import from_json
from governance.errors import FormatError, SignatureError
from governance.log_bundle import BUNDLE_LIMIT_BYTES, BundleFindings, read_log_bundle, verify_log_bundle
from governance.log_entry import LogEntry
from governance.log_evidence import Judged, judge_evidence
from governance.log_policy import POLICY_LIMIT_BYTES, LogPolicy, read_policy


@dataclass(frozen=True, slots=True)
class FileFindings:
    """What a file shows.

    Args:
        kind: bundle or evidence.
        shows: what it shows, in words.
        entries: of the log, proved.
        broken: what cannot be.
        missing: what is not there, or was taken on trust.
    """

    kind: str
    shows: str
    entries: tuple[str, ...] = ()
    broken: tuple[str, ...] = ()
    missing: tuple[str, ...] = field(default=())

    @property
    def exit_code(self) -> int:
        """0 holds, 1 broken, 3 something is missing."""
        if self.broken:
            return 1
        return 3 if self.missing else 0


def verify_file(path: Path, policy: Path | None) -> FileFindings:
    """Check a bundle or evidence.

    Args:
        path: of the file.
        policy: of the log policy that the reader trusts; None: as the file says of itself.

    Raises:
        GovernanceError: it is neither, or what it needs most does not hold.
    """
    data = _read(path, BUNDLE_LIMIT_BYTES)
    trusted = read_policy(_read(policy, POLICY_LIMIT_BYTES)) if policy else None
    value = from_json(data, BUNDLE_LIMIT_BYTES, path.name)
    if isinstance(value, dict) and "payloadType" in value:
        return _of_evidence(judge_evidence(data), trusted)
    if isinstance(value, dict) and "checkpoint" in value:
        return _of_bundle(verify_log_bundle(read_log_bundle(data), trusted))
    raise FormatError(f"{path.name} is neither a bundle nor evidence", "give a file of gpfed-hub audit bundle")


def entry_in_words(entry: LogEntry) -> str:
    """One line for people."""
    facts = ", ".join(f"{name} {value}" for name, value in sorted(entry.facts.items()))
    return f"{entry.at:%Y-%m-%d %H:%M}  {entry.kind:<20} {entry.practice or '-':<8} {facts}".rstrip()


def _of_bundle(found: BundleFindings) -> FileFindings:
    by = f"cosigned by {', '.join(found.cosigners)}" if found.cosigners else "signed by the hub alone"
    part = "every entry" if found.is_whole else f"{len(found.entries)} entries"
    shows = f"{found.title}: {part} of a log of {found.size}, {by}{' by ' + found.since if found.since else ''}"
    lines = tuple(entry_in_words(entry) for entry in found.entries)
    return FileFindings("bundle", shows, lines, found.broken, found.missing)


def _of_evidence(judged: Judged, trusted: LogPolicy | None) -> FileFindings:
    evidence = judged.evidence
    if trusted is None:
        missing: tuple[str, ...] = ("keys: they are the file's own; give the policy that you trust",)
    else:
        _check_keys(judged, trusted)
        missing = ()
    how = "proved by the hub's own signatures" if judged.is_proved else f"stated by practice {evidence.practice}"
    shows = f"{evidence.finding}: {judged.sentence} ({how}; found {evidence.at:%Y-%m-%d %H:%M})"
    return FileFindings("evidence", shows, missing=missing)


def _check_keys(judged: Judged, trusted: LogPolicy) -> None:
    evidence = judged.evidence
    if trusted.logs.get(evidence.log.origin) != evidence.log.key:
        raise SignatureError(f"evidence is against another key of log {evidence.log.origin[:80]} than is trusted")
    if not judged.is_proved and (evidence.practice, judged.practice_key) not in trusted.witnesses.values():
        raise SignatureError(f"evidence is not signed by the key of practice {evidence.practice} that is trusted")


def _read(path: Path, limit_bytes: int) -> bytes:
    with path.open("rb") as file:
        return file.read(limit_bytes + 1)
