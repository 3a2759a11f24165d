"""A search made of a few words, for tests of what comes after reading one."""

from __future__ import annotations

from datetime import date

from searches.codelist import parse_codelist
from searches.search import Dimension, Good, Schedule, Search, Unit

DIABETES = parse_codelist(
    "diabetes",
    "system,code,label,category\nsnomed,44054006,type 2 diabetes,\nctv3,X40J5,type 2 diabetes,\n"
    "read2,C10F.,type 2 diabetes,\nemis,EMISNQAC724,type 2 diabetes,\n",
)
FLU_READ_ONLY = parse_codelist("flu", "system,code,label,category\nread2,65E..,flu vaccine,\n")

EVERYONE = "SELECT p.patient_id, 'met' AS outcome FROM patient AS p"
DIABETIC = """
    SELECT p.patient_id,
           CASE WHEN EXISTS (SELECT 1 FROM event AS e
                             WHERE e.patient_id = p.patient_id AND e.code IN codelist.diabetes)
                THEN 'met' ELSE 'not met' END AS outcome
    FROM patient AS p
"""

LIKE_A_LAYOUT = ("person", "spell", "half", "current_patient")
OTHERWISE = ("one", "two", "three", "four")


def in_steps(names: tuple[str, ...], name: str) -> Search:
    """A search in four steps, called as one likes; the first are names that layouts give to steps of their own."""
    one, two, three, four = names
    sql = f"""
        WITH {one} AS (SELECT p.patient_id, p.age FROM patient AS p WHERE p.age > 20),
             {two} AS (SELECT e.patient_id, COUNT(*) AS entries FROM event AS e GROUP BY e.patient_id),
             {three} AS (SELECT e.patient_id, e.event_date,
                                ROW_NUMBER() OVER (PARTITION BY e.patient_id ORDER BY e.event_date, e.event_id) AS place
                         FROM event AS e),
             {four} AS (SELECT q.patient_id, q.age, n.entries FROM {one} AS q
                        JOIN {two} AS n ON n.patient_id = q.patient_id)
        SELECT p.patient_id,
               CASE WHEN c.entries >= 3 AND f.event_date IS NOT NULL THEN 'met' WHEN c.age > 60 THEN 'excepted'
                    ELSE 'not met' END AS outcome
        FROM patient AS p
        LEFT JOIN {four} AS c ON c.patient_id = p.patient_id
        LEFT JOIN {three} AS f ON f.patient_id = p.patient_id AND f.place = 1
    """
    return small_search(sql, name=name)


def small_search(
    sql: str = EVERYONE,
    *,
    name: str = "small",
    unit: Unit = Unit.PERSON,
    dimensions: tuple[Dimension, ...] = (),
    schedule: Schedule = Schedule.MONTHLY,
) -> Search:
    """A search with that SQL; it may use the lists `diabetes` (every system) and `flu` (Read version 2 only)."""
    return Search(
        id=name,
        title="a small search",
        why_it_matters="",
        unit=unit,
        kind="proportion",
        dimensions=dimensions,
        codelists={"diabetes": DIABETES, "flu": FLU_READ_ONLY},
        good=Good.HIGHER,
        target=None,
        schedule=schedule,
        owner="a tester",
        authored_by="a tester",
        next_review=date(2027, 1, 1),
        sql=sql,
        digest="0" * 64,
    )
