"""Who is in which cell: bit sets over the patients of one practice, in memory only, never serialised.

A `PeopleSet` is a stack of layers: layer 0 holds everyone with at least one row, layer 1 everyone with at least two,
and so on. A search of people has one layer at most; a search of appointments has as many as the busiest patient's.
Taking people off is then one `&` per layer, and a count is the sum of the layers' sizes.

>>> three_visits_and_one = PeopleSet.of_counts({0: 3, 5: 1})
>>> three_visits_and_one.rows, three_visits_and_one.distinct
(4, 2)
>>> three_visits_and_one.without(1 << 0).rows
1
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from searches.errors import AnswerError
from searches.search import TOTALS, Cell, Dimension, Outcome, Search, Unit

APPOINTMENTS_COUNTED_PER_PERSON = 3
"""For others, at most this many appointments of one person and period count (the first by start date, then id)."""


@dataclass(frozen=True, slots=True)
class PeopleSet:
    """A multiset of patient positions, as layers of bit sets."""

    layers: tuple[int, ...] = ()

    @classmethod
    def of_counts(cls, counts: Mapping[int, int]) -> PeopleSet:
        """Make a set from how many rows each patient position has."""
        layers = [0] * max(counts.values(), default=0)
        for position, count in counts.items():
            for layer in range(count):
                layers[layer] |= 1 << position
        return cls(tuple(layers))

    @property
    def members(self) -> int:
        """Bit set of the distinct people."""
        return self.layers[0] if self.layers else 0

    @property
    def distinct(self) -> int:
        """How many distinct people."""
        return self.members.bit_count()

    @property
    def rows(self) -> int:
        """How many rows: people, or appointments."""
        return sum(layer.bit_count() for layer in self.layers)

    def without(self, people: int) -> PeopleSet:
        """The same set with every row of these people (a bit set) taken off."""
        return PeopleSet(tuple(layer & ~people for layer in self.layers))


_NOBODY = PeopleSet()


@dataclass(frozen=True, slots=True)
class Roster:
    """The patients of a run, each at a fixed position; shared by all searches of the run.

    Args:
        patient_ids: in the order of ids.
        groups: for each column of `patient` that can be a dimension, the people (a bit set) of each of its values;
            empty where it was not asked for.
    """

    patient_ids: tuple[str, ...]
    groups: Mapping[str, Mapping[str, int]] = field(default_factory=dict)

    def positions(self) -> dict[str, int]:
        """Position of each patient id."""
        return {patient_id: position for position, patient_id in enumerate(self.patient_ids)}

    def bits(self, patient_ids: Iterable[str]) -> int:
        """Bit set of those of the given patients who are on the roster."""
        positions = self.positions()
        bits = 0
        for patient_id in patient_ids:
            if patient_id in positions:
                bits |= 1 << positions[patient_id]
        return bits

    def ids(self, bits: int) -> tuple[str, ...]:
        """The patient ids of a bit set, in roster order."""
        return tuple(pid for position, pid in enumerate(self.patient_ids) if bits >> position & 1)


def roster_of(rows: Iterable[Sequence[Any]], names: Sequence[str]) -> Roster:
    """The roster that rows of `patient` make, with its groups.

    Args:
        rows: patient_id, then the value of each of the columns named.
        names: of columns that can be dimensions.
    """
    people = {row[0]: row[1:] for row in rows if row[0] is not None}
    groups: dict[str, dict[str, int]] = {name: {} for name in names}
    for position, patient_id in enumerate(sorted(people)):
        for name, value in zip(names, people[patient_id], strict=True):
            if value is not None:
                groups[name][str(value)] = groups[name].get(str(value), 0) | 1 << position
    return Roster(tuple(str(patient_id) for patient_id in sorted(people)), groups)


@dataclass(frozen=True, slots=True)
class AnswerRow:
    """One row that a search returned: a person, or an appointment with its person.

    Args:
        patient_id: as text.
        outcome: None if not in the denominator.
        dimensions: values in declared order.
        appointment_id: for unit appointment; empty otherwise.
        start_date: of the appointment; None for unit person or where it is not known.
        order: the place of appointment_id in the order of ids, which the layout decides.
        value: of a distribution, in thousandths, within the declared range; None for NULL.
    """

    patient_id: str
    outcome: Outcome | None
    dimensions: tuple[str, ...]
    appointment_id: str = ""
    start_date: date | None = None
    order: int = 0
    value: int | None = None


@dataclass(frozen=True, slots=True)
class PeopleSets:
    """The answer of one search at one practice, everyone in it, opted out or not.

    Args:
        search: what was asked.
        reference_date: of the answer.
        roster: who the positions are.
        counted: for every cell and outcome, the rows that count for others (appointments: the first three per person).
        every: the same with every row; equal to `counted` for unit person.
        values: of a distribution, the value of everyone who met, in thousandths, by position.
    """

    search: Search
    reference_date: date
    roster: Roster
    counted: Mapping[Cell, Mapping[Outcome, PeopleSet]]
    every: Mapping[Cell, Mapping[Outcome, PeopleSet]]
    values: Mapping[int, int] = field(default_factory=dict)

    def outcome(self, outcome: Outcome) -> PeopleSet:
        """Everyone with that outcome, over all cells."""
        return self.every[TOTALS][outcome]


def gather(search: Search, reference_date: date, roster: Roster, rows: Iterable[AnswerRow]) -> PeopleSets:
    """Put a search's rows into cells.

    Raises:
        AnswerError: two rows of one person (or appointment) disagree, a dimension holds an undeclared value, a person
            is not on the roster, or somebody who met has no value of a distribution.
    """
    distinct = _distinct_rows(search, rows)
    return PeopleSets(
        search,
        reference_date,
        roster,
        counted=_cells(search, roster, _first_per_person(search, distinct)),
        every=_cells(search, roster, distinct),
        values=_values(search, roster, distinct) if search.measure is not None else {},
    )


def gather_bits(
    search: Search,
    reference_date: date,
    roster: Roster,
    found: tuple[Mapping[Outcome, int], Sequence[Mapping[str, int]]],
) -> PeopleSets:
    """Put sets of people into the cells of a search of people.

    Args:
        search: what was asked.
        reference_date: of the answer.
        roster: who the positions are.
        found: the people of each outcome, and for each dimension the people of each value.

    Raises:
        AnswerError: someone with an outcome has an undeclared value of a dimension.
    """
    outcomes, dimensions = found
    for dimension, by_value in zip(search.dimensions, dimensions, strict=True):
        declared = 0
        for value in dimension.values:
            declared |= by_value.get(value, 0)
        if any(people & ~declared for people in outcomes.values()):
            raise _undeclared(search, dimension)
    cells = {}
    for cell in search.cells():
        members = _of_cell(cell, dimensions)
        cells[cell] = {outcome: _one_layer(people, members) for outcome, people in outcomes.items()}
    return PeopleSets(search, reference_date, roster, counted=cells, every=cells)


def _of_cell(cell: Cell, dimensions: Sequence[Mapping[str, int]]) -> int:
    people = -1  # all bits
    for (_, value), by_value in zip(cell, dimensions, strict=False):  # the totals row has no dimensions
        people &= by_value.get(value, 0)
    return people


def _one_layer(people: int, members: int) -> PeopleSet:
    both = people & members
    return PeopleSet((both,)) if both else _NOBODY


def _distinct_rows(search: Search, rows: Iterable[AnswerRow]) -> list[AnswerRow]:
    seen: dict[str, AnswerRow] = {}
    for row in rows:
        key = row.appointment_id if search.unit is Unit.APPOINTMENT else row.patient_id
        if seen.setdefault(key, row) != row:
            raise AnswerError(
                f"search {search.id} returned two rows for one {search.unit} that disagree",
                "group by the id, or choose one row with ROW_NUMBER",
            )
        _check_dimensions(search, row)
    return [row for row in seen.values() if row.outcome is not None]


def _check_dimensions(search: Search, row: AnswerRow) -> None:
    for dimension, value in zip(search.dimensions, row.dimensions, strict=True):
        if row.outcome is not None and value not in dimension.values:
            raise _undeclared(search, dimension)


def _undeclared(search: Search, dimension: Dimension) -> AnswerError:
    # The value itself is not shown: it was computed from a patient's record.
    return AnswerError(
        f"search {search.id} returned a value of {dimension.name} that it does not declare",
        f"make {dimension.name} one of: {', '.join(dimension.values)}",
    )


def _values(search: Search, roster: Roster, rows: list[AnswerRow]) -> dict[int, int]:
    found, positions = {}, roster.positions()
    for row in rows:
        if row.outcome is Outcome.MET:
            if row.value is None:
                raise AnswerError(
                    f"search {search.id} returned no value for somebody whose outcome is met",
                    "give the outcome met only where value IS NOT NULL",
                )
            found[positions[row.patient_id]] = row.value
    return found


def _first_per_person(search: Search, rows: list[AnswerRow]) -> list[AnswerRow]:
    if search.unit is Unit.PERSON:
        return rows
    taken: Counter[str] = Counter()
    kept = []
    for row in sorted(rows, key=lambda row: (row.start_date or date.max, row.order)):
        taken[row.patient_id] += 1
        if taken[row.patient_id] <= APPOINTMENTS_COUNTED_PER_PERSON:
            kept.append(row)
    return kept


def _cells(search: Search, roster: Roster, rows: list[AnswerRow]) -> dict[Cell, dict[Outcome, PeopleSet]]:
    counts: dict[Cell, dict[Outcome, Counter[int]]] = {
        cell: {outcome: Counter() for outcome in Outcome} for cell in search.cells()
    }
    names = [dimension.name for dimension in search.dimensions]
    positions = roster.positions()
    for row in rows:
        if row.patient_id not in positions:
            raise AnswerError(f"search {search.id} returned a person who is not a current patient")
        assert row.outcome is not None  # noqa: S101 - such rows are dropped before
        position = positions[row.patient_id]
        counts[TOTALS][row.outcome][position] += 1
        if names:
            counts[tuple(zip(names, row.dimensions, strict=True))][row.outcome][position] += 1
    return {
        cell: {outcome: PeopleSet.of_counts(count) for outcome, count in by_outcome.items()}
        for cell, by_outcome in counts.items()
    }
