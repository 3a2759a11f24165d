"""What an engine is to the translator: a name, a version, and a writer that refuses what it does not know."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sqlglot import exp

from searches.engines.site import Site


@dataclass(frozen=True, slots=True)
class Engine:
    """A way to write a tree.

    Args:
        name: as in `gpfed-search sql --engine NAME`.
        version: of an embedded engine its own; of a server the oldest that the statements are written for.
        render: one statement, with the raw tables as a site calls them; it refuses what it does not know.
    """

    name: str
    version: Callable[[], str]
    render: Callable[[exp.Expression, Site], str]
