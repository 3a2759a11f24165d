"""What each command of `gpfed-agent` does: it opens a turn or the state folder, calls one function, and prints."""

from __future__ import annotations

import json
import shutil
import sys
from argparse import Namespace
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from datetime import UTC, datetime

from agent.config import read_config
from agent.cycle import Outcome, Problem, Wish, bring_catalogue, deliver_waiting, take_turn
from agent.decisions import Answer, find_agreement, kept_decision, kept_terms, latest_decisions, say, say_again
from agent.diary import Diary
from agent.enrol import Door, enrol
from agent.errors import OK, PARTLY_DONE, AgentError, BusyError, NotAgreedError, RestatementRefusedError
from agent.explain import explain
from agent.explained import to_csv, to_json, to_text
from agent.files import write_private
from agent.grants import create_user_command
from agent.outbox import Message
from agent.restate import Again, restatable
from agent.sftp import Address, ClientKey, connect
from agent.site_commands import doctor_command, password_command, place_to_enrol
from agent.state import StateFolder, open_database
from agent.status import sent_rows, status_of
from agent.stops import check_can_stop, mark, tell_stops, unmark
from agent.transport import Mailbox
from agent.turn import Turn, open_turn
from governance.agreement_changes import what_changes
from governance.agreement_print import write_page
from governance.catalogue import Catalogue
from governance.profiles import effective, profile
from governance.restatement import RestatementReason
from governance.terms import SignedAgreement, in_words
from governance.wire import AgreementDecision

WAIT_SECONDS = 30.0  # for another turn of the same agent to end


def clock() -> datetime:
    """The present time."""
    return datetime.now(UTC)


def enrol_command(folder: StateFolder, options: Namespace) -> int:
    """Join a hub."""
    place = place_to_enrol(folder, options)
    enrolled = enrol(folder, options.code, place, Door(connect), Diary(folder.diary, clock))
    _print(
        options,
        {
            "practice": enrolled.practice,
            "hub": {"host": enrolled.hub.host, "port": enrolled.hub.port, "host_key": enrolled.hub.host_key},
            "fingerprint": enrolled.key_words,
        },
        f"Enrolled practice {enrolled.practice} with {enrolled.hub.host}\n"
        f"  hub         {enrolled.hub.host_key} (as in the code)\n"
        f"  this agent  {enrolled.key_words}\n"
        "Read the last line to the hub by telephone. Nothing runs until an agreement is accepted here.",
    )
    return 0


def show_command(folder: StateFolder, options: Namespace) -> int:
    """Print agreements."""
    with open_turn(folder, clock, WAIT_SECONDS) as turn:
        catalogue = _catalogue(turn)
        if options.id:
            signed = find_agreement(catalogue, options.id)
            if options.page is not None:
                write_page(signed.agreement, options.page)
            _print(options, _agreement_json(turn, catalogue, signed), _agreement_text(turn, signed))
        else:
            listed = [_agreement_json(turn, catalogue, signed) for signed in catalogue.agreements.values()]
            text = "\n".join(
                f"{one['id']}  version {one['version']}  said {one['said']}  {one['title']}" for one in listed
            )
            _print(options, {"agreements": listed}, text or "No agreement is offered to this practice.")
    return 0


def accept_command(folder: StateFolder, options: Namespace) -> int:
    """Sign an agreement."""
    return _say(folder, options, Answer(AgreementDecision.ACCEPT, options.named))


def decline_command(folder: StateFolder, options: Namespace) -> int:
    """Decline an agreement."""
    return _say(folder, options, Answer(AgreementDecision.DECLINE, named=False))


def suspend_command(folder: StateFolder, options: Namespace) -> int:
    """Stop an agreement at once, with the hub or without it."""
    return _stop(folder, options, AgreementDecision.SUSPEND)


def withdraw_command(folder: StateFolder, options: Namespace) -> int:
    """Leave an agreement for good."""
    return _stop(folder, options, AgreementDecision.WITHDRAW)


