from __future__ import annotations

import csv
import re
from dataclasses import replace
from io import StringIO
from pathlib import Path

import pytest

from governance.suppress import CellState, Reason, State
from hub.comparison import Comparison, Standing
from hub.pages import assets, download, tables
from hub.pages.markdown import render
from hub.pages.security import CONTENT_SECURITY_POLICY
from hub.pages.tables import unsplit_reason
from hub.pages.words import cell_words, count_words, peers_words, reason_words
from tests.federation import pulse_table
from tests.unit.test_comparison import BANDED, MEMBERS, ON, member, seen_by


def rows_of(comparison: Comparison) -> list[dict[str, str]]:
    return list(csv.DictReader(StringIO(download.comparison_csv(comparison).decode("utf-8-sig"))))


@pytest.mark.parametrize("reason", list(Reason))
def test_every_reason_has_words(reason: Reason) -> None:
    assert re.fullmatch(r"[a-z][a-z0-9 ,']+", reason_words(reason))


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        (CellState(State.VALUE, value=1412), "1,412"),
        (CellState(State.VALUE, value=0), "0"),
        (CellState(State.BAND, below=8), "fewer than 8"),
        (CellState(State.BAND, above=404), "more than 404"),
        (CellState(State.BAND, above=0, below=8), "1 to 7"),
        (CellState(State.WITHHELD, reason=Reason.LIST_BELOW_1000), "withheld"),
        (CellState(State.NOT_RUN, reason=Reason.LAYOUT_HAS_NO_APPOINTMENTS), "not run"),
        (CellState(State.FAILED, reason=Reason.TIMED_OUT), "failed"),
    ],
)
def test_no_two_states_read_alike(cell: CellState, said: str) -> None:
    assert cell_words(cell) == said


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        (CellState(State.VALUE, value=412), "412 people"),
        (CellState(State.BAND, below=8), "fewer than 8 people"),
        (CellState(State.WITHHELD, reason=Reason.LIST_BELOW_1000), "withheld"),
        (CellState(State.NOT_RUN, reason=Reason.LAYOUT_HAS_NO_APPOINTMENTS), "not run"),
        (CellState(State.FAILED, reason=Reason.TIMED_OUT), "failed"),
    ],
)
def test_what_was_not_counted_counts_nobody(cell: CellState, said: str) -> None:
    assert count_words(cell, "people") == said


def test_one_peer_is_not_peers() -> None:
    assert [peers_words(number) for number in (0, 1, 2)] == ["0 peers", "1 peer", "2 peers"]


def test_why_no_group_is_shown_speaks_of_each_group() -> None:
    assert unsplit_reason(pulse_table(5, 5)) == "too few people were counted in each"


def test_the_file_has_counts_in_one_s_own_row_only() -> None:
    own, *peers = rows_of(seen_by("A1", MEMBERS))
    assert (own["met"], own["not_met"], own["left_out"], own["percentage"]) == ("412", "151", "14", "73.2")
    assert (own["interval_95_low"], own["interval_95_high"]) == ("69.4", "76.7")
    for name in ("met", "not_met", "left_out", "interval_95_low", "interval_95_high"):
        assert {peer[name] for peer in peers} == {""}
    assert all(re.fullmatch(r"\d{1,3}|", peer["percentage"]) for peer in peers)


def test_the_file_has_the_page_s_peers_in_the_page_s_order() -> None:
    comparison = seen_by("A1", MEMBERS)
    peers = rows_of(comparison)[1:]
    assert [row["practice"] for row in peers] == [peer.label for peer in comparison.peers]
    assert [row["state"] for row in peers] == [peer.standing.value for peer in comparison.peers]
    assert {row["list_size"] for row in peers} == {"4,000 to 7,999", ""}


def test_the_file_says_bands_in_words_and_no_number_in_their_place() -> None:
    own = rows_of(seen_by("A1", (member("A1", BANDED), *MEMBERS[1:])))[0]
    assert (own["met"], own["not_met"], own["percentage"], own["state"]) == (
        "fewer than 8",
        "more than 400",
        "",
        "too few to show",
    )


def test_the_file_opens_in_a_spreadsheet_with_its_letters_right() -> None:
    named = replace(MEMBERS[0], name="Ystrad Tŷ")
    assert download.comparison_csv(seen_by("A1", (named, *MEMBERS[1:]))).startswith(
        b"\xef\xbb\xbfsearch,reference_date"
    )


@pytest.mark.parametrize("name", ["=cmd()", "+1", "-1", "@SUM(A1)", "\tx", "\rx"])
def test_a_name_that_a_spreadsheet_would_run_is_escaped(name: str) -> None:
    own = rows_of(seen_by("A1", (replace(MEMBERS[0], name=name), *MEMBERS[1:])))[0]
    assert own["practice"].startswith("'")


