"""What a search is, once its folder has been read and checked: frozen values, no I/O.

`searches.document` makes a `Search` from a folder; everything after it trusts what stands here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
from itertools import product

Cell = tuple[tuple[str, str], ...]
"""One combination of dimension values, in the order the search declares them: `(("age_band", "70-79"), ("sex", "F"))`.
The empty tuple is the totals row."""

TOTALS: Cell = ()

PROPORTION, COUNT, DISTRIBUTION = "proportion", "count", "distribution"
"""Kinds of searches: of a distribution everyone who met has a value."""


class Unit(StrEnum):
    """What one row of a search's result is."""

    PERSON = "person"
    APPOINTMENT = "appointment"


class Outcome(StrEnum):
    """What a search says of one person or appointment. NULL in SQL means: not in the denominator."""

    MET = "met"
    NOT_MET = "not met"
    EXCEPTED = "excepted"


class Good(StrEnum):
    """Which way is good."""

    HIGHER = "higher"
    LOWER = "lower"
    NEUTRAL = "neutral"


class Schedule(StrEnum):
    """How often a search is due; it fixes `:period_start`."""

    WEEKLY = "weekly"
    MONTHLY = "monthly"
    QUARTERLY = "quarterly"
    YEARLY = "yearly"


@dataclass(frozen=True, slots=True)
class Dimension:
    """A closed way to split the counts.

    Args:
        name: a column of the search's result.
        values: the whole domain, in display order.
    """

    name: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Target:
    """A proportion to reach, between 0 and 1, and who set it."""

    value: Decimal
    source: str


@dataclass(frozen=True, slots=True)
class Measure:
    """What the value of a distribution measures, and its declared range; a value beyond it counts as its end.

    Args:
        low: the low end, in the unit.
        high: the high end.
        name: such as `systolic pressure`.
        unit: such as `mmHg`.

    Raises:
        ValueError: the range is empty.
    """

    low: Decimal
    high: Decimal
    name: str = ""
    unit: str = ""

    def __post_init__(self) -> None:
        if not self.low < self.high:
            raise ValueError(f"measure goes from {self.low} to {self.high}, expected a range")

    def clipped(self, value: Decimal) -> Decimal:
        """The value, or the end of the range that it lies beyond."""
        return min(max(value, self.low), self.high)


@dataclass(frozen=True, slots=True)
class Code:
    """One code of one system, always text.

    Args:
        system: snomed, dmd, ctv3, read2 or emis.
        code: as that system writes it (Read and CTV3: five characters, padded with dots, case-sensitive).
        label: our own words for it.
        category: a value of a closed domain, or empty.
    """

    system: str
    code: str
    label: str
    category: str = ""


@dataclass(frozen=True, slots=True)
class Codelist:
    """A named list of codes in several systems, with the digest of its canonical text."""

    name: str
    codes: tuple[Code, ...]
    digest: str

    def of_system(self, system: str) -> tuple[str, ...]:
        """The codes of one system, sorted."""
        return tuple(sorted(code.code for code in self.codes if code.system == system))


@dataclass(frozen=True, slots=True)
class Search:
    """A checked search.

    Args:
        id: the folder's name.
        sql: the text of search.sql, as the author wrote it.
        codelists: by the name used in `codelist.NAME`.
        digest: SHA-256 (hex) over every file of the search and every code list it uses.
        explanation: README.md, or empty.
        measure: what the value of a distribution is; None for every other kind.
    """

    id: str
    title: str
    why_it_matters: str
    unit: Unit
    kind: str
    dimensions: tuple[Dimension, ...]
    codelists: Mapping[str, Codelist]
    good: Good
    target: Target | None
    schedule: Schedule
    owner: str
    authored_by: str
    next_review: date
    sql: str
    digest: str
    service_year: str = ""
    official_name: str = ""
    explanation: str = ""
    measure: Measure | None = None

    def cells(self) -> tuple[Cell, ...]:
        """The totals row, then the full cross-product of the dimensions in declared order."""
        return _cells(self.dimensions)


def possible_outcomes(search: Search) -> frozenset[Outcome]:
    """The outcomes that a search can give at all; that nobody has another one is known from its text.

    An outcome is one of three texts, the language has no way to put a text together, and no column of the schema holds
    one of the three: a search in whose SQL the text does not stand cannot give it.
    """
    if not search.sql:
        return frozenset(Outcome)
    return frozenset(outcome for outcome in Outcome if f"'{outcome}'" in search.sql)


@lru_cache(maxsize=256)
def _cells(dimensions: tuple[Dimension, ...]) -> tuple[Cell, ...]:
    if not dimensions:
        return (TOTALS,)
    names = [dimension.name for dimension in dimensions]
    combinations = product(*(dimension.values for dimension in dimensions))
    return (TOTALS, *(tuple(zip(names, values, strict=True)) for values in combinations))