def resume_command(folder: StateFolder, options: Namespace) -> int:
    """Go on with what this practice itself has suspended."""
    with open_turn(folder, clock, WAIT_SECONDS) as turn:
        tell_stops(turn)
        kept = kept_decision(turn.connection, options.id)
        if kept is None:
            raise NotAgreedError(f"agreement {options.id} is not accepted here", "gpfed-agent agreements show")
        say_again(turn, kept, AgreementDecision.RESUME)
        unmark(folder, options.id)
        outcome = _tell_hub(turn)
    _print_outcome(options, outcome, f"resumed: agreement {options.id}")
    return outcome.exit_code


def _stop(folder: StateFolder, options: Namespace, word: AgreementDecision) -> int:
    read_config(folder)
    with open_database(folder) as connection:
        check_can_stop(folder, kept_decision(connection, options.id), options.id, word)
    if word is AgreementDecision.WITHDRAW:
        _confirm_name(options, f"To withdraw from it for good, type its name: {options.id}")
    mark(folder, options.id, word)  # from here on it is stopped, whatever follows
    said = f"stopped here: {word} {options.id}; nothing more runs or leaves under it"
    try:
        with open_turn(folder, clock, WAIT_SECONDS) as turn:
            tell_stops(turn)
            outcome = _tell_hub(turn)
    except BusyError:
        print(f"{said}\nthe hub is told when the turn that is running has ended", file=sys.stderr)
        return PARTLY_DONE
    _print_outcome(options, outcome, f"{said}\n{'waits for' if outcome.exit_code else 'received by'} the hub")
    return outcome.exit_code


def _tell_hub(turn: Turn) -> Outcome:
    """Deliver what waits, if the hub can be reached; what this practice has stopped is stopped either way."""
    try:
        return deliver_waiting(turn, lambda: open_mailbox(turn), _catalogue(turn).hub, Wish())
    except AgentError as error:
        waiting = turn.outbox.in_state("spooled", "uploaded")
        return Outcome((), waiting, (Problem(error.message, error.hint, error.exit_code),))


def _confirm_name(options: Namespace, question: str) -> None:
    if options.yes:
        return
    print(question, file=sys.stderr, flush=True)
    if sys.stdin.readline().strip() != options.id:
        raise NotAgreedError(f"agreement {options.id}: nothing was changed", "type its name, or give --yes")


def run_command(folder: StateFolder, options: Namespace) -> int:
    """One turn."""
    with open_turn(folder, clock, WAIT_SECONDS) as turn:
        outcome = take_turn(turn, lambda: open_mailbox(turn), Wish(options.reference_date, at_once=options.now))
    _print_outcome(options, outcome)
    return outcome.exit_code


def restate_command(folder: StateFolder, options: Namespace) -> int:
    """Release a period again, once."""
    again = Again(options.reference_date, RestatementReason(options.reason), options.agreement)
    with open_turn(folder, clock, WAIT_SECONDS) as turn:
        firsts = restatable(turn.outbox, again)
        if not options.yes:
            _confirm_restatement(firsts, again)
        outcome = take_turn(turn, lambda: open_mailbox(turn), Wish(again=again, at_once=options.now))
    _print_outcome(options, outcome)
    return outcome.exit_code


def status_command(folder: StateFolder, options: Namespace) -> int:
    """Where this agent stands."""
    status = status_of(folder, clock())
    _print(options, status, "\n".join(f"{name:12} {_line(value)}" for name, value in status.items()))
    return 0


def sent_command(folder: StateFolder, options: Namespace) -> int:
    """Every message."""
    rows = sent_rows(folder)
    lines = [
        f"{row['sequence']:>8}  {row['state']:9}  {row['what']}  {row['size']} bytes  {row['digest']}" for row in rows
    ]
    _print(options, {"messages": rows}, "\n".join(lines) or "Nothing has left.")
    return 0


