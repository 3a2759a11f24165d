"""Each defence, and how it is taken away: by changing the one place that holds it.

A story that names a defence must fail while it is away; `python -m tests.attack` writes which stories notice which.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Final
from unittest.mock import patch

from agent import release_hour
from governance import (
    audited,
    decision,
    gate,
    ground,
    known,
    margins,
    means,
    overlap,
    primary,
    profiles,
    received,
    release_history,
    sealing,
    states,
    suppress,
    value_gate,
    visits,
)
from governance.cells import CellState, SafeRow, Shape, State
from governance.complement import Covering
from governance.primary import Look, Rule
from governance.profiles import MeanRule, Profile
from hub import totals
from searches import parse, people, rules
from searches.rules import comparisons, outer

Change = tuple[object, str, object]
"""A module or class, one of its names, and what stands there instead."""


@dataclass(frozen=True)
class Defence:
    """One thing that stands between an attacker and a patient.

    Args:
        name: as stories name it.
        says: what it does.
        without: what to change so that it does it no more.
    """

    name: str
    says: str
    without: Callable[[], list[Change]]

    @contextmanager
    def removed(self) -> Iterator[None]:
        """While this lasts, the product goes without it."""
        patches = [patch.object(where, name, instead) for where, name, instead in self.without()]
        for one in patches:
            one.start()
        try:
            yield
        finally:
            for one in reversed(patches):
                one.stop()


def _answer(value: object) -> Callable[..., Any]:
    """A function that always gives the same."""
    return lambda *_, **__: value


def _first(*arguments: Any, **_: Any) -> Any:
    return arguments[0]


def _no_gate() -> list[Change]:
    return [(decision, "let_out", lambda _, now: now)]


def _no_rests() -> list[Change]:
    return [(gate, "_rest_crossing", _answer(set())), (decision, "rests_near", _answer(()))]


def _own_delta() -> list[Change]:
    whole = decision.gate_of
    return [
        (decision, "gate_of", lambda asked, before: replace(whole(asked, before), delta=asked.rule.profile.gate_delta))
    ]


def _nothing_covered(seen: Any, before: Any = (), forced: Any = ()) -> Covering:
    for spot in forced:
        if seen.can_be_covered(spot):
            seen.cover(spot)
    return Covering(frozenset(seen.covered), frozenset(seen.blank), is_safe=True)


def _one_sided() -> list[Change]:
    whole = primary.looks_of

    def looks_of(sizes: Any, rule: Rule) -> Any:
        least = rule.profile.least_denominator
        return whole(sizes, replace(rule, profile=replace(rule.profile, two_sided=False, denominator_min=least)))

    return [(primary, "looks_of", looks_of), (margins, "looks_of", looks_of)]


def _zero_shown() -> list[Change]:
    whole = primary._alone
    return [(primary, "_alone", lambda number, profile: Look.VALUE if number == 0 else whole(number, profile))]


def _exact_above(den: int, rule: Rule) -> int:
    return max(0, den - rule.few_most - 1)


def _fresh_ledger(*_: object) -> overlap.Ledger:
    return overlap.Ledger(max(one.overlap_width for one in profiles.PROFILES.values()))


def _events_for_patients() -> list[Change]:
    return [(visits, "patients", visits.appointments), (decision, "patients", visits.appointments)]


def _values_of_today(gate: value_gate.ValueGate) -> value_gate.LetOut:
    old = gate.before.values if gate.before is not None else {}
    return value_gate.LetOut({**old, **gate.now}, frozenset())


def _numbers_for_people() -> list[Change]:
    return [(suppress, "person_keys", lambda _, ids: [number.to_bytes(16, "big") for number, _ in enumerate(ids)])]


def _only_rows_with_people() -> list[Change]:
    whole = suppress.rows_of

    def rows_of(told: Any) -> list[SafeRow]:
        table = told.decided.table
        some = {row.cell for row in table.rows if any(table.people[row.first : row.first + 5])}
        return [row for row in whole(told) if row.dimensions in some]

    return [(suppress, "rows_of", rows_of)]


def _any_reason() -> list[Change]:
    def empty(search: Any, profile: Profile, state: State, reason: Any) -> Any:
        one = CellState(state, reason=reason)
        shape = Shape.of(search)
        return suppress._table(shape, profile, [SafeRow(cell, one, one, one) for cell in shape.cells])

    return [(suppress, "_empty", empty)]


def _no_padding() -> list[Change]:
    def padded(compressed: bytes, signature: bytes, _: object) -> bytes:
        return len(compressed).to_bytes(4, "big") + compressed + signature

    return [(sealing, "_padded", padded)]


def _keyless_people() -> list[Change]:
    whole = suppress.person_keys
    return [(suppress, "person_keys", lambda _, ids: whole(bytes(32), ids))]


def _cells_of_any_value(search: Any, roster: Any, rows: Any) -> Any:
    cells = {*search.cells(), *(_cell(search, row) for row in rows)}
    counts: Any = {cell: {outcome: Counter() for outcome in people.Outcome} for cell in cells}
    positions = roster.positions()
    for row in rows:
        for cell in {_cell(search, row), people.TOTALS}:
            counts[cell][row.outcome][positions[row.patient_id]] += 1
    return {cell: {o: people.PeopleSet.of_counts(one) for o, one in by.items()} for cell, by in counts.items()}


def _cell(search: Any, row: Any) -> Any:
    return tuple(zip((one.name for one in search.dimensions), row.dimensions, strict=True))


def _every_row(_: Any, rows: Any) -> list[Any]:
    return [row for row in rows if row.outcome is not None]


DEFENCES: Final = (
    Defence("gate", "moves of a few people since the last release are held", _no_gate),
    Defence(
        "gate looks back",
        "a release comes near to none of the last 104, not only to the last",
        lambda: [(gate, "_near_earlier", _answer(set()))],
    ),
    Defence(
        "what is hidden under totals",
        "total less the shown leaves is watched like a count",
        lambda: [(gate, "_remainder_crossing", _answer(set())), *_no_rests()],
    ),
    Defence(
        "what totals leave",
        "total less the leaves that were in fact shown differs from every earlier such by nobody or by five patients",
        _no_rests,
    ),
    Defence("gate of the strictest profile", "a series keeps the widest gate it was ever released under", _own_delta),
    Defence(
        "overlap",
        "no two released counts of different searches are a few people apart",
        lambda: [(overlap.Ledger, "near", _answer([]))],
    ),
    Defence(
        "overlap remembers",
        "earlier releases of other searches are compared with too",
        lambda: [(ground, "ledger_of", _fresh_ledger)],
    ),
    Defence(
        "margins elsewhere",
        "a table whose one-way margins another search released shows no leaves",
        lambda: [(decision, "margins_elsewhere", _answer(0))],
    ),
    Defence(
        "margins of other tables",
        "a count is withheld that is a one-way margin of a table that hides leaves under it",
        lambda: [(decision, "gives_away", _answer([]))],
    ),
    Defence(
        "audit",
        "counts that together tell of a few people are not shown together",
        lambda: [(audited, "suppress_audited", suppress.suppress)],
    ),
    Defence(
        "margins are watched",
        "sums of shown leaves are compared like shown counts",
        lambda: [(primary, "margins_shown", _answer(0)), (decision, "margins_shown", _answer(0))],
    ),
    Defence(
        "threshold", "a count of fewer than k people is no number", lambda: [(primary, "_alone", _answer(Look.VALUE))]
    ),
    Defence("nobody is a few", "nobody and a few look alike", _zero_shown),
    Defence("two-sided", "the other side of a few is no number", _one_sided),
    Defence(
        "least denominator",
        "of too few people in a row neither side is shown",
        lambda: [(Rule, "least_denominator", property(_answer(0)))],
    ),
    Defence(
        "the other side is rounded",
        "above what the other side is does not give a rounded sum away",
        lambda: [
            (primary, "above_of", _exact_above),
            (margins, "above_of", _exact_above),
            (states, "above_of", _exact_above),
        ],
    ),
    Defence("rounding", "counts go to the nearest multiple", lambda: [(states, "rounded", _first)]),
    Defence(
        "complement",
        "further counts are withheld until no hidden one can be worked out",
        lambda: [(decision, "protect", _nothing_covered)],
    ),
    Defence(
        "list sizes are public",
        "the attacker is taken to know how many are registered in each leaf",
        lambda: [(suppress.Practice, "lists", _answer(None))],
    ),
    Defence(
        "known elsewhere",
        "the attacker is taken to know what other searches released",
        lambda: [(known, "_elsewhere", _answer(0))],
    ),
    Defence(
        "opt-outs", "who has opted out is counted for nobody else", lambda: [(people.PeopleSet, "without", _first)]
    ),
    Defence("patients, not appointments", "thresholds are on distinct patients", _events_for_patients),
    Defence(
        "three appointments",
        "a patient counts with at most three",
        lambda: [(where, "APPOINTMENTS_COUNTED_PER_PERSON", 40) for where in (people, visits)],
    ),
    Defence(
        "appointments to the nearest 5",
        "a number of appointments is rounded",
        lambda: [(Rule, "step", property(_answer(1))), (states, "rounded", _first)],
    ),
    Defence(
        "restatements are gated",
        "a period released again differs by nobody or by five patients",
        lambda: [(decision, "restated", lambda _, __, now: now)],
    ),
    Defence(
        "overlap of appointments",
        "two searches of one period do not rest on nearly the same patients",
        lambda: [(decision, "near_visits", _answer([]))],
    ),
    Defence(
        "tiny practices are silent",
        "of 100 registered patients or fewer nothing is said",
        lambda: [(suppress, "silent_reason", _answer(None))],
    ),
    Defence(
        "small practices show totals",
        "below 1,000 patients, or with too many dimensions, only totals are shown",
        lambda: [(suppress, "bare_reason", _answer(None))],
    ),
    Defence(
        "two releases of a period",
        "one release and one restatement, then nothing new",
        lambda: [(release_history.ReleaseHistory, "counted_up", _first)],
    ),
    Defence(
        "people keep their positions",
        "a person is the same from run to run though the roster changes",
        _numbers_for_people,
    ),
    Defence(
        "history is sealed",
        "an edited history, or another practice's, is refused",
        lambda: [(release_history, "_mac", _answer(bytes(32)))],
    ),
    Defence(
        "every row is there", "the declared cross-product is released, empty groups included", _only_rows_with_people
    ),
    Defence("closed list of reasons", "why there is no number is one of a few fixed words", _any_reason),
    Defence(
        "release hour",
        "results leave in one hour of the day, whenever they were made",
        lambda: [(release_hour.ReleaseHour, "may_leave", _answer(True))],
    ),
    Defence(
        "nothing runs into the release hour",
        "no run delays what leaves",
        lambda: [(release_hour.ReleaseHour, "run_waits_until", _answer(None))],
    ),
    Defence("padding", "the length of a message follows from its declared shape", _no_padding),
    Defence(
        "four bands of list size",
        "a list size is told as one of four bands",
        lambda: [(profiles, "SIZE_BANDS", tuple(f"{size:,}" for size in range(20_000))), (profiles, "_SIZE_STEP", 1)],
    ),
    Defence(
        "values are clipped",
        "a value beyond its declared range counts as the range's end",
        lambda: [(means.Measure, "clipped", lambda _, value: value)],
    ),
    Defence(
        "means have a range", "a measure without a range is none", lambda: [(means.Measure, "__post_init__", _first)]
    ),
    Defence(
        "means on a grid",
        "a mean and a deviation are given to a step that one person moves them by at most",
        lambda: [(means, "_rounded_up", _answer(Decimal("0.01")))],
    ),
    Defence(
        "no value rules a mean",
        "a mean of which one or two people make up most is not given",
        lambda: [(means, "is_dominated", _answer(False))],
    ),
    Defence(
        "means are of different values",
        "a mean of people who nearly all have one value is not given",
        lambda: [(means, "is_alike", _answer(False))],
    ),
    Defence(
        "cuts are steady",
        "a median or quartile that one value would move by more than a step is not given",
        lambda: [(means, "is_steady", _answer(True))],
    ),
    Defence(
        "values wait for others",
        "a mean is of values of which none or at least five differ from every release before",
        lambda: [(value_gate, "let_out_values", _values_of_today)],
    ),
    Defence(
        "values as elsewhere",
        "a few people of just another search's count with the values that they have there",
        lambda: [(value_gate, "_near_others", _answer(()))],
    ),
    Defence(
        "values are measured",
        "the value of a distribution is no number that the author wrote",
        lambda: [(outer, "_value", _answer(None))],
    ),
    Defence(
        "enough values",
        "a mean is of ten values at least, a median of forty, and eight of them are not the commonest",
        lambda: [
            (MeanRule, "n_min", 1),
            (MeanRule, "median_n_min", 1),
            (MeanRule, "each_side", 0),
            (MeanRule, "unlike_min", 0),
        ],
    ),
    Defence(
        "declared values only",
        "a dimension's value that was not declared stops the search",
        lambda: [(people, "_check_dimensions", _answer(None)), (people, "_cells", _cells_of_any_value)],
    ),
    Defence(
        "one row a person",
        "two rows of one person that disagree stop the search",
        lambda: [(people, "_distinct_rows", _every_row)],
    ),
    Defence(
        "the hub looks again",
        "a received table that the rules cannot have given is refused",
        lambda: [(suppress, "check_received", _answer(None))],
    ),
    Defence(
        "sums are looked at",
        "a received table whose rows cannot add up is refused",
        lambda: [(received, "_check_sums", _answer(None))],
    ),
    Defence(
        "the suppressor alone makes tables",
        "nothing else can make what may be sent",
        lambda: [(suppress.SafeTable, "__post_init__", _answer(None))],
    ),
    Defence(
        "floor",
        "no document can ask for less than the floor",
        lambda: [(profiles, "check_floor", _answer(None)), (suppress, "check_floor", _answer(None))],
    ),
    Defence(
        "the narrowest profile holds",
        "a practice that asks for more than the agreement keeps it",
        lambda: [(profiles, "narrowest", _first)],
    ),
    Defence(
        "the history goes on",
        "an older copy of the history is refused",
        lambda: [(release_history, "check_continues", _answer(None))],
    ),
    Defence("keyed people", "without the practice's key its history matches no list of patients", _keyless_people),
    Defence(
        "identifiers single nobody out",
        "no search compares an identifier with a written one",
        lambda: [(comparisons, "_ids", _answer(None))],
    ),
    Defence(
        "no exact dates or ages",
        "no search asks for equality on a date or an age in months",
        lambda: [(comparisons, "_singling_out", _answer(None))],
    ),
    Defence(
        "closed texts",
        "texts are compared with values of their closed domain only",
        lambda: [(comparisons, "_texts", _answer(None))],
    ),
    Defence(
        "known nodes only",
        "what the language does not know of is refused wherever it stands",
        lambda: [(parse, "_faults", _answer(())), (rules, "check", _answer(None))],
    ),
    Defence(
        "totals of several practices",
        "a practice sees no total with fewer than five others that released a number",
        lambda: [(totals, "LEAST_OTHERS", 0)],
    ),
    Defence(
        "totals on a grid",
        "a practice sees totals to a step that no practice's count exceeds",
        lambda: [(totals, "on_grid", _first)],
    ),
    Defence(
        "grid of twice the average",
        "the step of totals is at least twice the average count",
        lambda: [(totals, "grid_step", lambda counted: max(one.high for one in counted))],
    ),
    Defence("the language", "a search keeps every rule of the language", lambda: [(rules, "check", _answer(None))]),
)


def defence(name: str) -> Defence:
    """The defence of that name."""
    return next(one for one in DEFENCES if one.name == name)
