"""Oracles: what the size, the order, the reasons, the errors and the labels of messages say beside the figures."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from governance.cells import CellState, ReceivedTable, Shape, State
from governance.errors import DisclosureError, GovernanceError, NotPermittedError
from governance.profiles import FALLBACK, GP_BENCH, STRICT10, check_floor, effective, size_band
from governance.sealing import open_sealed, seal
from governance.suppress import Reason, SafeTable, failed, not_run, recheck
from searches.errors import AnswerError
from searches.people import AnswerRow, Roster, gather
from searches.search import Outcome, Search
from tests.attack.stories import stopped_by
from tests.attack.surgery import START, Letter, Surgery, ask, assert_alike, crowd
from tests.governance_kit import HUB_SEAL, IDENTITY, PRACTICE_KEY, message, search, table

PATIENTS = [*crowd("patient", 250), "Ann"]


def sealed_length(*tables: SafeTable) -> int:
    """All that somebody on the line sees of a message."""
    return len(seal(message(*tables), PRACTICE_KEY, HUB_SEAL.public).data)


@stopped_by("padding")
def test_the_length_of_a_message_does_not_tell_figures() -> None:
    assert len({sealed_length(table(met, not_met)) for met, not_met in ((0, 0), (3, 60), (80, 20), (131, 97))}) == 1


@stopped_by("padding")
def test_the_length_of_a_message_does_not_tell_that_everything_is_few() -> None:
    """Forty tables that all look alike compress well; forty different ones do not."""
    alike = [table(1, 1, search_id=f"s{number:02}") for number in range(40)]
    apart = [table(30 + 3 * number, 90 - number, 11 * number % 37, f"s{number:02}") for number in range(40)]
    assert sealed_length(*alike) == sealed_length(*apart)


@stopped_by("padding")
def test_the_length_of_a_message_does_not_tell_what_failed() -> None:
    broken = failed(search(), GP_BENCH, "timed_out")
    assert sealed_length(table(80, 20)) == sealed_length(broken)


@stopped_by("closed list of reasons")
def test_a_reason_cannot_carry_what_an_error_says() -> None:
    """A database quotes the value that it could not convert; the message says `other`."""

    def world(it_is_so: bool) -> list[Letter]:
        words = "could not convert 'Ann, HIV positive' to DATE" if it_is_so else "timed out after 30 s at row 4711"
        return [Letter(json.dumps(failed(search(), GP_BENCH, words).to_json()).encode())]

    assert_alike(world)


@stopped_by("closed list of reasons")
def test_a_search_that_did_not_run_cannot_claim_what_only_figures_decide() -> None:
    """Not run because a denominator is small would be a figure."""
    said = not_run(search(), GP_BENCH, str(Reason.DENOMINATOR_TOO_SMALL))
    assert said.totals.met == CellState(State.NOT_RUN, reason=Reason.OTHER)


@stopped_by("every row is there")
def test_a_group_of_nobody_has_its_row() -> None:
    """One patient of a rare group, or none: the row is there and says few either way."""

    def world(it_is_so: bool) -> list[Letter]:
        common, rare = crowd("common", 1100), [*crowd("rare", 10), "Ann"]
        split = ("group", {"common": common, "rare": rare})
        met = [*common[:60], *(["Ann"] if it_is_so else common[60:61])]
        return [Surgery([*common, *rare]).release(ask("q", met, common[100:160], by=[split]))]

    assert_alike(world)


@stopped_by("four bands of list size")
def test_the_size_of_a_list_does_not_tell_who_has_registered() -> None:
    assert size_band(4100) == size_band(4101)


def answer(rows: list[AnswerRow], one: Search) -> str:
    """What somebody reads of a search that goes wrong: the error, or nothing."""
    roster = Roster(tuple(sorted({row.patient_id for row in rows})))
    with pytest.raises(AnswerError) as caught:
        gather(one, START, roster, rows)
    return f"{caught.value.message} {caught.value.hint}"


@stopped_by("declared values only")
def test_an_undeclared_label_is_not_repeated() -> None:
    """A dimension computed from a record: if the label could leave, or its error, so could the record."""
    one = search(values=("a", "b"))
    said = {answer([AnswerRow("1", Outcome.MET, (label,))], one) for label in ("Ann has it", "Ann has it not")}
    assert len(said) == 1


@stopped_by("declared values only")
def test_an_undeclared_label_makes_no_row() -> None:
    asked = ask("q", crowd("patient", 40), crowd("patient", 40, 40), by=[("sex", {"F": crowd("patient", 250)})])
    stranger = AnswerRow("Ann", Outcome.MET, ("Ann was here",))
    with pytest.raises(AnswerError, match="returned a value of sex that it does not declare"):
        Surgery(PATIENTS).release(replace(asked, rows=(*asked.rows, stranger)))


@stopped_by("one row a person")
def test_a_patient_cannot_be_multiplied() -> None:
    """A search that returns Ann eight times, each a little different, to lift her over the threshold."""
    rows = [AnswerRow("Ann", outcome, ()) for outcome in (Outcome.MET, Outcome.NOT_MET) for _ in range(8)]
    assert "two rows for one person that disagree" in answer(rows, search())


@stopped_by("the suppressor alone makes tables")
def test_nobody_else_makes_a_table() -> None:
    made = table(80, 20)
    exact = replace(made.rows[0], met=CellState(State.VALUE, value=1))
    with pytest.raises(TypeError, match="only the suppressor makes a SafeTable"):
        SafeTable("tiny-search", made.search_digest, made.unit, made.profile, 2, (exact,), maker=object())


def received(*rows: tuple[CellState, CellState, CellState], one: Search | None = None) -> None:
    """A dishonest agent's table, as the hub looks at it."""
    shape = Shape.of(one or search())
    recheck(ReceivedTable(shape.search_id, shape.search_digest[:16], "gp-bench", 2, rows), GP_BENCH, shape)


