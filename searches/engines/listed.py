"""Codes as literals between commas, made once: thousands of them do not pass through a tree.

Such a text is spelled alike in every engine, since it is made of plain characters only.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from sqlglot import exp

_PLAIN = re.compile(r"[ -\[\]-~]*")  # printable ASCII but the backslash, which some engines read as an escape
_OF_TIME = (exp.Interval, exp.Extract)


class Listed(str):
    """Literals with commas between them; only the functions here make them."""

    __slots__ = ()


def listed(texts: Iterable[str]) -> list[exp.Expression]:
    """What stands in IN (...) for these texts: one piece of text, or a literal for each if one of them is not plain."""
    wanted = list(texts)
    if not _PLAIN.fullmatch("".join(wanted)):
        return [exp.Literal.string(text) for text in wanted]
    return [exp.Var(this=Listed(", ".join("'" + text.replace("'", "''") + "'" for text in wanted)))]


def listed_numbers(digits: Iterable[str]) -> list[exp.Expression]:
    """What stands in IN (...) for numbers, given as their digits.

    Raises:
        ValueError: one of them is anything else.
    """
    wanted = list(digits)
    if not all(each.isascii() and each.isdigit() for each in wanted):
        raise ValueError("a number is written in digits")
    return [exp.Var(this=Listed(", ".join(wanted)))]


def is_foreign(node: exp.Expr) -> bool:
    """Is this text that would be written as it stands, and neither made here nor a unit of time?"""
    return isinstance(node, exp.Var) and not isinstance(node.this, Listed) and not isinstance(node.parent, _OF_TIME)
