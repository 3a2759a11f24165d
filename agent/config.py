"""agent.toml: where the records are, which hub, and what the practice itself allows beyond no agreement.

    practice = "Z90001"              # the practice's code
    layout = "emis_im1"              # how the record system's files are laid out
    extract = "C:/extracts/emis"     # folder of the nightly files
    every_minutes = 15               # how often `start` looks
    run_seconds = 1800               # a run over the extract is stopped after this long

    [hub]
    host = "hub.example.org"
    port = 22
    host_key = "ssh-ed25519 AAAA..."    # pinned at enrolment

    [policy]                         # may only narrow what the agreements allow
    refuse_searches = []

Written at enrolment; a practice may edit `extract`, `every_minutes`, `run_seconds` and [policy]. Unknown names are
refused.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import tomllib
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from agent.errors import ConfigError, NotEnrolledError
from agent.files import write_private
from agent.state import StateFolder

MAX_CONFIG_BYTES = 65_536


@dataclass(frozen=True, slots=True)
class Hub:
    """The hub as pinned at enrolment."""

    host: str
    port: int
    host_key: str  # "ssh-ed25519 <base64>"

    @property
    def host_key_sha256(self) -> str:
        """SHA-256 (hex) of the pinned key's blob."""
        return hashlib.sha256(base64.b64decode(self.host_key.split()[1])).hexdigest()


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


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class _HubTable(_Strict):
    host: str = Field(min_length=1, max_length=253)
    port: int = Field(ge=1, le=65535)
    host_key: str = Field(pattern=r"^ssh-ed25519 [A-Za-z0-9+/]+={0,2}$", max_length=200)


class _PolicyTable(_Strict):
    refuse_searches: list[str] = []


class _Document(_Strict):
    practice: str = Field(pattern=r"^[A-Z0-9]{1,12}$")
    layout: str = Field(pattern=r"^[a-z0-9_]{1,40}$")
    extract: str = Field(min_length=1)
    every_minutes: int = Field(default=15, ge=1, le=1440)
    run_seconds: int = Field(default=1800, ge=1, le=86_400)
    hub: _HubTable
    policy: _PolicyTable = _PolicyTable()


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
        return _frozen(_Document.model_validate(tomllib.loads(data.decode("utf-8"))))
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise ConfigError(
            f"agent.toml: {where}: {first['msg'].lower()}", "see docs/how-to/install-the-agent.md"
        ) from error
    except (ValueError, binascii.Error) as error:
        raise ConfigError("agent.toml is not a TOML file in UTF-8", "see docs/how-to/install-the-agent.md") from error


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


def _frozen(document: _Document) -> Config:
    base64.b64decode(document.hub.host_key.split()[1], validate=True)
    return Config(
        practice=document.practice,
        layout=document.layout,
        extract=Path(document.extract),
        every_minutes=document.every_minutes,
        run_seconds=document.run_seconds,
        hub=Hub(document.hub.host, document.hub.port, document.hub.host_key),
        refuse_searches=tuple(document.policy.refuse_searches),
    )
