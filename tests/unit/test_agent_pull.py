from __future__ import annotations

from pathlib import Path

import pytest

from agent.errors import CatalogueRefusedError, HubRefusedError, NotThereError
from agent.pull import Pulled, last_good, pull, set_anchor
from governance.catalogue import agreement_path, index_path, read_catalogue, role_name
from governance.review import Role
from hub.errors import PublicationError
from tests.agent_kit import AGREEMENT, NOW, AccountMailbox, Centre, later, library, make_agreement

SEARCH = "pulse-rhythm-65"


@pytest.fixture
def centre(tmp_path: Path) -> Centre:
    centre = Centre(tmp_path / "hub")
    centre.publish(make_agreement(SEARCH), library(SEARCH))
    return centre


@pytest.fixture
def folder(tmp_path: Path, centre: Centre) -> Path:
    folder = tmp_path / "catalogue"
    folder.mkdir()
    set_anchor(folder, centre.root)
    return folder


def pull_now(centre: Centre, folder: Path) -> Pulled:
    return pull(AccountMailbox(centre.account()), folder)


def test_before_the_practice_has_accepted_only_the_terms_come_down(centre: Centre, folder: Path) -> None:
    pulled = pull_now(centre, folder)

    assert sorted(pulled.files) == [agreement_path(AGREEMENT), index_path(AGREEMENT), "hub.json"]


def test_once_it_has_the_searches_come_too_and_are_believed(centre: Centre, folder: Path) -> None:
    pull_now(centre, folder)
    centre.active = frozenset({AGREEMENT})

    catalogue = read_catalogue(pull_now(centre, folder).files)

    assert [search_id for _, search_id in catalogue.searches] == [SEARCH]
    assert catalogue.refused == ()


def test_the_last_good_catalogue_reads_back_until_its_timestamp_ends(centre: Centre, folder: Path) -> None:
    pulled = pull_now(centre, folder)

    assert last_good(folder, later(7.9)) == pulled
    with pytest.raises(CatalogueRefusedError, match="the catalogue expired on"):
        last_good(folder, later(8.1))


def test_without_a_catalogue_there_is_nothing_to_go_on_with(folder: Path) -> None:
    with pytest.raises(CatalogueRefusedError, match="no catalogue was pulled yet"):
        last_good(folder, NOW)


def test_an_older_catalogue_is_refused_and_the_last_good_one_kept(centre: Centre, folder: Path) -> None:
    older = (centre.folder / "metadata/timestamp.json").read_bytes()
    centre.publish(make_agreement(SEARCH, title="Anew"), library(SEARCH))
    pulled = pull_now(centre, folder)
    (centre.folder / "metadata/timestamp.json").write_bytes(older)

    with pytest.raises(CatalogueRefusedError, match="it is older than one already seen"):
        pull_now(centre, folder)

    assert last_good(folder, NOW) == pulled


def test_a_half_signed_role_is_refused_and_the_last_good_one_kept(
    centre: Centre, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    centre.active = frozenset({AGREEMENT})
    pulled = pull_now(centre, folder)
    # A hub of ours refuses to write such a thing, so its check is taken out.
    monkeypatch.setattr("tuf.api.metadata.Targets.verify_delegate", lambda *_: None)
    files = centre.agreement_files(make_agreement(SEARCH, title="Wider"), library(SEARCH))
    centre.repository().put_agreement_files(role_name(AGREEMENT), files, [centre.people[Role.CLINICAL]])
    monkeypatch.undo()

    with pytest.raises(CatalogueRefusedError, match="it lacks signatures"):
        pull_now(centre, folder)

    assert last_good(folder, NOW) == pulled


def test_our_own_hub_does_not_write_a_half_signed_role(centre: Centre) -> None:
    with pytest.raises(PublicationError, match="is not signed by two of the keys"):
        centre.repository().put_agreement_files(role_name(AGREEMENT), {}, [centre.people[Role.CLINICAL]])


def test_an_expired_timestamp_is_refused(centre: Centre, folder: Path) -> None:
    centre.publish(make_agreement(SEARCH), library(SEARCH), now=later(-9))

    with pytest.raises(CatalogueRefusedError, match="it has expired"):
        pull_now(centre, folder)


def test_another_hubs_catalogue_is_refused(tmp_path: Path, folder: Path) -> None:
    other = Centre(tmp_path / "other")
    other.publish(make_agreement(SEARCH), library(SEARCH))

    with pytest.raises(CatalogueRefusedError, match="it lacks signatures"):
        pull_now(other, folder)


@pytest.mark.parametrize("change", [lambda data: data + b" ", lambda data: data.replace(b"N", b"M", 1)])
def test_an_altered_file_is_refused(centre: Centre, folder: Path, change: object) -> None:
    hub_file = next((centre.folder / "targets").glob("*.hub.json"))
    hub_file.write_bytes(change(hub_file.read_bytes()))  # type: ignore[operator]

    with pytest.raises(CatalogueRefusedError, match=r"a file was altered|a file is longer than signed"):
        pull_now(centre, folder)


def test_a_missing_file_is_refused(centre: Centre, folder: Path) -> None:
    next((centre.folder / "targets").glob("*.hub.json")).unlink()

    with pytest.raises(CatalogueRefusedError, match="a file is missing"):
        pull_now(centre, folder)


def test_other_peoples_broken_agreement_does_not_stop_this_practice(centre: Centre, folder: Path) -> None:
    metadata = centre.folder / "metadata"
    role = max(metadata.glob(f"*.{role_name(AGREEMENT)}.json"))
    role.write_bytes(role.read_bytes().replace(b'"sig":"', b'"sig":"00', 1))

    assert sorted(pull_now(centre, folder).files) == ["hub.json"]


def test_a_kept_file_that_was_changed_is_not_used(centre: Centre, folder: Path) -> None:
    pull_now(centre, folder)
    kept = next((folder / "files").iterdir())
    kept.write_bytes(b"{}")

    with pytest.raises(CatalogueRefusedError, match="was changed"):
        last_good(folder, NOW)
    assert len(pull_now(centre, folder).files) == 3


def test_files_no_longer_named_are_forgotten(centre: Centre, folder: Path) -> None:
    pull_now(centre, folder)
    centre.publish(make_agreement(SEARCH, title="Anew"), library(SEARCH))

    pull_now(centre, folder)

    assert len(list((folder / "files").iterdir())) == 3


def test_the_mailbox_of_the_hub_hides_what_is_not_there_and_refuses_the_rest(centre: Centre) -> None:
    mailbox = AccountMailbox(centre.account())
    with pytest.raises(NotThereError, match="there is no such file"):
        mailbox.fetch("/receipts/00000001.receipt", 10)
    with pytest.raises(HubRefusedError, match="may not be read"):
        mailbox.fetch("/in/x", 10)
