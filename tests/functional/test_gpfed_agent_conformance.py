"""A server answers otherwise after everything was well: nothing leaves, three commands say why, and then it goes on."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from tests.agent_kit import PRACTICE
from tests.conformance.damage import damaged
from tests.databases import SiteServer, site
from tests.engine_servers import Servers
from tests.exact_answers import write_practice
from tests.functional.test_gpfed_agent import RunningHub
from tests.functional.test_gpfed_agent_database import agent, settings_file

RUN = ("run", "--once", "--now", "--reference-date", "2026-02-28", "--json")


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[RunningHub]:
    hub = RunningHub(tmp_path / "hub" / "northside")
    yield hub
    hub.stop()


@pytest.fixture
def here(servers: Servers, tmp_path: Path) -> Iterator[SiteServer]:
    files = write_practice("vision", 60, 11, tmp_path / "files", date(2026, 3, 31)).folder
    with site(servers, "postgresql", tmp_path) as here:
        here.fill(files, "vision")
        here.grant()
        yield here


def test_nothing_leaves_while_the_server_answers_wrongly(hub: RunningHub, here: SiteServer, tmp_path: Path) -> None:
    state = tmp_path / "state"
    file = settings_file(here, tmp_path / "site.toml")
    enrolled = agent(state, "enrol", hub.code(PRACTICE), "--layout", "vision", "--database", file, typed="\n")
    assert enrolled.code == 0, enrolled.err
    assert agent(state, "agreements", "accept", "heart-health", "--unnamed", "--yes").code == 0
    hub.publish()

    with damaged(here):
        red = agent(state, *RUN)
        looked, stands = agent(state, "doctor"), agent(state, "status", "--json")

    assert red.code == 13
    assert red.json["released"] == []
    assert {one["reason"] for one in red.json["problems"]} == {"conformance_failed"}  # type: ignore[attr-defined]
    assert "gpfed-agent: answers about made-up people are wrong, so nothing is released: " in red.err
    assert looked.code == 13
    assert "made-up people went wrong" in looked.out
    assert stands.json["conformance"]["result"] == "red"  # type: ignore[index]

    green = agent(state, *RUN)
    assert green.code == 0, green.err
    assert [one["agreement"] for one in green.json["released"]] == ["heart-health"]  # type: ignore[attr-defined]
    assert agent(state, "status", "--json").json["conformance"]["result"] == "green"  # type: ignore[index]
