"""This agent as a witness of the hub's log: what it has seen only grows, and it says so with its own key.

At each poll, in this order:

1. fetch the newest checkpoint with the proof that it continues the one seen last; the hub must have signed it
2. verify; what does not continue is kept as evidence, and nothing below is done
3. remember it, on the disk
4. only then cosign it, and put the cosignature into the mailbox

A kill between 3 and 4 leaves a checkpoint that is remembered and not cosigned: the next poll cosigns it. The other
order could leave a cosignature of what this agent no longer knows, and an older log could be shown to it again.

Then what concerns this practice is looked for (`agent.logged`): its messages, its agreements, the searches under them.
Whatever was found against the log stays found: from then on no new search runs here, and those that ran before go on.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from agent.diary import utc_text
from agent.errors import TransportError
from agent.files import write_private
from agent.transport import LOG, Mailbox
from agent.turn import Turn
from governance.checkpoint import LogKey, SignedCheckpoint, log_origin, read_checkpoint
from governance.cosignature import cosign
from governance.errors import LogError, NotLoggedError, ProofError
from governance.log_evidence import Evidence, Finding, write_evidence
from governance.log_policy import POLICY_TARGET, LogPolicy, practices_policy, read_policy
from governance.log_proof import PROOF_LIMIT_BYTES, Offer, check_offer, read_offer
from governance.merkle_proof import EMPTY_ROOT
from governance.targets import HUB_TARGET, read_hub
from governance.wire import file_digest

logger = logging.getLogger(__name__)

SAY_AGAIN_AFTER = timedelta(days=1)
"""A checkpoint that stays the newest is cosigned again: others count words of the last eight days."""


@dataclass(frozen=True, slots=True)
class HubLog:
    """The hub's log as this agent has just seen it.

    Args:
        key: whose log.
        policy: which witnesses count.
        seen: the newest checkpoint, which continues everything seen before.
    """

    key: LogKey
    policy: LogPolicy
    seen: SignedCheckpoint


class LogBrokenError(LogError):
    """What the hub shows is not the log that this agent has seen; evidence of it is kept."""


def log_of(files: Mapping[str, bytes]) -> tuple[LogKey, LogPolicy]:
    """Whose log it is and which witnesses count, from the verified catalogue; without a policy nobody need cosign."""
    hub = read_hub(files[HUB_TARGET])
    key = LogKey(log_origin(hub.code), hub.receipt_key)
    data = files.get(POLICY_TARGET)
    return key, read_policy(data) if data is not None else practices_policy(key, {})


def bear_witness(turn: Turn, mailbox: Mailbox, files: Mapping[str, bytes]) -> HubLog:
    """See the newest checkpoint, remember it, cosign it.

    Raises:
        LogBrokenError: it does not continue what was seen; evidence is kept.
        GovernanceError: the hub has not signed it, or it is not of the right form.
        NotLoggedError: the hub shows no log.
        TransportError: the hub stopped answering.
    """
    key, policy = log_of(files)
    before = seen_last(turn.connection, key)
    signed = _check(turn, key, before, _fetch(mailbox, f"{LOG}/offer/{before.size if before else 0}"))
    _remember(turn.connection, signed)
    _say(turn, mailbox, signed)
    return HubLog(key, policy, signed)


def check_part(turn: Turn, mailbox: Mailbox, log: HubLog, part: SignedCheckpoint) -> None:
    """Return if an earlier checkpoint, to which a proof leads, is the beginning of the log that this agent has seen.

    Raises:
        LogBrokenError: it is of another log; evidence is kept.
        TransportError: the hub stopped answering.
    """
    if part.size > log.seen.size:
        raise NotLoggedError(f"proof leads to a log of {part.size}, seen was one of {log.seen.size}", "poll again")
    if part.checkpoint == log.seen.checkpoint:
        return
    offer = _fetch(mailbox, f"{LOG}/offer/{part.size}/{log.seen.size}")
    whole = read_checkpoint(offer.note, log.key)
    if whole.checkpoint != log.seen.checkpoint:
        notes = (log.seen.note, offer.note)
        raise keep(turn, Evidence(Finding.FORK, log.key, turn.config.practice, turn.now, notes))
    _check(turn, log.key, part, offer)


def seen_last(connection: sqlite3.Connection, key: LogKey) -> SignedCheckpoint | None:
    """The checkpoint that was seen last, or None."""
    row = connection.execute("SELECT note FROM log_seen").fetchone()
    return read_checkpoint(bytes(row[0]), key) if row else None


def findings(connection: sqlite3.Connection) -> tuple[str, ...]:
    """Names of the files of evidence."""
    return tuple(name for (name,) in connection.execute("SELECT name FROM log_finding ORDER BY at, name"))


def keep(turn: Turn, evidence: Evidence) -> LogBrokenError:
    """Keep evidence, as a file that speaks for itself; the error to raise. Harmless when repeated."""
    about = file_digest(b"".join((*evidence.notes, *evidence.proofs, evidence.receipt)))[:16]
    name = f"{evidence.finding.replace('_', '-')}-{about}.evidence"
    path = turn.folder.log / name
    if not path.exists():
        write_private(path, write_evidence(evidence, turn.key))
    turn.connection.execute("INSERT OR IGNORE INTO log_finding VALUES (?, ?)", (name, utc_text(turn.now)))
    turn.diary.append_once("log_broken", {"finding": str(evidence.finding), "evidence": name})
    logger.error("event=log_broken finding=%s", evidence.finding)
    return LogBrokenError(
        f"the hub's log is not the one seen before: {evidence.finding}, evidence in {name}",
        f"no new search runs here; give the file to another practice or an auditor: gpfed-audit verify log/{name}",
    )


def _check(turn: Turn, key: LogKey, before: SignedCheckpoint | None, offer: Offer) -> SignedCheckpoint:
    """The offered checkpoint, if it continues the one before."""
    signed = read_checkpoint(offer.note, key)
    if before is None:
        check_offer(offer, signed, (0, EMPTY_ROOT))
        return signed
    found = Finding.NOT_CONTINUED
    if signed.size < before.size:
        found = Finding.ROLLED_BACK
    elif signed.size == before.size and signed.root != before.root:
        found = Finding.FORK
    try:
        check_offer(offer, signed, (before.size, before.root))
    except ProofError as error:
        notes = (before.note, offer.note)
        evidence = Evidence(found, key, turn.config.practice, turn.now, notes, offer.hashes)
        raise keep(turn, evidence) from error
    return signed


def _fetch(mailbox: Mailbox, path: str) -> Offer:
    try:
        return read_offer(mailbox.fetch(path, PROOF_LIMIT_BYTES))
    except TransportError as error:
        if error.exit_code == TransportError.exit_code:  # it did not answer, rather than having none
            raise
        raise NotLoggedError(
            "the hub shows no log", "it may be of an older version: no new search runs here"
        ) from error


def _remember(connection: sqlite3.Connection, signed: SignedCheckpoint) -> None:
    """Durable when this returns: the database commits each statement to the disk."""
    connection.execute(
        "INSERT INTO log_seen (one, size, note) VALUES (1, ?, ?)"
        " ON CONFLICT (one) DO UPDATE SET note = excluded.note, size = excluded.size, cosigned_at ="
        " CASE WHEN size = excluded.size THEN cosigned_at ELSE '' END",
        (signed.size, signed.note),
    )


def _say(turn: Turn, mailbox: Mailbox, signed: SignedCheckpoint) -> None:
    (said,) = turn.connection.execute("SELECT cosigned_at FROM log_seen").fetchone()
    if signed.size == 0 or (said and turn.now - datetime.fromisoformat(said) < SAY_AGAIN_AFTER):
        return
    line = cosign(signed.checkpoint.text, turn.config.practice, turn.key, turn.now)
    mailbox.put(f"{LOG}/cosignature/{signed.size}", line)
    turn.connection.execute("UPDATE log_seen SET cosigned_at = ? WHERE size = ?", (utc_text(turn.now), signed.size))
