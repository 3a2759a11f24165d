"""One turn of an agent in a process of its own for which, from a named point on, the disk is full.

Called as: python agent_disk_driver.py STATE HUB POINT. From that point no file can grow (RLIMIT_FSIZE), which a
process sees as a full disk; the hub has a disk of its own. Prints what the turn came to, as JSON. Nothing of this is in
the product: functions are replaced here.
"""

from __future__ import annotations

import json
import resource
import sys
from collections.abc import Callable
from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import agent.cycle
import agent.deliver
import agent.diary
import agent.outbox
import agent.record
from agent.cycle import Wish, take_turn
from agent.errors import AgentError
from agent.state import StateFolder
from agent.turn import open_turn
from hub.mailbox import Places, PracticeAccount, Rights
from tests.agent_kit import NO_PATIENCE, PRACTICE, REFERENCE_DATE, AccountMailbox
from tests.conformance.already import already_green

HARD = resource.getrlimit(resource.RLIMIT_FSIZE)[1]


def full() -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, HARD))


def roomy() -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (HARD, HARD))


def before(owner: Any, name: str) -> Callable[[], None]:
    """From where the function is first called."""

    def prepare() -> None:
        original: Callable[..., object] = getattr(owner, name)

        def filled(*args: object, **keywords: object) -> object:
            full()
            return original(*args, **keywords)

        setattr(owner, name, filled)

    return prepare


POINTS: dict[str, Callable[[], None]] = {
    "from the beginning": full,
    "before the catalogue is fetched": before(agent.cycle, "pull"),
    "before a result is worked out": before(agent.cycle, "run"),
    "before the exact report": before(agent.cycle, "write_report"),
    "before the action list": before(agent.cycle, "write_action_list"),
    "before what leaves is shown": before(agent.cycle, "write_what_leaves"),
    "spool: before the file": before(agent.outbox, "write_private"),
    "spool: before the row": before(agent.outbox._transaction, "__enter__"),
    "spool: before the commit": before(agent.outbox._transaction, "__exit__"),
    "spool: before the diary": before(agent.cycle, "write_down"),
    "upload: before it is noted": before(agent.outbox.Outbox, "uploaded"),
    "upload: before the diary": before(agent.deliver, "write_down"),
    "receipt: before it is kept": before(agent.outbox.Outbox, "receipted"),
    "receipt: before its file": before(agent.record, "write_private"),
    "receipt: before the diary": before(agent.diary.Diary, "_write"),
    "receipt: before it is closed": before(agent.outbox.Outbox, "recorded"),
}


class HubWithRoom(AccountMailbox):
    """The hub, whose disk is another."""

    def put(self, path: str, data: bytes) -> None:
        limit = resource.getrlimit(resource.RLIMIT_FSIZE)
        roomy()
        try:
            super().put(path, data)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limit)


def main() -> None:
    state, hub, point = StateFolder(Path(sys.argv[1])), Path(sys.argv[2]), sys.argv[3]
    rights = Rights(lambda _agreement: True, lambda _agreement: True)
    account = PracticeAccount(PRACTICE, Places(hub, hub / "mailboxes" / PRACTICE), rights, lambda: None)
    already_green(state, datetime.now(UTC))
    POINTS[point]()
    try:
        with open_turn(state, lambda: datetime.now(UTC)) as turn:
            take_turn(turn, lambda: nullcontext(HubWithRoom(account)), Wish(REFERENCE_DATE, NO_PATIENCE, at_once=True))
    except AgentError as error:
        said = {"kind": type(error).__name__, "message": error.message, "exit_code": error.exit_code}
    else:
        said = {"kind": "", "message": "", "exit_code": 0}
    print(json.dumps(said))


if __name__ == "__main__":  # the run's own process is started anew from this file and must not take a turn
    main()
