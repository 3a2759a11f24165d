"""The practice's own exact report of a search: JSON, CSV and a page to read. It never leaves.

Both totals stand in it: everyone, and without the people who opted out of sharing; for appointments both as others
count them (the first three per person) and all of them. Beside each exact figure stands what others will see of it,
once that is decided: a number, a band, or the reason why there is none.

The page is one HTML file without scripts and without anything loaded from elsewhere.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from html import escape
from pathlib import Path

from agent.files import private_folder, write_private
from governance.sealing import ResultMessage
from governance.story import TableStory
from governance.suppress import CellState, SafeRow, SafeTable, State
from searches.search import Search, Unit

OUTCOMES = {"met": "Met", "not_met": "Not met", "excepted": "Excepted"}
COUNTS = {"everyone": "everyone", "without_type1": "without opt-outs"}
UNCAPPED = {"everyone_uncapped": "everyone, all", "without_type1_uncapped": "without opt-outs, all"}
NOTICE = "Exact figures, for this practice only. This file never leaves the practice."


@dataclass(frozen=True, slots=True)
class ExactReport:
    """A search's exact answer.

    Args:
        practice: whose.
        search: what was asked.
        reference_date: of the answer.
        cells: each with `dimensions` and, for each outcome, the counts.
    """

    practice: str
    search: Search
    reference_date: date
    cells: Sequence[Mapping[str, Mapping[str, object]]]

    @property
    def counts(self) -> Mapping[str, str]:
        """Names of the counts of one outcome, and how people read them."""
        return COUNTS | UNCAPPED if self.search.unit is Unit.APPOINTMENT else COUNTS


@dataclass(frozen=True, slots=True)
class Shown:
    """What others will see of a report's figures, and why; None: that is not decided, or nothing was released."""

    table: SafeTable | None = None
    story: TableStory | None = None


def write_report(folder: Path, report: ExactReport, shown: Shown | None = None) -> None:
    """Write a report's three files, owner-only; harmless when done twice.

    Args:
        folder: of the reports; the files are REFERENCE-DATE/SEARCH.json, .csv and .html in it.
        report: the exact answer.
        shown: what others will see, or None while that is not decided.
    """
    released = shown.table if shown is not None else None
    story = shown.story if shown is not None else None
    stem = private_folder(folder / report.reference_date.isoformat()) / report.search.id
    rows = released.rows if released is not None else (None,) * len(report.cells)
    write_private(stem.with_suffix(".json"), _json(report, released, story))
    write_private(stem.with_suffix(".csv"), _csv(report, rows))
    write_private(stem.with_suffix(".html"), _page(report, rows).encode("utf-8"))


def write_what_leaves(folder: Path, message: ResultMessage) -> None:
    """Write everything that a message holds, readable, beside the reports: REFERENCE-DATE/AGREEMENT.leaves.json."""
    path = private_folder(folder / message.reference_date.isoformat()) / f"{message.agreement_id}.leaves.json"
    write_private(path, json.dumps(message.to_json(), indent=1).encode("ascii"))


def seen_by_others(state: CellState) -> str:
    """What others see of one count, in words.

    >>> seen_by_others(CellState(State.BAND, below=8)), seen_by_others(CellState(State.VALUE, value=31))
    ('below 8', '31')
    """
    match state.state:
        case State.VALUE:
            return str(state.value)
        case State.BAND:
            bounds = (("above", state.above), ("below", state.below))
            return " and ".join(f"{word} {bound}" for word, bound in bounds if bound is not None)
        case State.WITHHELD | State.NOT_RUN | State.FAILED:
            return f"{state.state.replace('_', ' ')}: {state.reason}"


def _json(report: ExactReport, released: SafeTable | None, story: TableStory | None) -> bytes:
    document = {
        "schema": 1,
        "notice": NOTICE,
        "practice": report.practice,
        "search": report.search.id,
        "search_digest": report.search.digest,
        "title": report.search.title,
        "unit": str(report.search.unit),
        "reference_date": report.reference_date.isoformat(),
        "cells": list(report.cells),
        "released": released.to_json() if released is not None else None,
        "why": story.to_json() if story is not None else None,
    }
    return json.dumps(document, indent=1, ensure_ascii=False).encode("utf-8")


def _csv(report: ExactReport, released: Sequence[SafeRow | None]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text)
    names = [dimension.name for dimension in report.search.dimensions]
    columns = [f"{outcome}_{count}" for outcome in OUTCOMES for count in (*report.counts, "others_see")]
    writer.writerow([*names, *columns])
    for cell, row in zip(report.cells, released, strict=True):
        writer.writerow([*(cell["dimensions"].get(name, "") for name in names), *_figures(report, cell, row)])
    return text.getvalue().encode("utf-8-sig")


def _figures(report: ExactReport, cell: Mapping[str, Mapping[str, object]], row: SafeRow | None) -> list[str]:
    figures = []
    for outcome in OUTCOMES:
        figures += [str(cell[outcome][count]) for count in report.counts]
        figures.append(seen_by_others(getattr(row, outcome)) if row is not None else "")
    return figures


def _page(report: ExactReport, released: Sequence[SafeRow | None]) -> str:
    title = f"{report.search.title}: {report.practice}, {report.reference_date:%d %B %Y}"
    rows = zip(report.cells, released, strict=True)
    return _PAGE.format(
        title=escape(title),
        notice=escape(NOTICE),
        why=escape(report.search.why_it_matters),
        unit="appointments" if report.search.unit is Unit.APPOINTMENT else "people",
        style=_STYLE,
        head=_page_head(report),
        body="\n".join(_page_row(report, cell, row) for cell, row in rows),
    )


def _page_head(report: ExactReport) -> str:
    names = "".join(f'<th scope="col" rowspan="2">{escape(d.name)}</th>' for d in report.search.dimensions)
    span = len(report.counts) + 1
    groups = "".join(f'<th scope="colgroup" colspan="{span}">{label}</th>' for label in OUTCOMES.values())
    counts = "".join(f'<th scope="col">{label}</th>' for label in (*report.counts.values(), "others see"))
    return f"<tr>{names}{groups}</tr>\n<tr>{counts * len(OUTCOMES)}</tr>"


def _page_row(report: ExactReport, cell: Mapping[str, Mapping[str, object]], row: SafeRow | None) -> str:
    values = [str(cell["dimensions"].get(dimension.name, "all")) for dimension in report.search.dimensions]
    heads = "".join(f'<th scope="row">{escape(value)}</th>' for value in values)
    figures = "".join(f"<td>{escape(figure)}</td>" for figure in _figures(report, cell, row))
    return f"<tr>{heads}{figures}</tr>"


_STYLE = (
    "body{font-family:Arial,sans-serif;margin:2rem;color:#212b32}"
    "table{border-collapse:collapse}th,td{border-bottom:1px solid #aeb7bd;padding:.4rem .6rem;text-align:right}"
    "th[scope=row],th[scope=colgroup]{text-align:left}.notice{border-left:6px solid #d5281b;padding:.5rem 1rem}"
)

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
<main>
<h1>{title}</h1>
<p class="notice">{notice}</p>
<p>{why}</p>
<table>
<caption>Numbers of {unit}. "Others see" is all that leaves the practice.</caption>
<thead>
{head}
</thead>
<tbody>
{body}
</tbody>
</table>
</main>
</body>
</html>
"""
