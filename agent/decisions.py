"""The practice's word on an agreement: accept, decline or withdraw, signed here with its own key.

A decision is kept and spooled in one commit, so that the agent never acts on an acceptance that the hub will not get,
nor the other way round. The latest decision on an agreement counts. Saying the same again changes nothing.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from agent.errors import NotAgreedError
from agent.outbox import Message, Outgoing
from agent.record import write_down
from agent.turn import Turn
from governance.agreement_lint import check_fit_to_sign
from governance.catalogue import Catalogue
from governance.clauses import View
from governance.terms import SignedAgreement
from governance.wire import Acceptance, AgreementDecision, FileKind, sign_acceptance

_DIARY_EVENTS = {
    AgreementDecision.ACCEPT: "accepted",
    AgreementDecision.DECLINE: "declined",
    AgreementDecision.WITHDRAW: "withdrawn",
}


@dataclass(frozen=True, slots=True)
class KeptDecision:
    """What this practice last said of an agreement.

    Args:
        signed: the acceptance's bytes as sent.
    """

    agreement_id: str
    version: int
    digest: str
    decision: AgreementDecision
    named: bool
    sequence: int
    signed: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """What the practice says now; `named`: whether peers may see its name."""

    decision: AgreementDecision
    named: bool


def latest_decisions(connection: sqlite3.Connection) -> tuple[KeptDecision, ...]:
    """The last word on each agreement, by the agreement's id."""
    rows = connection.execute(
        "SELECT agreement, version, digest, decision, named, sequence, signed FROM decision"
        " WHERE sequence IN (SELECT max(sequence) FROM decision GROUP BY agreement) ORDER BY agreement"
    )
    return tuple(
        KeptDecision(agreement, version, digest, AgreementDecision(decision), bool(named), sequence, bytes(signed))
        for agreement, version, digest, decision, named, sequence, signed in rows
    )


def find_agreement(catalogue: Catalogue, agreement_id: str) -> SignedAgreement:
    """An agreement that the hub has signed and that is offered to this practice.

    Raises:
        NotAgreedError: there is none of that name.
    """
    signed = catalogue.agreements.get(agreement_id)
    if signed is None:
        raise NotAgreedError(
            f"agreement {agreement_id} is not offered to this practice", "see gpfed-agent agreements show"
        )
    return signed


def say(turn: Turn, signed: SignedAgreement, answer: Answer) -> Message:
    """Sign and keep the practice's word on an agreement; harmless when repeated.

    Raises:
        NotAgreedError: the practice is not a party, the agreement does not let practices be named, or its version is
            not newer than one that this practice has spoken about.
    """
    _check_may_say(turn, signed, answer)
    for kept in latest_decisions(turn.connection):
        if (kept.agreement_id, kept.digest) == (signed.agreement.id, signed.digest) and (
            Answer(kept.decision, kept.named) == answer
        ):
            return turn.outbox.message(kept.sequence)
        _check_newer(kept, signed, answer)
    place = turn.outbox.next_place()
    acceptance = Acceptance(
        practice=turn.config.practice,
        agreement_id=signed.agreement.id,
        version=signed.agreement.version,
        digest=signed.digest,
        decision=answer.decision,
        named=answer.named,
        sequence=place.sequence,
        previous=place.previous_digest,
        on=turn.today,
    )
    data = sign_acceptance(acceptance, turn.key)
    outgoing = Outgoing(FileKind.ACCEPTANCE, signed.agreement.id, "", data)
    message = turn.outbox.spool(place, outgoing, turn.now, lambda connection, _: _keep(connection, acceptance, data))
    write_down(turn.folder, turn.outbox, turn.diary, message)
    turn.diary.append_once(
        _DIARY_EVENTS[answer.decision],
        {
            "agreement": signed.agreement.id,
            "version": signed.agreement.version,
            "digest": signed.digest,
            "named": answer.named,
            "sequence": place.sequence,
        },
    )
    return message


def _check_may_say(turn: Turn, signed: SignedAgreement, answer: Answer) -> None:
    agreement = signed.agreement
    if turn.config.practice not in agreement.practices:
        raise NotAgreedError(f"practice {turn.config.practice} is not a party to agreement {agreement.id}")
    if answer.decision is AgreementDecision.ACCEPT:
        check_fit_to_sign(agreement, turn.today)
    if answer.named and agreement.view is not View.NAMED_BY_CONSENT:
        raise NotAgreedError(f"agreement {agreement.id} names no practice to its peers", "accept it with --unnamed")


def _check_newer(kept: KeptDecision, signed: SignedAgreement, answer: Answer) -> None:
    """A version is never edited nor brought back: whoever reads "version 1" reads what was signed as version 1."""
    agreement = signed.agreement
    if kept.agreement_id != agreement.id or kept.digest == signed.digest or answer.decision != AgreementDecision.ACCEPT:
        return
    if agreement.version <= kept.version:
        raise NotAgreedError(
            f"agreement {agreement.id} is offered as version {agreement.version} in other words than were signed, "
            f"this practice has spoken about version {kept.version}",
            "nothing was signed; tell the hub by telephone: changed words need the next version",
        )


def _keep(connection: sqlite3.Connection, acceptance: Acceptance, signed: bytes) -> None:
    connection.execute(
        "INSERT INTO decision (agreement, version, digest, decision, named, sequence, signed)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            acceptance.agreement_id,
            acceptance.version,
            acceptance.digest,
            str(acceptance.decision),
            int(acceptance.named),
            acceptance.sequence,
            signed,
        ),
    )
