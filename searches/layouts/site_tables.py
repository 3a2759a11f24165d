"""Is a site's database as it is said to be? Every table and column that a layout reads, against what is listed.

A complaint says which table and column, what was expected and what was found, and what to change. With one complaint
nothing runs: a column of another type or a table under another name would give wrong numbers, not none.

Names may differ in case, and a column may have any header that versions of the extract are known to use. A column or
table that the layout can do without may be absent.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from sqlglot import exp

from searches.database import Database
from searches.engines.live_schema import LIVE_SCHEMAS, affinity, asked
from searches.engines.site import RAW, READ, FoundTable, Site
from searches.engines.writing import raw_table
from searches.layouts.at_site import kind_of, typed_column
from searches.layouts.expand import Bindings, definitions
from searches.layouts.layout import ORDER_COLUMNS, TYPES, Layout, RawTable

_SUITS: Mapping[str, frozenset[str]] = {
    "text": frozenset({"text"}),
    "integer": frozenset({"integer", "bigint"}),
    "bigint": frozenset({"integer", "bigint"}),
    "decimal": frozenset({"decimal", "integer", "bigint"}),
    "real": frozenset({"real", "decimal", "integer", "bigint"}),
    "date": frozenset({"date"}),
    "datetime": frozenset({"datetime", "date"}),
    "time": frozenset({"time", "datetime"}),
    "boolean": frozenset({"boolean", "integer", "bigint"}),
    "guid": frozenset({"guid"}),
}
"""What each declared type may be in a database; it is then read alike."""

_NUMBERS = frozenset({"integer", "numeric", "any"})
_SUITS_SQLITE: Mapping[str, frozenset[str]] = {
    # By affinity, which says what becomes of a value: a text of digits put into a number's column is no text any more.
    **dict.fromkeys(("text", "guid"), frozenset({"text", "any"})),
    **dict.fromkeys(("integer", "bigint"), _NUMBERS),
    **dict.fromkeys(("decimal", "real"), _NUMBERS | {"real"}),
    **dict.fromkeys(("date", "datetime", "time"), frozenset({"text", "numeric", "any"})),
    "boolean": _NUMBERS | {"text"},
}


@dataclass(frozen=True, slots=True)
class Checked:
    """What a look at the live schema has shown.

    Args:
        complaints: what is not as it was said to be; with one, nothing may run.
        notes: what would make answers slow.
        site: the same site, with the names that were found.
    """

    complaints: tuple[str, ...]
    notes: tuple[str, ...]
    site: Site


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be read.

    Args:
        tables: names of raw tables.
        ordered: those of them that are asked for `delivery` and `row_in_delivery`.
        identifying: with the columns that say who a patient is.
    """

    tables: frozenset[str]
    ordered: frozenset[str] = frozenset()
    identifying: bool = True

    def columns(self, table: RawTable) -> tuple[str, ...]:
        """Of one table."""
        identity = table.identity if self.identifying else ()
        return (*table.columns, *identity, *(ORDER_COLUMNS if table.name in self.ordered else ()))


def wanted_by(layout: Layout, site: Site, tables: Iterable[str] = (), *, identifying: bool = True) -> Wanted:
    """The raw tables that some canonical tables come from.

    Args:
        layout: whose.
        site: where.
        tables: names of canonical tables, and `type1`; all that the layout has if empty.
        identifying: for the action list too.
    """
    names = tuple(tables) or tuple(layout.definitions)
    names = (*names, "identity") if identifying else tuple(name for name in names if name != "identity")
    trees = definitions(layout, names, _ANY_DAY).values()
    read = {table.name for tree in trees for table in tree.find_all(exp.Table) if table.db == RAW}
    ordered = {
        table.name
        for tree in trees
        for column in tree.find_all(exp.Column)
        if column.name in ORDER_COLUMNS and (table := raw_table(column)) is not None
    }
    kept = site.history == "kept"
    return Wanted(frozenset(read), frozenset(ordered) if kept else frozenset(), identifying)


