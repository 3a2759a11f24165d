"""Disclosure control: people sets become tables that may leave. The only maker of `SafeTable`.

For every row (the totals row, then every combination of dimension values, empty ones too) each of met, not met and
excepted is a state of its own:

* `value`     a number (for appointments to the nearest 5);
* `band`      strictly below and / or strictly above a number;
* `withheld`, `not_run`, `failed`   with a reason code, never a number.

How a table comes about, each step from what the step before gives:

1. `standing`: where everyone stands in it, opt-outs off, at the positions of the people index.
2. `gate`: moves of fewer than 5 people since any release before are held, so that no release shows them.
3. `overlap`: where a count comes near to another search's, the few people between them are counted alike.
4. `primary`: what each count looks like by itself. `gp-bench`, k = 8: a row of fewer than 15 people in met and not met
   is withheld; nobody to 7 is {band, below 8}; the other side of that is {band, above met + not met - 8}.
5. `complement`: further counts are withheld until no hidden one can be worked out from margins, public list sizes or
   other searches' counts.

Appointments: a patient counts with at most three, so 7 patients have at most 21 and a small state is {band, below 22};
its other side is above met + not met - 22 rounded down to a 5 (never below 0). Values go to the nearest 5, half up.

Under 1,000 registered patients every row but the totals is withheld; at 100 or fewer, every row.

Example: met 30 and not met 4 under `gp-bench` leave as above 26 and below 8.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import InitVar, dataclass, field, replace
from datetime import date
from typing import Final

from governance.cells import (
    STATISTIC_REASONS,
    WITHHELD_REASONS,
    CellState,
    Reason,
    ReceivedTable,
    SafeRow,
    Shape,
    State,
)
from governance.decision import Decided, decide, decide_visits
from governance.errors import DisclosureError
from governance.ground import Ground
from governance.known import Asked
from governance.measured import Measured, Shown
from governance.optouts import CountedPeople
from governance.overlap import Ledger
from governance.people_index import person_keys
from governance.primary import Rule
from governance.profiles import FLOOR, Profile, check_floor, profile
from governance.received import check_received
from governance.recording import add_to_ledger, kept, next_series
from governance.release_history import ReleaseHistory, Series, series_key
from governance.standing import Places, places_of
from governance.states import Told, bare_reason, bare_row, rows_of, silent_reason, story_of, withheld
from governance.story import TableStory
from governance.value_gate import ValueGate, release_values
from governance.visits import appointments
from searches.people import Roster
from searches.search import Cell, Search, Unit

__all__ = [
    "ENGINE_VERSION",
    "CellState",
    "Practice",
    "Reason",
    "ReceivedTable",
    "Releases",
    "SafeRow",
    "SafeTable",
    "Shape",
    "State",
    "Suppressed",
    "Terms",
    "as_received",
    "failed",
    "not_run",
    "recheck",
    "suppress",
]

ENGINE_VERSION: Final = 2
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


@dataclass(frozen=True, slots=True)
class Terms:
    """Under what a release is made.

    Args:
        agreement: its id.
        profile: the rule for every search (`profiles.effective`).
        relaxed: the rule for a search for which the agreement signed a relaxation, by its id.
        alerts: unions that the audit of combinations wants withheld, by series.
        targets: sets of people to which a near count is to be snapped, because other counts add up to them.
        silent: series of which no number may be shown this time.
    """

    agreement: str
    profile: Profile
    relaxed: Mapping[str, Profile] = field(default_factory=dict)
    alerts: Mapping[str, frozenset[int]] = field(default_factory=dict)
    targets: tuple[int, ...] = ()
    silent: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Practice:
    """Whose people are counted.

    Args:
        roster: the current patients.
        opted_out: bit set of those who opted out.
        local_key: 32 bytes that never leave the practice.
    """

    roster: Roster
    opted_out: int
    local_key: bytes

    @property
    def list_size(self) -> int:
        """Registered patients."""
        return len(self.roster.patient_ids)

    def lists(self, places: Places) -> tuple[int, ...] | None:
        """Registered patients of each leaf who may be counted; None: not known for these dimensions."""
        groups = self.roster.groups
        if any(name not in groups for name, _ in places.leaves[0]):
            return None
        return tuple(self._listed(leaf) for leaf in places.leaves)

    def _listed(self, leaf: Cell) -> int:
        people = ((1 << self.list_size) - 1) & ~self.opted_out
        for name, value in leaf:
            people &= self.roster.groups[name].get(value, 0)
        return people.bit_count()


@dataclass(frozen=True, slots=True)
class Suppressed:
    """What a release gives.

    Args:
        tables: to be sent, in order of the searches' ids.
        stories: why each count is shown as it is; these stay.
        history: to be kept in the same transaction as the message.
    """

    tables: tuple[SafeTable, ...]
    stories: tuple[TableStory, ...]
    history: ReleaseHistory


class Releases:
    """One message, made as often as it takes until it tells of nobody.

    Args:
        counted: of every search that ran, one reference date, opt-outs already taken off.
        practice: whose people.
        history: of every release before; that of another practice or an older copy must have been refused.
    """

    def __init__(self, counted: Sequence[CountedPeople], practice: Practice, history: ReleaseHistory) -> None:
        self._counted = sorted(counted, key=lambda one: one.search.id)
        self._practice = practice
        self._ground = Ground(person_keys(practice.local_key, practice.roster.patient_ids), history)

    def under(self, terms: Terms) -> Suppressed:
        """Make the tables, and the history that goes with them; raises as `suppress` does."""
        period = _period(self._counted, terms, self._ground.history)
        release = _Release(terms, self._practice, self._ground)
        made = [release.table(one) for one in self._counted]
        after = replace(self._ground.history, series=kept(release.series.items()))
        return Suppressed(
            tables=tuple(table for table, _ in made),
            stories=tuple(story for _, story in made if story is not None),
            history=after.counted_up(period) if self._counted else after,
        )


def suppress(counted: Sequence[CountedPeople], terms: Terms, practice: Practice, history: ReleaseHistory) -> Suppressed:
    """Make the tables of one message, and the history that goes with them.

    Args:
        counted: of every search that ran, one reference date, opt-outs already taken off.
        terms: under what.
        practice: whose people.
        history: of every release before; that of another practice or an older copy must have been refused.

    Raises:
        NotPermittedError: a profile lies below the floor.
        DisclosureError: a search has more cells than the floor allows, or this period was released and restated.
    """
    return Releases(counted, practice, history).under(terms)


def series_of(counted: CountedPeople) -> str:
    """The key of the series that an answer belongs to."""
    of_visits = counted.search.unit is Unit.APPOINTMENT
    period = counted.reference_date.isoformat() if of_visits else ""
    return series_key(counted.search.id, Shape.of(counted.search).cells, period)


def not_run(search: Search, profile: Profile, reason: str) -> SafeTable:
    """The table of a search that was not run; a reason that is not on the list goes as `other`."""
    return _empty(search, profile, State.NOT_RUN, reason)


def failed(search: Search, profile: Profile, reason: str) -> SafeTable:
    """The table of a search that ran and failed; a reason that is not on the list goes as `other`."""
    return _empty(search, profile, State.FAILED, reason)


def recheck(received: ReceivedTable, profile: Profile, shape: Shape) -> SafeTable:
    """Check a received table against the profile of its agreement and the shape of its search.

    Raises:
        DisclosureError: another search, profile or rules version; another shape; a cell that the rules would not have
            let out; rows that cannot add up to the totals row.
    """
    check_received(received, profile, shape, ENGINE_VERSION)
    rows = [SafeRow(cell, *states) for cell, states in zip(shape.cells, received.rows, strict=True)]
    if shape.measure is not None and received.statistics is not None:
        rule = Rule(profile, shape.possible, shape.unit)
        sent = zip(rows, received.statistics, strict=True)
        rows = [replace(row, statistics=Shown(row.met, shape.measure, rule).statistics(one)) for row, one in sent]
    return _table(shape, profile, rows)


def as_received(received: ReceivedTable, shape: Shape) -> SafeTable:
    """A table that was taken in, and checked, under earlier rules: as it was then; today's are not asked of it.

    For what stands in a hub's own store. What comes in is looked at by `recheck`, which knows no rules but today's.

    Raises:
        DisclosureError: it names today's rules, another search, or other cells than are declared.
        NotPermittedError: its profile is not known.
    """
    is_of = received.search_id == shape.search_id and shape.search_digest.startswith(received.search_digest16)
    if received.engine_version >= ENGINE_VERSION or not is_of or len(received.rows) != len(shape.cells):
        raise DisclosureError(
            f"search {received.search_id} of rules {received.engine_version} with {len(received.rows)} cells is not an "
            f"earlier release of {shape.search_id} with {len(shape.cells)}"
        )
    rows = [SafeRow(cell, *states) for cell, states in zip(shape.cells, received.rows, strict=True)]
    table = _table(shape, profile(received.profile), rows)
    return replace(table, engine_version=received.engine_version, maker=_MAKER)


class _Release:
    """The tables of one message, one after the other: each sees those before it as released."""

    def __init__(self, terms: Terms, practice: Practice, ground: Ground) -> None:
        self._terms, self._practice, self._ground = terms, practice, ground
        self.series: dict[str, Series] = dict(ground.series)
        self._ledgers: dict[str, Ledger] = {}

    def table(self, counted: CountedPeople) -> tuple[SafeTable, TableStory | None]:
        search = counted.search
        profile = self._terms.relaxed.get(search.id, self._terms.profile)
        check_floor(profile)
        shape = Shape.of(search)
        reason = silent_reason(profile, self._practice.list_size, search.schedule)
        if reason is not None:
            rows = [bare_row(cell, withheld(reason), shape, profile) for cell in shape.cells]
            return _table(shape, profile, rows), None
        told = self._tell(counted, shape, profile)
        return _table(shape, profile, rows_of(told)), story_of(told)

    def _tell(self, counted: CountedPeople, shape: Shape, profile: Profile) -> Told:
        of_visits = shape.unit is Unit.APPOINTMENT
        period = counted.reference_date.isoformat() if of_visits else ""
        key, places = series_key(shape.search_id, shape.cells, period), places_of(shape.cells)
        bare = bare_reason(profile, self._practice.list_size, shape.dimensions)
        now = self._ground.slots(key, counted, places)
        asked = Asked(
            key=key,
            places=places,
            now=now[0],
            rule=Rule(profile, shape.possible, shape.unit),
            lists=None if of_visits else self._practice.lists(places),
            bare=bare is not None,
            alerted=self._terms.alerts.get(key, frozenset()),
            is_silent=key in self._terms.silent,
        )
        before, ledger = self.series.get(key), self._ledger(period)
        decided: Decided
        if of_visits:
            decided = decide_visits(asked, now, before, ledger)
        else:
            decided = decide(asked, before, ledger, self._ground.held(asked, before))
        self.series[key] = next_series(decided, before, shape.cells, (profile, period))
        add_to_ledger(ledger, key, decided.slots, (shape.cells, decided.shown))
        held_below = self.series[key].delta
        measured = self._measured(counted, decided, before, key) if shape.measure is not None else None
        return Told(shape.search_id, decided, appointments(places, now), bare, now, held_below, measured)

    def _measured(self, counted: CountedPeople, decided: Decided, before: Series | None, key: str) -> Measured | None:
        """The values that go with a decided standing; they are kept with it."""
        if counted.search.measure is None:
            return None
        now, table = self._ground.values(counted), decided.table
        gate = ValueGate(table.places, decided.slots[0], decided.gated, now, before, self.series[key].delta)
        others = [one for name, one in self.series.items() if name != key]
        made = release_values(gate, others, table.rule.profile.overlap_width)
        self.series[key] = made.followed(self.series[key], before)
        return Measured(counted.search.measure, made, now)

    def _ledger(self, period: str) -> Ledger:
        if period not in self._ledgers:
            self._ledgers[period] = self._ground.ledger(period)
            for target in self._terms.targets if not period else ():
                self._ledgers[period].aim_at(target)
        return self._ledgers[period]


def _period(counted: Sequence[CountedPeople], terms: Terms, history: ReleaseHistory) -> str:
    dates: set[date] = {one.reference_date for one in counted}
    if len(dates) > 1:
        raise DisclosureError("searches of several reference dates cannot be released together")
    period = f"{terms.agreement} {min(dates, default=date.min)}"
    if history.periods.get(period, 0) >= FLOOR.most_releases:
        raise DisclosureError(f"{period} was released and restated", "the same bytes are kept: gpfed-agent sent")
    return period


def _table(shape: Shape, profile: Profile, rows: Iterable[SafeRow]) -> SafeTable:
    return SafeTable(
        search_id=shape.search_id,
        search_digest=shape.search_digest,
        unit=shape.unit,
        profile=profile.id,
        engine_version=ENGINE_VERSION,
        rows=tuple(rows),
        maker=_MAKER,
    )


def _empty(search: Search, profile: Profile, state: State, reason: str) -> SafeTable:
    check_floor(profile)
    known = frozenset(str(one) for one in Reason) - {str(one) for one in WITHHELD_REASONS | STATISTIC_REASONS}
    one = CellState(state, reason=Reason(reason) if reason in known else Reason.OTHER)
    shape = Shape.of(search)
    return _table(shape, profile, [bare_row(cell, (one, one, one), shape, profile) for cell in shape.cells])
