"""Agreements at the hub: proposed with the hub's signature, delegated in the catalogue to its reviewers.

Proposing makes nothing run: an agreement is active for a practice only once that practice has signed it too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from django.db import transaction

from governance.agreement import Agreement as Terms
from governance.agreement import check_dates
from governance.agreement_lint import check_fit_to_sign
from governance.catalogue import (
    AgreementIndex,
    IndexEntry,
    agreement_path,
    index_path,
    role_name,
    role_paths,
    search_path,
    write_index,
)
from governance.errors import NotPermittedError
from governance.keys import SigningKey
from governance.lifecycle import OFFER_DAYS, Action, Actor, Guard, State, after
from governance.review import Role
from governance.terms import digest_of, document_of, read_document, sign_agreement
from hub.centre import Centre
from hub.enforce import suspended_by_hub
from hub.errors import PublicationError
from hub.events import record
from hub.models import Agreement, PublishedSearch, Suspension
from hub.repository import Delegation
from hub.staff import publish_identity, staff


@dataclass(frozen=True, slots=True)
class Signers:
    """Whose signatures a proposal needs in the catalogue.

    Args:
        targets: two or more of the targets keys: they delegate the agreement's files to the reviewers.
        reviewers: a clinical and a governance reviewer's keys: they sign those files.
        drafter: the key of whoever drafted the agreement: another person than the governance reviewer, who is the last
            of the reviewers and has read it.
    """

    targets: Sequence[SigningKey]
    reviewers: Sequence[SigningKey]
    drafter: SigningKey


def propose(centre: Centre, terms: Terms, signers: Signers) -> Agreement:
    """Sign an agreement for the hub and put it where the practices it names can read it.

    Raises:
        PublicationError: it names another hub, is not the next version of this agreement, or is not fit to be signed.
    """
    if terms.hub != centre.config.code:
        raise PublicationError(f"agreement {terms.id} is with hub {terms.hub}, this hub is {centre.config.code}")
    with transaction.atomic():
        terms = _next_version(terms, centre.today())
        try:
            check_fit_to_sign(terms, centre.today())
            _check_prepared(signers)
        except NotPermittedError as error:
            raise PublicationError(error.message, error.hint) from error
        Agreement.objects.filter(agreement_id=terms.id, superseded_at=None).update(superseded_at=centre.now())
        agreement = _create(centre, terms, [signers.drafter, signers.reviewers[-1]])
        record(centre, "agreement_proposed", agreement=terms.id, version=terms.version, digest=agreement.digest)
        repository = centre.repository()
        repository.delegate(_delegation(terms.id), signers.targets)
        put_files(centre, agreement, signers.reviewers)
        publish_identity(centre, signers.targets)  # names the agreement, now that its files are there
    return agreement


def suspend(centre: Centre, agreement: Agreement, reason: str) -> None:
    """Stop an agreement for everybody, at once: no search is served under it, no result taken in or shown.

    Agents find its searches gone at their next pull and run nothing more under it. No key is needed to stop.
    """
    with transaction.atomic():
        if not suspended_by_hub(agreement):
            Suspension.objects.create(agreement=agreement, reason=reason, suspended_at=centre.now())
            _record(centre, "agreement_suspend", agreement, reason=reason)


def resume(centre: Centre, agreement: Agreement, reviewers: Sequence[SigningKey]) -> None:
    """Go on with what the hub suspended: both reviewers sign the agreement's files anew.

    Raises:
        PublicationError: the hub has not suspended it, or one of the reviewers' signatures is missing.
    """
    with transaction.atomic():
        if not Suspension.objects.filter(agreement=agreement, resumed_at=None).update(resumed_at=centre.now()):
            raise PublicationError(f"{agreement} is not suspended by the hub", "gpfed-hub agreement show says by whom")
        _record(centre, "agreement_resume", agreement)
        put_files(centre, agreement, reviewers)


def renew(centre: Centre, agreement: Agreement, reviewers: Sequence[SigningKey]) -> None:
    """Sign an agreement's files anew, unchanged, for another 35 days.

    Raises:
        PublicationError: the agreement has ended or a review is overdue, or a reviewer's signature is missing.
    """
    try:
        check_dates(read_document(bytes(agreement.document)), centre.today())
    except NotPermittedError as error:
        raise PublicationError(error.message, error.hint or "propose the next version") from error
    with transaction.atomic():
        _record(centre, "agreement_reviewed", agreement)
        put_files(centre, agreement, reviewers)


def _record(centre: Centre, kind: str, agreement: Agreement, reason: str = "none") -> None:
    about = agreement.agreement_id, agreement.version, agreement.digest
    record(centre, kind, None, agreement=about[0], version=about[1], digest=about[2], reason=reason)


def in_force(agreement_id: str) -> Agreement:
    """The latest version of an agreement.

    Raises:
        PublicationError: there is none.
    """
    agreement = Agreement.objects.filter(agreement_id=agreement_id, superseded_at=None).first()
    if agreement is None:
        raise PublicationError(f"no agreement {agreement_id}", "propose it with gpfed-hub agreement propose")
    return agreement


def put_files(centre: Centre, agreement: Agreement, reviewers: Sequence[SigningKey]) -> None:
    """Publish an agreement's files from the database: its document, the index, and every search in force under it."""
    files = {agreement_path(agreement.agreement_id): bytes(agreement.envelope)}
    entries = []
    for row in PublishedSearch.objects.filter(agreement=agreement, superseded_at=None):
        path = search_path(agreement.agreement_id, row.search_id, row.digest)
        files[path] = bytes(row.bundle)
        entries.append(IndexEntry(row.search_id, row.digest, path))
    index = AgreementIndex(agreement.agreement_id, agreement.version, tuple(entries))
    files[index_path(agreement.agreement_id)] = write_index(index)
    centre.repository().put_agreement_files(role_name(agreement.agreement_id), files, reviewers)


