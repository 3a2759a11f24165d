"""What was released of the values of a distribution, beside its figure."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from hub.models.immutable import WrittenOnce
from hub.models.results import Result
from hub.models.searches import PublishedSearch


class Description(WrittenOnce):
    """The statistics of the totals row of one distribution in one result, each with its state; never changed."""

    result = models.ForeignKey(Result, on_delete=models.PROTECT, related_name="descriptions")
    search = models.ForeignKey(PublishedSearch, on_delete=models.PROTECT, related_name="descriptions")
    reference_date = models.DateField()  # of the result: so that one index serves a comparison
    statistics = models.JSONField()  # as `governance.cells.Statistics.to_json` gives them

    class Meta:
        app_label = "hub"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["result", "search"], name="one_description_per_result_and_search")
        ]
        indexes: ClassVar = [models.Index(fields=["search", "reference_date"], name="descriptions_of_a_comparison")]
