"""Golden vectors: every format on the wire, as other languages could check it."""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from governance.diary_chain import verify_lines
from governance.enrolment import EnrolmentCode
from governance.keys import SealingKey, VerifyKey
from governance.note import read_receipt
from governance.payload import write_payload
from governance.sealing import open_sealed, padded_length, read_header
from governance.terms import read_agreement
from governance.wire import PracticeIdentity, check_upload, read_acceptance
from tests.vectors.making import FOLDER, VECTORS, sent

WITH_RANDOMNESS = {"sealed-result"}


def vector(name: str) -> Any:
    return json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", sorted(set(VECTORS) - WITH_RANDOMNESS))
def test_a_format_is_what_it_was(name: str) -> None:
    assert json.loads(json.dumps(VECTORS[name]())) == vector(name)


def test_every_vector_in_the_folder_is_checked() -> None:
    assert {path.stem for path in Path(FOLDER).glob("*.json")} == set(VECTORS)


def test_a_result_sealed_long_ago_still_opens() -> None:
    old = vector("sealed-result")
    data = base64.b64decode(old["file"])
    sender = PracticeIdentity(old["practice"], VerifyKey.parse(old["practice_key"]))
    opened = open_sealed(data, sender, SealingKey.parse(old["hub_key"]))
    assert opened.payload == write_payload(sent(), SealingKey.parse(old["hub_key"]).public.key_id)
    assert hashlib.sha256(opened.payload).hexdigest() == vector("result-payload")["payload_sha256"]
    assert hashlib.sha256(data).hexdigest() == old["file_sha256"]
    assert read_header(data).to_json() == old["header"]
    assert base64.b64encode(read_header(data).info()).decode() == old["info"]
    assert padded_length(opened.shape) == old["plaintext_bytes"]


def test_messages_of_long_ago_are_still_read() -> None:
    word, note = vector("acceptance"), vector("receipt")
    assert read_acceptance(word["file"].encode(), VerifyKey.parse(word["practice_key"])).named
    assert check_upload(word["file_name"], word["file"].encode()).sequence == 1
    assert read_receipt(note["note"].encode(), note["name"], VerifyKey.parse(note["key"])).sequence == 7
    for terms in (vector("agreement"), vector("agreement-schema-1")):
        signed = read_agreement(terms["envelope"].encode(), VerifyKey.parse(terms["hub_key"]))
        assert signed.digest == terms["digest"]
    assert EnrolmentCode.parse(vector("enrolment-code")["text"]).port == 2222
    assert len(verify_lines("".join(line + "\n" for line in vector("diary")["lines"]).encode()).entries) == 3


def test_a_cell_on_the_wire_can_be_read_by_hand() -> None:
    """64 bits: 0, then 3 of kind and 18 of number, for met, not met and excepted."""
    bench = vector("result-payload")["gp-bench"]
    column = base64.b64decode(bench["payload"]["cells"])
    first_of_split = int.from_bytes(column[8:16], "big")  # after the one cell of `appointments`
    states = [first_of_split >> shift & (1 << 21) - 1 for shift in (42, 21, 0)]
    assert [(bits >> 18, bits & (1 << 18) - 1) for bits in states] == [(0, 55), (0, 8), (0, 11)]
    totals = next(one for one in bench["meaning"]["tables"] if one["search"] == "split")["rows"][0]
    assert [totals[name]["value"] for name in ("met", "not_met", "excepted")] == [55, 8, 11]
