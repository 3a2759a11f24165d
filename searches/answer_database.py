"""Exact answers over a site's own database: one statement for each search, or one batch where the engine has one.

What an answer is stands in `searches.answer`; here the records stay where they are, and only rows of patient ids,
outcomes and dimensions come.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import date
from typing import Any

from sqlglot import exp

from searches.answer import Answers, Failed, NotRun, Result
from searches.batch import answer_rows
from searches.batch_plan import plan
from searches.canon import BUILT_IN_DIMENSIONS
from searches.database import Database
from searches.errors import AnswerError, DatabaseError, LayoutError
from searches.features import Plan
from searches.layouts.expand import Bindings
from searches.layouts.layout import IDENTITY_HEADER, Layout
from searches.layouts.written import Ground, over_raw
from searches.people import PeopleSets, Roster, gather, roster_of
from searches.search import Search
from searches.server_batch import together
from searches.translate import LocalStatement, Question, ask, statement

_log = logging.getLogger(__name__)

_AS_OF = "as_of"
_NO_BATCH = "the batch did not run"

_TABLES_OF_EVERY_RUN = ("patient", "type1", "event")


def answer_on(database: Database, searches: Sequence[Search], reference_date: date) -> Answers:
    """Ask searches of one site's database.

    Raises:
        DatabaseError: the database does not answer, is not as it was, or holds no current patient of the practice.
    """
    results: dict[str, Result] = {}
    asked: dict[str, tuple[Search, LocalStatement]] = {}

    def questions() -> Iterator[Question]:
        # One after the other: the trees of all searches together take more memory than all else of a run.
        for search in searches:
            try:
                question = ask(search, database.layout, reference_date)
                written = statement(question, database.layout, database.engine, database.practice, database.site)
                asked[search.id] = search, written
                yield question
            except LayoutError as error:
                results[search.id] = NotRun(error.reason, error.message)

    planned = plan(questions())
    bindings = Bindings(reference_date, database.practice)
    roster = _roster(database, bindings)
    type1 = roster.bits(_patient_ids(database, "type1", bindings))
    batched = _together(database, planned, roster)
    for name, (search, written) in asked.items():
        found = batched.get(name) or _alone(database, search, reference_date, (written.sql, roster))
        results[name] = _as_result(found)
    alone = {name: planned.alone.get(name, _NO_BATCH) for name in asked if name not in batched}
    receipts = {name: replace(one.receipt, engine_version=database.version) for name, (_, one) in asked.items()}
    _log.info("event=answered together=%d alone=%d", len(batched), len(alone))
    return Answers(roster, type1, results, receipts, alone)


def tables_read(layout: Layout, searches: Sequence[Search], reference_date: date) -> tuple[str, ...]:
    """The canonical tables that a run reads, whatever else a site may lack: those of its searches, and of every run."""
    read = {*_TABLES_OF_EVERY_RUN, *({_AS_OF} & set(layout.definitions))}
    for search in searches:
        with suppress(LayoutError):  # it will not be run, and says why
            read |= ask(search, layout, reference_date).tables
    return tuple(sorted(read))


def identities_on(database: Database, patient_ids: Iterable[str]) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """Who some patients are, for the action list at the practice and for nothing else.

    Returns:
        The header, and a row of text for each patient found, in the order of ids.

    Raises:
        DatabaseError: the database does not answer, or is not as it was.
    """
    wanted = frozenset(patient_ids)
    if not wanted or "identity" not in database.layout.definitions:
        return IDENTITY_HEADER, []
    select = exp.select(*IDENTITY_HEADER).from_("identity")
    text = _written(database, select, Bindings(date.max, database.practice))
    found: dict[str, tuple[str, ...]] = {}
    ids = []
    for row in _read(database, "identity", text):
        if str(row[0]) in wanted:
            ids.append(row[0])
            found[str(row[0])] = tuple("" if value is None else str(value) for value in row)
    return IDENTITY_HEADER, [found[str(patient_id)] for patient_id in sorted(set(ids))]


def recorded_until(database: Database, today: date) -> date | None:
    """The day that the records reach; None where there is nothing to tell it by.

    Some systems say when they were built (`as_of`). Else it is the newest day up to today on which an entry of a
    current patient was recorded: a copy that is no longer filled stops there, and so does what can be known of
    opt-outs.

    Raises:
        DatabaseError: the database does not answer, or is not as it was.
    """
    bindings = Bindings(today, database.practice)
    if _AS_OF in database.layout.definitions:
        found = _read(database, _AS_OF, _written(database, exp.select("day").from_(_AS_OF), bindings))
    else:
        found = _read(database, "event", _written(database, _newest(today), bindings))
    days = [row[0] for row in found if isinstance(row[0], date)]
    return max(days, default=None)


def _newest(today: date) -> exp.Select:
    recorded = exp.func("COALESCE", exp.column("recorded_date"), exp.column("event_date"))
    day = exp.column("day", table="e")
    until = exp.cast(exp.Literal.string(today.isoformat()), "DATE")
    entries = exp.select(recorded.as_("day")).from_("event").subquery("e")
    return exp.select(exp.Max(this=day).as_("day")).from_(entries).where(day.copy() <= until)


def _roster(database: Database, bindings: Bindings) -> Roster:
    names = tuple(BUILT_IN_DIMENSIONS)
    text = _written(database, exp.select("patient_id", *names).from_("patient"), bindings)
    roster = roster_of(_read(database, "patient", text), names)
    if not roster.patient_ids:
        raise DatabaseError(
            f"the database holds no current patient of practice {database.practice}",
            "no_patients",
            "check the practice's code, and that the login may see its rows",
        )
    return roster


def _patient_ids(database: Database, table: str, bindings: Bindings) -> tuple[str, ...]:
    text = _written(database, exp.select("patient_id").from_(table), bindings)
    found = {row[0] for row in _read(database, table, text) if row[0] is not None}
    return tuple(str(patient_id) for patient_id in sorted(found))


def _written(database: Database, select: exp.Select, bindings: Bindings) -> str:
    return over_raw(Ground(database.layout, bindings, database.engine, database.site), select)


def _read(database: Database, table: str, text: str) -> list[tuple[Any, ...]]:
    try:
        return list(database.rows(text))
    except AnswerError as error:
        raise DatabaseError(f"{table} cannot be worked out: {error.message}", "records_invalid", error.hint) from error


def _together(database: Database, planned: Plan, roster: Roster) -> Mapping[str, PeopleSets | AnswerError]:
    try:
        return together(database, planned, roster)
    except AnswerError as error:
        # Each search can still be asked by itself, which is what its answer is defined by.
        _log.warning("event=batch_failed reason=%r", error.message)
        return {}


def _alone(
    database: Database, search: Search, reference_date: date, asked: tuple[str, Roster]
) -> PeopleSets | AnswerError:
    text, roster = asked
    try:
        return gather(search, reference_date, roster, answer_rows(search, database.rows(text)))
    except AnswerError as error:
        return error


def _as_result(found: PeopleSets | AnswerError) -> Result:
    return Failed("answer_invalid", found.message) if isinstance(found, AnswerError) else found
