"""Agreements over time, attacked: whoever stops, stops; nobody opens what is closed; each side refuses by itself.

`hub` in a test's name: the agent is made to go along (it signs or sends anyway); `agent`: the hub is (it signs and
publishes anyway, with every key in order). What is refused is refused by the other side alone.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from agent import cycle
from agent.approval import active_agreements
from agent.cycle import bring_catalogue
from agent.decisions import kept_decision, say_again
from agent.errors import HubUnreachableError, NotAgreedError, PausedError
from agent.stops import check_can_stop, goes_on, mark, marked, tell_stops, unmark
from governance import agreement_form
from governance.agreement import Agreement as Terms
from governance.agreement_lint import UNFILLED
from governance.canonical import to_canonical
from governance.clauses import Kind, View
from governance.errors import NotPermittedError, OptOutsMissingError, TrustError
from governance.lifecycle import State
from governance.optouts import OptOutPolicy
from governance.review import Role
from governance.signing import sign
from governance.terms import AGREEMENT_TYPE, document_of
from governance.wire import Acceptance, AgreementDecision, FileKind, sign_acceptance
from hub import agreements as hub_agreements
from hub.agreements import Signers, in_force, propose, renew, resume, suspend
from hub.centre import read_targets_keys
from hub.enforce import standing, state_at
from hub.errors import PublicationError
from hub.initialise import offline_folder
from hub.models import Event, Membership, Practice, PublishedSearch, Receipt
from hub.pages.load import agreements_of, release
from hub.publish import publish
from searches.document import SearchFiles
from searches.synthetic import synthesise
from tests.federation import AGREEMENT, REFERENCE_DATE, Agent, Federation, pulse_table, search_files

pytestmark = pytest.mark.xdist_group("attack_federation")
SAID = AgreementDecision


@pytest.fixture
def elm(tmp_path: Path) -> Agent:
    """A practice that accepted, with a search published to it."""
    (agent,) = Federation(tmp_path).ready()
    return agent


def kept(agent: Agent) -> Any:
    with agent.turn() as turn:
        return kept_decision(turn.connection, AGREEMENT)


def unreachable(*_: object) -> Any:
    raise HubUnreachableError("the hub does not answer")


def state(agent: Agent) -> State:
    practice = Practice.objects.get(code=agent.code)
    return state_at(practice, in_force(AGREEMENT), agent.federation.now.date())


def stop(agent: Agent, word: AgreementDecision) -> None:
    """As the command does: the file first, then the word, then the hub."""
    mark(agent.folder, AGREEMENT, word)
    with agent.turn() as turn:
        tell_stops(turn)
    agent.deliver()
    agent.federation.receive()


# --- the practice stops -----------------------------------------------------------------------------------------------


def test_a_suspension_counts_at_once_with_the_hub_down_and_is_told_later(elm: Agent) -> None:
    mark(elm.folder, AGREEMENT, SAID.SUSPEND)
    with elm.turn() as turn:
        assert not goes_on(turn, AGREEMENT)
        outcome = cycle.take_turn(turn, unreachable, cycle.Wish(REFERENCE_DATE, at_once=True))
    assert outcome.released == ()
    assert kept(elm).decision == SAID.SUSPEND
    assert state(elm) is State.ACTIVE  # the hub has not heard of it, and nothing leaves all the same

    elm.deliver()
    elm.federation.receive()

    assert state(elm) is State.SUSPENDED
    assert Membership.objects.get().decision == "suspend"


def test_a_result_sealed_before_the_suspension_does_not_leave_after_it(elm: Agent) -> None:
    elm.spool(elm.seal([pulse_table()]))
    mark(elm.folder, AGREEMENT, SAID.SUSPEND)
    elm.deliver()
    elm.federation.receive()
    assert elm.results() == []

    unmark(elm.folder, AGREEMENT)  # never told to the hub: as if it had not been
    elm.deliver()
    elm.federation.receive()
    assert len(elm.results()) == 1


@pytest.mark.parametrize("word", [SAID.SUSPEND, SAID.WITHDRAW])
def test_a_stop_in_the_middle_of_a_run_keeps_its_result_from_being_sealed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, word: AgreementDecision
) -> None:
    agent = _with_records(tmp_path)
    really = cycle.run

    def run_and_stop(*arguments: Any) -> Any:
        mark(agent.folder, AGREEMENT, word)
        return really(*arguments)

    monkeypatch.setattr(cycle, "run", run_and_stop)
    with agent.turn() as turn, _as_found_in_the_log(monkeypatch):
        outcome = cycle.take_turn(turn, agent.open, cycle.Wish(REFERENCE_DATE, at_once=True))
    assert outcome.released == ()
    assert f"agreement {AGREEMENT} is stopped by this practice: {word}" in outcome.problems[-1].message


def test_a_stop_between_schedule_and_run_keeps_the_search_from_running(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    agent = _with_records(tmp_path)
    really = cycle.due

    def due_and_stop(*arguments: Any) -> Any:
        found = really(*arguments)
        mark(agent.folder, AGREEMENT, SAID.SUSPEND)
        return found

    monkeypatch.setattr(cycle, "due", due_and_stop)
    monkeypatch.setattr(cycle, "run", lambda *_: pytest.fail("it ran"))
    with agent.turn() as turn, _as_found_in_the_log(monkeypatch):
        outcome = cycle.take_turn(turn, agent.open, cycle.Wish(REFERENCE_DATE, at_once=True))
    assert "is stopped by this practice: suspend" in outcome.problems[-1].message


def test_while_the_pause_file_is_there_nothing_runs_and_no_result_leaves(elm: Agent) -> None:
    elm.spool(elm.seal([pulse_table()]))
    elm.folder.pause.write_text("an audit\n")

    with pytest.raises(PausedError, match="this practice has paused everything") as refused:
        elm.run()
    elm.deliver()
    elm.federation.receive()

    assert refused.value.exit_code == 11
    assert elm.results() == []
    elm.folder.pause.unlink()
    elm.deliver()
    elm.federation.receive()
    assert len(elm.results()) == 1


def test_a_stop_file_that_nobody_understands_suspends(elm: Agent) -> None:
    elm.folder.stops.mkdir()
    (elm.folder.stops / AGREEMENT).write_bytes(b"\xff\x00 stop it please")
    (elm.folder.stops / "..strange").write_bytes(b"")
    assert marked(elm.folder) == {AGREEMENT: SAID.SUSPEND}


def test_a_withdrawal_is_never_turned_back_into_a_suspension(elm: Agent) -> None:
    mark(elm.folder, AGREEMENT, SAID.WITHDRAW)
    mark(elm.folder, AGREEMENT, SAID.SUSPEND)
    assert marked(elm.folder) == {AGREEMENT: SAID.WITHDRAW}


def test_a_practice_goes_on_after_its_own_suspension(elm: Agent) -> None:
    stop(elm, SAID.SUSPEND)
    with elm.turn() as turn:
        say_again(turn, kept_decision(turn.connection, AGREEMENT), SAID.RESUME)  # type: ignore[arg-type]
        unmark(elm.folder, AGREEMENT)
    elm.deliver()
    elm.federation.receive()
    assert state(elm) is State.ACTIVE
    with elm.turn() as turn:
        assert goes_on(turn, AGREEMENT)


def test_a_stop_lost_with_its_file_still_holds_once_it_was_signed(elm: Agent) -> None:
    stop(elm, SAID.SUSPEND)
    unmark(elm.folder, AGREEMENT)
    with elm.turn() as turn:
        assert not goes_on(turn, AGREEMENT)


def test_what_was_never_accepted_cannot_be_stopped_nor_a_provision_notice_withdrawn_from(elm: Agent) -> None:
    with pytest.raises(NotAgreedError, match="agreement other is not accepted here, so there is nothing to suspend"):
        check_can_stop(elm.folder, None, "other", SAID.SUSPEND)
    bound = elm.federation.terms()
    rest = bound.undertakings
    assert rest is not None
    bound = replace(bound, undertakings=replace(rest, withdrawal=replace(rest.withdrawal, allowed=False)))
    document = document_of(bound)
    digest = agreement_form.digest_of(document)
    (elm.folder.agreements / f"{digest}.json").write_bytes(document)
    with pytest.raises(NotAgreedError, match="nobody can withdraw from it"):
        check_can_stop(elm.folder, replace(kept(elm), digest=digest), AGREEMENT, SAID.WITHDRAW)
    check_can_stop(elm.folder, replace(kept(elm), digest=digest), AGREEMENT, SAID.SUSPEND)


# --- withdrawal: at schedule, run, upload, accept and show ------------------------------------------------------------


def test_after_a_withdrawal_nothing_is_scheduled_sent_served_taken_in_or_shown(elm: Agent) -> None:
    federation = elm.federation
    elm.spool(elm.seal([pulse_table()]))
    elm.deliver()
    federation.receive()
    practice, agreement, today = Practice.objects.get(), in_force(AGREEMENT), federation.now.date()
    assert agreements_of(practice, today) == (agreement,)
    assert len(release(agreement, REFERENCE_DATE, today).members) == 1

    stop(elm, SAID.WITHDRAW)

    assert state(elm) is State.WITHDRAWING
    assert elm.run().released == ()
    elm.spool(elm.seal([pulse_table()], reference_date=date(2026, 2, 28)), date(2026, 2, 28))
    elm.deliver()
    federation.receive()
    assert len(elm.results()) == 1
    assert agreements_of(practice, today) == ()
    assert release(agreement, REFERENCE_DATE, today).members == ()
    federation.later(days=31)
    assert state(elm) is State.WITHDRAWN


def test_hub_takes_in_nothing_that_a_withdrawn_practice_sends_anyway(elm: Agent) -> None:
    stop(elm, SAID.WITHDRAW)
    sealed = elm.seal([pulse_table()])
    elm.drop(sealed.data, 3)
    elm.federation.receive()
    assert elm.results() == []
    assert elm.quarantined() == ("agreement_not_active",)


@pytest.mark.parametrize("first", [SAID.WITHDRAW, SAID.DECLINE])
def test_agent_does_not_accept_again_what_has_ended(tmp_path: Path, first: AgreementDecision) -> None:
    federation = Federation(tmp_path)
    elm = federation.enrol("Z90001")
    federation.propose()
    if first is SAID.WITHDRAW:
        elm.say()
    elm.say(decision=first)
    with pytest.raises(NotPermittedError, match=r"practice cannot sign an agreement that is (withdrawing|rejected)"):
        elm.say()


@pytest.mark.parametrize("opening", [SAID.ACCEPT, SAID.RESUME])
@pytest.mark.parametrize("ending", [SAID.WITHDRAW, SAID.DECLINE])
def test_hub_does_not_take_a_word_that_opens_what_has_ended(
    elm: Agent, ending: AgreementDecision, opening: AgreementDecision
) -> None:
    _send_word(elm, ending)
    _send_word(elm, opening)
    assert elm.quarantined() == ("state_does_not_allow",)
    assert Membership.objects.get().decision == ending


def test_hub_never_refuses_a_word_that_stops(elm: Agent) -> None:
    for word in (SAID.SUSPEND, SAID.SUSPEND, SAID.DECLINE, SAID.WITHDRAW, SAID.SUSPEND):
        _send_word(elm, word)
    assert elm.quarantined() == ()
    assert standing(in_force(AGREEMENT), elm.federation.now.date())["Z90001"].endswith("is suspend")


def test_hub_does_not_take_an_acceptance_of_an_offer_that_ran_out(tmp_path: Path) -> None:
    federation = Federation(tmp_path)
    elm = federation.enrol("Z90001")
    federation.propose()
    federation.later(days=61)
    _send_word(elm, SAID.ACCEPT)
    assert elm.quarantined() == ("state_does_not_allow",)


def test_agent_does_not_accept_an_offer_that_ran_out(tmp_path: Path) -> None:
    federation = Federation(tmp_path)
    elm = federation.enrol("Z90001")
    federation.propose()
    federation.later(days=61)
    federation.renew_timestamps()
    with pytest.raises(NotPermittedError, match="offer_until: is "):
        elm.say()


# --- the hub stops ----------------------------------------------------------------------------------------------------


def test_the_hub_alone_suspends_for_everybody_and_two_reviewers_resume(elm: Agent) -> None:
    federation, agreement = elm.federation, in_force(AGREEMENT)
    suspend(federation.centre, agreement, "a complaint")
    suspend(federation.centre, agreement, "again")

    assert state(elm) is State.SUSPENDED
    assert Event.objects.filter(kind="agreement_suspend").count() == 1
    assert elm.run().released == ()  # its searches are served no more
    sealed = elm.seal([pulse_table()])
    elm.drop(sealed.data, 2)
    federation.receive()
    assert elm.quarantined() == ("agreement_not_active",)
    with pytest.raises(PublicationError, match="is suspended by the hub"):
        federation.publish()

    with pytest.raises(PublicationError, match="not signed by two of the keys"):
        resume(federation.centre, agreement, [federation.staff_key(Role.CLINICAL)])
    assert state(elm) is State.SUSPENDED
    resume(federation.centre, agreement, _reviewers(federation))
    assert state(elm) is State.ACTIVE
    with pytest.raises(PublicationError, match="is not suspended by the hub"):
        resume(federation.centre, agreement, _reviewers(federation))


def test_hub_does_not_let_a_practice_resume_what_the_hub_suspended(elm: Agent) -> None:
    suspend(elm.federation.centre, in_force(AGREEMENT), "a complaint")
    _send_word(elm, SAID.SUSPEND)
    _send_word(elm, SAID.RESUME)
    assert elm.quarantined() == ("state_does_not_allow",)


# --- reviews ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("what", ["review", "dpia"])
def test_an_overdue_review_suspends_at_hub_and_agent_each_by_itself(tmp_path: Path, what: str) -> None:
    federation = Federation(tmp_path)
    elm = federation.enrol("Z90001")
    terms = federation.terms()
    rest = terms.undertakings
    assert rest is not None
    assert rest.dpia is not None
    soon = federation.now.date() + timedelta(days=1)
    change = {"review": soon} if what == "review" else {"dpia": replace(rest.dpia, review=soon)}
    federation.propose(replace(terms, undertakings=replace(rest, **change)))  # type: ignore[arg-type]
    elm.say()
    federation.receive()
    federation.publish()
    elm.deliver()
    federation.later(days=31)
    assert state(elm) is State.ACTIVE
    federation.later(days=1)

    assert state(elm) is State.SUSPENDED
    assert "is suspended: its" in standing(in_force(AGREEMENT), federation.now.date())["Z90001"]
    federation.renew_timestamps()
    assert elm.run().released == ()
    assert "is suspended: its" in elm.diary()


# --- what should never be signed --------------------------------------------------------------------------------------


def _unfit(federation: Federation) -> Iterator[tuple[str, Terms]]:
    terms = federation.terms()
    rest = terms.undertakings
    assert rest is not None
    yield "dpia: the data protection", replace(terms, undertakings=replace(rest, dpia=None))
    yield "review: is 2020", replace(terms, undertakings=replace(rest, review=date(2020, 1, 1)))
    yield "end: is ", replace(terms, start=date(2020, 1, 1), end=date(2021, 1, 1))
    yield "title: CHANGE was left", replace(terms, title=UNFILLED)
    yield "recipients: nobody", replace(terms, undertakings=replace(rest, recipients=()))
    yield "prohibited_uses: re_identification", replace(terms, prohibited_uses=())
    yield (
        "withdrawal: a sharing agreement can always",
        replace(terms, undertakings=replace(rest, withdrawal=replace(rest.withdrawal, allowed=False))),
    )
    yield "profile: profile 'open'", replace(terms, profile="open")
    yield "joint: the arrangement", replace(terms, kind=Kind.JOINT_CONTROLLERS)
    yield "controllers: ", replace(terms, kind=Kind.INTERNAL, practices=("Z90001", "Z90002"))
    yield "parties: hub NORTHSIDE", replace(terms, undertakings=replace(rest, parties=()))


def test_hub_signs_nothing_that_is_wrong(tmp_path: Path) -> None:
    federation = Federation(tmp_path)
    federation.enrol("Z90001")
    for why, terms in _unfit(federation):
        with pytest.raises(PublicationError, match=why):
            federation.propose(terms)


def test_agent_accepts_nothing_that_is_wrong_though_the_hub_signed_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    federation = Federation(tmp_path)
    elm = federation.enrol("Z90001")
    monkeypatch.setattr(hub_agreements, "check_fit_to_sign", lambda *_: None)
    for number, (why, terms) in enumerate(_unfit(federation), start=1):
        federation.propose(replace(terms, version=number))
        with pytest.raises(NotPermittedError, match=why):
            elm.say()
    assert kept(elm) is None


def test_hub_proposes_nothing_that_one_person_drafted_and_reviewed(tmp_path: Path) -> None:
    federation = Federation(tmp_path)
    federation.enrol("Z90001")
    with pytest.raises(PublicationError, match="unless the reviewer is another person than the drafter"):
        _propose_alone(federation)


def test_agent_accepts_nothing_that_one_person_drafted_and_reviewed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    federation = Federation(tmp_path)
    elm = federation.enrol("Z90001")
    monkeypatch.setattr(hub_agreements, "_check_prepared", lambda *_: None)
    _propose_alone(federation)
    with pytest.raises(TrustError, match="was signed by 1 of the hub's people, expected two"):
        elm.say()


def test_agent_does_not_believe_a_page_that_the_terms_do_not_give(tmp_path: Path) -> None:
    federation = Federation(tmp_path)
    elm = federation.enrol("Z90001")
    row = federation.propose()
    document = json.loads(bytes(row.document))
    document["page"]["sha256"] = "0" * 64
    forged = sign(AGREEMENT_TYPE, to_canonical(document), [federation.centre.keys.agreement]).to_bytes()
    row.envelope = forged
    row.save()
    federation.renew_agreement_files()
    elm.pull()
    with pytest.raises(NotAgreedError, match="is not offered to this practice"):
        elm.say()
    assert "the page that was signed is not the one that its terms give" in elm.diary()


def test_agent_without_a_list_of_the_national_opt_out_refuses_what_needs_one(tmp_path: Path) -> None:
    federation = Federation(tmp_path)
    elm = federation.enrol("Z90001")
    federation.propose(federation.terms(opt_out_policy=OptOutPolicy.TYPE1_AND_NATIONAL_EXCLUDED))
    with pytest.raises(OptOutsMissingError, match="National Data Opt-Out, and layout canonical brings no list of them"):
        elm.say()


def test_hub_takes_in_no_result_whose_opt_outs_were_taken_off_otherwise(tmp_path: Path) -> None:
    federation = Federation(tmp_path)
    elm = federation.enrol("Z90001")
    federation.propose(federation.terms(opt_out_policy=OptOutPolicy.TYPE1_AND_NATIONAL_EXCLUDED))
    _send_word(elm, SAID.ACCEPT)
    federation.publish()
    elm.drop(elm.seal([pulse_table()], sequence=2, previous=_last(elm)).data, 2)
    federation.receive()
    assert elm.quarantined() == ("breaks_profile",)


# --- code lists are pinned --------------------------------------------------------------------------------------------


def _other_codes() -> SearchFiles:
    files = search_files()
    lines = files.codelists["pulse_rhythm"].splitlines(keepends=True)
    return replace(files, codelists={**files.codelists, "pulse_rhythm": "".join([lines[0], *lines[2:]])})


def test_hub_publishes_no_search_whose_code_list_changed(elm: Agent) -> None:
    with pytest.raises(PublicationError, match="brings code list pulse_rhythm with other codes than were agreed"):
        publish(elm.federation.centre, AGREEMENT, [_other_codes()], elm.federation.reviewers)


def test_agent_runs_no_search_whose_code_list_changed_though_every_key_signed(elm: Agent) -> None:
    PublishedSearch.objects.all().update(superseded_at=elm.federation.now)
    PublishedSearch.objects.all().update(version=7)
    elm.federation.publish_anyway(_other_codes())
    assert elm.run().released == ()
    assert "brings code list pulse_rhythm with other codes than were agreed" in elm.diary()


# --- the next version -------------------------------------------------------------------------------------------


def test_a_version_that_only_narrows_is_in_force_by_the_hubs_signature_alone(elm: Agent) -> None:
    federation = elm.federation
    federation.propose(federation.terms(version=2, view=View.UNNAMED))
    federation.publish()
    elm.deliver()
    with elm.turn() as turn:
        (active,) = active_agreements(turn, bring_catalogue(turn, elm.open).catalogue)
    assert (active.agreement.version, active.named) == (2, False)
    elm.spool(elm.seal([pulse_table()]))
    elm.deliver()
    federation.receive()
    assert len(elm.results()) == 1
    assert len(release(in_force(AGREEMENT), REFERENCE_DATE, federation.now.date()).members) == 1

    stop(elm, SAID.WITHDRAW)  # of what it signed: the version before

    assert standing(in_force(AGREEMENT), federation.now.date())["Z90001"].endswith("is withdraw")


WIDER: dict[str, dict[str, Any]] = {
    "a practice": {"practices": ("Z90001", "Z90002")},
    "a day": {"end": date(2029, 1, 1)},
    "a column": {
        "tables": {"patient": ("patient_id", "age", "age_band", "sex", "imd_quintile"), "event": ("patient_id", "code")}
    },
    "a profile": {"profile": "nhs-round5"},
}


@pytest.mark.parametrize("wider", WIDER)
def test_hub_and_agent_each_ask_for_a_new_signature_where_anything_is_wider(elm: Agent, wider: str) -> None:
    federation = elm.federation
    federation.propose(federation.terms(version=2, **WIDER[wider]))
    assert "has not signed this version" in standing(in_force(AGREEMENT), federation.now.date())["Z90001"]
    with elm.turn() as turn:
        assert active_agreements(turn, bring_catalogue(turn, elm.open).catalogue) == ()
    assert "has not signed this version" in elm.diary()


def test_a_narrower_version_that_follows_another_than_was_signed_is_not_carried_over(elm: Agent) -> None:
    federation = elm.federation
    federation.propose(federation.terms(version=2, practices=("Z90001", "Z90002")))
    federation.propose(federation.terms(version=3, view=View.UNNAMED))
    assert "has not signed" in standing(in_force(AGREEMENT), federation.now.date())["Z90001"]
    with elm.turn() as turn:
        assert active_agreements(turn, bring_catalogue(turn, elm.open).catalogue) == ()


def test_hub_signs_no_version_that_says_it_follows_another(elm: Agent) -> None:
    terms = elm.federation.terms(version=2)
    assert terms.undertakings is not None
    forged = replace(terms, undertakings=replace(terms.undertakings, supersedes="a" * 64))
    with pytest.raises(PublicationError, match="supersedes aaaaaaaaaaaa, not the version before it"):
        elm.federation.propose(forged)


# --- how often ------------------------------------------------------------------------------------------------------


def test_hub_takes_in_no_second_date_of_a_month_where_one_is_agreed(tmp_path: Path) -> None:
    elm = _with_records(tmp_path)
    elm.drop(elm.seal([pulse_table()]).data, 2)
    elm.federation.receive()
    second = elm.seal([pulse_table()], reference_date=date(2026, 3, 30), sequence=3, previous=_last(elm))
    elm.drop(second.data, 3)
    elm.federation.receive()
    assert elm.quarantined() == ("period_not_allowed",)
    earlier = elm.seal([pulse_table()], reference_date=date(2026, 2, 28), sequence=4, previous="0" * 64)
    elm.drop(earlier.data, 4)
    elm.federation.receive()
    assert len(elm.results()) == 2


def test_agent_answers_no_second_date_of_a_month_where_one_is_agreed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    agent = _with_records(tmp_path)
    with _as_found_in_the_log(monkeypatch):
        assert len(agent.run(REFERENCE_DATE).released) == 1
        refused = agent.run(date(2026, 3, 30))
        assert len(agent.run(date(2026, 2, 28)).released) == 1
    assert refused.released == ()
    assert "was answered for 1 dates from 2026-03-01 to 2026-03-31, agreed is at most 1" in agent.diary()


# --- renewal ----------------------------------------------------------------------------------------------------------


def test_a_renewal_signs_the_same_files_for_another_five_weeks(elm: Agent) -> None:
    federation, agreement = elm.federation, in_force(AGREEMENT)
    role = f"agreement-{AGREEMENT}"
    before = federation.centre.repository().expiries()[role]
    federation.later(days=30)
    renew(federation.centre, agreement, _reviewers(federation))
    assert federation.centre.repository().expiries()[role] - before == timedelta(days=30)
    assert in_force(AGREEMENT).digest == agreement.digest
    with pytest.raises(PublicationError, match="not signed by two of the keys"):
        renew(federation.centre, agreement, [federation.staff_key(Role.CLINICAL)])


def test_an_ended_agreement_is_not_renewed(elm: Agent) -> None:
    elm.federation.later(days=500)
    with pytest.raises(PublicationError, match="agreement heart-health ended on"):
        renew(elm.federation.centre, in_force(AGREEMENT), _reviewers(elm.federation))


# --- means ------------------------------------------------------------------------------------------------------------


def _reviewers(federation: Federation) -> list[Any]:
    return [federation.staff_key(Role.CLINICAL), federation.staff_key(Role.GOVERNANCE)]


def _propose_alone(federation: Federation) -> None:
    targets = read_targets_keys(offline_folder(federation.centre))
    alone = Signers(targets, _reviewers(federation), federation.staff_key(Role.GOVERNANCE))
    propose(federation.centre, federation.terms(), alone)


def _last(agent: Agent) -> str:
    receipt = Receipt.objects.filter(practice__code=agent.code).order_by("sequence").last()
    return receipt.digest if receipt is not None else "0" * 64


def _send_word(agent: Agent, decision: AgreementDecision) -> None:
    """A word that the practice's key signed, whatever its agent would say to it."""
    agreement = in_force(AGREEMENT)
    sequence = Receipt.objects.filter(practice__code=agent.code).count() + len(agent.quarantined()) + 1
    word = Acceptance(
        *(agent.code, agreement.agreement_id, agreement.version, agreement.digest, decision),
        named=False,
        sequence=sequence,
        previous=_last(agent),
        on=agent.federation.now.date(),
    )
    agent.drop(sign_acceptance(word, agent.key), sequence, FileKind.ACCEPTANCE)
    agent.federation.receive()


def _once_a_month(federation: Federation) -> Terms:
    terms = federation.terms()
    return replace(terms, searches=tuple(replace(one, most_per_period=1) for one in terms.searches))


def _with_records(tmp_path: Path) -> Agent:
    extract = tmp_path / "extract"
    synthesise("emis_im1", 150, 5, extract, practice="Z90001")
    agent = Federation(tmp_path / "federation").enrol("Z90001", "emis_im1", extract)
    agent.federation.propose(_once_a_month(agent.federation))
    agent.say()
    agent.federation.receive()
    agent.federation.publish()
    agent.deliver()
    return agent


@contextmanager
def _as_found_in_the_log(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The log has its own tests."""
    if hasattr(cycle, "in_the_log"):
        monkeypatch.setattr(cycle, "in_the_log", lambda _turn, one: one)
    yield
