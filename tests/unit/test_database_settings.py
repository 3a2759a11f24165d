from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from agent.config import Config, Hub, read_config, write_config
from agent.databases.settings import DatabaseSettings, read_settings
from agent.errors import ConfigError
from agent.state import StateFolder, read_password

HUB = Hub("hub.example.org", 2222, "SHA256:LXEWQrcmsEQBYnyp+6wy9chTD7GQPMTbAiWHF5IaSIE")
POSTGRESQL = DatabaseSettings(
    "postgresql",
    host="db.example",
    port=5433,
    database="records",
    user="gpfed_reader",
    ca_file="/etc/ca.pem",
    practice="90001",
    schema="emis",
    prefix="emis_",
    columns="native",
    history="merged",
    quiet_hours="07:30-19:00",
    types=(("Admin_Patient.DateOfBirth", "date"), ("Deleted", "boolean")),
)
SQLITE = DatabaseSettings("sqlite", file="/srv/records.sqlite")


def config_with(records: Path | DatabaseSettings) -> Config:
    return Config("Z90001", "emis_im1", records, 15, 1800, HUB)


@pytest.fixture
def folder(tmp_path: Path) -> StateFolder:
    folder = StateFolder(tmp_path / "state")
    folder.make()
    return folder


@pytest.mark.parametrize("settings", [POSTGRESQL, SQLITE], ids=lambda settings: settings.engine)
def test_settings_written_into_agent_toml_read_back(folder: StateFolder, settings: DatabaseSettings) -> None:
    write_config(folder, config_with(settings))

    assert read_config(folder).records == settings


def test_what_is_left_out_is_the_engines_own() -> None:
    settings = read_settings({"engine": "mysql", "host": "db", "database": "emis", "user": "u"}, "", "")

    assert (settings.port, settings.encrypt, settings.schema_of_tables) == (3306, "verified", "emis")
    assert (settings.columns, settings.history, settings.quiet_hours) == ("text", "kept", "")


@pytest.mark.parametrize(
    ("engine", "schema"), [("postgresql", "public"), ("sqlserver", "dbo"), ("sqlite", "main"), ("duckdb", "main")]
)
def test_raw_tables_are_always_named_with_a_schema(engine: str, schema: str) -> None:
    assert DatabaseSettings(engine).schema_of_tables == schema
    assert DatabaseSettings(engine, schema="mine").schema_of_tables == "mine"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"engine": "oracle"}, "site.toml: engine is not one of: postgresql, mysql, sqlserver, sqlite, duckdb"),
        ({"host": None}, "site.toml: host is not a host name"),
        ({"password": "secret"}, "site.toml: password is not a setting"),
        ({"file": "/x"}, "site.toml: file is not a setting"),
        ({"port": 0}, "site.toml: port is not a whole number from 1 to 65535"),
        ({"schema": 'x"; DROP'}, "site.toml: schema is not a name without quotes and semicolons"),
        ({"columns": "typed"}, "site.toml: columns is not one of: text, native"),
        ({"history": "some"}, "site.toml: history is not one of: kept, merged"),
        ({"encrypt": True}, "site.toml: encrypt is not one of: verified, unverified, none"),
        ({"quiet_hours": "7-19"}, "site.toml: quiet_hours is not a time of day"),
        ({"quiet_hours": "07:00-07:00"}, "site.toml: quiet_hours begin when they end"),
        ({"types": {"A": "blob"}}, "site.toml: types is not a table"),
        ({"statement_seconds": 0}, "site.toml: statement_seconds is not a whole number from 1 to 86400"),
    ],
)
def test_settings_that_say_anything_else_are_refused(change: dict[str, object], message: str) -> None:
    values: dict[str, object] = {"engine": "postgresql", "host": "db", "database": "d", "user": "u"}
    with pytest.raises(ConfigError, match=message):
        read_settings(
            {name: value for name, value in (values | change).items() if value is not None}, "site.toml: ", ""
        )


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("[database]", 'extract = "/x"\n[database]', "agent.toml: release.extract is not a setting"),
        ('layout = "emis_im1"', 'layout = "emis_im1"\nextract = "/x"', "agent.toml has not one of: extract, "),
        ('layout = "emis_im1"', 'layout = "canonical"', "layout canonical is for files only"),
        ('engine = "sqlite"', 'engine = "duckdb"\npassword = "x"', "agent.toml: database.password is not a setting"),
    ],
)
def test_an_agent_has_one_place_for_its_records(folder: StateFolder, old: str, new: str, message: str) -> None:
    write_config(folder, config_with(SQLITE))
    folder.config.write_text(folder.config.read_text().replace(old, new))

    with pytest.raises(ConfigError, match=message):
        read_config(folder)


def test_a_password_that_others_can_read_is_not_used(folder: StateFolder) -> None:
    assert read_password(folder) == ""
    folder.database_password.write_text("secret")
    folder.database_password.chmod(0o640)

    with pytest.raises(ConfigError, match="the database's password can be read by others") as refused:
        read_password(folder)
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    ("hours", "now", "until"),
    [
        ("07:30-19:00", "07:29", None),
        ("07:30-19:00", "07:30", "2026-04-01T19:00"),
        ("07:30-19:00", "18:59", "2026-04-01T19:00"),
        ("07:30-19:00", "19:00", None),
        ("22:00-06:00", "23:00", "2026-04-02T06:00"),
        ("22:00-06:00", "05:59", "2026-04-01T06:00"),
        ("22:00-06:00", "06:00", None),
        ("", "12:00", None),
    ],
)
def test_quiet_hours_hold_from_their_first_minute_to_before_their_last(hours: str, now: str, until: str | None) -> None:
    found = replace(SQLITE, quiet_hours=hours).quiet_until(datetime.fromisoformat(f"2026-04-01T{now}"))

    assert found == (None if until is None else datetime.fromisoformat(until))


def test_a_run_has_the_time_that_is_left_before_the_quiet_hours() -> None:
    settings = replace(SQLITE, quiet_hours="07:30-19:00")

    assert settings.seconds_before_quiet(datetime.fromisoformat("2026-04-01T07:00")) == 1800
    assert settings.seconds_before_quiet(datetime.fromisoformat("2026-04-01T19:30")) == 12 * 3600
    assert SQLITE.seconds_before_quiet(datetime.fromisoformat("2026-04-01T19:30")) is None
