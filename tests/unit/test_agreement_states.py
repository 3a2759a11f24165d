"""The life of an agreement: every transition of the table and every one that it does not have."""

from __future__ import annotations

from datetime import date
from itertools import product

import pytest

from governance.errors import NotPermittedError
from governance.lifecycle import (
    ENDED,
    TRANSITIONS,
    Action,
    Actor,
    Facts,
    Guard,
    State,
    Transition,
    after,
    check_may_say,
    state_of,
)
from governance.wire import AgreementDecision
from tests.governance_kit import TODAY, agreement, undertakings

WAYS = {(one.source, one.action, one.actor): one for one in TRANSITIONS}
NO_WAY = [key for key in product(State, Action, Actor) if key not in WAYS]


@pytest.mark.parametrize("way", TRANSITIONS, ids=lambda one: f"{one.source}-{one.action}-{one.actor}")
def test_a_transition_of_the_table_leads_where_it_says_once_its_guards_hold(way: Transition) -> None:
    assert after(way.source, way.action, way.actor, way.guards) is way.target


@pytest.mark.parametrize(
    ("way", "missing"),
    [(way, guard) for way in TRANSITIONS for guard in sorted(way.guards)],
    ids=lambda one: one.name if isinstance(one, Guard) else f"{one.source}-{one.action}-{one.actor}",
)
def test_each_guard_alone_holds_a_transition_back(way: Transition, missing: Guard) -> None:
    with pytest.raises(NotPermittedError, match=f"unless {missing}"):
        after(way.source, way.action, way.actor, frozenset(Guard) - {missing})


@pytest.mark.parametrize(("state", "action", "actor"), NO_WAY, ids=str)
def test_what_the_table_does_not_have_is_refused_whatever_holds(state: State, action: Action, actor: Actor) -> None:
    words = (str(part).replace("_", " ") for part in (action, state))
    with pytest.raises(NotPermittedError, match=r"state: {} cannot {} an agreement that is {}".format(actor, *words)):
        after(state, action, actor, frozenset(Guard))


def test_the_table_names_each_way_once_and_every_state_can_be_reached() -> None:
    assert len(WAYS) == len(TRANSITIONS)
    assert {one.target for one in TRANSITIONS} | {State.DRAFT} == set(State)


def test_nothing_leads_out_of_an_ended_state() -> None:
    assert not [one for one in TRANSITIONS if one.source in ENDED]
    with pytest.raises(NotPermittedError) as refused:
        after(State.WITHDRAWN, Action.SIGN, Actor.PRACTICE, frozenset(Guard))
    assert refused.value.hint == "this version has ended for good: the hub proposes the next one"


def test_only_the_practice_signs_withdraws_or_declines_for_the_practice() -> None:
    from_part_signed = [one for one in TRANSITIONS if one.source not in {State.DRAFT, State.PROPOSED}]
    for action in (Action.SIGN, Action.WITHDRAW, Action.DECLINE):
        assert {one.actor for one in from_part_signed if one.action is action} == {Actor.PRACTICE}


def test_stopping_needs_nothing_but_the_will_of_one_party() -> None:
    stops = [one for one in TRANSITIONS if one.action is Action.SUSPEND and one.actor is not Actor.CLOCK]
    assert {(one.source, one.actor) for one in stops} == set(
        product((State.ACTIVE, State.SUSPENDED), (Actor.PRACTICE, Actor.HUB))
    )
    assert all(not one.guards for one in stops)


# --- worked out from what was signed ----------------------------------------------------------------------------------

