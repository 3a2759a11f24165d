"""A period released again, once: which results can be restated, and what is then due.

A restatement is asked for by somebody at the practice, never made by itself. It answers the searches that the first
release answered, as far as they are still published and permitted, and goes the way of every release: decided, run,
gated against all that left before, sealed, kept. It is refused, and nothing new leaves, when for that agreement and
reference date

* nothing was released, or the hub has not given its receipt for it yet (what restates a lost message would be lost);
* it was restated before: the floor allows one release and one restatement;
* the agreement is no longer in force here, or another version of it is than the one of the first release.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from agent.approval import Due, Restates, active_agreements, decided, is_whole, searches_of
from agent.errors import RestatementRefusedError
from agent.outbox import Message, Outbox
from agent.turn import Turn
from governance.agreement import ActiveAgreement
from governance.catalogue import Catalogue
from governance.restatement import RestatementReason
from governance.sealing import read_header
from governance.wire import FileKind

FIRST_REPORTS = "first"
_KEPT = "nothing new leaves; the bytes that were sent are kept: gpfed-agent sent"


@dataclass(frozen=True, slots=True)
class Again:
    """What somebody asks to restate.

    Args:
        reference_date: of the results.
        reason: why.
        agreement: only under this one; empty: every result of that date.
    """

    reference_date: date
    reason: RestatementReason
    agreement: str = ""


def restatable(outbox: Outbox, again: Again) -> tuple[Message, ...]:
    """The first releases that may be restated.

    Raises:
        RestatementRefusedError: nothing was released, it was restated before, or its receipt is not there yet.
    """
    on = again.reference_date.isoformat()
    firsts = [
        message
        for message in outbox.messages()
        if message.kind == FileKind.RESULT
        and (message.restates, message.reference_date) == (None, on)
        and again.agreement in ("", message.agreement)
    ]
    if not firsts:
        under = f" under agreement {again.agreement}" if again.agreement else ""
        raise RestatementRefusedError(
            f"nothing was released for {on}{under}: there is nothing to restate",
            f"a first release: gpfed-agent run --once --reference-date {on}",
        )
    return tuple(_check_free(outbox, first) for first in firsts)


def due_again(turn: Turn, catalogue: Catalogue, files: Mapping[str, bytes], again: Again) -> tuple[Due, ...]:
    """What is to be released again.

    Args:
        turn: of the agent.
        catalogue: verified.
        files: of the catalogue, as far as the hub served them.
        again: what was asked for.

    Raises:
        RestatementRefusedError: any of it may not be; then none of it is.
    """
    firsts = restatable(turn.outbox, again)
    in_force = {active.agreement.id: active for active in active_agreements(turn, catalogue)}
    asked = [(first, _check_agreement(turn, first, in_force.get(first.agreement), files)) for first in firsts]
    return tuple(_due(turn, catalogue, active, Restates(first, again.reason)) for first, active in asked)


def keep_first_reports(folder: Path, reference_date: date) -> None:
    """Put the reports of the first release aside, as REFERENCE-DATE/first, before a restatement writes its own.

    Harmless when repeated: what was put aside once is not touched again.
    """
    reports = folder / reference_date.isoformat()
    aside, half = reports / FIRST_REPORTS, folder / f".{reference_date.isoformat()}.part"
    if aside.exists() or not reports.exists():
        return
    shutil.rmtree(half, ignore_errors=True)
    shutil.copytree(reports, half)
    half.rename(aside)


def _check_free(outbox: Outbox, first: Message) -> Message:
    what = f"agreement {first.agreement} of {first.reference_date}"
    again = outbox.restated(first.agreement, first.reference_date)
    if again is not None:
        raise RestatementRefusedError(
            f"{what} was released as message {first.sequence} and restated as message {again.sequence}", _KEPT
        )
    if first.state in ("spooled", "uploaded"):
        raise RestatementRefusedError(
            f"{what}: the hub has not yet given its receipt for message {first.sequence}",
            "wait for it: gpfed-agent run --once",
        )
    return first


def _check_agreement(
    turn: Turn, first: Message, active: ActiveAgreement | None, files: Mapping[str, bytes]
) -> ActiveAgreement:
    what = f"agreement {first.agreement} of {first.reference_date}"
    if active is None or not is_whole(active, files):
        raise RestatementRefusedError(f"{what}: the agreement is not in force here", "gpfed-agent agreements show")
    header = read_header(turn.outbox.data(first))
    if header.agreement_digest != active.digest:
        raise RestatementRefusedError(
            f"{what} was released under version {header.agreement_version}, in force is version "
            f"{active.agreement.version}",
            _KEPT,
        )
    return active


def _due(turn: Turn, catalogue: Catalogue, active: ActiveAgreement, restates: Restates) -> Due:
    answered = set(restates.first.searches.split())
    chosen = tuple(one for one in searches_of(active, catalogue) if one.search.id in answered)
    made = decided(turn, active, date.fromisoformat(restates.first.reference_date), chosen)
    return replace(made, restates=restates)
