from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from governance import review as review_module
from governance.catalogue import (
    HUB_TARGET,
    AgreementIndex,
    IndexEntry,
    SearchBundle,
    agreement_path,
    check_bundle,
    index_path,
    read_bundle,
    read_catalogue,
    read_hub,
    read_index,
    role_name,
    role_paths,
    search_path,
    write_bundle,
    write_hub,
    write_index,
)
from governance.errors import FormatError, GovernanceError, SignatureError, TrustError
from governance.review import Review, ReviewOf, Role, StaffMember, check_reviews
from governance.terms import sign_agreement
from searches.document import content_digest
from tests.governance_kit import (
    HUB,
    HUB_AGREEMENTS,
    SEARCH_SQL,
    STAFF,
    agreement,
    bundle,
    files,
    review,
    reviewed,
    signing_key,
    targets,
)

AGREEMENT, INDEX = agreement_path("heart-health"), index_path("heart-health")
SEARCH = search_path("heart-health", "tiny-search", bundle().digest)
ABOUT = ReviewOf("heart-health", "tiny-search", bundle().digest)


def test_what_the_hub_publishes_is_believed_when_everybody_signed() -> None:
    catalogue = read_catalogue(targets())
    assert catalogue.refused == ()
    assert catalogue.hub == HUB
    assert catalogue.agreements["heart-health"].agreement == agreement()
    assert catalogue.searches == {("heart-health", "tiny-search"): reviewed()}
    assert {one.role for one in reviewed().reviewers} == set(Role)
    assert reviewed().footprint.codelists == {"pulse_rhythm"}


def test_names_in_the_repository_are_made_of_ids_that_cannot_leave_their_folder() -> None:
    assert role_name("heart-health") == "agreement-heart-health"
    assert role_paths("heart-health") == ("agreements/heart-health/*", "agreements/heart-health/searches/*")
    for path_of in (role_name, role_paths, agreement_path, index_path, lambda one: search_path(one, "s", "0" * 64)):
        with pytest.raises(FormatError, match="agreement id is not lower-case"):
            path_of("../other")


# --- hub.json ---------------------------------------------------------------------------------------------------------


def test_without_the_hubs_own_target_nothing_is_believed() -> None:
    with pytest.raises(FormatError, match=r"catalogue has no hub\.json"):
        read_catalogue({})


def test_a_person_or_key_stands_once_in_the_staff_directory() -> None:
    same_person = replace(STAFF[1], person=STAFF[0].person)
    same_key = replace(STAFF[1], key=STAFF[0].key)
    with pytest.raises(FormatError, match="names a person twice"):
        read_hub(write_hub(replace(HUB, staff=(STAFF[0], same_person))))
    with pytest.raises(FormatError, match="names a key twice"):
        read_hub(write_hub(replace(HUB, staff=(STAFF[0], same_key))))


# --- agreements -------------------------------------------------------------------------------------------------------


def other_agreement() -> bytes:
    return sign_agreement(agreement(id="other"), HUB_AGREEMENTS)


@pytest.mark.parametrize(
    ("path", "data", "why"),
    [
        (AGREEMENT, lambda: sign_agreement(agreement(), signing_key("thief")), "signed by 0 of the keys"),
        (AGREEMENT, other_agreement, "agreement is other, expected heart-health"),
        (AGREEMENT, lambda: sign_agreement(agreement(hub="SOUTH"), HUB_AGREEMENTS), "is of hub SOUTH, expected NORTH"),
        (AGREEMENT, lambda: b"{}", "is not a signed envelope"),
        (INDEX, lambda: write_index(AgreementIndex("other", 1, ())), "index is of agreement other"),
        (INDEX, lambda: b"[]", "index: document"),
        (SEARCH, lambda: b"{}", "search: schema: field required"),
        (SEARCH, lambda: write_bundle(replace(bundle(), agreement_id="other")), "is not the one that the index"),
        (SEARCH, lambda: write_bundle(replace(bundle(), search_id="other")), "is not the one that the index"),
        (SEARCH, lambda: write_bundle(replace(bundle(), digest="0" * 64)), "is not the one that the index"),
        (SEARCH, lambda: write_bundle(replace(bundle(), reviews=bundle().reviews[:2])), "has 2 reviews"),
    ],
)
def test_what_is_not_as_it_must_be_is_left_out_with_a_reason(path: str, data: Callable[[], bytes], why: str) -> None:
    catalogue = read_catalogue(targets() | {path: data()})
    assert catalogue.searches == {}
    assert [one.path for one in catalogue.refused] == [path]
    assert why in catalogue.refused[0].reason


def test_what_is_wrong_with_one_agreement_does_not_stop_another() -> None:
    hub = write_hub(replace(HUB, agreements=("broken", "heart-health", "gone")))
    catalogue = read_catalogue(targets() | {HUB_TARGET: hub, agreement_path("broken"): b"{}"})
    assert set(catalogue.agreements) == {"heart-health"}
    assert set(catalogue.searches) == {("heart-health", "tiny-search")}
    assert [one.path for one in catalogue.refused] == [agreement_path("broken"), agreement_path("gone")]


