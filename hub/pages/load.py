"""From the hub's models to the frozen values that pages show: the only place under `hub/pages` that reads figures."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from hashlib import sha256

from django.db.models import QuerySet

from governance.cells import Statistics
from governance.primary import Rule
from governance.profiles import profile
from governance.result import ReceivedResult
from governance.suppress import CellState, Reason, SafeTable, State
from hub.comparison import Comparison, Counts, Member, Restated, compare
from hub.config import HubConfig
from hub.enforce import is_active, members
from hub.inbox import opened_message, opened_tables
from hub.means import read_statistics
from hub.models import Agreement, Description, Figure, Practice, PublishedSearch, Result
from hub.searches import search_of
from hub.totals import Part, Totals, totals_of
from searches.search import Search, possible_outcomes

_BLOBS = ("result__sealed", "result__opened")  # tens of kilobytes each, for every figure of a comparison


@dataclass(frozen=True, slots=True)
class Indicator:
    """One published search under one agreement."""

    agreement: Agreement
    published: PublishedSearch
    search: Search


@dataclass(frozen=True, slots=True)
class OwnResult:
    """What a practice itself released for one search, with how the question was put to its records."""

    table: SafeTable
    message: ReceivedResult
    digest: str
    received_at: datetime

    @property
    def statement_digest(self) -> str:
        """First hex digits of the digest of the statement that ran on its records; empty where none was run."""
        return self.message.statements.get(self.table.search_id, "")


@dataclass(frozen=True, slots=True)
class Release:
    """Everything that was received under one agreement for one reference date, ready to be compared."""

    agreement: Agreement
    reference_date: date
    members: tuple[tuple[Practice, bool], ...]  # with whether it chose to be named
    sizes: Mapping[str, str]  # practice code -> size band
    figures: Mapping[tuple[int, str], Counts]  # (published search, practice code) -> totals row, the latest
    restated: Mapping[tuple[int, str], Restated]  # the same -> what was released first, where that was restated
    profiles: Mapping[tuple[int, str], str]  # the same -> by which profile the practice hid small counts

    described: Mapping[tuple[int, str], Statistics] = field(default_factory=dict)  # the same -> of a distribution

    @property
    def codes(self) -> frozenset[str]:
        """The codes of the members."""
        return frozenset(practice.code for practice, _ in self.members)

    def parts(self, indicator: Indicator) -> tuple[Part, ...]:
        """What every member released of one search, for its totals."""
        possible, unit = possible_outcomes(indicator.search), indicator.search.unit
        parts = []
        for practice, _ in self.members:
            key = (indicator.published.pk, practice.code)
            counts = self.figures.get(key)
            rule = Rule(profile(self.profiles[key]), possible, unit) if counts is not None else None
            parts.append(Part(practice.code, counts, rule))
        return tuple(parts)

    def of(self, published: PublishedSearch) -> tuple[Member, ...]:
        """Every member with its figure for one search."""
        return tuple(
            Member(
                practice.code,
                practice.name,
                named,
                self.sizes.get(practice.code, ""),
                self.figures.get((published.pk, practice.code)),
                self.restated.get((published.pk, practice.code)),
                self.described.get((published.pk, practice.code)),
            )
            for practice, named in self.members
        )


def agreements_of(practice: Practice, today: date) -> tuple[Agreement, ...]:
    """The agreements in force in which a practice takes part, by id."""
    in_force = Agreement.objects.filter(superseded_at=None).order_by("agreement_id")
    return tuple(agreement for agreement in in_force if is_active(practice, agreement, today))


def reference_dates(agreement: Agreement) -> tuple[date, ...]:
    """The dates for which anything was received, latest first."""
    dates = Result.objects.filter(agreement=agreement).values_list("reference_date", flat=True).distinct()
    return tuple(sorted(dates, reverse=True))


def indicators(agreement: Agreement) -> tuple[Indicator, ...]:
    """The searches in force under an agreement, by title."""
    rows = PublishedSearch.objects.filter(agreement=agreement, superseded_at=None).order_by("title")
    return tuple(Indicator(agreement, row, search_of(row)) for row in rows)


def release(agreement: Agreement, reference_date: date, today: date) -> Release:
    """What was received for one date, in a handful of queries whatever the number of practices and searches."""
    results = Result.objects.filter(agreement=agreement, reference_date=reference_date).order_by("pk")
    first, again = _figures(results.filter(restates=None)), _figures(results.exclude(restates=None))
    names = dict(PublishedSearch.objects.filter(agreement=agreement).values_list("pk", "search_id"))
    firsts = {(names[row], code): figure for (row, code), figure in first.items()}
    return Release(
        agreement,
        reference_date,
        members(agreement, today),
        dict(results.values_list("practice__code", "list_size_band")),  # the latest
        {key: _counts(figure) for key, figure in (first | again).items()},
        # By the search's name: what was restated may be a version of it that has been corrected since.
        {(row, code): _restated(figure, firsts[names[row], code]) for (row, code), figure in again.items()},
        {key: _profile_of(figure.result) for key, figure in (first | again).items()},
        _descriptions(results),
    )


def comparisons(viewer: str, given: Release, config: HubConfig) -> tuple[tuple[Indicator, Comparison], ...]:
    """What a practice may see of every search of a release."""
    key = pseudonym_key(config)
    return tuple(
        (
            indicator,
            compare(indicator.search, given.reference_date, viewer, given.of(indicator.published), hub_key=key),
        )
        for indicator in indicators(given.agreement)
    )


def totals_of_release(given: Release) -> tuple[tuple[Indicator, Totals], ...]:
    """The totals of every search of a release, for the hub's staff."""
    return tuple((indicator, totals_of(given.parts(indicator))) for indicator in indicators(given.agreement))


