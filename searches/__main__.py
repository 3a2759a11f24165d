"""`gpfed-search`: check, try and translate a search. Exact answers only: it knows no suppression and sends nothing.

This file parses and dispatches; each command is a module of `searches.commands`, loaded when it is asked for.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from datetime import date
from importlib import import_module
from pathlib import Path

from searches.errors import SearchesError

PROGRAM = "gpfed-search"
LAYOUTS = ("canonical", "emis_im1", "tpp_sr", "vision", "opensafely_tpp")  # spelt out: --help need not load them
ENGINES = ("duckdb", "postgresql", "mysql", "sqlite", "sqlserver")
INTERRUPTED = 130

_EXIT_CODES = """exit codes:
    0  done
    1  failed: the search is refused, a hand-made patient got another outcome, or a run gave no valid answer
    2  the command line is wrong
   13  the extract cannot be read
  130  interrupted"""
_EPILOG = f"""example:
  {PROGRAM} check pulse-rhythm-65
  {PROGRAM} test pulse-rhythm-65
  {PROGRAM} synthesise --layout emis_im1 --patients 2000 --seed 1 --out /tmp/practice
  {PROGRAM} run pulse-rhythm-65 --extract /tmp/practice --layout emis_im1 --reference-date 2026-03-31

A search is a folder, or the name of one that comes with GPFed.

{_EXIT_CODES}"""

_Commands = argparse._SubParsersAction  # noqa: SLF001 - argparse has no public name for it


def parser() -> argparse.ArgumentParser:
    """The whole command line."""
    top = argparse.ArgumentParser(
        prog=PROGRAM,
        description="Check, try and translate a search. Exact answers, on this machine only.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = top.add_subparsers(dest="command", required=True)
    _add_check(commands)
    _add_test(commands)
    _add_run(commands)
    _add_sql(commands)
    _add_synthesise(commands)
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Args:
        arguments: without the program's name; those of the process if not given.

    Returns:
        The exit code.
    """
    options = parser().parse_args(arguments)
    try:
        code: int = import_module(f"searches.commands.{options.command}").run(options)
    except SearchesError as error:
        print(f"{PROGRAM}: {error.message}", file=sys.stderr)
        if error.hint:
            print(f"  {error.hint}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print(f"{PROGRAM}: interrupted", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:  # pragma: no cover - the reader, `head` perhaps, has seen enough: tested in a process
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return code


def _add(commands: _Commands[argparse.ArgumentParser], name: str, about: str, example: str) -> argparse.ArgumentParser:
    return commands.add_parser(
        name,
        help=about,
        description=about,
        epilog=f"example:\n  {PROGRAM} {name} {example}\n\n{_EXIT_CODES}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


def _add_search(command: argparse.ArgumentParser) -> None:
    command.add_argument("folder", type=Path, metavar="FOLDER", help="folder of a search, or name of a packaged one")
    command.add_argument(
        "--codelists", type=Path, metavar="DIR", help="folder of NAME.csv (default: the packaged lists)"
    )
    command.add_argument("--json", action="store_true", help="print JSON")


def _add_layout(command: argparse.ArgumentParser) -> None:
    command.add_argument("--layout", required=True, choices=LAYOUTS, help="how the record system's data are laid out")


def _add_day(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--reference-date",
        required=True,
        type=_day,
        metavar="DATE",
        help="answer for this day (YYYY-MM-DD)",
    )
    command.add_argument(
        "--practice",
        type=_practice,
        metavar="CODE",
        help="organisation code of the practice, or its number in a database that numbers practices",
    )


def _add_check(commands: _Commands[argparse.ArgumentParser]) -> None:
    about = "Check every rule of a search, and say what it would read and what may leave."
    _add_search(_add(commands, "check", about, "pulse-rhythm-65"))


def _add_test(commands: _Commands[argparse.ArgumentParser]) -> None:
    about = "Run a search over its hand-made patients (tests.yaml), each checked by name."
    _add_search(_add(commands, "test", about, "pulse-rhythm-65"))


def _add_run(commands: _Commands[argparse.ArgumentParser]) -> None:
    example = "pulse-rhythm-65 --extract /tmp/practice --layout emis_im1 --reference-date 2026-03-31 --json"
    command = _add(commands, "run", "Answer a search on a supplier's folder, exactly.", example)
    _add_search(command)
    command.add_argument("--extract", required=True, type=Path, metavar="DIR", help="the supplier's folder")
    _add_layout(command)
    _add_day(command)


def _add_sql(commands: _Commands[argparse.ArgumentParser]) -> None:
    example = "pulse-rhythm-65 --layout tpp_sr --engine sqlserver --schema dbo --reference-date 2026-03-31"
    command = _add(commands, "sql", "Print the one statement that a search becomes in a record system.", example)
    _add_search(command)
    _add_layout(command)
    command.add_argument("--engine", choices=ENGINES, default=ENGINES[0], help="the database that holds the records")
    command.add_argument("--schema", default="raw", metavar="NAME", help="where the raw tables stand (default: raw)")
    command.add_argument("--prefix", default="", metavar="TEXT", help="before the name of each raw table")
    _add_day(command)
    command.add_argument("--receipt", action="store_true", help="say after it what was made of what, as SQL comments")


def _add_synthesise(commands: _Commands[argparse.ArgumentParser]) -> None:
    example = "--layout vision --patients 2000 --seed 1 --out /tmp/practice"
    about = "Write the folder of a synthetic practice, shaped as a supplier delivers it. Nobody in it is real."
    command = _add(commands, "synthesise", about, example)
    _add_layout(command)
    command.add_argument(
        "--patients", required=True, type=_count, metavar="N", help="how many are currently registered"
    )
    command.add_argument("--seed", required=True, type=int, metavar="S", help="the same seed gives the same people")
    command.add_argument(
        "--out", required=True, type=Path, metavar="DIR", help="an empty folder; made if it is not there"
    )
    command.add_argument(
        "--reference-date",
        type=_day,
        default=date(2026, 3, 31),
        metavar="DATE",
        help="day of the last delivery (default: 2026-03-31)",
    )
    command.add_argument(
        "--practice", type=_practice, default="Z90001", metavar="CODE", help="organisation code (default: Z90001)"
    )
    command.add_argument("--json", action="store_true", help="print JSON")


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"expected a day such as 2026-03-31, found {text!r}") from None


def _practice(text: str) -> str:
    if not (text.isascii() and text.isalnum()):  # it becomes part of file names
        raise argparse.ArgumentTypeError(f"expected letters and digits, found {text!r}")
    return text


def _count(text: str) -> int:
    if not text.isdigit() or not 1 <= int(text) <= 1_000_000:
        raise argparse.ArgumentTypeError("expected a whole number from 1 to 1,000,000")
    return int(text)


if __name__ == "__main__":  # pragma: no cover - tested in a process
    sys.exit(main())
