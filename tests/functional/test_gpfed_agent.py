"""`gpfed-agent` as an operator uses it: real processes, a real hub, real SFTP on the loopback."""

from __future__ import annotations

import json
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil
import pytest

from agent.__main__ import parser
from agent.errors import EXIT_CODES
from tests.agent_kit import PRACTICE, write_extract

ROOT = Path(__file__).parents[2]
IDLE_TARGET_MB = 40
TERMS = """
schema: 2
id: heart-health
version: 1
title: Heart health in Northside
kind: sharing
hub: NORTHSIDE
practices: [Z90001, Z90002]
purposes:
  - {tag: care_improvement, text: Comparing care between practices to improve it}
legal: {article_6: 6(1)(e), article_9: 9(2)(h), schedule_1: paragraph 2, confidentiality: anonymous}
searches:
  - {id: pulse-rhythm-65, dimensions: [age_band, sex], schedule: monthly}
tables:
  patient: [patient_id, age, age_band, sex]
  event: [patient_id, event_date, code]
codelists: [pulse_rhythm]
profile: gp-bench
opt_outs: {national: not_applicable, reason: what leaves is anonymous}
view: named_by_consent
dpia:
  reference: DPIA 12
  sha256: dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd
  approved_by: A. Guardian
  review: NEXT
review: NEXT
start: 2026-01-01
end: NEXT
""".replace("NEXT", (datetime.now(UTC).date() + timedelta(days=400)).isoformat())


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, object]:
        document: dict[str, object] = json.loads(self.out)
        return document


def run(module: str, *arguments: str | Path) -> Ended:
    command = [sys.executable, "-m", module, *map(str, arguments)]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)
    return Ended(ended.returncode, ended.stdout, ended.stderr)


_made: list[Path] = []
"""The folder of the first hub that a process made, before anybody was there; others begin as copies of it."""


