"""Searches as they were published: under which agreement, in which version, reviewed by whom."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from hub.models.agreements import Agreement


class PublishedSearch(models.Model):
    """One published version of a search under one agreement; the latest version is the one in force."""

    agreement = models.ForeignKey(Agreement, on_delete=models.PROTECT, related_name="searches")
    search_id = models.CharField(max_length=60)
    version = models.PositiveIntegerField()
    digest = models.CharField(max_length=64)  # content digest over its files and code lists
    title = models.CharField(max_length=300)
    files = models.JSONField()  # name -> text: search.yaml, search.sql, tests.yaml, README.md
    codelists = models.JSONField()  # name -> text
    bundle = models.BinaryField()  # the signed bundle, as published
    author = models.CharField(max_length=100)
    clinical_reviewer = models.CharField(max_length=100)
    governance_reviewer = models.CharField(max_length=100)
    published_at = models.DateTimeField()
    superseded_at = models.DateTimeField(null=True)

    class Meta:
        app_label = "hub"
        ordering: ClassVar = ["search_id", "version"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["agreement", "search_id", "version"], name="one_row_per_search_version_and_agreement"
            )
        ]

    def __str__(self) -> str:
        return f"{self.search_id} version {self.version}"
