"""Features found in the SELECTs of a search: EXISTS, a CTE grouped by person, a CTE that keeps the first row.

What a feature may be made of: canonical tables, inner joined on the person; conditions on their rows; MIN, MAX and
COUNT; ROW_NUMBER = 1. Everything else raises `NotDecomposableError`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from sqlglot import exp

from searches import canon
from searches.conditions import NotDecomposableError, Writer, conjuncts, is_patient_link, linked
from searches.features import FIRST_SLOT, Codes, Feature, Output, Shape, Source, Value
from searches.search import Codelist

_LITERAL = re.compile(r"\bv\.p[0-9]+\b")
_FUNCTIONS: dict[type[exp.Expr], str] = {exp.Min: "min", exp.Max: "max"}


@dataclass(frozen=True, slots=True)
class Found:
    """A feature and the names that a search gives to its columns."""

    feature: Feature
    outputs: Mapping[str, Output]


@dataclass(frozen=True, slots=True)
class FeatureReader:
    """Reads the features of one search.

    Args:
        ctes: its CTEs, by name.
        codelists: its code lists, by name.
    """

    ctes: Mapping[str, exp.Expr]
    codelists: Mapping[str, Codelist]

    def exists(self, select: exp.Select, around: frozenset[str]) -> Feature:
        """The feature of an EXISTS.

        Args:
            select: what stands in it.
            around: the names around it that always have a row.
        """
        if select.args.get("having") is not None:
            raise NotDecomposableError("HAVING in EXISTS")
        if self._is_cte_alone(select):
            source = select.args["from_"].this
            _check_tied(list(conjuncts(select.args["where"].this)), {source.alias_or_name}, around)
            return self._rows_of_cte(source.name)
        rows = self._rows(select)
        _check_tied(rows.links, set(rows.slots), around)
        return rows.feature(Writer(rows.column), {})

    def _is_cte_alone(self, select: exp.Select) -> bool:
        """Does it ask nothing but whether the person has a row of one CTE?"""
        source, where = select.args["from_"].this, select.args.get("where")
        is_cte = isinstance(source, exp.Table) and source.name in self.ctes and not select.args.get("joins")
        return is_cte and where is not None and all(map(is_patient_link, conjuncts(where.this)))

    def _rows_of_cte(self, name: str) -> Feature:
        inner = self.ctes[name]
        source = inner.args["from_"].this if isinstance(inner, exp.Select) else None
        is_rows = isinstance(source, exp.Table) and source.name in canon.TABLES and not inner.args.get("group")
        if not is_rows or not isinstance(inner, exp.Select):
            return self.table(name).feature
        rows = self._rows(inner)
        return rows.feature(Writer(rows.column), {})

    def table(self, name: str, *, first: str = "") -> Found:
        """The feature that a CTE is.

        Args:
            name: of the CTE.
            first: the column of it that a join compares with 1.
        """
        select = self.ctes[name]
        if not isinstance(select, exp.Select):
            raise NotDecomposableError("UNION ALL in a CTE")
        if first:
            return self._first(select, first)
        if select.args.get("group") is not None:
            return self._grouped(select)
        return self._kept_first(select)

    def _grouped(self, select: exp.Select) -> Found:
        rows, having = self._rows(select), select.args.get("having")
        written = {item.alias_or_name: rows.aggregate(item.unalias().unnest()) for item in select.expressions}
        outputs = {name: output for name, output in written.items() if output is not None}
        found = rows.feature(Writer(rows.column), outputs, having=having.this if having else None)
        return Found(found, outputs)

    def _kept_first(self, select: exp.Select) -> Found:
        """SELECT ... FROM (SELECT ..., ROW_NUMBER() ... AS place ...) AS r WHERE r.place = 1."""
        source = select.args["from_"].this
        kept = list(conjuncts(select.args["where"].this if select.args.get("where") else None))
        if select.args.get("joins") or len(kept) != 1:
            raise NotDecomposableError("a CTE that is neither grouped nor the first row of another")
        inner = source.this if isinstance(source, exp.Subquery) else self.ctes.get(source.name)
        if not isinstance(inner, exp.Select):
            raise NotDecomposableError("a CTE that is neither grouped nor the first row of another")
        found = self._first(inner, first_of(kept[0], source.alias_or_name))
        return Found(found.feature, _renamed(select, found.outputs))

    def _first(self, select: exp.Select, place: str) -> Found:
        if select.args.get("group") is not None:
            raise NotDecomposableError("ROW_NUMBER over groups")
        rows = self._rows(select)
        items = {item.alias_or_name: item.unalias().unnest() for item in select.expressions}
        window = items.get(place)
        if not isinstance(window, exp.Window) or not isinstance(window.this, exp.RowNumber):
            raise NotDecomposableError("a CTE that is neither grouped nor the first row of another")
        order = tuple(rows.ordered(each) for each in window.args["order"].expressions)
        outputs = {
            name: rows.plain(item)
            for name, item in items.items()
            if isinstance(item, exp.Column) and item.name not in {"patient_id", "code"}
        }
        return Found(rows.feature(Writer(rows.column), outputs, order), outputs)

    def _rows(self, select: exp.Select) -> _Rows:
        sources = [select.args["from_"].this]
        conditions = list(conjuncts(select.args["where"].this if select.args.get("where") else None))
        for join in select.args.get("joins") or ():
            if join.side:
                raise NotDecomposableError("LEFT JOIN in a feature")
            sources.append(join.this)
            conditions += conjuncts(join.args["on"])
        if any(not isinstance(each, exp.Table) or each.name not in canon.TABLES for each in sources):
            raise NotDecomposableError("a feature over a CTE or subquery")
        slots = {each.alias_or_name: chr(FIRST_SLOT + place) for place, each in enumerate(sources)}
        links = [each for each in conditions if is_patient_link(each)]
        others = [each for each in conditions if not is_patient_link(each)]
        return _Rows(self.codelists, slots, tuple(each.name for each in sources), links, others)


@dataclass(frozen=True, slots=True)
class _Rows:
    """The FROM, JOIN and WHERE of a feature."""

    codelists: Mapping[str, Codelist]
    slots: Mapping[str, str]
    tables: tuple[str, ...]
    links: list[exp.Expr]
    conditions: list[exp.Expr]

    def feature(
        self,
        writer: Writer,
        outputs: Mapping[str, Output],
        order: tuple[str, ...] = (),
        *,
        having: exp.Expr | None = None,
    ) -> Feature:
        codes: dict[str, int] = {}
        since: dict[str, int] = {}
        texts = []
        for condition in self.conditions:
            asked = code_lists_asked(condition)
            slot = self._slot(asked[0].this) if asked else ""
            if asked and slot not in codes and all(self._slot(each.this) == slot for each in asked):
                codes[slot] = len(writer.values)
                digests = frozenset(self.codelists[each.args["field"].name].digest for each in asked)
                writer.value(Codes(digests))
            else:
                texts.append(writer.condition(condition))
                if self._is_since(condition):
                    since.setdefault(self._slot(condition.args["this"]), len(writer.values) - 1)
        kept = "" if having is None else self._having(writer, having)
        read = [*texts, *order, kept, *(output.sql for output in outputs.values())]
        sources = tuple(
            Source(table, _columns_of(slot, read), codes.get(slot), since.get(slot))
            for slot, table in zip(self.slots.values(), self.tables, strict=True)
        )
        values: tuple[Value, ...] = tuple(writer.values)
        return Feature(Shape(sources, " AND ".join(texts), order, kept), values)

    def _having(self, writer: Writer, having: exp.Expr) -> str:
        """The text of a condition on grouped rows; a literal is the same in all of them."""
        written: dict[str, str] = {}
        condition = having.copy()
        for node in list(condition.find_all(exp.AggFunc)):
            output = self.aggregate(node)
            name = f"aggregate{len(written)}"
            written[name] = output.sql if output is not None else ""
            made = exp.column(name)
            if node is condition:
                condition = made
            else:
                node.replace(made)
        plain = Writer(lambda node: written.get(node.name) or _refused(node), writer.values)
        return _LITERAL.sub(r"MIN(\g<0>)", plain.condition(condition))

    def _is_since(self, condition: exp.Expr) -> bool:
        """Is this `e.event_date >= DATE '...'`, or > ?"""
        if not isinstance(condition, exp.GT | exp.GTE) or not isinstance(condition.args["expression"], exp.Cast):
            return False
        column = condition.args["this"]
        if not isinstance(column, exp.Column):
            return False
        table = dict(zip(self.slots.values(), self.tables, strict=True))[self._slot(column)]
        return column.name == day_of(table)

    def column(self, node: exp.Column) -> str:
        if node.name in {"patient_id", "code"}:
            raise NotDecomposableError(f"{node.name} in a condition")
        return f"{self._slot(node)}.{node.name}"

    def plain(self, node: exp.Column) -> Output:
        text = self.column(node)
        return Output(text.replace(".", "_"), text)

    def ordered(self, node: exp.Expr) -> str:
        column = node.this.unnest()
        if not isinstance(column, exp.Column):
            raise NotDecomposableError("ROW_NUMBER ordered by an expression")
        return f"{self.column(column)} {'DESC' if node.args.get('desc') else 'ASC'}"

    def aggregate(self, node: exp.Expr) -> Output | None:
        """A column of a grouped CTE; None for the patient_id."""
        if isinstance(node, exp.Column):
            return None
        if isinstance(node, exp.Count):
            return self._count(node.this)
        if type(node) in _FUNCTIONS and isinstance(node.this.unnest(), exp.Column):
            column = self.plain(node.this.unnest())
            function = _FUNCTIONS[type(node)]
            return Output(f"{function}_{column.name}", f"{function.upper()}({column.sql})")
        raise NotDecomposableError(f"{node.key.upper()} in a grouped CTE")

    def _count(self, counted: exp.Expr) -> Output:
        if isinstance(counted, exp.Star):
            return Output("rows_counted", "COUNT(*)")
        distinct = isinstance(counted, exp.Distinct)
        column = (counted.expressions[0] if distinct else counted).unnest()
        if not isinstance(column, exp.Column):
            raise NotDecomposableError("COUNT of an expression")
        plain = self.plain(column)
        if distinct:
            return Output(f"distinct_{plain.name}", f"COUNT(DISTINCT {plain.sql})")
        return Output(f"counted_{plain.name}", f"COUNT({plain.sql})")

    def _slot(self, node: exp.Expr) -> str:
        if isinstance(node, exp.Column) and node.table in self.slots:
            return self.slots[node.table]
        if isinstance(node, exp.Column) and not node.table and len(self.slots) == 1:
            return next(iter(self.slots.values()))
        raise NotDecomposableError("a condition that reads the row around it")


def _check_tied(links: Iterable[exp.Expr], inside: AbstractSet[str], around: frozenset[str]) -> None:
    for name in {name for link in links for name in linked(link)}:
        if name not in inside and name not in around:
            raise NotDecomposableError("EXISTS is tied to a row that may be missing")


def _refused(node: exp.Column) -> str:
    raise NotDecomposableError(f"{node.name} of a row in HAVING")


def day_of(table: str) -> str:
    """The column that says when a row was: the first date of a canonical table."""
    return next(column.name for column in canon.TABLES[table].columns if column.type is canon.ColumnType.DATE)


def first_of(condition: exp.Expr, alias: str) -> str:
    """The column of `alias` that the condition compares with 1.

    Raises:
        NotDecomposableError: it does something else.
    """
    if isinstance(condition, exp.EQ):
        column, written = condition.left.unnest(), condition.right.unnest()
        if isinstance(column, exp.Literal):
            column, written = written, column
        is_one = isinstance(written, exp.Literal) and written.name == "1"
        if isinstance(column, exp.Column) and column.table in {"", alias} and is_one:
            return column.name
    raise NotDecomposableError("a condition on rows that were numbered")


def code_lists_asked(condition: exp.Expr) -> list[exp.In]:
    """The predicates of `code IN codelist.a OR code IN codelist.b`; empty if the condition is anything else."""
    parts = list(_disjuncts(condition))
    asked = [part for part in parts if isinstance(part, exp.In) and isinstance(part.args.get("field"), exp.Column)]
    return asked if len(asked) == len(parts) else []


def _disjuncts(condition: exp.Expr) -> Iterator[exp.Expr]:
    inner = condition.unnest()
    if isinstance(inner, exp.Or):
        yield from _disjuncts(inner.left)
        yield from _disjuncts(inner.right)
    else:
        yield inner


def _columns_of(slot: str, texts: list[str]) -> tuple[str, ...]:
    """The columns of a table that occur in texts written here."""
    words = {word for text in texts for word in text.replace("(", " ").replace(")", " ").replace(",", " ").split()}
    return tuple(sorted(word[2:] for word in words if word.startswith(f"{slot}.")))


def _renamed(select: exp.Select, outputs: Mapping[str, Output]) -> dict[str, Output]:
    """The columns of a SELECT over a feature, without expressions, which are refused where they are read."""
    items = ((item.alias_or_name, item.unalias().unnest()) for item in select.expressions)
    return {name: outputs[item.name] for name, item in items if isinstance(item, exp.Column) and item.name in outputs}
