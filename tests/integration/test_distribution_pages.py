"""A distribution at the hub: from practices' tables to page and file, a mean with its step and no percentage."""

from __future__ import annotations

import csv
import re
from html import unescape
from io import StringIO

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client

from governance.agreement_draft import terms_of
from governance.optouts import OptOutPolicy, take_off
from governance.profiles import GP_BENCH
from governance.release_history import ReleaseHistory
from governance.suppress import SafeTable, Terms, not_run, suppress
from hub.models import Description
from hub.viewer import Viewer, make_token
from searches.document import library_folder, load_search
from searches.people import AnswerRow, Roster, gather
from searches.search import Outcome
from tests.federation import REFERENCE_DATE, Federation, use_hub
from tests.governance_kit import PracticeOfSize

ID = "hypertension-systolic"
SEARCH = load_search(library_folder(ID))
FORGER = "Z90006"
CODES = ("Z90001", "Z90002", "Z90003", "Z90004", "Z90005")
MEANS = {"Z90001": (50, 127.4), "Z90002": (120, 130.0), "Z90003": (80, 128.0), "Z90004": (200, 133.0)}
PAGE = f"/practice/heart-health/{ID}/"


def pressure_table(people: int, low: float) -> SafeTable:
    """So many people, every second of them 20 mmHg above the others, and forty who were not measured."""
    roster = Roster(tuple(f"{number:04}" for number in range(people + 40)))
    rows = [
        AnswerRow(one, Outcome.MET, ("F",), value=int((low + 20 * (place % 2)) * 1000))
        if place < people
        else AnswerRow(one, Outcome.NOT_MET, ("F",))
        for place, one in enumerate(roster.patient_ids)
    ]
    answer = gather(SEARCH, REFERENCE_DATE, roster, rows)
    counted = take_off(answer, 0, REFERENCE_DATE, OptOutPolicy.TYPE1_EXCLUDED)
    practice = PracticeOfSize(roster, 0, bytes(32), 6000, None)
    return suppress([counted], Terms("heart-health", GP_BENCH), practice, ReleaseHistory()).tables[0]


def sent_by(code: str) -> SafeTable:
    """What a practice sends; the last one puts a mean beside nine people."""
    if code in MEANS:
        return pressure_table(*MEANS[code])
    if code != FORGER:
        return not_run(SEARCH, GP_BENCH, "timed_out")
    forged, few = pressure_table(50, 127.4), pressure_table(9, 127.4)
    for name in ("met", "not_met", "excepted"):
        object.__setattr__(forged.totals, name, getattr(few.totals, name))
    return forged


@pytest.fixture(scope="module")
def federation(tmp_path_factory: pytest.TempPathFactory) -> Federation:
    made = Federation(tmp_path_factory.mktemp("distribution"))
    agents = [made.enrol(code) for code in (*CODES, FORGER)]
    tables = {"patient": ("patient_id", "sex"), "event": ("event_id", "patient_id", "event_date", "code", "value")}
    codelists = {name: one.digest for name, one in SEARCH.codelists.items()}
    made.propose(made.terms(searches=(terms_of(SEARCH),), tables=tables, codelists=codelists))
    for agent in agents:
        agent.say()
    made.receive()
    made.publish(ID)
    for agent in agents:
        agent.deliver()
        agent.spool(agent.seal([sent_by(agent.code)]))
        agent.deliver()
    made.receive()
    assert [made.agents[code].quarantined() for code in CODES] == [()] * len(CODES)
    return made


@pytest.fixture(autouse=True)
def _this_hub(federation: Federation) -> None:
    use_hub(federation.hub_folder)


def visit(federation: Federation, address: str, code: str = "Z90001") -> str:
    client = Client(SERVER_NAME="localhost")
    assert client.get(f"/enter/{make_token(federation.config, Viewer.practice(code))}/").status_code == 302
    answer = client.get(address)
    assert answer.status_code == 200
    return unescape(answer.content.decode("utf-8-sig"))


def plain_text(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def test_a_mean_is_said_with_its_step_and_no_percentage_is_shown(federation: Federation) -> None:
    text = plain_text(visit(federation, PAGE).split('<h2 class="nhsuk-heading-m">Why it matters')[0])
    assert "a mean systolic blood pressure of 135 mmHg (between 132.5 and 137.5)" in text
    assert "That is close to the middle of peers (140 mmHg)." in text
    assert "%" not in text


def test_ones_own_statistics_stand_in_words_with_the_reason_where_there_is_none(federation: Federation) -> None:
    text = plain_text(visit(federation, PAGE))
    assert "Measured 50 people" in text
    assert "Mean 135 mmHg, to the nearest 5" in text
    assert "Lower quartile 125 mmHg, to the nearest 5" in text
    assert "Median not shown: one or a few people's values could be worked out from it" in text


def test_the_mean_over_practices_is_weighted_and_says_so(federation: Federation) -> None:
    # (50 x 135 + 120 x 140 + 80 x 140 + 200 x 143) / 450 = 140.78, to the nearest 1
    assert "Mean over 4 practices: 141 mmHg." in plain_text(visit(federation, PAGE))


def test_peers_have_a_mean_and_no_number_of_people(federation: Federation) -> None:
    rows = list(csv.DictReader(StringIO(visit(federation, PAGE.rstrip("/") + ".csv"))))
    assert [row["mean"] for row in rows if row["yours"] == "yes"] == ["135"]
    assert rows[0]["mean_step"] == "5"
    assert rows[0]["median_state"] == "values_tell_too_much"
    peers = [row for row in rows if row["yours"] == "no"]
    assert sorted(row["mean"] for row in peers) == ["", "", "140", "140", "143"]
    assert {row["measured"] for row in peers} == {row["mean_step"] for row in peers} == {""}
    assert {row["state"] for row in peers if not row["mean"]} == {"not run", "not yet received"}


def test_a_practice_without_a_mean_is_told_so(federation: Federation) -> None:
    text = plain_text(visit(federation, PAGE, "Z90005"))
    assert "No mean of your practice is shown: the search took too long." in text


def test_the_front_page_and_its_file_show_no_percentage_of_it(federation: Federation) -> None:
    text = plain_text(visit(federation, "/practice/"))
    assert "135 mmHg, to the nearest 5" in text
    [row] = csv.DictReader(StringIO(visit(federation, "/practice.csv")))
    assert (row["percentage"], row["middle_of_peers"]) == ("", "")


def test_a_description_is_written_once(federation: Federation) -> None:
    assert Description.objects.count() == len(CODES)
    for statement in ("DELETE FROM hub_description", "UPDATE hub_description SET statistics = '{}'"):
        with pytest.raises(DatabaseError, match="written once"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)


def test_a_mean_that_the_rules_cannot_give_is_set_aside(federation: Federation) -> None:
    assert federation.agents[FORGER].quarantined() == ("breaks_profile",)
