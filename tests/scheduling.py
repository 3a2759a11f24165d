"""Which tests a worker of pytest-xdist gets together: those of a file, which share what its fixtures have made.

The groups that xdist itself offers (`xdist_group`) do nothing under pytest 9.2, where a test keeps its own name: every
test went by itself, and what a fixture makes for a file was made again in each worker. Files that share a fixture of
the session go together too, and the longest go first, so that all workers end at about the same time.
"""

from __future__ import annotations

import pytest
from xdist.scheduler import LoadScopeScheduling

_DEMONSTRATION = "the demonstration"
TOGETHER = {
    "tests/browser/test_pages.py": _DEMONSTRATION,
    "tests/functional/test_demo.py": _DEMONSTRATION,
}
"""Files that look at one thing, which takes long to make."""

LONGEST = (
    _DEMONSTRATION,
    "tests/integration/test_sites.py",
    "tests/integration/test_engines.py",
    "tests/integration/test_conformance.py",
    "tests/generative/test_same_answers.py",
    "tests/generative/test_layout_mutations.py",
    "tests/spec/test_language_in_batches.py",
    "tests/spec/test_language_in_layouts.py",
    "tests/functional/test_gpfed_agent.py",
    "tests/integration/test_server_batch.py",
    "tests/generative/language/test_language.py",
    "tests/integration/test_agent_over_database.py",
    "tests/integration/test_database_answers.py",
    "tests/integration/test_site_tables.py",
    "tests/spec/test_library.py",
    "tests/spec/test_engine_mutations.py",
    "tests/integration/test_agent_kills.py",
    "tests/integration/test_agent_conformance.py",
)
"""The groups that go first, the longest before the others; the rest go in their own order."""


def group(test: str) -> str:
    """The group that a test belongs to.

    Args:
        test: its name, which begins with the path of its file.
    """
    file = test.split("::", 1)[0]
    return TOGETHER.get(file, file)


class ByFile(LoadScopeScheduling):
    """Gives a worker one group after the other."""

    def _split_scope(self, nodeid: str) -> str:
        return group(nodeid)


def longest_first(items: list[pytest.Item]) -> None:
    """Put tests into the order in which their groups are to begin; it is the same in every worker."""
    places = {name: place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: places.get(group(item.nodeid), len(places)))
