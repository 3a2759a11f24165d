"""Where databases differ, what is done about it, and which test shows it: a page of the reference."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.docs.language import code
from tests.spec.language.drawn import Kind, all_cases

ROOT = Path(__file__).resolve().parents[2]
REWRITES = "tests/integration/test_engine_rewrites.py"
PARSE = "tests/unit/test_parse.py"
RULES = "tests/unit/test_rules.py"
LANGUAGE = "tests/spec/test_language.py"

HEAD = """\
# Engines

A search is written once and means what DuckDB makes of it. The other engines have their own rewrites of the tree, one
module each in `searches/engines`; a piece of SQL that an engine cannot be made to answer alike is refused, by the
language for searches and by the engine for layouts. sqlglot, which reads and writes the SQL, refuses nothing by itself.

DuckDB, PostgreSQL, MariaDB and SQLite run in the tests, each with every case of the
[language reference](language.md), over canonical tables and over the raw tables of each supplier; what a layout cannot
hold is a closed list (`tests/layout_rows/limits.py`). For SQL Server every case goes through Microsoft's own parser,
for the version 2016, and a check of the functions, date parts and types that this parser does not know. Planted
mistakes in the rewrites are noticed: [report](../reports/engine-mutations.md).

## Where databases differ

Each of these was seen to give another answer, or an error, on at least one engine, when SQL was carried over as it
stood. A difference is refused, or has a rule; the last column names what shows it: a section of the
[language reference](language.md), a refused piece of SQL, or a test file.

| | difference | here | shown by |
|---|---|---|---|"""

LIMITS = """
## Limits

