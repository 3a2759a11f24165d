"""Bring the diary and the receipts' files up to what the outbox says, and close the messages that are done.

The outbox's row is the truth. Whatever it says has happened is written down once, in order, however often this is
called: a kill between the row and the diary is made good by the next call.
"""

from __future__ import annotations

import hashlib

from agent.diary import Diary
from agent.files import write_private
from agent.outbox import Message, Outbox
from agent.state import StateFolder
from governance.wire import receipt_name


def write_down_all(folder: StateFolder, outbox: Outbox, diary: Diary) -> None:
    """Write down every message that is not closed; harmless when repeated."""
    for message in outbox.in_state("spooled", "uploaded", "receipted"):
        write_down(folder, outbox, diary, message)


def write_down(folder: StateFolder, outbox: Outbox, diary: Diary, message: Message) -> None:
    """Write down how far a message is; harmless when repeated."""
    diary.append_once(
        "spooled",
        {
            "sequence": message.sequence,
            "kind": message.kind,
            "agreement": message.agreement,
            "reference_date": message.reference_date,
            "digest": message.digest,
            **({"restates": message.restates, "reason": message.reason} if message.restates is not None else {}),
        },
    )
    if message.state == "spooled":
        return
    diary.append_once("uploaded", {"sequence": message.sequence, "digest": message.digest})
    if message.state == "receipted":
        _write_receipt(folder, outbox, diary, message)
        outbox.recorded(message)


def _write_receipt(folder: StateFolder, outbox: Outbox, diary: Diary, message: Message) -> None:
    receipt = outbox.receipt(message)
    write_private(folder.receipts / receipt_name(message.sequence), receipt)
    diary.append_once(
        "receipted",
        {
            "sequence": message.sequence,
            "digest": message.digest,
            "receipt": hashlib.sha256(receipt).hexdigest(),
            "received_at": message.received_at,
        },
    )
