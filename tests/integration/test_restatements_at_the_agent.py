"""A period released again by the agent: once, labelled, gated, the first kept; killed at every step, exactly once."""

from __future__ import annotations

import io
import json
import signal
import subprocess
import sys
from argparse import Namespace
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from agent.commands import restate_command
from agent.config import read_config, write_config
from agent.cycle import Outcome, Wish
from agent.errors import RestatementRefusedError
from agent.restate import Again, keep_first_reports
from agent.status import sent_rows, status_of
from governance import audit
from governance.diary_chain import verify_lines
from governance.restatement import Restatement, RestatementReason
from governance.sealing import ReceivedResult
from tests.agent_kit import (
    AGREEMENT,
    NO_PATIENCE,
    REFERENCE_DATE,
    everything_under,
    library,
    make_agreement,
    write_extract,
)
from tests.integration import agent_kill_driver
from tests.integration.test_agent_cycle import DNA, PULSE, Practice, accepted

REASON = RestatementReason.RECORDS_CORRECTED
AGAIN = Again(REFERENCE_DATE, REASON)


@pytest.fixture
def practice(tmp_path: Path) -> Practice:
    """It has answered for March with 150 of 200, and the hub has signed for it; then its records were put right."""
    practice = accepted(Practice(tmp_path, PULSE))
    practice.collect()
    _records(practice, "first", checked=150)
    practice.run()
    [first] = practice.receive()
    assert isinstance(first, ReceivedResult)
    assert first.restates is None
    practice.run()
    _records(practice, "corrected", checked=170)
    return practice


def _records(practice: Practice, name: str, checked: int) -> None:
    folder = practice.extract.parent / name
    write_extract(folder, checked=checked, unchecked=200 - checked, opted_out=10)
    write_config(practice.state, replace(read_config(practice.state), records=folder))


def restate(practice: Practice, again: Again = AGAIN) -> Outcome:
    return practice.run(Wish(None, NO_PATIENCE, again, at_once=True))


def refusal(outcome: Outcome) -> str:
    assert (outcome.released, outcome.exit_code) == ((), 12)
    (problem,) = outcome.problems
    return problem.message


def test_a_period_is_released_again_labelled_so_and_the_first_is_kept(practice: Practice) -> None:
    before = everything_under(practice.state.outbox)

    [message] = restate(practice).released
    [received] = practice.receive()

    with practice.turn() as turn:
        first = turn.outbox.message(2)
    assert (message.sequence, message.restates, message.reason) == (3, 2, "records_corrected")
    assert isinstance(received, ReceivedResult)
    assert received.restates == Restatement(first.digest, REASON)
    assert [one.value for one in received.tables[0].rows[0]] == [170, 20, None]
    assert everything_under(practice.state.outbox).items() > before.items()
    folder = practice.state.reports / "2026-03-31"
    for where, met in ((folder / "first", 150), (folder, 170)):
        report = json.loads((where / f"{PULSE}.json").read_bytes())
        assert report["cells"][0]["met"]["everyone"] == met
        assert (
            json.loads((where / f"{AGREEMENT}.leaves.json").read_bytes())["tables"][0]["rows"][0]["met"]["value"] == met
        )
    assert practice.run().waiting == ()


def test_a_restatement_is_gated_against_the_first_release(practice: Practice) -> None:
    """Three people more would show three people: the first figures go out again."""
    _records(practice, "nearly", checked=153)

    restate(practice)
    [received] = practice.receive()

    assert isinstance(received, ReceivedResult)
    assert [one.value for one in received.tables[0].rows[0]] == [150, 40, None]


def test_a_third_release_is_refused_and_only_kept_bytes_go_again(practice: Practice) -> None:
    [message] = restate(practice).released
    kept = everything_under(practice.state.outbox)
    _records(practice, "corrected-again", checked=180)

    said = refusal_while_waiting(practice)

    assert said == f"agreement {AGREEMENT} of 2026-03-31 was released as message 2 and restated as message 3"
    [received] = practice.receive()
    assert isinstance(received, ReceivedResult)
    assert (received.sequence, everything_under(practice.state.outbox)) == (message.sequence, kept)
    practice.run()
    assert refusal(restate(practice)) == said
    assert practice.receive() == []


def refusal_while_waiting(practice: Practice) -> str:
    outcome = restate(practice)
    assert (outcome.released, [one.sequence for one in outcome.waiting]) == ((), [3])
    (problem,) = outcome.problems
    return problem.message


def test_what_was_never_released_is_not_restated(practice: Practice) -> None:
    said = refusal(restate(practice, Again(date(2026, 2, 28), REASON)))

    assert said == "nothing was released for 2026-02-28: there is nothing to restate"
    said = refusal(restate(practice, Again(REFERENCE_DATE, REASON, "another")))
    assert said == "nothing was released for 2026-03-31 under agreement another: there is nothing to restate"


