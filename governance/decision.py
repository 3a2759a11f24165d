"""What is released of one table: gate, overlap, complementary suppression, in this order, and why.

    where everyone stands now -> what the gate lets out -> snapped where it comes near to other searches' counts
    -> what each count looks like by itself -> what is withheld besides, until nothing hidden can be worked out

Each step takes only what the step before gives. Nothing here is sent: `governance.suppress` makes the table from it.

If counts of the totals would have to be withheld to protect leaves, all leaves are withheld instead: the totals are
what most readers look at. If even that is not enough, so is the table.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from governance.complement import Covering, keep, protect
from governance.gate import Gate, let_out, moved, rests_near
from governance.known import Asked, known_of, margins_elsewhere
from governance.margins import Known, Seen, Spot, Table
from governance.overlap import Ledger, Near, Nearness, gives_away, rests, snaps
from governance.primary import Look, Looks, margins_shown, shown_unions
from governance.release_history import Series
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
)
from governance.visits import appointments, near_visits, patients, restated, snapped_visits

_MOST_RESTS = 4  # leaves withheld because of what a total leaves, before all are
_MOST_SNAPS = 24  # of one table; each is a comparison with every other set


@dataclass(frozen=True, slots=True)
class Decided:
    """What is released of a table.

    Args:
        table: counts from the released standing.
        looks: of each row of the result.
        covered: counts withheld to protect others.
        blank: rows withheld altogether.
        near: those of the covered that came too near to another search's count.
        alerted: those of the covered that the nightly audit wants withheld.
        slots: the released standing; three for appointments.
        shown: bit set of the unions that others can work out.
        gated: bit set of those that they could, before any count was withheld.
        snapped: bit set of the unions in which people were placed as another search has them.
        full: the leaves where nobody is outside the table, but for moves that are held.
        pattern: what is withheld to protect others within the table; of leaves withheld altogether, all counts.
    """

    table: Table
    looks: tuple[Looks, ...]
    covered: frozenset[Spot]
    blank: frozenset[int]
    near: frozenset[Spot]
    alerted: frozenset[Spot]
    slots: tuple[Standing, ...]
    shown: int
    gated: int
    snapped: int = 0
    full: frozenset[int] = frozenset()
    pattern: frozenset[Spot] = frozenset()


def held(asked: Asked, before: Series | None) -> Standing:
    """Where everyone stands in a table of people but for moves that the gate holds; arguments as for `decide`."""
    return let_out(gate_of(asked, before), asked.now)


def decide(asked: Asked, before: Series | None, ledger: Ledger, held: Standing) -> Decided:
    """What to release of a table of people.

    Args:
        asked: the table.
        before: what was released of it, padded to the index; None: nothing yet.
        ledger: of every other set released.
        held: what the gate lets out.
    """
    gate = gate_of(asked, before)
    standing, stuck = _clear_of_others(asked, gate, ledger, held)
    sizes = asked.places.sizes(standing)
    table = Table(asked.places, sizes, sizes, asked.rule)
    known = known_of(asked, standing, ledger, before)
    covered_before = before.covered if before is not None else frozenset()
    stuck += tuple(gives_away(ledger, asked.places, standing, gate.shown(sizes), _of(asked)))
    unwanted = Unwanted(stuck, asked.alerted, asked.bare, covered_before, before.past[0].shown if before else None)
    decided = cover(table, known, unwanted, (standing,))
    pattern = decided.pattern
    if margins_elsewhere(asked, standing, ledger, known) & ~decided.shown:
        # One-way margins by another search and leaves by this one: together they may tell of the hidden leaves.
        decided = cover(table, known, replace(unwanted, bare=True), (standing,))
    for _ in range(_MOST_RESTS):
        leaf = _leaf_beside(asked, gate, ledger, decided)
        if leaf is None:
            break
        unwanted = replace(unwanted, near=(*unwanted.near, leaf))
        decided = cover(table, known, unwanted, (standing,))
    if _telling_rests(asked, gate, ledger, decided):
        decided = cover(table, known, replace(unwanted, bare=True), (standing,))
    decided = replace(decided, snapped=_changed(asked.places, held, standing), full=known.full, pattern=pattern)
    return _silenced(decided) if asked.is_silent else decided


def decide_visits(asked: Asked, slots: Slots, before: Series | None, ledger: Ledger) -> Decided:
    """What to release of a table of appointments.

    Args:
        asked: the table; its standing is not looked at.
        slots: where every counted appointment stands.
        before: what was released of the same period, padded; None: nothing yet.
        ledger: of the other tables of appointments of the period.
    """
    places, profile = asked.places, asked.rule.profile
    if before is not None:
        slots = restated(gate_of(asked, before), before.slots, slots)
    of = (asked.key, profile.overlap_width)

    def find(slots: Slots) -> list[Near]:
        shown = shown_unions(places, patients(places, slots), asked.rule, bare=asked.bare)
        return near_visits(ledger, places, slots, shown, of)

    slots, near = _visits_clear_of_others(asked, slots, ledger, find)
    table = Table(places, patients(places, slots), appointments(places, slots), asked.rule)
    covered_before = before.covered if before is not None else frozenset()
    decided = cover(table, Known(), Unwanted(near, asked.alerted, asked.bare, covered_before), slots)
    return _silenced(decided) if asked.is_silent else decided


def _leaf_beside(asked: Asked, gate: Gate, ledger: Ledger, decided: Decided) -> Near | None:
    """The shown leaf to withhold if what a total leaves tells of a few: then it leaves more."""
    people = decided.table.people
    for part in _telling_rests(asked, gate, ledger, decided):
        shown = [row for row in asked.places.leaf_rows if decided.shown >> row.first + part & 1]
        least = min(shown, key=lambda row: (people[row.first + part], row.first), default=None)
        return None if least is None else Near(least, part, ())
    return None


def _telling_rests(asked: Asked, gate: Gate, ledger: Ledger, decided: Decided) -> list[int]:
    """The parts of the totals that leave nearly another search's people, or nearly what they left before."""
    left = rests(asked.places, decided.slots[0], decided.shown)
    found = [part for part, rest in left.items() if ledger.near(rest, *_of(asked))]
    return found + [part for part in rests_near(gate, decided.slots[0], decided.shown) if part not in found]


