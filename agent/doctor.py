"""Does what this agent needs stand? One finding after another, each in one line; what is not well ends the list.

It asks little of the site's database: its catalogue, the rights of the login, how far the records reach, and the
answers about made-up people. What it says holds nothing of any patient.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from agent.databases.connection import Asked, begin_reading, check_reads_only, connected, further_notes
from agent.databases.settings import DatabaseSettings
from agent.errors import AgentError
from agent.sources import Records
from agent.state import read_password
from searches import conformance
from searches.answer_database import recorded_until, tables_read
from searches.errors import DatabaseError, SearchesError
from searches.extract import open_extract
from searches.layouts import layout as layout_called

_OF_FILES = ("extract", "conformance")
_OF_DATABASE = ("connection", "rights", "layout", "records", "conformance")
QUIET_HOURS = "quiet_hours"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at.

    Args:
        name: what.
        said: what was found, in words.
        hint: what to do next; may be empty.
        reason: a code, where all is not well.
    """

    name: str
    said: str
    hint: str = ""
    reason: str = ""

    @property
    def is_well(self) -> bool:
        """Is it as it should be?"""
        return not self.reason


def examine(records: Records, today: date) -> tuple[Finding, ...]:
    """Look at everything in turn, up to the first that is not well.

    Args:
        records: of this practice.
        today: the day of looking.
    """
    names: tuple[str, ...]
    if isinstance(records.place, Path):
        names, looks = _OF_FILES, _at_files(records, records.place)
    else:
        names, looks = _OF_DATABASE, _at_database(records, records.place, today)
    found: list[Finding] = []
    try:
        for said in looks:
            found.append(Finding(names[len(found)], said))
    except (SearchesError, AgentError) as error:
        reason = getattr(error, "reason", "") or "records_unreadable"
        found.append(Finding(names[len(found)], error.message, error.hint, reason))
    return tuple(found)


def check_not_quiet(settings: DatabaseSettings, now: datetime) -> None:
    """Refuse to ask the database in its quiet hours.

    Raises:
        DatabaseError: they end later; `reason` is `quiet_hours`.
    """
    until = settings.quiet_until(now)
    if until is not None:
        raise DatabaseError(
            f"nothing is asked of the database in its quiet hours, until {until:%H:%M}",
            QUIET_HOURS,
            "give --now to look nevertheless",
        )


def _at_files(records: Records, folder: Path) -> Iterator[str]:
    with open_extract(folder, records.layout, records.practice) as extract:
        yield f"the newest delivery in {folder} is of {extract.delivered_on}"
        yield _conforms(conformance.check_embedded(extract.layout))


def _at_database(records: Records, settings: DatabaseSettings, today: date) -> Iterator[str]:
    layout = layout_called(records.layout)
    with connected(settings, read_password(records.state)) as connection:
        yield f"{settings.engine} {connection.version} answers: {settings.where}"
        check_reads_only(connection)
        yield "the login may read, and nothing else"
        asked = Asked(layout, settings.practice or records.practice, tables_read(layout, (), today))
        database = begin_reading(connection, settings, asked)
        yield "; ".join((f"the tables are as layout {layout.name} reads them", *further_notes(database)))
        reached = recorded_until(database, today)
        if reached is None:
            raise DatabaseError(
                f"the database holds no entry of practice {database.practice}",
                "no_records",
                "is it filled, and by which code?",
            )
        yield f"the records of practice {database.practice} reach {reached}"
        yield _conforms(conformance.check(database))


def _conforms(found: conformance.Conformance) -> str:
    if not found.ok:
        raise DatabaseError(
            f"{len(found.complaints)} of {len(found.tried)} trials with made-up people went wrong: "
            f"{found.complaints[0]}",
            "conformance_failed",
            "nothing is released until this is well: tell the hub, with this line",
        )
    return f"all {len(found.tried)} trials with made-up people are right (layout {found.layout})"