- Statements for SQL Server are parsed in the tests, not run; those for MySQL run on MariaDB.
- SQLite holds a decimal as a floating-point number: exact to 15 digits.
- A text with a backslash is refused for MariaDB and MySQL, whose settings decide what it means.
- A date outside the years 1 to 9999 is NULL on MariaDB and SQLite."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One way in which databases differ.

    Args:
        differs: what happens where SQL is carried over as it stands.
        here: the refusal or the rule.
        shown_by: sections of the language reference, refused conditions, or test files.
    """

    differs: str
    here: str
    shown_by: tuple[str, ...]


_REFUSED = "refused"
_MOVED = ("A column moved by months", "A column moved by days")
_LATEST = ("Latest and earliest", "Ordered by a number")

DIFFERENCES = (
    Difference(
        "`date + INTERVAL` is a syntax error on SQL Server and SQLite, and a time stamp on DuckDB and PostgreSQL",
        "rule: each engine's own way to move a day, and the result is a day",
        _MOVED,
    ),
    Difference(
        "an interval as long as a column loses the column on PostgreSQL",
        "refused: the length is a whole number",
        ("e.event_date + INTERVAL (e.value) DAY > :reference_date",),
    ),
    Difference(
        "years between two dates count boundaries, elapsed years or days",
        _REFUSED,
        ("date_diff('year', e.event_date, :reference_date) > 5",),
    ),
    Difference(
        "months and quarters between two dates count boundaries, elapsed months or days",
        "refused; a window is a date moved by months",
        ("Two dates of one row",),
    ),
    Difference(
        "weeks between two dates begin on Sunday or Monday",
        _REFUSED,
        ("date_diff('week', e.event_date, :reference_date) > 5",),
    ),
    Difference(
        "days between two times count midnights or 24 hours",
        "refused; there are no times",
        ("date_diff('day', e.event_date, :reference_date) > 5",),
    ),
    Difference(
        "complete years (`date_sub`) exist on DuckDB only",
        _REFUSED,
        ("date_sub('year', e.event_date, :reference_date) > 5",),
    ),
    Difference(
        "`EXTRACT` from an age exists on DuckDB and PostgreSQL only",
        "refused; age is a column",
        ("EXTRACT(year FROM e.event_date) = 2026",),
    ),
    Difference(
        "age by date functions is wrong around birthdays",
        "rule: layouts work ages out of year, month and day as numbers",
        ("tests/integration/test_engines.py", "Ages in months"),
    ),
    Difference(
        "SQLite runs over the end of a short month, the others take its last day",
        "rule: bound dates are worked out before a statement is written; on SQLite the earlier day is taken",
        (_MOVED[0], "A search asked on 29 February"),
    ),
    Difference(
        "`date_trunc` gives a time stamp, another first day of the week, or an error",
        "refused; `:period_start` is worked out before",
        ("date_trunc('month', e.event_date) > :period_start", "Bound dates of a quarterly search"),
    ),
    Difference("the number of a week day or week", _REFUSED, ("EXTRACT(dow FROM e.event_date) = 1",)),
    Difference(
        "a date plus a number, or minus a date, is arithmetic on YYYYMMDD or an error",
        _REFUSED,
        ("e.event_date + 30 > :reference_date", ":reference_date - e.event_date > 30"),
    ),
    Difference(
        "SQLite compares a time stamp with a day as texts",
        "rule: layouts cut every time stamp to its day",
        (REWRITES, "Windows"),
    ),
    Difference(
        "a date as a bare text is read by the session's language on SQL Server",
        "refused in searches; a folded date is written as a DATE, on SQLite as ISO text",
        ("e.event_date = '2026-03-31'", "Windows"),
    ),
    Difference(
        "30 February is an error, NULL, a text or 1 March",
        "rule: layouts ask a text for its shape and the calendar before they cast it",
        (REWRITES,),
    ),
    Difference("`make_date` and `strftime` are not translated", _REFUSED, ("make_date(2026, 3, 31) > e.event_date",)),
    Difference(
        "MariaDB and SQL Server are blind to case in `=`, IN, LIKE and GROUP BY, SQLite in LIKE",
        "rule: text of raw tables compares byte by byte; LIKE becomes GLOB on SQLite",
        ("Case and likeness", REWRITES),
    ),
    Difference(
        "MariaDB and SQL Server pass over blanks at the end of a text",
        "rule: layouts take blanks around codes and ids away",
        ("Blanks",),
    ),
    Difference("MariaDB passes over accents", "rule: as for case", ("Accents",)),
    Difference(
        "text has three different orders",
        "refused in searches; ids that are text sort by bytes",
        ("e.problem_status > 'active'", "e.code >= 'C10' AND e.code < 'C11'", REWRITES),
    ),
    Difference(
        "`starts_with` and ILIKE are not translated; `[` is a wildcard in LIKE on SQL Server",
        "refused in searches; layouts use LIKE with written patterns only",
        ("starts_with(e.code, 'C10')", "e.code ILIKE 'c10%'", "e.code LIKE 'C10%'", REWRITES),
    ),
    Difference(
        "`||` is `OR` on MariaDB, `+` on SQL Server; CONCAT differs with NULL",
        "refused in searches; in layouts CONCAT on MariaDB, which is NULL with NULL",
        ("e.code || 'x' IN ('C10E.x')", REWRITES),
    ),
    Difference(
        "LENGTH counts bytes, letters, or letters without blanks at the end; '' is NULL on some",
        "refused; layouts make NULL of an empty text",
        ("LENGTH(e.code) = 5", "e.problem_status = ''", "Blanks"),
    ),
    Difference(
        "VARCHAR without a length, LPAD, regular expressions",
        _REFUSED,
        ("LPAD(e.problem_status, 9) = 'active'", "regexp_matches(e.code, '^C10')"),
    ),
    Difference(
        "division of whole numbers is whole or not, to another number of digits",
        "refused in searches; percentages are never SQL; `//` by a written number in layouts",
        ("e.value / 2 > 3", "e.value // 2 = 1", REWRITES),
    ),
    Difference("the AVG of whole numbers is whole on SQL Server", _REFUSED, ("AVG(e.value) > 58",)),
    Difference(
        "SUM and products overflow, widen or fail",
        "refused; COUNT counts rows of one person",
        ("SUM(e.value) > 58", "e.value * 2 > 3"),
    ),
    Difference("division by zero is NULL, infinite or an error", _REFUSED, ("e.value / 2 > 3",)),
    Difference("ROUND goes to the even number or away from zero", _REFUSED, ("ROUND(e.value) = 58",)),
    Difference(
        "a cast to a whole number rounds or cuts",
        "refused in searches; layouts' casts are made to round half away from zero",
        ("CAST(e.value AS INTEGER) = 58", REWRITES),
    ),
    Difference("the remainder of a negative number", "refused, though no difference was seen", ("e.value % 2 = 1",)),
    Difference("medians and percentiles", _REFUSED, ("MEDIAN(e.value) > 58",)),
    Difference("standard deviations", _REFUSED, ("STDDEV(e.value) > 1",)),
    Difference(
        "SQL Server has no boolean values",
        "refused: a condition is no value, and TRUE is not written",
        ("e.value > 3 = TRUE", "TRUE", "e.value"),
    ),
    Difference(
        "NULL comes first or last in an order",
        "rule: last in both directions, by NULLS LAST or a key before the column",
        _LATEST,
    ),
    Difference(
        "NOT IN a subquery with a NULL",
        "refused; NOT EXISTS says it",
        ("e.patient_id IN (SELECT p.patient_id FROM patient AS p)", "Is there a row"),
    ),
    Difference(
        "GREATEST with NULL; IS DISTINCT FROM is new on SQL Server",
        _REFUSED,
        ("GREATEST(e.value, 3) > 3", "e.value IS DISTINCT FROM 3"),
    ),
    Difference(
        "MIN and MAX of nothing",
        "as everywhere: NULL; no group, no row",
        ("Counting", "Earliest and latest, smallest and largest"),
    ),
    Difference("GROUP BY a number, an alias or ALL", "refused: GROUP BY is exactly patient_id", (RULES,)),
    Difference(
        "ORDER BY in a CTE, LIMIT, QUALIFY, DISTINCT ON and USING",
        "refused; ROW_NUMBER in a CTE says it",
        (PARSE, RULES, *_LATEST),
    ),
    Difference(
        "lists of VALUES lose their names", "refused; UNION ALL says it", (PARSE, "Given as event or as immunisation")
    ),
    Difference("COUNT(*) FILTER", "refused; COUNT(CASE WHEN ... THEN 1 END) says it", (PARSE, "Counting")),
    Difference(
        "FULL JOIN is wrong on MariaDB; ROLLUP, recursion, EXCEPT, named windows are missing here or there",
        "refused",
        (RULES, PARSE),
    ),
    Difference(
        "names are blind to case, or kept for the database itself",
        "rule: names are lower case and always quoted",
        ("Names that databases keep for themselves",),
    ),
    Difference(
        "an IN of thousands of codes is slow, or fails",
        "rule: one IN for each code system; five thousand codes are tested",
        (LANGUAGE,),
    ),
    Difference(
        "time zones, and the server's idea of today",
        "refused; there are no times, and the day is given",
        ("e.event_date >= CURRENT_DATE",),
    ),
)
"""Every difference that was measured, in the order in which they were found."""


def engines() -> str:
    """The page.

    Raises:
        ValueError: a difference names a test that there is not.
    """
    lines = [HEAD]
    sections, refused = _shown()
    for number, one in enumerate(DIFFERENCES, 1):
        shown = ", ".join(_link(name, sections, refused) for name in one.shown_by)
        lines.append(f"| {number} | {one.differs.replace('|', chr(92) + '|')} | {one.here} | {shown} |")
    return "\n".join([*lines, LIMITS]) + "\n"


def _shown() -> tuple[frozenset[str], frozenset[str]]:
    blocks = list(all_cases())
    return (
        frozenset(section.title for section, _ in blocks),
        frozenset(case.text for _, cases in blocks for case in cases if case.kind is Kind.REFUSED),
    )


def _link(name: str, sections: frozenset[str], refused: frozenset[str]) -> str:
    if name in sections:
        return f"[{name}](language.md#{''.join(_anchor(name))})"
    if name in refused:
        return code(name)
    if (ROOT / name).is_file():
        return f"`{name}`"
    raise ValueError(f"no section, refused condition or test is called {name!r}")


def _anchor(title: str) -> Iterator[str]:
    yield from (letter for letter in title.lower().replace(" ", "-") if letter.isalnum() or letter == "-")
