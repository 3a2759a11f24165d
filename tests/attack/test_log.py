"""A hub that does not keep its log as it was: each act, against an agent with its real state folder."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from agent.errors import HubUnreachableError
from agent.logged import FRESH, PATIENCE, see_log
from agent.outbox import Outgoing
from agent.state import StateFolder
from agent.turn import open_turn
from agent.witness import findings
from governance.audit import main
from governance.checkpoint import LogKey
from governance.keys import SigningKey, read_signing_key
from governance.log_entry import Kind
from governance.log_evidence import Finding, judge_evidence
from governance.log_policy import POLICY_TARGET, LogPolicy, practices_policy, write_policy
from governance.note import Receipt, sign_receipt
from governance.targets import HUB_TARGET, write_hub
from governance.wire import FileKind, file_digest
from tests.agent_kit import NOW, PRACTICE, AccountMailbox, Centre, enrolled
from tests.log_kit import KEYS, LOG, Log, Shelf

CODES = ("Z90002", "Z90003", "Z90004")


@dataclass
class Elm:
    """One agent, and the hub that tries to deceive it."""

    state: StateFolder
    hub: Centre
    now: datetime = NOW
    policy: LogPolicy | None = None

    @property
    def shelf(self) -> Shelf:
        return self.hub.log

    @property
    def key(self) -> SigningKey:
        return read_signing_key(self.state.signing_key)

    @property
    def files(self) -> dict[str, bytes]:
        files = {HUB_TARGET: write_hub(self.hub.identity)}
        return files | ({POLICY_TARGET: write_policy(self.policy)} if self.policy else {})

    def poll(self, mailbox: AccountMailbox | None = None) -> tuple[str, ...]:
        with open_turn(self.state, lambda: self.now) as turn:
            return tuple(
                str(error) for error in see_log(turn, mailbox or AccountMailbox(self.hub.account()), self.files)
            )

    def send(self, number: int, *, received_at: datetime = NOW) -> str:
        """A message with the hub's receipt, entered or not as the hub likes; its digest."""
        data = f"message {number}".encode()
        with open_turn(self.state, lambda: self.now) as turn:
            outgoing = Outgoing(FileKind.RESULT, "heart-health", f"2026-03-{number:02d}", data)
            message = turn.outbox.spool(turn.outbox.next_place(), outgoing, turn.now)
            turn.outbox.uploaded(message, turn.now)
            receipt = Receipt(PRACTICE, message.sequence, message.digest, received_at.replace(microsecond=0))
            signed = sign_receipt(receipt, "NORTHSIDE", self.hub.receipt_key)
            turn.outbox.receipted(message, signed, received_at.isoformat())
        return file_digest(data)

    def enter(self, number: int, digest: str, at: datetime | None = None, practice: str = PRACTICE) -> None:
        self.shelf.at = at or self.now
        facts = {"agreement": "heart-health", "sequence": number}
        self.shelf.enter_message(Kind.RESULT_RECEIVED, practice, facts, digest)

    def evidence(self) -> list[Finding]:
        """What was kept, each judged from the file alone."""
        return [judge_evidence(path.read_bytes()).evidence.finding for path in sorted(self.state.log.iterdir())]

    @property
    def words(self) -> list[int]:
        """The sizes that this agent has cosigned."""
        return sorted(size for size, words in self.shelf.words.items() if PRACTICE in words)


class Split(Shelf):
    """Shows one log to whoever asks for checkpoints, and proofs of another."""

    def __init__(self, shown: Shelf, hidden: Shelf) -> None:
        super().__init__(shown.log.key)
        self.shown, self.hidden = shown, hidden

    def read(self, path: str) -> bytes:
        return (self.hidden if "/proof/" in path else self.shown).read(path)


@pytest.fixture
def elm(tmp_path: Path) -> Elm:
    hub = Centre(tmp_path / "hub")
    elm = Elm(enrolled(tmp_path / "elm", hub, tmp_path), hub)
    for number in (1, 2, 3):
        elm.enter(number, elm.send(number))
    assert elm.poll() == ()
    assert elm.words == [3]
    return elm


def rewritten(elm: Elm, *leaves: bytes) -> Log:
    """Another log under the hub's true key."""
    return Log(leaves, key=elm.shelf.log.key)


def test_a_log_that_grows_is_cosigned_again_and_again(elm: Elm) -> None:
    elm.enter(4, elm.send(4))
    assert elm.poll() == ()
    assert elm.words == [3, 4]
    assert elm.evidence() == []


def test_a_fork_of_the_same_length(elm: Elm) -> None:
    first, *_, last = elm.shelf.log.leaves
    elm.shelf.log = rewritten(elm, first, last, elm.shelf.log.leaves[1])
    told = elm.poll()
    assert "the hub's log is not the one seen before: fork" in told[0]
    assert elm.evidence() == [Finding.FORK]


def test_an_entry_edited_in_a_longer_log(elm: Elm) -> None:
    leaves = elm.shelf.log.leaves
    edited = leaves[0].replace(b'"sequence":1', b'"sequence":9')
    elm.shelf.log = rewritten(elm, edited, *leaves[1:], leaves[2])
    elm.poll()
    assert elm.evidence() == [Finding.NOT_CONTINUED]


def test_entries_in_another_order(elm: Elm) -> None:
    a, b, c = elm.shelf.log.leaves
    elm.shelf.log = rewritten(elm, b, a, c, c)
    elm.poll()
    assert elm.evidence() == [Finding.NOT_CONTINUED]


def test_an_entry_taken_out_of_a_longer_log(elm: Elm) -> None:
    a, _, c = elm.shelf.log.leaves
    elm.shelf.log = rewritten(elm, a, c, c, c)
    elm.poll()
    assert elm.evidence() == [Finding.NOT_CONTINUED]


