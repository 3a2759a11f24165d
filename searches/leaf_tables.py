"""From feature tables to leaves: in the embedded database, who has a row of each feature and who meets each test.

    batch_person        every patient and a position
    batch_values_N      the literals of all features (or tests) of one shape
    batch_features_N    the features of one shape, at most one row for each number and position

Whoever fills the feature tables, from kept tables or from a server, the tests over them are worked out here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, cast

import sqlglot
from sqlglot import exp

from searches.canon import BUILT_IN_DIMENSIONS
from searches.engines.duckdb import Session
from searches.features import Codes, Condition, Feature, Output, Plan, Relation, Shape, Value
from searches.outcomes import Leaves

PERSON = "batch_person"

Columns = Mapping[str, tuple[str, Sequence[Any]]]
"""For each column of a table its type and its values."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a feature stands: its table, and its number in it."""

    table: str
    number: int


class LeafTables:
    """The tables of one batch in an embedded database; `drop` forgets them.

    Args:
        session: the database, locked.
        size: how many patients there are.
    """

    def __init__(self, session: Session, size: int) -> None:
        self.session = session
        self._size = size
        self._count = 0
        self._kept: set[str] = set()
        self._lists: dict[Codes, int] = {}

    def leaves(self, plan: Plan, places: Mapping[Feature, Place], known: Mapping[Feature, int]) -> Leaves:
        """Everything that outcomes are made of.

        Args:
            plan: what is asked.
            places: of the features that have a table.
            known: who has a row of each of the others.

        Raises:
            AnswerError: a statement does not run.
        """
        _, tests = plan.leaves()
        return Leaves(
            everyone=(1 << self._size) - 1,
            present={**self._present(places), **known},
            met=self._met(tests, places),
            columns={name: self._column(name) for name in BUILT_IN_DIMENSIONS},
        )

    def drop(self, *names: str) -> None:
        """Forget these tables, or all."""
        for name in names or tuple(self._kept):
            self.session.drop(name)
            self._kept.discard(name)

    def name(self, kind: str) -> str:
        """A name for one more table."""
        self._count += 1
        return f"batch_{kind}_{self._count}"

    def keep(self, name: str, text: str) -> str:
        """Hold what a SELECT gives."""
        self.session.keep(name, _tree(text))
        self._kept.add(name)
        return name

    def keep_values(self, name: str, columns: Columns) -> str:
        """Hold values, which are bound."""
        self.session.keep_values(name, columns)
        self._kept.add(name)
        return name

    def make(self, name: str, columns: Mapping[str, str]) -> str:
        """Hold an empty table of columns with these types, to be filled."""
        self.session.make(name, columns)
        self._kept.add(name)
        return name

    def literals(self, rows: Sequence[tuple[Value, ...]], keys: Sequence[tuple[int, ...]] = ()) -> str:
        """Hold the literals of alike features or tests: `k` is the number, p0, p1... the values, r0... the keys."""
        columns: dict[str, tuple[str, Sequence[Any]]] = {"k": ("INTEGER", range(len(rows)))}
        for place in range(len(keys[0]) if keys else 0):
            columns[f"r{place}"] = ("INTEGER", [key[place] for key in keys])
        for place in range(len(rows[0])):
            column = [row[place] for row in rows]
            columns[f"p{place}"] = (_type(column[0]), [self._literal(value) for value in column])
        return self.keep_values(self.name("values"), columns)

    def number(self, codes: Codes) -> int:
        """The number that stands for some code lists."""
        return self._lists.setdefault(codes, len(self._lists))

    def rows(self, text: str) -> list[tuple[Any, ...]]:
        """What a SELECT gives."""
        return self.session.rows(_tree(text))

    def bits(self, text: str) -> dict[Any, int]:
        """The positions that a SELECT of `k` and `pos` gives for each k; a position may come more than once."""
        return self.session.bit_sets(_tree(text), self._size)

    def _literal(self, value: Value) -> Any:
        return self.number(value) if isinstance(value, Codes) else value

    def _present(self, places: Mapping[Feature, Place]) -> dict[Feature, int]:
        found: dict[Place, int] = {}
        for name in {place.table for place in places.values()}:
            sets = self.bits(f"SELECT f.k, f.pos FROM {name} AS f")
            found.update((Place(name, number), bits) for number, bits in sets.items())
        return {feature: found.get(place, 0) for feature, place in places.items()}

    def _met(self, tests: Iterable[Condition], places: Mapping[Feature, Place]) -> dict[Condition, int]:
        alike: dict[tuple[Any, ...], list[Condition]] = {}
        for test in tests:
            tables = tuple(_table(relation, places) for relation in test.relations)
            alike.setdefault((tables, test.text), []).append(test)
        met: dict[Condition, int] = {}
        for (tables, text), group in alike.items():
            keys = [
                tuple(0 if relation is None else places[relation].number for relation in test.relations)
                for test in group
            ]
            values = self.literals([test.values for test in group], keys)
            joins = " ".join(_related(place, table) for place, table in enumerate(tables))
            sets = self.bits(f"SELECT v.k, r0.pos FROM {values} AS v {joins} WHERE {text}")
            met.update((test, sets.get(number, 0)) for number, test in enumerate(group))
            self.drop(values)
        return met

    def _column(self, name: str) -> dict[str, int]:
        sets = self.bits(f"SELECT p.{name} AS k, p.pos FROM {PERSON} AS p")
        return {str(value): bits for value, bits in sets.items() if value is not None}


def outputs_read(tests: Iterable[Condition]) -> dict[Shape, list[Output]]:
    """The columns that tests read, by shape of feature, in order of their names."""
    read: dict[Shape, set[Output]] = {}
    for test in tests:
        for place, output in test.outputs:
            relation = test.relations[place]
            if relation is not None:
                read.setdefault(relation.shape, set()).add(output)
    return {shape: sorted(outputs) for shape, outputs in read.items()}


def by_shape(features: Iterable[Feature]) -> dict[Shape, list[Feature]]:
    """Features that differ in literals alone stand together."""
    shapes: dict[Shape, list[Feature]] = {}
    for feature in features:
        shapes.setdefault(feature.shape, []).append(feature)
    return shapes


def _tree(text: str) -> exp.Expression:
    """Only trees are run: the engine's list of nodes holds for what is written here, too."""
    return cast(exp.Expression, sqlglot.parse_one(text, read="duckdb"))


def _table(relation: Relation, places: Mapping[Feature, Place]) -> str:
    return PERSON if relation is None else places[relation].table


def _related(place: int, table: str) -> str:
    asked = [f"r{place}.k = v.r{place}"] if table != PERSON else []
    asked += [f"r{place}.pos = r0.pos"] if place else []
    return f"JOIN {table} AS r{place} ON {' AND '.join(asked) or '1 = 1'}"


def _type(value: Value) -> str:
    match value:
        case Codes():
            return "INTEGER"
        case date():
            return "DATE"
        case _:
            return "DECIMAL(19, 3)"
