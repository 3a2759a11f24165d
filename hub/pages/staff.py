"""The hub's own people: who has sent what, what was set aside and why, and totals. No practice's figure stands here."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from datetime import date, datetime

from django.db.models import Count, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from markupsafe import Markup

from hub.comparison import Standing
from hub.enforce import standing
from hub.models import Agreement, Practice, Quarantined, Result
from hub.pages import download
from hub.pages.entry import for_staff
from hub.pages.jinja import moment
from hub.pages.load import Indicator, Release, reference_dates, release, totals_of_release
from hub.pages.tables import Cell, Rows
from hub.totals import Totals
from hub.totals_words import FILE_HEADER, coverage_words, file_rows, share_words, total_words

RECEIVED_HEADER = (
    "agreement",
    "reference_date",
    "code",
    "practice",
    "state",
    "received",
    "searches_with_a_value",
    "banded",
    "withheld",
    "not_run",
    "restated",
)
SET_ASIDE_HEADER = ("practice", "reason", "when", "times", "file")
_SHOWN_FILES = 200
_TAG = Markup('<span class="nhsuk-tag nhsuk-tag--{} nhsuk-tag--no-border">{}</span>')


@dataclass(frozen=True, slots=True)
class Coverage:
    """What was received of one practice.

    Args:
        received_at: when first, or None if nothing has come yet.
        restated_at: when again, or None.
        searches: how many have a value, are banded, withheld, not run; empty if nothing has come yet.
    """

    code: str
    name: str
    received_at: datetime | None
    searches: tuple[int, ...]
    restated_at: datetime | None = None

    @property
    def state(self) -> str:
        """Whether it has answered, in words."""
        if self.restated_at:
            return "restated"
        return "received" if self.received_at else Standing.AWAITED.value


@dataclass(frozen=True, slots=True)
class Section:
    """Who has sent what under one agreement."""

    agreement: Agreement
    reference_date: date | None
    searches: int
    coverage: tuple[Coverage, ...]
    not_active: tuple[tuple[str, str], ...]  # practices named in it, and why it is not active for them
    totals: tuple[tuple[Indicator, Totals], ...] = ()

    @property
    def answered(self) -> int:
        """How many practices have answered."""
        return sum(one.received_at is not None for one in self.coverage)

    @property
    def rows(self) -> Rows:
        """The rows of the page's table."""
        return [_row(one) for one in self.coverage]

    @property
    def totals_rows(self) -> Rows:
        """The rows of the table of totals: each search, with its completeness and coverage."""
        return [_totals_row(indicator, totals) for indicator, totals in self.totals]

    @property
    def totals_url(self) -> str:
        """Where the totals are as a file."""
        return reverse("all-totals-csv", kwargs={"agreement_id": self.agreement.agreement_id})

    @property
    def url(self) -> str:
        """Where the same table is as a file."""
        return reverse("received-csv", kwargs={"agreement_id": self.agreement.agreement_id})


@for_staff
def coverage(request: HttpRequest) -> HttpResponse:
    """Practices that have enrolled, signed and sent; files set aside, by reason."""
    today = timezone.now().date()
    context = {
        "sections": [_section(agreement, today) for agreement in _agreements()],
        "waiting": Practice.objects.filter(enrolled_at=None).order_by("code"),
        "quarantines": [_set_aside_row(file) for file in _set_aside()],
        "set_aside_url": reverse("set-aside-csv"),
        "practices": Practice.objects.count(),
        "reasons": _reasons(),
    }
    return render(request, "coverage.jinja", context)


@for_staff
def received_csv(request: HttpRequest, agreement_id: str) -> HttpResponse:  # noqa: ARG001 - a view is given its request
    """Who has sent what under one agreement, as a file."""
    agreement = _agreements().filter(agreement_id=agreement_id).first()
    section = _section(agreement, timezone.now().date()) if agreement else None
    if section is None or section.reference_date is None:
        raise Http404("nothing was received under such an agreement")
    on = section.reference_date.isoformat()
    rows = [(agreement_id, on, *_received_cells(one)) for one in section.coverage]
    return download.attachment(f"{agreement_id}-received-{on}.csv", download.written(RECEIVED_HEADER, rows))


