"""Run searches over the records in a process of its own, so that its memory and its engine end with it.

The process is started anew (spawn), reads the supplier's folder or the site's database, answers, fetches what the
action lists need, and sends the people sets back through one pipe. It is ended when it takes too long, and it ends
itself when the agent dies.

What goes wrong in it comes back as our own sentence, or else as the kind of error only: a database's own message may
quote a row.
"""

from __future__ import annotations

import logging
import multiprocessing
import os
import threading
from dataclasses import dataclass
from multiprocessing.connection import Connection

from agent.errors import AgentError, SourceError
from agent.sources import Ran, Records, Wanted, answer_over
from searches.errors import SearchesError

logger = logging.getLogger(__name__)

_ENDED = 1


@dataclass(frozen=True, slots=True)
class RunRequest:
    """What to run: over which records, what is asked of them, for how long at most."""

    records: Records
    wanted: Wanted
    run_seconds: int


@dataclass(frozen=True, slots=True)
class _Refusal:
    message: str
    hint: str
    reason: str


def run(request: RunRequest) -> Ran:
    """Answer searches over the records.

    Raises:
        SourceError: the records cannot be read, the run took too long, or its process ended without an answer.
    """
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_answer, args=(theirs, request), daemon=True)
    process.start()
    theirs.close()
    try:
        outcome = _receive(ours, request.run_seconds)
    finally:
        process.kill()
        process.join()
        process.close()
        ours.close()
    if isinstance(outcome, _Refusal):
        raise SourceError(outcome.message, outcome.hint, outcome.reason)
    return outcome


def _receive(pipe: Connection, run_seconds: int) -> Ran | _Refusal:
    try:
        if not pipe.poll(run_seconds):
            raise SourceError(
                f"the run took longer than {run_seconds} seconds",
                "raise run_seconds in agent.toml, or leave more time before the quiet hours",
                "run_too_long",
            )
        outcome = pipe.recv()
    except EOFError as error:
        raise SourceError(
            "the run ended without an answer", "look at the memory of this machine", "run_died"
        ) from error
    if not isinstance(outcome, Ran | _Refusal):
        raise SourceError("the run gave something that is no answer", reason="run_died")
    return outcome


def _answer(pipe: Connection, request: RunRequest) -> None:
    threading.Thread(target=_end_with_the_agent, daemon=True).start()
    outcome: Ran | _Refusal
    try:
        outcome = answer_over(request.records, request.wanted)
    except (SearchesError, AgentError) as error:
        outcome = _Refusal(error.message, error.hint, getattr(error, "reason", "records_unreadable"))
    except Exception as error:  # noqa: BLE001 - a foreign message may quote a row: only its kind is passed on
        outcome = _Refusal(f"the run failed: {type(error).__name__}", "tell the makers of this agent", "run_failed")
    pipe.send(outcome)
    pipe.close()


def _end_with_the_agent() -> None:
    agent = multiprocessing.parent_process()
    if agent is not None:
        agent.join()
        os._exit(_ENDED)
