"""Exact answers: what every search says of the people of one practice, everyone in it, opted out or not.

Nothing here is protected: it is the practice's own view. What may leave is decided in `governance`.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from searches.batch import Batch
from searches.batch_plan import plan
from searches.distribution import exact_by_cell
from searches.engines import ENGINES, duckdb
from searches.errors import AnswerError, ExtractError, LayoutError
from searches.extract import Extract
from searches.features import Plan
from searches.layouts.expand import Bindings, definitions, raw_tables
from searches.layouts.layout import IDENTITY_HEADER
from searches.needs import WHOLE, needs
from searches.people import PeopleSet, PeopleSets, Roster, gather
from searches.search import Outcome, Search, Unit
from searches.translate import Question, TranslationReceipt, ask, statement


@dataclass(frozen=True, slots=True)
class NotRun:
    """A search that this record system cannot answer.

    Args:
        reason: a code, such as `layout_has_no_appointments`.
        message: the same in words.
    """

    reason: str
    message: str


@dataclass(frozen=True, slots=True)
class Failed:
    """A search that ran and gave no valid answer.

    Args:
        reason: a code.
        message: the same in words, without any value of a record.
    """

    reason: str
    message: str


_log = logging.getLogger(__name__)

_NO_BATCH = "the batch did not run"

Result = PeopleSets | NotRun | Failed


@dataclass(frozen=True, slots=True)
class Answers:
    """What a run gives, in memory only.

    Args:
        roster: the current patients.
        type1: bit set of those with a Type 1 opt-out, as known in this extract.
        results: of each search, by id.
        receipts: of each search that could be translated, by id.
        alone: why each search that was not worked out with the others ran by itself, by id.
    """

    roster: Roster
    type1: int
    results: Mapping[str, Result]
    receipts: Mapping[str, TranslationReceipt]
    alone: Mapping[str, str] = field(default_factory=dict)


def answer(extract: Extract, searches: Sequence[Search], reference_date: date) -> Answers:
    """Ask searches of one extract.

    Raises:
        ExtractError: the extract cannot be read, or holds no current patient of the practice.
    """
    _check_date(extract, reference_date)
    bindings = Bindings(reference_date, extract.practice)
    results: dict[str, Result] = {}
    receipts: dict[str, TranslationReceipt] = {}
    questions: list[Question] = []
    for search in searches:
        try:
            question = ask(search, extract.layout, reference_date)
            receipts[search.id] = statement(question, extract.layout, ENGINES[duckdb.NAME], extract.practice).receipt
            questions.append(question)
        except LayoutError as error:
            results[search.id] = NotRun(error.reason, error.message)
    with Batch(extract, {**needs(questions, extract.layout), "type1": WHOLE}, bindings) as batch:
        roster = _roster(extract, batch)
        type1 = roster.bits(batch.patient_ids("type1"))
        planned = plan(questions)
        together = _together(batch, planned, roster)
        for question in questions:
            name = question.search.id
            found = together.get(name) or _result(batch, question, roster)
            results[name] = _failed(found) if isinstance(found, AnswerError) else found
    alone = {question.search.id: planned.alone.get(question.search.id, _NO_BATCH) for question in questions}
    alone = {name: reason for name, reason in alone.items() if name not in together}
    _log.info("event=answered together=%d alone=%d", len(together), len(alone))
    return Answers(roster, type1, results, receipts, alone)


def identities(extract: Extract, patient_ids: Iterable[str]) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """Who some patients are, for the action list at the practice and for nothing else.

    Returns:
        The header, and a row of text for each patient found, in the order of ids.

    Raises:
        ExtractError: the extract cannot be read.
    """
    wanted = frozenset(patient_ids)
    if not wanted:
        return IDENTITY_HEADER, []
    views = definitions(extract.layout, ("identity",), Bindings(date.max, extract.practice))
    with extract.session(raw_tables(views.values()), identifying=True) as session:
        for name, tree in views.items():
            session.keep(name, tree)
        rows = session.rows(views["identity"])
    found = [row for row in sorted(rows) if str(row[0]) in wanted]
    return IDENTITY_HEADER, [tuple("" if value is None else str(value) for value in row) for row in found]


def exact_cells(people: PeopleSets, type1: int) -> list[dict[str, Any]]:
    """The exact counts of a search, ready for JSON: everyone, and without those who opted out.

    For appointments these count at most three per person, as others may count them; `..._uncapped` has them all. A
    distribution has `statistics` too.

    Args:
        people: the answer.
        type1: bit set of those who opted out.
    """
    statistics = exact_by_cell(people, type1) if people.search.measure is not None else {}
    return [
        {
            "dimensions": dict(cell),
            **{
                outcome.name.lower(): _counts(
                    people.search.unit, people.counted[cell][outcome], people.every[cell][outcome], type1
                )
                for outcome in Outcome
            },
            **({"statistics": statistics[cell]} if cell in statistics else {}),
        }
        for cell in people.search.cells()
    ]


def _counts(unit: Unit, counted: PeopleSet, every: PeopleSet, type1: int) -> dict[str, int]:
    counts = {"everyone": counted.rows, "without_type1": counted.without(type1).rows}
    if unit is Unit.APPOINTMENT:
        counts |= {"everyone_uncapped": every.rows, "without_type1_uncapped": every.without(type1).rows}
    return counts


def _together(batch: Batch, planned: Plan, roster: Roster) -> Mapping[str, PeopleSets | AnswerError]:
    try:
        return batch.answers(planned, roster)
    except (AnswerError, ExtractError) as error:
        # Each search can still be asked by itself, which is what its answer is defined by.
        _log.warning("event=batch_failed reason=%r", error.message)
        return {}


def _result(batch: Batch, question: Question, roster: Roster) -> Result:
    try:
        return gather(question.search, question.reference_date, roster, batch.rows(question))
    except AnswerError as error:
        return _failed(error)


def _failed(error: AnswerError) -> Failed:
    return Failed("answer_invalid", error.message)


def _roster(extract: Extract, batch: Batch) -> Roster:
    roster = batch.roster()
    if not roster.patient_ids:
        raise ExtractError(
            f"the extract holds no current patient of practice {extract.practice}",
            "check the practice's code, and that its sharing agreement is active",
        )
    return roster


def _check_date(extract: Extract, reference_date: date) -> None:
    # Canonical tables hold ages as they are on one day; on any other day they would be wrong.
    if extract.layout.name == "canonical" and extract.delivered_on != reference_date:
        raise ExtractError(
            f"the canonical tables are of {extract.delivered_on}, not of {reference_date}", "write them for that date"
        )
