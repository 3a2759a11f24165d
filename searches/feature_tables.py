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

from searches import canon
from searches.engines.duckdb import Session
from searches.errors import AnswerError
from searches.feature_reading import day_of
from searches.features import FIRST_SLOT, Codes, Feature, Output, Plan, Shape, Source
from searches.layouts.layout import Layout
from searches.leaf_tables import PERSON, Columns, LeafTables, Place, by_shape, outputs_read
from searches.outcomes import Leaves
from searches.search import Codelist

_DAY_AND_ID = 2
_BEYOND_DAYS = 10_000_000
_BEYOND_NUMBERS = 2**64

Pick = tuple[str, bool]
"""One pass over a canonical table: its name, and whether rows are chosen by code."""


@dataclass(slots=True)
class Wanted:
    """What a pass keeps: columns, and for each set of codes the day before which no row is wanted."""

    columns: set[str] = field(default_factory=set)
    codes: dict[Codes, date] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Picked:
    """The rows of a pass, and which of them a set of codes means."""

    rows: str
    lists: str = ""


@dataclass(frozen=True, slots=True)
class Numbered:
    """Codes by number, each with its system, and the numbers in each set of lists."""

    codes: Sequence[tuple[str, str]]
    lists: Mapping[int, list[int]]


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
        passes = Passes(tables, layout, plan.codelists)
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


