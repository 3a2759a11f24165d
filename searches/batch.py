"""Every due search over one extract: rows that stand and canonical tables are worked out once, and asked many times.

The searches are then the same trees as in single statements, over kept tables in place of CTEs; a test holds the two
equal row by row.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from types import TracebackType
from typing import Any, Self

from sqlglot import exp

from searches.canon import BUILT_IN_DIMENSIONS
from searches.canonical_tables import worked_out
from searches.errors import AnswerError
from searches.extract import Extract
from searches.feature_tables import work_out
from searches.features import Plan
from searches.layouts.expand import Bindings
from searches.needs import Need, whole
from searches.outcomes import answers_of
from searches.people import AnswerRow, PeopleSets, Roster, roster_of
from searches.search import Outcome, Search, Unit
from searches.translate import Question

_OUTCOMES = {outcome.value: outcome for outcome in Outcome}


class Batch:
    """The kept tables of one extract on one reference date. A context manager.

    Args:
        extract: where rows come from.
        wanted: what is read of canonical tables, and of `type1`; of those that are only named, everything.
        bindings: reference date and practice.
    """

    def __init__(self, extract: Extract, wanted: frozenset[str] | Mapping[str, Need], bindings: Bindings) -> None:
        self._layout = extract.layout
        needed = wanted if isinstance(wanted, Mapping) else whole(wanted)
        self._session = worked_out(extract, needed, bindings)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Forget everything."""
        self._session.close()

    def patient_ids(self, table: str) -> tuple[str, ...]:
        """The patient ids of a kept table, as text, in the order of ids."""
        rows = self._session.rows(exp.select("patient_id").from_(table))
        return tuple(str(patient_id) for patient_id in sorted({row[0] for row in rows if row[0] is not None}))

    def roster(self) -> Roster:
        """The current patients, grouped by each column of `patient` that can be a dimension."""
        names = tuple(BUILT_IN_DIMENSIONS)
        return roster_of(self._session.rows(exp.select("patient_id", *names).from_("patient")), names)

    def answers(self, plan: Plan, roster: Roster) -> dict[str, PeopleSets | AnswerError]:
        """The answers of the searches of a plan that are worked out from features, by id; or what is wrong with one.

        Args:
            plan: what is asked.
            roster: the patients, in the order of `patient_ids("patient")`.

        Raises:
            AnswerError: a statement does not run.
            ExtractError: a table cannot be worked out.
        """
        if not plan.decomposed:
            return {}
        return answers_of(plan, work_out(self._session, self._layout, plan, roster.patient_ids), roster)

    def rows(self, question: Question) -> list[AnswerRow]:
        """The rows that a search returns.

        Raises:
            AnswerError: it does not run, or gives something that is no answer.
        """
        return answer_rows(question.search, self._session.rows(question.tree))


def answer_rows(search: Search, rows: Iterable[Sequence[Any]]) -> list[AnswerRow]:
    """What an engine fetched for a search, as the rows of an answer.

    Raises:
        AnswerError: a row has no patient, an outcome that there is not, or a value that is no number.
    """
    fetched = list(rows)
    of_appointments = search.unit is Unit.APPOINTMENT
    order = _order(row[-2] for row in fetched) if of_appointments else {}
    return [
        AnswerRow(
            patient_id=_patient(search, row[0]),
            outcome=_outcome(search, row[1]),
            dimensions=tuple("" if value is None else str(value) for value in row[2 : 2 + len(search.dimensions)]),
            appointment_id=str(row[-2]) if of_appointments else "",
            start_date=row[-1] if of_appointments else None,
            order=order[row[-2]] if of_appointments else 0,
            value=thousandths(search, row[-1]) if search.measure is not None else None,
        )
        for row in fetched
    ]


def thousandths(search: Search, value: Any) -> int | None:
    """A value within the declared range of a distribution, in thousandths of its unit; None for NULL.

    Raises:
        AnswerError: it is no number.
    """
    if value is None or search.measure is None:
        return None
    if not isinstance(value, int | Decimal) or not Decimal(value).is_finite():
        raise AnswerError(f"search {search.id} returned a value that is no number", "select a recorded value")
    return int((search.measure.clipped(Decimal(value)) * 1000).to_integral_value(ROUND_HALF_UP))


def _order(ids: Iterable[Any]) -> dict[Any, int]:
    # Ids of a layout are all integers or all text: Python orders either as the ids order (text by code point).
    return {appointment_id: place for place, appointment_id in enumerate(sorted(set(ids)))}


def _patient(search: Search, value: Any) -> str:
    if value is None:
        raise AnswerError(f"search {search.id} returned a row without a patient", "select patient_id from patient")
    return str(value)


def _outcome(search: Search, value: Any) -> Outcome | None:
    if value is None:
        return None
    if value not in _OUTCOMES:
        raise AnswerError(f"search {search.id} returned an unknown outcome", f"use one of: {', '.join(_OUTCOMES)}")
    return _OUTCOMES[value]
