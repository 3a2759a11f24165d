"""Totals over practices on pages, in files, on the terminal and as JSON: the same everywhere, to each his own."""

from __future__ import annotations

import json
from argparse import Namespace
from datetime import date

import pytest

from hub.commands import totals
from hub.errors import NotThereError
from hub.viewer import Viewer
from tests.federation import REFERENCE_DATE, SEARCH, Federation, pulse_table, use_hub
from tests.integration.test_pages import World, file_link, table

FIGURES = {f"Z9000{number}": (100 + 20 * number, 60 + number) for number in range(1, 8)}
BANDED, SILENT = "Z90008", "Z90009"
OWN = "Z90001"
CAPTION = "All practices together"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    federation = Federation(tmp_path_factory.mktemp("totals"))
    agents = federation.ready(*FIGURES, BANDED, SILENT)
    for agent in agents:
        if agent.code != SILENT:
            figures = FIGURES.get(agent.code, (203, 4))
            agent.drop(agent.seal([pulse_table(*figures)]).data, 2)
    federation.receive()
    assert [agent.quarantined() for agent in agents] == [()] * len(agents)
    return World(federation)


@pytest.fixture(autouse=True)
def _this_hub(world: World) -> None:
    use_hub(world.federation.hub_folder)


def spoken(capsys: pytest.CaptureFixture[str], world: World, *, as_json: bool, on: date | None = None) -> str:
    code = totals(world.federation.centre, Namespace(id="heart-health", on=on, json=as_json))
    assert code == 0
    return capsys.readouterr().out


def test_staff_see_the_ends_as_they_are(world: World) -> None:
    met, not_met = (sum(pair[side] for pair in FIGURES.values()) for side in (0, 1))
    assert (met, not_met) == (1260, 448)
    (row,) = table(world.text(Viewer.staff(), "/coverage/"), "Totals over practices")
    assert row[1:] == [
        "at least 1,460 (1,460 to 1,467 at the 8 practices that counted)",
        "at least 448 (448 to 455 at the 8 practices that counted)",
        "at least 0 (0 at the 8 practices that counted)",
        "76.2% to 76.7%",
        "7 of 9 practices as numbers; 1 as bands; 1 not yet received",
    ]


def test_the_file_the_terminal_and_the_json_of_the_staff_say_the_same(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    page = world.text(Viewer.staff(), "/coverage/")
    met, not_met, excepted = world.file(Viewer.staff(), file_link(page, "totals under"))
    ends = ("state", "least", "most", "counted_least", "counted_most", "practices_agreed", "as_bands")
    assert [met[name] for name in ends] == ["at_least", "1460", "", "1460", "1467", "9", "1"]
    assert [not_met[name] for name in ends] == ["at_least", "448", "", "448", "455", "9", "1"]
    assert excepted["as_bands"] == "0"

    document = json.loads(spoken(capsys, world, as_json=True))
    assert document["reference_date"] == "2026-03-31"
    said = document["searches"][SEARCH]
    assert said["met"]["counted"] == {"least": 1460, "most": 1467}
    assert (said["met"]["state"], said["met"]["most"]) == ("at_least", None)
    assert said["percentage"] == {"least": "76.2", "most": "76.7"}
    assert said["met"]["practices"]["awaited"] == 1

    text = spoken(capsys, world, as_json=False, on=REFERENCE_DATE)
    assert f"{SEARCH}  (7 of 9 practices as numbers; 1 as bands; 1 not yet received)" in text
    assert "met                   at least 1,460 (1,460 to 1,467 at the 8 practices that counted)" in text


def test_a_practice_sees_a_grid_and_its_file_says_the_same(world: World) -> None:
    for code in (OWN, BANDED, SILENT):
        page = world.text(Viewer.practice(code), f"/practice/heart-health/{SEARCH}/")
        shown = table(page, CAPTION)
        assert shown[0][1] == "at least 1,000 (1,000 to 1,500 at the 8 practices that counted)"
        assert shown[1][1] == "at least 400 (400 to 600 at the 8 practices that counted)"
        assert shown[2][1] == "not shown: too few practices have released a number"
        rows = world.file(Viewer.practice(code), file_link(page, "totals"))
        assert [row["state"] for row in rows] == ["at_least", "at_least", "not_shown"]
        assert (rows[0]["counted_least"], rows[0]["counted_most"]) == ("1000", "1500")
        exact = {"1260", "1,260", "1460", "1,460", "1467", "1,467"}
        assert not [one for one in exact if one in page or one in str(rows)]


def test_a_date_without_results_has_no_totals(world: World) -> None:
    with pytest.raises(NotThereError, match="nothing was received under heart-health version 1 for 2026-02-28"):
        totals(world.federation.centre, Namespace(id="heart-health", on=date(2026, 2, 28), json=False))
