"""What it costs to check and translate one search: `python -m tests.bench.translation`.

For every layout and engine, the median over the starter searches that the layout can answer of check, ask and written
statement, after one search has been written: the tables of a layout are then kept, as they are in a run. One JSON
object is printed, of milliseconds of the processor by layout and engine.
"""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Iterator
from datetime import date

from searches.document import library, library_folder, load_search
from searches.engines import ENGINES, Engine
from searches.errors import LayoutError
from searches.layouts import LAYOUTS, layout
from searches.layouts.layout import Layout
from searches.parse import parse
from searches.rules import Declared, check
from searches.search import Search
from searches.translate import ask, statement

REFERENCE_DATE = date(2026, 3, 31)
PRACTICE = "90001"
REPEATS = 3


def measure() -> dict[str, dict[str, float]]:
    """Milliseconds by layout and engine."""
    searches = [load_search(library_folder(name)) for name in library()]
    return {
        name: {engine.name: statistics.median(_each(searches, layout(name), engine)) for engine in ENGINES.values()}
        for name in LAYOUTS
    }


def _each(searches: list[Search], of: Layout, engine: Engine) -> Iterator[float]:
    for search in searches:
        try:
            _translated(search, of, engine)  # what the layout says is written once
        except LayoutError:
            continue
        yield min(_milliseconds(search, of, engine) for _ in range(REPEATS))


def _milliseconds(search: Search, of: Layout, engine: Engine) -> float:
    parse.cache_clear()  # in a run another search came before
    started = time.process_time()
    _translated(search, of, engine)
    return (time.process_time() - started) * 1000


def _translated(search: Search, of: Layout, engine: Engine) -> None:
    check(parse(search.sql), Declared(search.unit, search.kind, search.dimensions, frozenset(search.codelists)))
    statement(ask(search, of, REFERENCE_DATE), of, engine, PRACTICE)


if __name__ == "__main__":
    print(json.dumps(measure(), indent=1))
