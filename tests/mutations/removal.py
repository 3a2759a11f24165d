"""What happens to the answers when one rule of a layout is taken away."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from searches.errors import SearchesError
from searches.layouts import layout
from searches.search import Search
from tests.exact_answers import Cells, WrittenPractice, differences


@dataclass(frozen=True, slots=True)
class Removal:
    """One rule, taken away.

    Args:
        layout: its name.
        rule: its name.
        says: what the rule says.
        cells: how many cells of each search changed; a search that then fails or does not run counts as one.
        refused: what the whole run was refused with, or an empty string.
    """

    layout: str
    rule: str
    says: str
    cells: dict[str, int]
    refused: str = ""

    @property
    def is_noticed(self) -> bool:
        """Did any cell change?"""
        return bool(self.cells or self.refused)


def removals(practice: WrittenPractice, searches: Sequence[Search]) -> Iterator[Removal]:
    """Take each rule of a practice's layout away in turn, and ask again.

    Args:
        practice: a synthetic one.
        searches: what is asked.
    """
    whole = layout(practice.layout)
    before = practice.cells(searches)
    for rule in whole.rules:
        yield removal(practice, rule, searches, before)


def removal(practice: WrittenPractice, rule: str, searches: Sequence[Search], before: Cells) -> Removal:
    """Take one rule away and ask again.

    Args:
        before: the answers with the rule, to these searches at least.
    """
    whole = layout(practice.layout)
    try:
        after = practice.cells(searches, whole.without(rule))
    except SearchesError as error:
        return Removal(practice.layout, rule, whole.rules[rule], {}, type(error).__name__)
    asked = {name: before[name] for name in after}
    changed = {search: len(cells) for search, cells in differences(asked, after).items()}
    return Removal(practice.layout, rule, whole.rules[rule], changed)
