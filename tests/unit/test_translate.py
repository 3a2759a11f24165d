"""Translation: one statement from trees, with a receipt, or a refusal with a reason."""

from __future__ import annotations

from datetime import date
from hashlib import sha256

import pytest
import sqlglot
from sqlglot import exp

from searches.document import library, library_folder, load_search
from searches.engines import ENGINES, Site
from searches.engines.duckdb import render
from searches.errors import LayoutError
from searches.layouts import LAYOUTS, layout
from searches.search import Unit
from searches.translate import ask, translate
from searches.translate import statement as written
from tests.small_search import DIABETIC, small_search

REFERENCE_DATE = date(2026, 3, 31)
DIALECTS = {"postgresql": "postgres", "sqlserver": "tsql"} | {name: name for name in ("duckdb", "mysql", "sqlite")}

NO_SOURCE = {("vision", "dna-booking-lead"): "layout_has_no_appointments"} | {
    ("opensafely_tpp", search): "layout_has_no_vaccination_codes"
    for search in ("flu-at-risk", "mmr-two-doses", "pertussis-pregnancy")
}


def statement(sql: str = DIABETIC, name: str = "emis_im1", unit: Unit = Unit.PERSON) -> str:
    search = small_search(sql, unit=unit)
    practice = layout(name).synthetic_practice
    return translate(search, layout(name), reference_date=REFERENCE_DATE, practice=practice).sql


@pytest.mark.parametrize("search_id", library())
@pytest.mark.parametrize("name", LAYOUTS)
def test_every_starter_search_is_one_select_in_every_layout_that_has_its_tables(name: str, search_id: str) -> None:
    search = load_search(library_folder(search_id))
    practice = layout(name).synthetic_practice
    if (name, search_id) in NO_SOURCE:
        with pytest.raises(LayoutError, match=f"layout {name} has no ") as refused:
            translate(search, layout(name), reference_date=REFERENCE_DATE, practice=practice)
        assert refused.value.reason == NO_SOURCE[name, search_id]
        return
    local = translate(search, layout(name), reference_date=REFERENCE_DATE, practice=practice)
    (tree,) = sqlglot.parse(local.sql, read="duckdb")
    assert isinstance(tree, exp.Select)
    assert {table.db for table in tree.find_all(exp.Table)} == {"", "raw"}


@pytest.mark.parametrize(
    ("name", "asked"),
    [
        ("canonical", ["code_snomed"]),
        ("emis_im1", ["code_snomed", "code_emis", "code_read2"]),
        ("tpp_sr", ["code_snomed", "code_ctv3"]),
        ("vision", ["code_snomed", "code_read2"]),
        ("opensafely_tpp", ["code_snomed", "code_ctv3"]),
    ],
)
def test_a_code_list_is_asked_in_every_system_that_the_layout_has(name: str, asked: list[str]) -> None:
    text = statement(name=name)
    columns = [node.this for node in sqlglot.parse_one(text, read="duckdb").find_all(exp.In)]
    of_event = [column.name for column in columns if isinstance(column, exp.Column) and column.table == "e"]
    assert sorted(of_event) == sorted(asked)


def test_codes_that_differ_in_case_only_stay_apart() -> None:
    assert "e.code_read2 IN ('C10F.')" in statement(name="vision")


def test_a_list_without_a_code_that_the_layout_knows_is_refused() -> None:
    with pytest.raises(LayoutError, match="layout tpp_sr has no code system of this list in event") as refused:
        statement(DIABETIC.replace("diabetes", "flu"), "tpp_sr")
    assert refused.value.reason == "no_code_in_layout"


def test_a_practice_that_a_database_numbers_is_asked_for_by_its_number() -> None:
    search = small_search(DIABETIC)
    with pytest.raises(LayoutError, match="practice Z90001 is called by a number in this record system") as refused:
        translate(search, layout("opensafely_tpp"), reference_date=REFERENCE_DATE, practice="Z90001")
    assert refused.value.reason == "practice_is_no_number"
    assert refused.value.hint == "give its Organisation_ID"


def test_not_in_a_code_list_is_not_of_all_its_systems() -> None:
    sql = DIABETIC.replace("e.code IN codelist.diabetes", "NOT e.code IN codelist.diabetes")
    # A code of one system leaves the other column NULL, which must not make NOT of it unknown.
    assert "NOT ((NOT e.code_snomed IS NULL AND e.code_snomed IN ('44054006')) OR " in statement(sql, "vision")


def test_a_code_without_a_prefix_is_of_the_one_table_that_has_codes() -> None:
    sql = DIABETIC.replace("e.code", "code")
    assert "code_ctv3 IN ('X40J5')" in statement(sql, "tpp_sr")


