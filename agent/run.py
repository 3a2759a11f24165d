"""Run searches over the extract in a process of its own, so that its memory and its engine end with it.

The process is started anew (spawn), reads the supplier's folder, answers, fetches what the action lists need, and sends
the people sets back through one pipe. It is ended when it takes too long, and it ends itself when the agent dies.

What goes wrong in it comes back as our own sentence, or else as the kind of error only: a database's own message may
quote a row.
"""

from __future__ import annotations

import logging
import multiprocessing
import os
import threading
from dataclasses import dataclass
from datetime import date
from multiprocessing.connection import Connection
from pathlib import Path

from agent.action_list import Identities, listed_outcome
from agent.errors import SourceError
from searches.answer import Answers, answer, identities
from searches.engines import duckdb
from searches.errors import SearchesError
from searches.extract import open_extract
from searches.people import PeopleSets
from searches.search import Search

logger = logging.getLogger(__name__)

_ENDED = 1


@dataclass(frozen=True, slots=True)
class RunRequest:
    """What to run: which extract, which searches, for which reference date, for how long at most."""

    extract: Path
    layout: str
    practice: str
    searches: tuple[Search, ...]
    reference_date: date
    run_seconds: int


@dataclass(frozen=True, slots=True)
class Ran:
    """What a run gives.

    Args:
        answers: of every search, everyone in them.
        identities: of those on the action lists.
        delivered_on: day of the newest delivery.
        layout: that was used.
        layout_version: of it.
        engine: its name.
        engine_version: as it says.
    """

    answers: Answers
    identities: Identities
    delivered_on: date
    layout: str
    layout_version: str
    engine: str
    engine_version: str


@dataclass(frozen=True, slots=True)
class _Refusal:
    message: str
    hint: str


def run(request: RunRequest) -> Ran:
    """Answer searches over the extract.

    Raises:
        SourceError: the extract cannot be read, the run took too long, or its process ended without an answer.
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
        raise SourceError(outcome.message, outcome.hint)
    return outcome


def _receive(pipe: Connection, run_seconds: int) -> Ran | _Refusal:
    try:
        if not pipe.poll(run_seconds):
            raise SourceError(
                f"the run took longer than {run_seconds} seconds", "raise run_seconds in agent.toml, or ask the hub"
            )
        outcome = pipe.recv()
    except EOFError as error:
        raise SourceError("the run ended without an answer", "look at the memory of this machine") from error
    if not isinstance(outcome, Ran | _Refusal):
        raise SourceError("the run gave something that is no answer")
    return outcome


def _answer(pipe: Connection, request: RunRequest) -> None:
    threading.Thread(target=_end_with_the_agent, daemon=True).start()
    outcome: Ran | _Refusal
    try:
        outcome = _over_extract(request)
    except SearchesError as error:
        outcome = _Refusal(error.message, error.hint)
    except Exception as error:  # noqa: BLE001 - a foreign message may quote a row: only its kind is passed on
        outcome = _Refusal(f"the run failed: {type(error).__name__}", "run gpfed-search run on the same extract")
    pipe.send(outcome)
    pipe.close()


def _over_extract(request: RunRequest) -> Ran:
    with open_extract(request.extract, request.layout, request.practice) as extract:
        answers = answer(extract, request.searches, request.reference_date)
        header, rows = identities(extract, _on_lists(answers))
        return Ran(
            answers=answers,
            identities=Identities(tuple(header), {row[0]: tuple(row) for row in rows}),
            delivered_on=extract.delivered_on,
            layout=extract.layout.name,
            layout_version=extract.layout.version,
            engine=duckdb.NAME,
            engine_version=duckdb.engine_version(),
        )


def _on_lists(answers: Answers) -> tuple[str, ...]:
    listed = 0
    for result in answers.results.values():
        if isinstance(result, PeopleSets) and (outcome := listed_outcome(result.search)) is not None:
            listed |= result.outcome(outcome).members
    return answers.roster.ids(listed)


def _end_with_the_agent() -> None:
    agent = multiprocessing.parent_process()
    if agent is not None:
        agent.join()
        os._exit(_ENDED)
