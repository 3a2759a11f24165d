"""From the text of `search.sql` to one SELECT made of allowed nodes only, or a refusal with its place.

The rules, in the order in which they are applied; the first that is broken is reported, at its first place:

    1  at most 20,000 characters, of printable ASCII (comments may hold any script, but no invisible or bidirectional
       control character: what a reviewer sees must be what runs)
    2  a comment is `-- ...` or `/* ... */`, closed, not nested, and neither a hint (`/*+`) nor an instruction (`/*!`);
       no brace stands outside a comment or a text, since `{# ... #}` would be a comment to the parser alone
    3  one statement, which starts with SELECT or WITH
    4  every node and every filled part of a node stands in `searches.allowed`, and no part that it needs is left out
    5  every name is lower case and bare

Comments are then stripped, and nothing runs but the tree, written again: no trick of spelling reaches a database.

>>> parse("SELECT p.patient_id, median(p.age) AS outcome FROM patient AS p")
Traceback (most recent call last):
searches.errors.RuleError: line 1, column 22: the function MEDIAN is refused
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, ClassVar

from sqlglot import Token, TokenType, exp
from sqlglot.dialects.duckdb import DuckDB
from sqlglot.errors import ErrorLevel, ParseError, TokenError
from sqlglot.parser import Parser
from sqlglot.parsers.duckdb import DuckDBParser

from searches.allowed import FUNCTIONS, NEEDED, NODES, REFUSED_NODES, REFUSED_PARTS
from searches.errors import RuleError
from searches.places import Places

MAX_CHARACTERS = 20_000
MAX_PARENTHESES_DEEP = 40  # the parser is recursive
MAX_TOKENS = 4_000
MAX_NODES_DEEP = 150  # so are the rules and the writer, and Python's stack is short

_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
_NOT_PLAIN = re.compile(r"[^ -~\n\t]")
_NOT_SQL = re.compile(r"[^ -z|~\n\t]")  # the same without braces
_PIECES = re.compile(
    r"(?P<line>--[^\n]*)|(?P<block>/\*.*?\*/)|(?P<text>'(?:[^']|'')*')|(?P<open>/\*|'|\*/)|(?P<plain>[^-/*']+|.)",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class SearchTree:
    """A parsed search: one SELECT of allowed nodes, without comments, and where its pieces stand in the text."""

    select: exp.Select
    places: Places


def _placed_date(parser: Any) -> exp.Placeholder | None:
    """Parse the name after a colon, and keep the colon's place, which the library forgets."""
    colon = parser._prev  # noqa: SLF001 - the library's own parsers are written so
    if not parser._match_set(parser.COLON_PLACEHOLDER_TOKENS):  # noqa: SLF001 - as above
        return None
    return exp.Placeholder(this=parser._prev.text).update_positions(colon)  # noqa: SLF001 - as above


class _PlacingParser(DuckDBParser):
    """The parser of the canonical dialect, which also knows where each bound date stands."""

    PLACEHOLDER_PARSERS: ClassVar[dict[TokenType, Any]] = {
        **DuckDBParser.PLACEHOLDER_PARSERS,
        TokenType.COLON: _placed_date,
    }
    stumbled_at = 0

    def raise_error(self, message: str, token: Token | None = None) -> None:
        """Keep where it stumbled: the line it gives is wrong after a keyword of two words on two lines."""
        at = token or self._curr or self._prev
        self.stumbled_at = at.start if at else 0
        super().raise_error(message, *([token] if token else []))

    def _parse_expression(self) -> exp.Expr | None:
        # The dialect's "name: value" is not of the language, and "((:reference_date) < ..." would be taken for one.
        return Parser._parse_expression(self)  # noqa: SLF001 - as above


@lru_cache(maxsize=8)  # a tree takes some 2 MB
def parse(sql: str) -> SearchTree:
    """Parse the text of one search.

    What was parsed last is kept, since a search is checked and then asked: it is to be read, not to be changed.

    Raises:
        RuleError: it is not one SELECT in the supported language.
    """
    _check_text(sql)
    places = Places(sql, _tokens(sql))
    _check_statement(places)
    tree = _tree(places)
    first = min(_faults(tree, places), key=lambda fault: (fault.line, fault.column), default=None)
    if first is not None:
        raise first
    if not isinstance(tree, exp.Select):
        raise places.refuse(tree, "a search is one SELECT", "put UNION ALL in a CTE")
    _check_depth(tree, places)
    for node in tree.walk():
        node.comments = None
    return SearchTree(tree, places)


def _check_depth(tree: exp.Expr, places: Places) -> None:
    level: list[exp.Expr] = [tree]
    for _ in range(MAX_NODES_DEEP):
        level = [inner for node in level for inner in node.iter_expressions()]
    if level:
        raise places.refuse(level[0], "nested too deeply", "split it into CTEs")


def _check_text(sql: str) -> None:
    if len(sql) > MAX_CHARACTERS:
        raise RuleError(f"longer than {MAX_CHARACTERS} characters", 1, 1, "split it into several searches")
    places = Places(sql, ())
    for piece in _PIECES.finditer(sql):
        fault, offset = _piece_fault(piece.lastgroup or "", piece.group())
        if fault:
            raise RuleError(fault, *places.at(piece.start() + offset), "delete it")


