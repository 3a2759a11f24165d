from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from governance.agreement import ActiveAgreement
from governance.clauses import Kind, Purpose, PurposeTag, SearchTerms, View
from governance.clauses import Measure as AgreedMeasure
from governance.errors import FormatError, NotPermittedError, SignatureError
from governance.permission import (
    Clause,
    LocalPolicy,
    can_run,
    check_in_scope,
    check_permitted,
    decide,
    scope,
)
from governance.review import ReviewedSearch, Reviewer
from governance.terms import (
    activate,
    digest_of,
    document_of,
    in_words,
    is_active,
    read_agreement,
    read_document,
    read_terms,
    sign_agreement,
)
from governance.wire import AgreementDecision, PracticeIdentity, sign_acceptance
from searches.footprint import Footprint
from searches.search import Dimension, Measure, Schedule
from tests.governance_kit import (
    HUB_AGREEMENTS,
    IDENTITY,
    PINNED,
    PRACTICE_KEY,
    TERMS,
    TODAY,
    acceptance,
    active,
    agreement,
    reviewed,
    signing_key,
)

NOTHING_LOCAL = LocalPolicy()


def in_agreement(**changes: object) -> ActiveAgreement:
    return replace(active(), agreement=agreement(**changes))


def searching(**changes: object) -> ReviewedSearch:
    one = reviewed()
    return replace(one, search=replace(one.search, **changes))  # type: ignore[arg-type]


def reading(tables: dict[str, frozenset[str]], codelists: frozenset[str] = frozenset()) -> ReviewedSearch:
    return replace(reviewed(), footprint=Footprint(tables, codelists, frozenset()))


# --- the decision -----------------------------------------------------------------------------------------------------


def test_a_search_within_everything_is_permitted_and_every_clause_says_why() -> None:
    decision = decide(active(), reviewed(), NOTHING_LOCAL, TODAY)
    assert decision.permitted
    assert [reason.clause for reason in decision.reasons] == list(Clause)
    assert decision.refusals == ()
    assert can_run(active(), reviewed(), NOTHING_LOCAL, TODAY)
    check_permitted(active(), reviewed(), NOTHING_LOCAL, TODAY)
    check_in_scope(agreement(), reviewed())


