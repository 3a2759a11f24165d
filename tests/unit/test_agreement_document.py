"""The document of an agreement: the page and the terms are one, drafts can be completed, mistakes have a sentence."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from html.parser import HTMLParser
from typing import Any

import pytest

from governance.agreement import Agreement
from governance.agreement_draft import Draft, draft, scope_of
from governance.agreement_form import plain
from governance.agreement_lint import check_fit_to_sign, complaints
from governance.canonical import to_canonical
from governance.clauses import (
    Confidentiality,
    JointArrangement,
    Kind,
    Legal,
    Measure,
    Party,
    PartyRole,
    Purpose,
    PurposeTag,
    Received,
    Recipient,
    RecipientView,
    Retention,
    SearchTerms,
    Security,
    Withdrawal,
)
from governance.errors import FormatError, NotPermittedError, TrustError
from governance.optouts import OptOutPolicy
from governance.profiles import Relaxation
from governance.terms import document_of, in_words, page_of, read_document, read_terms
from searches.document import library, library_folder, load_search
from searches.search import Schedule
from tests.governance_kit import TODAY, agreement, undertakings

JOINT = JointArrangement("dpo@example.org", "each practice for its own", "the hub", "https://example.org/essence")


def everything() -> Agreement:
    """An agreement that says something in every place."""
    rest = undertakings(
        supersedes="e" * 64,
        controllers={"Z90002": "Elm Partnership"},
        parties=(
            Party("NORTHSIDE", "Northside hub", PartyRole.HUB_OPERATOR),
            Party("P0001", "Host", PartyRole.PROCESSOR),
        ),
        joint=JOINT,
        legal=Legal("6(1)(e)", "9(2)(h)", "paragraph 2", Confidentiality.SECTION_251, "CAG 9/2026"),
        excluded=("People in secure units",),
        recipients=(Recipient("Northside Board", "quality team", RecipientView.PRACTICE_LEVEL),),
        onward=("Integrated care board",),
        publication="a yearly report without names",
        retention=Retention(401, 402, 11),
        security=Security(toolkit_met=True, country="Wales", processors=("Cloud Ltd",)),
        withdrawal=Withdrawal(allowed=True, notice_days=33, received=Received.DELETE, delete_days=44),
    )
    terms = SearchTerms(
        *("tiny-search", ("sex",), Schedule.MONTHLY, frozenset({Relaxation.ONE_SIDED})),
        measures=(Measure("wait", 0, 99, "days"),),
        most_per_period=3,
        gap_days=5,
    )
    return agreement(version=2, kind=Kind.JOINT_CONTROLLERS, searches=(terms,), undertakings=rest)


# --- page and terms are one -------------------------------------------------------------------------------------------


def leaves(value: Any) -> Iterator[str]:
    match value:
        case dict():
            for name, one in value.items():
                yield from (name, *leaves(one)) if name.islower() and name in {"event", "patient"} else leaves(one)
        case list():
            for one in value:
                yield from leaves(one)
        case bool() | None | "":
            return
        case _:
            yield str(value)


class Text(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.tags: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        self.words.append(data)


SAID_OTHERWISE = {
    "joint_controllers": "arrangement between joint controllers",
    "type1_excluded": "Type 1) are not counted",
    "named_by_consent": "only if you agree to be named",
    "one_sided": "the other side of a few people is shown",
    "delete": "are deleted within 44 days",
}


@pytest.mark.parametrize("written", [page_of, in_words])
def test_everything_that_the_terms_say_stands_on_the_page(written: Any) -> None:
    words = " ".join(Text(written(everything())).words)
    for leaf in leaves(plain(everything())):
        said = SAID_OTHERWISE.get(leaf, leaf)
        spoken = (said, said.replace("_", " "), said.replace("_", " ").capitalize())
        assert any(one in words for one in spoken), leaf


def test_no_two_agreements_that_differ_have_the_same_page() -> None:
    whole = everything()
    rest = whole.undertakings
    assert rest is not None
    changed = [
        replace(whole, opt_out_policy=OptOutPolicy.TYPE1_AND_NATIONAL_EXCLUDED),
        replace(whole, undertakings=replace(rest, national_reason="other")),
        replace(whole, undertakings=replace(rest, security=replace(rest.security, toolkit_met=False))),
        replace(whole, undertakings=replace(rest, withdrawal=replace(rest.withdrawal, received=Received.KEEP))),
        replace(whole, undertakings=replace(rest, withdrawal=replace(rest.withdrawal, allowed=False))),
        replace(whole, undertakings=replace(rest, joint=None)),
        replace(whole, undertakings=replace(rest, dpia=None)),
        replace(whole, end=date(2028, 1, 1)),
    ]
    assert len({page_of(one) for one in (whole, *changed)}) == len(changed) + 1


def test_a_document_whose_page_is_another_one_is_refused() -> None:
    signed = json.loads(document_of(agreement()))
    assert read_document(to_canonical(signed)) == agreement()
    signed["page"]["sha256"] = "0" * 64
    with pytest.raises(TrustError, match="the page that was signed is not the one that its terms give"):
        read_document(to_canonical(signed))
    signed = json.loads(document_of(agreement()))
    signed["page"]["form"] = 2
    with pytest.raises(TrustError, match="the page that was signed"):
        read_document(to_canonical(signed))


def test_terms_changed_under_the_old_page_are_refused() -> None:
    signed = json.loads(document_of(agreement()))
    signed["terms"]["profile"] = "strict10"
    with pytest.raises(TrustError, match="heart-health: the page that was signed is not the one"):
        read_document(to_canonical(signed))


def test_terms_that_leave_a_default_unsaid_are_refused() -> None:
    signed = json.loads(document_of(agreement()))
    del signed["terms"]["searches"][0]["gap_days"]
    with pytest.raises(FormatError, match="terms are not written out in full"):
        read_document(to_canonical(signed))


def test_a_code_list_that_is_not_pinned_cannot_be_signed() -> None:
    with pytest.raises(FormatError, match="each code list with the digest of its codes"):
        read_document(document_of(agreement(codelists={"pulse_rhythm": ""})))


def test_the_page_reads_aloud_and_fetches_nothing() -> None:
    page = page_of(everything())
    tags = Text(page).tags
    assert tags.count("h1") == tags.count("main") == tags.count("title") == 1
    assert tags.count("table") == tags.count("caption") >= 5
    assert '<html lang="en-GB">' in page
    assert not {"script", "img", "link", "iframe", "style=", "a"} & set(tags)
    assert not re.search(r"(src|href|url\(|@import)", page.replace("https://example.org/essence", ""))


def test_words_of_an_agreement_cannot_become_markup() -> None:
    page = page_of(agreement(title="<script>alert(1)</script> & more"))
    assert "<script>" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; more" in page


# --- what is wrong with it --------------------------------------------------------------------------------------------


def with_rest(**changes: object) -> Agreement:
    return agreement(undertakings=undertakings(**changes))


def dpia(**changes: object) -> Any:
    return replace(undertakings().dpia, **changes)  # type: ignore[type-var]


LEGAL = undertakings().legal
LEAVING = undertakings().withdrawal
WRONG: list[tuple[Agreement, str]] = [
    (agreement(undertakings=None), "schema: is 1, expected 2"),
    (with_rest(dpia=None), "dpia: the data protection impact assessment is missing"),
    (with_rest(dpia=dpia(review=date(2026, 1, 1))), "dpia: its review was due on 2026-01-01, today is 2026-04-02"),
    (with_rest(review=date(2026, 4, 1)), "review: is 2026-04-01, before today"),
    (with_rest(review=date(2029, 1, 1)), "review: is 2029-01-01, more than two years ahead"),
    (agreement(end=date(2026, 4, 1)), "end: is 2026-04-01, before today, 2026-04-02"),
    (agreement(end=date(2040, 1, 1)), "end: is more than five years after start"),
    (with_rest(parties=()), "parties: hub NORTHSIDE is not among them"),
    (with_rest(controllers={"Z99999": "X"}), "controllers: Z99999 is no practice of this agreement"),
    (agreement(kind=Kind.INTERNAL), "controllers: agreement heart-health is internal, its practices belong to 2"),
    (agreement(kind=Kind.JOINT_CONTROLLERS), "joint: the arrangement between joint controllers is missing"),
    (with_rest(joint=JOINT), "joint: the arrangement between joint controllers stands in a sharing agreement"),
    (agreement(kind=Kind.PROCESSOR), "parties: no processor is named"),
    (agreement(purposes=(Purpose(None, "x"),)), "purposes: a purpose has no tag"),
    (
        agreement(purposes=(Purpose(PurposeTag.RESEARCH, "x"),)),
        r"legal: purpose research does not go with Article 9\(2\)\(h\) and confidentiality anonymous",
    ),
    (
        with_rest(legal=replace(LEGAL, confidentiality=Confidentiality.SECTION_251)),
        "legal: section_251 has no reference",
    ),
    (agreement(prohibited_uses=()), "prohibited_uses: re_identification is not among them"),
    (agreement(codelists={"pulse_rhythm": ""}), "codelists: pulse_rhythm is not pinned to its codes"),
    (agreement(profile="open"), "profile: profile 'open' is not known"),
    (with_rest(recipients=()), "recipients: nobody is named"),
    (
        with_rest(recipients=(Recipient("Board", "all", RecipientView.NETWORK_TOTAL),)),
        "recipients: totals of a network alone are not in this release",
    ),
    (with_rest(retention=Retention(0, 1, 1)), "retention: results are kept for 0 days"),
    (with_rest(security=Security(toolkit_met=False, country="Wales")), "security: the hub does not meet"),
    (with_rest(offer_until=None), "offer_until: is None, today is 2026-04-02"),
    (with_rest(offer_until=date(2026, 4, 1)), "offer_until: is 2026-04-01, today is 2026-04-02"),
    (agreement(version=2), "supersedes: of version 2 is not the digest of the version before"),
    (with_rest(supersedes="a" * 64), "supersedes: of version 1 is not nothing: it is the first"),
    (agreement(kind=Kind.PROVISION_NOTICE), "legal: a provision notice rests on statute alone"),
    (agreement(kind=Kind.PROVISION_NOTICE), "withdrawal: a provision_notice agreement cannot be withdrawn from"),
    (
        with_rest(withdrawal=replace(LEAVING, allowed=False)),
        "withdrawal: a sharing agreement can always be withdrawn from",
    ),
    (
        with_rest(withdrawal=replace(LEAVING, received=Received.DELETE)),
        "withdrawal: what was received is deleted within 0 days",
    ),
]


@pytest.mark.parametrize(("wrong", "why"), WRONG)
def test_what_is_wrong_with_an_agreement_has_a_sentence_with_its_clause(wrong: Agreement, why: str) -> None:
    assert complaints(agreement(), TODAY) == ()
    assert any(re.match(why, str(one)) for one in complaints(wrong, TODAY)), complaints(wrong, TODAY)
    with pytest.raises(NotPermittedError, match=why):
        check_fit_to_sign(wrong, TODAY)


def test_one_controller_of_several_sites_may_have_an_internal_record() -> None:
    sites = undertakings(controllers={"Z90001": "Elm Partnership", "Z90002": "Elm Partnership"})
    assert complaints(agreement(kind=Kind.INTERNAL, undertakings=sites), TODAY) == ()


# --- drafts -----------------------------------------------------------------------------------------------------------


def offered(text: str) -> Agreement:
    return read_terms(f"{text}offer_until: 2026-06-01\n")


@pytest.mark.parametrize("kind", list(Kind))
def test_a_draft_of_each_kind_is_fit_to_sign_once_its_gaps_are_filled(kind: Kind) -> None:
    searches = [load_search(library_folder(name)) for name in library()[:3]]
    text = draft(Draft(kind, "heart-health", "NORTHSIDE", ("Z90001", "Z90002"), searches, TODAY))
    with pytest.raises(FormatError, match=r"undertakings\.dpia\.sha256"):
        read_terms(text)
    text = text.replace("sha256: CHANGE", f"sha256: {'d' * 64}")
    assert {one.clause for one in complaints(offered(text), TODAY)} == {"title", "purposes", "undertakings"} - (
        set() if "benefits: [CHANGE]" in text else {"purposes"}
    )
    filled = offered(text.replace("CHANGE", "Filled"))
    assert complaints(filled, TODAY) == ()
    assert filled.kind is kind
    assert (filled.tables, filled.codelists) == scope_of(searches)
    assert read_document(document_of(filled)) == filled


def test_a_draft_without_code_lists_can_be_read() -> None:
    text = draft(Draft(Kind.SHARING, "x", "NORTHSIDE", ("Z90001",), [], TODAY))
    with pytest.raises(FormatError, match="searches: input should be"):
        read_terms(text)
