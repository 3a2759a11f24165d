"""Takes in what practices put into their mailboxes: open, enforce, store, acknowledge. One turn, on one screen.

What a crash (or a second try) may leave, and what becomes of it:

    before the commit     the file still waits: the next turn takes it from the start
    after the commit      row, figures, event and receipt are all in the database, or none is; the next turn writes the
                          receipt into the mailbox, removes the file, and notes that both were done: `finish` may run
                          any number of times
    a file set aside      is first copied to quarantine and noted, then removed: done twice, it only counts twice

So every message is taken in exactly once, and a receipt can be seen only for what is stored. A file that comes again
after it was taken in and finished is set aside as `already_recorded`.
"""

from __future__ import annotations

import hashlib
import logging
from collections import Counter
from dataclasses import dataclass

from django.db import DatabaseError, transaction

from governance import note
from governance.errors import FormatError, NotForUsError, SealBrokenError, TrustError
from governance.sealing import ReceivedResult, open_sealed
from governance.wire import (
    Acceptance,
    FileKind,
    UploadName,
    check_upload,
    parse_upload_name,
    read_acceptance,
    receipt_name,
)
from hub.centre import Centre
from hub.enforce import Permitted, check_sequence, identity, permit_acceptance, permit_result
from hub.errors import QuarantineError
from hub.events import record
from hub.figures import store_figures
from hub.files import sync_folder, write_whole
from hub.inbox import Arrival, read_arrival, set_aside, waiting
from hub.models import Agreement, Membership, Practice, Receipt, Result

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Turn:
    """What one turn did: how many files it took in, set aside, and could not deal with."""

    received: int = 0
    quarantined: int = 0
    failed: int = 0


@dataclass(frozen=True, slots=True)
class Letter:
    """A file whose bytes are those that its name says."""

    practice: Practice
    name: UploadName
    file_name: str
    data: bytes
    digest: str


def receive_waiting(centre: Centre) -> Turn:
    """One turn: finish what was interrupted, then take in every waiting file. One file's failure stops no other."""
    for receipt in Receipt.objects.filter(finished_at=None).select_related("practice"):
        finish(centre, receipt)
    ended = Counter(_take_in(centre, arrival) for arrival in waiting(centre))
    return Turn(ended["received"], ended["quarantined"], ended["failed"])


def _take_in(centre: Centre, arrival: Arrival) -> str:
    """How it ended with one file; a disk or database that fails leaves the file for the next turn."""
    try:
        try:
            receive(centre, arrival)
        except QuarantineError as refusal:
            log.warning("quarantined practice=%s reason=%s", arrival.practice.code, refusal.reason)
            set_aside(centre, arrival, refusal)
            return "quarantined"
    except (DatabaseError, OSError):
        log.exception("receive_failed practice=%s", arrival.practice.code)
        return "failed"
    except Exception:
        # A mistake of ours that this file brings out: kept for whoever looks into it, so that it stops nothing else.
        log.exception("receive_failed practice=%s", arrival.practice.code)
        set_aside(centre, arrival, QuarantineError("the hub could not deal with this file", "failed_here"))
        return "quarantined"
    return "received"


def receive(centre: Centre, arrival: Arrival) -> None:
    """Take in one file, whole or not at all.

    Raises:
        QuarantineError: it is not to be taken in.
    """
    letter = read_letter(centre, arrival)
    if letter.name.kind is FileKind.RESULT:
        message = open_result(centre, letter)
        permitted = permit_result(letter.practice, message, centre.today())
        receipt = store_result(centre, letter, message, permitted)
    else:
        acceptance = open_acceptance(letter)
        agreement = permit_acceptance(letter.practice, acceptance, centre.today())
        receipt = store_acceptance(centre, letter, acceptance, agreement)
    finish(centre, receipt)


def read_letter(centre: Centre, arrival: Arrival) -> Letter:
    """The file, if it is what its name says and has not been taken in before (then its receipt is shown again)."""
    try:
        parse_upload_name(arrival.path.name)
    except FormatError as error:
        raise QuarantineError(error.message, "file_name_not_allowed") from error
    data = read_arrival(arrival)
    digest = hashlib.sha256(data).hexdigest()
    known = Receipt.objects.filter(practice=arrival.practice, digest=digest).first()
    if known is not None:
        show(centre, known)
        raise QuarantineError("these bytes have been taken in before", "already_recorded")
    try:
        name = check_upload(arrival.path.name, data)
    except FormatError as error:
        raise QuarantineError(error.message, "name_does_not_match_content") from error
    return Letter(arrival.practice, name, arrival.path.name, data, digest)


