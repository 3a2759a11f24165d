"""Rules of a whole SELECT: its columns, its groups, its row numbers, and what it gives to those who name it.

1  every column has a name, once; the column `patient_id` is the patient_id of FROM, and no other column is
2  GROUP BY is exactly patient_id; the other columns are then COUNT, MIN or MAX
3  ROW_NUMBER is partitioned by patient_id and ordered by dates or numbers, last by the id of each table with several
   rows per patient, so that the order is total and the same everywhere
4  UNION ALL stands only in a CTE or subquery, over equal columns
5  EXISTS selects 1 and is tied to a patient_id around it
6  the outer SELECT has no GROUP BY, HAVING or row number
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from sqlglot import exp

from searches.canon import TABLES
from searches.parse import SearchTree
from searches.rules.comparisons import is_patient_link
from searches.rules.expressions import check_condition, value_type
from searches.rules.kinds import Kind, ValueType
from searches.rules.names import (
    CODELIST,
    Here,
    Relation,
    Role,
    Scope,
    Spot,
    Usage,
    alias_of,
    column_type,
    is_patient_id_of_first,
)
from searches.rules.sources import Reading, conjuncts, read_sources

_OWN_ID = "select x.patient_id, x being the table in FROM"
_GROUP_HINT = "write GROUP BY x.patient_id, x being the table in FROM"


@dataclass(frozen=True, slots=True)
class Output:
    """One column that a SELECT gives: its expression, without the AS, and its type."""

    node: exp.Expr
    type: ValueType


@dataclass(frozen=True, slots=True)
class WholeSearch:
    """A search that was read: the outer SELECT's scope and columns, and what was met."""

    scope: Scope
    outputs: Mapping[str, Output]
    usage: Usage


def read_whole(tree: SearchTree) -> WholeSearch:
    """Read a search from its first CTE to its outer SELECT, and check every rule that needs nothing but the SQL.

    Raises:
        RuleError: a rule is broken.
    """
    usage = Usage()
    reading = Reading(tree.places, usage, {})
    with_ = tree.select.args.get("with_")
    for cte in with_.expressions if with_ is not None else []:
        _check_cte_name(cte, reading)
        relation = _read_query(cte.this, reading)
        reading = replace(reading, ctes={**reading.ctes, cte.alias: relation})
    scope, outputs = _read_select(tree.select, Role.OUTER, None, reading)
    _read_exists(reading)
    _check_all_used(with_, reading)
    return WholeSearch(scope, outputs, usage)


def _check_cte_name(cte: exp.CTE, reading: Reading) -> None:
    if cte.alias in TABLES or cte.alias == CODELIST:
        raise reading.places.refuse(cte.args["alias"], f"the CTE {cte.alias} hides a canonical table", "rename it")
    if cte.alias in reading.ctes:
        raise reading.places.refuse(cte.args["alias"], f"the CTE {cte.alias} is defined twice", "rename one")


def _check_all_used(with_: exp.With | None, reading: Reading) -> None:
    for cte in with_.expressions if with_ is not None else []:
        if cte.alias not in reading.usage.ctes:
            raise reading.places.refuse(cte.args["alias"], f"the CTE {cte.alias} is never used", "delete it")


def _read_query(query: exp.Expr, reading: Reading) -> Relation:
    """Read what stands in a CTE or subquery."""
    if query.args.get("with_") is not None:
        raise reading.places.refuse(
            query.args["with_"], "WITH inside a subquery is refused", "put every CTE at the top"
        )
    if isinstance(query, exp.Union):
        return _read_union(query, reading)
    if not isinstance(query, exp.Select):
        raise reading.places.refuse(query, "a subquery holds one SELECT", "put each SELECT in a CTE")
    scope, outputs = _read_select(query, Role.TABLE, None, reading)
    return _relation(scope, outputs, reading)


def _read_union(union: exp.Union, reading: Reading) -> Relation:
    one, other = (_read_query(side.unnest(), reading) for side in (union.left, union.right))
    if [(name, _plain(kind)) for name, kind in one.columns.items()] != [
        (name, _plain(kind)) for name, kind in other.columns.items()
    ]:
        raise reading.places.refuse(
            union, "the sides of UNION ALL have different columns", "list the same columns, in order"
        )
    columns = {
        name: ValueType(
            _plain(kind),
            _domain(kind, other.columns[name]),
            None,
            kind.singles_out or other.columns[name].singles_out,
            kind.written or other.columns[name].written,
        )
        for name, kind in one.columns.items()
    }
    return Relation(columns, one_row=False, ids=None)


