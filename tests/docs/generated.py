"""The pages of docs/reference that are written from the code: `python -m tests.docs.generated [--check]`.

Exit codes: 0 all pages are as the code says (or were written), 1 with `--check` a page differs.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path

from searches.canon import BOUND_DATES, TABLES, Column
from tests.docs.agreement_states import agreement_states
from tests.docs.engines import engines
from tests.docs.language import language
from tests.docs.layouts import layouts
from tests.docs.starter_searches import starter_searches

ROOT = Path(__file__).resolve().parents[2]
PROGRAMS = {
    "gpfed-search": "searches",
    "gpfed-agent": "agent",
    "gpfed-hub": "hub",
    "gpfed-audit": "governance.audit",
}


def canonical_tables() -> str:
    """The canonical tables as a page for analysts."""
    lines = [
        "# Canonical tables",
        "",
        "The only tables a search may name. They hold only people currently registered, alive and no test patient at",
        "the reference date, and of them only rows dated on or before it, or undated. `code` can only be asked",
        "`IN codelist.NAME`; a `text` column may be neither compared nor ordered.",
        "",
        "Bound dates: " + ", ".join(f"`:{name}`" for name in BOUND_DATES) + ".",
    ]
    for table in TABLES.values():
        lines += ["", f"## {table.name}", "", "| column | type | meaning |", "|---|---|---|"]
        lines += [f"| {column.name} | {column.type} | {_meaning(column)} |" for column in table.columns]
    return "\n".join(lines) + "\n"


def _meaning(column: Column) -> str:
    domain = "one of " + ", ".join(f"`{value}`" for value in column.values) if column.values else ""
    return "; ".join(part for part in (column.meaning, domain) if part)


def command_line() -> str:
    """The `--help` of every command and subcommand."""
    sections = ["# Commands", "", "Written from `--help`. All four take `--help` at every level."]
    for program, module in PROGRAMS.items():
        sections += ["", f"## {program}"]
        for words in ((), *subcommands(module)):
            sections += ["", "```text", f"$ {' '.join((program, *words, '--help'))}", help_of(module, *words), "```"]
    return "\n".join(sections) + "\n"


def subcommands(module: str, *words: str) -> list[tuple[str, ...]]:
    """Every path of subcommands below one; the usage of a command that has any ends with `...`."""
    sections = help_of(module, *words).split("\n\n")
    if not sections[0].endswith("..."):
        return []
    listed = next(section for section in sections if section.startswith("positional arguments:"))
    names = re.findall(r"^ {4}([a-z-]+)(?: |$)", listed, re.MULTILINE)
    return [path for name in names for path in ((*words, name), *subcommands(module, *words, name))]


@cache
def help_of(module: str, *words: str) -> str:
    """What `--help` prints, at a fixed width."""
    environment = {**os.environ, "COLUMNS": "100", "NO_COLOR": "1"}
    command = [sys.executable, "-m", module, *words, "--help"]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=ROOT, check=True)
    return "\n".join(line.rstrip() for line in done.stdout.rstrip().splitlines())


PAGES: dict[str, Callable[[], str]] = {
    "docs/reference/agreement-states.md": agreement_states,
    "docs/reference/canonical-tables.md": canonical_tables,
    "docs/reference/command-line.md": command_line,
    "docs/reference/engines.md": engines,
    "docs/reference/language.md": language,
    "docs/reference/layouts.md": layouts,
    "docs/reference/searches.md": starter_searches,
}


def main() -> int:
    """Write the pages, or say which differ."""
    parser = argparse.ArgumentParser(description="Write the generated pages of docs/reference.")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if a page is out of date")
    check = parser.parse_args().check
    stale = []
    for name, render in PAGES.items():
        path, text = ROOT / name, render()
        if check and (not path.is_file() or path.read_text() != text):
            stale.append(name)
        elif not check:
            path.write_text(text)
    for name in stale:
        print(f"{name} is out of date: run make docs", file=sys.stderr)
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
