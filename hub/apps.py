"""The hub as a Django application."""

from __future__ import annotations

from django.apps import AppConfig


class HubApp(AppConfig):
    """Models, pages and commands of the hub."""

    name = "hub"
    label = "hub"
    default_auto_field = "django.db.models.BigAutoField"
