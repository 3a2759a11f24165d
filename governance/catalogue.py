"""What is believed of what comes down from the hub, and in which order it is checked.

The repository is TUF (The Update Framework 1.0): root and targets need two of three keys; each agreement has a
delegated role whose two keys, the clinical and the governance reviewer's, must both sign. python-tuf verifies
signatures, expiry, versions and digests and gives target bytes; this file does no I/O and starts where python-tuf ends:

1. `hub.json` (top level): who the hub is, its keys, its staff directory.
2. `agreements/<id>/agreement.json`: signed with the agreement key that `hub.json` names; about this id, of this hub.
3. `agreements/<id>/index.json`: which searches are published, each by digest.
4. `agreements/<id>/searches/<search>.<digest12>.json`: three different people signed this content for this agreement;
   the digest is computed again from the files; the search is read and ruled again; its footprint is found again in its
   tree.

What is wrong with one agreement or search refuses that one, with a reason; what is wrong with `hub.json` refuses
everything. An agent that had to trust the hub's word for any of these would have no boundary.

| target | trusted | an attacker who can change it (and sign) |
|---|---|---|
| hub.json | two of three top-level keys | could name himself reviewer; cannot make a practice accept |
| agreement.json | the hub's agreement key | offers other terms; no practice has accepted them |
| index.json | both reviewers of the agreement | leaves searches out |
| searches | both reviewers, and three signatures inside | needs three people's keys, and stays within the agreement |
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from governance.errors import FormatError, GovernanceError, TrustError
from governance.review import ReviewedSearch, ReviewOf, Role, check_reviews
from governance.signing import parse_signed, signers
from governance.targets import (
    HUB_TARGET,
    AgreementIndex,
    HubIdentity,
    IndexEntry,
    SearchBundle,
    agreement_path,
    index_path,
    read_bundle,
    read_hub,
    read_index,
    role_name,
    role_paths,
    search_path,
    write_bundle,
    write_hub,
    write_index,
)
from governance.terms import SignedAgreement, read_agreement
from governance.wire import TARGET_LIMIT_BYTES
from searches.document import content_digest, read_search
from searches.errors import SearchesError
from searches.footprint import footprint
from searches.parse import parse

__all__ = [
    "HUB_TARGET",
    "AgreementIndex",
    "Catalogue",
    "HubIdentity",
    "IndexEntry",
    "Refusal",
    "SearchBundle",
    "agreement_path",
    "check_bundle",
    "index_path",
    "read_agreement_target",
    "read_bundle",
    "read_catalogue",
    "read_hub",
    "read_index",
    "read_search_target",
    "role_name",
    "role_paths",
    "search_path",
    "write_bundle",
    "write_hub",
    "write_index",
]


@dataclass(frozen=True, slots=True)
class Refusal:
    """One target that was not believed, and why."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All that was believed of what the hub publishes.

    Args:
        hub: who it is.
        agreements: by id.
        searches: by agreement id and search id.
        refused: what was not believed.
    """

    hub: HubIdentity
    agreements: Mapping[str, SignedAgreement]
    searches: Mapping[tuple[str, str], ReviewedSearch]
    refused: tuple[Refusal, ...]


def check_bundle(bundle: SearchBundle, hub: HubIdentity) -> ReviewedSearch:
    """A published search, believed: three people signed exactly this content, and it was read again from its files.

    Raises:
        TrustError: signatures or people are not as they must be, or the content is not what was signed.
        FormatError: the content is not a search that obeys the rules.
    """
    if content_digest(bundle.files) != bundle.digest:
        raise TrustError(f"search {bundle.search_id}: its files are not those of the digest that was signed")
    about = ReviewOf(bundle.agreement_id, bundle.search_id, bundle.digest)
    reviewers = check_reviews(bundle.reviews, about, hub.staff)
    try:
        search = read_search(bundle.files)
        reads = footprint(parse(search.sql))
    except SearchesError as error:
        raise FormatError(f"search {bundle.search_id}: {error.message}", error.hint) from error
    if search.id != bundle.search_id:
        raise TrustError(f"search {bundle.search_id}: its document names itself {search.id}")
    return ReviewedSearch(bundle.agreement_id, bundle.version, search, reads, reviewers)


def read_search_target(data: bytes, entry: IndexEntry, agreement_id: str, hub: HubIdentity) -> ReviewedSearch:
    """A published search from verified target bytes, as an agreement's index names it.

    Raises:
        TrustError: it is not the search, content or agreement that the index names, or not signed by three people.
        FormatError: it is not a search that obeys the rules.
    """
    bundle = read_bundle(data)
    if (bundle.agreement_id, bundle.search_id, bundle.digest) != (agreement_id, entry.search_id, entry.digest):
        raise TrustError(f"search {entry.search_id} is not the one that the index of {agreement_id} names")
    return check_bundle(bundle, hub)


def read_agreement_target(data: bytes, agreement_id: str, hub: HubIdentity) -> SignedAgreement:
    """An agreement from verified target bytes.

    Raises:
        SignatureError: the hub's agreement key has not signed it.
        TrustError: it is another agreement, or another hub's.
    """
    signed = read_agreement(data, hub.agreement_key)
    if signed.agreement.id != agreement_id:
        raise TrustError(f"agreement is {signed.agreement.id}, expected {agreement_id}")
    if signed.agreement.hub != hub.code:
        raise TrustError(f"agreement {agreement_id} is of hub {signed.agreement.hub}, expected {hub.code}")
    return signed


def check_prepared(signed: SignedAgreement, hub: HubIdentity) -> None:
    """Return if two of the hub's people signed the agreement beside the hub: who drafted it and who reviewed it.

    Asked before a practice accepts. Later it is not asked again: people leave, and what they signed stands.

    Raises:
        TrustError: they did not.
    """
    envelope = parse_signed(signed.envelope, TARGET_LIMIT_BYTES, "agreement")
    people = {member.key: member for member in hub.staff}
    found = [people[key] for key in signers(envelope, people)]
    if len({member.person for member in found}) < 2 or not any(Role.GOVERNANCE in member.roles for member in found):
        raise TrustError(
            f"agreement {signed.agreement.id} was signed by {len(found)} of the hub's people, expected two: "
            "its drafter and another person who reviews governance",
            "nothing was signed; tell the hub by telephone",
        )


def read_catalogue(targets: Mapping[str, bytes]) -> Catalogue:
    """All that can be believed of the targets that were fetched.

    Args:
        targets: verified bytes by path. Searches that were not served (their agreement is not active here) may be
        missing.

    Raises:
        FormatError: `hub.json` is missing or not of the right form.
    """
    if HUB_TARGET not in targets:
        raise FormatError(f"catalogue has no {HUB_TARGET}")
    hub = read_hub(targets[HUB_TARGET])
    agreements: dict[str, SignedAgreement] = {}
    searches: dict[tuple[str, str], ReviewedSearch] = {}
    refused: list[Refusal] = []
    for agreement_id in hub.agreements:
        path = agreement_path(agreement_id)
        if path not in targets:
            refused.append(Refusal(path, "the hub names it but does not serve it"))
            continue
        try:
            agreements[agreement_id] = read_agreement_target(targets[path], agreement_id, hub)
        except GovernanceError as error:
            refused.append(Refusal(path, error.message))
            continue
        found, wrong = _read_searches(targets, agreement_id, hub)
        searches |= {(agreement_id, one.search.id): one for one in found}
        refused += wrong
    return Catalogue(hub, agreements, searches, tuple(refused))


def _read_searches(
    targets: Mapping[str, bytes], agreement_id: str, hub: HubIdentity
) -> tuple[list[ReviewedSearch], list[Refusal]]:
    path = index_path(agreement_id)
    if path not in targets:
        return [], []
    try:
        index = read_index(targets[path], agreement_id)
    except GovernanceError as error:
        return [], [Refusal(path, error.message)]
    found: list[ReviewedSearch] = []
    refused: list[Refusal] = []
    for entry in index.entries:
        if entry.path in targets:
            try:
                found.append(read_search_target(targets[entry.path], entry, agreement_id, hub))
            except GovernanceError as error:
                refused.append(Refusal(entry.path, error.message))
    return found, refused
