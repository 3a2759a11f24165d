"""`gpfed-agent` over a site's database as an operator uses it: enrolled by a file of settings, looked at, run."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import fields
from datetime import date, datetime
from pathlib import Path

import pytest

from agent.__main__ import parser
from agent.databases.faults import SAID
from agent.databases.settings import DatabaseSettings, read_settings
from tests.agent_kit import PRACTICE
from tests.databases import PASSWORD, SiteServer, site
from tests.engine_servers import Servers
from tests.exact_answers import write_practice
from tests.functional.test_gpfed_agent import ROOT, Ended, RunningHub

ELSEWHERE = {
    *("no_driver", "can_write", "layout_differs", "conformance_failed", "no_patients", "no_records", "records_invalid"),
    *("run_too_long", "run_died", "run_failed"),
}
GUIDE = ROOT / "docs/how-to/connect-a-database.md"


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHub]:
    hub = RunningHub(tmp_path_factory.mktemp("hub") / "northside")
    yield hub
    hub.stop()


@pytest.fixture(scope="module")
def here(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SiteServer]:
    folder = tmp_path_factory.mktemp("site")
    files = write_practice("vision", 120, 11, folder / "files", date(2026, 3, 31)).folder
    with site(servers, "mysql", folder) as here:
        here.fill(files, "vision")
        here.grant()
        yield here


def agent(state: Path, *arguments: str | Path, typed: str = "") -> Ended:
    command = [sys.executable, "-m", "agent", "--state", str(state), *map(str, arguments)]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120, input=typed)
    assert PASSWORD not in ended.stdout + ended.stderr
    return Ended(ended.returncode, ended.stdout, ended.stderr)


def settings_file(here: SiteServer, path: Path, **changes: object) -> Path:
    lines = [line for line in here.settings.as_toml() if line.split(" = ")[0] not in changes]
    path.write_text("\n".join([*lines, *(f"{name} = {json.dumps(value)}" for name, value in changes.items())]))
    return path


def test_an_operator_enrols_over_a_database_looks_runs_and_sees_what_left(
    hub: RunningHub, here: SiteServer, tmp_path: Path
) -> None:
    state, code = tmp_path / "state", hub.code(PRACTICE)
    file = settings_file(here, tmp_path / "site.toml")

    wrong = agent(state, "enrol", code, "--layout", "vision", "--database", file, typed="wrong\n")
    assert (wrong.code, wrong.err.splitlines()[-2:]) == (
        13,
        [
            "gpfed-agent: the database refuses this login (error 1045)",
            "  give the password anew: gpfed-agent password; nothing was sent",
        ],
    )
    kept = agent(state, "password", typed=f"{PASSWORD}\n")
    assert (kept.code, kept.out) == (0, f"kept in {state / 'keys/database.password'}, for its owner only\n")
    assert (state / "keys/database.password").stat().st_mode & 0o777 == 0o600

    enrolled = agent(state, "enrol", code, "--layout", "vision", "--database", file)
    assert enrolled.code == 0, enrolled.err
    assert [line[:4] for line in enrolled.err.splitlines()] == ["ok  "] * len(enrolled.err.splitlines())
    assert PASSWORD not in (state / "agent.toml").read_text()

    looked = agent(state, "doctor", "--json")
    assert looked.code == 0, looked.out
    findings = {one["name"]: one["said"] for one in looked.json["findings"]}  # type: ignore[attr-defined]
    assert findings["connection"] == f"mysql {here.version()} answers: {here.settings.where}"
    assert findings["rights"] == "the login may read, and nothing else"
    assert findings["layout"].startswith("the tables are as layout vision reads them")
    assert findings["records"].startswith("the records of practice Z90001 reach 2026-03-")
    assert "made-up people are right" in findings["conformance"]

    assert agent(state, "agreements", "accept", "heart-health", "--unnamed", "--yes").code == 0
    hub.publish()
    ran = agent(state, "run", "--once", "--now", "--reference-date", "2026-02-28", "--json")
    assert ran.code == 0, ran.err
    assert [one["sequence"] for one in ran.json["released"]] == [2]  # type: ignore[attr-defined]

    leaves = json.loads((state / "reports/2026-02-28/heart-health.leaves.json").read_bytes())
    assert (leaves["engine"], leaves["engine_version"], leaves["layout"]) == ("mysql", here.version(), "vision")
    assert list(leaves["statements"]) == ["pulse-rhythm-65"]
    assert agent(state, "status", "--json").json["database"] == f"mysql {here.settings.where}"


def test_a_login_that_may_write_is_not_enrolled(hub: RunningHub, here: SiteServer, tmp_path: Path) -> None:
    file = settings_file(here, tmp_path / "site.toml")
    with here.able_to_write("patient"):
        refused = agent(
            tmp_path / "state", "enrol", hub.code("Z90002"), "--layout", "vision", "--database", file, typed=PASSWORD
        )

    assert refused.code == 13
    assert refused.err.splitlines()[-2].startswith("gpfed-agent: the login may do more than read: may INSERT on `raw_")
    assert not (tmp_path / "state/agent.toml").exists()


def test_doctor_leaves_the_database_alone_in_its_quiet_hours(here: SiteServer, tmp_path: Path) -> None:
    hour = datetime.now().astimezone().hour
    state = tmp_path / "state"
    agent(state, "password", typed=PASSWORD)
    hours = f"{hour:02d}:00-{(hour + 2) % 24:02d}:00"
    settings = settings_file(here, tmp_path / "site.toml", quiet_hours=hours).read_text()
    host_key = "SHA256:" + "A" * 43
    (state / "agent.toml").write_text(
        f'practice = "{PRACTICE}"\nlayout = "vision"\nevery_minutes = 15\nrun_seconds = 60\n'
        f'[hub]\nhost = "h"\nport = 22\nhost_key = "{host_key}"\n[policy]\nrefuse_searches = []\n[database]\n{settings}'
    )

    quiet = agent(state, "doctor")

    assert quiet.code == 3, quiet.err
    assert quiet.out.splitlines() == [
        f"NOT  connection   nothing is asked of the database in its quiet hours, until {(hour + 2) % 24:02d}:00",
        "  give --now to look nevertheless",
    ]
    assert agent(state, "doctor", "--now").code == 0


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("doctor",), 10, "gpfed-agent: this agent is not enrolled"),
        (
            ("enrol", "GPF1-0000", "--layout", "vision", "--database", "nowhere.toml"),
            1,
            "gpfed-agent: no settings of a database at nowhere.toml",
        ),
        (
            ("enrol", "GPF1-0000", "--layout", "visual", "--database", "nowhere.toml"),
            1,
            "gpfed-agent: no layout is called 'visual'",
        ),
    ],
)
def test_a_mistake_is_told_in_a_line(tmp_path: Path, arguments: tuple[str, ...], code: int, message: str) -> None:
    ended = agent(tmp_path / "state", *arguments)

    assert (ended.code, ended.err.splitlines()[0]) == (code, message)


def test_the_guide_shows_only_commands_and_settings_that_are_understood() -> None:
    guide = GUIDE.read_text()

    commands = re.findall(r"^\$ gpfed-agent (.+)$", guide, re.MULTILINE)
    examples = [tomllib.loads(block) for block in re.findall(r"^```toml\n(.*?)^```", guide, re.MULTILINE | re.DOTALL)]

    assert len(commands) >= 3
    for command in commands:
        parser().parse_args(command.split())
    assert [read_settings(example, "", "").engine for example in examples] == ["postgresql", "sqlite"]


def test_the_guide_names_every_setting_and_every_code() -> None:
    settings, faults = GUIDE.read_text().split("## When something is wrong")

    named = set(re.findall(r"`([a-z_]+)`", " ".join(re.findall(r"^\| (`.+?) \|", settings, re.MULTILINE))))
    codes = set(re.findall(r"`([a-z_]+)`", " ".join(re.findall(r"^\| (`.+?) \|", faults, re.MULTILINE))))

    assert {field.name for field in fields(DatabaseSettings)} <= named
    assert set(SAID) <= codes
    assert codes - set(SAID) == ELSEWHERE
