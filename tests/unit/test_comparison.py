from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace
from datetime import date
from decimal import Decimal

import pytest

from governance.suppress import CellState, Reason, State
from hub.comparison import (
    Comparison,
    Counts,
    FirstOfPeer,
    Member,
    Peer,
    Standing,
    compare,
    percentage_of,
    pseudonym,
)
from hub.headline import headline
from searches.search import Good, Schedule, Search, Target, Unit

KEY = bytes(range(32))
ON = date(2026, 3, 31)
SEARCH = Search(
    id="pulse-rhythm-65",
    title="Pulse rhythm checked at 65 and over",
    why_it_matters="Strokes can be prevented.",
    unit=Unit.PERSON,
    kind="proportion",
    dimensions=(),
    codelists={},
    good=Good.HIGHER,
    target=Target(Decimal("0.90"), "local"),
    schedule=Schedule.MONTHLY,
    owner="us",
    authored_by="a",
    next_review=ON,
    sql="SELECT 1",
    digest="0" * 64,
)


def value(number: int) -> CellState:
    return CellState(State.VALUE, value=number)


def counts(met: int, not_met: int, excepted: int = 0) -> Counts:
    return Counts(value(met), value(not_met), value(excepted))


BANDED = Counts(CellState(State.BAND, below=8), CellState(State.BAND, above=400), CellState(State.BAND, below=8))


def without(state: State, reason: Reason) -> Counts:
    cell = CellState(state, reason=reason)
    return Counts(cell, cell, cell)


def member(code: str, figures: Counts | None, *, named: bool = False, size: str = "4,000 to 7,999") -> Member:
    return Member(code, f"Surgery {code}", named, size if figures else "", figures)


def seen_by(viewer: str, members: Sequence[Member], search: Search = SEARCH) -> Comparison:
    return compare(search, ON, viewer, members, hub_key=KEY)


MEMBERS = (
    member("A1", counts(412, 151, 14), named=True),
    member("B2", counts(700, 300), named=True),
    member("C3", counts(333, 667)),
    member("D4", BANDED),
    member("E5", None),
    member("F6", without(State.NOT_RUN, Reason.LAYOUT_HAS_NO_APPOINTMENTS)),
    member("G7", without(State.WITHHELD, Reason.DENOMINATOR_BELOW_8)),
    member("H8", without(State.FAILED, Reason.TIMED_OUT)),
)


def test_own_figure_has_its_counts_and_its_interval() -> None:
    own = seen_by("A1", MEMBERS).own
    assert (own.percentage, own.interval) == (Decimal("73.2"), (Decimal("69.4"), Decimal("76.7")))
    assert own.counts == counts(412, 151, 14)


def test_a_peer_has_no_field_that_could_hold_a_count() -> None:
    named = {"label", "named", "standing", "percentage", "size_band", "first", "mean"}
    assert {field.name for field in fields(Peer)} == named
    assert {field.name for field in fields(FirstOfPeer)} == {"on", "standing", "percentage"}


def test_a_peer_shows_a_whole_percentage_with_halves_up() -> None:
    members = [member("A1", counts(10, 10)), member("B2", counts(201, 199)), member("C3", counts(101, 99))]
    assert sorted(peer.percentage for peer in seen_by("A1", members).peers if peer.percentage) == [50, 51]


def test_a_name_is_shown_only_where_both_chose_to_be_named() -> None:
    assert [peer.label for peer in seen_by("A1", MEMBERS).peers if peer.named] == ["Surgery B2"]
    assert [peer.label for peer in seen_by("C3", MEMBERS).peers if peer.named] == []


def test_no_name_or_code_of_an_unnamed_peer_is_anywhere_in_what_is_seen() -> None:
    text = repr(replace(seen_by("A1", MEMBERS), search=SEARCH))
    assert "Surgery B2" in text
    assert not [
        code for code in ("C3", "D4", "E5", "F6", "G7", "H8") if f"Surgery {code}" in text or f"'{code}'" in text
    ]


def test_peers_stand_named_first_then_by_pseudonym_whatever_their_figures() -> None:
    peers = seen_by("A1", MEMBERS).peers
    assert peers[0].named
    labels = [peer.label for peer in peers[1:]]
    assert labels == sorted(labels)
    swapped = [replace(one, counts=counts(5, 995) if one.code == "C3" else one.counts) for one in MEMBERS]
    assert [peer.label for peer in seen_by("A1", swapped).peers] == [peer.label for peer in peers]


