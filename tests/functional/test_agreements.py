"""Agreements as people live with them: drafted, proposed, signed, stopped with the hub down, gone on with, left."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.functional.test_gpfed_agent import Ended, RunningHub, run

SHA = "d" * 64


@pytest.fixture(scope="module")
def signed(tmp_path_factory: pytest.TempPathFactory) -> tuple[RunningHub, Path]:
    """A hub that stands still again, and a practice that accepted its agreement."""
    folder = tmp_path_factory.mktemp("agreements")
    hub, state = RunningHub(folder / "northside"), folder / "state"
    code = hub.code("Z90001")
    enrolled = run("agent", "--state", state, "enrol", code, "--layout", "canonical", "--extract", folder)
    assert enrolled.code == 0, enrolled.err
    accepted = run("agent", "--state", state, "agreements", "accept", "heart-health", "--unnamed", "--yes")
    assert accepted.code == 0, accepted.err
    hub.stop()
    return hub, state


def agreements(state: Path, *words: str | Path) -> Ended:
    return run("agent", "--state", state, "agreements", *words)


def test_a_practice_suspends_goes_on_and_leaves_with_the_hub_down(signed: tuple[RunningHub, Path]) -> None:
    _, state = signed
    suspended = agreements(state, "suspend", "heart-health")
    assert suspended.code == 14
    assert "stopped here: suspend heart-health; nothing more runs or leaves under it" in suspended.out
    assert (state / "stops" / "heart-health").read_text() == "suspend\n"
    assert "suspend version 1" in run("agent", "--state", state, "status").out

    resumed = agreements(state, "resume", "heart-health")
    assert "resumed: agreement heart-health" in resumed.out
    assert not (state / "stops" / "heart-health").exists()

    unsure = agreements(state, "withdraw", "heart-health")
    assert (unsure.code, "nothing was changed" in unsure.err) == (12, True)
    withdrawn = agreements(state, "withdraw", "heart-health", "--yes")
    assert "stopped here: withdraw heart-health" in withdrawn.out
    again = agreements(state, "resume", "heart-health")
    assert (again.code, "cannot resume an agreement that is withdrawing" in again.err) == (12, True)
    other = agreements(state, "suspend", "other")
    assert (other.code, "agreement other is not accepted here" in other.err) == (12, True)


def test_a_paused_agent_does_nothing_and_says_so(signed: tuple[RunningHub, Path]) -> None:
    _, state = signed
    (state / "PAUSE").write_text("audit\n")
    paused = run("agent", "--state", state, "run", "--once")
    (state / "PAUSE").unlink()
    assert (paused.code, paused.err.splitlines()[0]) == (11, "gpfed-agent: this practice has paused everything")


def test_a_draft_is_filled_in_proposed_read_renewed_suspended_and_resumed(
    signed: tuple[RunningHub, Path], tmp_path: Path
) -> None:
    hub, _ = signed
    draft = hub.hub("agreement", "draft", "lungs", "--search", "smoking-recorded", "--practice", "Z90001").out
    (tmp_path / "lungs.yaml").write_text(draft.replace("sha256: CHANGE", f"sha256: {SHA}"))
    propose = ("agreement", "propose", tmp_path / "lungs.yaml", "--drafter-key", hub.keys["author"], *hub.reviewers)
    unfilled = run("hub", "--hub", hub.folder, *propose)
    assert (unfilled.code, "title: CHANGE was left" in unfilled.err) == (12, True)

    (tmp_path / "lungs.yaml").write_text(draft.replace("sha256: CHANGE", f"sha256: {SHA}").replace("CHANGE", "Lungs"))
    hub.hub(*propose)
    hub.hub("agreement", "show", "lungs", "--page", tmp_path / "lungs.html")
    assert "<h1>Lungs (lungs, version 1)</h1>" in (tmp_path / "lungs.html").read_text()
    assert "another 35 days" in hub.hub("agreement", "renew", "lungs", *hub.reviewers).out
    hub.hub("agreement", "suspend", "lungs", "--reason", "a complaint")
    assert "goes on" in hub.hub("agreement", "resume", "lungs", *hub.reviewers).out

    text = (tmp_path / "lungs.yaml").read_text().replace("version: 1", "version: 2")
    (tmp_path / "lungs.yaml").write_text(text.replace("profile: nhs-round5", "profile: strict10"))
    assert "profile (narrower): nhs-round5 becomes strict10" in hub.hub(*propose).out


def test_a_pdf_is_made_or_it_is_said_what_is_missing(signed: tuple[RunningHub, Path], tmp_path: Path) -> None:
    hub, _ = signed
    made = run("hub", "--hub", hub.folder, "agreement", "show", "heart-health", "--page", tmp_path / "page.pdf")
    if made.code == 0:
        assert (tmp_path / "page.pdf").read_bytes().startswith(b"%PDF")
    else:
        assert made.err.startswith("gpfed-hub: a PDF needs ")
