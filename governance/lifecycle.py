"""The life of an agreement: which states there are, who may move it from one to another, and what must hold.

`TRANSITIONS` is the whole rule; code, documentation (docs/reference/agreement-states.md) and tests are made from it.
What it does not list is refused. The first states belong to a version; from `part_signed` on each practice has its own,
so that a practice that signs need not wait for the others, and one that leaves stops nobody else.

No column anywhere says "active": the state is worked out each time it matters from what was signed and the latest day
ever seen (`state_of`). Nobody can edit a signed version, date anything back, reopen an ended state, or sign for
somebody else; there is no transition for any of these.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Final

from governance.agreement import Agreement, check_reviewed
from governance.errors import NotPermittedError
from governance.wire import AgreementDecision

OFFER_DAYS: Final = 60
"""How long a practice may still accept what it was offered."""


class State(StrEnum):
    """Where an agreement stands."""

    DRAFT = "draft"
    PROPOSED = "proposed"
    PART_SIGNED = "part_signed"
    ACTIVE = "active"
    SUSPENDED = "suspended"
    WITHDRAWING = "withdrawing"
    WITHDRAWN = "withdrawn"
    SUPERSEDED = "superseded"
    EXPIRED = "expired"
    REJECTED = "rejected"


ENDED: Final = frozenset({State.WITHDRAWN, State.SUPERSEDED, State.EXPIRED, State.REJECTED})
"""From here nothing leads on: only a new version."""


class Action(StrEnum):
    """What somebody does to it."""

    PROPOSE = "propose"
    RETURN = "return"
    SIGN = "sign"
    DECLINE = "decline"
    BEGIN = "begin"
    SUSPEND = "suspend"
    RESUME = "resume"
    WITHDRAW = "withdraw"
    END_NOTICE = "end_notice"
    SUPERSEDE = "supersede"
    EXPIRE = "expire"


class Actor(StrEnum):
    """Who does it. The clock is the latest day ever seen, at the hub and at each agent by itself."""

    AUTHOR = "author"
    REVIEWER = "reviewer"
    HUB = "hub"
    PRACTICE = "practice"
    CLOCK = "clock"


class Guard(StrEnum):
    """What must hold, in words."""

    NOT_THE_DRAFTER = "the reviewer is another person than the drafter"
    FIT_TO_SIGN = "nothing is wrong with it: see `governance.agreement_lint`"
    EXACT_DOCUMENT = "the signature is over exactly this document"
    OFFER_OPEN = "the offer has not run out"
    OFFER_OVER = "the offer has run out, and the practice has not signed"
    BOTH_SIGNED = "hub and practice have signed"
    STARTED = "its first day is reached"
    SUSPENDED_IT = "whoever resumes it is who suspended it"
    CAUSE_CLEARED = "nobody else has suspended it, and no review is overdue"
    REVIEW_OVERDUE = "its review or its impact assessment's is overdue beyond the grace"
    CAN_WITHDRAW = "the law does not require it"
    NOTICE_OVER = "the days of notice are over"
    NEXT_IN_FORCE = "the next version is in force for the same practice"
    LAST_DAY_PASSED = "its last day has passed"


class At(StrEnum):
    """Where it is enforced."""

    HUB = "hub"
    AGENT = "agent"
    BOTH = "hub and agent"


@dataclass(frozen=True, slots=True)
class Transition:
    """One way from one state to another.

    Args:
        source: state before.
        action: what is done.
        actor: by whom.
        target: state after.
        guards: all must hold.
        at: where it is enforced.
    """

    source: State
    action: Action
    actor: Actor
    target: State
    guards: frozenset[Guard]
    at: At


def _way(source: State, action: Action, actor: Actor, target: State, *guards: Guard, at: At = At.BOTH) -> Transition:
    return Transition(source, action, actor, target, frozenset(guards), at)


_S, _A, _W = State, Action, Actor  # states, actions, who
TRANSITIONS: Final[tuple[Transition, ...]] = (
    _way(_S.DRAFT, _A.PROPOSE, _W.REVIEWER, _S.PROPOSED, Guard.NOT_THE_DRAFTER, Guard.FIT_TO_SIGN),
    _way(_S.PROPOSED, _A.RETURN, _W.REVIEWER, _S.DRAFT, at=At.HUB),
    _way(_S.PROPOSED, _A.RETURN, _W.AUTHOR, _S.DRAFT, at=At.HUB),
    _way(_S.PROPOSED, _A.SIGN, _W.HUB, _S.PART_SIGNED, Guard.EXACT_DOCUMENT),
    _way(_S.PROPOSED, _A.DECLINE, _W.HUB, _S.REJECTED, at=At.HUB),
    _way(
        *(_S.PART_SIGNED, _A.SIGN, _W.PRACTICE, _S.PART_SIGNED),
        *(Guard.EXACT_DOCUMENT, Guard.FIT_TO_SIGN, Guard.OFFER_OPEN),
    ),
    _way(_S.PART_SIGNED, _A.DECLINE, _W.PRACTICE, _S.REJECTED),
    _way(_S.PART_SIGNED, _A.BEGIN, _W.CLOCK, _S.ACTIVE, Guard.BOTH_SIGNED, Guard.STARTED),
    _way(_S.PART_SIGNED, _A.SUPERSEDE, _W.CLOCK, _S.SUPERSEDED, Guard.NEXT_IN_FORCE),
    _way(_S.PART_SIGNED, _A.EXPIRE, _W.CLOCK, _S.EXPIRED, Guard.OFFER_OVER),
    _way(_S.ACTIVE, _A.SIGN, _W.PRACTICE, _S.ACTIVE, Guard.EXACT_DOCUMENT),
    _way(_S.ACTIVE, _A.SUSPEND, _W.PRACTICE, _S.SUSPENDED),
    _way(_S.ACTIVE, _A.SUSPEND, _W.HUB, _S.SUSPENDED),
    _way(_S.ACTIVE, _A.SUSPEND, _W.CLOCK, _S.SUSPENDED, Guard.REVIEW_OVERDUE),
    _way(_S.ACTIVE, _A.WITHDRAW, _W.PRACTICE, _S.WITHDRAWING, Guard.CAN_WITHDRAW),
    _way(_S.ACTIVE, _A.SUPERSEDE, _W.CLOCK, _S.SUPERSEDED, Guard.NEXT_IN_FORCE),
    _way(_S.ACTIVE, _A.EXPIRE, _W.CLOCK, _S.EXPIRED, Guard.LAST_DAY_PASSED),
    _way(_S.SUSPENDED, _A.SUSPEND, _W.PRACTICE, _S.SUSPENDED),
    _way(_S.SUSPENDED, _A.SUSPEND, _W.HUB, _S.SUSPENDED),
    _way(_S.SUSPENDED, _A.RESUME, _W.PRACTICE, _S.ACTIVE, Guard.SUSPENDED_IT, Guard.CAUSE_CLEARED),
    _way(_S.SUSPENDED, _A.RESUME, _W.HUB, _S.ACTIVE, Guard.SUSPENDED_IT, Guard.CAUSE_CLEARED),
    _way(_S.SUSPENDED, _A.WITHDRAW, _W.PRACTICE, _S.WITHDRAWING, Guard.CAN_WITHDRAW),
    _way(_S.SUSPENDED, _A.SUPERSEDE, _W.CLOCK, _S.SUPERSEDED, Guard.NEXT_IN_FORCE),
    _way(_S.SUSPENDED, _A.EXPIRE, _W.CLOCK, _S.EXPIRED, Guard.LAST_DAY_PASSED),
    _way(_S.WITHDRAWING, _A.END_NOTICE, _W.CLOCK, _S.WITHDRAWN, Guard.NOTICE_OVER),
)
"""Every way there is."""

_BY_KEY: Final = {(one.source, one.action, one.actor): one for one in TRANSITIONS}

ACTION_OF: Final = {
    AgreementDecision.ACCEPT: Action.SIGN,
    AgreementDecision.DECLINE: Action.DECLINE,
    AgreementDecision.SUSPEND: Action.SUSPEND,
    AgreementDecision.RESUME: Action.RESUME,
    AgreementDecision.WITHDRAW: Action.WITHDRAW,
}
"""What each word of a practice does."""

OPENS: Final = frozenset({AgreementDecision.ACCEPT, AgreementDecision.RESUME})
"""Words after which searches may run; every other word stops them, and a word that stops is never refused."""


def after(state: State, action: Action, actor: Actor, holds: frozenset[Guard] = frozenset()) -> State:
    """The state after an action.

    Args:
        state: before.
        action: what is done.
        actor: by whom.
        holds: what is known to hold.

    Raises:
        NotPermittedError: there is no such way, or something that must hold does not.
    """
    way = _BY_KEY.get((state, action, actor))
    if way is None:
        raise NotPermittedError(
            f"state: {actor} cannot {_word(action)} an agreement that is {_word(state)}", hint=_hint(state, actor)
        )
    missing = sorted(way.guards - holds)
    if missing:
        raise NotPermittedError(
            f"state: {actor} cannot {_word(action)} this agreement, which is {_word(state)}, unless {missing[0]}"
        )
    return way.target


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of one version at one practice, the hub having signed it.

    Args:
        said: the practice's latest word on exactly this document, or None.
        said_on: the day of that word.
        hub_suspended: whether the hub has suspended it and not resumed.
        next_in_force: whether the next version is in force for this practice.
    """

    said: AgreementDecision | None = None
    said_on: date | None = None
    hub_suspended: bool = False
    next_in_force: bool = False