def test_a_pseudonym_is_stable_for_a_viewer_and_different_for_another() -> None:
    assert pseudonym(KEY, "A1", "C3") == pseudonym(KEY, "A1", "C3")
    assert len({pseudonym(KEY, "A1", "C3"), pseudonym(KEY, "B2", "C3"), pseudonym(KEY, "C3", "A1")}) == 3
    assert pseudonym(KEY, "A1", "C3") != pseudonym(bytes(32), "A1", "C3")


def test_codes_that_run_together_do_not_share_a_pseudonym() -> None:
    assert pseudonym(KEY, "A1", "1B", 50) != pseudonym(KEY, "A11", "B", 50)


def test_a_short_pseudonym_key_is_refused() -> None:
    with pytest.raises(ValueError, match="pseudonym key is too short: expected at least 32 bytes"):
        pseudonym(b"secret", "A1", "B2")


def test_two_peers_never_share_a_pseudonym() -> None:
    members = [member(f"P{number:05}", counts(20, 20)) for number in range(3000)]
    labels = [peer.label for peer in seen_by("P00000", members).peers]
    assert len(set(labels)) == len(labels)


def test_who_is_not_a_member_sees_nothing() -> None:
    with pytest.raises(LookupError, match="practice Z9 is not a member of this agreement"):
        seen_by("Z9", MEMBERS)


def test_a_figure_that_cannot_be_shown_is_a_standing_and_not_a_zero() -> None:
    comparison = seen_by("A1", MEMBERS)
    assert comparison.standings == {
        Standing.VALUE: 3,
        Standing.BANDED: 1,
        Standing.AWAITED: 1,
        Standing.NOT_RUN: 1,
        Standing.WITHHELD: 1,
        Standing.FAILED: 1,
    }
    assert {peer.percentage for peer in comparison.peers if peer.standing is not Standing.VALUE} == {None}
    assert (comparison.agreed, comparison.answered) == (8, 7)


def test_a_true_zero_of_many_is_zero_percent_and_nobody_to_count_is_not() -> None:
    assert percentage_of(counts(0, 300)) == Decimal("0.0")
    assert counts(0, 0).standing is Standing.EMPTY


def test_the_middle_is_of_whole_percentages_of_peers_only() -> None:
    members = [member("A1", counts(99, 1)), member("B2", counts(333, 667)), member("C3", counts(667, 333))]
    assert seen_by("A1", members).peers_median == Decimal(50)
    assert seen_by("A1", members[:1]).peers_median is None


@pytest.mark.parametrize(
    ("own", "said"),
    [
        (counts(412, 151), "Your practice: 73.2% (412 of 563). That is above the middle of 2 peers (51.5%)"),
        (
            counts(515, 485),
            "That is close to the middle of 2 peers (51.5%): the difference is within what chance alone",
        ),
        (
            counts(200, 800),
            "That is below the middle of 2 peers (51.5%), by more than chance alone would usually bring.",
        ),
        (counts(900, 100), "The target of 90% is reached."),
        (counts(30, 5), "The target of 90% lies within your interval."),
        (BANDED, "One side of this figure counts too few people to show a percentage."),
        (None, "No result of your practice has been received for this date yet."),
        (
            without(State.NOT_RUN, Reason.LAYOUT_HAS_NO_APPOINTMENTS),
            "could not be run on your practice's record system",
        ),
        (
            without(State.WITHHELD, Reason.DENOMINATOR_BELOW_8),
            "This figure is withheld: with it, a few people could be told apart.",
        ),
        (without(State.FAILED, Reason.OTHER), "This search did not finish at your practice"),
        (counts(0, 0), "There were no people to count at your practice on this date."),
    ],
)
def test_the_headline_says_what_the_figure_is(own: Counts | None, said: str) -> None:
    members = (member("A1", own), *MEMBERS[1:])
    assert said in headline(seen_by("A1", members))


def test_a_lower_target_is_reached_from_below() -> None:
    lower = replace(SEARCH, good=Good.LOWER, target=Target(Decimal("0.05"), "local"))
    members = (member("A1", counts(30, 970)), *MEMBERS[1:])
    assert "The target of 5% is reached." in headline(seen_by("A1", members, lower))


def test_the_headline_ranks_and_blames_nobody() -> None:
    for figures in (counts(10, 990), counts(990, 10), BANDED, None):
        words = headline(seen_by("A1", (member("A1", figures), *MEMBERS[1:]))).lower()
        found = [
            word for word in ("worse", "poor", "best", "fail", "rank", "behind", "bottom", "league") if word in words
        ]
        assert found == []
