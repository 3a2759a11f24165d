"""SQL smuggling: a search whose text singles people out, multiplies them, or carries them off."""

from __future__ import annotations

import pytest

from searches.document import SearchFiles, read_search
from searches.errors import RuleError
from tests.attack.stories import stopped_by
from tests.attack.test_refused_sql import DOCUMENT, GOOD, cte, where


def assert_refused(sql: str, reason: str) -> None:
    """The search is no search: three reviewers could sign it, and still no practice would run it."""
    with pytest.raises(RuleError, match=reason):
        read_search(SearchFiles({"search.yaml": DOCUMENT, "search.sql": sql}, {}))


@stopped_by("identifiers single nobody out")
def test_one_patient_is_asked_for_by_number() -> None:
    assert_refused(where("p.patient_id = 4711"), "an identifier is only compared")


@stopped_by("identifiers single nobody out")
def test_half_of_the_patients_are_asked_for_by_number() -> None:
    """Seventeen such questions, each halving the rest, would name anybody."""
    assert_refused(where("p.patient_id < '0500'"), "an identifier is only compared")


@stopped_by("identifiers single nobody out")
def test_a_list_of_patients_is_asked_for() -> None:
    assert_refused(where("p.patient_id IN ('1', '2')"), "an identifier is only compared")


@stopped_by("no exact dates or ages")
def test_one_patient_is_asked_for_by_age_in_months() -> None:
    assert_refused(where("p.age_months = 613"), "equality on an age in months is refused")


@stopped_by("no exact dates or ages")
def test_one_patient_is_left_out_by_age_in_months() -> None:
    """Everyone but those of one month: with everyone, the difference is Ann."""
    assert_refused(where("p.age_months <> 613"), "equality on an age in months is refused")


@stopped_by("no exact dates or ages")
def test_one_patient_is_asked_for_by_the_day_of_registration() -> None:
    assert_refused(where("p.registered_on = :reference_date"), "equality on a date is refused")


@stopped_by("closed texts")
def test_texts_are_ordered_to_search_by_halves() -> None:
    assert_refused(where("p.sex > 'F'"), "texts have no order")


@stopped_by("closed texts")
def test_a_text_outside_its_domain_asks_for_an_odd_record() -> None:
    assert_refused(where("p.sex = 'Ann'"), "is not in the domain")


@stopped_by("known nodes only")
def test_a_count_is_multiplied_until_rounding_says_nothing() -> None:
    assert_refused("SELECT p.patient_id,\n  5 * COUNT(*) AS outcome\nFROM patient AS p\n", "arithmetic is refused")


@stopped_by("the language")
def test_rows_are_multiplied_by_a_join() -> None:
    """One patient with fifty entries would be fifty people."""
    assert_refused(GOOD + "JOIN event AS e ON e.patient_id = p.patient_id\n", "e may have several rows per patient")


@stopped_by("the language")
def test_a_total_over_everybody_is_held_against_each() -> None:
    assert_refused(cte("SELECT MAX(e.value) AS v\nFROM event AS e"), "MAX needs GROUP BY patient_id")


@stopped_by("the language")
def test_opt_outs_are_asked_for() -> None:
    """Who has opted out is itself a status."""
    assert_refused(
        where("EXISTS (SELECT 1 FROM type1 AS t\n WHERE t.patient_id = p.patient_id)"), "there is no table type1"
    )


@stopped_by("the language")
def test_an_identifying_column_is_asked_for() -> None:
    assert_refused(where("p.nhs_number = '9434765919'"), "p has no column nhs_number")


@stopped_by("the language")
def test_a_record_is_sent_as_an_outcome() -> None:
    """The outcome is one of three words; a column's own text is none."""
    assert_refused("SELECT p.patient_id, p.sex AS outcome\nFROM patient AS p\n", "outcome")


@stopped_by("known nodes only")
def test_time_is_spent_when_something_is_true() -> None:
    assert_refused(where("pg_sleep(100) IS NULL"), "the function pg_sleep is unknown")


@stopped_by("known nodes only")
def test_the_environment_is_read() -> None:
    assert_refused(where("getenv('SECRET') = 'x'"), "the function getenv is unknown")
