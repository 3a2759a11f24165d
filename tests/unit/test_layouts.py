"""Layouts: what every one of them keeps, and how their SQL becomes trees."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from sqlglot import exp

from searches.canon import TABLES, ColumnType
from searches.engines.duckdb import render
from searches.errors import LayoutError
from searches.layouts import LAYOUTS, Layout, layout
from searches.layouts.expand import Bindings, definitions, raw_tables
from tests.supplier_folders import canonical_rows, emis

BINDINGS = Bindings(date(2026, 3, 31), "Z90001")
BOUND = {name: Bindings(date(2026, 3, 31), layout(name).synthetic_practice) for name in LAYOUTS}
EVERY_TABLE = [(name, table) for name in LAYOUTS for table in TABLES if table not in layout(name).missing]


@pytest.mark.parametrize(("name", "table"), EVERY_TABLE)
def test_a_layout_gives_every_canonical_column_that_can_be_asked(name: str, table: str) -> None:
    tree = definitions(layout(name), [table], BOUND[name])[table]
    asked = {column.name for column in TABLES[table].columns if column.type is not ColumnType.CODE}
    assert asked - set(tree.named_selects) == set()
    codes = set(layout(name).code_columns.get(table, {}).values())
    assert codes <= set(tree.named_selects)


@pytest.mark.parametrize("name", LAYOUTS)
def test_no_identifying_column_is_in_reach_of_a_search(name: str) -> None:
    chosen = layout(name)
    identifying = {column for table in chosen.raw.values() for column in table.identity}
    wanted = [table for table in TABLES if table not in chosen.missing]
    trees = definitions(chosen, [*wanted, "type1"], BOUND[name]).values()
    assert not identifying & {column.name for tree in trees for column in tree.find_all(exp.Column)}
    assert name in {"canonical", "opensafely_tpp"} or identifying


@pytest.mark.parametrize("name", LAYOUTS)
def test_every_raw_column_a_layout_reads_is_loaded(name: str) -> None:
    chosen = layout(name)
    trees = definitions(
        chosen, [table for table in (*TABLES, "type1", "identity") if table not in chosen.missing], BOUND[name]
    )
    assert raw_tables(trees.values()) <= set(chosen.raw)
    loaded = {column for table in chosen.raw.values() for column in (*table.columns, *table.identity)}
    loaded |= set() if chosen.native else {"delivery", "row_in_delivery"}
    for tree in trees.values():
        aliases = {table.alias for table in tree.find_all(exp.Table) if table.db}
        assert {column.name for column in tree.find_all(exp.Column) if column.table in aliases} <= loaded


@pytest.mark.parametrize("name", LAYOUTS)
def test_nothing_of_ours_is_left_in_what_is_written(name: str) -> None:
    chosen = layout(name)
    for tree in definitions(chosen, [t for t in (*TABLES, "type1") if t not in chosen.missing], BOUND[name]).values():
        text = render(tree).lower()
        assert "rule(" not in text
        assert not any(f"{macro}(" in text for macro in chosen.macros)
        assert "$" not in text
        assert "codelist" not in text


@pytest.mark.parametrize("name", LAYOUTS)
def test_writing_a_tree_leaves_it_as_it_was(name: str) -> None:
    for tree in definitions(layout(name), ["event", "patient"], BOUND[name]).values():
        before = tree.copy()
        assert render(tree) == render(tree)
        assert tree == before


@pytest.mark.parametrize("name", [name for name in LAYOUTS if name != "canonical"])
def test_taking_out_any_rule_changes_the_sql_or_the_loading_and_the_version(name: str) -> None:
    whole = layout(name)
    wanted = [table for table in (*TABLES, "type1") if table not in whole.missing]
    said = [render(tree) for tree in definitions(whole, wanted, BOUND[name]).values()]
    for rule in whole.rules:
        without = whole.without(rule)
        changed = [render(tree) for tree in definitions(without, wanted, BOUND[name]).values()] != said
        assert changed == (rule != "full_file_replaces"), rule
        assert without.version != whole.version


def test_a_rule_that_does_not_exist_cannot_be_taken_out() -> None:
    with pytest.raises(LayoutError, match="layout vision has no rule 'gravity'"):
        layout("vision").without("gravity")


def test_an_unknown_layout_is_refused_with_those_there_are() -> None:
    with pytest.raises(LayoutError, match="no layout is called 'emis'") as refused:
        layout("emis")
    assert "emis_im1" in refused.value.hint


def test_a_macro_that_does_not_exist_is_refused() -> None:
    wrong = replace(
        layout("canonical"), tables={"patient": "SELECT guess(r.patient_id) AS patient_id FROM raw.patient AS r"}
    )
    with pytest.raises(LayoutError, match="layout canonical uses the unknown macro guess"):
        definitions(wrong, ["patient"], BINDINGS)


def test_a_layout_that_is_no_select_is_refused() -> None:
    wrong: Layout = replace(layout("canonical"), tables={"patient": "DROP TABLE raw.patient"})
    with pytest.raises(LayoutError, match="a definition of layout canonical is not one SELECT"):
        definitions(wrong, ["patient"], BINDINGS)


def test_a_layout_may_use_no_other_placeholder() -> None:
    wrong = replace(layout("canonical"), tables={"patient": "SELECT 1 AS x FROM raw.patient AS r WHERE r.age = :age"})
    with pytest.raises(LayoutError, match="a layout may not use :age"):
        definitions(wrong, ["patient"], BINDINGS)


@pytest.mark.parametrize(
    ("born", "age", "months"),
    [
        ("1996-03-31", 30, 360),
        ("1996-04-01", 29, 359),
        ("2025-04-30", 0, 11),
        ("2004-02-29", 22, 265),
        ("2026-03-31", 0, 0),
        ("1936-03-31", 90, 1080),
    ],
)
def test_age_in_completed_years_and_months(tmp_path: Path, born: str, age: int, months: int) -> None:
    emis(tmp_path, {"Admin_Patient": [{"DateOfBirth": born}]})
    assert canonical_rows(tmp_path, "emis_im1", "patient", "age", "age_months") == [(age, months)]


@pytest.mark.parametrize(("day", "months"), [("2025-02-28", 251), ("2025-03-01", 252), ("2024-02-29", 240)])
def test_someone_born_on_29_february_is_a_year_older_on_1_march_of_a_common_year(
    tmp_path: Path, day: str, months: int
) -> None:
    emis(
        tmp_path,
        {
            "Admin_Patient": [{"DateOfBirth": "2004-02-29"}],
            "CareRecord_Observation": [{"EffectiveDate": day}],
        },
    )
    assert canonical_rows(tmp_path, "emis_im1", "event", "age_months") == [months]


@pytest.mark.parametrize(
    ("born", "band"),
    [
        ("2026-01-01", "0-9"),
        ("2016-04-01", "0-9"),
        ("2016-03-31", "10-19"),
        ("1936-04-01", "80-89"),
        ("1920-01-01", "90+"),
    ],
)
def test_age_bands_are_of_ten_years(tmp_path: Path, born: str, band: str) -> None:
    emis(tmp_path, {"Admin_Patient": [{"DateOfBirth": born}]})
    assert canonical_rows(tmp_path, "emis_im1", "patient", "age_band") == [band]


@pytest.mark.parametrize(("text", "sex"), [("F", "F"), ("m", "M"), (" I ", "I"), ("U", "U"), ("", "U"), ("X", "U")])
def test_sex_is_one_of_four(tmp_path: Path, text: str, sex: str) -> None:
    emis(tmp_path, {"Admin_Patient": [{"Sex": text}]})
    assert canonical_rows(tmp_path, "emis_im1", "patient", "sex") == [sex]


def test_a_layout_has_the_same_version_in_every_process() -> None:
    program = "from searches.layouts import LAYOUTS, layout; print(*(layout(name).version for name in LAYOUTS))"
    said = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)},
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert said == {" ".join(layout(name).version for name in LAYOUTS) + "\n"}
