"""The practice's own disclosure profile narrows at the practice; the hub takes in what is narrower, nothing wider."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from agent.approval import due
from agent.config import read_config, write_config
from agent.cycle import bring_catalogue
from governance.profiles import Relaxation
from hub.inbox import opened_tables
from searches.document import read_search
from tests.agent_kit import library, make_agreement
from tests.federation import Federation, search_files, table_of
from tests.integration.test_agent_cycle import PULSE, Practice, accepted

MARCH = date(2026, 3, 31)


@pytest.mark.parametrize(
    ("profile", "reason"),
    [
        ("gp-bench", None),
        ("gp-bench+strict10", None),
        ("gp-bench+k12", None),
        ("gp-bench+k12+nhs-round5+strict10", None),
        ("strict10", "breaks_profile"),
        ("nhs-round5", "breaks_profile"),
        ("k12+nhs-round5", "breaks_profile"),
    ],
)
def test_the_hub_takes_in_what_is_narrower_and_nothing_else(tmp_path: Path, profile: str, reason: str | None) -> None:
    """A result that does not name the agreement's profile has not kept it, however strict the others are."""
    federation = Federation(tmp_path)
    (elm,) = federation.ready("Z90001")
    elm.spool(elm.seal([table_of(read_search(search_files()), 300, 200, profile_id=profile)]))
    elm.deliver()

    federation.receive()

    assert elm.quarantined() == (() if reason is None else (reason,))
    if reason is None:
        (result,) = elm.results()
        assert opened_tables(result)[0].profile == profile


def test_figures_that_break_the_narrower_profile_that_they_name_are_set_aside(tmp_path: Path) -> None:
    """Exact numbers under the agreement's own profile would be right; under the one that is named they are not."""
    federation = Federation(tmp_path)
    (elm,) = federation.ready("Z90001")
    exact = table_of(read_search(search_files()), 303, 204)
    object.__setattr__(exact, "profile", "gp-bench+strict10")
    elm.spool(elm.seal([exact]))
    elm.deliver()

    federation.receive()

    assert elm.quarantined() == ("breaks_profile",)


@pytest.mark.parametrize(("own", "two_sided", "k"), [("", False, 8), ("gp-bench", True, 8), ("strict10", True, 10)])
def test_what_an_agreement_relaxes_does_not_hold_where_the_practice_asks_for_more(
    tmp_path: Path, own: str, two_sided: bool, k: int
) -> None:
    """A remote document that widens: under it the other side of a few is a number, unless the practice says no."""
    practice = Practice(tmp_path, PULSE)
    agreed = make_agreement(PULSE)
    relaxed = replace(agreed.searches[0], relaxed=frozenset({Relaxation.ONE_SIDED}))
    practice.centre.publish(replace(agreed, searches=(relaxed,)), library(PULSE))
    write_config(practice.state, replace(read_config(practice.state), profile=own))
    accepted(practice)

    with practice.turn() as turn:
        brought = bring_catalogue(turn, practice.open)
        (one,) = due(turn, brought.catalogue, brought.files, MARCH)

    assert (one.rule(PULSE).two_sided, one.rule(PULSE).k) == (two_sided, k)


def test_a_table_in_which_the_practice_did_not_use_what_is_relaxed_is_taken_in(tmp_path: Path) -> None:
    federation = Federation(tmp_path)
    elm = federation.enrol("Z90001")
    terms = federation.terms()
    relaxed = replace(terms.searches[0], relaxed=frozenset({Relaxation.ONE_SIDED}))
    federation.propose(replace(terms, searches=(relaxed,)))
    elm.say()
    federation.receive()
    federation.publish()
    one = table_of(read_search(search_files()), 496, 4)
    assert one.totals.met.above is not None or one.totals.met.value is None
    elm.deliver()
    elm.spool(elm.seal([one]))
    elm.deliver()

    federation.receive()

    assert elm.quarantined() == ()
    assert opened_tables(elm.results()[0])[0].totals == one.totals
