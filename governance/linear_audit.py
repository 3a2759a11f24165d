"""The nightly audit: do released counts, added and taken away in some way, tell of a few people?

The gate and the ledger compare counts two by two. Three or more together can still be near: if A is all of B and of C
and three people more, A - B - C is three. In general, whoever knows which people each count counts can work out the
size of any set whose indicator (1 for its members, 0 for others) is a sum of multiples of the released indicators. So
the question is: does the space that the released 0/1 vectors span hold the indicator of 1 to `few` people?

Three sets are tried exhaustively, among those of the same cell (which is what a reader can put side by side): for every
two disjoint ones their union, for every two nested ones their difference, is looked up among all as in the overlap
ledger. Only combinations that hold a set that was not out before are looked for: the others were, when they left.
Longer combinations by elimination:

1. Classes. People with the same membership in every released set cannot be told apart; any such indicator is constant
   on each class, so a class larger than `few` is not in the set. There are fewer classes than people.
2. Elimination over GF(2), with rows as Python integers (a 10,000-bit exclusive or takes about a microsecond). Every
   combination with whole factors is one there too, if any of the factors is odd; and if all are even, half of it is.
   Combinations that need halves go unseen: an attacker would have to know who is counted twice by others.
3. In reduced form a vector of the space is the sum of the pivot rows at whose pivots it is 1. So an indicator of few
   people has few pivots: every row is looked at by itself, and every two whose other entries cancel (a table of those
   entries finds them at once).
4. What is found is solved over the rationals with the few released sets that it uses. Chance hits of GF(2) end here.

Combinations of more than `most_sets` released counts are not reported: to use one, an attacker would have to know who
is where in all of them, and then needs no count.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import partial
from typing import Final

from governance.overlap import Ledger
from governance.release_history import ReleaseHistory
from governance.standing import PARTS, each, places_of
from governance.visits import patients_of

MOST_SETS: Final = 12


@dataclass(frozen=True, slots=True)
class Combination:
    """Released sets that together tell of a few people.

    Args:
        sets: bit sets of people, as released.
        factors: what each is multiplied by.
        people: bit set of the few.
    """

    sets: tuple[int, ...]
    factors: tuple[Fraction, ...]
    people: int


def audit(released: Sequence[int], few: int, most_sets: int = MOST_SETS) -> tuple[Combination, ...]:
    """The combinations of released sets that elimination finds to tell of 1 to `few` people.

    Args:
        released: bit sets of people, each shown as a number; totals first, so that they stay in the basis.
        few: as many people, or fewer, are too few to be told of.
        most_sets: longer combinations are not reported.
    """
    released = list(dict.fromkeys(released))
    classes = _classes(released)
    columns = [people.bit_count() for people in classes.values()]
    vectors = _over_classes(classes, len(released))
    found: dict[int, Combination] = {}
    reduced = _reduced(vectors)
    for combined, vector in _candidates(reduced, columns, few):
        sets = tuple(number for number in range(len(released)) if combined >> number & 1)
        if 2 <= len(sets) <= most_sets:
            people = _people(vector, list(classes.values()))
            factors = _solved([vectors[number] for number in sets], vector)
            if factors is not None and people.bit_count() <= few:
                found.setdefault(people, Combination(tuple(released[number] for number in sets), factors, people))
    return tuple(found.values())


def triples(
    side_by_side: Iterable[Sequence[int]], few: int, out: Collection[int] = frozenset()
) -> tuple[Combination, ...]:
    """The combinations of three sets that tell of 1 to `few` people.

    Args:
        side_by_side: released sets, those of the same cell together.
        few: as many people, or fewer, are too few to be told of.
        out: those that were out before; a combination of three such sets is not looked for.
    """
    found: dict[int, Combination] = {}
    for together in side_by_side:
        sets = list(dict.fromkeys(one for one in together if one))
        ledger = Ledger(few)
        for one in sets:
            ledger.add(one, None)
        new = [one for one in sets if one not in out]
        old = [one for one in sets if one in out]
        for number, one in enumerate(new):
            for other in (*new[:number], *old):
                _look_up(found, ledger, (one, other), few)
            for other in old:
                _look_up_beside(found, ledger, (one, other), few)
    return tuple(found.values())


_NOBODY: Final = object()


def _look_up(found: dict[int, Combination], ledger: Ledger, pair: tuple[int, int], few: int) -> None:
    """Combinations of two sets that are disjoint or nested, and a third that is nearly what they make."""
    one, other = pair
    for parts, sign in _two(one, other):
        for near in ledger.near(parts, _NOBODY, few):
            if near.members not in pair:
                _keep(found, (near.members, one, other), sign, near.members ^ parts)


def _look_up_beside(found: dict[int, Combination], ledger: Ledger, pair: tuple[int, int], few: int) -> None:
    """Combinations in which a new set is nearly what two old ones make: of the one old set, the other."""
    new, old = pair
    common = new & old
    only_new, only_old = new ^ common, old ^ common
    if common and only_new and 1 <= only_old.bit_count() <= few:
        parts, sign = only_new, (-1, 1, -1)
    elif common and only_old and 1 <= only_new.bit_count() <= few:
        parts, sign = only_old, (1, 1, -1)
    elif 1 <= common.bit_count() <= few and only_new and only_old:
        parts, sign = new | old, (1, -1, -1)
    else:
        return
    for near in ledger.near(parts, _NOBODY, few):
        joined = near.members & old
        if near.members not in pair and joined == (0 if sign[0] < 0 else near.members if sign[1] > 0 else old):
            made = near.members | old if sign[0] < 0 else near.members ^ old
            if 1 <= (people := made ^ new).bit_count() <= few:
                _keep(found, (near.members, new, old), sign, people)


def _two(one: int, other: int) -> list[tuple[int, tuple[int, int, int]]]:
    """What two sets make together, and the factors of a third, the one and the other that take it away again."""
    common = one & other
    if not common:
        return [(one | other, (1, -1, -1))]
    if common == other:
        return [(one ^ other, (1, -1, 1))]
    return [(one ^ other, (1, 1, -1))] if common == one else []


def _keep(found: dict[int, Combination], sets: tuple[int, ...], factors: tuple[int, ...], people: int) -> None:
    found.setdefault(people, Combination(sets, tuple(Fraction(factor) for factor in factors), people))


def _classes(released: Sequence[int]) -> dict[int, int]:
    """People with the same memberships, as bit sets, by those memberships (bit set of the sets' numbers)."""
    memberships: dict[int, int] = {}
    for number, one in enumerate(released):
        for person in each(one):
            memberships[person] = memberships.get(person, 0) | 1 << number
    classes: dict[int, int] = {}
    for person, sets in memberships.items():
        classes[sets] = classes.get(sets, 0) | 1 << person
    return classes


def _over_classes(classes: Iterable[int], number: int) -> list[int]:
    """For each released set the classes in it, as a bit set of their numbers."""
    vectors = [0] * number
    for place, sets in enumerate(classes):
        for one in each(sets):
            vectors[one] |= 1 << place
    return vectors


def _people(vector: int, classes: Sequence[int]) -> int:
    people = 0
    for number, one in enumerate(classes):
        if vector >> number & 1:
            people |= one
    return people


def _reduced(vectors: Sequence[int]) -> list[tuple[int, int, int]]:
    """Pivot rows over GF(2) in reduced form: pivot column, row, and which vectors it is the sum of."""
    pivots: list[int] = []  # as bits
    rows: list[int] = []
    made: list[int] = []
    for number, vector in enumerate(vectors):
        rest, combined = vector, 1 << number
        for at, pivot in enumerate(pivots):
            if rest & pivot:
                rest ^= rows[at]
                combined ^= made[at]
        if rest:
            new = 1 << rest.bit_length() - 1
            for at, row in enumerate(rows):
                if row & new:
                    rows[at] ^= rest
                    made[at] ^= combined
            pivots.append(new)
            rows.append(rest)
            made.append(combined)
    return [(pivot.bit_length() - 1, row, combined) for pivot, row, combined in zip(pivots, rows, made, strict=True)]


def _candidates(reduced: Sequence[tuple[int, int, int]], columns: Sequence[int], few: int) -> list[tuple[int, int]]:
    """Sums of pivot rows that hold only a few people: which vectors each sums, and the row."""
    small = [(pivot, row, combined) for pivot, row, combined in reduced if columns[pivot] <= few]
    found = [(combined, row) for _, row, combined in small if _weight(row, columns, few) <= few]
    by_rest: dict[int, list[tuple[int, int]]] = {}
    for pivot, row, combined in small:
        rest = row ^ (1 << pivot)
        for other_row, other_combined in by_rest.get(rest, ()):
            both = row ^ other_row
            if _weight(both, columns, few) <= few:
                found.append((combined ^ other_combined, both))
        by_rest.setdefault(rest, []).append((row, combined))
    return found


def _weight(row: int, columns: Sequence[int], few: int) -> int:
    """How many people a row holds; more than `few` stands for any such number."""
    people = 0
    while row and people <= few:
        column = row.bit_length() - 1
        people += columns[column]
        row ^= 1 << column
    return people


def _solved(vectors: Sequence[int], wanted: int) -> tuple[Fraction, ...] | None:
    """Factors with which the vectors sum to the wanted one over the rationals, or None: there are none."""
    patterns = {_pattern([*vectors, wanted], column) for column in range(max(wanted, *vectors).bit_length())}
    rows = [[Fraction(bit) for bit in pattern] for pattern in patterns if any(pattern)]
    size, at = len(vectors), 0
    pivots: list[int] = []
    for column in range(size):
        chosen = next((number for number in range(at, len(rows)) if rows[number][column]), None)
        if chosen is None:
            continue
        rows[at], rows[chosen] = rows[chosen], rows[at]
        rows[at] = [value / rows[at][column] for value in rows[at]]
        for number, row in enumerate(rows):
            if number != at and row[column]:
                factor = row[column]
                rows[number] = [value - factor * pivot for value, pivot in zip(row, rows[at], strict=True)]
        pivots.append(column)
        at += 1
    if any(row[size] for row in rows[at:]):
        return None
    factors = [Fraction(0)] * size
    for number, column in enumerate(pivots):
        factors[column] = rows[number][size]
    return tuple(factors)


def _pattern(vectors: Sequence[int], column: int) -> tuple[int, ...]:
    return tuple(vector >> column & 1 for vector in vectors)


@dataclass(frozen=True, slots=True)
class Told:
    """What an audit asks for.

    Args:
        alerts: the unions to withhold, by series.
        targets: bit sets of people; a count that is snapped to its target makes the combination tell of nobody.
        concerned: every series that would now release a set of some combination.
    """

    alerts: Mapping[str, frozenset[int]] = field(default_factory=dict)
    targets: tuple[int, ...] = ()
    concerned: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Looked:
    """What an audit looks at.

    Args:
        keys: of the series that are about to be released.
        out: the sets that were shown last before this release.
        asked: what it asked for before; a union that is shown all the same is known from elsewhere, and no more asked.
    """

    keys: Collection[str]
    out: Collection[int] = frozenset()
    asked: Mapping[str, frozenset[int]] = field(default_factory=dict)


def told_by(history: ReleaseHistory, few: int, at: Looked) -> Told:
    """What to change in a release, so that no combination tells of a few people.

    Of each combination one set is chosen that these series are about to release: of those that hold the few (so that it
    can be counted without them) rather than the others, the smallest that is no total's, else the smallest. Where none
    of its sets is theirs, the combination is out already.

    Args:
        history: as it would be after the release; the newest releases of people are looked at.
        few: as many people, or fewer, are too few to be told of.
        at: at what to look.
    """
    sets = _named(history)
    if all(members in at.out for members in sets):
        return Told()
    totals_first = sorted(sets, key=lambda members: (not sets[members][0].is_total, -members.bit_count()))
    alerts: dict[str, set[int]] = {}
    targets, concerned = [], set[str]()
    for combination in (*triples(_side_by_side(sets), few, at.out), *audit(totals_first, few)):
        ours = {members: [one for one in sets[members] if one.key in at.keys] for members in combination.sets}
        if not any(ours.values()) or all(members in at.out for members in combination.sets):
            continue
        concerned |= {one.key for shown in ours.values() for one in shown}
        asked = {members for members, shown in ours.items() if all(_was_asked(one, at) for one in shown)}
        theirs = [members for members, shown in ours.items() if shown and members not in asked]
        if theirs:
            chosen = min(theirs, key=partial(_rank, combination.people, ours))
            targets.append(chosen ^ combination.people)
            for one in ours[chosen]:
                alerts.setdefault(one.key, set()).add(one.union)
    return Told({key: frozenset(unions) for key, unions in alerts.items()}, tuple(targets), frozenset(concerned))


def _was_asked(one: _Named, at: Looked) -> bool:
    return one.union in at.asked.get(one.key, frozenset())


def _side_by_side(sets: Mapping[int, Sequence[_Named]]) -> Iterable[Sequence[int]]:
    cells: dict[object, list[int]] = {}
    for members, shown in sets.items():
        for cell in dict.fromkeys(one.cell for one in shown):
            cells.setdefault(cell, []).append(members)
    return cells.values()


def last_shown(history: ReleaseHistory) -> frozenset[int]:
    """Every set that the last releases of people show."""
    return frozenset(_named(history))


def _rank(people: int, ours: Mapping[int, Sequence[_Named]], members: int) -> tuple[bool, bool, int]:
    without_them = people & members != people  # to be given the few, who then would show in it
    return without_them, ours[members][0].is_total, members.bit_count()


@dataclass(frozen=True, slots=True)
class _Named:
    key: str
    union: int
    cell: object
    is_total: bool


def _named(history: ReleaseHistory) -> dict[int, list[_Named]]:
    """Every set last shown, with each series, union and cell that shows it."""
    found: dict[int, list[_Named]] = {}
    for key, one in sorted(history.series.items()):
        places = places_of(one.cells)
        for row in places.rows if not one.period else ():
            for part in range(len(PARTS)):
                if one.released[0] >> row.first + part & 1:
                    members = patients_of(places, one.slots, row.first + part)
                    if members:
                        one_shown = _Named(key, row.first + part, row.cell, row == places.totals)
                        found.setdefault(members, []).append(one_shown)
    return found
