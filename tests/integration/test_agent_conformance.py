"""The gate: red or unable to ask, and nothing is released; a green answer of today lets everything through."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from agent.conformance import RED, Record, read_record, shown, write_record
from agent.status import status_of
from tests.agent_kit import PRACTICE, everything_under, write_extract
from tests.conformance.damage import damaged
from tests.databases import SiteServer, site
from tests.engine_servers import Servers
from tests.exact_answers import write_practice
from tests.federation import Federation
from tests.integration.test_agent_cycle import PULSE
from tests.integration.test_agent_cycle import Practice as FilePractice
from tests.integration.test_agent_over_database import LAYOUT, SEARCHES, Practice

ROOT = Path(__file__).parents[2]
KILLED_WHILE_WRITING = """
import os, signal, sys
from dataclasses import replace
from pathlib import Path
from agent.conformance import read_record, write_record
from agent.state import StateFolder
folder = StateFolder(Path(sys.argv[1]))
Path.replace = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
write_record(folder, replace(read_record(folder), ok=False))
"""


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_practice(LAYOUT, 60, 11, tmp_path_factory.mktemp("files"), date(2026, 3, 31)).folder


@pytest.fixture
def here(servers: Servers, tmp_path: Path, files: Path) -> Iterator[SiteServer]:
    with site(servers, "postgresql", tmp_path) as here:
        here.fill(files, LAYOUT)
        here.grant()
        yield here


def kept(practice: Practice | FilePractice) -> Record:
    record = read_record(practice.state)
    assert record is not None
    return record


def test_red_releases_nothing_says_why_and_leaves_what_is_sealed_alone(here: SiteServer, tmp_path: Path) -> None:
    practice = Practice(tmp_path, here.settings, here.password)
    before = everything_under(practice.state.outbox)
    with damaged(here):
        outcome = practice.run()
        assert {problem.reason for problem in outcome.problems} == {RED}, outcome.problems
        assert "answers about made-up people are wrong, so nothing is released: " in outcome.problems[0].message
        assert (outcome.released, outcome.exit_code) == ((), 13)
        assert everything_under(practice.state.outbox) == before
        assert everything_under(practice.state.reports) == everything_under(practice.state.action_lists) == {}

    told, status = practice.told("conformance"), status_of(practice.state, practice.now)["conformance"]
    assert (told["result"], told["engine"], told["layout"]) == ("red", "postgresql", LAYOUT)
    assert "kit-" in str(told["wrong"])
    assert isinstance(status, dict)
    assert (status["result"], status["engine"]) == ("red", f"postgresql {here.version()}")
    assert status["why"]

    # Nobody has to say that it is well again.
    assert [table.search_id for table in practice.result().tables] == list(SEARCHES)
    assert shown(practice.state)["result"] == "green"
    assert practice.told("conformance")["result"] == "green"


def test_a_database_that_does_not_answer_releases_nothing_and_the_last_answer_stays(
    here: SiteServer, tmp_path: Path
) -> None:
    practice = Practice(tmp_path, here.settings, here.password)
    before = read_record(practice.state)
    outcome = practice.run(user="nobody_of_that_name")
    assert {problem.reason for problem in outcome.problems} == {"login_refused"}
    assert (outcome.released, outcome.exit_code) == ((), 13)
    assert read_record(practice.state) == before


def test_what_a_new_version_of_the_server_answered_wrongly_does_not_leave(here: SiteServer, tmp_path: Path) -> None:
    practice = Practice(tmp_path, here.settings, here.password)
    record = kept(practice)
    before_upgrade = replace(record.asked, engine="postgresql", engine_version="9.6")
    write_record(practice.state, replace(record, asked=before_upgrade))
    with damaged(here):
        outcome = practice.run()
    assert ({problem.reason for problem in outcome.problems}, outcome.released) == ({RED}, ())
    assert everything_under(practice.state.reports) == {}
    assert kept(practice).asked.engine_version == here.version()


@pytest.fixture
def over_files(tmp_path: Path) -> FilePractice:
    practice = FilePractice(tmp_path, PULSE)
    practice.accept()
    practice.receive()
    return practice


def test_what_was_upgraded_is_asked_after_the_run_and_only_then_released(over_files: FilePractice) -> None:
    record = kept(over_files)
    write_record(over_files.state, replace(record, asked=replace(record.asked, engine_version="0.9")))
    assert [message.agreement for message in over_files.run().released] == ["heart-health"]
    assert kept(over_files).asked == record.asked
    assert "conformance" in over_files.events()


@pytest.mark.parametrize(
    "changed", [{"agent": "0.0.1"}, {"kit": "0"}, {"layout_version": "0"}, {"layout": "vision"}, {"site": "another"}]
)
def test_another_agent_kit_layout_or_site_is_asked_at_once(over_files: FilePractice, changed: dict[str, str]) -> None:
    record = kept(over_files)
    write_record(over_files.state, replace(record, asked=replace(record.asked, **changed)))
    assert over_files.run().problems == ()
    assert kept(over_files).asked == record.asked


def test_it_is_asked_once_a_day_whether_or_not_anything_is_due(tmp_path: Path) -> None:
    practice = FilePractice(tmp_path, PULSE)  # has signed nothing
    first = kept(practice)
    practice.now += timedelta(hours=23)
    practice.run()
    assert kept(practice) == first
    practice.now += timedelta(hours=1)
    practice.run()
    assert kept(practice) == replace(first, at=practice.now)


def test_what_was_red_is_asked_again_when_something_is_due_and_not_at_every_turn(tmp_path: Path) -> None:
    practice = FilePractice(tmp_path, PULSE)
    red = replace(kept(practice), ok=False, complaints=("kit-latest (alone): as before",))
    write_record(practice.state, red)
    practice.run()
    assert kept(practice) == red
    practice.accept()
    practice.receive()
    assert len(practice.run().released) == 1
    assert kept(practice).ok


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
def test_a_kill_while_it_is_written_leaves_the_record_before_it(over_files: FilePractice) -> None:
    before = kept(over_files)
    command = [sys.executable, "-c", KILLED_WHILE_WRITING, str(over_files.state.root)]
    ended = subprocess.run(command, cwd=ROOT, env={"PYTHONPATH": str(ROOT)}, capture_output=True, check=False)
    assert ended.returncode < 0
    assert kept(over_files) == before
    over_files.now += timedelta(days=1)
    over_files.run()
    assert kept(over_files).at == over_files.now


@pytest.mark.parametrize("text", ["", "{", "{}", "[]", '{"at": "2026-03-31T00:00:00", "ok": true}', "9" * 70_000])
def test_a_record_that_cannot_be_read_is_none(over_files: FilePractice, text: str) -> None:
    (over_files.state.root / "conformance.json").write_text(text, encoding="utf-8")
    assert read_record(over_files.state) is None
    assert shown(over_files.state) == {"result": "never asked"}


def test_in_a_federation_an_agent_that_was_never_asked_is_asked_before_its_first_result(tmp_path: Path) -> None:
    agent = Federation(tmp_path / "federation").enrol(PRACTICE, records=write_extract(tmp_path / "extract"))
    (agent.folder.root / "conformance.json").unlink()
    agent.federation.propose()
    agent.say()
    agent.federation.receive()
    agent.federation.publish()

    assert len(agent.run().released) == 1

    agent.federation.receive()
    assert [result.practice.code for result in agent.results()] == [PRACTICE]
    assert shown(agent.folder)["result"] == "green"
    assert '"event":"conformance"' in agent.diary()
