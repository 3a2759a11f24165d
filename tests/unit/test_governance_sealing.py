from __future__ import annotations

import hashlib
import random
import struct
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from governance import payload as payload_module
from governance import sealing
from governance.canonical import from_json, to_canonical
from governance.cells import CellState, Reason, Shape, State
from governance.errors import FormatError, GovernanceError, NotForUsError, SealBrokenError, SignatureError, TrustError
from governance.payload import compressed_bound, read_payload, write_payload
from governance.profiles import FLOOR, GP_BENCH, NHS_ROUND5
from governance.sealing import (
    MAGIC,
    PAYLOAD_TYPE,
    SEALED_TYPE,
    ResultMessage,
    Translations,
    check_searches,
    open_sealed,
    padded_length,
    read_header,
    seal,
)
from governance.signing import encode64, pae
from governance.suppress import SafeTable, failed, not_run, recheck
from governance.wire import FIRST, PracticeIdentity
from searches.people import PeopleSet
from searches.search import TOTALS, Outcome
from tests.governance_kit import (
    HUB_SEAL,
    IDENTITY,
    PRACTICE_KEY,
    REFERENCE_DATE,
    counted,
    first_release,
    message,
    sealing_key,
    search,
    signing_key,
    table,
)

SPLIT = search("split", ("a", "b", "c"))
SEALED = seal(message(), PRACTICE_KEY, HUB_SEAL.public)


def tables() -> tuple[SafeTable, ...]:
    return (
        first_release(counted(SPLIT, [([1] * 50, [1] * 4, [1] * 9)] * 3), GP_BENCH, 6000),
        table(80, 20),
        not_run(search("appointments"), GP_BENCH, "layout_has_no_appointments"),
        failed(search("broken"), GP_BENCH, "timed_out"),
        table(3, 3, search_id="small"),
    )


def test_what_was_sealed_is_opened_cell_by_cell() -> None:
    sent = message(*tables())
    opened = open_sealed(seal(sent, PRACTICE_KEY, HUB_SEAL.public).data, IDENTITY, HUB_SEAL)
    shapes = {one.search_id: one for one in map(Shape.of, (SPLIT, *(search(t.search_id) for t in sent.tables)))}
    shapes["split"] = Shape.of(SPLIT)
    again = tuple(recheck(one, GP_BENCH, shapes[one.search_id]) for one in opened.tables)
    assert again == sent.tables
    assert [one.search_id for one in opened.tables] == sorted(one.search_id for one in tables())
    for name in ("practice", "agreement_id", "agreement_digest", "reference_date", "sequence", "previous"):
        assert getattr(opened, name) == getattr(sent, name)
    assert opened.list_size_band == "4,000 to 7,999"
    assert opened.statements == {one.search_id: "c" * 16 for one in tables()}
    assert opened.receipts_digest == sent.translations.digest
    assert read_payload(opened.payload) == opened
    assert opened.shape == sent.shape
    assert sent.to_json()["tables"] == [one.to_json() for one in sent.tables]


def test_a_result_of_the_national_rule_is_opened_cell_by_cell() -> None:
    sent = message(table(3, 50, 0, profile=NHS_ROUND5))
    opened = open_sealed(seal(sent, PRACTICE_KEY, HUB_SEAL.public).data, IDENTITY, HUB_SEAL)
    assert recheck(opened.tables[0], NHS_ROUND5, Shape.of(search())) == sent.tables[0]


def test_the_header_can_be_read_before_anything_is_believed() -> None:
    header = read_header(SEALED.data)
    assert (header.practice, header.sequence, header.agreement_id) == ("Z90001", 2, "heart-health")
    assert SEALED.digest == hashlib.sha256(SEALED.data).hexdigest()


# --- whatever is changed ----------------------------------------------------------------------------------------------


@settings(deadline=None, derandomize=True, max_examples=400)
@given(st.data())
def test_any_flipped_byte_is_found(data: st.DataObject) -> None:
    # The first kilobyte (magic, header) and the last (signature) more often than the long middle.
    end = len(SEALED.data)
    at = data.draw(st.integers(0, 1000) | st.integers(0, end - 1) | st.integers(end - 64, end - 1))
    broken = bytearray(SEALED.data)
    broken[at] ^= data.draw(st.integers(1, 255))
    with pytest.raises((SealBrokenError, SignatureError), match=r"result|file") as refused:
        open_sealed(bytes(broken), IDENTITY, HUB_SEAL)
    if isinstance(refused.value, SignatureError):  # the byte stands in the practice's code
        assert "result is of practice" in refused.value.message


