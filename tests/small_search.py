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
