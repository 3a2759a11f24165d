"""The targets that the hub publishes: their names, what they hold, how they are written and read.

    hub.json                                              who the hub is (top level, two of three keys)
    agreements/<id>/agreement.json                        the signed agreement         (delegated role agreement-<id>,
    agreements/<id>/index.json                            which searches, by digest     both reviewers' keys)
    agreements/<id>/searches/<search>.<digest12>.json     one search with its code lists and three reviews

All are canonical JSON. Nothing is believed here: `governance.catalogue` decides what is believed of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final

from pydantic import Field

from governance.canonical import to_canonical
from governance.errors import FormatError, TrustError
from governance.keys import SealPublic, VerifyKey
from governance.review import Review, Role, StaffMember
from governance.signing import decode64, encode64
from governance.wire import (
    AGREEMENT_ID,
    TARGET_LIMIT_BYTES,
    AgreementId,
    Digest,
    KeyId,
    Line,
    Message,
    PracticeCode,
    SearchId,
    read_message,
)
from searches.document import SearchFiles

HUB_TARGET: Final = "hub.json"
ROOT_THRESHOLD, TARGETS_THRESHOLD, AGREEMENT_THRESHOLD = 2, 2, 2
TIMESTAMP_DAYS, SNAPSHOT_DAYS, TARGETS_DAYS, ROOT_DAYS, AGREEMENT_DAYS = 8, 14, 90, 365, 35
_DIGEST_IN_NAME = 12  # hex digits


def role_name(agreement_id: str) -> str:
    """The delegated role of an agreement."""
    _check_agreement_id(agreement_id)
    return f"agreement-{agreement_id}"


def role_paths(agreement_id: str) -> tuple[str, ...]:
    """The path patterns of that role (a star does not match a slash: TUF 1.0 section 4.5)."""
    _check_agreement_id(agreement_id)
    return f"agreements/{agreement_id}/*", f"agreements/{agreement_id}/searches/*"


def agreement_path(agreement_id: str) -> str:
    """The target that holds the signed agreement."""
    _check_agreement_id(agreement_id)
    return f"agreements/{agreement_id}/agreement.json"


def index_path(agreement_id: str) -> str:
    """The target that lists the searches of an agreement."""
    _check_agreement_id(agreement_id)
    return f"agreements/{agreement_id}/index.json"


def search_path(agreement_id: str, search_id: str, digest: str) -> str:
    """The target that holds one search; served to a practice only while the agreement is active for it."""
    _check_agreement_id(agreement_id)
    return f"agreements/{agreement_id}/searches/{search_id}.{digest[:_DIGEST_IN_NAME]}.json"


def _check_agreement_id(agreement_id: str) -> None:
    if not AGREEMENT_ID.fullmatch(agreement_id):
        raise FormatError("agreement id is not lower-case letters, digits and dashes")


@dataclass(frozen=True, slots=True)
class HubIdentity:
    """Who the hub is.

    Args:
        code: also the name under which it signs receipts.
        name: for people.
        seal_key: to which results are sealed.
        receipt_key: with which it signs receipts.
        agreement_key: with which it signs agreements.
        staff: who may act in which role.
        agreements: ids of the agreements it offers.
    """

    code: str
    name: str
    seal_key: SealPublic
    receipt_key: VerifyKey
    agreement_key: VerifyKey
    staff: tuple[StaffMember, ...]
    agreements: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class IndexEntry:
    """One published search: its digest (SHA-256, hex) and target path."""

    search_id: str
    digest: str
    path: str


@dataclass(frozen=True, slots=True)
class AgreementIndex:
    """The searches published under one version of an agreement."""

    agreement_id: str
    version: int
    entries: tuple[IndexEntry, ...]


@dataclass(frozen=True, slots=True)
class SearchBundle:
    """One published search as it travels: nothing about it has been checked.

    Args:
        agreement_id: under which it is published.
        version: of its publication, from 1.
        search_id: of the search.
        digest: SHA-256 (hex) of its content.
        files: of the search and its code lists.
        reviews: author's, clinical and governance reviewer's.
    """

    agreement_id: str
    version: int
    search_id: str
    digest: str
    files: SearchFiles
    reviews: tuple[Review, ...]


class _StaffModel(Message):
    person: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9.-]{0,39}$")]
    name: Line
    roles: Annotated[list[Annotated[str, Field(pattern="^(author|clinical|governance)$")]], Field(min_length=1)]
    key: Annotated[str, Field(max_length=100)]


class _HubModel(Message):
    schema_: Annotated[int, Field(alias="schema", ge=1, le=1)]
    code: PracticeCode
    name: Line
    seal_key: Annotated[str, Field(max_length=100)]
    receipt_key: Annotated[str, Field(max_length=100)]
    agreement_key: Annotated[str, Field(max_length=100)]
    staff: Annotated[list[_StaffModel], Field(max_length=1000)]
    agreements: Annotated[list[AgreementId], Field(max_length=1000)]


class _EntryModel(Message):
    search: SearchId
    digest: Digest
    path: Annotated[str, Field(max_length=200)]


class _IndexModel(Message):
    schema_: Annotated[int, Field(alias="schema", ge=1, le=1)]
    agreement: AgreementId
    version: Annotated[int, Field(ge=1)]
    searches: Annotated[list[_EntryModel], Field(max_length=2000)]


class _ReviewModel(Message):
    role: Annotated[str, Field(pattern="^(author|clinical|governance)$")]
    person: Annotated[str, Field(max_length=40)]
    keyid: KeyId
    sig: Annotated[str, Field(max_length=100)]


class _BundleModel(Message):
    schema_: Annotated[int, Field(alias="schema", ge=1, le=1)]
    agreement: AgreementId
    version: Annotated[int, Field(ge=1)]
    search: SearchId
    digest: Digest
    files: Annotated[dict[str, str], Field(max_length=20)]
    codelists: Annotated[dict[str, str], Field(max_length=100)]
    reviews: Annotated[list[_ReviewModel], Field(max_length=10)]


def write_hub(hub: HubIdentity) -> bytes:
    """The bytes of `hub.json`."""
    staff = [
        {"person": one.person, "name": one.name, "roles": sorted(one.roles), "key": one.key.text} for one in hub.staff
    ]
    return to_canonical(
        {
            "schema": 1,
            "code": hub.code,
            "name": hub.name,
            "seal_key": hub.seal_key.text,
            "receipt_key": hub.receipt_key.text,
            "agreement_key": hub.agreement_key.text,
            "staff": staff,
            "agreements": list(hub.agreements),
        }
    )


def read_hub(data: bytes) -> HubIdentity:
    """Who the hub is, from verified target bytes.

    Raises:
        FormatError: it is not of the right form, or names a person or a person's key twice.
    """
    model = read_message(_HubModel, data, TARGET_LIMIT_BYTES, HUB_TARGET)
    staff = tuple(
        StaffMember(one.person, one.name, frozenset(Role(role) for role in one.roles), VerifyKey.parse(one.key))
        for one in model.staff
    )
    for what, names in (("person", [one.person for one in staff]), ("key", [one.key.text for one in staff])):
        if len(set(names)) != len(names):
            raise FormatError(f"{HUB_TARGET} names a {what} twice among its staff")
    return HubIdentity(
        model.code,
        model.name,
        SealPublic.parse(model.seal_key),
        VerifyKey.parse(model.receipt_key),
        VerifyKey.parse(model.agreement_key),
        staff,
        tuple(model.agreements),
    )


def write_index(index: AgreementIndex) -> bytes:
    """The bytes of an agreement's index."""
    searches = [{"search": one.search_id, "digest": one.digest, "path": one.path} for one in index.entries]
    return to_canonical({"schema": 1, "agreement": index.agreement_id, "version": index.version, "searches": searches})