def check_tables(database: Database, tables: Iterable[str] = (), *, identifying: bool = True) -> Checked:
    """Look at the live schema of a database, before anything else is asked of it.

    Args:
        database: as configured.
        tables: names of the canonical tables that are to be asked; all if empty.
        identifying: who a patient is will be asked too.

    Raises:
        DatabaseError: the live schema cannot be read.
    """
    layout, site = database.layout, database.site
    live = LIVE_SCHEMAS[database.engine.name]
    wanted = wanted_by(layout, site, tables, identifying=identifying)
    columns = [_texts(row) for row in database.rows(asked(live.columns, site.schema))]
    checked = compare(layout, site, database.engine.name, wanted, columns)
    if checked.complaints:
        return checked
    wrong = _kept_twice(database, checked.site, wanted) if site.history == "merged" else ()
    if database.engine.name == "sqlite" and not layout.native:
        wrong += _unreadable(database, checked.site, wanted)
    indexes = [_texts(row) for row in database.rows(asked(live.indexes, site.schema))] if live.indexes else []
    notes = _without_index(layout, checked.site, wanted, indexes) if live.indexes else ()
    return replace(checked, complaints=wrong, notes=notes)


def compare(layout: Layout, site: Site, engine: str, wanted: Wanted, listed: Iterable[Sequence[str]]) -> Checked:
    """What a layout reads at a site, against what the database lists.

    Args:
        layout: whose tables.
        site: as configured.
        engine: its name.
        wanted: what is to be read.
        listed: table, column and type of every column in the schema.
    """
    tables: dict[str, dict[str, str]] = {}
    for table, column, declared in listed:
        tables.setdefault(table, {})[column] = declared
    look = _Look(layout, site, engine, tables)
    looked = [look.table(layout.raw[name], wanted) for name in sorted(wanted.tables)]
    complaints = [*look.types(), *(said for _, said_of in looked for said in said_of)]
    return Checked(tuple(complaints), (), replace(site, found=tuple(table for table, _ in looked)))


_ANY_DAY = Bindings(date(2000, 1, 1), "0")


def _texts(row: Sequence[object]) -> tuple[str, ...]:
    return tuple(str(value) for value in row)