def test_searches_that_were_not_served_are_missing_and_not_refused() -> None:
    published = targets()
    del published[SEARCH]
    assert read_catalogue(published).searches == {}
    assert read_catalogue(published).refused == ()
    del published[INDEX]
    assert read_catalogue(published).refused == ()


def test_an_index_names_each_search_once_under_its_own_path() -> None:
    entry = IndexEntry("tiny-search", bundle().digest, SEARCH)
    twice = AgreementIndex("heart-health", 1, (entry, entry))
    with pytest.raises(TrustError, match="names a search twice"):
        read_index(write_index(twice), "heart-health")
    elsewhere = AgreementIndex("heart-health", 1, (replace(entry, path="agreements/other/agreement.json"),))
    with pytest.raises(TrustError, match="path is not that of search tiny-search"):
        read_index(write_index(elsewhere), "heart-health")


# --- searches ---------------------------------------------------------------------------------------------------------


def signed_again(texts: str) -> SearchBundle:
    return bundle(files(sql=texts))


def test_a_bundle_is_read_again_as_it_travelled() -> None:
    assert read_bundle(write_bundle(bundle())) == bundle()


def test_files_other_than_those_that_were_signed_are_refused() -> None:
    changed = replace(bundle(), files=files(sql=SEARCH_SQL.replace("65", "18")))
    with pytest.raises(TrustError, match="its files are not those of the digest that was signed"):
        check_bundle(changed, HUB)
    with pytest.raises(SignatureError, match=r"author signature is not over this content by a\.author"):
        check_bundle(replace(changed, digest=content_digest(changed.files)), HUB)


def test_three_signatures_do_not_make_a_search_of_what_breaks_the_rules() -> None:
    with pytest.raises(FormatError, match="search tiny-search: line "):
        check_bundle(signed_again("SELECT p.patient_id, p.nhs_number AS outcome FROM patient AS p"), HUB)


def test_a_search_is_published_under_its_own_name() -> None:
    with pytest.raises(TrustError, match="search other: its document names itself tiny-search"):
        check_bundle(bundle(search_id="other"), HUB)


# --- three people -----------------------------------------------------------------------------------------------------


def staff_with(person: str, *roles: Role) -> tuple[StaffMember, ...]:
    return (*STAFF, StaffMember(person, person, frozenset(roles), signing_key(person).public))


def reviews(**people: str) -> list[Review]:
    return [review(role, ABOUT, people.get(role.value, "")) for role in Role]


def test_the_author_cannot_review_even_if_the_directory_lets_him() -> None:
    staff = (*staff_with("busy", *Role),)
    with pytest.raises(TrustError, match="are not three people"):
        check_reviews(reviews(author="busy", governance="busy"), ABOUT, staff)


def test_three_names_with_one_key_are_not_three_people() -> None:
    key = signing_key("one key")
    staff = tuple(replace(member, key=key.public) for member in STAFF)
    with_one_key = [
        Review(one.role, one.person, key.public.key_id, key.sign(_statement(one.role, one.person))) for one in reviews()
    ]
    with pytest.raises(TrustError, match="do not have three keys"):
        check_reviews(with_one_key, ABOUT, staff)


def _statement(role: Role, person: str) -> bytes:
    return review_module._statement(role, person, ABOUT)


@pytest.mark.parametrize(
    ("given", "why"),
    [
        (lambda: reviews()[:2], "has 2 reviews, expected one each of: author, clinical, governance"),
        (lambda: [*reviews()[:2], reviews()[0]], "has 3 reviews, expected one each"),
        (lambda: [*reviews(), reviews()[0]], "has 4 reviews"),
        (lambda: reviews(clinical="stranger"), "clinical reviewer is not in the staff directory"),
        (lambda: reviews(clinical="a.author"), "a.author may not sign as clinical"),
        (lambda: [replace(one, key_id="0" * 16) for one in reviews()], "author key is not that of a.author"),
        (lambda: [replace(one, signature=b"0" * 64) for one in reviews()], "author signature is not over this content"),
        (
            lambda: [review(role, replace(ABOUT, agreement_id="other")) for role in Role],
            "author signature is not over this content",
        ),
        (
            lambda: [review(role, replace(ABOUT, digest="0" * 64)) for role in Role],
            "author signature is not over this content",
        ),
    ],
)
def test_anything_less_than_three_reviews_of_this_content_is_refused(
    given: Callable[[], list[Review]], why: str
) -> None:
    with pytest.raises(GovernanceError, match=why):
        check_reviews(given(), ABOUT, STAFF)


def test_a_signature_given_in_one_role_is_none_in_another() -> None:
    staff = staff_with("two.roles", Role.CLINICAL, Role.GOVERNANCE)
    clinical = review(Role.CLINICAL, ABOUT, "two.roles")
    moved = [reviews()[0], reviews()[1], replace(clinical, role=Role.GOVERNANCE)]
    with pytest.raises(SignatureError, match=r"governance signature is not over this content by two\.roles"):
        check_reviews(moved, ABOUT, staff)
