"""One turn of an agent in a process of its own that ends itself with SIGKILL at a named point.

Called as: python agent_kill_driver.py STATE HUB POINT [restate].
Nothing of this is in the product: functions are replaced here.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
from collections.abc import Callable
from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NoReturn

import agent.child
import agent.cycle
import agent.deliver
import agent.diary
import agent.outbox
import agent.record
from agent.cycle import Wish, take_turn
from agent.restate import Again
from agent.state import StateFolder
from agent.turn import open_turn
from governance.restatement import RestatementReason
from hub.mailbox import Places, PracticeAccount, Rights
from tests.agent_kit import NO_PATIENCE, PRACTICE, REFERENCE_DATE, AccountMailbox
from tests.conformance.already import already_green


def end(*_args: object, **_keywords: object) -> NoReturn:
    os.kill(os.getpid(), signal.SIGKILL)
    raise SystemExit  # never reached


def after(owner: Any, name: str) -> None:
    """Let the function do its work, then end."""
    original: Callable[..., object] = getattr(owner, name)

    def done_then_end(*args: object, **keywords: object) -> None:
        original(*args, **keywords)
        end()

    setattr(owner, name, done_then_end)


def before(owner: Any, name: str) -> None:
    setattr(owner, name, end)


def torn(owner: Any, name: str) -> None:
    """Write half of a diary's line, then end."""

    def half(diary: agent.diary.Diary, *_args: object) -> None:
        with diary.path.open("ab") as file:
            file.write(b'{"at":"2026-')
        end()

    setattr(owner, name, half)


def end_while_it_runs() -> None:
    """Write down the run's own process, then end without it."""

    def note_then_end(*_args: object) -> None:
        [run] = multiprocessing.active_children()
        Path(sys.argv[1], "run.pid").write_text(str(run.pid))
        end()

    agent.child._receive = note_then_end  # type: ignore[assignment]


POINTS: dict[str, Callable[[], None]] = {
    "run: not yet answered": end_while_it_runs,
    "spool: before the file": lambda: before(agent.outbox, "write_private"),
    "spool: file written, row not": lambda: after(agent.outbox, "write_private"),
    "spool: row committed, diary not written": lambda: before(agent.cycle, "write_down"),
    "spool: diary torn": lambda: torn(agent.diary.Diary, "_write"),
    "upload: before": lambda: before(AccountMailbox, "put"),
    "upload: part written, not renamed": lambda: before(PracticeAccount, "rename"),
    "upload: renamed, not noted": lambda: before(agent.outbox.Outbox, "uploaded"),
    "upload: noted, diary not written": lambda: before(agent.deliver, "write_down"),
    "receipt: fetched, not kept": lambda: before(agent.outbox.Outbox, "receipted"),
    "receipt: kept, nothing written": lambda: before(agent.deliver, "write_down"),
    "receipt: file written, diary not": lambda: after(agent.record, "write_private"),
    "receipt: diary torn": lambda: torn(agent.diary.Diary, "_write"),
    "receipt: diary written, not closed": lambda: before(agent.outbox.Outbox, "recorded"),
}


def main() -> None:
    state, hub, point = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
    rights = Rights(lambda _agreement: True, lambda _agreement: True)
    account = PracticeAccount(PRACTICE, Places(hub, hub / "mailboxes" / PRACTICE), rights, lambda: None)
    POINTS[point]()
    already_green(StateFolder(state), datetime.now(UTC))
    with open_turn(StateFolder(state), lambda: datetime.now(UTC)) as turn:
        take_turn(turn, lambda: nullcontext(AccountMailbox(account)), _wish())


def _wish() -> Wish:
    if sys.argv[4:] != ["restate"]:
        return Wish(REFERENCE_DATE, NO_PATIENCE, at_once=True)
    return Wish(None, NO_PATIENCE, Again(REFERENCE_DATE, RestatementReason.RECORDS_CORRECTED), at_once=True)


if __name__ == "__main__":  # the run's own process is started anew from this file and must not take a turn
    main()
