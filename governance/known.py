"""What is asked of a table, and what others know of it already: public list sizes, and what other searches released."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from governance.margins import Known
from governance.overlap import Ledger
from governance.primary import Rule
from governance.release_history import Series
from governance.standing import DEN, EXCEPTED, MET, NOT_MET, REGISTER, Places, Standing, places_of


@dataclass(frozen=True, slots=True)
class Asked:
    """One table that is to be released.

    Args:
        key: of its series.
        places: of the table.
        now: where everyone stands.
        rule: of the search.
        lists: registered patients of each leaf who may be counted, or None: not known.
        bare: whether no leaf may be shown.
        alerted: unions (row's first and part) that the nightly audit wants withheld.
        is_silent: whether nothing may be shown.
    """

    key: str
    places: Places
    now: Standing
    rule: Rule
    lists: Sequence[int] | None = None
    bare: bool = False
    alerted: frozenset[int] = frozenset()
    is_silent: bool = False


def known_of(asked: Asked, standing: Standing, ledger: Ledger, before: Series | None) -> Known:
    """What others know of a table beside its result.

    Args:
        asked: the table.
        standing: to be released.
        ledger: of the practice.
        before: what was released of it; None: nothing yet.
    """
    elsewhere = _elsewhere(asked, standing, ledger) if asked.rule.profile.complementary else 0
    if asked.lists is None:
        return Known(elsewhere=elsewhere)
    sizes = asked.places.sizes(standing)
    outside = [
        listed - sizes[row.first + REGISTER] for listed, row in zip(asked.lists, asked.places.leaf_rows, strict=True)
    ]
    return Known(asked.lists, outside, _full(asked, outside, before), elsewhere)


def _full(asked: Asked, outside: Sequence[int], before: Series | None) -> frozenset[int]:
    """The leaves where nobody is outside, or only people whose moves into the table are held.

    It follows from what was released and from public lists alone: if it followed from today's answer, a move that is
    held would show in what is withheld.
    """
    delta, were = asked.rule.profile.gate_delta, before.full if before is not None else frozenset()
    return frozenset(leaf for leaf, people in enumerate(outside) if people <= 0 or (leaf in were and people < delta))


def margins_elsewhere(asked: Asked, standing: Standing, ledger: Ledger, known: Known) -> int:
    """The one-way margins that another search has released, as bit set of unions, if they tell more than is known.

    Where all who are on the list are in the table, its margins are public anyway; and a search with the same cells has
    not released a margin but its leaves, which are known as such. In both cases the leaves are looked at one by one.
    """
    places, found, seen = asked.places, 0, set[int]()
    for row in (places.totals, *places.leaf_rows, *places.margins):
        is_public = known.lists is not None and known.full.issuperset(row.leaves)
        for part in (REGISTER, DEN, MET, NOT_MET, EXCEPTED):
            members = places.members(standing, row.first + part)
            is_known = (is_public and part == REGISTER) or members in seen  # all of the totals, or one leaf
            if row in places.margins and members and not is_known and ledger.holds(members, asked.key):
                leaves = [places.rows[leaf].first + part for leaf in row.leaves]
                by_leaves = _is_of_same_cells(asked, members, ledger) and all(
                    known.elsewhere >> leaf & 1 or not places.members(standing, leaf) for leaf in leaves
                )
                found |= 0 if by_leaves else 1 << row.first + part
            seen.add(members)
    return found


def _is_of_same_cells(asked: Asked, people: int, ledger: Ledger) -> bool:
    """Whether all that have released a set are searches with the cells of this one."""
    others = [ledger.released(one) for one in ledger.series_with(people) if one != asked.key]
    return all(other is not None and places_of(other[0]) == asked.places for other in others)


def _elsewhere(asked: Asked, standing: Standing, ledger: Ledger) -> int:
    """The unions whose people were just so released by another search, and are so by more than chance.

    Where nobody is excepted, the register and met and not met together are the same people; that another search's
    register is the same tells others of the register, not of the exceptions. So of unions with the same people only
    the widest counts.
    """
    found, seen = 0, set()
    rows = (asked.places.totals, *(() if asked.bare else asked.places.leaf_rows))
    for row in dict.fromkeys(rows):
        for part in (REGISTER, DEN, MET, NOT_MET, EXCEPTED):
            members = asked.places.members(standing, row.first + part)
            if members and members not in seen and ledger.holds(members, asked.key):
                found |= 1 << row.first + part
            seen.add(members)
    return found
