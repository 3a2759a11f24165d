"""What practices sent: the sealed bytes as received, their opened content, and one figure per search.

The blob is the truth; a figure is a copy of the totals row for pages that show many practices at once
(one row per search keeps storing about twice as dear as the blob alone; one row per cell would be ten times).
"""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from hub.models.agreements import Agreement
from hub.models.immutable import WrittenOnce
from hub.models.practices import Practice
from hub.models.searches import PublishedSearch

_PERIOD = ("practice", "agreement", "reference_date")
STATES = ("value", "band", "withheld", "not_run", "failed")


class Receipt(models.Model):
    """The hub's signed word that it took in a message; `finished_at` is set once the mailbox shows it.

    Stored in the same transaction as what it acknowledges; the file in the mailbox is written from this row
    afterwards, so that a crash between the two is mended by writing it again.
    """

    practice = models.ForeignKey(Practice, on_delete=models.PROTECT, related_name="receipts")
    sequence = models.PositiveIntegerField()
    kind = models.CharField(max_length=10)  # result | acceptance
    file_name = models.CharField(max_length=80)
    digest = models.CharField(max_length=64)  # SHA-256 of the file received
    note = models.BinaryField()  # the signed note
    received_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    class Meta:
        app_label = "hub"
        ordering: ClassVar = ["practice", "sequence"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["practice", "sequence"], name="one_message_per_practice_and_sequence")
        ]


class Result(WrittenOnce):
    """What one practice sent under one agreement for one period, or the one restatement of it; never changed."""

    practice = models.ForeignKey(Practice, on_delete=models.PROTECT, related_name="results")
    agreement = models.ForeignKey(Agreement, on_delete=models.PROTECT, related_name="results")
    reference_date = models.DateField()
    sequence = models.PositiveIntegerField()
    digest = models.CharField(max_length=64)  # SHA-256 of `sealed`
    sealed = models.BinaryField()  # the file as received
    opened = models.BinaryField()  # the signed payload inside, as the practice wrote it
    list_size_band = models.CharField(max_length=20, blank=True)
    profile = models.CharField(max_length=80, blank=True)  # by which the practice hid small counts
    received_at = models.DateTimeField()
    receipt = models.OneToOneField(Receipt, on_delete=models.PROTECT, related_name="result")
    restates = models.OneToOneField("self", on_delete=models.PROTECT, null=True, related_name="restatement")
    reason = models.CharField(max_length=40, blank=True)  # of a restatement: one of `RestatementReason`

    class Meta:
        app_label = "hub"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=_PERIOD, condition=models.Q(restates=None), name="one_result_per_period"),
            models.UniqueConstraint(
                fields=_PERIOD, condition=models.Q(restates__isnull=False), name="one_restatement_per_period"
            ),
            models.CheckConstraint(
                condition=models.Q(restates=None, reason="")
                | (models.Q(restates__isnull=False) & ~models.Q(reason="")),
                name="a_restatement_says_why",
            ),
        ]

    @property
    def is_restated(self) -> bool:
        """Whether a restatement of it was taken in."""
        return hasattr(self, "restatement")


class Figure(WrittenOnce):
    """The totals row of one search in one result: for each state of people, what may be said of it.

    Of `X_value`, `X_below` and `X_above` exactly those are set that `X_state` calls for: a value; a band (below, above
    or both); nothing else.
    """

    result = models.ForeignKey(Result, on_delete=models.PROTECT, related_name="figures")
    search = models.ForeignKey(PublishedSearch, on_delete=models.PROTECT, related_name="figures")
    reference_date = models.DateField()  # of the result: so that one index serves a comparison
    met_state = models.CharField(max_length=10)
    met_value = models.PositiveIntegerField(null=True)
    met_below = models.PositiveIntegerField(null=True)
    met_above = models.PositiveIntegerField(null=True)
    met_reason = models.CharField(max_length=60, blank=True)
    not_met_state = models.CharField(max_length=10)
    not_met_value = models.PositiveIntegerField(null=True)
    not_met_below = models.PositiveIntegerField(null=True)
    not_met_above = models.PositiveIntegerField(null=True)
    not_met_reason = models.CharField(max_length=60, blank=True)
    excepted_state = models.CharField(max_length=10)
    excepted_value = models.PositiveIntegerField(null=True)
    excepted_below = models.PositiveIntegerField(null=True)
    excepted_above = models.PositiveIntegerField(null=True)
    excepted_reason = models.CharField(max_length=60, blank=True)

    class Meta:
        app_label = "hub"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["result", "search"], name="one_figure_per_result_and_search")
        ]
        indexes: ClassVar = [models.Index(fields=["search", "reference_date"], name="figures_of_a_comparison")]
