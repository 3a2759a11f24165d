"""Run searches over the records, in a process of its own.

It reads the supplier's folder or the site's database, answers, fetches what the action lists need, and sends the people
sets back.
"""

from __future__ import annotations

from dataclasses import dataclass

from agent.child import in_child
from agent.sources import Ran, Records, Wanted, answer_over


@dataclass(frozen=True, slots=True)
class RunRequest:
    """What to run: over which records, what is asked of them, for how long at most."""

    records: Records
    wanted: Wanted
    run_seconds: int


def run(request: RunRequest) -> Ran:
    """Answer searches over the records.

    Raises:
        SourceError: the records cannot be read, the run took too long, or its process ended without an answer.
    """
    return in_child(_answer, request, request.run_seconds)


def _answer(request: RunRequest) -> Ran:
    return answer_over(request.records, request.wanted)
