"""What came of a demonstration: the JSON file, the table on the terminal, and the addresses of the pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hub.comparison import Comparison, Standing, plain
from hub.config import HubConfig
from hub.demo.plan import AGREEMENT_ID, REFERENCE_DATE, PlannedPractice
from hub.demo.synthesise import extract_folder
from hub.inbox import opened_tables
from hub.models import Agreement, PublishedSearch, Result
from hub.pages.load import comparisons, release
from hub.viewer import Viewer, make_link

ENGINE = "duckdb"


def document(practices: Sequence[PlannedPractice], folder: Path, seconds: Mapping[str, float]) -> dict[str, Any]:
    """The file: practices, searches, every cell as released, and the seconds of each step."""
    return {
        "reference_date": REFERENCE_DATE.isoformat(),
        "practices": [
            {
                "code": practice.code,
                "name": practice.name,
                "layout": practice.layout,
                "engine": ENGINE,
                "extract_folder": str(extract_folder(folder, practice)),
                "patients": practice.patients,
            }
            for practice in practices
        ],
        "searches": [
            {"id": row.search_id, "version": row.version, "title": row.title, "digest": row.digest}
            for row in PublishedSearch.objects.filter(superseded_at=None)
        ],
        "results": _results(),
        "timings": dict(seconds),
    }


def table(config: HubConfig, viewer: str) -> str:
    """What one practice may see of every search, in columns."""
    agreement = Agreement.objects.get(agreement_id=AGREEMENT_ID, superseded_at=None)
    given = release(agreement, REFERENCE_DATE, datetime.now(tz=UTC).date())
    rows = [_row(comparison) for _, comparison in comparisons(viewer, given, config)]
    head = ("Search", viewer, "Middle of peers", "Target", "Shown", "Too few", "Withheld", "Not run", "Awaited")
    widths = [max(len(row[place]) for row in (head, *rows)) for place in range(len(head))]
    lines = [
        "  ".join(_pad(cell, width, place) for place, (cell, width) in enumerate(zip(row, widths, strict=True)))
        for row in (head, *rows)
    ]
    lines.insert(1, "  ".join("-" * width for width in widths))
    return "\n".join(line.rstrip() for line in lines)


def links(config: HubConfig, practices: Sequence[PlannedPractice], pages: str) -> str:
    """The addresses by which a practice and the hub's staff come in."""
    first = practices[0]
    return (
        f"\n{first.name} ({first.code}) among its peers:\n  {make_link(config, Viewer.practice(first.code), pages)}\n"
        f"who has sent what, for the hub's staff:\n  {make_link(config, Viewer.staff(), pages)}"
    )


def _results() -> list[dict[str, Any]]:
    results = Result.objects.select_related("practice", "agreement").order_by("practice__code", "sequence")
    return [
        {
            "practice": result.practice.code,
            "search": table_.search_id,
            "reference_date": result.reference_date.isoformat(),
            "restated": result.restates_id is not None,
            **row.to_json(),
        }
        for result in results
        for table_ in opened_tables(result)
        for row in table_.rows
    ]


def _row(comparison: Comparison) -> tuple[str, ...]:
    own, standings = comparison.own, comparison.standings
    middle, target = comparison.peers_median, comparison.target
    counts = (
        standings.get(Standing.VALUE, 0) + standings.get(Standing.EMPTY, 0),
        *(standings.get(standing, 0) for standing in (Standing.BANDED, Standing.WITHHELD)),
        standings.get(Standing.NOT_RUN, 0) + standings.get(Standing.FAILED, 0),
        standings.get(Standing.AWAITED, 0),
    )
    measure = comparison.search.measure
    figure = f"{own.percentage}%" if own.percentage is not None else own.standing.value
    unit = "%" if measure is None else f" {measure.unit}"
    if measure is not None and own.statistics is not None and own.statistics.mean.value is not None:
        figure = f"{plain(own.statistics.mean.value)}{unit}"
    return (
        comparison.search.id,
        figure + (" restated" if own.restated else ""),
        f"{plain(middle)}{unit}" if middle is not None else "-",
        f"{plain(target)}%" if target is not None else "-",
        *(str(count) for count in counts),
    )


def _pad(cell: str, width: int, place: int) -> str:
    return cell.ljust(width) if place == 0 else cell.rjust(width)
