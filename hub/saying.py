"""How the commands of `gpfed-hub` read their files and say what they did."""

from __future__ import annotations

import json
import sys
from argparse import Namespace
from collections.abc import Mapping
from pathlib import Path

from governance.errors import FormatError
from hub.centre import Centre
from hub.initialise import offline_folder


def say(arguments: Namespace, told: Mapping[str, object], words: str) -> None:
    """Print the result: JSON where it was asked for, else words."""
    sys.stdout.write((json.dumps(told, indent=2) if arguments.json else words) + "\n")


def note(words: str) -> None:
    """Say on stderr what comes next."""
    sys.stderr.write(f"gpfed-hub: {words}\n")


def read_text(path: Path) -> str:
    """The text of a file that was named on the command line.

    Raises:
        FormatError: it cannot be read as UTF-8.
    """
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise FormatError(f"{path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise FormatError(f"{path} is not text in UTF-8") from error


def offline(centre: Centre, arguments: Namespace) -> Path:
    """The folder of the root and targets keys."""
    given: Path | None = arguments.offline_keys
    return given or offline_folder(centre)


def standing_lines(practices: Mapping[str, str]) -> list[str]:
    """For each practice whether it goes to it, and why not."""
    return [f"{code}  {'goes to it' if not why_not else 'not: ' + why_not}" for code, why_not in practices.items()]
