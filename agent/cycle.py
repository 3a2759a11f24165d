"""One turn of the agent, from pulling the catalogue to the hub's receipt: steps 2 to 11 of an answer's path.

Each step takes only what the step before returned, and each has a type of its own that only that step makes:

    Pulled -> Catalogue -> Due -> Ran -> CountedPeople -> SafeTable -> SealedResult -> Message

Before a run and after it, what answers here must have answered rightly about made-up people (`agent.conformance`).
What goes wrong with one result is written down and the others go on. When the hub cannot be reached, the last good
catalogue still serves, and what is sealed waits in the outbox.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import date, datetime

from agent.action_list import write_action_list
from agent.answered import note_answered
from agent.approval import Due, due, note_failure
from agent.conformance import Gate
from agent.deliver import RECEIPT_PATIENCE, deliver, resting
from agent.errors import (
    FAILED,
    OK,
    PARTLY_DONE,
    AgentError,
    CatalogueRefusedError,
    HubIdentityError,
    NotAgreedError,
    SourceError,
    TransportError,
)
from agent.history import Memory, keep, note_receipts, open_memory
from agent.logged import in_the_log, see_log
from agent.outbox import Message, Outgoing
from agent.pull import Pulled, last_good, pull
from agent.quiet import quiet_until, release_hour_until, run_seconds
from agent.record import write_down
from agent.release import count_for_others, message_of
from agent.release_hour import ReleaseHour
from agent.report import ExactReport, Shown, write_report, write_what_leaves
from agent.restate import Again, due_again, keep_first_reports
from agent.room import check_room
from agent.run import RunRequest, run
from agent.sources import Ran, Wanted, records_of
from agent.stops import check_goes_on, check_not_paused, tell_stops
from agent.transport import Mailbox, Patience
from agent.turn import Turn
from governance.catalogue import Catalogue, HubIdentity, read_catalogue
from governance.errors import GovernanceError
from governance.sealing import ResultMessage, SealedResult, seal
from governance.suppress import Suppressed
from governance.wire import FileKind
from searches.answer import exact_cells
from searches.people import PeopleSets

logger = logging.getLogger(__name__)

OpenMailbox = Callable[[], AbstractContextManager[Mailbox]]


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that was refused or failed during a turn, with what to do next, its exit code and a code for it."""

    message: str
    hint: str
    exit_code: int
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a turn did: results sealed in it, messages that still wait for the hub, and what went wrong.

    Args:
        held: what is due and waits for the end of the quiet hours or of the release hour, in words.
        resting: results that wait for the release hour.
        leaves_from: when that next begins, by this machine's clock; None: nothing waits for it.
    """

    released: tuple[Message, ...]
    waiting: tuple[Message, ...]
    problems: tuple[Problem, ...]
    held: tuple[str, ...] = ()
    resting: tuple[Message, ...] = ()
    leaves_from: datetime | None = None

    @property
    def exit_code(self) -> int:
        """Of the command: a problem's own code if it is the only kind and nothing was released, else partly done."""
        codes = {problem.exit_code for problem in self.problems}
        if len(codes) == 1 and not self.released and not self.held:
            return codes.pop()
        return PARTLY_DONE if codes or self.waiting or self.held else OK


@dataclass(frozen=True, slots=True)
class Brought:
    """A catalogue to work with: what was believed of it, its files, and why it is not a new one (if so)."""

    catalogue: Catalogue
    files: Mapping[str, bytes]
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class Wish:
    """What a turn is asked for: a reference date (None: what is due by itself), and how long to wait for receipts.

    Args:
        again: what is to be restated; then nothing else is made.
        at_once: whether somebody asks that results leave now, whatever the hour.
    """

    reference_date: date | None = None
    patience: Patience = RECEIPT_PATIENCE
    again: Again | None = None
    at_once: bool = False


