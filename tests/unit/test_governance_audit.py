from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from governance.audit import BROKEN, MISSING, OK, HubKey, main, verify_folder
from governance.diary_chain import Entry, next_entry
from governance.note import Receipt, sign_receipt
from governance.sealing import seal
from governance.targets import write_hub
from governance.wire import FIRST, FileKind, file_digest, receipt_name, sign_acceptance, upload_name
from tests.governance_kit import HUB, HUB_RECEIPTS, HUB_SEAL, PRACTICE, PRACTICE_KEY, acceptance, message, signing_key

AT = "2026-03-31T10:00:00Z"
NOW = datetime(2026, 3, 31, 10, tzinfo=UTC)
WORD = sign_acceptance(acceptance(), PRACTICE_KEY)
RESULT = seal(message(previous=file_digest(WORD)), PRACTICE_KEY, HUB_SEAL.public).data
SENT = ((FileKind.ACCEPTANCE, WORD), (FileKind.RESULT, RESULT))


def receipt(sequence: int, data: bytes, **changes: object) -> bytes:
    one = replace(Receipt(PRACTICE, sequence, file_digest(data), NOW), **changes)  # type: ignore[arg-type]
    return sign_receipt(one, HUB.code, HUB_RECEIPTS)


def write_diary(folder: Path, events: list[tuple[str, dict[str, str | int | bool]]]) -> None:
    entries: list[Entry] = []
    for event, facts in events:
        entries.append(next_entry(entries[-1] if entries else None, AT, event, facts))
    (folder / "diary.jsonl").write_bytes(b"".join(entry.line() + b"\n" for entry in entries))


def spooled(sequence: int, kind: str, digest: str) -> tuple[str, dict[str, str | int | bool]]:
    return "spooled", {"sequence": sequence, "kind": kind, "digest": digest}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("outbox", "receipts", "catalogue"):
        (tmp_path / name).mkdir()
    (tmp_path / "catalogue" / "hub.json").write_bytes(write_hub(HUB))
    events: list[tuple[str, dict[str, str | int | bool]]] = [("enrolled", {"practice": PRACTICE})]
    for sequence, (kind, data) in enumerate(SENT, start=1):
        events.append(spooled(sequence, str(kind), file_digest(data)))
        (tmp_path / "outbox" / upload_name(sequence, kind, data)).write_bytes(data)
        (tmp_path / "receipts" / receipt_name(sequence)).write_bytes(receipt(sequence, data))
    write_diary(tmp_path, events)
    return tmp_path


def test_a_folder_in_which_everything_holds_is_found_whole(folder: Path) -> None:
    found = verify_folder(folder, None)
    assert (found.exit_code, found.entries, found.messages, found.receipts) == (OK, 3, 2, 2)
    assert found.broken == found.missing == ()


def test_a_diary_that_was_edited_is_broken(folder: Path) -> None:
    path = folder / "diary.jsonl"
    path.write_bytes(path.read_bytes().replace(b'"sequence":1', b'"sequence":4'))
    found = verify_folder(folder, None)
    assert found.exit_code == BROKEN
    assert "does not follow" in found.broken[0]


def test_a_diary_cut_at_its_end_is_betrayed_by_the_hubs_receipts(folder: Path) -> None:
    path = folder / "diary.jsonl"
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:2]))
    found = verify_folder(folder, None)
    assert found.broken == ("message 2: there is a receipt, but the diary ends before it",)


def test_a_torn_tail_is_missing_and_not_broken(folder: Path) -> None:
    with (folder / "diary.jsonl").open("ab") as file:
        file.write(b'{"at":')
    found = verify_folder(folder, None)
    assert found.exit_code == MISSING
    assert found.missing == ("diary: 6 bytes of an unfinished last line (a crash)",)


def test_a_message_that_was_changed_or_taken_away_is_told(folder: Path) -> None:
    names = [folder / "outbox" / upload_name(place, *one) for place, one in enumerate(SENT, start=1)]
    names[0].write_bytes(b"other")
    names[1].unlink()
    found = verify_folder(folder, None)
    assert found.broken == ("message 1: its file is not the one recorded",)
    assert found.missing == ("message 2: its file is not in the outbox",)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (seal(message(previous=FIRST), PRACTICE_KEY, HUB_SEAL.public).data, "names another message before it"),
        (b"no sealed result", "names another message before it"),
    ],
)
def test_a_message_outside_the_chain_is_broken(folder: Path, data: bytes, why: str) -> None:
    write_diary(
        folder,
        [
            ("enrolled", {"practice": PRACTICE}),
            spooled(1, "acceptance", file_digest(WORD)),
            spooled(2, "result", file_digest(data)),
        ],
    )
    (folder / "outbox" / upload_name(2, FileKind.RESULT, data)).write_bytes(data)
    (folder / "receipts" / receipt_name(2)).write_bytes(receipt(2, data))
    assert verify_folder(folder, None).broken == (f"message 2: it {why}",)


