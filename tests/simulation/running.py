"""Releases of a changing practice, week after week, through the product's own suppressor."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from governance import audited
from governance.optouts import CountedPeople, take_off
from governance.profiles import GP_BENCH, Profile
from governance.release_history import ReleaseHistory
from governance.suppress import Practice, Suppressed, Terms
from searches.canon import AGE_BANDS, SEXES
from searches.people import PeopleSet, PeopleSets, Roster
from searches.search import TOTALS, Cell, Outcome
from tests.simulation.worlds import START, World

KEY = bytes(range(32))


@dataclass(frozen=True, slots=True)
class Week:
    """One week's release, and the truth behind it."""

    number: int
    counted: tuple[CountedPeople, ...]
    released: Suppressed


def weeks(world: World, number: int, profile: Profile = GP_BENCH) -> Iterator[Week]:
    """Release every search in each of so many weeks."""
    history = ReleaseHistory()
    for week in world.weeks(number):
        reference_date = START + timedelta(weeks=week)
        practice = practice_of(world)
        counted = tuple(counted_of(world, practice.roster, reference_date))
        released = audited.suppress_audited(counted, Terms("heart-health", profile), practice, history)
        history = released.history
        yield Week(week, counted, released)


def practice_of(world: World) -> Practice:
    """Everyone on the list, nobody opted out."""
    ages: dict[str, int] = dict.fromkeys(AGE_BANDS, 0)
    sexes: dict[str, int] = dict.fromkeys(SEXES, 0)
    for position, person in enumerate(world.people):
        ages[AGE_BANDS[person.age]] |= 1 << position
        sexes[person.sex] |= 1 << position
    roster = Roster(tuple(person.id for person in world.people), {"age_band": ages, "sex": sexes})
    return Practice(roster, 0, KEY)


def counted_of(world: World, roster: Roster, reference_date: date) -> Iterator[CountedPeople]:
    """The answers of this week."""
    for table, search in enumerate(world.searches):
        cells = _cells(world, table)
        answer = PeopleSets(search, reference_date, roster, cells, cells)
        yield take_off(answer, 0, reference_date, "type1_excluded")


def _cells(world: World, table: int) -> dict[Cell, dict[Outcome, PeopleSet]]:
    places, outcomes = world.places[table], tuple(Outcome)
    bits = [[0, 0, 0] for _ in places.leaves]
    for position, person in enumerate(world.people):
        if person.at[table]:
            bits[(person.at[table] - 1) // 3][(person.at[table] - 1) % 3] |= 1 << position
    cells: dict[Cell, dict[Outcome, PeopleSet]] = {}
    for leaf, by_outcome in zip(places.leaves, bits, strict=True):
        cells[leaf] = {o: PeopleSet((b,) if b else ()) for o, b in zip(outcomes, by_outcome, strict=True)}
    totals = [0, 0, 0]
    for by_outcome in bits:
        totals = [one | other for one, other in zip(totals, by_outcome, strict=True)]
    cells[TOTALS] = {o: PeopleSet((b,) if b else ()) for o, b in zip(outcomes, totals, strict=True)}
    return cells
