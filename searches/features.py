"""What searches ask of a person's rows, as values: a feature, the conditions over features, and outcomes made of them.

A feature is at most one row for each person, made of rows of one or a few canonical tables: that there are any, their
first and last date, how many, or the first of them in a total order. Its literals are taken out of its text and stand
in `values`: features that differ in nothing else are worked out by one statement, and equal ones are the same value.

    SELECT ... FROM event AS e WHERE e.code IN codelist.bp AND e.event_date > DATE '2025-03-31' GROUP BY e.patient_id
    sources   event, of which event_date is read; its codes are value 0
    where     a.event_date > v.p1
    values    the code list, 2025-03-31

A formula says of each person yes or no. What is unknown in SQL is no here, which is all that WHERE and WHEN ask, and
NOT has been moved down to what is never unknown.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from searches.search import Codelist, Search

FIRST_SLOT = ord("a")
"""The tables of a feature are called a, b, c... in its text."""


@dataclass(frozen=True, slots=True)
class Codes:
    """The codes of one or several lists, told apart by the digests of the lists."""

    digests: frozenset[str]


Value = Codes | date | Decimal


@dataclass(frozen=True, slots=True)
class Source:
    """A canonical table that a feature reads.

    Args:
        table: its name.
        columns: those that are read, sorted.
        codes: which of the feature's values holds the codes of its rows; None if they may have any code.
        since: which of the values is a date that no row is before; None if rows may be of any date, or undated.
    """

    table: str
    columns: tuple[str, ...]
    codes: int | None
    since: int | None = None


@dataclass(frozen=True, slots=True, order=True)
class Output:
    """One column of a feature: the name given to it, and what it is, over the feature's tables."""

    name: str
    sql: str


@dataclass(frozen=True, slots=True)
class Shape:
    """All of a feature but its literals.

    Args:
        sources: its tables, joined on the person.
        where: the condition on their rows, or an empty text.
        order: for the first row in an order, that order; empty where all rows are grouped.
        having: the condition on grouped rows, or an empty text.
    """

    sources: tuple[Source, ...]
    where: str
    order: tuple[str, ...]
    having: str = ""


@dataclass(frozen=True, slots=True)
class Feature:
    """At most one row for each person."""

    shape: Shape
    values: tuple[Value, ...]


Relation = Feature | None
"""What a test reads: a feature, or None for the table `patient`."""


@dataclass(frozen=True, slots=True)
class Everyone:
    """Yes."""


@dataclass(frozen=True, slots=True)
class Present:
    """Does the person have a row of the feature?"""

    feature: Feature


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition that is never met by a person without a row in each relation.

    Args:
        relations: what it reads; r0, r1... in its text.
        outputs: of each relation, the column read.
        text: the condition, its literals taken out.
        values: the literals.
    """

    relations: tuple[Relation, ...]
    outputs: frozenset[tuple[int, Output]]
    text: str
    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class AllOf:
    """Are all of these so?"""

    parts: tuple[Formula, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """Is one of these so?"""

    parts: tuple[Formula, ...]


@dataclass(frozen=True, slots=True)
class Without:
    """Is this not so?"""

    part: Formula


Formula = Everyone | Present | Condition | AllOf | AnyOf | Without


@dataclass(frozen=True, slots=True)
class Choice:
    """A CASE: the value of the first formula that is so; None (NULL) where none is."""

    branches: tuple[tuple[Formula, str | None], ...]


@dataclass(frozen=True, slots=True)
class PatientColumn:
    """A dimension that is a column of the table `patient`."""

    name: str


@dataclass(frozen=True, slots=True)
class Decomposed:
    """A search over features.

    Args:
        search: what is asked.
        reference_date: for which day.
        within: who has a row.
        outcome: what it says.
        dimensions: in declared order.
    """

    search: Search
    reference_date: date
    within: Formula
    outcome: Choice
    dimensions: tuple[Choice | PatientColumn, ...]

    def formulas(self) -> tuple[Formula, ...]:
        """Every formula of the search."""
        choices = [self.outcome, *(each for each in self.dimensions if isinstance(each, Choice))]
        return (self.within, *(formula for choice in choices for formula, _ in choice.branches))


@dataclass(frozen=True, slots=True)
class Plan:
    """How a batch of searches is answered.

    Args:
        decomposed: those that are worked out from features.
        alone: why each of the others runs by itself, by its id.
        codelists: every list that a feature names, by digest.
    """

    decomposed: tuple[Decomposed, ...]
    alone: dict[str, str]
    codelists: dict[str, Codelist]

    def leaves(self) -> tuple[dict[Feature, None], dict[Condition, None]]:
        """The distinct features and tests of all searches, in the order in which they are met."""
        features: dict[Feature, None] = {}
        tests: dict[Condition, None] = {}
        waiting = [formula for search in self.decomposed for formula in search.formulas()]
        for formula in waiting:
            match formula:
                case Present():
                    features[formula.feature] = None
                case Condition():
                    tests[formula] = None
                    features.update((each, None) for each in formula.relations if each is not None)
                case AllOf() | AnyOf():
                    waiting += formula.parts
                case Without():
                    waiting.append(formula.part)
                case Everyone():
                    pass
        return features, tests
