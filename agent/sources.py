"""What a run goes over: a folder of nightly files, or the site's own database.

Both give the same: exact answers, who the patients on the action lists are, how far the records reach, and what asked
them. For files that is the day of the newest delivery; for a database it is the day on which an entry was last recorded
(or on which it says that it was built). Opt-outs are known as far as that and no further.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from agent.action_list import Identities, listed_outcome
from agent.config import Config
from agent.databases.connection import Asked, SiteDatabase, open_site
from agent.databases.settings import DatabaseSettings
from agent.state import StateFolder, read_password
from searches.answer import Answers, answer, identities
from searches.answer_database import answer_on, identities_on, recorded_until, tables_read
from searches.engines import duckdb
from searches.errors import DatabaseError
from searches.extract import open_extract
from searches.layouts import layout as layout_called
from searches.people import PeopleSets
from searches.search import Search


@dataclass(frozen=True, slots=True)
class Records:
    """Whose records are asked, and where they are.

    Args:
        practice: its ODS code.
        layout: how they are laid out.
        place: a folder of nightly files, or the site's database.
        state: the agent's folder, which has the database's password.
    """

    practice: str
    layout: str
    place: Path | DatabaseSettings
    state: StateFolder


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked: which searches, for which day; `today` is the day of asking."""

    searches: tuple[Search, ...]
    reference_date: date
    today: date


@dataclass(frozen=True, slots=True)
class Ran:
    """What a run gives.

    Args:
        answers: of every search, everyone in them.
        identities: of those on the action lists.
        delivered_on: the day that the records reach.
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


def records_of(config: Config, state: StateFolder) -> Records:
    """The records that agent.toml names."""
    return Records(config.practice, config.layout, config.records, state)


def answer_over(records: Records, wanted: Wanted) -> Ran:
    """Answer searches over the records.

    Raises:
        ExtractError: the folder cannot be read.
        DatabaseError: the database cannot be read, or its login may do more than read.
    """
    if isinstance(records.place, Path):
        return _over_files(records, records.place, wanted)
    return _over_database(records, records.place, wanted)


def _over_files(records: Records, folder: Path, wanted: Wanted) -> Ran:
    with open_extract(folder, records.layout, records.practice) as extract:
        answers = answer(extract, wanted.searches, wanted.reference_date)
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


@contextmanager
def open_database(records: Records, settings: DatabaseSettings, wanted: Wanted | None = None) -> Iterator[SiteDatabase]:
    """The site's database, once it is proved that its login can do nothing but read.

    Args:
        records: of this practice.
        settings: of the database.
        wanted: what will be asked; None where it is only what every run asks.

    Raises:
        DatabaseError: it cannot be opened, its login may do more than read, or its tables are not as they should be.
    """
    layout = layout_called(records.layout)
    searches, day = (wanted.searches, wanted.reference_date) if wanted else ((), date.max)
    asked = Asked(layout, settings.practice or records.practice, tables_read(layout, searches, day))
    with open_site(settings, read_password(records.state), asked) as database:
        yield database


def _over_database(records: Records, settings: DatabaseSettings, wanted: Wanted) -> Ran:
    with open_database(records, settings, wanted) as database:
        reached = recorded_until(database, wanted.today)
        if reached is None:
            raise DatabaseError(
                f"the database holds no entry of practice {database.practice}",
                "no_records",
                "is it filled, and by which code?",
            )
        answers = answer_on(database, wanted.searches, wanted.reference_date)
        header, rows = identities_on(database, _on_lists(answers))
        return Ran(
            answers=answers,
            identities=Identities(tuple(header), {row[0]: tuple(row) for row in rows}),
            delivered_on=reached,
            layout=database.layout.name,
            layout_version=database.layout.version,
            engine=database.engine.name,
            engine_version=database.version,
        )


def _on_lists(answers: Answers) -> tuple[str, ...]:
    listed = 0
    for result in answers.results.values():
        if isinstance(result, PeopleSets) and (outcome := listed_outcome(result.search)) is not None:
            listed |= result.outcome(outcome).members
    return answers.roster.ids(listed)
