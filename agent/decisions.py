"""The practice's word on an agreement: accept, decline, suspend, resume or withdraw, signed here with its own key.

A decision is kept and spooled in one commit, so that the agent never acts on an acceptance that the hub will not get,
nor the other way round. The latest decision on an agreement counts. Saying the same again changes nothing.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from agent.errors import NotAgreedError
from agent.files import private_folder, write_private
from agent.outbox import Message, Outgoing
from agent.record import write_down
from agent.state import StateFolder
from agent.turn import Turn
from governance.agreement import Agreement
from governance.agreement_lint import check_fit_to_sign
from governance.catalogue import HUB_TARGET, Catalogue, check_prepared, read_hub
from governance.clauses import View
from governance.lifecycle import OPENS, Facts, check_may_say
from governance.optouts import check_national_source
from governance.terms import SignedAgreement, digest_of, read_document
from governance.wire import Acceptance, AgreementDecision, FileKind, read_acceptance, sign_acceptance

_DIARY_EVENTS = {
    AgreementDecision.ACCEPT: "accepted",
    AgreementDecision.DECLINE: "declined",
    AgreementDecision.WITHDRAW: "withdrawn",
    AgreementDecision.SUSPEND: "suspended",
    AgreementDecision.RESUME: "resumed",
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


def kept_decision(connection: sqlite3.Connection, agreement_id: str) -> KeptDecision | None:
    """The last word on one agreement, or None."""
    return next((one for one in latest_decisions(connection) if one.agreement_id == agreement_id), None)


def kept_terms(folder: StateFolder, kept: KeptDecision) -> Agreement | None:
    """The terms that a word is about, as they were accepted here; None: not kept, or not what was accepted."""
    document = kept_document(folder, kept)
    return read_document(document) if digest_of(document) == kept.digest else None


def kept_document(folder: StateFolder, kept: KeptDecision) -> bytes:
    """The document that a word is about; empty where it is not kept."""
    path = folder.agreements / f"{kept.digest}.json"
    return path.read_bytes() if path.exists() else b""


def say(turn: Turn, signed: SignedAgreement, answer: Answer) -> Message:
    """Sign and keep the practice's word on an agreement; harmless when repeated.

    Raises:
        NotAgreedError: the practice is not a party, the agreement does not let practices be named, or its version is
            not newer than one that this practice has spoken about.
        OptOutsMissingError: it needs a list of opted-out people that this practice does not have.
        TrustError: not two of the hub's people prepared it.
        NotPermittedError: something is wrong with the agreement, or its state has no such way.
    """
    _check_may_say(turn, signed, answer)
    said: KeptDecision | None = None
    for kept in latest_decisions(turn.connection):
        if (kept.agreement_id, kept.digest) == (signed.agreement.id, signed.digest):
            said = kept
            if Answer(kept.decision, kept.named) == answer:
                return turn.outbox.message(kept.sequence)
        _check_newer(kept, signed, answer)
    check_may_say(signed.agreement, _facts(turn, said), answer.decision, turn.today)
    if answer.decision is AgreementDecision.ACCEPT:
        private_folder(turn.folder.agreements)
        write_private(turn.folder.agreements / f"{signed.digest}.json", signed.document)
    return _sign(turn, (signed.agreement.id, signed.agreement.version, signed.digest), answer)


def say_again(turn: Turn, kept: KeptDecision, decision: AgreementDecision) -> Message:
    """Another word on what this practice has accepted: suspend, resume or withdraw, with no need of the hub.

    Raises:
        NotPermittedError: the agreement's state has no such way. What stops is never refused.
    """
    terms = kept_terms(turn.folder, kept)
    if decision in OPENS:
        if terms is None:
            raise NotAgreedError(f"agreement {kept.agreement_id}: what was accepted is not kept here", "accept it anew")
        check_may_say(terms, _facts(turn, kept), decision, turn.today)
    return _sign(turn, (kept.agreement_id, kept.version, kept.digest), Answer(decision, kept.named))


def _facts(turn: Turn, kept: KeptDecision | None) -> Facts:
    if kept is None:
        return Facts()
    return Facts(kept.decision, read_acceptance(kept.signed, turn.key.public).on)


def _sign(turn: Turn, about: tuple[str, int, str], answer: Answer) -> Message:
    place = turn.outbox.next_place()
    acceptance = Acceptance(
        turn.config.practice,
        *about,
        answer.decision,
        answer.named,
        place.sequence,
        place.previous_digest,
        turn.today,
    )
    data = sign_acceptance(acceptance, turn.key)
    outgoing = Outgoing(FileKind.ACCEPTANCE, acceptance.agreement_id, "", data)
    message = turn.outbox.spool(place, outgoing, turn.now, lambda connection, _: _keep(connection, acceptance, data))
    write_down(turn.folder, turn.outbox, turn.diary, message)
    facts: dict[str, str | int | bool] = {
        "agreement": acceptance.agreement_id,
        "version": acceptance.version,
        "digest": acceptance.digest,
        "named": answer.named,
        "sequence": place.sequence,
    }
    turn.diary.append_once(_DIARY_EVENTS[answer.decision], facts)
    return message


def _check_may_say(turn: Turn, signed: SignedAgreement, answer: Answer) -> None:
    agreement = signed.agreement
    if turn.config.practice not in agreement.practices:
        raise NotAgreedError(f"practice {turn.config.practice} is not a party to agreement {agreement.id}")
    if answer.decision is AgreementDecision.ACCEPT:
        check_fit_to_sign(agreement, turn.today)
        check_prepared(signed, read_hub((turn.folder.catalogue / HUB_TARGET).read_bytes()))
        check_national_source(agreement.opt_out_policy, turn.config.layout, has_source=False)  # no layout has one yet
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
