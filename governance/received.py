"""What a table that was received must look like: every rule that can be seen from outside.

A number that is merely wrong cannot be told from outside; one that the rules would not have let out can. Looked at:

1. head: the search as published, the agreement's profile (or one that is narrower), this version of the rules;
2. shape: the declared cells, all of them, in order;
3. rows: one reason for a whole row, or three counts each of which the profile can give: numbers of at least k and on
   the grid, bands with the profile's bounds, one other side for one few, no value of an outcome that cannot be;
4. table: reasons that hold for all leaves or all rows do, one dimension too many is not shown;
5. statistics of a distribution: `measured.check_statistics`;
6. sums: leaves and totals can add up; where every figure is exact they do, because all are counted from one standing.
"""

from __future__ import annotations

from governance.cells import STATISTIC_REASONS, WITHHELD_REASONS, CellState, Reason, ReceivedTable, Shape, State
from governance.errors import DisclosureError
from governance.measured import check_statistics
from governance.primary import Rule, value_bounds
from governance.profiles import FLOOR, Profile, check_floor
from governance.states import few
from searches.search import TOTALS, Cell, Outcome, Schedule

_States = tuple[CellState, CellState, CellState]
_COVERED = CellState(State.WITHHELD, reason=Reason.PROTECTS_OTHERS)
_LEAVES_ONLY = frozenset({Reason.LIST_BELOW_1000, Reason.TOO_MANY_DIMENSIONS})
_WHOLE_TABLE = frozenset(Reason) - {
    Reason.DENOMINATOR_BELOW_8,
    Reason.DENOMINATOR_TOO_SMALL,
    Reason.NUMBER_TOO_LARGE,
    Reason.PROTECTS_OTHERS,
}
_SCHEDULES = tuple(Schedule)
_NOT_OF_A_RUN = WITHHELD_REASONS | STATISTIC_REASONS


def check_received(received: ReceivedTable, profile: Profile, shape: Shape, rules_version: int) -> None:
    """Return if a received table is one that the rules can give.

    Raises:
        DisclosureError: it is not; the sentence says which rule.
    """
    _check_head(received, profile, shape, rules_version)
    rule = Rule(profile, shape.possible, shape.unit)
    looked_at: set[tuple[int, bool]] = set()  # of most tables many rows are one and the same value
    for cell, states in zip(shape.cells, received.rows, strict=True):
        if (id(states), cell == TOTALS) in looked_at:
            continue
        if not _is_possible(states, cell, rule):
            raise DisclosureError(f"search {shape.search_id}: a cell breaks profile {profile.id}")
        looked_at.add((id(states), cell == TOTALS))
    _check_reasons(received, profile, shape)
    check_statistics(received, shape, rule)
    _check_sums(received, shape, rule)


def _check_head(received: ReceivedTable, profile: Profile, shape: Shape, rules_version: int) -> None:
    check_floor(profile)
    if received.search_id != shape.search_id or not shape.search_digest.startswith(received.search_digest16):
        raise DisclosureError(f"table is not of search {shape.search_id} as published")
    if len(received.search_digest16) != 16:
        raise DisclosureError(f"search {shape.search_id}: its digest is given with too few digits")
    if received.profile != profile.id:
        raise DisclosureError(f"search {shape.search_id}: profile is not the agreement's, expected {profile.id}")
    if received.engine_version != rules_version:
        raise DisclosureError(
            f"search {shape.search_id}: rules are version {received.engine_version}, expected {rules_version}"
        )
    if len(received.rows) != len(shape.cells):
        raise DisclosureError(
            f"search {shape.search_id}: table has {len(received.rows)} cells, declared are {len(shape.cells)}"
        )


def _is_possible(states: _States, cell: Cell, rule: Rule) -> bool:
    reason = states[0].reason
    if reason is not None and len(set(states)) == 1:
        return _reason_fits(states[0], cell, rule)
    fits = (
        _fits(one, rule, is_possible=outcome in rule.possible) for one, outcome in zip(states, Outcome, strict=True)
    )
    return all(fits) and _sides_fit(states[0], states[1], rule) and states[2].above in (None, 0)


