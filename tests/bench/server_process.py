"""One batch over PostgreSQL in a process of its own, as the agent runs it: `tests.bench.server` starts it.

What it connects by comes on standard input, pickled by its parent. One JSON object is printed: the largest resident
size of the process from its start, in megabytes, and how many searches were answered together.
"""

from __future__ import annotations

import json
import pickle
import sys
from random import Random
from typing import Any

from agent.databases.connection import SiteDatabase, connected, site_of
from searches.answer_database import answer_on
from searches.engines import ENGINES
from tests.bench.batch import INDICATORS, LONGEST_LIST, SEED, SIZE, _peak
from tests.canonical_database import CANONICAL_DATABASE
from tests.generated_indicators import PRACTICE, REFERENCE_DATE, code_lists, indicators


def measure(settings: Any) -> dict[str, float]:
    """Answer the indicators once, as a turn of the agent does."""
    random = Random(SEED)
    searches = indicators(random, code_lists(random, SIZE.codes, LONGEST_LIST), INDICATORS)
    with connected(settings, "") as connection:
        connection.begin()
        database = SiteDatabase(CANONICAL_DATABASE, ENGINES["postgresql"], site_of(settings), PRACTICE, connection)
        found = answer_on(database, searches, REFERENCE_DATE)
    return {"peak": _peak(), "together": len(found.results) - len(found.alone)}


if __name__ == "__main__":
    print(json.dumps(measure(pickle.load(sys.stdin.buffer))))
