"""What a search must obey, one small function per rule, and what it touches while it does.

    kinds.py         what kind of value an expression has
    names.py         which table a name stands for
    dates.py         bound dates and intervals
    comparisons.py   which two values may be compared
    expressions.py   what a value may be made of, and what a condition may ask
    sources.py       FROM and JOIN
    selects.py       columns, groups, row numbers, UNION ALL, EXISTS
    outer.py         what the document declares: unit, outcome, dimensions, code lists

The fence before them all is `searches.allowed`: a tree from `searches.parse` holds allowed nodes only.
"""

from __future__ import annotations

from searches.parse import SearchTree
from searches.rules.outer import Declared, check_outer
from searches.rules.selects import read_whole

__all__ = ["Declared", "check"]


def check(tree: SearchTree, declared: Declared) -> None:
    """Check every rule of the language.

    Raises:
        RuleError: the first rule that is broken, with line, column and what to write instead.
    """
    check_outer(tree, read_whole(tree), declared)
