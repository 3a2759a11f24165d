"""The record of what happened at the hub, and of what it set aside."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from hub.models.immutable import WrittenOnce
from hub.models.practices import Practice

QUARANTINE_REASONS = (
    "agreement_not_active",
    "agreement_unknown",
    "already_recorded",
    "breaks_profile",
    "broken_seal",
    "chain_broken",
    "failed_here",
    "file_name_not_allowed",
    "name_does_not_match_content",
    "not_a_message",
    "not_for_us",
    "not_signed_by_practice",
    "nothing_to_restate",
    "period_already_recorded",
    "period_already_restated",
    "period_not_allowed",
    "restates_another_file",
    "restates_another_version",
    "restates_other_searches",
    "search_not_published",
    "sequence_already_used",
    "state_does_not_allow",
    "too_large",
)


class Event(WrittenOnce):
    """One thing that happened, in words and ids; never a figure of a patient."""

    at = models.DateTimeField()
    kind = models.CharField(max_length=40)
    practice = models.ForeignKey(Practice, on_delete=models.PROTECT, null=True, related_name="events")
    facts = models.JSONField()

    class Meta:
        app_label = "hub"
        ordering: ClassVar = ["id"]


class Quarantined(models.Model):
    """A file that was set aside, why, and how often the same bytes came."""

    practice = models.ForeignKey(Practice, on_delete=models.PROTECT, related_name="quarantined")
    file_name = models.CharField(max_length=255)
    digest = models.CharField(max_length=64)  # SHA-256 of the file; the file is quarantine/<practice>/<digest>
    reason = models.CharField(max_length=40)
    explanation = models.TextField()
    at = models.DateTimeField()
    times = models.PositiveIntegerField(default=1)

    class Meta:
        app_label = "hub"
        ordering: ClassVar = ["id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["practice", "digest", "reason"], name="one_row_per_file_and_reason")
        ]
