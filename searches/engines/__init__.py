"""The databases that a search can run in, each as a way to write a tree, and some also as a way to run it.

Adding an engine is one module of rewrites with its own list of nodes, and one line here.
"""

from __future__ import annotations

from searches.engines import duckdb, mysql, postgresql, sqlite, sqlserver
from searches.engines.engine import Engine
from searches.engines.site import AS_NAMED, Site

__all__ = ["AS_NAMED", "ENGINES", "Engine", "Site"]

_DUCKDB = Engine(duckdb.NAME, duckdb.engine_version, duckdb.render)

ENGINES = {
    engine.name: engine for engine in (_DUCKDB, postgresql.ENGINE, mysql.ENGINE, sqlite.ENGINE, sqlserver.ENGINE)
}
"""By name, as in `gpfed-search sql --engine NAME`."""
