"""What a witness keeps when the log it is shown is not the log it has seen: a file that speaks for itself.

The file is a signed envelope (`governance.signing`) of the practice that saw it. Some findings are **proved**: what the
hub itself signed contradicts itself, and nobody need believe the practice.

| finding | shown | proved by |
|---|---|---|
| fork | two checkpoints of one size with two roots | both are signed by the hub |
| edited | two entries of one number | both are under checkpoints that the hub signed (an edit, or another order) |
| back_dated | an entry, and one before it with a later time | likewise |

The others are **stated**: the hub signed the parts, the practice signs that it was shown them together, in this order.

| finding | shown | the hub could answer with |
|---|---|---|
| not_continued | a checkpoint, a later one, and hashes that do not lead from one to the other | hashes that do |
| rolled_back | a checkpoint, and a smaller one shown afterwards | nothing: it may only grow |
| omitted | a receipt of what no checkpoint has held for days | the proof that one holds it |
| false_entry | an entry that is not what the practice has a receipt of | the message it says it received |

A file that shows less than its finding says is refused (`ProofError`): nobody is accused by a slip of the finder's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Final

from pydantic import Field

from governance.canonical import to_canonical
from governance.checkpoint import LogKey, SignedCheckpoint, read_checkpoint
from governance.errors import FormatError, ProofError
from governance.keys import SigningKey, VerifyKey
from governance.log_proof import Shown, check_shown, read_proof
from governance.merkle_proof import EMPTY_ROOT, ConsistencyProof, verify_consistency
from governance.note import Receipt, read_receipt
from governance.signing import decode64, encode64, parse_signed, sign, verify
from governance.wire import Line, Message, PracticeCode, read_message

EVIDENCE_TYPE: Final = "application/vnd.gpfed.log-evidence.v1+json"
EVIDENCE_LIMIT_BYTES: Final = 256 * 1024


class Finding(StrEnum):
    """What was found."""

    FORK = "fork"
    EDITED = "edited"
    BACK_DATED = "back_dated"
    NOT_CONTINUED = "not_continued"
    ROLLED_BACK = "rolled_back"
    OMITTED = "omitted"
    FALSE_ENTRY = "false_entry"


PROVED: Final = frozenset({Finding.FORK, Finding.EDITED, Finding.BACK_DATED})


@dataclass(frozen=True, slots=True)
class Evidence:
    """A finding and what shows it.

    Args:
        finding: what was found.
        log: whose log.
        practice: who found it.
        at: when.
        notes: checkpoints as received, in the order in which they were seen.
        hashes: that should have led from the first to the second.
        proofs: of entries, as received.
        receipt: of the hub, as received; its name is the hub's code.
    """

    finding: Finding
    log: LogKey
    practice: str
    at: datetime
    notes: tuple[bytes, ...] = ()
    hashes: tuple[bytes, ...] = ()
    proofs: tuple[bytes, ...] = ()
    receipt: bytes = b""


class _EvidenceModel(Message):
    schema_: Annotated[int, Field(alias="schema", ge=1, le=1)]
    finding: Finding = Field(strict=False)
    origin: Line
    log_key: Line
    practice: PracticeCode
    practice_key: Line
    at: str
    notes: list[str]
    hashes: list[str]
    proofs: list[str]
    receipt: str


@dataclass(frozen=True, slots=True)
class Judged:
    """Evidence that holds.

    Args:
        evidence: what was read.
        practice_key: who signed it, as it says itself.
        is_proved: whether the hub's own signatures show it.
        sentence: what it shows.
    """

    evidence: Evidence
    practice_key: VerifyKey
    is_proved: bool
    sentence: str


def write_evidence(evidence: Evidence, key: SigningKey) -> bytes:
    """The file, signed by the practice that found it."""
    body = {
        "schema": 1,
        "finding": str(evidence.finding),
        "origin": evidence.log.origin,
        "log_key": evidence.log.key.text,
        "practice": evidence.practice,
        "practice_key": key.public.text,
        "at": evidence.at.astimezone(UTC).isoformat(timespec="seconds"),
        "notes": [note.decode("utf-8") for note in evidence.notes],
        "hashes": [encode64(one) for one in evidence.hashes],
        "proofs": [proof.decode("utf-8") for proof in evidence.proofs],
        "receipt": evidence.receipt.decode("utf-8"),
    }
    return sign(EVIDENCE_TYPE, to_canonical(body), [key]).to_bytes()


def judge_evidence(data: bytes) -> Judged:
    """What an evidence file shows, checked from nothing but itself.

    Raises:
        FormatError: it is not such a file.
        SignatureError: the practice, or the hub, has not signed what it says they signed.
        ProofError: what it shows is no such finding.
    """
    signed = parse_signed(data, EVIDENCE_LIMIT_BYTES, "evidence")
    model = read_message(_EvidenceModel, signed.body, EVIDENCE_LIMIT_BYTES, "evidence")
    key = VerifyKey.parse(model.practice_key)
    verify(signed, EVIDENCE_TYPE, [key])
    evidence = Evidence(
        model.finding,
        LogKey(model.origin, VerifyKey.parse(model.log_key)),
        model.practice,
        _time(model.at),
        tuple(note.encode() for note in model.notes),
        tuple(decode64(one, "evidence") for one in model.hashes),
        tuple(proof.encode() for proof in model.proofs),
        model.receipt.encode(),
    )
    return Judged(evidence, key, evidence.finding in PROVED, _SENTENCES[evidence.finding](evidence))


def _fork(evidence: Evidence) -> str:
    first, second = _checkpoints(evidence)
    if first.size != second.size or first.root == second.root:
        raise ProofError(f"evidence shows no fork: sizes {first.size} and {second.size}")
    return f"the hub signed two different logs of {first.size} entries"


def _edited(evidence: Evidence) -> str:
    first, second = _entries(evidence)
    if first.index != second.index or first.leaf == second.leaf:
        raise ProofError("evidence shows no edit: it needs one number with two entries")
    return f"the hub's log has had two different entries {first.index}"


def _back_dated(evidence: Evidence) -> str:
    first, second = _entries(evidence)
    if not (first.index < second.index and first.entry.at > second.entry.at):
        raise ProofError("evidence shows no back-dating: the later entry does not have the earlier time")
    return f"entry {second.index} says it was written before entry {first.index}"


def _not_continued(evidence: Evidence) -> str:
    first, second = _checkpoints(evidence)
    try:
        proof = ConsistencyProof(first.size, second.size, evidence.hashes)
        verify_consistency(first.root if first.size else EMPTY_ROOT, proof, second.root)
    except ProofError:
        return f"the log of {second.size} entries was not shown to continue the log of {first.size}"
    raise ProofError(f"evidence shows no break: the log of {second.size} continues the log of {first.size}")


def _rolled_back(evidence: Evidence) -> str:
    first, second = _checkpoints(evidence)
    if second.size >= first.size:
        raise ProofError(f"evidence shows no roll-back: {second.size} entries after {first.size}")
    return f"after a log of {first.size} entries one of {second.size} was shown as the newest"


def _omitted(evidence: Evidence) -> str:
    receipt, days = _receipt(evidence), (evidence.at - _receipt(evidence).received_at).days
    if days < 1:
        raise ProofError("evidence shows no omission: the receipt is of the same day")
    return f"message {receipt.sequence} has a receipt of {days} days ago and is in no checkpoint shown"


def _false_entry(evidence: Evidence) -> str:
    receipt, (shown,) = _receipt(evidence), _entries(evidence)
    says = (shown.entry.practice, shown.entry.facts.get("sequence")) == (receipt.practice, receipt.sequence)
    if says and shown.opens("file", receipt.digest):
        raise ProofError("evidence shows no false entry: it is of the message that the receipt is of")
    return f"entry {shown.index} is not of the message {receipt.sequence} that the hub has signed for"


def _checkpoints(evidence: Evidence) -> tuple[SignedCheckpoint, SignedCheckpoint]:
    if len(evidence.notes) != 2:
        raise ProofError(f"evidence of {evidence.finding} has {len(evidence.notes)} checkpoints, expected 2")
    first, second = (read_checkpoint(note, evidence.log) for note in evidence.notes)
    return first, second


def _entries(evidence: Evidence) -> tuple[Shown, ...]:
    """The entries shown, each under a checkpoint that the log signed."""
    expected = 1 if evidence.finding is Finding.FALSE_ENTRY else 2
    if len(evidence.proofs) != expected:
        raise ProofError(f"evidence of {evidence.finding} has {len(evidence.proofs)} entries, expected {expected}")
    shown = tuple(read_proof(proof) for proof in evidence.proofs)
    for one in shown:
        check_shown(one, read_checkpoint(one.note, evidence.log))
    return shown


def _receipt(evidence: Evidence) -> Receipt:
    receipt = read_receipt(evidence.receipt, evidence.log.origin.partition("/")[0], evidence.log.key)
    if receipt.practice != evidence.practice:
        raise ProofError(f"evidence of {evidence.practice} has a receipt of {receipt.practice}")
    return receipt


def _time(text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise FormatError("evidence holds a time that does not exist") from error
    if at.tzinfo is None:
        raise FormatError("evidence holds a time without its zone")
    return at


_SENTENCES: Mapping[Finding, Callable[[Evidence], str]] = {
    Finding.FORK: _fork,
    Finding.EDITED: _edited,
    Finding.BACK_DATED: _back_dated,
    Finding.NOT_CONTINUED: _not_continued,
    Finding.ROLLED_BACK: _rolled_back,
    Finding.OMITTED: _omitted,
    Finding.FALSE_ENTRY: _false_entry,
}
