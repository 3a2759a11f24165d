"""From sets of people, for each feature and test, to the answer of a search: set algebra on whole numbers as bits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from searches.errors import AnswerError
from searches.features import (
    AllOf,
    AnyOf,
    Choice,
    Condition,
    Decomposed,
    Everyone,
    Feature,
    Formula,
    PatientColumn,
    Plan,
    Present,
    Without,
)
from searches.people import PeopleSets, Roster, gather_bits
from searches.search import Outcome


@dataclass(frozen=True, slots=True)
class Leaves:
    """Who, as bit sets over the positions of a roster.

    Args:
        everyone: the whole roster.
        present: who has a row of each feature.
        met: who meets each test.
        columns: for each column of `patient` that is a dimension, who has each value.
    """

    everyone: int
    present: Mapping[Feature, int]
    met: Mapping[Condition, int]
    columns: Mapping[str, Mapping[str, int]]

    def who(self, formula: Formula) -> int:
        """The people of whom a formula is so."""
        match formula:
            case Everyone():
                return self.everyone
            case Present():
                return self.present[formula.feature]
            case Condition():
                return self.met[formula]
            case Without():
                return self.everyone & ~self.who(formula.part)
            case AllOf():
                people = self.everyone
                for part in formula.parts:
                    people &= self.who(part)
                return people
            case AnyOf():  # pragma: no branch - there is no other
                people = 0
                for part in formula.parts:
                    people |= self.who(part)
                return people

    def split(self, choice: Choice, people: int) -> dict[str | None, int]:
        """These people by the value that a CASE gives them."""
        found: dict[str | None, int] = {}
        for formula, value in choice.branches:
            if not people:
                break
            taken = people & self.who(formula)
            found[value] = found.get(value, 0) | taken
            people &= ~taken
        return found


def answers_of(plan: Plan, leaves: Leaves, roster: Roster) -> dict[str, PeopleSets | AnswerError]:
    """The answer of each search of a plan that is worked out from features, by id; or what is wrong with it."""
    found: dict[str, PeopleSets | AnswerError] = {}
    for search in plan.decomposed:
        try:
            found[search.search.id] = people_of(search, leaves, roster)
        except AnswerError as error:
            found[search.search.id] = error
    return found


def people_of(search: Decomposed, leaves: Leaves, roster: Roster) -> PeopleSets:
    """The answer of a search.

    Raises:
        AnswerError: an outcome or a dimension has an undeclared value.
    """
    asked = search.search
    by_value = leaves.split(search.outcome, leaves.who(search.within))
    unknown = set(by_value) - {None, *Outcome}
    if any(by_value[value] for value in unknown):
        raise AnswerError(f"search {asked.id} returned an unknown outcome", f"use one of: {', '.join(Outcome)}")
    outcomes = {outcome: by_value.get(outcome, 0) for outcome in Outcome}
    answered = 0
    for people in outcomes.values():
        answered |= people
    dimensions = [_values(each, leaves, answered) for each in search.dimensions]
    return gather_bits(asked, search.reference_date, roster, (outcomes, dimensions))


def _values(dimension: Choice | PatientColumn, leaves: Leaves, people: int) -> dict[str, int]:
    if isinstance(dimension, PatientColumn):
        return {value: members & people for value, members in leaves.columns[dimension.name].items()}
    return {value: members for value, members in leaves.split(dimension, people).items() if value is not None}
