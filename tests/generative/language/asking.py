"""Ask one search of the evaluator and of engines, over every population of a world, and compare row by row."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from searches.engines import ENGINES
from searches.layouts import layout
from searches.parse import parse
from searches.rules import Declared, check
from searches.search import Search, Unit
from searches.translate import ask, statement
from tests.engine_servers import Database
from tests.generative.language import hostile
from tests.generative.language.evaluator import Row, meaning
from tests.generative.language.populations import TOGETHER, World
from tests.generative.language.searches import Generated

Answer = tuple[str | None, ...]
Answers = Counter[Answer]
"""How often each row occurs, every value as text: engines may disagree about types, but not about values."""


@dataclass(frozen=True)
class Difference:
    """A search for which an engine and the evaluator disagree, or which an engine does not run."""

    engine: str
    sql: str
    says: str


def check_valid(generated: Generated) -> None:
    """Apply the rules of the language: what is generated is never refused."""
    search = generated.search
    declared = Declared(search.unit, generated.kind, search.dimensions, frozenset(search.codelists))
    check(parse(search.sql), declared)


def meant(search: Search, world: World) -> Answers:
    """What the evaluator says, population by population."""
    rows_of = meaning(parse(search.sql).select, hostile.CODELISTS, world.reference_date, search.schedule.value)
    found: Answers = Counter()
    for tables in world.meant():
        starts = {row["appointment_id"]: row["start_date"] for row in tables["appointment"]}
        for row in rows_of(tables):
            whole: Row = {**row, "start_date": starts.get(row.get("appointment_id"))}
            found[_as_answer(whole[name] for name in _names(search))] += 1
    return found


def said(search: Search, world: World, database: Database) -> Answers:
    """What an engine says, of all populations at once."""
    return Counter(_as_answer(row) for row in database.query(statement_for(search, world, database.name)))


def statement_for(search: Search, world: World, engine: str) -> str:
    """The search as that engine gets it."""
    canonical = layout("canonical")
    return statement(ask(search, canonical, world.reference_date), canonical, ENGINES[engine], "Z90001").sql


def difference(search: Search, world: World, database: Database, expected: Answers) -> Difference | None:
    """What is wrong with the answer of an engine, if anything is."""
    try:
        answers = said(search, world, database)
    except Exception as error:  # noqa: BLE001 - whatever a driver raises is what is to be told
        first_line = str(error).strip().splitlines()[0] if str(error).strip() else ""
        return Difference(database.name, search.sql, f"not run: {type(error).__name__}: {first_line}")
    if answers == expected:
        return None
    return Difference(database.name, search.sql, _told(answers, expected, world))


def _told(answers: Answers, expected: Answers, world: World) -> str:
    """A patient whose answer differs, with the whole record."""
    wrong = min((answers - expected) + (expected - answers), key=str)[0]
    place = int(wrong or 0) % TOGETHER
    both = [
        f"{who}: {sorted((row for row in rows if row[0] == wrong), key=str)}"
        for who, rows in (("engine", answers), ("evaluator", expected))
    ]
    records = [
        f"{name}: { {key: str(value) for key, value in row.items() if value is not None} }"
        for name, rows in world.tables[place].items()
        for row in rows
        if str(row["patient_id"]) == wrong
    ]
    return "\n".join([f"population {place}, patient {wrong}, on {world.reference_date}", *both, *records])


def _names(search: Search) -> list[str]:
    own = ["patient_id", "outcome", *(dimension.name for dimension in search.dimensions)]
    return [*own, "appointment_id", "start_date"] if search.unit is Unit.APPOINTMENT else own


def _as_answer(values: Iterable[Any]) -> Answer:
    return tuple(None if value is None else str(value) for value in values)
