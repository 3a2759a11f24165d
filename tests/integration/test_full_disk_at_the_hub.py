"""A disk that fills up while the hub takes a result in: nothing is acknowledged that is not kept, nothing kept twice.

A process of its own opens the same hub's folder. From the named step on, no file of it can grow (RLIMIT_FSIZE), which
a process sees as a full disk.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from pathlib import Path

import pytest
from django.db import connections

from hub.mailbox import Upload
from hub.models import Figure, Result
from tests.federation import Federation
from tests.integration.test_hub_kills import _check_recorded_once, _waiting_result

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there is no RLIMIT_FSIZE")
DRIVER = """
import json, resource, sys
from pathlib import Path
from hub.settings import configure
config = configure(Path(sys.argv[1]))
from hub import inbox, receive
from hub.centre import open_centre

def fill():
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))

def full_before(owner, name):
    function = getattr(owner, name)
    def run(*args, **kwargs):
        fill()
        return function(*args, **kwargs)
    setattr(owner, name, run)

step = sys.argv[2]
centre = open_centre(config)
owners = {"receive": receive, "inbox": inbox, "results": receive.Result.objects}
full_before(owners[step.split(".")[0]], step.split(".")[1])
try:
    turn = receive.receive_waiting(centre)
except Exception as error:
    said = [type(error).__name__]
else:
    said = [turn.received, turn.quarantined, turn.failed]
print(json.dumps(said))
"""
FAILED = [0, 0, 1]
BEFORE_THE_COMMIT = (
    "receive.read_letter",
    "receive.open_sealed",
    "receive.store_result",
    "results.create",
    "receive.record",
)
AFTER_THE_COMMIT = ("receive.finish", "receive.write_whole", "receive.sync_folder")


def receive_without_room(federation: Federation, step: str) -> list[int]:
    """What a turn came to: files taken in, set aside and failed."""
    connections.close_all()
    command = [sys.executable, "-c", DRIVER, str(federation.hub_folder), step]
    ended = subprocess.run(command, capture_output=True, check=False, text=True)
    assert ended.returncode == 0, ended.stderr
    said: list[int] = json.loads(ended.stdout)
    return said


def test_a_result_that_could_not_be_kept_waits_and_has_no_receipt(tmp_path: Path) -> None:
    federation, elm = _waiting_result(tmp_path)

    for step in BEFORE_THE_COMMIT:
        assert receive_without_room(federation, step) == FAILED, step
        assert (Result.objects.count(), Figure.objects.count(), elm.receipts) == (0, 0, ("00000001.receipt",)), step
        assert len(list(elm.in_folder.iterdir())) == 1, step

    assert federation.receive().received == 1
    _check_recorded_once(federation, elm)


@pytest.mark.parametrize("step", AFTER_THE_COMMIT)
def test_a_result_that_was_kept_is_acknowledged_once_there_is_room(tmp_path: Path, step: str) -> None:
    federation, elm = _waiting_result(tmp_path)

    assert receive_without_room(federation, step) == FAILED
    assert Result.objects.count() == 1

    federation.receive()
    _check_recorded_once(federation, elm)
    assert elm.quarantined() == ()


@pytest.mark.parametrize("step", ["inbox.write_whole", "inbox.record"])
def test_a_bad_file_that_could_not_be_set_aside_waits(tmp_path: Path, step: str) -> None:
    federation, elm = _waiting_result(tmp_path)
    [good] = elm.in_folder.iterdir()
    elm.drop(good.read_bytes()[:-1], 9)
    good.unlink()

    assert receive_without_room(federation, step) == FAILED
    assert len(list(elm.in_folder.iterdir())) == 1

    federation.receive()
    assert elm.quarantined() == ("broken_seal",)
    assert list(elm.in_folder.iterdir()) == []


def test_an_upload_that_found_no_room_is_begun_anew(tmp_path: Path) -> None:
    federation, elm = _waiting_result(tmp_path)
    [waiting] = elm.in_folder.iterdir()
    data, limit = waiting.read_bytes(), resource.getrlimit(resource.RLIMIT_FSIZE)
    waiting.unlink()
    upload = elm.account.open_write(f"/in/{waiting.name}.part")
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limit[1]))
    try:
        with pytest.raises(OSError, match="File too large"):
            _write_all(upload, data)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
    assert federation.receive().received == 0, "a part is no message"

    elm.mailbox.put(f"/in/{waiting.name}", data)

    assert federation.receive().received == 1
    _check_recorded_once(federation, elm)


def _write_all(upload: Upload, data: bytes) -> None:
    upload.write(0, data)
    upload.close()
