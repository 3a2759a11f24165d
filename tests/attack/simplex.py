"""Linear programming in fifty lines (Dantzig 1947, with Bland's rule): the largest value of one unknown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction

Row = list[Fraction]


def extreme(bounds: Mapping[str, tuple[int, int]], sums: Sequence[Mapping[str, int]], name: str, sign: int) -> int:
    """The largest (sign 1) or smallest (sign -1) value of an unknown.

    Args:
        bounds: the smallest and largest value of each unknown by itself.
        sums: signs of the unknowns that add up to 0.
        name: of the unknown.
        sign: which end.

    Raises:
        ValueError: nothing fits.
    """
    names = sorted(bounds)
    at = {one: number for number, one in enumerate(names)}
    rows = [_equation(at, bounds, signs) for signs in sums]
    rows += [_at_most(at[one], high - low, len(names)) for one, (low, high) in bounds.items()]
    table = _standard(rows, len(names))
    goal = [Fraction(0)] * (table.width - 1)
    goal[at[name]] = Fraction(sign)
    best = table.maximise(goal)
    return bounds[name][0] + sign * int(best)


def _equation(
    at: Mapping[str, int], bounds: Mapping[str, tuple[int, int]], signs: Mapping[str, int]
) -> tuple[Row, bool]:
    row = [Fraction(0)] * len(at) + [Fraction(-sum(sign * bounds[one][0] for one, sign in signs.items()))]
    for one, sign in signs.items():
        row[at[one]] = Fraction(sign)
    return row, False


def _at_most(place: int, room: int, many: int) -> tuple[Row, bool]:
    if room < 0:
        raise ValueError("nothing fits")
    row = [Fraction(0)] * many + [Fraction(room)]
    row[place] = Fraction(1)
    return row, True


class _Table:
    """Rows of a simplex tableau, each with its basic unknown."""

    def __init__(self, rows: list[Row], basis: list[int], artificial: int) -> None:
        self.rows, self.basis, self.artificial = rows, basis, artificial
        self.width = len(rows[0])

    def maximise(self, goal: Row) -> Fraction:
        """The largest value of a goal, from artificial unknowns out to a corner, then along corners."""
        out = [Fraction(0)] * self.artificial + [Fraction(-1)] * (self.width - 1 - self.artificial)
        if self._climb(out, self.width - 1) != 0:
            raise ValueError("nothing fits")
        self._drive_out()
        return self._climb(goal, self.artificial)

    def _drive_out(self) -> None:
        """An artificial unknown that is left at 0 would grow on the way along corners: it gives its row up."""
        for i in reversed(range(len(self.rows))):
            if self.basis[i] >= self.artificial:
                enter = next((place for place in range(self.artificial) if self.rows[i][place]), None)
                if enter is None:
                    del self.rows[i], self.basis[i]  # it follows from the others
                else:
                    self._pivot(i, enter)

    def _climb(self, goal: Row, usable: int) -> Fraction:
        costs = [*goal, Fraction(0)]
        for row, basic in zip(self.rows, self.basis, strict=True):
            if costs[basic]:
                costs = _less(costs, costs[basic], row)
        while (enter := next((place for place in range(usable) if costs[place] > 0), None)) is not None:
            ratios = [(row[-1] / row[enter], self.basis[i], i) for i, row in enumerate(self.rows) if row[enter] > 0]
            leave = min(ratios)[2]
            self._pivot(leave, enter)
            costs = _less(costs, costs[enter], self.rows[leave])
        return -costs[-1]

    def _pivot(self, leave: int, enter: int) -> None:
        factor = self.rows[leave][enter]
        self.rows[leave] = [one / factor if one else one for one in self.rows[leave]]
        for i, row in enumerate(self.rows):
            if i != leave and row[enter]:
                self.rows[i] = _less(row, row[enter], self.rows[leave])
        self.basis[leave] = enter


def _less(row: Row, factor: Fraction, other: Row) -> Row:
    return [one - factor * two if two else one for one, two in zip(row, other, strict=True)]


def _standard(rows: list[tuple[Row, bool]], many: int) -> _Table:
    slacks = sum(has_slack for _, has_slack in rows)
    artificial = many + slacks
    done, basis, slack = [], [], many
    for number, (row, has_slack) in enumerate(rows):
        whole = row[:-1] + [Fraction(0)] * (slacks + len(rows)) + row[-1:]
        if whole[-1] < 0:
            whole = [-one for one in whole]
        if has_slack:
            whole[slack] = Fraction(1)
            basis.append(slack)
            slack += 1
        else:
            whole[artificial + number] = Fraction(1)
            basis.append(artificial + number)
        done.append(whole)
    return _Table(done, basis, artificial)