@settings(deadline=None, derandomize=True, max_examples=200)
@given(st.integers(0, len(SEALED.data) - 1))
def test_any_truncation_is_found(length: int) -> None:
    with pytest.raises(SealBrokenError, match=r"result|file"):
        open_sealed(SEALED.data[:length], IDENTITY, HUB_SEAL)


def test_anything_added_is_found() -> None:
    with pytest.raises(SealBrokenError, match="not of the length that it says"):
        open_sealed(SEALED.data + b"\0", IDENTITY, HUB_SEAL)


def test_a_result_of_another_practice_is_refused() -> None:
    with pytest.raises(SignatureError, match="result is of practice Z90001, expected Z90002"):
        open_sealed(SEALED.data, PracticeIdentity("Z90002", PRACTICE_KEY.public), HUB_SEAL)


def test_a_result_that_another_practice_signed_is_refused() -> None:
    forged = seal(message(), signing_key("Z90002"), HUB_SEAL.public)
    with pytest.raises(SealBrokenError, match="altered, or not signed with key"):
        open_sealed(forged.data, IDENTITY, HUB_SEAL)


def test_a_result_sealed_to_another_hub_is_not_for_us_and_not_broken() -> None:
    other = seal(message(), PRACTICE_KEY, sealing_key("other hub").public)
    with pytest.raises(NotForUsError, match=r"result is sealed to key .*, ours is"):
        open_sealed(other.data, IDENTITY, HUB_SEAL)


def test_a_file_that_is_far_too_long_is_refused_before_it_is_read() -> None:
    with pytest.raises(SealBrokenError, match="at most 2097152 are read"):
        open_sealed(b"x" * 2_097_153, IDENTITY, HUB_SEAL)


# --- a practice that does not keep to the rules -----------------------------------------------------------------------


def by_hand(
    sent: ResultMessage,
    header: Callable[[dict[str, Any]], None] = lambda _: None,
    body: Callable[[dict[str, Any]], None] = lambda _: None,
    plaintext: Callable[[bytes, bytes], bytes] | None = None,
) -> bytes:
    """A file that is signed as it must be, with other contents than `seal` would give it."""
    outside = sealing._header_of(sent, HUB_SEAL.public)
    head = outside.to_json()
    header(head)
    inside: Any = from_json(write_payload(sent, HUB_SEAL.public.key_id), 10**7)
    body(inside)
    payload = to_canonical(inside)
    inner = PRACTICE_KEY.sign(pae(PAYLOAD_TYPE, payload))
    pad = plaintext or (lambda z, signature: sealing._padded(z, signature, padded_length(sent.shape)))
    values = [str(value).encode() for value in head.values()]
    info = b"gpfed/result/v1\0" + b"".join(struct.pack(">I", len(value)) + value for value in values)
    sealed = sealing._SUITE.encrypt(pad(zlib.compress(payload), inner), HUB_SEAL.public.hpke_key(), info=info)
    head_bytes = to_canonical(head)
    parts = (MAGIC, struct.pack(">H", len(head_bytes)), head_bytes, struct.pack(">I", len(sealed)), sealed)
    signed = b"".join(parts)
    return signed + PRACTICE_KEY.sign(pae(SEALED_TYPE, signed))


def test_a_file_made_by_hand_in_the_right_way_opens() -> None:
    assert open_sealed(by_hand(message()), IDENTITY, HUB_SEAL).sequence == 2


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("agreement", "other"),
        ("agreement_version", 2),
        ("agreement_digest", "0" * 64),
        ("reference_date", "2026-04-30"),
        ("sequence", 3),
        ("previous", "0" * 64),
        ("searches_digest", "0" * 64),
    ],
)
def test_a_result_that_says_something_else_outside_than_inside_is_refused(name: str, other: object) -> None:
    with pytest.raises(SealBrokenError, match="something else inside than outside"):
        open_sealed(by_hand(message(), header=lambda head: head.update({name: other})), IDENTITY, HUB_SEAL)


