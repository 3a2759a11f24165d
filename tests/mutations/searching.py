"""Which drawn searches get another answer while a wrong rewrite is planted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache

from tests.engine_servers import Servers
from tests.generative.language import hostile
from tests.generative.language.asking import Answers, difference, meant
from tests.generative.language.engines import CANONICAL, loaded, places
from tests.generative.language.populations import World, world
from tests.generative.language.searches import many_searches
from tests.mutations.rewrites import Planted

SEARCHES, POPULATIONS, SEED = 240, 25, 20_261_122
"""The seed is that of `make generative`."""


@cache
def worlds() -> tuple[World, ...]:
    """The populations that are asked about, for each reference date."""
    return tuple(world(day, POPULATIONS, SEED) for day in hostile.REFERENCE_DATES)


@cache
def expected(number: int) -> tuple[Answers, ...]:
    """What the evaluator says of a search, for each reference date."""
    search = many_searches(SEARCHES, SEED)[number].search
    return tuple(meant(search, place) for place in places(CANONICAL, worlds()))


def noticing(servers: Servers, planted: Planted, numbers: Sequence[int] = range(SEARCHES)) -> Iterator[int]:
    """The numbers of the searches that get another answer, or none, under a planted mistake.

    Args:
        servers: one of the mistake's engine is used.
        planted: the mistake.
        numbers: of the searches to ask.
    """
    searches, engine = many_searches(SEARCHES, SEED), planted.wrong()
    with loaded(servers, planted.engine, worlds()) as databases:
        for number in numbers:
            answers = zip(databases, expected(number), strict=True)
            if any(difference(searches[number].search, each, right, engine) for each, right in answers):
                yield number