class Passes:
    """The passes over canonical tables of an embedded database.

    Args:
        tables: where what they give is held.
        layout: which code systems it has.
        codelists: every list that is asked, by digest.
    """

    def __init__(self, tables: LeafTables, layout: Layout, codelists: Mapping[str, Codelist]) -> None:
        self.tables = tables
        self.layout = layout
        self.codelists = codelists
        self.places: dict[Feature, Place] = {}
        self.known: dict[Feature, int] = {}

    def work_out(self, plan: Plan) -> None:
        """Fill `places` and `known` with every feature of a plan."""
        features, tests = plan.leaves()
        picked = {pick: self.pick(pick, wanted) for pick, wanted in _wanted(features).items()}
        outputs = outputs_read(tests)
        for shape, alike in by_shape(features).items():
            if shape in outputs:
                self._keep_features(shape, alike, outputs[shape], picked)
            else:
                self._know_features(shape, alike, picked)
        for each in picked.values():
            self.tables.drop(*filter(None, (each.rows, each.lists)))

    def pick(self, pick: Pick, kept: Wanted) -> Picked:
        """One pass over a table."""
        table, by_code = pick
        name = self.tables.name("rows")
        columns = "".join(f", t.{column}" for column in sorted(kept.columns))
        person = f"JOIN {PERSON} AS p ON p.patient_id = t.patient_id"
        if not by_code:
            return Picked(self.tables.keep(name, f"SELECT p.pos{columns} FROM {table} AS t {person}"))
        kinds, lists = self._keep_kinds(table, kept.codes)
        columns_of_codes = list(self.layout.code_columns[table].values())
        same = [f"c.{column} = {_coded(f't.{column}', columns_of_codes)}" for column in columns_of_codes]
        # Rows before every window of a kind stay behind; where one feature has no window, none do.
        day = f"t.{day_of(table)}"
        self.tables.keep(
            name,
            f"SELECT p.pos, c.kind{columns} FROM {table} AS t JOIN {kinds} AS c ON {' AND '.join(same)} {person} "
            f"WHERE c.since IS NULL OR {day} >= c.since",
        )
        self.tables.drop(kinds)
        return Picked(name, lists)

    def _keep_kinds(self, table: str, sets: Mapping[Codes, date]) -> tuple[str, str]:
        """The tables of kinds and of lists.

        Where a layout has one code system a kind is a code. Where it has several, an entry may be in a list by one code
        or by another, and is in it once: a kind is then what all its code columns hold.
        """
        codes, members = self._keep_codes(sets)
        columns = self.layout.code_columns[table]
        listed = self.tables.name("lists")
        if len(columns) == 1:
            [(system, column)] = columns.items()
            found = f"SELECT c.code AS {column}, c.number AS kind FROM {codes} AS c WHERE c.system = '{system}'"
            found = self.tables.keep(self.tables.name("found"), found)
            self.tables.keep(listed, f"SELECT m.list, m.number AS kind FROM {members} AS m")
        else:
            coded = ", ".join(f"{_coded(f't.{column}', [*columns])} AS {column}" for column in columns.values())
            every = ", ".join(f"d.{column}" for column in columns.values())
            found = self.tables.keep(
                self.tables.name("found"),
                f"SELECT {every}, ROW_NUMBER() OVER (ORDER BY {every}) AS kind "
                f"FROM (SELECT {coded} FROM {table} AS t) AS d GROUP BY {every}",
            )
            parts = " UNION ALL ".join(
                f"SELECT m.list, k.kind FROM {found} AS k JOIN {codes} AS c ON c.code = k.{column} "
                f"JOIN {members} AS m ON m.number = c.number WHERE c.system = '{system}'"
                for system, column in columns.items()
            )
            self.tables.keep(listed, f"SELECT u.list, u.kind FROM ({parts}) AS u GROUP BY u.list, u.kind")
        kinds = self._with_days(found, listed, sets, list(columns.values()))
        self.tables.drop(codes, members, found)
        return kinds, listed

    def _with_days(self, found: str, listed: str, sets: Mapping[Codes, date], columns: Sequence[str]) -> str:
        """Kinds that a list has, with the day before which nobody wants a row."""
        days = self.tables.keep_values(
            self.tables.name("days"),
            {
                "list": ("INTEGER", [self.tables.number(codes) for codes in sets]),
                "since": ("DATE", [None if since == date.min else since for since in sets.values()]),
            },
        )
        every = ", ".join(f"k.{column}" for column in columns)
        kinds = self.tables.keep(
            self.tables.name("kinds"),
            f"SELECT {every}, k.kind, CASE WHEN COUNT(*) = COUNT(d.since) THEN MIN(d.since) END AS since "
            f"FROM {found} AS k JOIN {listed} AS l ON l.kind = k.kind JOIN {days} AS d ON d.list = l.list "
            f"GROUP BY {every}, k.kind",
        )
        self.tables.drop(days)
        return kinds

    def _keep_codes(self, sets: Iterable[Codes]) -> tuple[str, str]:
        """Tables of the codes of all lists, and of which list has which."""
        numbered = self.numbered(sets)
        codes = self.tables.keep_values(
            self.tables.name("codes"),
            {
                "number": ("INTEGER", range(len(numbered.codes))),
                "system": ("VARCHAR", [system for system, _ in numbered.codes]),
                "code": ("VARCHAR", [code for _, code in numbered.codes]),
            },
        )
        return codes, self.keep_members(numbered)

    def numbered(self, sets: Iterable[Codes]) -> Numbered:
        """The codes of all lists, each once."""
        numbers: dict[tuple[str, str], int] = {}
        lists: dict[int, list[int]] = {}
        for each in sets:
            codes = {(code.system, code.code) for digest in each.digests for code in self.codelists[digest].codes}
            lists[self.tables.number(each)] = [numbers.setdefault(code, len(numbers)) for code in codes]
        return Numbered(list(numbers), lists)

    def keep_members(self, numbered: Numbered, name: str = "number") -> str:
        """Hold which list has the codes of which numbers."""
        columns: Columns = {
            "list": ("INTEGER", list(numbered.lists)),
            name: ("INTEGER[]", list(numbered.lists.values())),
        }
        return self.tables.keep_values(self.tables.name("members"), columns)

    def _keep_features(
        self, shape: Shape, features: Sequence[Feature], outputs: Sequence[Output], picked: Mapping[Pick, Picked]
    ) -> None:
        values = self.tables.literals([feature.values for feature in features])
        rows = f"FROM {values} AS v {_joined(shape, picked)}{f' WHERE {shape.where}' if shape.where else ''}"
        name = self.tables.name("features")
        listed = "".join(f", {output.sql} AS {output.name}" for output in outputs)
        if shape.order:
            order = self._one_key(shape, picked) or ", ".join(shape.order)
            place = f"ROW_NUMBER() OVER (PARTITION BY v.k, a.pos ORDER BY {order}) AS place"
            chosen = "".join(f", n.{output.name}" for output in outputs)
            inner = f"SELECT v.k, a.pos{listed}, {place} {rows}"
            self.tables.keep(name, f"SELECT n.k, n.pos{chosen} FROM ({inner}) AS n WHERE n.place = 1")
        else:
            self.tables.keep(name, f"SELECT v.k, a.pos{listed} {rows} GROUP BY v.k, a.pos{_having(shape)}")
        self.tables.drop(values)
        self.places.update((feature, Place(name, number)) for number, feature in enumerate(features))

    def _one_key(self, shape: Shape, picked: Mapping[Pick, Picked]) -> str:
        """A day and then a whole number as one number: the engine finds the first by one key without sorting.

        Empty where the order is another.
        """
        if len(shape.sources) != 1 or len(shape.order) != _DAY_AND_ID:
            return ""
        [source] = shape.sources
        (day, first), (number, second) = (term.split() for term in shape.order)
        rows = picked[_pick(source)].rows
        types = [self.tables.session.type_of(rows, column.split(".")[1]) for column in (day, number)]
        if types != ["DATE", "BIGINT"] or number != f"a.{canon.TABLES[source.table].key}":
            return ""
        # Rows without a day come last.
        days = f"COALESCE({day} - DATE '1970-01-01', {'-' if first == 'DESC' else ''}{_BEYOND_DAYS})"
        return f"CAST({days} AS HUGEINT) * {_BEYOND_NUMBERS} {'+' if first == second else '-'} {number} {first}"

    def _know_features(self, shape: Shape, features: Sequence[Feature], picked: Mapping[Pick, Picked]) -> None:
        """Nobody asks more of these than whether there is a row: they need no table."""
        values = self.tables.literals([feature.values for feature in features])
        where = f" WHERE {shape.where}" if shape.where else ""
        grouped = f" GROUP BY v.k, a.pos{_having(shape)}" if shape.having else ""
        sets = self.tables.bits(f"SELECT v.k, a.pos FROM {values} AS v {_joined(shape, picked)}{where}{grouped}")
        self.tables.drop(values)
        self.known.update((feature, sets.get(number, 0)) for number, feature in enumerate(features))