def test_the_front_file_says_under_which_agreement_nothing_was_received() -> None:
    file = download.front_csv("=Elm", [("heart", [seen_by("A1", MEMBERS)]), ("lungs", None), ("kidneys", [])])
    first, second = csv.DictReader(StringIO(file.decode("utf-8-sig")))
    assert (first["percentage"], first["interval_95_low"], first["interval_95_high"]) == ("73.2", "69.4", "76.7")
    assert (first["middle_of_peers"], first["target"], first["answered"], first["agreed"]) == ("51.5", "90", "7", "8")
    told = {name: value for name, value in second.items() if value}
    assert told == {"agreement": "lungs", "practice": "'=Elm", "state": "not yet received"}


@pytest.mark.parametrize("place", [1, 3, 4, 5, 6, 7])
def test_the_front_file_has_words_and_no_number_where_there_is_no_percentage(place: int) -> None:
    comparison = seen_by("ABCDEFGH"[place] + str(place + 1), MEMBERS)
    (row,) = csv.DictReader(StringIO(download.front_csv("Elm", [("heart", [comparison])]).decode("utf-8-sig")))
    assert row["state"] == comparison.own.standing.value
    assert bool(row["percentage"]) == bool(row["interval_95_low"]) == (place == 1)


@pytest.mark.parametrize(
    ("not_met", "last"),
    [(88, ["1412", "88", "fewer than 8", "94.1"]), (4, ["more than 1408", "fewer than 8", "fewer than 8", ""])],
)
def test_the_file_of_groups_has_plain_numbers_and_bands_in_words(not_met: int, last: list[str]) -> None:
    own = replace(seen_by("A1", MEMBERS).own, name="@Elm")
    rows = list(csv.reader(StringIO(download.groups_csv(own, pulse_table(1412, not_met), ON).decode("utf-8-sig"))))
    assert rows[0][:5] == ["search", "reference_date", "practice", "age_band", "sex"]
    assert rows[0][5:] == ["met", "not_met", "left_out", "percentage"]
    assert {tuple(row[:3]) for row in rows[1:]} == {("pulse-rhythm-65", "2026-03-31", "'@Elm")}
    assert rows[-1][5:] == last


def test_markdown_knows_paragraphs_bullets_headings_and_emphasis() -> None:
    html = render("# Why\nFirst **strong** line\nof *two*.\n\n- one `code`\n- two\n  more")
    assert html == (
        '<h3 class="nhsuk-heading-s">Why</h3><p>First <strong>strong</strong> line of <em>two</em>.</p>\n'
        "<ul><li>one <code>code</code></li><li>two more</li></ul>"
    )


def test_markdown_lets_no_element_and_no_link_through() -> None:
    html = render('<script>x</script> [a](javascript:x) <img src=x onerror="y">')
    assert "<script" not in html
    assert "<img" not in html
    assert "<a" not in html


def test_the_policy_allows_nothing_but_our_own_styles_and_images() -> None:
    rules = dict(rule.split(" ", 1) for rule in CONTENT_SECURITY_POLICY.split("; "))
    assert rules.pop("default-src") == "'none'"
    assert {name: value for name, value in rules.items() if value != "'none'"} == {
        "style-src": "'self'",
        "img-src": "'self'",
    }


def test_no_vendored_file_loads_anything_from_elsewhere() -> None:
    for name in assets.NAMES:
        if name.endswith((".css", ".svg")):
            text = (assets.FOLDER / name).read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
            assert re.findall(r"https?:|@font-face|@import|//[a-z]", text) == []


def test_the_vendored_style_sheet_keeps_its_licence_notice() -> None:
    notice = (assets.FOLDER / "nhsuk" / "LICENSE.txt").read_text(encoding="utf-8")
    assert "MIT License" in notice
    assert "Copyright (c) 2019 NHS.UK" in notice


def test_every_standing_and_every_state_has_words_and_a_look_of_its_own() -> None:
    """Nobody should take a withheld count for a zero, or a search that was not run for one that failed."""
    css = (Path(tables.__file__).parents[1] / "static" / "gpfed.css").read_text()
    looks = dict(re.findall(r"^\.(gpf-(?:state|count)--[a-z_]+) \{\n(.*?)\}", css, re.MULTILINE | re.DOTALL))
    standings = [one for one in Standing if one is not Standing.VALUE]
    states = [one for one in State if one is not State.VALUE]
    assert set(looks) == {f"gpf-state--{one.name.lower()}" for one in standings} | {
        f"gpf-count--{one}" for one in states
    }
    for kind in ("gpf-state", "gpf-count"):
        mine = [look for name, look in looks.items() if name.startswith(kind)]
        assert len(set(mine)) == len(mine)
    assert len({one.value for one in standings}) == len(standings)
    words = [cell_words(CellState(one, below=8 if one is State.BAND else None)) for one in states]
    assert len(set(words)) == len(states)