def _check_prepared(signers: Signers) -> None:
    """Return if drafter and reviewer are two people; then the hub's key may sign.

    Raises:
        NotPermittedError: they are not.
    """
    people = {member.key.key_id: member.person for member in staff()}
    drafter = people.get(signers.drafter.public.key_id)
    reviewer = people.get(signers.reviewers[-1].public.key_id)
    holds = {Guard.FIT_TO_SIGN, Guard.EXACT_DOCUMENT}
    if drafter is not None and reviewer is not None and drafter != reviewer:
        holds.add(Guard.NOT_THE_DRAFTER)
    proposed = after(State.DRAFT, Action.PROPOSE, Actor.REVIEWER, frozenset(holds))
    after(proposed, Action.SIGN, Actor.HUB, frozenset(holds))


def _next_version(terms: Terms, today: date) -> Terms:
    """The terms with the digest of the version that they take the place of, and how long they are offered."""
    latest = Agreement.objects.filter(agreement_id=terms.id).order_by("version").last()
    expected = 1 if latest is None else latest.version + 1
    if terms.version != expected:
        raise PublicationError(
            f"agreement {terms.id} is version {terms.version}, expected {expected}",
            "a signed version is never edited: give the next version",
        )
    if terms.undertakings is None:
        return terms
    rest = terms.undertakings
    rest = replace(rest, offer_until=rest.offer_until or today + timedelta(days=OFFER_DAYS))
    if latest is not None:
        if rest.supersedes not in ("", latest.digest):
            raise PublicationError(f"agreement {terms.id} supersedes {rest.supersedes[:12]}, not the version before it")
        rest = replace(rest, supersedes=latest.digest)
    return replace(terms, undertakings=rest)


def _create(centre: Centre, terms: Terms, prepared: Sequence[SigningKey]) -> Agreement:
    document = document_of(terms)
    return Agreement.objects.create(
        agreement_id=terms.id,
        version=terms.version,
        title=terms.title,
        kind=terms.kind.value,
        view=terms.view.value,
        profile=terms.profile,
        digest=digest_of(document),
        document=document,
        envelope=sign_agreement(terms, centre.keys.agreement, prepared),
        signed_by=centre.keys.agreement.public.text,
        practices=sorted(terms.practices),
        start=terms.start,
        end=terms.end,
        proposed_at=centre.now(),
    )


def _delegation(agreement_id: str) -> Delegation:
    reviewers = tuple(member.key for member in staff() if member.roles & {Role.CLINICAL, Role.GOVERNANCE})
    if len(reviewers) < 2:
        raise PublicationError("fewer than two reviewers in the staff directory", "add them with gpfed-hub key new")
    return Delegation(role_name(agreement_id), tuple(role_paths(agreement_id)), reviewers)
