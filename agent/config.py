"""agent.toml: where the records are, which hub, and what the practice itself allows beyond no agreement.

    practice = "Z90001"              # the practice's code
    layout = "emis_im1"              # how the record system's files are laid out
    extract = "C:/extracts/emis"     # folder of the nightly files; or, instead of it, [database]
    every_minutes = 15               # how often `start` looks
    run_seconds = 1800               # a run over the extract is stopped after this long

    [hub]
    host = "hub.example.org"
    port = 22
    host_key = "SHA256:..."          # pinned at enrolment; as `ssh-keygen -l` prints it

    [policy]                         # may only narrow what the agreements allow
    refuse_searches = []
    profile = "strict10"             # of disclosure control, beside the agreement's; left out: the agreement's alone
    k = 12                           # no number of fewer patients leaves; left out: as the profiles say

    [release]
    hour = 6                         # what was sealed before leaves in this hour of the day, by this machine's clock

    [database]                       # instead of `extract`: `agent/databases/settings.py` has its names
    engine = "postgresql"
    ...

Written at enrolment; a practice may edit `extract`, `every_minutes`, `run_seconds`, [policy], [release] and [database].
Every name outside [database] is needed, but for `profile`, `k` and [release]; no other is taken. Checked by hand: the
idle service reads it too, and pydantic would cost it 15 MB.
"""

from __future__ import annotations

import base64
import json
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agent.databases.settings import DatabaseSettings, read_settings
from agent.errors import ConfigError, NotEnrolledError
from agent.files import write_private
from agent.shapes import Choice, Number, Table, Text, Texts, check
from agent.state import StateFolder
from governance.profiles import FLOOR, LARGEST_K, PROFILES, Profile, own_profile

MAX_CONFIG_BYTES = 65_536
RELEASE_HOUR = 6  # after the nightly extract is there, and before the day's work
_HINT = "see docs/how-to/install-the-agent.md"
_DATABASE_HINT = "see docs/how-to/connect-a-database.md"
_PLACE = "agent.toml: "


@dataclass(frozen=True, slots=True)
class Hub:
    """The hub as pinned at enrolment."""

    host: str
    port: int
    host_key: str  # "SHA256:<base64>", as `ssh-keygen -l` prints it

    @property
    def host_key_sha256(self) -> str:
        """SHA-256 (hex) of the pinned key's blob."""
        return base64.b64decode(self.host_key.removeprefix("SHA256:") + "=").hex()


@dataclass(frozen=True, slots=True)
class Config:
    """What agent.toml says; made once per command and passed down.

    Args:
        practice: its code.
        layout: how the records are laid out.
        records: the folder of the nightly files, or the site's database.
        every_minutes: how often `start` looks.
        run_seconds: the longest run.
        hub: as pinned.
        refuse_searches: ids that this practice refuses, whatever is agreed.
        profile: of disclosure control that this practice asks for beside any agreement's; empty: none.
        k: no number of fewer patients leaves, whatever the profiles say; None: as they say.
        release_hour: in which what was sealed before leaves, 0 to 23 by this machine's clock.
    """

    practice: str
    layout: str
    records: Path | DatabaseSettings
    every_minutes: int
    run_seconds: int
    hub: Hub
    refuse_searches: tuple[str, ...] = ()
    profile: str = ""
    k: int | None = None
    release_hour: int = RELEASE_HOUR

    @property
    def own_profile(self) -> Profile | None:
        """What this practice asks for beside the agreement's profile; None: nothing."""
        return own_profile(self.profile, self.k)


_SHAPE = Table(
    {
        "practice": Text(r"[A-Z0-9]{1,12}", "a practice code"),
        "layout": Text(r"[a-z0-9_]{1,40}", "the name of a layout"),
        "extract": Text(r"[^\x00]{1,4096}", "a folder"),
        "every_minutes": Number(1, 1440),
        "run_seconds": Number(1, 86_400),
        "hub": Table(
            {
                "host": Text(r"[A-Za-z0-9.:_-]{1,253}", "a host name or address"),
                "port": Number(1, 65_535),
                "host_key": Text(r"SHA256:[A-Za-z0-9+/]{43}", "SHA256: and 43 base64 characters"),
            }
        ),
        "policy": Table(
            {
                "refuse_searches": Texts(Text(r"[a-z0-9-]{1,80}", "the id of a search")),
                "profile": Choice(tuple(PROFILES)),
                "k": Number(FLOOR.k, LARGEST_K),
            },
            optional=frozenset({"profile", "k"}),
        ),
        "release": Table({"hour": Number(0, 23)}),
    },
    optional=frozenset({"extract", "release"}),
)
_CANONICAL = "canonical"


