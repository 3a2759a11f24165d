"""What the commands do that are about the site's own records: `password`, `doctor`, and the first look at enrolment."""

from __future__ import annotations

import getpass
import json
import sys
import tomllib
from argparse import Namespace
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from agent.config import MAX_CONFIG_BYTES, check_layout_fits, read_config
from agent.databases.settings import DatabaseSettings, read_settings
from agent.doctor import QUIET_HOURS, Finding, check_not_quiet, examine
from agent.enrol import Place, check_not_enrolled, read_code
from agent.errors import OK, PARTLY_DONE, SOURCE_FAILED, ConfigError, SourceError
from agent.files import write_private
from agent.sources import Records, records_of
from agent.state import StateFolder
from searches.errors import DatabaseError
from searches.layouts import LAYOUTS

_GUIDE = "see docs/how-to/connect-a-database.md"


def place_to_enrol(folder: StateFolder, options: Namespace) -> Place:
    """Where the records are, looked at before the code is used: it works once.

    Raises:
        ConfigError: no layout has that name, or the file about the database does not read as one.
        SourceError: the records are not there, or not as they must be; nothing was sent.
    """
    if options.layout not in LAYOUTS:
        raise ConfigError(f"no layout is called {options.layout!r}", f"choose one of: {', '.join(sorted(LAYOUTS))}")
    if options.extract is not None:
        extract = Path(options.extract).absolute()
        if not extract.is_dir():
            raise SourceError(f"no folder at {extract}", "give the folder of the nightly files; nothing was sent")
        return Place(options.layout, extract)
    settings = settings_file(options.database)
    check_layout_fits(options.layout, settings)
    check_not_enrolled(folder)
    practice = read_code(options.code).practice
    folder.make()
    if not settings.is_file and not folder.database_password.exists():
        keep_password(folder, ask_password())
    findings = examine(Records(practice, options.layout, settings, folder), datetime.now(UTC).date())
    print(in_lines(findings), file=sys.stderr)
    if not findings[-1].is_well:
        raise SourceError(findings[-1].said, f"{findings[-1].hint}; nothing was sent", findings[-1].reason)
    return Place(options.layout, settings)


def settings_file(path: Path) -> DatabaseSettings:
    """The settings of a file that holds what `[database]` of agent.toml will hold.

    Raises:
        ConfigError: it cannot be read, or says what is no setting.
    """
    if not path.is_file() or path.stat().st_size > MAX_CONFIG_BYTES:
        raise ConfigError(f"no settings of a database at {path}", _GUIDE)
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ConfigError(f"{path.name} is not a TOML file in UTF-8", _GUIDE) from error
    if "file" in values:
        values["file"] = (path.parent / str(values["file"])).absolute().as_posix()
    return read_settings(values, f"{path.name}: ", _GUIDE)


def ask_password() -> str:
    """The password of the database: typed unseen, or the first line of the standard input where nobody types."""
    if sys.stdin.isatty():
        return getpass.getpass("password of the database's login (empty if it has none): ")
    return sys.stdin.readline().rstrip("\r\n")


def keep_password(folder: StateFolder, password: str) -> None:
    """Keep it where only the agent reads it; an empty one is none."""
    folder.make()
    if password:
        write_private(folder.database_password, password.encode("utf-8"))
    else:
        folder.database_password.unlink(missing_ok=True)


def password_command(folder: StateFolder, options: Namespace) -> int:
    """Keep another password."""
    keep_password(folder, ask_password())
    kept = folder.database_password.exists()
    words = f"kept in {folder.database_password}, for its owner only" if kept else "no password is kept"
    print(json.dumps({"schema": 1, "kept": kept}, indent=1) if options.json else words)
    return OK


def doctor_command(folder: StateFolder, options: Namespace) -> int:
    """Look at everything."""
    config = read_config(folder)
    findings: Sequence[Finding]
    try:
        if isinstance(config.records, DatabaseSettings) and not options.now:
            check_not_quiet(config.records, datetime.now(UTC).astimezone())
        findings = examine(records_of(config, folder), datetime.now(UTC).date())
    except DatabaseError as error:
        findings = (Finding("connection", error.message, error.hint, error.reason),)
    document = {
        "schema": 1,
        "findings": [
            {"name": one.name, "well": one.is_well, "said": one.said, "hint": one.hint, "reason": one.reason}
            for one in findings
        ],
    }
    print(json.dumps(document, indent=1) if options.json else in_lines(findings))
    if findings[-1].is_well:
        return OK
    return PARTLY_DONE if findings[-1].reason == QUIET_HOURS else SOURCE_FAILED


def in_lines(findings: Sequence[Finding]) -> str:
    """Each finding as one line, and what to do about the last."""
    lines = [f"{'ok  ' if one.is_well else 'NOT '} {one.name:12} {one.said}" for one in findings]
    hint = "" if findings[-1].is_well else findings[-1].hint
    return "\n".join([*lines, f"  {hint}"] if hint else lines)
