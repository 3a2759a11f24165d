# ruff: noqa: E501 - one case, one line: tables are drawn as tables
from __future__ import annotations

import pytest

from searches.errors import RuleError
from searches.parse import parse
from searches.rules import Declared, check
from searches.search import Unit

LISTS = frozenset({"pulse", "other"})
PERSON = Declared(Unit.PERSON, "proportion", (), frozenset())
OUTCOME = "CASE WHEN p.age > 40 THEN 'met' ELSE 'not met' END AS outcome"


def person(where: str = "p.age > 17", *, ctes: str = "", joins: str = "", outcome: str = OUTCOME) -> str:
    return f"{ctes}SELECT p.patient_id, {outcome} FROM patient AS p {joins} WHERE {where}"


def exists(condition: str, source: str = "event AS e") -> str:
    return person(f"EXISTS (SELECT 1 FROM {source} WHERE e.patient_id = p.patient_id AND {condition})")


def cte(query: str, joined: str = "x.patient_id = p.patient_id") -> str:
    return person(ctes=f"WITH x AS ({query}) ", joins=f"JOIN x ON {joined}")


def declared_for(sql: str) -> Declared:
    used = frozenset(name for name in LISTS if f"codelist.{name}" in sql)
    return Declared(Unit.PERSON, "proportion", (), used)


def assert_refused(marked: str, reason: str, declared: Declared | None = None) -> None:
    before, mark, after = marked.partition("«")
    with pytest.raises(RuleError, match=reason) as caught:
        check(parse(before + after), declared or declared_for(before + after))
    if mark:
        assert (caught.value.line, caught.value.column) == (1, len(before) + 1)
    assert caught.value.suggestion


