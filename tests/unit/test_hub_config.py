"""hub.toml is read strictly, and everything in a hub's folder has its place."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from hub.config import CONFIG_FILE, WEB_SECRET_FILE, config_text, read_config
from hub.errors import HubConfigError
from hub.models.log import QUARANTINE_REASONS
from hub.settings import active_config, configure, django_settings


def _write(folder: Path, text: str) -> Path:
    (folder / "keys").mkdir()
    (folder / "keys" / WEB_SECRET_FILE).write_text("s" * 64, encoding="ascii")
    (folder / CONFIG_FILE).write_text(text, encoding="utf-8")
    return folder


def test_what_is_written_is_read(tmp_path: Path) -> None:
    text = config_text("HUB01", 'The "River" \\ hub', {"https": True, "sftp_port": 0, "public_host": "hub.example.org"})

    config = read_config(_write(tmp_path, text))

    assert (config.code, config.name, config.https, config.sftp_port) == ("HUB01", 'The "River" \\ hub', True, 0)
    assert config.public_host == "hub.example.org"
    assert config.mailbox("Z90001") == tmp_path / "mailboxes" / "Z90001"
    assert config.quarantine("Z90001") == tmp_path / "quarantine" / "Z90001"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "code: field required"),
        ('code = "hub"\nname = "x"', "code: "),
        ('code = "HUB01"\nname = "x"\nsftp_port = 70000', "sftp_port: "),
        ('code = "HUB01"\nname = "x"\nsftp_port = "22"', "sftp_port: "),
        ('code = "HUB01"\nname = "x"\ndebug = true', "debug: extra inputs are not permitted"),
        ("code = ", "is not a hub's configuration"),
    ],
)
def test_a_configuration_that_is_not_one_is_refused(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(HubConfigError, match=said):
        read_config(_write(tmp_path, text))


def test_a_configuration_that_could_not_be_read_again_is_not_written() -> None:
    with pytest.raises(HubConfigError, match="this configuration is not allowed: public_host"):
        config_text("HUB01", "x", {"public_host": "not a host"})


def test_a_folder_without_a_hub_is_refused(tmp_path: Path) -> None:
    with pytest.raises(HubConfigError, match="no hub in"):
        read_config(tmp_path)


def test_the_secret_is_not_shown(tmp_path: Path) -> None:
    config = read_config(_write(tmp_path, config_text("HUB01", "x", {})))
    assert "s" * 64 not in repr(config)


def test_no_setting_weakens_the_pages(tmp_path: Path) -> None:
    plain = django_settings(read_config(_write(tmp_path, config_text("HUB01", "x", {"https": True}))))

    assert plain["DEBUG"] is False
    assert plain["SESSION_COOKIE_SECURE"] is True
    assert plain["SESSION_COOKIE_HTTPONLY"] is True
    assert "*" not in plain["ALLOWED_HOSTS"]
    assert "0.0.0.0" not in plain["ALLOWED_HOSTS"]


def test_configuring_twice_is_harmless() -> None:
    config = active_config()
    assert configure(config.folder) == config


def test_every_reason_for_setting_aside_is_listed_and_explained() -> None:
    root = Path(__file__).parents[2]
    sources = [path.read_text(encoding="utf-8") for path in (root / "hub").glob("*.py")]
    used = {reason for text in sources for reason in re.findall(r'QuarantineError\([^)]*?"([a-z_]+)"\s*\)', text)}
    guide = (root / "docs" / "how-to" / "run-a-hub.md").read_text(encoding="utf-8")

    assert used == set(QUARANTINE_REASONS)
    assert all(f"`{reason}`" in guide for reason in QUARANTINE_REASONS)