def _domain(one: ValueType, other: ValueType) -> frozenset[str]:
    # A number is of a closed domain only where both sides say so.
    return one.values | other.values if one.values and other.values else frozenset()


def _plain(found: ValueType) -> Kind:
    return Kind.INTEGER if found.kind is Kind.ROW_NUMBER else found.kind


def _read_select(
    select: exp.Select, role: Role, around: Scope | None, reading: Reading
) -> tuple[Scope, dict[str, Output]]:
    if role is not Role.OUTER and select.args.get("with_") is not None:
        raise reading.places.refuse(
            select.args["with_"], "WITH inside a subquery is refused", "put every CTE at the top"
        )
    if role is not Role.TABLE:
        _check_no_groups(select, role, reading)
    scope = read_sources(select, role, around, reading, lambda query: _read_query(query, reading))
    if select.args.get("where") is not None:
        check_condition(select.args["where"].this, reading.here(scope, Spot.WHERE))
    _check_group(select, reading.here(scope, Spot.SELECT))
    if role is Role.EXISTS:
        return scope, {}
    outputs = _outputs(select, reading.here(scope, Spot.SELECT))
    _check_not_taken_for_outputs(select, outputs, reading)
    return scope, outputs


def _check_no_groups(select: exp.Select, role: Role, reading: Reading) -> None:
    for clause, name in (("group", "GROUP BY"), ("having", "HAVING")):
        if select.args.get(clause) is not None:
            raise reading.places.refuse(
                select.args[clause], f"{name} in {role} is refused", "group in a CTE and join it"
            )


def _check_group(select: exp.Select, here: Here) -> None:
    group, having = select.args.get("group"), select.args.get("having")
    if group is not None:
        if len(group.expressions) != 1 or not is_patient_id_of_first(group.expressions[0], here):
            raise here.refuse(group, "GROUP BY is exactly the patient_id of FROM", _GROUP_HINT)
    elif having is not None:
        raise here.refuse(having, "HAVING needs GROUP BY patient_id", _GROUP_HINT)
    if having is not None:
        check_condition(having.this, here.at(Spot.HAVING))


def _outputs(select: exp.Select, here: Here) -> dict[str, Output]:
    outputs: dict[str, Output] = {}
    for item in select.expressions:
        name, node = item.alias_or_name, item.unalias().unnest()
        if not name or not isinstance(item, exp.Column | exp.Alias):
            raise here.refuse(item, "a column of a SELECT needs a name", "write expression AS name, one by one")
        if name in outputs:
            raise here.refuse(item, f"the column {name} is selected twice", "name each column once")
        outputs[name] = Output(node, _output_type(name, node, here))
    if "patient_id" not in outputs:
        raise here.refuse(select, "patient_id is not selected", "select it first, from the table in FROM")
    return outputs


def _check_not_taken_for_outputs(select: exp.Select, outputs: dict[str, Output], reading: Reading) -> None:
    """Refuse a bare name in ORDER BY or HAVING that is also given to another column: MariaDB would read that one."""
    orders = [order for order in select.find_all(exp.Order) if order.parent_select is select]
    clauses = [*orders, *([select.args["having"]] if select.args.get("having") is not None else ())]
    for column in (column for clause in clauses for column in clause.find_all(exp.Column)):
        output = outputs.get(column.name)
        if not column.table and output is not None and not isinstance(output.node, exp.Column):
            raise reading.places.refuse(
                column, f"{column.name} could be the column or what is selected under that name", "write alias.column"
            )


def _output_type(name: str, node: exp.Expr, here: Here) -> ValueType:
    if isinstance(node, exp.Window):
        return _row_number(node, here)
    if isinstance(node, exp.Column) and alias_of(node, here) and column_type(node, here).kind is Kind.PATIENT_ID:
        if name == "patient_id" and is_patient_id_of_first(node, here):
            return column_type(node, here)
        raise here.refuse(node, "only the patient_id of FROM is selected, under its own name", _OWN_ID)
    if name == "patient_id":
        raise here.refuse(node, "patient_id is the patient_id of FROM", "select it from the table in FROM")
    return value_type(node, here)


