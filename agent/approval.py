"""What is due, and whether it may run: agreement ∩ the practice's own policy ∩ the floor.

An agreement counts here only if the hub signed it and this practice signed its acceptance of exactly that document,
with its own key, at this agent. Each search is then decided by itself, and the decision goes into the diary with its
reasons.

A result is due once for an agreement and reference date. Without a date asked for, that is the end of the last whole
week (Sunday), month, quarter or year to 31 March, by each search's schedule, if the agreement had begun by then. What
failed is tried again after some hours, not at every turn.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from agent.answered import too_often
from agent.decisions import kept_document, latest_decisions
from agent.outbox import Message
from agent.stops import goes_on
from agent.turn import Turn
from governance.agreement import ActiveAgreement
from governance.catalogue import Catalogue, index_path, read_index
from governance.errors import GovernanceError
from governance.lifecycle import OPENS
from governance.permission import Clause, Decision, LocalPolicy, decide
from governance.profiles import Profile
from governance.restatement import RestatementReason
from governance.review import ReviewedSearch
from governance.terms import Word, activate
from searches.search import Schedule, Search

TRY_AGAIN_AFTER = timedelta(hours=4)
MOST_REASONS_CHARACTERS = 4000  # of one entry of the diary


@dataclass(frozen=True, slots=True)
class Restates:
    """What a restatement restates: the message first released, and why."""

    first: Message
    reason: RestatementReason


@dataclass(frozen=True, slots=True)
class Due:
    """One result to make.

    Args:
        active: the agreement it is made under.
        reference_date: of the answer.
        permitted: searches to run.
        denied_here: searches that only the practice's own policy refuses: they go as `not_run`.
        refused: how many were refused by the agreement or the floor: they do not go at all.
        restates: of a restatement, what it restates and why.
        own: the profile that the practice asks for beside the agreement's, or None.
    """

    active: ActiveAgreement
    reference_date: date
    permitted: tuple[Search, ...]
    denied_here: tuple[Search, ...]
    refused: int
    restates: Restates | None = None
    own: Profile | None = None

    def rule(self, search_id: str) -> Profile:
        """By which the counts of a search are shown: agreement ∩ the practice's own profile ∩ floor.

        Raises:
            NotPermittedError: the agreement's profile is not known, or lies below the floor.
        """
        return self.active.agreement.rule(search_id, self.own)


def active_agreements(turn: Turn, catalogue: Catalogue) -> tuple[ActiveAgreement, ...]:
    """Agreements in force for this practice; why the others that it accepted are not goes into the diary."""
    active = []
    for decision in latest_decisions(turn.connection):
        signed = catalogue.agreements.get(decision.agreement_id)
        if signed is None or decision.decision not in OPENS or not goes_on(turn, decision.agreement_id):
            continue
        try:
            word = Word(decision.signed, kept_document(turn.folder, decision))
            active.append(activate(signed, catalogue.hub.agreement_key, word, turn.practice, turn.today))
        except GovernanceError as error:
            turn.diary.append_once("not_active", {"agreement": decision.agreement_id, "reason": error.message})
    return tuple(active)


def due(turn: Turn, catalogue: Catalogue, files: Mapping[str, bytes], asked: date | None) -> tuple[Due, ...]:
    """Everything that is due now.

    Args:
        turn: of the agent.
        catalogue: verified.
        files: of the catalogue, as far as the hub served them.
        asked: only this reference date, for every search; or None.
    """
    found = []
    for active in active_agreements(turn, catalogue):
        if not is_whole(active, files):
            continue
        reviewed = searches_of(active, catalogue)
        for reference_date in _reference_dates(active, reviewed, turn.today, asked):
            if _wants_a_try(turn, active, reference_date, asked):
                chosen = tuple(one for one in reviewed if asked or _falls_on(one, turn.today, reference_date))
                found.append(decided(turn, active, reference_date, chosen))
    return tuple(found)


def last_end(schedule: Schedule, today: date) -> date:
    """The last day of the last whole period before today.

    >>> last_end(Schedule.MONTHLY, date(2026, 3, 31)), last_end(Schedule.YEARLY, date(2026, 4, 1))
    (datetime.date(2026, 2, 28), datetime.date(2026, 3, 31))
    """
    match schedule:
        case Schedule.WEEKLY:
            return today - timedelta(days=today.isoweekday())
        case Schedule.MONTHLY:
            return today.replace(day=1) - timedelta(days=1)
        case Schedule.QUARTERLY:
            return date(today.year, 3 * ((today.month - 1) // 3) + 1, 1) - timedelta(days=1)
        case Schedule.YEARLY:
            return date(today.year if (today.month, today.day) > (3, 31) else today.year - 1, 3, 31)


def note_failure(turn: Turn, one: Due) -> None:
    """Remember that a result could not be made, so that the failure is not repeated at every turn."""
    turn.connection.execute(
        "INSERT OR REPLACE INTO failure VALUES (?, ?, ?)",
        (one.active.agreement.id, one.reference_date.isoformat(), turn.now.isoformat()),
    )


def is_whole(active: ActiveAgreement, files: Mapping[str, bytes]) -> bool:
    """Whether the hub has served every search that the agreement's index names; a part would be released for good."""
    data = files.get(index_path(active.agreement.id))
    return data is not None and all(entry.path in files for entry in read_index(data, active.agreement.id).entries)


