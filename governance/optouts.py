"""Who may be counted for others: the people sets without those who have opted out.

Opting out (Type 1: no use beyond direct care) concerns data that leaves, so it is no part of a search: the exact report
and the action list of the practice keep everyone. This is the one place where people are taken off, and the only maker
of `CountedPeople`; the suppressor accepts nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import InitVar, dataclass, field
from datetime import date
from enum import StrEnum
from typing import Final

from governance.errors import NotPermittedError, OptOutsMissingError, OptOutsStaleError
from searches.people import PeopleSet, PeopleSets
from searches.search import Cell, Outcome, Search

_MAKER: Final = object()


class OptOutPolicy(StrEnum):
    """What an agreement says of people who opted out; there is no policy that counts them."""

    TYPE1_EXCLUDED = "type1_excluded"


@dataclass(frozen=True, slots=True)
class CountedPeople:
    """Who may be counted for others, by cell and outcome; in memory only.

    Args:
        search: what was asked.
        reference_date: of the answer.
        counted: without anyone who opted out.
        policy: by which people were taken off.
        as_of: the date of the opt-out list.
        values: of a distribution, the value of everyone who met, in thousandths, by position.
    """

    search: Search
    reference_date: date
    counted: Mapping[Cell, Mapping[Outcome, PeopleSet]]
    policy: OptOutPolicy
    as_of: date
    maker: InitVar[object]
    values: Mapping[int, int] = field(default_factory=dict)

    def __post_init__(self, maker: object) -> None:
        if maker is not _MAKER:
            raise TypeError("only take_off makes CountedPeople")


def take_off(people: PeopleSets, type1: int | None, as_of: date | None, policy: str) -> CountedPeople:
    """Take off everyone who opted out.

    Args:
        people: the answer with everyone in it.
        type1: bit set of those who opted out (0: nobody has), or None: not known.
        as_of: the day the opt-out list was delivered, or None: not known.
        policy: the agreement's, `type1_excluded`.

    Raises:
        NotPermittedError: the policy is not known.
        OptOutsMissingError: it is not known who opted out.
        OptOutsStaleError: the list is older than the reference date.
    """
    if policy not in tuple(OptOutPolicy):
        raise NotPermittedError(f"opt-out policy {policy[:40]!r} is not known, expected type1_excluded")
    if type1 is None or as_of is None:
        raise OptOutsMissingError(
            "there is no list of who has opted out", "load an extract that holds the opt-out codes of every patient"
        )
    if as_of < people.reference_date:
        raise OptOutsStaleError(
            f"opt-out list is of {as_of}, expected {people.reference_date} or later",
            "load a newer extract, or run for an earlier reference date",
        )
    counted = {
        cell: {outcome: people_set.without(type1) for outcome, people_set in by_outcome.items()}
        for cell, by_outcome in people.counted.items()
    }
    values = {person: value for person, value in people.values.items() if not type1 >> person & 1}
    return CountedPeople(
        people.search, people.reference_date, counted, OptOutPolicy(policy), as_of, maker=_MAKER, values=values
    )
