"""The hub's own people: who has sent what, and what was set aside and why. No figure of any practice stands here."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date

from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from markupsafe import Markup

from hub.comparison import Standing
from hub.enforce import standing
from hub.models import Agreement, Practice, Quarantined, Result
from hub.pages.entry import for_staff
from hub.pages.jinja import moment
from hub.pages.load import Release, indicators, reference_dates, release
from hub.pages.tables import Cell, Rows

_TAG = Markup('<span class="nhsuk-tag nhsuk-tag--{} nhsuk-tag--no-border">{}</span>')


@dataclass(frozen=True, slots=True)
class Section:
    """Who has sent what under one agreement."""

    agreement: Agreement
    reference_date: date | None
    searches: int
    answered: int
    members: int
    rows: Rows
    not_active: tuple[tuple[str, str], ...]  # practices named in it, and why it is not active for them


@for_staff
def coverage(request: HttpRequest) -> HttpResponse:
    """Practices that have enrolled, signed and sent; files set aside, by reason."""
    today = timezone.now().date()
    agreements = Agreement.objects.filter(superseded_at=None).order_by("agreement_id")
    context = {
        "sections": [_section(agreement, today) for agreement in agreements],
        "waiting": Practice.objects.filter(enrolled_at=None).order_by("code"),
        "quarantines": _quarantines(),
        "practices": Practice.objects.count(),
        "reasons": _reasons(),
    }
    return render(request, "coverage.jinja", context)


def _section(agreement: Agreement, today: date) -> Section:
    dates = reference_dates(agreement)
    not_active = tuple((code, why) for code, why in standing(agreement, today).items() if why)
    if not dates:
        return Section(agreement, None, 0, 0, 0, [], not_active)
    given = release(agreement, dates[0], today)
    received = {
        result.practice.code: result
        for result in Result.objects.filter(agreement=agreement, reference_date=dates[0]).select_related("practice")
    }
    rows = [_row(given, practice, received.get(practice.code)) for practice, _ in given.members]
    answered = len(received.keys() & given.codes)
    return Section(agreement, dates[0], len(indicators(agreement)), answered, len(rows), rows, not_active)


def _row(given: Release, practice: Practice, result: Result | None) -> list[Cell]:
    standings = Counter(counts.standing for (_, code), counts in given.figures.items() if code == practice.code)
    shown = [str(standings.get(Standing.VALUE, 0)), str(standings.get(Standing.BANDED, 0))]
    withheld = standings.get(Standing.WITHHELD, 0)
    not_run = standings.get(Standing.NOT_RUN, 0) + standings.get(Standing.FAILED, 0)
    state = _TAG.format("green", "Received") if result else _TAG.format("grey", "Not yet received")
    when = moment(result.received_at) if result else "–"
    numbers = [*shown, str(withheld), str(not_run)] if result else ["–"] * 4
    return [
        {"text": practice.code},
        {"text": practice.name},
        {"html": state},
        {"text": when},
        *({"text": text, "format": "numeric"} for text in numbers),
    ]


def _reasons() -> list[tuple[str, int]]:
    files = Quarantined.objects.values_list("reason").annotate(files=Count("pk")).order_by("reason")
    return [(reason.replace("_", " "), count) for reason, count in files]


def _quarantines() -> Rows:
    rows = Quarantined.objects.select_related("practice").order_by("-at")[:200]
    return [
        [
            {"text": row.practice.code},
            {"text": row.reason.replace("_", " ")},
            {"text": moment(row.at)},
            {"text": str(row.times), "format": "numeric"},
            {"html": Markup('<span class="gpf-hash">{}</span>').format(row.file_name)},
        ]
        for row in rows
    ]