def test_a_sealed_part_moved_into_another_context_does_not_open() -> None:
    """Signed again by the practice itself, but the context bound in HPKE's info is another."""
    parts = sealing._parts(SEALED.data)
    head = to_canonical(replace(parts.header, sequence=3).to_json())
    signed = b"".join((MAGIC, struct.pack(">H", len(head)), head, struct.pack(">I", len(parts.sealed)), parts.sealed))
    with pytest.raises(SealBrokenError, match="does not open with our key in the context that it names"):
        open_sealed(signed + PRACTICE_KEY.sign(pae(SEALED_TYPE, signed)), IDENTITY, HUB_SEAL)


def long_inside(compressed: bytes, signature: bytes) -> bytes:
    return sealing._padded(compressed, signature, padded_length(message().shape)) + b"\0" * 4096


def dirty_padding(compressed: bytes, signature: bytes) -> bytes:
    return sealing._padded(compressed, signature, padded_length(message().shape))[:-1] + b"\1"


def not_compressed(compressed: bytes, signature: bytes) -> bytes:
    return sealing._padded(b"\xff" * len(compressed), signature, padded_length(message().shape))


def two_streams(compressed: bytes, signature: bytes) -> bytes:
    return sealing._padded(compressed + b"\0", signature, padded_length(message().shape))


def too_short(compressed: bytes, signature: bytes) -> bytes:
    return struct.pack(">I", 10**6) + compressed + signature


def bomb(compressed: bytes, signature: bytes) -> bytes:
    data = zlib.compress(b"0" * 5_000_000, 9)
    return struct.pack(">I", len(data)) + data + signature


def signed_by_another(compressed: bytes, _signature: bytes) -> bytes:
    signature = signing_key("other").sign(pae(PAYLOAD_TYPE, zlib.decompress(compressed)))
    return sealing._padded(compressed, signature, padded_length(message().shape))


@pytest.mark.parametrize(
    ("plaintext", "why"),
    [
        (long_inside, "not padded to the length of its shape"),
        (dirty_padding, "not padded to the length of its shape"),
        (not_compressed, "not compressed as it must be"),
        (two_streams, "not compressed as it must be, or is too long"),
        (bomb, "not compressed as it must be, or is too long"),
        (too_short, "shorter inside than it says"),
        (signed_by_another, "altered, or not signed with key"),
    ],
)
def test_a_result_that_is_not_whole_inside_is_refused(plaintext: Callable[[bytes, bytes], bytes], why: str) -> None:
    with pytest.raises(SealBrokenError, match=why):
        open_sealed(by_hand(message(), plaintext=plaintext), IDENTITY, HUB_SEAL)


def cells(*values: int) -> str:
    return encode64(struct.pack(f">{len(values)}Q", *values))


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ({"schema": 2}, "result: schema"),
        ({"agent_version": "a b"}, "result: agent_version"),
        ({"list_size_band": 4}, "result: list_size_band"),
        ({"extra": 1}, "result: extra"),
        ({"reference_date": "2026-02-30"}, "a date that does not exist"),
        ({"optouts_as_of": "2026-03-30"}, "opt-out list is of 2026-03-30, expected 2026-03-31 or later"),
        ({"rows": [1, 1]}, "name its searches once each"),
        ({"rows": [62]}, "result: rows"),
        ({"searches": ["tiny-search", "a"], "rows": [1, 1]}, "name its searches once each"),
        ({"digests": ""}, "a column of 0 bytes, expected 8"),
        ({"cells": cells(0, 0)}, "a column of 16 bytes, expected 8"),
        ({"cells": cells(1 << 63)}, "a cell whose first bit is not 0"),
        ({"cells": cells(7 << 18)}, "an unknown kind or reason"),
        ({"cells": cells(4 << 18 | 99)}, "an unknown kind or reason"),
        ({"statements": "!"}, "not base64"),
    ],
)
def test_a_payload_that_is_not_of_its_form_is_refused(body: dict[str, object], why: str) -> None:
    with pytest.raises(SealBrokenError, match=why):
        open_sealed(by_hand(message(), body=lambda inside: inside.update(body)), IDENTITY, HUB_SEAL)


