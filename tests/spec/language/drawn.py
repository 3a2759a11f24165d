"""Pages of drawn tables: what each piece of the search language means, as data and as words.

A page is plain text. `= Title` begins a theme and `== Title` a section; each section has its own people. Paragraphs are
words for the reader. What else may stand in a section:

    reference_date: 2026-03-31             the day that is asked about (this one if nothing is said)
    schedule: monthly                      how often the search is due
    codelist diabetes: C10E. C10F.         codes, in every system; a visible blank is written as the sign for it

    event | patient_id | event_date        rows of a canonical table; under the table's name stands what identifies a
    11    | 1          | 2025-06-01        row, an empty cell is NULL, and a column that is not drawn is NULL

    when e               | yes | no | unknown      conditions on one table, under its first letter: the rows for which
    e.value > 58         | 11  | 12 | 13           each holds, does not hold, and is neither

    value of e                          | 11          expressions, and what each is for each row
    e.event_date + INTERVAL '1' MONTH   | 2025-07-01

        SELECT e.patient_id ...            indented SQL is a CTE (with those before it), or a whole search; below it

    gives patient_id | n                   stand the rows that come out, in any order
    1                | 2

    refused              | reason          conditions on `event AS e` that no search may ask, and why

Every line of `when`, `value` and `refused`, and every indented SQL, is one case.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum
from pathlib import Path

from searches.canon import TABLES, Table
from searches.search import Schedule

HERE = Path(__file__).parent
BLANK = "\u2423"
"""The sign that stands for a blank which would not be seen."""

Value = str | Decimal | None
Row = tuple[Value, ...]
OF_LETTER = {name[0]: table for name, table in TABLES.items()}
"""The canonical table that a letter stands for."""

_BAR = re.compile(r"(?<!\|)\|(?!\|)")  # one bar; two are a piece of SQL
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")
_SETTING = re.compile(r"(?P<name>reference_date|schedule|codelist [a-z0-9_]+): (?P<value>.+)")


class Kind(StrEnum):
    """What a case shows."""

    CONDITION = "when"
    VALUE = "value"
    QUERY = "gives"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Case:
    """One piece of the language with its expected answer.

    Args:
        kind: what is shown.
        text: a condition, an expression, or SQL.
        columns: of the answer.
        rows: of the answer, in any order; a condition's are the id of each row and 1, 0 or nothing.
        letter: which table a condition or value is asked of.
        line: where it stands in the page.
    """

    kind: Kind
    text: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    letter: str = ""
    line: int = 0


@dataclass(slots=True, eq=False)
class Section:
    """A few people, and what is asked of them; `blocks` keeps words and cases in written order, for the reader."""

    page: str
    title: str
    reference_date: date = date(2026, 3, 31)
    schedule: Schedule = Schedule.MONTHLY
    codelists: dict[str, tuple[str, ...]] = field(default_factory=dict)
    tables: dict[str, list[dict[str, Value]]] = field(default_factory=dict)
    blocks: list[str | list[str] | list[Case]] = field(default_factory=list)

    def cases(self) -> Iterator[tuple[Case, ...]]:
        """Its cases in written order, those of one table together."""
        for block in self.blocks:
            if isinstance(block, list) and isinstance(block[0], Case):
                yield tuple(case for case in block if isinstance(case, Case))

    def keys(self, letter: str) -> list[Value]:
        """The ids of the rows of a table."""
        table = OF_LETTER[letter]
        return [row[table.key] for row in self.rows(table.name)]

    def rows(self, name: str) -> list[dict[str, Value]]:
        """The rows of a table; somebody who is only named by other tables is a patient too."""
        drawn = self.tables.get(name, [])
        if name != "patient":
            return drawn
        known = {row["patient_id"] for row in drawn}
        named = {row["patient_id"] for rows in self.tables.values() for row in rows} - known
        return [*drawn, *({"patient_id": patient_id} for patient_id in sorted(named, key=str))]


@dataclass(frozen=True, slots=True)
class Page:
    """A theme of the language."""

    name: str
    title: str
    words: tuple[str, ...]
    sections: tuple[Section, ...]


def pages() -> tuple[Page, ...]:
    """Every page, in the order of their file names."""
    return tuple(read_page(path.stem, path.read_text(encoding="utf-8")) for path in sorted(HERE.glob("*.txt")))


def all_cases() -> Iterator[tuple[Section, tuple[Case, ...]]]:
    """Every block of cases with the section that it stands in."""
    for page in pages():
        for section in page.sections:
            for cases in section.cases():
                yield section, cases


def read_page(name: str, text: str) -> Page:
    """Read one page.

    Raises:
        ValueError: it is not drawn as the rules say; the message has the line.
    """
    title, words, sections = name, [], []
    for line, block in _blocks(text):
        if block[0].startswith("= "):
            title = block[0][2:]
        elif block[0].startswith("== "):
            sections.append(Section(name, block[0][3:]))
        elif sections:
            _add(sections[-1], line, block)
        else:
            words.append(" ".join(block))
    return Page(name, title, tuple(words), tuple(sections))


def _blocks(text: str) -> Iterator[tuple[int, list[str]]]:
    """Runs of lines without an empty one between them, with the number of the first; SQL joins the block below it."""
    start, block = 0, list[str]()
    for number, line in enumerate([*text.splitlines(), ""], 1):
        if line.strip():
            start, block = start if block else number, [*block, line.rstrip()]
        elif block and not all(old.startswith("    ") for old in block):
            yield start, block
            block = []


def _add(section: Section, line: int, block: list[str]) -> None:
    head = block[0]
    if _SETTING.fullmatch(head):
        _set(section, line, block)
    elif head.startswith("    "):
        section.blocks.append([_query(line, block)])
    elif "|" not in head:
        section.blocks.append(" ".join(block))
    elif _cells(head)[0] in TABLES:
        section.blocks.append(block)
        _draw(section, TABLES[_cells(head)[0]], line, block)
    else:
        section.blocks.append([_case(section, line + at, block[0], text) for at, text in enumerate(block[1:], 1)])


def _set(section: Section, line: int, block: list[str]) -> None:
    for text in block:
        found = _SETTING.fullmatch(text)
        if found is None:
            raise ValueError(f"line {line}: expected a setting, got {text!r}")
        name, value = found["name"], found["value"]
        if name == "reference_date":
            section.reference_date = date.fromisoformat(value)
        elif name == "schedule":
            section.schedule = Schedule(value)
        else:
            section.codelists[name.split()[1]] = tuple(code.replace(BLANK, " ") for code in value.split())
    section.blocks.append(["", *block])


def _draw(section: Section, table: Table, line: int, block: list[str]) -> None:
    columns = (table.key, *_cells(block[0])[1:])
    unknown = set(columns) - {column.name for column in table.columns}
    if unknown:
        raise ValueError(f"line {line}: {table.name} has no column {', '.join(sorted(unknown))}")
    rows = section.tables.setdefault(table.name, [])
    for at, text in enumerate(block[1:], 1):
        cells = _cells(text)
        if len(cells) != len(columns):
            raise ValueError(f"line {line + at}: expected {len(columns)} cells, got {len(cells)}")
        rows.append({name: _drawn(cell) for name, cell in zip(columns, cells, strict=True)})


def _drawn(cell: str) -> str | None:
    """What is written into a database: text, as a supplier's file has it."""
    return cell.replace(BLANK, " ") or None


