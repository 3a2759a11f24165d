"""An agent that was found green, for the tests that are about something else."""

from __future__ import annotations

from datetime import datetime

from agent.config import read_config
from agent.conformance import Record, asked_of, write_record
from agent.state import StateFolder
from searches.engines import duckdb


def already_green(folder: StateFolder, now: datetime, engine: str = duckdb.NAME, version: str = "") -> None:
    """Keep an answer as it would be if this agent had just asked; without a version, of the embedded engine."""
    asked = asked_of(read_config(folder), engine, version or duckdb.engine_version())
    write_record(folder, Record(asked, now, ok=True, complaints=()))
