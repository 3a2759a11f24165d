"""The page of docs/reference about layouts: what each holds and lacks, and the rules by which it is read."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from searches.layouts import LAYOUTS, Layout, layout
from searches.synthetic.differences import DIFFERENCES

HEAD = """# Layouts

How each record system stores the canonical tables. A search is written once; a layout says where its tables and columns
come from, in SQL that every engine can be given. What a record system does not hold is NULL, or the search is not run
and says why; nothing is guessed.

Every reading of the facts that can change a count is a rule with a name. The report on
[what each rule is for](../reports/layout-mutations.md) takes them away one at a time.

`canonical` is not on this page: it is the tables themselves, as CSV files.
"""


def layouts() -> str:
    """The page."""
    sections = [HEAD, *("\n".join(_about(layout(name))) for name in LAYOUTS if name != "canonical")]
    return "\n".join(sections) + "\n"


def _about(chosen: Layout) -> Iterator[str]:
    said = sys.modules[f"searches.layouts.{chosen.name}.layout"].__doc__ or ""
    yield from (f"## {chosen.name}", "", said.strip(), "")
    yield from ("Codes are asked " + "; ".join(_systems(chosen)) + ".", "")
    yield from _not_run(chosen)
    yield from ("What differs from the canonical tables of the same people:", "")
    yield from (f"* {one.table}: {one.says}" for one in DIFFERENCES if chosen.name in one.layouts)
    yield from ("", "| rule | says |", "|---|---|")
    yield from (f"| `{name}` | {text} |" for name, text in chosen.rules.items())
    if chosen.native:
        yield from ("", "Columns that are read, with their types; a column without one is text:", "")
        yield from _columns(chosen)
    yield ""


def _systems(chosen: Layout) -> Iterator[str]:
    for table, columns in chosen.code_columns.items():
        if table != "type1_entry":
            yield f"of `{table}` in {', '.join(columns)}"


def _not_run(chosen: Layout) -> Iterator[str]:
    for what, reason in chosen.missing.items():
        asks = f"asks for codes of `{what.removesuffix('.code')}`" if "." in what else f"reads `{what}`"
        yield from (f"A search that {asks} is not run: `{reason}`.", "")


def _columns(chosen: Layout) -> Iterator[str]:
    for name, table in chosen.raw.items():
        listed = (f"{column} {table.types.get(column, '')}".strip() for column in table.columns)
        yield f"* `{name}`: {', '.join(listed)}"
