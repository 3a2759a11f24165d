"""When the hub itself suspended an agreement, for everybody."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from hub.models.agreements import Agreement


class Suspension(models.Model):
    """One suspension by the hub; it holds until it is resumed."""

    agreement = models.ForeignKey(Agreement, on_delete=models.PROTECT, related_name="suspensions")
    reason = models.CharField(max_length=300)
    suspended_at = models.DateTimeField()
    resumed_at = models.DateTimeField(null=True)

    class Meta:
        app_label = "hub"
        ordering: ClassVar = ["id"]
