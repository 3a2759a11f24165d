"""The conformance kit: its data are what they are made from, its answers are confirmed, and it leaves nothing out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from itertools import groupby

import pytest

from searches.canon import TABLES, ColumnType
from searches.conformance import FOLDER, Conformance, Tried, check_embedded, kit_version
from searches.conformance.kit import Fixture, fixture, golden_answers, golden_searches
from searches.conformance.literals import select_of
from searches.conformance.standing import native
from searches.errors import LayoutError
from searches.layouts import LAYOUTS, layout
from searches.parse import parse
from searches.search import Measure, Search
from tests.conformance import making
from tests.generative.language.coverage import constructs, wanted
from tests.generative.language.evaluator import Row, meaning
from tests.generative.language.values import Value

MOST_BYTES = 200_000  # of the kit, in every installed agent
BY_FOLDING = {"+ DAY on a bound date", "+ MONTH on a bound date", "+ YEAR on a bound date"}
"""No engine sees these: bound dates are worked out before a statement is written."""


@pytest.mark.parametrize("name", making.NAMES)
def test_the_people_in_the_kit_are_those_of_the_tests(name: str) -> None:
    assert (FOLDER / "fixtures" / f"{name}.json").read_text(encoding="utf-8") == making.fixture(name)


def test_the_answers_in_the_kit_are_those_of_the_reference() -> None:
    assert (FOLDER / "answers.json").read_text(encoding="utf-8") == making.golden()


def test_the_kit_is_small() -> None:
    assert (
        sum(path.stat().st_size for path in FOLDER.rglob("*") if path.is_file() and path.suffix != ".pyc") < MOST_BYTES
    )


def test_every_layout_has_its_people() -> None:
    assert {name for name in LAYOUTS if not (FOLDER / "fixtures" / f"{name}.json").is_file()} == set()


@pytest.mark.parametrize("name", making.NAMES)
def test_the_embedded_engine_is_green_in_every_layout(name: str) -> None:
    found = check_embedded(layout(name))
    assert found.complaints == ()
    assert found.ok
    assert {tried.name for tried in found.tried} == {"roster", "type1", *(search.id for search in golden_searches())}


def test_every_word_of_the_language_stands_in_a_golden_search() -> None:
    said = {name for name in wanted() if name.split()[0] in {"node", "part", "interval", "date", "schedule", "unit"}}
    missing = said - constructs(golden_searches()).keys()
    assert {name.removeprefix("interval ") for name in missing} == BY_FOLDING


def test_every_table_is_read_by_a_golden_search() -> None:
    read = {name.split()[1].split(".")[0] for name in constructs(golden_searches()) if name.startswith("column ")}
    assert read == set(TABLES)


def test_every_outcome_and_every_place_of_most_searches_has_somebody() -> None:
    answers = golden_answers("canonical")
    outcomes = {place.rsplit(", ", 1)[-1] for said in answers.values() if not isinstance(said, str) for place in said}
    assert outcomes >= {"met", "not met", "excepted"}
    assert all(answers[search.id] for search in golden_searches())


def test_the_evaluator_confirms_every_golden_answer() -> None:
    made_up = fixture("canonical")
    tables = _canonical_rows(made_up)
    for search in golden_searches():
        assert _meant(search, tables, made_up.reference_date) == _every_row(search), search.id


def test_what_the_makers_expect_by_hand_is_in_the_answers() -> None:
    answers = golden_answers("canonical")
    latest, windows = answers["kit-latest"], answers["kit-windows"]
    assert not isinstance(latest, str)
    assert not isinstance(windows, str)
    # Three values on one day: 57.9995, the last written, is 58.000 at three decimals.
    assert latest["just 58, a number, not met"] == (7, 104)
    # A month after 31 January is 29 February in a leap year; after 30 January 2023 it is the 28th.
    assert windows["a month on, in the window, not met"] == (7, 9, 104)
    assert windows["a month on, on its edge, not met"] == (8,)
    # Three appointments of number 10 count, of four that happened: the one on the 21st is the last.
    assert answers["kit-slots"] == {
        "same day, met": (10, 10),
        "same day, met, counted": (10,),
        "within a month, met": (8, 10, 98),
        "within a month, not met": (8,),
        "later, not met": (10,),
    }
    assert answers["type1"] == {"everyone": (107, 109)}


def test_a_layout_without_people_is_refused() -> None:
    with pytest.raises(LayoutError, match="the conformance kit has no people in layout elsewhere"):
        fixture("elsewhere")


def test_the_version_is_over_every_file(monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(kit_version()) == 12
    assert kit_version() == kit_version.__wrapped__()
    monkeypatch.setattr("searches.conformance.kit._FILES", ("**/*.json",))
    assert kit_version.__wrapped__() != kit_version()


def test_a_complaint_says_who_was_expected_where() -> None:
    tried = Tried("kit-latest", "alone", {"met": (1, 2), "not met": (3,)}, {"met": (1,), "not met": (2, 3)})
    assert tried.complaint == ("kit-latest (alone): met: expected 1 2, got 1; not met: expected 3, got 2 3")
    assert replace(tried, got=tried.expected).complaint == ""
    assert replace(tried, got={}, failed="it did not run").complaint == "kit-latest (alone): it did not run"


def test_nothing_tried_is_not_green() -> None:
    assert not Conformance("vision", "1", "duckdb", "2", "3", ()).ok


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("text", " as it is ", " as it is "),
        ("integer", " 12 ", 12),
        ("bigint", "NULL", None),
        ("decimal", "5.8E+1", Decimal("5.8E+1")),
        ("date", "20240229", date(2024, 2, 29)),
        ("date", "30 Feb 2024", None),
        ("boolean", "TRUE", True),
        ("boolean", "", None),
        ("guid", "{00AB}", "00ab"),
        ("time", "", None),
    ],
)
def test_a_text_as_a_column_of_another_type_holds_it(kind: str, text: str, value: object) -> None:
    assert native(kind, text) == value


def test_rows_are_written_with_the_types_of_their_columns() -> None:
    columns = (("a", "text"), ("b", "integer"))
    assert select_of("postgresql", columns, [("it's", None), (None, 2)]) == (
        "SELECT CAST('it''s' AS TEXT) AS \"a\", CAST(NULL AS INTEGER) AS \"b\" UNION ALL SELECT NULL, 2"
    )
    assert select_of("sqlserver", columns, []) == (
        "SELECT * FROM (SELECT CAST(NULL AS NVARCHAR(400)) AS [a], CAST(NULL AS INT) AS [b]) AS nothing WHERE 1 = 0"
    )


# --- what the evaluator is asked ---


def _canonical_rows(made_up: Fixture) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for name, table in TABLES.items():
        held = made_up.tables[name]
        kinds = {column.name: column.type for column in table.columns}
        found[name] = [
            {
                column: _value(kinds[column], text)
                for column, text in zip(held.columns, row, strict=True)
                if column in kinds
            }
            for row in held.rows
        ]
    return found


def _value(kind: ColumnType, text: str | None) -> Value:
    text = (text or "").strip(" ")
    if not text:
        return None
    match kind:
        case ColumnType.ID | ColumnType.INTEGER:
            return int(text)
        case ColumnType.DECIMAL:
            return round(Decimal(text) + Decimal("1E-9"), 3)  # half away from zero, and none is negative at the fourth
        case ColumnType.DATE:
            return date.fromisoformat(text)
        case _:
            return text


def _meant(search: Search, tables: Mapping[str, list[Row]], day: date) -> dict[str, tuple[int, ...]]:
    codelists = {name: frozenset(code.code for code in held.codes) for name, held in search.codelists.items()}
    rows = meaning(parse(search.sql).select, codelists, day, search.schedule.value)(tables)
    names = [*(dimension.name for dimension in search.dimensions), "outcome"]
    placed = sorted(
        (", ".join(str(row[name]) for name in names), int(str(row["patient_id"])))
        for row in rows
        if row["outcome"] is not None
    )
    placed += sorted(
        (f"met at {_clipped(search.measure, row['value'])}", int(str(row["patient_id"])))
        for row in rows
        if search.measure is not None and row["outcome"] == "met"
    )
    return {place: tuple(number for _, number in group) for place, group in groupby(placed, lambda one: one[0])}


def _clipped(measure: Measure, value: Value) -> Decimal:
    assert isinstance(value, Decimal)
    return Decimal(int(measure.clipped(value) * 1000)) / 1000


def _every_row(search: Search) -> Mapping[str, tuple[int, ...]]:
    said = golden_answers("canonical")[search.id]
    assert not isinstance(said, str)
    return {place: numbers for place, numbers in said.items() if not place.endswith(", counted")}
