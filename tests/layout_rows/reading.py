"""Every canonical table as a layout gives it, beside what it was written from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

from sqlglot import exp

from searches.canon import TABLES, ColumnType
from searches.engines import AS_NAMED, ENGINES
from searches.layouts import layout
from searches.layouts.expand import Bindings, definitions
from tests.engine_servers import Database
from tests.layout_rows import Carried, as_number, called
from tests.layout_rows.facts import Row
from tests.layout_rows.limits import PRESSURES
from tests.layout_rows.spelling import written


def differences(database: Database, name: str, people: Carried) -> list[str]:
    """What a layout gives otherwise than it was written, table by table.

    Args:
        database: with the practice's raw tables.
        name: of the layout.
        people: one of its practices.
    """
    found = []
    for table in layout(name).definitions.keys() & TABLES.keys():
        given, held = Counter(_given(database, name, table, people)), Counter(_held(name, table, people))
        if given != held:
            odd = [f"{who} {_told(rows)}" for who, rows in (("gives", given - held), ("holds", held - given))]
            found.append(f"{table} on {database.name}: {'; '.join(odd)}")
    return found


def _told(rows: Counter[tuple[Any, ...]]) -> str:
    return str(sorted(rows.elements(), key=str)[:3])


def _columns(table: str) -> list[str]:
    # A unit is never asked; codes stand in a column for each system.
    return [column.name for column in TABLES[table].columns if column.type not in {ColumnType.CODE, ColumnType.TEXT}]


def _given(database: Database, name: str, table: str, people: Carried) -> Iterator[tuple[Any, ...]]:
    coded = layout(name).code_columns.get(table, {})
    practice = people.practice
    views = definitions(layout(name), [table], Bindings(practice.reference_date, called(name, practice.code)))
    columns = [exp.column(column, table="t") for column in (*_columns(table), *coded.values())]
    tree = exp.select(*columns).from_(exp.to_table(table).as_("t"))
    ctes = [exp.CTE(this=view, alias=exp.TableAlias(this=exp.to_identifier(each))) for each, view in views.items()]
    tree.set("with_", exp.With(expressions=ctes))
    for row in database.query(ENGINES[database.name].render(tree, AS_NAMED)):
        plain = tuple(_cell(as_number(name, cell)) for cell in row[: len(_columns(table))])
        yield (*plain, _code(name, table, dict(zip(coded, row[len(plain) :], strict=True))))


def _held(name: str, table: str, people: Carried) -> Iterator[tuple[Any, ...]]:
    for row in people.tables[table]:
        yield (*(_cell(row[column]) for column in _columns(table)), _one_code(name, table, row))


def _one_code(name: str, table: str, row: Row) -> object:
    return row.get("code") if table in layout(name).code_columns else None


def _code(name: str, table: str, codes: dict[str, str | None]) -> object:
    """The code that the columns of all systems say, as it is drawn; what stands beside it is in no list."""
    said = {text for text in codes.values() if text is not None}
    known = [
        drawn
        for system, text in codes.items()
        if text is not None
        and (drawn := text.removeprefix("EMIS") if system == "emis" else text)
        and not drawn.startswith("71999")
        and written(name, system, drawn) == text
    ]
    if set(known) & set(PRESSURES):  # the halves of one row have their code in every system
        return "/".join(sorted(set(known) - {"2469.", "246A."}))
    if len(set(known)) > 1:
        return "/".join(sorted(known))
    return known[0] if known else " ".join(sorted(said)) or None


def _cell(value: Any) -> Any:
    if isinstance(value, date | str) or value is None:
        return value
    return Decimal(str(int(value) if isinstance(value, int) else value))
