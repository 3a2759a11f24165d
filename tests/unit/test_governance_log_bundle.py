"""Bundles and evidence: files that speak for themselves, and `gpfed-audit verify FILE`."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from governance.audit import main
from governance.canonical import to_canonical
from governance.errors import FormatError, NotLoggedError, ProofError, SignatureError
from governance.log_bundle import read_log_bundle, verify_log_bundle, write_log_bundle
from governance.log_evidence import EVIDENCE_TYPE, Evidence, Finding, judge_evidence, write_evidence
from governance.log_policy import practices_policy, write_policy
from governance.note import Receipt, sign_receipt
from governance.signing import Signed, decode64, sign
from tests.log_kit import AT, HUB_KEY, KEYS, LOG, OTHER_KEY, Log, file_digest, log_of, policy, result_entry

FINDER = "Z90001"


# --- bundles ----------------------------------------------------------------------------------------------------------


def test_a_bundle_proves_its_entries_to_somebody_with_no_hub() -> None:
    bundle = read_log_bundle(write_log_bundle(log_of(9).bundle([1, 4, 8])))
    found = verify_log_bundle(bundle, policy())
    assert (found.exit_code, found.size, found.cosigners) == (0, 9, ("Z90001", "Z90002", "Z90003"))
    assert [entry.facts["sequence"] for entry in found.entries] == [2, 5, 9]
    assert not found.is_whole


def test_a_bundle_of_every_entry_says_that_it_is_all() -> None:
    assert verify_log_bundle(log_of(9).bundle(range(9)), policy()).is_whole
    assert not verify_log_bundle(log_of(9).bundle(range(8)), policy()).is_whole


def test_keys_of_the_bundle_itself_are_said_to_be_such() -> None:
    found = verify_log_bundle(log_of(3).bundle([1]), None)
    assert found.exit_code == 3
    assert found.missing == ("keys: they are the bundle's own; give the policy that you trust",)


def test_too_few_witnesses_are_missing() -> None:
    found = verify_log_bundle(log_of(3).bundle([1], cosigners=()), policy())
    assert (found.exit_code, found.cosigners) == (3, ())
    assert found.missing == ("witnesses: the checkpoint of 3 entries has no quorum",)


def test_another_log_than_the_trusted_one_is_refused() -> None:
    other = practices_policy(dataclasses.replace(LOG, key=OTHER_KEY.public), {})
    with pytest.raises(NotLoggedError, match="is not in the trusted policy"):
        verify_log_bundle(log_of(3).bundle([1]), other)


@pytest.mark.parametrize(
    ("alter", "why"),
    [
        (lambda one: {"entry": one["entry"].replace('"sequence":5', '"sequence":6')}, "entry 4 is not in the log"),
        (lambda one: {"index": 5}, "entry 5"),
        (lambda one: {"hashes": one["hashes"][:-1]}, "ends before the root"),
        (lambda one: {"salts": {"file": "00" * 32}}, "does not commit to the file"),
        (lambda one: {"opened": {"file": file_digest(77)}}, "does not commit to the file"),
        (lambda one: {"entry": "no entry"}, "is not in the log"),
    ],
)
def test_an_altered_entry_is_broken(alter: Callable[[dict[str, object]], dict[str, object]], why: str) -> None:
    value = json.loads(write_log_bundle(log_of(9).bundle([1, 4, 8])))
    value["entries"][1] |= alter(value["entries"][1])
    found = verify_log_bundle(read_log_bundle(json.dumps(value).encode()), policy())
    assert found.exit_code == 1
    assert why in found.broken[0]
    assert len(found.entries) == 2


def test_entries_out_of_order_are_broken() -> None:
    found = verify_log_bundle(log_of(9).bundle([4, 1]), policy())
    assert "entry 1: it stands after entry 4" in found.broken


def test_a_back_dated_entry_is_broken() -> None:
    log = Log([result_entry(1), result_entry(2, at=AT - timedelta(days=30))])
    found = verify_log_bundle(log.bundle([0, 1]), policy())
    assert found.broken == ("entry 1: it says it was written before entry 0",)


def test_every_byte_of_a_bundle_matters() -> None:
    data = write_log_bundle(log_of(3).bundle([0, 1, 2]))
    title = data.index(b'"title"')
    good = verify_log_bundle(read_log_bundle(data), policy()).entries
    policy_text = range(data.index(b'"policy"'), data.index(b'"schema"'))  # the maker's; the trusted one was given
    for at in range(title):
        altered = bytes([*data[:at], data[at] ^ 1, *data[at + 1 :]])
        try:
            found = verify_log_bundle(read_log_bundle(altered), policy())
        except (FormatError, SignatureError, NotLoggedError, ProofError):
            continue
        assert found.exit_code or at in policy_text, data[at - 20 : at + 20]
        assert found.exit_code or found.entries == good


# --- evidence ---------------------------------------------------------------------------------------------------------


def other_log() -> Log:
    return Log([result_entry(number + 1) for number in range(1, 8)])


def receipt(number: int = 3, practice: str = FINDER) -> bytes:
    return sign_receipt(Receipt(practice, number, file_digest(number), AT), "NORTHSIDE", HUB_KEY)


def evidence(finding: Finding, **parts: object) -> Evidence:
    return Evidence(finding, LOG, FINDER, AT + timedelta(days=9), **parts)  # type: ignore[arg-type]


def back_dated() -> Log:
    return Log([result_entry(1), result_entry(2, at=AT - timedelta(days=30))])


HOLDS = {
    Finding.FORK: lambda: {"notes": (log_of(7).note(), other_log().note())},
    Finding.EDITED: lambda: {"proofs": (log_of(7).proof(2), other_log().proof(2))},
    Finding.BACK_DATED: lambda: {"proofs": (back_dated().proof(0), back_dated().proof(1))},
    Finding.NOT_CONTINUED: lambda: {
        "notes": (log_of(5).note(), other_log().note()),
        "hashes": other_log().tree.consistency(5).hashes,
    },
    Finding.ROLLED_BACK: lambda: {"notes": (log_of(7).note(), log_of(5).note())},
    Finding.OMITTED: lambda: {"receipt": receipt()},
    Finding.FALSE_ENTRY: lambda: {"receipt": receipt(), "proofs": (other_log().proof(2),)},
}
HOLDS_NOT = {
    Finding.FORK: ({"notes": (log_of(7).note(), log_of(7).note())}, "no fork"),
    Finding.EDITED: ({"proofs": (log_of(7).proof(2), log_of(7).proof(2))}, "no edit"),
    Finding.BACK_DATED: ({"proofs": (log_of(7).proof(1), log_of(7).proof(2))}, "no back-dating"),
    Finding.NOT_CONTINUED: (
        {"notes": (log_of(5).note(), log_of(7).note()), "hashes": log_of(7).tree.consistency(5).hashes},
        "no break: the log of 7 continues",
    ),
    Finding.ROLLED_BACK: ({"notes": (log_of(5).note(), log_of(7).note())}, "no roll-back"),
    Finding.OMITTED: (
        {"receipt": sign_receipt(Receipt(FINDER, 3, file_digest(3), AT + timedelta(days=9)), "NORTHSIDE", HUB_KEY)},
        "no omission",
    ),
    Finding.FALSE_ENTRY: ({"receipt": receipt(), "proofs": (log_of(7).proof(2),)}, "no false entry"),
}


@pytest.mark.parametrize("finding", Finding)
def test_evidence_speaks_for_itself(finding: Finding) -> None:
    made = evidence(finding, **HOLDS[finding]())
    judged = judge_evidence(write_evidence(made, KEYS[FINDER]))
    assert judged.evidence == made
    assert judged.is_proved == (finding in {Finding.FORK, Finding.EDITED, Finding.BACK_DATED})


@pytest.mark.parametrize("finding", Finding)
def test_nobody_is_accused_by_evidence_that_shows_nothing(finding: Finding) -> None:
    parts, why = HOLDS_NOT[finding]
    with pytest.raises(ProofError, match=why):
        judge_evidence(write_evidence(evidence(finding, **parts), KEYS[FINDER]))


@pytest.mark.parametrize("finding", Finding)
def test_evidence_needs_its_parts(finding: Finding) -> None:
    with pytest.raises((ProofError, FormatError), match=r"expected|no signature"):
        judge_evidence(write_evidence(evidence(finding), KEYS[FINDER]))


def test_what_the_hub_did_not_sign_is_no_evidence() -> None:
    forged = Log([result_entry(number + 1) for number in range(1, 8)], key=OTHER_KEY)
    with pytest.raises(SignatureError, match="not signed by NORTHSIDE/log"):
        judge_evidence(write_evidence(evidence(Finding.FORK, notes=(log_of(7).note(), forged.note())), KEYS[FINDER]))
    proofs = (log_of(7).proof(2), forged.proof(2))
    with pytest.raises(SignatureError, match="not signed by NORTHSIDE/log"):
        judge_evidence(write_evidence(evidence(Finding.EDITED, proofs=proofs), KEYS[FINDER]))


def test_evidence_altered_on_its_way_is_refused() -> None:
    made = json.loads(write_evidence(evidence(Finding.FORK, **HOLDS[Finding.FORK]()), KEYS[FINDER]))
    body = decode64(made["payload"], "payload").replace(b"Z90001", b"Z90002")
    signature = made["signatures"][0]
    altered = Signed(made["payloadType"], body, ())
    made |= json.loads(altered.to_bytes()) | {"signatures": [signature]}
    with pytest.raises(SignatureError, match="is signed by 0"):
        judge_evidence(json.dumps(made).encode())


def test_somebody_elses_receipt_is_no_evidence() -> None:
    with pytest.raises(ProofError, match="has a receipt of Z90002"):
        judge_evidence(write_evidence(evidence(Finding.OMITTED, receipt=receipt(practice="Z90002")), KEYS[FINDER]))


@pytest.mark.parametrize(("at", "why"), [("yesterday", "does not exist"), ("2026-03-31T09:30:00", "without its zone")])
def test_evidence_says_when(at: str, why: str) -> None:
    made = json.loads(write_evidence(evidence(Finding.FORK, **HOLDS[Finding.FORK]()), KEYS[FINDER]))
    body = json.loads(decode64(made["payload"], "payload")) | {"at": at}
    with pytest.raises(FormatError, match=why):
        judge_evidence(sign(EVIDENCE_TYPE, to_canonical(body), [KEYS[FINDER]]).to_bytes())


# --- the command ------------------------------------------------------------------------------------------------------


@pytest.fixture
def trusted(tmp_path: Path) -> Path:
    path = tmp_path / "log-policy.txt"
    path.write_bytes(write_policy(policy()))
    return path


def test_a_bundle_is_verified_offline(tmp_path: Path, trusted: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "march.bundle"
    path.write_bytes(write_log_bundle(log_of(3).bundle([1])))
    assert main(["verify", str(path), "--policy", str(trusted)]) == 0
    told = capsys.readouterr().out
    assert "result_received      Z90001   agreement heart-health, reference_date 2026-03-31, sequence 2" in told
    assert "1 entries of a log of 3, cosigned by Z90001, Z90002, Z90003" in told
    assert main(["verify", str(path)]) == 3


def test_evidence_is_verified_offline(tmp_path: Path, trusted: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "fork.evidence"
    path.write_bytes(write_evidence(evidence(Finding.FORK, **HOLDS[Finding.FORK]()), KEYS[FINDER]))
    assert main(["verify", str(path)]) == 3
    capsys.readouterr()
    assert main(["verify", str(path), "--policy", str(trusted), "--json"]) == 0
    assert "two different logs of 7 entries (proved by the hub's own" in json.loads(capsys.readouterr().out)["shows"]


def test_a_statement_counts_as_its_practices(tmp_path: Path, trusted: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "rolled-back.evidence"
    path.write_bytes(write_evidence(evidence(Finding.ROLLED_BACK, **HOLDS[Finding.ROLLED_BACK]()), OTHER_KEY))
    assert main(["verify", str(path), "--policy", str(trusted)]) == 1
    assert "not signed by the key of practice Z90001 that is trusted" in capsys.readouterr().err


def test_evidence_against_another_key_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, other = tmp_path / "fork.evidence", tmp_path / "policy"
    path.write_bytes(write_evidence(evidence(Finding.FORK, **HOLDS[Finding.FORK]()), KEYS[FINDER]))
    other.write_bytes(write_policy(practices_policy(dataclasses.replace(LOG, key=OTHER_KEY.public), {})))
    assert main(["verify", str(path), "--policy", str(other)]) == 1
    assert "against another key of log NORTHSIDE/log" in capsys.readouterr().err


def test_another_file_is_neither(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "other.json"
    path.write_bytes(b"{}")
    assert main(["verify", str(path)]) == 1
    assert "other.json is neither a bundle nor evidence" in capsys.readouterr().err
