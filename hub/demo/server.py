"""`gpfed-hub serve` as a process of its own, for as long as the demonstration runs."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from hub.demo.steps import DemoError

STOP_SECONDS = 10


@dataclass(frozen=True, slots=True)
class Server:
    """A serving hub.

    Args:
        mailbox: host and port of the mailbox.
        pages: address of the pages.
    """

    process: subprocess.Popen[str]
    mailbox: tuple[str, int]
    pages: str

    def wait(self) -> None:
        """Return when it ends by itself."""
        self.process.wait()


@contextmanager
def serving(folder: Path, log: Path) -> Iterator[Server]:
    """Serve a hub on free ports of the loopback interface; it is ended on the way out.

    Raises:
        DemoError: it ended before it was ready.
    """
    command = [sys.executable, "-m", "hub", "--hub", str(folder), "serve", "--json"]
    with log.open("w", encoding="utf-8") as errors:
        process = subprocess.Popen(  # noqa: S603 - our own module, arguments as a list
            command, stdout=subprocess.PIPE, stderr=errors, text=True
        )
        try:
            yield _ready(process, log)
        finally:
            _stop(process)


def _ready(process: subprocess.Popen[str], log: Path) -> Server:
    line = process.stdout.readline() if process.stdout else ""
    if not line:
        raise DemoError("the hub did not start", log.read_text(encoding="utf-8")[-800:])
    told = json.loads(line)
    return Server(process, (told["sftp"]["host"], told["sftp"]["port"]), told["web"]["url"])


def _stop(process: subprocess.Popen[str]) -> None:
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdout:
        process.stdout.close()