def searches_of(active: ActiveAgreement, catalogue: Catalogue) -> tuple[ReviewedSearch, ...]:
    """The searches published under an agreement, by id."""
    mine = (
        (search_id, one)
        for (agreement, search_id), one in catalogue.searches.items()
        if agreement == active.agreement.id
    )
    return tuple(one for _, one in sorted(mine, key=lambda pair: pair[0]))


def _reference_dates(
    active: ActiveAgreement, reviewed: tuple[ReviewedSearch, ...], today: date, asked: date | None
) -> tuple[date, ...]:
    if asked is not None:
        return (asked,) if reviewed else ()
    ends = {last_end(one.search.schedule, today) for one in reviewed}
    return tuple(sorted(end for end in ends if end >= active.agreement.start))


def _falls_on(one: ReviewedSearch, today: date, reference_date: date) -> bool:
    return last_end(one.search.schedule, today) == reference_date


def _wants_a_try(turn: Turn, active: ActiveAgreement, reference_date: date, asked: date | None) -> bool:
    if turn.outbox.released(active.agreement.id, reference_date.isoformat()) is not None:
        return False
    row = turn.connection.execute(
        "SELECT at FROM failure WHERE agreement = ? AND reference_date = ?",
        (active.agreement.id, reference_date.isoformat()),
    ).fetchone()
    return asked is not None or row is None or turn.now - datetime.fromisoformat(row[0]) >= TRY_AGAIN_AFTER


def decided(turn: Turn, active: ActiveAgreement, reference_date: date, chosen: tuple[ReviewedSearch, ...]) -> Due:
    """Each search decided by itself, with the reasons in the diary."""
    policy = LocalPolicy(denied_searches=frozenset(turn.config.refuse_searches), profile=turn.config.own_profile)
    permitted, denied_here, refused = [], [], 0
    for one in chosen:
        decision = decide(active, one, policy, turn.today)
        if why := too_often(turn.connection, active.agreement, one.search.id, reference_date):
            decision = decision.and_not(Clause.SCHEDULE, why)
        _write_decision(turn, active, reference_date, one, decision)
        if decision.permitted:
            permitted.append(one.search)
        elif {reason.clause for reason in decision.reasons if not reason.holds} == {Clause.LOCAL_POLICY}:
            denied_here.append(one.search)
        else:
            refused += 1
    return Due(active, reference_date, tuple(permitted), tuple(denied_here), refused, own=policy.profile)


def _write_decision(
    turn: Turn, active: ActiveAgreement, reference_date: date, one: ReviewedSearch, decision: Decision
) -> None:
    turn.diary.append_once(
        "decided",
        {
            "agreement": active.agreement.id,
            "version": active.agreement.version,
            "search": one.search.id,
            "search_digest": one.search.digest,
            "reference_date": reference_date.isoformat(),
            "permitted": decision.permitted,
            "reasons": "; ".join(decision.refusals)[:MOST_REASONS_CHARACTERS],
        },
    )
