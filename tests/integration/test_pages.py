"""The pages over real results: what each viewer is given, and what nobody is."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from html import unescape
from io import StringIO
from pathlib import Path

import pytest
from django.test import Client

from governance.wire import AgreementDecision
from hub.pages.security import HEADERS
from hub.viewer import Viewer, make_token
from tests.federation import SEARCH, Federation, pulse_table, use_hub

OWN, NAMED, UNNAMED, BANDED, SILENT = "Z90001", "Z90002", "Z90003", "Z90004", "Z90005"
FILES = ("/practice.csv", f"/practice/heart-health/{SEARCH}.csv", f"/practice/heart-health/{SEARCH}/groups.csv")
STAFF_FILES = ("/coverage/heart-health/received.csv", "/coverage/set-aside.csv")
FIGURES = {OWN: (300, 200), NAMED: (437, 123), UNNAMED: (311, 246), BANDED: (203, 4)}
COMPARISON = f"/practice/heart-health/{SEARCH}/"


def table(page: str, caption: str) -> list[list[str]]:
    """The body of a page's table, as it is read: without elements, drawings and the headings for narrow screens."""
    body = next(one for one in re.findall(r"<table.*?</table>", page, re.DOTALL) if caption in one)
    body = re.sub(r"<svg.*?</svg>|<span[^>]*table__heading[^>]*>.*?</span>", "", body, flags=re.DOTALL)
    rows = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL) for row in body.split("<tr")[2:]]
    return [[" ".join(re.sub(r"<[^>]+>", " ", cell).split()) for cell in row] for row in rows]


def file_link(page: str, words: str) -> str:
    """Where the link with these words leads."""
    return next(
        href
        for href, said in re.findall(r'<a class="nhsuk-link" href="([^"]+)" download>([^<]+)', page)
        if words in said
    )


def percent_or_dash(share: str) -> str:
    return f"{share}%" if share else "–"


def minute(stamp: str) -> str:
    """A file's time as a page says it."""
    at = datetime.fromisoformat(stamp)
    return f"{at.day} {at:%B %Y, %H:%M} UTC"


def visitor() -> Client:
    return Client(SERVER_NAME="localhost")


@dataclass(frozen=True)
class World:
    federation: Federation

    def client(self, viewer: Viewer) -> Client:
        client = visitor()
        answer = client.get(f"/enter/{make_token(self.federation.config, viewer)}/")
        assert answer.status_code == 302
        return client

    def text(self, viewer: Viewer, address: str = COMPARISON) -> str:
        answer = self.client(viewer).get(address)
        assert answer.status_code == 200
        return unescape(answer.content.decode())

    def file(self, viewer: Viewer, address: str) -> list[dict[str, str]]:
        answer = self.client(viewer).get(address)
        assert answer.status_code == 200
        assert answer["Content-Type"] == "text/csv; charset=utf-8"
        assert re.fullmatch(r'attachment; filename="[a-z0-9-]+\.csv"', answer["Content-Disposition"])
        assert answer["Cache-Control"] == "no-store"
        assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS
        assert answer.content.startswith(b"\xef\xbb\xbf")
        return list(csv.DictReader(StringIO(answer.content.decode("utf-8-sig"))))


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    federation = Federation(tmp_path_factory.mktemp("pages"))
    agents = [federation.enrol(code) for code in (*FIGURES, SILENT)]
    federation.propose()
    for agent in agents:
        agent.say(named=agent.code in (OWN, NAMED))
    federation.receive()
    federation.publish()
    for agent in agents:
        agent.deliver()
    for code, figures in FIGURES.items():
        federation.agents[code].spool(federation.agents[code].seal([pulse_table(*figures)]))
        federation.agents[code].deliver()
    federation.receive()
    assert [agent.quarantined() for agent in agents] == [()] * len(agents)
    return World(federation)


@pytest.fixture(autouse=True)
def _this_hub(world: World) -> None:
    use_hub(world.federation.hub_folder)


def test_a_practice_sees_its_own_counts_with_their_interval(world: World) -> None:
    text = world.text(Viewer.practice(OWN))
    assert "Your practice: 60.0% (300 of 500)." in text
    assert "55.6% to 64.2%" in text


