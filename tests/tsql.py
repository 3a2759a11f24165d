"""Is a text a statement that SQL Server 2016 takes?

Its grammar is checked by Microsoft's own parser (in the package maxdop). That parser knows no functions, so these are
checked here: which there are, how many arguments each takes, which parts of a date there are, and which types.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlglot.dialects.tsql import TSQL
from sqlglot.tokens import Token, TokenType

from tests.engine_servers import missing

VERSION = "2016"
FUNCTIONS = {
    "ABS": (1, 1),
    "CAST": (1, 1),
    "CHARINDEX": (2, 3),
    "COALESCE": (2, 99),
    "COUNT": (1, 1),
    "COUNT_BIG": (1, 1),
    "DATEADD": (3, 3),
    "DATEPART": (2, 2),
    "LEFT": (2, 2),
    "LOWER": (1, 1),
    "LTRIM": (1, 1),
    "MAX": (1, 1),
    "MIN": (1, 1),
    "NULLIF": (2, 2),
    "PATINDEX": (2, 2),
    "REPLACE": (3, 3),
    "ROUND": (2, 3),
    "ROW_NUMBER": (0, 0),
    "RTRIM": (1, 1),
    "SUBSTRING": (3, 3),
    "TRY_CAST": (1, 1),
    "TRY_CONVERT": (2, 3),
    "UPPER": (1, 1),
}
"""Functions of SQL Server 2016, with the least and the most arguments of each."""

DATE_PARTS = frozenset({"YEAR", "MONTH", "DAY"})
TYPES = frozenset(
    {
        "BIGINT",
        "INT",
        "INTEGER",
        "DATE",
        "DATETIME2",
        "FLOAT",
        "NUMERIC(38,12)",
        "NUMERIC(19,3)",
        "REAL",
        "VARCHAR(400)",
        "NVARCHAR(400)",
    }
)
NOT_CALLS = frozenset(
    {"IN", "EXISTS", "OVER", "AND", "OR", "NOT", "AS", "ON", "WHEN", "THEN", "ELSE", "CASE", "BY", "SELECT", "FROM"}
    | {"WHERE", "HAVING", "BETWEEN", "JOIN", "IS", "LIKE", "DISTINCT", "NUMERIC", "VARCHAR", "NVARCHAR", "ALL"}
)
NOT_THERE = frozenset({"TRUE", "FALSE", "LIMIT", "INTERVAL", "ILIKE", "QUALIFY", "USING", "FILTER", "NULLS", "EXTRACT"})


def problems(statements: Mapping[str, str]) -> dict[str, str]:
    """What is wrong with each statement that SQL Server 2016 would not take.

    Args:
        statements: by a name that may stand in a file's.
    """
    wrong = {name: said for name, sql in statements.items() if (said := "; ".join(unknown(sql)))}
    return wrong | unparsed(statements)


def unknown(sql: str) -> Iterator[str]:
    """Functions, arguments, date parts, types and words that SQL Server 2016 does not have."""
    tokens = TSQL().tokenize(sql)
    for place, token in enumerate(tokens):
        word = token.text.upper()
        if token.token_type in {TokenType.STRING, TokenType.IDENTIFIER, TokenType.NATIONAL_STRING}:
            continue
        if word in NOT_THERE:
            yield f"{word} does not exist"
        following = tokens[place + 1] if place + 1 < len(tokens) else None
        if following is None or following.token_type is not TokenType.L_PAREN or not re.fullmatch(r"[A-Z_]\w*", word):
            continue
        if word not in NOT_CALLS:
            yield from _call(word, _arguments(tokens, place + 1))


def _call(name: str, arguments: list[list[Token]]) -> Iterator[str]:
    if name not in FUNCTIONS:
        yield f"{name} does not exist"
        return
    least, most = FUNCTIONS[name]
    if not least <= len(arguments) <= most:
        yield f"{name} with {len(arguments)} arguments"
    first = arguments[0][0].text.upper() if arguments else ""
    if name in {"DATEADD", "DATEPART"} and first not in DATE_PARTS:
        yield f"{name} of {first}"
    if name in {"CAST", "TRY_CAST"}:
        texts = [token.text.upper() for token in arguments[0]]
        kind = "".join(texts[len(texts) - texts[::-1].index("AS") :])
        if kind not in TYPES:
            yield f"a cast to {kind}"


def _arguments(tokens: list[Token], opening: int) -> list[list[Token]]:
    found: list[list[Token]] = [[]]
    depth = 0
    for token in tokens[opening:]:
        depth += (token.token_type is TokenType.L_PAREN) - (token.token_type is TokenType.R_PAREN)
        if depth == 0:
            break
        if depth == 1 and token.token_type is TokenType.COMMA:
            found.append([])
        elif (depth, token.token_type) != (1, TokenType.L_PAREN) or found[-1]:
            found[-1].append(token)
    return [argument for argument in found if argument]


def unparsed(statements: Mapping[str, str]) -> dict[str, str]:
    """What Microsoft's parser says of each statement that it does not take."""
    program = shutil.which("maxdop", path=str(Path(sys.executable).parent)) or shutil.which("maxdop")
    if program is None:
        missing("Microsoft's T-SQL parser", "the package maxdop is not installed")
        return {}
    names = dict(enumerate(statements))
    with TemporaryDirectory() as folder:
        for number, name in names.items():
            (Path(folder) / f"{number}.sql").write_text(statements[name], encoding="utf-8")
        asked = [program, "--check", "--parser-version", VERSION, folder]
        said = subprocess.run(asked, check=False, capture_output=True, text=True).stderr
    found = re.findall(r"(\d+)\.sql: could not be parsed\s*(.*)", said)
    return {names[int(number)]: f"could not be parsed: {why}" for number, why in found}
