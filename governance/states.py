"""From what was decided to the states that leave, and the story of each that stays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from governance.cells import CellState, Reason, SafeRow, Shape, State
from governance.decision import Decided
from governance.margins import Spot
from governance.measured import Described, Measured, Shown, describe
from governance.primary import Look, Rule, above_of, rounded
from governance.profiles import APPOINTMENT_ROUNDING, FLOOR, Profile
from governance.standing import DEN, MET, OUTCOMES, REGISTER, Row, Slots, each
from governance.story import CountStory, RowStory, StatisticStory, TableStory
from governance.story import Rule as Why
from governance.value_story import stories_of
from searches.search import Cell, Schedule

_States = tuple[CellState, CellState, CellState]
_SCHEDULES = tuple(Schedule)


@dataclass(frozen=True, slots=True)
class Told:
    """What is needed to put a decision into states and words.

    Args:
        search_id: of the search.
        decided: what is released.
        exact: what each union counts today, people who opted out taken off.
        bare: why no leaf may be shown, or None.
        now: where everyone stands today.
        held_below: changes of fewer patients than this were held.
        measured: of a distribution, the values let out and those of today; None for every other kind.
    """

    search_id: str
    decided: Decided
    exact: Sequence[int]
    bare: Reason | None
    now: Slots = ()
    held_below: int = 0
    measured: Measured | None = None


def silent_reason(profile: Profile, list_size: int, schedule: Schedule) -> Reason | None:
    """Why nothing of a table may be shown at all, or None."""
    if list_size <= FLOOR.silent_list:
        return Reason.LIST_AT_MOST_100
    if _SCHEDULES.index(schedule) < _SCHEDULES.index(profile.most_often):
        return Reason.TOO_OFTEN
    return None


def bare_reason(profile: Profile, list_size: int, dimensions: int) -> Reason | None:
    """Why only the totals row of a table may be shown, or None."""
    if dimensions and list_size < profile.dimensions_list_min:
        return Reason.LIST_BELOW_1000
    return Reason.TOO_MANY_DIMENSIONS if dimensions > profile.most_dimensions else None


def rows_of(told: Told) -> list[SafeRow]:
    """The rows of the table: the totals, then the leaves in declared order."""
    rows = told.decided.table.rows
    order = [len(rows) - 1, *range(len(rows) - 1)]
    return [_row(told, number, rows[number].cell) for number in order]


def story_of(told: Told) -> TableStory:
    """Why each count is shown as it is, in the order of `rows_of`."""
    rows = told.decided.table.rows
    order = [len(rows) - 1, *range(len(rows) - 1)]
    stories = []
    for number in order:
        met, not_met, excepted = (_count_story(told, (number, outcome)) for outcome in range(3))
        statistics = _statistics_story(told, number) if told.measured is not None else {}
        stories.append(RowStory(rows[number].cell, (met, not_met, excepted), statistics))
    return TableStory(told.search_id, tuple(stories), told.held_below)


def bare_row(cell: Cell, states: _States, shape: Shape, profile: Profile) -> SafeRow:
    """A row of which nothing is shown; of a distribution with its statistics, of which nothing is shown either."""
    if shape.measure is None:
        return SafeRow(cell, *states)
    shown = Shown(states[0], shape.measure, Rule(profile, shape.possible, shape.unit))
    return SafeRow(cell, *states, describe(None, shown).statistics)


def _row(told: Told, number: int, cell: Cell) -> SafeRow:
    states = _states(told, number)
    if told.measured is None:
        return SafeRow(cell, *states)
    return SafeRow(cell, *states, _described(told, told.measured, number).statistics)


def _described(told: Told, measured: Measured, number: int) -> Described:
    table = told.decided.table
    values = measured.let_out.of(table.places, told.decided.slots[0], table.rows[number].first + MET)
    return describe(values, Shown(_states(told, number)[0], measured.measure, table.rule))


def _statistics_story(told: Told, number: int) -> Mapping[str, StatisticStory]:
    if told.measured is None:
        return {}
    measured, table = told.measured, told.decided.table
    union = table.rows[number].first + MET
    people = each(table.places.members(told.now[0], union))
    today = [measured.now[person] for person in people if person in measured.now]
    counted = measured.let_out.of(table.places, told.decided.slots[0], union)
    return stories_of(today, counted, _described(told, measured, number))


def withheld(reason: Reason) -> _States:
    """A row of which nothing is shown."""
    one = CellState(State.WITHHELD, reason=reason)
    return one, one, one


def few(rule: Rule) -> CellState:
    """What a small count looks like."""
    return CellState(State.BAND, below=rule.few_most + 1, above=0 if rule.profile.zero_shown else None)


def _states(told: Told, number: int) -> _States:
    decided = told.decided
    row, looks = decided.table.rows[number], decided.looks[number]
    reason = _row_reason(told, number, row)
    if reason is not None:
        return withheld(reason)
    met, not_met, excepted = (_state(told, (number, outcome), look) for outcome, look in enumerate(looks))
    return met, not_met, excepted


def _row_reason(told: Told, number: int, row: Row) -> Reason | None:
    decided, is_leaf = told.decided, number < len(told.decided.table.rows) - 1
    if is_leaf and told.bare is not None:
        return told.bare
    if number in decided.blank:
        return Reason.PROTECTS_OTHERS
    if decided.looks[number][0] is Look.HIDDEN:
        return Reason.DENOMINATOR_TOO_SMALL
    largest = decided.table.amounts[row.first + REGISTER] + APPOINTMENT_ROUNDING
    return Reason.NUMBER_TOO_LARGE if largest > FLOOR.largest_number else None


def _state(told: Told, spot: Spot, look: Look) -> CellState:
    table, first = told.decided.table, told.decided.table.rows[spot[0]].first
    amount, rule = table.amounts[first + spot[1]], table.rule
    if spot in told.decided.covered:
        return CellState(State.WITHHELD, reason=Reason.PROTECTS_OTHERS)
    if look is Look.OTHER:
        return CellState(State.BAND, above=above_of(table.amounts[first + DEN], rule))
    if look is Look.FEW or (amount == 0 and told.exact[first + spot[1]]):
        return few(rule)  # a held 0 would be false: there is somebody now
    return CellState(State.VALUE, value=rounded(amount, rule.step))


def _count_story(told: Told, spot: Spot) -> CountStory:
    decided, outcome = told.decided, spot[1]
    table, union = decided.table, decided.table.rows[spot[0]].first + outcome
    exact, amount = told.exact[union], table.amounts[union]
    rules = []
    if OUTCOMES[outcome] not in table.rule.possible:
        rules.append(Why.CANNOT_BE)
    if decided.snapped >> union & 1:
        rules.append(Why.SNAPPED)
    elif exact != amount:
        rules.append(Why.HELD)
    changed = _changed(told, union) if exact != amount else 0
    return CountStory(exact, amount, (*rules, *_looks_story(told, spot)), changed)


def _changed(told: Told, union: int) -> int:
    """How many patients are counted in a union today and were not for the release, or the other way round."""
    places, found = told.decided.table.places, 0
    for now, then in zip(told.now, told.decided.slots, strict=True):
        found |= places.members(now, union) ^ places.members(then, union)
    return found.bit_count()


_OF_REASON = {
    Reason.LIST_BELOW_1000: Why.SMALL_LIST,
    Reason.TOO_MANY_DIMENSIONS: Why.TOO_MANY_DIMENSIONS,
    Reason.PROTECTS_OTHERS: Why.PROTECTS_OTHERS,
    Reason.DENOMINATOR_TOO_SMALL: Why.DENOMINATOR,
    Reason.NUMBER_TOO_LARGE: Why.TOO_LARGE,
}


def _looks_story(told: Told, spot: Spot) -> tuple[Why, ...]:
    decided = told.decided
    table, row = decided.table, decided.table.rows[spot[0]]
    reason = _row_reason(told, spot[0], row)
    if reason is not None:
        return (_OF_REASON[reason],)
    if spot in decided.covered:
        return (_cover_story(decided, spot),)
    match decided.looks[spot[0]][spot[1]]:
        case Look.OTHER:
            return (Why.OTHER_SIDE,)
        case Look.FEW:
            return (Why.FEW,) if OUTCOMES[spot[1]] in table.rule.possible else ()
        case _:
            amount = table.amounts[row.first + spot[1]]
            return (Why.ROUNDED,) if rounded(amount, table.rule.step) != amount else ()


def _cover_story(decided: Decided, spot: Spot) -> Why:
    if spot in decided.near:
        return Why.NEAR_ANOTHER_SEARCH
    return Why.AUDIT if spot in decided.alerted else Why.PROTECTS_OTHERS
