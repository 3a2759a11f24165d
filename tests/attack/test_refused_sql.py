"""Attack stories: SQL that must not run. Each is refused with its place before any database is opened.

A recording connection stands where the real one would, and passes everything on to it: a good search shows that it
records, and every bad one that nothing was seen, neither by `gpfed-search run` nor by what the agent and the hub use.
"""

# ruff: noqa: E501 - one story, one line
from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import duckdb
import pytest

from searches.__main__ import main
from searches.document import SearchFiles, read_search
from searches.errors import RuleError
from searches.synthetic import synthesise

DOCUMENT = """\
schema: 1
id: attack
title: An attack
why_it_matters: It must not run.
unit: person
kind: proportion
dimensions: []
codelists: []
good: higher
schedule: monthly
owner: mallory
authored_by: mallory
next_review: 2027-11-01
"""
OUTCOME = "CASE WHEN p.age > 40 THEN 'met' ELSE 'not met' END AS outcome"
GOOD = f"SELECT p.patient_id, {OUTCOME}\nFROM patient AS p\n"


def cte(query: str) -> str:
    return f"WITH x AS (\n{query}\n)\nSELECT p.patient_id, {OUTCOME}\nFROM patient AS p\nJOIN x ON x.patient_id = p.patient_id\n"


def where(condition: str) -> str:
    return f"{GOOD}WHERE {condition}\n"


# story: SQL, line, column, reason
ATTACKS: dict[str, tuple[str, int, int, str]] = {
    "rounding defeated by an aggregate": (
        "SELECT p.patient_id,\n  5 * COUNT(*) AS outcome\nFROM patient AS p\n", 2, 3, "arithmetic is refused"),
    "an aggregate in the outer SELECT": (
        "SELECT p.patient_id,\n  COUNT(*) AS outcome\nFROM patient AS p\n", 2, 3, "COUNT in the outer SELECT is refused"),
    "the outer SELECT grouped": (GOOD + "GROUP BY p.patient_id\n", 3, 1, "GROUP BY in the outer SELECT is refused"),
    "an aggregate over everybody": (
        cte("SELECT MAX(e.value) AS v\nFROM event AS e"), 2, 8, "MAX needs GROUP BY patient_id"),
    "an aggregate by date": (
        cte("SELECT e.patient_id, COUNT(*) AS n\nFROM event AS e\nGROUP BY e.event_date"), 4, 1, "GROUP BY is exactly the patient_id"),
    "an aggregate by patient and date": (
        cte("SELECT e.patient_id, COUNT(*) AS n\nFROM event AS e\nGROUP BY e.patient_id, e.event_date"), 4, 1, "GROUP BY is exactly"),
    "rows multiplied by a comma": (
        f"SELECT p.patient_id, {OUTCOME}\nFROM patient AS p, event AS e\n", 2, 20, "a join without ON is refused"),
    "rows multiplied by a join": (
        GOOD + "JOIN event AS e ON e.patient_id = p.patient_id\n", 3, 6, "e may have several rows per patient"),
    "rows multiplied by UNION ALL": (GOOD + "UNION ALL\n" + GOOD, 3, 1, "a search is one SELECT"),
    "a second statement": (GOOD + "; DROP TABLE patient", 3, 3, "a second statement is refused"),
    "another statement altogether": ("COPY patient TO '/tmp/x'", 1, 1, "a search starts with SELECT or WITH"),
    "settings changed": ("SET enable_external_access = true; " + GOOD, 1, 1, "a search starts with SELECT or WITH"),
    "a DELETE in a CTE": (cte("DELETE FROM patient RETURNING patient_id"), 2, 1, "DELETE is refused"),
    "an INSERT in a CTE": (cte("INSERT INTO patient VALUES (1) RETURNING patient_id"), 2, 1, "INSERT is refused"),
    "SELECT INTO": (f"SELECT p.patient_id, {OUTCOME}\nINTO stolen FROM patient AS p", 2, 1, "INTO is refused"),
    "a lock": (GOOD + "FOR UPDATE", 3, 1, "a locking clause is refused"),
    "an unknown table": (f"SELECT p.patient_id, {OUTCOME}\nFROM staff AS p", 2, 6, "there is no table staff"),
    "the catalogue of the database": (
        f"SELECT p.patient_id, {OUTCOME}\nFROM information_schema.tables AS p", 2, 6, "a table's name is bare"),
    "a raw table of the supplier": (
        f"SELECT p.patient_id, {OUTCOME}\nFROM raw.srpatient AS p", 2, 6, "a table's name is bare"),
    "the opt-outs": (where("EXISTS (SELECT 1 FROM type1 AS t\n WHERE t.patient_id = p.patient_id)"), 3, 29, "there is no table type1"),
    "an identifying column": (where("p.nhs_number = '9434765919'"), 3, 7, "p has no column nhs_number"),
    "a birth date": (where("p.date_of_birth > :reference_date"), 3, 7, "p has no column date_of_birth"),
    "one patient asked for": (where("p.patient_id = 4711"), 3, 7, "an identifier is only compared"),
    "some patients listed": (where("p.patient_id IN ('1', '2')"), 3, 7, "an identifier is only compared"),
    "one patient by age in months": (where("p.age_months = 613"), 3, 7, "equality on an age in months is refused"),
    "one patient by the day of registration": (where("p.registered_on = :reference_date"), 3, 7, "equality on a date is refused"),
    "a date written out": (where("p.registered_on > DATE '2020-01-01'"), 3, 30, "casts and date literals are refused"),
    "an unknown function": (where("pg_sleep(100) IS NULL"), 3, 7, "the function pg_sleep is unknown"),
    "the environment read": (where("getenv('SECRET') = 'x'"), 3, 7, "the function getenv is unknown"),
    "a file read by a function": (
        f"SELECT p.patient_id, {OUTCOME}\nFROM read_csv('/etc/passwd') AS p", 2, 6, "the function READ_CSV is refused"),
    "a file read by another database's function": (where("pg_read_file('/etc/passwd') = 'x'"), 3, 7, "the function pg_read_file is unknown"),
    "a file read by its name": (f"SELECT p.patient_id, {OUTCOME}\nFROM '/etc/passwd' AS p", 2, 6, "the name /etc/passwd is refused"),
    "a file read by a quoted name": (f'SELECT p.patient_id, {OUTCOME}\nFROM "/etc/passwd" AS p', 2, 6, "the name /etc/passwd is refused"),
    "a query in a function": (where("query_to_xml('SELECT 1') = 'x'"), 3, 7, "the function query_to_xml is unknown"),
    "a comment inside a comment": (where("p.age > 3 /* a /* b */ */"), 3, 22, "a comment inside a comment is refused"),
    "a comment that MySQL runs": (where("p.age > 3 /*! OR 1 = 1 */"), 3, 17, "a comment that an engine may obey is refused"),
    "a hint": ("SELECT /*+ FULL */ p.patient_id FROM patient AS p", 1, 8, "a comment that an engine may obey is refused"),
    "a comment that swallows the rest": (where("p.age > 3 /* and"), 3, 17, "a comment is not closed"),
    "text that reads backwards": (where("p.age > 3 -- \u202e3 < ega.p"), 3, 20, "the character U[+]202E is refused"),
    "a letter that looks like another": (where("p.\u0430ge > 3"), 3, 9, "the character U[+]0430 is refused"),
    "a table's name taken by a CTE": (
        "WITH patient AS (SELECT e.patient_id FROM event AS e)\n" + GOOD, 1, 6, "the CTE patient hides a canonical table"),
    "a table's name taken by an alias": (
        where("EXISTS (SELECT 1 FROM event AS referral\n WHERE referral.patient_id = p.patient_id)"), 3, 38, "the alias referral hides another table"),
    "a code selected": (cte("SELECT e.patient_id, e.code\nFROM event AS e"), 2, 22, "a code can only be asked IN a code list"),
    "a code compared": (
        where("EXISTS (SELECT 1 FROM event AS e\n WHERE e.patient_id = p.patient_id\n AND e.code = '165816005')"), 5, 6, "a code can only be asked IN"),
    "a code in an order": (
        cte("SELECT e.patient_id, ROW_NUMBER() OVER (PARTITION BY e.patient_id ORDER BY e.code, e.event_id) AS rn\nFROM event AS e"), 2, 76, "a code can only be asked IN"),
    "a code as a dimension": ("SELECT e.patient_id, e.code AS outcome FROM event AS e", 1, 22, "a code can only be asked IN"),
    "somebody else's record": (
        where("EXISTS (SELECT 1 FROM event AS e\n WHERE e.value > 3)"), 3, 7, "EXISTS is not tied to the patient around it"),
    "text smuggled out as an outcome": (
        "SELECT p.patient_id,\n CASE WHEN p.age > 3 THEN 'met' ELSE 'secret' END AS outcome FROM patient AS p", 2, 38, "'secret' is not a value of outcome"),
    "a column more than declared": (f"SELECT p.patient_id, p.age,\n {OUTCOME} FROM patient AS p", 1, 22, "the column age is not declared"),
}  # fmt: skip


