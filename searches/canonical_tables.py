"""The canonical tables of an extract, worked out in the embedded database and held for one run.

A definition that one other reads is no table of its own but a part of that one's statement, and a file that is read
once goes straight through: what is held at a time is little more than the tables that searches read, with the columns
that they read.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from sqlglot import exp

from searches.engines.duckdb import Session
from searches.extract import Extract
from searches.layouts.expand import Bindings, definitions
from searches.needs import Codes, Need, columns_read, narrowed

_CODES = "asked_codes"

_Name = tuple[str, str]
"""The schema and name of a table; definitions have no schema."""


def worked_out(extract: Extract, wanted: Mapping[str, Need], bindings: Bindings) -> Session:
    """A locked database that holds these tables.

    Args:
        extract: where rows come from.
        wanted: what is read of each.
        bindings: reference date and practice.

    Raises:
        ExtractError: a file cannot be read, or a table cannot be worked out.
        LayoutError: the layout has no such table.
    """
    views = narrowed(definitions(extract.layout, wanted, bindings), wanted)
    session = Session()
    try:
        _Making(extract, session, views, wanted).make()
        session.lock()
    except BaseException:
        session.close()
        raise
    return session


class _Making:
    def __init__(
        self, extract: Extract, session: Session, views: Mapping[str, exp.Select], wanted: Mapping[str, Need]
    ) -> None:
        self._extract = extract
        self._session = session
        self._views = views
        self._wanted = wanted
        self._read = {name: _tables_read(tree) for name, tree in views.items()}
        self._readers = Counter((table.db, table.name) for tree in views.values() for table in tree.find_all(exp.Table))
        self._columns: dict[_Name, set[str]] = {}
        for tree in views.values():
            for table, columns in columns_read(tree):
                self._columns.setdefault((table.db, table.name), set()).update(map(str.lower, columns))
        self._here: set[_Name] = set()

    def make(self) -> None:
        last_use = self._last_use()
        for name, tree in self._views.items():
            for table in self._read[name]:
                if table[0] and table not in self._here:
                    self._extract.read(self._session, table[1], self._columns[table], once=self._readers[table] == 1)
                    self._here.add(table)
            codes = self._wanted[name].codes if name in self._wanted else None
            if codes is None:
                self._session.define(name, tree, held=self._is_held(name))
            else:
                self._define_coded(name, tree, codes)
            self._here.add(("", name))
            for schema, table_name in [table for table, user in last_use.items() if user == name]:
                self._session.forget(table_name, schema)

    def _is_held(self, name: str) -> bool:
        return name in self._wanted or self._readers["", name] != 1

    def _last_use(self) -> dict[_Name, str]:
        """The definition whose making is the last to read each table that nobody asked for."""
        order = {name: place for place, name in enumerate(self._views)}
        used: dict[_Name, str] = {}
        for name in reversed(list(self._views)):
            # What is not held is read where its only reader is made.
            user = name if self._is_held(name) else used["", name]
            for table in self._read[name]:
                if order[user] >= order[used.get(table, user)]:
                    used[table] = user
        return {table: user for table, user in used.items() if table[0] or table[1] not in self._wanted}

    def _define_coded(self, name: str, tree: exp.Select, codes: Codes) -> None:
        """Hold the rows with one of these codes in one of the systems that the layout has."""
        columns = {
            system: column for system, column in self._extract.layout.code_columns[name].items() if system in codes
        }
        listed = [(system, code) for system in columns for code in sorted(codes[system])]
        systems, texts = [system for system, _ in listed], [code for _, code in listed]
        self._session.keep_values(_CODES, {"system": ("VARCHAR", systems), "code": ("VARCHAR", texts)})
        asked = [
            exp.column(column, table="t").isin(
                query=exp.select("a.code").from_(f"{_CODES} AS a").where(exp.column("system", table="a").eq(system))
            )
            for system, column in columns.items()
        ]
        items = [exp.column(item.alias_or_name, table="t") for item in tree.expressions]
        self._session.define(name, exp.select(*items).from_(tree.subquery("t")).where(exp.or_(*asked)), held=True)
        self._session.drop(_CODES)


def _tables_read(tree: exp.Select) -> list[_Name]:
    return list(dict.fromkeys((table.db, table.name) for table in tree.find_all(exp.Table)))