@pytest.mark.parametrize("wrong", [(2, "acceptance"), (1, "list"), ("one", "result")])
def test_a_diary_that_records_another_message_in_a_place_is_broken(folder: Path, wrong: tuple[int, str]) -> None:
    write_diary(folder, [("enrolled", {"practice": PRACTICE}), spooled(*wrong, file_digest(WORD))])
    assert "message 1: the diary records another in its place" in verify_folder(folder, None).broken


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (receipt(1, b"other"), "receipt is for another message"),
        (receipt(2, WORD), "receipt is for another message"),
        (receipt(1, WORD, practice="Z90002"), "receipt is for practice Z90002"),
        (
            sign_receipt(Receipt(PRACTICE, 1, file_digest(WORD), NOW), HUB.code, signing_key("x")),
            "receipt: note is not",
        ),
        (b"", "receipt: note has no signature"),
    ],
)
def test_a_receipt_that_does_not_fit_is_broken(folder: Path, data: bytes, why: str) -> None:
    (folder / "receipts" / receipt_name(1)).write_bytes(data)
    found = verify_folder(folder, None)
    assert found.exit_code == BROKEN
    assert found.receipts == 1
    assert why in found.broken[0]


def test_a_message_without_receipt_is_missing_one(folder: Path) -> None:
    (folder / "receipts" / receipt_name(2)).unlink()
    (folder / "receipts" / "notes.txt").write_text("not a receipt")
    found = verify_folder(folder, None)
    assert (found.exit_code, found.receipts) == (MISSING, 1)
    assert found.missing == ("message 2: there is no receipt",)


def test_without_the_hubs_key_no_receipt_counts(folder: Path) -> None:
    (folder / "catalogue" / "hub.json").write_bytes(b"{}")
    found = verify_folder(folder, None)
    assert (found.exit_code, found.receipts) == (MISSING, 0)
    assert found.missing == ("hub: its receipt key is not known, no receipt was checked",)
    assert verify_folder(folder, HubKey(HUB.code, HUB.receipt_key)).exit_code == OK


def test_a_folder_without_diary_or_receipts_says_so(tmp_path: Path) -> None:
    assert verify_folder(tmp_path, None).missing == ("diary: there is none",)
    write_diary(tmp_path, [("enrolled", {"practice": PRACTICE})])
    assert verify_folder(tmp_path, HubKey(HUB.code, HUB.receipt_key)).exit_code == OK


# --- the command ------------------------------------------------------------------------------------------------------


def test_the_command_says_what_it_found(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify", str(folder)]) == OK
    assert "everything recorded is there and holds" in capsys.readouterr().out
    (folder / "receipts" / receipt_name(2)).unlink()
    assert main(["verify", str(folder), "--json"]) == MISSING
    written = json.loads(capsys.readouterr().out)
    assert written["missing"] == ["message 2: there is no receipt"]
    assert written["exit_code"] == MISSING
    (folder / "diary.jsonl").write_bytes(b"x\n")
    assert main(["verify", str(folder)]) == BROKEN
    assert "BROKEN     diary: line 1" in capsys.readouterr().out


def test_the_command_takes_the_hubs_key_as_text_or_file(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "catalogue" / "hub.json").unlink()
    key = folder / "hub.pub"
    key.write_text(HUB.receipt_key.text + "\n")
    for given in (HUB.receipt_key.text, str(key)):
        assert main(["verify", str(folder), "--hub-key", given, "--hub-code", HUB.code]) == OK
    assert main(["verify", str(folder), "--hub-key", str(folder / "gone"), "--hub-code", HUB.code]) == BROKEN
    assert "gpfed-audit: " in capsys.readouterr().err


def test_wrong_arguments_are_told_apart(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in ([], ["verify"], ["verify", str(folder), "--hub-key", "x"]):
        with pytest.raises(SystemExit, match="2"):
            main(arguments)
    assert "belong together" in capsys.readouterr().err
    with pytest.raises(SystemExit, match="2"):
        main(["verify", str(folder / "mistyped")])
    assert f"no file or folder at {folder / 'mistyped'}" in capsys.readouterr().err


def test_help_names_the_exit_codes(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        main(["verify", "--help"])
    assert "3  something is missing" in capsys.readouterr().out