def test_a_log_cut_short(elm: Elm) -> None:
    elm.shelf.log = rewritten(elm, *elm.shelf.log.leaves[:2])
    elm.poll()
    assert elm.evidence() == [Finding.ROLLED_BACK]


def test_an_empty_log_after_a_full_one(elm: Elm) -> None:
    elm.shelf.log = rewritten(elm)
    elm.poll()
    assert elm.evidence() == [Finding.ROLLED_BACK]


def test_a_message_that_was_never_entered(elm: Elm) -> None:
    elm.send(4)
    elm.now += FRESH - timedelta(hours=1)
    assert elm.poll() == ()
    elm.now += timedelta(hours=2)
    assert "omitted" in elm.poll()[0]
    assert elm.evidence() == [Finding.OMITTED]


def test_another_message_entered_in_the_place_of_ours(elm: Elm) -> None:
    digest = elm.send(4)
    elm.enter(4, file_digest(b"something else"))
    elm.shelf.places[f"/log/proof/message/{digest}"] = 3
    assert "false_entry" in elm.poll()[0]
    assert elm.evidence() == [Finding.FALSE_ENTRY]


def test_our_message_entered_as_somebody_elses(elm: Elm) -> None:
    elm.enter(4, elm.send(4), practice="Z90002")
    assert "false_entry" in elm.poll()[0]
    assert elm.evidence() == [Finding.FALSE_ENTRY]


def test_our_message_entered_under_another_agreement(elm: Elm) -> None:
    """No receipt names an agreement, so this accuses nobody; it is told, and not taken for our entry."""
    digest = elm.send(4)
    facts = {"agreement": "other-agreement", "sequence": 4}
    elm.shelf.enter_message(Kind.RESULT_RECEIVED, PRACTICE, facts, digest)
    assert "is not what /log/proof/message/" in elm.poll()[0]
    assert elm.evidence() == []


def test_an_entry_dated_back(elm: Elm) -> None:
    elm.enter(4, elm.send(4), at=elm.now - timedelta(days=60))
    assert "back_dated" in elm.poll()[0]
    assert elm.evidence() == [Finding.BACK_DATED]


def test_an_entry_shown_under_a_log_that_nobody_else_is_shown(elm: Elm) -> None:
    """The offer continues what was seen; the proof leads into another log of the same hub."""
    digest = elm.send(4)
    hidden = Shelf(elm.shelf.log.key)
    hidden.log = rewritten(elm, *elm.shelf.log.leaves[:2])
    facts = {"agreement": "heart-health", "sequence": 4}
    hidden.enter_message(Kind.RESULT_RECEIVED, PRACTICE, facts, digest)
    elm.hub.log = Split(elm.shelf, hidden)
    elm.poll()
    assert elm.evidence() == [Finding.FORK]


def test_a_checkpoint_that_the_hub_has_not_signed_is_no_evidence_and_not_cosigned(elm: Elm) -> None:
    elm.shelf.log = Log(elm.shelf.log.leaves * 2)
    assert "not signed by NORTHSIDE/log" in elm.poll()[0]
    assert (elm.words, elm.evidence()) == ([3], [])


def test_what_was_found_stays_found_even_if_the_old_log_comes_back(elm: Elm) -> None:
    good = elm.shelf.log
    elm.shelf.log = rewritten(elm, *good.leaves[:2])
    elm.poll()
    elm.shelf.log = good
    assert elm.poll() == ()
    assert elm.evidence() == [Finding.ROLLED_BACK]
    with open_turn(elm.state, lambda: elm.now) as turn:
        assert len(findings(turn.connection)) == 1


def test_it_is_remembered_before_it_is_cosigned(elm: Elm) -> None:
    """A kill while the cosignature goes up: what was to be cosigned is known afterwards."""

    class Broken(AccountMailbox):
        def put(self, path: str, data: bytes) -> None:
            raise HubUnreachableError("the line broke")

    elm.enter(4, elm.send(4))
    assert elm.poll(Broken(elm.hub.account())) == ("the line broke",)
    assert elm.words == [3]
    shorter = rewritten(elm, *elm.shelf.log.leaves[:3])
    elm.shelf.log = shorter
    elm.poll()
    assert elm.evidence() == [Finding.ROLLED_BACK]


def test_evidence_is_found_by_whoever_audits_the_folder(elm: Elm, capsys: pytest.CaptureFixture[str]) -> None:
    elm.shelf.log = rewritten(elm, *elm.shelf.log.leaves[:2])
    elm.poll()
    assert main(["verify", str(elm.state.root)]) == 1
    assert "after a log of 3 entries one of 2 was shown as the newest" in capsys.readouterr().out
    (file,) = elm.state.log.iterdir()
    assert main(["verify", str(file)]) == 3  # only the keys are its own
    policy = elm.state.root.parent / "policy"
    log = LogKey(LOG.origin, elm.hub.receipt_key.public)
    policy.write_bytes(write_policy(practices_policy(log, {PRACTICE: elm.key.public})))
    assert main(["verify", str(file), "--policy", str(policy)]) == 0


# --- what may run -----------------------------------------------------------------------------------------------------


def test_words_of_too_few_witnesses_do_not_let_a_message_count_as_entered(elm: Elm) -> None:
    log = LogKey(LOG.origin, elm.hub.receipt_key.public)
    keys = {code: KEYS[code].public for code in CODES} | {PRACTICE: elm.key.public}
    elm.policy = practices_policy(log, keys)
    elm.enter(4, elm.send(4))
    assert elm.poll() == ()
    assert "cosigned by 1 witnesses, which is no quorum" in elm.state.diary.read_text()


def test_the_patience_is_shorter_than_the_witnesses_freshness() -> None:
    assert PATIENCE < FRESH
