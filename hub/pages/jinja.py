"""Templates: ours, over the macros of nhsuk-frontend-jinja. Everything is escaped unless it was made by `Markup`."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from jinja2 import ChainableUndefined, ChoiceLoader, Environment, PackageLoader
from jinja2.loaders import BaseLoader

from hub.comparison import plain
from hub.pages.words import day


def environment(**options: Any) -> Environment:
    """The environment that Django asks for.

    `ChainableUndefined`, because the macros read `params.x.y` where no `x` was given.
    """
    own: BaseLoader = options["loader"]
    options["loader"] = ChoiceLoader([own, PackageLoader("nhsuk_frontend_jinja", "templates")])
    env = Environment(**(options | {"undefined": ChainableUndefined}))  # noqa: S701 - set in the next line
    env.autoescape = True
    env.filters["day"] = day
    env.filters["moment"] = moment
    env.filters["number"] = number
    env.filters["percent"] = percent
    env.filters["plain"] = plain
    env.trim_blocks = True
    env.lstrip_blocks = True
    return env


def moment(value: datetime) -> str:
    """`31 March 2026, 14:05 UTC`; times are stored in UTC."""
    return f"{day(value)}, {value:%H:%M} UTC"


def number(value: int) -> str:
    """`1,234`."""
    return f"{value:,}"


def percent(value: Decimal | int | None) -> str:
    """`72.5%`; a dash where there is none."""
    if value is None:
        return "–"
    return f"{plain(value) if isinstance(value, Decimal) else value}%"
