from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from governance.diary_chain import FIRST, Entry, chain_digest, next_entry, verify_lines
from governance.errors import ChainError

AT = "2026-03-31T10:00:00Z"


def diary(count: int = 5) -> list[bytes]:
    entries: list[Entry] = []
    for number in range(count):
        last = entries[-1] if entries else None
        entries.append(next_entry(last, AT, "spooled", {"sequence": number, "name": "Ä", "yes": True}))
    return [entry.line() for entry in entries]


def joined(lines: list[bytes]) -> bytes:
    return b"".join(line + b"\n" for line in lines)


def test_a_diary_holds_together_from_its_first_line_to_its_head() -> None:
    lines = diary()
    chain = verify_lines(joined(lines))
    assert [entry.n for entry in chain.entries] == [1, 2, 3, 4, 5]
    assert [entry.line() for entry in chain.entries] == lines
    assert chain.head == chain_digest(lines[-1])
    assert chain.torn == b""
    assert chain.entries[0].previous == FIRST


def test_an_empty_diary_holds_together() -> None:
    chain = verify_lines(b"")
    assert (chain.entries, chain.head, chain.torn) == ((), FIRST, b"")


@settings(deadline=None, derandomize=True)
@given(st.integers(1, 60))
def test_a_torn_tail_is_told_and_what_stands_before_it_holds(cut: int) -> None:
    data = joined(diary())
    chain = verify_lines(data[:-cut])
    assert len(chain.entries) == 4
    assert chain.torn == data[:-cut].rpartition(b"\n")[2]


@settings(deadline=None, derandomize=True, max_examples=300)
@given(st.data())
def test_any_edited_byte_before_the_last_line_is_found(data: st.DataObject) -> None:
    lines = diary()
    whole = bytearray(joined(lines))
    at = data.draw(st.integers(0, len(joined(lines[:-1])) - 1))
    whole[at] ^= data.draw(st.integers(1, 255))
    with pytest.raises(ChainError, match="diary: "):
        verify_lines(bytes(whole))


def test_an_entry_that_was_edited_well_is_found_by_the_next() -> None:
    lines = diary()
    lines[1] = lines[1].replace(b'"sequence":1', b'"sequence":9')
    with pytest.raises(ChainError, match="entry 3 does not follow from the one before it"):
        verify_lines(joined(lines))


def test_lines_that_changed_places_are_found() -> None:
    lines = diary()
    lines[1], lines[2] = lines[2], lines[1]
    with pytest.raises(ChainError, match="line 2 holds entry 3: lines were taken out or moved"):
        verify_lines(joined(lines))


@pytest.mark.parametrize("gone", range(4))
def test_a_line_taken_out_is_found(gone: int) -> None:
    lines = diary()
    del lines[gone]
    with pytest.raises(ChainError, match=f"line {gone + 1} holds entry {gone + 2}"):
        verify_lines(joined(lines))


def test_lines_cut_off_at_the_end_leave_a_chain_with_another_head() -> None:
    assert verify_lines(joined(diary()[:3])).head != verify_lines(joined(diary())).head


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (b"{}", "line 1: "),
        (b"not json", "line 1 is not JSON"),
        (b'{"at": "2026-03-31T10:00:00Z","event":"x","facts":{},"n":1,"previous":"' + b"0" * 64 + b'"}', "was edited"),
        (b"x" * 70_000, "at most 65536 are read"),
    ],
)
def test_a_line_that_is_no_entry_is_refused(line: bytes, why: str) -> None:
    with pytest.raises(ChainError, match=why):
        verify_lines(line + b"\n")
