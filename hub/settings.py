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
from hub.errors import HubConfigError

INSTALLED_APPS = ["hub"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
ROOT_URLCONF = "hub.pages.urls"
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "hub.pages.security.SecurityHeaders",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
]
TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.jinja2.Jinja2",
        "DIRS": [Path(__file__).parent / "templates"],
        "OPTIONS": {"environment": "hub.pages.jinja.environment"},
    }
]
SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"
SESSION_COOKIE_AGE = 12 * 60 * 60  # seconds: a working day; who comes back tomorrow opens the link again
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SECURE_REFERRER_POLICY = "same-origin"
USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en-gb"
DEBUG = False
GPFED_HUB: HubConfig | None = None  # set by configure()


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
    """The configuration that this process was started with, for pages.

    Raises:
        HubConfigError: `configure` was not called.
    """
    if settings.GPFED_HUB is None:
        raise HubConfigError("no hub was configured in this process")
    return settings.GPFED_HUB


def django_settings(config: HubConfig) -> dict[str, Any]:
    """Every Django setting that is not the default: the constants above, and what depends on the hub."""
    constants = {name: value for name, value in globals().items() if name.isupper()}
    hosts = {config.public_host, config.web_host, "127.0.0.1", "localhost"} - {"0.0.0.0"}  # noqa: S104
    return {
        **constants,
        "GPFED_HUB": config,
        "SECRET_KEY": config.secret,
        "ALLOWED_HOSTS": sorted(hosts),
        "DATABASES": {"default": database_settings(config)},
        "SESSION_COOKIE_SECURE": config.https,
        "CSRF_COOKIE_SECURE": config.https,
        "LOGGING_CONFIG": None,  # the command sets up logging
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