@pytest.mark.parametrize(
    ("head", "why"),
    [({"extra": 1}, "header: extra"), ({"reference_date": "2026-02-30"}, "a date that does not exist")],
)
def test_a_header_that_is_not_of_its_form_is_refused(head: dict[str, object], why: str) -> None:
    with pytest.raises(SealBrokenError, match=why):
        read_header(by_hand(message(), header=lambda one: one.update(head)))


# --- which searches ---------------------------------------------------------------------------------------------------


def test_a_result_answers_exactly_the_searches_that_were_published() -> None:
    opened = open_sealed(SEALED.data, IDENTITY, HUB_SEAL)
    digest = search().digest
    check_searches(opened, {"tiny-search": digest, "another": "0" * 64})
    with pytest.raises(TrustError, match="searches that were not published: tiny-search"):
        check_searches(opened, {"another": digest})
    with pytest.raises(TrustError, match="other searches than those published"):
        check_searches(opened, {"tiny-search": digest[:16] + "0" * 48})  # the part that travels is the same


# --- what a message takes ---------------------------------------------------------------------------------------------


def test_a_message_takes_nothing_but_safe_tables() -> None:
    with pytest.raises(TypeError, match="a result takes nothing but SafeTables"):
        replace(message(), tables=("table",))  # type: ignore[arg-type]
    with pytest.raises(FormatError, match="result has 2 tables, expected 1 to 2000, each search once"):
        message(table(80, 20), table(80, 20))
    with pytest.raises(FormatError, match="tables of several profiles"):
        message(table(80, 20), table(80, 20, search_id="b", profile=NHS_ROUND5))


def test_a_message_tells_of_the_list_nothing_but_its_band() -> None:
    with pytest.raises(FormatError, match="list size is not one of the four bands"):
        message(list_size_band="6123")


def test_a_message_without_tables_is_refused() -> None:
    with pytest.raises(FormatError, match="result has 0 tables"):
        replace(message(), tables=())


def test_a_message_that_the_hub_could_not_read_is_not_sealed() -> None:
    for change in ({"agent_version": "0.1 beta"}, {"sequence": 0}, {"optouts_as_of": date(2026, 3, 1)}):
        with pytest.raises(FormatError, match="result"):
            seal(message(**change), PRACTICE_KEY, HUB_SEAL.public)


def test_translations_are_made_of_receipts() -> None:
    class Receipt:
        statement_digest = "d" * 64

    made = Translations.of({"tiny-search": Receipt()}, "vision", "1", "duckdb", "1.2")
    assert made.statements == {"tiny-search": "d" * 64}
    assert made.digest != replace(made, layout="emis_im1").digest


@contextmanager
def limits(module: object, **values: int) -> Iterator[None]:
    kept = {name: getattr(module, name) for name in values}
    for name, number in values.items():
        setattr(module, name, number)
    try:
        yield
    finally:
        for name, number in kept.items():
            setattr(module, name, number)


def test_a_result_longer_than_its_shape_or_the_mailbox_allows_is_not_sealed() -> None:
    big = tuple(table(80, 20, search_id=f"s{number}") for number in range(200))
    with limits(payload_module, _HEAD_BYTES=-9000), pytest.raises(FormatError, match="longer than its shape allows"):
        seal(message(*big), PRACTICE_KEY, HUB_SEAL.public)
    with limits(sealing, RESULT_LIMIT_BYTES=1000), pytest.raises(FormatError, match="at most 1000 may be sent"):
        seal(message(), PRACTICE_KEY, HUB_SEAL.public)


@pytest.mark.parametrize(
    ("state", "why"),
    [
        (CellState(State.VALUE, value=2**18), "does not fit into 18 bits"),
        (CellState(State.VALUE, value=-1), "does not fit into 18 bits"),
        (CellState(State.BAND, below=8, above=3), "cannot be written"),
        (CellState(State.WITHHELD), "cannot be written"),
    ],
)
def test_a_state_that_has_no_place_on_the_wire_is_not_written(state: CellState, why: str) -> None:
    with pytest.raises(FormatError, match=why):
        payload_module._pack((state, state, state))


