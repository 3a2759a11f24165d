"""The practice's command line: it parses, dispatches, and turns refusals into a line, a hint and an exit code."""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from agent.config import read_config
from agent.errors import EXIT_CODES, FAILED, INTERRUPTED, AgentError
from agent.state import StateFolder, default_folder
from governance.restatement import RestatementReason

PROGRAM = "gpfed-agent"
_REASONS = tuple(str(reason) for reason in RestatementReason)

_EXIT_CODES = "exit codes:\n" + "\n".join(f"  {code:>3}  {meaning}" for code, meaning in EXIT_CODES.items())
_EPILOG = f"""example:
  gpfed-agent enrol GPF1-... --layout emis_im1 --extract /srv/extracts
  gpfed-agent agreements show heart-health
  gpfed-agent agreements accept heart-health --unnamed
  gpfed-agent run --once
  gpfed-agent start

{_EXIT_CODES}"""


def parser() -> argparse.ArgumentParser:
    """The whole command line."""
    top = argparse.ArgumentParser(
        prog=PROGRAM,
        description="Runs agreed searches on this practice's own records; only counts leave.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    top.add_argument("--state", type=Path, metavar="DIR", help=f"state folder (default: {default_folder().root})")
    top.add_argument("--verbose", action="store_true", help="tell more on the way")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _add_enrol(commands)
    _add_agreements(commands)
    _add_run(commands)
    _add_reading(commands)
    _add_sql(commands)
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; its exit code."""
    options = parser().parse_args(arguments)
    logging.basicConfig(
        level=logging.INFO if options.verbose or options.command == "start" else logging.ERROR,
        format="%(asctime)s level=%(levelname)s logger=%(name)s %(message)s",
        stream=sys.stderr,
    )
    # Its errors carry the other side's words; ours say what happened.
    logging.getLogger("paramiko").setLevel(logging.CRITICAL)
    try:
        return _dispatch(options)
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception as error:  # noqa: BLE001 - a foreign error's text may quote a record: only its kind is shown
        return _refuse(error)


def _dispatch(options: argparse.Namespace) -> int:
    folder = StateFolder(options.state.absolute()) if options.state else default_folder()
    if options.command == "start":
        # Only the scheduler: the idle service must not carry what a turn needs.
        from agent.schedule import start  # noqa: PLC0415

        return start(folder, read_config(folder))
    # SSH, signatures and the search language take half a second to load, which --help does not need.
    from agent.commands import COMMANDS  # noqa: PLC0415

    name = f"{options.command} {options.what}" if "what" in options else options.command
    return COMMANDS[name](folder, options)


def _refuse(error: Exception) -> int:
    message, hint = getattr(error, "message", ""), getattr(error, "hint", "")
    print(f"{PROGRAM}: {message or f'failed: {type(error).__name__}'}", file=sys.stderr)
    if hint:
        print(f"  {hint}", file=sys.stderr)
    code = getattr(error, "exit_code", FAILED)
    return code if isinstance(error, AgentError) or code in EXIT_CODES else FAILED


_Commands = argparse._SubParsersAction  # noqa: SLF001 - argparse has no public name for it


def _add(commands: _Commands[argparse.ArgumentParser], name: str, about: str, example: str) -> argparse.ArgumentParser:
    return commands.add_parser(
        name,
        help=about,
        description=about,
        epilog=f"example:\n  {PROGRAM} {example}\n\n{_EXIT_CODES}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


def _add_enrol(commands: _Commands[argparse.ArgumentParser]) -> None:
    command = _add(
        commands,
        "enrol",
        "Join a hub, once, by the code it gave.",
        "enrol GPF1-... --layout vision --extract D:/nightly",
    )
    command.add_argument("code", help="one-time code, GPF1-...")
    command.add_argument("--layout", required=True, help="how the record system's files are laid out")
    place = command.add_mutually_exclusive_group(required=True)
    place.add_argument("--extract", type=Path, metavar="DIR", help="folder of the nightly files")
    place.add_argument("--database", type=Path, metavar="FILE", help="TOML file that says how to reach the database")
    command.add_argument("--json", action="store_true", help="print JSON")


def _add_agreements(commands: _Commands[argparse.ArgumentParser]) -> None:
    command = _add(
        commands, "agreements", "Read an agreement; sign, decline, suspend or leave it.", "agreements show heart-health"
    )
    kinds = command.add_subparsers(dest="what", required=True, metavar="show|accept|decline|suspend|resume|withdraw")
    show = _add(
        kinds, "show", "Print an agreement in plain English, or all in one line each.", "agreements show heart-health"
    )
    show.add_argument("id", nargs="?", default="", help="of the agreement; without it, all")
    show.add_argument("--page", type=Path, metavar="FILE", help="also write the page that is signed: .html, or .pdf")
    show.add_argument("--json", action="store_true", help="print JSON")
    accept = _add(
        kinds, "accept", "Sign an agreement with the practice's own key.", "agreements accept heart-health --unnamed"
    )
    accept.add_argument("id", help="of the agreement")
    named = accept.add_mutually_exclusive_group(required=True)
    named.add_argument("--named", action="store_true", help="peers who are named too see this practice's name")
    named.add_argument("--unnamed", action="store_true", help="peers see whole percentages under a pseudonym")
    decline = _add(kinds, "decline", "Say no to an agreement, signed.", "agreements decline heart-health")
    decline.add_argument("id", help="of the agreement")
    for word, about in (
        ("suspend", "Stop an agreement here, at once and with the hub down."),
        ("resume", "Go on with an agreement that this practice has suspended."),
        ("withdraw", "Leave an agreement for good; nothing more runs or leaves under it."),
    ):
        command = _add(kinds, word, about, f"agreements {word} heart-health")
        command.add_argument("id", help="of the agreement")
        if word == "withdraw":
            command.add_argument("--yes", action="store_true", help="do not ask; for scripts")
        command.add_argument("--json", action="store_true", help="print JSON")
    for saying in (accept, decline):
        saying.add_argument("--yes", action="store_true", help="do not ask; for scripts")
        saying.add_argument("--json", action="store_true", help="print JSON")


def _add_run(commands: _Commands[argparse.ArgumentParser]) -> None:
    run = _add(commands, "run", "Do everything that is due now.", "run --once --reference-date 2026-03-31")
    run.add_argument("--once", action="store_true", required=True, help="one turn, then end")
    run.add_argument("--reference-date", type=_day, metavar="DATE", help="answer for this day (YYYY-MM-DD)")
    run.add_argument("--now", action="store_true", help="send results at once, not in the release hour")
    run.add_argument("--json", action="store_true", help="print JSON")
    restate = _add(
        commands,
        "restate",
        "Release a period again, once, because its figures were wrong; the first release is kept.",
        "restate 2026-03-31 --reason records_corrected",
    )
    restate.add_argument("reference_date", type=_day, metavar="DATE", help="of the results (YYYY-MM-DD)")
    restate.add_argument("--reason", required=True, choices=_REASONS, help="why; this word goes to the hub")
    restate.add_argument("--agreement", default="", metavar="ID", help="only under this one (default: every result)")
    restate.add_argument("--now", action="store_true", help="send it at once, not in the release hour")
    restate.add_argument("--yes", action="store_true", help="do not ask; for scripts")
    restate.add_argument("--json", action="store_true", help="print JSON")
    _add(commands, "start", "Serve: look every so many minutes, until told to end.", "start")


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"expected a day such as 2026-03-31, found {text!r}") from None


def _add_reading(commands: _Commands[argparse.ArgumentParser]) -> None:
    for name, about in (
        ("status", "Where this agent stands."),
        ("sent", "Every message that left or waits, with its receipt."),
    ):
        _add(commands, name, about, f"{name} --json").add_argument("--json", action="store_true", help="print JSON")
    explain = _add(
        commands,
        "explain",
        "Every figure of a search: exact here, as others see it, and why.",
        "explain pulse-rhythm-65 --reference-date 2026-03-31",
    )
    explain.add_argument("search", metavar="SEARCH", help="id of the search")
    explain.add_argument(
        "--reference-date", type=_day, metavar="DATE", help="of the run (YYYY-MM-DD; default: the last)"
    )
    explain.add_argument("--csv", type=Path, metavar="FILE", help="also write it there, for a spreadsheet")
    explain.add_argument("--json", action="store_true", help="print JSON")
    doctor = _add(commands, "doctor", "Look whether the records can be read, and are as they should be.", "doctor")
    doctor.add_argument("--now", action="store_true", help="look even in the quiet hours of the database")
    doctor.add_argument("--json", action="store_true", help="print JSON")
    password = _add(
        commands,
        "password",
        "Keep the password of the database: typed unseen, or the first line of the standard input.",
        "password < password.txt",
    )
    password.add_argument("--json", action="store_true", help="print JSON")


def _add_sql(commands: _Commands[argparse.ArgumentParser]) -> None:
    example = "sql create-user --engine postgresql --layout tpp_sr --schema tpp"
    command = _add(commands, "sql", "Print SQL for whoever runs the site's database.", example)
    kinds = command.add_subparsers(dest="what", required=True, metavar="create-user")
    user = _add(kinds, "create-user", "Print the script of a login that can only read what a layout reads.", example)
    user.add_argument("--layout", required=True, help="how the records are laid out")
    place = user.add_mutually_exclusive_group(required=True)
    place.add_argument("--settings", type=Path, metavar="FILE", help="TOML file that says how to reach the database")
    place.add_argument("--engine", choices=("postgresql", "mysql", "sqlserver", "sqlite", "duckdb"))
    user.add_argument("--database", default="", help="its name (default: the one the script is run in)")
    user.add_argument("--schema", default="", help="of the raw tables (default: public or dbo)")
    user.add_argument("--prefix", default="", help="before the name of each raw table")
    user.add_argument("--user", default="gpfed_reader", help="name of the login (default: %(default)s)")
    user.add_argument("--host", default="%", help="from where it logs in, for mysql (default: from anywhere)")
    user.add_argument(
        "--history", choices=("kept", "merged"), default="kept", help="every delivery, or one row for each key"
    )
    user.add_argument("--whole-tables", action="store_true", help="rights to tables, not to single columns")
    user.add_argument("--json", action="store_true", help="print JSON")


if __name__ == "__main__":
    sys.exit(main())
