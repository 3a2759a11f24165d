"""The synthetic practice: one population, written as each supplier really delivers, and as canonical tables.

    synthesise("tpp_sr", patients=6000, seed=1, out=Path("extract"))

The same seed and practice give the same people in every layout; the canonical tables come straight from the model, so
that they are what every layout must come to. Nobody in it is or was real.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

from searches.errors import LayoutError
from searches.synthetic.canonical import write_canonical
from searches.synthetic.emis_im1 import write_emis_im1
from searches.synthetic.identities import Identities, synthetic
from searches.synthetic.model import Person
from searches.synthetic.opensafely_tpp import write_opensafely_tpp
from searches.synthetic.population import population
from searches.synthetic.tpp_sr import write_tpp_sr
from searches.synthetic.vision import write_vision
from searches.synthetic.world import World

Writer = Callable[[World, Iterable[Person], Path, Identities], dict[str, int]]

WRITERS: Final[Mapping[str, Writer]] = {
    "canonical": write_canonical,
    "emis_im1": write_emis_im1,
    "tpp_sr": write_tpp_sr,
    "vision": write_vision,
    "opensafely_tpp": write_opensafely_tpp,
}
REFERENCE_DATE: Final = date(2026, 3, 31)
PRACTICE: Final = "Z90001"


@dataclass(frozen=True, slots=True)
class SyntheticReport:
    """What was written.

    Args:
        layout, practice, patients: as asked for.
        rows: by file name.
    """

    layout: str
    practice: str
    patients: int
    rows: Mapping[str, int]


def synthesise(  # noqa: PLR0913, PLR0917 (one call of the command line: each argument is one option of it)
    layout: str,
    patients: int,
    seed: int,
    out: Path,
    reference_date: date = REFERENCE_DATE,
    practice: str = PRACTICE,
    identities: Identities | None = None,
) -> SyntheticReport:
    """Write a supplier-shaped folder of a synthetic practice.

    Args:
        layout: one of `WRITERS`.
        patients: how many are currently registered; people who left or died come on top. From 300 on, every practice
            also has the difficult people.
        seed: the same seed gives the same people.
        out: a folder; made if it is not there.
        reference_date: the day of the last delivery.
        practice: a synthetic organisation code.
        identities: who the people say they are; plainly invented if not given.

    Raises:
        LayoutError: there is no such layout.
    """
    if layout not in WRITERS:
        raise LayoutError(f"no layout {layout}", "unknown_layout", f"use one of: {', '.join(WRITERS)}")
    out.mkdir(parents=True, exist_ok=True)
    people = population(seed, patients, reference_date, practice)
    rows = WRITERS[layout](World(practice, reference_date), people, out, identities or synthetic(practice))
    return SyntheticReport(layout, practice, patients, rows)
