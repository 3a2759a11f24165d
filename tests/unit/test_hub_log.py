"""The log at the hub: entered with what it records, written once, shown to whom it concerns, checked, exported."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from django.db import DatabaseError, connection, connections, transaction

from agent.state import StateFolder
from governance.checkpoint import LogKey, read_checkpoint
from governance.cosignature import cosign
from governance.log_bundle import read_log_bundle, verify_log_bundle
from governance.log_entry import Kind, read_entry
from governance.log_policy import read_policy
from governance.log_proof import check_shown, read_offer, read_proof
from governance.merkle_proof import ConsistencyProof, verify_consistency
from hub.audit import Question, bundle
from hub.errors import AccessError, HubError, NotThereError
from hub.events import record
from hub.fsck import fsck
from hub.log import ENTRIES, HOLD, counting, log_key, newest, policy_in_force, size
from hub.models import (
    Event,
    LogCheckpoint,
    LogCosignature,
    LogHash,
    LogLeaf,
    LogSecret,
    Practice,
    PublishedSearch,
    Result,
)
from hub.models.log import Event as EventRow
from tests.federation import AGREEMENT, Agent, Federation, pulse_table

_made: list[Federation] = []


@pytest.fixture
def federation(tmp_path: Path) -> Federation:
    """Three practices; one has sent a result. Made once; each test works on a copy of its folders."""
    if not _made:
        _made.append(_begun(Path(tempfile.mkdtemp(prefix="gpfed-hub-log-"))))
    connections.close_all()
    first = _made[0]
    shutil.copytree(first.folder, tmp_path / "copy")
    copy = object.__new__(Federation)
    copy.folder, copy.hub_folder, copy.now, copy.fresh = tmp_path / "copy", tmp_path / "copy" / "hub", first.now, False
    copy.agents = {code: Agent(copy, code, StateFolder(copy.folder / "agents" / code)) for code in first.agents}
    copy._open_hub()
    return copy


def _begun(folder: Path) -> Federation:
    federation = Federation(folder)
    elm = federation.ready("Z90001", "Z90002", "Z90003")[0]
    elm.spool(elm.seal([pulse_table()]))
    elm.deliver()
    federation.receive()
    return federation


def kinds() -> list[str]:
    return list(LogLeaf.objects.values_list("kind", flat=True))


def poll(federation: Federation, times: int = 2) -> None:
    for _ in range(times):
        for agent in federation.agents.values():
            agent.pull()


def past_the_triggers(statement: str, *values: object) -> None:
    """What somebody does who has the database's file."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        for (name,) in cursor.fetchall():
            cursor.execute(f"DROP TRIGGER {name}")
        cursor.execute("PRAGMA foreign_keys = OFF")
        cursor.execute(statement, values)


# --- entered with what it records -------------------------------------------------------------------------------------


def test_everything_that_happened_is_entered_in_order(federation: Federation) -> None:
    assert kinds() == [
        *(["key_enrolled"] * 6),
        "agreement_proposed",
        *(["agreement_accepted"] * 3),
        "search_published",
        "result_received",
    ]
    assert [leaf.index for leaf in LogLeaf.objects.all()] == list(range(12))


def test_row_event_and_leaf_are_all_there_or_none_is(federation: Federation) -> None:
    before = (Event.objects.count(), size(), LogHash.objects.count(), LogSecret.objects.count())
    with pytest.raises(ZeroDivisionError), transaction.atomic():  # noqa: PT012 - what was done before it fails matters
        record(
            federation.centre, "quarantined", Practice.objects.get(code="Z90001"), file="ab" * 32, reason="too_large"
        )
        raise ZeroDivisionError
    assert (Event.objects.count(), size(), LogHash.objects.count(), LogSecret.objects.count()) == before


def test_an_event_that_cannot_be_entered_is_not_recorded(federation: Federation) -> None:
    before = Event.objects.count()
    with pytest.raises(HubError, match="event figures_seen has no place in the log"):
        record(federation.centre, "figures_seen")
    with pytest.raises(Exception, match="search_published may not hold met"):
        record(federation.centre, "search_published", agreement=AGREEMENT, met=37)
    assert Event.objects.count() == before


def test_every_event_that_the_hub_records_is_named() -> None:
    root = Path(__file__).parents[2] / "hub"
    text = "".join(path.read_text() for path in root.rglob("*.py"))
    for kind in ("hub_initialised", "practice_added", "practice_invited", "practice_enrolled", "staff_added"):
        assert f'"{kind}"' in text
        assert kind in ENTRIES