def take_turn(turn: Turn, open_mailbox: OpenMailbox, wish: Wish) -> Outcome:
    """Do everything that is due.

    What leaves by itself leaves before anything is run, so that no run delays it.

    Raises:
        HubIdentityError: someone else answered in the hub's place; nothing was run or sent.
        NoRoomError: the disk is full; what could not be kept was not sent.
        PausedError: the practice has paused everything.
    """
    check_not_paused(turn.folder)
    tell_stops(turn)
    brought = bring_catalogue(turn, open_mailbox)  # 2, 3
    hub, gate = brought.catalogue.hub, Gate(turn)
    delivered = Outcome((), (), ()) if wish.at_once else deliver_waiting(turn, open_mailbox, hub, wish)  # 11
    problems, released, held = [*brought.problems, *_nightly(turn, gate)], [], []
    for one in _due(turn, brought, wish, problems):  # 4
        if (waits := _waits(turn, wish)) is not None:
            held.append(_hold(turn, one, waits))
            continue
        if (entered := in_the_log(turn, one)) is None:
            held.append(_hold_for_log(turn, one))
            continue
        try:
            released.append(_release(turn, hub, entered, (gate, wish)))  # 5 to 10
        except Exception as error:  # noqa: BLE001 - one result must not stop the others
            check_room(error)  # of others there would be no room either, nor for a note of it
            note_failure(turn, one)
            problems.append(_problem(turn, error, one.active.agreement.id))
    if wish.at_once:
        delivered = deliver_waiting(turn, open_mailbox, hub, wish)
    problems += delivered.problems
    ended = Outcome(tuple(released), delivered.waiting, tuple(problems), tuple(held))
    return _with_resting(ended, turn, wish)


def bring_catalogue(turn: Turn, open_mailbox: OpenMailbox) -> Brought:
    """A new catalogue, or else the last good one.

    Raises:
        HubIdentityError: someone else answered in the hub's place.
        TransportError: the hub did not answer, and there is no good catalogue to go on with.
        CatalogueRefusedError: what the hub has does not verify, and there is no good one to go on with.
    """
    problems: tuple[Problem, ...] = ()
    try:
        with open_mailbox() as mailbox:
            pulled = pull(mailbox, turn.folder.catalogue)
            note_receipts(turn, mailbox)
            problems = tuple(_problem(turn, error, "") for error in see_log(turn, mailbox, pulled.files))
    except HubIdentityError as error:
        turn.diary.append_changed("hub_identity", {"reason": error.message})
        raise
    except (TransportError, CatalogueRefusedError) as error:
        problems = (_problem(turn, error, ""),)
        pulled = _last_good_or(turn, error)
    catalogue = read_catalogue(pulled.files)
    for refusal in catalogue.refused:
        turn.diary.append_once("target_refused", {"path": refusal.path, "reason": refusal.reason})
    return Brought(catalogue, pulled.files, problems)


def deliver_waiting(turn: Turn, open_mailbox: OpenMailbox, hub: HubIdentity, wish: Wish) -> Outcome:
    """Send what may leave now and collect receipts; what cannot be sent is kept."""
    rest = resting(turn, at_once=wish.at_once)
    waiting = tuple(one for one in turn.outbox.in_state("spooled", "uploaded") if one not in rest)
    problems: tuple[Problem, ...] = ()
    if waiting:
        try:
            with open_mailbox() as mailbox:
                waiting = deliver(turn, mailbox, hub, wish.patience, at_once=wish.at_once)
        except (AgentError, GovernanceError) as error:
            problems = (_problem(turn, error, ""),)
    return _with_resting(Outcome((), waiting, problems), turn, wish)


def _with_resting(outcome: Outcome, turn: Turn, wish: Wish) -> Outcome:
    rest = resting(turn, at_once=wish.at_once)
    leaves_from = ReleaseHour(turn.config.release_hour).next(turn.now) if rest else None
    return replace(outcome, resting=rest, leaves_from=leaves_from)


def _due(turn: Turn, brought: Brought, wish: Wish, problems: list[Problem]) -> tuple[Due, ...]:
    if wish.again is None:
        return due(turn, brought.catalogue, brought.files, wish.reference_date)
    try:
        return due_again(turn, brought.catalogue, brought.files, wish.again)
    except AgentError as error:
        problems.append(_problem(turn, error, wish.again.agreement))
        return ()


def _last_good_or(turn: Turn, reason: AgentError) -> Pulled:
    try:
        return last_good(turn.folder.catalogue, turn.now)
    except CatalogueRefusedError as error:
        turn.diary.append_changed("turn_failed", {"agreement": "", "reason": error.message})
        raise reason from error


def _nightly(turn: Turn, gate: Gate) -> tuple[Problem, ...]:
    if quiet_until(turn) is not None:
        return ()
    try:
        gate.look_nightly()
    except SourceError as error:
        return (_problem(turn, error, ""),)
    return ()


def _waits(turn: Turn, wish: Wish) -> tuple[str, datetime] | None:
    """For the end of which hours a run has to wait, and until when; None: it may begin."""
    if (until := quiet_until(turn)) is not None:
        return "quiet hours", until
    if not wish.at_once and (until := release_hour_until(turn)) is not None:
        return "release hour", until
    return None


