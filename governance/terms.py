"""An agreement's document: from YAML as people write it, to canonical bytes as both sides sign them, and back.

    schema: 1
    id: heart-health                      # lower case, digits, dashes; never changes
    version: 1
    title: Heart health in Northside
    kind: sharing                         # sharing | internal
    hub: NORTHSIDE
    practices: [Z90001, Z90002]
    purposes: [Comparing care between practices to improve it]
    prohibited_uses: [Performance management, Insurance, Marketing, Re-identification]
    legal_basis: ["UK GDPR Article 6(1)(e) and 9(2)(h); what leaves is anonymous"]
    searches:
      - {id: pulse-rhythm-65, dimensions: [age_band, sex], schedule: monthly}    # relaxed: [one_sided]
    tables:
      patient: [patient_id, age, age_band, sex]
      event: [patient_id, event_date, code]
    codelists: [pulse_rhythm]
    profile: gp-bench                     # not given: nhs-round5
    opt_outs: type1_excluded
    view: named_by_consent                # unnamed | named_by_consent
    start: 2026-01-01
    end: 2027-12-31

The document is the canonical JSON of the same; its SHA-256 is what the practice accepts. The hub signs it with the key
that `hub.json` names. An agreement is active for a practice only when the hub has signed the document, the practice has
signed its acceptance of exactly these bytes, and the day lies between start and end.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Annotated, Final, Literal

from pydantic import Field

from governance.agreement import ActiveAgreement, Agreement, Kind, SearchTerms, View, check_dates
from governance.canonical import to_canonical
from governance.errors import FormatError, GovernanceError, NotPermittedError
from governance.keys import SigningKey, VerifyKey
from governance.optouts import OptOutPolicy
from governance.profiles import FALLBACK, Relaxation
from governance.signing import parse_signed, sign, verify
from governance.wire import (
    TARGET_LIMIT_BYTES,
    AgreementDecision,
    AgreementId,
    IsoDate,
    Line,
    Message,
    PracticeCode,
    PracticeIdentity,
    SearchId,
    fit,
    iso_date,
    read_acceptance,
    read_message,
)
from searches.canon import TABLES
from searches.errors import DocumentError
from searches.search import Schedule
from searches.strict_yaml import read_yaml

AGREEMENT_TYPE: Final = "application/vnd.gpfed.agreement.v1+json"
_Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
_Lines = Annotated[list[Line], Field(max_length=50)]


@dataclass(frozen=True, slots=True)
class SignedAgreement:
    """An agreement whose document the hub has signed. Made only by `read_agreement`.

    Args:
        agreement: its terms.
        document: the exact bytes that were signed.
        digest: SHA-256 (hex) of the document.
        envelope: document and signature as received.
    """

    agreement: Agreement
    document: bytes
    digest: str
    envelope: bytes


class _SearchModel(Message):
    id: SearchId
    dimensions: Annotated[list[_Name], Field(max_length=10)] = Field(default_factory=list)
    schedule: Literal["weekly", "monthly", "quarterly", "yearly"]
    relaxed: Annotated[list[Literal["one_sided"]], Field(max_length=1)] = Field(default_factory=list)


class _TermsModel(Message):
    schema_: Annotated[int, Field(alias="schema", ge=1, le=1)]
    id: AgreementId
    version: Annotated[int, Field(ge=1, le=9999)]
    title: Line
    kind: Literal["sharing", "internal"]
    hub: PracticeCode
    practices: Annotated[list[PracticeCode], Field(min_length=1, max_length=10_000)]
    purposes: Annotated[_Lines, Field(min_length=1)]
    prohibited_uses: _Lines
    legal_basis: _Lines = Field(default_factory=list)
    searches: Annotated[list[_SearchModel], Field(min_length=1, max_length=2000)]
    tables: dict[_Name, Annotated[list[_Name], Field(max_length=50)]]
    codelists: Annotated[list[_Name], Field(max_length=2000)]
    profile: Annotated[str, Field(max_length=40)] = FALLBACK.id
    opt_outs: Literal["type1_excluded"]
    view: Literal["unnamed", "named_by_consent"]
    start: IsoDate
    end: IsoDate


def read_terms(text: str) -> Agreement:
    """Read an agreement as people write it.

    Raises:
        FormatError: not YAML, a name twice, or not an agreement.
    """
    try:
        value = read_yaml("agreement", text)
    except DocumentError as error:
        raise FormatError(error.message, error.hint) from error
    if isinstance(value, dict):  # YAML reads 2026-01-01 as a date; the document keeps it as text
        value = {name: one.isoformat() if isinstance(one, date) else one for name, one in value.items()}
    return _agreement(fit(_TermsModel, value, "agreement"))


def read_document(document: bytes) -> Agreement:
    """Read an agreement's canonical document.

    Raises:
        FormatError: it is not one.
    """
    return _agreement(read_message(_TermsModel, document, TARGET_LIMIT_BYTES, "agreement"))


def document_of(agreement: Agreement) -> bytes:
    """The canonical bytes that both sides sign."""
    return to_canonical(
        {
            "schema": 1,
            "id": agreement.id,
            "version": agreement.version,
            "title": agreement.title,
            "kind": str(agreement.kind),
            "hub": agreement.hub,
            "practices": list(agreement.practices),
            "purposes": list(agreement.purposes),
            "prohibited_uses": list(agreement.prohibited_uses),
            "legal_basis": list(agreement.legal_basis),
            "searches": [_search_document(terms) for terms in agreement.searches],
            "tables": {table: list(columns) for table, columns in agreement.tables.items()},
            "codelists": list(agreement.codelists),
            "profile": agreement.profile,
            "opt_outs": str(agreement.opt_out_policy),
            "view": str(agreement.view),
            "start": agreement.start.isoformat(),
            "end": agreement.end.isoformat(),
        }
    )


def _search_document(terms: SearchTerms) -> dict[str, object]:
    relaxed = {"relaxed": sorted(str(one) for one in terms.relaxed)} if terms.relaxed else {}
    return {
        "id": terms.search_id,
        "dimensions": list(terms.dimensions),
        "schedule": str(terms.schedule),
        **relaxed,
    }


def digest_of(document: bytes) -> str:
    """What a practice accepts: SHA-256 (hex) of the document."""
    return hashlib.sha256(document).hexdigest()


def sign_agreement(agreement: Agreement, key: SigningKey) -> bytes:
    """The document in an envelope that the hub has signed.

    Raises:
        FormatError: the agreement could not be read again from its document.
    """
    document = document_of(agreement)
    read_document(document)
    return sign(AGREEMENT_TYPE, document, [key]).to_bytes()


@lru_cache(maxsize=64)  # the same bytes under the same key; a hub asks for every message that it takes in
def read_agreement(envelope: bytes, hub_key: VerifyKey) -> SignedAgreement:
    """An agreement that the hub has signed.

    Args:
        envelope: as received.
        hub_key: the agreement key that `hub.json` names.

    Raises:
        SignatureError: the hub has not signed it.
        FormatError: it is not an agreement.
    """
    signed = parse_signed(envelope, TARGET_LIMIT_BYTES, "agreement")
    document = verify(signed, AGREEMENT_TYPE, [hub_key])
    return SignedAgreement(read_document(document), document, digest_of(document), envelope)


def activate(
    signed: SignedAgreement, hub_key: VerifyKey, acceptance: bytes, practice: PracticeIdentity, today: date
) -> ActiveAgreement:
    """The agreement as it is in force for a practice.

    Args:
        signed: the document; verified once more, with the key that holds now.
        hub_key: the agreement key that `hub.json` names.
        acceptance: the practice's latest word on it, as it was signed.
        practice: whose word, and its enrolled key.
        today: the latest day ever seen.

    Raises:
        SignatureError: the hub has not signed the document, or the practice's key has not signed the acceptance.
        NotPermittedError: the practice is no party, has not accepted exactly this document, or it is not in force
        today.
    """
    signed = read_agreement(signed.envelope, hub_key)
    word = read_acceptance(acceptance, practice.key)
    agreement = signed.agreement
    if practice.code not in agreement.practices:
        raise NotPermittedError(f"parties: practice {practice.code} is not a party to agreement {agreement.id}")
    if word.practice != practice.code:
        raise NotPermittedError(f"signatures: acceptance is of practice {word.practice}, expected {practice.code}")
    if (word.agreement_id, word.version, word.digest) != (agreement.id, agreement.version, signed.digest):
        raise NotPermittedError(f"signatures: practice {practice.code} has not signed this version of {agreement.id}")
    if word.decision is not AgreementDecision.ACCEPT:
        raise NotPermittedError(
            f"signatures: practice {practice.code} said {word.decision} to agreement {agreement.id}"
        )
    check_dates(agreement, today)
    named = word.named and agreement.view is View.NAMED_BY_CONSENT
    return ActiveAgreement(agreement, signed.digest, practice.code, named)


def is_active(
    signed: SignedAgreement, hub_key: VerifyKey, acceptance: bytes, practice: PracticeIdentity, today: date
) -> bool:
    """Whether the agreement is in force for a practice."""
    try:
        activate(signed, hub_key, acceptance, practice, today)
    except GovernanceError:
        return False
    return True


def in_words(agreement: Agreement) -> str:
    """The agreement in plain English, as a signatory reads it before signing."""
    lines = [
        f"{agreement.title} ({agreement.id}, version {agreement.version})",
        "",
        f"Between the hub {agreement.hub} and {len(agreement.practices)} practices: {', '.join(agreement.practices)}.",
        f"In force from {agreement.start} to {agreement.end}.",
        "",
        "What the counts may be used for:",
        *(f"  * {purpose}" for purpose in agreement.purposes),
        "What they may not be used for:",
        *(f"  * {use}" for use in agreement.prohibited_uses),
        "Legal basis:",
        *(f"  * {basis}" for basis in agreement.legal_basis or ("not stated",)),
        "",
        f"What leaves: counts, never rows, protected by the profile {agreement.profile}.",
        "People who opted out (Type 1) are not counted.",
        "No name, number, date of birth, address or free text can be asked for.",
        f"Who sees it: {_VIEW_WORDS[agreement.view]}",
        "",
        "What may be counted, how often, split by what:",
        *(f"  * {_terms_words(terms)}" for terms in agreement.searches),
        "From these records:",
        *(f"  * {table}: {', '.join(columns)}" for table, columns in agreement.tables.items()),
        f"Found by the code lists: {', '.join(agreement.codelists) or 'none'}.",
    ]
    return "\n".join(lines) + "\n"


_VIEW_WORDS = {
    View.UNNAMED: "peers see your percentages, never your name or counts.",
    View.NAMED_BY_CONSENT: "peers see your name and counts only if you agree to be named; otherwise percentages alone.",
}


def _terms_words(terms: SearchTerms) -> str:
    split = f", by {' and '.join(terms.dimensions)}" if terms.dimensions else ""
    relaxed = "; the other side of a few people is shown" if Relaxation.ONE_SIDED in terms.relaxed else ""
    return f"{terms.search_id}, {terms.schedule}{split}{relaxed}"


def _agreement(model: _TermsModel) -> Agreement:
    start, end = iso_date(model.start, "agreement"), iso_date(model.end, "agreement")
    if end < start:
        raise FormatError(f"agreement ends on {end}, before it begins on {start}")
    ids = [terms.id for terms in model.searches]
    for what, names in (("search", ids), ("practice", model.practices), ("code list", model.codelists)):
        if len(set(names)) != len(names):
            raise FormatError(f"agreement names a {what} twice")
    _check_tables(model.tables)
    return Agreement(
        id=model.id,
        version=model.version,
        title=model.title,
        kind=Kind(model.kind),
        hub=model.hub,
        practices=tuple(model.practices),
        purposes=tuple(model.purposes),
        prohibited_uses=tuple(model.prohibited_uses),
        legal_basis=tuple(model.legal_basis),
        searches=tuple(_search_terms(one) for one in model.searches),
        tables={table: tuple(columns) for table, columns in model.tables.items()},
        codelists=tuple(model.codelists),
        profile=model.profile,
        opt_out_policy=OptOutPolicy(model.opt_outs),
        view=View(model.view),
        start=start,
        end=end,
    )


def _search_terms(model: _SearchModel) -> SearchTerms:
    relaxed = frozenset(Relaxation(one) for one in model.relaxed)
    return SearchTerms(model.id, tuple(model.dimensions), Schedule(model.schedule), relaxed)


def _check_tables(tables: dict[str, list[str]]) -> None:
    for name, columns in tables.items():
        table = TABLES.get(name)
        if table is None:
            raise FormatError(f"agreement names table {name}, expected one of: {', '.join(TABLES)}")
        unknown = [column for column in columns if table.column(column) is None]
        if unknown:
            raise FormatError(f"agreement names columns that {name} does not have: {', '.join(unknown)}")
