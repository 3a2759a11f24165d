"""What one turn works with: the state folder held for it, what is in it, and the present time.

Opening it also finishes what a kill left half done on this side: messages that were written but never committed go, and
entries of the diary that a commit was waiting for are written.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime

from agent.config import Config, read_config
from agent.diary import Clock, Diary
from agent.outbox import Outbox
from agent.record import write_down_all
from agent.room import room_for_state
from agent.state import StateFolder, latest_time, one_turn, open_database
from governance.keys import SigningKey, read_signing_key
from governance.wire import PracticeIdentity


@dataclass(frozen=True, slots=True)
class Turn:
    """One turn of an enrolled agent.

    Args:
        now: the latest time ever seen by this agent's clock, so that setting it back revives nothing.
    """

    folder: StateFolder
    config: Config
    connection: sqlite3.Connection
    outbox: Outbox
    diary: Diary
    key: SigningKey
    now: datetime

    @property
    def today(self) -> date:
        """The day of `now`."""
        return self.now.date()

    @property
    def practice(self) -> PracticeIdentity:
        """Who this agent is to the hub."""
        return PracticeIdentity(self.config.practice, self.key.public)


@contextmanager
def open_turn(folder: StateFolder, clock: Clock, wait_seconds: float = 0) -> Iterator[Turn]:
    """Hold the state folder for one turn.

    Raises:
        NotEnrolledError: there is no hub yet.
        BusyError: another turn holds it after the wait.
        NoRoomError: its disk is full, now or at any time of the turn.
        ChainError: the diary does not chain; nothing is done.
    """
    config = read_config(folder)
    with room_for_state(), one_turn(folder, wait_seconds), open_database(folder) as connection:
        folder.make()
        now = latest_time(connection, clock())
        diary = Diary(folder.diary, clock)
        outbox = Outbox(folder, connection)
        outbox.recover()
        write_down_all(folder, outbox, diary)
        key = read_signing_key(folder.signing_key)
        yield Turn(folder, config, connection, outbox, diary, key, now)
