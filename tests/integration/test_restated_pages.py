"""A restated figure on every page and in every file: the second is shown, marked so, with the first beside it."""

from __future__ import annotations

from pathlib import Path

import pytest

from governance.restatement import Restatement, RestatementReason
from hub.agreements import in_force
from hub.demo.outcome import _row
from hub.models import PublishedSearch, Result
from hub.pages.load import comparisons, release
from hub.pages.words import day
from hub.searches import search_of
from hub.viewer import Viewer
from tests.federation import REFERENCE_DATE, SEARCH, Agent, Federation, pulse_table, table_of, use_hub
from tests.integration.test_pages import COMPARISON, World, table

OWN, NAMED, UNNAMED = "Z90001", "Z90002", "Z90003"
FIGURES = {OWN: (300, 200), NAMED: (437, 123), UNNAMED: (311, 246)}
AGAIN = {OWN: (4, 496), NAMED: (460, 100), UNNAMED: (400, 157)}
FILE = f"/practice/heart-health/{SEARCH}.csv"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    federation = Federation(tmp_path_factory.mktemp("restated"))
    agents = [federation.enrol(code) for code in FIGURES]
    federation.propose()
    for agent in agents:
        agent.say(named=agent.code in (OWN, NAMED))
    federation.receive()
    federation.publish()
    for agent in agents:
        _send(agent, FIGURES[agent.code], 2)
    federation.receive()
    for agent in agents:
        (first,) = agent.results()
        _send(agent, AGAIN[agent.code], 3, first)
    federation.receive()
    assert [agent.quarantined() for agent in agents] == [()] * len(agents)
    return World(federation)


def _send(agent: Agent, figures: tuple[int, int], sequence: int, first: Result | None = None) -> None:
    restates = Restatement(first.digest, RestatementReason.EXTRACT_WAS_INCOMPLETE) if first else None
    changes = {"previous": first.digest} if first else {}
    sealed = agent.seal([pulse_table(*figures)], sequence=sequence, restates=restates, **changes)
    agent.drop(sealed.data, sequence)


@pytest.fixture(autouse=True)
def _this_hub(world: World) -> None:
    use_hub(world.federation.hub_folder)


@pytest.fixture
def today(world: World) -> str:
    return day(world.federation.now.date())


def test_the_page_shows_the_restated_figure_and_the_first_beside_it(world: World, today: str) -> None:
    page = world.text(Viewer.practice(UNNAMED))

    assert "Your practice: 71.8% (400 of 557)." in page
    first = "55.8% (311 met, 246 not met, fewer than 8 left out)"
    assert f"Restated on {today}: extract was incomplete. First released: {first}." in page


def test_a_restated_figure_that_may_not_be_shown_is_no_zero_and_the_first_stays(world: World, today: str) -> None:
    page = world.text(Viewer.practice(OWN))

    assert "Too few to show" in page
    assert f"Restated on {today}: extract was incomplete. First released: 60.0% (300 met, 200 not met" in page
    own = table(page, "The same values as a table")[0]
    assert own[1] == f"Too few to show restated on {today}; first 60.0%"


def test_a_peer_is_marked_and_the_day_is_told_of_a_named_one_only(world: World, today: str) -> None:
    shown = {row[0]: row[1] for row in table(world.text(Viewer.practice(OWN)), "The same values as a table")[1:]}

    assert shown.pop("Practice Z90002") == f"82% restated on {today}; first 78%"
    assert list(shown.values()) == ["72% restated; first 56%"]


def test_the_files_have_both_releases(world: World) -> None:
    on = world.federation.now.date().isoformat()
    own, named, unnamed = world.file(Viewer.practice(OWN), FILE)
    columns = ("state", "percentage", "met", "not_met", "left_out", "restated_on", "first_state", "first_percentage")
    counts = ("first_met", "first_not_met", "first_left_out")

    assert [own[name] for name in columns] == [
        *("too few to show", "", "fewer than 8", "more than 492", "fewer than 8", on, "value", "60.0")
    ]
    assert [own[name] for name in counts] == ["300", "200", "fewer than 8"]
    assert [named[name] for name in columns] == ["value", "82", "", "", "", on, "value", "78"]
    assert [unnamed[name] for name in columns] == ["value", "72", "", "", "", "restated", "value", "56"]
    assert {named[name] + unnamed[name] for name in counts} == {""}
    (front,) = world.file(Viewer.practice(OWN), "/practice.csv")
    assert (front["restated_on"], front["first_percentage"]) == (on, "60.0")


def test_the_front_page_and_the_coverage_mark_it(world: World, today: str) -> None:
    (row,) = table(world.text(Viewer.practice(UNNAMED), "/practice/"), "Your searches for 31 March 2026")
    assert row[1].endswith(f"restated on {today}; first 55.8%")
    rows = table(world.text(Viewer.staff(), "/coverage/"), "What was received")
    assert {row[2] for row in rows} == {"Restated"}
    received = world.file(Viewer.staff(), "/coverage/heart-health/received.csv")
    assert all(row["received"] and row["restated"] for row in received)


def test_the_terminal_marks_it(world: World) -> None:
    given = release(in_force("heart-health"), REFERENCE_DATE, world.federation.now.date())
    ((_, comparison),) = comparisons(UNNAMED, given, world.federation.config)
    assert _row(comparison)[1] == "71.8% restated"


def test_ones_groups_are_those_of_the_restatement(world: World) -> None:
    page = world.text(Viewer.practice(UNNAMED), COMPARISON)
    assert "400" in {row[2] for row in table(page, "By group, as released")}


def test_a_search_that_was_corrected_since_stands_beside_its_first_figure(tmp_path: Path) -> None:
    federation = Federation(tmp_path)
    (elm,) = federation.ready(OWN)
    _send(elm, (300, 200), 2)
    federation.receive()
    federation.publish_changed()
    corrected = table_of(search_of(PublishedSearch.objects.get(superseded_at=None)), 340, 160)
    (first,) = elm.results()
    restates = Restatement(first.digest, RestatementReason.SEARCH_CORRECTED)
    elm.drop(elm.seal([corrected], sequence=3, previous=first.digest, restates=restates).data, 3)
    federation.receive()
    assert elm.quarantined() == ()

    given = release(in_force("heart-health"), REFERENCE_DATE, federation.now.date())
    ((_, comparison),) = comparisons(OWN, given, federation.config)

    assert comparison.own.restated is not None
    shown, before = comparison.own.counts, comparison.own.restated.first
    assert shown is not None
    assert (shown.met.value, before.met.value) == (340, 300)