def _hold(turn: Turn, one: Due, waits: tuple[str, datetime]) -> str:
    hours, until = waits
    facts = {"agreement": one.active.agreement.id, "reference_date": one.reference_date.isoformat()}
    turn.diary.append_changed(hours.replace(" ", "_"), facts)
    return f"{facts['agreement']} of {facts['reference_date']} waits for the end of the {hours} at {until:%H:%M}"


def _hold_for_log(turn: Turn, one: Due) -> str:
    facts = {"agreement": one.active.agreement.id, "reference_date": one.reference_date.isoformat()}
    turn.diary.append_changed("waits_for_log", facts)
    return f"{facts['agreement']} of {facts['reference_date']} waits until its searches are found in the hub's log"


def _release(turn: Turn, hub: HubIdentity, one: Due, how: tuple[Gate, Wish]) -> Message:
    gate, wish = how
    if not one.permitted:
        raise NotAgreedError(
            f"no search of agreement {one.active.agreement.id} may run", "the diary has the reasons of each"
        )
    check_goes_on(turn, one.active.agreement.id)
    gate.require_green()
    ran = run(_request(turn, one, wish))  # 5, 6
    gate.require_same(ran)
    if one.restates is not None:
        keep_first_reports(turn.folder.reports, one.reference_date)
    _keep_reports(turn, ran, one)  # 7
    _keep_action_lists(turn, ran)  # 7
    memory = open_memory(turn)
    counted = count_for_others(one, ran, memory)  # 8, 9
    _keep_reports(turn, ran, one, counted)
    check_goes_on(turn, one.active.agreement.id)  # a run takes long enough to think again
    place = turn.outbox.next_place()
    leaving = message_of(turn.config.practice, one, ran, counted.tables, place)
    sealed: SealedResult = seal(leaving, turn.key, hub.seal_key)  # 10
    write_what_leaves(turn.folder.reports, leaving)
    outgoing = _outgoing(one, leaving, sealed)
    remembered = Memory(counted.history, memory.local_key)
    answered = [table.search_id for table in leaving.tables]

    def also(connection: sqlite3.Connection, sequence: int) -> None:
        keep(connection, remembered, sequence, sealed.data)
        note_answered(connection, one.active.agreement.id, one.reference_date, answered)

    message = turn.outbox.spool(place, outgoing, turn.now, also)
    write_down(turn.folder, turn.outbox, turn.diary, message)
    return message


def _outgoing(one: Due, leaving: ResultMessage, sealed: SealedResult) -> Outgoing:
    searches = tuple(table.search_id for table in leaving.tables)
    outgoing = Outgoing(FileKind.RESULT, leaving.agreement_id, one.reference_date.isoformat(), sealed.data, searches)
    if one.restates is None:
        return outgoing
    return replace(outgoing, restates=one.restates.first.sequence, reason=str(one.restates.reason))


def _request(turn: Turn, one: Due, wish: Wish) -> RunRequest:
    return RunRequest(
        records_of(turn.config, turn.folder),
        Wanted(one.permitted, one.reference_date, turn.today),
        run_seconds(turn, at_once=wish.at_once),
    )


def _keep_reports(turn: Turn, ran: Ran, one: Due, decided: Suppressed | None = None) -> None:
    """The exact report of each search that ran, with what others will see once that is decided."""
    released = {table.search_id: table for table in decided.tables} if decided is not None else {}
    stories = {story.search_id: story for story in decided.stories} if decided is not None else {}
    for people in _answered(ran):
        cells = exact_cells(people, ran.answers.type1)
        report = ExactReport(turn.config.practice, people.search, people.reference_date, cells)
        shown = Shown(
            released.get(people.search.id),
            stories.get(people.search.id),
            one.active.agreement.id,
            restates=one.restates is not None,
        )
        write_report(turn.folder.reports, report, shown)


def _keep_action_lists(turn: Turn, ran: Ran) -> None:
    for people in _answered(ran):
        write_action_list(turn.folder.action_lists, people, ran.identities)


def _answered(ran: Ran) -> tuple[PeopleSets, ...]:
    return tuple(result for result in ran.answers.results.values() if isinstance(result, PeopleSets))


def _problem(turn: Turn, error: Exception, agreement: str) -> Problem:
    if isinstance(error, AgentError | GovernanceError):
        problem = Problem(error.message, error.hint, error.exit_code, getattr(error, "reason", ""))
    else:
        # A foreign message may quote a row: only its kind is told.
        problem = Problem(f"the turn failed: {type(error).__name__}", "tell the makers of this agent", FAILED)
    logger.warning("event=problem agreement=%s kind=%s", agreement, type(error).__name__)
    facts = {"agreement": agreement, "reason": problem.message}
    turn.diary.append_changed("turn_failed", facts | ({"code": problem.reason} if problem.reason else {}))
    return problem
