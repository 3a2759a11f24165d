"""Rules of FROM and JOIN: which tables a SELECT may name, and how they may be joined.

1  a table is a canonical table, an earlier CTE or a named subquery; nothing may take the name of another table
2  joins are INNER or LEFT, each ON a.patient_id = b.patient_id with a table before it; more conditions may follow
3  the outer SELECT joins only what has one row per patient: `patient`, a CTE grouped by patient_id, or one whose
   ROW_NUMBER is compared with 1 (in ON or WHERE)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from sqlglot import exp

from searches.places import Places
from searches.rules.comparisons import is_patient_link
from searches.rules.expressions import check_condition
from searches.rules.kinds import Kind
from searches.rules.names import CANONICAL, CODELIST, Here, Relation, Role, Scope, Spot, Usage

ReadQuery = Callable[[exp.Expr], Relation]


@dataclass(frozen=True, slots=True)
class Reading:
    """What is known while a search is read: where things stand, what was met, and the CTEs so far."""

    places: Places
    usage: Usage
    ctes: Mapping[str, Relation]

    def here(self, scope: Scope, spot: Spot) -> Here:
        """A place in a scope."""
        return Here(self.places, self.usage, scope, spot)


def read_sources(select: exp.Select, role: Role, around: Scope | None, reading: Reading, read: ReadQuery) -> Scope:
    """The scope of a SELECT, from its FROM, JOINs, WHERE and GROUP BY; the conditions in ON are checked.

    Args:
        select: the SELECT.
        role: what it is for.
        around: for EXISTS, the scope it stands in.
        reading: what is known so far.
        read: reads a subquery in FROM or JOIN.

    Raises:
        RuleError: a rule of FROM or JOIN is broken.
    """
    clause = select.args.get("from_")
    if clause is None:
        raise reading.places.refuse(select, "a SELECT without FROM is refused", "write FROM patient AS p")
    alias, relation = _named(clause.this, reading, read)
    relations, fixed = {alias: relation}, set(_fixed_by(select.args.get("where"), {alias: relation}))
    grouped = select.args.get("group") is not None
    for join in select.args.get("joins") or []:
        alias, relation = _named(join.this, reading, read)
        if alias in relations:
            raise reading.places.refuse(join, f"the name {alias} is given twice", "give each table its own alias")
        earlier = frozenset(relations)
        relations[alias] = relation
        scope = Scope(role, dict(relations), around=around)
        _check_join(join, (frozenset({alias}), earlier), reading.here(scope, Spot.ON))
        fixed |= _fixed_by(join.args["on"], {alias: relation})
    _check_bare(select, relations, reading)
    fixed |= _fixed_by(select.args.get("where"), relations)
    scope = Scope(role, relations, frozenset(fixed), grouped, around)
    if role is Role.OUTER:
        _check_one_row_each(select, scope, reading)
    return scope


def _named(node: exp.Expr, reading: Reading, read: ReadQuery) -> tuple[str, Relation]:
    if isinstance(node, exp.Subquery):
        if not node.alias:
            raise reading.places.refuse(node, "a subquery in FROM needs a name", "write (SELECT ...) AS name")
        _check_alias(node, "", reading)
        return node.alias, read(node.this)
    if not isinstance(node, exp.Table) or not isinstance(node.this, exp.Identifier):
        raise reading.places.refuse(node, "FROM and JOIN name a table", "name a canonical table or a CTE")
    _check_alias(node, node.name, reading)
    if node.name in reading.ctes:
        reading.usage.ctes.add(node.name)
        return node.alias_or_name, reading.ctes[node.name]
    if node.name not in CANONICAL:
        known = ", ".join((*CANONICAL, *reading.ctes))
        raise reading.places.refuse(node, f"there is no table {node.name}", f"the tables are: {known}")
    reading.usage.tables.setdefault(node.name, set())
    return node.alias_or_name, CANONICAL[node.name]


def _check_alias(node: exp.Table | exp.Subquery, name: str, reading: Reading) -> None:
    alias = node.alias_or_name
    if alias != name and (alias in CANONICAL or alias in reading.ctes or alias == CODELIST):
        raise reading.places.refuse(
            node.args["alias"], f"the alias {alias} hides another table", "choose another alias"
        )


def _check_join(join: exp.Join, aliases: tuple[frozenset[str], frozenset[str]], here: Here) -> None:
    if join.side not in {"", "LEFT"} or join.kind not in {"", "INNER", "OUTER"}:
        raise here.refuse(join, f"{join.side or join.kind} JOIN is refused", "use INNER JOIN or LEFT JOIN")
    on = join.args.get("on")
    if on is None:
        raise here.refuse(join, "a join without ON is refused", "write ON a.patient_id = b.patient_id")
    if not any(is_patient_link(part, here, *aliases) for part in conjuncts(on)):
        raise here.refuse(
            on, "a join is always on patient_id with a table before it", "write ON a.patient_id = b.patient_id"
        )
    check_condition(on, here)


def _check_bare(select: exp.Select, relations: Mapping[str, Relation], reading: Reading) -> None:
    """Refuse a bare name in ON that a table joined later has too: to some engines it could be of either."""
    for join in select.args.get("joins") or []:
        for column in join.args["on"].find_all(exp.Column):
            holders = [alias for alias, relation in relations.items() if column.name in relation.columns]
            if not column.table and len(holders) > 1:
                raise reading.places.refuse(
                    column, f"column {column.name} is in several tables here", "write alias.column"
                )


def conjuncts(condition: exp.Expr) -> Iterator[exp.Expr]:
    """The conditions that AND joins at the top, without parentheses."""
    inner = condition.unnest()
    if isinstance(inner, exp.And):
        yield from conjuncts(inner.left)
        yield from conjuncts(inner.right)
    else:
        yield inner


def _fixed_by(clause: exp.Expr | None, relations: Mapping[str, Relation]) -> set[str]:
    """The aliases that give one row per patient, by themselves or because their row number must be 1."""
    fixed = {alias for alias, relation in relations.items() if relation.one_row}
    if clause is None:
        return fixed
    for part in conjuncts(clause.this if isinstance(clause, exp.Where) else clause):
        alias = _first_row_of(part, relations)
        if alias:
            fixed.add(alias)
    return fixed


def _first_row_of(part: exp.Expr, relations: Mapping[str, Relation]) -> str:
    if not isinstance(part, exp.EQ):
        return ""
    sides = (part.left.unnest(), part.right.unnest())
    column = next((side for side in sides if isinstance(side, exp.Column)), None)
    if column is None or not any(isinstance(side, exp.Literal) and side.name == "1" for side in sides):
        return ""
    holders = [
        alias
        for alias, relation in relations.items()
        if column.table in {"", alias} and column.name in relation.columns
    ]
    # A name that several tables hold is refused where it is read.
    if len(holders) != 1 or relations[holders[0]].columns[column.name].kind is not Kind.ROW_NUMBER:
        return ""
    return holders[0]


def _check_one_row_each(select: exp.Select, scope: Scope, reading: Reading) -> None:
    for join in select.args.get("joins") or []:
        if join.this.alias_or_name not in scope.fixed:
            raise reading.places.refuse(
                join,
                f"{join.this.alias_or_name} may have several rows per patient",
                "join a CTE grouped by patient_id, or compare its ROW_NUMBER with 1",
            )
