"""A layout's SQL as one site's database is to read it, worked out in the tree.

A layout is written over text, as a supplier delivers it, in tables that keep every delivery. Where a column has its own
type, a macro that reads such a value from text is a cast of that column, or the column itself (`on_day(r.DateBirth)` is
`r.DateBirth` where that is a date): nothing is parsed, and an index serves. A code that is a number stays one, and so
does what it is compared with. Anything else reads the value's text. Where one row is kept for each key there is no
latest one to look for. Names are those that the site's catalogue lists; what is not listed, and the layout can do
without, is NULL.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from sqlglot import exp

from searches.engines.site import RAW, READ, Site
from searches.engines.writing import raw_table
from searches.errors import LayoutError
from searches.layouts.layout import ORDER_COLUMNS, Layout, RawTable

_KINDS = {
    "integer": exp.DType.INT,
    "bigint": exp.DType.BIGINT,
    "decimal": exp.DType.DECIMAL,
    "real": exp.DType.FLOAT,
    "date": exp.DType.DATE,
    "datetime": exp.DType.TIMESTAMP,
    "time": exp.DType.TIME,
    "boolean": exp.DType.BOOLEAN,
    "guid": exp.DType.UUID,
}
_WHOLE = frozenset({exp.DType.INT, exp.DType.BIGINT})
_CASTS = {
    "on_day": (frozenset({exp.DType.DATE, exp.DType.TIMESTAMP}), exp.Cast, "DATE"),
    "whole": (_WHOLE, exp.Cast, "BIGINT"),
    "decimal_of": (_WHOLE | {exp.DType.DECIMAL, exp.DType.FLOAT}, exp.TryCast, "DECIMAL(19, 3)"),
    "guid": (frozenset({exp.DType.UUID}), exp.Cast, "TEXT"),
}
"""Macros that are one cast of their argument where it has one of these types."""

_CODES = ("concept_of", "product_of")
"""Macros that read a code."""
_NUMBERS = _WHOLE | {exp.DType.DECIMAL}

_COLUMN = "raw_column"
_TABLE = "raw_table"
_READY = "as_it_is"


def kind_of(site: Site, table: RawTable, column: str, *, native: bool) -> str:
    """The type that a column of a raw table has at a site; `text` if nothing is said of it.

    Args:
        site: where.
        table: of the column.
        column: its name in the layout.
        native: the layout itself reads types: a site can have no others.
    """
    exceptions = {} if native else dict(site.types)
    said = exceptions.get(f"{table.name}.{column}", exceptions.get(column))
    return said or (table.types.get(column, "text") if native or site.columns == "native" else "text")


def typed_column(site: Site, table: RawTable, column: str, alias: str) -> exp.Column:
    """A column of a raw table as it is called and typed at a site."""
    found = site.table(table.name)
    listed = column if found is None else dict(found.columns).get(column, column)
    made = exp.column(exp.to_identifier(listed, quoted=True), table=alias)
    kind = kind_of(site, table, column, native=False)
    if kind != "text":
        made.type = exp.DataType(this=_KINDS[kind])
    return made


@lru_cache(maxsize=64)
def number_codes(layout: Layout, site: Site) -> frozenset[str]:
    """The code columns, as `table.column`, that hold numbers at a site; 0 or less in one of several is no code."""
    if layout.native or site.only_names:
        return frozenset()
    return frozenset(column for column, source in layout.code_sources.items() if _is_number_at(layout, site, source))


def _is_number_at(layout: Layout, site: Site, source: str) -> bool:
    name, column = source.split(".")
    return _KINDS.get(kind_of(site, layout.raw[name], column, native=False)) in _NUMBERS


@dataclass(frozen=True, slots=True)
class AtSite:
    """How the SQL of a layout is read at a site.

    Args:
        layout: whose SQL.
        site: where.
    """

    layout: Layout
    site: Site

    def mark(self, tree: exp.Expression) -> None:
        """Give the raw columns in a tree the names and types they have at the site, in place."""
        if self.site.only_names and not self.layout.native:
            return
        for column in list(tree.find_all(exp.Column)):
            source = raw_table(column)
            if source is not None and _COLUMN not in column.meta:
                self._mark(column, self.layout.raw[source.name])

    def macro(self, name: str, arguments: list[exp.Expression]) -> exp.Expression | None:
        """A macro over one typed column without its detour through text; None if there is no such shortcut."""
        column = arguments[0] if len(arguments) == 1 else None
        if self.layout.native or not isinstance(column, exp.Column) or column.type is None:
            return None
        if name in _CODES:
            is_code = f"{column.meta[_TABLE]}.{column.meta[_COLUMN]}" in self.layout.code_sources.values()
            return _ready(column) if is_code and column.type.this in _NUMBERS else None
        if name == "key_of":
            return _ready(column) if column.type.this in _WHOLE and self._same_everywhere(column) else None
        kinds, cast, wanted = _CASTS.get(name, (frozenset(), exp.Cast, ""))
        return cast(this=_ready(column), to=exp.DataType.build(wanted)) if column.type.this in kinds else None

    def finish(self, tree: exp.Expression) -> None:
        """Take what is left of deliveries, of tables that are not there and of types out of a tree, in place.

        Raises:
            LayoutError: the layout asks for the order of deliveries in a way that has no sense without them.
        """
        if self.site.only_names:
            return
        if self.site.history == "merged" and not self.layout.native:
            _forget_deliveries(tree, self.layout.name)
        for column in list(tree.find_all(exp.Column)):
            if column.type is not None and _COLUMN in column.meta and _READY not in column.meta:
                column.replace(exp.Cast(this=_ready(column), to=exp.DataType.build("TEXT")))
        for table in list(tree.find_all(exp.Table)):
            if table.db == RAW:
                table.meta[READ] = True
                if not self.site.called(table.name):
                    table.replace(_empty(self.layout.raw[table.name], table.alias_or_name))

    def _mark(self, column: exp.Column, table: RawTable) -> None:
        name, listed = column.name, self._listed(table, column.name)
        column.meta[_COLUMN], column.meta[_TABLE] = name, table.name
        if listed == name or not self.site.called(table.name):
            made: exp.Expression = column
        elif listed:
            column.set("this", exp.to_identifier(listed, quoted=True))
            made = column
        else:
            made = exp.cast(exp.null(), "TEXT")
        kind = "bigint" if name in ORDER_COLUMNS else kind_of(self.site, table, name, native=self.layout.native)
        if made is column and kind != "text" and self.site.called(table.name):
            column.type = exp.DataType(this=_KINDS[kind])
        if self.layout.native or name in ORDER_COLUMNS:
            column.meta[_READY] = True
        if isinstance(column.parent, exp.Select) and column.arg_key == "expressions":
            column.replace(exp.alias_(made.copy(), name))
        elif made is not column:
            column.replace(made)

    def _listed(self, table: RawTable, column: str) -> str:
        found = self.site.table(table.name)
        return column if found is None else dict(found.columns).get(column, column)

    def _same_everywhere(self, column: exp.Column) -> bool:
        # It is compared with columns of this name in other tables: a number there is no text here.
        name = column.meta[_COLUMN]
        kinds = {
            kind_of(self.site, table, name, native=False) for table in self.layout.raw.values() if name in table.columns
        }
        return kinds <= {"integer", "bigint"}


def _ready(column: exp.Column) -> exp.Column:
    made = column.copy()
    made.meta[_READY] = True
    return made


def _forget_deliveries(tree: exp.Expression, layout: str) -> None:
    """Number the rows of a key without deliveries: there is one.

    The window goes where its key is a number of the database, so that an index on that or on anything else can serve.
    Else it stays, and keeps an engine that cannot guess how many keys there are from reading the table once for each.
    """
    for window in list(tree.find_all(exp.Window)):
        order = window.args["order"]
        if any(_is_delivery(column) for column in order.find_all(exp.Column)):
            keys = window.args.get("partition_by") or []
            if any(_is_number(key) for key in keys):
                window.replace(exp.Literal.number(1))
                continue
            terms = [term for term in order.expressions if not any(map(_is_delivery, term.find_all(exp.Column)))]
            order.set("expressions", terms or [exp.Ordered(this=key.copy()) for key in keys])
    if any(_is_delivery(column) for column in tree.find_all(exp.Column)):
        raise LayoutError(f"layout {layout} cannot do without the order of deliveries", "layout_is_wrong")


def _is_delivery(column: exp.Column) -> bool:
    return column.meta.get(_COLUMN) in ORDER_COLUMNS


def _is_number(key: exp.Expression) -> bool:
    column = key.find(exp.Column)
    return column is not None and column.type is not None and column.type.this in _WHOLE


def _empty(table: RawTable, alias: str) -> exp.Subquery:
    """No row at all, with the columns of a table."""
    one = exp.select(exp.Literal.number(1).as_("one")).subquery("nothing")
    columns = [exp.cast(exp.null(), "TEXT").as_(name, quoted=True) for name in (*table.columns, *table.identity)]
    order = [exp.Literal.number(0).as_(name) for name in ORDER_COLUMNS]
    return exp.select(*columns, *order).from_(one).where(exp.false()).subquery(alias)
