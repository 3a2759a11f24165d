"""The reference of the search language, written from the drawn tables that every engine is tested with."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from searches.allowed import REFUSED_NODES, REFUSED_PARTS
from tests.spec.language.drawn import BLANK, OF_LETTER, Case, Kind, Page, Row, Section, pages

HEAD = """\
# The language of a search

A search is one SELECT over the [canonical tables](canonical-tables.md). This page says what each piece of the language
means, by example; [Engines](engines.md) says how it comes to mean the same in every database. Every example is a test
that runs on DuckDB, PostgreSQL, MariaDB and SQLite: {cases} pieces of the language, and {refused} that are refused.

How to read the examples: a section has its own few people, whose tables are drawn first. The first column of a table is
the id of its row; an empty cell is NULL, and so is a column that is not drawn; a blank that would not be seen is drawn
as {blank}. In conditions and expressions `p` is a row of `patient`, and the first letter of any other table is a row of
that. The reference date is 31 March 2026 and the search is due monthly, unless something else is said.
"""
REFUSED_HEAD = """
### Pieces of SQL

Whatever is not part of the language is refused; these refusals say what to write instead.

| refused | write instead |
|---|---|"""


def language() -> str:
    """The page."""
    drawn = pages()
    cases = [case for page in drawn for section in page.sections for block in section.cases() for case in block]
    refused = sum(case.kind is Kind.REFUSED for case in cases)
    lines = [HEAD.format(cases=len(cases) - refused, refused=refused, blank=BLANK).rstrip(), "", *_contents(drawn)]
    for page in drawn:
        lines += ["", f"## {page.title}", *(line for words in page.words for line in ("", words))]
        for section in page.sections:
            lines += ["", f"### {section.title}", *_section(section)]
    return "\n".join([*lines, *_refused_pieces()]) + "\n"


def _contents(drawn: Sequence[Page]) -> Iterator[str]:
    for page in drawn:
        anchor = "".join(letter for letter in page.title.lower().replace(" ", "-") if letter.isalnum() or letter == "-")
        yield f"- [{page.title}](#{anchor})"


def _section(section: Section) -> Iterator[str]:
    for block in section.blocks:
        yield ""
        if isinstance(block, str):
            yield block
        elif isinstance(block[0], Case):
            yield from _cases([case for case in block if isinstance(case, Case)])
        else:
            yield from ("```text", *(str(line) for line in block if line), "```")


def _cases(cases: Sequence[Case]) -> Iterator[str]:
    first = cases[0]
    if first.kind is Kind.QUERY:
        yield from ("```sql", *first.text.splitlines(), "```", "")
        yield from _table(first.columns, ([_cell(value) for value in row] for row in first.rows))
        if not first.rows:
            yield from ("", "No rows.")
    elif first.kind is Kind.REFUSED:
        yield from _table(("refused", "reason"), ((code(case.text), str(case.rows[0][0])) for case in cases))
    elif first.kind is Kind.CONDITION:
        header = (f"condition on `{OF_LETTER[first.letter].name}`", "holds for", "does not hold for", "neither for")
        yield from _table(header, ((code(case.text), *_verdicts(case.rows)) for case in cases))
    else:
        header = (f"value for `{OF_LETTER[first.letter].name}`", *(_cell(row[0]) for row in first.rows))
        yield from _table(header, ((code(case.text), *(_cell(row[1]) for row in case.rows)) for case in cases))


def _verdicts(rows: Sequence[Row]) -> Iterator[str]:
    for verdict in (1, 0, None):
        yield " ".join(_cell(row[0]) for row in rows if row[1] == verdict)


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(header)} |"
    yield "|---" * len(header) + "|"
    for row in rows:
        yield f"| {' | '.join(row)} |"


def _refused_pieces() -> Iterator[str]:
    yield REFUSED_HEAD
    said = {*REFUSED_NODES.values(), *REFUSED_PARTS.values()}
    for reason, instead in sorted(said):
        yield f"| {_cell(reason)} | {_cell(instead)} |"


def _cell(value: object) -> str:
    return "" if value is None else str(value).replace("|", "\\|")


def code(text: str) -> str:
    """A piece of SQL in a cell of a table."""
    return f"`{_cell(text)}`"
