"""Django, configured from one frozen `HubConfig`: no environment variable, no second settings file.

>>> from hub.settings import configure
>>> configure(Path("/srv/hub"))                       # doctest: +SKIP
HubConfig(folder=PosixPath('/srv/hub'), code='HUB01', ...)

One process serves one hub. Every write transaction takes SQLite's write lock at once (`IMMEDIATE`), so that two
processes of one hub wait for each other instead of failing half-way.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import django
from django.conf import settings
from django.core.management import call_command

from hub.config import HubConfig, read_config

SESSION_SECONDS = 12 * 60 * 60
"""A working day: who comes back tomorrow opens the link again."""


def configure(folder: Path) -> HubConfig:
    """Configure Django for the hub in `folder` and load its models; harmless when done before for the same folder.

    Raises:
        HubConfigError: the folder holds no hub, or its configuration is not allowed.
    """
    config = read_config(folder)
    if not settings.configured:
        settings.configure(**django_settings(config))
        django.setup()
    return config


def migrate() -> None:
    """Bring the database of the configured hub to the schema of this version."""
    call_command("migrate", interactive=False, verbosity=0)


def active_config() -> HubConfig:
    """The configuration that this process was started with, for pages."""
    config: HubConfig = settings.GPFED_HUB
    return config


def django_settings(config: HubConfig) -> dict[str, Any]:
    """Every Django setting that is not the default, from the hub's configuration."""
    return {
        "GPFED_HUB": config,
        "DEBUG": False,
        "SECRET_KEY": config.secret,
        "ALLOWED_HOSTS": sorted({config.public_host, config.web_host, "127.0.0.1", "localhost"} - {"0.0.0.0"}),  # noqa: S104
        "INSTALLED_APPS": ["hub"],
        "DATABASES": {"default": database_settings(config)},
        "DEFAULT_AUTO_FIELD": "django.db.models.BigAutoField",
        "ROOT_URLCONF": "hub.pages.urls",
        "MIDDLEWARE": [
            "django.middleware.security.SecurityMiddleware",
            "hub.pages.security.SecurityHeaders",
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.middleware.common.CommonMiddleware",
            "django.middleware.csrf.CsrfViewMiddleware",
        ],
        "TEMPLATES": [
            {
                "BACKEND": "django.template.backends.jinja2.Jinja2",
                "DIRS": [Path(__file__).parent / "templates"],
                "OPTIONS": {"environment": "hub.pages.jinja.environment"},
            }
        ],
        "SESSION_ENGINE": "django.contrib.sessions.backends.signed_cookies",
        "SESSION_COOKIE_AGE": SESSION_SECONDS,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_COOKIE_SECURE": config.https,
        "CSRF_COOKIE_SECURE": config.https,
        "SECURE_REFERRER_POLICY": "same-origin",
        "SECURE_PROXY_SSL_HEADER": ("HTTP_X_FORWARDED_PROTO", "https") if config.https else None,
        "USE_TZ": True,
        "TIME_ZONE": "UTC",
        "LANGUAGE_CODE": "en-gb",
        "LOGGING_CONFIG": None,
    }


def database_settings(config: HubConfig) -> dict[str, Any]:
    """The one database: SQLite in write-ahead mode, every commit on disk before it is believed."""
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": config.database,
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "timeout": 30,  # seconds to wait for another writer
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON",
        },
    }
