"""The drawn people as each supplier's rows, and what a case gives there.

What a layout cannot hold is a closed list (`tests.layout_rows.limits`). A case that reads nothing of it gives its drawn
answer in every layout. A case that does gives what an evaluator in plain Python makes of the rows as they are held, or
is refused for the reason that the list names.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache

from searches.canon import TABLES, ColumnType
from searches.engines import Engine
from searches.footprint import footprint
from searches.layouts import layout
from tests.engine_servers import Database
from tests.generative.language.evaluator import meaning
from tests.layout_rows import Carried, Practice, RawRows, as_number, limits_of, refused
from tests.layout_rows.facts import Id, Value
from tests.spec.language.asked import Asked, asked, tree_of
from tests.spec.language.drawn import Case, Kind, Row, Section, all_cases, rows_of

Read = Mapping[str, frozenset[str]]
_CHANGED = "*"


@cache
def sections() -> tuple[Section, ...]:
    """Every section with people."""
    return tuple(dict.fromkeys(section for section, cases in all_cases() if cases[0].kind is not Kind.REFUSED))


@cache
def read_by(case: Case) -> Read:
    """The columns that a case reads, by table."""
    read = {name: frozenset(columns) for name, columns in footprint(tree_of(case)).tables.items()}
    if "start_date" in case.columns and "appointment_id" in case.columns:
        read["appointment"] |= {"start_date"}
    return read


@cache
def people_of(name: str) -> RawRows:
    """Every section as a practice of its own, whose patients have the numbers of all others'."""
    return RawRows.of(name, [_practice(place, section) for place, section in enumerate(sections())])


def _practice(place: int, section: Section) -> Practice:
    read: dict[str, set[str]] = {}
    for cases in section.cases():
        for case in cases:
            for table, columns in read_by(case).items():
                read.setdefault(table, set()).update(columns)
    tables = {
        name: [{**dict.fromkeys(read.get(name, ())), **_typed(name, row)} for row in rows]
        for name, rows in rows_of(section).items()
    }
    return Practice(f"Z{90_000 + place}", section.reference_date, tables)


def _typed(name: str, row: Mapping[str, object]) -> dict[str, Value]:
    makes = {
        ColumnType.ID: int,
        ColumnType.INTEGER: int,
        ColumnType.DECIMAL: Decimal,
        ColumnType.DATE: date.fromisoformat,
    }
    kinds = {column.name: makes.get(column.type, str) for column in TABLES[name].columns}
    return {column: None if cell is None else kinds[column](str(cell)) for column, cell in row.items()}


@dataclass(frozen=True, slots=True)
class Block:
    """Cases that a layout can be asked together.

    Args:
        section: whose people.
        people: the same as the layout holds them.
        cases: those that are not refused.
        asked: their statements.
    """

    section: Section
    people: Carried
    cases: tuple[Case, ...]
    asked: tuple[Asked, ...]

    def expected(self, one: Asked) -> list[tuple[Value, ...]]:
        """What the evaluator says of the rows as they are held."""
        codelists = {name: frozenset(codes) for name, codes in self.section.codelists.items()}
        rows_of_tables = meaning(one.written, codelists, self.section.reference_date, self.section.schedule.value)
        starts = {row["appointment_id"]: row["start_date"] for row in self.people.tables["appointment"]}
        found = []
        for row in rows_of_tables(self.people.tables):
            whole = {"start_date": starts.get(row.get("appointment_id")), **row}
            found.append(tuple(whole[name] for name in one.columns))
        return found

    def limits(self, case: Case) -> frozenset[str]:
        """The limits of the layout that change what a case reads."""
        changed = set(_changed(self.people, read_by(case)))
        return frozenset(
            limit.name
            for limit in limits_of(self.asked[0].layout.name)
            if changed & set(limit.columns) and self.people.limits[limit.name]
        )


def blocks(name: str) -> Iterator[Block]:
    """Every block of cases that a layout is asked."""
    for section, people in zip(sections(), people_of(name).practices, strict=True):
        for cases in section.cases():
            possible = tuple(case for case in cases if not refused(name, read_by(case)))
            if possible:
                yield Block(section, people, possible, asked(section, possible, layout(name)))


def refused_cases(name: str) -> Iterator[tuple[Section, Case, str]]:
    """Every case that a layout refuses, with the reason code."""
    for section in sections():
        for cases in section.cases():
            for case in cases:
                reason = refused(name, read_by(case))
                if reason:
                    yield section, case, reason


def _changed(people: Carried, read: Read) -> Iterator[str]:
    """The columns and tables among those read that are not held as they are drawn."""
    for table, columns in read.items():
        key = TABLES[table].key
        drawn = {row[key]: row for row in people.practice.tables[table]}
        held = {row[key].drawn: row for row in people.tables[table] if isinstance(row[key], Id)}
        if len(people.tables[table]) != len(drawn) or held.keys() != drawn.keys():
            yield f"{table}.{_CHANGED}"
        for number in held.keys() & drawn.keys():
            for column in columns - {key, "patient_id", "code"}:
                if held[number][column] != drawn[number][column]:
                    yield f"{table}.{column}"


def as_drawn(rows: Sequence[Sequence[Value]]) -> list[Row]:
    """The same rows with ids as they are drawn."""
    return [tuple(cell.drawn if isinstance(cell, Id) else cell for cell in row) for row in rows]  # type: ignore[misc]


class LayoutPeople:
    """A database that holds every section as a practice of one layout.

    Args:
        database: an empty one.
        name: of the layout.
    """

    def __init__(self, database: Database, name: str) -> None:
        self.database = database
        self.name = name
        people_of(name).load(database)

    def differences(self, block: Block, engine: Engine) -> list[str]:
        """What the database answers otherwise than the rows say that it holds."""
        found = []
        for one in block.asked:
            fetched = self.database.query(one.sql(engine, block.people.practice.code))
            rows = [tuple(as_number(self.name, cell) for cell in row) for row in fetched]
            found += [f"{block.section.title}, {told}" for told in one.differences(rows, block.expected(one))]
        return found
