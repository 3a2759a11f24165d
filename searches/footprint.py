"""What a search touches: tables, columns, code lists and bound dates. Derived from its tree, never typed by an author.

An agreement allows tables and columns; the practice's agent derives this again from the SQL it received and compares.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from searches.parse import SearchTree
from searches.rules.selects import read_whole


@dataclass(frozen=True, slots=True)
class Footprint:
    """What a search touches.

    Args:
        tables: canonical table -> the columns read of it.
        codelists: names of code lists.
        bound_dates: which of reference_date, period_start and season_start it names.
    """

    tables: Mapping[str, frozenset[str]]
    codelists: frozenset[str]
    bound_dates: frozenset[str]


def footprint(tree: SearchTree) -> Footprint:
    """Derive what a search touches.

    Raises:
        RuleError: it names a table or column that is not there, or breaks another rule of the language.
    """
    usage = read_whole(tree).usage
    return Footprint(
        {table: frozenset(columns) for table, columns in sorted(usage.tables.items())},
        frozenset(usage.codelists),
        frozenset(usage.bound_dates),
    )
