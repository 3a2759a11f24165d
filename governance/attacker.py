"""What somebody who knows every released figure and every public list size can work out of a hidden one.

A table with its margins is a circulation: people flow from the list size of a leaf through its register, its met and
not met, the count, the total of that count, back to the start. Every figure, count or margin, is one arc, and each
node says that parts add up to their whole. What is known bounds an arc from below and above; a known number is both.

The smallest and the largest value that an arc can have are those of a flow: from the true table, which is one, push
along the arc as much as its bounds and everything else's allow (augmenting paths, shortest first: Edmonds and Karp,
1972). Both are whole numbers, and exact: the rows' parts and the columns' parts are two laminar families, so the linear
programme has whole corners. No smarter attacker with the same knowledge can do better.
"""

from __future__ import annotations

from typing import Final

UNBOUNDED: Final = 1 << 40


class Circulation:
    """Arcs with bounds, and one flow that keeps them: the truth.

    Nodes are numbered from 0 by whoever adds arcs; every node takes in as much as it gives. A step is an arc taken
    along (2 x arc) or against (2 x arc + 1) its direction.
    """

    def __init__(self) -> None:
        self.low: list[int] = []
        self.high: list[int] = []
        self.flow: list[int] = []
        self.slack: list[int] = []
        """How much more can flow with each step."""
        self.steps: list[list[tuple[int, int]]] = []
        """At each node, the steps that leave it, and where to."""
        self._ends: list[int] = []

    def add(self, tail: int, head: int, bounds: tuple[int, int], flow: int) -> int:
        """Add an arc; returns its number.

        Args:
            tail: node it leaves.
            head: node it enters.
            bounds: the least and the most that is known to be possible; widened where the truth lies outside.
            flow: the truth.
        """
        arc = len(self.flow)
        self.flow.append(flow)
        self.low.append(0)
        self.high.append(0)
        self.slack += (0, 0)
        self._ends += (head, tail)
        self.steps += [[] for _ in range(max(tail, head) + 1 - len(self.steps))]
        self.steps[tail].append((2 * arc, head))
        self.steps[head].append((2 * arc + 1, tail))
        self.bound(arc, bounds)
        return arc

    def bound(self, arc: int, bounds: tuple[int, int]) -> None:
        """Set what is known to be possible of an arc; the truth always is."""
        true = self.flow[arc]
        low, high = min(bounds[0], true), max(bounds[1], true)
        self.low[arc], self.high[arc] = low, high
        self.slack[2 * arc], self.slack[2 * arc + 1] = high - true, true - low

    def ends(self, arc: int, *, upwards: bool) -> tuple[int, int]:
        """From where to where people must find another way if more (or less) is to flow along an arc."""
        head, tail = self._ends[2 * arc], self._ends[2 * arc + 1]
        return (head, tail) if upwards else (tail, head)

    def room(self, arc: int, enough: int) -> int:
        """How wide the interval is in which an arc's value can be known to lie; `enough` stands for that or more."""
        least, most = self.interval(arc, enough)
        return min(most - least, enough)

    def interval(self, arc: int, enough: int = UNBOUNDED) -> tuple[int, int]:
        """The smallest and largest value that an arc can have; the search stops when they are `enough` apart."""
        kept, true = self.slack, self.flow[arc]
        up = self.push(arc, enough, upwards=True)
        self.slack = kept
        down = self.push(arc, enough - up, upwards=False)
        self.slack = kept
        return true - down, true + up

    def push(self, arc: int, wanted: int, *, upwards: bool) -> int:
        """Let more (or less) flow along an arc, up to `wanted`, where the others make room; returns how much.

        `slack` is a new list afterwards, so that whoever kept the old one can put it back. The arc itself has none.
        """
        most = min(wanted, self.slack[2 * arc if upwards else 2 * arc + 1])
        start, end = self.ends(arc, upwards=upwards)
        self.slack = slack = list(self.slack)
        slack[2 * arc] = slack[2 * arc + 1] = 0
        pushed = 0
        while pushed < most:
            path = self._path(start, end)
            if path is None:
                break
            amount = min(most - pushed, *[slack[step] for step in path])
            for step in path:
                slack[step] -= amount
                slack[step ^ 1] += amount
            pushed += amount
        return pushed

    def _path(self, start: int, end: int) -> list[int] | None:
        """The steps of a shortest path with slack, from its end."""
        slack, steps = self.slack, self.steps
        came = [-1] * len(steps)
        came[start] = -2
        waiting = [start]
        for node in waiting:
            for step, reached in steps[node]:
                if slack[step] and came[reached] == -1:
                    came[reached] = step
                    if reached == end:
                        return self._back(came, start, end)
                    waiting.append(reached)
        return None

    def _back(self, came: list[int], start: int, end: int) -> list[int]:
        path, node = [], end
        while node != start:
            path.append(came[node])
            node = self._ends[came[node] ^ 1]
        return path
