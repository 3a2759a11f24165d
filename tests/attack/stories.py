"""A story of an attack names the defence that stops it; all stories are found here by whoever takes defences away."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

NOTICED: Final = (AssertionError, pytest.fail.Exception)
"""How a story fails when the attacker wins; anything else is a mistake in the story."""


@dataclass(frozen=True)
class Story:
    """An attack.

    Args:
        name: of the test.
        about: which kind of attack: the first line of its module.
        defence: name of the one that stops it.
        attack: the test itself, without fixtures.
    """

    name: str
    about: str
    defence: str
    attack: Callable[[], None]

    @property
    def title(self) -> str:
        """The name in words."""
        return self.name.removeprefix("test_").replace("_", " ")

    def notices(self) -> bool:
        """Whether the attacker wins now; only of interest while a defence is taken away."""
        try:
            self.attack()
        except NOTICED:
            return True
        return False


_STORIES: dict[str, Story] = {}


def stopped_by(defence: str) -> Callable[[Callable[[], None]], Callable[[], None]]:
    """Mark a test as a story, and name its defence (of `tests.attack.defences`)."""

    def register(attack: Callable[[], None]) -> Callable[[], None]:
        about = importlib.import_module(attack.__module__).__doc__ or ""
        _STORIES[attack.__name__] = Story(attack.__name__, about.split("\n", 1)[0], defence, attack)
        return attack

    return register


def all_stories() -> tuple[Story, ...]:
    """Every story, by kind of attack."""
    for path in sorted(Path(__file__).parent.glob("test_story_*.py")):
        importlib.import_module(f"tests.attack.{path.stem}")
    return tuple(sorted(_STORIES.values(), key=lambda story: (story.about, story.name)))
