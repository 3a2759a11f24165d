"""What stands inside the seal: canonical JSON in columns, of a size that can be bounded before any figure is known.

One message answers all searches of one agreement for one reference date. Columns run over the searches in order of
their ids:

    searches    ids                                       rows        how many cells each table has
    digests     base64: 8 bytes of each search's digest   statements  base64: 8 bytes of each statement's digest, zeros
    if none cells       base64: 8 bytes for every cell of every table, in declared order

A restatement has one field more, `restates`: the digest of the file that it restates, and why.

A cell is 64 bits: 0, then 21 bits each for met, not met and excepted. The 21 bits are 3 of kind and 18 of number:

    0 value n   1 band, below n   2 band, above n   3 band, above 0 and below n
    4 withheld, 5 not run, 6 failed: n is the reason's place in `Reason`

A message with searches of distributions has two columns more:

    measured    ids of those searches                     statistics  base64: 16 bytes for every cell of their tables

Those are 128 bits: 23 zeros, then 21 bits each, as above, for mean, standard deviation, lower quartile, median and
upper quartile; the number of a value is how many steps it is above the low end of the range (`governance.measured`).

Eight bytes whatever is in them: compressed, no figures can make it longer than its shape allows. The full digests of
the searches are bound by `searches_digest`, those of the statements by `receipts_digest` (the practice's diary keeps
them whole).
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping
from functools import lru_cache
from itertools import islice
from typing import Annotated, Final

from pydantic import Field

from governance.canonical import to_canonical
from governance.cells import CellState, Reason, ReceivedTable, Sent, State, Statistics
from governance.errors import FormatError
from governance.profiles import FLOOR, SIZE_BANDS
from governance.restatement import Restatement, RestatementReason
from governance.result import MOST_SEARCHES, ReceivedResult, ResultMessage
from governance.signing import decode64, encode64
from governance.suppress import ENGINE_VERSION
from governance.wire import (
    AgreementId,
    Digest,
    IsoDate,
    KeyId,
    Message,
    PracticeCode,
    SearchId,
    Sequence8,
    iso_date,
    read_message,
)

PAYLOAD_LIMIT_BYTES: Final = 4 * 1024 * 1024
_SHORT_BYTES, _CELL_BYTES, _STATISTICS_BYTES = 8, 8, 16
_FIELDS_BYTES = 64  # the names of the two columns of distributions
_HEAD_BYTES = 1600  # everything but the columns: 23 short fields, of which five are random digests
_NUMBER_BITS, _STATE_BITS = 18, 21
_NUMBER_MASK, _STATE_MASK = 2**_NUMBER_BITS - 1, 2**_STATE_BITS - 1
_REASONS = tuple(Reason)
_NO_NUMBER = (State.WITHHELD, State.NOT_RUN, State.FAILED)  # kinds 4, 5, 6
_Short = Annotated[str, Field(min_length=1, max_length=80, pattern=r"^[A-Za-z0-9._+-]+$")]


class _RestatesModel(Message):
    file: Digest
    reason: Annotated[str, Field(pattern=f"^({'|'.join(RestatementReason)})$")]


class _PayloadModel(Message):
    schema_: Annotated[int, Field(alias="schema", ge=1, le=1)]
    practice: PracticeCode
    agreement: AgreementId
    agreement_version: Annotated[int, Field(ge=1)]
    agreement_digest: Digest
    reference_date: IsoDate
    sequence: Sequence8
    previous: Digest
    searches_digest: Digest
    hub_key: KeyId
    profile: _Short
    rules: Annotated[int, Field(ge=1)]
    opt_outs: _Short
    optouts_as_of: IsoDate
    delivered_on: IsoDate
    agent_version: _Short
    list_size_band: Annotated[int, Field(ge=0, lt=len(SIZE_BANDS))]
    layout: _Short
    layout_version: _Short
    engine: _Short
    engine_version: _Short
    receipts_digest: Digest
    searches: Annotated[list[SearchId], Field(min_length=1, max_length=MOST_SEARCHES)]
    rows: list[Annotated[int, Field(ge=1, le=FLOOR.most_cells + 1)]]
    digests: str
    statements: str
    cells: str
    restates: _RestatesModel | None = None  # there in a restatement only
    measured: Annotated[list[SearchId], Field(min_length=1, max_length=MOST_SEARCHES)] | None = None
    statistics: str | None = None  # there with `measured` only


def compressed_bound(shape: tuple[tuple[str, int], ...], measured: tuple[str, ...] = ()) -> int:
    """The most bytes that the compressed payload of this shape can have.

    Names and counts of cells follow from the shape, so their compressed length does; the columns are base64, which
    deflate brings back to its bytes and at most a hundredth.
    """
    names = zlib.compress(to_canonical([[search_id for search_id, _ in shape], [rows for _, rows in shape]]), 9)
    columns = 2 * _SHORT_BYTES * len(shape) + _CELL_BYTES * sum(rows for _, rows in shape)
    if measured:
        names += zlib.compress(to_canonical(list(measured)), 9) + bytes(_FIELDS_BYTES)
        columns += _STATISTICS_BYTES * sum(rows for search_id, rows in shape if search_id in measured)
    return _HEAD_BYTES + len(names) + columns + columns // 100


def write_payload(message: ResultMessage, hub_key: str) -> bytes:
    """The payload of a message to the hub with this sealing key's id."""
    tables, made = message.tables, message.translations
    body = {
        "schema": 1,
        "practice": message.practice,
        "agreement": message.agreement_id,
        "agreement_version": message.agreement_version,
        "agreement_digest": message.agreement_digest,
        "reference_date": message.reference_date.isoformat(),
        "sequence": message.sequence,
        "previous": message.previous,
        "searches_digest": message.searches_digest,
        "hub_key": hub_key,
        "profile": message.profile,
        "rules": ENGINE_VERSION,
        "opt_outs": str(message.opt_out_policy),
        "optouts_as_of": message.optouts_as_of.isoformat(),
        "delivered_on": message.delivered_on.isoformat(),
        "agent_version": message.agent_version,
        "list_size_band": SIZE_BANDS.index(message.list_size_band),
        "layout": made.layout,
        "layout_version": made.layout_version,
        "engine": made.engine,
        "engine_version": made.engine_version,
        "receipts_digest": made.digest,
        "searches": [table.search_id for table in tables],
        "rows": [len(table.rows) for table in tables],
        "digests": encode64(b"".join(_short(table.search_digest) for table in tables)),
        "statements": encode64(b"".join(_short(made.statements.get(table.search_id, "")) for table in tables)),
        "cells": encode64(b"".join(_pack(row.states) for table in tables for row in table.rows)),
    }
    if message.restates is not None:
        body["restates"] = message.restates.to_json()
    if message.measured:
        rows = [row.statistics for table in tables for row in table.rows if row.statistics is not None]
        body["measured"] = list(message.measured)
        body["statistics"] = encode64(b"".join(_pack_statistics(one) for one in rows))
    payload = to_canonical(body)
    read_payload(payload)  # what the hub could not read is found here, where the figures are
    return payload


