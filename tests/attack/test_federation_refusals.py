"""What the hub takes in, and what it sets aside, with a reason; the next message is always taken in."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from governance.keys import SealingKey
from governance.sealing import MAGIC, seal
from governance.wire import FileKind, file_digest, upload_name
from hub.models import Event, Figure, Quarantined
from searches.document import read_search
from tests.federation import REFERENCE_DATE, Agent, Federation, pulse_table, search_files, table_of


def test_a_true_result_is_recorded_once_with_figure_event_and_receipt(tmp_path: Path) -> None:
    federation = Federation(tmp_path)
    (elm,) = federation.ready("Z90001")
    elm.spool(elm.seal([pulse_table()]))
    elm.deliver()

    turn = federation.receive()

    assert (turn.received, turn.quarantined, turn.failed) == (1, 0, 0)
    (result,) = elm.results()
    assert [(figure.met_value, figure.not_met_value) for figure in result.figures.all()] == [(300, 200)]
    assert elm.receipts == ("00000001.receipt", "00000002.receipt")
    assert Event.objects.filter(kind="result_received").count() == 1


def _head_length(data: bytes) -> int:
    return int.from_bytes(data[len(MAGIC) : len(MAGIC) + 2], "big")


PLACES = {
    "first byte of the magic line": lambda data: 0,
    "last byte of the magic line": lambda data: len(MAGIC) - 1,
    "length of the header": lambda data: len(MAGIC) + 1,
    "first byte of the header": lambda data: len(MAGIC) + 2,
    "a digest in the header": lambda data: data.index(b"agreement_digest") + 25,
    "the date in the header": lambda data: data.index(str(REFERENCE_DATE).encode()) + 3,
    "the practice in the header": lambda data: data.index(b"Z90001") + 5,
    "the place in the chain in the header": lambda data: data.index(b'"sequence":') + 11,
    "the recipient's key in the header": lambda data: data.index(b"hub_key") + 12,
    "last byte of the header": lambda data: len(MAGIC) + 2 + _head_length(data) - 1,
    "length of what is sealed": lambda data: len(MAGIC) + 2 + _head_length(data) + 3,
    "key share": lambda data: len(MAGIC) + 2 + _head_length(data) + 4,
    "first byte of the ciphertext": lambda data: len(MAGIC) + 2 + _head_length(data) + 36,
    "middle of the ciphertext": lambda data: len(data) // 2,
    "authentication tag": lambda data: len(data) - 65,
    "first byte of the signature": lambda data: len(data) - 64,
    "last byte of the signature": lambda data: len(data) - 1,
}


def test_a_byte_changed_anywhere_is_set_aside_with_a_reason_and_the_next_is_taken_in(tmp_path: Path) -> None:
    federation = Federation(tmp_path)
    (elm,) = federation.ready("Z90001")
    sealed = elm.seal([pulse_table()]).data
    for place, at in PLACES.items():
        changed = bytearray(sealed)
        changed[at(sealed)] ^= 1
        elm.drop(bytes(changed), 2)

        turn = federation.receive()

        assert (turn.received, turn.quarantined, turn.failed) == (0, 1, 0), place
    assert set(elm.quarantined()) <= {
        "broken_seal",
        "not_signed_by_practice",
        "not_for_us",
        "name_does_not_match_content",
    }
    assert all(Quarantined.objects.values_list("explanation", flat=True))
    _next_is_taken_in(federation, elm, sealed)


def test_a_file_cut_short_anywhere_is_set_aside_and_the_next_is_taken_in(tmp_path: Path) -> None:
    federation = Federation(tmp_path)
    (elm,) = federation.ready("Z90001")
    sealed = elm.seal([pulse_table()]).data
    for length in (0, 1, len(MAGIC), len(MAGIC) + 1, 200, len(sealed) // 2, len(sealed) - 64, len(sealed) - 1):
        elm.drop(sealed[:length], 2)
        turn = federation.receive()
        assert (turn.received, turn.quarantined) == (0, 1), length
    assert set(elm.quarantined()) == {"broken_seal"}
    _next_is_taken_in(federation, elm, sealed)


def test_bytes_changed_under_the_old_name_are_set_aside(tmp_path: Path) -> None:
    federation = Federation(tmp_path)
    (elm,) = federation.ready("Z90001")
    sealed = elm.seal([pulse_table()]).data

    elm.drop(sealed[:-1] + bytes([sealed[-1] ^ 1]), 2, name=upload_name(2, FileKind.RESULT, sealed))
    federation.receive()

    assert elm.quarantined() == ("name_does_not_match_content",)
    _next_is_taken_in(federation, elm, sealed)


def test_a_result_of_another_practice_is_set_aside(tmp_path: Path) -> None:
    federation = Federation(tmp_path)
    elm, oak = federation.ready("Z90001", "Z90002")

    oak.drop(elm.seal([pulse_table()]).data, 2)
    federation.receive()

    assert oak.quarantined() == ("not_signed_by_practice",)
    assert oak.results() == []


def test_a_result_in_another_practices_name_is_set_aside(tmp_path: Path) -> None:
    federation = Federation(tmp_path)
    elm, oak = federation.ready("Z90001", "Z90002")
    forged = seal(elm.message([pulse_table()]), oak.key, federation.centre.keys.seal.public)

    elm.drop(forged.data, 2)
    oak.drop(forged.data, 2)
    federation.receive()

    assert elm.quarantined() == ("broken_seal",)
    assert oak.quarantined() == ("not_signed_by_practice",)


def test_the_same_bytes_again_are_set_aside_as_already_recorded(tmp_path: Path) -> None:
    federation = Federation(tmp_path)
    (elm,) = federation.ready("Z90001")
    sealed = elm.seal([pulse_table()]).data
    _next_is_taken_in(federation, elm, sealed)

    for _ in range(2):
        elm.drop(sealed, 2)
        federation.receive()
    elm.drop(sealed, 3)  # under another number, too
    federation.receive()

    assert elm.quarantined() == ("already_recorded",)
    assert Quarantined.objects.get().times == 3
    assert len(elm.results()) == 1


def test_a_receipt_that_was_lost_is_shown_again_when_its_message_comes_again(tmp_path: Path) -> None:
    federation = Federation(tmp_path)
    (elm,) = federation.ready("Z90001")
    sealed = elm.seal([pulse_table()]).data
    _next_is_taken_in(federation, elm, sealed)
    receipt = federation.config.mailbox("Z90001") / "receipts" / "00000002.receipt"
    before = receipt.read_bytes()
    receipt.unlink()

    elm.drop(sealed, 2)
    federation.receive()

    assert receipt.read_bytes() == before


def test_the_same_content_sealed_again_is_set_aside(tmp_path: Path) -> None:
    federation = Federation(tmp_path)
    (elm,) = federation.ready("Z90001")
    first, again = elm.seal([pulse_table()]), elm.seal([pulse_table()])
    assert first.digest != again.digest
    _next_is_taken_in(federation, elm, first.data)

    elm.drop(again.data, 2)
    federation.receive()

    assert elm.quarantined() == ("sequence_already_used",)


def test_a_second_result_for_the_same_period_is_set_aside(tmp_path: Path) -> None:
    federation = Federation(tmp_path)
    (elm,) = federation.ready("Z90001")
    first = elm.seal([pulse_table()])
    _next_is_taken_in(federation, elm, first.data)

    elm.drop(elm.seal([pulse_table(310, 190)], sequence=3, previous=first.digest).data, 3)
    federation.receive()

    assert elm.quarantined() == ("period_already_recorded",)
    assert Figure.objects.get().met_value == 300


def test_a_result_that_names_another_message_before_it_is_set_aside(tmp_path: Path) -> None:
    federation = Federation(tmp_path)
    (elm,) = federation.ready("Z90001")

    elm.drop(elm.seal([pulse_table()], previous="ab" * 32).data, 2)
    federation.receive()

    assert elm.quarantined() == ("chain_broken",)


def test_a_number_inside_that_is_not_the_one_in_the_name_is_set_aside(tmp_path: Path) -> None:
    federation = Federation(tmp_path)
    (elm,) = federation.ready("Z90001")

    elm.drop(elm.seal([pulse_table()]).data, 5)
    federation.receive()

    assert elm.quarantined() == ("name_does_not_match_content",)


def test_a_result_sealed_to_another_hub_is_not_for_us(tmp_path: Path) -> None:
    federation = Federation(tmp_path)
    (elm,) = federation.ready("Z90001")
    other_hub = SealingKey.generate().public

    elm.drop(seal(elm.message([pulse_table()]), elm.key, other_hub).data, 2)
    federation.receive()

    assert elm.quarantined() == ("not_for_us",)


def test_a_result_from_the_future_is_set_aside(tmp_path: Path) -> None:
    federation = Federation(tmp_path)
    (elm,) = federation.ready("Z90001")

    to_come = federation.now.date() + timedelta(days=1)
    elm.drop(elm.seal([pulse_table()], reference_date=to_come, optouts_as_of=to_come).data, 2)
    federation.receive()

    assert elm.quarantined() == ("period_not_allowed",)


def test_a_result_of_a_search_that_was_not_published_is_set_aside(tmp_path: Path) -> None:
    federation = Federation(tmp_path)
    (elm,) = federation.ready("Z90001")
    other = table_of(read_search(search_files("smoking-recorded")), 300, 200)

    elm.drop(elm.seal([pulse_table(), other]).data, 2)
    federation.receive()

    assert elm.quarantined() == ("search_not_published",)
    assert elm.results() == []


def test_a_result_under_another_profile_than_the_agreements_is_set_aside(tmp_path: Path) -> None:
    federation = Federation(tmp_path)
    (elm,) = federation.ready("Z90001")
    rounded = table_of(read_search(search_files()), 302, 201, profile_id="nhs-round5")

    elm.drop(elm.seal([rounded]).data, 2)
    federation.receive()

    assert elm.quarantined() == ("breaks_profile",)


@pytest.mark.parametrize("name", ["evil.gpfed", "00000002-result-0123456789abcdef.gpfed.exe", "0-result-.gpfed", "-rf"])
def test_a_file_of_any_other_name_is_set_aside(tmp_path: Path, name: str) -> None:
    federation = Federation(tmp_path)
    (elm,) = federation.ready("Z90001")

    elm.drop(b"anything", 2, name=name)
    federation.receive()

    assert elm.quarantined() == ("file_name_not_allowed",)
    assert list(elm.in_folder.iterdir()) == []


def test_a_file_longer_than_any_message_is_set_aside(tmp_path: Path) -> None:
    federation = Federation(tmp_path)
    (elm,) = federation.ready("Z90001")

    elm.drop(b"\0" * (3 * 1024 * 1024), 2)
    federation.receive()

    assert elm.quarantined() == ("too_large",)


def test_an_acceptance_of_another_practice_is_set_aside(tmp_path: Path) -> None:
    federation = Federation(tmp_path)
    elm, oak = federation.enrol("Z90001"), federation.enrol("Z90002")
    federation.propose()
    elm.say()
    signed_by_elm = next(elm.in_folder.iterdir()).read_bytes()

    oak.drop(signed_by_elm, 1, FileKind.ACCEPTANCE)
    turn = federation.receive()

    assert (turn.received, turn.quarantined) == (1, 1)
    assert oak.quarantined() == ("not_signed_by_practice",)


def test_what_was_set_aside_is_kept_for_whoever_looks_into_it(tmp_path: Path) -> None:
    federation = Federation(tmp_path)
    (elm,) = federation.ready("Z90001")

    elm.drop(b"junk", 2)
    federation.receive()

    kept = federation.config.quarantine("Z90001") / file_digest(b"junk")
    assert kept.read_bytes() == b"junk"
    assert kept.stat().st_mode & 0o077 == 0


def _next_is_taken_in(federation: Federation, agent: Agent, data: bytes) -> None:
    agent.drop(data, 2)
    turn = federation.receive()
    assert (turn.received, turn.quarantined, turn.failed) == (1, 0, 0)
    assert len(agent.results()) == 1