def _wanted(features: Iterable[Feature]) -> dict[Pick, Wanted]:
    picks: dict[Pick, Wanted] = {}
    for feature in features:
        for source in feature.shape.sources:
            wanted = picks.setdefault(_pick(source), Wanted())
            wanted.columns.update(source.columns)
            if source.codes is not None:
                codes, since = codes_since(feature, source)
                wanted.codes[codes] = min(since, wanted.codes.get(codes, since))
    return picks


def _pick(source: Source) -> Pick:
    return source.table, source.codes is not None


def codes_since(feature: Feature, source: Source) -> tuple[Codes, date]:
    """The codes of a source, and the day before which no row is wanted; date.min if all are."""
    since = feature.values[source.since] if source.since is not None else date.min
    codes = feature.values[source.codes] if source.codes is not None else None
    if not isinstance(codes, Codes) or not isinstance(since, date):  # pragma: no cover - the reader puts codes there
        raise TypeError("a source names its codes and its day")
    return codes, since


def _having(shape: Shape) -> str:
    return f" HAVING {shape.having}" if shape.having else ""


def _coded(column: str, columns: Sequence[str]) -> str:
    """A code column as it is compared: an entry without a code in one system may have one in another."""
    return column if len(columns) == 1 else f"COALESCE({column}, '')"


def _joined(shape: Shape, picked: Mapping[Pick, Picked]) -> str:
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
