"""The agreement of a demonstration: the library's searches, and no table, column or code list beyond what they read."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import date, timedelta

from governance.agreement import Agreement
from governance.agreement_draft import scope_of, terms_of
from governance.clauses import (
    Confidentiality,
    ImpactAssessment,
    Kind,
    Legal,
    Office,
    Party,
    PartyRole,
    ProhibitedUse,
    Purpose,
    PurposeTag,
    Received,
    Recipient,
    RecipientView,
    Retention,
    Security,
    Undertakings,
    View,
    Withdrawal,
)
from governance.optouts import OptOutPolicy
from hub.demo.plan import AGREEMENT_ID, REFERENCE_DATE, PlannedPractice
from searches.search import Search

_DPIA = b"Invented people: a real impact assessment is a document that somebody approved.\n"


def agreement(hub: str, practices: Sequence[PlannedPractice], searches: Sequence[Search], today: date) -> Agreement:
    """An agreement that runs from before the reference date until a year from now."""
    tables, codelists = scope_of(searches)
    return Agreement(
        id=AGREEMENT_ID,
        version=1,
        title="Sharing to improve (demonstration)",
        kind=Kind.SHARING,
        hub=hub,
        practices=tuple(practice.code for practice in practices),
        purposes=(
            Purpose(
                PurposeTag.CARE_IMPROVEMENT,
                "Comparing care between practices, so that they can learn from each other",
                ("Practices see where others reach more of their patients", "Each keeps its own list to act on"),
            ),
        ),
        prohibited_uses=tuple(ProhibitedUse),
        searches=tuple(terms_of(search) for search in searches),
        tables=tables,
        codelists=codelists,
        profile="gp-bench",
        opt_out_policy=OptOutPolicy.TYPE1_EXCLUDED,
        view=View.NAMED_BY_CONSENT,
        start=min(REFERENCE_DATE, today) - timedelta(days=365),
        end=max(REFERENCE_DATE, today) + timedelta(days=365),
        undertakings=_undertakings(hub, today),
    )


def _undertakings(hub: str, today: date) -> Undertakings:
    review = today + timedelta(days=365)
    return Undertakings(
        supersedes="",
        offer_until=None,
        controllers={},
        practice_office=Office.CALDICOTT_GUARDIAN,
        parties=(Party(hub, "Demonstration hub", PartyRole.HUB_OPERATOR),),
        joint=None,
        legal=Legal("6(1)(e)", "9(2)(h)", "paragraph 2", Confidentiality.ANONYMOUS),
        national_reason="what leaves is anonymous, and these people are invented",
        excluded=(),
        recipients=(Recipient("The practices of this agreement", "all staff", RecipientView.PRACTICE_LEVEL),),
        onward=(),
        publication="",
        retention=Retention(results_days=1095, derived_days=1095, audit_years=8),
        security=Security(toolkit_met=True, country="United Kingdom"),
        dpia=ImpactAssessment("Demonstration", hashlib.sha256(_DPIA).hexdigest(), "Grace Governance", review),
        review=review,
        withdrawal=Withdrawal(allowed=True, notice_days=30, received=Received.KEEP),
    )
