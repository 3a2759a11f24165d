"""The long run: drawn searches over drawn populations, and the drawn cases of the language, everywhere."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from searches.engines import ENGINES
from tests.engine_servers import RUNNING, Servers
from tests.generative.language import hostile
from tests.generative.language.asking import Difference, check_valid, difference, meant, statement_for, turned_away
from tests.generative.language.coverage import constructs
from tests.generative.language.engines import CANONICAL, Loaded, loaded, places
from tests.generative.language.populations import World, world
from tests.generative.language.searches import Generated, many_searches
from tests.layout_rows import SUPPLIERS
from tests.spec.language.in_layouts import LayoutPeople, blocks, refused_cases
from tests.tsql import problems

LAYOUTS = (CANONICAL, *SUPPLIERS)
SQL_SERVER = "sqlserver"


@dataclass
class Run:
    """What was asked, and what came of it; counts are by layout and engine."""

    seed: int
    searches: tuple[Generated, ...]
    worlds: tuple[World, ...]
    asked: Counter[tuple[str, str]] = field(default_factory=Counter)
    refused: Counter[tuple[str, str]] = field(default_factory=Counter)
    outcomes: Counter[str | None] = field(default_factory=Counter)
    drawn: Counter[tuple[str, str]] = field(default_factory=Counter)
    written: Counter[str] = field(default_factory=Counter)
    differences: list[Difference] = field(default_factory=list)

    @classmethod
    def of(cls, searches: int, populations: int, seed: int) -> Run:
        """So many searches, and populations for each of four reference dates."""
        worlds = tuple(world(day, populations, seed) for day in hostile.REFERENCE_DATES)
        return cls(seed, many_searches(searches, seed), worlds)

    @property
    def counts(self) -> Counter[str]:
        """In how many searches each construct stands."""
        return constructs(generated.search for generated in self.searches)

    def everything(self) -> None:
        """Ask every search and every drawn case in every layout, on every engine."""
        for generated in self.searches:
            check_valid(generated)
        with servers() as running:
            for name in LAYOUTS:
                with ExitStack() as stack:
                    everywhere = {
                        engine: stack.enter_context(loaded(running, engine, self.worlds, name)) for engine in RUNNING
                    }
                    self._generated(name, everywhere)
                self._on_sql_server(name)
                if name != CANONICAL:
                    self._drawn(name, running)
                told(f"{name}: {len(self.differences)} differences")

    def _generated(self, name: str, everywhere: dict[str, list[Loaded]]) -> None:
        for number, generated in enumerate(self.searches, 1):
            search = generated.search
            reason = turned_away(search, name)
            if reason:
                self.refused[name, reason] += 1
                continue
            for at, place in enumerate(places(name, self.worlds)):
                expected = meant(search, place)
                self.outcomes.update({row[1]: 1 for row in expected})
                for engine, databases in everywhere.items():
                    self.asked[name, engine] += len(place.tables)
                    self._note(difference(search, databases[at], expected))
            if number % 25 == 0:
                told(f"{name}: {number} searches, {len(self.differences)} differences")

    def _on_sql_server(self, name: str) -> None:
        statements = {}
        for number, generated in enumerate(self.searches):
            place = places(name, self.worlds)[number % len(self.worlds)]
            if not turned_away(generated.search, name):
                statements[f"{number}"] = statement_for(generated.search, place, ENGINES[SQL_SERVER])
        if name != CANONICAL:
            statements |= {
                f"drawn {place}, {one.form}": one.sql(ENGINES[SQL_SERVER])
                for place, block in enumerate(blocks(name))
                for one in block.asked
            }
        self.written[name] = len(statements)
        for which, said in problems(statements).items():
            self._note(Difference(SQL_SERVER, name, statements[which], said))

    def _drawn(self, name: str, running: Servers) -> None:
        self.refused[name, "drawn"] = sum(1 for _ in refused_cases(name))
        asked = tuple(blocks(name))
        for engine in RUNNING:
            with running.database(engine) as database:
                people = LayoutPeople(database, name)
                for block in asked:
                    self.drawn[name, engine] += len(block.cases)
                    for said in people.differences(block, ENGINES[engine]):
                        self._note(Difference(engine, name, "a drawn case", said))

    def _note(self, found: Difference | None) -> None:
        if found is not None:
            self.differences.append(found)
            told(str(found))


@contextmanager
def servers() -> Iterator[Servers]:
    """Servers of every engine in a temporary folder."""
    with TemporaryDirectory(prefix="gpfed-generative-") as folder, ExitStack() as stack:
        Path(folder).chmod(0o755)
        yield Servers(Path(folder), stack)


def told(text: str) -> None:
    """Say how far it is."""
    print(text, file=sys.stderr, flush=True)
