"""Write docs/reports/attacks.md: `python -m tests.attack`.

Each defence is taken away in turn, and every story's attacker tries again. Exit codes: 0 every story fails while its
defence is away and none fails otherwise, 1 one does not, or one does.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from itertools import groupby
from pathlib import Path

from tests.attack.defences import DEFENCES, Defence
from tests.attack.stories import Story, all_stories

REPORT = Path(__file__).resolve().parents[2] / "docs" / "reports" / "attacks.md"
_MOST = 3
"""So many other stories are named for each defence; the rest are counted."""


def main() -> int:
    """Take each defence away, and write which stories notice."""
    stories = all_stories()
    lost = [story for story in stories if story.notices()]
    found: dict[str, list[Story]] = {}
    for one in DEFENCES:
        found[one.name] = _noticing(one, stories)
        print(f"{one.name}: {len(found[one.name])}", file=sys.stderr)
    unnoticed = [story for story in stories if story not in found[story.defence]]
    for story in (*lost, *unnoticed):
        print(f"{story.title}: {'the attacker wins' if story in lost else 'nobody notices'}", file=sys.stderr)
    REPORT.write_text(_report(stories, found, unnoticed), encoding="utf-8")
    return 1 if lost or unnoticed else 0


def _noticing(defence: Defence, stories: Sequence[Story]) -> list[Story]:
    with defence.removed():
        return [story for story in stories if _wins(story)]


def _wins(story: Story) -> bool:
    try:
        return story.notices()
    except Exception:  # noqa: BLE001 - of a story that names another defence: it stops, and shows the attacker nothing
        return False


def _report(stories: Sequence[Story], found: Mapping[str, Sequence[Story]], unnoticed: Sequence[Story]) -> str:
    lines = [
        "# Attacks, and what stops each",
        "",
        "Written by `python -m tests.attack`. Each story below is a test in `tests/attack`: an attacker reads what a",
        "practice has released, and nothing else, and tries to name one patient's status. With every defence in place",
        "none succeeds. Then each defence is taken away, one at a time, and all attackers try again.",
        "",
        f"- Stories: {len(stories)}; attackers who succeed: 0",
        f"- Defences: {len(found)}; noticed when taken away: {sum(bool(one) for one in found.values())}",
        f"- Stories that do not notice the defence that they name: {len(unnoticed)}",
        "",
        "Further searches that are refused are listed in `test_refused_sql.py`; attacks on messages, catalogues and",
        "agreements are in the other files of `tests/attack`; those that once won are in `test_once_succeeded.py`.",
        "",
        "## Defences",
        "",
        "| taken away | what it does | attackers who then succeed | among them |",
        "|---|---|---|---|",
    ]
    lines += [_defence_row(defence, found[defence.name]) for defence in DEFENCES]
    for about, group in groupby(stories, key=lambda story: story.about):
        lines += ["", f"## {about.rstrip('.')}", "", "| story | stopped by |", "|---|---|"]
        lines += [f"| {story.title} | {story.defence} |" for story in group]
    return "\n".join(lines) + "\n"


def _defence_row(defence: Defence, noticing: Sequence[Story]) -> str:
    named = sorted(noticing, key=lambda story: (story.defence != defence.name, story.name))
    more = f"; and {len(named) - _MOST} more" if len(named) > _MOST else ""
    titles = "; ".join(story.title for story in named[:_MOST])
    return f"| {defence.name} | {defence.says} | {len(noticing) or 'NONE'} | {titles}{more} |"


if __name__ == "__main__":
    sys.exit(main())
