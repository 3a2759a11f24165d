"""How records spell things: codes in several systems, blanks that do not count, nothing in several ways."""

from __future__ import annotations

from collections.abc import Iterable
from random import Random

from searches.search import Code, Codelist
from tests.layout_rows.limits import EMIS, OPENSAFELY, TPP, VISION

DMD = "dmd"
NOISE = "719999"
"""Begins what stands beside a code in another system; no list has any code that begins so."""
_READ_LENGTH = 5
_PADDING = "."


def written(layout: str, system: str, code: str) -> str | None:
    """A code as a system of a layout spells it, or None where that system cannot hold it."""
    if system == "emis":
        return f"EMIS{code}"  # any text that begins so is a code of the supplier's own
    if system == "snomed" and layout == EMIS:
        return code if code.isascii() and code.isdigit() and int(code) > 0 else None
    if system == "read2":
        fits = len(code) == _READ_LENGTH if layout == EMIS else len(code) <= _READ_LENGTH
        return code if fits and "-" not in code else None
    return code


SYSTEMS = {
    EMIS: ("snomed", "emis", "read2"),
    TPP: ("snomed", "ctv3"),
    VISION: ("snomed", "read2"),
    OPENSAFELY: ("snomed", "ctv3"),
}


def listed(layout: str, name: str, codes: Iterable[str]) -> Codelist:
    """A code list with every code in every system of a layout that can hold it."""
    spelled = [
        Code(system, text, "")
        for code in sorted(set(codes))
        for system in (*SYSTEMS[layout], DMD)
        if (text := written(layout, system, code)) is not None
    ]
    return Codelist(name, tuple(spelled), name)


class Spelling:
    """Choices of how to write the same thing.

    Args:
        layout: whose rows are written.
        random: chooses.
    """

    def __init__(self, layout: str, random: Random) -> None:
        self.layout = layout
        self.random = random

    def chance(self, percent: int) -> bool:
        """True that often."""
        return self.random.randrange(100) < percent

    def pick(self, *options: str) -> str:
        """One of them."""
        return self.random.choice(options)

    def nothing(self) -> str | None:
        """An empty cell: some loads make it NULL, some leave it empty, some columns are padded with blanks."""
        return self.random.choice(("", "", None, None, " "))

    def text(self, *options: str) -> str:
        """One of them, perhaps with blanks around it."""
        chosen = self.pick(*options)
        return f"{self.random.choice(('', '', '', ' '))}{chosen}{self.random.choice(('', '', ' ', '   '))}"

    def flag(self, holds: bool) -> str:
        """True or false."""
        return self.text(*(("true", "TRUE", "1") if holds else ("false", "FALSE", "0")))

    def codes(self, code: object, systems: tuple[str, ...] | None = None) -> dict[str, str]:
        """A code in one or several systems, and perhaps something else in the others."""
        if code is None:
            return {}
        known = {system: written(self.layout, system, str(code)) for system in systems or SYSTEMS[self.layout]}
        fitting = [system for system, text in known.items() if text is not None]
        chosen = set(self.random.sample(fitting, self.random.randint(1, len(fitting))))
        found = {system: str(known[system]) for system in known if system in chosen}
        for system in known:
            if system not in found and self.chance(30):
                found[system] = str(written(self.layout, system, self._noise(system)))
        return found

    def _noise(self, system: str) -> str:
        return "71999" if system == "read2" else f"{NOISE}{self.random.randint(10, 99)}"
