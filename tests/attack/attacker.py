"""An attacker with a pencil: what can be worked out of a table from what is shown, its sums and public list sizes.

Every count is an interval, every sum an equation; the smallest and the largest value of a count are found by linear
programming. Nothing of the product's own attacker is used, so that a mistake there is not repeated here.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from governance.profiles import GP_BENCH, Profile
from tests.attack.simplex import extreme
from tests.attack.surgery import Cell, Letter

MANY: Final = 10_000
_OUTCOMES = ("met", "not_met", "excepted")


@dataclass
class Notes:
    """What an attacker has written down: an interval for each unknown, and equations between them.

    Args:
        bounds: the smallest and largest value that each unknown can have by itself.
        sums: each says that some unknowns, with a sign, add up to 0.
    """

    bounds: dict[str, tuple[int, int]] = field(default_factory=dict)
    sums: list[dict[str, int]] = field(default_factory=list)

    def note(self, name: str, low: int, high: int = MANY) -> None:
        """Something is known of an unknown; what was known before still holds."""
        lowest, highest = self.bounds.get(name, (0, MANY))
        self.bounds[name] = max(low, lowest), min(high, highest)

    def adds_up(self, whole: str, *parts: str) -> None:
        """A whole is the sum of its parts."""
        for name in (whole, *parts):
            self.bounds.setdefault(name, (0, MANY))
        self.sums.append({whole: -1, **dict.fromkeys(parts, 1)})

    def interval(self, name: str) -> tuple[int, int]:
        """Where an unknown can lie: the answer to the attack."""
        return extreme(self.bounds, self.sums, name, -1), extreme(self.bounds, self.sums, name, 1)

    def width(self, name: str) -> int:
        """How much the attacker does not know of it."""
        low, high = self.interval(name)
        return high - low


def read(letter: Letter, search_id: str, profile: Profile = GP_BENCH, notes: Notes | None = None) -> Notes:
    """Write down everything that a released table says; counts are called `met`, `F met`, `F den`, `F register`..."""
    notes = notes or Notes()
    rows = next(table["rows"] for table in json.loads(letter.data) if table["search"] == search_id)
    names = [" ".join(row["dimensions"].values()) for row in rows]
    for name, row in zip(names, rows, strict=True):
        _read_row(notes, name, row, profile)
    if len(rows) > 1:
        for part in _OUTCOMES:
            notes.adds_up(part, *(f"{name} {part}" for name in names if name))
    return notes


def know_lists(notes: Notes, lists: Mapping[str, int]) -> None:
    """Public list sizes: who is registered in a leaf is on the register of the search, or outside it."""
    for name, size in lists.items():
        notes.note(f"{name} list", size, size)
        notes.adds_up(f"{name} list", f"{name} register", f"{name} outside")


def _read_row(notes: Notes, name: str, row: Mapping[str, Cell], profile: Profile) -> None:
    met, not_met, excepted, den, register = (f"{name} {part}".strip() for part in (*_OUTCOMES, "den", "register"))
    for count, outcome in ((met, "met"), (not_met, "not_met"), (excepted, "excepted")):
        _read_count(notes, count, row[outcome], profile)
    notes.adds_up(den, met, not_met)
    notes.adds_up(register, den, excepted)
    for outcome in ("met", "not_met"):
        if "above" in row[outcome] and "below" not in row[outcome] and profile.rounding == 1:
            den_is = row[outcome]["above"] + profile.k
            notes.note(den, den_is, den_is)
    if all(row[outcome].get("reason") == "denominator_too_small" for outcome in _OUTCOMES):
        notes.note(den, 0, profile.least_denominator - 1)


def _read_count(notes: Notes, name: str, cell: Cell, profile: Profile) -> None:
    if "value" in cell:
        notes.note(name, cell["value"], cell["value"])
    elif "below" in cell:
        notes.note(name, cell.get("above", -1) + 1, cell["below"] - 1)
    elif "above" in cell:
        notes.note(name, max(profile.k, cell["above"] + 1))
    else:
        notes.note(name, 0)
