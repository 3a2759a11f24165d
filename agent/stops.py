"""The practice's own switches: files in its state folder that stop at once, whatever runs, and with the hub down.

    PAUSE                 nothing runs and no result leaves, while this file is there; its first line is the reason
    stops/<agreement>     `suspend` or `withdraw`: nothing runs or leaves under that agreement

Anybody who may write to the folder can stop, with an editor if need be. A stop counts from the moment its file is
there: at the schedule, before a run, before sealing and before each upload. The word to the hub is signed afterwards,
by the command or by the next turn.
"""

from __future__ import annotations

from agent.decisions import KeptDecision, kept_decision, kept_terms, say_again
from agent.errors import NotAgreedError, PausedError
from agent.files import private_folder, write_private
from agent.outbox import Message
from agent.state import StateFolder
from agent.turn import Turn
from governance.lifecycle import OPENS
from governance.wire import AGREEMENT_ID, AgreementDecision, FileKind

_STOPS = (AgreementDecision.SUSPEND, AgreementDecision.WITHDRAW)


def mark(folder: StateFolder, agreement_id: str, decision: AgreementDecision) -> None:
    """Stop an agreement here, at once; harmless when repeated. A withdrawal is never turned back into a suspension."""
    if marked(folder).get(agreement_id) is not AgreementDecision.WITHDRAW:
        private_folder(folder.stops)
        write_private(folder.stops / agreement_id, f"{decision}\n".encode("ascii"))


def unmark(folder: StateFolder, agreement_id: str) -> None:
    """Take a stop away; harmless when there is none."""
    (folder.stops / agreement_id).unlink(missing_ok=True)


def marked(folder: StateFolder) -> dict[str, AgreementDecision]:
    """What is stopped here. A file whose content is not understood suspends: it was put there to stop."""
    if not folder.stops.is_dir():
        return {}
    found = {path.name: path.read_bytes()[:20].strip() for path in folder.stops.iterdir()}
    withdraw = AgreementDecision.WITHDRAW.encode("ascii")
    return {
        name: AgreementDecision.WITHDRAW if text == withdraw else AgreementDecision.SUSPEND
        for name, text in sorted(found.items())
        if AGREEMENT_ID.fullmatch(name)
    }


def check_not_paused(folder: StateFolder) -> None:
    """Return unless the practice has paused everything.

    Raises:
        PausedError: it has.
    """
    if folder.pause.exists():
        raise PausedError("this practice has paused everything", f"to go on, remove {folder.pause}")


def check_goes_on(turn: Turn, agreement_id: str) -> None:
    """Return unless the practice has stopped everything, or this agreement: asked anew at every step.

    Raises:
        PausedError: everything is paused.
        NotAgreedError: the agreement is suspended or withdrawn from here.
    """
    check_not_paused(turn.folder)
    stop = marked(turn.folder).get(agreement_id)
    kept = kept_decision(turn.connection, agreement_id)
    if stop is None and kept is not None and kept.decision not in OPENS:
        stop = kept.decision
    if stop is not None:
        raise NotAgreedError(
            f"agreement {agreement_id} is stopped by this practice: {stop}",
            f"gpfed-agent agreements resume {agreement_id}" if stop is AgreementDecision.SUSPEND else "",
        )


def goes_on(turn: Turn, agreement_id: str) -> bool:
    """Whether nothing at this practice has stopped the agreement."""
    try:
        check_goes_on(turn, agreement_id)
    except (NotAgreedError, PausedError):
        return False
    return True


def held_back(turn: Turn, message: Message) -> bool:
    """Whether a message may not leave now: a result under an agreement that was stopped after it was sealed."""
    return message.kind == FileKind.RESULT and not goes_on(turn, message.agreement)


def tell_stops(turn: Turn) -> None:
    """Sign for the hub what was stopped here and not yet told; harmless when repeated."""
    for agreement_id, decision in marked(turn.folder).items():
        kept = kept_decision(turn.connection, agreement_id)
        if kept is not None and _is_news(kept, decision):
            say_again(turn, kept, decision)


def check_can_stop(folder: StateFolder, kept: KeptDecision | None, agreement_id: str, word: AgreementDecision) -> None:
    """Return if there is something to stop, and this way of stopping it exists.

    Raises:
        NotAgreedError: this practice has not accepted such an agreement, or the law requires it.
    """
    if kept is None or kept.decision not in {*OPENS, AgreementDecision.SUSPEND}:
        raise NotAgreedError(
            f"agreement {agreement_id} is not accepted here, so there is nothing to {word}", "gpfed-agent status"
        )
    terms = kept_terms(folder, kept)
    rest = terms.undertakings if terms is not None else None
    if word is AgreementDecision.WITHDRAW and rest is not None and not rest.withdrawal.allowed:
        raise NotAgreedError(
            f"agreement {agreement_id} is a provision notice: nobody can withdraw from it",
            f"gpfed-agent agreements suspend {agreement_id} stops it here; tell the hub why",
        )


def _is_news(kept: KeptDecision, decision: AgreementDecision) -> bool:
    return kept.decision in OPENS or (kept.decision, decision) == _STOPS
