"""`gpfed-hub` as its users meet it: commands in processes of their own, from an empty folder to a published search."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from governance.enrolment import EnrolmentCode
from searches.document import library_folder

AGREEMENT = """\
schema: 2
id: heart-health
version: 1
title: Heart health in Northside
kind: sharing
hub: NORTHSIDE
practices: [Z90001]
purposes:
  - {{tag: care_improvement, text: Comparing care between practices to improve it}}
legal: {{article_6: 6(1)(e), article_9: 9(2)(h), schedule_1: paragraph 2, confidentiality: anonymous}}
searches:
  - {{id: pulse-rhythm-65, dimensions: [age_band, sex], schedule: monthly}}
tables:
  patient: [patient_id, age, age_band, sex]
  event: [patient_id, event_date, code]
codelists: [pulse_rhythm]
profile: gp-bench
opt_outs: {{national: not_applicable, reason: what leaves is anonymous}}
view: unnamed
dpia:
  reference: DPIA 12
  sha256: dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd
  approved_by: A. Guardian
  review: {end}
review: {end}
start: {start}
end: {end}
"""


def hub(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "hub", "--hub", str(folder), *arguments]
    return subprocess.run(command, capture_output=True, check=False, text=True)


def agent(state: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "agent", "--state", str(state), *arguments]
    return subprocess.run(command, capture_output=True, check=False, text=True)


def done(ended: subprocess.CompletedProcess[str]) -> Any:
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout) if ended.stdout.startswith("{") else ended.stdout


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("gpfed-hub") / "hub"
    ports = ("--sftp-port", "0", "--web-port", "0")
    done(hub(made, "init", "--code", "NORTHSIDE", "--name", "Northside hub", *ports, "--json"))
    for role in ("author", "clinical", "governance"):
        done(hub(made, "key", "new", f"a.{role}", "--role", role))
    today = datetime.now(tz=UTC).date()
    text = AGREEMENT.format(start=today - timedelta(days=30), end=today + timedelta(days=30))
    (made / "agreement.yaml").write_text(text, encoding="utf-8")
    done(hub(made, "agreement", "propose", str(made / "agreement.yaml"), *proposers(made)))
    return made


@contextmanager
def serving(folder: Path) -> Iterator[dict[str, Any]]:
    command = [sys.executable, "-m", "hub", "--hub", str(folder), "serve", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        line = process.stdout.readline()
        try:
            assert line, process.stderr.read()
            yield json.loads(line)
        finally:
            process.send_signal(signal.SIGTERM)
            assert process.wait(30) == 0


def reviewers(folder: Path) -> tuple[str, ...]:
    staff = folder / "keys" / "staff"
    return "--clinical-key", str(staff / "a.clinical.key"), "--governance-key", str(staff / "a.governance.key")


def proposers(folder: Path) -> tuple[str, ...]:
    return "--drafter-key", str(folder / "keys" / "staff" / "a.author.key"), *reviewers(folder)


def publish(folder: Path, search: str) -> subprocess.CompletedProcess[str]:
    author = str(folder / "keys" / "staff" / "a.author.key")
    path = str(library_folder(search))
    return hub(
        folder, "publish", path, "--agreement", "heart-health", "--author-key", author, *reviewers(folder), "--json"
    )


def test_help_is_quick_and_tells_the_exit_codes(tmp_path: Path) -> None:
    ended = hub(tmp_path, "--help")

    assert ended.returncode == 0
    assert "12  refused by an agreement or a policy" in ended.stdout


def test_help_imports_neither_django_nor_paramiko(tmp_path: Path) -> None:
    program = "import sys; from hub.__main__ import parser; parser().format_help(); print(*sys.modules)"
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, text=True)
    assert not {"django", "paramiko", "tuf"} & set(ended.stdout.split())


def test_a_hub_is_not_made_twice(folder: Path) -> None:
    ended = hub(folder, "init", "--code", "NORTHSIDE", "--name", "Again")

    assert (ended.returncode, ended.stdout) == (2, "")
    assert "holds a hub" in ended.stderr
    assert "hint: " in ended.stderr


def test_a_folder_without_a_hub_is_refused(tmp_path: Path) -> None:
    ended = hub(tmp_path, "practice", "list")

    assert ended.returncode == 2
    assert "gpfed-hub: no hub in" in ended.stderr


def test_a_command_that_is_not_understood_ends_with_two(folder: Path) -> None:
    assert hub(folder, "fly").returncode == 2


def test_every_key_is_for_its_owner_only(folder: Path) -> None:
    keys = [path for path in (folder / "keys").rglob("*") if path.is_file()]
    assert len(keys) >= 16
    assert all(path.stat().st_mode & 0o077 == 0 for path in keys)


def test_the_staff_directory_is_shown(folder: Path) -> None:
    told = done(hub(folder, "key", "list", "--json"))
    assert [(one["person"], one["roles"]) for one in told["staff"]] == [
        ("a.author", ["author"]),
        ("a.clinical", ["clinical"]),
        ("a.governance", ["governance"]),
    ]


def test_a_search_that_nobody_signed_for_is_not_published(folder: Path) -> None:
    ended = publish(folder, "pulse-rhythm-65")

    assert (ended.returncode, ended.stdout) == (12, "")
    assert "active for no practice: Z90001: is not known to this hub" in ended.stderr


def test_a_file_that_is_not_there_is_said_to_be_so(folder: Path) -> None:
    ended = hub(folder, "agreement", "propose", "nowhere.yaml", *proposers(folder))

    assert (ended.returncode, ended.stderr) == (
        1,
        "gpfed-hub: nowhere.yaml cannot be read: No such file or directory\n",
    )


def test_a_packaged_search_is_published_by_its_name(folder: Path, tmp_path: Path) -> None:
    author = str(folder / "keys" / "staff" / "a.author.key")
    words = ("--agreement", "heart-health", "--author-key", author, *reviewers(folder))
    by_name = hub(folder, "publish", "pulse-rhythm-65", *words)

    assert by_name.returncode == 12
    assert "is active for no practice" in by_name.stderr
    assert hub(folder, "publish", str(tmp_path / "pulse-rhythm-65"), *words).returncode == 1


@pytest.mark.parametrize(("option", "what"), [("--sftp-port", "mailbox"), ("--web-port", "pages")])
def test_a_port_that_is_taken_is_named_without_a_trace(folder: Path, option: str, what: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ended = hub(folder, "serve", option, str(port))

    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.startswith(f"gpfed-hub: the {what} cannot listen on 127.0.0.1 port {port}: ")
    assert "Traceback" not in ended.stderr


def test_an_agreement_is_not_proposed_twice(folder: Path) -> None:
    ended = hub(folder, "agreement", "propose", str(folder / "agreement.yaml"), *proposers(folder))

    assert ended.returncode == 12
    assert "agreement heart-health is version 1, expected 2" in ended.stderr


def test_an_agent_enrols_signs_and_is_sent_the_search(folder: Path, tmp_path: Path) -> None:
    state = tmp_path / "agent"
    assert "give --address" in hub(folder, "practice", "add", "Z90001", "--name", "Elm Street").stderr
    with serving(folder) as addresses:
        told = done(hub(folder, "practice", "add", "Z90001", "--name", "Elm Street", "--json"))
        assert EnrolmentCode.parse(told["code"]).port == addresses["sftp"]["port"]
        done(agent(state, "enrol", told["code"], "--layout", "canonical", "--extract", str(tmp_path)))
        done(agent(state, "agreements", "accept", "heart-health", "--unnamed", "--yes"))
        told = done(publish(folder, "pulse-rhythm-65"))
        assert told["goes_to"] == ["Z90001"]
        assert "is not in agreement" in publish(folder, "smoking-recorded").stderr
        (row,) = done(hub(folder, "practice", "list", "--json"))["practices"]
        assert row["enrolled_at"]
        shown = done(hub(folder, "agreement", "show", "heart-health", "--json"))
        assert shown["practices"] == {"Z90001": ""}
        assert _status(done(hub(folder, "practice", "link", "Z90001"))) == 200
        assert _status(done(hub(folder, "practice", "link"))) == 200
        assert _status(addresses["web"]["url"] + "/enter/forged/") in (403, 404)
    assert "has enrolled" in hub(folder, "practice", "add", "Z90001", "--name", "Elm Street", "--address", "h:1").stderr


def _status(address: str) -> int:
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
    try:
        with opener.open(address.strip(), timeout=30) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code
