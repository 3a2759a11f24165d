r"""What was released so far, as sets of people: kept at the practice, never sent, and only as old as the last message.

For each series (a search with its cells, whatever the agreement and version: a search that is published anew under the
same name goes on from where its predecessor stood) the history keeps the standing last released, what leads back to
each of the releases before it, and which counts others could work out each time. From these the gate and the overlap
ledger are rebuilt at every turn; nothing else has to be kept.

    "gpfed release history v1\n" | HMAC-SHA256 of what follows, 32 bytes | zlib of canonical JSON

    schema     1
    mark       the sequence and digest of the practice's last message that held results
    people     base64: 16 bytes for each person in order of positions (see `governance.people_index`)
    series     by key: cells, delta, slots [base64 zlib of the standing, one byte a position], past [[shown, released,
               undo]] with undo as base64 of 5 bytes a move (position in 4, place in 1), covered [[row, outcome]],
               full [leaf]; of a distribution also values, base64 of 8 bytes each (position, value in thousandths),
               and value_past, for each release what leads back to the values before (-2^31: there was none)
    periods    by "AGREEMENT DATE": how often results for that reference date were released
    alerts     by series: numbers of the unions that the audit of combinations wants withheld, for good

The HMAC is under the practice's local key: a file that was edited, or is another practice's, is refused. An older copy
of the file is whole, but its mark is not the last message that the outbox knows (nor, if the whole state folder was put
back, the last that the hub has signed for): `check_continues`. Without its history a practice releases nothing.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import struct
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from governance.canonical import to_canonical
from governance.errors import HistoryError
from governance.gate import Moves, Past, moved
from governance.people_index import KEY_BYTES, PeopleIndex
from governance.standing import Standing
from governance.wire import FIRST
from searches.search import Cell

MAGIC: Final = b"gpfed release history v1\n"
LIMIT_BYTES: Final = 512 * 1024 * 1024
_MAC_BYTES: Final = 32
_DOMAIN: Final = b"gpfed release history key v1"
_MOVE: Final = struct.Struct(">IB")
_VALUE: Final = struct.Struct(">Ii")
_NO_VALUE: Final = -(2**31)
PERIODS_KEPT: Final = 1000

ValueMoves = tuple[tuple[int, int | None], ...]
"""Positions of people, and the value that each had before; None: none."""


@dataclass(frozen=True, slots=True)
class Series:
    """What was released of one search with these cells.

    Args:
        cells: the totals row, then the full cross-product.
        slots: the standing last released; for appointments three, one for each that counts.
        past: the releases kept, the last first; of appointments only that of the period.
        released: for each of them, bit set of the unions that were in fact shown (`past` has those that could be,
            before counts were withheld to protect others).
        covered: the counts last withheld to protect others in the table, as (row, outcome); of a leaf that was withheld
            altogether, all.
        full: the leaves where nobody was outside the table, but for moves that were held.
        delta: the widest gate it was ever released under.
        period: for appointments, the reference date (ISO); else empty.
        values: of a distribution, the values last let out of everyone who counts as met, by position.
        value_past: for each of the releases kept, what leads back to the values of the release before.
    """

    cells: tuple[Cell, ...]
    slots: tuple[Standing, ...]
    past: tuple[Past, ...]
    released: tuple[int, ...]
    covered: frozenset[tuple[int, int]]
    full: frozenset[int]
    delta: int
    period: str = ""
    values: Mapping[int, int] = field(default_factory=dict)
    value_past: tuple[ValueMoves, ...] = ()

    @property
    def standing(self) -> Standing:
        """Of a search of people."""
        return self.slots[0]

    def padded(self, size: int) -> Series:
        """The same for an index that has grown: newcomers stood nowhere."""
        return replace(self, slots=tuple(slot.ljust(size, b"\0") for slot in self.slots))

    def followed_by(self, standing: Standing, shown: int, released: int, keep: int) -> Series:
        """The series after one more release, with so many kept."""
        undo = moved(self.standing, standing)
        past = (Past(shown, undo), *self.past)[:keep]
        return replace(self, slots=(standing,), past=past, released=(released, *self.released)[:keep])


@dataclass(frozen=True, slots=True)
class Mark:
    """The last message that held results: its sequence number and the SHA-256 (hex) of its file."""

    sequence: int = 0
    digest: str = FIRST


@dataclass(frozen=True, slots=True)
class ReleaseHistory:
    """Everything that a practice remembers of its releases; a changed history is a new one.

    Args:
        index: who stands at which position.
        series: by key.
        periods: how often results were released, by agreement and reference date.
        alerts: unions that are withheld because of what combinations of counts tell, by series; they stay so, or the
            same combination would be back in the release after next.
        mark: the last message that this history knows of.
    """

    index: PeopleIndex = field(default_factory=PeopleIndex.empty)
    series: Mapping[str, Series] = field(default_factory=dict)
    periods: Mapping[str, int] = field(default_factory=dict)
    alerts: Mapping[str, frozenset[int]] = field(default_factory=dict)
    mark: Mark = field(default_factory=Mark)

    def marked(self, mark: Mark) -> ReleaseHistory:
        """The history as it stands once a message has been put into the outbox."""
        return replace(self, mark=mark)

    def counted_up(self, period: str) -> ReleaseHistory:
        """One more release of a period."""
        periods = {**self.periods, period: self.periods.get(period, 0) + 1}
        newest = sorted(periods, key=lambda name: name.split()[-1])[-PERIODS_KEPT:]
        return replace(self, periods={name: periods[name] for name in newest})

    def compacted(self) -> ReleaseHistory:
        """Without the positions of people who stand nowhere in anything kept."""
        kept: set[int] = set()
        for one in self.series.values():
            for slot in one.slots:
                kept.update(person for person, place in enumerate(slot) if place)
            kept.update(person for past in one.past for person, _ in past.undo)
        index, to = self.index.compacted(kept)
        return replace(self, index=index, series={key: _renumbered(one, to) for key, one in self.series.items()})


def series_key(search_id: str, cells: tuple[Cell, ...], period: str = "") -> str:
    """The name of a series: the search's id, a digest of its cells, and for appointments the period."""
    digest = hashlib.sha256(to_canonical([[list(pair) for pair in cell] for cell in cells])).hexdigest()[:16]
    return " ".join(filter(None, (search_id, digest, period)))