_WAIT = Measure(Decimal(0), Decimal(90), "wait", "days")
REFUSALS: list[tuple[Callable[[], dict[str, Any]], str]] = [
    (lambda: {"active": in_agreement(practices=("Z90002",))}, "parties: practice Z90001 is not a party"),
    (
        lambda: {"reviewed": replace(reviewed(), agreement_id="other")},
        "parties: search tiny-search is published under other",
    ),
    (
        lambda: {"today": date(2025, 12, 31)},
        "dates: agreement heart-health begins on 2026-01-01, the day is 2025-12-31",
    ),
    (lambda: {"today": date(2028, 1, 1)}, "dates: agreement heart-health ended on 2027-12-31, the day is 2028-01-01"),
    (lambda: {"reviewed": searching(id="another")}, "searches: search another is not in agreement heart-health"),
    (
        lambda: {"reviewed": searching(dimensions=(Dimension("age_band", ("0-9",)),))},
        "dimensions: dimensions not agreed for search tiny-search: age_band",
    ),
    (
        lambda: {"reviewed": searching(schedule=Schedule.WEEKLY)},
        "schedule: search tiny-search is weekly, agreed is at most monthly",
    ),
    (
        lambda: {"reviewed": reading({"event": frozenset({"value"}), "referral": frozenset({"code"})})},
        "tables: search tiny-search reads what is not agreed: event.value, referral.code",
    ),
    (lambda: {"reviewed": reading({"referral": frozenset()})}, r"tables: .* what is not agreed: referral\.\*"),
    (
        lambda: {"reviewed": reading({}, frozenset({"abortion"}))},
        "code lists: search tiny-search uses code lists not agreed: abortion",
    ),
    (lambda: {"active": in_agreement(codelists={})}, "code lists: .* not agreed: pulse_rhythm"),
    (lambda: {"active": in_agreement(opt_out_policy="include")}, "opt-outs: opt-out policy is not known"),
    (
        lambda: {"active": in_agreement(codelists={"pulse_rhythm": "0" * 64})},
        "code lists: search tiny-search brings code list pulse_rhythm with other codes .* expected 000000000000, got",
    ),
    (
        lambda: {"reviewed": searching(kind="distribution", measure=_WAIT)},
        "measures: search tiny-search asks for a mean, agreed are counts alone",
    ),
    *(
        (
            lambda agreed=agreed: {  # type: ignore[misc]
                "active": in_agreement(searches=(replace(agreement().searches[0], measures=(agreed,)),)),
                "reviewed": searching(kind="distribution", measure=_WAIT),
            },
            "measures: search tiny-search measures wait from 0 to 90 days, which is not agreed",
        )
        for agreed in (
            AgreedMeasure("delay", 0, 90, "days"),
            AgreedMeasure("wait", 0, 90, "weeks"),
            AgreedMeasure("wait", 1, 90, "days"),
            AgreedMeasure("wait", 0, 89, "days"),
        )
    ),
    (
        lambda: {"active": in_agreement(kind=Kind.INTERNAL)},
        "controllers: agreement heart-health is internal, its practices belong to 2 controllers: Z90001, Z90002",
    ),
    (
        lambda: {"today": date(2027, 3, 3)},
        "dates: agreement heart-health is suspended: its impact assessment was due on 2027-01-31",
    ),
    (
        lambda: {"today": date(2027, 5, 1)},
        "dates: agreement heart-health is suspended: its review was due on 2027-03-31",
    ),
    (lambda: {"active": in_agreement(profile="open")}, "profile: profile 'open' is not known"),
    (
        lambda: {"reviewed": searching(dimensions=(Dimension("sex", tuple(f"v{n}" for n in range(61))),))},
        "floor: floor: search tiny-search has 61 cells",
    ),
    (
        lambda: {"reviewed": replace(reviewed(), reviewers=reviewed().reviewers[:2])},
        "reviewers: search tiny-search does not have one reviewer of each role",
    ),
    (
        lambda: {"reviewed": replace(reviewed(), reviewers=_one_person())},
        "reviewers: .* are not three people",
    ),
    (lambda: {"reviewed": replace(reviewed(), reviewers=_one_key())}, "reviewers: .* do not have three keys"),
    (lambda: {"policy": LocalPolicy(paused=True)}, "local policy: the practice has paused everything"),
    (
        lambda: {"policy": LocalPolicy(denied_agreements=frozenset({"heart-health"}))},
        "local policy: the practice refuses everything under agreement heart-health",
    ),
    (
        lambda: {"policy": LocalPolicy(denied_searches=frozenset({"tiny-search"}))},
        "local policy: the practice refuses search tiny-search",
    ),
    (lambda: {"policy": LocalPolicy(ask=True)}, "local policy: search tiny-search waits for the practice's approval"),
]


def _one_person() -> tuple[Reviewer, ...]:
    return tuple(replace(one, person="a.author") for one in reviewed().reviewers)


def _one_key() -> tuple[Reviewer, ...]:
    return tuple(replace(one, key_id="0" * 16) for one in reviewed().reviewers)


@pytest.mark.parametrize(("change", "why"), REFUSALS)
def test_each_clause_refuses_by_itself_and_names_itself(change: Callable[[], dict[str, Any]], why: str) -> None:
    asked: dict[str, Any] = {"active": active(), "reviewed": reviewed(), "policy": NOTHING_LOCAL, "today": TODAY}
    asked |= change()
    assert not decide(**asked).permitted
    assert not can_run(**asked)
    with pytest.raises(NotPermittedError, match=why) as refused:
        check_permitted(**asked)
    assert refused.value.exit_code == 12
    assert refused.value.reasons == decide(**asked).refusals


def test_a_refusal_carries_every_reason_and_not_the_first_alone() -> None:
    decision = decide(in_agreement(codelists={}), reviewed(), LocalPolicy(paused=True), date(2030, 1, 1))
    assert [str(one).split(":")[0] for one in decision.refusals] == ["dates", "code lists", "local policy"]


def test_a_search_that_the_practice_approved_runs_where_it_asks_for_each() -> None:
    asks = LocalPolicy(ask=True, approved=frozenset({reviewed().search.digest}))
    assert can_run(active(), reviewed(), asks, TODAY)