def _case(section: Section, line: int, header: str, text: str) -> Case:
    head, cells = _cells(header), _cells(text)
    kind = Kind(head[0].split()[0])
    if len(cells) != len(head):
        raise ValueError(f"line {line}: expected {len(head)} cells, got {len(cells)}")
    if kind is Kind.REFUSED:
        return Case(kind, cells[0], (), ((cells[1],),), line=line)
    letter = head[0].split()[-1]
    keys = [value(str(key)) for key in section.keys(letter)]
    rows: list[Row] = []
    if kind is Kind.CONDITION:
        verdicts = (Decimal(1), Decimal(0), None)
        listed = zip(cells[1:], verdicts, strict=True)
        rows = [(value(key), verdict) for written, verdict in listed for key in written.split()]
    else:
        rows = [(value(key), value(cell)) for key, cell in zip(head[1:], cells[1:], strict=True)]
    if sorted(map(str, keys)) != sorted(str(row[0]) for row in rows):
        raise ValueError(f"{section.page}, line {line}: not every row of {OF_LETTER[letter].name} is answered for once")
    return Case(kind, cells[0], (OF_LETTER[letter].key, "answer"), tuple(rows), letter, line)


def _query(line: int, block: list[str]) -> Case:
    sql = [text[4:] for text in block if text.startswith("    ")]
    drawn = block[len(sql) :]
    if not drawn or not drawn[0].startswith("gives "):
        raise ValueError(f"line {line}: SQL is followed by what it gives")
    columns = tuple(_cells(drawn[0].removeprefix("gives ")))
    rows = [tuple(value(cell) for cell in _cells(text)) for text in drawn[1:]]
    if any(len(row) != len(columns) for row in rows):
        raise ValueError(f"line {line}: expected {len(columns)} cells in every row")
    return Case(Kind.QUERY, "\n".join(sql), columns, tuple(rows), line=line)


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in _BAR.split(line)]


def value(cell: object) -> Value:
    """A drawn or fetched value as one that compares: numbers by size, dates as ISO text, an empty cell as nothing."""
    if isinstance(cell, Decimal):
        return cell
    if cell is None or cell == "":
        return None
    if isinstance(cell, date):  # an engine may say midnight of a day for the day
        return cell.isoformat().removesuffix("T00:00:00")
    text = str(cell)
    return Decimal(text) if _NUMBER.fullmatch(text) else text


def rows_of(section: Section) -> Mapping[str, list[dict[str, Value]]]:
    """Every canonical table with its rows; those that are not drawn are empty."""
    return {name: section.rows(name) for name in TABLES}
