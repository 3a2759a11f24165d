from __future__ import annotations

import csv
import io
import json
import logging
import re
import shutil
import stat
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from agent.config import read_config, write_config
from agent.cycle import Outcome, Wish, bring_catalogue, deliver_waiting, take_turn
from agent.decisions import Answer, find_agreement, say
from agent.errors import HubIdentityError, HubUnreachableError, NotAgreedError
from agent.state import StateFolder
from agent.transport import Mailbox
from agent.turn import Turn, open_turn
from governance.diary_chain import verify_lines
from governance.sealing import ReceivedResult
from governance.wire import Acceptance, AgreementDecision
from searches.synthetic import synthesise
from tests.agent_kit import (
    AGREEMENT,
    CANARY,
    NO_PATIENCE,
    NOW,
    REFERENCE_DATE,
    AccountMailbox,
    Centre,
    enrolled,
    everything_under,
    later,
    library,
    make_agreement,
    write_extract,
)

PULSE, DNA = "pulse-rhythm-65", "dna-booking-lead"
ACCEPT = Answer(AgreementDecision.ACCEPT, named=False)
WISH = Wish(REFERENCE_DATE, NO_PATIENCE, at_once=True)


class Practice:
    """An enrolled agent beside its hub."""

    def __init__(self, folder: Path, *searches: str) -> None:
        self.centre = Centre(folder / "hub")
        self.extract = write_extract(folder / "extract")
        self.centre.publish(make_agreement(*searches), library(*searches))
        self.state = enrolled(folder / "state", self.centre, self.extract)
        self.mailbox = AccountMailbox(self.centre.account())
        self.now = NOW

    def open(self) -> AbstractContextManager[Mailbox]:
        return nullcontext(self.mailbox)

    @contextmanager
    def turn(self) -> Iterator[Turn]:
        with open_turn(self.state, lambda: self.now) as turn:
            yield turn

    def accept(self, answer: Answer = ACCEPT) -> None:
        with self.turn() as turn:
            catalogue = bring_catalogue(turn, self.open).catalogue
            say(turn, find_agreement(catalogue, AGREEMENT), answer)
            deliver_waiting(turn, self.open, catalogue.hub, WISH)

    def collect(self) -> None:
        with self.turn() as turn:
            deliver_waiting(turn, self.open, bring_catalogue(turn, self.open).catalogue.hub, WISH)

    def run(self, wish: Wish = WISH, reach: Callable[[], AbstractContextManager[Mailbox]] | None = None) -> Outcome:
        with self.turn() as turn:
            return take_turn(turn, reach or self.open, wish)

    def receive(self) -> list[ReceivedResult | object]:
        with self.turn() as turn:
            return self.centre.receive(turn.key.public)

    def events(self) -> list[str]:
        return [entry.event for entry in verify_lines(self.state.diary.read_bytes()).entries]


@pytest.fixture
def practice(tmp_path: Path) -> Practice:
    return Practice(tmp_path, PULSE)


def accepted(practice: Practice) -> Practice:
    practice.accept()
    practice.receive()
    return practice


def test_nothing_runs_and_nothing_leaves_before_the_practice_has_signed(practice: Practice) -> None:
    outcome = practice.run()

    assert (outcome.released, outcome.waiting, outcome.exit_code) == ((), (), 0)
    assert [put for put in practice.mailbox.puts if not put.startswith("/log/cosignature/")] == []
    assert not list(practice.state.reports.iterdir())


def test_the_whole_path_ends_with_a_signed_receipt_and_a_diary_that_chains(practice: Practice) -> None:
    accepted(practice)

    outcome = practice.run()
    [received] = practice.receive()
    again = practice.run()

    assert isinstance(received, ReceivedResult)
    assert (received.sequence, received.reference_date) == (2, REFERENCE_DATE)
    assert ([one.sequence for one in outcome.waiting], outcome.exit_code) == ([2], 3)
    assert (again.released, again.waiting, again.exit_code) == ((), (), 0)
    assert sorted(path.name for path in practice.state.receipts.iterdir()) == ["00000001.receipt", "00000002.receipt"]
    for event in ("accepted", "decided", "spooled", "uploaded", "receipted"):
        assert event in practice.events()


