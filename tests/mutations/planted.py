"""Write docs/reports/engine-mutations.md: `python -m tests.mutations.planted`.

Exit codes: 0 every planted mistake is noticed by the drawn cases of the language and by drawn searches, 1 one is not.
"""

from __future__ import annotations

import sys
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from tests.engine_servers import Servers
from tests.mutations import searching
from tests.mutations.rewrites import PLANTED, Planted, noticed
from tests.spec.language.drawn import Kind, all_cases
from tests.spec.language.people import People

REPORT = Path(__file__).resolve().parents[2] / "docs" / "reports" / "engine-mutations.md"
_MOST = 4
"""So many sections are named for each mistake; the others are counted."""


@dataclass(frozen=True, slots=True)
class Found:
    """A planted mistake, and what noticed it.

    Args:
        planted: the mistake.
        sections: how many drawn cases of each section.
        searches: the numbers of drawn searches.
    """

    planted: Planted
    sections: dict[str, int]
    searches: tuple[int, ...]


def main() -> int:
    """Plant each mistake in turn, ask every case, and write what was noticed."""
    found: list[Found] = []
    with tempfile.TemporaryDirectory(prefix="gpfed-planted-") as folder, ExitStack() as stack:
        Path(folder).chmod(0o755)
        servers = Servers(Path(folder), stack)
        for planted in PLANTED:
            with servers.database(planted.engine) as database:
                sections = noticed(People(database), planted)
            searches = tuple(searching.noticing(servers, planted))
            told = f"{sum(sections.values())} cases, {len(searches)} searches"
            print(f"{planted.engine} {planted.name}: {told}", file=sys.stderr)
            found.append(Found(planted, sections, searches))
    REPORT.parent.mkdir(parents=True, exist_ok=True)
    REPORT.write_text(_report(found), encoding="utf-8")
    return 0 if all(each.sections and each.searches for each in found) else 1


def _report(found: list[Found]) -> str:
    cases = sum(len(block) for _, block in all_cases() if block[0].kind is not Kind.REFUSED)
    lines = [
        "# Wrong rewrites, and what notices them",
        "",
        "Written by `make mutations`. A mistake is planted in one engine's rewrites, and a real database is asked with",
        "it: every case of the [language reference](../reference/language.md), and searches drawn at random over drawn",
        "populations, which know nothing of the mistake ([long run](generative.md)). A mistake that changes no answer",
        "would be a rule that nothing tests.",
        "",
        f"- Cases: {cases}",
        f"- Searches: {searching.SEARCHES}, over {4 * searching.POPULATIONS} populations; seed {searching.SEED}",
        f"- Mistakes: {len(found)}",
        f"- Noticed by cases: {sum(bool(each.sections) for each in found)}",
        f"- Noticed by searches: {sum(bool(each.searches) for each in found)}",
        "",
        "| engine | mistake | the statement then says | cases that notice | in sections | searches that do | first |",
        "|---|---|---|---|---|---|---|",
    ]
    return "\n".join([*lines, *(_row(each) for each in found)]) + "\n"


def _row(found: Found) -> str:
    planted, sections = found.planted, found.sections
    most = sorted(sections, key=lambda title: (-sections[title], title))
    named = "; ".join(f"{title} {sections[title]}" for title in most[:_MOST])
    more = f"; and {len(most) - _MOST} more" if len(most) > _MOST else ""
    count = sum(sections.values()) or "NOT NOTICED"
    searches = f"{len(found.searches)} | {found.searches[0]}" if found.searches else "NOT NOTICED |"
    return f"| {planted.engine} | {planted.name} | {planted.says} | {count} | {named}{more} | {searches} |"


if __name__ == "__main__":
    sys.exit(main())
