"""Agreements at the hub: proposed with the hub's signature, delegated in the catalogue to its reviewers.

Proposing makes nothing run: an agreement is active for a practice only once that practice has signed it too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from django.db import transaction

from governance.agreement import Agreement as Terms
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
from governance.review import Role
from governance.terms import digest_of, document_of, sign_agreement
from hub.centre import Centre
from hub.errors import PublicationError
from hub.events import record
from hub.models import Agreement, PublishedSearch
from hub.repository import Delegation
from hub.staff import publish_identity, staff


@dataclass(frozen=True, slots=True)
class Signers:
    """Whose signatures a proposal needs in the catalogue.

    Args:
        targets: two or more of the targets keys: they delegate the agreement's files to the reviewers.
        reviewers: a clinical and a governance reviewer's keys: they sign those files.
    """

    targets: Sequence[SigningKey]
    reviewers: Sequence[SigningKey]


def propose(centre: Centre, terms: Terms, signers: Signers) -> Agreement:
    """Sign an agreement for the hub and put it where the practices it names can read it.

    Raises:
        PublicationError: it names another hub, is not the next version of this agreement, or is not fit to be signed.
    """
    if terms.hub != centre.config.code:
        raise PublicationError(f"agreement {terms.id} is with hub {terms.hub}, this hub is {centre.config.code}")
    with transaction.atomic():
        terms = _next_version(terms)
        try:
            check_fit_to_sign(terms, centre.today())
        except NotPermittedError as error:
            raise PublicationError(error.message, error.hint) from error
        Agreement.objects.filter(agreement_id=terms.id, superseded_at=None).update(superseded_at=centre.now())
        agreement = _create(centre, terms)
        record(centre, "agreement_proposed", agreement=terms.id, version=terms.version, digest=agreement.digest)
        repository = centre.repository()
        repository.delegate(_delegation(terms.id), signers.targets)
        put_files(centre, agreement, signers.reviewers)
        publish_identity(centre, signers.targets)  # names the agreement, now that its files are there
    return agreement


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


def _next_version(terms: Terms) -> Terms:
    """The terms with the digest of the version that they take the place of."""
    latest = Agreement.objects.filter(agreement_id=terms.id).order_by("version").last()
    expected = 1 if latest is None else latest.version + 1
    if terms.version != expected:
        raise PublicationError(
            f"agreement {terms.id} is version {terms.version}, expected {expected}",
            "a signed version is never edited: give the next version",
        )
    if latest is None or terms.undertakings is None or terms.undertakings.supersedes:
        return terms
    return replace(terms, undertakings=replace(terms.undertakings, supersedes=latest.digest))


def _create(centre: Centre, terms: Terms) -> Agreement:
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
        envelope=sign_agreement(terms, centre.keys.agreement),
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
