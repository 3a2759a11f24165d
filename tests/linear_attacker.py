"""An attacker with a linear programme, who sees nothing but a released table and the public list sizes.

Written from what a reader of the documents knows, not from the product's code: every cell of the table with its state,
that totals are sums, that a row is withheld below 15 people, that a single withheld count is 8 or more (or it were a
band), and how many are registered in each group. It works out the smallest and largest value of every hidden count.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy.optimize import linprog

from governance.cells import CellState, Reason, SafeRow, State
from searches.search import TOTALS, Cell

FEW, LEAST_ROW = 7, 14
OUTCOMES = ("met", "not_met", "excepted")
Interval = tuple[float, float]


@dataclass
class Programme:
    """Unknown counts, one for each cell and outcome, with what is known of them."""

    names: list[object] = field(default_factory=list)
    low: list[float] = field(default_factory=list)
    high: list[float | None] = field(default_factory=list)
    equal: list[tuple[dict[object, float], float]] = field(default_factory=list)
    at_most: list[tuple[dict[object, float], float]] = field(default_factory=list)

    def unknown(self, name: object, low: float = 0, high: float | None = None) -> None:
        self.names.append(name)
        self.low.append(low)
        self.high.append(high)

    def between(self, parts: Sequence[object], low: float, high: float | None) -> None:
        if high is not None and low == high:
            self.equal.append((dict.fromkeys(parts, 1.0), low))
            return
        self.at_most.append((dict.fromkeys(parts, -1.0), -low))
        if high is not None:
            self.at_most.append((dict.fromkeys(parts, 1.0), high))

    def interval(self, name: object) -> Interval:
        found = []
        for sign in (1, -1):
            cost = np.array([float(sign) if other == name else 0.0 for other in self.names])
            solved = linprog(
                cost,
                A_eq=self._matrix(self.equal),
                b_eq=[right for _, right in self.equal] or None,
                A_ub=self._matrix(self.at_most),
                b_ub=[right for _, right in self.at_most] or None,
                bounds=list(zip(self.low, self.high, strict=True)),
                method="highs",
            )
            unbounded = solved.status == 3
            assert solved.success or unbounded, solved.message
            found.append(float("inf") if unbounded else sign * round(solved.fun, 6))
        return found[0], found[1]

    def _matrix(self, rows: list[tuple[dict[object, float], float]]) -> np.ndarray | None:
        at = {name: number for number, name in enumerate(self.names)}
        matrix = np.zeros((len(rows), len(self.names)))
        for number, (parts, _) in enumerate(rows):
            for name, factor in parts.items():
                matrix[number, at[name]] = factor
        return matrix if rows else None


def programme(rows: Sequence[SafeRow], lists: Mapping[Cell, tuple[int, bool]] | None) -> Programme:
    """What the rows of a gp-bench table of people and the list sizes say.

    Args:
        rows: totals first.
        lists: of each leaf, how many are registered, and whether everyone there is known to be in the search.
    """
    made = Programme()
    for row in rows:
        for outcome in OUTCOMES:
            made.unknown((row.dimensions, outcome))
        _read(made, row)
    leaves = [row.dimensions for row in rows if row.dimensions != TOTALS]
    for outcome in OUTCOMES if leaves else ():
        parts = {(leaf, outcome): 1.0 for leaf in leaves}
        made.equal.append(({**parts, (TOTALS, outcome): -1.0}, 0.0))
    for leaf in (leaves or [TOTALS]) if lists is not None else ():
        size, everyone = lists[leaf]
        made.between([(leaf, outcome) for outcome in OUTCOMES], size if everyone else 0, size)
    return made


def intervals(
    rows: Sequence[SafeRow], lists: Mapping[Cell, tuple[int, bool]] | None
) -> dict[tuple[Cell, str], Interval]:
    """The interval of every count that is not a value."""
    made = programme(rows, lists)
    hidden = [
        (row.dimensions, outcome)
        for row in rows
        for outcome in OUTCOMES
        if getattr(row, outcome).state is not State.VALUE
    ]
    return {name: made.interval(name) for name in hidden}


def _read(made: Programme, row: SafeRow) -> None:
    met, not_met, excepted = ((row.dimensions, outcome) for outcome in OUTCOMES)
    if row.met == row.not_met == row.excepted and row.met.reason is not None:
        if row.met.reason is Reason.DENOMINATOR_TOO_SMALL:
            made.between([met, not_met], 0, LEAST_ROW)
        return
    made.between([met, not_met], LEAST_ROW + 1, None)
    for name, one in zip((met, not_met, excepted), row.states, strict=True):
        _read_count(made, name, one)
        if one.above is not None:
            made.between([met, not_met], one.above + FEW + 1, one.above + FEW + 1)


def _read_count(made: Programme, name: tuple[Cell, str], one: CellState) -> None:
    if one.value is not None:
        made.between([name], one.value, one.value)
    elif one.below is not None:
        made.between([name], 0, one.below - 1)
    else:  # above, or withheld to protect others
        made.between([name], max(FEW, one.above or 0) + 1, None)
