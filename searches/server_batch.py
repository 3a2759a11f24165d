"""A batch over a site's database: rows with an asked code come once, and are worked with in the embedded database.

One statement for each canonical table, in a transaction that only reads: the layout's own SELECTs, joined to the codes
as bound arrays, the rows before every window left behind, and what is left packed into one row for each patient. What
the server does with it, from a scan to a probe for each code, it decides by its own figures. There is no temporary
table, and no more of a record comes than features are made of: whose, which code, and the columns that are asked.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from itertools import islice
from typing import Any, cast

from sqlglot import exp

from searches import canon
from searches.canon import ColumnType
from searches.database import Database
from searches.engines import postgresql
from searches.engines.duckdb import Session
from searches.errors import AnswerError
from searches.feature_reading import day_of
from searches.feature_tables import Numbered, Passes, Pick, Picked, Wanted
from searches.features import Codes, Plan
from searches.layouts.at_site import number_codes
from searches.layouts.expand import Bindings, as_numbers
from searches.layouts.written import Ground, over_raw
from searches.leaf_tables import PERSON, LeafTables
from searches.outcomes import answers_of
from searches.people import PeopleSets, Roster

_MEMORY = "120MB"
_PATIENTS_AT_A_TIME = 250
_DAY_ZERO = "DATE '1970-01-01'"

_SETTINGS = {
    # It cannot know how often a bound code occurs, and would rather sort the whole table than put the codes in a hash.
    "enable_mergejoin": "off",
    "cursor_tuple_fraction": "1",  # every row is read
    "work_mem": "64MB",
}

_TYPES = {ColumnType.INTEGER: "INTEGER", ColumnType.DECIMAL: "DECIMAL(19, 3)", ColumnType.DATE: "DATE"}
"""Of columns in the embedded database; ids are numbers or text, as they come, and all else is text."""

_MADE = {
    "INTEGER": "CAST(_1 AS INTEGER)",
    "BIGINT": "CAST(_1 AS BIGINT)",
    "DECIMAL(19, 3)": "CAST(_1 AS DECIMAL(19, 3))",
    "DATE": f"{_DAY_ZERO} + CAST(_1 AS INTEGER)",
    "VARCHAR": "_1",
}
"""What is made of a packed value: a day comes as a number."""


def together(database: Database, planned: Plan, roster: Roster) -> Mapping[str, PeopleSets | AnswerError]:
    """The answers of the searches of a plan that are worked out from features, by id; or what is wrong with one.

    Nothing at all for an engine that has no batch.

    Args:
        database: a site's records.
        planned: what is asked, of one date.
        roster: the patients, in the order of their ids.

    Raises:
        AnswerError: a statement does not run.
        DatabaseError: the database does not answer, or is not as it was.
    """
    if database.engine.name != postgresql.NAME or not planned.decomposed:
        return {}
    with Session(_MEMORY) as session:
        session.lock()
        for name, value in _SETTINGS.items():
            list(database.rows(f"SELECT set_config('{name}', '{value}', true)"))
        tables = LeafTables(session, len(roster.patient_ids))
        passes = _ServerPasses(database, planned, tables, roster)
        passes.keep_people()
        passes.work_out(planned)
        return answers_of(planned, tables.leaves(planned, passes.places, passes.known), roster)


@dataclass(frozen=True, slots=True)
class _Packed:
    """A column that comes packed.

    Args:
        name: of the column.
        sent: what is packed.
        type: in the embedded database; None for an id, of which the least comes along to tell.
    """

    name: str
    sent: str
    type: str | None


class _ServerPasses(Passes):
    """The passes over canonical tables of a server; what they give is held in the embedded database."""

    def __init__(self, database: Database, plan: Plan, tables: LeafTables, roster: Roster) -> None:
        super().__init__(tables, database.layout, plan.codelists)
        self._database = database
        bindings = Bindings(plan.decomposed[0].reference_date, database.practice)
        self._ground = Ground(database.layout, bindings, database.engine, database.site)
        self._numbers = number_codes(database.layout, database.site)
        self._positions = roster.positions()

    def keep_people(self) -> None:
        """Hold the table of patients, each with a position.

        Raises:
            AnswerError: it does not hold each of the roster once.
        """
        columns = [column for column in canon.PATIENT.columns if column.name != "patient_id"]
        rows = list(self._database.rows(self._select("patient", ["patient_id", *(column.name for column in columns)])))
        found = [self._positions.get(str(row[0]), -1) for row in rows]
        if sorted(found) != list(range(len(self._positions))):
            raise AnswerError("the table of patients does not hold each of them once")
        values: dict[str, tuple[str, Sequence[Any]]] = {"pos": ("INTEGER", found)}
        for place, column in enumerate(columns, 1):
            values[column.name] = _TYPES.get(column.type, "VARCHAR"), [row[place] for row in rows]
        self.tables.keep_values(PERSON, values)

    def pick(self, pick: Pick, kept: Wanted) -> Picked:
        """One pass over a table."""
        table, by_code = pick
        asked = self._columns(table, kept)
        if not by_code:
            return Picked(self._fetch(asked, self._statement(table, asked, {}), []))
        numbered = self.numbered(kept.codes)
        held = {system for system, _ in numbered.codes}
        systems = {system: column for system, column in self.layout.code_columns[table].items() if system in held}
        names = ["kind"] if len(systems) == 1 else [f"number_{place}" for place in range(len(systems))]
        coded = [_Packed(name, f"c{place}.number", "INTEGER") for place, name in enumerate(names)]
        bound = [part for system in systems for part in self._bound(numbered, kept.codes, (table, system))]
        rows = self._fetch([*coded, *asked], self._statement(table, [*coded, *asked], systems), bound)
        if len(systems) == 1:
            return Picked(rows, self.keep_members(numbered, "kind"))
        return self._in_several_systems(rows, numbered, names, [column.name for column in asked])

    def _in_several_systems(
        self, rows: str, numbered: Numbered, names: Sequence[str], columns: Sequence[str]
    ) -> Picked:
        """An entry with codes of several systems is once in a list that has one of them: its kind is all its codes."""
        every = ", ".join(f"d.{name}" for name in names)
        coded = ", ".join(f"COALESCE(r.{name}, -1) AS {name}" for name in names)
        kinds = self.tables.keep(
            self.tables.name("kinds"),
            f"SELECT {every}, ROW_NUMBER() OVER (ORDER BY {every}) AS kind FROM (SELECT {coded} FROM {rows} AS r) AS d "
            f"GROUP BY {every}",
        )
        members = self.keep_members(numbered)
        parts = " UNION ALL ".join(
            f"SELECT m.list, k.kind FROM {kinds} AS k JOIN {members} AS m ON m.number = k.{name}" for name in names
        )
        lists = self.tables.keep(
            self.tables.name("lists"), f"SELECT u.list, u.kind FROM ({parts}) AS u GROUP BY u.list, u.kind"
        )
        same = " AND ".join(f"k.{name} = COALESCE(r.{name}, -1)" for name in names)
        listed = "".join(f", r.{name}" for name in columns)
        name = self.tables.keep(
            self.tables.name("rows"), f"SELECT r.pos, k.kind{listed} FROM {rows} AS r JOIN {kinds} AS k ON {same}"
        )
        self.tables.drop(rows, kinds, members)
        return Picked(name, lists)

    def _columns(self, table: str, kept: Wanted) -> list[_Packed]:
        read = [column for column in canon.TABLES[table].columns if column.name in kept.columns]
        # Where nothing but the number of rows is asked, their ids are counted.
        return [_packed(column) for column in read] or [_packed(_key(table))]

    def _select(self, table: str, columns: Iterable[str]) -> str:
        select = exp.select(*(exp.column(name, table="t") for name in columns)).from_(f"{table} AS t")
        return over_raw(self._ground, select)

    def _statement(self, table: str, packed: Sequence[_Packed], systems: Mapping[str, str]) -> str:
        """Rows of the table, packed by patient; `$1`... are the codes, their numbers and their days, by system."""
        wanted = {column.name for column in canon.TABLES[table].columns} & {column.name for column in packed}
        day = {day_of(table)} if systems else set()
        rows = self._select(table, ["patient_id", *sorted(wanted | day | set(systems.values()))])
        joins, known = [], []
        for place, column in enumerate(systems.values()):
            first, kind = 3 * place, "bigint" if self._is_number(table, column) else "text"
            joins.append(
                f"LEFT JOIN unnest(${first + 1}::{kind}[], ${first + 2}::integer[], ${first + 3}::date[]) "
                f"AS c{place} (code, number, since) ON c{place}.code = r.{column} "
                f"AND (c{place}.since IS NULL OR r.{day_of(table)} >= c{place}.since)"
            )
            known.append(f"c{place}.number IS NOT NULL")
        if len(joins) == 1:  # the same, which it can begin with
            joins = [joins[0].removeprefix("LEFT ")]
        sent = [f"array_to_string(array_agg({column.sent}), U&'\\001F', U&'\\001E')" for column in packed]
        sent += [f"MIN({column.sent})" for column in packed if column.type is None]
        where = f" WHERE {' OR '.join(known)}" if known else ""
        return (
            f"SELECT r.patient_id, {', '.join(sent)} FROM ({rows}) AS r {' '.join(joins)}{where} GROUP BY r.patient_id"
        )

    def _bound(self, numbered: Numbered, sets: Mapping[Codes, date], of: tuple[str, str]) -> list[list[Any]]:
        """The codes of one table and system, their numbers, and the day before which nobody wants a row with one."""
        table, system = of
        as_number = self._is_number(table, self.layout.code_columns[table][system])
        since: dict[int, date] = {}
        for codes, day in sets.items():
            for number in numbered.lists[self.tables.number(codes)]:
                since[number] = min(day, since.get(number, day))
        found = [(code, number) for number, (each, code) in enumerate(numbered.codes) if each == system]
        if as_number:  # where codes are numbers no other code can be
            found = [(code, number) for code, number in found if as_numbers([code])]
        days = [None if since[number] == date.min else since[number] for _, number in found]
        return [[int(code) if as_number else code for code, _ in found], [number for _, number in found], days]

    def _is_number(self, table: str, column: str) -> bool:
        return f"{table}.{column}" in self._numbers

    def _fetch(self, packed: Sequence[_Packed], statement: str, bound: Sequence[object]) -> str:
        name, types = self.tables.name("rows"), [column.type or "VARCHAR" for column in packed]
        with closing(cast(Generator[tuple[Any, ...], None, None], self._database.rows(statement, bound))) as rows:
            some = list(islice(rows, _PATIENTS_AT_A_TIME))
            if some:
                types = _types(packed, some[0])
            self.tables.make(name, {"pos": "INTEGER", **dict(zip([each.name for each in packed], types, strict=True))})
            while some:
                # Rows of somebody who is no current patient are of no use to anybody.
                known = [(self._positions[str(row[0])], row) for row in some if str(row[0]) in self._positions]
                values = {
                    column.name: (_MADE[kind], [row[place] for _, row in known])
                    for place, (column, kind) in enumerate(zip(packed, types, strict=True), 1)
                }
                self.tables.session.append_packed(name, [position for position, _ in known], values)
                some = list(islice(rows, _PATIENTS_AT_A_TIME))
        return name


def _packed(column: canon.Column) -> _Packed:
    sent = f"r.{column.name} - {_DAY_ZERO}" if column.type is ColumnType.DATE else f"r.{column.name}"
    kind = None if column.type is ColumnType.ID else _TYPES.get(column.type, "VARCHAR")
    return _Packed(column.name, sent, kind)


def _key(table: str) -> canon.Column:
    return next(column for column in canon.TABLES[table].columns if column.name == canon.TABLES[table].key)


def _types(packed: Sequence[_Packed], row: Sequence[Any]) -> list[str]:
    """The types of packed columns, ids by the examples that stand at the end of a row."""
    examples = iter(row[1 + len(packed) :])
    return [each.type or ("BIGINT" if isinstance(next(examples), int) else "VARCHAR") for each in packed]
