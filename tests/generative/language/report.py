"""The report of a long run, in Markdown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import duckdb
import sqlglot

from searches.engines import ENGINES
from searches.layouts import layout
from tests.engine_servers import RUNNING
from tests.generative.language.coverage import raw_columns, wanted
from tests.generative.language.engines import raw_rows
from tests.generative.language.running import LAYOUTS, SQL_SERVER, Run
from tests.layout_rows import LIMITS, SUPPLIERS
from tests.spec.language.drawn import Kind, all_cases
from tests.spec.language.in_layouts import blocks


def written(run: Run) -> str:
    """The whole report."""
    return "\n".join([*_head(run), *_generated(run), *_drawn(run), *_limits(run), *_constructs(run)]) + "\n"


def _head(run: Run) -> Iterator[str]:
    populations = sum(len(each.tables) for each in run.worlds)
    missing = sorted(wanted() - set(run.counts))
    yield "# Any search, in every layout, on every engine"
    yield ""
    yield "Written by `make generative`. Searches of the whole language are drawn at random, and with them little"
    yield "populations full of ties, NULLs, duplicates, month ends and codes that differ by case or a blank. The rows"
    yield "of each engine are compared with those of an evaluator in plain Python that shares nothing with the"
    yield "translator. The populations are loaded as canonical tables, and as the raw tables of each supplier: written"
    yield "from the facts about the suppliers, with older versions, deletions, strangers and people who are no patients"
    yield "among them."
    yield ""
    yield f"- Searches: {len(run.searches):,}; populations: {populations:,}; seed {run.seed}"
    yield f"- Reference dates: {', '.join(str(each.reference_date) for each in run.worlds)}"
    total = run.asked.total()
    yield f"- Cases (a search, a population, a layout, an engine): {total:,}; differences: {len(run.differences):,}"
    yield f"- sqlglot {sqlglot.__version__}, DuckDB {duckdb.__version__}"
    yield f"- Not among these searches, but among those of the suite: {', '.join(missing) or 'nothing'}"


def _generated(run: Run) -> Iterator[str]:
    wrong = Counter((found.layout, found.engine) for found in run.differences)
    yield ""
    yield "| layout | engine | written for | cases | differences |"
    yield "|---|---|---|---|---|"
    for name, engine in run.asked:
        version, cases = ENGINES[engine].version(), run.asked[name, engine]
        yield f"| {name} | {engine} | {version} | {cases:,} | {wrong[name, engine]:,} |"
    yield ""
    yield "Statements for SQL Server are not run. Each of these was written for it, and taken by Microsoft's own parser"
    yield "for the version 2016 and by the project's check of functions, date parts and types:"
    yield ""
    yield "| layout | statements | refused |"
    yield "|---|---|---|"
    yield from (f"| {name} | {run.written[name]:,} | {wrong[name, SQL_SERVER]:,} |" for name in run.written)
    yield ""
    yield "| layout | searches that it has no source for, as the closed list says |"
    yield "|---|---|"
    for name in LAYOUTS:
        reasons = {reason: count for (of, reason), count in run.refused.items() if of == name and reason != "drawn"}
        yield f"| {name} | {', '.join(f'{reason} {count}' for reason, count in reasons.items()) or 'none'} |"
    yield ""
    yield "| outcome | found by (of searches x reference dates x layouts) |"
    yield "|---|---|"
    yield from (f"| {outcome or 'NULL'} | {count:,} |" for outcome, count in run.outcomes.most_common())


def _drawn(run: Run) -> Iterator[str]:
    cases = sum(len(block) for _, block in all_cases() if block[0].kind is not Kind.REFUSED)
    yield ""
    yield "## The drawn cases of the language, in every layout"
    yield ""
    yield f"The [language reference](../reference/language.md) has {cases} cases. Each is asked in every layout, or is"
    yield "refused there as the closed list says. One that reads nothing of the list gives its drawn answer; one that"
    yield "does gives what the evaluator makes of the rows as the layout holds them."
    yield ""
    yield "| layout | engine | cases asked | refused | as drawn | as the list says | differences |"
    yield "|---|---|---|---|---|---|---|"
    wrong = Counter((found.layout, found.engine) for found in run.differences if found.sql == "a drawn case")
    for name in SUPPLIERS:
        limited = sum(bool(block.limits(case)) for block in blocks(name) for case in block.cases)
        for engine in RUNNING:
            asked = run.drawn[name, engine]
            counts = f"{asked} | {run.refused[name, 'drawn']} | {asked - limited} | {limited} | {wrong[name, engine]}"
            yield f"| {name} | {engine} | {counts} |"


def _limits(run: Run) -> Iterator[str]:
    yield ""
    yield "## What a layout cannot hold"
    yield ""
    yield "The closed list. Everything else comes back from the raw tables exactly as it was drawn."
    yield ""
    yield "| layout | limit | why, and what comes instead | of | values or rows changed | drawn cases that meet it |"
    yield "|---|---|---|---|---|---|"
    for name in SUPPLIERS:
        changed = sum((people.limits for people in raw_rows(name, run.worlds).practices), Counter[str]())
        met = Counter(limit for block in blocks(name) for case in block.cases for limit in block.limits(case))
        for limit in (limit for limit in LIMITS if name in limit.layouts):
            many = "refused" if limit.refused else f"{changed[limit.name]:,}"
            cases = f"{met[limit.name]:,}" if not limit.refused else f"refused: {limit.refused}"
            yield f"| {name} | {limit.name} | {limit.reason} | {', '.join(limit.columns)} | {many} | {cases} |"


def _constructs(run: Run) -> Iterator[str]:
    yield ""
    yield "## In how many searches each construct stands"
    yield ""
    yield "Besides, every column of every raw table of a layout is read by a search, and written with values:"
    yield ""
    yield "| layout | raw tables | columns read | columns written |"
    yield "|---|---|---|---|"
    for name in SUPPLIERS:
        read = raw_columns(layout(name), (generated.search for generated in run.searches))
        sent = {
            (row.table, column) for row in raw_rows(name, run.worlds).rows for column in row.cells if row.cells[column]
        }
        yield f"| {name} | {len({table for table, _ in read})} | {len(read)} | {len(read & sent)} |"
    yield ""
    yield "| construct | searches |"
    yield "|---|---|"
    counts = run.counts
    yield from (f"| {name} | {counts[name]:,} |" for name in sorted(wanted()))