def test_every_date_is_a_literal() -> None:
    sql = DIABETIC.replace(
        "codelist.diabetes", "codelist.diabetes AND e.event_date > :reference_date - INTERVAL '1' YEAR"
    )
    text = statement(sql)
    assert "e.event_date > CAST('2025-03-31' AS DATE)" in text
    assert not list(sqlglot.parse_one(text, read="duckdb").find_all(exp.Placeholder))


@pytest.mark.parametrize("name", ["person", "current_patient", "rows", "observation", "type1", "sqlite_master"])
@pytest.mark.parametrize("engine", ENGINES)
def test_a_cte_of_the_search_may_have_any_name(engine: str, name: str) -> None:
    sql = (
        f"WITH {name} AS (SELECT p.patient_id FROM patient AS p) SELECT q.patient_id, 'met' AS outcome FROM {name} AS q"
    )
    text = translate(
        small_search(sql), layout("emis_im1"), engine, reference_date=REFERENCE_DATE, practice="Z90001"
    ).sql
    names = [cte.alias for cte in sqlglot.parse_one(text, read=DIALECTS[engine]).args["with_"].expressions]
    assert names.count(name) == 1
    assert all(other.startswith("_") for other in names if other != name)


@pytest.mark.parametrize(("step", "prefix"), [("journal", ""), ("encounter", ""), ("my_journal", "my_")])
def test_a_step_may_not_hide_a_table_that_stands_in_no_schema(step: str, prefix: str) -> None:
    sql = (
        f"WITH {step} AS (SELECT e.patient_id FROM event AS e GROUP BY e.patient_id) "
        f"SELECT p.patient_id, 'met' AS outcome FROM patient AS p JOIN {step} AS s ON s.patient_id = p.patient_id"
    )
    chosen, engine = layout("vision"), ENGINES["sqlite"]
    question = ask(small_search(sql), chosen, REFERENCE_DATE)
    with pytest.raises(LayoutError, match=f"the step {step} is called like a table of this site") as refused:
        written(question, chosen, engine, "Z90001", Site("", prefix))
    assert refused.value.reason == "table_hidden"
    assert written(question, chosen, engine, "Z90001", Site("main", prefix)).sql
    assert written(question, chosen, engine, "Z90001", Site("", "another_")).sql


def test_the_receipt_says_what_was_made_of_what() -> None:
    search = small_search(DIABETIC)
    local = translate(search, layout("tpp_sr"), reference_date=REFERENCE_DATE, practice="Z90001")
    receipt = local.receipt
    assert receipt.search_digest == search.digest
    assert (receipt.layout, receipt.layout_version) == ("tpp_sr", layout("tpp_sr").version)
    assert receipt.engine == "duckdb"
    assert receipt.statement_digest == sha256(local.sql.encode()).hexdigest()


def test_another_date_practice_or_rule_is_another_statement() -> None:
    search = small_search(DIABETIC)
    chosen = layout("vision")
    one = translate(search, chosen, reference_date=REFERENCE_DATE, practice="Z90001").receipt
    others = [
        translate(search, chosen, reference_date=date(2026, 3, 30), practice="Z90001").receipt,
        translate(search, chosen, reference_date=REFERENCE_DATE, practice="Z90002").receipt,
        translate(search, chosen.without("bp_split"), reference_date=REFERENCE_DATE, practice="Z90001").receipt,
    ]
    assert one.statement_digest not in {other.statement_digest for other in others}
    assert translate(search, chosen, reference_date=REFERENCE_DATE, practice="Z90001").receipt == one


def test_a_practice_code_is_a_literal_whatever_it_holds() -> None:
    search = small_search()
    text = translate(search, layout("vision"), reference_date=REFERENCE_DATE, practice="Z9'; DROP TABLE x --").sql
    (tree,) = sqlglot.parse(text, read="duckdb")
    assert isinstance(tree, exp.Select)
    assert "'Z9''; DROP TABLE x --'" in text


def test_an_unknown_engine_is_refused() -> None:
    with pytest.raises(LayoutError, match="no engine is called 'access'"):
        translate(small_search(), layout("vision"), "access", reference_date=REFERENCE_DATE, practice="Z90001")


@pytest.mark.parametrize(
    ("sql", "kind"),
    [
        ("DELETE FROM patient", "only a SELECT can be written"),
        ("SELECT median(age) FROM patient", "MEDIAN cannot be written"),
        ("SELECT made_up(age) FROM patient", "ANONYMOUS cannot be written"),
        ("SELECT * FROM read_csv('/etc/passwd')", "READCSV cannot be written"),
        ("SELECT age FROM patient WHERE age > :age", "PLACEHOLDER cannot be written"),
        ("WITH d AS (DELETE FROM patient RETURNING 1) SELECT 1", "DELETE cannot be written"),
        ("SELECT age INTO x FROM patient", "INTO cannot be written"),
    ],
)
def test_the_engine_writes_nothing_that_is_not_on_its_list(sql: str, kind: str) -> None:
    with pytest.raises(LayoutError, match=kind):
        render(sqlglot.parse_one(sql, read="duckdb"))
