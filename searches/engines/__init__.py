"""The databases that a search can run in, each as a way to write a tree, and some also as a way to run it.

Adding an engine is one module here: whatever module says `ENGINE` is one.
"""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from searches.engines import duckdb
from searches.engines.engine import Engine
from searches.engines.site import AS_NAMED, Site

__all__ = ["AS_NAMED", "ENGINES", "Engine", "Site", "found"]


def found() -> dict[str, Engine]:
    """Every engine that a module of this folder says, by name; DuckDB, which says what a search means, first."""
    modules = [import_module(f"{__name__}.{module.name}") for module in iter_modules(__path__)]
    engines = {duckdb.NAME: Engine(duckdb.NAME, duckdb.engine_version, duckdb.render)}
    return engines | {module.ENGINE.name: module.ENGINE for module in modules if hasattr(module, "ENGINE")}


ENGINES = found()
"""By name, as in `gpfed-search sql --engine NAME`."""
