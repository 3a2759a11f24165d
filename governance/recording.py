"""From what was decided to what is remembered, and from what is remembered to the ledger of the next release."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from governance.decision import Decided
from governance.gate import Past, earlier, moved
from governance.overlap import Ledger, rests
from governance.profiles import PROFILES, Profile
from governance.release_history import ReleaseHistory, Series
from governance.standing import PARTS, Places, Slots, Standing, places_of
from governance.visits import patients_of
from searches.search import Cell

LEDGER_BYTES: Final = 50 * 1024 * 1024
"""Sets go into the ledger, those of the last releases first, until they take so much."""

_WIDEST: Final = max(one.overlap_width for one in PROFILES.values())
_PERIODS_OF_VISITS: Final = 3


def ledger_of(history: ReleaseHistory, period: str = "") -> Ledger:
    """The ledger of everything released that is kept.

    Args:
        history: of the practice, padded to its index.
        period: only the tables of appointments of this period (ISO date); empty: all tables of people.
    """
    ledger = Ledger(_WIDEST)
    asked = {key: one for key, one in history.series.items() if one.period == period}
    if period:
        for key, one in asked.items():
            add_to_ledger(ledger, key, one.slots, (one.cells, one.released[0]))
        return ledger
    for key, one in asked.items():
        ledger.place(key, one.cells, one.slots)
        _add_hidden(ledger, key, places_of(one.cells), one.slots, one.released[0])
        _add_rests(ledger, key, places_of(one.cells), one.slots, one.released[0])
    room = LEDGER_BYTES
    for key, members in _newest_first(asked):
        room -= members.bit_length() // 8
        if room < 0:
            break
        ledger.add(members, key)
    return ledger


def add_to_ledger(ledger: Ledger, key: str, slots: tuple[Standing, ...], of: tuple[tuple[Cell, ...], int]) -> None:
    """Keep the shown sets of a table.

    Args:
        ledger: to add to.
        key: of the series.
        slots: as released.
        of: the cells of the table, and bit set of the unions that others can work out.
    """
    cells, shown = of
    places = places_of(cells)
    ledger.place(key, cells, slots)
    for union in _numbers(shown):
        ledger.add(patients_of(places, slots, union), key)
    _add_hidden(ledger, key, places, slots, shown)
    _add_rests(ledger, key, places, slots, shown)


def _add_rests(ledger: Ledger, key: str, places: Places, slots: Slots, shown: int) -> None:
    """Keep what totals less shown leaves give; of people only."""
    if len(slots) == 1:
        for rest in rests(places, slots[0], shown).values():
            ledger.add(rest, key)


def _add_hidden(ledger: Ledger, key: str, places: Places, slots: Slots, shown: int) -> None:
    """Keep the one-way margins that cannot be worked out although some of their leaves can."""
    for row in places.margins:
        for part in range(len(PARTS)):
            some = any(shown >> places.rows[leaf].first + part & 1 for leaf in row.leaves)
            if some and not shown >> row.first + part & 1:
                ledger.add_hidden(patients_of(places, slots, row.first + part), key)


def next_series(decided: Decided, before: Series | None, cells: tuple[Cell, ...], of: tuple[Profile, str]) -> Series:
    """The series after a release.

    Args:
        decided: what is released.
        before: the series so far, padded to the index; None: this is its first release.
        cells: of the table.
        of: the profile, and the period of a table of appointments (else empty).
    """
    profile, period = of
    delta = max(profile.gate_delta, before.delta if before is not None else 0)
    undo = moved(before.slots[0], decided.slots[0]) if before is not None and not period else ()
    past, released = (before.past, before.released) if before is not None else ((), ())
    keep = 1 if period else profile.gate_releases
    return Series(
        cells=cells,
        slots=decided.slots,
        past=(Past(decided.gated, undo), *past)[:keep],
        released=(decided.shown, *released)[:keep],
        covered=decided.pattern,
        full=decided.full,
        delta=delta,
        period=period,
    )


def kept(series: Iterable[tuple[str, Series]]) -> dict[str, Series]:
    """The series to remember: of appointments, those of the newest periods."""
    found = dict(series)
    periods = sorted({one.period for one in found.values() if one.period})[-_PERIODS_OF_VISITS:]
    return {key: one for key, one in found.items() if not one.period or one.period in periods}


def _newest_first(asked: dict[str, Series]) -> Iterator[tuple[str, int]]:
    walks = [_walk(key, one) for key, one in sorted(asked.items())]
    while walks:
        going = []
        for walk in walks:
            sets = next(walk, None)
            if sets is not None:
                yield from sets
                going.append(walk)
        walks = going


def _walk(key: str, one: Series) -> Iterator[list[tuple[str, int]]]:
    """The sets shown in each release of a series, the last first; of earlier ones only those that were others."""
    places = places_of(one.cells)
    newer = one.standing
    given: set[int] = set()  # a set that was shown, and then hidden while its people stayed, was shown
    for ago, standing in earlier(one.standing, one.past):
        for person, old in moved(standing, newer):
            given -= places.border(old, newer[person])
        new = [union for union in _numbers(one.released[ago]) if union not in given]
        given.update(new)
        yield [(key, places.members(standing, union)) for union in new]
        newer = standing


def _numbers(bits: int) -> list[int]:
    return [number for number in range(bits.bit_length()) if bits >> number & 1]