@for_staff
def totals_csv(request: HttpRequest, agreement_id: str) -> HttpResponse:  # noqa: ARG001 - a view is given its request
    """The totals over practices of every search under one agreement, as a file."""
    agreement = _agreements().filter(agreement_id=agreement_id).first()
    section = _section(agreement, timezone.now().date()) if agreement else None
    if section is None or section.reference_date is None:
        raise Http404("nothing was received under such an agreement")
    on = section.reference_date.isoformat()
    rows = [
        (agreement_id, on, indicator.search.id, *row)
        for indicator, totals in section.totals
        for row in file_rows(totals)
    ]
    header = ("agreement", "reference_date", "search", *FILE_HEADER)
    return download.attachment(f"{agreement_id}-totals-{on}.csv", download.written(header, rows))


@for_staff
def set_aside_csv(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 - a view is given its request
    """The files that were set aside, as a file; without rows where there are none."""
    rows = [(row.practice.code, _words(row), _stamp(row.at), str(row.times), row.file_name) for row in _set_aside()]
    return download.attachment("set-aside.csv", download.written(SET_ASIDE_HEADER, rows))


def _agreements() -> QuerySet[Agreement]:
    return Agreement.objects.filter(superseded_at=None).order_by("agreement_id")


def _section(agreement: Agreement, today: date) -> Section:
    dates = reference_dates(agreement)
    not_active = tuple((code, why) for code, why in standing(agreement, today).items() if why)
    if not dates:
        return Section(agreement, None, 0, (), not_active)
    given = release(agreement, dates[0], today)
    results = Result.objects.filter(agreement=agreement, reference_date=dates[0])
    received, restated = (
        dict(results.filter(restates__isnull=is_first).values_list("practice__code", "received_at"))
        for is_first in (True, False)
    )
    shown = tuple(
        replace(_coverage(given, practice, received.get(practice.code)), restated_at=restated.get(practice.code))
        for practice, _ in given.members
    )
    totals = totals_of_release(given)
    return Section(agreement, dates[0], len(totals), shown, not_active, totals)


def _coverage(given: Release, practice: Practice, received_at: datetime | None) -> Coverage:
    if received_at is None:
        return Coverage(practice.code, practice.name, None, ())
    standings = Counter(counts.standing for (_, code), counts in given.figures.items() if code == practice.code)
    columns = ((Standing.VALUE,), (Standing.BANDED,), (Standing.WITHHELD,), (Standing.NOT_RUN, Standing.FAILED))
    searches = tuple(sum(standings[one] for one in column) for column in columns)
    return Coverage(practice.code, practice.name, received_at, searches)


def _row(one: Coverage) -> list[Cell]:
    numbers = [str(number) for number in one.searches] or ["–"] * 4
    return [
        {"text": one.code},
        {"text": one.name},
        {"html": _TAG.format("green" if one.received_at else "grey", one.state.capitalize())},
        {"text": _when(one)},
        *({"text": text, "format": "numeric"} for text in numbers),
    ]


def _totals_row(indicator: Indicator, totals: Totals) -> list[Cell]:
    met, not_met, excepted = (total_words(total) for total in totals.by_outcome)
    of_whom = coverage_words(totals.met.coverage) if totals.met is not None else ""
    share = share_words(totals.percentage) if indicator.search.measure is None else "none of a distribution"
    texts = (indicator.search.title, met, not_met, excepted, share, of_whom)
    return [{"text": text} for text in texts]


def _when(one: Coverage) -> str:
    if one.received_at is None:
        return "–"
    again = f"; restated {moment(one.restated_at)}" if one.restated_at else ""
    return f"{moment(one.received_at)}{again}"


def _received_cells(one: Coverage) -> tuple[str, ...]:
    when, again = (_stamp(at) if at else "" for at in (one.received_at, one.restated_at))
    numbers = [str(number) for number in one.searches] or [""] * 4
    return (one.code, one.name, one.state, when, *numbers, again)


def _reasons() -> list[tuple[str, int]]:
    files = Quarantined.objects.values_list("reason").annotate(files=Count("pk")).order_by("reason")
    return [(reason.replace("_", " "), count) for reason, count in files]


def _set_aside() -> QuerySet[Quarantined]:
    return Quarantined.objects.select_related("practice").order_by("-at")[:_SHOWN_FILES]


def _set_aside_row(row: Quarantined) -> list[Cell]:
    return [
        {"text": row.practice.code},
        {"text": _words(row)},
        {"text": moment(row.at)},
        {"text": str(row.times), "format": "numeric"},
        {"html": Markup('<span class="gpf-hash">{}</span>').format(row.file_name)},
    ]


def _words(row: Quarantined) -> str:
    return row.reason.replace("_", " ")


def _stamp(value: datetime) -> str:
    """`2026-03-31T14:05Z`: to the minute, as the page says it; times are stored in UTC."""
    return f"{value:%Y-%m-%dT%H:%MZ}"
