"""`gpfed-search check`: every rule of a search, and what it would read."""

from __future__ import annotations

from argparse import Namespace
from typing import Any

from searches.commands.folders import print_json, search_of
from searches.errors import RuleError, SearchesError
from searches.footprint import footprint
from searches.parse import parse
from searches.search import Search


def run(options: Namespace) -> int:
    """Check a search.

    Returns:
        0; a refusal is raised, after its JSON if that was asked for.
    """
    try:
        facts = _facts(search_of(options))
    except SearchesError as error:
        if options.json:
            print_json(_refusal(error))
        raise
    if options.json:
        print_json(facts)
    else:
        _print(facts)
    return 0


def _facts(search: Search) -> dict[str, Any]:
    touched = footprint(parse(search.sql))
    return {
        "state": "accepted",
        "search": search.id,
        "digest": search.digest,
        "unit": search.unit.value,
        "kind": search.kind,
        "dimensions": {dimension.name: list(dimension.values) for dimension in search.dimensions},
        "measure": _measure(search),
        "cells": len(search.cells()),
        "tables": {table: sorted(columns) for table, columns in touched.tables.items()},
        "codelists": {name: codelist.digest for name, codelist in sorted(search.codelists.items())},
        "bound_dates": sorted(touched.bound_dates),
    }


def _measure(search: Search) -> dict[str, str] | None:
    measure = search.measure
    if measure is None:
        return None
    return {"name": measure.name, "unit": measure.unit, "low": str(measure.low), "high": str(measure.high)}


def _refusal(error: SearchesError) -> dict[str, Any]:
    facts: dict[str, Any] = {"state": "refused", "reason": error.message, "suggestion": error.hint}
    if isinstance(error, RuleError):
        facts |= {"reason": error.reason, "line": error.line, "column": error.column}
    return facts


def _print(facts: dict[str, Any]) -> None:
    print(f"{facts['search']}: accepted")
    print(f"  digest      {facts['digest']}")
    for table, columns in facts["tables"].items():
        print(f"  reads       {table}: {', '.join(columns)}")
    print(f"  code lists  {', '.join(facts['codelists']) or 'none'}")
    print(f"  dates       {', '.join(facts['bound_dates']) or 'none'}")
    print(f"  cells       {facts['cells']}, the totals among them, by: {', '.join(facts['dimensions']) or 'nothing'}")
