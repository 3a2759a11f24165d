"""What it costs the hub to take results in: `python -m tests.bench.receive`. One JSON object is printed.

One practice after the other sends one result of 500 searches, each of 20 cells and the totals, as large as results
are. Seconds are of this process's processor, for each result: opened, held against the agreement, stored, finished.
Beside it stands what only reading the same bytes costs (hashing and two signatures), as a measure of this machine.

    results_per_second   open, enforce, store and acknowledge, one core
    floor                how many times the cost of hash and signatures that is
"""

from __future__ import annotations

import cProfile
import dataclasses
import hashlib
import json
import pstats
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from governance.agreement import SearchTerms
from governance.keys import SigningKey
from governance.suppress import SafeTable
from searches.document import SearchFiles
from searches.search import Schedule, Search

SEARCHES, PRACTICES = 500, 12


def measure(searches: int = SEARCHES, practices: int = PRACTICES, *, profiled: bool = False) -> dict[str, Any]:
    """Seconds of the processor for one result, in the median over practices, and what they are made of."""
    # A federation needs Django, which is configured for a folder before its models are imported.
    from tests.conftest import pytest_configure  # noqa: PLC0415

    pytest_configure(None)  # type: ignore[arg-type]
    from hub.receive import receive_waiting  # noqa: PLC0415
    from tests.federation import Federation  # noqa: PLC0415

    with tempfile.TemporaryDirectory() as folder:
        federation = Federation(Path(folder))
        agents = [federation.enrol(f"Z9{number:04}") for number in range(practices)]
        made = _tables(federation, searches)
        sealed = [agent.seal(made, sequence=2, previous=agent_previous(agent)) for agent in agents]
        seconds, profiler = [], cProfile.Profile()
        for agent, one in zip(agents, sealed, strict=True):
            agent.drop(one.data, 2)
            begin = time.process_time()
            if profiled:
                profiler.enable()
            turn = receive_waiting(federation.centre)
            profiler.disable()
            seconds.append(time.process_time() - begin)
            if turn.received != 1:
                raise SystemExit(f"not taken in: {agent.quarantined()}")
        if profiled:
            pstats.Stats(profiler, stream=sys.stderr).sort_stats("cumulative").print_stats(45)
        floor = _floor(sealed[0].data)
        each = statistics.median(seconds[1:])
        return {
            "searches": searches,
            "cells": sum(len(table.rows) for table in made),
            "bytes": len(sealed[0].data),
            "first_seconds": round(seconds[0], 4),
            "seconds_per_result": round(each, 4),
            "results_per_second": round(1 / each, 1),
            "floor_seconds": round(floor, 5),
            "floor": round(each / floor, 1),
        }


def agent_previous(agent: Any) -> str:
    """The digest of the agent's last message: its acceptance."""
    with agent.turn() as turn:
        return str(turn.outbox.next_place().previous_digest)


def _tables(federation: Any, searches: int) -> list[SafeTable]:
    """Publish so many searches (into the database only) under an agreement that all have signed, and answer each."""
    from hub.agreements import in_force  # noqa: PLC0415 - see `measure`
    from hub.models import PublishedSearch  # noqa: PLC0415
    from hub.searches import search_of  # noqa: PLC0415
    from tests.federation import AGREEMENT, table_of  # noqa: PLC0415

    names = [f"search-{number:03}" for number in range(searches)]
    terms = federation.terms()
    federation.propose(
        dataclasses.replace(
            terms,
            searches=tuple(SearchTerms(name, ("imd_quintile", "sex"), Schedule.MONTHLY) for name in names),
            tables={**terms.tables, "patient": ("patient_id", "age", "imd_quintile", "sex")},
        )
    )
    for agent in federation.agents.values():
        agent.say()
    federation.receive()
    rows = [_published(in_force(AGREEMENT), name, federation.now) for name in names]
    PublishedSearch.objects.bulk_create(rows)
    found: list[Search] = [search_of(row) for row in PublishedSearch.objects.order_by("search_id")]
    return [table_of(one, 100 + number, 200 + number % 37) for number, one in enumerate(found)]


def _published(agreement: Any, name: str, now: Any) -> Any:
    from hub.models import PublishedSearch  # noqa: PLC0415 - see `measure`
    from searches.document import content_digest  # noqa: PLC0415
    from tests.federation import search_files  # noqa: PLC0415

    whole = search_files()
    files = {
        "search.yaml": whole.files["search.yaml"].replace("pulse-rhythm-65", name).replace("age_band", "imd_quintile"),
        "search.sql": whole.files["search.sql"].replace("p.age_band", "p.imd_quintile"),
    }
    one = SearchFiles(files, whole.codelists)
    return PublishedSearch(
        agreement=agreement,
        search_id=name,
        version=1,
        digest=content_digest(one),
        title=name,
        files=files,
        codelists=dict(whole.codelists),
        bundle=b"",
        published_at=now,
    )


def _floor(data: bytes) -> float:
    """What hashing the bytes twice and checking two signatures over them costs."""
    key = SigningKey.generate()
    signature = key.sign(data)
    seconds = []
    for _ in range(20):
        begin = time.process_time()
        for _ in range(2):
            hashlib.sha256(data).hexdigest()
            key.public.verify(signature, data)
        seconds.append(time.process_time() - begin)
    return statistics.median(seconds)


if __name__ == "__main__":
    print(json.dumps(measure(profiled="--profile" in sys.argv)))
