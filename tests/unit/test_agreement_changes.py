"""What changes from one version to the next, in words, and whether it needs every signature again."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import date
from typing import Any

import pytest

from governance.agreement import Agreement
from governance.agreement_changes import Change, Direction, changes, is_narrower, what_changes
from governance.clauses import (
    Kind,
    Measure,
    Purpose,
    PurposeTag,
    Recipient,
    RecipientView,
    Retention,
    SearchTerms,
    Undertakings,
    View,
)
from governance.optouts import OptOutPolicy
from governance.profiles import Relaxation
from searches.search import Schedule
from tests.governance_kit import agreement, undertakings

TERMS = agreement().searches[0]


def searching(**changed: Any) -> Agreement:
    return agreement(searches=(replace(TERMS, **changed),))


def with_rest(**changed: object) -> Agreement:
    return agreement(undertakings=undertakings(**changed))


BOARD = Recipient("Board", "all staff", RecipientView.PRACTICE_LEVEL)
PAIRS: list[tuple[Agreement, Agreement, str]] = [  # narrower, wider, clause
    (agreement(practices=("Z90001",)), agreement(), "practices"),
    (agreement(), agreement(purposes=(*agreement().purposes, Purpose(PurposeTag.RESEARCH, "x"))), "purposes"),
    (agreement(), agreement(prohibited_uses=agreement().prohibited_uses[1:]), "prohibited uses"),
    (agreement(), agreement(searches=(TERMS, SearchTerms("x", (), Schedule.YEARLY))), "searches"),
    (agreement(), searching(dimensions=("sex", "age_band")), "search tiny-search, split by"),
    (agreement(), searching(schedule=Schedule.WEEKLY), "search tiny-search, how often"),
    (agreement(), searching(most_per_period=2), "search tiny-search, dates in each"),
    (searching(gap_days=9), agreement(), "search tiny-search, days apart"),
    (agreement(), searching(relaxed=frozenset({Relaxation.ONE_SIDED})), "search tiny-search, beyond the profile"),
    (agreement(), searching(measures=(Measure("wait", 0, 9, "days"),)), "search tiny-search, means of"),
    (agreement(), agreement(tables={**agreement().tables, "referral": ("code",)}), "records"),
    (agreement(), agreement(codelists={**agreement().codelists, "x": "a" * 64}), "code lists"),
    (agreement(profile="strict10"), agreement(), "profile"),
    (agreement(opt_out_policy=OptOutPolicy.TYPE1_AND_NATIONAL_EXCLUDED), agreement(), "opt-outs"),
    (agreement(view=View.UNNAMED), agreement(), "view"),
    (agreement(), agreement(end=date(2028, 6, 1)), "last day"),
    (agreement(start=date(2026, 2, 1)), agreement(), "first day"),
    (agreement(), with_rest(recipients=(*undertakings().recipients, BOARD)), "recipients"),
    (agreement(), with_rest(onward=("Board",)), "onward"),
    (with_rest(excluded=("People in secure units",)), agreement(), "excluded"),
    (agreement(), with_rest(publication="a report"), "publication"),
    (with_rest(retention=Retention(30, 30, 8)), agreement(), "retention"),
]
ALWAYS_WIDER = [
    (agreement(), agreement(title="Other")),
    (agreement(), agreement(kind=Kind.PROCESSOR)),
    (agreement(), agreement(codelists={"pulse_rhythm": "a" * 64})),
    (agreement(), with_rest(legal=replace(undertakings().legal, article_6="6(1)(f)"))),
    (agreement(), with_rest(review=date(2027, 9, 1))),
    (agreement(), with_rest(controllers={"Z90002": "Elm"})),
    (agreement(), with_rest(national_reason="other")),
    (agreement(), agreement(undertakings=None)),
    (agreement(), with_rest(retention=Retention(30, 9000, 8))),
    (agreement(), with_rest(retention=Retention(30, 30, 1))),
]


@pytest.mark.parametrize(("narrow", "wide", "clause"), PAIRS, ids=[pair[2] for pair in PAIRS])
def test_a_clause_that_gives_more_is_wider_and_the_other_way_round_narrower(
    narrow: Agreement, wide: Agreement, clause: str
) -> None:
    assert [(one.clause, one.direction) for one in changes(narrow, wide)] == [(clause, Direction.WIDER)]
    assert [(one.clause, one.direction) for one in changes(wide, narrow)] == [(clause, Direction.NARROWER)]
    assert is_narrower(wide, narrow)
    assert not is_narrower(narrow, wide)


@pytest.mark.parametrize(("one", "other"), ALWAYS_WIDER)
def test_what_cannot_be_shown_to_be_narrower_counts_as_wider(one: Agreement, other: Agreement) -> None:
    assert not is_narrower(one, other)
    assert not is_narrower(other, one) or other.undertakings is not None


def test_no_field_is_left_out_of_the_comparison() -> None:
    """Whatever field somebody adds: a difference in it is a change, or it is named as not compared."""
    whole = agreement()
    skipped = {"id", "version", "undertakings"}
    strange: Any = type("Strange", (), {"__str__": lambda _: "strange"})()
    compared = {"hub", "title", "kind", "legal_basis"}
    for field in fields(Agreement):
        if field.name in compared:
            assert changes(whole, replace(whole, **{field.name: strange})), field.name
        else:
            assert field.name in skipped | {
                *("practices", "purposes", "prohibited_uses", "searches", "tables", "codelists", "profile"),
                *("opt_out_policy", "view", "start", "end"),
            }, field.name
    for field in fields(Undertakings):
        value: Any = ("strange",) if field.name in {"recipients", "onward", "excluded"} else "strange"
        if field.name == "retention":
            value = Retention(1, 1, 1)
        found = changes(whole, with_rest(**{field.name: value}))
        assert bool(found) == (field.name not in {"supersedes", "offer_until"}), field.name


def test_a_signatory_reads_what_widens_first_and_a_verdict() -> None:
    after = agreement(version=2, profile="strict10", practices=("Z90001", "Z90002", "Z90003"))
    assert what_changes(agreement(), after).splitlines() == [
        "What changes from version 1 to version 2:",
        "  * practices (wider): new: Z90003",
        "  * profile (narrower): gp-bench becomes strict10",
        "It widens what was agreed.",
    ]
    assert what_changes(agreement(), agreement(version=2)).endswith("nothing but its number.")
    assert what_changes(agreement(), agreement(view=View.UNNAMED)).endswith("It only narrows what was agreed.")
    assert str(Change("view", Direction.WIDER, "x")) == "view (wider): x"
