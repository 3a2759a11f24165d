from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from agent.config import Config, Hub, read_config, write_config
from agent.errors import ConfigError, NotEnrolledError
from agent.state import StateFolder

HOST_KEY = "SHA256:LXEWQrcmsEQBYnyp+6wy9chTD7GQPMTbAiWHF5IaSIE"  # of the byte "x"
CONFIG = Config(
    practice="Z90001",
    layout="emis_im1",
    records=Path('/extracts/a "quoted" name'),
    every_minutes=15,
    run_seconds=1800,
    hub=Hub("hub.example.org", 2222, HOST_KEY),
    refuse_searches=("flu-at-risk",),
    profile="strict10",
    k=12,
    release_hour=22,
)


@pytest.fixture
def folder(tmp_path: Path) -> StateFolder:
    folder = StateFolder(tmp_path / "state")
    folder.make()
    return folder


def test_what_is_written_at_enrolment_reads_back(folder: StateFolder) -> None:
    write_config(folder, CONFIG)

    assert read_config(folder) == CONFIG


def test_what_an_earlier_agent_wrote_has_the_usual_hour_and_no_profile_of_its_own(folder: StateFolder) -> None:
    write_config(folder, CONFIG)
    whole = folder.config.read_text()
    folder.config.write_text(whole.partition("[release]")[0].replace('profile = "strict10"\nk = 12\n', ""))

    config = read_config(folder)

    assert (config.release_hour, config.own_profile) == (6, None)
    assert CONFIG.own_profile is not None
    assert CONFIG.own_profile.id == "k12+strict10"


def test_the_pinned_fingerprint_is_the_digest_of_the_host_key() -> None:
    assert CONFIG.hub.host_key_sha256 == hashlib.sha256(b"x").hexdigest()


def test_without_a_configuration_the_agent_is_not_enrolled(folder: StateFolder) -> None:
    with pytest.raises(NotEnrolledError, match="this agent is not enrolled"):
        read_config(folder)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("every_minutes = 15", "every_minutes = 0", "agent.toml: every_minutes is not a whole number from 1 to 1440"),
        ("every_minutes = 15", "every_minutes = true", "agent.toml: every_minutes is not a whole number"),
        ("every_minutes = 15\n", "", "agent.toml: every_minutes is not a whole number"),
        ("port = 2222", 'port = "2222"', "agent.toml: hub.port is not a whole number from 1 to 65535"),
        ("[policy]", "[policy]\nskip_checks = true", "agent.toml: policy.skip_checks is not a setting"),
        ('"strict10"', '"gp-bank"', "policy.profile is not one of: gp-bench, nhs-round5, strict10"),
        ("k = 12", "k = 4", "policy.k is not a whole number from 5 to 99"),
        ("hour = 22", "hour = 24", "release.hour is not a whole number from 0 to 23"),
        ("hour = 22", 'minute = "06:30"', "release.minute is not a setting"),
        ('"flu-at-risk"', '"flu-at-risk", 7', "policy.refuse_searches is not a list, each the id of a search"),
        ("SHA256:", "MD5:", "agent.toml: hub.host_key is not SHA256: and 43 base64 characters"),
        ("every_minutes = 15", "every_minutes = ", "agent.toml is not a TOML file in UTF-8"),
        ("every_minutes = 15", "# " + "x" * 70_000, "agent.toml is larger than 65536 bytes"),
    ],
)
def test_a_configuration_that_says_anything_else_is_refused(
    folder: StateFolder, old: str, new: str, message: str
) -> None:
    write_config(folder, CONFIG)
    folder.config.write_text(folder.config.read_text().replace(old, new))

    with pytest.raises(ConfigError, match=message):
        read_config(folder)
