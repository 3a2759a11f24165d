"""Agreements as both sides signed them: the bytes are kept as received, and only those bytes count."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from hub.models.practices import Practice


class Agreement(models.Model):
    """One version of an agreement, signed by the hub; a new version is a new row."""

    agreement_id = models.CharField(max_length=60)
    version = models.PositiveIntegerField()
    title = models.CharField(max_length=300)
    kind = models.CharField(max_length=20)  # sharing | internal
    view = models.CharField(max_length=20)  # unnamed | named_by_consent
    profile = models.CharField(max_length=40)
    digest = models.CharField(max_length=64)  # SHA-256 of the document
    document = models.BinaryField()  # canonical bytes that were signed
    envelope = models.BinaryField()  # the signed envelope, as published
    signed_by = models.CharField(max_length=200)  # text form of the hub's key that signed it
    practices = models.JSONField()  # codes of the practices it names
    start = models.DateField()
    end = models.DateField()
    proposed_at = models.DateTimeField()
    superseded_at = models.DateTimeField(null=True)

    class Meta:
        app_label = "hub"
        ordering: ClassVar = ["agreement_id", "version"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["agreement_id", "version"], name="one_row_per_agreement_version")
        ]

    def __str__(self) -> str:
        return f"{self.agreement_id} version {self.version}"


class Membership(models.Model):
    """A practice's latest word on one agreement version, with the signed bytes that say so."""

    practice = models.ForeignKey(Practice, on_delete=models.PROTECT, related_name="memberships")
    agreement = models.ForeignKey(Agreement, on_delete=models.PROTECT, related_name="memberships")
    decision = models.CharField(max_length=10)  # accept | decline | withdraw
    named = models.BooleanField()  # may be shown by name to peers that may be too
    acceptance = models.BinaryField()  # the file as received
    sequence = models.PositiveIntegerField()  # of that file: an older one never overrules it
    decided_at = models.DateTimeField()

    class Meta:
        app_label = "hub"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["practice", "agreement"], name="one_word_per_practice_and_agreement")
        ]
