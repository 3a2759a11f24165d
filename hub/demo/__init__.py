"""The whole federation on one machine: `gpfed-hub demo`.

Invented practices with invented patients, and otherwise nothing pretended: the extracts are written by `gpfed-search
synthesise`, the hub serves its mailbox over SFTP on the loopback interface, and every agent is a `gpfed-agent` process
that enrols with the one-time code, signs the agreement with its own key, and sends sealed results. The hub never
imports the agent.

    start.py       from the first step to the last    plan.py      which practices
    federation.py  the path of the answers            terms.py     the agreement between them
    synthesise.py  an extract                         steps.py     two processes at a time, and the clock
    server.py      the serving hub                    outcome.py   the JSON file and the table
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable
from pathlib import Path

from hub.errors import HubError

EPILOG = """example:
  gpfed-hub demo
  gpfed-hub demo --practices 4 --patients 1500 --seed 7 --no-serve --json demo.json

Ends with a table of what the first practice may see, the seconds of each step, and the addresses of the pages; serves
them until Ctrl-C, unless --no-serve.

exit codes:
    0  done
    1  failed
    2  usage
  130  interrupted while it was being set up
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `gpfed-hub demo`."""
    parser.epilog = EPILOG
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--practices", type=_between(1, 500), default=12, metavar="N", help="how many (default 12)")
    parser.add_argument(
        "--patients", type=_between(200, 50_000), default=6_000, metavar="MEAN", help="mean list size (default 6000)"
    )
    parser.add_argument("--seed", type=_between(0, 10**9), default=1, metavar="S", help="of the people (default 1)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write practices, searches, results and timings here")
    parser.add_argument("--no-serve", action="store_true", help="stop when the results are in, without serving pages")
    parser.add_argument("--folder", type=Path, metavar="DIR", help="where everything is kept (default: a new one)")


def run(arguments: argparse.Namespace) -> int:
    """Build the federation, show what came of it, and serve the pages.

    Raises:
        HubError: a step failed; the message names it.
    """
    folder = _folder(arguments.folder)
    # Models can be imported only once Django knows its database, which is made by the first step.
    from hub.demo.start import start  # noqa: PLC0415

    return start(folder, arguments)


def _folder(wanted: Path | None) -> Path:
    if wanted is None:
        return Path(tempfile.mkdtemp(prefix="gpfed-demo-"))
    if wanted.exists() and any(wanted.iterdir()):
        raise HubError(f"folder {wanted} is not empty", "give a new or an empty one")
    wanted.mkdir(parents=True, exist_ok=True)
    return wanted.resolve()


def _between(low: int, high: int) -> Callable[[str], int]:
    def number(text: str) -> int:
        value = int(text)
        if not low <= value <= high:
            raise argparse.ArgumentTypeError(f"expected {low} to {high}, got {value}")
        return value

    return number
