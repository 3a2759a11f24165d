"""Publishing a search: checked, reviewed by three people, within an agreement that is active for somebody.

    folder -> files -> search (every language rule)
           -> three signatures over its content, by three people in three roles
           -> read again as a practice would read it: people, digest, footprint
           -> within the agreement's scope
           -> active for at least one of the agreement's practices
           -> rows and event; then the catalogue

A search that is published again unchanged keeps its version; its signatures in the catalogue are renewed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from django.db import transaction

from governance.catalogue import SearchBundle, check_bundle, read_bundle, write_bundle
from governance.errors import NotPermittedError, TrustError
from governance.keys import SigningKey
from governance.permission import check_in_scope
from governance.review import ReviewedSearch, ReviewOf, Role, StaffMember, sign_review
from governance.terms import read_document
from hub.agreements import in_force, put_files
from hub.centre import Centre
from hub.enforce import standing
from hub.errors import PublicationError
from hub.events import record
from hub.models import Agreement, PublishedSearch
from hub.staff import hub_identity
from searches.document import SearchFiles, content_digest, library, library_folder, read_folder, read_search


@dataclass(frozen=True, slots=True)
class Reviewers:
    """Who signs, each with the key: three different people, checked again by every practice."""

    author: tuple[StaffMember, SigningKey]
    clinical: tuple[StaffMember, SigningKey]
    governance: tuple[StaffMember, SigningKey]

    def by_role(self) -> tuple[tuple[Role, StaffMember, SigningKey], ...]:
        """Role, person, key."""
        return (
            (Role.AUTHOR, *self.author),
            (Role.CLINICAL, *self.clinical),
            (Role.GOVERNANCE, *self.governance),
        )


@dataclass(frozen=True, slots=True)
class Publication:
    """What was published, and for whom.

    Args:
        searches: id and version of each search.
        practices: practice code -> the empty string if the searches go to it, otherwise why they do not.
    """

    searches: tuple[tuple[str, int], ...]
    practices: Mapping[str, str]

    @property
    def goes_to(self) -> tuple[str, ...]:
        """The practices that will find the searches at their next pull."""
        return tuple(code for code, why_not in self.practices.items() if not why_not)


@dataclass(frozen=True, slots=True)
class _Draft:
    files: SearchFiles
    bundle: bytes
    reviewed: ReviewedSearch


def read_folders(folders: Sequence[Path], codelists: Path | None = None) -> list[SearchFiles]:
    """The files of each search: of a folder, or of a packaged search where there is no folder of that name."""
    found = (library_folder(str(one)) if not one.is_dir() and str(one) in library() else one for one in folders)
    return [read_folder(folder, codelists) for folder in found]


def publish(centre: Centre, agreement_id: str, searches: Sequence[SearchFiles], reviewers: Reviewers) -> Publication:
    """Publish searches under an agreement.

    Raises:
        PublicationError: the agreement is active for no practice, a search is beyond it, or the reviewers are not three
            different people of the right roles.
        SearchesError: a search breaks a rule.
    """
    with transaction.atomic():
        agreement = in_force(agreement_id)
        practices = standing(agreement, centre.today())
        if all(practices.values()):
            raise PublicationError(
                f"{agreement} is active for no practice: {_told(practices)}", "ask the practices to sign it"
            )
        drafts = [_draft(centre, agreement, files, reviewers) for files in searches]
        rows = [_store(centre, agreement, draft) for draft in drafts]
        put_files(centre, agreement, [reviewers.clinical[1], reviewers.governance[1]])
    return Publication(tuple((row.search_id, row.version) for row in rows), practices)


def _draft(centre: Centre, agreement: Agreement, files: SearchFiles, reviewers: Reviewers) -> _Draft:
    search = read_search(files)
    digest = content_digest(files)
    about = ReviewOf(agreement.agreement_id, search.id, digest)
    reviews = tuple(sign_review(key, role, member.person, about) for role, member, key in reviewers.by_role())
    version = _version(agreement, search.id, digest)
    bundle = write_bundle(SearchBundle(agreement.agreement_id, version, search.id, digest, files, reviews))
    try:
        reviewed = check_bundle(read_bundle(bundle), hub_identity(centre))
        check_in_scope(read_document(bytes(agreement.document)), reviewed)
    except TrustError as error:
        raise PublicationError(error.message, error.hint) from error
    except NotPermittedError as error:
        raise PublicationError("; ".join(error.reasons), "agree on it first: propose the next version") from error
    return _Draft(files, bundle, reviewed)


def _version(agreement: Agreement, search_id: str, digest: str) -> int:
    latest = PublishedSearch.objects.filter(agreement=agreement, search_id=search_id).last()
    if latest is None:
        return 1
    return latest.version if latest.digest == digest else latest.version + 1


def _store(centre: Centre, agreement: Agreement, draft: _Draft) -> PublishedSearch:
    search, version = draft.reviewed.search, draft.reviewed.version
    author, clinical, governance = (reviewer.person for reviewer in draft.reviewed.reviewers)
    PublishedSearch.objects.filter(
        agreement=agreement, search_id=search.id, superseded_at=None, version__lt=version
    ).update(superseded_at=centre.now())
    row, _ = PublishedSearch.objects.update_or_create(
        agreement=agreement,
        search_id=search.id,
        version=version,
        defaults={
            "digest": search.digest,
            "title": search.title,
            "files": dict(draft.files.files),
            "codelists": dict(draft.files.codelists),
            "bundle": draft.bundle,
            "author": author,
            "clinical_reviewer": clinical,
            "governance_reviewer": governance,
            "published_at": centre.now(),
        },
    )
    record(
        centre,
        "search_published",
        agreement=agreement.agreement_id,
        search=search.id,
        version=version,
        digest=search.digest,
        author=author,
        clinical=clinical,
        governance=governance,
    )
    return row


def _told(practices: Mapping[str, str]) -> str:
    return "; ".join(f"{code}: {why_not}" for code, why_not in practices.items()) or "it names none"
