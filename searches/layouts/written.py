"""A layout's tables as text in front of a SELECT: written once for an engine, a site, a date and a practice, and kept.

The tables of a layout are the same in every search of a run, and far longer than what a search adds. A statement is
therefore kept texts and the search's own part, written when it is asked.

In a statement each of these tables has an underscore before its name, which no author can write. So a CTE of a search
may be called anything, and none of these tables hides a table of the site that stands in no schema. A step of the
search could: SQLite gives a name to a step wherever it is said, even before that step. So that is refused.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from sqlglot import exp

from searches.engines import Engine, Site
from searches.errors import LayoutError
from searches.layouts.expand import Bindings, definition
from searches.layouts.layout import Layout

OURS = "_"
"""What stands before every name that no author may use."""

_GROUNDS = 8  # a run has two: of the reference date, and of the day for what is known today


@dataclass(frozen=True, slots=True)
class Ground:
    """What is the same for all searches of a run.

    Args:
        layout: how the records are stored.
        bindings: for which day and practice.
        engine: in which database.
        site: as which tables.
    """

    layout: Layout
    bindings: Bindings
    engine: Engine
    site: Site


@dataclass(frozen=True, slots=True)
class _Written:
    """A table of a layout as `name AS (SELECT ...)`, and the tables before it that it reads."""

    text: str
    reads: frozenset[str]


def over_raw(ground: Ground, select: exp.Select) -> str:
    """A SELECT over canonical tables as one statement over raw ones.

    Args:
        ground: where it is to run.
        select: of tables of the layout and of its own CTEs; it is left as it was.

    Raises:
        LayoutError: the layout has no such table, a node cannot be written exactly, or a step hides a raw table.
    """
    body = select.copy()
    with_ = body.args.get("with_")
    own = with_.expressions if with_ is not None else []
    _check_hides_nothing(ground, names := frozenset(cte.alias for cte in own))
    read = _rename(body, names)
    body.set("with_", None)
    before = [*_tables(ground, read), *(ground.engine.render(cte, ground.site) for cte in own)]
    return f"WITH {', '.join(before)} {ground.engine.render(body, ground.site)}"


def _check_hides_nothing(ground: Ground, steps: frozenset[str]) -> None:
    if ground.site.schema:
        return
    tables = {ground.site.called(name).casefold() for name in ground.layout.raw}
    for step in sorted(steps & tables):
        raise LayoutError(
            f"the step {step} is called like a table of this site, which stands in no schema",
            "table_hidden",
            "give the schema of the raw tables, such as main",
        )


def _tables(ground: Ground, wanted: Iterable[str]) -> list[str]:
    """Those tables and all that they need, each after those that it reads."""
    kept = _kept(ground)
    needed: set[str] = set()
    waiting = list(wanted)
    while waiting:
        name = waiting.pop()
        if name not in needed:
            needed.add(name)
            if name not in kept:
                kept[name] = _written(ground, name)
            waiting += kept[name].reads
    return [kept[name].text for name in ground.layout.definitions if name in needed]


@lru_cache(maxsize=_GROUNDS)
def _kept(ground: Ground) -> dict[str, _Written]:  # noqa: ARG001 - it is the key
    return {}


def _written(ground: Ground, name: str) -> _Written:
    tree = definition(ground.layout, name, ground.bindings, ground.site).copy()
    reads = _rename(tree, frozenset())
    cte = exp.CTE(this=tree, alias=exp.TableAlias(this=exp.to_identifier(f"{OURS}{name}")))
    return _Written(ground.engine.render(cte, ground.site), reads)


def _rename(tree: exp.Select, own: frozenset[str]) -> frozenset[str]:
    """Give the tables of the layout that a tree reads their names in a statement, in place; which these are."""
    found = [table for table in tree.find_all(exp.Table) if not table.db and table.name not in own]
    names = frozenset(table.name for table in found)
    for table in found:
        if not table.alias:
            table.set("alias", exp.TableAlias(this=exp.to_identifier(table.name)))
        table.set("this", exp.to_identifier(f"{OURS}{table.name}"))
    return names
