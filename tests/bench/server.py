"""What a batch of 500 indicators costs beside PostgreSQL: `python -m tests.bench.server`.

The practice and the indicators of `tests.bench.batch`, in typed tables of a real server. One JSON object is printed, of
seconds of the processor: of the server's process for this connection and of this one, which is the agent's part.

    scan      how many events have a code of any list of the batch: one filtered scan of the event table
    batch     planning, every row that is needed, every feature, every outcome, up to the people in each cell
    single    one statement per indicator, on a sample of them
"""

from __future__ import annotations

import json
import pickle
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from random import Random
from typing import Any

import psutil

from agent.databases.connection import SiteDatabase, connected, site_of
from searches.batch import answer_rows
from searches.batch_plan import plan
from searches.database import Database
from searches.engines import ENGINES
from searches.people import PeopleSets, Roster, gather
from searches.search import Search
from searches.server_batch import together
from searches.translate import ask, statement
from tests.bench.batch import INDICATORS, LONGEST_LIST, SEED, SIZE, _say
from tests.canonical_database import CANONICAL_DATABASE
from tests.databases import SiteServer, site
from tests.engine_servers import Servers
from tests.generated_indicators import PRACTICE, REFERENCE_DATE, Lists, code_lists, indicators, write_rows

SAMPLE = 10
REPEATS = 3
INDEXES = (
    'CREATE INDEX ON raw.event (code COLLATE "C", patient_id, event_date)',
    'CREATE INDEX ON raw.medication (code COLLATE "C", patient_id, issue_date)',
)
_KINDS = {"bigint": "integer"}


def measure() -> dict[str, Any]:
    """Run the bench without an index and with one, and return its figures: seconds, megabytes and counts."""
    random = Random(SEED)
    lists = code_lists(random, SIZE.codes, LONGEST_LIST)
    searches = indicators(random, lists, INDICATORS)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        folder.chmod(0o755)
        servers = Servers(Path(stack.enter_context(tempfile.TemporaryDirectory())), stack)
        servers.folder.chmod(0o755)
        here = stack.enter_context(site(servers, "postgresql", folder))
        _say("writing the practice and filling PostgreSQL")
        write_rows(folder, SIZE)
        _fill(here, folder)
        found: dict[str, Any] = {"plain": _measured(here, searches, lists)}
        for index in INDEXES:
            here.admin.run(index)
        here.admin.run("ANALYZE")
        found["indexed"] = _measured(here, searches, lists)
    return found


def _fill(here: SiteServer, folder: Path) -> None:
    for name, table in CANONICAL_DATABASE.raw.items():
        kinds = {column: table.types.get(column, "text") for column in table.columns}
        here.admin.create(name, {column: _KINDS.get(kind, kind) for column, kind in kinds.items()})
        columns = ", ".join((folder / f"{name}.csv").open(encoding="utf-8").readline().strip().split(","))
        with (
            here.admin.connection.cursor().copy(f"COPY raw.{name} ({columns}) FROM STDIN CSV HEADER") as copy,
            (folder / f"{name}.csv").open("rb") as stream,
        ):
            while chunk := stream.read(1 << 20):
                copy.write(chunk)
    here.admin.run("VACUUM ANALYZE")
    here.grant()


@contextmanager
def _reading(here: SiteServer) -> Iterator[tuple[Database, Callable[[], float]]]:
    """The database as the agent reads it, and a clock: seconds of the processor so far, here and on the server."""
    with connected(here.settings, "") as connection:
        connection.begin()
        database = SiteDatabase(CANONICAL_DATABASE, ENGINES["postgresql"], site_of(here.settings), PRACTICE, connection)
        [(number,)] = database.rows("SELECT pg_backend_pid()")
        server = psutil.Process(number)

        def clock() -> float:
            times = server.cpu_times()
            return times.user + times.system + time.process_time()

        yield database, clock


def _measured(here: SiteServer, searches: tuple[Search, ...], lists: Lists) -> dict[str, Any]:
    codes = sorted(
        {
            code.code
            for each in (*lists.registers, *lists.resolved, *lists.events, *lists.pressure)
            for code in each.codes
        }
    )
    scan = "SELECT COUNT(*) FROM raw.event AS e WHERE e.code = ANY($1::text[])"
    with _reading(here) as (database, clock):
        roster = Roster(tuple(str(row[0]) for row in sorted(database.rows("SELECT patient_id FROM raw.patient"))))
        _say("the batch, over PostgreSQL")
        runs, scans = [], []
        found: Any = {}
        for _ in range(REPEATS):
            scans.append(_timed(clock, lambda: list(database.rows(scan, [codes])))[1])
            questions = (ask(search, CANONICAL_DATABASE, REFERENCE_DATE) for search in searches)
            planned = plan(questions)
            found, seconds = _timed(clock, lambda planned=planned: together(database, planned, roster))
            runs.append(seconds)
        _say("one statement per indicator, on a sample")
        sample = Random(SEED).sample(list(searches), SAMPLE)
        alone = [_timed(clock, lambda search=search: _single(database, search, roster)) for search in sample]
    same = [found[search.id] == one for search, (one, _) in zip(sample, alone, strict=True)]
    return {
        "scan": statistics.median(scans),
        "batch": statistics.median(runs),
        "single": statistics.fmean(seconds for _, seconds in alone),
        "indicators": len(found),
        "sample": SAMPLE,
        "differences": same.count(False),
        "peak": _peak_of_a_process(here),
    }


def _peak_of_a_process(here: SiteServer) -> float:
    _say("one batch in a process of its own")
    command = [sys.executable, "-m", "tests.bench.server_process"]
    told = subprocess.run(command, input=pickle.dumps(here.settings), stdout=subprocess.PIPE, check=True)
    found = json.loads(told.stdout)
    if found["together"] != INDICATORS:
        raise RuntimeError(f"expected {INDICATORS} indicators in one batch, got {found['together']}")
    return float(found["peak"])


def _single(database: Database, search: Search, roster: Roster) -> PeopleSets:
    question = ask(search, database.layout, REFERENCE_DATE)
    text = statement(question, database.layout, database.engine, database.practice, database.site).sql
    return gather(search, REFERENCE_DATE, roster, answer_rows(search, database.rows(text)))


def _timed(clock: Callable[[], float], work: Callable[[], Any]) -> tuple[Any, float]:
    started = clock()
    done = work()
    return done, clock() - started


if __name__ == "__main__":
    print(json.dumps(measure(), indent=1))
    sys.exit(0)
