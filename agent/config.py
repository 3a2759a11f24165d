"""agent.toml: where the records are, which hub, and what the practice itself allows beyond no agreement.

    practice = "Z90001"              # the practice's code
    layout = "emis_im1"              # how the record system's files are laid out
    extract = "C:/extracts/emis"     # folder of the nightly files
    every_minutes = 15               # how often `start` looks
    run_seconds = 1800               # a run over the extract is stopped after this long

    [hub]
    host = "hub.example.org"
    port = 22
    host_key = "SHA256:..."          # pinned at enrolment; as `ssh-keygen -l` prints it

    [policy]                         # may only narrow what the agreements allow
    refuse_searches = []

Written at enrolment; a practice may edit `extract`, `every_minutes`, `run_seconds` and [policy]. Every name
is needed and no other is taken. Checked by hand: the idle service reads it too, and pydantic would cost it 15 MB.
"""

from __future__ import annotations

import base64
import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agent.errors import ConfigError, NotEnrolledError
from agent.files import write_private
from agent.state import StateFolder

MAX_CONFIG_BYTES = 65_536
_HINT = "see docs/how-to/install-the-agent.md"


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
    """What agent.toml says; made once per command and passed down."""

    practice: str
    layout: str
    extract: Path
    every_minutes: int
    run_seconds: int
    hub: Hub
    refuse_searches: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Text:
    """A text that matches a pattern as a whole."""

    pattern: str
    expected: str

    def accepts(self, value: object) -> bool:
        return isinstance(value, str) and re.fullmatch(self.pattern, value) is not None


@dataclass(frozen=True, slots=True)
class _Number:
    """A whole number in a range."""

    least: int
    most: int

    @property
    def expected(self) -> str:
        return f"a whole number from {self.least} to {self.most}"

    def accepts(self, value: object) -> bool:
        return type(value) is int and self.least <= value <= self.most


@dataclass(frozen=True, slots=True)
class _Texts:
    """A list of texts that each match a pattern."""

    each: _Text

    @property
    def expected(self) -> str:
        return f"a list, each {self.each.expected}"

    def accepts(self, value: object) -> bool:
        return isinstance(value, list) and all(self.each.accepts(item) for item in value)


@dataclass(frozen=True, slots=True)
class _Table:
    """A table of exactly these names."""

    fields: Mapping[str, _Text | _Number | _Texts | _Table]
    expected = "a table"

    def accepts(self, value: object) -> bool:
        return isinstance(value, dict)


_SHAPE = _Table(
    {
        "practice": _Text(r"[A-Z0-9]{1,12}", "a practice code"),
        "layout": _Text(r"[a-z0-9_]{1,40}", "the name of a layout"),
        "extract": _Text(r"[^\x00]{1,4096}", "a folder"),
        "every_minutes": _Number(1, 1440),
        "run_seconds": _Number(1, 86_400),
        "hub": _Table(
            {
                "host": _Text(r"[A-Za-z0-9.:_-]{1,253}", "a host name or address"),
                "port": _Number(1, 65_535),
                "host_key": _Text(r"SHA256:[A-Za-z0-9+/]{43}", "SHA256: and 43 base64 characters"),
            }
        ),
        "policy": _Table({"refuse_searches": _Texts(_Text(r"[a-z0-9-]{1,80}", "the id of a search"))}),
    }
)


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
    _check(document, _SHAPE, "")
    return _frozen(document)


def write_config(folder: StateFolder, config: Config) -> None:
    """Write agent.toml, owner-only, whole or not at all."""
    # A JSON string, number or list of strings is the same text in TOML.
    lines = [
        f"practice = {json.dumps(config.practice)}",
        f"layout = {json.dumps(config.layout)}",
        f"extract = {json.dumps(config.extract.as_posix())}",
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
        "",
    ]
    write_private(folder.config, "\n".join(lines).encode("utf-8"))


def _check(values: Mapping[str, object], shape: _Table, place: str) -> None:
    for name in values:
        if name not in shape.fields:
            raise ConfigError(f"agent.toml: {place}{name} is not a setting", _HINT)
    for name, field in shape.fields.items():
        value = values.get(name)
        if not field.accepts(value):
            raise ConfigError(f"agent.toml: {place}{name} is not {field.expected}", _HINT)
        if isinstance(field, _Table) and isinstance(value, dict):
            _check(value, field, f"{place}{name}.")


def _frozen(document: dict[str, Any]) -> Config:
    return Config(
        practice=document["practice"],
        layout=document["layout"],
        extract=Path(document["extract"]),
        every_minutes=document["every_minutes"],
        run_seconds=document["run_seconds"],
        hub=Hub(**document["hub"]),
        refuse_searches=tuple(document["policy"]["refuse_searches"]),
    )
