"""The log's texts: checkpoints, cosignatures, policy, entries and proofs; C2SP's formats, and what is refused."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
from datetime import timedelta

import pytest

from governance.checkpoint import Checkpoint, LogKey, read_checkpoint, sign_checkpoint
from governance.cosignature import cosign, cosignatures, read_cosignature, with_cosignatures
from governance.errors import FormatError, NotLoggedError, ProofError, SignatureError
from governance.keys import SigningKey, VerifyKey
from governance.log_entry import FACTS, Kind, LogEntry, commitment, read_entry, salt_of, write_entry
from governance.log_policy import practices_policy, read_policy, witnessed, write_policy
from governance.log_proof import Offer, check_offer, check_shown, read_offer, read_proof, write_offer
from governance.merkle_proof import EMPTY_ROOT
from governance.note import (
    COSIGNATURE,
    ED25519,
    key_hash,
    open_note,
    read_verifier_key,
    sign_note,
    signature_line,
    verifier_key,
)
from tests.log_kit import AT, CODES, HUB_KEY, KEYS, LOG, OTHER_KEY, Log, file_digest, log_of, policy, result_entry

# The example of C2SP signed-note, "Verifier keys".
C2SP_KEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
C2SP_NOTE = (
    "This is an example message.\n\n— example.com/foo "
    "Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n"
)


def public(codes: tuple[str, ...] = CODES) -> dict[str, VerifyKey]:
    return {code: KEYS[code].public for code in codes}


# --- notes and checkpoints --------------------------------------------------------------------------------------------


def test_a_verifier_key_of_others_opens_their_note() -> None:
    name, key = read_verifier_key(C2SP_KEY, ED25519)
    assert open_note(C2SP_NOTE.encode(), name, key) == "This is an example message.\n"
    assert verifier_key(name, key) == C2SP_KEY


@pytest.mark.parametrize("text", ["", "x", C2SP_KEY.replace("530d", "530e"), C2SP_KEY.replace("/foo", "/bar")])
def test_what_is_not_a_verifier_key_is_refused(text: str) -> None:
    with pytest.raises(FormatError, match=r"key is|verifier key|signer is not a name"):
        read_verifier_key(text, ED25519)


def test_a_key_of_another_type_is_refused() -> None:
    with pytest.raises(FormatError, match="not of the right type"):
        read_verifier_key(C2SP_KEY, COSIGNATURE)


def test_a_checkpoint_is_three_signed_lines() -> None:
    log = log_of(3)
    text = f"NORTHSIDE/log\n3\n{base64.b64encode(log.tree.root()).decode()}\n"
    assert log.note().decode().startswith(f"{text}\n— NORTHSIDE/log ")
    assert read_checkpoint(log.note(), LOG).checkpoint == Checkpoint(LOG.origin, 3, log.tree.root())


def test_a_checkpoint_is_the_logs_own() -> None:
    with pytest.raises(SignatureError, match="not signed by NORTHSIDE/log"):
        read_checkpoint(Log(key=OTHER_KEY).note(), LOG)
    with pytest.raises(SignatureError, match="not signed by SOUTHSIDE/log"):
        read_checkpoint(log_of(1).note(), LogKey("SOUTHSIDE/log", LOG.key))
    altered = log_of(2).note().replace(b"\n2\n", b"\n3\n")
    with pytest.raises(SignatureError, match="not by key"):
        read_checkpoint(altered, LOG)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("NORTHSIDE/log\n1\n" + "A" * 43 + "=\nmore\n", "not a checkpoint of three lines"),
        ("NORTHSIDE/log\n01\n" + "A" * 43 + "=\n", "not a checkpoint of three lines"),
        ("NORTHSIDE/log\n-1\n" + "A" * 43 + "=\n", "not a checkpoint of three lines"),
        ("NORTHSIDE/log\n1\n" + "A" * 42 + "B=\n", "not canonical"),
        ("SOUTHSIDE/log\n1\n" + "A" * 43 + "=\n", "of log SOUTHSIDE/log, expected NORTHSIDE/log"),
        ("NORTHSIDE/log\n0\n" + "A" * 43 + "=\n", "another root than the empty log's"),
        ("gpfed receipt v1\npractice Z90001\n", "not a checkpoint of three lines"),
    ],
)
def test_what_else_the_log_signed_is_no_checkpoint(text: str, why: str) -> None:
    with pytest.raises(FormatError, match=why):
        read_checkpoint(sign_note(text, LOG.origin, HUB_KEY), LOG)


def test_an_empty_log_has_a_checkpoint() -> None:
    assert read_checkpoint(Log().note(), LOG).root == EMPTY_ROOT
    with pytest.raises(FormatError, match="another root"):
        sign_checkpoint(Checkpoint(LOG.origin, 0, bytes(32)), HUB_KEY)


# --- cosignatures -----------------------------------------------------------------------------------------------------


def test_a_cosignature_signs_what_c2sp_says() -> None:
    checkpoint = Checkpoint(LOG.origin, 0, EMPTY_ROOT)
    key = KEYS["Z90001"]
    line = cosign(checkpoint.text, "Z90001", key, AT).decode()
    blob = base64.b64decode(line.split(" ")[2])
    seconds = int(AT.timestamp())
    assert blob[:4] == hashlib.sha256(b"Z90001\n\x04" + key.public.raw).digest()[:4]
    assert blob[4:12] == seconds.to_bytes(8, "big")
    key.public.verify(blob[12:], f"cosignature/v1\ntime {seconds}\n{checkpoint.text}".encode())
    assert line.startswith("— Z90001 ")
    assert line.endswith("\n")


def test_known_witnesses_are_counted_once_with_their_latest_word() -> None:
    log = log_of(4)
    signed = read_checkpoint(log.note(cosigners=("Z90001", "Z90002")), LOG)
    later = cosign(signed.checkpoint.text, "Z90001", KEYS["Z90001"], AT + timedelta(hours=1))
    signed = dataclasses.replace(signed, note=with_cosignatures(signed, (later,)))
    found = {one.name: one.at for one in cosignatures(signed, public())}
    assert found == {"Z90001": AT + timedelta(hours=1), "Z90002": AT}
    assert cosignatures(signed, {}) == ()


def test_a_forged_cosignature_refuses_the_note() -> None:
    log = log_of(4)
    signed = read_checkpoint(log.note(), LOG)
    other = cosign(read_checkpoint(log_of(3).note(), LOG).checkpoint.text, "Z90001", KEYS["Z90001"], AT)
    forged = dataclasses.replace(signed, note=with_cosignatures(signed, (other,)))
    with pytest.raises(SignatureError, match="of Z90001 is not over this checkpoint"):
        cosignatures(forged, public())


def test_a_witness_answers_with_one_line_of_its_own() -> None:
    signed = read_checkpoint(log_of(4).note(), LOG)
    line = cosign(signed.checkpoint.text, "Z90001", KEYS["Z90001"], AT)
    witness = ("Z90001", KEYS["Z90001"].public)
    assert read_cosignature(line, signed, witness).at == AT
    with pytest.raises(FormatError, match="not one line of Z90001"):
        read_cosignature(line + line, signed, witness)
    with pytest.raises(FormatError, match="not one line of Z90002"):
        read_cosignature(line, signed, ("Z90002", KEYS["Z90002"].public))
    with pytest.raises(FormatError, match="at most 512 are read"):
        read_cosignature(line * 9, signed, witness)
    with pytest.raises(SignatureError, match="not over this checkpoint"):
        read_cosignature(line, read_checkpoint(log_of(5).note(), LOG), witness)


# --- policy -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("practices", "needed"), [(0, 0), (1, 0), (2, 1), (3, 2), (4, 3), (5, 3)])
def test_three_at_most_are_needed_and_all_but_one(practices: int, needed: int) -> None:
    made = policy(CODES[:practices])
    assert made.is_reached(CODES[:needed])
    assert not needed or not made.is_reached(CODES[: needed - 1])
    assert read_policy(write_policy(made)) == made


def test_where_somebody_oversees_he_must_have_cosigned() -> None:
    made = practices_policy(LOG, public(), {"lmc": OTHER_KEY.public})
    assert not made.is_reached(CODES)
    assert made.is_reached((*CODES[:3], "lmc"))
    assert not made.is_reached((*CODES[:2], "lmc"))
    assert read_policy(write_policy(made)) == made


def test_a_policy_of_others_is_read() -> None:
    keys = [verifier_key(code, KEYS[code].public, COSIGNATURE) for code in CODES]
    text = (
        f"# by hand\nlog {verifier_key(LOG.origin, LOG.key)} https://log.example/\n\n"
        f"witness X1 {keys[0]}\n\twitness X2 {keys[1]} https://w.example\nwitness Y1  {keys[2]}\n"
        "group X any X1 X2\ngroup all-of-them all X Y1\nquorum all-of-them\n"
    )
    made = read_policy(text.encode())
    assert made.is_reached(("Z90002", "Z90003"))
    assert not made.is_reached(("Z90001", "Z90002"))


_W = [f"witness {code} {verifier_key(code, KEYS[code].public, COSIGNATURE)}" for code in CODES]


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        ([""], "no quorum"),
        (["quorum A"], "line 1 names A, which is not defined"),
        ([_W[0], _W[0], "quorum none"], "line 2 defines Z90001 a second time"),
        ([_W[0], _W[0].replace("Z90001 ", "other ", 1), "quorum none"], "line 2 gives one key to two witnesses"),
        ([_W[0], "group g 2 Z90001", "quorum g"], "line 2 needs 2 of 1"),
        ([_W[0], "group g 0 Z90001", "quorum g"], "line 2 needs 0 of 1"),
        ([_W[0], "group g any Z90001 Z90001", "quorum g"], "line 2 counts Z90001 a second time"),
        ([_W[0], "group none any Z90001", "quorum none"], "line 2 defines none a second time"),
        ([_W[0], "group g any none", "quorum g"], "line 2 names none"),
        ([_W[0], "group g any", "quorum g"], "line 2 is not"),
        (["quorum none", "quorum none"], "line 2 is not"),
        (["quorum none", "other x"], "line 2 is not"),
        (["quorum none\r"], "control character"),
    ],
)
def test_a_policy_that_is_not_clear_is_refused(lines: list[str], why: str) -> None:
    with pytest.raises(FormatError, match=why):
        read_policy("".join(f"{line}\n" for line in lines).encode())


def test_a_checkpoint_counts_once_enough_have_cosigned() -> None:
    log = log_of(4)
    with pytest.raises(NotLoggedError, match="cosigned by 2 witnesses, which is no quorum"):
        witnessed(log.note(cosigners=CODES[:2]), policy(), LOG)
    assert [one.name for one in witnessed(log.note(cosigners=CODES[1:4]), policy(), LOG).cosigners] == list(CODES[1:4])
    with pytest.raises(NotLoggedError, match="does not name log NORTHSIDE/log"):
        witnessed(log.note(), policy(), LogKey(LOG.origin, OTHER_KEY.public))


def test_a_quorum_is_as_old_as_its_last_needed_word() -> None:
    signed = read_checkpoint(log_of(4).note(), LOG)
    times = {code: AT + timedelta(days=number) for number, code in enumerate(CODES)}
    lines = tuple(cosign(signed.checkpoint.text, code, KEYS[code], at) for code, at in times.items())
    assert witnessed(with_cosignatures(signed, lines), policy(), LOG).at == AT + timedelta(days=2)
    assert witnessed(log_of(4).note(), policy(CODES[:1]), LOG).at is None


def test_a_policy_is_read_within_limits() -> None:
    with pytest.raises(FormatError, match="at most 4194304 are read"):
        read_policy(b"#" * (4 * 1024 * 1024 + 1))
    with pytest.raises(FormatError, match="not UTF-8"):
        read_policy(b"quorum \xff\n")
    log = f"log {verifier_key(LOG.origin, LOG.key)}\n"
    with pytest.raises(FormatError, match="line 2 names a log twice"):
        read_policy(f"{log}{log}quorum none\n".encode())


def test_a_cosignature_has_a_time_that_exists() -> None:
    signed = read_checkpoint(log_of(1).note(), LOG)
    key, seconds = KEYS["Z90001"], 2**62
    text = f"cosignature/v1\ntime {seconds}\n{signed.checkpoint.text}".encode()
    good = key_hash("Z90001", key.public, COSIGNATURE)
    with pytest.raises(FormatError, match="of Z90001 holds a time that does not exist"):
        read_cosignature(
            signature_line("Z90001", good, seconds.to_bytes(8) + key.sign(text)), signed, ("Z90001", key.public)
        )
    with pytest.raises(FormatError, match="of Z90001 is not a time and a signature"):
        read_cosignature(signature_line("Z90001", good, b"short"), signed, ("Z90001", key.public))


def test_an_earlier_word_beside_a_later_one_and_a_full_note() -> None:
    signed = read_checkpoint(log_of(4).note(), LOG)
    words = [cosign(signed.checkpoint.text, "Z90001", KEYS["Z90001"], AT - timedelta(hours=hour)) for hour in range(99)]
    note = with_cosignatures(signed, tuple(words))
    assert len(note) <= 8192
    assert note.count(b"Z90001") < 99
    assert [one.at for one in cosignatures(dataclasses.replace(signed, note=note), public())] == [AT]


def test_a_checkpoint_is_made_of_a_size_and_a_root() -> None:
    with pytest.raises(FormatError, match="not a size and a root"):
        sign_checkpoint(Checkpoint(LOG.origin, 1, b"short"), HUB_KEY)


# --- entries ----------------------------------------------------------------------------------------------------------


def test_an_entry_is_read_as_it_was_written() -> None:
    for kind in Kind:
        facts = {name: 3 if name in {"version", "sequence", "searches"} else "x" for name in FACTS[kind]}
        entry = LogEntry(kind, AT, "Z90001", facts, {})
        assert read_entry(write_entry(entry)) == entry


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"facts": {"met": 37}}, "result_received may not hold met"),
        ({"committed": {"figures": "ab" * 32}}, "result_received may not hold figures"),
        ({"facts": {"agreement": "a\nb"}}, "facts.agreement"),
        ({"practice": "elm street"}, "practice"),
        ({"committed": {"file": "short"}}, "committed.file"),
    ],
)
def test_an_entry_holds_nothing_else(changes: dict[str, object], why: str) -> None:
    with pytest.raises(FormatError, match=why):
        result_entry(1, **changes)


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        (b'"schema":1', b'"schema":2', "schema"),
        (b"result_received", b"result_invented", "unknown kind result_invented"),
        (b'"schema":1', b'"schema": 1', "not canonical"),
        (b"2026-03-31T", b"2026-02-31T", "a time that does not exist"),
    ],
)
def test_what_is_not_an_entry_is_refused(old: bytes, new: bytes, why: str) -> None:
    with pytest.raises(FormatError, match=why):
        read_entry(result_entry(1).replace(old, new))


def test_a_commitment_is_opened_by_its_own_salt_alone() -> None:
    digest, secret = file_digest(1), b"s" * 32
    made = commitment(salt_of(secret, "file"), "file", digest)
    assert made != digest
    assert made != commitment(salt_of(secret, "restates"), "file", digest)
    assert made != commitment(salt_of(b"t" * 32, "file"), "file", digest)
    with pytest.raises(FormatError, match="a salt of 32 bytes"):
        commitment(b"", "file", digest)


# --- what is served to practices --------------------------------------------------------------------------------------


def test_a_witness_believes_a_log_that_goes_on() -> None:
    log = log_of(7)
    for old in range(8):
        offer = read_offer(log.offer(old))
        seen = (old, log.tree.root(old))
        check_offer(offer, read_checkpoint(offer.note, LOG), seen)


def test_a_witness_does_not_believe_another_log() -> None:
    log, other = log_of(7), Log([result_entry(number + 1) for number in range(1, 8)])
    offer = read_offer(other.offer(5))
    signed = read_checkpoint(offer.note, LOG)
    with pytest.raises(ProofError, match="not about the log of 5 with this root"):
        check_offer(offer, signed, (5, log.tree.root(5)))
    with pytest.raises(ProofError, match="begins at a log of 5, seen was one of 4"):
        check_offer(offer, signed, (4, log.tree.root(4)))
    with pytest.raises(ProofError, match="log of 3 cannot continue one of 5"):
        check_offer(Offer(5, (), log.note(3)), read_checkpoint(log.note(3), LOG), (5, log.tree.root(5)))


def test_every_byte_of_an_offer_matters() -> None:
    log = log_of(6)
    data, seen = log.offer(3), (3, log.tree.root(3))
    for at in range(len(data)):
        altered = bytes([*data[:at], data[at] ^ 1, *data[at + 1 :]])
        with pytest.raises((FormatError, SignatureError, ProofError)):  # noqa: PT012 - any of the three steps
            offer = read_offer(altered)
            check_offer(offer, read_checkpoint(offer.note, LOG), seen)
    for data_ in (b"", data[:-1], data[1:], data.replace(b"old 3", b"old 03"), data.replace(b"\n\n", b"\n", 1)):
        with pytest.raises((FormatError, SignatureError, ProofError)):  # noqa: PT012
            offer = read_offer(data_)
            check_offer(offer, read_checkpoint(offer.note, LOG), seen)


def test_a_proof_has_the_form_of_c2sp() -> None:
    log = log_of(3)
    lines = log.proof(1).decode().split("\n")
    assert lines[0] == "c2sp.org/tlog-proof@v1"
    assert lines[1].startswith("extra ")
    assert lines[2] == "index 1"
    assert lines[5:8] == ["", "NORTHSIDE/log", "3"]


def test_an_entry_is_believed_under_a_signed_checkpoint() -> None:
    shown = read_proof(log_of(5).proof(2))
    entry = check_shown(shown, read_checkpoint(shown.note, LOG))
    assert entry.facts["sequence"] == 3
    assert shown.opens("file", file_digest(3))
    assert not shown.opens("file", file_digest(4))
    assert not shown.opens("certificate", file_digest(3))


def test_every_byte_of_a_proof_matters() -> None:
    data = log_of(5).proof(2)
    good = read_proof(data).leaf
    for at in range(len(data)):
        altered = bytes([*data[:at], data[at] ^ 1, *data[at + 1 :]])
        try:
            shown = read_proof(altered)
            check_shown(shown, read_checkpoint(shown.note, LOG))
        except (FormatError, SignatureError, ProofError):
            continue
        # What is left unsigned is a salt, which opens a commitment or does not.
        assert shown.leaf == good
        assert not shown.opens("file", file_digest(3))


def test_a_proof_is_not_read_beyond_its_limit() -> None:
    with pytest.raises(FormatError, match="at most 40960 are read"):
        read_proof(b"x" * 50_000)
    offer = Offer(1, (bytes(32),) * 64, log_of(2).note())
    with pytest.raises(FormatError, match="offer has 64 hashes, at most 63"):
        read_offer(write_offer(offer))


def test_keys_of_the_kit_are_apart() -> None:
    assert len({key.raw for key in KEYS.values()} | {HUB_KEY.raw, OTHER_KEY.raw, SigningKey.generate().raw}) == 8
