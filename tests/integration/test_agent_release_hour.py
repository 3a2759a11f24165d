"""The release hour over whole turns: what is sealed waits for it, what may leave leaves first, --now waits for none."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from agent.commands import _resting_line
from agent.config import read_config, write_config
from agent.cycle import Wish, bring_catalogue, deliver_waiting
from agent.decisions import find_agreement, say
from agent.status import status_of
from agent.transport import Mailbox
from tests.agent_kit import AGREEMENT, NO_PATIENCE, NOW, REFERENCE_DATE, write_extract
from tests.conformance.already import already_green
from tests.integration.test_agent_cycle import ACCEPT, PULSE, Practice, accepted

MIDNIGHT = (NOW + timedelta(days=1)).astimezone().replace(hour=0, minute=0, second=0, microsecond=0)
SCHEDULED, NOW_PLEASE = Wish(REFERENCE_DATE, NO_PATIENCE), Wish(REFERENCE_DATE, NO_PATIENCE, at_once=True)


@pytest.fixture
def practice(tmp_path: Path) -> Practice:
    practice = Practice(tmp_path, PULSE)
    folder = write_extract(tmp_path / "larger", checked=150, unchecked=50)
    write_config(practice.state, replace(read_config(practice.state), records=folder, profile="strict10", k=12))
    return accepted(practice)


def at(practice: Practice, hour: int, minute: int = 0) -> datetime:
    practice.now = MIDNIGHT + timedelta(hours=hour, minutes=minute)
    already_green(practice.state, practice.now)
    return practice.now


def results(practice: Practice) -> list[str]:
    return [path for path in practice.mailbox.puts if "-result-" in path]


def test_a_result_waits_for_the_hour_and_leaves_in_it_and_both_are_as_they_should_be(practice: Practice) -> None:
    at(practice, 1)
    sealed = practice.run(SCHEDULED)

    assert [one.sequence for one in sealed.resting] == [2]
    assert (sealed.waiting, sealed.exit_code, results(practice)) == ((), 0, [])
    assert sealed.leaves_from == (MIDNIGHT + timedelta(hours=6)).replace(tzinfo=None)
    assert _resting_line(sealed.resting[0], sealed).startswith("message 2 leaves in the hour from 06:00 on ")

    at(practice, 6, 10)
    left = practice.run(SCHEDULED)

    assert (left.resting, [one.sequence for one in left.waiting]) == ((), [2])
    assert len(results(practice)) == 1


def test_nothing_is_run_in_the_hour_and_what_is_due_says_until_when(practice: Practice) -> None:
    at(practice, 6, 30)

    outcome = practice.run(SCHEDULED)

    assert outcome.released == ()
    assert outcome.held == ("heart-health of 2026-03-31 waits for the end of the release hour at 07:00",)
    assert outcome.exit_code == 3
    assert "release_hour" in practice.events()


def test_somebody_who_asks_sends_at_once_whatever_waits(practice: Practice) -> None:
    at(practice, 1)
    practice.run(SCHEDULED)

    outcome = practice.run(NOW_PLEASE)

    assert (outcome.resting, len(results(practice))) == ((), 1)


def test_a_signed_answer_to_an_agreement_leaves_at_once_and_takes_no_result_along(practice: Practice) -> None:
    at(practice, 1)
    practice.run(SCHEDULED)
    before = len(practice.mailbox.puts)

    with practice.turn() as turn:
        catalogue = bring_catalogue(turn, practice.open).catalogue
        say(turn, find_agreement(catalogue, AGREEMENT), replace(ACCEPT, named=True))
        deliver_waiting(turn, practice.open, catalogue.hub, Wish(None, NO_PATIENCE))

    assert [path.split("-")[1] for path in practice.mailbox.puts[before:]] == ["acceptance"]


def test_while_a_result_waits_the_hub_is_asked_for_nothing_but_the_catalogue(practice: Practice) -> None:
    at(practice, 1)
    practice.run(SCHEDULED)
    opened = []

    def reach() -> AbstractContextManager[Mailbox]:
        opened.append(practice.now)
        return practice.open()

    practice.run(SCHEDULED, reach)

    assert len(opened) == 1


def test_status_tells_the_hour_and_what_the_practice_asks_for_by_itself(practice: Practice) -> None:
    status = status_of(practice.state, NOW)

    assert status["release_hour"] == "06:00"
    assert status["policy"] == {"refuses": [], "profile": "k12+strict10"}
