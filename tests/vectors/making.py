"""What each golden vector holds; `python -m tests.vectors.making` writes those that are missing, and only those.

A vector that no longer matches means that the format changed: what was signed or sent before could not be read any
more. Then the format needs a new version, and a new vector beside the old one.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from governance.canonical import from_json, to_canonical
from governance.code_text import to_groups
from governance.diary_chain import Entry, Facts, next_entry
from governance.enrolment import EnrolmentCode, EnrolmentReply, EnrolmentRequest, sign_request, write_reply
from governance.note import Receipt, sign_receipt
from governance.payload import write_payload
from governance.profiles import GP_BENCH, NHS_ROUND5
from governance.review import REVIEW_TYPE, Role
from governance.sealing import PAYLOAD_TYPE, SEALED_TYPE, ResultMessage, padded_length, read_header, seal
from governance.signing import encode64, pae
from governance.suppress import SafeTable, not_run
from governance.targets import AgreementIndex, IndexEntry, search_path, write_bundle, write_hub, write_index
from governance.terms import digest_of, document_of, page_of, read_document, sign_agreement
from governance.wire import FileKind, file_digest, receipt_name, sign_acceptance, upload_name
from tests.governance_kit import (
    HUB,
    HUB_AGREEMENTS,
    HUB_RECEIPTS,
    HUB_SEAL,
    PRACTICE,
    PRACTICE_KEY,
    TERMS,
    acceptance,
    agreement,
    bundle,
    counted,
    first_release,
    message,
    search,
    signing_key,
    table,
)

FOLDER = Path(__file__).parent
Vector = dict[str, object]


def text(data: bytes) -> str:
    """Bytes that are text, as text: so that people can read a vector."""
    return data.decode("utf-8")


def keys() -> Vector:
    """Text forms, ids and fingerprints."""
    return {
        "signing_key": PRACTICE_KEY.text,
        "verify_key": PRACTICE_KEY.public.text,
        "verify_key_id": PRACTICE_KEY.public.key_id,
        "verify_key_fingerprint": PRACTICE_KEY.public.fingerprint,
        "sealing_key": HUB_SEAL.text,
        "seal_public": HUB_SEAL.public.text,
        "seal_public_id": HUB_SEAL.public.key_id,
        "seal_public_fingerprint": HUB_SEAL.public.fingerprint,
    }


def canonical_json() -> Vector:
    """A value and its one spelling."""
    value = {"z": [1, True, None, {"b": 2, "a": -3}], "a": 'é "quoted" \\ \n \u2028', "A": ""}
    return {"value": value, "canonical": text(to_canonical(value)), "sha256": file_digest(to_canonical(value))}


def signed_envelope() -> Vector:
    """What is signed, and the envelope."""
    word = acceptance()
    envelope = sign_acceptance(word, PRACTICE_KEY)
    parsed = json.loads(envelope)
    return {
        "signing_key": PRACTICE_KEY.text,
        "pae_of_type_t_and_body_b": text(pae("t", b"b")),
        "payload_type": parsed["payloadType"],
        "envelope": text(envelope),
    }


def code_vectors() -> Vector:
    """The enrolment code and the text form under it."""
    code = EnrolmentCode("hub.example.org", 2222, PRACTICE, "00112233445566778899aabbccddeeff", "ab" * 32, "cd" * 32)
    return {
        "host": code.host,
        "port": code.port,
        "practice": code.practice,
        "secret": code.secret,
        "host_key_sha256": code.host_key_sha256,
        "root_sha256": code.root_sha256,
        "text": code.text,
        "groups_of_hello": to_groups(b"hello"),
        "groups_of_nothing": to_groups(b""),
    }


def enrolment_messages() -> Vector:
    """Request and reply."""
    request = EnrolmentRequest(PRACTICE, "ssh-ed25519 " + "A" * 68, PRACTICE_KEY.public)
    return {
        "request": text(sign_request(request, PRACTICE_KEY)),
        "reply": text(write_reply(EnrolmentReply(PRACTICE, b'{"signed":{}}'))),
    }


def agreement_document() -> Vector:
    """From YAML to what both sides sign, and to the page that people read."""
    document = document_of(agreement())
    return {
        "yaml": TERMS,
        "document": text(document),
        "digest": digest_of(document),
        "page": page_of(agreement()),
        "hub_key": HUB_AGREEMENTS.public.text,
        "envelope": text(sign_agreement(agreement(), HUB_AGREEMENTS)),
    }


def first_agreement_document() -> Vector:
    """A document of schema 1: still read, no longer proposed."""
    kept = json.loads((FOLDER / "agreement-schema-1.json").read_text(encoding="utf-8"))["document"]
    terms = read_document(kept.encode("utf-8"))
    document = document_of(terms)
    return {
        "document": text(document),
        "digest": digest_of(document),
        "hub_key": HUB_AGREEMENTS.public.text,
        "envelope": text(sign_agreement(terms, HUB_AGREEMENTS)),
    }


def acceptance_message() -> Vector:
    """A practice's word, and the names in the mailbox."""
    data = sign_acceptance(acceptance(), PRACTICE_KEY)
    return {
        "practice_key": PRACTICE_KEY.public.text,
        "file": text(data),
        "file_name": upload_name(1, FileKind.ACCEPTANCE, data),
        "receipt_name": receipt_name(1),
    }