def value(number: int) -> CellState:
    """A number."""
    return CellState(State.VALUE, value=number)


FEW = CellState(State.BAND, below=8)
BREAKS = r"a cell breaks profile gp-bench"


def refused(act: Callable[[], Any], kind: type[GovernanceError], sentence: str) -> None:
    """Somebody tries, and is told why not."""
    with pytest.raises(kind, match=sentence):
        act()


@stopped_by("the hub looks again")
def test_a_number_below_eight_is_not_taken_in() -> None:
    refused(lambda: received((value(7), value(60), FEW)), DisclosureError, BREAKS)


@stopped_by("the hub looks again")
def test_a_zero_is_not_taken_in() -> None:
    refused(lambda: received((value(60), value(60), value(0))), DisclosureError, BREAKS)


@stopped_by("the hub looks again")
def test_a_number_beside_a_few_is_not_taken_in() -> None:
    refused(lambda: received((FEW, value(60), FEW)), DisclosureError, BREAKS)


@stopped_by("the hub looks again")
def test_a_band_is_no_place_for_a_message() -> None:
    """Below 9, below 10, below 11: a dishonest agent could spell names with them."""
    refused(lambda: received((CellState(State.BAND, below=9), value(60), FEW)), DisclosureError, BREAKS)


@stopped_by("the hub looks again")
def test_reasons_are_no_place_for_a_message() -> None:
    """One reason here and another there: a dishonest agent could spell names with those as well."""
    small = CellState(State.WITHHELD, reason=Reason.LIST_BELOW_1000)
    total = (value(60), value(60), value(60))
    rows = (total, (small, small, small), (value(30), value(30), value(30)))
    refused(lambda: received(*rows, one=search(values=("a", "b"))), DisclosureError, "holds for some cells only")


@stopped_by("sums are looked at")
def test_totals_that_are_no_totals_are_not_taken_in() -> None:
    """The totals of one week beside the leaves of another would be two releases in one."""
    leaf, total = (value(30), value(30), value(30)), (value(61), value(60), value(60))
    refused(lambda: received(total, leaf, leaf, one=search(values=("a", "b"))), DisclosureError, "cannot add up")


@stopped_by("floor")
def test_a_profile_of_three_does_not_hold() -> None:
    """An agreement, a catalogue, a hub: none can ask for numbers below five."""
    asked = ask("q", crowd("patient", 4), crowd("patient", 60, 4))
    low = replace(GP_BENCH, k=3)
    refused(lambda: Surgery(PATIENTS, low).release(asked), NotPermittedError, "floor: profile gp-bench has k=3")


@stopped_by("floor")
def test_a_gate_of_one_does_not_hold() -> None:
    asked = ask("q", crowd("patient", 40), crowd("patient", 60, 40))
    low = replace(GP_BENCH, gate_delta=1)
    refused(lambda: Surgery(PATIENTS, low).release(asked), NotPermittedError, "has a gate of 1, at least 5 holds")


@stopped_by("the narrowest profile holds")
def test_an_agreement_cannot_talk_a_practice_out_of_its_own_profile() -> None:
    def world(it_is_so: bool) -> list[Letter]:
        own = effective(GP_BENCH, STRICT10)
        asked = ask("q", crowd("patient", 9 if it_is_so else 8), crowd("patient", 61 if it_is_so else 62, 60))
        return [Surgery(PATIENTS, own).release(asked)]

    check_floor(FALLBACK)
    assert_alike(world)


@stopped_by("the suppressor alone makes tables")
def test_an_opened_message_holds_what_was_released_and_nothing_else() -> None:
    """Whoever holds the hub's key reads states, not people: the payload has no word that the tables have not."""
    with pytest.raises(TypeError, match="only the suppressor makes a SafeTable"):
        replace(table(80, 20), rows=(), maker=None)
    opened = open_sealed(seal(message(table(3, 60)), PRACTICE_KEY, HUB_SEAL.public).data, IDENTITY, HUB_SEAL)
    assert [[state.to_json() for state in row] for row in opened.tables[0].rows] == [
        [state.to_json() for state in row.states] for row in table(3, 60).rows
    ]