def _silenced(decided: Decided) -> Decided:
    """Withheld altogether: nothing of it is shown, so it is in no combination of counts."""
    none: frozenset[Spot] = frozenset()
    every_row = frozenset(range(len(decided.table.rows)))
    return replace(decided, covered=none, blank=every_row, near=none, alerted=none, shown=0)


@dataclass(frozen=True, slots=True)
class Unwanted:
    """What must not be shown of a table whatever its counts.

    Args:
        near: unions too near to another search's.
        alerted: numbers of unions that the nightly audit wants withheld.
        bare: whether no leaf may be shown.
        before: what was withheld last time, to be withheld again where anything has to be.
        steady: the unions that could be shown at the last release; as long as it is these, what was withheld stays so.
    """

    near: tuple[Near, ...]
    alerted: frozenset[int]
    bare: bool
    before: frozenset[Spot]
    steady: int | None = None


def cover(table: Table, known: Known, unwanted: Unwanted, slots: tuple[Standing, ...]) -> Decided:
    """Withhold what has to be withheld of a table whose counts are settled.

    Args:
        table: its counts.
        known: what others know beside it.
        unwanted: what must not be shown in any case.
        slots: the standing that was counted.
    """
    leaves = table.leaves if unwanted.bare else frozenset()
    gated = shown_unions(table.places, table.people, table.rule, bare=unwanted.bare)
    kept = _kept(table, known, unwanted, leaves) if gated == unwanted.steady else None
    chosen = kept or _covered(table, known, unwanted, leaves)
    if not unwanted.bare and not _spares_totals(chosen):
        bare = _covered(table, known, unwanted, table.leaves)
        if _totals_covered(bare) < _totals_covered(chosen):
            chosen = bare
    is_safe = chosen.covering.is_safe
    shown = chosen.seen.shown() if is_safe else 0
    near, alerted = chosen.near & chosen.covering.covered, chosen.alerted & chosen.covering.covered
    return Decided(
        table=table,
        looks=tuple(chosen.seen.looks),
        covered=chosen.covering.covered,
        blank=chosen.covering.blank if is_safe else frozenset(range(len(table.rows))),
        near=near,
        alerted=alerted,
        slots=slots,
        shown=shown | margins_shown(table.places, table.people, shown),
        gated=gated,
        pattern=_pattern(chosen.covering, near | alerted) if is_safe else frozenset(),
    )


def _pattern(covering: Covering, besides: frozenset[Spot]) -> frozenset[Spot]:
    blank = ((row, outcome) for row in covering.blank for outcome in range(len(OUTCOMES)))
    return covering.covered - besides | frozenset(blank)


def gate_of(asked: Asked, before: Series | None) -> Gate:
    """The gate of a table: its releases so far, under the widest delta it was ever released under."""
    profile, places = asked.rule.profile, asked.places
    return Gate(
        places=places,
        last=before.standing if before is not None else b"",
        past=before.past[: profile.gate_releases] if before is not None else (),
        delta=max(profile.gate_delta, before.delta if before is not None else 0),
        shown=lambda sizes: shown_unions(places, sizes, asked.rule, bare=asked.bare),
        released=before.released[: profile.gate_releases] if before is not None else (),
    )