def explain_command(folder: StateFolder, options: Namespace) -> int:
    """Every figure of a search, exact and as others see it."""
    explained = explain(folder, options.search, options.reference_date, clock())
    columns = shutil.get_terminal_size((100, 24)).columns
    if options.csv is not None:
        write_private(options.csv.absolute(), to_csv(explained))
        print(f"gpfed-agent: written to {options.csv}, exact figures included", file=sys.stderr)
    _print(options, to_json(explained), to_text(explained, columns))
    return OK if explained.message is not None else PARTLY_DONE


COMMANDS: Mapping[str, Callable[[StateFolder, Namespace], int]] = {
    "enrol": enrol_command,
    "agreements show": show_command,
    "agreements accept": accept_command,
    "agreements decline": decline_command,
    "agreements suspend": suspend_command,
    "agreements resume": resume_command,
    "agreements withdraw": withdraw_command,
    "run": run_command,
    "restate": restate_command,
    "status": status_command,
    "sent": sent_command,
    "explain": explain_command,
    "doctor": doctor_command,
    "password": password_command,
    "sql create-user": create_user_command,
}


def open_mailbox(turn: Turn) -> AbstractContextManager[Mailbox]:
    """This practice's account at its hub, over SFTP."""
    hub = turn.config.hub
    address = Address(hub.host, hub.port, hub.host_key_sha256)
    return connect(address, ClientKey(turn.config.practice, turn.folder.ssh_key))


def _say(folder: StateFolder, options: Namespace, answer: Answer) -> int:
    with open_turn(folder, clock, WAIT_SECONDS) as turn:
        catalogue = _catalogue(turn)
        signed = find_agreement(catalogue, options.id)
        _confirm(turn, signed, options, answer)
        say(turn, signed, answer)
        outcome = deliver_waiting(turn, lambda: open_mailbox(turn), catalogue.hub, Wish())
    named = (", named" if answer.named else ", unnamed") if answer.decision is AgreementDecision.ACCEPT else ""
    _print_outcome(
        options,
        outcome,
        f"signed: {answer.decision} {signed.agreement.id} version {signed.agreement.version}, "
        f"practice {turn.config.practice}{named}\n{'waits for' if outcome.waiting else 'received by'} the hub",
    )
    return outcome.exit_code


def _confirm(turn: Turn, signed: SignedAgreement, options: Namespace, answer: Answer) -> None:
    if options.yes:
        return
    print(_agreement_text(turn, signed), file=sys.stderr)
    print(f"To {answer.decision} it for practice {turn.config.practice}, type its name:", file=sys.stderr, flush=True)
    if sys.stdin.readline().strip() != signed.agreement.id:
        raise NotAgreedError(f"agreement {signed.agreement.id}: nothing was signed", "type its name, or give --yes")


def _confirm_restatement(firsts: tuple[Message, ...], again: Again) -> None:
    on = again.reference_date.isoformat()
    for first in firsts:
        print(f"{first.agreement} of {on} was released as message {first.sequence}.", file=sys.stderr)
    print(
        f"It can be restated once; both releases are kept and the hub shows both. Reason: {again.reason.words}.\n"
        f"To release it again, type {on}:",
        file=sys.stderr,
        flush=True,
    )
    if sys.stdin.readline().strip() != on:
        raise RestatementRefusedError(f"{on}: nothing was released again", "type the date, or give --yes")


def _catalogue(turn: Turn) -> Catalogue:
    outcome = bring_catalogue(turn, lambda: open_mailbox(turn))
    for problem in outcome.problems:
        print(f"gpfed-agent: {problem.message}; using the last good catalogue", file=sys.stderr)
    return outcome.catalogue


