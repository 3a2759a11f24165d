"""A search's SQL with one thing changed at a time, to see whether its hand-made patients notice."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlglot import exp

from searches.parse import parse

_OTHER_SIDE: dict[type[exp.Expression], type[exp.Binary]] = {
    exp.GT: exp.GTE,
    exp.GTE: exp.GT,
    exp.LT: exp.LTE,
    exp.LTE: exp.LT,
}


@dataclass(frozen=True, slots=True)
class Mutant:
    """The changed SQL, and what was changed."""

    change: str
    sql: str


def mutants(sql: str) -> Iterator[Mutant]:
    """Every boundary moved, condition or rule dropped, order reversed, earliest and latest exchanged.

    What the language itself demands (whose row it is) is left alone.
    """
    select = parse(sql).select
    for place, node in enumerate(select.walk()):
        for change, changed in _changes(node):
            whole = select.copy()
            list(whole.walk())[place].replace(changed)
            yield Mutant(f"{change}: {node.sql()}"[:200], whole.sql())


def _changes(node: exp.Expression) -> Iterator[tuple[str, exp.Expression]]:
    match node:
        case exp.GT() | exp.GTE() | exp.LT() | exp.LTE():
            yield "boundary moved", _OTHER_SIDE[type(node)](this=node.this.copy(), expression=node.expression.copy())
        case exp.And() | exp.Or():
            yield from _one_side(node)
        case exp.Case():
            yield from _one_rule_less(node)
        case exp.Ordered():
            yield "order reversed", exp.Ordered(this=node.this.copy(), desc=not node.args.get("desc"))
        case exp.Min() | exp.Max():
            other = exp.Max if isinstance(node, exp.Min) else exp.Min
            yield "earliest and latest exchanged", other(this=node.this.copy())
        case _:
            return


def _one_side(node: exp.And | exp.Or) -> Iterator[tuple[str, exp.Expression]]:
    for dropped, kept in (("this", "expression"), ("expression", "this")):
        # A chain is taken apart link by link; the left of a link is the rest of the chain.
        if not isinstance(node.args[dropped], type(node)) and "patient_id =" not in node.args[dropped].sql():
            yield f"without {node.args[dropped].sql()}", node.args[kept].copy()


def _one_rule_less(node: exp.Case) -> Iterator[tuple[str, exp.Expression]]:
    rules = node.args["ifs"]
    for place, rule in enumerate(rules if len(rules) > 1 else ()):
        changed = node.copy()
        changed.set("ifs", [kept for number, kept in enumerate(changed.args["ifs"]) if number != place])
        yield f"without the rule {rule.sql()}", changed
