"""The features of a plan, worked out in the embedded database: rows are picked once, then a few statements do the rest.

    batch_person        every patient and a position
    batch_codes_N       the codes of each set of code lists, bound as arrays
    batch_rows_N        the rows of one canonical table that have one of those codes: one pass over the table
    batch_values_N      the literals of all features (or tests) of one shape
    batch_features_N    the features of one shape: one grouped pass over the rows that were picked

How many statements there are depends on how many shapes the searches have, not on how many searches there are.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, cast

import sqlglot
from sqlglot import exp

from searches.canon import BUILT_IN_DIMENSIONS
from searches.engines.duckdb import Session
from searches.errors import AnswerError
from searches.feature_reading import day_of
from searches.features import FIRST_SLOT, Codes, Condition, Feature, Output, Plan, Relation, Shape, Source, Value
from searches.layouts.layout import Layout
from searches.outcomes import Leaves

_PERSON = "batch_person"


_Pick = tuple[str, bool]
"""One pass over a canonical table: its name, and whether rows are chosen by code."""


@dataclass(slots=True)
class _Wanted:
    """What a pass keeps: columns, and for each set of codes the day before which no row is wanted."""

    columns: set[str] = field(default_factory=set)
    codes: dict[Codes, date] = field(default_factory=dict)


def work_out(session: Session, layout: Layout, plan: Plan, people: Sequence[str]) -> Leaves:
    """Everything that outcomes are made of.

    Args:
        session: with the canonical tables kept.
        layout: which code systems it has.
        plan: what is asked.
        people: the patient ids, in the order of ids.

    Raises:
        AnswerError: a statement does not run, or the table of patients is in no such order.
        ExtractError: a table cannot be worked out.
    """
    tables = _Tables(session, layout, plan, people)
    try:
        return tables.leaves()
    finally:
        tables.drop()


class _Tables:
    def __init__(self, session: Session, layout: Layout, plan: Plan, people: Sequence[str]) -> None:
        self._session = session
        self._layout = layout
        self._plan = plan
        self._people = people
        self._code_sets: dict[Codes, int] = {}
        self._count = 0
        self._kept: set[str] = set()
        self._places: dict[Feature, tuple[str, int]] = {}

    def leaves(self) -> Leaves:
        features, tests = self._plan.leaves()
        self._keep_people()
        self._keep_features(features, _outputs(tests))
        return Leaves(
            everyone=(1 << len(self._people)) - 1,
            present=self._present(features),
            met=self._met(tests),
            columns={name: self._column(name) for name in BUILT_IN_DIMENSIONS},
        )

    def drop(self, *names: str) -> None:
        """Forget these tables, or all."""
        for name in names or tuple(self._kept):
            self._session.drop(name)
            self._kept.discard(name)

    def _keep_people(self) -> None:
        numbered = "CAST(ROW_NUMBER() OVER (ORDER BY p.patient_id) - 1 AS INTEGER) AS pos"
        self._keep(_PERSON, f"SELECT p.*, {numbered} FROM patient AS p")
        rows = sorted(self._session.rows(_tree(f"SELECT p.pos, p.patient_id FROM {_PERSON} AS p")))
        if [str(patient_id) for _, patient_id in rows] != list(self._people):
            raise AnswerError("the table of patients does not hold each of them once")

    def _keep_features(self, features: Iterable[Feature], outputs: Mapping[Shape, set[Output]]) -> None:
        shapes: dict[Shape, list[Feature]] = {}
        for feature in features:
            shapes.setdefault(feature.shape, []).append(feature)
        picks: dict[_Pick, _Wanted] = {}
        for feature in features:
            for source in feature.shape.sources:
                wanted = picks.setdefault(_pick(source), _Wanted())
                wanted.columns.update(source.columns)
                if source.codes is not None:
                    codes, since = _codes_since(feature, source)
                    wanted.codes[codes] = min(since, wanted.codes.get(codes, since))
        names = {pick: self._pick(pick, wanted) for pick, wanted in picks.items()}
        for shape, alike in shapes.items():
            self._pass(shape, alike, sorted(outputs.get(shape, ())), names)
        for name in names.values():
            self.drop(name)

    def _pick(self, pick: _Pick, kept: _Wanted) -> str:
        table, by_code = pick
        name = self._name("rows")
        columns = "".join(f", t.{column}" for column in sorted(kept.columns))
        person = f"JOIN {_PERSON} AS p ON p.patient_id = t.patient_id"
        if not by_code:
            return self._keep(name, f"SELECT p.pos{columns} FROM {table} AS t {person}")
        codes = self._keep_codes(kept.codes)
        parts = []
        systems = self._layout.code_columns[table]
        day = f"t.{day_of(table)}"
        # Rows before every window of a set of codes stay behind; where one feature has no window, none do.
        wanted = f"(c.since IS NULL OR {day} >= c.since)"
        for place, (system, column) in enumerate(systems.items()):
            # A row that two systems find is one row.
            found = "".join(
                f" AND NOT EXISTS (SELECT 1 FROM {codes} AS x WHERE x.system = '{earlier}'"
                f" AND x.codes = c.codes AND x.code = t.{systems[earlier]})"
                for earlier in list(systems)[:place]
            )
            parts.append(
                f"SELECT c.codes, p.pos{columns} FROM {table} AS t "
                f"JOIN {codes} AS c ON c.code = t.{column} {person} WHERE c.system = '{system}' AND {wanted}{found}"
            )
        self._keep(name, " UNION ALL ".join(parts))
        self.drop(codes)
        return name

    def _keep_codes(self, sets: Mapping[Codes, date]) -> str:
        rows: list[tuple[int, str, date | None, list[str]]] = []
        for codes, since in sets.items():
            by_system: dict[str, set[str]] = {}
            for each in (each for digest in codes.digests for each in self._plan.codelists[digest].codes):
                by_system.setdefault(each.system, set()).add(each.code)
            day = None if since == date.min else since
            rows += [(self._number(codes), system, day, list(found)) for system, found in by_system.items()]
        name = self._name("codes")
        numbers, systems, days, texts = zip(*rows, strict=True)
        self._keep_values(
            name,
            {
                "codes": ("INTEGER", numbers),
                "system": ("VARCHAR", systems),
                "since": ("DATE", days),
                "code": ("VARCHAR[]", texts),
            },
        )
        return name

    def _pass(
        self, shape: Shape, features: Sequence[Feature], outputs: Sequence[Output], rows: Mapping[_Pick, str]
    ) -> None:
        values = self._keep_literals([feature.values for feature in features])
        sources = _joined(shape, rows)
        name = self._name("features")
        where = f" WHERE {shape.where}" if shape.where else ""
        listed = "".join(f", {output.sql} AS {output.name}" for output in outputs)
        if shape.order:
            order = ", ".join(shape.order)
            place = f"ROW_NUMBER() OVER (PARTITION BY v.k, a.pos ORDER BY {order}) AS place"
            chosen = "".join(f", n.{output.name}" for output in outputs)
            inner = f"SELECT v.k, a.pos{listed}, {place} FROM {values} AS v {sources}{where}"
            self._keep(name, f"SELECT n.k, n.pos{chosen} FROM ({inner}) AS n WHERE n.place = 1")
        else:
            self._keep(name, f"SELECT v.k, a.pos{listed} FROM {values} AS v {sources}{where} GROUP BY v.k, a.pos")
        self.drop(values)
        self._places.update((feature, (name, number)) for number, feature in enumerate(features))

    def _present(self, features: Iterable[Feature]) -> dict[Feature, int]:
        found: dict[tuple[str, int], int] = {}
        for name in {self._places[feature][0] for feature in features}:
            sets = self._bits(f"SELECT f.k, f.pos FROM {name} AS f")
            found.update(((name, number), bits) for number, bits in sets.items())
        return {feature: found.get(self._places[feature], 0) for feature in features}

    def _met(self, tests: Iterable[Condition]) -> dict[Condition, int]:
        alike: dict[tuple[Any, ...], list[Condition]] = {}
        for test in tests:
            tables = tuple(self._table(relation) for relation in test.relations)
            alike.setdefault((tables, test.text), []).append(test)
        met: dict[Condition, int] = {}
        for (tables, text), group in alike.items():
            keys = [
                tuple(self._places[each][1] if each is not None else 0 for each in test.relations) for test in group
            ]
            values = self._keep_literals([test.values for test in group], keys)
            joins = " ".join(_related(place, table) for place, table in enumerate(tables))
            sets = self._bits(f"SELECT v.k, r0.pos FROM {values} AS v {joins} WHERE {text}")
            met.update((test, sets.get(number, 0)) for number, test in enumerate(group))
            self.drop(values)
        return met

    def _column(self, name: str) -> dict[str, int]:
        sets = self._bits(f"SELECT p.{name} AS k, p.pos FROM {_PERSON} AS p")
        return {str(value): bits for value, bits in sets.items() if value is not None}

    def _table(self, relation: Relation) -> str:
        return _PERSON if relation is None else self._places[relation][0]

    def _keep_literals(self, rows: Sequence[tuple[Value, ...]], keys: Sequence[tuple[int, ...]] = ()) -> str:
        columns: dict[str, tuple[str, Sequence[Any]]] = {"k": ("INTEGER", range(len(rows)))}
        for place in range(len(keys[0]) if keys else 0):
            columns[f"r{place}"] = ("INTEGER", [key[place] for key in keys])
        for place in range(len(rows[0])):
            column = [row[place] for row in rows]
            columns[f"p{place}"] = (_type(column[0]), [self._literal(value) for value in column])
        name = self._name("values")
        self._keep_values(name, columns)
        return name

    def _keep_values(self, name: str, columns: Mapping[str, tuple[str, Sequence[Any]]]) -> None:
        self._session.keep_values(name, columns)
        self._kept.add(name)

    def _literal(self, value: Value) -> Any:
        return self._number(value) if isinstance(value, Codes) else value

    def _number(self, codes: Codes) -> int:
        return self._code_sets.setdefault(codes, len(self._code_sets))

    def _name(self, kind: str) -> str:
        self._count += 1
        return f"batch_{kind}_{self._count}"

    def _keep(self, name: str, text: str) -> str:
        self._session.keep(name, _tree(text))
        self._kept.add(name)
        return name

    def _bits(self, text: str) -> dict[Any, int]:
        return self._session.bit_sets(_tree(text), len(self._people))


def _tree(text: str) -> exp.Expression:
    """Only trees are run: the engine's list of nodes holds for what is written here, too."""
    return cast(exp.Expression, sqlglot.parse_one(text, read="duckdb"))