class Recorder:
    """Passes everything on to a real connection, and keeps what it was asked."""

    def __init__(self, connection: Any, seen: list[str]) -> None:
        self._connection = connection
        self._seen = seen

    def __getattr__(self, name: str) -> Any:
        self._seen.append(name)
        return getattr(self._connection, name)


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    statements: list[str] = []
    connect = duckdb.connect

    def recording(*arguments: Any, **options: Any) -> Recorder:
        statements.append("connect")
        return Recorder(connect(*arguments, **options), statements)

    monkeypatch.setattr(duckdb, "connect", recording)
    return statements


@pytest.fixture(scope="module")
def extract(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("extract")
    synthesise("canonical", patients=150, seed=1, out=folder)
    return folder


def run(sql: str, folder: Path, extract: Path) -> int:
    search = folder / "attack"
    search.mkdir()
    (search / "search.yaml").write_text(DOCUMENT, encoding="utf-8")
    (search / "search.sql").write_text(sql, encoding="utf-8")
    where_and_when = ["--extract", str(extract), "--layout", "canonical", "--reference-date", "2026-03-31", "--json"]
    return main(["run", str(search), *where_and_when])


def test_the_recording_connection_sees_a_good_search(
    tmp_path: Path, extract: Path, seen: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(GOOD, tmp_path, extract) == 0
    assert "connect" in seen
    assert "execute" in seen
    assert json.loads(capsys.readouterr().out)["cells"][0]["met"]["everyone"] > 0


@pytest.mark.parametrize(("sql", "line", "column", "reason"), ATTACKS.values(), ids=ATTACKS)
def test_what_must_not_run_is_refused_at_its_place(sql: str, line: int, column: int, reason: str) -> None:
    with pytest.raises(RuleError, match=reason) as caught:
        read_search(SearchFiles({"search.yaml": DOCUMENT, "search.sql": sql}, {}))
    assert (caught.value.line, caught.value.column) == (line, column)


@pytest.mark.parametrize("sql", [attack[0] for attack in ATTACKS.values()], ids=ATTACKS)
def test_no_connection_sees_anything_of_a_refused_search(
    sql: str, tmp_path: Path, extract: Path, seen: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(sql, tmp_path, extract) == 1
    assert seen == []
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("gpfed-search: line ")
