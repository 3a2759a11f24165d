"""Rules of what a search gives: a row per person or appointment, its outcome and declared dimensions, nothing else.

1  unit person: FROM has one row per patient; unit appointment: FROM is `appointment`, and its id is selected
2  the columns are patient_id, outcome, the declared dimensions (and appointment_id), each once
3  outcome is 'met', 'not met', 'excepted' or NULL; a proportion can be both met and not met, a count only met, a
   distribution met at least
4  a built-in dimension is that column of `patient`, unchanged; a computed one is CASE with ELSE (or COALESCE) whose
   texts are all declared
5  the value of a distribution is a number of the records, and no number that the author wrote: a mean of written
   numbers would count people on a finer scale than counts may have
6  the declared code lists are those used
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sqlglot import exp

from searches.canon import BUILT_IN_DIMENSIONS, OUTCOMES
from searches.errors import RuleError
from searches.parse import SearchTree
from searches.rules.kinds import Kind
from searches.rules.names import Role
from searches.rules.selects import Output, WholeSearch
from searches.search import COUNT, DISTRIBUTION, PROPORTION, Dimension, Unit

VALUE = "value"


@dataclass(frozen=True, slots=True)
class Declared:
    """What search.yaml says that the SQL must keep."""

    unit: Unit
    kind: str
    dimensions: tuple[Dimension, ...]
    codelists: frozenset[str]


def check_outer(tree: SearchTree, whole: WholeSearch, declared: Declared) -> None:
    """Apply every rule that ties the SQL to its document.

    Raises:
        RuleError: a rule is broken.
    """
    rules: tuple[Callable[[SearchTree, WholeSearch, Declared], None], ...] = (
        _one_row_each,
        _columns,
        _outcome,
        _dimensions,
        _value,
        _codelists,
    )
    for rule in rules:
        rule(tree, whole, declared)


def _one_row_each(tree: SearchTree, whole: WholeSearch, declared: Declared) -> None:
    first = whole.scope.relations[whole.scope.first]
    source = tree.select.args["from_"].this
    if declared.unit is Unit.APPOINTMENT and first.table != "appointment":
        hint = "write FROM appointment AS a"
        raise tree.places.refuse(source, "a search of appointments selects FROM appointment", hint)
    if declared.unit is Unit.PERSON and whole.scope.first not in whole.scope.fixed:
        hint = "select FROM patient and ask of the other table with EXISTS or a CTE grouped by patient_id"
        raise tree.places.refuse(source, "FROM may have several rows per patient", hint)


def _columns(tree: SearchTree, whole: WholeSearch, declared: Declared) -> None:
    expected = {"patient_id", "outcome", *(dimension.name for dimension in declared.dimensions)}
    if declared.unit is Unit.APPOINTMENT:
        expected.add("appointment_id")
        _appointment_id(tree, whole)
    if declared.kind == DISTRIBUTION:
        expected.add(VALUE)
    for name, output in whole.outputs.items():
        if name not in expected:
            known = ", ".join(sorted(expected))
            raise tree.places.refuse(output.node, f"the column {name} is not declared", f"the columns are: {known}")
    for name in sorted(expected - set(whole.outputs)):
        raise tree.places.refuse(tree.select, f"the column {name} is missing in {Role.OUTER}", f"select ... AS {name}")


def _appointment_id(tree: SearchTree, whole: WholeSearch) -> None:
    output = whole.outputs.get("appointment_id")
    if output is not None and output.type.origin != ("appointment", "appointment_id"):
        hint = "select a.appointment_id"
        raise tree.places.refuse(output.node, "appointment_id is that of the table appointment", hint)


def _outcome(tree: SearchTree, whole: WholeSearch, declared: Declared) -> None:
    output = whole.outputs["outcome"]
    allowed = OUTCOMES[:1] if declared.kind == COUNT else OUTCOMES
    if output.type.kind is not Kind.TEXT:
        raise tree.places.refuse(output.node, "outcome is not a text", f"use CASE with: {_listed(allowed)} or NULL")
    _check_values(tree, output, "outcome", allowed)
    for needed in ("met", "not met") if declared.kind == PROPORTION else ("met",):
        if needed not in output.type.values:
            raise tree.places.refuse(
                output.node, f"outcome can never be '{needed}'", f"use all of: {_listed(allowed[:2])}"
            )


def _check_values(tree: SearchTree, output: Output, name: str, allowed: tuple[str, ...]) -> None:
    for value in sorted(output.type.values - set(allowed)):
        written = next((node for node in output.node.find_all(exp.Literal) if node.name == value), output.node)
        raise tree.places.refuse(written, f"'{value[:40]}' is not a value of {name}", f"use one of: {_listed(allowed)}")


def _listed(values: tuple[str, ...]) -> str:
    return ", ".join(f"'{value}'" for value in values)


def _dimensions(tree: SearchTree, whole: WholeSearch, declared: Declared) -> None:
    for dimension in declared.dimensions:
        output = whole.outputs[dimension.name]
        if dimension.name in BUILT_IN_DIMENSIONS:
            if output.type.origin != ("patient", dimension.name) or not isinstance(output.node, exp.Column):
                reason = f"{dimension.name} is the column of patient, unchanged"
                raise tree.places.refuse(output.node, reason, "name a computed dimension otherwise")
            continue
        _computed(tree, output, dimension)


def _computed(tree: SearchTree, output: Output, dimension: Dimension) -> None:
    if output.type.kind is not Kind.TEXT:
        raise tree.places.refuse(
            output.node, f"the dimension {dimension.name} is not a text", "use CASE with its values"
        )
    if not _is_never_null(output.node):
        reason = f"the dimension {dimension.name} can be NULL"
        raise tree.places.refuse(output.node, reason, "write CASE ... ELSE 'a declared value' END")
    _check_values(tree, output, dimension.name, dimension.values)


def _value(tree: SearchTree, whole: WholeSearch, declared: Declared) -> None:
    if declared.kind != DISTRIBUTION:
        return
    output = whole.outputs[VALUE]
    if output.type.kind not in {Kind.INTEGER, Kind.DECIMAL}:
        raise tree.places.refuse(output.node, "value is not a number", "select a number, such as the latest e.value")
    if output.type.written or output.type.values or output.type.singles_out:
        reason = "value is not a number as it was measured"
        hint = "select a recorded value, or a COUNT; numbers that are written, ages and closed domains are dimensions"
        raise tree.places.refuse(output.node, reason, hint)


def _is_never_null(node: exp.Expr) -> bool:
    match node:
        case exp.Paren():
            return _is_never_null(node.this)
        case exp.Case():
            branches = [*(branch.args["true"] for branch in node.args["ifs"]), node.args.get("default")]
            return all(branch is not None and _is_never_null(branch) for branch in branches)
        case exp.Coalesce():
            return any(_is_never_null(part) for part in (node.this, *node.expressions))
        case _:
            return isinstance(node, exp.Literal)


def _codelists(tree: SearchTree, whole: WholeSearch, declared: Declared) -> None:
    for name, node in whole.usage.codelists.items():
        if name not in declared.codelists:
            raise tree.places.refuse(
                node, f"the code list {name} is not declared", "add it to codelists in search.yaml"
            )
    for name in sorted(declared.codelists - set(whole.usage.codelists)):
        raise RuleError(f"the code list {name} is declared and never used", 1, 1, "delete it from search.yaml")