def _outputs(tests: Iterable[Condition]) -> dict[Shape, set[Output]]:
    """The columns that tests read, by shape of feature."""
    read: dict[Shape, set[Output]] = {}
    for test in tests:
        for place, output in test.outputs:
            relation = test.relations[place]
            if relation is not None:
                read.setdefault(relation.shape, set()).add(output)
    return read


def _pick(source: Source) -> _Pick:
    return source.table, source.codes is not None


def _codes_since(feature: Feature, source: Source) -> tuple[Codes, date]:
    """The codes of a source, and the day before which no row is wanted; date.min if all are."""
    since = feature.values[source.since] if source.since is not None else date.min
    codes = feature.values[source.codes] if source.codes is not None else None
    if not isinstance(codes, Codes) or not isinstance(since, date):  # pragma: no cover - the reader puts codes there
        raise TypeError("a source names its codes and its day")
    return codes, since


def _joined(shape: Shape, rows: Mapping[_Pick, str]) -> str:
    """The tables of a feature, each of the person of the first."""
    joins = []
    for place, source in enumerate(shape.sources):
        slot = chr(FIRST_SLOT + place)
        asked = [f"{slot}.codes = v.p{source.codes}"] if source.codes is not None else []
        asked += [f"{slot}.pos = a.pos"] if place else []
        joins.append(f"JOIN {rows[_pick(source)]} AS {slot} ON {' AND '.join(asked) or '1 = 1'}")
    return " ".join(joins)


def _related(place: int, table: str) -> str:
    asked = [f"r{place}.k = v.r{place}"] if table != _PERSON else []
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
