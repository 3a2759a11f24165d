"""A distribution: what search.yaml and the SQL must say, the value of everyone who met, and the exact statistics."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from agent.action_list import listed_outcome
from searches.answer import exact_cells
from searches.batch import answer_rows
from searches.distribution import exact_statistics
from searches.document import SearchFiles, library_folder, load_search, read_folder, read_search
from searches.errors import AnswerError, DocumentError, RuleError
from searches.handmade.document import read_handmade
from searches.handmade.verdict import verdicts
from searches.people import AnswerRow, PeopleSets, Roster, gather
from searches.search import Good, Outcome, Search, Unit

FILES = read_folder(library_folder("hypertension-systolic"))
SEARCH = load_search(library_folder("hypertension-systolic"))
DAY = date(2026, 3, 31)


def changed(name: str, old: str, new: str) -> SearchFiles:
    assert old in FILES.files[name]
    return SearchFiles({**FILES.files, name: FILES.files[name].replace(old, new, 1)}, FILES.codelists)


def gathered(rows: list[AnswerRow], search: Search = SEARCH) -> PeopleSets:
    return gather(search, DAY, Roster(tuple(sorted({row.patient_id for row in rows}))), rows)


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("kind: distribution", "kind: count", "kind distribution has a measure, and no other kind has one"),
        ("measure: {", "x-measure: {", "x-measure: Extra inputs are not permitted"),
        ("unit: person", "unit: appointment", "a distribution is of people"),
        ("good: neutral", "good: neutral\ntarget: {value: 0.5, source: us}", "a distribution has no target"),
        ("low: 60", "low: 250", "the range goes from 250 to 250"),
        ("low: 60", "low: 0.0001", "measure.low: Input should be a multiple of 0.001"),
        ("low: 60", "low: -1000001", "measure.low: Input should be greater than or equal to -1000000"),
        ("unit: mmHg,", "", "measure.unit: Field required"),
        ("unit: mmHg", 'unit: "mm\\tHg"', "measure.unit: String should match pattern"),
    ],
)
def test_a_measure_that_is_not_whole_is_refused(old: str, new: str, reason: str) -> None:
    with pytest.raises(DocumentError, match=reason):
        read_search(changed("search.yaml", old, new))


@pytest.mark.parametrize("low", ["0.001", "59.95", "-0.1", "140.005"])
def test_the_ends_of_a_range_may_have_three_decimals(low: str) -> None:
    measure = read_search(changed("search.yaml", "low: 60", f"low: {low}")).measure
    assert measure is not None
    assert measure.low == Decimal(low)


@pytest.mark.parametrize(
    ("new", "reason"),
    [
        ("       r.value\nFROM patient", ""),
        ("       p.sex AS value\nFROM patient", "value is not a number"),
        ("       rs.latest_date AS value\nFROM patient", "value is not a number"),
        ("       p.age_months AS value\nFROM patient", "value is not a number as it was measured"),
        ("       p.imd_quintile AS value\nFROM patient", "value is not a number as it was measured"),
        ("       CASE WHEN p.age > 60 THEN 250 ELSE r.value END AS value\nFROM patient", "as it was measured"),
        ("       COALESCE(r.value, 0) AS value\nFROM patient", "as it was measured"),
        ("       r.value AS reading\nFROM patient", "the column reading is not declared"),
    ],
)
def test_the_value_is_a_number_of_the_records_and_none_of_the_author(new: str, reason: str) -> None:
    files = changed("search.sql", "       r.value\nFROM patient", new)
    if reason:
        with pytest.raises(RuleError, match=reason):
            read_search(files)
    else:
        assert read_search(files).sql


@pytest.mark.parametrize(
    "written", ["MAX(CASE WHEN e.value > 1 THEN 250 ELSE 60 END)", "MIN(CASE WHEN e.value > 1 THEN 5 END)"]
)
def test_a_written_number_does_not_come_in_through_a_cte(written: str) -> None:
    marked = f"SELECT e.patient_id, {written} AS value FROM event AS e WHERE e.code IN codelist.systolic"
    cte = f"marked AS ({marked} GROUP BY e.patient_id),\nresolved AS ("
    sql = FILES.files["search.sql"].replace("resolved AS (", cte, 1).replace("r.value\nFROM", "m.value\nFROM")
    sql = sql.replace(
        "LEFT JOIN resolved", "LEFT JOIN marked AS m ON m.patient_id = p.patient_id\nLEFT JOIN resolved", 1
    )
    with pytest.raises(RuleError, match="value is not a number as it was measured"):
        read_search(SearchFiles({**FILES.files, "search.sql": sql}, FILES.codelists))


def test_another_kind_selects_no_value() -> None:
    text = FILES.files["search.yaml"].replace("kind: distribution", "kind: proportion")
    text = "".join(line for line in text.splitlines(keepends=True) if not line.startswith("measure"))
    with pytest.raises(RuleError, match="the column value is not declared"):
        read_search(SearchFiles({**FILES.files, "search.yaml": text}, FILES.codelists))


def test_values_are_clipped_and_whole_thousandths() -> None:
    rows = [
        ("1", "met", "F", Decimal("131.5")),
        ("2", "met", "F", 9999),
        ("3", "met", "F", Decimal(-4)),
        ("4", None, None, None),
    ]
    assert [row.value for row in answer_rows(SEARCH, rows)] == [131_500, 250_000, 60_000, None]


@pytest.mark.parametrize("value", ["140", Decimal("NaN"), 140.0, True and date(2026, 1, 1)])
def test_a_value_that_is_no_number_fails_the_run(value: object) -> None:
    with pytest.raises(AnswerError, match="returned a value that is no number"):
        answer_rows(SEARCH, [("1", "met", "F", value)])


def test_who_met_has_a_value_and_nobody_else_keeps_one() -> None:
    people = gathered(
        [AnswerRow("1", Outcome.MET, ("F",), value=120_000), AnswerRow("2", Outcome.NOT_MET, ("F",), value=1)]
    )
    assert people.values == {0: 120_000}
    with pytest.raises(AnswerError, match="no value for somebody whose outcome is met"):
        gathered([AnswerRow("1", Outcome.MET, ("F",))])


def test_two_rows_of_one_person_that_differ_in_value_fail_the_run() -> None:
    with pytest.raises(AnswerError, match="two rows for one person that disagree"):
        gathered([AnswerRow("1", Outcome.MET, ("F",), value=value) for value in (120_000, 120_001)])


def test_exact_statistics_are_exact() -> None:
    found = exact_statistics([120_000, 130_000, 170_000, 181_500])
    assert found == {
        "n": 4,
        "mean": "150.375",
        "deviation": "29.954",
        "lower_quartile": "127.500",
        "median": "150.000",
        "upper_quartile": "172.875",
    }
    assert exact_statistics([]) == {
        "n": 0,
        **dict.fromkeys(("mean", "deviation", "lower_quartile", "median", "upper_quartile")),
    }
    assert exact_statistics([1])["deviation"] is None


def test_the_exact_report_has_them_for_everyone_and_without_opt_outs() -> None:
    rows = [AnswerRow(str(n), Outcome.MET, ("F",), value=n * 1000) for n in (100, 110, 150)]
    totals, women, men, *_ = exact_cells(gathered(rows), type1=0b100)
    assert totals["statistics"]["everyone"]["mean"] == "120.000"
    assert women["statistics"]["without_type1"]["mean"] == "105.000"
    assert men["statistics"]["everyone"]["n"] == 0


def test_a_hand_made_patient_who_meets_a_distribution_has_a_value_and_nobody_else() -> None:
    tests = FILES.files["tests.yaml"]
    with pytest.raises(DocumentError, match="'measured last autumn': the patient needs the value that counts"):
        verdicts(SEARCH, tests.replace("    value: 142\n", "", 1))
    with pytest.raises(DocumentError, match="has a value, which only who meets a distribution has"):
        read_handmade(tests, Unit.PERSON)


def test_a_wrong_value_is_noticed() -> None:
    found = verdicts(SEARCH, FILES.files["tests.yaml"].replace("    value: 142\n", "    value: 143\n", 1))
    assert [(one.name, one.found["value"]) for one in found if not one.holds] == [("measured last autumn", "142")]


def test_the_schema_beside_it_is_that_of_a_search_with_a_measure() -> None:
    assert '"distribution"' in (Path(library_folder("chd-bp")).parent.parent / "search.schema.json").read_text("utf-8")


@pytest.mark.parametrize("good", list(Good))
def test_a_distribution_has_no_action_list(good: Good) -> None:
    assert listed_outcome(replace(SEARCH, good=good)) is None
