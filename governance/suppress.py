"""Disclosure control: people sets become a table that may leave. The only maker of `SafeTable`.

For every row (the totals row, then every combination of dimension values, empty ones too) each of met, not met and
excepted is a state of its own:

* `value`     a number (for appointments to the nearest 5);
* `band`      strictly below and / or strictly above a number;
* `withheld`, `not_run`, `failed`   with a reason code, never a number.

`gp-bench`, k = 8, patients behind a state counted distinct:

1. met and not met together under 8: the whole row is withheld.
2. A state of 0 to 7 is {band, below 8}: nobody and a few look alike.
3. If met is such, not met (unless such itself) is {band, above met + not met - 8}, and the other way round, so that a
   small count cannot be had by taking the large one from the total.
4. Anything else is the exact count. Excepted stands alone: rule 2 or 4.

`nhs-round5`: 0 is 0; 1 to 7 is {band, above 0, below 8}; anything else goes to the nearest 5, half up.

Appointments: a patient counts with at most three, so 7 patients have at most 21 and a small state is {band, below 22};
its other side is above met + not met - 22 rounded down to a 5 (never below 0). Values go to the nearest 5, half up.

Under 1,000 registered patients every row but the totals is withheld; at 100 or fewer, every row.

Example: met 30 and not met 4 under `gp-bench` leave as above 26 and below 8.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import InitVar, dataclass
from functools import lru_cache
from typing import Final

from governance.cells import WITHHELD_REASONS, CellState, Reason, ReceivedTable, SafeRow, Shape, State
from governance.errors import DisclosureError
from governance.optouts import CountedPeople
from governance.profiles import APPOINTMENT_ROUNDING, FLOOR, Profile, check_floor
from searches.people import APPOINTMENTS_COUNTED_PER_PERSON, PeopleSet
from searches.search import TOTALS, Cell, Outcome, Search, Unit

__all__ = [
    "ENGINE_VERSION",
    "CellState",
    "Reason",
    "ReceivedTable",
    "SafeRow",
    "SafeTable",
    "Shape",
    "State",
    "failed",
    "not_run",
    "recheck",
    "suppress",
]

ENGINE_VERSION: Final = 1
"""Of the rules above; goes with every result."""
_MAKER: Final = object()


@dataclass(frozen=True, slots=True)
class SafeTable:
    """The answer of one search at one practice as it may leave. Made only in this module.

    Args:
        search_id: of the search.
        search_digest: SHA-256 (hex) of its content.
        unit: what is counted.
        profile: id of the profile that was applied.
        engine_version: of the rules of this module.
        rows: the totals row, then the full cross-product in declared order.
    """

    search_id: str
    search_digest: str
    unit: Unit
    profile: str
    engine_version: int
    rows: tuple[SafeRow, ...]
    maker: InitVar[object]

    def __post_init__(self, maker: object) -> None:
        if maker is not _MAKER:
            raise TypeError("only the suppressor makes a SafeTable")

    @property
    def totals(self) -> SafeRow:
        """The row without dimensions."""
        return self.rows[0]

    def to_json(self) -> dict[str, object]:
        """For people and files: exactly what leaves, spelled out."""
        return {
            "search": self.search_id,
            "search_digest": self.search_digest,
            "unit": str(self.unit),
            "profile": self.profile,
            "engine_version": self.engine_version,
            "rows": [row.to_json() for row in self.rows],
        }


def suppress(counted: CountedPeople, profile: Profile, list_size: int) -> SafeTable:
    """Apply a profile to who may be counted.

    Args:
        counted: opt-outs already taken off.
        profile: the agreement's.
        list_size: registered patients of the practice.

    Raises:
        NotPermittedError: the profile lies below the floor.
        DisclosureError: the search has more cells than the floor allows.
    """
    check_floor(profile)
    shape = Shape.of(counted.search)
    rules = _rules(shape.unit, profile)
    rows = []
    for cell in shape.cells:
        reason = _whole_row_reason(cell, profile, list_size)
        states = _filled(State.WITHHELD, reason) if reason else _row(counted.counted[cell], rules)
        rows.append(SafeRow(cell, *states))
    return _table(shape, profile, rows)


def not_run(search: Search, profile: Profile, reason: str) -> SafeTable:
    """The table of a search that was not run; a reason that is not on the list goes as `other`."""
    return _empty(search, profile, State.NOT_RUN, reason)


def failed(search: Search, profile: Profile, reason: str) -> SafeTable:
    """The table of a search that ran and failed; a reason that is not on the list goes as `other`."""
    return _empty(search, profile, State.FAILED, reason)


def recheck(received: ReceivedTable, profile: Profile, shape: Shape) -> SafeTable:
    """Check a received table against the profile of its agreement and the shape of its search.

    Every cell must be one that `suppress` can make, and the rows must fit together. A number that is merely wrong
    cannot be told from outside; one that the rules would not have let out can.

    Raises:
        DisclosureError: another search, profile or engine version; another shape; a cell that breaks the profile; rows
            that cannot add up to the totals row.
    """
    _check_head(received, profile, shape)
    rules = _rules(shape.unit, profile)
    for cell, states in zip(shape.cells, received.rows, strict=True):
        if not _is_possible(states, cell, rules):
            raise DisclosureError(f"search {shape.search_id}: a cell breaks profile {profile.id}")
    _check_sums(received, shape, rules)
    rows = [SafeRow(cell, *states) for cell, states in zip(shape.cells, received.rows, strict=True)]
    return _table(shape, profile, rows)


def _table(shape: Shape, profile: Profile, rows: list[SafeRow]) -> SafeTable:
    return SafeTable(
        shape.search_id, shape.search_digest, shape.unit, profile.id, ENGINE_VERSION, tuple(rows), maker=_MAKER
    )


def _empty(search: Search, profile: Profile, state: State, reason: str) -> SafeTable:
    check_floor(profile)
    shape = Shape.of(search)
    known = Reason(reason) if reason in tuple(Reason) and reason not in WITHHELD_REASONS else Reason.OTHER
    return _table(shape, profile, [SafeRow(cell, *_filled(state, known)) for cell in shape.cells])


def _filled(state: State, reason: Reason) -> tuple[CellState, CellState, CellState]:
    one = CellState(state, reason=reason)
    return one, one, one


def _whole_row_reason(cell: Cell, profile: Profile, list_size: int) -> Reason | None:
    if list_size <= FLOOR.silent_list:
        return Reason.LIST_AT_MOST_100
    if cell != TOTALS and list_size < profile.dimensions_list_min:
        return Reason.LIST_BELOW_1000
    return None


@dataclass(frozen=True, slots=True)
class _Rules:
    """A profile's rules for one unit.

    Args:
        step: values go to the nearest multiple of this.
        least: the smallest value that is not a small count's.
        small_below: one more than the most rows that k - 1 patients can have.
        small: what a small count looks like.
    """

    profile: Profile
    unit: Unit
    step: int
    least: int
    small_below: int
    small: CellState


@lru_cache(maxsize=32)
def _rules(unit: Unit, profile: Profile) -> _Rules:
    of_visits = unit is Unit.APPOINTMENT
    step = APPOINTMENT_ROUNDING if of_visits else profile.rounding
    below = (profile.k - 1) * (APPOINTMENTS_COUNTED_PER_PERSON if of_visits else 1) + 1
    small = CellState(State.BAND, below=below, above=0 if profile.zero_shown else None)
    return _Rules(profile, unit, step, _rounded(profile.k, step), below, small)


def _row(sets: Mapping[Outcome, PeopleSet], rules: _Rules) -> tuple[CellState, CellState, CellState]:
    met, not_met, excepted = (sets[outcome] for outcome in Outcome)
    if (met.members | not_met.members).bit_count() < rules.profile.denominator_min:
        return _filled(State.WITHHELD, Reason.DENOMINATOR_BELOW_8)
    if max(met.rows, not_met.rows, excepted.rows) + APPOINTMENT_ROUNDING > FLOOR.largest_number:
        return _filled(State.WITHHELD, Reason.NUMBER_TOO_LARGE)
    return _state(met, not_met, rules), _state(not_met, met, rules), _alone(excepted, rules)


def _state(this: PeopleSet, other: PeopleSet, rules: _Rules) -> CellState:
    if rules.profile.two_sided and _is_small(other, rules) and not _is_small(this, rules):
        above = this.rows + other.rows - rules.small_below
        if rules.unit is Unit.APPOINTMENT:
            above = max(0, above // APPOINTMENT_ROUNDING * APPOINTMENT_ROUNDING)
        return CellState(State.BAND, above=above)
    return _alone(this, rules)


def _alone(people: PeopleSet, rules: _Rules) -> CellState:
    if rules.profile.zero_shown and people.distinct == 0:
        return CellState(State.VALUE, value=0)
    if _is_small(people, rules):
        return rules.small
    return CellState(State.VALUE, value=_rounded(people.rows, rules.step))


def _is_small(people: PeopleSet, rules: _Rules) -> bool:
    return people.distinct < rules.profile.k


def _rounded(number: int, step: int) -> int:
    """To the nearest multiple, half up: 12 -> 10 and 13 -> 15 with step 5."""
    return (number + step // 2) // step * step


def _check_head(received: ReceivedTable, profile: Profile, shape: Shape) -> None:
    check_floor(profile)
    if received.search_id != shape.search_id or not shape.search_digest.startswith(received.search_digest16):
        raise DisclosureError(f"table is not of search {shape.search_id} as published")
    if len(received.search_digest16) != 16:
        raise DisclosureError(f"search {shape.search_id}: its digest is given with too few digits")
    if received.profile != profile.id:
        raise DisclosureError(f"search {shape.search_id}: profile is not the agreement's, expected {profile.id}")
    if received.engine_version != ENGINE_VERSION:
        raise DisclosureError(
            f"search {shape.search_id}: rules are version {received.engine_version}, expected {ENGINE_VERSION}"
        )
    if len(received.rows) != len(shape.cells):
        raise DisclosureError(
            f"search {shape.search_id}: table has {len(received.rows)} cells, declared are {len(shape.cells)}"
        )


def _is_possible(states: tuple[CellState, CellState, CellState], cell: Cell, rules: _Rules) -> bool:
    met, not_met, excepted = states
    if met.reason is not None:
        return states == _filled(met.state, met.reason) and _reason_fits(met, cell, rules.profile)
    met_is_small = met.value is None and met == rules.small
    not_met_is_small = not_met.value is None and not_met == rules.small
    if rules.profile.two_sided and met_is_small != not_met_is_small:
        pair_fits = _is_other_side(not_met if met_is_small else met, rules)
    else:
        pair_fits = _fits_alone(met, rules) and _fits_alone(not_met, rules)
    return pair_fits and _fits_alone(excepted, rules)


def _reason_fits(one: CellState, cell: Cell, profile: Profile) -> bool:
    if one.state in (State.NOT_RUN, State.FAILED):
        return one.reason not in WITHHELD_REASONS
    if one.state is not State.WITHHELD or one.reason not in WITHHELD_REASONS:
        return False
    if one.reason is Reason.LIST_BELOW_1000:
        return cell != TOTALS
    return one.reason is not Reason.DENOMINATOR_BELOW_8 or profile.denominator_min > 0


def _fits_alone(one: CellState, rules: _Rules) -> bool:
    value = one.value
    if value is None:
        return one == rules.small
    if one.state is not State.VALUE or one.below is not None or one.above is not None or one.reason is not None:
        return False
    if value == 0:
        return rules.profile.zero_shown
    return rules.least <= value <= FLOOR.largest_number and value % rules.step == 0


def _is_other_side(one: CellState, rules: _Rules) -> bool:
    if one.above is None or one != CellState(State.BAND, above=one.above):
        return False
    step = APPOINTMENT_ROUNDING if rules.unit is Unit.APPOINTMENT else 1
    return 0 <= one.above <= FLOOR.largest_number and one.above % step == 0


def _check_sums(received: ReceivedTable, shape: Shape, rules: _Rules) -> None:
    totals, leaves = received.rows[0], received.rows[1:]
    for one in {row[0] for row in received.rows if row[0].reason in _WHOLE_TABLE}:
        rows = leaves if one.reason is Reason.LIST_BELOW_1000 else received.rows
        if any(row[0] != one for row in rows):
            raise DisclosureError(f"search {shape.search_id}: reason {one.reason} holds for some cells only")
    for place in range(3) if leaves else ():
        low, high = _bounds(totals[place], rules)
        bounds = [_bounds(leaf[place], rules) for leaf in leaves]
        if sum(one for one, _ in bounds) > high or sum(one for _, one in bounds) < low:
            raise DisclosureError(f"search {shape.search_id}: its cells cannot add up to the totals row")


_WHOLE_TABLE = frozenset(Reason) - {Reason.DENOMINATOR_BELOW_8, Reason.NUMBER_TOO_LARGE}


def _bounds(one: CellState, rules: _Rules) -> tuple[int, int]:
    """The smallest and the largest true count that can look like this."""
    if one.value is not None:
        slack = rules.step // 2 if one.value else 0
        return one.value - slack, one.value + slack
    if one.below is not None:
        return (0 if one.above is None else one.above + 1), one.below - 1
    if one.above is not None:
        return one.above + 1, one.above + rules.small_below + rules.step - 1
    return 0, FLOOR.largest_number