def _piece_fault(kind: str, text: str) -> tuple[str, int]:
    """What is wrong with a comment, a text or a character, and where in it."""
    if kind == "open":
        return f"{'a text' if text == chr(39) else 'a comment'} is not closed, or was never opened", 0
    if kind == "block" and text[2] in "+!":
        return "a comment that an engine may obey is refused", 0
    if kind == "block" and "/*" in text[2:]:
        return "a comment inside a comment is refused", text.index("/*", 2)
    comment = kind in {"line", "block"}
    for odd in (_NOT_SQL if kind == "plain" else _NOT_PLAIN).finditer(text):
        if not (comment and _is_visible(odd.group())):
            return f"the character U+{ord(odd.group()):04X} is refused", odd.start()
    return "", 0


def _is_visible(character: str) -> bool:
    # Categories C*: control, format (bidirectional overrides, zero width), surrogate, private use, unassigned.
    # Zl and Zp end a line to a reader, who would take the rest of the comment for SQL.
    return unicodedata.category(character)[0] != "C" and unicodedata.category(character) not in {"Zl", "Zp"}


def _tokens(sql: str) -> list[Token]:
    try:
        tokens = DuckDB().tokenize(sql)
    except TokenError as error:
        raise RuleError("the text cannot be read as SQL", 1, 1, "look for a stray quote") from error
    if len(tokens) > MAX_TOKENS:
        raise RuleError(f"longer than {MAX_TOKENS} words and signs", 1, 1, "split it into several searches")
    return tokens


def _check_statement(places: Places) -> None:
    if not places.tokens or places.tokens[0].token_type not in {TokenType.SELECT, TokenType.WITH}:
        offset = places.tokens[0].start if places.tokens else 0
        raise RuleError("a search starts with SELECT or WITH", *places.at(offset))
    depth = 0
    for token, following in zip(places.tokens, [*places.tokens[1:], None], strict=True):
        depth += {TokenType.L_PAREN: 1, TokenType.R_PAREN: -1}.get(token.token_type, 0)
        if depth > MAX_PARENTHESES_DEEP:
            raise RuleError(f"more than {MAX_PARENTHESES_DEEP} parentheses deep", *places.at(token.start))
        if token.token_type is TokenType.SEMICOLON and following is not None:
            raise RuleError("a second statement is refused", *places.at(following.start), "a search is one SELECT")


def _tree(places: Places) -> exp.Expr:
    parser = _PlacingParser(error_level=ErrorLevel.IMMEDIATE, dialect=DuckDB())
    try:
        trees = parser.parse(list(places.tokens), places.text)
    except ParseError as error:
        raise RuleError("syntax error", *places.at(parser.stumbled_at)) from error
    except RecursionError as error:
        raise RuleError("nested too deeply", 1, 1, "split it into CTEs") from error
    # A comment after the last semicolon comes back as a tree of its own.
    statements = [tree for tree in trees if tree is not None and not isinstance(tree, exp.Semicolon)]
    if len(statements) != 1:  # pragma: no cover - the tokens have shown that there is one statement
        raise RuleError("a search is one SELECT", 1, 1)
    return statements[0]


def _faults(tree: exp.Expr, places: Places) -> Iterator[RuleError]:
    for node in tree.walk():
        if type(node) not in NODES:
            yield places.refuse(node, *_why_not(node))
            continue
        if isinstance(node, exp.Identifier) and not _NAME.fullmatch(node.name):
            yield places.refuse(node, f"the name {node.name[:40]} is refused", "use lower-case letters, digits and _")
        if isinstance(node, exp.Placeholder) and "start" not in node.meta:
            yield places.refuse(node, "this placeholder is refused", "write a bound date as :reference_date")
        if type(node) in NEEDED and not any(node.args.get(part) for part in NEEDED[type(node)]):
            yield places.refuse(node, f"{node.key.upper()} of nothing is refused", "write what it is about")
        for part in node.args:
            if node.args[part] and part not in NODES[type(node)]:
                yield from _part_faults(node, part, places)


def _part_faults(node: exp.Expr, part: str, places: Places) -> Iterator[RuleError]:
    value = node.args[part]
    first = value[0] if isinstance(value, list) else value
    inner = first if isinstance(first, exp.Expr) else node
    if inner is node or type(inner) in NODES:  # a refused node inside speaks for itself, and better
        yield places.refuse(inner, *REFUSED_PARTS.get((type(node), part), (_unknown_part(node, part), "")))


def _why_not(node: exp.Expr) -> tuple[str, str]:
    if type(node) in REFUSED_NODES:
        return REFUSED_NODES[type(node)]
    if isinstance(node, exp.Anonymous | exp.AnonymousAggFunc):
        return f"the function {node.name[:40]} is unknown", FUNCTIONS
    if isinstance(node, exp.Func):
        return f"the function {node.sql_name()} is refused", FUNCTIONS
    return f"{node.key.upper()} is not part of the language of a search", ""


def _unknown_part(node: exp.Expr, part: str) -> str:
    return f"{part.strip('_').upper()} of {node.key.upper()} is not part of the language of a search"