def test_what_the_log_says_of_a_result_is_no_figure_and_no_digest(federation: Federation) -> None:
    leaf, result = LogLeaf.objects.get(kind="result_received"), Result.objects.get()
    entry = read_entry(bytes(leaf.entry))
    assert entry.practice == "Z90001"
    assert entry.facts == {
        "agreement": AGREEMENT,
        "reference_date": result.reference_date.isoformat(),
        "sequence": result.sequence,
        "searches": 1,
    }
    assert {*entry.committed} == {"file"}
    assert result.digest not in bytes(leaf.entry).decode()
    assert result.digest not in entry.committed.values()


def test_deleting_the_secret_leaves_the_entry_and_closes_what_it_commits_to(federation: Federation) -> None:
    leaf = LogLeaf.objects.get(kind="result_received")
    elm, digest = federation.agents["Z90001"], Result.objects.get().digest
    poll(federation)
    path = f"/log/proof/message/{digest}"
    assert read_proof(elm.mailbox.fetch(path, 99_999)).opens("file", digest)
    LogSecret.objects.get(leaf=leaf).delete()
    assert not read_proof(elm.mailbox.fetch(path, 99_999)).opens("file", digest)
    assert fsck(federation.centre).faults == ()


@pytest.mark.parametrize(
    ("table", "word"),
    [
        ("hub_logleaf", "an entry of the log"),
        ("hub_loghash", "a hash of the log"),
        ("hub_logcheckpoint", "a checkpoint"),
    ],
)
def test_the_database_itself_refuses_to_change_the_log(federation: Federation, table: str, word: str) -> None:
    column = "size" if table == "hub_logcheckpoint" else "place" if table == "hub_loghash" else '"index"'
    for statement in (f"UPDATE {table} SET {column} = {column}", f"DELETE FROM {table}"):
        with pytest.raises(DatabaseError, match=f"{word} is written once"), transaction.atomic():
            connection.cursor().execute(statement)


def test_events_of_before_there_was_a_log_are_entered_first(federation: Federation) -> None:
    count = size()
    for table in ("hub_logcosignature", "hub_logcheckpoint", "hub_loghash", "hub_logsecret", "hub_logleaf"):
        past_the_triggers(f"DELETE FROM {table}")
    record(federation.centre, "quarantined", Practice.objects.get(code="Z90001"), file="ab" * 32, reason="too_large")
    assert size() == count + 1
    assert kinds()[0] == "key_enrolled"
    assert fsck(federation.centre).faults == ()


def test_times_do_not_go_back_when_the_clock_does(federation: Federation) -> None:
    with federation.at(federation.now - timedelta(days=3)):
        record(
            federation.centre, "quarantined", Practice.objects.get(code="Z90001"), file="ab" * 32, reason="too_large"
        )
    before, last = (read_entry(bytes(leaf.entry)).at for leaf in list(LogLeaf.objects.all())[-2:])
    assert last == before
    assert fsck(federation.centre).faults == ()


# --- checkpoints and witnesses ----------------------------------------------------------------------------------------


def test_a_checkpoint_is_the_newest_until_enough_have_cosigned_it(federation: Federation) -> None:
    poll(federation)
    one = newest(federation.centre)
    assert (one.size, counting(federation.centre)) == (size(), one)
    record(federation.centre, "quarantined", Practice.objects.get(code="Z90001"), file="ab" * 32, reason="too_large")
    two = newest(federation.centre)
    record(federation.centre, "quarantined", Practice.objects.get(code="Z90001"), file="cd" * 32, reason="too_large")
    assert newest(federation.centre) == two
    federation.agents["Z90001"].pull()
    assert (newest(federation.centre), counting(federation.centre)) == (two, one)
    federation.agents["Z90002"].pull()
    assert counting(federation.centre) == two
    assert newest(federation.centre).size == two.size + 1


def test_a_checkpoint_waits_for_its_witnesses_a_day_at_most(federation: Federation) -> None:
    poll(federation)
    for file in ("ab", "cd"):
        record(
            federation.centre, "quarantined", Practice.objects.get(code="Z90001"), file=file * 32, reason="too_large"
        )
        waiting = newest(federation.centre)
    federation.later(seconds=HOLD.total_seconds())
    assert newest(federation.centre).size == waiting.size + 1


def test_every_checkpoint_continues_the_one_before(federation: Federation) -> None:
    poll(federation, 3)
    key = log_key(federation.centre)
    rows = list(LogCheckpoint.objects.all())
    assert len(rows) >= 2
    shelf = federation.agents["Z90001"].mailbox
    for first, second in pairwise(rows):
        offer = read_offer(shelf.fetch(f"/log/offer/{first.size}/{second.size}", 99_999))
        old, new = (read_checkpoint(bytes(row.note), key) for row in (first, second))
        verify_consistency(old.root, ConsistencyProof(old.size, new.size, offer.hashes), new.root)


