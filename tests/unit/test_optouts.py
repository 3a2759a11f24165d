"""Who opted out: both lists, their age, and the polarity that is said and never guessed."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from governance.errors import NotPermittedError, OptOutsMissingError, OptOutsStaleError
from governance.optouts import NationalList, OptOutPolicy, Polarity, check_national_source, take_off
from searches.people import PeopleSets
from searches.search import TOTALS, Outcome
from tests.governance_kit import REFERENCE_DATE, message, people, search

BOTH = OptOutPolicy.TYPE1_AND_NATIONAL_EXCLUDED
FIVE = 0b11111


def answer() -> PeopleSets:
    return people(search(), [([1] * 5, [], [])])


def met(national: NationalList | None, policy: OptOutPolicy = BOTH, type1: int = 0b00001) -> int:
    counted = take_off(answer(), type1, REFERENCE_DATE, policy, national)
    assert counted.policy is policy
    return counted.counted[TOTALS][Outcome.MET].members


def test_people_of_either_list_are_taken_off() -> None:
    assert met(NationalList(0b00110, Polarity.OPTED_OUT, REFERENCE_DATE)) == 0b11000


def test_a_list_of_those_who_may_be_used_takes_off_everybody_else() -> None:
    assert met(NationalList(0b00110, Polarity.MAY_BE_USED, REFERENCE_DATE)) == 0b00110
    assert met(NationalList(0, Polarity.MAY_BE_USED, REFERENCE_DATE)) == 0


def test_the_national_list_is_not_looked_at_where_the_agreement_says_it_does_not_apply() -> None:
    listed = NationalList(FIVE, Polarity.OPTED_OUT, date(2020, 1, 1))
    assert met(listed, OptOutPolicy.TYPE1_EXCLUDED) == 0b11110


def test_nothing_is_counted_without_the_list_or_with_an_old_one() -> None:
    with pytest.raises(OptOutsMissingError, match="there is no list of the National Data Opt-Out"):
        met(None)
    stale = NationalList(0, Polarity.OPTED_OUT, date(2026, 3, 30))
    with pytest.raises(
        OptOutsStaleError, match="list of the National Data Opt-Out is of 2026-03-30, expected 2026-03-31"
    ):
        met(stale)


def test_there_is_no_policy_that_counts_those_who_opted_out() -> None:
    with pytest.raises(NotPermittedError, match="opt-out policy 'include' is not known"):
        take_off(answer(), 0, REFERENCE_DATE, "include")


def test_a_layout_without_the_list_cannot_take_part() -> None:
    with pytest.raises(OptOutsMissingError, match="layout emis_im1 brings no list of them"):
        check_national_source(BOTH, "emis_im1", has_source=False)
    check_national_source(BOTH, "emis_im1", has_source=True)
    check_national_source(OptOutPolicy.TYPE1_EXCLUDED, "emis_im1", has_source=False)


def test_the_policy_is_attested_in_the_result() -> None:
    sent = message()
    assert sent.opt_out_policy == "type1_excluded"
    assert replace(sent, opt_out_policy=BOTH).opt_out_policy == "type1_and_national_excluded"
