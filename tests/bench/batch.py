"""What a batch of 500 indicators costs, as a ratio to reading the event table once: `python -m tests.bench.batch`.

A practice of 10,000 patients, 3 million events and 1.5 million issues of medication is written from a fixed seed,
opened as any extract is, and asked 500 indicators of six templates. One JSON object is printed.

    scan      how many events have a code of any list of the batch: one filtered scan of the event table
    batch     planning, every feature, every outcome, up to the people in each cell
    single    one statement per indicator over the same tables, on a sample of them

Seconds are processor seconds of this process, of which the database has one thread: what else the machine does matters
little. Scan and batch are measured in turn.
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

from sqlglot import exp

from searches.batch import Batch
from searches.batch_plan import plan
from searches.extract import open_extract
from searches.layouts.expand import Bindings
from searches.needs import needs
from searches.people import PeopleSets, Roster, gather
from searches.translate import Question, ask
from tests.generated_indicators import REFERENCE_DATE, Lists, Size, code_lists, indicators, write_rows

SEED = 20260331
SIZE = Size(patients=10_000, events=3_000_000, medications=1_500_000, codes=30_000)
INDICATORS = 500
LONGEST_LIST = 3_000
SAMPLE = 30
REPEATS = 5
MEGABYTE = 1_000_000


def measure() -> dict[str, Any]:
    """Run the bench and return its figures: seconds, megabytes and counts."""
    random = Random(SEED)
    lists = code_lists(random, SIZE.codes, LONGEST_LIST)
    searches = indicators(random, lists, INDICATORS)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _say("writing the practice")
        write_rows(folder, SIZE)
        with open_extract(folder, "canonical") as extract:
            _say("reading the searches")
            questions = [ask(search, extract.layout, REFERENCE_DATE) for search in searches]
            _say("loading the extract")
            _forget_peak()
            with Batch(extract, needs(questions, extract.layout), Bindings(REFERENCE_DATE, extract.practice)) as batch:
                return _compare(batch, questions, lists)


def _compare(batch: Batch, questions: Sequence[Question], lists: Lists) -> dict[str, Any]:
    loaded = _peak()
    roster = Roster(batch.patient_ids("patient"))
    _forget_peak()
    planned = plan(questions)
    _say("the batch")
    scan = _scan(batch, lists)
    runs, scans = [], []
    for _ in range(REPEATS):
        scans.append(_timed(scan)[1])
        runs.append(_timed(lambda: batch.answers(plan(questions), roster))[1])
    peak = _peak()
    together = batch.answers(planned, roster)
    planning = [_timed(lambda: plan(questions))[1] for _ in range(REPEATS)]
    _say("one statement per indicator, on a sample")
    sample = Random(SEED).sample(list(questions), SAMPLE)
    alone = [_timed(partial(_single, batch, question, roster)) for question in sample]
    same = [together[question.search.id] == one for question, (one, _) in zip(sample, alone, strict=True)]
    features, tests = planned.leaves()
    return {
        "scan": statistics.median(scans),
        "batch": statistics.median(runs),
        "planning": statistics.median(planning),
        "single": statistics.fmean(seconds for _, seconds in alone),
        "indicators": len(questions),
        "alone": len(planned.alone),
        "features": len(features),
        "shapes": len({feature.shape for feature in features}),
        "tests": len(tests),
        "sample": SAMPLE,
        "differences": same.count(False),
        "peak_loading": loaded,
        "peak_batch": peak,
    }


def _scan(batch: Batch, lists: Lists) -> Callable[[], object]:
    session = batch._session  # the same database, without the planner
    codes = {
        code.code for each in (*lists.registers, *lists.resolved, *lists.events, *lists.pressure) for code in each.codes
    }
    session.keep_values("bench_codes", {"code": ("VARCHAR", sorted(codes))})
    scan = exp.select("COUNT(*) AS found").from_("event AS e").join("bench_codes AS c", on="c.code = e.code_snomed")
    return lambda: session.rows(scan)


def _single(batch: Batch, question: Question, roster: Roster) -> PeopleSets:
    return gather(question.search, REFERENCE_DATE, roster, batch.rows(question))


def _timed(work: Callable[[], Any]) -> tuple[Any, float]:
    started = time.process_time()
    done = work()
    return done, time.process_time() - started


def _peak() -> float:
    """The largest resident size of this process since the last `_forget_peak`, in megabytes (Linux)."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    line = next(line for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024 / MEGABYTE


def _forget_peak() -> None:
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


def _say(what: str) -> None:
    print(what, file=sys.stderr)


if __name__ == "__main__":
    print(json.dumps(measure(), indent=1))
