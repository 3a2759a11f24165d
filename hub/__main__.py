"""`gpfed-hub`: the centre's command. Parses and dispatches; what each command does stands in `hub.commands`."""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Sequence
from datetime import date
from importlib import import_module
from pathlib import Path
from typing import TypeAlias

from governance.errors import GovernanceError
from hub import demo
from hub.errors import HubError
from searches.errors import SearchesError

EPILOG = """example:
  gpfed-hub --hub ./hub init --code NORTHSIDE --name "Northside hub"
  gpfed-hub --hub ./hub practice add Z90001 --name "Elm Street"
  gpfed-hub --hub ./hub serve

"""
EXIT_CODES = """
exit codes:
    0  done
    1  failed
    2  usage, or the hub's folder cannot be used
   12  refused by an agreement or a policy
  130  interrupted
"""
EXAMPLES = {
    "init": 'init --code NORTHSIDE --name "Northside hub"',
    "key new": 'key new a.patel --name "A. Patel" --role author',
    "key list": "key list --json",
    "practice add": 'practice add Z90001 --name "Elm Street"',
    "practice list": "practice list --json",
    "practice link": "practice link Z90001",
    "agreement draft": "agreement draft heart-health --kind sharing --search pulse-rhythm-65 > heart-health.yaml",
    "agreement propose": "agreement propose heart-health.yaml --drafter-key a.key --clinical-key c.key "
    "--governance-key g.key",
    "agreement renew": "agreement renew heart-health --clinical-key c.key --governance-key g.key",
    "agreement suspend": 'agreement suspend heart-health --reason "under review"',
    "agreement resume": "agreement resume heart-health --clinical-key c.key --governance-key g.key",
    "agreement show": "agreement show heart-health",
    "agreement list": "agreement list --json",
    "publish": "publish pulse-rhythm-65 --agreement heart-health --author-key a.key --clinical-key c.key "
    "--governance-key g.key",
    "totals": "totals heart-health --on 2026-03-31",
    "serve": "serve --web-port 8000",
    "fsck": "fsck --json",
    "audit bundle": "audit bundle --practice Z90001 --from 2026-03-01 --to 2026-03-31 --out march.bundle",
    "log witnesses": "log witnesses --offline-keys /media/keys",
}
INTERRUPTED = 130
_KINDS = ("sharing", "joint_controllers", "provision_notice", "internal", "processor")


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; the exit code."""
    arguments = parser().parse_args(argv)
    logging.basicConfig(
        level=logging.INFO if arguments.verbose else logging.WARNING,
        format="time=%(asctime)s level=%(levelname)s at=%(name)s %(message)s",
        stream=sys.stderr,
    )
    logging.getLogger("paramiko").setLevel(
        logging.CRITICAL
    )  # strangers' handshakes; ours are logged by hub.sftp_server
    try:
        return _run(arguments)
    except KeyboardInterrupt:
        return INTERRUPTED
    except (HubError, GovernanceError, SearchesError) as error:
        sys.stderr.write(f"gpfed-hub: {error.message}\n")
        if error.hint:
            sys.stderr.write(f"hint: {error.hint}\n")
        return error.exit_code


def parser() -> argparse.ArgumentParser:
    """The command line."""
    top = argparse.ArgumentParser(
        prog="gpfed-hub",
        description="Publish searches to practices, receive their sealed counts, show how practices compare.",
        epilog=EPILOG + EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    top.add_argument("--hub", type=Path, default=Path("hub-folder"), metavar="DIR", help="the hub's folder")
    top.add_argument("--verbose", action="store_true", help="say more on stderr")
    commands = top.add_subparsers(required=True, metavar="COMMAND")
    _init(commands)
    _key(commands)
    _practice(commands)
    _agreement(commands)
    _publish(commands)
    _totals(commands)
    _serve(commands)
    _log(commands)
    _demo(commands)
    return top


Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"  # noqa: SLF001 - it has no other name


def _run(arguments: argparse.Namespace) -> int:
    # Django allows models to be imported only once it is configured, and --help needs neither.
    if arguments.command == "demo":
        return demo.run(arguments)
    if arguments.command == "init":
        text = import_module("hub.config").config_text(arguments.code, arguments.name, _given(arguments))
        config = import_module("hub.founding").found(arguments.hub, text)
    else:
        settings = import_module("hub.settings")
        config = settings.configure(arguments.hub)
        settings.migrate()
    return int(import_module("hub.commands").run(config, arguments))


def _given(arguments: argparse.Namespace) -> dict[str, str | int | bool]:
    names = ("public_host", "sftp_host", "sftp_port", "web_host", "web_port", "https")
    return {name: getattr(arguments, name) for name in names if getattr(arguments, name) is not None}


def _command(commands: Commands, name: str, command: str, words: str) -> argparse.ArgumentParser:
    made = commands.add_parser(
        name,
        help=words,
        description=words,
        epilog=f"example:\n  gpfed-hub --hub ./hub {EXAMPLES[command]}\n{EXIT_CODES}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    made.set_defaults(command=command)
    made.add_argument("--json", action="store_true", help="print JSON")
    return made


def _group(commands: Commands, name: str, words: str) -> Commands:
    made = commands.add_parser(name, help=words, description=words)
    return made.add_subparsers(required=True, metavar="COMMAND")


def _init(commands: Commands) -> None:
    made = _command(commands, "init", "init", "make a new hub")
    made.add_argument("--code", required=True, help="the hub's code, as agreements name it")
    made.add_argument("--name", required=True, help="the hub's name, for people")
    made.add_argument("--public-host", help="host name that practices connect to (127.0.0.1)")
    made.add_argument("--sftp-host", help="address that the mailbox listens on (127.0.0.1)")
    made.add_argument("--sftp-port", type=int, help="its port (2222); 0 for any free one")
    made.add_argument("--web-host", help="address that the pages listen on (127.0.0.1)")
    made.add_argument("--web-port", type=int, help="their port (8000); 0 for any free one")
    made.add_argument("--https", action="store_true", default=None, help="a proxy in front of the pages speaks TLS")
    _offline(made)


def _key(commands: Commands) -> None:
    group = _group(commands, "key", "people who sign searches")
    new = _command(group, "new", "key new", "make a person's key and add the person to the signed staff directory")
    new.add_argument("person", help="a short id that is never given to anybody else, such as a.patel")
    new.add_argument("--name", help="the person's name")
    new.add_argument("--role", action="append", required=True, choices=["author", "clinical", "governance"])
    new.add_argument("--out", type=Path, metavar="FILE", help="where the key goes")
    _offline(new)
    _command(group, "list", "key list", "the staff directory")


def _practice(commands: Commands) -> None:
    group = _group(commands, "practice", "practices that take part")
    add = _command(group, "add", "practice add", "add a practice and print its one-time enrolment code")
    add.add_argument("code", help="its ODS code")
    add.add_argument("--name", required=True)
    add.add_argument(
        "--address", metavar="HOST:PORT", help="where the practice reaches the mailbox, if not as configured"
    )
    _command(group, "list", "practice list", "all practices")
    link = _command(group, "link", "practice link", "a link that lets a practice, or the hub's staff, see the pages")
    link.add_argument("code", nargs="?", default="", help="the practice; staff if not given")


def _agreement(commands: Commands) -> None:
    group = _group(commands, "agreement", "agreements with practices")
    draft = _command(group, "draft", "agreement draft", "print a draft to complete, as YAML")
    draft.add_argument("id", help="of the agreement: lower case, digits, dashes; never changes")
    draft.add_argument("--kind", choices=_KINDS, default="sharing")
    draft.add_argument("--search", type=Path, action="append", required=True, help="folder of a search, or name of one")
    draft.add_argument("--practice", action="append", default=[], metavar="CODE", help="who may sign; repeat for each")
    draft.add_argument("--codelists", type=Path, metavar="DIR", help="code lists to pin, if not those of gpfed")
    new = _command(group, "propose", "agreement propose", "sign an agreement for the hub and offer it to its practices")
    new.add_argument("file", type=Path, help="the agreement, as YAML")
    new.add_argument("--codelists", type=Path, metavar="DIR", help="code lists to pin, if not those of gpfed")
    new.add_argument("--drafter-key", type=Path, required=True, metavar="FILE", help="of whoever drafted it")
    _reviewers(new)
    _offline(new)
    suspend = _command(group, "suspend", "agreement suspend", "stop an agreement for everybody, at once")
    suspend.add_argument("id")
    suspend.add_argument("--reason", required=True, help="for the record")
    for name, words in (
        ("resume", "go on with an agreement that the hub suspended"),
        ("renew", "sign an agreement's files anew, unchanged, for another 35 days"),
    ):
        again = _command(group, name, f"agreement {name}", words)
        again.add_argument("id")
        _reviewers(again)
    show = _command(group, "show", "agreement show", "an agreement in words, and for whom it is active")
    show.add_argument("id")
    show.add_argument("--page", type=Path, metavar="FILE", help="also write the page that is signed: .html, or .pdf")
    _command(group, "list", "agreement list", "all agreements")


def _publish(commands: Commands) -> None:
    made = _command(commands, "publish", "publish", "publish searches under an agreement")
    made.add_argument("folder", type=Path, nargs="+", help="folder of a search, or name of a packaged one")
    made.add_argument("--agreement", required=True, metavar="ID")
    made.add_argument("--author-key", type=Path, required=True, metavar="FILE")
    made.add_argument("--codelists", type=Path, metavar="DIR", help="code lists, if not those that come with gpfed")
    _reviewers(made)


def _totals(commands: Commands) -> None:
    made = _command(
        commands, "totals", "totals", "totals over practices of each search under an agreement, with coverage"
    )
    made.add_argument("id", help="of the agreement")
    made.add_argument("--on", type=_day, metavar="DATE", help="reference date (YYYY-MM-DD; default: the latest)")


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"expected a day such as 2026-03-31, found {text!r}") from None


def _serve(commands: Commands) -> None:
    made = _command(commands, "serve", "serve", "run mailbox, receiver and pages until interrupted")
    made.add_argument(
        "--sftp-port",
        type=int,
        metavar="PORT",
        help="the mailbox's port, if not the configured one; 0 for any free one",
    )
    made.add_argument(
        "--web-port", type=int, metavar="PORT", help="the pages' port, if not the configured one; 0 for any free one"
    )


def _log(commands: Commands) -> None:
    _command(commands, "fsck", "fsck", "check that rows, events and the log agree; 1 if they do not")
    audit = _group(commands, "audit", "prove to an auditor what happened")
    made = _command(
        audit, "bundle", "audit bundle", "write entries of the log with their proofs, for gpfed-audit verify"
    )
    made.add_argument("--out", type=Path, required=True, metavar="FILE")
    made.add_argument("--practice", default="", metavar="CODE", help="what concerns it, or no single practice")
    made.add_argument("--kind", action="append", default=[], help="entries of this kind only, such as result_received")
    made.add_argument("--from", dest="begin", metavar="DATE", help="from this day on")
    made.add_argument("--to", dest="end", metavar="DATE", help="up to this day")
    log = _group(commands, "log", "the log that practices witness")
    witnesses = _command(log, "witnesses", "log witnesses", "publish every enrolled practice as a witness of the log")
    _offline(witnesses)


def _demo(commands: Commands) -> None:
    made = commands.add_parser("demo", help="a whole federation on this machine", description="A whole federation.")
    made.set_defaults(command="demo")
    demo.add_arguments(made)


def _reviewers(made: argparse.ArgumentParser) -> None:
    made.add_argument("--clinical-key", type=Path, required=True, metavar="FILE")
    made.add_argument("--governance-key", type=Path, required=True, metavar="FILE")


def _offline(made: argparse.ArgumentParser) -> None:
    made.add_argument("--offline-keys", type=Path, metavar="DIR", help="the root and targets keys (keys/offline)")


if __name__ == "__main__":
    raise SystemExit(main())
