"""What a batch reads of canonical tables: no other column, and no row without an asked code where none can count."""

from __future__ import annotations

from datetime import date

import pytest

from searches.layouts import layout
from searches.layouts.expand import Bindings, definitions
from searches.needs import Need, narrowed, needs
from searches.translate import Question, ask
from tests.small_search import DIABETES, small_search

DAY = date(2026, 3, 31)
CODES = {"snomed": frozenset(DIABETES.of_system("snomed"))}


def question(condition: str, name: str = "small") -> Question:
    sql = f"""SELECT p.patient_id, CASE WHEN {condition} THEN 'met' ELSE 'not met' END AS outcome
              FROM patient AS p"""
    return ask(small_search(sql, name=name), layout("canonical"), DAY)


def exists(condition: str) -> str:
    return f"EXISTS (SELECT 1 FROM event AS e WHERE e.patient_id = p.patient_id AND {condition})"


CODED = exists("e.code IN codelist.diabetes AND e.value > 5")


def test_only_columns_that_are_read_are_needed() -> None:
    need = needs([question(CODED)], layout("canonical"))["event"]
    assert need.columns == {"patient_id", "code_snomed", "value"}
    assert need.codes is not None
    assert need.codes["snomed"] == CODES["snomed"]


@pytest.mark.parametrize(
    "condition",
    [
        exists("e.value > 5"),
        exists("(e.code IN codelist.diabetes OR e.value > 5)"),
        exists("NOT e.code IN codelist.diabetes"),
        f"{CODED} AND {exists('e.value > 5')}",
    ],
)
def test_rows_of_any_code_are_needed_where_one_may_count(condition: str) -> None:
    assert needs([question(condition)], layout("canonical"))["event"].codes is None


def test_one_search_that_needs_every_row_is_enough() -> None:
    asked = [question(CODED), question(exists("e.value > 5"), "other"), question(CODED, "third")]
    assert needs(asked, layout("canonical"))["event"].codes is None


def test_definitions_keep_the_columns_that_a_later_one_reads() -> None:
    chosen = layout("emis_im1")
    wanted = {"event": Need(frozenset({"patient_id", "event_date"}))}
    views = definitions(chosen, wanted, Bindings(DAY, "Z90001"))
    made = narrowed(views, wanted)
    assert [item.alias_or_name for item in made["event"].expressions] == ["patient_id", "event_date"]
    kept = {item.alias_or_name for item in made["current_observation"].expressions}
    assert {"patient_id", "event_date", "code_id", "confidential"} <= kept
    assert not {"value", "unit", "recorded_date"} & kept
    assert "value" in {item.alias_or_name for item in views["current_observation"].expressions}, "left as it was"
