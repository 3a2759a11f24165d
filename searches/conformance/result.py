"""What a check of conformance says: green, or red and why. The people in it are made up, so they may be named."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

_MOST_CELLS = 3
"""So many differences of one search are told; the rest are counted."""

People = Mapping[str, tuple[int, ...]]
"""For each place in an answer (dimensions and outcome) the numbers of the people there, in order."""


@dataclass(frozen=True, slots=True)
class Tried:
    """One thing that was tried, what it must give and what it gave.

    Args:
        name: of the search; `texts` for how texts are read.
        way: `together` as one of a batch, or `alone` as one statement.
        expected: who must be where.
        got: who was.
        failed: why there is nothing to compare; empty if there is.
    """

    name: str
    way: str
    expected: People
    got: People
    failed: str = ""

    @property
    def ok(self) -> bool:
        """Is it as it must be?"""
        return not self.failed and dict(self.expected) == dict(self.got)

    @property
    def complaint(self) -> str:
        """What is wrong, in a line; empty if nothing is."""
        if self.ok:
            return ""
        if self.failed:
            return f"{self.name} ({self.way}): {self.failed}"
        places = sorted(place for place in {*self.expected, *self.got} if self._at(place)[0] != self._at(place)[1])
        told = "; ".join(
            f"{place}: expected {_numbers(self._at(place)[0])}, got {_numbers(self._at(place)[1])}"
            for place in places[:_MOST_CELLS]
        )
        more = f"; and {len(places) - _MOST_CELLS} more" if len(places) > _MOST_CELLS else ""
        return f"{self.name} ({self.way}): {told}{more}"

    def _at(self, place: str) -> tuple[tuple[int, ...], tuple[int, ...]]:
        return tuple(self.expected.get(place, ())), tuple(self.got.get(place, ()))


@dataclass(frozen=True, slots=True)
class Conformance:
    """What one database made of the kit.

    Args:
        layout: how the records are stored there.
        layout_version: of it.
        engine: its name.
        engine_version: as the database says.
        kit_version: of the people, the searches and their answers.
        tried: everything that was tried.
    """

    layout: str
    layout_version: str
    engine: str
    engine_version: str
    kit_version: str
    tried: tuple[Tried, ...]

    @property
    def ok(self) -> bool:
        """Green: something was tried, and all of it is as it must be."""
        return bool(self.tried) and not self.complaints

    @property
    def complaints(self) -> tuple[str, ...]:
        """What is wrong, a line for each."""
        return tuple(tried.complaint for tried in self.tried if not tried.ok)


def _numbers(numbers: tuple[int, ...]) -> str:
    return " ".join(map(str, numbers)) or "nobody"
