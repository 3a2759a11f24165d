"""Write docs/reports/layout-mutations.md and engine-mutations.md: `python -m tests.mutations`.

Exit codes: 0 every rule of every layout, and every planted mistake of an engine, is noticed, 1 one is not.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from searches.layouts import layout
from tests.exact_answers import SUPPLIERS, probe_searches, starter_searches, write_practice
from tests.mutations import planted
from tests.mutations.removal import Removal, removals

REPORT = Path(__file__).resolve().parents[2] / "docs" / "reports" / "layout-mutations.md"
PATIENTS = 1_200
SEED = 1


def main() -> int:
    """Ask again without each rule, and write what came of it."""
    twelve, probes = starter_searches(), probe_searches()
    found: list[Removal] = []
    with tempfile.TemporaryDirectory() as folder:
        for supplier in SUPPLIERS:
            practice = write_practice(supplier, PATIENTS, SEED, Path(folder))
            for removed in removals(practice, (*twelve, *probes)):
                print(f"{supplier} {removed.rule}: {_noticed(removed)}", file=sys.stderr)
                found.append(removed)
    REPORT.parent.mkdir(parents=True, exist_ok=True)
    REPORT.write_text(_report(found), encoding="utf-8")
    return 0 if all(removed.is_noticed for removed in found) else 1


def _report(found: list[Removal]) -> str:
    unnoticed = [removed for removed in found if not removed.is_noticed]
    lines = [
        "# What each layout rule is for",
        "",
        "Written by `make mutations`. A synthetic practice is answered with a layout as it is, and then again with one",
        "of its rules taken away. A rule whose removal changes no cell would be a rule that nothing tests.",
        "",
        f"- Practice: {PATIENTS:,} patients, seed {SEED}, reference date 31 March 2026",
        "- Asked: the twelve starter searches; and probes (`tests/mutations/probes`), which read what those do not",
        f"- Rules: {len(found)}; noticed: {len(found) - len(unnoticed)}",
        f"- Not noticed: {', '.join(f'{removed.layout} {removed.rule}' for removed in unnoticed) or 'none'}",
        f"- Noticed by the probes only: {', '.join(_by_probes_only(found)) or 'none'}",
    ]
    for supplier in SUPPLIERS:
        lines += ["", f"## {supplier}", "", f"Version {layout(supplier).version}.", ""]
        lines += ["| rule | says | cells changed of the twelve, by search | of the probes |", "|---|---|---|---|"]
        lines += [_row(removed) for removed in found if removed.layout == supplier]
    return "\n".join(lines) + "\n"


def _by_probes_only(found: list[Removal]) -> list[str]:
    return [
        f"{removed.layout} {removed.rule}"
        for removed in found
        if removed.cells and all(search.startswith("probe-") for search in removed.cells)
    ]


def _row(removed: Removal) -> str:
    probes = sum(cells for search, cells in removed.cells.items() if search.startswith("probe-"))
    return f"| {removed.rule} | {removed.says} | {_noticed(removed)} | {probes} |"


def _noticed(removed: Removal) -> str:
    if removed.refused:
        return f"the run is refused ({removed.refused})"
    if not removed.cells:
        return "NOT NOTICED"
    twelve = {search: cells for search, cells in sorted(removed.cells.items()) if not search.startswith("probe-")}
    return ", ".join(f"{search} {cells}" for search, cells in twelve.items()) or "none"


if __name__ == "__main__":
    sys.exit(max(main(), planted.main()))
