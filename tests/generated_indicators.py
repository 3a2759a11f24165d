"""Indicators drawn from six templates, and a practice of rows for them, for the tests and the bench of the batch.

    register      on a register and not resolved
    pressure      the latest pair of blood pressures in a window is at target
    value         the latest value in a window is at most t
    check         a check since
    event         an event between two dates
    drug          a drug since

The same seed gives the same indicators and rows. Codes are numbers in text, not SNOMED CT: nothing reads them.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from pathlib import Path
from random import Random

from searches.canon import AGE_BANDS, SEXES, TABLES
from searches.layouts.layout import IDENTITY_HEADER
from searches.search import Code, Codelist, Dimension, Good, Schedule, Search, Unit

REFERENCE_DATE = date(2026, 3, 31)
PRACTICE = "Z90001"
_DIMENSIONS = (Dimension("age_band", AGE_BANDS), Dimension("sex", SEXES))
_FIRST_CODE = 100_000_000

_REGISTER = """
WITH diagnosis AS (SELECT e.patient_id, MAX(e.event_date) AS latest_date FROM event AS e
                   WHERE e.code IN codelist.{register} GROUP BY e.patient_id),
resolved AS (SELECT e.patient_id, MAX(e.event_date) AS latest_date FROM event AS e
             WHERE e.code IN codelist.{resolved} GROUP BY e.patient_id){more}