def check_continues(history: ReleaseHistory, outbox: Mark, known: int, receipted: int) -> None:
    """Return if a history is that of the last message; else it, or the whole state folder, was put back from a copy.

    Args:
        history: as read.
        outbox: the last message with results that the outbox knows.
        known: the largest sequence number in the outbox, of any message; 0 none.
        receipted: the largest sequence number for which the hub has signed a receipt, of any message; 0 none seen.

    Raises:
        HistoryError: it is not.
    """
    if history.mark != outbox:
        raise HistoryError(
            f"release history ends at message {history.mark.sequence}, outbox at {outbox.sequence}",
            "restore the whole state folder from its newest copy, or begin a new history with the hub's consent",
        )
    if receipted > known:
        raise HistoryError(
            f"hub has signed for message {receipted}, this state folder ends at {known}",
            "the state folder is an old copy: restore the newest, or enrol anew",
        )


def write_history(history: ReleaseHistory, local_key: bytes) -> bytes:
    """A history as it is kept."""
    body = {
        "schema": 1,
        "mark": [history.mark.sequence, history.mark.digest],
        "people": _text(b"".join(key for key, _ in sorted(history.index.places.items(), key=lambda pair: pair[1]))),
        "series": {key: _series_json(one) for key, one in history.series.items()},
        "periods": dict(history.periods),
        "alerts": {key: sorted(unions) for key, unions in history.alerts.items()},
    }
    data = zlib.compress(to_canonical(body), 6)
    return MAGIC + _mac(local_key, data) + data