def test_opted_out_patients_are_on_the_list_and_in_the_exact_report_and_in_nothing_that_leaves(
    practice: Practice,
) -> None:
    accepted(practice)
    practice.run()
    [received] = practice.receive()

    folder = practice.state.reports / "2026-03-31"
    report = json.loads((folder / f"{PULSE}.json").read_bytes())
    totals = report["cells"][0]
    rows = list(
        csv.reader(io.StringIO((practice.state.action_lists / "2026-03-31" / f"{PULSE}.csv").read_text("utf-8-sig")))
    )
    assert totals["met"] == {"everyone": 30, "without_type1": 30}
    assert totals["not_met"] == {"everyone": 20, "without_type1": 10}
    assert len(rows) == 1 + 20
    assert isinstance(received, ReceivedResult)
    assert [state.to_json() for state in received.tables[0].rows[0]] == [
        {"state": "withheld", "reason": "list_at_most_100"}
    ] * 3
    assert report["released"]["rows"][0]["met"] == {"state": "withheld", "reason": "list_at_most_100"}


def test_a_list_of_two_hundred_gives_values_and_bands(tmp_path: Path) -> None:
    practice = Practice(tmp_path, PULSE)
    write_extract(tmp_path / "larger", checked=150, unchecked=50, opted_out=10)
    write_config(practice.state, replace(read_config(practice.state), records=tmp_path / "larger"))
    accepted(practice)

    practice.run()
    [received] = practice.receive()

    assert isinstance(received, ReceivedResult)
    assert [state.to_json() for state in received.tables[0].rows[0]] == [
        {"state": "value", "value": 150},
        {"state": "value", "value": 40},
        {"state": "band", "below": 8},
    ]
    page = (practice.state.reports / "2026-03-31" / f"{PULSE}.html").read_text()
    text = " ".join(re.sub(r"<[^>]+>", " ", page).split())
    assert "met 150 150 150 As it is here. not met 50 40 40 10 patients who opted out are left out." in text
    assert "<script" not in page


def test_an_answer_is_released_once_and_later_turns_send_nothing_new(practice: Practice) -> None:
    accepted(practice)
    practice.run()
    sent = everything_under(practice.state.outbox)
    practice.receive()

    for _ in range(2):
        assert practice.run().released == ()

    assert everything_under(practice.state.outbox) == sent
    assert practice.receive() == []


def test_a_search_that_cannot_run_here_is_in_the_message_with_its_reason(tmp_path: Path) -> None:
    practice = Practice(tmp_path, PULSE, DNA)
    (practice.extract / "appointment.csv").unlink()
    write_config(practice.state, replace(read_config(practice.state), refuse_searches=(DNA,)))
    accepted(practice)

    practice.run()
    [received] = practice.receive()

    assert isinstance(received, ReceivedResult)
    assert [table.search_id for table in received.tables] == [DNA, PULSE]
    assert received.tables[0].rows[0][0].to_json() == {"state": "not_run", "reason": "other"}


def test_when_the_hub_is_away_the_answer_is_sealed_and_waits(practice: Practice) -> None:
    accepted(practice)
    practice.run(Wish(None, NO_PATIENCE, at_once=True))

    outcome = practice.run(reach=_away)

    assert [one.message for one in outcome.problems] == ["hub did not answer"] * 2
    assert [one.state for one in outcome.waiting] == ["spooled"]
    assert practice.run().waiting[0].state == "uploaded"
    assert len(practice.receive()) == 1


@contextmanager
def _away() -> Iterator[Mailbox]:
    raise HubUnreachableError("hub did not answer")
    yield


