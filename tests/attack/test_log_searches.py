"""What runs only because it was found in the log: over a whole federation, each guard with what it stops."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from agent.approval import due
from agent.cycle import bring_catalogue
from agent.logged import FRESH, PATIENCE, in_the_log
from agent.turn import open_turn
from agent.witness import findings
from hub.models import LogCosignature
from tests.federation import AGREEMENT, REFERENCE_DATE, SEARCH, Agent, Federation, search_files


def may_run(agent: Agent) -> tuple[str, ...] | None:
    """The searches that the log lets run of all that the catalogue brings; None while the result waits."""
    with agent.turn() as turn:
        brought = bring_catalogue(turn, agent.open)
        (one,) = due(turn, brought.catalogue, brought.files, REFERENCE_DATE)
        entered = in_the_log(turn, one)
        return None if entered is None else tuple(search.id for search in entered.permitted)


@pytest.fixture
def three(tmp_path: Path) -> Federation:
    federation = Federation(tmp_path)
    federation.ready("Z90001", "Z90002", "Z90003")
    return federation


def test_a_search_runs_once_two_of_three_have_cosigned_the_log_that_holds_it(three: Federation) -> None:
    assert may_run(three.agents["Z90001"]) == (SEARCH,)


def test_a_search_that_the_hub_kept_out_of_the_log_waits(tmp_path: Path) -> None:
    """Signed by everybody who must sign, within the agreement, and not in the log: shown to one practice alone."""
    federation = Federation(tmp_path)
    elm = federation.enrol("Z90001")
    federation.propose()
    elm.say()
    federation.receive()
    federation.publish_anyway(search_files())
    outcome = elm.run()
    assert outcome.released == ()
    assert "waits until its searches are found in the hub's log" in outcome.held[0]
    assert "the hub shows no entry of it" in elm.diary()


def test_a_search_that_too_few_have_seen_waits(three: Federation) -> None:
    three.publish_changed()
    elm, oak, ash = (three.agents[code] for code in ("Z90001", "Z90002", "Z90003"))
    assert may_run(elm) is None
    assert may_run(elm) is None, "its own word again makes no quorum"
    for agent in (oak, ash):
        agent.pull()
    assert may_run(elm) == (SEARCH,)


def test_when_the_witnesses_fall_silent_new_searches_wait_and_running_ones_go_on(three: Federation) -> None:
    elm = three.agents["Z90001"]
    assert may_run(elm) == (SEARCH,)
    LogCosignature.objects.exclude(practice__code="Z90001").delete()
    three.later(days=6)
    assert may_run(elm) == (SEARCH,)


def test_an_agreement_that_is_not_found_in_the_log_holds_its_searches(three: Federation) -> None:
    elm = three.agents["Z90001"]
    assert may_run(elm) == (SEARCH,)
    with elm.turn() as turn:
        turn.connection.execute("DELETE FROM log_entry WHERE path LIKE '%/agreement/%'")
    LogCosignature.objects.all().delete()
    assert may_run(elm) is None


def test_words_of_more_than_eight_days_ago_do_not_count_for_a_new_search(three: Federation) -> None:
    """Everything else holds: the entry, its proof, the quorum; only nobody has looked for so long."""
    elm = three.agents["Z90001"]
    with open_turn(elm.folder, three.clock) as turn:
        turn.connection.execute("DELETE FROM log_entry")
    three.later(seconds=(FRESH - timedelta(hours=1)).total_seconds())
    with three.at(three.now + timedelta(hours=2)), elm.turn() as turn:
        bring_catalogue(turn, elm.open)
        known = {path for (path,) in turn.connection.execute("SELECT path FROM log_entry")}
    assert not any("/search/" in path for path in known)
    assert "last words of enough witnesses" in elm.diary()


def test_after_two_days_a_result_goes_without_the_search_that_is_not_found(three: Federation) -> None:
    elm = three.agents["Z90001"]
    three.publish_changed()
    assert may_run(elm) is None
    three.later(seconds=PATIENCE.total_seconds())
    LogCosignature.objects.exclude(practice__code="Z90001").delete()
    assert may_run(elm) == ()


def test_with_evidence_against_the_log_nothing_new_runs_and_what_ran_goes_on(three: Federation) -> None:
    elm = three.agents["Z90001"]
    assert may_run(elm) == (SEARCH,)
    with elm.turn() as turn:
        turn.connection.execute("INSERT INTO log_finding VALUES ('fork.evidence', '2026-03-31T00:00:00Z')")
        assert findings(turn.connection) == ("fork.evidence",)
    assert may_run(elm) == (SEARCH,)
    three.publish_changed()
    assert may_run(elm) == ()
    assert AGREEMENT in elm.diary()
