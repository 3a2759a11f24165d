"""Every story names a defence that exists, and its attacker wins while that defence is away."""

from __future__ import annotations

import pytest

from tests.attack.defences import defence
from tests.attack.stories import Story, all_stories

STORIES = all_stories()


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.name)
def test_the_attacker_wins_without_the_defence(story: Story) -> None:
    with defence(story.defence).removed():
        assert story.notices()