def read_index(data: bytes, agreement_id: str) -> AgreementIndex:
    """An agreement's index, from verified target bytes.

    Raises:
        FormatError: it is not of the right form.
        TrustError: it is of another agreement, names a search twice, or a path that is not the search's.
    """
    model = read_message(_IndexModel, data, TARGET_LIMIT_BYTES, "index")
    if model.agreement != agreement_id:
        raise TrustError(f"index is of agreement {model.agreement}, expected {agreement_id}")
    entries = tuple(IndexEntry(one.search, one.digest, one.path) for one in model.searches)
    if len({entry.search_id for entry in entries}) != len(entries):
        raise TrustError(f"index of agreement {agreement_id} names a search twice")
    for entry in entries:
        if entry.path != search_path(agreement_id, entry.search_id, entry.digest):
            raise TrustError(f"index of agreement {agreement_id}: path is not that of search {entry.search_id}")
    return AgreementIndex(agreement_id, model.version, entries)


def write_bundle(bundle: SearchBundle) -> bytes:
    """The bytes of a published search."""
    reviews = [
        {"role": str(one.role), "person": one.person, "keyid": one.key_id, "sig": encode64(one.signature)}
        for one in bundle.reviews
    ]
    return to_canonical(
        {
            "schema": 1,
            "agreement": bundle.agreement_id,
            "version": bundle.version,
            "search": bundle.search_id,
            "digest": bundle.digest,
            "files": dict(bundle.files.files),
            "codelists": dict(bundle.files.codelists),
            "reviews": reviews,
        }
    )


def read_bundle(data: bytes) -> SearchBundle:
    """A published search as it travels; `catalogue.check_bundle` believes it.

    Raises:
        FormatError: it is not of the right form.
    """
    model = read_message(_BundleModel, data, TARGET_LIMIT_BYTES, "search")
    reviews = tuple(Review(Role(one.role), one.person, one.keyid, decode64(one.sig, "review")) for one in model.reviews)
    files = SearchFiles(files=model.files, codelists=model.codelists)
    return SearchBundle(model.agreement, model.version, model.search, model.digest, files, reviews)