def open_result(centre: Centre, letter: Letter) -> ReceivedResult:
    """The result inside, if the practice sealed it for this hub under this number."""
    try:
        message = open_sealed(letter.data, identity(letter.practice), centre.keys.seal)
    except NotForUsError as error:
        raise QuarantineError(error.message, "not_for_us") from error
    except TrustError as error:
        raise QuarantineError(error.message, "not_signed_by_practice") from error
    except SealBrokenError as error:
        raise QuarantineError(error.message, "broken_seal") from error
    except FormatError as error:
        raise QuarantineError(error.message, "not_a_message") from error
    _check_place(letter, message.sequence, message.previous)
    return message


def open_acceptance(letter: Letter) -> Acceptance:
    """The acceptance, if the practice signed it under this number."""
    try:
        acceptance = read_acceptance(letter.data, identity(letter.practice).key)
    except TrustError as error:
        raise QuarantineError(error.message, "not_signed_by_practice") from error
    except FormatError as error:
        raise QuarantineError(error.message, "not_a_message") from error
    _check_place(letter, acceptance.sequence, acceptance.previous)
    return acceptance


def store_result(centre: Centre, letter: Letter, message: ReceivedResult, permitted: Permitted) -> Receipt:
    """Result, figures, event and receipt, in one transaction."""
    with transaction.atomic():
        receipt = _acknowledge(centre, letter)
        result = Result.objects.create(
            practice=letter.practice,
            agreement=permitted.agreement,
            reference_date=message.reference_date,
            sequence=letter.name.sequence,
            digest=letter.digest,
            sealed=letter.data,
            opened=message.payload,
            list_size_band=message.list_size_band,
            profile=message.profile,
            received_at=receipt.received_at,
            receipt=receipt,
            restates=permitted.restates,
            reason=str(message.restates.reason) if message.restates is not None else "",
        )
        store_figures(result, permitted.tables)
        record(
            centre,
            "result_received",
            letter.practice,
            agreement=permitted.agreement.agreement_id,
            reference_date=message.reference_date.isoformat(),
            sequence=letter.name.sequence,
            file=letter.digest,
            searches=len(permitted.tables),
            **_restated(message),
        )
    return receipt


def _restated(message: ReceivedResult) -> dict[str, str]:
    """What the record of events says of a restatement besides."""
    said = message.restates
    return {"restates": said.file, "reason": str(said.reason)} if said is not None else {}


def store_acceptance(centre: Centre, letter: Letter, acceptance: Acceptance, agreement: Agreement) -> Receipt:
    """The practice's word, event and receipt, in one transaction; an older word never overrules a newer one."""
    with transaction.atomic():
        receipt = _acknowledge(centre, letter)
        newer = Membership.objects.filter(
            practice=letter.practice, agreement=agreement, sequence__gt=letter.name.sequence
        )
        if not newer.exists():
            Membership.objects.update_or_create(
                practice=letter.practice,
                agreement=agreement,
                defaults={
                    "decision": acceptance.decision.value,
                    "named": acceptance.named,
                    "acceptance": letter.data,
                    "sequence": letter.name.sequence,
                    "decided_at": receipt.received_at,
                },
            )
        record(
            centre,
            f"agreement_{acceptance.decision.value}",
            letter.practice,
            agreement=agreement.agreement_id,
            version=agreement.version,
            sequence=letter.name.sequence,
            file=letter.digest,
        )
    return receipt


def finish(centre: Centre, receipt: Receipt) -> None:
    """Show the receipt in the mailbox and remove the file; harmless when done before."""
    show(centre, receipt)
    inbox = centre.config.mailbox(receipt.practice.code) / "in"
    (inbox / receipt.file_name).unlink(missing_ok=True)
    sync_folder(inbox)
    Receipt.objects.filter(pk=receipt.pk).update(finished_at=centre.now())


def show(centre: Centre, receipt: Receipt) -> None:
    """Write the receipt into the practice's mailbox, if it is not there."""
    path = centre.config.mailbox(receipt.practice.code) / "receipts" / receipt_name(receipt.sequence)
    if not path.exists():
        write_whole(path, bytes(receipt.note))


def _acknowledge(centre: Centre, letter: Letter) -> Receipt:
    received_at = centre.now().replace(microsecond=0)
    text = note.Receipt(letter.practice.code, letter.name.sequence, letter.digest, received_at)
    return Receipt.objects.create(
        practice=letter.practice,
        sequence=letter.name.sequence,
        kind=letter.name.kind.value,
        file_name=letter.file_name,
        digest=letter.digest,
        note=note.sign_receipt(text, centre.config.code, centre.keys.receipt),
        received_at=received_at,
    )


def _check_place(letter: Letter, sequence: int, previous: str) -> None:
    if sequence != letter.name.sequence:
        raise QuarantineError("the number inside is not the one in the name", "name_does_not_match_content")
    check_sequence(letter.practice, sequence, previous)
