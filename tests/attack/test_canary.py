"""A canary in every identifying column: it sings in the extract and on the action list, and nowhere else.

Each person of a synthetic practice carries a marker in every identifying column. The practice answers a real search
through the whole path, while every byte that passes the mailbox, both ways, is kept and looked through.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
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
IDENTIFYING = {
    "emis_im1": {"title", "forename", "surname", "street", "town", "postcode", "phone", "mobile", "email"},
    "tpp_sr": {"title", "forename", "surname", "email"},
    "vision": {"title", "forename", "surname", "street", "town", "postcode", "phone", "mobile", "email"},
}
"""The identifying columns that can hold a marker, by layout; SystmOne keeps addresses in tables no search needs."""


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

    layout: str
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
        self.agent.federation.use()
        (result,) = self.agent.results()
        identity = PracticeIdentity(PRACTICE, self.agent.key.public)
        return open_sealed(bytes(result.sealed), identity, self.agent.federation.centre.keys.seal).payload


@contextmanager
def overhear(path: Path) -> Iterator[None]:
    """Everything logged, and everything that this process and its children print, goes to a file."""
    handler = logging.FileHandler(path)
    root, level = logging.getLogger(), logging.getLogger().level
    saved = {descriptor: os.dup(descriptor) for descriptor in (1, 2)}
    with path.open("ab") as file:
        for descriptor in saved:
            os.dup2(file.fileno(), descriptor)
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        yield
    finally:
        root.setLevel(level)
        root.removeHandler(handler)
        handler.close()
        for descriptor, old in saved.items():
            os.dup2(old, descriptor)
            os.close(old)


def ready(folder: Path, layout: str) -> Agent:
    """A practice whose people carry markers, enrolled, with an agreement to sign."""
    extract = folder / "extract"
    synthesise(layout, 300, 5, extract, practice=PRACTICE, identities=marked(MARKER))
    agent = Federation(folder / "federation").enrol(PRACTICE, layout, extract)
    agent.federation.propose()
    return agent


@pytest.fixture(scope="module", params=LAYOUTS)
def story(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Story:
    folder = tmp_path_factory.mktemp("story")
    agent = ready(folder, request.param)
    overheard = Overheard(agent.mailbox)

    def door() -> AbstractContextManager[Overheard]:
        return nullcontext(overheard)

    with pytest.MonkeyPatch.context() as patch, overhear(folder / "said"):
        patch.setattr(agent, "open", door)
        agent.say()
        agent.federation.receive()
        agent.federation.publish()
        assert not agent.run().problems
        agent.federation.receive()
        agent.deliver()
    return Story(request.param, agent, folder / "extract", b"\n".join(overheard.heard), (folder / "said").read_text())


def files(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.is_file())


def marked_in(text: str) -> set[str]:
    """The identifying columns whose marker stands in a text."""
    return {name for name in Identity.__slots__ if f"{MARKER}{name}" in text}


def test_the_canary_sings_from_every_identifying_column_of_the_extract(story: Story) -> None:
    text = "\n".join(path.read_bytes().decode("cp1252") for path in files(story.extract))
    assert marked_in(text) == IDENTIFYING[story.layout]


def test_the_canary_sings_from_every_identifying_column_of_the_action_list(story: Story) -> None:
    assert story.action_list.count("\n") > 5
    assert marked_in(story.action_list) == IDENTIFYING[story.layout]


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
def test_a_damaged_extract_is_refused_without_a_word_of_what_it_holds(layout: str, tmp_path: Path) -> None:
    """The file is cut short in the middle of a marked name: the error may name the file, never what stands in it."""
    agent = ready(tmp_path, layout)
    holding = [path for path in files(tmp_path / "extract") if MARKER.encode() in path.read_bytes()]
    path = max(holding, key=lambda path: path.stat().st_size)
    data = path.read_bytes()
    path.write_bytes(data[: data.rindex(MARKER.encode()) + len(MARKER) + 3])
    with overhear(tmp_path / "said"):
        agent.say()
        agent.federation.receive()
        agent.federation.publish()
        problems = agent.run().problems
    assert problems
    assert MARKER not in f"{problems}{(tmp_path / 'said').read_text()}{agent.diary()}"
