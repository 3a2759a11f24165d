"""Write docs/reports/generative.md: `python -m tests.generative.language [--searches N] [--populations N] [--seed S]`.

Exit codes: 0 every engine agrees with the evaluator on everything, 1 one does not. That every construct is generated is
what the suite's own test holds, over more searches than are asked here.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import sqlglot

from searches.engines import ENGINES
from tests.engine_servers import RUNNING, Database, Servers
from tests.generative.language import hostile
from tests.generative.language.asking import Difference, check_valid, difference, meant
from tests.generative.language.coverage import constructs, wanted
from tests.generative.language.engines import loaded
from tests.generative.language.populations import World, world
from tests.generative.language.searches import Generated, many_searches

REPORT = Path(__file__).resolve().parents[3] / "docs" / "reports" / "generative.md"
SEARCHES, POPULATIONS, SEED = 150, 25, 20_261_122


@dataclass
class Run:
    """What was asked, and what came of it."""

    seed: int
    searches: tuple[Generated, ...]
    worlds: list[World]
    asked: Counter[str] = field(default_factory=Counter)
    outcomes: Counter[Any] = field(default_factory=Counter)
    differences: list[Difference] = field(default_factory=list)

    @property
    def counts(self) -> Counter[str]:
        """In how many searches each construct stands."""
        return constructs(generated.search for generated in self.searches)


def main() -> int:
    """Ask, compare, and write what came of it."""
    parser = argparse.ArgumentParser(prog="python -m tests.generative.language", description=__doc__)
    parser.add_argument("--searches", type=int, default=SEARCHES)
    parser.add_argument("--populations", type=int, default=POPULATIONS, help="for each of four reference dates")
    parser.add_argument("--seed", type=int, default=SEED)
    chosen = parser.parse_args()
    worlds = [world(day, chosen.populations, chosen.seed) for day in hostile.REFERENCE_DATES]
    run = Run(chosen.seed, many_searches(chosen.searches, chosen.seed), worlds)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="gpfed-generative-")))
        folder.chmod(0o755)
        servers = Servers(folder, stack)
        databases = {name: stack.enter_context(loaded(servers, name, worlds)) for name in RUNNING}
        for place, generated in enumerate(run.searches):
            _ask(run, generated, databases)
            if place % 50 == 49:
                print(f"{place + 1} searches, {len(run.differences)} differences", file=sys.stderr)
    REPORT.parent.mkdir(parents=True, exist_ok=True)
    REPORT.write_text(_report(run), encoding="utf-8")
    return 1 if run.differences else 0


def _ask(run: Run, generated: Generated, databases: dict[str, list[Database]]) -> None:
    check_valid(generated)
    for place, each in enumerate(run.worlds):
        expected = meant(generated.search, each)
        run.outcomes.update({row[1]: 1 for row in expected})
        for engine, opened in databases.items():
            found = difference(generated.search, each, opened[place], expected)
            run.asked[engine] += len(each.tables)
            if found is not None:
                run.differences.append(found)
                print(f"{found.engine}\n{found.sql}\n{found.says}", file=sys.stderr)


def _report(run: Run) -> str:
    counts, populations = run.counts, sum(len(each.tables) for each in run.worlds)
    missing = sorted(wanted() - set(counts))
    lines = [
        "# Any search, on every engine",
        "",
        "Written by `make generative`. Searches of the whole language are drawn at random, and with them little",
        "populations full of ties, NULLs, duplicates, month ends and codes that differ by case or a blank. The rows of",
        "each engine are compared with those of an evaluator in plain Python that shares nothing with the translator.",
        "",
        f"- Searches: {len(run.searches):,}; populations: {populations:,}; seed {run.seed}",
        f"- Reference dates: {', '.join(str(each.reference_date) for each in run.worlds)}",
        f"- Cases (a search, a population, an engine): {run.asked.total():,}; differences: {len(run.differences):,}",
        f"- Layout: canonical; sqlglot {sqlglot.__version__}, DuckDB {duckdb.__version__}",
        f"- Not among these searches, but among those of the suite: {', '.join(missing) or 'nothing'}",
        "",
        "| engine | written for | cases | differences |",
        "|---|---|---|---|",
    ]
    wrong = Counter(found.engine for found in run.differences)
    lines += [f"| {name} | {ENGINES[name].version()} | {run.asked[name]:,} | {wrong[name]:,} |" for name in run.asked]
    lines += ["", "| outcome | found by (of searches x reference dates) |", "|---|---|"]
    lines += [f"| {outcome or 'NULL'} | {count:,} |" for outcome, count in run.outcomes.most_common()]
    lines += ["", "## In how many searches each construct stands", "", "| construct | searches |", "|---|---|"]
    lines += [f"| {name} | {counts[name]:,} |" for name in sorted(wanted())]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
