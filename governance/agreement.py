"""Agreements: one version of one, whole, and when it is in force.

    effective terms = agreement ∩ the practice's own policy ∩ the floor

Its parts stand in `governance.clauses`, its document in `governance.terms`, whether a search may run under it in
`governance.permission`, what becomes of it over time in `governance.lifecycle`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Annotated, ClassVar, Final

from pydantic import ConfigDict, Field

from governance.clauses import CLOSED, Kind, Lines, Name, Purpose, SearchTerms, Sha256, Undertakings, View
from governance.errors import NotPermittedError
from governance.optouts import OptOutPolicy
from governance.profiles import Profile, effective, profile
from governance.wire import AgreementId, Line, PracticeCode

REVIEW_GRACE: Final = timedelta(days=30)
"""How long after the day of its review, or of its impact assessment's, an agreement still runs."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """One version of an agreement, as read from its document.

    Args:
        id: also the name of its role and folder in the catalogue.
        version: from 1; a new version is a new document.
        kind: between whom, and by what right.
        hub: the hub's code.
        practices: codes of those who may sign.
        purposes: what the counts may be used for.
        prohibited_uses: what they may not be used for: of the closed list, or in words.
        searches: in scope.
        tables: canonical tables that searches may read, with the columns.
        codelists: code lists that searches may use -> SHA-256 (hex) of their content; empty in schema 1: not pinned.
        profile: of disclosure control.
        start: first day.
        end: last day.
        legal_basis: of schema 1, each a sentence; of schema 2 it stands in the undertakings.
        undertakings: what schema 2 states beyond this; None: a document of schema 1.
    """

    __pydantic_config__: ClassVar[ConfigDict] = CLOSED
    id: AgreementId
    version: Annotated[int, Field(ge=1, le=9999)]
    title: Line
    kind: Kind
    hub: PracticeCode
    practices: Annotated[tuple[PracticeCode, ...], Field(min_length=1, max_length=10_000)]
    purposes: Annotated[tuple[Purpose, ...], Field(min_length=1, max_length=50)]
    prohibited_uses: Lines
    searches: Annotated[tuple[SearchTerms, ...], Field(min_length=1, max_length=2000)]
    tables: Mapping[Name, Annotated[tuple[Name, ...], Field(max_length=50)]]
    codelists: Annotated[Mapping[Name, Sha256], Field(max_length=2000)]
    profile: Annotated[str, Field(max_length=40)]
    opt_out_policy: OptOutPolicy
    view: View
    start: date
    end: date
    legal_basis: Lines = ()
    undertakings: Undertakings | None = None

    def controller_of(self, practice: str) -> str:
        """The controller that a practice belongs to: itself unless the agreement says otherwise."""
        named = self.undertakings.controllers if self.undertakings is not None else {}
        return named.get(practice, practice)

    def terms_of(self, search_id: str) -> SearchTerms | None:
        """What is agreed of a search, or None: not in scope."""
        return next((terms for terms in self.searches if terms.search_id == search_id), None)

    def rule(self, search_id: str, own: Profile | None = None) -> Profile:
        """The disclosure rule of a search: the profile with what is relaxed for it, no wider than the practice's own.

        Raises:
            NotPermittedError: a profile is not known, or lies below the floor.
        """
        terms = self.terms_of(search_id)
        return effective(profile(self.profile), own, terms.relaxed if terms is not None else frozenset())


@dataclass(frozen=True, slots=True)
class ActiveAgreement:
    """An agreement that hub and practice have both signed. Made only by `governance.terms.activate`.

    Args:
        agreement: its terms.
        digest: SHA-256 (hex) of its exact document.
        practice: code of the practice for which it is active.
        named: whether the practice agreed to be named to its peers.
    """

    agreement: Agreement
    digest: str
    practice: str
    named: bool


def check_dates(agreement: Agreement, today: date) -> None:
    """Return if the agreement has begun and has not ended.

    Raises:
        NotPermittedError: it is not in force on that day.
    """
    if today < agreement.start:
        raise NotPermittedError(f"agreement {agreement.id} begins on {agreement.start}, the day is {today}")
    if today > agreement.end:
        raise NotPermittedError(f"agreement {agreement.id} ended on {agreement.end}, the day is {today}")
    check_reviewed(agreement, today)


def check_reviewed(agreement: Agreement, today: date) -> None:
    """Return unless a review of the agreement, or of its impact assessment, is overdue beyond the grace.

    Raises:
        NotPermittedError: it is; the agreement is suspended until a version with a new date is signed.
    """
    rest = agreement.undertakings
    if rest is None:
        return
    due = {"its review": rest.review} | ({"its impact assessment": rest.dpia.review} if rest.dpia else {})
    for what, day in due.items():
        if today > day + REVIEW_GRACE:
            raise NotPermittedError(
                f"agreement {agreement.id} is suspended: {what} was due on {day}, the day is {today}",
                hint="sign the next version, with a new date",
            )


def check_controllers(agreement: Agreement) -> None:
    """Return if a record inside one controller is inside one.

    Raises:
        NotPermittedError: its practices belong to several: what leaves one is shared with another.
    """
    several = sorted({agreement.controller_of(code) for code in agreement.practices})
    if agreement.kind is Kind.INTERNAL and agreement.undertakings is not None and len(several) > 1:
        raise NotPermittedError(
            f"agreement {agreement.id} is internal, its practices belong to {len(several)} controllers: "
            f"{', '.join(several[:5])}",
            hint="between controllers it is a sharing agreement",
        )