def receipt_note() -> Vector:
    """A receipt."""
    receipt = Receipt(PRACTICE, 7, "ab" * 32, datetime(2026, 3, 31, 9, 30, tzinfo=UTC))
    return {
        "name": HUB.code,
        "key": HUB_RECEIPTS.public.text,
        "note": text(sign_receipt(receipt, HUB.code, HUB_RECEIPTS)),
    }


def catalogue_targets() -> Vector:
    """hub.json, an index and a published search, with the statements that the reviewers signed."""
    one = bundle()
    path = search_path(one.agreement_id, one.search_id, one.digest)
    statements = {
        str(review.role): {
            "key": signing_key(review.person).public.text,
            "type": REVIEW_TYPE,
            "statement": text(
                to_canonical(
                    {
                        "schema": 1,
                        "agreement": one.agreement_id,
                        "search": one.search_id,
                        "digest": one.digest,
                        "role": str(review.role),
                        "person": review.person,
                    }
                )
            ),
            "signature": encode64(review.signature),
        }
        for review in one.reviews
    }
    index = AgreementIndex(one.agreement_id, 1, (IndexEntry(one.search_id, one.digest, path),))
    return {
        "hub.json": text(write_hub(HUB)),
        "index.json": text(write_index(index)),
        "search_path": path,
        "search": text(write_bundle(one)),
        "reviews": statements,
        "roles": [str(role) for role in Role],
    }


def sent() -> ResultMessage:
    """A result with every kind of cell."""
    split = search("split", ("a", "b", "c"))
    visits: SafeTable = first_release(
        counted(split, [([1] * 50, [1] * 4, [1] * 9), ([], [], []), ([1] * 5, [1] * 4, [1] * 2)]), GP_BENCH, 6000
    )
    return message(visits, table(80, 20), not_run(search("appointments"), GP_BENCH, "layout_has_no_appointments"))


def result_payload() -> Vector:
    """What stands inside the seal, and what it means."""
    rounded = message(table(3, 50, 0, profile=NHS_ROUND5))
    hub_key = HUB_SEAL.public.key_id
    return {
        "gp-bench": {"meaning": sent().to_json(), "payload": from_json(write_payload(sent(), hub_key), 10**6)},
        "nhs-round5": {"meaning": rounded.to_json(), "payload": from_json(write_payload(rounded, hub_key), 10**6)},
        "payload_sha256": file_digest(write_payload(sent(), hub_key)),
    }


def sealed_result() -> Vector:
    """A sealed file. It holds randomness, so it is opened and not made again."""
    file = seal(sent(), PRACTICE_KEY, HUB_SEAL.public)
    return {
        "practice": PRACTICE,
        "practice_key": PRACTICE_KEY.public.text,
        "hub_key": HUB_SEAL.text,
        "header": read_header(file.data).to_json(),
        "info": encode64(read_header(file.data).info()),
        "payload_type": PAYLOAD_TYPE,
        "sealed_type": SEALED_TYPE,
        "plaintext_bytes": padded_length(sent().shape),
        "file": encode64(file.data),
        "file_sha256": file.digest,
    }


def diary() -> Vector:
    """Three lines that chain."""
    entries: list[Entry] = []
    events: tuple[tuple[str, Facts], ...] = (
        ("enrolled", {"practice": PRACTICE}),
        ("spooled", {"sequence": 1, "kind": "acceptance", "digest": "ab" * 32}),
        ("turn_failed", {"agreement": "heart-health", "reason": "hub ünreachable", "again": True}),
    )
    for event, facts in events:
        entries.append(next_entry(entries[-1] if entries else None, "2026-03-31T10:00:00Z", event, facts))
    return {"lines": [text(entry.line()) for entry in entries]}


VECTORS: dict[str, Callable[[], Vector]] = {
    "keys": keys,
    "canonical-json": canonical_json,
    "signed-envelope": signed_envelope,
    "enrolment-code": code_vectors,
    "enrolment-messages": enrolment_messages,
    "agreement": agreement_document,
    "agreement-schema-1": first_agreement_document,
    "acceptance": acceptance_message,
    "receipt": receipt_note,
    "catalogue": catalogue_targets,
    "result-payload": result_payload,
    "sealed-result": sealed_result,
    "diary": diary,
}


def main() -> None:
    """Write the vectors that are missing."""
    for name, make in VECTORS.items():
        path = FOLDER / f"{name}.json"
        if path.exists():
            print(f"{path.name}: there, left as it is", file=sys.stderr)
        else:
            path.write_text(json.dumps(make(), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
            print(f"{path.name}: written", file=sys.stderr)


if __name__ == "__main__":
    main()
