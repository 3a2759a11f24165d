"""The features of a plan, worked out from canonical tables that are held in the embedded database.

    batch_kinds_N       every code (or every code of each system together) that is asked, with a number, its kind
    batch_lists_N       the kinds of each set of code lists
    batch_rows_N        the rows of one canonical table that have such a code: one pass over the table
    batch_features_N    the features of one shape: one pass over the rows that were picked

How many statements there are depends on how many shapes the searches have, not on how many searches there are.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from searches.engines.duckdb import Session
from searches.errors import AnswerError
from searches.feature_reading import day_of
from searches.features import FIRST_SLOT, Codes, Feature, Output, Plan, Shape, Source
from searches.layouts.layout import Layout
from searches.leaf_tables import PERSON, LeafTables, Place, by_shape, outputs_read
from searches.outcomes import Leaves
from searches.search import Codelist

_Pick = tuple[str, bool]
"""One pass over a canonical table: its name, and whether rows are chosen by code."""


@dataclass(slots=True)
class _Wanted:
    """What a pass keeps: columns, and for each set of codes the day before which no row is wanted."""

    columns: set[str] = field(default_factory=set)
    codes: dict[Codes, date] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Picked:
    """The rows of a pass, and which of them a set of codes means."""

    rows: str
    lists: str = ""


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
    tables = LeafTables(session, len(people))
    try:
        _keep_people(tables, people)
        passes = _Passes(tables, layout, plan.codelists)
        passes.work_out(plan)
        return tables.leaves(plan, passes.places, passes.known)
    finally:
        tables.drop()


def _keep_people(tables: LeafTables, people: Sequence[str]) -> None:
    numbered = "CAST(ROW_NUMBER() OVER (ORDER BY p.patient_id) - 1 AS INTEGER) AS pos"
    tables.keep(PERSON, f"SELECT p.*, {numbered} FROM patient AS p")
    rows = sorted(tables.rows(f"SELECT p.pos, p.patient_id FROM {PERSON} AS p"))
    if [str(patient_id) for _, patient_id in rows] != list(people):
        raise AnswerError("the table of patients does not hold each of them once")


class _Passes:
    def __init__(self, tables: LeafTables, layout: Layout, codelists: Mapping[str, Codelist]) -> None:
        self._tables = tables
        self._layout = layout
        self._codelists = codelists
        self.places: dict[Feature, Place] = {}
        self.known: dict[Feature, int] = {}

    def work_out(self, plan: Plan) -> None:
        features, tests = plan.leaves()
        picked = {pick: self._pick(pick, wanted) for pick, wanted in _wanted(features).items()}
        outputs = outputs_read(tests)
        for shape, alike in by_shape(features).items():
            if shape in outputs:
                self._keep_features(shape, alike, outputs[shape], picked)
            else:
                self._know_features(shape, alike, picked)
        for each in picked.values():
            self._tables.drop(*filter(None, (each.rows, each.lists)))

    def _pick(self, pick: _Pick, kept: _Wanted) -> _Picked:
        table, by_code = pick
        name = self._tables.name("rows")
        columns = "".join(f", t.{column}" for column in sorted(kept.columns))
        person = f"JOIN {PERSON} AS p ON p.patient_id = t.patient_id"
        if not by_code:
            return _Picked(self._tables.keep(name, f"SELECT p.pos{columns} FROM {table} AS t {person}"))
        kinds, lists = self._keep_kinds(table, kept.codes)
        columns_of_codes = list(self._layout.code_columns[table].values())
        same = [f"c.{column} = {_coded(f't.{column}', columns_of_codes)}" for column in columns_of_codes]
        # Rows before every window of a kind stay behind; where one feature has no window, none do.
        day = f"t.{day_of(table)}"
        self._tables.keep(
            name,
            f"SELECT p.pos, c.kind{columns} FROM {table} AS t JOIN {kinds} AS c ON {' AND '.join(same)} {person} "
            f"WHERE c.since IS NULL OR {day} >= c.since",
        )
        self._tables.drop(kinds)
        return _Picked(name, lists)

    def _keep_kinds(self, table: str, sets: Mapping[Codes, date]) -> tuple[str, str]:
        """The tables of kinds and of lists.

        Where a layout has one code system a kind is a code. Where it has several, an entry may be in a list by one code
        or by another, and is in it once: a kind is then what all its code columns hold.
        """
        codes, members = self._keep_codes(sets)
        columns = self._layout.code_columns[table]
        listed = self._tables.name("lists")
        if len(columns) == 1:
            [(system, column)] = columns.items()
            found = f"SELECT c.code AS {column}, c.number AS kind FROM {codes} AS c WHERE c.system = '{system}'"
            found = self._tables.keep(self._tables.name("found"), found)
            self._tables.keep(listed, f"SELECT m.list, m.number AS kind FROM {members} AS m")
        else:
            coded = ", ".join(f"{_coded(f't.{column}', [*columns])} AS {column}" for column in columns.values())
            every = ", ".join(f"d.{column}" for column in columns.values())
            found = self._tables.keep(
                self._tables.name("found"),
                f"SELECT {every}, ROW_NUMBER() OVER (ORDER BY {every}) AS kind "
                f"FROM (SELECT {coded} FROM {table} AS t) AS d GROUP BY {every}",
            )
            parts = " UNION ALL ".join(
                f"SELECT m.list, k.kind FROM {found} AS k JOIN {codes} AS c ON c.code = k.{column} "
                f"JOIN {members} AS m ON m.number = c.number WHERE c.system = '{system}'"
                for system, column in columns.items()
            )
            self._tables.keep(listed, f"SELECT u.list, u.kind FROM ({parts}) AS u GROUP BY u.list, u.kind")
        kinds = self._with_days(found, listed, sets, list(columns.values()))
        self._tables.drop(codes, members, found)
        return kinds, listed

    def _with_days(self, found: str, listed: str, sets: Mapping[Codes, date], columns: Sequence[str]) -> str:
        """Kinds that a list has, with the day before which nobody wants a row."""
        days = self._tables.keep_values(
            self._tables.name("days"),
            {
                "list": ("INTEGER", [self._tables.number(codes) for codes in sets]),
                "since": ("DATE", [None if since == date.min else since for since in sets.values()]),
            },
        )
        every = ", ".join(f"k.{column}" for column in columns)
        kinds = self._tables.keep(
            self._tables.name("kinds"),
            f"SELECT {every}, k.kind, CASE WHEN COUNT(*) = COUNT(d.since) THEN MIN(d.since) END AS since "
            f"FROM {found} AS k JOIN {listed} AS l ON l.kind = k.kind JOIN {days} AS d ON d.list = l.list "
            f"GROUP BY {every}, k.kind",
        )
        self._tables.drop(days)
        return kinds

    def _keep_codes(self, sets: Iterable[Codes]) -> tuple[str, str]:
        """Tables of the codes of all lists, and of which list has which."""
        numbers: dict[tuple[str, str], int] = {}
        members: list[list[int]] = []
        for each in sets:
            listed = {(code.system, code.code) for digest in each.digests for code in self._codelists[digest].codes}
            members.append([numbers.setdefault(code, len(numbers)) for code in listed])
        codes = self._tables.keep_values(
            self._tables.name("codes"),
            {
                "number": ("INTEGER", range(len(numbers))),
                "system": ("VARCHAR", [system for system, _ in numbers]),
                "code": ("VARCHAR", [code for _, code in numbers]),
            },
        )
        lists = [self._tables.number(each) for each in sets]
        return codes, self._tables.keep_values(
            self._tables.name("members"), {"list": ("INTEGER", lists), "number": ("INTEGER[]", members)}
        )

    def _keep_features(
        self, shape: Shape, features: Sequence[Feature], outputs: Sequence[Output], picked: Mapping[_Pick, _Picked]
    ) -> None:
        values = self._tables.literals([feature.values for feature in features])
        rows = f"FROM {values} AS v {_joined(shape, picked)}{f' WHERE {shape.where}' if shape.where else ''}"
        name = self._tables.name("features")
        listed = "".join(f", {output.sql} AS {output.name}" for output in outputs)
        if shape.order:
            place = f"ROW_NUMBER() OVER (PARTITION BY v.k, a.pos ORDER BY {', '.join(shape.order)}) AS place"
            chosen = "".join(f", n.{output.name}" for output in outputs)
            inner = f"SELECT v.k, a.pos{listed}, {place} {rows}"
            self._tables.keep(name, f"SELECT n.k, n.pos{chosen} FROM ({inner}) AS n WHERE n.place = 1")
        else:
            self._tables.keep(name, f"SELECT v.k, a.pos{listed} {rows} GROUP BY v.k, a.pos")
        self._tables.drop(values)
        self.places.update((feature, Place(name, number)) for number, feature in enumerate(features))

    def _know_features(self, shape: Shape, features: Sequence[Feature], picked: Mapping[_Pick, _Picked]) -> None:
        """Nobody asks more of these than whether there is a row: they need no table."""
        values = self._tables.literals([feature.values for feature in features])
        where = f" WHERE {shape.where}" if shape.where else ""
        sets = self._tables.bits(f"SELECT v.k, a.pos FROM {values} AS v {_joined(shape, picked)}{where}")
        self._tables.drop(values)
        self.known.update((feature, sets.get(number, 0)) for number, feature in enumerate(features))


def _wanted(features: Iterable[Feature]) -> dict[_Pick, _Wanted]:
    picks: dict[_Pick, _Wanted] = {}
    for feature in features:
        for source in feature.shape.sources:
            wanted = picks.setdefault(_pick(source), _Wanted())
            wanted.columns.update(source.columns)
            if source.codes is not None:
                codes, since = codes_since(feature, source)
                wanted.codes[codes] = min(since, wanted.codes.get(codes, since))
    return picks


def _pick(source: Source) -> _Pick:
    return source.table, source.codes is not None


def codes_since(feature: Feature, source: Source) -> tuple[Codes, date]:
    """The codes of a source, and the day before which no row is wanted; date.min if all are."""
    since = feature.values[source.since] if source.since is not None else date.min
    codes = feature.values[source.codes] if source.codes is not None else None
    if not isinstance(codes, Codes) or not isinstance(since, date):  # pragma: no cover - the reader puts codes there
        raise TypeError("a source names its codes and its day")
    return codes, since


def _coded(column: str, columns: Sequence[str]) -> str:
    """A code column as it is compared: an entry without a code in one system may have one in another."""
    return column if len(columns) == 1 else f"COALESCE({column}, '')"


def _joined(shape: Shape, picked: Mapping[_Pick, _Picked]) -> str:
    """The tables of a feature, each of the person of the first."""
    joins = []
    for place, source in enumerate(shape.sources):
        slot, found = chr(FIRST_SLOT + place), picked[_pick(source)]
        asked = [f"{slot}.pos = a.pos"] if place else []
        if source.codes is not None:
            joins.append(f"JOIN {found.lists} AS {slot}_lists ON {slot}_lists.list = v.p{source.codes}")
            asked.append(f"{slot}.kind = {slot}_lists.kind")
        joins.append(f"JOIN {found.rows} AS {slot} ON {' AND '.join(asked) or '1 = 1'}")
    return " ".join(joins)