def test_every_reason_has_a_place_on_the_wire_that_never_changes() -> None:
    """New reasons are added at the end: the place of each is in every result ever sent."""
    assert [str(reason) for reason in Reason] == [
        "list_below_1000",
        "list_at_most_100",
        "denominator_below_8",
        "number_too_large",
        "layout_has_no_appointments",
        "layout_has_no_event",
        "layout_has_no_medication",
        "layout_has_no_immunisation",
        "layout_has_no_consultation",
        "layout_has_no_referral",
        "layout_has_no_source",
        "not_translatable",
        "optouts_missing",
        "optouts_stale",
        "timed_out",
        "answer_invalid",
        "other",
        "denominator_too_small",
        "protects_others",
        "too_many_dimensions",
        "too_often",
        "means_not_allowed",
        "too_few_values",
        "count_not_shown",
        "values_tell_too_much",
    ]


# --- the length tells nothing -----------------------------------------------------------------------------------------


def with_counts(search_id: str, cell_count: int, count: Callable[[], int]) -> SafeTable:
    """A table whose counts may be as large as the wire can hold; made by the suppressor."""
    values = tuple(f"v{number}" for number in range(cell_count - 1))
    one = search(search_id, values)
    sets = {cell: {outcome: PeopleSet((2 ** count() - 1,)) for outcome in Outcome} for cell in one.cells() or (TOTALS,)}
    people = counted(one, [([], [], [])] * max(1, cell_count - 1))
    return first_release(sealing_counted(people, sets), GP_BENCH, 200_000)


def sealing_counted(people: Any, sets: Any) -> Any:
    object.__setattr__(people, "counted", sets)
    return people


@settings(deadline=None, derandomize=True, max_examples=40)
@given(st.integers(0, 2**32), st.integers(1, 6), st.integers(1, 12), st.sampled_from([0, 10, 300, 5000]))
def test_a_result_is_as_long_as_its_shape_whatever_its_figures(
    seed: int, searches: int, cell_count: int, most: int
) -> None:
    random_number = random.Random(seed)
    made = tuple(
        with_counts(f"search-{number}", cell_count, lambda: random_number.randint(0, most))
        for number in range(searches)
    )
    empty = tuple(with_counts(f"search-{number}", cell_count, lambda: 0) for number in range(searches))
    one, other = (seal(message(*some), PRACTICE_KEY, HUB_SEAL.public).data for some in (made, empty))
    assert len(one) == len(other)


def test_figures_that_cannot_be_compressed_still_fit_into_their_shape() -> None:
    """The worst that the columns can hold: bits without any pattern, for many shapes."""
    random_number = random.Random(7)
    for searches, rows in ((1, 1), (1, 61), (7, 3), (12, 20), (300, 1), (500, 20)):
        shape = tuple((f"indicator-{number:04d}", rows) for number in range(searches))
        body = {
            "head": [random_number.randbytes(32).hex() for _ in range(8)],
            "searches": [one for one, _ in shape],
            "rows": [count for _, count in shape],
            "digests": encode64(random_number.randbytes(8 * searches)),
            "statements": encode64(random_number.randbytes(8 * searches)),
            "cells": encode64(random_number.randbytes(8 * searches * rows)),
        }
        assert len(zlib.compress(to_canonical(body), 9)) <= compressed_bound(shape)


def test_five_hundred_indicators_of_twenty_cells_fit_into_a_hundred_kilobytes() -> None:
    shape = tuple((f"indicator-{number:04d}-of-the-library", 20) for number in range(500))
    envelope = 1024  # magic, header, key share, tag, signature
    assert padded_length(shape) + envelope <= 100_000
    assert FLOOR.largest_number == 2**18 - 1
    assert padded_length((("one", 1),)) == 4096


def test_messages_begin_their_chain_with_zeros() -> None:
    first = seal(message(sequence=1, previous=FIRST), PRACTICE_KEY, HUB_SEAL.public)
    assert open_sealed(first.data, IDENTITY, HUB_SEAL).previous == "0" * 64
    assert message().reference_date == REFERENCE_DATE
    assert issubclass(SealBrokenError, GovernanceError)
