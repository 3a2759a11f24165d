"""Three different people stand behind every search: its author, a clinical and a governance reviewer.

A TUF threshold cannot tell an author from an approver, so each search carries three signatures of its own. Each is over
a statement that names agreement, search, content digest, role and person, so that a signature given in one role or for
one agreement can never be shown as another:

    {"agreement": ..., "digest": ..., "person": ..., "role": "clinical", "schema": 1, "search": ...}

Who may act in which role, with which key, is the staff directory in the hub's top-level target.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from governance.canonical import to_canonical
from governance.errors import SignatureError, TrustError
from governance.keys import SigningKey, VerifyKey
from governance.signing import pae
from searches.footprint import Footprint
from searches.search import Search

REVIEW_TYPE = "application/vnd.gpfed.review.v1+json"


class Role(StrEnum):
    """In which role somebody signs a search."""

    AUTHOR = "author"
    CLINICAL = "clinical"
    GOVERNANCE = "governance"


@dataclass(frozen=True, slots=True)
class StaffMember:
    """Somebody at the hub.

    Args:
        person: a short id that never changes and is never given again.
        name: for people.
        roles: in which he or she may sign.
        key: with which.
    """

    person: str
    name: str
    roles: frozenset[Role]
    key: VerifyKey


@dataclass(frozen=True, slots=True)
class ReviewOf:
    """What a review is about.

    Args:
        agreement_id: under which the search is published.
        search_id: of the search.
        digest: SHA-256 (hex) of the content of its files and code lists.
    """

    agreement_id: str
    search_id: str
    digest: str


@dataclass(frozen=True, slots=True)
class Review:
    """One person's signature, in one role, over one search: not yet verified."""

    role: Role
    person: str
    key_id: str
    signature: bytes


@dataclass(frozen=True, slots=True)
class Reviewer:
    """Somebody whose review was verified."""

    role: Role
    person: str
    key_id: str


@dataclass(frozen=True, slots=True)
class ReviewedSearch:
    """A search that three different people signed and whose content was read again from its files.

    Args:
        agreement_id: under which it is published.
        version: of its publication, from 1.
        search: what it asks.
        footprint: the tables, columns and code lists that it reads, found anew in its tree.
        reviewers: author, clinical, governance.
    """

    agreement_id: str
    version: int
    search: Search
    footprint: Footprint
    reviewers: tuple[Reviewer, ...]


def sign_review(key: SigningKey, role: Role, person: str, about: ReviewOf) -> Review:
    """Sign a search in a role."""
    return Review(role, person, key.public.key_id, key.sign(_statement(role, person, about)))


def check_reviews(reviews: Sequence[Review], about: ReviewOf, staff: Iterable[StaffMember]) -> tuple[Reviewer, ...]:
    """The three reviewers, in the order of roles.

    Raises:
        SignatureError: a signature is not of that person's key over that search in that role.
        TrustError: a role is missing or there twice, somebody is not in the directory or may not act in that role, or
        two
            roles are one person or one key.
    """
    directory = {member.person: member for member in staff}
    by_role = {review.role: review for review in reviews}
    if len(reviews) != len(Role) or set(by_role) != set(Role):
        raise TrustError(
            f"search {about.search_id} has {len(reviews)} reviews, expected one each of: {', '.join(Role)}",
            "have it signed by author, clinical and governance reviewer",
        )
    reviewers = tuple(_check_review(by_role[role], about, directory.get(by_role[role].person)) for role in Role)
    check_three_people(reviewers, about.search_id)
    return reviewers


def check_three_people(reviewers: Sequence[Reviewer], search_id: str) -> None:
    """Return if author, clinical and governance reviewer are three people with three keys.

    Raises:
        TrustError: they are not.
    """
    if [reviewer.role for reviewer in reviewers] != list(Role):
        raise TrustError(f"search {search_id} does not have one reviewer of each role")
    if len({reviewer.person for reviewer in reviewers}) != len(Role):
        raise TrustError(f"search {search_id}: author, clinical and governance reviewer are not three people")
    if len({reviewer.key_id for reviewer in reviewers}) != len(Role):
        raise TrustError(f"search {search_id}: author, clinical and governance reviewer do not have three keys")


def _check_review(review: Review, about: ReviewOf, member: StaffMember | None) -> Reviewer:
    if member is None:
        raise TrustError(f"search {about.search_id}: {review.role} reviewer is not in the staff directory")
    if review.role not in member.roles:
        raise TrustError(f"search {about.search_id}: {member.person} may not sign as {review.role}")
    if review.key_id != member.key.key_id:
        raise TrustError(f"search {about.search_id}: {review.role} key is not that of {member.person}")
    try:
        member.key.verify(review.signature, _statement(review.role, review.person, about))
    except SignatureError as error:
        raise SignatureError(
            f"search {about.search_id}: {review.role} signature is not over this content by {member.person}"
        ) from error
    return Reviewer(review.role, review.person, review.key_id)


def _statement(role: Role, person: str, about: ReviewOf) -> bytes:
    body = {
        "schema": 1,
        "agreement": about.agreement_id,
        "search": about.search_id,
        "digest": about.digest,
        "role": str(role),
        "person": person,
    }
    return pae(REVIEW_TYPE, to_canonical(body))