def test_when_someone_else_answers_nothing_is_run_or_sent(practice: Practice) -> None:
    accepted(practice)

    @contextmanager
    def someone_else() -> Iterator[Mailbox]:
        raise HubIdentityError("hub answered with another key")
        yield

    with pytest.raises(HubIdentityError, match="answered with another key"):
        practice.run(reach=someone_else)

    assert "hub_identity" in practice.events()
    assert not list(practice.state.reports.iterdir())


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        (
            {"tables": {"patient": ("patient_id", "age", "age_band", "sex")}},
            "tables: search pulse-rhythm-65 reads what is not agreed",
        ),
        ({"codelists": {"diabetes": "a" * 64}}, "code lists: search pulse-rhythm-65 uses code lists not agreed"),
        ({"searches": make_agreement(DNA).searches}, "searches: search pulse-rhythm-65 is not in agreement"),
    ],
    ids=["tables", "code lists", "searches"],
)
def test_a_hub_with_valid_keys_that_goes_beyond_the_agreement_is_refused(
    tmp_path: Path, changes: dict[str, object], reason: str
) -> None:
    practice = Practice(tmp_path, PULSE)
    practice.centre.publish(make_agreement(PULSE, **changes), library(PULSE))
    accepted(practice)

    outcome = practice.run()

    assert ([one.message for one in outcome.problems], outcome.exit_code) == (
        [f"no search of agreement {AGREEMENT} may run"],
        12,
    )
    decided = [entry for entry in verify_lines(practice.state.diary.read_bytes()).entries if entry.event == "decided"]
    assert reason in str(decided[0].facts["reasons"])
    assert practice.receive() == []
    assert not list(practice.state.reports.iterdir())


def test_new_terms_are_not_in_force_until_they_are_signed_too(practice: Practice) -> None:
    accepted(practice)
    practice.centre.publish(make_agreement(PULSE, version=2, title="Wider"), library(PULSE))

    assert practice.run().released == ()
    assert "not_active" in practice.events()


@pytest.mark.parametrize("day", [datetime(2025, 12, 31, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)])
def test_an_agreement_runs_only_between_its_days(practice: Practice, day: datetime) -> None:
    changes = {"start": date(2026, 1, 1), "end": NOW.date()} if day > NOW else {"start": later(1).date()}
    practice.centre.publish(make_agreement(PULSE, **changes), library(PULSE))
    practice.accept()
    practice.now = later(2) if day > NOW else NOW
    practice.receive()

    assert practice.run().released == ()
    assert "not_active" in practice.events()


def test_setting_the_clock_back_does_not_revive_an_agreement(practice: Practice) -> None:
    practice.centre.publish(make_agreement(PULSE, end=NOW.date()), library(PULSE))
    accepted(practice)
    practice.now = later(2)
    practice.run()
    practice.now = NOW

    assert practice.run().released == ()


def test_a_stale_opt_out_list_lets_nothing_leave_but_the_practice_has_its_report(
    practice: Practice, tmp_path: Path
) -> None:
    synthesise("vision", 300, 1, tmp_path / "vision")
    config = replace(read_config(practice.state), records=tmp_path / "vision", layout="vision")
    write_config(practice.state, config)
    accepted(practice)
    practice.collect()

    outcome = practice.run(Wish(date(2026, 4, 30), NO_PATIENCE, at_once=True))

    assert [one.message for one in outcome.problems] == ["opt-out list is of 2026-03-31, expected 2026-04-30 or later"]
    assert (outcome.released, outcome.exit_code) == ((), 13)
    assert json.loads((practice.state.reports / "2026-04-30" / f"{PULSE}.json").read_bytes())["released"] is None
    assert practice.receive() == []


def test_what_failed_is_not_tried_again_at_every_turn(practice: Practice) -> None:
    (practice.extract / "patient.csv").unlink()
    accepted(practice)
    practice.collect()
    by_itself = Wish(None, NO_PATIENCE, at_once=True)

    assert [practice.run(by_itself).exit_code for _ in range(2)] == [13, 0]
    practice.now = later(0.2)
    assert practice.run(by_itself).exit_code == 13


def test_an_extract_of_another_day_releases_nothing(practice: Practice) -> None:
    accepted(practice)

    outcome = practice.run(Wish(date(2026, 4, 30), NO_PATIENCE, at_once=True))

    assert (outcome.released, outcome.exit_code) == ((), 13)


def test_an_extract_that_cannot_be_read_stops_that_answer_only(practice: Practice) -> None:
    accepted(practice)
    (practice.extract / "patient.csv").unlink()

    outcome = practice.run()

    assert (outcome.released, outcome.exit_code) == ((), 13)


def test_a_forged_receipt_is_refused_and_the_message_kept(practice: Practice) -> None:
    accepted(practice)
    practice.run()
    practice.receive()
    receipt = practice.centre.folder / "mailboxes/Z90001/receipts/00000002.receipt"
    other = receipt.with_name("00000001.receipt").read_bytes()
    receipt.write_bytes(other)

    outcome = practice.run()

    assert [one.message for one in outcome.problems] == ["receipt 2 is about another message"]
    assert [one.sequence for one in outcome.waiting] == [2]
    assert "receipt_refused" in practice.events()


