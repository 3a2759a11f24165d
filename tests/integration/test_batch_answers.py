"""Answers worked out from features are those of one statement per search, cell by cell."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from random import Random

import pytest

from searches.answer import answer
from searches.batch import Batch
from searches.batch_plan import plan
from searches.document import library, library_folder, load_search
from searches.errors import AnswerError, LayoutError
from searches.extract import Extract, open_extract
from searches.features import Plan
from searches.layouts.expand import Bindings
from searches.people import PeopleSet, PeopleSets, Roster, gather
from searches.search import TOTALS, Dimension, Outcome, Search, Unit
from searches.synthetic import synthesise
from searches.translate import Question, ask
from tests.generated_indicators import REFERENCE_DATE, Size, code_lists, indicators, write_rows
from tests.small_search import small_search

Answering = Callable[[Batch, Plan, Roster], Mapping[str, PeopleSets | AnswerError]]

SEED = 11
SMALL = Size(patients=150, events=24_000, medications=6_000, codes=600)


def questions(searches: Sequence[Search], extract: Extract) -> list[Question]:
    """Those that the layout can answer."""
    asked = []
    for search in searches:
        try:
            asked.append(ask(search, extract.layout, REFERENCE_DATE))
        except LayoutError:
            assert (extract.layout.name, search.unit) == ("vision", Unit.APPOINTMENT)
    return asked


def in_both_ways(
    extract: Extract, asked: Sequence[Question]
) -> Iterator[tuple[str, PeopleSets | AnswerError, PeopleSets | str]]:
    """The answer of each search that is decomposed, from features and from its own statement."""
    tables = frozenset({"patient"}).union(*(question.tables for question in asked))
    with Batch(extract, tables, Bindings(REFERENCE_DATE, extract.practice)) as batch:
        roster = Roster(batch.patient_ids("patient"))
        together = batch.answers(plan(asked), roster)
        for question in asked:
            if question.search.id in together:
                yield question.search.id, together[question.search.id], alone(batch, question, roster)


def alone(batch: Batch, question: Question, roster: Roster) -> PeopleSets | str:
    try:
        return gather(question.search, REFERENCE_DATE, roster, batch.rows(question))
    except AnswerError as error:
        return error.message


@pytest.mark.parametrize("layout", ["emis_im1", "tpp_sr", "vision", "canonical"])
def test_starter_searches_answer_alike_from_features_and_alone(layout: str, tmp_path: Path) -> None:
    synthesise(layout, 250, 7, tmp_path)
    with open_extract(tmp_path, layout) as extract:
        asked = questions([load_search(library_folder(name)) for name in library()], extract)
        compared = list(in_both_ways(extract, asked))
    assert [name for name, one, other in compared if one != other] == []
    assert len(compared) == 9
    assert all(isinstance(one, PeopleSets) and any(map(rows_of, one.every[TOTALS].values())) for _, one, _ in compared)


def rows_of(people: PeopleSet) -> int:
    return people.rows


@pytest.fixture(scope="module")
def practice(tmp_path_factory: pytest.TempPathFactory) -> Extract:
    folder = tmp_path_factory.mktemp("generated")
    write_rows(folder, SMALL)
    return open_extract(folder, "canonical")


def test_five_hundred_generated_indicators_answer_alike_from_features_and_alone(practice: Extract) -> None:
    random = Random(SEED)
    searches = indicators(random, code_lists(random, SMALL.codes, 60), 500)
    compared = list(in_both_ways(practice, questions(searches, practice)))
    assert len(compared) == 500
    assert [name for name, one, other in compared if one != other] == []
    # They must be able to differ: nearly every one has people who are met and people who are not.
    found = [one for _, one, _ in compared if isinstance(one, PeopleSets)]
    assert sum(all(one.outcome(each).rows for each in (Outcome.MET, Outcome.NOT_MET)) for one in found) > 400
    assert len({str(one.outcome(Outcome.MET)) for one in found}) > 300


LISTS = code_lists(Random(SEED), SMALL.codes, 60)
USED = {each.name: each for each in (*LISTS.events, *LISTS.drugs, *LISTS.pressure)}
FIRST = """
    ranked AS (SELECT e.patient_id, e.event_date, e.value,
                      ROW_NUMBER() OVER (PARTITION BY e.patient_id ORDER BY {order}) AS place
               FROM event AS e WHERE e.code IN codelist.systolic OR e.code IN codelist.event_1)
