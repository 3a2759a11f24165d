"""Rows that are written once. The database has triggers that say the same (migration 0001)."""

from __future__ import annotations

from typing import Any

from django.db import models

from hub.errors import HubError


class WrittenOnce(models.Model):
    """A row that can be added and read, and neither changed nor deleted."""

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Add the row.

        Raises:
            HubError: the row is already there.
        """
        if not self._state.adding:
            raise HubError(f"a {type(self).__name__.lower()} is written once and never changed")
        super().save(*args, **kwargs)

    def delete(self, *_args: Any, **_kwargs: Any) -> tuple[int, dict[str, int]]:
        """Refuse.

        Raises:
            HubError: always.
        """
        raise HubError(f"a {type(self).__name__.lower()} is written once and never deleted")