ALLOWED = [
    person(),
    person("p.age BETWEEN 17 AND 64"),
    person("p.age = 40 AND p.sex <> 'F' AND p.sex IN ('M', 'I')"),
    person("NOT (p.imd_quintile <= 2 OR p.imd_quintile IS NULL)"),
    person("p.registered_on > :reference_date - INTERVAL '9' MONTH"),
    person("p.registered_on > (:period_start - INTERVAL '1' YEAR) + INTERVAL 3 DAY"),
    cte("SELECT u.patient_id, MAX(CASE WHEN u.n > 64 THEN u.n END) AS n FROM (SELECT a.patient_id, a.imd_quintile AS n FROM patient AS a UNION ALL SELECT b.patient_id, b.age AS n FROM patient AS b) AS u GROUP BY u.patient_id"),
    person("COALESCE(p.imd_quintile, 3) > 2"),
    exists("e.code IN codelist.pulse AND e.event_date >= :reference_date - INTERVAL '5' YEAR"),
    exists("e.code NOT IN codelist.pulse AND e.value >= -2.5 AND e.value < 100"),
    exists("e.event_date >= p.registered_on + INTERVAL '12' MONTH"),
    exists("e.age_months >= 12 AND e.problem_status = 'active'"),
    exists("EXISTS (SELECT 1 FROM event AS f WHERE f.patient_id = e.patient_id AND f.event_id <> e.event_id)"),
    person("(p.age) > 3 AND CASE WHEN p.age > 3 THEN 1 ELSE 2.5 END > 2"),
    # unqualified names stand for the one table in sight
    "SELECT patient_id, CASE WHEN age > 3 THEN 'met' ELSE 'not met' END AS outcome FROM patient",
    # grouped, MIN, MAX, COUNT, HAVING
    cte("SELECT e.patient_id FROM event AS e WHERE e.code IN codelist.pulse GROUP BY e.patient_id"),
    cte("SELECT e.patient_id, COUNT(*) AS n, MAX(e.value) AS v FROM event AS e GROUP BY e.patient_id", "x.patient_id = p.patient_id AND x.n >= 2"),
    cte("SELECT e.patient_id, COUNT(DISTINCT e.event_date) AS n FROM event AS e GROUP BY e.patient_id HAVING COUNT(*) > 1"),
    cte("SELECT e.patient_id, COUNT(e.value) AS n, MAX(CASE WHEN e.value > 3 THEN e.event_date END) AS d FROM event AS e GROUP BY e.patient_id"),
    cte("SELECT e.patient_id, CASE WHEN COUNT(*) > 2 THEN 1 ELSE 0 END AS flag FROM event AS e GROUP BY e.patient_id"),
    cte("SELECT e.patient_id, COUNT(*) AS n FROM event AS e GROUP BY e.patient_id", "x.n = p.age AND x.patient_id = p.patient_id"),
    # the interval on a CTE's date
    person("x.last >= x.first + INTERVAL '7' DAY",
           ctes="WITH x AS (SELECT e.patient_id, MIN(e.event_date) AS first, MAX(e.event_date) AS last FROM event AS e GROUP BY e.patient_id) ",
           joins="LEFT JOIN x ON x.patient_id = p.patient_id"),
    # ROW_NUMBER
    cte("SELECT e.patient_id, ROW_NUMBER() OVER (PARTITION BY e.patient_id ORDER BY e.event_date DESC, e.event_id DESC) AS rn FROM event AS e",
        "x.patient_id = p.patient_id AND x.rn = 1"),
    person("x.rn = 1", ctes="WITH x AS (SELECT e.patient_id, ROW_NUMBER() OVER (PARTITION BY e.patient_id ORDER BY e.event_id) AS rn FROM event AS e) ",
           joins="JOIN x ON x.patient_id = p.patient_id"),
    person("1 = rn", ctes="WITH x AS (SELECT e.patient_id, ROW_NUMBER() OVER (PARTITION BY e.patient_id ORDER BY e.event_id) AS rn FROM event AS e) ",
           joins="JOIN x ON x.patient_id = p.patient_id"),
    cte("SELECT y.patient_id, y.value FROM (SELECT e.patient_id, e.value, ROW_NUMBER() OVER (PARTITION BY e.patient_id ORDER BY e.event_id) AS rn FROM event AS e) AS y WHERE y.rn = 1"),
    cte("SELECT e.patient_id, ROW_NUMBER() OVER (PARTITION BY e.patient_id ORDER BY q.age, e.event_id) AS rn FROM event AS e JOIN patient AS q ON q.patient_id = e.patient_id",
        "x.patient_id = p.patient_id AND x.rn = 1"),
    # a blood pressure: two tables on equal dates, the order ending with the id of each
    cte("SELECT s.patient_id, s.value AS systolic, d.value AS diastolic, ROW_NUMBER() OVER (PARTITION BY s.patient_id ORDER BY s.event_date DESC, s.event_id, d.event_id) AS rn "
        "FROM event AS s JOIN event AS d ON d.patient_id = s.patient_id AND d.event_date = s.event_date", "x.patient_id = p.patient_id AND x.rn = 1"),
    # ids that pass through a CTE still end an order
    person(ctes="WITH y AS (SELECT e.patient_id, e.event_id AS key, e.event_date FROM event AS e), "
           "x AS (SELECT y.patient_id, ROW_NUMBER() OVER (PARTITION BY y.patient_id ORDER BY y.event_date, y.key) AS rn FROM y) ",
           joins="LEFT JOIN x ON x.patient_id = p.patient_id AND x.rn = 1"),
    # given as event or as immunisation
    cte("SELECT u.patient_id, COUNT(DISTINCT u.day) AS n FROM (SELECT e.patient_id, e.event_date AS day FROM event AS e WHERE e.code IN codelist.pulse "
        "UNION ALL SELECT i.patient_id, i.given_date AS day FROM immunisation AS i WHERE i.code IN codelist.pulse) AS u GROUP BY u.patient_id"),
    # FROM may be a CTE of one row per patient
    "WITH x AS (SELECT p.patient_id, p.age FROM patient AS p) SELECT x.patient_id, CASE WHEN x.age > 3 THEN 'met' ELSE 'not met' END AS outcome FROM x",
    "SELECT x.patient_id, CASE WHEN x.age > 3 THEN 'met' ELSE 'not met' END AS outcome FROM (SELECT p.patient_id, p.age FROM patient AS p) AS x",
]  # fmt: skip


@pytest.mark.parametrize("sql", ALLOWED)
def test_what_real_indicators_need_is_allowed(sql: str) -> None:
    check(parse(sql), declared_for(sql))


GROUPED = "SELECT e.patient_id, MAX(e.event_date) AS last FROM event AS e GROUP BY e.patient_id"
MANY = "SELECT e.patient_id, e.event_id, e.event_date FROM event AS e"

