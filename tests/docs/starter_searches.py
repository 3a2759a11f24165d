"""The page of the starter searches, written from their folders and code lists."""

from __future__ import annotations

from collections import Counter

from searches.document import library, library_folder, load_search
from searches.footprint import footprint
from searches.parse import parse
from searches.search import Codelist, Measure, Search

_INTRODUCTION = """\
# Starter searches

Thirteen searches that come with GPFed. Each is a folder of `searches/library/`: what and why (`search.yaml`), the
question (`search.sql`), hand-made patients with the outcome each must get (`tests.yaml`) and the clinical note below.

Their code lists are short and made for a start: typed by hand from public sources, in our own words. Read the note,
replace a list by your own national one where it says so, and have a clinician review the result before you publish.
"""


def starter_searches() -> str:
    """Every starter search with its facts and its clinical note, then every code list with its systems."""
    found = [load_search(library_folder(name)) for name in library()]
    lines = [_INTRODUCTION, "| search | of | by | good | target | national indicator |", "|---|---|---|---|---|---|"]
    lines += [_row(search) for search in found]
    for search in found:
        lines += ["", *_section(search)]
    lines += ["", *_codelists(found)]
    return "\n".join(lines) + "\n"


def _row(search: Search) -> str:
    cells = (
        f"[{search.title}](#{search.id})",
        search.unit,
        ", ".join(dimension.name for dimension in search.dimensions),
        search.good,
        _percent(search),
        f"{search.official_name} {search.service_year}".strip() or "none",
    )
    return "| " + " | ".join(cells) + " |"


def _percent(search: Search) -> str:
    return f"{search.target.value * 100:.0f}%" if search.target else "none"


def _section(search: Search) -> list[str]:
    touched = footprint(parse(search.sql))
    tables = "; ".join(f"{table} ({', '.join(sorted(columns))})" for table, columns in touched.tables.items())
    note = search.explanation.strip().splitlines()
    return [
        f'<a id="{search.id}"></a>',
        f"## {note[0].removeprefix('# ')}",
        "",
        " ".join(search.why_it_matters.split()),
        "",
        f"- Folder: `searches/library/{search.id}`, asked {search.schedule}",
        *([_measured(search.measure)] if search.measure is not None else []),
        f"- Target: {_percent(search)}" + (f" ({search.target.source})" if search.target else ""),
        f"- Reads: {tables}",
        f"- Code lists: {', '.join(sorted(search.codelists)) or 'none'}",
        *note[1:],
    ]


def _measured(measure: Measure) -> str:
    return f"- Value: {measure.name}, {measure.low:f} to {measure.high:f} {measure.unit}"


def _codelists(found: list[Search]) -> list[str]:
    lists = {name: codelist for search in found for name, codelist in search.codelists.items()}
    return [
        "## Code lists",
        "",
        "Codes per system. A list without Read and CTV3 codes sees less in records kept in them.",
        "",
        "| list | SNOMED CT | dm+d | CTV3 | Read v2 | EMIS |",
        "|---|---|---|---|---|---|",
        *(_codelist_row(name, lists[name]) for name in sorted(lists)),
    ]


def _codelist_row(name: str, codelist: Codelist) -> str:
    counts = Counter(code.system for code in codelist.codes)
    return (
        f"| {name} | " + " | ".join(str(counts[system]) for system in ("snomed", "dmd", "ctv3", "read2", "emis")) + " |"
    )
