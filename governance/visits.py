"""Tables of appointments: what they count and where they may not come near.

A patient counts with at most three appointments in a period, so a table is three standings, one for each. Thresholds
are on distinct patients; numbers are of appointments, to the nearest 5. A closed period is released once, and the next
has other appointments, so nothing is carried over from one period to the next. A restatement of the same period is
gated: if any count would differ by 1 to delta - 1 patients (and so by as many appointments at least), the whole table
stays as it was. Two searches of one period whose counts rest on nearly the same patients: in the later one the few are
counted as in the earlier, or the count is withheld.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from governance.gate import Gate
from governance.overlap import Ledger, Near, Shown
from governance.standing import OUTCOMES, PARTS, Places, Slots, each, places_of
from searches.people import APPOINTMENTS_COUNTED_PER_PERSON, PeopleSet
from searches.search import Cell, Outcome


def stand_visits(
    places: Places, counted: Mapping[Cell, Mapping[Outcome, PeopleSet]], positions: Sequence[int], size: int
) -> Slots:
    """Where every counted appointment stands; arguments as for `standing.stand`."""
    found: dict[int, list[int]] = {}
    for leaf, cell in enumerate(places.leaves):
        for number, outcome in enumerate(OUTCOMES):
            for layer in counted[cell][outcome].layers:
                for person in each(layer):
                    found.setdefault(positions[person], []).append(1 + 3 * leaf + number)
    slots = [bytearray(size) for _ in range(APPOINTMENTS_COUNTED_PER_PERSON)]
    for position, at in found.items():
        for slot, place in zip(slots, sorted(at), strict=False):
            slot[position] = place
    return tuple(bytes(slot) for slot in slots)


def patients_of(places: Places, slots: Slots, union: int) -> int:
    """Bit set of the patients with an appointment in a union."""
    found = 0
    for slot in slots:
        found |= places.members(slot, union)
    return found


def patients(places: Places, slots: Slots) -> tuple[int, ...]:
    """How many distinct patients each union has."""
    return tuple(patients_of(places, slots, union).bit_count() for union in range(len(places.unions)))


def appointments(places: Places, slots: Slots) -> tuple[int, ...]:
    """How many appointments each union has."""
    return tuple(map(sum, zip(*(places.sizes(slot) for slot in slots), strict=True)))


def restated(gate: Gate, before: Slots, now: Slots) -> Slots:
    """The slots to release again for a period: now, or as they were if any count would show a few patients' changes.

    Args:
        gate: of the table; its standing is not looked at.
        before: as released.
        now: as they are.
    """
    shown = gate.past[0].shown | gate.shown(patients(gate.places, now))
    changed: Counter[int] = Counter()
    for old, new in zip(zip(*before, strict=True), zip(*now, strict=True), strict=True):
        if old != new:
            changed.update(_unions_changed(gate.places, old, new))
    near = any(people < gate.delta and shown >> union & 1 for union, people in changed.items())
    return before if near else now


def near_visits(ledger: Ledger, places: Places, slots: Slots, shown: int, of: tuple[object, int]) -> list[Near]:
    """The shown unions of a table that rest on nearly the same patients as another search's of the period."""
    series, width = of
    found = []
    for row in places.rows:
        for part in range(len(PARTS)):
            if shown >> row.first + part & 1:
                near: list[Shown] = ledger.near(patients_of(places, slots, row.first + part), series, width)
                if near:
                    found.append(Near(row, part, tuple(near)))
    return found


def snapped_visits(places: Places, slots: Slots, near: Near, ledger: Ledger) -> Slots:
    """The slots with a union's patients just those of the nearest other set.

    Those who differ are counted as the other search counts them; where its cells are others, who must leave loses the
    appointments in the union, and who must join is given one.
    """
    other, union = near.others[0], near.row.first + near.part
    people = patients_of(places, slots, union) ^ other.members
    released = ledger.released(other.series)
    new = [bytearray(slot) for slot in slots]
    for person in each(people):
        if released is not None and places_of(released[0]) == places:
            at = [slot[person] if person < len(slot) else 0 for slot in released[1]]
        else:
            at = [slot[person] for slot in slots if slot[person] not in places.unions[union]]
            at += [max(places.unions[union])] if other.members >> person & 1 else []
        for slot, place in zip(new, [*at, 0, 0, 0], strict=False):
            slot[person] = place
    return tuple(bytes(slot) for slot in new)


def _unions_changed(places: Places, old: Sequence[int], new: Sequence[int]) -> set[int]:
    then: Counter[int] = Counter(union for place in old for union in places.unions_of[place])
    then.subtract(union for place in new for union in places.unions_of[place])
    return {union for union, difference in then.items() if difference}
