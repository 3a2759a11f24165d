"""An older, frozen, half-signed or altered catalogue is refused by the agent, which keeps the last good one."""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from agent.errors import CatalogueRefusedError
from governance.review import Role
from hub.repository import LIFETIME
from tests.federation import AGREEMENT, Agent, Federation


def test_an_older_catalogue_is_refused_and_the_last_good_one_kept(tmp_path: Path) -> None:
    federation = Federation(tmp_path)
    (elm,) = federation.ready("Z90001")
    old = tmp_path / "old"
    shutil.copytree(federation.config.repository, old)
    federation.publish()
    assert elm.pull() == ()
    good = _current(elm)

    shutil.copy(old / "metadata" / "timestamp.json", federation.config.repository / "metadata" / "timestamp.json")

    assert "older" in elm.pull()[0]
    assert _current(elm) == good


def test_a_half_signed_catalogue_is_refused_and_the_last_good_one_kept(tmp_path: Path) -> None:
    federation = Federation(tmp_path)
    (elm,) = federation.ready("Z90001")
    good = _current(elm)

    federation.publish_half_signed(AGREEMENT, Role.CLINICAL)

    assert "lacks signatures" in elm.pull()[0]
    assert _current(elm) == good


def test_a_reviewers_signature_does_not_count_twice(tmp_path: Path) -> None:
    federation = Federation(tmp_path)
    (elm,) = federation.ready("Z90001")
    good = _current(elm)

    federation.publish_half_signed(AGREEMENT, Role.GOVERNANCE, Role.GOVERNANCE)

    assert elm.pull() != ()
    assert _current(elm) == good


def test_a_frozen_catalogue_is_refused_once_its_timestamp_has_ended(tmp_path: Path) -> None:
    federation = Federation(tmp_path)
    elm = federation.enrol("Z90001")

    with federation.at(federation.now - LIFETIME["timestamp"] - timedelta(hours=1)):
        federation.centre.repository().refresh(timedelta(days=400))

    with pytest.raises(CatalogueRefusedError, match="expired"):
        elm.pull()


def test_an_altered_target_is_refused_and_the_last_good_one_kept(tmp_path: Path) -> None:
    federation = Federation(tmp_path)
    (elm,) = federation.ready("Z90001")
    good = _current(elm)
    federation.add_staff("n.new", Role.AUTHOR)
    for hub_file in federation.config.repository.glob("targets/*.hub.json"):
        data = hub_file.read_bytes()
        hub_file.write_bytes(data.replace(b"Northside hub", b"Southside hub"))

    assert elm.pull() != ()
    assert _current(elm) == good


def test_a_catalogue_of_another_root_is_refused(tmp_path: Path) -> None:
    federation = Federation(tmp_path / "true")
    (elm,) = federation.ready("Z90001")
    good = _current(elm)
    stranger = Federation(tmp_path / "false", fresh=True)
    shutil.rmtree(federation.config.repository / "metadata")
    shutil.copytree(stranger.config.repository / "metadata", federation.config.repository / "metadata")
    federation.use()

    assert elm.pull() != ()
    assert _current(elm) == good


def _current(agent: Agent) -> bytes:
    return (agent.folder.catalogue / "current.json").read_bytes()
