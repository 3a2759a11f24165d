"""Where each person stands in a table: the one thing from which everything that is released of it is counted.

A person is in at most one cell of a search and has one outcome there, so a table is one byte for each position of the
people index: 0 not in the table, else the number of a place, which is a leaf (a cell without margins) and an outcome:

    place = 1 + 3 x leaf + (0 met, 1 not met, 2 excepted)        at most 60 leaves: 180 places fit a byte

A union is a set of places whose size others can see or work out: met, not met, excepted, `den` (met and not met) and
`register` (all three) of each leaf, of each one-way margin, and of the totals. Counted from one standing, unions are
what they are called: leaves add up to margins, margins to totals, and nobody is counted twice.

Example: with dimension sex (F, M), a woman who met stands at 1, a man who was excepted at 6; the register of the totals
is places 1 to 6.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from searches.people import PeopleSet
from searches.search import TOTALS, Cell, Outcome

Standing = bytes
"""One byte for each position of the people index."""

Slots = tuple[Standing, ...]
"""What is counted of a table: one standing; of appointments three, for the first, second and third that count."""

OUTCOMES: Final = tuple(Outcome)
PARTS: Final = ("met", "not_met", "excepted", "den", "register")
"""The five unions of a row, by what they join."""
MET, NOT_MET, EXCEPTED, DEN, REGISTER = range(5)
_JOINS: Final = ((0,), (1,), (2,), (0, 1), (0, 1, 2))  # outcomes joined by each part


@dataclass(frozen=True, slots=True)
class Row:
    """A row whose five unions can be seen or worked out: a leaf, a one-way margin or the totals.

    Args:
        cell: its dimension values; a margin has some of them.
        leaves: numbers of the leaves in it.
        first: number of its first union; the others follow in the order of `PARTS`.
    """

    cell: Cell
    leaves: tuple[int, ...]
    first: int


@dataclass(frozen=True, slots=True)
class Places:
    """The places and unions of a table; the same for every table with these cells.

    Args:
        leaves: the cells without the totals row; of a table without dimensions, the totals.
        rows: leaves, one-way margins (of two dimensions), totals (if not the only leaf).
        unions: the places of each union.
        unions_of: the unions that hold each place, by place; of nobody's place, none.
        borders: those that were asked for, see `border`.
    """

    leaves: tuple[Cell, ...]
    rows: tuple[Row, ...]
    unions: tuple[frozenset[int], ...]
    unions_of: tuple[frozenset[int], ...]
    borders: dict[int, frozenset[int]] = field(default_factory=dict, compare=False, repr=False)

    @property
    def totals(self) -> Row:
        """The row of everyone."""
        return self.rows[-1]

    @property
    def leaf_rows(self) -> tuple[Row, ...]:
        """The rows of one leaf each."""
        return self.rows[: len(self.leaves)]

    @property
    def margins(self) -> tuple[Row, ...]:
        """The one-way margins; none in a table of one dimension or none."""
        return self.rows[len(self.leaves) : -1]

    def border(self, place: int, other: int) -> frozenset[int]:
        """The unions that hold one of two places and not the other: who goes from one to the other shows in them."""
        at = place << 8 | other
        if at not in self.borders:
            self.borders[at] = self.unions_of[place] ^ self.unions_of[other]
        return self.borders[at]

    def sizes(self, standing: bytes | bytearray) -> tuple[int, ...]:
        """How many people are in each union."""
        counts = [people.bit_count() for people in people_at(bytes(standing))]
        counts += [0] * (len(self.unions_of) - len(counts))
        return tuple(sum([counts[place] for place in union]) for union in self.unions)

    def members(self, standing: Standing, union: int) -> int:
        """Bit set of the people in a union, by their positions."""
        return members(standing, self.unions[union])


def members(standing: Standing, places: frozenset[int]) -> int:
    """Bit set of the people who stand in one of these places."""
    at, found = people_at(standing), 0
    for place in places:
        found |= at[place] if place < len(at) else 0
    return found


@lru_cache(maxsize=8)
def people_at(standing: Standing) -> tuple[int, ...]:
    """Bit set of the people at each place, as far as anybody stands.

    Each of the eight bits of a place halves the people at hand: that is far quicker than to look for each place.
    """
    backwards, found = standing[::-1], [(1 << len(standing)) - 1]
    for digits in _DIGITS:
        people = int(backwards.translate(digits), 2) if backwards else 0
        if people or len(found) > 1:
            found = [half for one in found for part in (one & people,) for half in (one ^ part, part)]
    return tuple(found)


_DIGITS: Final = tuple(bytes(49 if place >> bit & 1 else 48 for place in range(256)) for bit in reversed(range(8)))
"""A standing translated with one of these is a number to base 2: everyone whose place has that bit, highest first."""


@lru_cache(maxsize=256)
def places_of(cells: tuple[Cell, ...]) -> Places:
    """The places of a table with these cells: the totals row, then the full cross-product."""
    leaves = tuple(cell for cell in cells if cell != TOTALS) or (TOTALS,)
    rows: list[Row] = []
    for cell, numbers in _rows(leaves):
        rows.append(Row(cell, numbers, len(rows) * len(PARTS)))
    unions = tuple(
        frozenset(1 + 3 * leaf + outcome for leaf in row.leaves for outcome in joined)
        for row in rows
        for joined in _JOINS
    )
    unions_of = tuple(
        frozenset(number for number, union in enumerate(unions) if place in union)
        for place in range(1 + 3 * len(leaves))
    )
    return Places(leaves, tuple(rows), unions, unions_of)


def _rows(leaves: tuple[Cell, ...]) -> Iterator[tuple[Cell, tuple[int, ...]]]:
    for number, leaf in enumerate(leaves):
        yield leaf, (number,)
    if len(leaves[0]) > 1:
        margins: dict[Cell, list[int]] = {}
        for number, leaf in enumerate(leaves):
            for pair in leaf:
                margins.setdefault((pair,), []).append(number)
        for cell, numbers in margins.items():
            yield cell, tuple(numbers)
    if leaves != (TOTALS,):
        yield TOTALS, tuple(range(len(leaves)))


def stand(
    places: Places, counted: Mapping[Cell, Mapping[Outcome, PeopleSet]], positions: Sequence[int], size: int
) -> Standing:
    """Where everyone stands.

    Args:
        places: of the table.
        counted: the people of each cell and outcome, by their number in the roster.
        positions: position in the people index by number in the roster.
        size: of the people index.
    """
    standing = bytearray(size)
    for leaf, cell in enumerate(places.leaves):
        for number, outcome in enumerate(OUTCOMES):
            place = 1 + 3 * leaf + number
            for person in each(counted[cell][outcome].members):
                standing[positions[person]] = place
    return bytes(standing)


def each(bits: int) -> Iterator[int]:
    """The numbers in a bit set, ascending."""
    digits = f"{bits:b}"[::-1]
    found = digits.find("1")
    while found >= 0:
        yield found
        found = digits.find("1", found + 1)