def own_result(practice: str, indicator: Indicator, reference_date: date) -> OwnResult | None:
    """A practice's own released table of one search, or None if it has sent none."""
    result = (
        Result.objects.filter(practice__code=practice, agreement=indicator.agreement, reference_date=reference_date)
        .order_by("pk")
        .last()  # the restatement, where there is one
    )
    if result is None:
        return None
    table = next((table for table in opened_tables(result) if table.search_id == indicator.search.id), None)
    if table is None:
        return None
    return OwnResult(table, opened_message(result), result.digest, result.received_at)


def pseudonym_key(config: HubConfig) -> bytes:
    """The hub's secret for pseudonyms: its own key, so that no other use of the secret can reveal one."""
    return hmac.new(config.secret.encode(), b"gpfed pseudonym key v1", sha256).digest()


def _figures(results: QuerySet[Result]) -> dict[tuple[int, str], Figure]:
    figures = Figure.objects.filter(result__in=results).select_related("result__practice")
    return {(figure.search_id, figure.result.practice.code): figure for figure in figures.defer(*_BLOBS)}


def _descriptions(results: QuerySet[Result]) -> dict[tuple[int, str], Statistics]:
    """The statistics of every distribution, the latest of each practice."""
    rows = Description.objects.filter(result__in=results).select_related("result__practice").order_by("result__pk")
    kept = rows.defer(*_BLOBS)
    return {(row.search_id, row.result.practice.code): read_statistics(row.statistics) for row in kept}


def _profile_of(result: Result) -> str:
    return result.profile or opened_message(result).profile  # stored apart since results can be restated


def _restated(figure: Figure, first: Figure) -> Restated:
    return Restated(figure.result.received_at.date(), figure.result.reason, _counts(first))


def _counts(figure: Figure) -> Counts:
    return Counts(_cell(figure, "met"), _cell(figure, "not_met"), _cell(figure, "excepted"))


def _cell(figure: Figure, name: str) -> CellState:
    reason = getattr(figure, f"{name}_reason")
    return CellState(
        State(getattr(figure, f"{name}_state")),
        value=getattr(figure, f"{name}_value"),
        below=getattr(figure, f"{name}_below"),
        above=getattr(figure, f"{name}_above"),
        reason=Reason(reason) if reason else None,
    )
