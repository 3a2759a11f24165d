"""A disk without room for the state folder, told as such; nothing is sent that was not durably kept before.

What a write had begun when the room ended is a temporary file, a piece of a line or an open transaction: the next turn
clears each of them away (`agent.files`, `agent.diary`, `agent.outbox`) and goes on.
"""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from agent.errors import NoRoomError

_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_NO_ROOM_IN_SQLITE = frozenset({sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_WRITE})


def check_room(error: BaseException) -> None:
    """Tell a full disk from whatever else went wrong.

    Raises:
        NoRoomError: it is that there was no room.
    """
    code = getattr(error, "sqlite_errorcode", None) if isinstance(error, sqlite3.Error) else None
    if code in _NO_ROOM_IN_SQLITE or (isinstance(error, OSError) and error.errno in _NO_ROOM):
        raise NoRoomError(
            "the state folder cannot be written: its disk is full",
            "make room on it; the next turn begins where this one ended",
        ) from None


@contextmanager
def room_for_state() -> Iterator[None]:
    """Tell a full disk as such, wherever in a turn it is met.

    Raises:
        NoRoomError: there was no room for something that had to be kept.
    """
    try:
        yield
    except (OSError, sqlite3.Error) as error:
        check_room(error)
        raise
