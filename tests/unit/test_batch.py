"""One batch answers as single statements do, and what an engine fetched becomes rows of an answer."""

from __future__ import annotations

from datetime import date

import pytest
import sqlglot

from searches.batch import Batch, answer_rows
from searches.document import library, library_folder, load_search
from searches.errors import AnswerError, LayoutError
from searches.extract import Extract, open_extract
from searches.layouts.expand import Bindings, definitions, raw_tables
from searches.people import AnswerRow
from searches.search import Dimension, Outcome, Search, Unit
from searches.synthetic import synthesise
from searches.translate import ask, translate
from tests.small_search import LIKE_A_LAYOUT, in_steps, small_search

REFERENCE_DATE = date(2026, 3, 31)


@pytest.fixture(scope="module", params=["emis_im1", "tpp_sr", "vision", "canonical"])
def extract(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Extract:
    folder = tmp_path_factory.mktemp("extract")
    synthesise(request.param, 250, 7, folder)
    return open_extract(folder, request.param)


def in_one_statement(extract: Extract, search: Search) -> list[AnswerRow]:
    """Run what `translate` wrote, over raw tables and with nothing kept."""
    local = translate(search, extract.layout, reference_date=REFERENCE_DATE, practice=extract.practice)
    question = ask(search, extract.layout, REFERENCE_DATE)
    views = definitions(extract.layout, question.tables, Bindings(REFERENCE_DATE, extract.practice))
    with extract.session(raw_tables(views.values())) as session:
        return answer_rows(search, session.rows(sqlglot.parse_one(local.sql, read="duckdb")))


def test_a_batch_answers_row_by_row_as_single_statements_do(extract: Extract) -> None:
    bindings = Bindings(REFERENCE_DATE, extract.practice)
    questions = []
    for search in (*map(load_search, map(library_folder, library())), in_steps(LIKE_A_LAYOUT, "like-a-layout")):
        try:
            questions.append(ask(search, extract.layout, REFERENCE_DATE))
        except LayoutError:
            assert (extract.layout.name, search.unit) == ("vision", Unit.APPOINTMENT)
    with Batch(extract, frozenset().union(*(question.tables for question in questions)), bindings) as batch:
        for question in questions:
            one = in_one_statement(extract, question.search)
            assert sorted(batch.rows(question), key=repr) == sorted(one, key=repr)
            assert one, question.search.id


def test_patients_come_in_the_order_of_their_ids(extract: Extract) -> None:
    with Batch(extract, frozenset({"patient"}), Bindings(REFERENCE_DATE, extract.practice)) as batch:
        ids = batch.patient_ids("patient")
    assert len(ids) == 250
    assert list(ids) == sorted(ids, key=(lambda text: text) if extract.layout.name == "emis_im1" else int)


SEX = Dimension("sex", ("F", "M"))


def test_rows_of_people() -> None:
    search = small_search(dimensions=(SEX,))
    assert answer_rows(search, [(7, "met", "F"), ("8", None, None)]) == [
        AnswerRow("7", Outcome.MET, ("F",)),
        AnswerRow("8", None, ("",)),
    ]


def test_rows_of_appointments_know_the_order_of_integer_ids() -> None:
    search = small_search(unit=Unit.APPOINTMENT)
    day = date(2026, 1, 1)
    rows = answer_rows(search, [(1, "met", 10, day), (1, "met", 9, day), (1, "not met", 100, None)])
    assert [(row.appointment_id, row.order, row.start_date) for row in rows] == [
        ("10", 1, day),
        ("9", 0, day),
        ("100", 2, None),
    ]


def test_an_outcome_that_there_is_not_is_refused_without_showing_it() -> None:
    with pytest.raises(AnswerError, match="search small returned an unknown outcome") as refused:
        answer_rows(small_search(), [(1, "CANARY")])
    assert "CANARY" not in str(refused.value)


def test_a_row_without_a_patient_is_refused() -> None:
    with pytest.raises(AnswerError, match="search small returned a row without a patient"):
        answer_rows(small_search(), [(None, "met")])
