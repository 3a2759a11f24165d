"""The log as it is stored: leaves, hashes and checkpoints, each written once; and what witnesses said of it.

| table | trusted | who can change it |
|---|---|---|
| leaves, hashes, checkpoints | no: every practice checks what it is shown | is found out by a witness, or by `fsck` |
| secrets | yes: they hide what entries commit to | can open commitments, or lose the means to |
| cosignatures | checked by signature | can leave some out: new searches then wait |
"""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from hub.models.immutable import WrittenOnce
from hub.models.log import Event
from hub.models.practices import Practice


class LogLeaf(WrittenOnce):
    """One entry of the log, in the transaction of the event it records."""

    index = models.BigIntegerField(primary_key=True)  # from 0, without gaps
    event = models.OneToOneField(Event, on_delete=models.PROTECT, related_name="leaf")
    kind = models.CharField(max_length=40)
    practice = models.ForeignKey(Practice, on_delete=models.PROTECT, null=True, related_name="leaves")
    agreement = models.CharField(max_length=60, blank=True)
    subject = models.CharField(max_length=64, blank=True)  # by which it is looked up: a digest or a key's id
    entry = models.BinaryField()  # the leaf's bytes: canonical JSON

    class Meta:
        app_label = "hub"
        ordering: ClassVar = ["index"]
        indexes: ClassVar = [models.Index(fields=["subject", "kind"], name="leaves_by_subject")]


class LogSecret(models.Model):
    """From which the salts of an entry's commitments come; deleted together with what they hide."""

    leaf = models.OneToOneField(LogLeaf, on_delete=models.PROTECT, primary_key=True, related_name="secret")
    secret = models.BinaryField(max_length=32)

    class Meta:
        app_label = "hub"


class LogHash(WrittenOnce):
    """One hash of the tree, at the place that `governance.merkle_tree` gives it."""

    place = models.BigIntegerField(primary_key=True)
    hash = models.BinaryField(max_length=32)

    class Meta:
        app_label = "hub"


class LogCheckpoint(WrittenOnce):
    """A checkpoint that the hub signed."""

    size = models.BigIntegerField(primary_key=True)
    note = models.BinaryField()  # as signed, without cosignatures
    signed_at = models.DateTimeField()

    class Meta:
        app_label = "hub"
        ordering: ClassVar = ["size"]


class LogCosignature(models.Model):
    """A witness's latest word on a checkpoint."""

    checkpoint = models.ForeignKey(LogCheckpoint, on_delete=models.PROTECT, related_name="cosignatures")
    practice = models.ForeignKey(Practice, on_delete=models.PROTECT, related_name="cosignatures")
    line = models.BinaryField()  # as sent
    at = models.DateTimeField()  # by the witness's clock

    class Meta:
        app_label = "hub"
        ordering: ClassVar = ["checkpoint", "practice"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["checkpoint", "practice"], name="one_word_per_checkpoint_and_witness")
        ]
