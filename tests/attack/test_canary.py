"""A canary in every identifying column: it sings in the extract and on the action list, and nowhere else.

Each person of a synthetic practice carries a marker in every identifying column. The practice answers a real search
through the whole path, while every byte that passes the mailbox, both ways, is kept and looked through.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from governance.sealing import open_sealed
from governance.wire import PracticeIdentity
from searches.synthetic import synthesise
from searches.synthetic.identities import Identity, marked
from tests.federation import REFERENCE_DATE, SEARCH, Agent, Federation, MemoryMailbox

MARKER = "CANARY-"
PRACTICE = "Z90001"
LAYOUTS = ("emis_im1", "tpp_sr", "vision")
ON_THE_LIST = ("forename", "surname", "email")
"""Columns that every layout has and the action list shows."""


@dataclass
class Overheard:
    """A mailbox between two that keeps every path and byte."""

    inner: MemoryMailbox
    heard: list[bytes] = field(default_factory=list)

    def list(self, folder: str) -> tuple[str, ...]:
        names = self.inner.list(folder)
        self.heard.append(f"{folder} {names}".encode())
        return names

    def fetch(self, path: str, limit_bytes: int) -> bytes:
        data = self.inner.fetch(path, limit_bytes)
        self.heard += [path.encode(), data]
        return data

    def put(self, path: str, data: bytes) -> None:
        self.heard += [path.encode(), data]
        self.inner.put(path, data)


@dataclass(frozen=True)
class Story:
    """A practice whose people carry markers, after it has answered, and all that could be overheard."""

    agent: Agent
    extract: Path
    traffic: bytes
    said: str

    @property
    def action_list(self) -> str:
        path = self.agent.folder.action_lists / REFERENCE_DATE.isoformat() / f"{SEARCH}.csv"
        return path.read_text(encoding="utf-8-sig")

    @property
    def decrypted(self) -> bytes:
        """What the hub reads once it has opened the result."""
        (result,) = self.agent.results()
        identity = PracticeIdentity(PRACTICE, self.agent.key.public)
        return open_sealed(bytes(result.sealed), identity, self.agent.federation.centre.keys.seal).payload


@pytest.fixture(params=LAYOUTS)
def story(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> Story:
    extract = tmp_path / "extract"
    synthesise(request.param, 300, 5, extract, practice=PRACTICE, identities=marked(MARKER))
    federation = Federation(tmp_path / "federation")
    agent = federation.enrol(PRACTICE, request.param, extract)
    overheard = Overheard(agent.mailbox)

    def door(_agent: Agent) -> AbstractContextManager[Overheard]:
        return nullcontext(overheard)

    monkeypatch.setattr(Agent, "open", door)
    federation.propose()
    with caplog.at_level(logging.DEBUG):
        agent.say()
        federation.receive()
        federation.publish()
        assert not agent.run().problems
        federation.receive()
        agent.deliver()
    out, err = capfd.readouterr()
    return Story(agent, extract, b"\n".join(overheard.heard), f"{out}{err}{caplog.text}")


def files(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.is_file())


def written_columns(extract: Path) -> set[str]:
    """The identifying columns whose marker stands somewhere in the extract."""
    text = "\n".join(path.read_bytes().decode("cp1252") for path in files(extract))
    return {name for name in Identity.__slots__ if f"{MARKER}{name}" in text}


def test_the_canary_sings_in_the_extract_and_on_the_action_list(story: Story) -> None:
    assert {"title", *ON_THE_LIST} <= written_columns(story.extract)
    assert story.action_list.count("\n") > 5
    for column in ON_THE_LIST:
        assert f"{MARKER}{column}" in story.action_list


def test_the_canary_is_in_no_byte_that_passed_the_mailbox(story: Story) -> None:
    assert len(story.traffic) > 4096
    assert MARKER.encode() not in story.traffic


def test_the_canary_is_in_no_message_once_decrypted(story: Story) -> None:
    assert SEARCH.encode() in story.decrypted
    assert MARKER.encode() not in story.decrypted


def test_the_canary_is_in_no_log_and_nothing_printed(story: Story) -> None:
    assert len(story.said) > 1000
    assert MARKER not in story.said


def test_the_canary_is_in_no_file_of_the_hub(story: Story) -> None:
    assert [path for path in files(story.agent.federation.hub_folder) if MARKER.encode() in path.read_bytes()] == []


def test_at_the_practice_the_canary_is_in_the_action_list_alone(story: Story) -> None:
    root = story.agent.folder.diary.parent
    holding = {path.relative_to(root).parts[0] for path in files(root) if MARKER.encode() in path.read_bytes()}
    assert holding == {story.agent.folder.action_lists.name}


def test_the_canary_is_in_no_file_name(story: Story) -> None:
    named = [path.name for path in story.agent.federation.folder.rglob("*") if MARKER.lower() in path.name.lower()]
    assert named == []


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_damaged_extract_is_refused_without_a_word_of_what_it_holds(
    layout: str, tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    """The file is cut short in the middle of a marked name: the error may name the file, never what stands in it."""
    extract = tmp_path / "extract"
    synthesise(layout, 300, 5, extract, practice=PRACTICE, identities=marked(MARKER))
    path = max(
        (path for path in files(extract) if MARKER.encode() in path.read_bytes()), key=lambda p: p.stat().st_size
    )
    data = path.read_bytes()
    path.write_bytes(data[: data.rindex(MARKER.encode()) + len(MARKER) + 3])
    federation = Federation(tmp_path / "federation")
    agent = federation.enrol(PRACTICE, layout, extract)
    federation.propose()
    with caplog.at_level(logging.DEBUG):
        agent.say()
        federation.receive()
        federation.publish()
        problems = agent.run().problems
    out, err = capfd.readouterr()
    assert problems
    assert MARKER not in f"{problems}{out}{err}{caplog.text}{agent.diary()}"
