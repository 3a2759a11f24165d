"""The practice's own exact report of a search: JSON, CSV and a page to read. It never leaves.

Both totals stand in it: everyone, and without the people who opted out of sharing; for appointments both as others
count them (the first three per person) and all of them. Beside each exact figure stands what others will see of it,
once that is decided, and why: a number, a band, or nothing, with the rule that made the difference in a sentence.

The JSON file has everything; the CSV, the page and `gpfed-agent explain` are made from it.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from agent.files import private_folder, write_private
from agent.report_lines import COUNTS, OUTCOMES, STATISTICS
from agent.report_page import page
from agent.sentences import AS_IT_IS, About, Count, reason_sentence, seen_by_others, sentence
from governance.cells import CellState
from governance.profiles import profile
from governance.sealing import ResultMessage
from governance.story import CountStory, TableStory
from governance.suppress import SafeTable
from searches.search import Search

NOTICE = "Exact figures, for this practice only. This file never leaves the practice."
_Document = dict[str, Any]


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


@dataclass(frozen=True, slots=True)
class Shown:
    """What others will see of a report's figures, and why; None: that is not decided, or nothing was released.

    Args:
        table: as it leaves.
        story: what made each count so.
        agreement: under which it leaves.
        restates: whether this reference date was released before.
    """

    table: SafeTable | None = None
    story: TableStory | None = None
    agreement: str = ""
    restates: bool = False


def write_report(folder: Path, report: ExactReport, shown: Shown | None = None) -> None:
    """Write a report's three files, owner-only; harmless when done twice.

    Args:
        folder: of the reports; the files are REFERENCE-DATE/SEARCH.json, .csv and .html in it.
        report: the exact answer.
        shown: what others will see, or None while that is not decided.
    """
    shown = shown or Shown()
    document = _document(report, shown, _since(folder, report, shown))
    stem = private_folder(folder / report.reference_date.isoformat()) / report.search.id
    write_private(stem.with_suffix(".json"), json.dumps(document, indent=1, ensure_ascii=False).encode("utf-8"))
    write_private(stem.with_suffix(".csv"), _csv(report, document))
    write_private(stem.with_suffix(".html"), page(document).encode("utf-8"))


def write_what_leaves(folder: Path, message: ResultMessage) -> None:
    """Write everything that a message holds, readable, beside the reports: REFERENCE-DATE/AGREEMENT.leaves.json."""
    path = private_folder(folder / message.reference_date.isoformat()) / f"{message.agreement_id}.leaves.json"
    write_private(path, json.dumps(message.to_json(), indent=1).encode("ascii"))


def _document(report: ExactReport, shown: Shown, since: str) -> _Document:
    table, search = shown.table, report.search
    return {
        "schema": 1,
        "notice": NOTICE,
        "practice": report.practice,
        "search": search.id,
        "search_digest": search.digest,
        "title": search.title,
        "why_it_matters": search.why_it_matters,
        "unit": str(search.unit),
        "reference_date": report.reference_date.isoformat(),
        "agreement": shown.agreement,
        "cells": list(report.cells),
        "released": table.to_json() if table is not None else None,
        "why": shown.story.to_json() if shown.story is not None else None,
        "others_see": [_others_see(report, shown, number, since) for number in range(len(report.cells))]
        if table is not None
        else None,
    }


def _others_see(report: ExactReport, shown: Shown, number: int, since: str) -> _Document:
    """What others see of a cell's counts, in words, and why."""
    table, story = shown.table, shown.story
    if table is None:
        return {}
    about = About(report.search.unit, profile(table.profile), story.held_below if story is not None else 0, since)
    stories: Sequence[CountStory | None] = story.rows[number].counts if story is not None else (None, None, None)
    found = {}
    for outcome, state, one in zip(OUTCOMES, table.rows[number].states, stories, strict=True):
        count = _count(outcome, report.cells[number][outcome], state, one)
        found[outcome] = {"words": seen_by_others(state), "why": sentence(count, about)}
    statistics = table.rows[number].statistics
    for name, statistic in zip(STATISTICS, statistics.each if statistics is not None else (), strict=False):
        why = story.rows[number].statistics[name].why if story is not None else ""
        words = f"{statistic.value:f}" if statistic.value is not None else seen_by_others(statistic.plain)
        found[name] = {"words": words, "why": f"{why[:1].upper()}{why[1:]}." if why else _reason_of(statistic.plain)}
    return found


def _reason_of(state: CellState) -> str:
    return reason_sentence(state.reason) if state.reason is not None else AS_IT_IS


def _count(outcome: str, exact: Any, state: CellState, story: CountStory | None) -> Count:
    everyone, sharing = int(exact["everyone"]), int(exact["without_type1"])
    if story is None:
        return Count(outcome, everyone, sharing, state)
    return Count(outcome, everyone, sharing, state, story.counted, story.rules, story.changed)


def _since(folder: Path, report: ExactReport, shown: Shown) -> str:
    """The release before, by its reference date where that is sure."""
    now = report.reference_date.isoformat()
    if shown.restates:
        return f"the first release of {now}"
    others = (path for path in folder.glob(f"*/{report.search.id}.json") if path.parent.name != now)
    last = max((path.parent.name for path in others if _was_released(path)), default="")
    return f"the release of {last}" if "" < last < now else "the release before"


def _was_released(path: Path) -> bool:
    try:
        return json.loads(path.read_bytes())["released"] is not None
    except (OSError, ValueError, KeyError, TypeError):
        return False  # a report that cannot be read says nothing of when


def _csv(report: ExactReport, document: _Document) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text)
    names = [dimension.name for dimension in report.search.dimensions]
    counts = [count for count in COUNTS if count in document["cells"][0]["met"]]
    statistics = [name for name in STATISTICS if "statistics" in document["cells"][0]]
    columns = [(outcome, counts) for outcome in OUTCOMES] + [(name, list(COUNTS)[:2]) for name in statistics]
    writer.writerow([*names, *(f"{one}_{name}" for one, exact in columns for name in (*exact, "others_see", "why"))])
    for number, cell in enumerate(document["cells"]):
        row = [cell["dimensions"].get(name, "") for name in names]
        others = document["others_see"][number] if document["others_see"] else {}
        for one, exact in columns:
            seen = others.get(one, {"words": "", "why": ""})
            # A thousands comma is for people, not for a file.
            row += [*(_exact(cell, one, count) for count in exact), seen["words"].replace(",", ""), seen["why"]]
        writer.writerow(row)
    return text.getvalue().encode("utf-8-sig")


def _exact(cell: Mapping[str, Any], one: str, count: str) -> str:
    number = cell[one][count] if one in OUTCOMES else cell["statistics"][count][one]
    return "" if number is None else str(number)
