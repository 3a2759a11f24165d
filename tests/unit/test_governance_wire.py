from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from governance.code_text import from_groups, to_groups
from governance.enrolment import (
    EnrolmentCode,
    EnrolmentReply,
    EnrolmentRequest,
    read_reply,
    read_request,
    sign_request,
    write_reply,
)
from governance.errors import FormatError, SignatureError, TrustError
from governance.wire import (
    AgreementDecision,
    FileKind,
    PracticeIdentity,
    check_upload,
    file_digest,
    iso_date,
    parse_upload_name,
    read_acceptance,
    receipt_name,
    sign_acceptance,
    upload_name,
)
from tests.governance_kit import PRACTICE_KEY, acceptance, signing_key

ROOT = b'{"signed":{}}'
CODE = EnrolmentCode("hub.example.org", 2222, "Z90001", "ab" * 16, "cd" * 32, file_digest(ROOT))
SSH_KEY = "ssh-ed25519 " + "A" * 68
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


@settings(deadline=None, derandomize=True)
@given(st.binary(max_size=200))
def test_any_bytes_come_back_from_their_text(data: bytes) -> None:
    text = to_groups(data)
    assert from_groups(text) == data
    assert from_groups(text.lower().replace("-", " ").replace("0", "o").replace("1", "l")) == data


def test_a_code_is_read_again_from_its_text_however_it_is_broken_into_lines() -> None:
    assert EnrolmentCode.parse(CODE.text) == CODE
    assert EnrolmentCode.parse("  " + CODE.text.lower().replace("-", " -\n", 20)) == CODE


@settings(deadline=None, derandomize=True, max_examples=500)
@given(st.data())
def test_any_mistyped_character_of_a_code_is_found_and_its_group_named(data: st.DataObject) -> None:
    text = CODE.text
    at = data.draw(st.sampled_from([place for place in range(5, len(text)) if text[place] != "-"]))
    wrong = data.draw(st.sampled_from([one for one in ALPHABET if one != text[at]]))
    with pytest.raises(FormatError, match="mistyped character in group") as refused:
        EnrolmentCode.parse(text[:at] + wrong + text[at + 1 :])
    assert refused.value.message.endswith(f"group {(at - 5) // 9 + 1}")


def test_every_single_mistyped_character_of_one_group_is_found() -> None:
    text = CODE.text[5:13]
    for at in range(8):
        for wrong in set(ALPHABET) - {text[at]}:
            with pytest.raises(FormatError, match="mistyped character in group 1"):
                from_groups(text[:at] + wrong + text[at + 1 :] + CODE.text[13:])


@settings(deadline=None, derandomize=True)
@given(st.integers(0, 24), st.integers(0, 24))
def test_two_groups_in_each_others_place_are_found(one: int, other: int) -> None:
    groups = CODE.text[5:].split("-")
    if one == other:
        return
    groups[one], groups[other] = groups[other], groups[one]
    with pytest.raises(FormatError, match="mistyped"):
        from_groups("-".join(groups))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("hello", "does not begin with GPF1-"),
        ("GPF1-" + "0" * 2000, "does not begin with GPF1-"),
        ("GPF1-", "0 characters, expected whole groups"),
        ("GPF1-ABC", "3 characters, expected whole groups"),
        ("GPF1-ABCDEFGU", "a character that codes never use in group 1"),
        ("GPF1-" + to_groups(b"short"), "too short"),
        (CODE.text[:-9], "does not check as a whole"),
        (CODE.text + "-" + "0" * 8, "mistyped|as a whole"),
    ],
)
def test_what_is_not_a_code_is_refused(text: str, why: str) -> None:
    with pytest.raises(FormatError, match=why):
        EnrolmentCode.parse(text)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"practice": "nobody"}, "practice code is not"),
        ({"host": "a b"}, "host is not a name"),
        ({"port": 0}, "port is 0, expected 1 to 65535"),
        ({"secret": "zz" * 16}, "not 32 hex digits"),
        ({"root_sha256": "ab"}, "not 64 hex digits"),
    ],
)
def test_a_code_is_checked_when_it_is_made(change: dict[str, object], why: str) -> None:
    with pytest.raises(FormatError, match=why):
        replace(CODE, **change)  # type: ignore[arg-type]