def state_of(agreement: Agreement, facts: Facts, today: date) -> State:
    """Where an agreement stands for a practice: what happened, walked through the table."""
    state = State.PART_SIGNED
    for action, actor in _happened(agreement, facts, today):
        if (state, action, actor) in _BY_KEY:
            state = after(state, action, actor, frozenset(Guard))
    return state


def check_may_say(agreement: Agreement, facts: Facts, decision: AgreementDecision, today: date) -> State:
    """The state after a practice's word; what the agent asks before it signs one and the hub before it takes one.

    That the signature is over this document, and that nothing was wrong with it, was checked by whoever asks.

    Raises:
        NotPermittedError: the table has no such way.
    """
    state = state_of(agreement, facts, today)
    holds = {Guard.EXACT_DOCUMENT, Guard.FIT_TO_SIGN}
    rest = agreement.undertakings
    if rest is None or rest.offer_until is None or today <= rest.offer_until or facts.said in OPENS:
        holds.add(Guard.OFFER_OPEN)
    if rest is None or rest.withdrawal.allowed:
        holds.add(Guard.CAN_WITHDRAW)
    if facts.said is AgreementDecision.SUSPEND:
        holds.add(Guard.SUSPENDED_IT)
    if not facts.hub_suspended and not _review_overdue(agreement, today):
        holds.add(Guard.CAUSE_CLEARED)
    return after(state, ACTION_OF[decision], Actor.PRACTICE, frozenset(holds))


