"""Where the agent stands, and what has left it: read from the state folder alone, while a turn may be running."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from pathlib import Path

from agent import conformance
from agent.config import Config, read_config
from agent.decisions import latest_decisions
from agent.diary import Diary
from agent.errors import CatalogueRefusedError
from agent.outbox import Message, Outbox
from agent.pull import last_good
from agent.state import StateFolder, open_database


def status_of(folder: StateFolder, now: datetime) -> dict[str, object]:
    """Practice, hub, catalogue, agreements, outbox and the latest entry of the diary.

    Raises:
        NotEnrolledError: there is no hub yet.
        ChainError: the diary does not chain.
    """
    config = read_config(folder)
    entries = Diary(folder.diary, lambda: now).entries()
    with open_database(folder) as connection:
        said = {one.agreement_id: f"{one.decision} version {one.version}" for one in latest_decisions(connection)}
        messages = Outbox(folder, connection).messages()
        states = Counter(message.state for message in messages)
    return {
        "practice": config.practice,
        "layout": config.layout,
        **_records(config),
        "hub": {"host": config.hub.host, "port": config.hub.port, "host_key": config.hub.host_key},
        "conformance": conformance.shown(folder),
        "catalogue": _catalogue(folder, now),
        "agreements": said,
        "policy": {
            "refuses": list(config.refuse_searches),
            "profile": config.own_profile.id if config.own_profile is not None else "",
        },
        "release_hour": f"{config.release_hour:02}:00",
        "messages": dict(states),
        "restated": {
            f"{one.agreement} {one.reference_date}": one.reason for one in messages if one.restates is not None
        },
        "diary": {"entries": len(entries), "latest": entries[-1].event, "at": entries[-1].at} if entries else {},
    }


def _records(config: Config) -> dict[str, object]:
    if isinstance(config.records, Path):
        return {"extract": str(config.records)}
    return {"database": f"{config.records.engine} {config.records.where}", "quiet_hours": config.records.quiet_hours}


def sent_rows(folder: StateFolder) -> list[dict[str, object]]:
    """Every message that left or waits, in order.

    Raises:
        NotEnrolledError: there is no hub yet.
    """
    read_config(folder)
    with open_database(folder) as connection:
        return [_row(message) for message in Outbox(folder, connection).messages()]


def _row(message: Message) -> dict[str, object]:
    return {
        "sequence": message.sequence,
        "what": _what(message),
        "restates": message.restates,
        "reason": message.reason or None,
        "state": message.state,
        "size": message.size,
        "digest": message.digest,
        "spooled_at": message.spooled_at,
        "uploaded_at": message.uploaded_at,
        "received_at": message.received_at,
    }


def _what(message: Message) -> str:
    what = f"{message.kind} {message.agreement} {message.reference_date}".strip()
    return f"{what} restates {message.restates} ({message.reason})" if message.restates is not None else what


def _catalogue(folder: StateFolder, now: datetime) -> dict[str, object]:
    try:
        good = last_good(folder.catalogue, now)
    except CatalogueRefusedError as error:
        return {"usable": False, "reason": error.message}
    return {"usable": True, "version": good.version, "expires": good.expires.isoformat()}