class RunningHub:
    """A hub made and run by its own command line."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.keys = {role: folder / f"{role}.key" for role in ("author", "clinical", "governance")}
        if _made:
            shutil.copytree(_made[0], folder)
        else:
            self._make()
            _made.append(Path(shutil.copytree(folder, folder.with_name("made"))))
        self.process = subprocess.Popen(
            [sys.executable, "-m", "hub", "--hub", str(folder), "serve", "--json"],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert self.process.stdout is not None
        self.ready = json.loads(self.process.stdout.readline())

    def _make(self) -> None:
        self.hub("init", "--code", "NORTHSIDE", "--name", "Northside", "--sftp-port", "0", "--web-port", "0")
        for role, path in self.keys.items():
            self.hub("key", "new", f"{role}.person", "--name", role, "--role", role, "--out", path)
        (self.folder / "terms.yaml").write_text(TERMS)
        drafter = ("--drafter-key", self.keys["author"])
        self.hub("agreement", "propose", self.folder / "terms.yaml", *drafter, *self.reviewers)

    @property
    def reviewers(self) -> tuple[str | Path, ...]:
        return ("--clinical-key", self.keys["clinical"], "--governance-key", self.keys["governance"])

    def hub(self, *arguments: str | Path) -> Ended:
        ended = run("hub", "--hub", self.folder, *arguments)
        assert ended.code == 0, ended.err
        return ended

    def code(self, practice: str) -> str:
        return str(self.hub("practice", "add", practice, "--name", "Elm Street", "--json").json["code"])

    def publish(self) -> None:
        search = ROOT / "searches/library/pulse-rhythm-65"
        self.hub("publish", search, "--agreement", "heart-health", "--author-key", self.keys["author"], *self.reviewers)

    def stop(self) -> None:
        self.process.terminate()
        self.process.communicate(timeout=20)


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHub]:
    hub = RunningHub(tmp_path_factory.mktemp("hub") / "northside")
    yield hub
    hub.stop()


def test_an_operator_enrols_signs_runs_and_sees_what_left(hub: RunningHub, tmp_path: Path) -> None:
    state = tmp_path / "state"
    extract = write_extract(tmp_path / "extract", checked=150, unchecked=50)

    def agent(*arguments: str | Path) -> Ended:
        return run("agent", "--state", state, *arguments)

    code = hub.code(PRACTICE)
    enrolled = agent("enrol", code, "--layout", "canonical", "--extract", extract, "--json")
    assert enrolled.code == 0, enrolled.err
    assert enrolled.json["practice"] == PRACTICE

    again = agent("enrol", code, "--layout", "canonical", "--extract", extract)
    assert (again.code, again.err.splitlines()[0]) == (1, "gpfed-agent: this agent is enrolled already")

    shown = agent("agreements", "show", "heart-health")
    assert "Heart health in Northside (heart-health, version 1)" in shown.out
    assert "What leaves: counts, never rows" in shown.out
    assert "This practice has said: nothing" in shown.out

    unsaid = agent("agreements", "accept", "heart-health", "--unnamed")
    assert (unsaid.code, unsaid.err.splitlines()[-2]) == (12, "gpfed-agent: agreement heart-health: nothing was signed")

    accepted = agent("agreements", "accept", "heart-health", "--unnamed", "--yes")
    assert accepted.code == 0, accepted.err
    assert accepted.out == ("signed: accept heart-health version 1, practice Z90001, unnamed\nreceived by the hub\n")
    assert agent("agreements", "show").out.startswith("heart-health  version 1  said accept  Heart health")
    hub.publish()

    ran = agent("run", "--once", "--now", "--reference-date", "2026-03-31", "--json")
    assert ran.code == 0, ran.err
    assert [one["sequence"] for one in ran.json["released"]] == [2]  # type: ignore[attr-defined]

    sent = agent("sent", "--json").json["messages"]
    assert [(one["sequence"], one["state"]) for one in sent] == [(1, "recorded"), (2, "recorded")]  # type: ignore[attr-defined]
    status = agent("status", "--json").json
    assert status["agreements"] == {"heart-health": "accept version 1"}
    assert status["messages"] == {"recorded": 2}
    report = json.loads((state / "reports/2026-03-31/pulse-rhythm-65.json").read_bytes())
    assert report["released"]["rows"][0]["met"] == {"state": "value", "value": 150}
    assert run("governance.audit", "verify", state).code == 0

    used = run("agent", "--state", tmp_path / "other", "enrol", code, "--layout", "canonical", "--extract", extract)
    assert (used.code, used.err.splitlines()[0]) == (1, "gpfed-agent: hub 127.0.0.1 does not take this code")


def test_the_service_takes_a_turn_at_once_stays_small_and_ends_when_asked(hub: RunningHub, tmp_path: Path) -> None:
    state = tmp_path / "state"
    extract = write_extract(tmp_path / "extract")
    code = hub.code("Z90002")
    assert run("agent", "--state", state, "enrol", code, "--layout", "canonical", "--extract", extract).code == 0
    command = [sys.executable, "-m", "agent", "--state", str(state), "start"]
    service = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True)
    assert service.stderr is not None

    lines = []
    for line in service.stderr:
        lines.append(line)
        if "event=turn_ended" in line:
            break
    idle_mb = psutil.Process(service.pid).memory_info().rss / 1e6
    service.send_signal(signal.SIGTERM)
    service.communicate(timeout=20)

    assert "event=turn_ended exit_code=0" in lines[-1]
    assert idle_mb <= IDLE_TARGET_MB
    assert service.returncode == 0
    assert (state / "catalogue/hub.json").exists()


def test_the_guide_shows_only_commands_and_exit_codes_that_exist() -> None:
    guide = (ROOT / "docs/how-to/install-the-agent.md").read_text()

    commands = re.findall(r"^\$ gpfed-agent (.+)$", guide, re.MULTILINE)
    codes = [int(code) for code in re.findall(r"^\| (\d+) \|", guide, re.MULTILINE)]

    assert len(commands) == 9
    for command in commands:
        parser().parse_args(command.split())
    assert codes
    assert set(codes) <= set(EXIT_CODES)


def test_the_process_of_a_turn_never_loads_the_engine() -> None:
    program = "import agent.commands, sys; print(sorted({'duckdb', 'numpy', 'django', 'hub'} & set(sys.modules)))"
    ended = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)

    assert ended.stdout.strip() == "[]"


def test_help_loads_nothing_heavy_and_lists_every_exit_code() -> None:
    program = (
        "import sys; from agent.__main__ import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: loaded = {'paramiko', 'tuf', 'pydantic', 'sqlglot'} & set(sys.modules)\n"
        "print(sorted(loaded), file=sys.stderr)"
    )
    ended = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)

    assert ended.stderr.strip() == "[]"
    for code, meaning in EXIT_CODES.items():
        assert f"{code:>3}  {meaning}" in ended.stdout


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("status",), 10, "gpfed-agent: this agent is not enrolled"),
        (("sent",), 10, "gpfed-agent: this agent is not enrolled"),
        (("run", "--once"), 10, "gpfed-agent: this agent is not enrolled"),
        (("start",), 10, "gpfed-agent: this agent is not enrolled"),
        (("agreements", "show"), 10, "gpfed-agent: this agent is not enrolled"),
        (("enrol", "GPF1-0000", "--layout", "canonical", "--extract", "."), 1, "gpfed-agent: the code cannot be read"),
        (
            ("enrol", "GPF1-0000", "--layout", "canonical", "--extract", "/nowhere"),
            13,
            "gpfed-agent: no folder at /nowhere",
        ),
        (("run", "--once", "--reference-date", "31/3/26"), 2, "usage: gpfed-agent run"),
        (("enrol", "GPF1-0000", "--layout", "none", "--extract", "x"), 1, "gpfed-agent: no layout is called 'none'"),
        (("run",), 2, "usage: gpfed-agent run"),
        (("agreements", "accept", "x"), 2, "usage: gpfed-agent agreements accept"),
    ],
)
def test_a_refusal_says_what_and_what_next_and_has_its_own_exit_code(
    tmp_path: Path, arguments: tuple[str, ...], code: int, message: str
) -> None:
    ended = run("agent", "--state", tmp_path / "state", *arguments)

    assert (ended.code, ended.out) == (code, "")
    assert ended.err.startswith(message)