def _row_number(node: exp.Window, here: Here) -> ValueType:
    if not isinstance(node.this, exp.RowNumber):
        raise here.refuse(node, "only ROW_NUMBER may stand before OVER", "use ROW_NUMBER() OVER (PARTITION BY ...)")
    if here.scope.role is Role.OUTER or here.scope.grouped:
        raise here.refuse(node, "ROW_NUMBER stands in a CTE without GROUP BY", "name it there and compare it with 1")
    partition = node.args.get("partition_by") or []
    if len(partition) != 1 or not is_patient_id_of_first(partition[0], here):
        raise here.refuse(
            node, "ROW_NUMBER is partitioned by exactly the patient_id of FROM", "PARTITION BY x.patient_id"
        )
    _check_total_order(node, here)
    return ValueType(Kind.ROW_NUMBER)


def _check_total_order(node: exp.Window, here: Here) -> None:
    order = node.args.get("order")
    if order is None:
        raise here.refuse(node, "ROW_NUMBER without ORDER BY is refused", "order by a date, then by the id")
    keys = [ordered.this for ordered in order.expressions]
    needed = _identities(node, here)
    last = keys[len(keys) - len(needed) :]
    if {(alias_of(key, here), key.name) for key in last if isinstance(key, exp.Column)} != needed:
        ids = ", ".join(sorted(f"{alias}.{name}" for alias, name in needed)) or "nothing more"
        raise here.refuse(order, "the order of ROW_NUMBER is not total", f"end it with: {ids}")
    for key in keys:
        if not isinstance(key, exp.Column) or value_type(key, here.at(Spot.ORDER)).kind in {Kind.TEXT, Kind.PATIENT_ID}:
            raise here.refuse(
                key, "rows are ordered by columns that hold dates, numbers or ids", "order by event_date, event_id"
            )


def _identities(node: exp.Window, here: Here) -> set[tuple[str, str]]:
    needed = set()
    for alias, relation in here.scope.relations.items():
        if alias in here.scope.fixed:
            continue
        if relation.ids is None:
            raise here.refuse(
                node, f"rows of {alias} have no id to end an order with", "select the id of each table in it"
            )
        needed |= {(alias, name) for name in relation.ids}
    return needed


def _relation(scope: Scope, outputs: dict[str, Output], reading: Reading) -> Relation:
    """What a SELECT gives to those who name it."""
    here = reading.here(scope, Spot.SELECT)
    several = {alias for alias in scope.relations if alias not in scope.fixed}
    one_row = scope.grouped or not several
    columns = {name: _passed_on(output, several, here) for name, output in outputs.items()}
    return Relation(columns, one_row, frozenset() if one_row else _ids(outputs, several, here))


def _passed_on(output: Output, several: set[str], here: Here) -> ValueType:
    """A row number stays one only while no join repeats its rows."""
    if not isinstance(output.node, exp.Column) or output.type.kind is not Kind.ROW_NUMBER:
        return output.type
    return ValueType(Kind.INTEGER) if several - {alias_of(output.node, here)} else output.type


def _ids(outputs: dict[str, Output], several: set[str], here: Here) -> frozenset[str] | None:
    columns = ((name, output.node) for name, output in outputs.items() if isinstance(output.node, exp.Column))
    selected = {(alias_of(column, here), column.name): name for name, column in columns}
    names = set()
    for alias in several:
        ids = here.scope.relations[alias].ids
        if ids is None or any((alias, name) not in selected for name in ids):
            return None
        names |= {selected[alias, name] for name in ids}
    return frozenset(names)


def _read_exists(reading: Reading) -> None:
    """Read every EXISTS that was met, and those inside it."""
    while reading.usage.exists:
        node, around = reading.usage.exists.pop(0)
        select = node.this
        if not isinstance(select, exp.Select):
            raise reading.places.refuse(node, "EXISTS holds one SELECT", "join two EXISTS with OR")
        if [item.sql() for item in select.expressions] != ["1"]:
            raise reading.places.refuse(select, "EXISTS selects 1", "write EXISTS (SELECT 1 FROM ...)")
        scope, _ = _read_select(select, Role.EXISTS, around.scope, reading)
        _check_tied(node, select, reading.here(scope, Spot.WHERE))


def _check_tied(node: exp.Exists, select: exp.Select, here: Here) -> None:
    outer: set[str] = set()
    scope = here.scope.around
    while scope is not None:
        outer |= set(scope.relations)
        scope = scope.around
    shared = outer & set(here.scope.relations)
    if shared:
        raise here.refuse(node, f"the alias {min(shared)} is used inside and around EXISTS", "give each its own alias")
    where = select.args.get("where")
    links = conjuncts(where.this) if where is not None else iter(())
    if not any(is_patient_link(part, here, frozenset(here.scope.relations), frozenset(outer)) for part in links):
        raise here.refuse(node, "EXISTS is not tied to the patient around it", "add AND x.patient_id = y.patient_id")
