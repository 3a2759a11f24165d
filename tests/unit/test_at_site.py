"""What a layout's SQL becomes at a site, in the tree."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from sqlglot import exp

from agent.databases.settings import _TYPES
from searches.engines import ENGINES, Site
from searches.engines.listed import listed_numbers
from searches.engines.site import FoundTable
from searches.errors import LayoutError
from searches.layouts import layout
from searches.layouts.at_site import number_codes
from searches.layouts.expand import Bindings, as_numbers, definitions
from searches.layouts.layout import TYPES
from searches.layouts.site_tables import Wanted, compare

BINDINGS = Bindings(date(2026, 3, 31), "Z90001")
TYPED = Site("gp", "my_", "native", "merged")


def written(name: str, table: str, site: Site, engine: str = "duckdb") -> str:
    tree = definitions(layout(name), [table], BINDINGS, site)[table]
    return ENGINES[engine].render(tree, site)


def test_a_day_of_the_database_is_not_taken_apart() -> None:
    sql = written("vision", "current_encounter", TYPED)
    assert 'CAST(r."DATE" AS DATE) AS consultation_date' in sql
    assert "SUBSTRING" not in sql


def test_ids_that_are_numbers_are_compared_as_they_are_so_that_an_index_serves() -> None:
    sql = written("emis_im1", "current_drug_code", TYPED, "postgresql")
    assert '"r"."CodeId" AS "code_id"' in sql
    assert "ROW_NUMBER" not in sql


def test_an_id_that_is_text_in_one_table_is_text_in_all() -> None:
    site = replace(TYPED, types=(("Coding_DrugCode.CodeId", "text"),))
    assert "TRIM" in written("emis_im1", "current_clinical_code", site, "postgresql").split("AS code_id")[0]


def test_merged_rows_have_no_order_of_deliveries() -> None:
    for name in ("emis_im1", "tpp_sr", "vision"):
        for table in layout(name).current:
            for columns in (Site(history="merged"), TYPED):
                tree = definitions(layout(name), [table], BINDINGS, columns)[table]
                assert not {column.name for column in tree.find_all(exp.Column)} & {"delivery", "row_in_delivery"}


def test_a_tree_that_was_not_made_for_a_site_is_not_written_for_it() -> None:
    tree = definitions(layout("vision"), ["current_patient"], BINDINGS)["current_patient"]
    for engine in ENGINES.values():
        with pytest.raises(LayoutError, match="was not read as it is at the site"):
            engine.render(tree, TYPED)


def test_names_are_those_that_the_catalogue_lists() -> None:
    found = FoundTable("SRMapping", "SRMAPPING", (("RowIdentifier", "rowidentifier"), ("Mapping", "")))
    sql = written("tpp_sr", "current_list_text", Site("gp", found=(found,)))
    assert '"gp"."SRMAPPING"' in sql
    assert '"rowidentifier"' in sql
    assert "TRIM(CAST(NULL AS TEXT)) AS list_text" in sql


def test_a_table_that_is_not_there_has_no_rows() -> None:
    found = FoundTable("SRMapping", "", ())
    sql = written("tpp_sr", "current_list_text", Site("gp", found=(found,)))
    assert "SRMapping" not in sql
    assert "WHERE FALSE" in sql.upper()


def test_the_settings_know_every_type_of_a_column() -> None:
    assert _TYPES == TYPES


@pytest.mark.parametrize(
    ("types", "said"),
    [
        ((("SRCode.Nothing", "text"),), 'types: "SRCode.Nothing" is no column that layout tpp_sr reads'),
        ((("SRCode.CTV3Code", "money"),), 'types: "SRCode.CTV3Code": expected one of text, integer'),
    ],
)
def test_an_exception_that_makes_no_sense_is_named(types: tuple[tuple[str, str], ...], said: str) -> None:
    checked = compare(layout("tpp_sr"), Site("gp", types=types), "postgresql", Wanted(frozenset()), [])
    assert [complaint.startswith(said) for complaint in checked.complaints] == [True]


def test_a_layout_that_reads_types_has_no_exceptions() -> None:
    site = Site("dbo", types=(("Patient.Sex", "integer"),))
    [complaint] = compare(layout("opensafely_tpp"), site, "sqlserver", Wanted(frozenset()), []).complaints
    assert "reads its own types" in complaint


def test_two_columns_that_differ_only_in_case_are_named() -> None:
    listed = [
        ("SRMapping", "rowidentifier", "text"),
        ("SRMapping", "ROWIDENTIFIER", "text"),
        ("SRMapping", "Mapping", "text"),
    ]
    [complaint] = compare(
        layout("tpp_sr"), Site("gp"), "postgresql", Wanted(frozenset({"SRMapping"})), listed
    ).complaints
    assert 'has no one column "RowIdentifier": "rowidentifier" and "ROWIDENTIFIER" differ only in case' in complaint


def test_a_prefix_that_was_forgotten_is_guessed() -> None:
    listed = [("my_SRPatient", "RowIdentifier", "text")]
    [complaint] = compare(
        layout("tpp_sr"), Site("gp"), "postgresql", Wanted(frozenset({"SRPatient"})), listed
    ).complaints
    assert complaint.endswith('set prefix = "my_"')


def test_a_number_in_a_list_is_digits_and_nothing_else() -> None:
    [made] = listed_numbers(["44054006", "73211009"])
    assert made.name == "44054006, 73211009"
    with pytest.raises(ValueError, match="a number is written in digits"):
        listed_numbers(["1) OR (1 = 1"])


def test_codes_that_no_number_can_be_are_left_out() -> None:
    assert as_numbers(["44054006", "C10F.", "0123456", "9" * 19, ""]) == ["44054006"]


def test_only_declared_code_columns_become_numbers() -> None:
    assert "medication.code_dmd" in number_codes(layout("emis_im1"), TYPED)
    as_text = replace(TYPED, types=(("Coding_DrugCode.DmdProductCodeId", "text"),))
    assert "medication.code_dmd" not in number_codes(layout("emis_im1"), as_text)
    assert number_codes(layout("vision"), TYPED) == frozenset()
    assert number_codes(layout("tpp_sr"), Site("gp")) == frozenset()