"""
JOINED = "LEFT JOIN ranked AS r ON r.patient_id = p.patient_id AND r.place = 1"
GROUPED = """
    counted AS (SELECT e.patient_id, COUNT(*) AS n, COUNT(DISTINCT e.event_date) AS days, COUNT(e.value) AS filled,
                       MIN(e.value) AS least, MAX(e.recorded_date) AS entered, MIN(e.event_date) AS first_date,
                       MAX(e.event_date) AS last_date
                FROM event AS e WHERE e.code IN codelist.event_2 GROUP BY e.patient_id),
    other AS (SELECT e.patient_id, MIN(e.event_date) AS first_date, MAX(e.value) AS most
              FROM event AS e WHERE e.code IN codelist.event_3 AND e.value >= 20 GROUP BY e.patient_id)
"""
BOTH = """
    LEFT JOIN counted AS c ON c.patient_id = p.patient_id
    LEFT JOIN other AS o ON o.patient_id = p.patient_id
"""
KEPT = """
    kept AS (SELECT e.patient_id, COUNT(*) AS n FROM event AS e WHERE e.code IN codelist.event_2
             GROUP BY e.patient_id
             HAVING COUNT(*) >= 2
                AND NOT (MIN(e.value) > 110 OR MAX(e.event_date) < :reference_date - INTERVAL '1' YEAR)),
    plain AS (SELECT e.patient_id, e.event_date FROM event AS e WHERE e.code IN codelist.event_3 AND e.value >= 20)
