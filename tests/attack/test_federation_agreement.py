"""Nothing goes to a practice, and nothing is taken from it, beyond what both sides signed and what runs today."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from governance.review import Role
from governance.wire import AgreementDecision
from hub.enforce import standing
from hub.errors import PublicationError
from hub.models import PublishedSearch
from hub.publish import publish
from hub.staff import signer
from tests.federation import AGREEMENT, SEARCH, Federation, pulse_table, search_files

OTHER_SEARCH = "smoking-recorded"


def test_the_hub_does_not_publish_without_an_agreement(tmp_path: Path) -> None:
    federation = Federation(tmp_path)
    federation.enrol("Z90001")

    with pytest.raises(PublicationError, match="no agreement heart-health"):
        federation.publish()


def test_the_hub_does_not_publish_what_no_practice_has_signed(tmp_path: Path) -> None:
    federation = Federation(tmp_path)
    federation.enrol("Z90001")
    federation.propose()

    with pytest.raises(PublicationError, match="active for no practice: Z90001: practice Z90001 has not signed"):
        federation.publish()
    assert not PublishedSearch.objects.exists()


def test_the_hub_does_not_publish_under_an_expired_agreement(tmp_path: Path) -> None:
    federation = Federation(tmp_path)
    elm = federation.enrol("Z90001")
    federation.propose(federation.terms(end=federation.now.date()))
    elm.say()
    federation.receive()

    federation.later(days=1)

    with pytest.raises(PublicationError, match=r"active for no practice: Z90001: .*ended on"):
        federation.publish()


def test_the_hub_does_not_publish_to_a_practice_that_declined(tmp_path: Path) -> None:
    federation = Federation(tmp_path)
    elm = federation.enrol("Z90001")
    federation.propose()
    elm.say(decision=AgreementDecision.DECLINE)
    federation.receive()

    with pytest.raises(PublicationError, match="is decline"):
        federation.publish()


def test_a_search_goes_to_those_who_signed_and_to_no_other(tmp_path: Path) -> None:
    federation = Federation(tmp_path)
    elm, oak = federation.enrol("Z90001"), federation.enrol("Z90002")
    federation.propose()
    elm.say()
    federation.receive()

    published = federation.publish()
    elm.deliver(), oak.pull()

    assert published.goes_to == ("Z90001",)
    assert "has not signed" in published.practices["Z90002"]
    assert _searches_of(elm) == 1
    assert _searches_of(oak) == 0


def test_a_search_beyond_the_agreement_is_not_published(tmp_path: Path) -> None:
    federation = Federation(tmp_path)
    federation.ready()

    with pytest.raises(PublicationError, match="is not in agreement heart-health"):
        federation.publish(OTHER_SEARCH)


def test_a_search_whose_reviewers_are_not_three_people_is_not_published(tmp_path: Path) -> None:
    federation = Federation(tmp_path)
    federation.ready()
    both = federation.add_staff("b.both", Role.AUTHOR, Role.CLINICAL)
    twice = replace(federation.reviewers, author=signer(both, Role.AUTHOR), clinical=signer(both, Role.CLINICAL))

    with pytest.raises(PublicationError, match="are not three people"):
        publish(federation.centre, AGREEMENT, [search_files()], twice)


def test_a_key_that_may_not_sign_in_a_role_is_refused(tmp_path: Path) -> None:
    federation = Federation(tmp_path)

    with pytest.raises(PublicationError, match=r"a\.author may not sign as clinical"):
        signer(federation.config.keys / "staff" / "a.author.key", Role.CLINICAL)


def test_a_catalogue_beyond_the_agreement_is_refused_by_the_agent_though_every_key_is_valid(tmp_path: Path) -> None:
    federation = Federation(tmp_path)
    (elm,) = federation.ready()
    federation.publish_anyway(search_files(OTHER_SEARCH))
    PublishedSearch.objects.filter(search_id=SEARCH).update(superseded_at=federation.now)
    federation.renew_agreement_files()

    outcome = elm.run()

    assert outcome.released == ()
    assert f"search {OTHER_SEARCH} is not in agreement heart-health" in elm.diary()
    assert "no search of agreement heart-health may run" in outcome.problems[0].message


def test_an_agreement_that_the_practice_signed_for_another_document_is_not_active(tmp_path: Path) -> None:
    federation = Federation(tmp_path)
    (elm,) = federation.ready()

    second = federation.propose(federation.terms(version=2, profile="nhs-round5"))

    assert "has not signed" in standing(second, federation.now.date())["Z90001"]
    elm.spool(elm.seal([pulse_table()]))
    elm.deliver()
    federation.receive()
    assert elm.results() == []
    assert elm.quarantined() == ("agreement_not_active",)


def test_a_result_made_under_an_older_version_is_set_aside(tmp_path: Path) -> None:
    federation = Federation(tmp_path)
    (elm,) = federation.ready()
    sealed = elm.seal([pulse_table()])
    federation.propose(federation.terms(version=2, profile="nhs-round5"))

    elm.drop(sealed.data, 2)
    federation.receive()

    assert elm.quarantined() == ("agreement_unknown",)


def test_a_withdrawal_stops_pulling_and_taking_in_at_once(tmp_path: Path) -> None:
    federation = Federation(tmp_path)
    (elm,) = federation.ready()
    served = _search_paths(federation)[0]
    assert elm.mailbox.fetch(served, 1_000_000)
    sealed = elm.seal([pulse_table()], sequence=3, previous="0" * 64)

    elm.say(decision=AgreementDecision.WITHDRAW)
    federation.receive()
    elm.drop(sealed.data, 3)
    federation.receive()

    with pytest.raises(Exception, match="this file may not be read"):
        elm.mailbox.fetch(served, 1_000_000)
    assert elm.results() == []
    assert elm.quarantined() == ("chain_broken",)


def test_an_older_word_that_comes_late_does_not_overrule_a_newer_one(tmp_path: Path) -> None:
    federation = Federation(tmp_path)
    elm = federation.enrol("Z90001")
    federation.propose()
    elm.say()
    early = next(elm.in_folder.iterdir())
    kept = early.read_bytes()
    early.unlink()
    elm.say(decision=AgreementDecision.WITHDRAW)
    federation.receive()

    (elm.in_folder / early.name).write_bytes(kept)
    federation.receive()

    assert elm.receipts == ("00000001.receipt", "00000002.receipt")
    with pytest.raises(PublicationError, match="is withdraw"):
        federation.publish()


def test_a_result_is_not_taken_in_after_the_agreement_has_ended(tmp_path: Path) -> None:
    federation = Federation(tmp_path)
    elm = federation.enrol("Z90001")
    federation.propose(federation.terms(end=federation.now.date() + timedelta(days=1)))
    elm.say()
    federation.receive()
    federation.publish()
    elm.deliver()
    sealed = elm.seal([pulse_table()])

    federation.later(days=2)
    elm.drop(sealed.data, 2)
    federation.receive()

    assert elm.quarantined() == ("agreement_not_active",)


def _searches_of(agent: object) -> int:
    folder = agent.folder.catalogue  # type: ignore[attr-defined]
    return (folder / "current.json").read_text().count("/searches/")


def _search_paths(federation: Federation) -> list[str]:
    root = federation.config.repository
    return [f"/catalogue/{path.relative_to(root)}" for path in sorted(root.glob("targets/agreements/*/searches/*"))]
