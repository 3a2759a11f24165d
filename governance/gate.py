"""The change gate: no two releases of one count differ by a few people, however far apart in time.

What is gated is people's moves. Between the last release and now some people have moved: into a table, out of it, or
from one place in it to another. All moves are let out, but for those that would show: while any watched union of places
differs from itself at the last release by 1 to delta - 1 people, the moves that cross its border are held, and those
people stay where they were last released. Then the same against every earlier release kept. Holding everything is the
last release again, so this always ends.

A union is watched where others can work out its size, now or at that release: the counts of every row, met and not met
together, the register, one-way margins, totals, and what is hidden under each total (total without the shown leaves).
A count that goes from band to value, or back, shows too: it does so only in the company of delta people.

"Nothing has changed" and "held" look the same outside. A held person is counted where they were: each count is off by
fewer than delta people in most weeks, and by more only while moves into it and out of it are tied to those of other
counts.

Example, delta 5: last week 40 met. Two people more have met since and one has left: 3 moves, all held: 40 again. Next
week 3 further people have met: 6 moves, and all are let out: 44.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from governance.standing import PARTS, Places, Standing

Moves = tuple[tuple[int, int], ...]
"""Positions of people, and the place where each stood before."""

_CHUNK, _PIECE = 512, 16  # most people have not moved: whole stretches are compared at once


@dataclass(frozen=True, slots=True)
class Past:
    """What the gate remembers of one release.

    Args:
        shown: bit set of the unions that others could work out.
        undo: what leads back to the release before.
    """

    shown: int
    undo: Moves


@dataclass(frozen=True, slots=True)
class Gate:
    """A table's releases so far, and how near the next may come to each.

    Args:
        places: of the table.
        last: the standing last released.
        past: every release kept, the last first.
        delta: unions differ by nobody or by at least this many people.
        shown: which unions others can work out, by the sizes of all.
        released: for each release kept, which unions were in fact shown, after counts were withheld to protect others.
    """

    places: Places
    last: Standing
    past: Sequence[Past]
    delta: int
    shown: Callable[[Sequence[int]], int]
    released: Sequence[int] = ()


def let_out(gate: Gate, now: Standing) -> Standing:
    """The standing to release: now, but for moves that would show.

    Args:
        gate: of the table.
        now: where everyone stands; of the same length as the last.
    """
    if not gate.past:
        return now
    released = bytearray(now)
    while True:
        shown = gate.shown(gate.places.sizes(released))
        telling = _near_last(gate, released, shown) or _near_earlier(gate, released, shown)
        if not telling:
            return bytes(released)
        if not _hold(gate, released, telling):
            return gate.last


def is_clear(gate: Gate, standing: Standing) -> bool:
    """Whether a standing comes near to no release kept."""
    if not gate.past:
        return True
    shown = gate.shown(gate.places.sizes(standing))
    return not _near_last(gate, standing, shown) and not _near_earlier(gate, standing, shown)


def moved(before: bytes | bytearray, after: bytes | bytearray) -> Moves:
    """Who stands elsewhere, and where they stood before."""
    found: list[tuple[int, int]] = []
    changed = [(start, _CHUNK) for start in range(0, len(before), _CHUNK)] if before != after else []
    for start, size in changed:  # stretches in which somebody has moved are added at the end, in narrower ones
        then, now = before[start : start + size], after[start : start + size]
        if then != now and size > _PIECE:
            changed += [(piece, _PIECE) for piece in range(start, start + size, _PIECE)]
        elif then != now:
            pairs = enumerate(zip(then, now, strict=True), start=start)
            found += [(person, old) for person, (old, new) in pairs if old != new]
    return tuple(found)


def hidden_under_totals(places: Places, shown: int) -> dict[int, frozenset[int]]:
    """What total less shown leaves gives: for the five unions of the totals, by part, the places of hidden leaves."""
    if len(places.leaves) == 1:
        return {}
    found = {}
    for part in range(len(PARTS)):
        if shown >> places.totals.first + part & 1:
            unions = [row.first + part for row in places.leaf_rows if not shown >> row.first + part & 1]
            found[part] = frozenset().union(*(places.unions[union] for union in unions))
    return {part: union for part, union in found.items() if union}


def _near_last(gate: Gate, released: bytes | bytearray, shown: int) -> set[int]:
    crossing: dict[int, int] = {}
    moves = moved(gate.last, released)
    border = gate.places.border
    for person, old in moves:
        for union in border(old, released[person]):
            crossing[union] = crossing.get(union, 0) + 1
    watched = shown | gate.past[0].shown
    near = {union for union, people in crossing.items() if people < gate.delta and watched >> union & 1}
    return _people_crossing(gate, released, moves, near) | _remainder_crossing(gate, released, moves, shown)


def _people_crossing(gate: Gate, released: bytes | bytearray, moves: Moves, unions: set[int]) -> set[int]:
    border = gate.places.border
    return {person for person, old in moves if not unions.isdisjoint(border(old, released[person]))}


def _remainder_crossing(gate: Gate, released: bytes | bytearray, moves: Moves, shown: int) -> set[int]:
    telling: set[int] = set()
    for union in hidden_under_totals(gate.places, shown & gate.past[0].shown).values():
        crossing = {person for person, old in moves if (old in union) != (released[person] in union)}
        if len(crossing) < gate.delta:
            telling |= crossing
    return telling


def _near_earlier(gate: Gate, released: bytes | bytearray, shown: int) -> set[int]:
    """People whose moves since the last release bring a union near to an earlier one; -1 if there are none."""
    walk = _WalkBack(gate, released)
    for newer, older in zip(gate.past, gate.past[1:], strict=False):
        walk.undo(newer.undo)
        watched = shown & older.shown
        near = {union for union in walk.near if watched >> union & 1}
        if near:
            rows = {union - union % len(PARTS) for union in near}
            beside = {row + part for row in rows for part in range(len(PARTS))}
            return _people_crossing(gate, released, moved(gate.last, released), beside) or {-1}
    return _rest_crossing(gate, released)


def _rest_crossing(gate: Gate, released: bytes | bytearray) -> set[int]:
    """People whose moves bring what a total leaves near to what it left earlier, with the same leaves withheld."""
    shown = gate.released[0] if gate.released else 0
    hidden = hidden_under_totals(gate.places, shown)
    near = rests_near(gate, released, shown) if hidden else ()
    moves = moved(gate.last, released) if near else ()
    return {
        person for part in near for person, old in moves if (old in hidden[part]) != (released[person] in hidden[part])
    }


def rests_near(gate: Gate, standing: bytes | bytearray, shown: int) -> tuple[int, ...]:
    """The parts of the totals that leave nearly, and not just, what they left in an earlier release.

    Args:
        gate: of the table.
        standing: to be released.
        shown: bit set of the unions that are in fact shown.
    """
    hidden, places, then = hidden_under_totals(gate.places, shown), gate.places, bytearray(gate.last)
    rows = (*places.leaf_rows, places.totals)
    masks = {part: sum(1 << row.first + part for row in rows) for part in hidden}
    apart = dict.fromkeys(hidden, 0)
    moves, near = moved(gate.last, standing), set[int]()
    for part, union in hidden.items():
        apart[part] = sum((old in union) != (standing[person] in union) for person, old in moves)
    for ago, released in enumerate(gate.released):
        same = [part for part, mask in masks.items() if not (released ^ shown) & mask]
        near.update(part for part in same if 1 <= apart[part] < gate.delta)
        for person, old in gate.past[ago].undo if ago < len(gate.past) else ():
            for part, union in hidden.items():
                here = standing[person] in union
                apart[part] += (here != (old in union)) - (here != (then[person] in union))
            then[person] = old
    return tuple(sorted(near))


class _WalkBack:
    """How many people each union differs by, between a standing and ever earlier releases."""

    def __init__(self, gate: Gate, standing: bytes | bytearray) -> None:
        self._border, self._delta = gate.places.border, gate.delta
        self._standing, self._then = standing, bytearray(gate.last)
        self._crossing: dict[int, int] = {}
        self.near: set[int] = set()
        for person, old in moved(gate.last, standing):
            self._count(self._border(old, standing[person]), 1)

    def undo(self, moves: Moves) -> None:
        for person, old in moves:
            here, then = self._standing[person], self._then[person]
            self._count(self._border(here, then), -1)
            self._count(self._border(here, old), 1)
            self._then[person] = old

    def _count(self, unions: frozenset[int], step: int) -> None:
        crossing, delta = self._crossing, self._delta
        for union in unions:
            people = crossing.get(union, 0) + step
            crossing[union] = people
            if 1 <= people < delta:
                self.near.add(union)
            elif people in (0, delta):
                self.near.discard(union)


def _hold(gate: Gate, released: bytearray, people: set[int]) -> bool:
    held = False
    for person in people - {-1}:
        if released[person] != gate.last[person]:
            released[person] = gate.last[person]
            held = True
    return held


def earlier(last: Standing, past: Sequence[Past]) -> Iterator[tuple[int, Standing]]:
    """The standings of the releases kept, with how many releases ago each was: 0 is the last."""
    standing = bytearray(last)
    for ago, one in enumerate(past):
        yield ago, bytes(standing)
        for person, old in one.undo:
            standing[person] = old