@dataclass(frozen=True, slots=True)
class _Look:
    layout: Layout
    site: Site
    engine: str
    listed: Mapping[str, Mapping[str, str]]

    def types(self) -> Iterator[str]:
        """What is wrong with the types that the site declares itself."""
        for name, kind in self.site.types:
            table, _, column = name.rpartition(".")
            tables = [each for each in self.layout.raw.values() if table in {"", each.name}]
            if self.layout.native:
                yield f'types: "{name}": layout {self.layout.name} reads its own types, and no site can have others'
            elif kind not in TYPES:
                yield f'types: "{name}": expected one of {", ".join(TYPES)}; got {kind}'
            elif not any(column in (*each.columns, *each.identity) for each in tables):
                yield f'types: "{name}" is no column that layout {self.layout.name} reads'

    def table(self, table: RawTable, wanted: Wanted) -> tuple[FoundTable, list[str]]:
        """One table as it is listed, and what is wrong with it."""
        names = _alike((f"{self.site.prefix}{table.name}",), self.listed)
        if len(names) != 1:
            said = [] if not names and table.may_be_absent else [self._no_table(table, names)]
            return FoundTable(table.name, "", ()), said
        [name] = names
        columns: list[tuple[str, str]] = []
        complaints: list[str] = []
        for column in wanted.columns(table):
            listed, complaint = self._column(table, column, self.listed[name])
            columns.append((column, listed))
            complaints += [f'table "{name}" {complaint}'] if complaint else []
        return FoundTable(table.name, name, tuple(columns)), complaints

    def _column(self, table: RawTable, column: str, listed: Mapping[str, str]) -> tuple[str, str]:
        names = _alike((column, *table.spellings.get(column, ())), listed)
        kind = "bigint" if column in ORDER_COLUMNS else kind_of(self.site, table, column, native=self.layout.native)
        if len(names) != 1:
            return "", "" if not names and column in table.optional else _no_column(column, kind, names)
        [name] = names
        if self.engine == "sqlite":
            fits, got = affinity(listed[name]) in _SUITS_SQLITE[kind], listed[name].lower() or "no type"
        else:
            got = LIVE_SCHEMAS[self.engine].kind(listed[name])
            fits = got in _SUITS[kind] or (self.engine, kind, got) == ("mysql", "guid", "text")
        return name, "" if fits else self._other_type(table, column, kind, got)

    def _no_table(self, table: RawTable, names: Sequence[str]) -> str:
        expected = f"{self.site.prefix}{table.name}"
        if names:
            return f'there is no one table "{expected}": {_either(names)} differ only in case'
        said = (
            f'no table "{expected}" in schema "{self.site.schema}": expected it, as the supplier delivers it; got none'
        )
        ends = [name for name in self.listed if name.casefold().endswith(table.name.casefold())]
        if len(ends) == 1:
            return f'{said}: set prefix = "{ends[0][: -len(table.name)]}"'
        return f"{said}: check schema and prefix, and that the login may read it"

    def _other_type(self, table: RawTable, column: str, kind: str, got: str) -> str:
        said = f'column "{column}": expected {kind}; got {got}'
        declared = f'under [database.types] "{table.name}.{column}" = "{got}"'
        if column in ORDER_COLUMNS:
            return f"{said}: it is the running number of the delivery, or of the row in it"
        if self.layout.native or got not in TYPES:
            return f"{said}: layout {self.layout.name} cannot read that; ask for a view in which it is {kind}"
        if self.site.columns == "text" and got in _SUITS[table.types.get(column, "text")] - {"text"}:
            return f'{said}: set columns = "native" if every column has the supplier\'s type, or {declared}'
        return f"{said}: set {declared}"


def _alike(names: Sequence[str], listed: Iterable[str]) -> list[str]:
    """Those listed that are one of some names: as it is written, or else in another case."""
    found = list(listed)
    for name in names:
        if name in found:
            return [name]
    folded = {name.casefold() for name in names}
    return [name for name in found if name.casefold() in folded]


def _either(names: Iterable[str]) -> str:
    return " and ".join(f'"{name}"' for name in names)


def _no_column(column: str, kind: str, names: Sequence[str]) -> str:
    if names:
        return f'has no one column "{column}": {_either(names)} differ only in case'
    said = f'has no column "{column}": expected {kind}'
    if column in ORDER_COLUMNS:
        of = "delivery" if column == ORDER_COLUMNS[0] else "row in its delivery"
        hint = 'number the deliveries, or set history = "merged" if the table holds one row for each key'
        return f"{said}, the running number of the {of}; got none: {hint}"
    return f"{said}, as the supplier delivers it; got none: load it, and check that the login may read it"


def _kept_twice(database: Database, site: Site, wanted: Wanted) -> tuple[str, ...]:
    """The tables that hold a key more than once, although the site says that they do not."""
    kept = replace(site, history="kept")
    complaints: list[str] = []
    for tree in definitions(database.layout, tuple(database.layout.current), _ANY_DAY, kept).values():
        for table, keys in _keys_of(tree):
            if table.name in wanted.tables:
                [(count,)] = database.rows(database.engine.render(_more_than_once(table, keys), kept))
                said = f'table "{site.called(table.name)}" holds {count} keys more than once'
                merged = 'expected one row for each, as history = "merged" says'
                complaints += [f"{said}: {merged}; merge them, or keep every delivery"] if count else []
    return tuple(complaints)


def _keys_of(tree: exp.Select) -> Iterator[tuple[exp.Table, list[exp.Expression]]]:
    for window in tree.find_all(exp.Window):
        keys = window.args.get("partition_by") or []
        column = next((column for key in keys for column in key.find_all(exp.Column)), None)
        table = raw_table(column) if column is not None else None
        if table is not None:
            yield table, keys


