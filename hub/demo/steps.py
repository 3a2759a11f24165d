"""The clock and the processes of a demonstration: one line of progress for each step, two processes at a time."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TypeVar

from hub.errors import HubError

T = TypeVar("T")
AT_A_TIME = 2
PATIENCE_SECONDS = 120


class DemoError(HubError):
    """A step of the demonstration failed."""


@dataclass(frozen=True, slots=True)
class Steps:
    """Seconds of each step, in order; a line on stderr when each begins and ends."""

    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def step(self, name: str, words: str) -> Iterator[None]:
        """Time one step."""
        print(f"{words} ...", end="", file=sys.stderr, flush=True)
        begun = time.perf_counter()
        try:
            yield
        except BaseException:
            print(" stopped", file=sys.stderr, flush=True)
            raise
        self.seconds[name] = round(time.perf_counter() - begun, 2)
        print(f" {self.seconds[name]:.1f} s", file=sys.stderr, flush=True)


def program(*arguments: str) -> str:
    """Run one of our own programs as a process of its own; what it printed.

    Args:
        arguments: `search`, `agent` or `hub` as a module's name, then its own arguments.

    Raises:
        DemoError: it failed; with the end of what it said.
    """
    done = subprocess.run(  # noqa: S603 - our own modules, arguments as a list
        [sys.executable, "-m", *arguments], capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL
    )
    if done.returncode != 0:
        said = (done.stderr or done.stdout).strip()[-800:]
        raise DemoError(f"{' '.join(arguments[:4])} ended with {done.returncode}", said)
    return done.stdout


def two_at_a_time(work: Callable[[T], None], items: Iterable[T]) -> None:
    """Do the same for every item; the first failure stops what has not begun."""
    with ThreadPoolExecutor(AT_A_TIME) as pool:
        futures = [pool.submit(work, item) for item in items]
        try:
            for future in futures:
                future.result()
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def wait_for(what: str, is_there: Callable[[], bool]) -> None:
    """Wait until something that another process does has happened.

    Raises:
        DemoError: it has not, after two minutes.
    """
    begun = time.monotonic()
    while not is_there():
        if time.monotonic() - begun > PATIENCE_SECONDS:
            raise DemoError(f"no {what} after {PATIENCE_SECONDS} seconds")
        time.sleep(0.1)
