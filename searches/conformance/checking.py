"""Ask a database the golden searches and compare: as one batch, as a real run does, and each by itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal

from searches.answer import Answers, NotRun, Result, answer
from searches.answer_database import answer_on
from searches.batch import answer_rows
from searches.conformance.embedded import made_up_extract
from searches.conformance.kit import fixture, golden_answers, golden_searches, kit_version
from searches.conformance.literals import select_of
from searches.conformance.result import Conformance, People, Tried
from searches.conformance.standing import Standing
from searches.database import Database
from searches.engines import duckdb
from searches.errors import AnswerError, DatabaseError, LayoutError
from searches.layouts.layout import Layout
from searches.people import PeopleSet, PeopleSets, Roster, gather
from searches.search import Cell, Outcome, Search
from searches.translate import ask, statement

_WRONG = frozenset({"changed", "failed", "records_invalid", "right_missing", "no_patients"})
"""Reasons of a database that answers, and wrongly: a statement is not understood, or finds nobody."""

TOGETHER, ALONE = "together", "alone"

TEXTS = {
    "": "an empty text is not nothing",
    " ": "a blank is a text",
    "a": "a small letter is not a capital one",
    "A": "a capital letter is not a small one",
    "a ": "a blank at the end is kept",
    "it's": "a quote in a text is doubled",
    'say "so"': "a double quote is a letter",
    "back\\slash": "a backslash is a letter",
    "na\u00efve": "a letter with an accent arrives as it is",
    "100%": "a percent sign is a letter",
}
"""Texts that have to come back as they went, and what each shows."""


def check(database: Database) -> Conformance:
    """Ask a site's database; made-up people stand in the statements, nothing of a record is read.

    Raises:
        DatabaseError: it does not answer; that is no answer either, so nothing may be released.
    """
    tried: list[Tried] = []
    try:
        tried += _tried_all(Standing(database, fixture(database.layout.name)))
    except DatabaseError as error:
        if error.reason not in _WRONG:
            raise
        tried.append(Tried("statements", ALONE, {}, {}, error.message))
    return _conformance(database.layout, database.engine.name, database.version, tuple(tried))


def _tried_all(standing: Standing) -> Iterator[Tried]:
    yield _texts(standing)
    day = standing.made_up.reference_date
    answers = answer_on(standing, golden_searches(), day)
    yield from _compared(standing.layout.name, answers)
    for search in golden_searches():
        if search.id not in answers.alone and not isinstance(answers.results[search.id], NotRun):
            yield _alone(standing, search, answers.roster, day)


def check_embedded(layout: Layout) -> Conformance:
    """Ask the embedded DuckDB, as it is asked over a supplier's files."""
    made_up = fixture(layout.name)
    with made_up_extract(layout, made_up) as extract:
        answers = answer(extract, golden_searches(), made_up.reference_date)
    return _conformance(layout, duckdb.NAME, duckdb.engine_version(), tuple(_compared(layout.name, answers)))


def _conformance(layout: Layout, engine: str, version: str, tried: tuple[Tried, ...]) -> Conformance:
    return Conformance(layout.name, layout.version, engine, version, kit_version(), tried)


def _texts(database: Database) -> Tried:
    """Are texts read as they are written?"""
    expected = {why: (place,) for place, why in enumerate(TEXTS.values())}
    columns = (("place", "integer"), ("written", "text"))
    try:
        found = dict(database.rows(select_of(database.engine.name, columns, enumerate(TEXTS))))
    except AnswerError as error:
        return Tried("texts", ALONE, expected, {}, error.message)
    got = {why: (place,) for place, (text, why) in enumerate(TEXTS.items()) if found.get(place) == text}
    return Tried("texts", ALONE, expected, got)


def _compared(layout: str, answers: Answers) -> Iterator[Tried]:
    people, expected = fixture(layout).people, golden_answers(layout)
    for name, bits in (("roster", (1 << len(answers.roster.patient_ids)) - 1), ("type1", answers.type1)):
        got = {"everyone": _numbers(people, answers.roster, bits)}
        yield Tried(name, ALONE, _as_people(expected[name]), got)
    for search in golden_searches():
        found = answers.results[search.id]
        was_together = search.id not in answers.alone and not isinstance(found, NotRun)
        yield _tried(search, TOGETHER if was_together else ALONE, found, layout)


def _alone(standing: Standing, search: Search, roster: Roster, day: date) -> Tried:
    """Ask one search by its own statement, which is what its answer is defined by."""
    found: Result
    try:
        question = ask(search, standing.layout, day)
        written = statement(question, standing.layout, standing.engine, standing.practice, standing.site)
        found = gather(search, day, roster, answer_rows(search, standing.rows(written.sql)))
    except LayoutError as error:
        found = NotRun(error.reason, error.message)
    except AnswerError as error:
        return Tried(search.id, ALONE, {}, {}, error.message)
    return _tried(search, ALONE, found, standing.layout.name)


def _tried(search: Search, way: str, found: Result, layout: str) -> Tried:
    expected = golden_answers(layout)[search.id]
    if isinstance(found, PeopleSets):
        return Tried(search.id, way, _as_people(expected), who_is_where(found, fixture(layout).people))
    if isinstance(found, NotRun) and found.reason == expected:
        return Tried(search.id, way, {found.reason: ()}, {found.reason: ()})
    return Tried(search.id, way, _as_people(expected), {}, found.message)


def _as_people(expected: People | str) -> People:
    return {expected: ()} if isinstance(expected, str) else expected


def who_is_where(found: PeopleSets, people: Mapping[str, int]) -> People:
    """The numbers of the people in each place of an answer; of appointments as often as they have any there.

    Where only some of a person's appointments count for others, those that count have a place of their own; and so has
    each value of a distribution.
    """
    places = {}
    for cell in found.search.cells()[-1:] if not found.search.dimensions else found.search.cells()[1:]:
        for outcome, every in found.every[cell].items():
            counted = found.counted[cell][outcome]
            places[_place(cell, outcome.value)] = _layered(people, found.roster, every)
            if counted != every:
                places[_place(cell, f"{outcome.value}, counted")] = _layered(people, found.roster, counted)
        met = found.every[cell][Outcome.MET].members
        for value in sorted({value for person, value in found.values.items() if met >> person & 1}):
            having = sum(1 << person for person, one in found.values.items() if one == value)
            places[_place(cell, f"met at {Decimal(value) / 1000}")] = _numbers(people, found.roster, having & met)
    return {place: numbers for place, numbers in places.items() if numbers}


def _place(cell: Cell, outcome: str) -> str:
    return ", ".join([*(value for _, value in cell), outcome])


def _layered(people: Mapping[str, int], roster: Roster, found: PeopleSet) -> tuple[int, ...]:
    numbers: Counter[int] = Counter()
    for layer in found.layers:
        numbers.update(_numbers(people, roster, layer))
    return tuple(sorted(numbers.elements()))


def _numbers(people: Mapping[str, int], roster: Roster, bits: int) -> tuple[int, ...]:
    # Somebody of whom the kit knows nothing should not be there: that is number 0.
    return tuple(sorted(people.get(patient_id, 0) for patient_id in roster.ids(bits)))
