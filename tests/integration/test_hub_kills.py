"""SIGKILL while the hub takes a result in: after a restart it is there exactly once; rows, receipts and events agree.

A process of its own opens the same hub's folder, and kills itself at the named step of `hub.receive`.
"""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest
from django.db import connections

from governance.note import read_receipt
from governance.wire import receipt_name
from hub.models import Event, Figure, Receipt, Result
from tests.federation import Agent, Federation, pulse_table

DRIVER = """
import os, signal, sys
from pathlib import Path
from hub.settings import configure
config = configure(Path(sys.argv[1]))
from hub import inbox, receive
from hub.centre import open_centre
from django.db import transaction

def die(*args, **kwargs):
    os.kill(os.getpid(), signal.SIGKILL)

def after(function):
    def run(*args, **kwargs):
        function(*args, **kwargs)
        die()
    return run

def die_on_call(number, function):
    calls = []
    def run(*args, **kwargs):
        calls.append(1)
        if len(calls) == number:
            die()
        return function(*args, **kwargs)
    return run

step = sys.argv[2]
if step == "before decryption":
    receive.open_sealed = die
elif step == "after decryption":
    receive.open_sealed = after(receive.open_sealed)
elif step == "in the transaction, after the receipt":
    receive.Result.objects.create = die
elif step == "in the transaction, after everything":
    receive.record = after(receive.record)
elif step == "after the commit":
    receive.finish = die
elif step == "after the receipt was written":
    receive.write_whole = after(receive.write_whole)
elif step == "after the file was removed":
    receive.sync_folder = die
elif step == "while setting aside":
    inbox.record = die
elif step == "after setting aside, before the file is removed":
    inbox.record = after(inbox.record)
receive.receive_waiting(open_centre(config))
sys.exit(0)
"""

STEPS = (
    "before decryption",
    "after decryption",
    "in the transaction, after the receipt",
    "in the transaction, after everything",
    "after the commit",
    "after the receipt was written",
    "after the file was removed",
)


@pytest.mark.parametrize("step", STEPS)
def test_a_result_is_recorded_exactly_once_though_the_hub_is_killed(tmp_path: Path, step: str) -> None:
    federation, elm = _waiting_result(tmp_path)

    _receive_until_killed(federation, step)
    federation.receive()

    _check_recorded_once(federation, elm)
    assert elm.quarantined() == ()
    turn = federation.receive()
    assert (turn.received, turn.quarantined, turn.failed) == (0, 0, 0)


def test_a_result_is_recorded_exactly_once_though_the_hub_is_killed_at_every_step_in_turn(tmp_path: Path) -> None:
    federation, elm = _waiting_result(tmp_path)

    for step in STEPS[:5]:
        _receive_until_killed(federation, step)
    federation.receive()

    _check_recorded_once(federation, elm)


@pytest.mark.parametrize("step", ["while setting aside", "after setting aside, before the file is removed"])
def test_a_bad_file_is_set_aside_though_the_hub_is_killed(tmp_path: Path, step: str) -> None:
    federation, elm = _waiting_result(tmp_path)
    sealed = next(elm.in_folder.iterdir()).read_bytes()
    elm.drop(sealed[:-1], 9)
    for good in elm.in_folder.glob("00000002-*"):
        good.unlink()

    _receive_until_killed(federation, step)
    federation.receive()

    assert elm.quarantined() == ("broken_seal",)
    assert list(elm.in_folder.iterdir()) == []


def _waiting_result(tmp_path: Path) -> tuple[Federation, Agent]:
    federation = Federation(tmp_path)
    (elm,) = federation.ready("Z90001")
    elm.spool(elm.seal([pulse_table()]))
    elm.deliver()
    return federation, elm


def _receive_until_killed(federation: Federation, step: str) -> None:
    connections.close_all()
    ended = subprocess.run(
        [sys.executable, "-c", DRIVER, str(federation.hub_folder), step], capture_output=True, check=False, text=True
    )
    assert ended.returncode == -signal.SIGKILL, ended.stderr


def _check_recorded_once(federation: Federation, elm: Agent) -> None:
    (result,) = Result.objects.all()
    assert Figure.objects.filter(result=result).count() == 1
    assert Event.objects.filter(kind="result_received", facts__file=result.digest).count() == 1
    receipts = Receipt.objects.filter(kind="result")
    assert [receipt.digest for receipt in receipts] == [result.digest]
    assert all(receipt.finished_at for receipt in Receipt.objects.all())
    assert list(elm.in_folder.iterdir()) == []
    shown = elm.mailbox.fetch(f"/receipts/{receipt_name(2)}", 8192)
    assert shown == bytes(receipts[0].note)
    receipt = read_receipt(shown, federation.config.code, federation.centre.keys.receipt.public)
    assert (receipt.practice, receipt.sequence, receipt.digest) == ("Z90001", 2, result.digest)
    elm.deliver()
    with elm.turn() as turn:
        assert turn.outbox.in_state("spooled", "uploaded") == ()
