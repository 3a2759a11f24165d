"""One account's rules, without a wire."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

import pytest

from governance.wire import FileKind, upload_name
from hub.errors import AccessError, NotThereError
from hub.inbox import ABANDONED, MOST_KEPT
from hub.mailbox import MAX_WAITING_FILES, Places, PracticeAccount, Rights
from hub.models import Quarantined
from tests.federation import Federation

HEX = "a" * 64


class Rules:
    """An account over made-up folders."""

    def __init__(self, folder: Path, named: str = "", active: str = "") -> None:
        self.repository, self.mailbox = folder / "repository", folder / "mailbox"
        for made in (self.repository, self.mailbox / "in", self.mailbox / "receipts"):
            made.mkdir(parents=True)
        rights = Rights(named_in=lambda agreement: agreement == named, active_in=lambda agreement: agreement == active)
        self.arrived: list[str] = []
        places = Places(self.repository, self.mailbox)
        self.account = PracticeAccount("Z90001", places, rights, lambda: self.arrived.append("one"))

    def put_target(self, path: str) -> str:
        file = self.repository / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"target")
        return f"/catalogue/{path}"


def test_the_text_of_an_agreement_is_for_those_it_names_and_its_searches_for_those_it_is_active_for(
    tmp_path: Path,
) -> None:
    terms, search = (
        f"targets/agreements/x/{HEX}.agreement.json",
        f"targets/agreements/x/searches/{HEX}.s.{HEX[:12]}.json",
    )
    for named, active, reads_terms, reads_search in (
        ("", "", 0, 0),
        ("x", "", 1, 0),
        ("x", "x", 1, 1),
        ("y", "y", 0, 0),
    ):
        rules = Rules(tmp_path / f"{named}-{active}", named, active)
        for path, reads in ((rules.put_target(terms), reads_terms), (rules.put_target(search), reads_search)):
            if reads:
                with rules.account.open_read(path) as file:
                    assert file.read() == b"target"
            else:
                with pytest.raises(AccessError, match="this file may not be read"):
                    rules.account.open_read(path)


def test_a_link_in_the_folders_is_not_followed(tmp_path: Path) -> None:
    rules = Rules(tmp_path)
    secret = tmp_path / "secret"
    secret.write_bytes(b"secret")
    (rules.mailbox / "receipts" / "00000001.receipt").symlink_to(secret)
    name = upload_name(1, FileKind.RESULT, b"x")
    (rules.mailbox / "in" / f"{name}.part").symlink_to(secret)

    with pytest.raises(AccessError, match="cannot be opened"):
        rules.account.open_read("/receipts/00000001.receipt")
    with pytest.raises(NotThereError, match="no such upload"):
        rules.account.rename(f"/in/{name}.part", f"/in/{name}")
    upload = rules.account.open_write(f"/in/{name}.part")
    upload.write(0, b"mine")
    upload.close()
    assert secret.read_bytes() == b"secret"


def test_an_upload_that_was_cut_off_is_begun_anew(tmp_path: Path) -> None:
    rules = Rules(tmp_path)
    path = "/in/" + upload_name(1, FileKind.RESULT, b"whole")
    first = rules.account.open_write(f"{path}.part")
    first.write(0, b"a longer beginning")
    first.close()

    second = rules.account.open_write(f"{path}.part")
    second.write(0, b"whole")
    second.close()
    rules.account.rename(f"{path}.part", path)

    assert (rules.mailbox / path[1:]).read_bytes() == b"whole"
    assert rules.arrived == ["one"]


def test_a_new_upload_leaves_a_whole_one_alone_that_a_kill_left_under_two_names(tmp_path: Path) -> None:
    rules = Rules(tmp_path)
    path = "/in/" + upload_name(1, FileKind.RESULT, b"whole")
    (rules.mailbox / path[1:]).write_bytes(b"whole")
    (rules.mailbox / f"{path[1:]}.part").hardlink_to(rules.mailbox / path[1:])

    upload = rules.account.open_write(f"{path}.part")
    assert (rules.mailbox / path[1:]).read_bytes() == b"whole"
    upload.write(0, b"whole")
    upload.close()
    rules.account.rename(f"{path}.part", path)

    assert [one.read_bytes() for one in (rules.mailbox / "in").iterdir()] == [b"whole"]


def test_only_so_many_files_may_wait(tmp_path: Path) -> None:
    rules = Rules(tmp_path)
    for number in range(1, MAX_WAITING_FILES + 1):
        rules.account.open_write("/in/" + upload_name(number, FileKind.RESULT, b"x") + ".part").close()

    with pytest.raises(AccessError, match="at most 64 files may wait"):
        rules.account.open_write("/in/" + upload_name(99, FileKind.RESULT, b"x") + ".part")
    rules.account.open_write("/in/" + upload_name(1, FileKind.RESULT, b"x") + ".part").close()


@pytest.mark.parametrize("offset", [-1, 10**12])
def test_an_upload_is_never_written_outside_its_limit(tmp_path: Path, offset: int) -> None:
    upload = Rules(tmp_path).account.open_write("/in/" + upload_name(1, FileKind.RESULT, b"x") + ".part")

    with pytest.raises(AccessError, match="a file may hold at most"):
        upload.write(offset, b"x")
    upload.close()


def test_the_number_zero_is_no_upload(tmp_path: Path) -> None:
    with pytest.raises(AccessError, match="not the name of an upload"):
        Rules(tmp_path).account.open_write("/in/00000000-result-0123456789abcdef.gpfed.part")


def test_an_upload_that_was_given_up_is_forgotten_after_a_day(tmp_path: Path) -> None:
    federation = Federation(tmp_path)
    elm = federation.enrol("Z90001")
    part = elm.drop(b"half", 1, name=upload_name(1, FileKind.RESULT, b"x") + ".part")
    federation.receive()
    assert part.exists()

    os.utime(part, times=((federation.now - ABANDONED - timedelta(minutes=1)).timestamp(),) * 2)
    federation.receive()

    assert not part.exists()
    assert elm.quarantined() == ()


def test_junk_cannot_fill_the_disk(tmp_path: Path) -> None:
    federation = Federation(tmp_path)
    elm = federation.enrol("Z90001")
    folder = federation.config.quarantine("Z90001")
    folder.mkdir(parents=True)
    for number in range(MOST_KEPT):
        (folder / str(number)).touch()

    elm.drop(b"junk", 1)
    federation.receive()

    assert len(list(folder.iterdir())) == MOST_KEPT
    assert Quarantined.objects.count() == 1


def test_a_file_that_the_hub_stumbles_over_is_kept_and_stops_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    federation = Federation(tmp_path)
    elm, oak = federation.enrol("Z90001"), federation.enrol("Z90002")
    federation.propose()
    elm.drop(b"anything", 1, FileKind.RESULT)
    oak.say()
    monkeypatch.setattr("hub.receive.open_sealed", lambda *_: {}["a mistake of ours"])

    turn = federation.receive()

    assert (turn.received, turn.quarantined, turn.failed) == (1, 1, 0)
    assert elm.quarantined() == ("failed_here",)


def test_a_disk_that_fails_leaves_the_file_for_the_next_turn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    federation = Federation(tmp_path)
    elm = federation.enrol("Z90001")
    federation.propose()
    elm.say()

    def full(*_: object) -> None:
        raise OSError(28, "no space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("hub.receive.read_arrival", full)
        assert federation.receive().failed == 1

    assert federation.receive().received == 1
