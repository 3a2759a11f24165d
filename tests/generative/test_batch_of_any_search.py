"""Any search, any population: worked out from features it has the cells of its own statement, or runs by itself."""

from __future__ import annotations

import csv
from collections import Counter
from dataclasses import replace
from pathlib import Path

from searches.batch import Batch
from searches.batch_plan import plan
from searches.canon import TABLES
from searches.engines import AS_NAMED, ENGINES
from searches.errors import AnswerError
from searches.extract import Extract, open_extract
from searches.layouts.expand import Bindings
from searches.people import PeopleSets, Roster, gather
from searches.search import Search
from searches.server_batch import together as batched
from searches.translate import ask
from tests.engine_servers import Servers
from tests.generative.language import hostile
from tests.generative.language.engines import as_text, fill
from tests.generative.language.populations import World, world
from tests.generative.language.searches import many_searches
from tests.site_kit import HeldDatabase

SEARCHES, POPULATIONS, SEED = 600, 60, 3
DAY = hostile.REFERENCE_DATES[0]


def written(populations: World, folder: Path) -> Extract:
    """The populations as the files of one practice."""
    rows = {
        name: [[as_text(row[column.name]) for column in TABLES[name].columns] for row in populations.together[name]]
        for name in TABLES
    }
    headers = {name: [column.name for column in table.columns] for name, table in TABLES.items()}
    headers |= {"opt_out": ["patient_id"], "about": ["practice", "reference_date"]}
    rows["about"] = [["Z90001", populations.reference_date.isoformat()]]
    for name, header in headers.items():
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as stream:
            csv.writer(stream).writerows([header, *rows.get(name, ())])
    return open_extract(folder, "canonical")


def searches() -> list[Search]:
    """Searches that are told apart by their ids, and their lists by their digests."""
    found = [generated.search for generated in many_searches(SEARCHES, SEED)]
    return [
        replace(
            search,
            id=f"search-{number}",
            codelists={name: replace(codes, digest=name) for name, codes in search.codelists.items()},
        )
        for number, search in enumerate(found)
    ]


def plainly(found: PeopleSets | AnswerError) -> PeopleSets | str:
    """An answer, or what is wrong with it."""
    return found.message if isinstance(found, AnswerError) else found


def test_a_search_has_the_same_cells_in_a_batch_beside_a_server_and_alone(tmp_path: Path, servers: Servers) -> None:
    populations = world(DAY, POPULATIONS, SEED)
    extract = written(populations, tmp_path)
    questions = [ask(search, extract.layout, DAY) for search in searches()]
    planned = plan(questions)
    differing: list[str] = []
    with Batch(extract, frozenset(TABLES), Bindings(DAY, extract.practice)) as batch:
        roster = Roster(batch.patient_ids("patient"))
        together = batch.answers(planned, roster)
        for question in questions:
            if question.search.id not in together:
                continue
            one = together[question.search.id]
            try:
                alone: PeopleSets | str = gather(question.search, DAY, roster, batch.rows(question))
            except AnswerError as error:
                alone = error.message
            if alone != plainly(one):
                differing.append(question.search.sql)
    with servers.database("postgresql") as database:
        fill(database, populations.together)
        there = HeldDatabase(extract.layout, ENGINES["postgresql"], AS_NAMED, database, extract.practice)
        beside = batched(there, planned, roster)
    assert differing == []
    assert beside.keys() == together.keys()
    assert [name for name, found in beside.items() if plainly(found) != plainly(together[name])] == []
    assert len(together) + len(planned.alone) == SEARCHES
    assert len(together) > SEARCHES // 20, Counter(planned.alone.values())