def test_saying_the_same_again_sends_nothing_new_and_changing_ones_mind_does(practice: Practice) -> None:
    practice.accept()
    practice.accept()
    assert len(practice.receive()) == 1
    practice.accept(Answer(AgreementDecision.ACCEPT, named=True))
    practice.accept(Answer(AgreementDecision.WITHDRAW, named=False))

    words = practice.receive()

    assert [(word.decision, word.named) for word in words if isinstance(word, Acceptance)] == [
        ("accept", True),
        ("withdraw", False),
    ]
    assert practice.run().released == ()


def test_a_practice_that_is_no_party_cannot_sign(practice: Practice) -> None:
    practice.centre.publish(make_agreement(PULSE, practices=("Z90002",)), library(PULSE))

    with pytest.raises(NotAgreedError, match="practice Z90001 is not a party to agreement heart-health"):
        practice.accept()


@pytest.mark.parametrize("version", [1, 2])
def test_a_version_that_was_signed_cannot_be_signed_again_in_other_words(practice: Practice, version: int) -> None:
    practice.centre.publish(make_agreement(PULSE, version=2), library(PULSE))
    practice.accept()
    wider = make_agreement(PULSE, version=version, title="Wider")
    practice.centre.publish(wider, library(PULSE))

    with pytest.raises(NotAgreedError, match=f"offered as version {version} in other words than were signed"):
        practice.accept()

    practice.accept(Answer(AgreementDecision.DECLINE, named=False))
    practice.centre.publish(make_agreement(PULSE, version=3, title="Wider"), library(PULSE))
    practice.accept()
    assert len(practice.receive()) == 3


def test_nobody_is_named_where_the_agreement_names_nobody(practice: Practice) -> None:
    practice.centre.publish(make_agreement(PULSE, view="unnamed"), library(PULSE))

    with pytest.raises(NotAgreedError, match="agreement heart-health names no practice to its peers"):
        practice.accept(Answer(AgreementDecision.ACCEPT, named=True))


def test_a_canary_in_every_identifying_column_is_on_the_list_and_nowhere_else(
    practice: Practice, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    accepted(practice)
    outcome = practice.run()
    received = practice.receive()
    practice.run()

    found = {name for name, data in everything_under(practice.state.root).items() if CANARY.encode() in data}
    assert CANARY in (practice.extract / "identity.csv").read_text()
    assert found == {f"action_lists/2026-03-31/{PULSE}.csv"}
    assert not any(CANARY in name for name in everything_under(practice.state.root))
    assert not any(CANARY.encode() in data for data in everything_under(practice.centre.folder).values())
    assert CANARY not in caplog.text + "".join(capfd.readouterr()) + repr(received) + repr(outcome)


def test_formulas_on_the_list_are_taken_for_text(practice: Practice) -> None:
    accepted(practice)
    practice.run()

    text = (practice.state.action_lists / "2026-03-31" / f"{PULSE}.csv").read_text("utf-8-sig")
    assert f"'=+44 {CANARY}" in text
    assert ",=" not in text


@pytest.mark.skipif(sys.platform == "win32", reason="modes mean nothing there")
def test_what_never_leaves_is_for_its_owner_only(practice: Practice) -> None:
    accepted(practice)
    practice.run()

    for path in practice.state.root.rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path


def test_without_a_state_there_is_no_turn(tmp_path: Path) -> None:
    with pytest.raises(Exception, match="this agent is not enrolled"), open_turn(StateFolder(tmp_path), lambda: NOW):
        pass


def test_a_state_folder_put_back_from_an_old_copy_releases_nothing(practice: Practice, tmp_path: Path) -> None:
    accepted(practice)
    shutil.copytree(practice.state.root, tmp_path / "copy")
    practice.run()
    practice.receive()
    practice.collect()

    practice.state = StateFolder(tmp_path / "copy")
    outcome = practice.run()

    assert outcome.released == ()
    assert [problem.message for problem in outcome.problems] == [
        "hub has signed for message 2, this state folder ends at 1"
    ]
