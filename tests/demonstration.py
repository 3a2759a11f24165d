"""A running demonstration: a real federation on this machine, started once for all tests that look at it."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

PRACTICES, PATIENTS, SEED = 3, 1200, 1
STOP_SECONDS = 60


@dataclass(frozen=True)
class Demonstration:
    """What `gpfed-hub demo` said and wrote.

    Args:
        links: a practice's address, then the staff's.
    """

    process: subprocess.Popen[str]
    folder: Path
    document: dict[str, Any]
    said: str
    links: tuple[str, str]

    @property
    def pages(self) -> str:
        return self.links[0].split("/enter/")[0]


@contextmanager
def demonstration(folder: Path) -> Iterator[Demonstration]:
    """Run a small demonstration and leave it serving; interrupted on the way out."""
    file = folder / "demo.json"
    errors = (folder / "demo.log").open("w+", encoding="utf-8")
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "hub", "demo", "--practices", str(PRACTICES), "--patients", str(PATIENTS)),
            *("--seed", str(SEED), "--json", str(file), "--folder", str(folder / "demo")),
        ],
        stdout=subprocess.PIPE,
        stderr=errors,
        text=True,
    )
    try:
        said = listen(process)
        errors.seek(0)
        assert said.count("/enter/") == 2, f"the demonstration did not come to serve: {errors.read()}"
        links = [word for word in said.split() if "/enter/" in word]
        document = json.loads(file.read_text(encoding="utf-8"))
        yield Demonstration(process, folder / "demo", document, said, (links[0], links[1]))
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
        try:
            process.wait(STOP_SECONDS)
        finally:
            process.kill()
            process.wait()
        if process.stdout:
            process.stdout.close()
        errors.close()


@pytest.fixture(scope="session")
def served_demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demonstration]:
    """The one demonstration that all tests of a run look at and none changes."""
    with demonstration(tmp_path_factory.mktemp("demonstration")) as running:
        yield running


def listen(process: subprocess.Popen[str]) -> str:
    """What a demonstration says until it serves, or ends."""
    said: list[str] = []
    for line in process.stdout or ():
        said.append(line)
        if sum("/enter/" in heard for heard in said) == 2:
            break
    return "".join(said)