def read_payload(payload: bytes) -> ReceivedResult:
    """The payload's content.

    Raises:
        FormatError: it is not of the right form.
    """
    model = read_message(_PayloadModel, payload, PAYLOAD_LIMIT_BYTES, "result")
    reference_date = iso_date(model.reference_date, "result")
    optouts_as_of = iso_date(model.optouts_as_of, "result")
    if optouts_as_of < reference_date:
        raise FormatError(f"result's opt-out list is of {optouts_as_of}, expected {reference_date} or later")
    return ReceivedResult(
        practice=model.practice,
        agreement_id=model.agreement,
        agreement_version=model.agreement_version,
        agreement_digest=model.agreement_digest,
        reference_date=reference_date,
        sequence=model.sequence,
        previous=model.previous,
        searches_digest=model.searches_digest,
        hub_key=model.hub_key,
        profile=model.profile,
        tables=_tables(model),
        opt_out_policy=model.opt_outs,
        optouts_as_of=optouts_as_of,
        delivered_on=iso_date(model.delivered_on, "result"),
        agent_version=model.agent_version,
        list_size_band=SIZE_BANDS[model.list_size_band],
        layout=model.layout,
        layout_version=model.layout_version,
        engine=model.engine,
        engine_version=model.engine_version,
        statements=_statements(model),
        receipts_digest=model.receipts_digest,
        payload=payload,
        restates=_restates(model),
    )


def _restates(model: _PayloadModel) -> Restatement | None:
    said = model.restates
    return Restatement(said.file, RestatementReason(said.reason)) if said is not None else None


def _tables(model: _PayloadModel) -> tuple[ReceivedTable, ...]:
    ids, rows = model.searches, model.rows
    if len(rows) != len(ids) or sorted(set(ids)) != ids:
        raise FormatError("result does not name its searches once each, in order, with their cells")
    digests = _column(model.digests, len(ids) * _SHORT_BYTES)
    cells = iter(struct.unpack(f">{sum(rows)}Q", _column(model.cells, sum(rows) * _CELL_BYTES)))
    statistics = _statistics(model)
    return tuple(
        ReceivedTable(
            search_id,
            digests[place * _SHORT_BYTES : (place + 1) * _SHORT_BYTES].hex(),
            model.profile,
            model.rules,
            tuple(_unpack(cell) for cell in islice(cells, count)),
            statistics.get(search_id),
        )
        for place, (search_id, count) in enumerate(zip(ids, rows, strict=True))
    )


