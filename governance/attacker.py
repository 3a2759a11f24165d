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

from collections import deque
from typing import Final

UNBOUNDED: Final = 1 << 40


class Circulation:
    """Arcs with bounds, and one flow that keeps them: the truth.

    Nodes are numbered by whoever adds arcs; every node takes in as much as it gives.
    """

    def __init__(self) -> None:
        self.tail: list[int] = []
        self.head: list[int] = []
        self.low: list[int] = []
        self.high: list[int] = []
        self.flow: list[int] = []
        self._at: dict[int, list[int]] = {}

    def add(self, tail: int, head: int, bounds: tuple[int, int], flow: int) -> int:
        """Add an arc; returns its number.

        Args:
            tail: node it leaves.
            head: node it enters.
            bounds: the least and the most that is known to be possible.
            flow: the truth, within the bounds.
        """
        number = len(self.tail)
        for column, value in zip(
            (self.tail, self.head, self.low, self.high, self.flow), (tail, head, *bounds, flow), strict=True
        ):
            column.append(value)
        self._at.setdefault(tail, []).append(number)
        self._at.setdefault(head, []).append(~number)  # the complement: the arc as seen from where it enters
        return number

    def room(self, arc: int, enough: int) -> int:
        """How wide the interval is in which an arc's value can be known to lie; `enough` stands for that or more."""
        least, most = self.interval(arc, enough)
        return min(most - least, enough)

    def interval(self, arc: int, enough: int = UNBOUNDED) -> tuple[int, int]:
        """The smallest and largest value that an arc can have; the search stops when they are `enough` apart."""
        kept, true = self.flow, self.flow[arc]
        up = self.push(arc, enough, upwards=True)
        self.flow = kept
        down = self.push(arc, enough - up, upwards=False)
        self.flow = kept
        return true - down, true + up

    def push(self, arc: int, wanted: int, *, upwards: bool) -> int:
        """Let more (or less) flow along an arc, up to `wanted`, where the others make room; returns how much.

        `flow` is a new list afterwards, so that whoever kept the old one can put it back. The arc's own entry in it is
        left as it was.
        """
        most = min(wanted, self.high[arc] - self.flow[arc] if upwards else self.flow[arc] - self.low[arc])
        start, end = (self.head[arc], self.tail[arc]) if upwards else (self.tail[arc], self.head[arc])
        self.flow = list(self.flow)
        pushed = 0
        while pushed < most:
            path = self._path(start, end, arc)
            if path is None:
                break
            pushed += self._send(path, most - pushed)
        return pushed

    def _send(self, path: list[int], most: int) -> int:
        amount = min(most, *(self._slack(step) for step in path))
        for step in path:
            if step >= 0:
                self.flow[step] += amount
            else:
                self.flow[~step] -= amount
        return amount

    def _slack(self, step: int) -> int:
        return self.high[step] - self.flow[step] if step >= 0 else self.flow[~step] - self.low[~step]

    def _path(self, start: int, end: int, without: int) -> list[int] | None:
        if start == end:
            return None
        came: dict[int, int] = {start: 0}
        waiting = deque((start,))
        flow, low, high = self.flow, self.low, self.high
        while waiting:
            for step in self._at[waiting.popleft()]:
                if step >= 0:
                    node, is_open = self.head[step], flow[step] < high[step] and step != without
                else:
                    node, is_open = self.tail[~step], flow[~step] > low[~step] and ~step != without
                if is_open and node not in came:
                    came[node] = step
                    if node == end:
                        return self._back(came, start, end)
                    waiting.append(node)
        return None

    def _back(self, came: dict[int, int], start: int, end: int) -> list[int]:
        path, node = [], end
        while node != start:
            step = came[node]
            path.append(step)
            node = self.tail[step] if step >= 0 else self.head[~step]
        return path

    def steps(self, node: int) -> list[int]:
        """The arcs at a node: those that leave it by their number, those that enter it by its complement."""
        return self._at[node]
