"""What was released is kept whole, only by this practice, and only as new as the last message."""

from __future__ import annotations

from dataclasses import replace

import pytest

from governance.errors import DisclosureError, HistoryError
from governance.people_index import PeopleIndex, person_keys
from governance.profiles import FLOOR, GP_BENCH
from governance.release_history import (
    PERIODS_KEPT,
    Mark,
    ReleaseHistory,
    check_continues,
    read_history,
    series_key,
    write_history,
)
from governance.suppress import Practice, Terms, suppress
from searches.people import Roster
from searches.search import Unit
from tests.governance_kit import counted, search

KEY, OTHER = bytes(range(32)), bytes(range(1, 33))
SPLIT = search("split", ("a", "b"))
VISITS = search("visits", (), Unit.APPOINTMENT)


def release(history: ReleaseHistory, agreement: str = "heart-health", more: int = 0) -> ReleaseHistory:
    rows = [([1] * (50 + more), [1] * 40, [1] * 9), ([1] * 30, [1] * 20, [1] * 10)]
    answers = [counted(SPLIT, rows), counted(VISITS, [([2] * 20, [1] * 20, [])])]
    roster = Roster(tuple(f"p{number}" for number in range(1200)))
    return suppress(answers, Terms(agreement, GP_BENCH), Practice(roster, 0, KEY), history).history


HISTORY = release(release(ReleaseHistory()), "other", 6)


def test_a_history_is_read_as_it_was_written() -> None:
    assert read_history(write_history(HISTORY, KEY), KEY) == HISTORY
    assert read_history(write_history(ReleaseHistory(), KEY), KEY) == ReleaseHistory()


def test_a_history_holds_no_patient_id() -> None:
    assert b"p119" not in write_history(HISTORY, KEY)
    assert set(HISTORY.index.places) == set(person_keys(KEY, [f"p{number}" for number in range(1200)]))


@pytest.mark.parametrize("at", [30, 60, -1])
def test_an_edited_history_is_refused(at: int) -> None:
    data = bytearray(write_history(HISTORY, KEY))
    data[at] ^= 1
    with pytest.raises(HistoryError, match="was altered, or is not this practice's"):
        read_history(bytes(data), KEY)


def test_another_practices_history_is_refused() -> None:
    with pytest.raises(HistoryError, match="was altered, or is not this practice's"):
        read_history(write_history(HISTORY, OTHER), KEY)


def test_a_history_of_a_later_version_is_not_guessed_at() -> None:
    data = write_history(HISTORY, KEY).replace(b"history v1", b"history v2")
    with pytest.raises(HistoryError, match="of an unknown version"):
        read_history(data, KEY)


def test_a_history_goes_with_the_last_message_only() -> None:
    marked = HISTORY.marked(Mark(7, "a" * 64))
    check_continues(marked, Mark(7, "a" * 64), known=9, receipted=9)
    with pytest.raises(HistoryError, match="release history ends at message 7, outbox at 8"):
        check_continues(marked, Mark(8, "b" * 64), known=8, receipted=0)
    with pytest.raises(HistoryError, match="release history ends at message 7, outbox at 7"):
        check_continues(marked, Mark(7, "b" * 64), known=8, receipted=0)


def test_a_whole_state_folder_put_back_is_found_by_the_hubs_receipts() -> None:
    with pytest.raises(HistoryError, match="hub has signed for message 12, this state folder ends at 9"):
        check_continues(HISTORY.marked(Mark(7, "a" * 64)), Mark(7, "a" * 64), known=9, receipted=12)


def test_a_period_is_released_once_and_restated_once() -> None:
    history = ReleaseHistory()
    for _ in range(FLOOR.most_releases):
        history = release(history)
    with pytest.raises(DisclosureError, match="heart-health 2026-03-31 was released and restated"):
        release(history)
    release(history, "another-agreement")


def test_only_the_newest_periods_are_remembered() -> None:
    history = replace(HISTORY, periods={f"a {2000 + number}-01-01": 1 for number in range(PERIODS_KEPT)})
    periods = history.counted_up("b 2999-01-01").periods
    assert len(periods) == PERIODS_KEPT
    assert "a 2000-01-01" not in periods
    assert periods["b 2999-01-01"] == 1


def test_people_of_whom_nothing_is_kept_are_forgotten_and_the_others_stay_who_they_are() -> None:
    smaller = HISTORY.compacted()
    assert smaller.index.size < HISTORY.index.size
    key = series_key("split", SPLIT.cells())
    where = {one: HISTORY.series[key].standing[at] for one, at in HISTORY.index.places.items()}
    for one, at in smaller.index.places.items():
        assert smaller.series[key].standing[at] == where[one]
    assert release(smaller, "third", 6).series[key].past[0].undo == ()


def test_a_position_is_for_good() -> None:
    first = PeopleIndex.empty().grown(person_keys(KEY, ["b", "a"]))
    second = first.grown(person_keys(KEY, ["c", "a"]))
    assert second.positions(person_keys(KEY, ["b", "a", "c"])) == [0, 1, 2]


def test_without_the_local_key_nobody_is_found_in_an_index() -> None:
    assert set(person_keys(KEY, ["a"])).isdisjoint(person_keys(OTHER, ["a"]))


def test_a_search_by_another_name_or_with_other_cells_is_another_series() -> None:
    keys = {
        series_key("split", SPLIT.cells()),
        series_key("other", SPLIT.cells()),
        series_key("split", search("split", ("a", "c")).cells()),
        series_key("split", SPLIT.cells(), "2026-03-31"),
    }
    assert len(keys) == 4
