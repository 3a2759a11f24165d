"""What the strategy of searches knows while it writes one: columns, relations, what is in sight, and what was used."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from random import Random
from typing import TypeVar

from hypothesis import strategies as st

from searches.canon import TABLES, ColumnType, Table

_T = TypeVar("_T")


class Kind(StrEnum):
    """Kinds of values, as the rules of the language tell them apart."""

    PATIENT = "patient id"
    ROW = "row id"
    INTEGER = "whole number"
    DECIMAL = "number"
    DATE = "date"
    CODE = "code"
    TEXT = "text"
    UNIT = "unit"
    PLACE = "row number"


NEVER_BARE = {"row", "text", "date", "user", "order"}  # words of the language where an expression may begin
NUMBERS = (Kind.INTEGER, Kind.DECIMAL)
_KINDS = {
    ColumnType.INTEGER: Kind.INTEGER,
    ColumnType.DECIMAL: Kind.DECIMAL,
    ColumnType.DATE: Kind.DATE,
    ColumnType.CODE: Kind.CODE,
    ColumnType.DOMAIN: Kind.TEXT,
    ColumnType.TEXT: Kind.UNIT,
    ColumnType.ID: Kind.ROW,
}


@dataclass(frozen=True)
class Col:
    """A column or value: its kind, closed domain, unchanged origin; whether equality is refused (fine); a COUNT."""

    kind: Kind
    values: tuple[str, ...] = ()
    origin: tuple[str, str] | None = None
    fine: bool = False
    counted: bool = False


@dataclass(frozen=True)
class Rel:
    """What FROM can name; `ids` tell the rows of one patient apart, None if nothing does."""

    text: str
    columns: Mapping[str, Col]
    one_row: bool
    ids: frozenset[str] | None

    @property
    def place(self) -> str:
        """Its column with a row number, or nothing."""
        return next((name for name, col in self.columns.items() if col.kind is Kind.PLACE), "")


@dataclass(frozen=True)
class Operand:
    """A written value: its text and type, if it is a literal, of which alias it is a plain column, its bare name."""

    text: str
    col: Col
    written: bool = False
    alias: str = ""
    bare: str = ""


def canonical(table: Table) -> Rel:
    """A canonical table."""
    columns = {
        column.name: Col(
            Kind.PATIENT if column.name == "patient_id" else _KINDS[column.type],
            column.values,
            (table.name, column.name),
            column.name in {"age_months", "registered_on"},
        )
        for column in table.columns
    }
    return Rel(table.name, columns, table.key == "patient_id", frozenset({table.key}) - {"patient_id"})


CANONICAL = {name: canonical(table) for name, table in TABLES.items()}


class Hand:
    """Draws: every choice goes through here.

    Hypothesis draws where a failure has to shrink; a plain random number generator where many examples are wanted that
    have nothing to do with each other, which Hypothesis, varying what it found before, does not give.

    Args:
        number: a whole number from 0 to the one given.
    """

    def __init__(self, number: Callable[[int], int]) -> None:
        self._number = number
        self.codelists: set[str] = set()
        self.tables: set[str] = set()  # named so far

    @classmethod
    def of_hypothesis(cls, draw: st.DrawFn) -> Hand:
        """Draw as Hypothesis does."""
        return cls(lambda most: draw(st.integers(0, most)))

    @classmethod
    def of_seed(cls, seed: str) -> Hand:
        """Draw at random."""
        source = Random(seed)
        return cls(lambda most: source.randrange(most + 1))

    def pick(self, options: Sequence[_T]) -> _T:
        """One of them; shrinks towards the first."""
        chosen: _T = options[self._number(len(options) - 1)] if len(options) > 1 else options[0]
        return chosen

    def chance(self, percent: int) -> bool:
        """True that often; shrinks towards False."""
        return self._number(99) >= 100 - percent

    def upto(self, most: int) -> int:
        """A whole number from 0."""
        return self._number(most)

    def some(self, options: Sequence[_T], most: int) -> list[_T]:
        """A few of them, none twice."""
        left = list(options)
        return [left.pop(self.upto(len(left) - 1)) for _ in range(min(self.upto(most), len(left)))]


@dataclass(frozen=True)
class Here:
    """What an expression may use where it stands.

    Args:
        hand: draws.
        relations: of this SELECT, by alias.
        around: for EXISTS, what surrounds it.
        grouped: only aggregates of columns may be used.
        in_table: it stands in a CTE or subquery, directly or through EXISTS.
        prefixed: names need an alias: in ON, for tables joined later, and in HAVING, for outputs of the same name.
        exists: writes an EXISTS, where one may stand.
    """

    hand: Hand
    relations: dict[str, Rel] = field(default_factory=dict)
    around: Here | None = None
    grouped: bool = False
    in_table: bool = False
    prefixed: bool = False
    exists: Callable[[Here], str] | None = None

    def ungrouped(self) -> Here:
        """The same inside an aggregate."""
        return replace(self, grouped=False, exists=None)

    def aliases(self) -> list[str]:
        """Every alias in sight."""
        return [*self.relations, *(self.around.aliases() if self.around is not None else ())]

    def columns(self, *kinds: Kind) -> list[Operand]:
        """Every column in sight of these kinds, by its alias."""
        names = [name for rel in self.relations.values() for name in rel.columns]
        own = [
            Operand(
                f"{alias}.{name}",
                col,
                alias=alias,
                bare=name if names.count(name) == 1 and name not in NEVER_BARE else "",
            )
            for alias, rel in self.relations.items()
            for name, col in rel.columns.items()
            if col.kind in kinds
        ]
        # The name of a column around an EXISTS is never bare: inside it might be another's.
        outer = self.around.columns(*kinds) if self.around is not None else []
        return own + [replace(found, bare="") for found in outer]

    def column(self, *kinds: Kind) -> Operand | None:
        """One of them, by its alias or bare; None if there is none."""
        found = self.columns(*kinds)
        return self.named(self.hand.pick(found)) if found else None

    def named(self, found: Operand) -> Operand:
        """The same column, sometimes without its alias."""
        may_be = found.bare and found.bare not in NEVER_BARE and not self.prefixed
        return replace(found, text=found.bare) if may_be and self.hand.chance(15) else found
