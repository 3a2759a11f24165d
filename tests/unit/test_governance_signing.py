from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from governance.errors import FormatError, SignatureError
from governance.note import Receipt, open_note, read_receipt, sign_note, sign_receipt
from governance.signing import Signature, Signed, decode64, pae, parse_signed, sign, signers, verify
from tests.governance_kit import signing_key

A, B, C = signing_key("a"), signing_key("b"), signing_key("c")
KEYS = [A.public, B.public]


def test_the_bytes_that_are_signed_are_those_of_the_dsse_example() -> None:
    # DSSE v1.0.2, protocol.md, "Test vectors"
    assert (
        pae("http://example.com/HelloWorld", b"hello world")
        == b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
    )


def test_an_envelope_is_read_again_byte_for_byte() -> None:
    signed = sign("t", b"\x00body", [A, B])
    assert parse_signed(signed.to_bytes(), 1000) == signed
    assert verify(signed, "t", KEYS, threshold=2) == b"\x00body"


def test_a_signature_over_one_type_is_none_over_another() -> None:
    signed = sign("t", b"body", [A])
    with pytest.raises(SignatureError, match="another type than u"):
        verify(signed, "u", KEYS)
    with pytest.raises(SignatureError, match="u is signed by 0 of the keys that may, expected 1"):
        verify(Signed("u", b"body", signed.signatures), "u", KEYS)


def test_one_key_that_signs_twice_counts_once() -> None:
    signed = sign("t", b"body", [A, A])
    with pytest.raises(SignatureError, match="signed by 1 of the keys that may, expected 2"):
        verify(signed, "t", KEYS, threshold=2)


def test_a_key_that_may_not_sign_does_not_count() -> None:
    assert signers(sign("t", b"body", [A, C]), KEYS) == {A.public}


def test_a_signature_under_another_keys_id_does_not_count() -> None:
    false = Signed("t", b"body", (Signature(B.public.key_id, A.sign(pae("t", b"body"))),))
    with pytest.raises(SignatureError, match="signed by 0"):
        verify(false, "t", KEYS)


def test_a_threshold_of_nobody_is_refused() -> None:
    with pytest.raises(SignatureError, match="threshold is 0, at least 1"):
        verify(sign("t", b"body", [A]), "t", KEYS, threshold=0)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"[]", "is not a signed envelope"),
        (b'{"payload":"","payloadType":"t","signatures":[]}', "is not a signed envelope"),
        (b'{"payload":"!","payloadType":"t","signatures":[{"keyid":"%s","sig":""}]}' % (b"0" * 16), "not base64"),
        (b'{"payload":"AB==","payloadType":"t","signatures":[{"keyid":"%s","sig":""}]}' % (b"0" * 16), "not canonical"),
    ],
)
def test_what_is_not_an_envelope_is_refused(data: bytes, why: str) -> None:
    with pytest.raises(FormatError, match=why):
        parse_signed(data, 1000, "thing")


def test_base64_has_one_spelling() -> None:
    assert decode64("AA==", "x") == b"\0"
    with pytest.raises(FormatError, match="x holds base64 that is not canonical"):
        decode64("AB==", "x")


RECEIPT = Receipt("Z90001", 7, "ab" * 32, datetime(2026, 3, 31, 9, 30, tzinfo=UTC))


def test_a_receipt_is_read_again() -> None:
    note = sign_receipt(RECEIPT, "NORTHSIDE", A)
    assert read_receipt(note, "NORTHSIDE", A.public) == RECEIPT


def test_a_receipts_time_is_written_in_utc() -> None:
    summer = Receipt("Z90001", 7, "ab" * 32, datetime(2026, 3, 31, 10, 30, tzinfo=timezone(timedelta(hours=1))))
    assert summer.text == RECEIPT.text


def test_a_receipt_of_another_signer_or_key_is_refused() -> None:
    note = sign_receipt(RECEIPT, "NORTHSIDE", A)
    with pytest.raises(SignatureError, match="note is not signed by SOUTHSIDE"):
        read_receipt(note, "SOUTHSIDE", A.public)
    with pytest.raises(SignatureError, match="note is not signed by NORTHSIDE with key"):
        read_receipt(note, "NORTHSIDE", B.public)


@settings(deadline=None, derandomize=True, max_examples=300)
@given(st.data())
def test_a_receipt_with_any_byte_changed_is_refused(data: st.DataObject) -> None:
    note = bytearray(sign_receipt(RECEIPT, "NORTHSIDE", A))
    at = data.draw(st.integers(0, len(note) - 1))
    note[at] ^= data.draw(st.integers(1, 255))
    with pytest.raises((SignatureError, FormatError), match=r"note|receipt|signature"):
        read_receipt(bytes(note), "NORTHSIDE", A.public)


def test_a_signature_of_somebody_else_may_stand_before_ours() -> None:
    ours, theirs = sign_note("text\n", "a", A), sign_note("text\n", "b", B)
    both = theirs + ours.split(b"\n\n")[1]
    assert open_note(both, "a", A.public) == "text\n"


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"x" * 9000, "note is 9000 bytes"),
        (b"\xff", "not UTF-8"),
        (b"text\n", "no signature"),
        (b"text\n\n\xe2\x80\x94 a AAAA", "no signature"),
        (b"text\n\n- a AAAA\n", "not a signature"),
        ("te\x07xt\n\n— a AAAA\n".encode(), "control character"),
    ],
)
def test_what_is_not_a_note_is_refused(data: bytes, why: str) -> None:
    with pytest.raises(FormatError, match=why):
        open_note(data, "a", A.public)


def test_a_note_is_not_signed_over_text_that_could_be_read_in_two_ways() -> None:
    with pytest.raises(FormatError, match="does not end in a newline"):
        sign_note("text", "a", A)
    with pytest.raises(FormatError, match="signer is not a name"):
        sign_note("text\n", "a b", A)


def test_a_signed_note_that_is_no_receipt_is_refused() -> None:
    with pytest.raises(FormatError, match="is not a gpfed receipt v1"):
        read_receipt(sign_note("text\n", "a", A), "a", A.public)
    with pytest.raises(FormatError, match="receipt is not of the right form"):
        sign_receipt(Receipt("nobody", 7, "ab" * 32, RECEIPT.received_at), "a", A)
    wrong = sign_note(RECEIPT.text.replace("2026-03-31", "2026-02-31"), "a", A)
    with pytest.raises(FormatError, match="a time that does not exist"):
        read_receipt(wrong, "a", A.public)
