"""`gpfed-search run`: the exact answer of a search on a supplier's folder."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import asdict
from typing import Any

from searches.answer import Answers, Failed, NotRun, answer, exact_cells
from searches.commands.folders import print_json, search_of
from searches.distribution import STATISTICS
from searches.extract import Extract, open_extract
from searches.search import Search


def run(options: Namespace) -> int:
    """Answer a search.

    Returns:
        0 if it is answered, or the layout has no source for what it asks; 1 if it gave no valid answer.
    """
    search = search_of(options)  # refused, if it is, before anything is opened
    with open_extract(options.extract, options.layout, options.practice) as extract:
        answers = answer(extract, (search,), options.reference_date)
        facts = {**_about(search, extract, options), **_said(search, answers)}
    if options.json:
        print_json(facts)
    else:
        _print(facts)
    return 1 if facts["state"] == "failed" else 0


def _about(search: Search, extract: Extract, options: Namespace) -> dict[str, Any]:
    return {
        "search": search.id,
        "digest": search.digest,
        "layout": options.layout,
        "practice": extract.practice,
        "reference_date": options.reference_date.isoformat(),
        "delivered_on": extract.delivered_on.isoformat(),
    }


def _said(search: Search, answers: Answers) -> dict[str, Any]:
    receipt = answers.receipts.get(search.id)
    facts = {"receipt": asdict(receipt) if receipt is not None else None}
    match answers.results[search.id]:
        case NotRun(reason, message):
            return {"state": "not_run", "reason": reason, "message": message, "cells": [], **facts}
        case Failed(reason, message):
            return {"state": "failed", "reason": reason, "message": message, "cells": [], **facts}
        case people:
            return {"state": "answered", "cells": exact_cells(people, answers.type1), **facts}


def _print(facts: dict[str, Any]) -> None:
    print(f"{facts['search']} at {facts['practice']} ({facts['layout']}), {facts['reference_date']}: {facts['state']}")
    if facts["state"] != "answered":
        print(f"  {facts['reason']}: {facts['message']}")
        return
    print("  everyone in it; in brackets, without those who opted out")
    if any("everyone_uncapped" in cell["met"] for cell in facts["cells"]):
        print("  every appointment; in square brackets, at most three of a person, as counted for others")
    for cell in facts["cells"]:
        name = ", ".join(cell["dimensions"].values()) or "all"
        counts = (f"{outcome} {_count(cell[outcome])}" for outcome in ("met", "not_met", "excepted"))
        print(f"  {name:<28} {'   '.join(counts)}")
        for who, found in cell.get("statistics", {}).items():
            print(f"    {who.replace('_', ' '):<26} {_statistics(found)}")


def _statistics(found: dict[str, Any]) -> str:
    told = (f"{name.replace('_', ' ')} {found[name] or '-'}" for name in STATISTICS)
    return f"n {found['n']}   {'   '.join(told)}"


def _count(counts: dict[str, int]) -> str:
    capped = f"{counts['everyone']:>6} ({counts['without_type1']})"
    if "everyone_uncapped" not in counts:
        return capped
    return f"{counts['everyone_uncapped']:>6} ({counts['without_type1_uncapped']}) [{capped.strip()}]"
