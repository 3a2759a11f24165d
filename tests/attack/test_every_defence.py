"""Every story names a defence that exists, and its attacker wins while that defence is away."""

from __future__ import annotations

import pytest

from tests.attack.defences import DEFENCES, defence
from tests.attack.stories import Story, all_stories

STORIES = all_stories()


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.name)
def test_the_attacker_wins_without_the_defence(story: Story) -> None:
    with defence(story.defence).removed():
        assert story.notices()


@pytest.mark.parametrize("name", [one.name for one in DEFENCES])
def test_every_defence_is_named_by_a_story(name: str) -> None:
    assert name in {story.defence for story in STORIES}


def test_there_are_stories_enough() -> None:
    assert len(STORIES) >= 80
    assert len({one.name for one in DEFENCES}) == len(DEFENCES)
