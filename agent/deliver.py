"""Send what may leave now of what waits in the outbox, in order, and fetch the hub's signed receipts.

Results leave in the release hour (`agent.release_hour`), or when somebody asks for it; acceptances at once.

A receipt counts only if the hub's receipt key signed it, for this practice, this sequence and these bytes. A message
that the hub does not sign for within a day is sent again: the same bytes under the same name, which the hub takes
once.
"""

from __future__ import annotations

import contextlib
from datetime import datetime, timedelta

from agent.diary import utc_text
from agent.errors import NotThereError, ReceiptError
from agent.outbox import Message
from agent.record import write_down
from agent.release_hour import ReleaseHour
from agent.stops import held_back
from agent.transport import RECEIPTS, Mailbox, Patience
from agent.turn import Turn
from governance.catalogue import HubIdentity
from governance.errors import GovernanceError
from governance.note import NOTE_LIMIT_BYTES, read_receipt
from governance.wire import FileKind, receipt_name

SEND_AGAIN_AFTER = timedelta(days=1)
RECEIPT_PATIENCE = Patience(seconds=20)


def resting(turn: Turn, *, at_once: bool = False) -> tuple[Message, ...]:
    """The results that wait for the release hour."""
    hour = ReleaseHour(turn.config.release_hour)
    return tuple(
        message
        for message in turn.outbox.in_state("spooled")
        if message.kind == FileKind.RESULT
        and not at_once
        and not hour.may_leave(datetime.fromisoformat(message.spooled_at), turn.now)
    )


def deliver(
    turn: Turn, mailbox: Mailbox, hub: HubIdentity, patience: Patience, *, at_once: bool = False
) -> tuple[Message, ...]:
    """Send and collect; the messages that still wait for a receipt.

    Args:
        turn: of the agent.
        mailbox: of this practice.
        hub: as the catalogue names it.
        patience: how long to wait for receipts.
        at_once: whether results need not wait for the release hour.

    Raises:
        TransportError: the hub did not answer, or said no; what was not sent is kept.
    """
    later = {message.sequence for message in resting(turn, at_once=at_once)}
    for message in turn.outbox.in_state("spooled", "uploaded"):
        if message.sequence in later:
            continue
        # A kill may have come between the upload and our note of it: what the hub signed for is not sent again.
        collect(turn, mailbox, hub, message)
        # Asked anew for each: the practice may stop while others are sent.
        if _is_due(turn.outbox.message(message.sequence), turn.now) and not held_back(turn, message):
            send(turn, mailbox, message)
    for _ in patience.looks():
        for message in turn.outbox.in_state("uploaded"):
            collect(turn, mailbox, hub, message)
        if not turn.outbox.in_state("uploaded"):
            break
    waiting = (one for one in turn.outbox.in_state("spooled", "uploaded") if one.sequence not in later)
    return tuple(one for one in waiting if not held_back(turn, one))


def send(turn: Turn, mailbox: Mailbox, message: Message) -> None:
    """Put one message into the mailbox; harmless when repeated."""
    mailbox.put(message.remote_path, turn.outbox.data(message))
    turn.outbox.uploaded(message, turn.now)
    write_down(turn.folder, turn.outbox, turn.diary, turn.outbox.message(message.sequence))


def collect(turn: Turn, mailbox: Mailbox, hub: HubIdentity, message: Message) -> None:
    """Fetch and keep one message's receipt, if it is there."""
    with contextlib.suppress(NotThereError):
        receipt = mailbox.fetch(f"{RECEIPTS}/{receipt_name(message.sequence)}", NOTE_LIMIT_BYTES)
        try:
            received_at = _check_receipt(turn, hub, message, receipt)
        except ReceiptError as error:
            turn.diary.append_once("receipt_refused", {"sequence": message.sequence, "reason": error.message})
            raise
        turn.outbox.receipted(message, receipt, utc_text(received_at))
        write_down(turn.folder, turn.outbox, turn.diary, turn.outbox.message(message.sequence))


def _check_receipt(turn: Turn, hub: HubIdentity, message: Message, data: bytes) -> datetime:
    try:
        receipt = read_receipt(data, hub.code, hub.receipt_key)
    except GovernanceError as error:
        raise ReceiptError(f"receipt {message.sequence} is refused: {error.message}", _HINT) from error
    if (receipt.practice, receipt.sequence, receipt.digest) != (
        turn.config.practice,
        message.sequence,
        message.digest,
    ):
        raise ReceiptError(f"receipt {message.sequence} is about another message", _HINT)
    return receipt.received_at


_HINT = "the message is kept; tell the hub, with the file in its folder receipts"


def _is_due(message: Message, now: datetime) -> bool:
    if message.state != "uploaded":
        return message.state == "spooled"
    return now - datetime.fromisoformat(message.uploaded_at) > SEND_AGAIN_AFTER
