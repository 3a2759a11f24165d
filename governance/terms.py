"""The signed agreement, and when it is in force for a practice.

The hub signs the document (`governance.agreement_form`) with the key that `hub.json` names; its SHA-256 is what the
practice accepts. An agreement is active for a practice only when the hub has signed the document, the practice has
signed its acceptance of exactly these bytes, and the day lies between start and end with no review overdue.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Final

from governance.agreement import ActiveAgreement, Agreement, check_dates
from governance.agreement_changes import is_narrower
from governance.agreement_form import digest_of, document_of, page_digest, read_document, read_terms
from governance.agreement_text import in_words, page_of
from governance.clauses import View
from governance.errors import GovernanceError, NotPermittedError
from governance.keys import SigningKey, VerifyKey
from governance.lifecycle import OPENS
from governance.signing import parse_signed, sign, verify
from governance.wire import TARGET_LIMIT_BYTES, Acceptance, PracticeIdentity, read_acceptance

__all__ = [
    "SignedAgreement",
    "Word",
    "activate",
    "digest_of",
    "document_of",
    "in_words",
    "is_active",
    "page_digest",
    "page_of",
    "read_agreement",
    "read_document",
    "read_terms",
    "sign_agreement",
]

AGREEMENT_TYPE: Final = "application/vnd.gpfed.agreement.v1+json"


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


@dataclass(frozen=True, slots=True)
class Word:
    """A practice's word on an agreement.

    Args:
        signed: as it was signed.
        before: the document of the version before, where the word may be about that one: a version that only narrows
            what the practice has signed is in force by the hub's signature alone.
    """

    signed: bytes
    before: bytes = b""


def sign_agreement(agreement: Agreement, key: SigningKey, others: Sequence[SigningKey] = ()) -> bytes:
    """The document in an envelope that the hub has signed.

    Args:
        agreement: its terms.
        key: the hub's, for agreements.
        others: of the people who drafted and reviewed it.

    Raises:
        FormatError: the agreement could not be read again from its document.
    """
    document = document_of(agreement)
    read_document(document)
    return sign(AGREEMENT_TYPE, document, [key, *others]).to_bytes()


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
    signed: SignedAgreement,
    hub_key: VerifyKey,
    acceptance: bytes | Word,
    practice: PracticeIdentity,
    today: date,
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
    given = acceptance if isinstance(acceptance, Word) else Word(acceptance)
    word = read_acceptance(given.signed, practice.key)
    agreement = signed.agreement
    if practice.code not in agreement.practices:
        raise NotPermittedError(f"parties: practice {practice.code} is not a party to agreement {agreement.id}")
    if word.practice != practice.code:
        raise NotPermittedError(f"signatures: acceptance is of practice {word.practice}, expected {practice.code}")
    about = (word.agreement_id, word.version, word.digest)
    if about != (agreement.id, agreement.version, signed.digest) and not _narrows(given.before, word, agreement):
        raise NotPermittedError(f"signatures: practice {practice.code} has not signed this version of {agreement.id}")
    if word.decision not in OPENS:
        raise NotPermittedError(
            f"signatures: practice {practice.code} said {word.decision} to agreement {agreement.id}"
        )
    check_dates(agreement, today)
    named = word.named and agreement.view is View.NAMED_BY_CONSENT
    return ActiveAgreement(agreement, signed.digest, practice.code, named)


def _narrows(before: bytes, word: Acceptance, agreement: Agreement) -> bool:
    """Whether a practice's word on the version before holds for this one too."""
    if agreement.undertakings is None or not before or digest_of(before) != word.digest:
        return False
    earlier = read_document(before)
    return (
        agreement.undertakings.supersedes == word.digest
        and (earlier.id, earlier.version) == (word.agreement_id, word.version)
        and earlier.id == agreement.id
        and is_narrower(earlier, agreement)
    )


def is_active(
    signed: SignedAgreement, hub_key: VerifyKey, acceptance: bytes, practice: PracticeIdentity, today: date
) -> bool:
    """Whether the agreement is in force for a practice."""
    try:
        activate(signed, hub_key, acceptance, practice, today)
    except GovernanceError:
        return False
    return True
