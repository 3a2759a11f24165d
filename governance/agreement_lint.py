"""What is wrong with an agreement before anybody signs it: every complaint with its clause and what to write instead.

The hub asks before it proposes, and every agent asks again before its practice accepts: neither trusts the other to
have looked. A document that two parties have signed is held by its terms; this is about what should never be signed.

| purpose | needs one of | and one of |
|---|---|---|
| care_improvement, clinical_audit | 9(2)(h), 9(2)(i) | anonymous, direct care, consent, section 251, statute |
| direct_care | 9(2)(h) | direct care, anonymous |
| service_planning | 9(2)(h) | anonymous, consent, section 251, statute |
| public_health | 9(2)(i), 9(2)(h) | anonymous, consent, section 251, statute |
| research | 9(2)(j) | anonymous, consent, section 251 |
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from governance.agreement import Agreement, check_controllers
from governance.agreement_form import plain
from governance.canonical import to_canonical
from governance.clauses import (
    Confidentiality,
    Kind,
    PartyRole,
    ProhibitedUse,
    PurposeTag,
    Received,
    RecipientView,
    Undertakings,
)
from governance.errors import GovernanceError, NotPermittedError
from governance.profiles import profile

UNFILLED: Final = "CHANGE"
LONGEST_TERM: Final = timedelta(days=5 * 366)
LONGEST_WITHOUT_REVIEW: Final = timedelta(days=2 * 366)


@dataclass(frozen=True, slots=True)
class Complaint:
    """One thing that is wrong: the clause, what, and what to write instead."""

    clause: str
    sentence: str
    hint: str = ""

    def __str__(self) -> str:
        return f"{self.clause}: {self.sentence}"


def complaints(agreement: Agreement, today: date) -> tuple[Complaint, ...]:
    """Everything that is wrong with an agreement on the day it is to be signed."""
    rest = agreement.undertakings
    if rest is None:
        return (Complaint("schema", "is 1, expected 2", "write it anew: gpfed-hub agreement draft"),)
    return (
        *_unfilled(agreement),
        *_of_parties(agreement, rest),
        *_of_purposes(agreement, rest),
        *_of_scope(agreement, rest),
        *_of_dates(agreement, rest, today),
        *_of_leaving(agreement, rest),
    )


def check_fit_to_sign(agreement: Agreement, today: date) -> None:
    """Return if nothing is wrong with an agreement.

    Raises:
        NotPermittedError: something is; carries every complaint.
    """
    found = complaints(agreement, today)
    if found:
        sentences = tuple(f"agreement {agreement.id}, {one}" for one in found)
        raise NotPermittedError("; ".join(sentences), sentences, found[0].hint)


_BASES: Final = {
    PurposeTag.CARE_IMPROVEMENT: (("9(2)(h)", "9(2)(i)"), tuple(Confidentiality)),
    PurposeTag.CLINICAL_AUDIT: (("9(2)(h)", "9(2)(i)"), tuple(Confidentiality)),
    PurposeTag.DIRECT_CARE: (("9(2)(h)",), (Confidentiality.DIRECT_CARE, Confidentiality.ANONYMOUS)),
    PurposeTag.SERVICE_PLANNING: (("9(2)(h)",), tuple({*Confidentiality} - {Confidentiality.DIRECT_CARE})),
    PurposeTag.PUBLIC_HEALTH: (("9(2)(i)", "9(2)(h)"), tuple({*Confidentiality} - {Confidentiality.DIRECT_CARE})),
    PurposeTag.RESEARCH: (
        ("9(2)(j)",),
        (Confidentiality.ANONYMOUS, Confidentiality.CONSENT, Confidentiality.SECTION_251),
    ),
}


def _unfilled(agreement: Agreement) -> Iterator[Complaint]:
    for name, value in plain(agreement).items():
        if f'"{UNFILLED}"' in to_canonical({name: value}).decode("utf-8"):
            yield Complaint(name, f"{UNFILLED} was left where somebody's words belong", "fill in the draft")


def _of_parties(agreement: Agreement, rest: Undertakings) -> Iterator[Complaint]:
    roles = {(party.code, party.role) for party in rest.parties}
    if (agreement.hub, PartyRole.HUB_OPERATOR) not in roles:
        yield Complaint("parties", f"hub {agreement.hub} is not among them", "name it with the role hub_operator")
    strangers = sorted(set(rest.controllers) - set(agreement.practices))
    if strangers:
        yield Complaint("controllers", f"{strangers[0]} is no practice of this agreement", "take it out, or add it")
    try:
        check_controllers(agreement)
    except NotPermittedError as error:
        yield Complaint("controllers", error.message, error.hint)
    joint = agreement.kind is Kind.JOINT_CONTROLLERS
    if joint != (rest.joint is not None):
        what = "is missing" if joint else f"stands in a {agreement.kind} agreement"
        yield Complaint("joint", f"the arrangement between joint controllers {what}", "UK GDPR Article 26")
    if agreement.kind is Kind.PROCESSOR and PartyRole.PROCESSOR not in {party.role for party in rest.parties}:
        yield Complaint("parties", "no processor is named", "add a party with the role processor")


def _of_purposes(agreement: Agreement, rest: Undertakings) -> Iterator[Complaint]:
    legal = rest.legal
    for purpose in agreement.purposes:
        if purpose.tag is None:
            yield Complaint("purposes", "a purpose has no tag", f"one of: {', '.join(PurposeTag)}")
            continue
        articles, duties = _BASES[purpose.tag]
        if legal.article_9 not in articles or legal.confidentiality not in duties:
            yield Complaint(
                "legal",
                f"purpose {purpose.tag} does not go with Article {legal.article_9} and confidentiality "
                f"{legal.confidentiality}",
                f"it goes with {' or '.join(articles)}, and with {', '.join(sorted(duties))}",
            )
    if legal.confidentiality in {Confidentiality.SECTION_251, Confidentiality.STATUTE} and not legal.reference:
        yield Complaint("legal", f"{legal.confidentiality} has no reference", "the approval's or direction's number")
    if ProhibitedUse.REIDENTIFICATION not in agreement.prohibited_uses:
        yield Complaint("prohibited_uses", "re_identification is not among them", "add it: nobody may try")


def _of_scope(agreement: Agreement, rest: Undertakings) -> Iterator[Complaint]:
    for name in sorted(name for name, digest in agreement.codelists.items() if not digest):
        yield Complaint("codelists", f"{name} is not pinned to its codes", "give the SHA-256 of its content")
    try:
        profile(agreement.profile)
    except GovernanceError as error:
        yield Complaint("profile", error.message, error.hint)
    if not rest.recipients:
        yield Complaint("recipients", "nobody is named", "say who sees the figures")
    if any(one.view is RecipientView.NETWORK_TOTAL for one in rest.recipients):
        yield Complaint("recipients", "totals of a network alone are not in this release", "view: practice_level")
    if rest.retention.results_days == 0:
        yield Complaint("retention", "results are kept for 0 days", "for as long as they are compared")
    if not rest.security.toolkit_met:
        yield Complaint("security", "the hub does not meet the toolkit's standards", "meet them first")


def _of_dates(agreement: Agreement, rest: Undertakings, today: date) -> Iterator[Complaint]:
    if agreement.end < today:
        yield Complaint("end", f"is {agreement.end}, before today, {today}", "an ended agreement is not proposed")
    if agreement.end - agreement.start > LONGEST_TERM:
        yield Complaint("end", "is more than five years after start", "agree on a new one then")
    if rest.dpia is None:
        yield Complaint(
            "dpia", "the data protection impact assessment is missing", "reference, sha256, approved_by, review"
        )
    elif rest.dpia.review < today:
        yield Complaint("dpia", f"its review was due on {rest.dpia.review}, today is {today}", "review it first")
    if rest.review < today:
        yield Complaint("review", f"is {rest.review}, before today, {today}", "a day to come")
    elif rest.review - max(today, agreement.start) > LONGEST_WITHOUT_REVIEW:
        yield Complaint("review", f"is {rest.review}, more than two years ahead", "look at it again sooner")
    if rest.offer_until is None or rest.offer_until < today:
        yield Complaint("offer_until", f"is {rest.offer_until}, today is {today}", "leave it out: the hub sets it")
    if (agreement.version > 1) != bool(rest.supersedes):
        expected = "the digest of the version before" if agreement.version > 1 else "nothing: it is the first"
        yield Complaint(
            "supersedes", f"of version {agreement.version} is not {expected}", "leave it out: the hub knows"
        )


def _of_leaving(agreement: Agreement, rest: Undertakings) -> Iterator[Complaint]:
    leaving = rest.withdrawal
    notice = agreement.kind is Kind.PROVISION_NOTICE
    if notice and rest.legal.confidentiality is not Confidentiality.STATUTE:
        yield Complaint(
            "legal", "a provision notice rests on statute alone", "confidentiality: statute, and its number"
        )
    if notice == leaving.allowed:
        what = "cannot be withdrawn from" if notice else "can always be withdrawn from"
        yield Complaint("withdrawal", f"a {agreement.kind} agreement {what}", f"allowed: {str(not notice).lower()}")
    if leaving.received is Received.DELETE and leaving.delete_days == 0:
        yield Complaint("withdrawal", "what was received is deleted within 0 days", "give delete_days of 1 or more")
