"""How each record system stores the canonical tables, as SQL in the canonical (DuckDB) dialect.

A layout is a folder: `layout.py` (its raw tables, its macros, the names of its rules), `current/*.sql` (one SELECT per
raw table: the newest version of each row that still stands) and `tables/*.sql` (the canonical tables, and the steps
between). The SQL is only ever read as a tree. Three spellings in it are ours, and none is left in what runs:

    rule('name', predicate)      the predicate if the layout has that rule, TRUE if it does not
    rule('name', with, without)  one expression or the other
    guid(x), on_day(x), ...         macros: named expressions of the layout, written once

Every reading of the facts that can change a count is a named rule, so that a mutation test can ask what it is worth:

>>> vision = layout("vision")
>>> sorted(set(vision.rules) - set(vision.without("imms_given").rules))
['imms_given']

Not named, since nothing could be seen without them: that every table holds people of `patient` only, and the columns
that a layout has no source for (they are NULL).

One rule of TPP (`full_file_replaces`) is kept by the loader, which then does not read what is replaced.

The raw tables are called `raw.NAME`, with every column as text; `delivery` and `row_in_delivery` say in which order the
rows came. A layout that is a database itself (`native`) has columns of the types it declares, and one row per record.
"""

from __future__ import annotations

from searches.errors import LayoutError
from searches.layouts.canonical.layout import CANONICAL
from searches.layouts.emis_im1.layout import EMIS_IM1
from searches.layouts.layout import Layout, RawTable
from searches.layouts.opensafely_tpp.layout import OPENSAFELY_TPP
from searches.layouts.tpp_sr.layout import TPP_SR
from searches.layouts.vision.layout import VISION

__all__ = ["LAYOUTS", "Layout", "RawTable", "layout"]

LAYOUTS = ("canonical", "emis_im1", "tpp_sr", "vision", "opensafely_tpp")
_BY_NAME = {layout.name: layout for layout in (CANONICAL, EMIS_IM1, TPP_SR, VISION, OPENSAFELY_TPP)}


def layout(name: str) -> Layout:
    """The layout of that name.

    Raises:
        LayoutError: there is none.
    """
    if name not in _BY_NAME:
        raise LayoutError(f"no layout is called {name!r}", "unknown_layout", f"choose one of: {', '.join(LAYOUTS)}")
    return _BY_NAME[name]
