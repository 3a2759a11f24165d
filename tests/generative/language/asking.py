"""Ask one search of the evaluator and of engines, over every population of a world, and compare row by row."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from searches.engines import ENGINES, Engine
from searches.footprint import footprint
from searches.layouts import layout
from searches.parse import parse
from searches.rules import Declared, check
from searches.search import Search, Unit
from searches.translate import ask, statement
from tests.generative.language import hostile
from tests.generative.language.engines import CANONICAL, Loaded, Place
from tests.generative.language.evaluator import Row, meaning
from tests.generative.language.searches import Generated
from tests.layout_rows import as_number, called, listed, refused

Answer = tuple[str | None, ...]
Answers = Counter[Answer]
"""How often each row occurs, every value as text: engines may disagree about types, but not about values."""


@dataclass(frozen=True)
class Difference:
    """A search for which an engine and the evaluator disagree, or which an engine does not run."""

    engine: str
    layout: str
    sql: str
    says: str

    def __str__(self) -> str:
        return f"{self.engine}, {self.layout}\n{self.sql}\n{self.says}"


def check_valid(generated: Generated) -> None:
    """Apply the rules of the language: what is generated is never refused."""
    search = generated.search
    declared = Declared(search.unit, generated.kind, search.dimensions, frozenset(search.codelists))
    check(parse(search.sql), declared)


def meant(search: Search, place: Place) -> Answers:
    """What the evaluator says of the rows as they are held, population by population."""
    rows_of = meaning(parse(search.sql).select, hostile.CODELISTS, place.world.reference_date, search.schedule.value)
    found: Answers = Counter()
    for tables in place.tables:
        starts = {row["appointment_id"]: row["start_date"] for row in tables["appointment"]}
        for row in rows_of(tables):
            whole: Row = {**row, "start_date": starts.get(row.get("appointment_id"))}
            found[_as_answer(whole[name] for name in _names(search))] += 1
    return found


def turned_away(search: Search, layout_name: str) -> str:
    """The reason code with which a layout has to refuse the search, or nothing."""
    read = {name: frozenset(columns) for name, columns in footprint(parse(search.sql)).tables.items()}
    return refused(layout_name, read)


def said(search: Search, loaded: Loaded, engine: Engine | None = None) -> Answers:
    """What an engine says, of all populations at once."""
    rows = loaded.database.query(statement_for(search, loaded.place, engine or ENGINES[loaded.database.name]))
    return Counter(_as_answer(as_number(loaded.place.layout, cell) for cell in row) for row in rows)


def statement_for(search: Search, place: Place, engine: Engine) -> str:
    """The search as that engine gets it.

    Raises:
        LayoutError: the layout has no source for what it reads.
    """
    of = layout(place.layout)
    spelled = search
    if place.layout != CANONICAL:
        lists = {name: listed(place.layout, name, hostile.CODELISTS[name]) for name in search.codelists}
        spelled = replace(search, codelists=lists)
    practice = called(place.layout, place.world.practice)
    return statement(ask(spelled, of, place.world.reference_date), of, engine, practice).sql


def difference(search: Search, loaded: Loaded, expected: Answers, engine: Engine | None = None) -> Difference | None:
    """What is wrong with the answer of an engine, if anything is."""
    database, place = loaded.database, loaded.place
    try:
        answers = said(search, loaded, engine)
    except Exception as error:  # noqa: BLE001 - whatever a driver raises is what is to be told
        first_line = str(error).strip().splitlines()[0] if str(error).strip() else ""
        return Difference(database.name, place.layout, search.sql, f"not run: {type(error).__name__}: {first_line}")
    if answers == expected:
        return None
    return Difference(database.name, place.layout, search.sql, _told(answers, expected, place))


def _told(answers: Answers, expected: Answers, place: Place) -> str:
    """A patient whose answer differs, with the whole record."""
    wrong = min((answers - expected) + (expected - answers), key=str)[0]
    both = [
        f"{who}: {sorted((row for row in rows if row[0] == wrong), key=str)}"
        for who, rows in (("engine", answers), ("evaluator", expected))
    ]
    records = [
        f"{name}: { {key: str(value) for key, value in row.items() if value is not None} }"
        for tables in place.tables
        for name, rows in tables.items()
        for row in rows
        if str(row["patient_id"]) == wrong
    ]
    return "\n".join([f"patient {wrong}, on {place.world.reference_date}", *both, *records])


def _names(search: Search) -> list[str]:
    own = ["patient_id", "outcome", *(dimension.name for dimension in search.dimensions)]
    return [*own, "appointment_id", "start_date"] if search.unit is Unit.APPOINTMENT else own


def _as_answer(values: Iterable[Any]) -> Answer:
    return tuple(None if value is None else str(value) for value in values)
