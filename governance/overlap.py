"""The overlap ledger: no two released counts of different searches differ by a few people.

Whoever can ask two questions whose answers differ by one person has asked about that person. So before a count is
released, the set of people behind it is compared with every other set released at this practice that is still kept: of
every search, agreement and period. If two differ by 1 to `width` people, the new one is snapped: those few are placed
where the sets coincide. Where they cannot be, the count is withheld. (Withholding all of them cost 16 to 22 % of the
totals of a library of 58 searches, and is itself a signal.)

Near sets are found without comparing all: order people by position; if two sets differ by at most w people, then among
the first w + 1 people of the one and the first w + 1 of the other is somebody in both (prefix filter: Chaudhuri,
Ganti and Kaushik 2006). Of those candidates, sizes further apart than w are out, then those whose sketches (the set
folded to 256 bits by parity) differ in more than w bits; the rest are compared exactly.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from governance.gate import Gate, hidden_under_totals, is_clear
from governance.standing import (
    DEN,
    EXCEPTED,
    MET,
    NOT_MET,
    OUTCOMES,
    PARTS,
    REGISTER,
    Places,
    Row,
    Slots,
    Standing,
    each,
    members,
    places_of,
)
from searches.search import Cell, Outcome

_SKETCH_BITS: Final = 256
_SKETCH_MASK: Final = (1 << _SKETCH_BITS) - 1


@dataclass(frozen=True, slots=True)
class Shown:
    """A released set of people.

    Args:
        members: bit set by positions of the people index.
        size: how many they are.
        sketch: the set folded to 256 bits by parity.
        series: whose set it is.
    """

    members: int
    size: int
    sketch: int
    series: object

    @classmethod
    def of(cls, members: int, series: object) -> Shown:
        """From the people in it."""
        return cls(members, members.bit_count(), _sketch(members), series)


class Ledger:
    """Every released set that is kept, found by nearness.

    Args:
        width: the largest distance that is asked for.
    """

    def __init__(self, width: int) -> None:
        self._width = width
        self._by_person: dict[int, list[Shown]] = {}
        self._exact: dict[int, set[object]] = {}
        self._released: dict[object, tuple[tuple[Cell, ...], Slots]] = {}
        self._hidden: Ledger | None = None

    def add(self, members: int, series: object) -> None:
        """Keep a set; harmless when it is kept already."""
        known = self._exact.setdefault(members, set())
        if not members or series in known:
            return
        known.add(series)
        one = Shown.of(members, series)
        for person in self._first(members):
            self._by_person.setdefault(person, []).append(one)

    def add_hidden(self, members: int, series: object) -> None:
        """Keep a set that nobody may learn the size of: a margin some of whose leaves are shown and some hidden."""
        if self._hidden is None:
            self._hidden = Ledger(self._width)
        self._hidden.add(members, series)

    def hidden_near(self, members: int, besides: object, width: int) -> list[Shown]:
        """The hidden sets of other series that differ by at most `width` people, none included."""
        if self._hidden is None:
            return []
        same = [Shown.of(members, besides)] if self._hidden.holds(members, besides) else []
        return same + self._hidden.near(members, besides, width)

    def place(self, series: object, cells: tuple[Cell, ...], slots: Slots) -> None:
        """Remember where everyone stood in the last release of a series."""
        self._released[series] = cells, slots

    def released(self, series: object) -> tuple[tuple[Cell, ...], Slots] | None:
        """The cells of a series, and where everyone stood in its last release."""
        return self._released.get(series)

    def holds(self, members: int, besides: object) -> bool:
        """Whether another series has released exactly this set."""
        return bool(self._exact.get(members, set()) - {besides})

    def near(self, members: int, besides: object, width: int) -> list[Shown]:
        """The sets of other series that differ by 1 to `width` people, the nearest first."""
        if width > self._width:
            raise ValueError(f"ledger finds sets up to {self._width} apart, not {width}")
        asked = Shown.of(members, besides)
        found: dict[int, tuple[int, Shown]] = {}
        for person in self._first(members):
            for one in self._by_person.get(person, ()):
                if (
                    (one.sketch ^ asked.sketch).bit_count() <= width
                    and one.series != besides
                    and abs(one.size - asked.size) <= width
                    and 1 <= (apart := (one.members ^ members).bit_count()) <= width
                ):
                    found[one.members] = (apart, one)
        return [one for _, one in sorted(found.values(), key=lambda pair: (pair[0], pair[1].members))]

    def _first(self, members: int) -> list[int]:
        people: list[int] = []
        while members and len(people) <= self._width:
            person = members.bit_length() - 1  # the highest is had in no time
            people.append(person)
            members ^= 1 << person
        return people


def _sketch(members: int) -> int:
    while members >> _SKETCH_BITS:
        half = max(_SKETCH_BITS, -(-members.bit_length() // 2 // _SKETCH_BITS) * _SKETCH_BITS)
        members = (members >> half) ^ (members & ((1 << half) - 1))
    return members


@dataclass(frozen=True, slots=True)
class Near:
    """A union of a table that comes near to sets released elsewhere."""

    row: Row
    part: int
    others: tuple[Shown, ...]


def near_unions(ledger: Ledger, places: Places, standing: Standing, shown: int, of: tuple[object, int]) -> list[Near]:
    """The shown unions of a table that come near to another series' sets, totals first.

    Args:
        ledger: of the practice.
        places: of the table.
        standing: to be released.
        shown: bit set of the unions that others can work out.
        of: the series, and how near is too near.
    """
    series, width = of
    found = []
    for row in reversed(places.rows):
        for part in (REGISTER, DEN, MET, NOT_MET, EXCEPTED):
            if shown >> row.first + part & 1:
                near = ledger.near(places.members(standing, row.first + part), series, width)
                if near:
                    found.append(Near(row, part, tuple(near)))
    return found


def rests(places: Places, standing: Standing, shown: int) -> list[int]:
    """The people left of each shown total without its shown leaves: others can work out how many."""
    return [members(standing, union) for union in hidden_under_totals(places, shown)]


def gives_away(ledger: Ledger, places: Places, standing: Standing, shown: int, of: tuple[object, int]) -> list[Near]:
    """The shown unions of a table that are margins of another table, which hides some of its leaves under them.

    Such a union less the leaves that the other table shows is what it hides: three counts, so the comparison of two
    does not find it. Arguments as for `near_unions`.
    """
    series, width = of
    found = []
    for row in (*places.leaf_rows, places.totals):
        for part in range(len(PARTS)):
            if shown >> row.first + part & 1:
                members = places.members(standing, row.first + part)
                near = ledger.hidden_near(members, series, width) if members else []
                if near:
                    found.append(Near(row, part, tuple(near)))
    return found


def snaps(gate: Gate, standing: Standing, near: Near, ledger: Ledger, possible: Iterable[Outcome]) -> list[Standing]:
    """Ways to place a few people so that a union's people are just those of the nearest other set.

    First as the other search has those people placed, then in the counts beside. A way that the gate would not let out
    is none.
    """
    places, other = gate.places, near.others[0]
    union = places.unions[near.row.first + near.part]
    people = places.members(standing, near.row.first + near.part) ^ other.members
    if people.bit_length() > len(standing):
        return []
    found = [_as_other(places, standing, people, ledger.released(other.series))]
    can_be = [outcome for outcome in range(3) if OUTCOMES[outcome] in set(possible)]
    for into in can_be:
        new = bytearray(standing)
        for person in each(people):
            last = gate.last[person] if gate.past else 0
            joins = bool(other.members >> person & 1)
            is_back = bool(gate.past) and (last in union) == joins
            new[person] = last if is_back else _beside(places, near, new[person], into if joins else None, can_be)
        found.append(bytes(new))
    fitting = (one for one in dict.fromkeys(found) if places.members(one, near.row.first + near.part) == other.members)
    return [one for one in fitting if is_clear(gate, one)]


def _as_other(
    places: Places, standing: Standing, people: int, other: tuple[tuple[Cell, ...], Slots] | None
) -> Standing:
    """These people placed as another search with the same cells placed them last."""
    if other is None or places_of(other[0]) != places:
        return standing
    new = bytearray(standing)
    for person in each(people):
        new[person] = other[1][0][person] if person < len(other[1][0]) else 0
    return bytes(new)


def _beside(places: Places, near: Near, place: int, into: int | None, can_be: list[int]) -> int:
    """Where somebody stands who must join a union (as that outcome) or leave it (None)."""
    leaf = (place - 1) // 3 if place else None
    if into is not None:
        # Nobody knows in which cell they would be: where there are most, one person tells least.
        leaf = leaf if leaf in near.row.leaves else near.row.leaves[len(near.row.leaves) // 2]
        return 1 + 3 * leaf + into
    outside = [outcome for outcome in can_be if 1 + 3 * (leaf or 0) + outcome not in _places(places, near)]
    return 1 + 3 * leaf + outside[-1] if leaf is not None and outside else 0


def _places(places: Places, near: Near) -> frozenset[int]:
    return places.unions[near.row.first + near.part]