REFUSED = {
    "tables": [
        (person(joins="JOIN «opt_out AS o ON o.patient_id = p.patient_id"), "there is no table opt_out"),
        (person(joins="JOIN «pg_catalog AS o ON o.patient_id = p.patient_id"), "there is no table pg_catalog"),
        ("WITH «patient AS (SELECT e.patient_id FROM event AS e) SELECT patient_id, 'met' AS outcome FROM patient", "the CTE patient hides a canonical table"),
        ("WITH «codelist AS (SELECT e.patient_id FROM event AS e) SELECT patient_id, 'met' AS outcome FROM codelist", "the CTE codelist hides"),
        ("SELECT patient.patient_id, 'met' AS outcome FROM event AS «patient", "the alias patient hides another table"),
        (cte(GROUPED).replace("JOIN x ON", "JOIN x AS «codelist ON"), "the alias codelist hides another table"),
        (person(ctes=f"WITH x AS ({GROUPED}), «x AS ({GROUPED}) "), "the CTE x is defined twice"),
        (person(ctes=f"WITH «x AS ({GROUPED}) "), "the CTE x is never used"),
        (person(ctes=f"WITH x AS (SELECT y.patient_id FROM «y), y AS ({GROUPED}) "), "there is no table y"),
        (person(ctes="WITH x AS (SELECT x.patient_id FROM «x) "), "there is no table x"),
        ("SELECT p.patient_id FROM («SELECT p.patient_id FROM patient AS p)", "a subquery in FROM needs a name"),
        ("«SELECT 1 AS patient_id", "a SELECT without FROM is refused"),
        ("SELECT p.patient_id FROM «COALESCE(1) AS p", "FROM and JOIN name a table"),
        ("SELECT p.patient_id FROM (patient) AS p", "is refused|a subquery holds one SELECT|not part of the language"),
    ],
    "joins": [
        (person(joins=f", («{GROUPED}) AS x"), "a join without ON is refused"),
        (person(joins="CROSS JOIN patient AS q").replace("patient AS q", "«patient AS q"), "CROSS JOIN is refused"),
        (cte(GROUPED).replace("JOIN x", "RIGHT JOIN «x"), "RIGHT JOIN is refused"),
        (cte(GROUPED).replace("JOIN x", "FULL JOIN «x"), "FULL JOIN is refused"),
        (cte(GROUPED, "«x.last > p.registered_on"), "a join is always on patient_id with a table before it"),
        (cte(GROUPED, "«x.patient_id = p.patient_id OR p.age > 3"), "a join is always on patient_id"),
        (cte(GROUPED, "«x.patient_id > p.patient_id"), "a join is always on patient_id"),
        (cte(GROUPED, "«x.patient_id = x.patient_id"), "a join is always on patient_id"),
        (person(joins="JOIN «patient AS p ON p.patient_id = p.patient_id"), "the name p is given twice"),
        (person(joins="JOIN «event AS e ON e.patient_id = p.patient_id"), "e may have several rows per patient"),
        (cte(MANY).replace("JOIN x", "JOIN «x"), "x may have several rows per patient"),
        (cte(GROUPED, "x.patient_id = p.patient_id AND «EXISTS (SELECT 1 FROM event AS e WHERE e.patient_id = p.patient_id)"), "EXISTS in ON is refused"),
        # a row number that a join has repeated does not promise one row any more
        (person(ctes="WITH a AS (SELECT e.patient_id, ROW_NUMBER() OVER (PARTITION BY e.patient_id ORDER BY e.event_id) AS rn FROM event AS e), "
                "x AS (SELECT a.patient_id, a.rn AS rn FROM a JOIN event AS f ON f.patient_id = a.patient_id) ",
                joins="JOIN «x ON x.patient_id = p.patient_id AND x.rn = 1"), "x may have several rows per patient"),
        (person(ctes="WITH a AS (SELECT e.patient_id, ROW_NUMBER() OVER (PARTITION BY e.patient_id ORDER BY e.event_id) AS rn FROM event AS e) ",
                joins="JOIN «a ON a.patient_id = p.patient_id AND (a.rn = 1 OR p.age > 3)"), "a may have several rows per patient"),
        (person(ctes="WITH a AS (SELECT e.patient_id, ROW_NUMBER() OVER (PARTITION BY e.patient_id ORDER BY e.event_id) AS rn FROM event AS e) ",
                joins="JOIN «a ON a.patient_id = p.patient_id AND a.rn = 2"), "a may have several rows per patient"),
        (person(ctes="WITH a AS (SELECT e.patient_id, e.value AS rn FROM event AS e) ",
                joins="JOIN «a ON a.patient_id = p.patient_id AND a.rn = 1"), "a may have several rows per patient"),
    ],
    "aggregates and groups": [
        (person(outcome="«COUNT(*) AS outcome"), "COUNT in the outer SELECT is refused"),
        (person(outcome="CASE WHEN «MAX(p.age) > 3 THEN 'met' END AS outcome"), "MAX in the outer SELECT is refused"),
        (person("p.age > 3 GROUP «BY p.patient_id").replace("GROUP «BY", "«GROUP BY"), "GROUP BY in the outer SELECT is refused"),
        (person("p.age > 3 «HAVING p.age > 3"), "HAVING in the outer SELECT is refused"),
        (cte("SELECT e.patient_id, «COUNT(*) AS n FROM event AS e"), "COUNT needs GROUP BY patient_id"),
        (cte("SELECT e.patient_id FROM event AS e WHERE «MAX(e.value) > 3 GROUP BY e.patient_id"), "MAX needs GROUP BY patient_id and stands in"),
        (cte("SELECT e.patient_id, COUNT(*) AS n FROM event AS e «GROUP BY e.patient_id, e.event_date"), "GROUP BY is exactly the patient_id of FROM"),
        (cte("SELECT e.patient_id, COUNT(*) AS n FROM event AS e «GROUP BY e.event_date"), "GROUP BY is exactly the patient_id of FROM"),
        (cte("SELECT e.patient_id, COUNT(*) AS n FROM event AS e «GROUP BY 1"), "GROUP BY is exactly the patient_id of FROM"),
        (cte("SELECT e.patient_id, COUNT(*) AS n FROM event AS e LEFT JOIN medication AS m ON m.patient_id = e.patient_id «GROUP BY m.patient_id"), "GROUP BY is exactly"),
        (cte("SELECT e.patient_id, «e.event_date + INTERVAL '1' DAY AS n FROM event AS e GROUP BY e.patient_id"), "column event_date stands outside an aggregate"),
        (cte("SELECT e.patient_id, COUNT(*) AS n FROM event AS e GROUP BY e.patient_id HAVING «e.code IN codelist.pulse"), "column code stands outside an aggregate"),
        (cte("SELECT e.patient_id, «e.value FROM event AS e GROUP BY e.patient_id"), "column value stands outside an aggregate"),
        (cte("SELECT e.patient_id, COUNT(*) AS n FROM event AS e GROUP BY e.patient_id HAVING «e.value > 3"), "column value stands outside an aggregate"),
        (cte("SELECT e.patient_id FROM event AS e «HAVING COUNT(*) > 3"), "HAVING needs GROUP BY patient_id"),
        (cte("SELECT e.patient_id, COUNT(«DISTINCT e.value) AS n FROM event AS e GROUP BY e.patient_id"), "takes one date"),
        (cte("SELECT e.patient_id, COUNT(«DISTINCT e.event_date, e.recorded_date) AS n FROM event AS e GROUP BY e.patient_id"), "takes one date"),
        (cte("SELECT e.patient_id, «MAX(e.problem_status) AS n FROM event AS e GROUP BY e.patient_id"), "MAX of a text of a closed domain is refused"),
        (cte("SELECT e.patient_id, «MIN(e.event_id) AS n FROM event AS e GROUP BY e.patient_id"), "MIN of a row id is refused"),
        (cte("SELECT e.patient_id, MAX(«COUNT(*)) AS n FROM event AS e GROUP BY e.patient_id"), "an aggregate takes a column or CASE"),
        (cte("SELECT e.patient_id, MAX(CASE WHEN «EXISTS (SELECT 1 FROM event AS f WHERE f.patient_id = e.patient_id) THEN 1 END) AS n FROM event AS e GROUP BY e.patient_id"), "EXISTS in an aggregate is refused"),
        (exists("e.value > 3 «GROUP BY e.patient_id"), "GROUP BY in EXISTS is refused"),
    ],
    "row numbers": [
        (person(outcome="«ROW_NUMBER() OVER (PARTITION BY p.patient_id ORDER BY p.age) AS outcome"), "ROW_NUMBER stands in a CTE without GROUP BY"),
        (cte("SELECT e.patient_id, «MAX(e.value) OVER (PARTITION BY e.patient_id) AS v FROM event AS e"), "only ROW_NUMBER may stand before OVER"),
        (cte("SELECT e.patient_id, «ROW_NUMBER() OVER (PARTITION BY e.value ORDER BY e.event_id) AS rn FROM event AS e"), "partitioned by exactly the patient_id"),
        (cte("SELECT e.patient_id, «ROW_NUMBER() OVER (ORDER BY e.event_id) AS rn FROM event AS e"), "partitioned by exactly the patient_id"),
        (cte("SELECT e.patient_id, «ROW_NUMBER() OVER (PARTITION BY e.patient_id) AS rn FROM event AS e"), "ROW_NUMBER without ORDER BY"),
        (cte("SELECT e.patient_id, ROW_NUMBER() OVER (PARTITION BY e.patient_id «ORDER BY e.event_date) AS rn FROM event AS e"), "the order of ROW_NUMBER is not total"),
        (cte("SELECT e.patient_id, ROW_NUMBER() OVER (PARTITION BY e.patient_id «ORDER BY e.event_id, e.event_date) AS rn FROM event AS e"), "not total"),
        (cte("SELECT s.patient_id, ROW_NUMBER() OVER (PARTITION BY s.patient_id «ORDER BY s.event_id) AS rn FROM event AS s JOIN event AS d ON d.patient_id = s.patient_id"), "not total"),
        (cte("SELECT e.patient_id, ROW_NUMBER() OVER (PARTITION BY e.patient_id ORDER BY «e.problem_status, e.event_id) AS rn FROM event AS e"), "rows are ordered by columns that hold dates"),
        (cte("SELECT e.patient_id, ROW_NUMBER() OVER (PARTITION BY e.patient_id ORDER BY «e.code, e.event_id) AS rn FROM event AS e"), "a code can only be asked IN a code list"),
        (cte("SELECT e.patient_id, ROW_NUMBER() OVER (PARTITION BY e.patient_id ORDER BY «CASE WHEN e.value > 1 THEN 1 END, e.event_id) AS rn FROM event AS e"), "rows are ordered by columns"),
        (cte("SELECT e.patient_id, COALESCE(«ROW_NUMBER() OVER (PARTITION BY e.patient_id ORDER BY e.event_id), 1) AS rn FROM event AS e"), "ROW_NUMBER stands by itself in the SELECT list"),
        (cte("SELECT u.patient_id, «ROW_NUMBER() OVER (PARTITION BY u.patient_id ORDER BY u.event_id) AS rn FROM (" + MANY + " UNION ALL " + MANY + ") AS u"), "rows of u have no id to end an order with"),
        (cte("SELECT y.patient_id, «ROW_NUMBER() OVER (PARTITION BY y.patient_id ORDER BY y.event_date) AS rn FROM (SELECT e.patient_id, e.event_date FROM event AS e) AS y"), "rows of y have no id"),
        (person(ctes="WITH x AS (SELECT e.patient_id, ROW_NUMBER() OVER (PARTITION BY e.patient_id ORDER BY e.event_id) AS rn FROM event AS e) ",
                joins="JOIN x ON x.patient_id = p.patient_id AND «x.rn > p.age"), "a row number is only compared with a whole number"),
        (person(ctes="WITH x AS (SELECT e.patient_id, ROW_NUMBER() OVER (PARTITION BY e.patient_id ORDER BY e.event_id) AS rn FROM event AS e) ",
                joins="JOIN x ON x.patient_id = p.patient_id AND «x.rn = 0"), "a row number is only compared with a whole number from 1"),
    ],
    "columns": [
        (person("«p.nhs_number = 'x'"), "p has no column nhs_number"),
        (person("«date_of_birth > :reference_date"), "column date_of_birth is in no table"),
        (person("«e.value > 3"), "there is no table e here"),
        (cte(GROUPED, "x.patient_id = p.patient_id AND «patient_id = p.patient_id"), "column patient_id is in several tables"),
        ("SELECT «* FROM patient", "a column of a SELECT needs a name"),
        ("SELECT p.patient_id, «CASE WHEN p.age > 3 THEN 'met' END FROM patient AS p", "a column of a SELECT needs a name"),
        ("SELECT p.patient_id, p.age, «p.age FROM patient AS p", "the column age is selected twice"),
        ("«SELECT p.age FROM patient AS p", "patient_id is not selected"),
        (person(outcome="«p.patient_id AS outcome"), "only the patient_id of FROM is selected, under its own name"),
        ("SELECT «p.age AS patient_id FROM patient AS p", "patient_id is the patient_id of FROM"),
        (cte("SELECT «e.event_id AS patient_id FROM event AS e"), "patient_id is the patient_id of FROM"),
        (cte("SELECT «m.patient_id FROM event AS e LEFT JOIN medication AS m ON m.patient_id = e.patient_id"), "only the patient_id of FROM is selected"),
        (cte("SELECT e.patient_id, «e.code FROM event AS e"), "a code can only be asked IN a code list"),
        (cte("SELECT e.patient_id, «e.unit FROM event AS e"), "a unit is never compared or selected"),
        (cte("SELECT e.patient_id, «e.value > 3 AS high FROM event AS e"), "a condition is not a value"),
        (cte("SELECT e.patient_id, («SELECT e.value FROM event AS f) AS high FROM event AS e"), "a subquery as a value is refused"),
        (cte("SELECT e.patient_id, -«e.value AS low FROM event AS e"), "a minus sign stands only before a number"),
    ],
    "codes": [
        (exists("«e.code = '73211009'"), "a code can only be asked IN a code list"),
        (exists("«e.code IN ('73211009')"), "a code can only be asked IN a code list"),
        (exists("«e.code IS NULL"), "a code can only be asked IN a code list"),
        (exists("«e.code > e.code"), "a code can only be asked IN a code list"),
        (exists("COALESCE(«e.code, 'x') = 'x'"), "a code can only be asked IN a code list"),
        (exists("«e.code IN event"), "IN needs a list in parentheses or a code list"),
        (exists("«e.code IN p.age"), "IN needs a list in parentheses or a code list"),
        (exists("«e.value IN codelist.pulse"), "only a code can be asked IN a code list"),
        (exists("e.value = «codelist.pulse"), "a code list stands only after IN"),
        (exists("e.value IN («p.age)"), "IN lists written values"),
        (exists("«e.value IN (" + ", ".join(["1"] * 101) + ")"), "more than 100 values in a list"),
        (exists("«e.unit = 'mmol/mol'"), "a unit is never compared or selected"),
    ],
    "ids": [
        (person("«p.patient_id = '12345'"), "patient_id only equals the patient_id of another table|an identifier is only compared"),
        (person("«p.patient_id = 12345"), "an identifier is only compared"),
        (person("«p.patient_id IN ('1', '2')"), "an identifier is only compared"),
        (person("«p.patient_id > '5'"), "an identifier is only compared"),
        (person("«p.patient_id = p.patient_id"), "patient_id only equals the patient_id of another table"),
        (exists("«e.patient_id <> p.patient_id"), "patient_id only equals the patient_id of another table"),
        (exists("«e.event_id = 77"), "an identifier is only compared"),
        (exists("«e.event_id = e.event_id"), "an identifier is only compared"),
        (exists("EXISTS (SELECT 1 FROM event AS f WHERE f.patient_id = e.patient_id AND «f.event_id < e.event_id)"), "an identifier is only compared"),
        (exists("EXISTS (SELECT 1 FROM referral AS f WHERE f.patient_id = e.patient_id AND «f.referral_id = e.event_id)"), "an identifier is only compared"),
        (person("«COALESCE(p.patient_id, 'x') = 'x'"), "the branches do not fit together"),
        (person("«CASE WHEN p.age > 3 THEN p.patient_id END IS NULL"), "the branches do not fit together"),
    ],
    "comparisons": [
        (person("«1 = 1"), "two written values are compared"),
        (person("«:reference_date > :period_start"), "two written values are compared"),
        (person("«p.age = 'old'"), "is compared with a"),
        (person("«p.age > :reference_date"), "is compared with a"),
        (person("«p.registered_on > '2020-01-01'"), "a date literal is refused"),
        (person("p.sex = «'f'"), "'f' is not in the domain"),
        (person("p.sex IN ('F', «'X')"), "'X' is not in the domain"),
        (person("«'X' = p.sex").replace("«'X'", "«'X'"), "'X' is not in the domain"),
        (person("«p.sex > 'F'"), "texts have no order"),
        (person("«p.sex BETWEEN 'F' AND 'M'"), "texts have no order"),
        (person("«p.sex = p.age_band"), "two texts are compared"),
        (person("p.imd_quintile = «6"), "the number is not in the domain"),
        (person("«0 < p.imd_quintile"), "the number is not in the domain"),
        (person("p.imd_quintile > -«1"), "the number is not in the domain"),
        (person("p.age = «NULL"), "NULL stands only in CASE and after IS"),
        (person("«p.age IS TRUE").replace("«", ""), "TRUE and FALSE are refused"),
        (person("«p.age IS p.age"), "IS is only followed by NULL"),
        (person("«p.age"), "a value is not a condition"),
        (person("p.age > «1e3"), "this number is refused"),
        (person("p.age > «1.2345"), "this number is refused"),
        (person("«p.age BETWEEN 40 AND 40"), "BETWEEN with equal bounds is refused"),
        (person("«p.age BETWEEN (40) AND 040"), "BETWEEN with equal bounds is refused"),
        (person("«p.age_months BETWEEN 500 AND 500.0"), "BETWEEN with equal bounds is refused"),
        (person("«p.registered_on BETWEEN :reference_date AND (:reference_date)"), "BETWEEN with equal bounds is refused"),
        (person("«p.registered_on BETWEEN :period_start - INTERVAL '1' YEAR AND :period_start - INTERVAL '12' MONTH"), "BETWEEN with equal bounds is refused"),
    ],
    "what singles out one patient": [
        (person("«p.age_months = 61"), "equality on an age in months is refused"),
        (person("«p.age_months <> 61"), "equality on an age in months is refused"),
        (person("«p.age_months IN (61)"), "equality on an age in months is refused"),
        (person("«COALESCE(p.age_months, 0) = 61"), "equality on an age in months is refused"),
        (person("«CASE WHEN p.age > 3 THEN p.age_months END = 61"), "equality on an age in months is refused"),
        (cte("SELECT e.patient_id, MAX(e.age_months) AS m FROM event AS e GROUP BY e.patient_id", "x.patient_id = p.patient_id AND «x.m = 61"), "equality on an age"),
        (person("«p.registered_on = :reference_date"), "equality on a date is refused"),
        (person("«p.registered_on = :reference_date - INTERVAL '3' DAY"), "equality on a date is refused"),
        (exists("«e.event_date = p.registered_on"), "equality on a date is refused"),
        (exists("«e.event_date = e.recorded_date"), "equality on a date is refused"),
        (cte("SELECT e.patient_id FROM event AS e JOIN patient AS q ON q.patient_id = e.patient_id AND «q.registered_on = e.event_date"), "equality on a date is refused"),
        (cte("SELECT e.patient_id FROM event AS e WHERE «e.event_date = :reference_date"), "equality on a date is refused"),
        (cte("SELECT s.patient_id FROM event AS s JOIN event AS d ON d.patient_id = s.patient_id AND «s.event_date <> d.event_date"), "equality on a date is refused"),
    ],
    "dates": [
        (person("p.registered_on > «:today"), "the date :today is unknown"),
        (person("p.registered_on > p.registered_on - «INTERVAL '5' YEAR"), "INTERVAL unit YEAR is refused here"),
        (person("p.registered_on > :reference_date - «INTERVAL '5' WEEK"), "INTERVAL unit WEEK is refused here"),
        (person("p.registered_on > :reference_date - «INTERVAL '5.5' DAY"), "the length of an INTERVAL is a whole number"),
        (person("p.registered_on > :reference_date - «INTERVAL '201' YEAR"), "an INTERVAL is at most 200 YEAR"),
        (person("p.registered_on > :reference_date - INTERVAL '150' YEAR - «INTERVAL '601' MONTH"), "all intervals of a window together are at most 200 years"),
        (person("p.registered_on > :reference_date - «INTERVAL (p.age) DAY"), "the length of an INTERVAL is a whole number"),
        (person("p.registered_on > «INTERVAL '3' DAY"), "an INTERVAL follows a date"),
        (person("p.registered_on > «:reference_date - 30").replace("«:", ":"), "arithmetic is refused"),
        (person("«p.age + 1 > 30"), "arithmetic is refused"),
        (person("«p.age - INTERVAL '1' DAY > 30"), "an INTERVAL needs a date column or a bound date before it"),
        (person("«p.registered_on + INTERVAL '1' DAY + INTERVAL '1' DAY > :reference_date"), "an INTERVAL needs a date column or a bound date"),
    ],
    "union": [
        (person(joins=f"JOIN ({MANY} «UNION ALL {GROUPED}) AS u ON u.patient_id = p.patient_id"), "different columns"),
        (person(ctes=f"WITH x AS ({MANY} UNION ALL (WITH y AS ({GROUPED}) {MANY})) ", joins="JOIN x ON x.patient_id = p.patient_id"), "WITH inside a subquery is refused|put every CTE"),
        (cte(f"WITH y AS ({GROUPED}) SELECT y.patient_id FROM y"), "WITH inside a subquery is refused"),
    ],
    "bare names beside outputs": [
        (cte("SELECT e.patient_id, MIN(e.value) AS value FROM event AS e GROUP BY e.patient_id HAVING MAX(«value) > 3"), "value could be the column or what is selected under that name"),
        (cte("SELECT e.patient_id, COALESCE(e.value, 0) AS value, ROW_NUMBER() OVER (PARTITION BY e.patient_id ORDER BY «value, e.event_id) AS rn FROM event AS e", "x.patient_id = p.patient_id AND x.rn = 1"), "value could be the column or what is selected"),
    ],
    "bare names in ON": [
        (cte("SELECT e.patient_id, COUNT(*) AS n FROM patient AS q JOIN event AS e ON e.patient_id = q.patient_id AND «value > 3 JOIN event AS f ON f.patient_id = q.patient_id GROUP BY q.patient_id"), "column value is in several tables here"),
    ],
    "exists": [
        (person("«EXISTS (SELECT 1 FROM event AS e WHERE e.value > 3)"), "EXISTS is not tied to the patient around it"),
        (person("«EXISTS (SELECT 1 FROM event AS e)"), "EXISTS is not tied to the patient around it"),
        (person("«EXISTS (SELECT 1 FROM event AS e WHERE e.patient_id = p.patient_id OR e.value > 3)"), "EXISTS is not tied"),
        (person("EXISTS (SELECT 1 FROM event AS p WHERE «p.patient_id = p.patient_id)"), "patient_id only equals"),
        (person("«EXISTS (SELECT 1 FROM event AS p WHERE p.patient_id IS NOT NULL)"), "the alias p is used inside and around EXISTS"),
        (person("EXISTS («SELECT e.value FROM event AS e WHERE e.patient_id = p.patient_id)"), "EXISTS selects 1"),
        (person("EXISTS («SELECT * FROM event AS e WHERE e.patient_id = p.patient_id)"), "EXISTS selects 1"),
        (person("EXISTS (SELECT 1 FROM event AS e UNION ALL SELECT 1 FROM event AS f)"), "EXISTS holds one SELECT"),
        (cte("SELECT e.patient_id, CASE WHEN «EXISTS (SELECT 1 FROM event AS f WHERE f.patient_id = e.patient_id) THEN 1 ELSE 0 END AS n FROM event AS e GROUP BY e.patient_id"), "EXISTS in the SELECT list is refused"),
        (person("EXISTS (WITH y AS (SELECT e.patient_id FROM event AS e) SELECT 1 FROM y WHERE y.patient_id = p.patient_id)"), "WITH inside a subquery is refused"),
    ],
    "cases": [
        (person(outcome="«CASE WHEN p.age > 3 THEN 'met' ELSE 3 END AS outcome"), "the branches do not fit together: text of a closed domain, whole number"),
        (person(outcome="«CASE WHEN p.age > 3 THEN NULL END AS outcome"), "the branches do not fit together: NULL"),
    ],
    "sides of UNION ALL": [
        (cte("SELECT u.patient_id, COUNT(CASE WHEN «u.n = 60 THEN 1 END) AS n FROM (SELECT a.patient_id, a.age AS n FROM patient AS a UNION ALL SELECT b.patient_id, b.age_months AS n FROM patient AS b) AS u GROUP BY u.patient_id"), "equality on an age in months is refused"),
    ],
    "outcome": [
        (person(outcome="CASE WHEN p.age > 3 THEN 'met' ELSE «'failed' END AS outcome"), "'failed' is not a value of outcome"),
        (person(outcome="«CASE WHEN p.age > 3 THEN 'met' END AS outcome"), "outcome can never be 'not met'"),
        (person(outcome="«CASE WHEN p.age > 3 THEN 'not met' END AS outcome"), "outcome can never be 'met'"),
        (person(outcome="«p.age AS outcome"), "outcome is not a text"),
        (person(outcome="«p.sex AS outcome"), "'F' is not a value of outcome"),
        ("«SELECT p.patient_id FROM patient AS p", "the column outcome is missing in the outer SELECT"),
        (person(outcome=OUTCOME + ", «p.age"), "the column age is not declared"),
        (cte(MANY).replace(" JOIN x ON x.patient_id = p.patient_id", "").replace("FROM patient AS p", "FROM «x AS p").replace("p.age > 17", "p.event_date > :reference_date").replace("p.age > 40", "p.event_date > :reference_date"), "FROM may have several rows per patient"),
    ],
}  # fmt: skip


@pytest.mark.parametrize(
    ("marked", "reason"),
    [pytest.param(*case, id=f"{group} {n}") for group, cases in REFUSED.items() for n, case in enumerate(cases)],
)
def test_a_broken_rule_is_refused_at_its_place(marked: str, reason: str) -> None:
    assert_refused(marked, reason)
