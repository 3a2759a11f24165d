"""What was released, checked by counting people anew: none of the product's rules, units or ledgers is used here.

From a table's JSON it is read which numbers were shown, and what follows from them by adding up; from the history, who
stood where, one byte a person (0 nowhere, else 1 + 3 x row + outcome). A set of people is a plain integer.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

_OUTCOMES: Final = ("met", "not_met", "excepted")
REST: Final = "rest of the total"
_K: Final = 8  # a number and a band tell of both: not met above 22 beside met below 8 is 30 together

Name = tuple[str, str, str]
"""A count for good: search, dimension values, and which part of the row."""
Split = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Released:
    """One search as it was released.

    Args:
        table: its JSON.
        cells: dimension values of each row that is not the totals, in the order of the history.
        standings: a byte for each person; three for appointments.
        series: a name that keeps from week to week.
        can_be_excepted: whether the search has such an outcome.
    """

    table: Mapping[str, Any]
    cells: Sequence[Split]
    standings: Sequence[bytes]
    series: str
    can_be_excepted: bool


@dataclass
class Findings:
    """What came out.

    Args:
        wrong: whatever must not be, in words.
        shown: how many sets were shown, over all weeks.
        numbers: how many numbers were compared with their people.
        pairs: how many pairs were close enough in size to be compared.
        rests_near: pairs of searches at one time of which one set takes a total and shown rows to work out.
        nearest: the smallest distance of two released sets of one count that differ at all.
        nearest_searches: the same of two searches at one time.
    """

    wrong: list[str] = field(default_factory=list)
    shown: int = 0
    numbers: int = 0
    pairs: int = 0
    rests_near: int = 0
    nearest: int = 1 << 30
    nearest_searches: int = 1 << 30


def shown_sets(one: Released, findings: Findings) -> dict[Name, int]:
    """Everyone behind each number that others can read or add up from a table."""
    people = _people(one)
    rows = {tuple(row["dimensions"].items()): row for row in one.table["rows"]}
    shown: dict[Name, int] = {}
    sets: dict[tuple[Split, str], int] = {}
    for cell, row in rows.items():
        leaves = [number for number, leaf in enumerate(one.cells) if not cell or leaf == cell]
        for part in _readable(row, can_be_excepted=one.can_be_excepted):
            sets[cell, part] = _union(people, leaves, part)
            shown[one.series, str(cell), part] = sets[cell, part]
        _compare_numbers(one, row, people, (leaves, findings))
    shown.update(_one_way(one, sets))
    shown.update(_rest(one, sets))
    _compare_margins(one, sets, findings)
    return shown


def _people(one: Released) -> dict[tuple[int, int], int]:
    found: dict[tuple[int, int], list[int]] = {}
    for standing in one.standings:
        for position, place in enumerate(standing):
            if place:
                found.setdefault(divmod(place - 1, 3), []).append(position)
    return {at: _bits(who) for at, who in found.items()}


def _bits(who: Sequence[int]) -> int:
    digits = bytearray(b"0") * (max(who) + 1)
    for position in who:
        digits[-1 - position] = 49
    return int(digits, 2)


def _union(people: Mapping[tuple[int, int], int], leaves: Sequence[int], part: str) -> int:
    outcomes = {"den": (0, 1), "register": (0, 1, 2)}.get(part) or (_OUTCOMES.index(part),)
    union = 0
    for leaf in leaves:
        for outcome in outcomes:
            union |= people.get((leaf, outcome), 0)
    return union


def _readable(row: Mapping[str, Any], *, can_be_excepted: bool) -> Iterator[str]:
    is_value = {part: "value" in row[part] for part in _OUTCOMES}
    yield from (part for part in _OUTCOMES if is_value[part])
    bands = [row[part] for part in ("met", "not_met")]
    is_told = any("above" in band for band in bands) and any("below" in band for band in bands)
    if (is_value["met"] and is_value["not_met"]) or is_told:
        yield "den"
        if is_value["excepted"] or not can_be_excepted:
            yield "register"


def _compare_numbers(
    one: Released, row: Mapping[str, Any], people: Mapping[tuple[int, int], int], of: tuple[list[int], Findings]
) -> None:
    leaves, findings = of
    if len(one.standings) > 1:
        return  # appointments are rounded
    for part in _OUTCOMES:
        size = _union(people, leaves, part).bit_count()
        findings.numbers += 1
        if "value" in row[part] and row[part]["value"] != size:
            findings.wrong.append(f"{one.series}: a number is {row[part]['value']}, its people are {size}")
        if "value" in row[part] and 0 < size < _K:
            findings.wrong.append(f"{one.series}: a number tells of {size} people")


def _one_way(one: Released, sets: Mapping[tuple[Split, str], int]) -> Iterator[tuple[Name, int]]:
    """Sums over one of two dimensions, where every part of them is shown."""
    if not one.cells or len(one.cells[0]) != 2:
        return
    for pair in sorted({pair for leaf in one.cells for pair in leaf}):
        within = [leaf for leaf in one.cells if pair in leaf]
        for part in (*_OUTCOMES, "den", "register"):
            if all((leaf, part) in sets for leaf in within):
                union = 0
                for leaf in within:
                    union |= sets[leaf, part]
                yield (one.series, str(pair), part), union


def _rest(one: Released, sets: Mapping[tuple[Split, str], int]) -> Iterator[tuple[Name, int]]:
    """What a shown total leaves for the rows that are not shown; a count of its own for each set of such rows."""
    if one.cells == [()] or len(one.standings) > 1:
        return
    for part in (*_OUTCOMES, "den", "register"):
        hidden = tuple(number for number, leaf in enumerate(one.cells) if (leaf, part) not in sets)
        if ((), part) in sets and hidden:
            rest = sets[(), part]
            for leaf in one.cells:
                rest &= ~sets.get((leaf, part), 0)
            yield (one.series, f"{REST} {hidden}", part), rest


def _compare_margins(one: Released, sets: Mapping[tuple[Split, str], int], findings: Findings) -> None:
    """What a shown total leaves over when the shown rows are taken off."""
    for part in (*_OUTCOMES, "den", "register"):
        if ((), part) in sets and one.cells != [()]:
            rest = sets[(), part]
            for leaf in one.cells:
                rest &= ~sets.get((leaf, part), 0)
            if 1 <= rest.bit_count() < 5 and len(one.standings) == 1:
                findings.wrong.append(f"{one.series}: total of {part} is {rest.bit_count()} people from its rows")


def compare_searches(shown: Mapping[Name, int], findings: Findings, width: int = 7) -> None:
    """No two shown sets of different searches are 1 to `width` people apart."""
    by_size = sorted((members.bit_count(), name, members) for name, members in shown.items() if members)
    for number, (size, name, members) in enumerate(by_size):
        for other_size, other_name, other in by_size[number + 1 :]:
            if other_size - size > width:
                break
            findings.pairs += 1
            apart = (members ^ other).bit_count()
            if not apart or name[0] == other_name[0]:
                continue
            if REST in name[1] or REST in other_name[1]:
                findings.rests_near += apart <= width
                continue
            findings.nearest_searches = min(findings.nearest_searches, apart)
            if apart <= width:
                findings.wrong.append(f"{name} and {other_name}: {apart} people apart")
    findings.shown += len(by_size)


class Series:
    """Every set that was ever shown of each count."""

    def __init__(self) -> None:
        self._sets: dict[Name, set[int]] = {}

    def add(self, shown: Mapping[Name, int], findings: Findings, delta: int = 5) -> None:
        """No set comes within `delta` people of another of the same count, without being the same."""
        for name, members in shown.items():
            before = self._sets.setdefault(name, set())
            if members in before:
                continue
            for other in before:
                findings.pairs += 1
                apart = (members ^ other).bit_count()
                findings.nearest = min(findings.nearest, apart)
                if apart < delta:
                    findings.wrong.append(f"{name}: {apart} people from an earlier release")
            before.add(members)
