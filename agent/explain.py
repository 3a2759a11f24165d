"""What `gpfed-agent explain SEARCH` finds: every figure of a search's last run, exact here, as others see it, and why.

Read from the state folder alone, without a hub and while a turn may be running: the exact report of the search, what
left (AGREEMENT.leaves.json), the outbox for how far it got, and the diary for why nothing did. It holds exact figures:
like the report, it is for the practice.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

from agent.config import Config, read_config
from agent.diary import Diary
from agent.errors import CatalogueRefusedError, NoSuchSearchError, NotAgreedError, NotRunError, ReportError
from agent.outbox import Message, Outbox
from agent.pull import last_good
from agent.report_lines import OUTCOMES, Group, Line, groups_of, never_given, summary
from agent.sentences import reason_sentence
from agent.state import StateFolder, open_database
from governance.catalogue import read_catalogue
from governance.cells import Reason, State
from governance.diary_chain import Entry
from governance.wire import FileKind

_LEAVES = ".leaves.json"
_MOST_NAMED = 20  # searches, in a hint


@dataclass(frozen=True, slots=True)
class Explained:
    """One search at one reference date.

    Args:
        title: of the search; empty if it never ran here.
        reference_date: ISO.
        agreement: under which it leaves; empty: not known.
        profile: by which it is shown; empty: nothing is.
        groups: the figures.
        never: outcomes that the search never gives; they have no lines.
        message: in which it left or waits, or None.
        not_released: why it is in none; else empty.
    """

    practice: str
    search_id: str
    title: str
    unit: str
    reference_date: str
    agreement: str
    profile: str
    groups: tuple[Group, ...]
    never: tuple[str, ...] = ()
    message: Message | None = None
    not_released: str = ""

    @property
    def summary(self) -> str:
        """What others see of all of it, in a sentence."""
        return summary(self.groups)


def explain(folder: StateFolder, search_id: str, asked: date | None, now: datetime) -> Explained:
    """The figures of a search at its last run, or at the reference date asked for.

    Raises:
        NotEnrolledError: there is no hub yet.
        NoSuchSearchError: nobody has asked such a search here.
        NotRunError: it was not run, or not for that date.
        NotAgreedError: it was refused.
        ReportError: what is kept of it does not read as a report.
    """
    config = read_config(folder)
    entries = Diary(folder.diary, lambda: now).entries()
    found = next(_found(folder.reports, search_id, asked, config), None)
    if found is None:
        raise _not_found(folder, search_id, asked, (entries, now))
    with open_database(folder) as connection:
        messages = Outbox(folder, connection).messages()
    message = _message(messages, found)
    if message is None:
        return _unreleased(found, entries)
    return replace(found, message=message)


def _found(reports: Path, search_id: str, asked: date | None, config: Config) -> Iterator[Explained]:
    """What is kept of a search, newest reference date first."""
    for day in _days(reports) if asked is None else (asked.isoformat(),):
        path = reports / day / f"{search_id}.json"
        if path.exists():
            yield _of_report(path)
            continue
        for leaves in sorted((reports / day).glob(f"*{_LEAVES}")):
            left = _read(leaves)
            table = next((table for table in left["tables"] if table["search"] == search_id), None)
            if table is not None:
                yield _of_table(left, table, config)


def _days(reports: Path) -> list[str]:
    return sorted((path.name for path in reports.iterdir() if path.is_dir()), reverse=True) if reports.exists() else []


def _of_report(path: Path) -> Explained:
    document = _read(path)
    try:
        released = document["released"]
        return Explained(
            practice=document["practice"],
            search_id=document["search"],
            title=document["title"],
            unit=document["unit"],
            reference_date=document["reference_date"],
            agreement=document["agreement"],
            profile=released["profile"] if released is not None else "",
            groups=groups_of(document),
            never=never_given(document),
        )
    except (KeyError, TypeError, IndexError) as error:
        raise ReportError(
            f"report {path.parent.name}/{path.name} is not one that this agent wrote",
            "an earlier version wrote no reasons; the next run writes them",
        ) from error


def _of_table(left: Mapping[str, Any], table: Mapping[str, Any], config: Config) -> Explained:
    """Of a search that did not run or did not finish: there is no exact report, and every count has one reason."""
    refused_here = table["search"] in config.refuse_searches
    groups = tuple(
        Group(row["dimensions"], tuple(_without_figures(outcome, row[outcome], refused_here) for outcome in OUTCOMES))
        for row in table["rows"]
    )
    return Explained(
        practice=left["practice"],
        search_id=table["search"],
        title="",
        unit=table["unit"],
        reference_date=left["reference_date"],
        agreement=left["agreement"],
        profile=table["profile"],
        groups=groups,
    )


def _without_figures(outcome: str, state: Mapping[str, Any], refused_here: bool) -> Line:
    why = reason_sentence(Reason(state["reason"]))
    if refused_here and state["state"] == State.NOT_RUN:
        why = "This practice refuses the search (agent.toml, refuse_searches); others see only that it was not run."
    return Line(outcome, {}, state, str(state["state"]).replace("_", " "), why, ())


def _read(path: Path) -> Any:
    try:
        return json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise ReportError(
            f"report {path.parent.name}/{path.name} cannot be read", "it is written anew by a run"
        ) from error


def _message(messages: tuple[Message, ...], found: Explained) -> Message | None:
    """The newest message that holds it; a restatement comes after the first release."""
    holding = [
        message
        for message in messages
        if found.profile
        and (message.kind, message.agreement) == (FileKind.RESULT, found.agreement)
        and message.reference_date == found.reference_date
        and (not message.searches or found.search_id in message.searches.split())
    ]
    return holding[-1] if holding else None


def _unreleased(found: Explained, entries: tuple[Entry, ...]) -> Explained:
    """What was worked out and is in no message shows nothing to others, whatever its report says."""
    failed = (entry for entry in reversed(entries) if entry.event == "turn_failed")
    last = next((entry for entry in failed if entry.facts.get("agreement") == found.agreement), None)
    why = str(last.facts["reason"]) if last is not None else "the turn was cut off; the next one makes it again"
    groups = tuple(
        replace(group, lines=tuple(Line(line.outcome, line.exact, None, "", "", ()) for line in group.lines))
        for group in found.groups
    )
    return replace(found, groups=groups, not_released=why)


def _not_found(
    folder: StateFolder, search_id: str, asked: date | None, now: tuple[tuple[Entry, ...], datetime]
) -> NoSuchSearchError | NotAgreedError | NotRunError:
    entries, moment = now
    days = [day for day in _days(folder.reports) if (folder.reports / day / f"{search_id}.json").exists()]
    if asked is not None and days:
        return NotRunError(f"search {search_id} was not run for {asked}", f"it was run for: {', '.join(days)}")
    known = _known(folder, moment)
    decided = [one for one in entries if one.event == "decided" and one.facts.get("search") == search_id]
    if search_id not in known and not decided:
        names = ", ".join(sorted(known)[:_MOST_NAMED])
        hint = f"searches here: {names}" if known else "gpfed-agent agreements show"
        return NoSuchSearchError(f"no search is called {search_id!r} here", hint)
    if decided and not decided[-1].facts["permitted"]:
        return NotAgreedError(
            f"search {search_id} has not been run here: {decided[-1].facts['reasons']}", "gpfed-agent agreements show"
        )
    return NotRunError(f"search {search_id} has not been run here", "what is due is run by: gpfed-agent run --once")


def _known(folder: StateFolder, now: datetime) -> set[str]:
    """The searches that the hub publishes or agreements name, as far as a catalogue is here."""
    try:
        catalogue = read_catalogue(last_good(folder.catalogue, now).files)
    except CatalogueRefusedError:
        return set()
    named = {terms.search_id for one in catalogue.agreements.values() for terms in one.agreement.searches}
    return named | {search_id for _, search_id in catalogue.searches}