def _happened(agreement: Agreement, facts: Facts, today: date) -> Iterator[tuple[Action, Actor]]:
    match facts.said:
        case None:
            if _offer_over(agreement, today):
                yield Action.EXPIRE, Actor.CLOCK
        case AgreementDecision.DECLINE:
            yield Action.DECLINE, Actor.PRACTICE
        case _:
            yield Action.SIGN, Actor.PRACTICE
            if today >= agreement.start:
                yield Action.BEGIN, Actor.CLOCK
            yield from _withdrawn(agreement, facts, today)
            yield from _ended_or_suspended(agreement, facts, today)


def _withdrawn(agreement: Agreement, facts: Facts, today: date) -> Iterator[tuple[Action, Actor]]:
    if facts.said is not AgreementDecision.WITHDRAW:
        return
    yield Action.WITHDRAW, Actor.PRACTICE
    rest = agreement.undertakings
    notice = timedelta(days=rest.withdrawal.notice_days if rest is not None else 0)
    if facts.said_on is not None and today > facts.said_on + notice:
        yield Action.END_NOTICE, Actor.CLOCK


def _ended_or_suspended(agreement: Agreement, facts: Facts, today: date) -> Iterator[tuple[Action, Actor]]:
    if today > agreement.end:
        yield Action.EXPIRE, Actor.CLOCK
    if facts.next_in_force:
        yield Action.SUPERSEDE, Actor.CLOCK
    if facts.said is AgreementDecision.SUSPEND:
        yield Action.SUSPEND, Actor.PRACTICE
    if facts.hub_suspended:
        yield Action.SUSPEND, Actor.HUB
    if _review_overdue(agreement, today):
        yield Action.SUSPEND, Actor.CLOCK


def _offer_over(agreement: Agreement, today: date) -> bool:
    rest = agreement.undertakings
    until = rest.offer_until if rest is not None and rest.offer_until is not None else agreement.end
    return today > min(until, agreement.end)


def _review_overdue(agreement: Agreement, today: date) -> bool:
    try:
        check_reviewed(agreement, today)
    except NotPermittedError:
        return True
    return False


def _word(name: str) -> str:
    return str(name).replace("_", " ")


def _hint(state: State, actor: Actor) -> str:
    if state in ENDED:
        return "this version has ended for good: the hub proposes the next one"
    ways = sorted({_word(one.action) for one in TRANSITIONS if one.source is state and one.actor is actor})
    return f"{actor} can: {', '.join(ways)}" if ways else ""