def test_the_witnesses_are_those_that_the_targets_keys_signed(federation: Federation) -> None:
    policy = policy_in_force(federation.centre)
    assert {*policy.witnesses} == {"Z90001", "Z90002", "Z90003"}
    assert policy.groups["practices"].needed == 2
    kept = federation.agents["Z90002"].folder.catalogue / "files"
    assert any(b"quorum practices" in path.read_bytes() and read_policy(path.read_bytes()) for path in kept.iterdir())


def word(federation: Federation, agent: Agent, by: Agent, checkpoint: LogCheckpoint) -> bytes:
    text = read_checkpoint(bytes(checkpoint.note), log_key(federation.centre)).checkpoint.text
    return cosign(text, by.code, by.key, federation.now)


def test_a_word_is_taken_from_its_own_witness_alone(federation: Federation) -> None:
    poll(federation)
    elm, oak = federation.agents["Z90001"], federation.agents["Z90002"]
    first, last = LogCheckpoint.objects.first(), LogCheckpoint.objects.last()
    assert first is not None
    assert last is not None
    federation.later(minutes=5)
    elm.mailbox.put(f"/log/cosignature/{last.size}", word(federation, elm, elm, last))
    kept = LogCosignature.objects.get(checkpoint=last, practice__code="Z90001")
    assert kept.at == federation.now.replace(microsecond=0)
    for line, path in (
        (word(federation, elm, oak, last), f"/log/cosignature/{last.size}"),
        (word(federation, elm, elm, first), f"/log/cosignature/{last.size}"),
        (word(federation, elm, elm, last), f"/log/cosignature/{last.size + 77}"),
        (b"nothing", f"/log/cosignature/{last.size}"),
        (b"x" * 600, f"/log/cosignature/{last.size}"),
    ):
        with pytest.raises((AccessError, Exception), match=r"cosignature|no such file|note|at most"):
            elm.mailbox.put(path, line)
    assert LogCosignature.objects.get(checkpoint=last, practice__code="Z90001").line == kept.line


def test_an_older_word_does_not_replace_a_newer_one(federation: Federation) -> None:
    poll(federation)
    elm, last = federation.agents["Z90001"], LogCheckpoint.objects.last()
    assert last is not None
    before = LogCosignature.objects.get(checkpoint=last, practice__code="Z90001").at
    with federation.at(federation.now - timedelta(days=2)):
        elm.mailbox.put(f"/log/cosignature/{last.size}", word(federation, elm, elm, last))
    assert LogCosignature.objects.get(checkpoint=last, practice__code="Z90001").at == before


def test_a_practice_is_shown_what_concerns_it_and_no_more(federation: Federation) -> None:
    poll(federation)
    digest, search = Result.objects.get().digest, PublishedSearch.objects.get()
    elm, oak = (federation.agents[code].account for code in ("Z90001", "Z90002"))
    key = LogKey(log_key(federation.centre).origin, federation.centre.keys.receipt.public)
    for path in (f"/log/proof/message/{digest}", f"/log/proof/search/{AGREEMENT}/{search.digest}"):
        shown = read_proof(elm.open_read(path).read())
        check_shown(shown, read_checkpoint(shown.note, key))
        assert elm.size(path) == len(elm.open_read(path).read())
    with pytest.raises(NotThereError, match="no such file"):
        oak.open_read(f"/log/proof/message/{digest}")
    with pytest.raises(AccessError, match="may not be read"):
        elm.open_read(f"/log/proof/search/other-agreement/{search.digest}")
    for path in ("/log", "/log/", "/log/proof", "/log/proof/message/..", "/log/offer/-1", "/log/offer/1/2/3", "/log/x"):
        with pytest.raises(AccessError, match="may not be read"):
            elm.open_read(path)


# --- fsck -------------------------------------------------------------------------------------------------------------


def test_a_whole_hub_has_no_faults(federation: Federation) -> None:
    poll(federation)
    checked = fsck(federation.centre)
    assert (checked.entries, checked.faults) == (12, ())
    assert checked.checkpoints >= 1


def entry_text(leaf: LogLeaf) -> bytes:
    return bytes(leaf.entry)