def test_secrets_differ() -> None:
    assert EnrolmentCode.new_secret() != EnrolmentCode.new_secret()
    assert replace(CODE, secret=EnrolmentCode.new_secret()).text != CODE.text


REQUEST = EnrolmentRequest("Z90001", SSH_KEY, PRACTICE_KEY.public)


def test_a_request_shows_that_its_sender_holds_the_key_it_brings() -> None:
    assert read_request(sign_request(REQUEST, PRACTICE_KEY)) == REQUEST
    with pytest.raises(SignatureError, match="signed by 0 of the keys that may"):
        read_request(sign_request(REQUEST, signing_key("thief")))


def test_a_request_with_another_kind_of_ssh_key_is_refused() -> None:
    with pytest.raises(FormatError, match="enrolment request: ssh_public_key"):
        sign_request(replace(REQUEST, ssh_public_key="ssh-rsa " + "A" * 68), PRACTICE_KEY)


def test_a_reply_is_believed_because_of_the_code() -> None:
    assert read_reply(write_reply(EnrolmentReply("Z90001", ROOT)), CODE) == EnrolmentReply("Z90001", ROOT)
    with pytest.raises(TrustError, match="root is not the one that the code names"):
        read_reply(write_reply(EnrolmentReply("Z90001", b"{}")), CODE)
    with pytest.raises(TrustError, match="account is Z90002, expected Z90001"):
        read_reply(write_reply(EnrolmentReply("Z90002", ROOT)), CODE)


def test_an_upload_is_named_after_its_place_kind_and_bytes() -> None:
    name = upload_name(7, FileKind.RESULT, b"data")
    assert name == "00000007-result-3a6eb0790f39ac87.gpfed"
    assert check_upload(name, b"data") == parse_upload_name(name)
    assert str(parse_upload_name(name)) == name
    with pytest.raises(FormatError, match="its digest differs"):
        check_upload(name, b"date")
    long = b"x" * 20_000
    with pytest.raises(FormatError, match="acceptance is 20000 bytes, at most 16384"):
        check_upload(upload_name(7, FileKind.ACCEPTANCE, long), long)


@pytest.mark.parametrize(
    "name",
    [
        "00000000-result-3a6eb0790f39ac87.gpfed",
        "0000001-result-3a6eb0790f39ac87.gpfed",
        "00000001-list-3a6eb0790f39ac87.gpfed",
        "00000001-result-3A6EB0790F39AC87.gpfed",
        "00000001-result-3a6eb0790f39ac87.gpfed\n",
        "../00000001-result-3a6eb0790f39ac87.gpfed",
        "٠٠٠٠٠٠٠١-result-3a6eb0790f39ac87.gpfed",
    ],
)
def test_any_other_name_is_refused(name: str) -> None:
    with pytest.raises(FormatError, match="file name is not"):
        parse_upload_name(name)


def test_receipts_are_named_after_their_message() -> None:
    assert receipt_name(7) == "00000007.receipt"
    with pytest.raises(FormatError, match="sequence is 0, expected 1 to"):
        receipt_name(0)


def test_a_practice_is_known_by_a_code_that_can_be_a_folder() -> None:
    with pytest.raises(FormatError, match="practice code is not a letter"):
        PracticeIdentity("../up", PRACTICE_KEY.public)


def test_an_acceptance_is_read_again_and_holds_for_its_key_only() -> None:
    data = sign_acceptance(acceptance(), PRACTICE_KEY)
    assert read_acceptance(data, PRACTICE_KEY.public) == acceptance()
    with pytest.raises(SignatureError, match="signed by 0"):
        read_acceptance(data, signing_key("thief").public)


def test_an_acceptance_that_could_not_be_read_is_not_signed() -> None:
    with pytest.raises(FormatError, match="acceptance: sequence"):
        sign_acceptance(acceptance(sequence=0), PRACTICE_KEY)
    assert acceptance(decision=AgreementDecision.DECLINE).decision == "decline"


def test_a_day_that_does_not_exist_is_refused() -> None:
    with pytest.raises(FormatError, match="thing holds a date that does not exist"):
        iso_date("2026-02-30", "thing")
