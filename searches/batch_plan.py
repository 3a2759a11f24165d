"""The plan of a batch: which features its searches are made of, and how their outcomes follow from them. Pure.

A search is decomposed where each row of its outer SELECT is one patient, joined to features, and where everything that
it asks of them is built of comparisons, IS NULL and EXISTS. A search that is not runs by itself, and the plan says why.

Why that gives the same people: WHERE and WHEN ask only whether a condition is true. AND and OR are true by the truth of
their parts alone; NOT is moved down to comparisons, whose opposite is unknown wherever they are, and to EXISTS and
IS NULL, which are never unknown. So a set of people for each leaf is enough, and a CASE is set algebra.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlglot import exp

from searches.canon import BUILT_IN_DIMENSIONS
from searches.conditions import NotDecomposableError, Writer, conjuncts, is_patient_link, linked
from searches.feature_reading import FeatureReader, Found, first_of
from searches.features import (
    AllOf,
    AnyOf,
    Choice,
    Condition,
    Decomposed,
    Everyone,
    Formula,
    Output,
    PatientColumn,
    Plan,
    Present,
    Relation,
    Value,
    Without,
)
from searches.search import Codelist, Unit
from searches.translate import Question

_PATIENT = "patient"


def plan(questions: Iterable[Question]) -> Plan:
    """Find the features of a batch of searches."""
    decomposed: list[Decomposed] = []
    alone: dict[str, str] = {}
    codelists: dict[str, Codelist] = {}
    for question in questions:
        try:
            decomposed.append(decompose(question))
            codelists.update((each.digest, each) for each in question.search.codelists.values())
        except NotDecomposableError as reason:
            alone[question.search.id] = str(reason)
    return Plan(tuple(decomposed), alone, codelists)


def decompose(question: Question) -> Decomposed:
    """One search over features.

    Raises:
        NotDecomposableError: it cannot be; the message says what is in the way.
    """
    if question.search.unit is not Unit.PERSON:
        raise NotDecomposableError("rows are appointments")
    if question.search.measure is not None:
        raise NotDecomposableError("everyone has a value")
    select = question.asked
    with_ = select.args.get("with_")
    ctes = {cte.alias: cte.this for cte in (with_.expressions if with_ else ())}
    outer = _Outer.of(select, FeatureReader(ctes, question.search.codelists))
    items = {item.alias_or_name: item.unalias().unnest() for item in select.expressions}
    where = select.args.get("where")
    asked = [outer.formula(where.this)] if where else []
    return Decomposed(
        question.search,
        question.reference_date,
        _all_of((*outer.joined, *asked)),
        outer.choice(items["outcome"]),
        tuple(outer.dimension(items[each.name]) for each in question.search.dimensions),
    )


@dataclass(frozen=True, slots=True)
class _Outer:
    """The outer SELECT: what its names stand for, which of them always have a row, and what its inner joins ask."""

    reader: FeatureReader
    found: Mapping[str, Found | None]
    solid: frozenset[str]
    joined: tuple[Formula, ...]

    @classmethod
    def of(cls, select: exp.Select, reader: FeatureReader) -> _Outer:
        outer = cls(reader, {}, frozenset(), ()).beside(select.args["from_"].this, (), left=False)
        for join in select.args.get("joins") or ():
            others = tuple(outer.own_conditions(join))
            outer = outer.beside(join.this, others, left=bool(join.side))
        return outer

    def own_conditions(self, join: exp.Join) -> Iterable[exp.Expr]:
        """What ON says beside the person, whose row must not be one that may be missing."""
        known = self.solid | {join.this.alias_or_name}
        tied = False
        for condition in conjuncts(join.args["on"]):
            if not is_patient_link(condition):
                yield condition
            elif known.issuperset(linked(condition)):
                tied = True
            else:
                raise NotDecomposableError("a join to a row that may be missing")
        if not tied:
            raise NotDecomposableError("a join that is not on the person")

    def beside(self, source: exp.Expr, conditions: tuple[exp.Expr, ...], *, left: bool) -> _Outer:
        """The same with one more table, joined."""
        name = source.alias_or_name
        if not isinstance(source, exp.Table):
            raise NotDecomposableError("a subquery in FROM")
        found: Found | None = None
        if source.name != _PATIENT:
            if source.name not in self.reader.ctes:
                raise NotDecomposableError(f"rows of {source.name} beside the patient")
            found, conditions = self._feature(source, conditions)
        if left and conditions:
            raise NotDecomposableError("LEFT JOIN with a condition")
        solid = self.solid if left else self.solid | {name}
        outer = _Outer(self.reader, {**self.found, name: found}, solid, self.joined)
        asked = [outer.formula(condition) for condition in conditions]
        present = [Present(found.feature)] if found is not None and not left else []
        return _Outer(self.reader, outer.found, solid, (*self.joined, *present, *asked))

    def _feature(self, source: exp.Table, conditions: tuple[exp.Expr, ...]) -> tuple[Found, tuple[exp.Expr, ...]]:
        try:
            return self.reader.table(source.name), conditions
        except NotDecomposableError:
            if not conditions:
                raise
        # It may hold numbered rows, of which this join takes the first.
        first = first_of(conditions[0], source.alias_or_name)
        return self.reader.table(source.name, first=first), conditions[1:]

    def formula(self, node: exp.Expr, *, negated: bool = False) -> Formula:  # noqa: PLR0911 - one line for each kind of node
        """Who meets a condition, or its opposite."""
        match node:
            case exp.Paren():
                return self.formula(node.this, negated=negated)
            case exp.Not():
                return self.formula(node.this, negated=not negated)
            case exp.And() | exp.Or():
                parts = (self.formula(node.left, negated=negated), self.formula(node.right, negated=negated))
                return _all_of(parts) if isinstance(node, exp.And) is not negated else AnyOf(parts)
            case exp.Exists():
                return _unless(negated, Present(self.reader.exists(node.this, self.solid)))
            case exp.Is() if isinstance(node.expression, exp.Null):
                return self._is_null(node.this.unnest(), negated=negated)
            case exp.Between() if negated:
                # Outside one bound it is false, even where the other bound is NULL.
                outside = ((exp.LT, "low"), (exp.GT, "high"))
                sides = [kind(this=node.this.copy(), expression=node.args[bound].copy()) for kind, bound in outside]
                return AnyOf(tuple(self._test(side, negated=False) for side in sides))
            case _:
                return self._test(node, negated=negated)

    def _is_null(self, node: exp.Expr, *, negated: bool) -> Formula:
        if not isinstance(node, exp.Column):
            raise NotDecomposableError("IS NULL of an expression")
        found = self.found.get(node.table) if node.table else None
        if node.name == "patient_id":
            row: Formula = Present(found.feature) if found else Everyone()
            return _unless(not negated, row)
        reading = _Reading(self)
        text = f"{reading.column(node)} IS {'NOT ' if negated else ''}NULL"
        test = reading.test(text, ())
        if found is None or negated:
            return test
        return AnyOf((Without(Present(found.feature)), test))

    def _test(self, node: exp.Expr, *, negated: bool) -> Formula:
        reading = _Reading(self)
        writer = Writer(reading.column)
        text = writer.comparison(node, negated=negated)
        return reading.test(text, tuple(writer.values))

    def choice(self, node: exp.Expr) -> Choice:
        """The values of an outcome or a computed dimension."""
        return Choice(tuple(self._branches(node)))

    def _branches(self, node: exp.Expr) -> list[tuple[Formula, str | None]]:
        match node:
            case exp.Paren():
                return self._branches(node.this)
            case exp.Literal():
                return [(Everyone(), node.name)]
            case exp.Null():
                return [(Everyone(), None)]
            case exp.Case():
                branches = []
                for branch in node.args["ifs"]:
                    asked = self.formula(branch.this)
                    inner = self._branches(branch.args["true"])
                    branches += [(_all_of((asked, formula)), value) for formula, value in inner]
                default = node.args.get("default")
                return [*branches, *self._branches(default if default is not None else exp.Null())]
            case _:
                raise NotDecomposableError(f"{node.key.upper()} as an outcome or dimension")

    def dimension(self, node: exp.Expr) -> Choice | PatientColumn:
        """A column of `patient`, or a CASE."""
        if isinstance(node, exp.Column) and node.name in BUILT_IN_DIMENSIONS and self.owner(node) is None:
            return PatientColumn(node.name)
        return self.choice(node)

    def owner(self, node: exp.Column) -> Found | None:
        """What a column is of; None for the table `patient`."""
        if node.table in self.found:
            return self.found[node.table]
        if not node.table and len(self.found) == 1:
            return next(iter(self.found.values()))
        raise NotDecomposableError("a column without a prefix")


class _Reading:
    """The relations and columns that one condition reads."""

    def __init__(self, outer: _Outer) -> None:
        self._outer = outer
        self._relations: list[Relation] = []
        self._outputs: set[tuple[int, Output]] = set()

    def column(self, node: exp.Column) -> str:
        found = self._outer.owner(node)
        if found is not None and node.name not in found.outputs:
            raise NotDecomposableError("an expression of a CTE")
        relation = None if found is None else found.feature
        if relation not in self._relations:
            self._relations.append(relation)
        place = self._relations.index(relation)
        output = Output(node.name, node.name) if found is None else found.outputs[node.name]
        self._outputs.add((place, output))
        return f"r{place}.{output.name}"

    def test(self, text: str, values: tuple[Value, ...]) -> Condition:
        if not self._relations:
            raise NotDecomposableError("a condition that reads nothing")
        return Condition(tuple(self._relations), frozenset(self._outputs), text, values)


def _all_of(parts: tuple[Formula, ...]) -> Formula:
    asked = tuple(part for part in parts if not isinstance(part, Everyone))
    if len(asked) == 1:
        return asked[0]
    return AllOf(asked) if asked else Everyone()


def _unless(negated: bool, formula: Formula) -> Formula:
    return Without(formula) if negated else formula