def read_history(data: bytes, local_key: bytes) -> ReleaseHistory:
    """A history as it was kept.

    Raises:
        HistoryError: it is another version, another practice's, or was edited.
    """
    start = len(MAGIC) + _MAC_BYTES
    if not data.startswith(MAGIC):
        raise HistoryError("release history is of an unknown version", "upgrade the agent; do not delete the history")
    if not hmac.compare_digest(data[len(MAGIC) : start], _mac(local_key, data[start:])):
        raise HistoryError(
            "release history was altered, or is not this practice's", "restore the state folder from its newest copy"
        )
    body: dict[str, Any] = json.loads(zlib.decompressobj().decompress(data[start:], LIMIT_BYTES))
    people = _bytes(body["people"])
    keys = (people[at : at + KEY_BYTES] for at in range(0, len(people), KEY_BYTES))
    return ReleaseHistory(
        index=PeopleIndex({key: position for position, key in enumerate(keys)}),
        series={key: _series_of(one) for key, one in body["series"].items()},
        periods=body["periods"],
        alerts={key: frozenset(unions) for key, unions in body["alerts"].items()},
        mark=Mark(*body["mark"]),
    )


def _mac(local_key: bytes, data: bytes) -> bytes:
    key = hmac.digest(local_key, _DOMAIN, "sha256")
    return hmac.digest(key, data, "sha256")


def _series_json(one: Series) -> dict[str, object]:
    return {
        "cells": [[list(pair) for pair in cell] for cell in one.cells],
        "slots": [_text(zlib.compress(slot)) for slot in one.slots],
        "past": [[f"{past.shown:x}", f"{released:x}", _moves_text(past.undo)] for past, released in _pairs(one)],
        "covered": sorted(list(spot) for spot in one.covered),
        "full": sorted(one.full),
        "delta": one.delta,
        "period": one.period,
        **({"values": _values_text(one.values.items())} if one.values else {}),
        **({"value_past": [_values_text(undo) for undo in one.value_past]} if one.value_past else {}),
    }


def _pairs(one: Series) -> list[tuple[Past, int]]:
    return list(zip(one.past, one.released, strict=True))


def _series_of(one: dict[str, Any]) -> Series:
    return Series(
        cells=tuple(tuple((name, value) for name, value in cell) for cell in one["cells"]),
        slots=tuple(zlib.decompress(_bytes(slot)) for slot in one["slots"]),
        past=tuple(Past(int(shown, 16), _moves(undo)) for shown, _, undo in one["past"]),
        released=tuple(int(released, 16) for _, released, _ in one["past"]),
        covered=frozenset((row, outcome) for row, outcome in one["covered"]),
        full=frozenset(one["full"]),
        delta=one["delta"],
        period=one["period"],
        values={person: value for person, value in _values(one.get("values", "")) if value is not None},
        value_past=tuple(_values(undo) for undo in one.get("value_past", ())),
    )


def _values_text(values: Iterable[tuple[int, int | None]]) -> str:
    return _text(b"".join(_VALUE.pack(person, _NO_VALUE if value is None else value) for person, value in values))


def _values(text: str) -> ValueMoves:
    found = _VALUE.iter_unpack(_bytes(text))
    return tuple((person, None if value == _NO_VALUE else value) for person, value in found)


def _moves_text(moves: Moves) -> str:
    return _text(b"".join(_MOVE.pack(person, place) for person, place in moves))


def _moves(text: str) -> Moves:
    return tuple((person, place) for person, place in _MOVE.iter_unpack(_bytes(text)))


def _renumbered(one: Series, to: Mapping[int, int]) -> Series:
    slots = []
    for slot in one.slots:
        new = bytearray(len(to))
        for person, place in enumerate(slot):
            if place:
                new[to[person]] = place
        slots.append(bytes(new))
    past = tuple(replace(each, undo=tuple((to[person], place) for person, place in each.undo)) for each in one.past)
    return replace(
        one,
        slots=tuple(slots),
        past=past,
        values={to[person]: value for person, value in one.values.items()},
        value_past=tuple(tuple((to[person], value) for person, value in undo) for undo in one.value_past),
    )


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def _bytes(text: str) -> bytes:
    return base64.b64decode(text, validate=True)
