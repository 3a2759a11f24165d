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
    """What an agreement says of people who opted out; there is no policy that counts those of Type 1."""

    TYPE1_EXCLUDED = "type1_excluded"
    TYPE1_AND_NATIONAL_EXCLUDED = "type1_and_national_excluded"


class Polarity(StrEnum):
    """Whom a list of the National Data Opt-Out names. Suppliers differ and some do not say, so it is never guessed."""

    OPTED_OUT = "opted_out"
    MAY_BE_USED = "may_be_used"


@dataclass(frozen=True, slots=True)
class NationalList:
    """A list of the National Data Opt-Out at a practice.

    Args:
        listed: bit set of the people on it.
        polarity: whom it names.
        as_of: the day it was delivered.
    """

    listed: int
    polarity: Polarity
    as_of: date

    def opted_out(self, roster_size: int) -> int:
        """Bit set of those of the roster who opted out: with a list of those who may be used, everyone else."""
        if self.polarity is Polarity.OPTED_OUT:
            return self.listed
        return ((1 << roster_size) - 1) & ~self.listed


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


def take_off(
    people: PeopleSets, type1: int | None, as_of: date | None, policy: str, national: NationalList | None = None
) -> CountedPeople:
    """Take off everyone who opted out.

    Args:
        people: the answer with everyone in it.
        type1: bit set of those who opted out (0: nobody has), or None: not known.
        as_of: the day the opt-out list was delivered, or None: not known.
        policy: the agreement's, `type1_excluded` or `type1_and_national_excluded`.
        national: the list of the National Data Opt-Out, or None: there is none. Looked at only where the policy says.

    Raises:
        NotPermittedError: the policy is not known.
        OptOutsMissingError: it is not known who opted out.
        OptOutsStaleError: a list is older than the reference date.
    """
    if policy not in tuple(OptOutPolicy):
        raise NotPermittedError(
            f"opt-out policy {policy[:40]!r} is not known, expected one of: {', '.join(OptOutPolicy)}"
        )
    if type1 is None or as_of is None:
        raise OptOutsMissingError(
            "there is no list of who has opted out", "load an extract that holds the opt-out codes of every patient"
        )
    _check_fresh("opt-out list", as_of, people.reference_date)
    off = type1 | _national(people, policy, national)
    counted = {
        cell: {outcome: people_set.without(off) for outcome, people_set in by_outcome.items()}
        for cell, by_outcome in people.counted.items()
    }
    values = {person: value for person, value in people.values.items() if not off >> person & 1}
    return CountedPeople(
        people.search, people.reference_date, counted, OptOutPolicy(policy), as_of, maker=_MAKER, values=values
    )


def check_national_source(policy: OptOutPolicy, layout: str, *, has_source: bool) -> None:
    """Return if a practice can do what an agreement asks about the National Data Opt-Out.

    Args:
        policy: the agreement's.
        layout: of the practice's records.
        has_source: whether that layout brings a list of the National Data Opt-Out whose polarity the site has stated.

    Raises:
        OptOutsMissingError: the agreement needs the list and the layout brings none.
    """
    if policy is OptOutPolicy.TYPE1_AND_NATIONAL_EXCLUDED and not has_source:
        raise OptOutsMissingError(
            f"the agreement leaves out people with a National Data Opt-Out, and layout {layout} brings no list of them",
            "this practice cannot take part; ask the hub whether the opt-out applies to anonymous counts at all",
        )


def _national(people: PeopleSets, policy: str, national: NationalList | None) -> int:
    if policy != OptOutPolicy.TYPE1_AND_NATIONAL_EXCLUDED:
        return 0
    if national is None:
        raise OptOutsMissingError(
            "there is no list of the National Data Opt-Out, and the agreement leaves out whoever is opted out by it",
            "a layout must bring the list, and the site must say whom it names",
        )
    _check_fresh("list of the National Data Opt-Out", national.as_of, people.reference_date)
    return national.opted_out(len(people.roster.patient_ids))


def _check_fresh(what: str, as_of: date, reference_date: date) -> None:
    if as_of < reference_date:
        raise OptOutsStaleError(
            f"{what} is of {as_of}, expected {reference_date} or later",
            "load a newer extract, or run for an earlier reference date",
        )