"""
CASES = {
    "the first row, undated ones last": (FIRST.format(order="e.event_date DESC, e.event_id"), JOINED, "r.value <= 100"),
    "the first row by value": (FIRST.format(order="e.value, e.event_id DESC"), JOINED, "r.event_date IS NULL"),
    "no value in the latest row": (FIRST.format(order="e.event_date DESC, e.event_id"), JOINED, "r.value IS NULL"),
    "counts": (GROUPED, BOTH, "c.n >= 3 AND (c.days < 3 OR c.filled = 2)"),
    "not a count": (GROUPED, BOTH, "NOT (c.n >= 3 AND o.most <= 100)"),
    "a row that is missing": (GROUPED, BOTH, "NOT (c.least IS NULL OR o.patient_id IS NULL)"),
    "a column that is always null": (GROUPED, BOTH, "c.entered IS NULL AND c.patient_id IS NOT NULL"),
    "between the columns of two rows": (GROUPED, BOTH, "o.first_date BETWEEN c.first_date AND c.last_date"),
    "not between": (GROUPED, BOTH, "NOT (o.first_date BETWEEN c.first_date AND c.last_date)"),
    "not between, unknown above": (GROUPED, BOTH, "c.n NOT BETWEEN 2 AND o.most"),
    "a moved date": (GROUPED, BOTH, "c.last_date >= c.first_date + INTERVAL '13' MONTH"),
    "a patient's column and a row's": (GROUPED, BOTH, "p.registered_on < o.first_date AND p.imd_quintile IN (1, 2)"),
    "a text not in a list": (GROUPED, BOTH, "p.sex NOT IN ('F', 'I') AND c.n > 0 AND o.most > 0"),
    "a number not in a list": (GROUPED, BOTH, "c.n NOT IN (1, 2) AND NOT o.most < 50"),
    "groups that are kept": (KEPT, "LEFT JOIN kept AS k ON k.patient_id = p.patient_id", "k.n <= 5"),
    "whether a group is kept": (KEPT, "LEFT JOIN kept AS k ON k.patient_id = p.patient_id", "k.patient_id IS NOT NULL"),
    "a row of a CTE": (KEPT, "", "EXISTS (SELECT 1 FROM plain AS f WHERE f.patient_id = p.patient_id)"),
    "no group of a CTE": (KEPT, "", "NOT EXISTS (SELECT 1 FROM kept AS f WHERE f.patient_id = p.patient_id)"),
    "inner join with a condition": (
        GROUPED,
        "JOIN counted AS c ON c.patient_id = p.patient_id AND c.n > 2 JOIN other AS o ON o.patient_id = c.patient_id",
        "o.most > 100",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_a_condition_answers_alike_from_features_and_alone(practice: Extract, case: str) -> None:
    ctes, joined, asked = CASES[case]
    sql = f"""WITH {ctes} SELECT p.patient_id,
              CASE WHEN {asked} THEN 'met' WHEN p.age > 70 THEN CASE WHEN p.sex = 'F' THEN 'excepted' END
                   ELSE 'not met' END AS outcome
              FROM patient AS p {joined}"""
    found = list(in_both_ways(practice, questions([changed(sql)], practice)))
    assert len(found) == 1, "it was not decomposed"
    _, one, other = found[0]
    assert one == other
    assert isinstance(one, PeopleSets)
    assert one.outcome(Outcome.MET).rows


def changed(sql: str, *dimensions: Dimension) -> Search:
    """A small search with the lists of the generated practice."""
    search = small_search(sql, dimensions=dimensions)
    search.codelists.update(USED)  # type: ignore[attr-defined]
    return search


def test_an_undeclared_dimension_fails_alike(practice: Extract) -> None:
    sql = "SELECT p.patient_id, p.sex, 'met' AS outcome FROM patient AS p"
    [(_, one, other)] = in_both_ways(practice, questions([changed(sql, Dimension("sex", ("F",)))], practice))
    assert isinstance(one, AnswerError)
    assert one.message == other == "search small returned a value of sex that it does not declare"


def test_a_row_that_two_code_systems_find_counts_once(tmp_path: Path) -> None:
    synthesise("emis_im1", 250, 7, tmp_path)
    twice = [load_search(library_folder(name)) for name in ("diabetes-hba1c",)]
    sql = """WITH counted AS (SELECT e.patient_id, COUNT(*) AS n FROM event AS e WHERE e.code IN codelist.diabetes
                              GROUP BY e.patient_id)
             SELECT p.patient_id, CASE WHEN c.n >= {} THEN 'met' ELSE 'not met' END AS outcome
             FROM patient AS p JOIN counted AS c ON c.patient_id = p.patient_id"""
    searches = [small_search(sql.format(n), name=f"at-least-{n}") for n in range(1, 6)]
    for search in searches:
        search.codelists.update(twice[0].codelists)  # type: ignore[attr-defined]
    with open_extract(tmp_path, "emis_im1") as extract:
        assert len(extract.layout.code_columns["event"]) > 1
        compared = list(in_both_ways(extract, questions(searches, extract)))
    assert [name for name, one, other in compared if one != other] == []
    assert len(compared) == 5


def test_the_answers_say_which_searches_ran_by_themselves_and_why(tmp_path: Path) -> None:
    synthesise("canonical", 60, 7, tmp_path)
    searches = [load_search(library_folder(name)) for name in library()]
    with open_extract(tmp_path, "canonical") as extract:
        found = answer(extract, searches, REFERENCE_DATE)
    assert found.alone == {
        "dna-booking-lead": "rows are appointments",
        "hypertension-systolic": "everyone has a value",
        "mmr-two-doses": "a feature over a CTE or subquery",
        "pertussis-pregnancy": "a feature over a CTE or subquery",
    }
    assert all(isinstance(result, PeopleSets) for result in found.results.values())


def test_every_search_is_answered_by_itself_if_the_batch_does_not_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synthesise("canonical", 60, 7, tmp_path)
    searches = [load_search(library_folder(name)) for name in library()]
    with open_extract(tmp_path, "canonical") as extract:
        together = answer(extract, searches, REFERENCE_DATE)
        # The batch finds the patients in another order than it is told.
        monkeypatch.setattr(Batch, "answers", _in_another_order(Batch.answers))
        alone_each = answer(extract, searches, REFERENCE_DATE)
    assert alone_each.results == together.results
    assert set(alone_each.alone) == set(library())
    assert alone_each.alone["pulse-rhythm-65"] == "the batch did not run"


def _in_another_order(answers: Answering) -> Answering:
    return lambda batch, planned, roster: answers(batch, planned, Roster(roster.patient_ids[::-1]))