def test_no_count_of_any_peer_is_on_the_page_or_in_the_file(world: World) -> None:
    for address in (COMPARISON, "/practice/", *FILES):
        text = world.text(Viewer.practice(OWN), address)
        for code in (NAMED, UNNAMED, BANDED):
            met, not_met = FIGURES[code]
            for count in {met, not_met, met + not_met} - {4}:  # a 4 alone stands in many a word
                assert not re.search(rf"(?<![0-9a-f.])\b{count}\b(?![0-9a-f.])", text), (
                    f"{count} of {code} in {address}"
                )


def test_only_a_peer_that_chose_to_be_named_is_named_and_only_to_one_that_did(world: World) -> None:
    own = world.text(Viewer.practice(OWN))
    assert f"Practice {NAMED}" in own
    for code in (UNNAMED, BANDED, SILENT):
        assert code not in own
    unnamed = world.text(Viewer.practice(UNNAMED))
    for code in (OWN, NAMED, BANDED, SILENT):
        assert code not in unnamed


def test_the_file_says_what_the_table_says(world: World) -> None:
    page = world.text(Viewer.practice(OWN))
    file = world.client(Viewer.practice(OWN)).get(f"/practice/heart-health/{SEARCH}.csv").content
    own, *peers = csv.DictReader(StringIO(file.decode("utf-8-sig")))
    assert (own["met"], own["not_met"], own["percentage"]) == ("300", "200", "60.0")
    assert len(peers) == 4
    body = page[page.index("The same values as a table") : page.index("Download these values")]
    cells = [re.sub(r"<[^>]+>", "", cell).strip() for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", body, re.DOTALL)]
    rows = [cells[place : place + 3] for place in range(6, len(cells), 3)]
    for peer, row in zip(peers, rows, strict=True):
        shown = f"{peer['percentage']}%" if peer["percentage"] else peer["state"].capitalize()
        assert row == [peer["practice"], shown, peer["list_size"] or "–"]


@pytest.mark.parametrize("code", [OWN, UNNAMED, BANDED, SILENT])
def test_the_file_of_the_front_page_says_what_its_table_says(world: World, code: str) -> None:
    page = world.text(Viewer.practice(code), "/practice/")
    rows = world.file(Viewer.practice(code), file_link(page, "all your searches"))
    said = []
    for row in rows:
        own = row["state"].capitalize()
        if row["percentage"]:
            own = f"{row['percentage']}% interval {row['interval_95_low']}% to {row['interval_95_high']}%"
        answered = f"{row['answered']} of {row['agreed']} answered"
        middle, target = percent_or_dash(row["middle_of_peers"]), percent_or_dash(row["target"])
        said.append([row["title"], own, middle, target, answered])
    assert said == table(page, "Your searches for 31 March 2026")
    about = {(row["agreement"], row["reference_date"], row["search"], row["practice"]) for row in rows}
    assert about == {("heart-health", "2026-03-31", SEARCH, f"Practice {code}")}


@pytest.mark.parametrize("code", [OWN, NAMED, BANDED])
def test_the_file_of_groups_says_what_the_table_of_groups_says(world: World, code: str) -> None:
    page = world.text(Viewer.practice(code))
    rows = world.file(Viewer.practice(code), file_link(page, "by group"))
    shown = table(page, "By group, as released")
    columns = ("age_band", "sex", "met", "not_met", "left_out")
    assert [[*(row[name] for name in columns), percent_or_dash(row["percentage"])] for row in rows] == shown
    assert {tuple(row)[:3] for row in rows} == {("search", "reference_date", "practice")}
    assert {row["practice"] for row in rows} == {f"Practice {code}"}
    met, not_met = FIGURES[code]
    assert ((str(met), str(not_met)) in {(row["met"], row["not_met"]) for row in rows}) == (code != BANDED)


def test_the_files_of_the_staff_say_what_their_tables_say(world: World) -> None:
    world.federation.agents[SILENT].drop(b"neither is this", 8, name="=1+1.gpfed")
    world.federation.receive()
    page = world.text(Viewer.staff(), "/coverage/")
    rows = world.file(Viewer.staff(), file_link(page, "what was received"))
    numbers = ("searches_with_a_value", "banded", "withheld", "not_run")
    assert [
        [
            *(row["code"], row["practice"], row["state"].capitalize()),
            *(minute(row["received"]) if row["received"] else "–", *(row[name] or "–" for name in numbers)),
        ]
        for row in rows
    ] == table(page, "What was received")
    assert {row["state"] for row in rows} == {"received", "not yet received"}
    assert {(row["agreement"], row["reference_date"]) for row in rows} == {("heart-health", "2026-03-31")}
    files = world.file(Viewer.staff(), file_link(page, "set aside"))
    assert [
        [row["practice"], row["reason"], minute(row["when"]), row["times"], row["file"].removeprefix("'")]
        for row in files
    ] == table(page, "Files that were not taken in")
    assert "'=1+1.gpfed" in [row["file"] for row in files]


def test_where_the_page_has_no_table_there_is_no_file(world: World) -> None:
    silent = world.client(Viewer.practice(SILENT))
    assert "by group" not in silent.get(COMPARISON).content.decode()
    assert silent.get(FILES[2]).status_code == 404
    assert silent.get(f"{FILES[0]}?on=2026-01-31").status_code == 404
    assert world.client(Viewer.staff()).get("/coverage/other/received.csv").status_code == 404


def test_a_missing_figure_has_its_own_words_and_is_never_zero(world: World) -> None:
    text = world.text(Viewer.practice(OWN))
    assert "3 with a percentage, 1 too few to show, 1 not yet received" in text
    assert ">0%<" not in text.split("The same values as a table")[1]
    assert "more than 199 people" in world.text(Viewer.practice(BANDED))
    assert "No result of your practice has been received" in world.text(Viewer.practice(SILENT))


def test_completeness_stands_first_on_the_front_page(world: World) -> None:
    text = world.text(Viewer.practice(OWN), "/practice/")
    assert "<strong>4 of 5 practices</strong> have answered" in text
    assert text.index("have answered") < text.index("60.0%")


def test_the_definition_is_one_click_from_the_figure(world: World) -> None:
    text = world.text(Viewer.practice(OWN))
    for part in ("codelist.pulse_rhythm", "gp-bench", "Content digest", "Statement digest", "a.author", "c.clinical"):
        assert part in text


def test_the_page_says_where_the_action_list_lies_and_shows_nobody_of_it(world: World) -> None:
    assert f"action_lists/2026-03-31/{SEARCH}.csv" in world.text(Viewer.practice(OWN))


def test_staff_see_who_sent_and_no_figure_of_a_practice(world: World) -> None:
    text = world.text(Viewer.staff(), "/coverage/")
    assert "<strong>4 of 5 practices</strong>" in text
    assert "Not yet received" in text
    without_totals = re.sub(r"<table(?:(?!</table>).)*Totals over practices.*?</table>", "", text, flags=re.DOTALL)
    assert "%" not in without_totals.split("<main")[1]
    for met, not_met in FIGURES.values():
        assert not re.search(rf"\b({met}|{met + not_met})\b", text.split("<main")[1])


def test_staff_see_what_was_set_aside_and_why(world: World) -> None:
    agent = world.federation.agents[SILENT]
    agent.drop(b"not a message", 9)
    world.federation.receive()
    text = world.text(Viewer.staff(), "/coverage/")
    assert re.search(r"Files by reason: broken seal 1[.,]", text)


@pytest.mark.parametrize("address", ["/practice/", COMPARISON, "/coverage/", *FILES, *STAFF_FILES])
def test_nobody_is_shown_anything_without_a_link(world: World, address: str) -> None:
    answer = visitor().get(address)
    assert answer.status_code == 403
    assert b"Come in with your link" in answer.content
    assert b"heart" not in answer.content.lower()


def test_a_practice_is_not_staff_and_staff_is_no_practice(world: World) -> None:
    for address in ("/coverage/", *STAFF_FILES):
        assert world.client(Viewer.practice(OWN)).get(address).status_code == 403
    for address in (COMPARISON, "/practice/", *FILES):
        assert world.client(Viewer.staff()).get(address).status_code == 403


def test_a_link_that_another_hub_made_or_that_is_too_old_lets_nobody_in(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = make_token(world.federation.config, Viewer.practice(OWN))
    answer = visitor().get(f"/enter/{token[:-2]}xx/")
    assert answer.status_code == 403
    assert b"this link was not made by this hub" in answer.content
    monkeypatch.setattr("hub.viewer.LINK_SECONDS", timedelta(days=-1).total_seconds())
    assert b"this link is too old" in visitor().get(f"/enter/{token}/").content


def test_a_bad_link_also_ends_the_session_before_it(world: World) -> None:
    client = world.client(Viewer.practice(OWN))
    client.get("/enter/bad:token:x/")
    assert client.get("/practice/").status_code == 403


def test_leaving_ends_the_session(world: World) -> None:
    client = world.client(Viewer.practice(OWN))
    client.get("/leave/")
    assert client.get("/practice/").status_code == 403


@pytest.mark.parametrize(
    "address",
    ["/practice/heart-health/other/", f"/practice/other/{SEARCH}/", f"{COMPARISON}?on=2026-01-31", "/nothing"],
)
def test_what_is_not_there_is_not_found(world: World, address: str) -> None:
    answer = world.client(Viewer.practice(OWN)).get(address)
    assert answer.status_code == 404
    assert b"Page not found" in answer.content


@pytest.mark.parametrize(
    "name", ["../settings.py", "..%2fsettings.py", "nhsuk/../../settings.py", "x.css", "/etc/passwd"]
)
def test_no_file_but_the_listed_ones_is_served(world: World, name: str) -> None:
    assert visitor().get(f"/static/{name}").status_code == 404


@pytest.mark.parametrize("address", ["/", "/practice/", COMPARISON, "/coverage/", "/nothing", "/static/gpfed.css"])
def test_every_answer_carries_every_security_header(world: World, address: str) -> None:
    answer = world.client(Viewer.practice(OWN)).get(address)
    assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS


def test_pages_are_kept_by_no_cache(world: World) -> None:
    assert world.client(Viewer.practice(OWN)).get(COMPARISON).headers["Cache-Control"] == "no-store"


def test_no_page_has_a_script_a_style_attribute_or_a_foreign_address(world: World) -> None:
    pages = [world.text(Viewer.practice(OWN), "/practice/"), world.text(Viewer.practice(OWN))]
    pages += [world.text(Viewer.staff(), "/coverage/"), visitor().get("/").content.decode()]
    for page in pages:
        assert not re.search(r"<script|<style| style=| on\w+=", page)
        assert set(re.findall(r"https?://[^\"' <]+", page)) <= {"http://www.w3.org/2000/svg"}


def test_the_files_of_an_earlier_date_are_linked_from_its_pages(tmp_path: Path) -> None:
    federation = Federation(tmp_path)
    (agent,) = federation.ready("Z90021")
    earlier = date(2026, 2, 28)
    for on, table_sent in ((earlier, pulse_table(100, 300)), (date(2026, 3, 31), pulse_table(300, 100))):
        agent.spool(agent.seal([table_sent], reference_date=on), on)
        agent.deliver()
    federation.receive()
    assert agent.quarantined() == ()
    world, viewer = World(federation), Viewer.practice(agent.code)
    for asked, share in (("", "75.0"), (f"?on={earlier}", "25.0")):
        for address, words in (("/practice/", "all your searches"), (COMPARISON, "by group")):
            link = file_link(world.text(viewer, address + asked), words)
            assert link.endswith(f".csv{asked}")
            assert share in [row["percentage"] for row in world.file(viewer, link)]


def test_a_practice_that_withdrew_is_shown_to_nobody_and_sees_nothing(tmp_path: Path) -> None:
    federation = Federation(tmp_path)
    one, other = federation.ready("Z90011", "Z90012")
    for agent in (one, other):
        agent.spool(agent.seal([pulse_table()]))
        agent.deliver()
    federation.receive()
    world = World(federation)
    assert "1 peers" in world.text(Viewer.practice(one.code)) or "the one peer" in world.text(Viewer.practice(one.code))
    other.say(decision=AgreementDecision.WITHDRAW)
    federation.receive()
    assert "No peer has a percentage" in world.text(Viewer.practice(one.code))
    for address in (COMPARISON, *FILES):
        assert world.client(Viewer.practice(other.code)).get(address).status_code == 404
    assert "nothing to compare" in world.text(Viewer.practice(other.code), "/practice/")
