"""The hub's one configuration: `hub.toml` in the hub's folder, read once into a frozen value and passed down.

    code = "HUB01"                    # names the hub in agreements
    name = "Riverside hub"
    public_host = "hub.example.org"   # what practices are told to connect to
    sftp_host = "0.0.0.0"             # where to listen
    sftp_port = 2222                  # 0: any free port (trials only)
    web_host = "127.0.0.1"
    web_port = 8000
    https = true                      # a proxy in front speaks TLS; cookies are then sent over TLS only

Beside it in the folder: `hub.sqlite3`, `keys/` (owner only), `repository/` (what practices may pull),
`mailboxes/<practice>/in` and `/receipts`, `quarantine/<practice>/`.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from governance.wire import PracticeCode
from hub.errors import HubConfigError

CONFIG_FILE = "hub.toml"
WEB_SECRET_FILE = "web.secret"  # noqa: S105 - the name of the file


@dataclass(frozen=True, slots=True)
class HubConfig:
    """Where a hub lives and what it is called.

    Args:
        folder: the hub's folder.
        code: its code, as agreements name it.
        name: its name, for people.
        public_host: the host name that practices connect to.
        sftp_host: the address that the mailbox listens on.
        sftp_port: its port; 0 for any free one.
        web_host: the address that the pages listen on.
        web_port: their port; 0 for any free one.
        https: whether people reach the pages over TLS.
        secret: signs links and sessions; never shown.
    """

    folder: Path
    code: str
    name: str
    public_host: str
    sftp_host: str
    sftp_port: int
    web_host: str
    web_port: int
    https: bool
    secret: str = field(repr=False)

    @property
    def database(self) -> Path:
        """The SQLite file."""
        return self.folder / "hub.sqlite3"

    @property
    def keys(self) -> Path:
        """The folder of key files."""
        return self.folder / "keys"

    @property
    def repository(self) -> Path:
        """The folder of the signed catalogue: `metadata/` and `targets/`."""
        return self.folder / "repository"

    def mailbox(self, practice: str) -> Path:
        """The folder of one practice's mailbox."""
        return self.folder / "mailboxes" / practice

    def quarantine(self, practice: str) -> Path:
        """The folder of files from one practice that were set aside."""
        return self.folder / "quarantine" / practice


class _ConfigFile(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    code: PracticeCode
    name: str = Field(min_length=1, max_length=100)
    public_host: str = Field(default="127.0.0.1", pattern=r"^[A-Za-z0-9.:-]{1,253}$")
    sftp_host: str = "127.0.0.1"
    sftp_port: int = Field(default=2222, ge=0, le=65535)
    web_host: str = "127.0.0.1"
    web_port: int = Field(default=8000, ge=0, le=65535)
    https: bool = False


def read_config(folder: Path) -> HubConfig:
    """Read the configuration of the hub in `folder`.

    Raises:
        HubConfigError: the folder holds no hub, or `hub.toml` is not as above.
    """
    path = folder / CONFIG_FILE
    try:
        text = path.read_text(encoding="utf-8")
        secret = (folder / "keys" / WEB_SECRET_FILE).read_text(encoding="ascii").strip()
    except OSError as error:
        raise HubConfigError(f"no hub in {folder}: {error.strerror}", "make one with gpfed-hub init") from error
    try:
        values = _ConfigFile.model_validate(tomllib.loads(text))
    except (tomllib.TOMLDecodeError, ValidationError) as error:
        raise HubConfigError(f"{path} is not a hub's configuration: {_first_line(error)}") from error
    return HubConfig(folder=folder.resolve(), secret=secret, **values.model_dump())


def config_text(code: str, name: str, values: dict[str, str | int | bool]) -> str:
    """The text of a `hub.toml`, checked by the same rules as when it is read.

    Raises:
        HubConfigError: a value is not allowed.
    """
    try:
        checked = _ConfigFile.model_validate({"code": code, "name": name, **values})
    except ValidationError as error:
        raise HubConfigError(f"this configuration is not allowed: {_first_line(error)}") from error
    return "".join(f"{key} = {_toml(value)}\n" for key, value in checked.model_dump().items())


def _toml(value: str | int | bool) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _first_line(error: tomllib.TOMLDecodeError | ValidationError) -> str:
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        return f"{'.'.join(str(part) for part in first['loc'])}: {first['msg'].lower()}"
    return str(error).lower()