TAMPERED: dict[str, tuple[Callable[[], None], str]] = {
    "an entry edited": (
        lambda: past_the_triggers(
            'UPDATE hub_logleaf SET entry = %s WHERE "index" = 11',
            entry_text(LogLeaf.objects.get(index=11)).replace(b"Z90001", b"Z90002"),
        ),
        "entry 11: it is not what event",
    ),
    "two entries swapped": (
        lambda: past_the_triggers(
            'UPDATE hub_logleaf SET entry = CASE "index" WHEN 7 THEN %s ELSE %s END WHERE "index" IN (7, 8)',
            entry_text(LogLeaf.objects.get(index=8)),
            entry_text(LogLeaf.objects.get(index=7)),
        ),
        "entry 7: it is not what event",
    ),
    "the last entry gone": (
        lambda: past_the_triggers('DELETE FROM hub_logleaf WHERE "index" = 11'),
        "is not in the log",
    ),
    "an entry gone from the middle": (
        lambda: past_the_triggers('DELETE FROM hub_logleaf WHERE "index" = 5'),
        "entry 6: it stands in the place of entry 5",
    ),
    "a hash changed": (
        lambda: past_the_triggers("UPDATE hub_loghash SET hash = %s WHERE place = 4", bytes(32)),
        "hash 4 of the log's tree",
    ),
    "an event changed": (
        lambda: past_the_triggers("UPDATE hub_event SET facts = '{}' WHERE kind = 'search_published'"),
        "entry 10: it is not what event",
    ),
    "an event gone": (
        lambda: past_the_triggers("DELETE FROM hub_event WHERE kind = 'result_received'"),
        "has no event",
    ),
    "a result gone": (lambda: past_the_triggers("DELETE FROM hub_result"), "event of result"),
    "a result's bytes changed": (
        lambda: past_the_triggers("UPDATE hub_result SET sealed = %s", b"other"),
        "its bytes are not those received",
    ),
    "a search put in past the record": (
        lambda: past_the_triggers("UPDATE hub_publishedsearch SET digest = %s", "ab" * 32),
        "has no event",
    ),
    "an agreement changed": (
        lambda: past_the_triggers("UPDATE hub_agreement SET digest = %s", "ab" * 32),
        "agreement heart-health abab",
    ),
    "a practice's word changed": (
        lambda: past_the_triggers("UPDATE hub_membership SET acceptance = %s", b"other"),
        "of a practice on an agreement has no event",
    ),
    "a practice's key changed": (
        lambda: past_the_triggers(
            "UPDATE hub_practice SET signing_key = (SELECT key FROM hub_staffmember LIMIT 1) WHERE code = 'Z90001'"
        ),
        "key of practice",
    ),
    "a checkpoint of something else": (
        lambda: past_the_triggers(
            "UPDATE hub_logcheckpoint SET note = %s",
            bytes(LogCheckpoint.objects.last().note)[:-9],  # type: ignore[union-attr]
        ),
        "checkpoint of",
    ),
}


@pytest.mark.parametrize("what", TAMPERED)
def test_fsck_finds(federation: Federation, what: str) -> None:
    poll(federation)
    tamper, told = TAMPERED[what]
    tamper()
    assert any(told in fault for fault in fsck(federation.centre).faults), fsck(federation.centre).faults


def test_a_log_rewritten_as_a_whole_breaks_the_checkpoints_that_were_signed(federation: Federation) -> None:
    """Rows, events, leaves and hashes all agree afterwards: only what was signed before tells."""
    poll(federation)
    last = EventRow.objects.get(kind="result_received")
    past_the_triggers("DELETE FROM hub_figure")
    past_the_triggers("DELETE FROM hub_result")
    for table in ("hub_logsecret", "hub_loghash", "hub_logleaf"):
        past_the_triggers(f"DELETE FROM {table}")
    past_the_triggers("DELETE FROM hub_event WHERE id = %s", last.pk)
    record(federation.centre, "quarantined", Practice.objects.get(code="Z90001"), file="ab" * 32, reason="too_large")
    faults = fsck(federation.centre).faults
    assert faults
    assert all(fault.startswith("checkpoint of") for fault in faults)


# --- bundles ----------------------------------------------------------------------------------------------------------


def test_a_bundle_is_checked_without_the_hub(federation: Federation) -> None:
    poll(federation)
    question = Question("what left Z90001", "Z90001", frozenset({Kind.RESULT_RECEIVED}))
    read = read_log_bundle(bundle(federation.centre, question))
    found = verify_log_bundle(read, policy_in_force(federation.centre))
    assert (found.exit_code, [entry.kind for entry in found.entries]) == (0, [Kind.RESULT_RECEIVED])
    assert read.entries[0].opened == {"file": Result.objects.get().digest}
    whole = verify_log_bundle(read_log_bundle(bundle(federation.centre, Question("everything"))), None)
    assert whole.is_whole


def test_a_bundle_holds_what_was_asked(federation: Federation) -> None:
    poll(federation)
    today = federation.now.date()
    asked = Question("oak", "Z90002", begin=today, end=today)
    practices = {
        json.loads(one["entry"])["practice"] for one in json.loads(bundle(federation.centre, asked))["entries"]
    }
    assert practices == {None, "Z90002"}
    later = Question("tomorrow", begin=today + timedelta(days=1))
    assert json.loads(bundle(federation.centre, later))["entries"] == []


def test_without_witnesses_there_is_no_bundle(federation: Federation) -> None:
    LogCosignature.objects.all().delete()
    with pytest.raises(HubError, match="has enough cosignatures"):
        bundle(federation.centre, Question("everything"))
