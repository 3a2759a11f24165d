"""The catalogue is written whole, and only with signatures enough."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from governance.keys import SigningKey
from governance.review import Role
from hub.centre import read_targets_keys
from hub.errors import HubConfigError, PublicationError
from hub.initialise import offline_folder
from hub.models import PublishedSearch
from hub.serve import renew
from tests.federation import AGREEMENT, SEARCH, Federation


def _timestamp(federation: Federation) -> bytes:
    return (federation.config.repository / "metadata" / "timestamp.json").read_bytes()


def test_nothing_is_published_with_one_targets_key(tmp_path: Path) -> None:
    federation = Federation(tmp_path)
    before = _timestamp(federation)
    key = read_targets_keys(offline_folder(federation.centre))[0]

    for keys in ([key], [key, key], [key, SigningKey.generate()], []):
        with pytest.raises(PublicationError, match="role targets is not signed by two"):
            federation.centre.repository().put_hub_file("hub.json", b"{}", keys)

    assert _timestamp(federation) == before


def test_an_agreements_files_need_two_reviewers(tmp_path: Path) -> None:
    federation = Federation(tmp_path)
    federation.ready("Z90001")
    before = _timestamp(federation)
    repository = federation.centre.repository()

    for roles in ([Role.CLINICAL], [Role.CLINICAL, Role.AUTHOR], [Role.GOVERNANCE, Role.GOVERNANCE]):
        keys = [federation.staff_key(role) for role in roles]
        with pytest.raises(PublicationError, match="role agreement-heart-health is not signed by two"):
            repository.put_agreement_files(f"agreement-{AGREEMENT}", {}, keys)

    assert _timestamp(federation) == before


def test_snapshot_and_timestamp_are_renewed_before_they_end_and_not_sooner(tmp_path: Path) -> None:
    federation = Federation(tmp_path)
    before = _timestamp(federation)

    assert not renew(federation.centre)
    assert _timestamp(federation) == before

    federation.later(days=6)
    assert renew(federation.centre)
    ends = federation.centre.repository().expiries()
    assert ends["timestamp"] - federation.now > timedelta(days=7)
    assert ends["snapshot"] - federation.now > timedelta(days=13)
    assert ends["root"] > ends["targets"] > ends["snapshot"] > ends["timestamp"]


def test_fewer_than_two_targets_keys_are_refused(tmp_path: Path) -> None:
    with pytest.raises(HubConfigError, match="0 of the targets keys in"):
        read_targets_keys(tmp_path)


def test_an_unchanged_search_keeps_its_version_and_a_changed_one_gets_the_next(tmp_path: Path) -> None:
    federation = Federation(tmp_path)
    federation.ready("Z90001")

    assert federation.publish().searches == ((SEARCH, 1),)
    federation.publish_changed(SEARCH)

    rows = PublishedSearch.objects.filter(search_id=SEARCH).order_by("version")
    assert [(row.version, row.superseded_at is None) for row in rows] == [(1, False), (2, True)]
    assert rows[0].digest != rows[1].digest


def test_a_new_version_of_an_agreement_must_be_the_next(tmp_path: Path) -> None:
    federation = Federation(tmp_path)
    federation.enrol("Z90001")

    with pytest.raises(PublicationError, match="version 2, expected 1"):
        federation.propose(federation.terms(version=2))
    federation.propose()
    with pytest.raises(PublicationError, match="version 1, expected 2"):
        federation.propose()
    federation.propose(federation.terms(version=2))


def test_an_agreement_of_another_hub_is_not_proposed(tmp_path: Path) -> None:
    federation = Federation(tmp_path)
    federation.enrol("Z90001")

    with pytest.raises(PublicationError, match="is with hub SOUTHSIDE, this hub is NORTHSIDE"):
        federation.propose(federation.terms(hub="SOUTHSIDE"))
