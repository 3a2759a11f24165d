"""The overlap ledger: no two released counts of different searches differ by a few people.

Whoever can ask two questions whose answers differ by one person has asked about that person. So before a count is
released, the set of people behind it is compared with every other set released at this practice that is still kept: of
every search, agreement and period. If two differ by 1 to `width` people, the new one is snapped: those few are placed
where the sets coincide. Where they cannot be, the count is withheld. (Withholding all of them cost 16 to 22 % of the
totals of a library of 58 searches, and is itself a signal.)

Near sets are found without comparing all. Everybody belongs to one of width + 1 blocks of people, so two sets that
differ by at most `width` people are just the same in one block at least (the pigeonhole principle): sets are looked up
by what they are in each block. Small sets have empty blocks, which are all the same; these are looked up by their first
width + 1 people, of whom near sets share one (prefix filter: Chaudhuri, Ganti and Kaushik 2006). Of what is found,
sizes further apart than the width are out, and the rest are compared. So what a question costs hardly grows with how
many sets are kept. A set that the same search has released before is not compared again: it was then, and every set
released since was compared with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from governance.gate import Gate, hidden_under_totals, is_clear, moved
from governance.profiles import PROFILES
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

AIM: Final = "a sum of other counts"
"""In place of a series."""
_LEAST_WIDTH: Final = min(one.overlap_width for one in PROFILES.values())
_BUCKETS: Final = 1 << 16
_BLOCK_HOLDS: Final = 6  # people; where there are fewer in the mean, blocks are often empty


@dataclass(frozen=True, slots=True)
class Shown:
    """A released set of people.

    Args:
        members: bit set by positions of the people index.
        series: whose set it is; of several, the first.
    """

    members: int
    series: object


@dataclass(slots=True)
class _Kept:
    members: int
    size: int
    series: tuple[object, ...]


class Ledger:
    """Every released set that is kept, found by nearness.

    Args:
        width: the largest distance that is asked for.
        earlier: a ledger that it goes on from.
    """

    def __init__(self, width: int, earlier: Ledger | None = None) -> None:
        self._width, self._earlier = width, earlier
        self._small = _BLOCK_HOLDS * (width + 1)
        self._exact: dict[int, _Kept] = {}
        self._alike: dict[int, list[_Kept]] = {}
        self._released: dict[object, tuple[tuple[Cell, ...], Slots]] = {}
        hidden = earlier.hidden if earlier is not None else None
        self.hidden: Ledger | None = hidden.followed() if hidden is not None else None
        self._aims: Ledger | None = None

    def followed(self) -> Ledger:
        """A ledger that holds what this one does, and to which more is added."""
        return Ledger(self._width, self)

    def add(self, members: int, series: object) -> None:
        """Keep a set; harmless when it is kept already."""
        if not members or series in self.series_with(members):
            return
        known = self._exact.get(members)
        if known is not None:
            known.series += (series,)
            return
        self._exact[members] = one = _Kept(members, members.bit_count(), (series,))
        for place in self._places(members, one.size, self._width):
            self._alike.setdefault(place, []).append(one)

    def add_hidden(self, members: int, series: object) -> None:
        """Keep a set that nobody may learn the size of: a margin some of whose leaves are shown and some hidden."""
        if self.hidden is None:
            self.hidden = Ledger(self._width)
        self.hidden.add(members, series)

    def aim_at(self, members: int) -> None:
        """Keep a set to which near ones are to be snapped: other counts add up to it, and nobody has released it."""
        if self._aims is None:
            self._aims = Ledger(self._width)
        self._aims.add(members, AIM)

    def hidden_near(self, members: int, besides: object, width: int) -> list[Shown]:
        """The hidden sets of other series that differ by at most `width` people, none included."""
        if self.hidden is None:
            return []
        same = [Shown(members, besides)] if self.hidden.holds(members, besides) else []
        return same + self.hidden.near(members, besides, width)

    def place(self, series: object, cells: tuple[Cell, ...], slots: Slots) -> None:
        """Remember where everyone stood in the last release of a series."""
        self._released[series] = cells, slots

    def released(self, series: object) -> tuple[tuple[Cell, ...], Slots] | None:
        """The cells of a series, and where everyone stood in its last release."""
        found = self._released.get(series)
        return self._earlier.released(series) if found is None and self._earlier is not None else found

    def holds(self, members: int, besides: object) -> bool:
        """Whether another series has released exactly this set."""
        return any(one != besides for one in self.series_with(members))

    def near(self, members: int, besides: object, width: int) -> list[Shown]:
        """The sets of other series that differ by 1 to `width` people, the nearest first."""
        if width > self._width:
            raise ValueError(f"ledger finds sets up to {self._width} apart, not {width}")
        found: dict[int, tuple[int, Shown]] = {}
        places = list(self._places(members, size := members.bit_count(), 0))
        for one in self.kept_at(places):
            if -width <= one.size - size <= width and one.members not in found:
                others = [series for series in one.series if series != besides]
                if others and 1 <= (apart := (one.members ^ members).bit_count()) <= width:
                    found[one.members] = apart, Shown(one.members, others[0])
        return [one for _, one in sorted(found.values(), key=lambda pair: (pair[0], pair[1].members))]

    def near_new(self, members: int, series: object, width: int) -> list[Shown]:
        """The same and what is aimed at; for a set that the series has released before only that."""
        found = self._aims.near(members, series, width) if self._aims is not None else []
        if width > _LEAST_WIDTH or series not in self.series_with(members):
            found += self.near(members, series, width)
        return sorted(found, key=lambda one: (members ^ one.members).bit_count())

    def series_with(self, members: int) -> tuple[object, ...]:
        """The series that have released just this set."""
        known = self._exact.get(members)
        before = self._earlier.series_with(members) if self._earlier is not None else ()
        return before if known is None else before + known.series

    def kept_at(self, places: Iterable[int]) -> Iterator[_Kept]:
        """The sets that are kept in these places; some more than once."""
        if self._earlier is not None:
            yield from self._earlier.kept_at(places)
        for place in places:
            yield from self._alike.get(place, ())

    def _places(self, members: int, size: int, more: int) -> Iterator[int]:
        """Where a set is kept or looked up: by people if it is small, by blocks if it is large.

        Args:
            members: the set.
            size: how many they are.
            more: sets within so many people of the border between small and large are in both.
        """
        step = self._width + 1
        if size > self._small - more:
            data = members.to_bytes((members.bit_length() + 7) // 8, "little")
            for at in range(step):  # every so many bytes belong to the same block
                yield hash((at, data[at::step].rstrip(b"\0"))) % _BUCKETS
        if size <= self._small + more:
            for _ in range(min(step, size)):
                person = members.bit_length() - 1  # the highest is had in no time
                yield -1 - person
                members ^= 1 << person


@dataclass(frozen=True, slots=True)
class Near:
    """A union of a table that comes near to sets released elsewhere."""

    row: Row
    part: int
    others: tuple[Shown, ...]


class Nearness:
    """Which shown unions of a table come near to another series' sets, as people are placed in other ways.

    Args:
        ledger: of the practice.
        places: of the table.
        of: the series, and how near is too near.
    """

    def __init__(self, ledger: Ledger, places: Places, of: tuple[object, int]) -> None:
        self._ledger, self._places, self._of = ledger, places, of
        self._standing: Standing = b""
        self._near: dict[int, tuple[Shown, ...]] = {}

    def of(self, standing: Standing, shown: int) -> list[Near]:
        """The unions that come near, totals first.

        Args:
            standing: to be released.
            shown: bit set of the unions that others can work out.
        """
        if self._standing:
            for person, old in moved(self._standing, standing):
                for union in self._places.border(old, standing[person]):
                    self._near.pop(union, None)  # all others have the people that they had
        self._standing = standing
        asked = (
            (row, part)
            for row in reversed(self._places.rows)
            for part in (REGISTER, DEN, MET, NOT_MET, EXCEPTED)
            if shown >> row.first + part & 1
        )
        return [Near(row, part, near) for row, part in asked if (near := self._at(row.first + part))]

    def _at(self, union: int) -> tuple[Shown, ...]:
        if union not in self._near:
            members = self._places.members(self._standing, union)
            self._near[union] = tuple(self._ledger.near_new(members, *self._of))
        return self._near[union]


def rests(places: Places, standing: Standing, shown: int) -> dict[int, int]:
    """The people left of each shown total without its shown leaves, by its part: others can work out how many."""
    hidden = hidden_under_totals(places, shown)
    return {part: members(standing, union) for part, union in hidden.items()}


def gives_away(ledger: Ledger, places: Places, standing: Standing, shown: int, of: tuple[object, int]) -> list[Near]:
    """The shown unions of a table that are margins of another table, which hides some of its leaves under them.

    Such a union less the leaves that the other table shows is what it hides: three counts, so the comparison of two
    does not find it. Arguments as for `Nearness`.
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
