"""The log as one practice may see it: made when it is asked for, so that no file has to be kept for every practice.

    /log/checkpoint                          the newest checkpoint that enough witnesses have cosigned
    /log/offer/<old>                         the newest, with the proof that it continues the log of the old size
    /log/offer/<old>/<new>                   an earlier one, likewise
    /log/proof/message/<sha-256>             that a message of this practice's own is entered
    /log/proof/agreement/<id>/<sha-256>      that an agreement that names it is entered
    /log/proof/search/<id>/<sha-256>         that a search published under an agreement that names it is entered
    /log/cosignature/<size>                  the practice's word on that checkpoint

Proofs lead to the newest checkpoint that counts and holds the entry; while there is none, to the newest signed one, so
that a practice sees how far it has come.
"""

from __future__ import annotations

from collections.abc import Mapping

from django.db import transaction
from django.db.models import QuerySet

from governance.cosignature import read_cosignature
from governance.errors import GovernanceError
from governance.keys import VerifyKey
from governance.log_entry import Kind, read_entry, salt_of
from governance.log_proof import Offer, Shown, write_offer, write_proof
from governance.merkle_tree import prove_consistency, prove_inclusion
from hub.centre import Centre
from hub.errors import AccessError, NotThereError
from hub.log import counting, newest, read_hashes, signed, with_words
from hub.mailbox import Rights
from hub.models import LogCheckpoint, LogCosignature, LogLeaf, LogSecret, Practice

_MESSAGES = (
    Kind.RESULT_RECEIVED,
    Kind.AGREEMENT_ACCEPTED,
    Kind.AGREEMENT_DECLINED,
    Kind.AGREEMENT_WITHDRAWN,
    Kind.AGREEMENT_SUSPENDED,
    Kind.AGREEMENT_RESUMED,
)
_NOT_THERE = "there is no such file"


class PracticeShelf:
    """What one practice may see of the log.

    Args:
        centre: the hub.
        practice: who asks.
        rights: which agreements name it.
    """

    def __init__(self, centre: Centre, practice: Practice, rights: Rights) -> None:
        self._centre = centre
        self._practice = practice
        self._rights = rights

    def read(self, path: str) -> bytes:
        """A text of the log.

        Raises:
            NotThereError: there is none yet.
            AccessError: it is not for this practice.
        """
        match path.split("/")[2:]:
            case ["checkpoint"]:
                return with_words(self._centre, self._counting())
            case ["offer", old]:
                return _offer(int(old), newest(self._centre))
            case ["offer", old, new]:
                return _offer(int(old), self._checkpoint(int(new)))
            case ["proof", "message", digest]:
                return self._proof(LogLeaf.objects.filter(kind__in=_MESSAGES, practice=self._practice, subject=digest))
            case ["proof", about, agreement, digest] if self._rights.named_in(agreement):
                kind = Kind.SEARCH_PUBLISHED if about == "search" else Kind.AGREEMENT_PROPOSED
                return self._proof(LogLeaf.objects.filter(kind=kind, agreement=agreement, subject=digest))
            case _:
                raise AccessError("this file may not be read")

    def take(self, size: int, line: bytes) -> None:
        """Keep the practice's word on a checkpoint; a newer word replaces an older one.

        Raises:
            AccessError: it is not this practice's cosignature of a checkpoint that the hub has signed.
        """
        checkpoint = self._checkpoint(size)
        witness = (self._practice.code, VerifyKey.parse(self._practice.signing_key))
        try:
            word = read_cosignature(line, signed(self._centre, checkpoint), witness)
        except GovernanceError as error:
            raise AccessError(error.message) from error
        with transaction.atomic():
            kept = LogCosignature.objects.filter(checkpoint=checkpoint, practice=self._practice)
            if not kept.filter(at__gt=word.at).exists():
                kept.update_or_create(
                    checkpoint=checkpoint, practice=self._practice, defaults={"line": line, "at": word.at}
                )

    def _checkpoint(self, size: int) -> LogCheckpoint:
        checkpoint = LogCheckpoint.objects.filter(size=size).first()
        if checkpoint is None:
            raise NotThereError(_NOT_THERE)
        return checkpoint

    def _counting(self) -> LogCheckpoint:
        checkpoint = counting(self._centre)
        if checkpoint is None:
            raise NotThereError(_NOT_THERE)
        return checkpoint

    def _proof(self, leaves: QuerySet[LogLeaf]) -> bytes:
        leaf = leaves.order_by("index").first()
        if leaf is None:
            raise NotThereError(_NOT_THERE)
        checkpoint = counting(self._centre)
        if checkpoint is None or checkpoint.size <= leaf.index:
            checkpoint = newest(self._centre)
        if checkpoint.size <= leaf.index:
            raise NotThereError(_NOT_THERE)
        return write_proof(shown(self._centre, leaf, checkpoint))


def _offer(old: int, checkpoint: LogCheckpoint) -> bytes:
    # A witness that has seen more than there is gets no proof: it is shown what there is, and will say so.
    hashes = prove_consistency(old, checkpoint.size, read_hashes).hashes if old <= checkpoint.size else ()
    return write_offer(Offer(old, hashes, bytes(checkpoint.note)))


def shown(centre: Centre, leaf: LogLeaf, checkpoint: LogCheckpoint) -> Shown:
    """An entry with its proof under a checkpoint, and the salts of its commitments, if they have not been deleted."""
    proof = prove_inclusion(leaf.index, checkpoint.size, read_hashes)
    note = with_words(centre, checkpoint)
    return Shown(bytes(leaf.entry), salts_of(leaf), leaf.index, proof.hashes, note)


def salts_of(leaf: LogLeaf) -> Mapping[str, bytes]:
    """The salts of an entry's commitments; none once its secret has been deleted."""
    kept = LogSecret.objects.filter(leaf=leaf).first()
    names = read_entry(bytes(leaf.entry)).committed if kept else {}
    return {name: salt_of(bytes(kept.secret), name) for name in names} if kept else {}