def _statistics(model: _PayloadModel) -> dict[str, tuple[Sent, ...]]:
    """The statistics of each row of each distribution, by search id."""
    measured = model.measured or []
    if (model.measured is None) != (model.statistics is None) or sorted(set(measured) & {*model.searches}) != measured:
        raise FormatError("result does not name its distributions once each, in order, with their statistics")
    rows = dict(zip(model.searches, model.rows, strict=True))
    column = iter(struct.unpack(f">{2 * sum(rows[one] for one in measured)}Q", _sent_column(model, rows)))
    words = zip(column, column, strict=True)
    return {one: tuple(_unpack_statistics(*word) for word in islice(words, rows[one])) for one in measured}


def _sent_column(model: _PayloadModel, rows: Mapping[str, int]) -> bytes:
    return _column(model.statistics or "", _STATISTICS_BYTES * sum(rows[one] for one in model.measured or []))


def _statements(model: _PayloadModel) -> dict[str, str]:
    column = _column(model.statements, len(model.searches) * _SHORT_BYTES)
    shorts = [column[at : at + _SHORT_BYTES] for at in range(0, len(column), _SHORT_BYTES)]
    return {search_id: short.hex() for search_id, short in zip(model.searches, shorts, strict=True) if any(short)}


def _column(text: str, length: int) -> bytes:
    data = decode64(text, "result")
    if len(data) != length:
        raise FormatError(f"result has a column of {len(data)} bytes, expected {length}")
    return data


def _short(digest: str) -> bytes:
    return bytes.fromhex(digest[: 2 * _SHORT_BYTES]).ljust(_SHORT_BYTES, b"\0")


def _pack(states: tuple[CellState, CellState, CellState]) -> bytes:
    met, not_met, excepted = (_bits(one) for one in states)
    return struct.pack(">Q", met << 2 * _STATE_BITS | not_met << _STATE_BITS | excepted)


def _pack_statistics(statistics: Statistics) -> bytes:
    joined = 0
    for one in statistics.each:
        joined = joined << _STATE_BITS | _bits(one.plain)
    return joined.to_bytes(_STATISTICS_BYTES, "big")


def _unpack_statistics(high: int, low: int) -> Sent:
    joined = high << 64 | low
    if joined >> 5 * _STATE_BITS:
        raise FormatError("result has statistics whose first bits are not 0")
    mean, deviation, lower, median, upper = (
        _cell_state(joined >> place * _STATE_BITS & _STATE_MASK) for place in (4, 3, 2, 1, 0)
    )
    return mean, deviation, lower, median, upper


def _bits(one: CellState) -> int:
    kind, number = _kind(one)
    if not 0 <= number <= _NUMBER_MASK:
        raise FormatError("a number does not fit into 18 bits")
    return kind << _NUMBER_BITS | number


def _kind(one: CellState) -> tuple[int, int]:
    match one:
        case CellState(State.VALUE, int(value), None, None, None):
            return 0, value
        case CellState(State.BAND, None, int(below), None, None):
            return 1, below
        case CellState(State.BAND, None, None, int(above), None):
            return 2, above
        case CellState(State.BAND, None, int(below), 0, None):
            return 3, below
        case CellState(state, None, None, None, Reason() as reason) if state in _NO_NUMBER:
            return 4 + _NO_NUMBER.index(state), _REASONS.index(reason)
        case _:
            raise FormatError("a cell's state cannot be written")


@lru_cache(maxsize=2**15)
def _unpack(cell: int) -> tuple[CellState, CellState, CellState]:
    if cell >> 3 * _STATE_BITS:
        raise FormatError("result has a cell whose first bit is not 0")
    met, not_met, excepted = (cell >> place * _STATE_BITS & _STATE_MASK for place in (2, 1, 0))
    return _cell_state(met), _cell_state(not_met), _cell_state(excepted)


@lru_cache(maxsize=2**15)  # most cells of most results look like one seen before
def _cell_state(bits: int) -> CellState:
    kind, number = bits >> _NUMBER_BITS, bits & _NUMBER_MASK
    match kind:
        case 0:
            return CellState(State.VALUE, value=number)
        case 1:
            return CellState(State.BAND, below=number)
        case 2:
            return CellState(State.BAND, above=number)
        case 3:
            return CellState(State.BAND, below=number, above=0)
        case 4 | 5 | 6 if number < len(_REASONS):
            return CellState(_NO_NUMBER[kind - 4], reason=_REASONS[number])
        case _:
            raise FormatError("result has a cell of an unknown kind or reason")
