"""The change gate of values: no two means of one row are of values that differ in a few people.

Who is counted is gated before (`governance.gate`); a mean is of the people who are counted as met in the released
standing, with the values that were let out. For a row, somebody differs between two releases who is met in one of them
only, or in both with another value. While fewer than delta people of a row differ from the last release, the changes
of their values are held: they count with the value of last time. So a count that is held never goes with a fresh mean,
and a count that advances never with a stale one. The same against every earlier release kept. Where no value is left to
hold, or somebody who is counted was never measured (they were snapped to another search's people), the row shows no
statistics.

Where a row's people are just another search's and a few of them have other values there, they count with those values:
two means would tell of those few, and so would a mean that is withheld.

Example, delta 5: of 50 people four were measured again: all four are held, and the mean is that of last week. In the
next week three others were: seven differ, and all seven are let out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from governance.gate import Past, earlier, moved
from governance.release_history import Series
from governance.standing import MET, Places, Standing, each, places_of

Values = Mapping[int, int]
"""The value of everyone who counts as met, in thousandths, by position of the people index."""


@dataclass(frozen=True, slots=True)
class ValueGate:
    """A table of which the standing has been decided.

    Args:
        places: of the table.
        standing: as released.
        shown: bit set of the unions that others can work out.
        now: the values of today.
        before: what was released of it, padded to the index; None: nothing yet.
        delta: rows differ by nobody or by at least this many people.
    """

    places: Places
    standing: Standing
    shown: int
    now: Values
    before: Series | None
    delta: int


@dataclass(frozen=True, slots=True)
class LetOut:
    """The values to release.

    Args:
        values: of everyone who counts as met and was ever measured.
        stuck: the met unions whose statistics may not be shown.
    """

    values: Values
    stuck: frozenset[int]

    def of(self, places: Places, standing: Standing, union: int) -> list[int] | None:
        """The values of a row, by its met union; None: they may not be shown."""
        if union in self.stuck:
            return None
        return [self.values[person] for person in each(places.members(standing, union))]

    def followed(self, series: Series, before: Series | None) -> Series:
        """The series with these values, and what leads back to those before."""
        old = before.values if before is not None else {}
        people = sorted({*old, *self.values})
        undo = tuple((one, old.get(one)) for one in people if old.get(one) != self.values.get(one))
        past = (undo, *(before.value_past if before is not None else ()))
        return replace(series, values=dict(self.values), value_past=past[: len(series.past)])


def let_out_values(gate: ValueGate) -> LetOut:
    """The values to release: today's, but for changes that would show."""
    old = gate.before.values if gate.before is not None else {}
    values: dict[int, int] = {}
    stuck: set[int] = set()
    met_of = _met_of(gate.places)
    for person in each(gate.places.members(gate.standing, gate.places.totals.first + MET)):
        value = gate.now.get(person, old.get(person))
        if value is None:
            stuck |= met_of[gate.standing[person]]
        else:
            values[person] = value
    releases = list(_releases(gate.before)) if gate.before is not None else []
    while near := next(_near(gate, values, releases, stuck), None):
        union, people = near
        held = {
            person: old[person] for person in people if person in old and values.get(person) not in (None, old[person])
        }
        values |= held
        if not held:
            stuck.add(union)
    return LetOut(values, frozenset(stuck))


def release_values(gate: ValueGate, others: Sequence[Series], width: int) -> LetOut:
    """The values to release, and which rows show none.

    Where a row's people are just another search's and a few of them have other values there, they count with those:
    then nothing is told by the two together, nor by what is withheld.

    Args:
        gate: of the table.
        others: the other series, each as last released.
        width: so many people are a few.
    """
    made = let_out_values(gate)
    values, stuck = dict(made.values), set(made.stuck)
    near = list(_near_others(gate, values, others, width))
    for _, people, other in near:
        values |= {one: other.values[one] for one in people if one in other.values}
    if near:
        releases = list(_releases(gate.before)) if gate.before is not None else []
        stuck |= {union for union, _ in _near(gate, values, releases, stuck)}
        stuck |= {union for union, _, _ in _near_others(gate, values, others, width)}
    return LetOut(values, frozenset(stuck))


def _near_others(
    gate: ValueGate, values: Values, others: Sequence[Series], width: int
) -> Iterator[tuple[int, list[int], Series]]:
    """The met unions of just another search's people, with the few of them who have other values there."""
    places = gate.places
    rows = {row.first + MET: places.members(gate.standing, row.first + MET) for row in places.rows}
    for other in others:
        theirs = _met_rows(other) if other.values else set()
        for union, people in rows.items():
            differ = (
                [one for one in each(people) if values.get(one) != other.values.get(one)] if people in theirs else []
            )
            if 1 <= len(differ) <= width:
                yield union, differ, other


def _met_rows(series: Series) -> set[int]:
    places = places_of(series.cells)
    return {places.members(series.standing, row.first + MET) for row in places.rows}


@lru_cache(maxsize=16)
def _met_of(places: Places) -> tuple[frozenset[int], ...]:
    """The met unions that hold each place."""
    mets = {row.first + MET for row in places.rows}
    return tuple(unions & mets for unions in places.unions_of)


def _releases(before: Series) -> Iterator[tuple[Past, Standing, dict[int, int]]]:
    """The releases kept, the last first, each with its standing and its values."""
    values = dict(before.values)
    for ago, standing in earlier(before.standing, before.past):
        yield before.past[ago], standing, dict(values)
        for person, old in before.value_past[ago] if ago < len(before.value_past) else ():
            values.pop(person, None)
            if old is not None:
                values[person] = old


def _near(
    gate: ValueGate, values: Values, releases: Sequence[tuple[Past, Standing, Values]], stuck: set[int]
) -> Iterator[tuple[int, set[int]]]:
    """The met unions that come near to a release, with the people who differ."""
    for past, standing, then in releases:
        crossing = _crossing(gate, (standing, then), values)
        watched = gate.shown & past.shown
        for union, people in sorted(crossing.items()):
            if len(people) < gate.delta and watched >> union & 1 and union not in stuck:
                yield union, people


def _crossing(gate: ValueGate, then: tuple[Standing, Values], values: Values) -> dict[int, set[int]]:
    """For each met union the people who are in it in one release only, or in both with another value."""
    standing, old = then
    met_of = _met_of(gate.places)
    people = {person for person, _ in moved(standing, gate.standing)}
    people |= {person for person, value in values.items() if old.get(person) != value}
    found: dict[int, set[int]] = {}
    for person in people:
        before, after = (met_of[where[person]] for where in (standing, gate.standing))
        same = values.get(person) == old.get(person)
        for union in before ^ after if same else before | after:
            found.setdefault(union, set()).add(person)
    return found
