"""Replays, requests made again, and a history that was edited, put back or stolen."""

from __future__ import annotations

import hashlib

import pytest

from governance import release_history
from governance.errors import DisclosureError, HistoryError
from governance.people_index import person_keys
from governance.release_history import Mark, ReleaseHistory, read_history, write_history
from tests.attack.stories import stopped_by
from tests.attack.surgery import LOCAL_KEY, Letter, Surgery, ask, assert_alike, crowd

PATIENTS = [*crowd("patient", 250), "Ann"]
MET, OTHERS = crowd("patient", 60), crowd("patient", 60, 60)
ASKED, CHANGED = ask("pulse", MET, [*OTHERS, "Ann"]), ask("pulse", [*MET, "Ann"], OTHERS)


@stopped_by("two releases of a period")
def test_a_period_is_not_released_a_third_time() -> None:
    surgery = Surgery(PATIENTS)
    surgery.release_again(ASKED)
    surgery.release_again(ASKED)
    with pytest.raises(DisclosureError, match="was released and restated"):
        surgery.release_again(ASKED)


@stopped_by("two releases of a period")
def test_asking_again_and_again_gives_no_third_look() -> None:
    """Five people a look: whoever could restate at will would follow the record from hour to hour."""
    surgery, looks = Surgery(PATIENTS), []
    for hour in range(6):
        met = [*MET, *OTHERS[: 5 * hour]]
        try:
            looks.append(surgery.release_again(ask("pulse", met, OTHERS[5 * hour :])))
        except DisclosureError:
            break
    assert len(looks) <= 2


@stopped_by("gate")
def test_a_restatement_does_not_show_one_patient() -> None:
    def world(it_is_so: bool) -> list[Letter]:
        surgery = Surgery(PATIENTS)
        return [surgery.release_again(ASKED), surgery.release_again(CHANGED if it_is_so else ASKED)]

    assert_alike(world)


@stopped_by("gate")
def test_the_same_period_under_a_second_agreement_shows_no_change() -> None:
    def world(it_is_so: bool) -> list[Letter]:
        surgery, letters = Surgery(PATIENTS), []
        for number, agreement in enumerate(("one", "two", "three", "four")):
            surgery.agreement = agreement
            letters.append(surgery.release_again(CHANGED if it_is_so and number % 2 else ASKED))
        return letters

    assert_alike(world)


@stopped_by("gate")
def test_the_same_question_every_day_gives_the_same_bytes() -> None:
    """Repeats cannot be averaged, and the day on which Ann's record changed is not the day of another answer."""
    surgery = Surgery(PATIENTS)
    letters = [surgery.release(CHANGED if day > 3 else ASKED) for day in range(8)]
    assert len({letter.data for letter in letters}) == 1


def kept(surgery: Surgery) -> bytes:
    """The history as it lies on the practice's disk."""
    return write_history(surgery.history, LOCAL_KEY)


@stopped_by("history is sealed")
def test_an_edited_history_is_refused() -> None:
    """Who could take the last release out of it would be shown Ann's change."""
    surgery = Surgery(PATIENTS)
    surgery.release(ASKED)
    head = kept(surgery)[: len(b"gpfed release history v1\n") + 32]
    forged = head + write_history(ReleaseHistory(), LOCAL_KEY)[len(head) :]
    with pytest.raises(HistoryError, match="was altered, or is not this practice's"):
        read_history(forged, LOCAL_KEY)


@stopped_by("history is sealed")
def test_another_practices_history_is_refused() -> None:
    """With its people nowhere in it, every change would be let out."""
    other = write_history(ReleaseHistory(), hashlib.sha256(b"another practice").digest())
    with pytest.raises(HistoryError, match="was altered, or is not this practice's"):
        read_history(other, LOCAL_KEY)


@stopped_by("the history goes on")
def test_yesterdays_copy_of_the_history_is_refused() -> None:
    """With it, the release since then would be forgotten, and the next could lie beside it."""
    surgery = Surgery(PATIENTS)
    surgery.release(ASKED)
    copy = surgery.history.marked(Mark(1, "a" * 64))
    _refuse(copy, Mark(2, "b" * 64), known=2, receipted=2)


@stopped_by("the history goes on")
def test_another_history_of_the_same_length_is_refused() -> None:
    _refuse(ReleaseHistory(mark=Mark(2, "a" * 64)), Mark(2, "b" * 64), known=2, receipted=2)


@stopped_by("the history goes on")
def test_a_copy_of_the_whole_folder_is_refused_once_the_hub_has_signed_for_more() -> None:
    """Outbox and history agree, but the hub's receipts are newer than both."""
    _refuse(ReleaseHistory(mark=Mark(2, "a" * 64)), Mark(2, "a" * 64), known=2, receipted=5)


@stopped_by("the history goes on")
def test_a_history_that_begins_anew_is_refused() -> None:
    _refuse(ReleaseHistory(), Mark(7, "b" * 64), known=7, receipted=7)


@stopped_by("keyed people")
def test_a_stolen_history_names_nobody() -> None:
    """It holds a key for each person, and no list of ids can be matched with it without the practice's."""
    surgery = Surgery(PATIENTS)
    surgery.release(ASKED)
    stolen = set(surgery.history.index.places)
    guesses = [person_keys(guess, PATIENTS) for guess in (bytes(32), b"gpfed", b"\xff" * 32)]
    assert not stolen & {key for keys in guesses for key in keys}
    assert len(stolen) == len(PATIENTS)


def _refuse(history: ReleaseHistory, outbox: Mark, known: int, receipted: int) -> None:
    with pytest.raises(HistoryError, match=r"release history ends at|hub has signed for"):
        release_history.check_continues(history, outbox, known, receipted)