SAID = AgreementDecision
STANDINGS: list[tuple[Facts, date, State]] = [
    (Facts(), TODAY, State.PART_SIGNED),
    (Facts(), date(2026, 6, 2), State.EXPIRED),  # the offer ran out
    (Facts(SAID.ACCEPT), date(2025, 12, 31), State.PART_SIGNED),
    (Facts(SAID.ACCEPT), TODAY, State.ACTIVE),
    (Facts(SAID.RESUME), TODAY, State.ACTIVE),
    (Facts(SAID.DECLINE), TODAY, State.REJECTED),
    (Facts(SAID.SUSPEND), TODAY, State.SUSPENDED),
    (Facts(SAID.ACCEPT, hub_suspended=True), TODAY, State.SUSPENDED),
    (Facts(SAID.ACCEPT), date(2027, 3, 3), State.SUSPENDED),  # impact assessment overdue
    (Facts(SAID.ACCEPT), date(2027, 5, 1), State.SUSPENDED),  # review overdue
    (Facts(SAID.WITHDRAW, TODAY), TODAY, State.WITHDRAWING),
    (Facts(SAID.WITHDRAW, TODAY), date(2026, 5, 3), State.WITHDRAWN),
    (Facts(SAID.ACCEPT, next_in_force=True), TODAY, State.SUPERSEDED),
    (Facts(SAID.ACCEPT), date(2028, 1, 1), State.EXPIRED),
    (Facts(SAID.SUSPEND), date(2028, 1, 1), State.EXPIRED),
]


@pytest.mark.parametrize(("facts", "today", "state"), STANDINGS)
def test_the_state_is_worked_out_from_what_was_signed(facts: Facts, today: date, state: State) -> None:
    assert state_of(agreement(), facts, today) is state


ALLOWED = {
    (State.PART_SIGNED, SAID.ACCEPT),
    (State.PART_SIGNED, SAID.DECLINE),
    (State.ACTIVE, SAID.ACCEPT),
    (State.ACTIVE, SAID.SUSPEND),
    (State.ACTIVE, SAID.WITHDRAW),
    (State.SUSPENDED, SAID.SUSPEND),
    (State.SUSPENDED, SAID.WITHDRAW),
}


@pytest.mark.parametrize(("facts", "today", "state"), STANDINGS)
@pytest.mark.parametrize("word", list(SAID))
def test_a_word_of_the_practice_is_taken_only_where_the_table_has_a_way(
    facts: Facts, today: date, state: State, word: AgreementDecision
) -> None:
    own_suspension = facts.said is SAID.SUSPEND and state is State.SUSPENDED and word is SAID.RESUME
    if (state, word) in ALLOWED or own_suspension:
        check_may_say(agreement(), facts, word, today)
    else:
        with pytest.raises(NotPermittedError, match="state: practice cannot"):
            check_may_say(agreement(), facts, word, today)


def test_nobody_resumes_what_another_has_suspended_nor_what_is_overdue() -> None:
    with pytest.raises(NotPermittedError, match="unless nobody else has suspended it"):
        check_may_say(agreement(), Facts(SAID.SUSPEND, hub_suspended=True), SAID.RESUME, TODAY)
    with pytest.raises(NotPermittedError, match="unless nobody else has suspended it"):
        check_may_say(agreement(), Facts(SAID.SUSPEND), SAID.RESUME, date(2027, 5, 1))
    with pytest.raises(NotPermittedError, match="unless nobody else has suspended it"):
        check_may_say(agreement(), Facts(SAID.ACCEPT, hub_suspended=True), SAID.RESUME, TODAY)


def test_an_offer_that_has_run_out_is_not_accepted() -> None:
    with pytest.raises(NotPermittedError, match="practice cannot sign an agreement that is expired"):
        check_may_say(agreement(), Facts(), SAID.ACCEPT, date(2026, 6, 2))


def test_nobody_withdraws_from_what_the_law_requires() -> None:
    bound = undertakings(withdrawal=undertakings().withdrawal.__class__(False, 0, undertakings().withdrawal.received))
    with pytest.raises(NotPermittedError, match="unless the law does not require it"):
        check_may_say(agreement(undertakings=bound), Facts(SAID.ACCEPT), SAID.WITHDRAW, TODAY)