def _agreement_json(turn: Turn, catalogue: Catalogue, signed: SignedAgreement) -> dict[str, object]:
    agreement = signed.agreement
    return {
        "id": agreement.id,
        "version": agreement.version,
        "title": agreement.title,
        "digest": signed.digest,
        "start": agreement.start.isoformat(),
        "end": agreement.end.isoformat(),
        "profile": agreement.profile,
        "profile_here": _profile_here(turn, signed),
        "searches": [terms.search_id for terms in agreement.searches],
        "published": sorted(search_id for one, search_id in catalogue.searches if one == agreement.id),
        "said": _said(turn, signed),
    }


def _agreement_text(turn: Turn, signed: SignedAgreement) -> str:
    lines = [in_words(signed.agreement)]
    if turn.config.own_profile is not None:
        lines.append(f"This practice narrows it (agent.toml): what leaves keeps {_profile_here(turn, signed)}.")
    lines += [f"This practice has said: {_said(turn, signed)}", f"Document: {signed.digest}"]
    kept = kept_decision(turn.connection, signed.agreement.id)
    before = kept_terms(turn.folder, kept) if kept is not None and kept.digest != signed.digest else None
    return "\n".join([*lines, *(("", what_changes(before, signed.agreement)) if before is not None else ())])


def _profile_here(turn: Turn, signed: SignedAgreement) -> str:
    """The profile that what leaves keeps: the agreement's, narrowed by the practice's own."""
    return effective(profile(signed.agreement.profile), turn.config.own_profile).id


def _said(turn: Turn, signed: SignedAgreement) -> str:
    for kept in latest_decisions(turn.connection):
        if (kept.agreement_id, kept.digest) == (signed.agreement.id, signed.digest):
            named = ", named" if kept.named else ""
            return f"{kept.decision}{named}"
    return "nothing"


def _print_outcome(options: Namespace, outcome: Outcome, said: str = "") -> None:
    document = {
        "released": [
            {
                "sequence": one.sequence,
                "agreement": one.agreement,
                "digest": one.digest,
                "restates": one.restates,
                "reason": one.reason or None,
            }
            for one in outcome.released
        ],
        "waiting": [one.sequence for one in outcome.waiting],
        "resting": [one.sequence for one in outcome.resting],
        "leaves_from": outcome.leaves_from.isoformat() if outcome.leaves_from is not None else None,
        "held": list(outcome.held),
        "problems": [
            {"message": one.message, "hint": one.hint, **({"reason": one.reason} if one.reason else {})}
            for one in outcome.problems
        ],
    }
    lines = [_released_line(one) for one in outcome.released]
    lines += [f"message {one.sequence} waits for the hub's receipt" for one in outcome.waiting]
    lines += [_resting_line(one, outcome) for one in outcome.resting]
    lines += outcome.held
    _print(options, document, "\n".join([said, *lines] if said else lines) or "nothing waits")
    # A hub that does not answer is met twice in a turn.
    for message, hint in dict.fromkeys((problem.message, problem.hint) for problem in outcome.problems):
        print(f"gpfed-agent: {message}", file=sys.stderr)
        if hint:
            print(f"  {hint}", file=sys.stderr)


def _resting_line(one: Message, outcome: Outcome) -> str:
    """When a result leaves that waits for the release hour."""
    when = f"{outcome.leaves_from:%H:%M on %d %B}" if outcome.leaves_from is not None else ""
    return f"message {one.sequence} leaves in the hour from {when}; to send it now: gpfed-agent run --once --now"


def _released_line(one: Message) -> str:
    again = f", restating message {one.restates}" if one.restates is not None else ""
    return f"released message {one.sequence}: {one.agreement} of {one.reference_date}{again}"


def _print(options: Namespace, document: Mapping[str, object], text: str) -> None:
    print(json.dumps({"schema": 1, **document}, indent=1) if options.json else text)


def _line(value: object) -> str:
    return ", ".join(f"{name} {part}" for name, part in value.items()) if isinstance(value, Mapping) else str(value)
