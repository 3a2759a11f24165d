"""Django is configured once per process, for an empty hub: its models cannot be imported before.

Tests that need a hub make one with `tests.federation.Federation`, which then points the database at its own folder.
"""

from __future__ import annotations

import shutil
import signal
import tempfile
from pathlib import Path
from typing import Any

import pytest

from hub.config import config_text
from hub.founding import create_files
from hub.settings import configure
from tests.demonstration import served_demo  # noqa: F401 - a fixture, run once for all who ask
from tests.engine_servers import duckdb, mysql, postgresql, servers, sqlite  # noqa: F401 - fixtures, as above
from tests.scheduling import ByFile, longest_first

_scratch: list[Path] = []


def pytest_configure(config: pytest.Config) -> None:
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        # So it is in the background of a script, and whatever a test starts would not hear Ctrl-C either.
        signal.signal(signal.SIGINT, signal.default_int_handler)
    folder = Path(tempfile.mkdtemp(prefix="gpfed-tests-"))
    _scratch.append(folder)
    create_files(folder, config_text("SCRATCH", "Scratch hub", {"sftp_port": 0, "web_port": 0}))
    configure(folder)


def pytest_unconfigure(config: pytest.Config) -> None:
    for folder in _scratch:
        shutil.rmtree(folder, ignore_errors=True)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    longest_first(items)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByFile:
    config.option.loadscopereorder = False  # it would put the file with most tests first, not the longest
    return ByFile(config, log)
