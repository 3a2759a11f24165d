"""Does what answers here answer as it must? Asked of made-up people before anything is released; red releases nothing.

It is asked anew when it was never green for this agent, kit, layout, site and engine, when it was last asked a day ago,
and, while it is red, whenever something is due. The last answer is kept as `conformance.json` in the state folder:
written whole or not at all, so that a kill leaves the one before it.

    {"schema": 1, "at": "2026-03-31T02:00:00+00:00", "ok": true, "complaints": [], "asked": {"agent": "0.3.0", ...}}
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from importlib.metadata import version
from pathlib import Path

from agent.child import in_child
from agent.config import Config
from agent.errors import SourceError
from agent.files import write_private
from agent.quiet import run_seconds
from agent.sources import Ran, Records, open_database, records_of
from agent.state import StateFolder
from agent.turn import Turn
from searches.conformance import Conformance, check, check_embedded, kit_version
from searches.layouts import layout as layout_called

logger = logging.getLogger(__name__)

ASKED_AGAIN_AFTER = timedelta(hours=24)
RED = "conformance_failed"

_MOST_COMPLAINTS, _MOST_CHARACTERS = 20, 500  # that are kept, and of each
_MAX_RECORD_BYTES = 65_536
_HINT = "gpfed-agent doctor asks again and says what is wrong; nothing is released until it is right"
_FILES = "files"


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked, and who answered.

    Args:
        agent: version of this agent.
        kit: version of the made-up people, the searches and their answers.
        layout: how the records are stored.
        layout_version: of it.
        site: digest of how the site's database is declared; `files` where there is none.
        engine: who answered.
        engine_version: as it says.
    """

    agent: str
    kit: str
    layout: str
    layout_version: str
    site: str
    engine: str
    engine_version: str

    def is_of(self, config: Config) -> bool:
        """Was it asked by this agent, of this layout and site? The engine's version shows when it runs."""
        return self == asked_of(config, self.engine, self.engine_version)


@dataclass(frozen=True, slots=True)
class Record:
    """The last answer: green or red.

    Args:
        asked: what it is about.
        at: when, aware.
        ok: green.
        complaints: what is wrong, a line for each.
    """

    asked: Asked
    at: datetime
    ok: bool
    complaints: tuple[str, ...]


class Gate:
    """What one turn has to pass before it runs anything and after it; it asks at most once unless something changes.

    Args:
        turn: of the agent.
    """

    def __init__(self, turn: Turn) -> None:
        self._turn = turn
        self._asked: Record | None = None

    def look_nightly(self) -> None:
        """Once a day, and after each change, ask, whether or not a result is due.

        Raises:
            SourceError: the answer is red, or there is none.
        """
        record = read_record(self._turn.folder)
        if record is None or not self._is_fresh(record):
            self.require_green()

    def require_green(self) -> Record:
        """Refuse to go on unless the last answer is green, of today, and of what answers here.

        Raises:
            SourceError: it is red (`reason` is `conformance_failed`), or the records could not be asked.
        """
        record = self._asked or read_record(self._turn.folder)
        if record is None or not self._is_fresh(record) or not (record.ok or self._asked):
            record = self._ask()
        if not record.ok:
            told = record.complaints[0] if record.complaints else "nothing was tried"
            raise SourceError(f"answers about made-up people are wrong, so nothing is released: {told}", _HINT, RED)
        return record

    def require_same(self, ran: Ran) -> None:
        """Refuse what another engine or layout has answered than the one that is green; that one is asked too.

        Raises:
            SourceError: the other one is red, or could not be asked, or is no longer there.
        """
        if _answered(self.require_green(), ran):
            return
        self._ask()
        if not _answered(self.require_green(), ran):
            raise SourceError("the database changed while it was asked", "it is tried again in some hours", "changed")

    def _ask(self) -> Record:
        self._asked = ask_now(self._turn)
        return self._asked

    def _is_fresh(self, record: Record) -> bool:
        return record.asked.is_of(self._turn.config) and self._turn.now - record.at < ASKED_AGAIN_AFTER


def ask_now(turn: Turn) -> Record:
    """Ask, and keep the answer.

    Raises:
        SourceError: the records could not be asked; the last answer stays as it was.
    """
    found = in_child(_ask, records_of(turn.config, turn.folder), run_seconds(turn))
    record = record_of(turn.config, found, turn.now)
    write_record(turn.folder, record)
    names = sorted({tried.name for tried in found.tried if not tried.ok})
    turn.diary.append_changed(
        "conformance", {**asdict(record.asked), "result": "green" if record.ok else "red", "wrong": ", ".join(names)}
    )
    logger.log(
        logging.INFO if record.ok else logging.WARNING,
        "event=conformance ok=%s engine=%s version=%s",
        record.ok,
        found.engine,
        found.engine_version,
    )
    return record


def record_of(config: Config, found: Conformance, now: datetime) -> Record:
    """What is kept of an answer."""
    asked = asked_of(config, found.engine, found.engine_version)
    return Record(asked, now, found.ok, tuple(line[:_MOST_CHARACTERS] for line in found.complaints[:_MOST_COMPLAINTS]))


def asked_of(config: Config, engine: str, engine_version: str) -> Asked:
    """What an answer is about: all that may change it."""
    return Asked(
        agent=version("gpfed"),
        kit=kit_version(),
        layout=config.layout,
        layout_version=layout_called(config.layout).version,
        site=_site_digest(config),
        engine=engine,
        engine_version=engine_version,
    )


def read_record(folder: StateFolder) -> Record | None:
    """The last answer; None if there is none, or none that can be read: then it is asked again."""
    path = _path(folder)
    if not path.is_file() or path.stat().st_size > _MAX_RECORD_BYTES:
        return None
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        at = datetime.fromisoformat(found["at"])
        record = Record(Asked(**found["asked"]), at, found["ok"] is True, tuple(map(str, found["complaints"])))
    except (ValueError, TypeError, KeyError):
        return None
    return record if record.at.tzinfo is not None else None


def write_record(folder: StateFolder, record: Record) -> None:
    """Keep an answer, whole or not at all."""
    document = {"schema": 1, "at": record.at.isoformat(), "ok": record.ok, "complaints": list(record.complaints)}
    data = json.dumps({**document, "asked": asdict(record.asked)}, indent=1)
    write_private(_path(folder), f"{data}\n".encode())


def shown(folder: StateFolder) -> Mapping[str, object]:
    """The last answer in a few words, for `status`."""
    record = read_record(folder)
    if record is None:
        return {"result": "never asked"}
    asked = record.asked
    found = {"result": "green" if record.ok else "red", "at": record.at.isoformat(timespec="seconds")}
    found |= {"engine": f"{asked.engine} {asked.engine_version}", "layout": f"{asked.layout} {asked.layout_version}"}
    return found if record.ok else {**found, "why": "; ".join(record.complaints[:1])}


def _answered(record: Record, ran: Ran) -> bool:
    asked = record.asked
    return (asked.layout, asked.layout_version, asked.engine, asked.engine_version) == (
        *(ran.layout, ran.layout_version),
        *(ran.engine, ran.engine_version),
    )


def _ask(records: Records) -> Conformance:
    if isinstance(records.place, Path):
        return check_embedded(layout_called(records.layout))
    with open_database(records, records.place) as database:
        return check(database)


def _site_digest(config: Config) -> str:
    if isinstance(config.records, Path):
        return _FILES
    declared = json.dumps(asdict(config.records), sort_keys=True)
    return hashlib.sha256(declared.encode()).hexdigest()[:16]


def _path(folder: StateFolder) -> Path:
    return folder.root / "conformance.json"
