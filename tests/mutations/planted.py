"""Write docs/reports/engine-mutations.md: `python -m tests.mutations.planted`.

Exit codes: 0 every planted mistake is noticed by the drawn cases of the language, 1 one is not.
"""

from __future__ import annotations

import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from tests.engine_servers import Servers
from tests.mutations.rewrites import PLANTED, Planted, noticed
from tests.spec.language.drawn import Kind, all_cases
from tests.spec.language.people import People

REPORT = Path(__file__).resolve().parents[2] / "docs" / "reports" / "engine-mutations.md"
_MOST = 4
"""So many sections are named for each mistake; the others are counted."""


def main() -> int:
    """Plant each mistake in turn, ask every case, and write what was noticed."""
    found: list[tuple[Planted, dict[str, int]]] = []
    with tempfile.TemporaryDirectory(prefix="gpfed-planted-") as folder, ExitStack() as stack:
        Path(folder).chmod(0o755)
        servers = Servers(Path(folder), stack)
        for planted in PLANTED:
            with servers.database(planted.engine) as database:
                sections = noticed(People(database), planted)
            print(f"{planted.engine} {planted.name}: {sum(sections.values())}", file=sys.stderr)
            found.append((planted, sections))
    REPORT.parent.mkdir(parents=True, exist_ok=True)
    REPORT.write_text(_report(found), encoding="utf-8")
    return 0 if all(sections for _, sections in found) else 1


def _report(found: list[tuple[Planted, dict[str, int]]]) -> str:
    cases = sum(len(block) for _, block in all_cases() if block[0].kind is not Kind.REFUSED)
    lines = [
        "# Wrong rewrites that the language's cases notice",
        "",
        "Written by `make mutations`. A mistake is planted in one engine's rewrites, and every case of the",
        "[language reference](../reference/language.md) is asked of a real database with it. A mistake that changes no",
        "answer would be a rule that nothing tests.",
        "",
        f"- Cases: {cases}",
        f"- Mistakes: {len(found)}; noticed: {sum(bool(sections) for _, sections in found)}",
        "",
        "| engine | mistake | the statement then says | cases that notice | in sections |",
        "|---|---|---|---|---|",
    ]
    return "\n".join([*lines, *(_row(planted, sections) for planted, sections in found)]) + "\n"


def _row(planted: Planted, sections: dict[str, int]) -> str:
    most = sorted(sections, key=lambda title: (-sections[title], title))
    named = "; ".join(f"{title} {sections[title]}" for title in most[:_MOST])
    more = f"; and {len(most) - _MOST} more" if len(most) > _MOST else ""
    count = sum(sections.values()) or "NOT NOTICED"
    return f"| {planted.engine} | {planted.name} | {planted.says} | {count} | {named}{more} |"


if __name__ == "__main__":
    sys.exit(main())
