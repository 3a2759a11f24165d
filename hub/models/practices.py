"""Who takes part: practices, their invitations to enrol, and the hub's own people who sign."""

from __future__ import annotations

from typing import ClassVar

from django.db import models


class Practice(models.Model):
    """A practice that was added; it takes part once it has enrolled its two public keys."""

    code = models.CharField(max_length=10, unique=True)  # ODS code; also the SFTP account
    name = models.CharField(max_length=200)
    signing_key = models.CharField(max_length=200, blank=True)  # text form of the practice's verify key
    ssh_key = models.CharField(max_length=500, blank=True)  # "ssh-ed25519 AAAA..."
    added_at = models.DateTimeField()
    enrolled_at = models.DateTimeField(null=True)

    class Meta:
        app_label = "hub"
        ordering: ClassVar = ["code"]

    def __str__(self) -> str:
        return self.code

    @property
    def enrolled(self) -> bool:
        """Whether the practice's keys are known."""
        return self.enrolled_at is not None


class Invitation(models.Model):
    """A one-time code for one practice: only a hash of its secret half is kept."""

    practice = models.ForeignKey(Practice, on_delete=models.PROTECT, related_name="invitations")
    selector = models.CharField(max_length=16, unique=True)  # finds the row without trying every hash
    salt = models.BinaryField(max_length=16)
    secret_hash = models.BinaryField(max_length=32)  # scrypt
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)  # with the right selector and the wrong secret
    request_digest = models.CharField(max_length=64, blank=True)  # SHA-256 of the one request that was taken
    reply = models.BinaryField(null=True)

    class Meta:
        app_label = "hub"


class StaffMember(models.Model):
    """A person at the hub who signs searches, and what as; several people share no key."""

    person = models.CharField(max_length=40, unique=True)  # a short id that is never given to another
    name = models.CharField(max_length=100)
    roles = models.JSONField()  # some of author, clinical, governance
    key = models.CharField(max_length=200, unique=True)  # text form of the verify key
    added_at = models.DateTimeField()

    class Meta:
        app_label = "hub"
        ordering: ClassVar = ["person"]