def _more_than_once(table: exp.Table, keys: Sequence[exp.Expression]) -> exp.Select:
    names = [f"key{number}" for number, _ in enumerate(keys)]
    rows = exp.select(*(key.copy().as_(name) for key, name in zip(keys, names, strict=True))).from_(table.copy())
    columns = [exp.column(name, table="k") for name in names]
    often = exp.Count(this=exp.Star()) > exp.Literal.number(1)
    groups = exp.select(*columns).from_(rows.subquery("k")).group_by(*columns).having(often)
    return exp.select(exp.Count(this=exp.Star()).as_("often")).from_(groups.subquery("g"))


_READ_AS = {
    **dict.fromkeys(("date", "datetime"), "DATE"),
    **dict.fromkeys(("integer", "bigint"), "BIGINT"),
    **dict.fromkeys(("decimal", "real"), "DECIMAL(19, 3)"),
}


def _unreadable(database: Database, site: Site, wanted: Wanted) -> tuple[str, ...]:
    """The columns whose values are not of their type: SQLite keeps in any column whatever it is given."""
    complaints = []
    for found in site.found:
        table = database.layout.raw[found.name]
        kinds = {column: kind_of(site, table, column, native=False) for column, listed in found.columns if listed}
        read = {column: kind for column, kind in kinds.items() if kind in _READ_AS}
        if not (found.listed and read and found.name in wanted.tables):
            continue
        [counts] = database.rows(database.engine.render(_unread(site, table, read), site))
        for (column, kind), count in zip(read.items(), counts, strict=True):
            if count:
                said = f'table "{found.listed}" column "{dict(found.columns)[column]}" holds {count} values that are no'
                complaints.append(f"{said} {kind}: expected {kind}, days as 2026-03-31; load them so, or declare text")
    return tuple(complaints)


def _unread(site: Site, table: RawTable, kinds: Mapping[str, str]) -> exp.Select:
    """For each column the number of values that cannot be read as its type."""
    raw = exp.to_table(f"{RAW}.{table.name}")
    raw.meta[READ] = True
    counts = []
    for number, (column, kind) in enumerate(kinds.items()):
        value = typed_column(site, table, column, "r")
        read = exp.Cast(this=value, to=exp.DataType.build(_READ_AS[kind]))
        lost = exp.and_(value.copy().is_(exp.null()).not_(), read.is_(exp.null()))
        case = exp.Case(ifs=[exp.If(this=lost, true=exp.Literal.number(1))])
        counts.append(exp.Count(this=case).as_(f"lost{number}"))
    return exp.select(*counts).from_(raw.as_("r"))


def _without_index(layout: Layout, site: Site, wanted: Wanted, indexes: Iterable[Sequence[str]]) -> tuple[str, ...]:
    """The tables of which every row is read for every answer."""
    leading = {(table, column.casefold()) for table, column in indexes}
    notes = []
    for table, columns in sorted(_looked_up_by(layout).items()):
        name = site.called(table)
        if table in wanted.tables and name and not any((name, column.casefold()) in leading for column in columns):
            by = " or ".join(f'"{column}"' for column in sorted(columns))
            notes.append(f'table "{name}" has no index that begins with {by}: every answer reads all of it')
    return tuple(notes)


def _looked_up_by(layout: Layout) -> dict[str, set[str]]:
    """The columns of raw tables that say of which patient a row is, or of which code."""
    found: dict[str, set[str]] = {}
    for tree in definitions(layout, [name for name in layout.definitions if name != "identity"], _ANY_DAY).values():
        for alias in tree.find_all(exp.Alias):
            if alias.alias in {"patient_id", "code_id"} or alias.alias.startswith("code_"):
                for column in alias.find_all(exp.Column):
                    table = raw_table(column)
                    if table is not None and column.table == table.alias_or_name:
                        found.setdefault(table.name, set()).add(column.name)
    return found
