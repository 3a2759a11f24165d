"""The plan of a batch: what is shared, what is taken out of the text, and what runs by itself."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from searches.batch_plan import decompose, plan
from searches.conditions import NotDecomposableError
from searches.features import AllOf, AnyOf, Codes, Condition, Everyone, Present, Source, Without
from searches.layouts import layout
from searches.search import Unit
from searches.translate import Question, ask
from tests.small_search import DIABETES, small_search

ROOT = Path(__file__).parents[2]
CANONICAL = layout("canonical")
DAY = date(2026, 3, 31)
LATEST = """
    WITH latest AS (SELECT r.patient_id, r.value
                    FROM (SELECT e.patient_id, e.value,
                                 ROW_NUMBER() OVER (PARTITION BY e.patient_id
                                                    ORDER BY e.event_date DESC, e.event_id DESC) AS place
                          FROM event AS e
                          WHERE e.code IN codelist.diabetes
                            AND e.event_date > :reference_date - INTERVAL '{months}' MONTH) AS r
                    WHERE r.place = 1)
    SELECT p.patient_id, CASE WHEN {asked} THEN 'met' ELSE 'not met' END AS outcome
    FROM patient AS p LEFT JOIN latest AS l ON l.patient_id = p.patient_id
"""


def question(sql: str, name: str = "small") -> Question:
    return ask(small_search(sql, name=name), CANONICAL, DAY)


def latest(asked: str = "l.value <= 58", months: int = 12) -> Question:
    return question(LATEST.format(asked=asked, months=months), name=f"{asked} {months}")


def test_the_literals_of_a_feature_stand_beside_its_text() -> None:
    features, _ = plan([latest()]).leaves()
    [feature] = features
    assert feature.shape.sources == (Source("event", ("event_date", "event_id", "value"), codes=0, since=1),)
    assert feature.shape.where == "a.event_date > v.p1"
    assert feature.shape.order == ("a.event_date DESC", "a.event_id DESC")
    assert feature.values == (Codes(frozenset({DIABETES.digest})), date(2025, 3, 31))


def test_searches_with_other_thresholds_share_the_feature() -> None:
    features, tests = plan([latest("l.value <= 58"), latest("l.value <= 64")]).leaves()
    assert len(features) == 1
    assert [test.values for test in tests] == [(Decimal(58),), (Decimal(64),)]
    assert {test.text for test in tests} == {"r0.a_value <= v.p0"}


def test_searches_with_other_windows_share_the_shape() -> None:
    features, _ = plan([latest(months=12), latest(months=15)]).leaves()
    assert len(features) == 2
    assert len({feature.shape for feature in features}) == 1


def test_a_plan_is_the_same_whenever_it_is_made() -> None:
    assert plan([latest()]).leaves() == plan([latest()]).leaves()


def asked_of_latest(condition: str) -> object:
    return decompose(latest(condition)).outcome.branches[0][0]


def test_not_moves_down_to_the_comparisons() -> None:
    found = asked_of_latest("NOT (l.value <= 58 AND p.age >= 65)")
    assert isinstance(found, AnyOf)
    assert [part.text for part in found.parts if isinstance(part, Condition)] == ["r0.a_value > v.p0", "r0.age < v.p0"]


def test_a_null_may_be_a_missing_row() -> None:
    found = asked_of_latest("l.value IS NULL")
    assert isinstance(found, AnyOf)
    missing, empty = found.parts
    assert isinstance(missing, Without)
    assert isinstance(missing.part, Present)
    assert isinstance(empty, Condition)
    assert empty.text == "r0.a_value IS NULL"


def test_a_patient_id_is_null_only_where_the_row_is_missing() -> None:
    assert isinstance(asked_of_latest("l.patient_id IS NOT NULL"), Present)


def test_not_between_is_two_comparisons() -> None:
    found = asked_of_latest("l.value NOT BETWEEN 40 AND 58")
    assert isinstance(found, AnyOf)
    assert [part.text for part in found.parts if isinstance(part, Condition)] == [
        "r0.a_value < v.p0",
        "r0.a_value > v.p0",
    ]


def test_a_search_of_everyone_asks_nothing() -> None:
    found = decompose(question("SELECT p.patient_id, 'met' AS outcome FROM patient AS p"))
    assert found.within == Everyone()
    assert found.outcome.branches == ((Everyone(), "met"),)


def test_an_inner_join_asks_that_there_is_a_row() -> None:
    sql = LATEST.replace("LEFT JOIN", "JOIN").format(months=12, asked="p.age > 1") + " WHERE p.age >= 17 AND p.age < 80"
    within = decompose(question(sql)).within
    assert isinstance(within, AllOf)
    assert isinstance(within.parts[0], Present)


IN_EVENT = "SELECT 1 FROM event AS e WHERE e.patient_id = p.patient_id AND e.code IN codelist.diabetes"
ALONE = {
    f"EXISTS ({IN_EVENT} AND e.event_date > p.registered_on)": "a condition that reads the row around it",
    "COALESCE(l.value, 0) <= 58": "COALESCE as a value",
    "COALESCE(l.value, 0) IS NULL": "IS NULL of an expression",
    f"EXISTS ({IN_EVENT} AND NOT e.code IN codelist.flu)": "a code list in OR, in NOT or beside another",
    "EXISTS (SELECT 1 FROM latest AS f WHERE f.patient_id = p.patient_id AND f.value > 3)": (
        "a feature over a CTE or subquery"
    ),
    "EXISTS (SELECT 1 FROM latest AS f WHERE f.patient_id = l.patient_id)": (
        "EXISTS is tied to a row that may be missing"
    ),
    f"EXISTS ({IN_EVENT} GROUP BY e.patient_id HAVING COUNT(*) > 2)": "HAVING in EXISTS",
    f"EXISTS ({IN_EVENT.replace('p.', 'l.')})": "EXISTS is tied to a row that may be missing",
}


@pytest.mark.parametrize("condition", ALONE)
def test_a_search_that_cannot_be_decomposed_runs_alone_and_the_plan_says_why(condition: str) -> None:
    # A list without a code of this layout would be refused before.
    asked = latest(condition.replace("codelist.flu", "codelist.diabetes"))
    made = plan([asked, latest()])
    assert made.alone == {asked.search.id: ALONE[condition]}
    assert len(made.decomposed) == 1


def test_a_search_of_appointments_runs_alone() -> None:
    asked = latest()
    of_appointments = replace(asked, search=replace(asked.search, unit=Unit.APPOINTMENT))
    with pytest.raises(NotDecomposableError, match="rows are appointments"):
        decompose(of_appointments)


def reasons() -> set[str]:
    """Every reason for which a search runs alone, as it stands in the code."""
    texts = [
        (ROOT / "searches" / name).read_text() for name in ("batch_plan.py", "conditions.py", "feature_reading.py")
    ]
    found = re.findall(r'NotDecomposableError\(f?"([^"]*)"', "".join(texts))
    return {re.sub(r"\{[^}]*\}", "...", reason) for reason in found}


def test_the_documents_list_every_reason_to_run_alone() -> None:
    page = (ROOT / "docs" / "explanation" / "batching.md").read_text()
    listed = {said.strip() for row in page.splitlines() if row.startswith("|") for said in row.split("|")[2].split(";")}
    assert len(reasons()) > 20
    assert reasons() - listed == set()