def test_the_hub_asks_for_the_scope_without_a_practice_or_a_day() -> None:
    assert {one.clause for one in scope(agreement(), reviewed()).reasons}.isdisjoint(
        {Clause.PARTIES, Clause.DATES, Clause.LOCAL_POLICY}
    )
    with pytest.raises(NotPermittedError, match="searches: search tiny-search is not in agreement heart-health"):
        check_in_scope(agreement(searches=(SearchTerms("other", (), Schedule.WEEKLY),)), reviewed())


# --- the document -----------------------------------------------------------------------------------------------------


def test_an_agreement_is_read_again_from_its_document() -> None:
    assert read_document(document_of(agreement())) == agreement()
    assert digest_of(document_of(agreement())) != digest_of(document_of(agreement(version=2)))


def test_an_agreement_that_names_no_profile_gets_the_national_rule() -> None:
    assert read_terms(TERMS.replace("profile: gp-bench\n", "")).profile == "nhs-round5"


def test_the_order_in_which_people_write_an_agreement_makes_no_difference() -> None:
    lines = TERMS.strip().split("\n")
    moved = "\n".join([*lines[1:5], lines[0], *lines[5:]])
    assert document_of(read_terms(moved)) == document_of(agreement())


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("version: 1", "version: 1\nversion: 2", "'version' stands twice"),
        ("version: 1", "version: one", "agreement: version"),
        ("version: 1", "version: 1\nsecret_use: everything", "agreement: secret_use: unexpected keyword"),
        ("profile: gp-bench", "profile: [gp-bench]", "agreement: profile"),
        ("opt_outs: {national: not_applicable,", "opt_outs: {type1: include,", "Type 1 opt-out are never counted"),
        ("opt_outs: {national: not_applicable,", "opt_outs: {", "whether .* applies is not said"),
        ("opt_outs: {national: not_applicable,", "opt_outs: {national: exclude,", "applies is not said"),
        (", reason: what leaves is anonymous}", "}", "whether the National Data Opt-Out applies is not said"),
        ("end: 2027-12-31", "end: 2025-12-31", "ends on 2025-12-31, before it begins on 2026-01-01"),
        ("end: 2027-12-31", "end: '2027-02-30'", "agreement: end: input should be a valid date"),
        ("[Z90001, Z90002]", "[Z90001, Z90001]", "names a practice twice"),
        ("review: 2027-03-31\n", "", "agreement: undertakings.review: field required"),
        ("6(1)(e)", "6(1)(z)", "agreement: undertakings.legal.article_6"),
        ("  event:", "  person:", "names table person, expected one of"),
        ("event_date, code]", "event_date, nhs_number]", "columns that event does not have: nhs_number"),
        ("title: Heart health in Northside", 'title: "\\x1b[2JHeart"', "agreement: title"),
        ("schema: 2", "- schema", "agreement"),
        ("schema: 2", "schema: 1", "agreement: schema is 1, expected 2"),
    ],
)
def test_a_document_that_is_not_an_agreement_is_refused(old: str, new: str, why: str) -> None:
    with pytest.raises(FormatError, match=why):
        read_terms(TERMS.replace(old, new))


def test_a_list_is_no_agreement() -> None:
    with pytest.raises(FormatError, match="agreement: document is not a list of fields"):
        read_terms("[1, 2]")


@pytest.mark.parametrize(
    "odd", ["\x1b[2J", "\x9b", "\u202e", "\u2066", "\u200b", "\u00ad", "\u2028", "\ufeff", "\U000e0041"]
)
def test_no_line_of_an_agreement_hides_or_turns_round_what_a_signatory_reads(odd: str) -> None:
    purpose = Purpose(PurposeTag.CARE_IMPROVEMENT, f"Comparing care{odd} of practices")
    document = document_of(agreement(purposes=(purpose,)))
    with pytest.raises(FormatError, match="purposes"):
        read_document(document)