def test_what_the_hub_has_not_signed_for_is_not_restated(tmp_path: Path) -> None:
    practice = accepted(Practice(tmp_path, PULSE))
    practice.run()

    (problem,) = restate(practice).problems

    assert problem.message.endswith("the hub has not yet given its receipt for message 2")


def test_a_period_of_another_version_of_the_agreement_is_not_restated(practice: Practice) -> None:
    practice.centre.publish(make_agreement(PULSE, version=2), library(PULSE))
    practice.accept()
    practice.receive()

    said = refusal(restate(practice))

    assert said == f"agreement {AGREEMENT} of 2026-03-31 was released under version 1, in force is version 2"


def test_without_the_agreement_nothing_is_restated(practice: Practice) -> None:
    practice.centre.publish(make_agreement(PULSE, version=2), library(PULSE))

    said = refusal(restate(practice))

    assert said == f"agreement {AGREEMENT} of 2026-03-31: the agreement is not in force here"


def test_a_restatement_answers_the_searches_of_the_first_and_no_other(practice: Practice) -> None:
    practice.centre.publish(make_agreement(PULSE), library(PULSE, DNA))

    restate(practice)
    [received] = practice.receive()

    assert isinstance(received, ReceivedResult)
    assert [table.search_id for table in received.tables] == [PULSE]


def test_status_and_sent_show_what_was_restated(practice: Practice) -> None:
    restate(practice)
    practice.receive()
    practice.run()

    rows = sent_rows(practice.state)

    assert rows[1]["what"] == f"result {AGREEMENT} 2026-03-31"
    assert (rows[2]["restates"], rows[2]["reason"]) == (2, "records_corrected")
    assert rows[2]["what"] == f"result {AGREEMENT} 2026-03-31 restates 2 (records_corrected)"
    assert status_of(practice.state, practice.now)["restated"] == {f"{AGREEMENT} 2026-03-31": "records_corrected"}
    spooled = [one for one in verify_lines(practice.state.diary.read_bytes()).entries if one.event == "spooled"]
    assert (spooled[-1].facts["restates"], spooled[-1].facts["reason"]) == (2, "records_corrected")
    assert audit.main(["verify", str(practice.state.root)]) == 0


def test_reports_that_were_put_aside_stay_those_of_the_first_release(tmp_path: Path) -> None:
    reports = tmp_path / "2026-03-31"
    reports.mkdir()
    (reports / "a.json").write_text("first")
    (tmp_path / ".2026-03-31.part").mkdir()  # a kill came while they were copied

    keep_first_reports(tmp_path, REFERENCE_DATE)
    (reports / "a.json").write_text("second")
    keep_first_reports(tmp_path, REFERENCE_DATE)

    assert (reports / "first" / "a.json").read_text() == "first"


def test_the_command_asks_before_it_releases_again(practice: Practice, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("yes\n"))
    options = Namespace(reference_date=REFERENCE_DATE, reason=str(REASON), agreement="", yes=False, json=False)

    with pytest.raises(RestatementRefusedError, match="2026-03-31: nothing was released again"):
        restate_command(practice.state, options)


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
@pytest.mark.parametrize("point", agent_kill_driver.POINTS)
def test_a_kill_at_any_step_of_a_restatement_loses_nothing_and_doubles_nothing(practice: Practice, point: str) -> None:
    received: list[object] = []
    if point.startswith("receipt"):
        restate(practice)
        received += practice.receive()
    command = [sys.executable, agent_kill_driver.__file__, str(practice.state.root), str(practice.centre.folder), point]
    root = Path(__file__).parents[2]
    ended = subprocess.run(
        [*command, "restate"], cwd=root, env={"PYTHONPATH": str(root)}, capture_output=True, check=False
    )
    assert ended.returncode == -signal.SIGKILL, ended.stderr.decode()

    restate(practice)
    received += practice.receive()
    practice.run()

    results = [one for one in received if isinstance(one, ReceivedResult)]
    assert [(one.sequence, one.restates is not None) for one in results] == [(3, True)]
    with practice.turn() as turn:
        messages = turn.outbox.messages()
        assert [(one.sequence, one.state, one.restates) for one in messages] == [
            (1, "recorded", None),
            (2, "recorded", None),
            (3, "recorded", 2),
        ]
    entries = verify_lines(practice.state.diary.read_bytes()).entries
    for event in ("spooled", "uploaded", "receipted"):
        assert [entry.facts["sequence"] for entry in entries if entry.event == event] == [1, 2, 3], event
    assert audit.main(["verify", str(practice.state.root)]) == 0
    report = json.loads((practice.state.reports / "2026-03-31" / "first" / f"{PULSE}.json").read_bytes())
    assert report["cells"][0]["met"]["everyone"] == 150
