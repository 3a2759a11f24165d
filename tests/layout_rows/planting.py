"""Rows that must not count, planted among those that do: older versions, deletions, strangers, and what comes later."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any

Cells = dict[str, Any]
"""A raw row by column: text or nothing, or typed values in a database that has types."""


@dataclass(slots=True)
class Sent:
    """A raw row with the number of the delivery that it came in."""

    table: str
    cells: Cells
    delivery: int = 2


@dataclass(frozen=True, slots=True)
class Way:
    """How a layout marks what does not count.

    Args:
        keys: of each table, the column with its own key.
        ids: of each table, every column that holds an id of a row or patient.
        patient: of each table, the column with the patient's id.
        practice: of each table, the column that says whose row it is.
        renamed: the nth other id made of one.
        deleted: how the newest version of a row says that it is deleted, or nothing.
        later: how a row says that it is of a day after the reference date, or nothing.
        hidden: other ways in which a row does not count.
        nobody: the ways in which somebody is no patient of today: cells of each table with rows of a patient.
        strangers: whose rows stand in the same files.
        outdated: makes of cells an older version in the same delivery; None where only the delivery tells.
    """

    keys: Mapping[str, str]
    ids: Mapping[str, tuple[str, ...]]
    patient: Mapping[str, str]
    practice: Mapping[str, str]
    renamed: Callable[[str, int], str]
    deleted: Callable[[str], Cells | None]
    later: Callable[[str], Cells | None]
    hidden: Callable[[Random, Sent], Cells | None]
    nobody: tuple[Mapping[str, Cells], ...]
    strangers: tuple[str, ...]
    outdated: Callable[[Cells], Cells] | None = None
    most: int = 20
    """So many other ids can be made of one."""


@dataclass(slots=True)
class Planting:
    """Plants in the rows of one practice."""

    way: Way
    random: Random
    rows: list[Sent]
    planted: list[Sent] = field(default_factory=list)
    _made: int = 0
    _ways: list[Mapping[str, Cells]] = field(default_factory=list)

    def all(self) -> list[Sent]:
        """The rows, and what is planted among them, in an order of which nothing may depend."""
        for row in self.rows:
            self._beside(row)
        self._nobodies()
        mixed = [*self.rows, *self.planted]
        self.random.shuffle(mixed)
        return mixed

    def _chance(self, percent: int) -> bool:
        return self.random.randrange(100) < percent

    def _next(self) -> int:
        self._made = self._made % self.way.most + 1
        return self._made

    def _beside(self, row: Sent) -> None:
        if row.table not in self.way.keys:
            return
        if self._chance(25):
            self._older(row)
        if self._chance(12):
            self._add(row, self._spoiled(row) | {self.way.practice[row.table]: self.random.choice(self.way.strangers)})
        deletion, later = self.way.deleted(row.table), self.way.later(row.table)
        if deletion is not None and self._chance(12):
            gone = self._other(row, self._next())
            self._add(row, gone, delivery=1)
            self._add(row, gone | deletion)
        if later is not None and self._chance(10):
            self._add(row, self._other(row, self._next()) | later)
        hidden = self.way.hidden(self.random, row)
        if hidden is not None and self._chance(25):
            self._add(row, self._other(row, self._next()) | hidden)

    def _add(self, row: Sent, cells: Cells, delivery: int | None = None) -> None:
        self.planted.append(Sent(row.table, dict(cells), row.delivery if delivery is None else delivery))

    def _older(self, row: Sent) -> None:
        spoiled = self._spoiled(row)
        if self.way.outdated is not None and self._chance(50):
            self._add(row, self.way.outdated(spoiled))
        else:
            self._add(row, spoiled, delivery=self.random.choice((0, 1)))

    def _spoiled(self, row: Sent) -> Cells:
        """The same row with what another of its table says; the table is a practice's own."""
        others = [each for each in self.rows if each.table == row.table]
        kept = {*self.way.ids[row.table], self.way.practice[row.table]}
        other = self.random.choice(others).cells
        return {**other, **{column: value for column, value in row.cells.items() if column in kept}}

    def _other(self, row: Sent, number: int) -> Cells:
        """A row like it with another key."""
        return row.cells | self._renamed(row, number, (self.way.keys[row.table],))

    def _renamed(self, row: Sent, number: int, columns: tuple[str, ...]) -> Cells:
        return {
            column: self.way.renamed(str(row.cells[column]), number)
            for column in columns
            if (row.cells.get(column) or "").strip()
        }

    def _nobodies(self) -> None:
        """Somebody with every entry that a patient has, who is none."""
        patients = [row for row in self.rows if row.table in self.way.keys and self._is_patient(row)]
        for row in patients:
            if self._chance(35):
                self._nobody(str(row.cells[self.way.patient[row.table]]), self._next())

    def _is_patient(self, row: Sent) -> bool:
        return self.way.keys[row.table] == self.way.patient.get(row.table)

    def _nobody(self, patient: str, number: int) -> None:
        self._ways = self._ways or self.random.sample(self.way.nobody, len(self.way.nobody))
        marks = self._ways.pop()
        same = self.way.renamed(patient, 0)
        for row in self.rows:
            column = self.way.patient.get(row.table)
            if column is not None and self.way.renamed(str(row.cells[column] or "0"), 0) == same:
                everything = self._renamed(row, number, self.way.ids[row.table])
                self._add(row, row.cells | everything | marks.get(row.table, {}))
        for table, cells in marks.items():
            if table not in self.way.keys:  # a list of such people
                self.planted.append(Sent(table, {**cells, self.way.patient[table]: self.way.renamed(patient, number)}))
