"""Work in a process of its own, so that its memory and its engine end with it.

The process is started anew (spawn) and sends what it made back through one pipe. It is ended when it takes too long,
and it ends itself when the agent dies.

What goes wrong in it comes back as our own sentence, or else as the kind of error only: a database's own message may
quote a row.
"""

from __future__ import annotations

import logging
import multiprocessing
import os
import threading
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Generic, TypeVar

from agent.errors import AgentError, SourceError
from searches.errors import SearchesError

logger = logging.getLogger(__name__)

_ENDED = 1

Argument = TypeVar("Argument")
Made = TypeVar("Made")


@dataclass(frozen=True, slots=True)
class _Done(Generic[Made]):
    made: Made


@dataclass(frozen=True, slots=True)
class _Refusal:
    message: str
    hint: str
    reason: str


def in_child(work: Callable[[Argument], Made], argument: Argument, seconds: int) -> Made:
    """Do something over the records of the site.

    Args:
        work: a function of a module, so that the process can find it.
        argument: what it is given.
        seconds: it is ended after this long.

    Raises:
        SourceError: it refused, took too long, or ended without an answer.
    """
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_work, args=(theirs, work, argument), daemon=True)
    process.start()
    theirs.close()
    try:
        outcome: _Done[Made] | _Refusal = _receive(ours, seconds)
    finally:
        process.kill()
        process.join()
        process.close()
        ours.close()
    if isinstance(outcome, _Refusal):
        raise SourceError(outcome.message, outcome.hint, outcome.reason)
    return outcome.made


def _receive(pipe: Connection, seconds: int) -> _Done[Made] | _Refusal:
    try:
        if not pipe.poll(seconds):
            raise SourceError(
                f"the run took longer than {seconds} seconds",
                "raise run_seconds in agent.toml, or leave more time before the quiet hours",
                "run_too_long",
            )
        outcome = pipe.recv()
    except EOFError as error:
        raise SourceError(
            "the run ended without an answer", "look at the memory of this machine", "run_died"
        ) from error
    if not isinstance(outcome, _Done | _Refusal):
        raise SourceError("the run gave something that is no answer", reason="run_died")
    return outcome


def _work(pipe: Connection, work: Callable[[Argument], Made], argument: Argument) -> None:
    threading.Thread(target=_end_with_the_agent, daemon=True).start()
    outcome: _Done[Made] | _Refusal
    try:
        outcome = _Done(work(argument))
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