def _clear_of_others(asked: Asked, gate: Gate, ledger: Ledger, standing: Standing) -> tuple[Standing, tuple[Near, ...]]:
    """The standing snapped to others' sets where it comes near to them, and the unions that could not be."""
    nearness = Nearness(ledger, asked.places, _of(asked))

    def find(one: Standing) -> list[Near]:
        return nearness.of(one, gate.shown(asked.places.sizes(one)))

    stuck: set[tuple[int, int]] = set()
    found = find(standing)
    for _ in range(_MOST_SNAPS):
        first = next((near for near in found if (near.row.first, near.part) not in stuck), None)
        if first is None:
            break
        ways = [(find(new), new) for new in snaps(gate, standing, first, ledger, asked.rule.possible)]
        best = min(ways, key=lambda way: len(way[0]), default=(found, standing))
        if len(best[0]) < len(found):
            found, standing = best
        else:
            stuck.add((first.row.first, first.part))
    return standing, tuple(found)


def _visits_clear_of_others(
    asked: Asked, slots: Slots, ledger: Ledger, find: Callable[[Slots], list[Near]]
) -> tuple[Slots, tuple[Near, ...]]:
    """The same for appointments."""
    found = find(slots)
    for _ in range(_MOST_SNAPS):
        ways = [(find(new), new) for near in found for new in (snapped_visits(asked.places, slots, near, ledger),)]
        best = min(ways, key=lambda way: len(way[0]), default=(found, slots))
        if len(best[0]) >= len(found):
            break
        found, slots = best
    return slots, tuple(found)


def _changed(places: Places, held: Standing, standing: Standing) -> int:
    unions: set[int] = set()
    for person, old in moved(held, standing):
        unions |= places.border(old, standing[person])
    return sum(1 << union for union in unions)


def _of(asked: Asked) -> tuple[str, int]:
    return asked.key, asked.rule.profile.overlap_width


@dataclass(frozen=True, slots=True)
class _Chosen:
    seen: Seen
    covering: Covering
    near: frozenset[Spot]
    alerted: frozenset[Spot]


def _covered(table: Table, known: Known, unwanted: Unwanted, blank: frozenset[int]) -> _Chosen:
    seen, near, alerted = _unwanted_in(table, known, unwanted, blank)
    if table.rule.profile.complementary:
        return _Chosen(seen, protect(seen, unwanted.before, near | alerted), near, alerted)
    for spot in near | alerted:
        seen.cover(spot)
    return _Chosen(seen, Covering(frozenset(seen.covered), blank, is_safe=True), near, alerted)


def _kept(table: Table, known: Known, unwanted: Unwanted, blank: frozenset[int]) -> _Chosen | None:
    """Withheld what was withheld last time, if nothing has changed that others can see, and it is enough."""
    if not table.rule.profile.complementary:
        return None
    seen, near, alerted = _unwanted_in(table, known, unwanted, blank)
    covering = keep(seen, unwanted.before, near | alerted)
    return None if covering is None else _Chosen(seen, covering, near, alerted)


def _unwanted_in(
    table: Table, known: Known, unwanted: Unwanted, blank: frozenset[int]
) -> tuple[Seen, frozenset[Spot], frozenset[Spot]]:
    """A table as others see it, and its counts that are near to others, and that the audit wants withheld."""
    # Where no leaf may be shown because the practice is small, a large leaf is no secret: only few people are.
    seen = Seen(table, known, blank, table.leaves if unwanted.bare else ())
    near = _spots(seen, ((one.row, one.part) for one in unwanted.near))
    told = (
        (row, part) for row in table.places.rows for part in range(len(PARTS)) if row.first + part in unwanted.alerted
    )
    return seen, near, _spots(seen, told)


def _spots(seen: Seen, unions: Iterable[tuple[Row, int]]) -> frozenset[Spot]:
    return frozenset(spot for row, part in unions if (spot := _spot(seen, row, part)) is not None)


def _spot(seen: Seen, row: Row, part: int) -> Spot | None:
    """The count to withhold so that a union cannot be worked out; None: it cannot be anyway."""
    if row not in seen.rows:  # a one-way margin: the largest of its leaves
        leaves = [seen.table.places.rows[leaf] for leaf in row.leaves]
        row = max(leaves, key=lambda leaf: (seen.table.people[leaf.first + part], -leaf.first))
    number = seen.rows.index(row)
    others = [outcome for outcome in (MET, NOT_MET) if seen.looks[number][outcome] is Look.OTHER]
    order = {DEN: others or [NOT_MET, MET], REGISTER: others or [EXCEPTED, NOT_MET, MET]}.get(part, [part])
    return next(((number, outcome) for outcome in order if seen.can_be_withheld((number, outcome))), None)


def _spares_totals(chosen: _Chosen) -> bool:
    return _totals_covered(chosen) == 0 or len(chosen.seen.rows) == 1


def _totals_covered(chosen: _Chosen) -> int:
    """How many counts of the totals row are withheld to protect others."""
    last = len(chosen.seen.rows) - 1
    if not chosen.covering.is_safe or last in chosen.covering.blank:
        return len(OUTCOMES)
    return sum(1 for row, _ in chosen.covering.covered if row == last)