def read_config(folder: StateFolder) -> Config:
    """The configuration of an enrolled agent.

    Raises:
        NotEnrolledError: there is none.
        ConfigError: it does not read as one.
    """
    if not folder.config.exists():
        raise NotEnrolledError("this agent is not enrolled", "ask the hub for a code, then: gpfed-agent enrol CODE")
    data = folder.config.read_bytes()
    if len(data) > MAX_CONFIG_BYTES:
        raise ConfigError(f"agent.toml is larger than {MAX_CONFIG_BYTES} bytes")
    try:
        document = tomllib.loads(data.decode("utf-8"))
    except ValueError as error:
        raise ConfigError("agent.toml is not a TOML file in UTF-8", _HINT) from error
    records = _records(document)
    check({name: value for name, value in document.items() if name != "database"}, _SHAPE, _PLACE, _HINT)
    return _frozen(document, records)


def write_config(folder: StateFolder, config: Config) -> None:
    """Write agent.toml, owner-only, whole or not at all."""
    # A JSON string, number or list of strings is the same text in TOML.
    lines = [
        f"practice = {json.dumps(config.practice)}",
        f"layout = {json.dumps(config.layout)}",
        *([f"extract = {json.dumps(config.records.as_posix())}"] if isinstance(config.records, Path) else []),
        f"every_minutes = {config.every_minutes}",
        f"run_seconds = {config.run_seconds}",
        "",
        "[hub]",
        f"host = {json.dumps(config.hub.host)}",
        f"port = {config.hub.port}",
        f"host_key = {json.dumps(config.hub.host_key)}",
        "",
        "[policy]",
        f"refuse_searches = {json.dumps(list(config.refuse_searches))}",
        *([f"profile = {json.dumps(config.profile)}"] if config.profile else []),
        *([f"k = {config.k}"] if config.k is not None else []),
        "",
        "[release]",
        f"hour = {config.release_hour}",
        "",
    ]
    if isinstance(config.records, DatabaseSettings):
        lines += ["[database]", *config.records.as_toml(), ""]
    write_private(folder.config, "\n".join(lines).encode("utf-8"))


def check_layout_fits(layout: str, records: Path | DatabaseSettings) -> None:
    """Refuse canonical tables in a database.

    Raises:
        ConfigError: they hold ages as they were on one day, and no table of them says which.
    """
    if layout == _CANONICAL and isinstance(records, DatabaseSettings):
        raise ConfigError("layout canonical is for files only", "name the layout of the record system")


def _records(document: dict[str, Any]) -> Path | DatabaseSettings:
    if ("extract" in document) == ("database" in document):
        raise ConfigError("agent.toml has not one of: extract, [database]", _HINT)
    if "extract" in document:
        return Path(str(document["extract"]))
    table = document["database"]
    if not isinstance(table, dict):
        raise ConfigError(f"{_PLACE}database is not a table", _HINT)
    return read_settings(table, f"{_PLACE}database.", _DATABASE_HINT)


def _frozen(document: dict[str, Any], records: Path | DatabaseSettings) -> Config:
    check_layout_fits(document["layout"], records)
    return Config(
        practice=document["practice"],
        layout=document["layout"],
        records=records,
        every_minutes=document["every_minutes"],
        run_seconds=document["run_seconds"],
        hub=Hub(**document["hub"]),
        refuse_searches=tuple(document["policy"]["refuse_searches"]),
        profile=document["policy"].get("profile", ""),
        k=document["policy"].get("k"),
        release_hour=document.get("release", {}).get("hour", RELEASE_HOUR),
    )