def _reason_fits(one: CellState, cell: Cell, rule: Rule) -> bool:
    if one != CellState(one.state, reason=one.reason):
        return False
    if one.state in (State.NOT_RUN, State.FAILED):
        return one.reason not in _NOT_OF_A_RUN
    if one.state is not State.WITHHELD or one.reason not in WITHHELD_REASONS:
        return False
    if one.reason in _LEAVES_ONLY:
        return cell != TOTALS
    if one.reason is Reason.DENOMINATOR_TOO_SMALL:
        return rule.least_denominator > 0
    return one.reason is not Reason.DENOMINATOR_BELOW_8


def _fits(one: CellState, rule: Rule, *, is_possible: bool) -> bool:
    """Whether a count by itself is one that the rule can give; an other side is looked at with its side."""
    if one.value is None:
        return one in (few(rule), _COVERED) or _is_other_side(one, rule)
    if one != CellState(State.VALUE, value=one.value):
        return False
    if one.value == 0:
        return rule.profile.zero_shown
    least = max(rule.profile.k // rule.step * rule.step, rule.step)
    low, high = value_bounds(max(one.value, rule.profile.k), rule)
    return is_possible and low <= max(one.value, rule.profile.k) <= high and least <= one.value and _on_grid(one, rule)


def _on_grid(one: CellState, rule: Rule) -> bool:
    return one.value is not None and one.value <= FLOOR.largest_number and one.value % rule.step == 0


def _is_other_side(one: CellState, rule: Rule) -> bool:
    if one.above is None or one != CellState(State.BAND, above=one.above):
        return False
    least = max(0, (rule.least_denominator - rule.few_most - 1) // rule.step * rule.step)
    return least <= one.above <= FLOOR.largest_number and one.above % rule.step == 0


def _sides_fit(met: CellState, not_met: CellState, rule: Rule) -> bool:
    """Two-sided, a few on one side is beside its other side or beside a withheld count; else there is no other side."""
    others = [one for one in (met, not_met) if _is_other_side(one, rule)]
    if not (rule.profile.two_sided and rule.is_split):
        return not others
    smalls = [one for one in (met, not_met) if one == few(rule)]
    if not smalls:
        return not others
    return len(smalls) == 1 and (len(others) == 1 or _COVERED in (met, not_met))


def _check_reasons(received: ReceivedTable, profile: Profile, shape: Shape) -> None:
    leaves = received.rows[1:]
    for one in {row[0] for row in received.rows if row[0].reason in _WHOLE_TABLE}:
        rows = leaves if one.reason in _LEAVES_ONLY else received.rows
        if any(row[0] != one for row in rows):
            raise DisclosureError(f"search {shape.search_id}: reason {one.reason} holds for some cells only")
    if shape.dimensions > profile.most_dimensions and any(row[0].reason is None for row in leaves):
        raise DisclosureError(f"search {shape.search_id}: profile {profile.id} shows fewer dimensions")
    too_often = _SCHEDULES.index(shape.schedule) < _SCHEDULES.index(profile.most_often)
    if too_often and any(one.value is not None or one.state is State.BAND for row in received.rows for one in row):
        raise DisclosureError(f"search {shape.search_id}: profile {profile.id} is released less often")


def _check_sums(received: ReceivedTable, shape: Shape, rule: Rule) -> None:
    totals, leaves = received.rows[0], received.rows[1:]
    for place in range(3) if leaves else ():
        low, high = _bounds(totals[place], rule)
        bounds = [_bounds(leaf[place], rule) for leaf in leaves]
        if sum(one for one, _ in bounds) > high or sum(one for _, one in bounds) < low:
            raise DisclosureError(f"search {shape.search_id}: its cells cannot add up to the totals row")


def _bounds(one: CellState, rule: Rule) -> tuple[int, int]:
    """The smallest and the largest number that can look like this."""
    if one.value is not None:
        return value_bounds(one.value, rule)
    if one.below is not None:
        return 0, one.below - 1  # a few who are held outside count as nobody in the totals
    if one.above is not None:
        return one.above + 1, one.above + rule.few_most + rule.step
    return 0, FLOOR.largest_number
