"""Who is looking is what a signed link says, and nothing else."""

from __future__ import annotations

from dataclasses import replace

import pytest
from django.core import signing

from hub.errors import AccessError
from hub.settings import active_config
from hub.viewer import Viewer, enter, make_link, make_token, read_token, viewer_of


@pytest.mark.parametrize("viewer", [Viewer.staff(), Viewer.practice("Z90001")])
def test_a_link_says_who_is_looking(viewer: Viewer) -> None:
    link = make_link(active_config(), viewer, "http://127.0.0.1:8000/")

    start, token, end = link.rpartition("/enter/")[0], link.split("/")[-2], link[-1]
    assert (start, end) == ("http://127.0.0.1:8000", "/")
    assert read_token(active_config(), token) == viewer


def test_a_link_of_another_hub_is_refused() -> None:
    token = make_token(replace(active_config(), secret="t" * 64), Viewer.practice("Z90001"))

    with pytest.raises(AccessError, match="not made by this hub"):
        read_token(active_config(), token)


def test_an_altered_link_is_refused() -> None:
    token = make_token(active_config(), Viewer.practice("Z90001"))

    with pytest.raises(AccessError, match="not made by this hub"):
        read_token(active_config(), token[:-1] + ("A" if token[-1] != "A" else "B"))


def test_something_else_that_the_hub_signed_is_no_link() -> None:
    token = signing.dumps({"practice": ""}, key=active_config().secret, salt="another purpose")

    with pytest.raises(AccessError, match="not made by this hub"):
        read_token(active_config(), token)


def test_an_old_link_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hub.viewer.LINK_SECONDS", -1)

    with pytest.raises(AccessError, match="too old"):
        read_token(active_config(), make_token(active_config(), Viewer.staff()))


def test_a_session_remembers_who_entered() -> None:
    session: dict[str, object] = {}
    assert viewer_of(session) is None

    enter(session, Viewer.practice("Z90001"))

    assert viewer_of(session) == Viewer.practice("Z90001")
    assert not Viewer.practice("Z90001").is_staff
    assert Viewer.staff().is_staff
