from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from agent.diary import Diary
from governance.diary_chain import FIRST, chain_digest
from governance.errors import ChainError

NOON = datetime(2026, 3, 31, 12, 0, tzinfo=UTC)


@pytest.fixture
def diary(tmp_path: Path) -> Diary:
    return Diary(tmp_path / "diary.jsonl", lambda: NOON)


def test_an_entry_is_one_canonical_line_that_names_the_line_before_it(diary: Diary) -> None:
    diary.append("spooled", {"sequence": 1})
    diary.append("uploaded", {"sequence": 1})

    first, second = diary.path.read_bytes().splitlines()
    assert first == (
        b'{"at":"2026-03-31T12:00:00Z","event":"spooled","facts":{"sequence":1},"n":1,"previous":"'
        + FIRST.encode()
        + b'"}'
    )
    assert diary.entries()[1].previous == chain_digest(first)
    assert second.startswith(b'{"at":')


def test_an_entry_said_twice_is_written_once(diary: Diary) -> None:
    diary.append_once("receipted", {"sequence": 1})
    diary.append_once("receipted", {"sequence": 1})
    diary.append_once("receipted", {"sequence": 2})

    assert [entry.facts["sequence"] for entry in diary.entries()] == [1, 2]


def test_what_goes_on_being_so_is_written_once_each_time_it_begins(diary: Diary) -> None:
    for reason in ("away", "away", "refused", "refused", "away"):
        diary.append_changed("turn_failed", {"reason": reason})

    assert [entry.facts["reason"] for entry in diary.entries()] == ["away", "refused", "away"]


@pytest.mark.parametrize("kept", range(1, 60, 7))
def test_a_torn_tail_is_cut_off_and_recorded_and_the_chain_goes_on(diary: Diary, kept: int) -> None:
    diary.append("spooled", {"sequence": 1})
    whole = diary.path.read_bytes()
    diary.append("uploaded", {"sequence": 1})
    diary.path.write_bytes(diary.path.read_bytes()[: len(whole) + kept])

    assert [entry.event for entry in diary.entries()] == ["spooled"]
    diary.append("uploaded", {"sequence": 1})

    assert [entry.event for entry in diary.entries()] == ["spooled", "torn_tail", "uploaded"]
    assert diary.entries()[1].facts == {"bytes": kept}


def test_a_changed_fact_breaks_the_chain_and_nothing_more_is_written(diary: Diary) -> None:
    for sequence in (1, 2, 3):
        diary.append("uploaded", {"sequence": sequence})
    changed = diary.path.read_bytes().replace(b'"sequence":2', b'"sequence":5')
    diary.path.write_bytes(changed)

    with pytest.raises(ChainError, match="entry 3 does not follow"):
        diary.append("uploaded", {"sequence": 4})
    assert diary.path.read_bytes() == changed


@pytest.mark.parametrize(
    "damage",
    [
        lambda lines: [lines[0], lines[2]],
        lambda lines: [lines[1], lines[0], lines[2]],
        lambda lines: [lines[0], lines[1].replace(b'"n":2', b'"n": 2'), lines[2]],
        lambda lines: [lines[0], b"{}", lines[2]],
        lambda lines: [lines[0], b"not json", lines[2]],
        lambda lines: [lines[0], lines[1].replace(b'"n":2', b'"n":2,"x":1'), lines[2]],
    ],
    ids=["removed", "swapped", "respelled", "empty", "not json", "more fields"],
)
def test_a_removed_swapped_or_respelled_line_is_found(diary: Diary, damage: object) -> None:
    for sequence in (1, 2, 3):
        diary.append("uploaded", {"sequence": sequence})
    diary.path.write_bytes(b"\n".join(damage(diary.path.read_bytes().splitlines())) + b"\n")  # type: ignore[operator]

    with pytest.raises(ChainError, match="diary: "):
        diary.entries()