def test_an_agreement_in_words_names_what_leaves_and_what_never_does() -> None:
    words = in_words(agreement())
    assert "In force from 2026-01-01 to 2027-12-31, for a practice once it has signed." in words
    assert "search: tiny-search; how often: monthly, for 1 date each; split by: sex;" in words
    assert "counts, never rows" in words
    assert f"code list: pulse_rhythm; SHA-256 of its codes: {PINNED}" in words
    assert "Found by the code lists: none.\n" in in_words(agreement(codelists={}))
    assert "UK GDPR Article 6(1)(e) and Article 9(2)(h)." in words
    assert "never your name" in in_words(agreement(view=View.UNNAMED))
    first = agreement(searches=(SearchTerms("x", (), Schedule.WEEKLY),), undertakings=None)
    assert "  * x, weekly\n" in in_words(first)


# --- in force ---------------------------------------------------------------------------------------------------------

SIGNED = read_agreement(sign_agreement(agreement(), HUB_AGREEMENTS), HUB_AGREEMENTS.public)
WORD = sign_acceptance(acceptance(), PRACTICE_KEY)


def test_an_agreement_is_in_force_when_both_sides_have_signed_the_same_bytes() -> None:
    now = activate(SIGNED, HUB_AGREEMENTS.public, WORD, IDENTITY, TODAY)
    assert now == ActiveAgreement(agreement(), digest_of(document_of(agreement())), "Z90001", named=True)
    assert is_active(SIGNED, HUB_AGREEMENTS.public, WORD, IDENTITY, TODAY)


def test_a_practice_is_named_only_where_agreement_and_practice_say_so() -> None:
    assert not replace(active(), named=False).named
    assert not active(agreement(view=View.UNNAMED)).named
    unnamed = sign_acceptance(acceptance(named=False), PRACTICE_KEY)
    assert not activate(SIGNED, HUB_AGREEMENTS.public, unnamed, IDENTITY, TODAY).named


def test_an_agreement_that_another_key_signed_is_no_agreement() -> None:
    with pytest.raises(SignatureError, match="signed by 0 of the keys"):
        read_agreement(sign_agreement(agreement(), signing_key("thief")), HUB_AGREEMENTS.public)
    with pytest.raises(SignatureError, match="signed by 0 of the keys"):
        activate(SIGNED, signing_key("new hub key").public, WORD, IDENTITY, TODAY)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"practice": "Z90002"}, "signatures: acceptance is of practice Z90002, expected Z90001"),
        ({"agreement_id": "other"}, "signatures: practice Z90001 has not signed this version"),
        ({"version": 2}, "signatures: practice Z90001 has not signed this version"),
        ({"digest": "0" * 64}, "signatures: practice Z90001 has not signed this version"),
        ({"decision": AgreementDecision.DECLINE}, "signatures: practice Z90001 said decline"),
        ({"decision": AgreementDecision.WITHDRAW}, "signatures: practice Z90001 said withdraw"),
    ],
)
def test_any_other_word_of_the_practice_leaves_it_inactive(change: dict[str, Any], why: str) -> None:
    word = sign_acceptance(acceptance(**change), PRACTICE_KEY)
    with pytest.raises(NotPermittedError, match=why):
        activate(SIGNED, HUB_AGREEMENTS.public, word, IDENTITY, TODAY)
    assert not is_active(SIGNED, HUB_AGREEMENTS.public, word, IDENTITY, TODAY)


def test_a_word_that_somebody_else_signed_leaves_it_inactive() -> None:
    word = sign_acceptance(acceptance(), signing_key("thief"))
    with pytest.raises(SignatureError, match="signed by 0 of the keys"):
        activate(SIGNED, HUB_AGREEMENTS.public, word, IDENTITY, TODAY)


def test_a_practice_that_is_no_party_cannot_sign_itself_in() -> None:
    stranger = PracticeIdentity("Z99999", PRACTICE_KEY.public)
    with pytest.raises(NotPermittedError, match="parties: practice Z99999 is not a party"):
        activate(SIGNED, HUB_AGREEMENTS.public, WORD, stranger, TODAY)


def test_an_agreement_is_not_in_force_before_it_begins_or_after_it_ended() -> None:
    for day, why in ((date(2025, 12, 31), "begins on"), (date(2028, 1, 1), "ended on"), (date(2027, 5, 1), "was due")):
        with pytest.raises(NotPermittedError, match=why):
            activate(SIGNED, HUB_AGREEMENTS.public, WORD, IDENTITY, day)