SELECT p.patient_id, p.age_band, p.sex, CASE WHEN {asked} THEN 'met' ELSE 'not met' END AS outcome
FROM patient AS p
JOIN diagnosis AS dx ON dx.patient_id = p.patient_id
LEFT JOIN resolved AS rs ON rs.patient_id = p.patient_id
{joined}
WHERE p.age >= {age} AND (rs.latest_date IS NULL OR rs.latest_date < dx.latest_date)
"""
_PRESSURE = """,
pair AS (SELECT r.patient_id, r.systolic, r.diastolic
         FROM (SELECT s.patient_id, s.value AS systolic, d.value AS diastolic,
                      ROW_NUMBER() OVER (PARTITION BY s.patient_id
                                         ORDER BY s.event_date DESC, s.event_id DESC, d.event_id DESC) AS place
               FROM event AS s JOIN event AS d ON d.patient_id = s.patient_id AND d.event_date = s.event_date
               WHERE s.code IN codelist.systolic AND d.code IN codelist.diastolic
                 AND s.value IS NOT NULL AND d.value IS NOT NULL
                 AND s.event_date > :reference_date - INTERVAL '{months}' MONTH) AS r
         WHERE r.place = 1)"""
_LATEST = """,
latest AS (SELECT r.patient_id, r.value
           FROM (SELECT e.patient_id, e.value,
                        ROW_NUMBER() OVER (PARTITION BY e.patient_id
                                           ORDER BY e.event_date DESC, e.event_id DESC) AS place
                 FROM event AS e
                 WHERE e.code IN codelist.{codes} AND e.value IS NOT NULL
                   AND e.event_date > :reference_date - INTERVAL '{months}' MONTH) AS r
           WHERE r.place = 1)"""
_EXISTS = "EXISTS (SELECT 1 FROM {table} AS e WHERE e.patient_id = p.patient_id AND e.code IN codelist.{codes}{window})"


@dataclass(frozen=True, slots=True)
class Lists:
    """The code lists to draw from."""

    registers: tuple[Codelist, ...]
    resolved: tuple[Codelist, ...]
    events: tuple[Codelist, ...]
    drugs: tuple[Codelist, ...]
    pressure: tuple[Codelist, Codelist]


def code_lists(random: Random, codes: int, longest: int) -> Lists:
    """Lists of ten codes and more, most of them short.

    Args:
        random: where chance comes from.
        codes: how many different codes there are.
        longest: length of the longest list.
    """

    def drawn(name: str, system: str, first: int = 0) -> Codelist:
        length = int(10 * (longest / 10) ** random.random())
        return _codelist(name, system, random.sample(range(first, codes), length))

    return Lists(
        tuple(drawn(f"register_{number}", "snomed", 20) for number in range(9)),
        tuple(drawn(f"resolved_{number}", "snomed", 20) for number in range(9)),
        tuple(drawn(f"event_{number}", "snomed") for number in range(141)),
        tuple(drawn(f"drug_{number}", "dmd") for number in range(40)),
        (_codelist("systolic", "snomed", [1, 3]), _codelist("diastolic", "snomed", [2, 4])),
    )


def _codelist(name: str, system: str, numbers: Sequence[int]) -> Codelist:
    codes = tuple(Code(system, str(_FIRST_CODE + number), name) for number in numbers)
    return Codelist(name, codes, sha256(repr(codes).encode()).hexdigest())


def indicators(random: Random, lists: Lists, count: int) -> tuple[Search, ...]:
    """So many indicators, the templates in turn."""
    templates = (_on_register, _pressure, _value, _check, _event, _drug)
    return tuple(templates[number % len(templates)](random, lists, f"indicator-{number}") for number in range(count))


def _on_register(random: Random, lists: Lists, name: str) -> Search:
    number = random.randrange(9)
    used = (lists.registers[number], lists.resolved[number])
    sql = f"""
        WITH diagnosis AS (SELECT e.patient_id, MAX(e.event_date) AS latest_date FROM event AS e
                           WHERE e.code IN codelist.{used[0].name} GROUP BY e.patient_id),
        resolved AS (SELECT e.patient_id, MAX(e.event_date) AS latest_date FROM event AS e
                     WHERE e.code IN codelist.{used[1].name} GROUP BY e.patient_id)
        SELECT p.patient_id, p.age_band, p.sex,
               CASE WHEN dx.patient_id IS NOT NULL AND (rs.latest_date IS NULL OR rs.latest_date < dx.latest_date)
                    THEN 'met' ELSE 'not met' END AS outcome
        FROM patient AS p
        LEFT JOIN diagnosis AS dx ON dx.patient_id = p.patient_id
        LEFT JOIN resolved AS rs ON rs.patient_id = p.patient_id
        WHERE p.age >= {random.choice((0, 17, 40, 65))}
    """
    return _search(name, sql, used)


def _pressure(random: Random, lists: Lists, name: str) -> Search:
    more = _PRESSURE.format(months=random.choice((6, 9, 12, 15, 24)))
    asked = f"bp.systolic <= {random.choice((130, 135, 140, 150))} AND bp.diastolic <= {random.choice((80, 85, 90))}"
    return _of_register(
        random, lists, name, lists.pressure, (asked, more, "LEFT JOIN pair AS bp ON bp.patient_id = p.patient_id")
    )


def _value(random: Random, lists: Lists, name: str) -> Search:
    used = random.choice(lists.events)
    more = _LATEST.format(codes=used.name, months=random.choice((12, 15, 24, 60)))
    asked = f"la.value <= {random.randrange(20, 180)}.{random.choice((0, 5, 25))}"
    return _of_register(
        random, lists, name, (used,), (asked, more, "LEFT JOIN latest AS la ON la.patient_id = p.patient_id")
    )


def _check(random: Random, lists: Lists, name: str) -> Search:
    window = f" AND e.event_date >= :reference_date - INTERVAL '{random.choice((6, 12, 15, 36, 60))}' MONTH"
    return _asked(random, lists, name, ("event", random.choice(lists.events), window))


def _event(random: Random, lists: Lists, name: str) -> Search:
    late = random.choice((0, 3, 6))
    early = late + random.choice((6, 12, 24))
    window = (
        f" AND e.event_date > :reference_date - INTERVAL '{early}' MONTH"
        f" AND e.event_date <= :reference_date - INTERVAL '{late}' MONTH"
    )
    return _asked(random, lists, name, ("event", random.choice(lists.events), window))


def _drug(random: Random, lists: Lists, name: str) -> Search:
    window = f" AND e.issue_date > :reference_date - INTERVAL '{random.choice((3, 6, 12))}' MONTH"
    return _asked(random, lists, name, ("medication", random.choice(lists.drugs), window))


def _asked(random: Random, lists: Lists, name: str, of: tuple[str, Codelist, str]) -> Search:
    table, used, window = of
    return _of_register(
        random, lists, name, (used,), (_EXISTS.format(table=table, codes=used.name, window=window), "", "")
    )


def _of_register(
    random: Random, lists: Lists, name: str, used: tuple[Codelist, ...], parts: tuple[str, str, str]
) -> Search:
    number = random.randrange(9)
    register, resolved = lists.registers[number], lists.resolved[number]
    asked, more, joined = parts
    age = random.choice((0, 17, 40, 65))
    sql = _REGISTER.format(
        register=register.name, resolved=resolved.name, asked=asked, more=more, joined=joined, age=age
    )
    return _search(name, sql, (register, resolved, *used))


def _search(name: str, sql: str, used: tuple[Codelist, ...]) -> Search:
    return Search(
        id=name,
        title=name,
        why_it_matters="",
        unit=Unit.PERSON,
        kind="proportion",
        dimensions=_DIMENSIONS,
        codelists={each.name: each for each in used},
        good=Good.HIGHER,
        target=None,
        schedule=Schedule.MONTHLY,
        owner="a tester",
        authored_by="a tester",
        next_review=date(2027, 1, 1),
        sql=sql,
        digest=sha256(sql.encode()).hexdigest(),
    )


_PATIENTS = """
    SELECT i + 1 AS patient_id, age, age * 12 AS age_months,
           CASE WHEN age >= 90 THEN '90+' ELSE (age // 10 * 10)::VARCHAR || '-' || (age // 10 * 10 + 9)::VARCHAR END
               AS age_band,
           CASE WHEN hash(i * 5) % 2 = 0 THEN 'F' ELSE 'M' END AS sex, 1 + hash(i * 9) % 5 AS imd_quintile,
           '2010-01-01' AS registered_on
    FROM (SELECT i, (hash(i * 3) % 100)::INTEGER AS age FROM range({patients}) AS t(i))
"""
# Codes are drawn so that few are frequent; a twentieth are blood pressures in pairs of one day. Days are few enough for
# many ties, and ids do not follow dates.
_ROWS = """
    SELECT (hash(i * 17) % 1000000)::BIGINT * 10000000 + i AS {key}, 1 + hash(i // 2 * 19) % {patients} AS patient_id,
           CASE WHEN hash(i // 2 * 23) % 100 = 0 THEN NULL
                ELSE DATE '2026-03-31' - (3650 * power((hash(i // 2 * 7) % 10007) / 10007.0, 2))::INTEGER END AS {day},
           {first} + CASE WHEN hash(i // 2 * 29) % 20 = 0 THEN 1 + i % 2 + 2 * (hash(i // 2 * 31) % 2)
                          ELSE floor(power({codes}, (hash(i * 11) % 1000003) / 1000003.0))::BIGINT END AS code
           {more}
    FROM range({rows}) AS t(i)
"""
_VALUE = """, CASE WHEN hash(i * 37) % 10 < 4 THEN NULL ELSE (hash(i * 13) % 2000) / 10.0 END AS value,
             '' AS unit, 300 AS age_months, NULL AS recorded_date, NULL AS problem_status"""


@dataclass(frozen=True, slots=True)
class Size:
    """How much there is of a practice."""

    patients: int
    events: int
    medications: int
    codes: int


def write_rows(folder: Path, size: Size) -> None:
    """Write a practice as canonical tables."""
    import duckdb  # noqa: PLC0415 - only for those who write one

    filled = {
        "patient": _PATIENTS.format(patients=size.patients),
        "event": _rows(size, size.events, ("event_id", "event_date", _VALUE)),
        "medication": _rows(size, size.medications, ("medication_id", "issue_date", ", 'repeat' AS issue_type")),
    }
    with duckdb.connect(":memory:") as connection:
        for table, select in filled.items():
            path = str(folder / f"{table}.csv")
            connection.execute(f"COPY ({select}) TO '{path}' (HEADER, DELIMITER ',')")
    headers = {name: [column.name for column in table.columns] for name, table in TABLES.items() if name not in filled}
    for name, header in {**headers, "opt_out": ["patient_id"], "identity": list(IDENTITY_HEADER)}.items():
        _write(folder / f"{name}.csv", [header])
    _write(folder / "about.csv", [["practice", "reference_date"], [PRACTICE, REFERENCE_DATE.isoformat()]])


def _rows(size: Size, rows: int, words: tuple[str, str, str]) -> str:
    key, day, more = words
    return _ROWS.format(
        key=key, day=day, more=more, patients=size.patients, rows=rows, codes=size.codes, first=_FIRST_CODE
    )


def _write(path: Path, rows: Sequence[Sequence[str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows(rows)
