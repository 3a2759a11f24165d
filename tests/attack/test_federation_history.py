"""A practice whose release history was taken away, edited or put back releases nothing; repeats are the same bytes."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import date
from pathlib import Path

import pytest

from searches.synthetic import synthesise
from tests.federation import REFERENCE_DATE, Agent, Federation

EARLIER = date(2026, 2, 28)


@pytest.fixture
def elm(tmp_path: Path) -> Agent:
    """A practice that has answered for February, and is asked for March next."""
    extract = tmp_path / "extract"
    synthesise("emis_im1", 150, 5, extract, practice="Z90001")
    agent = Federation(tmp_path / "federation").enrol("Z90001", "emis_im1", extract)
    agent.federation.propose()
    agent.say()
    agent.federation.receive()
    agent.federation.publish()
    agent.deliver()
    assert len(agent.run(EARLIER).released) == 1
    return agent


def test_the_same_period_asked_again_sends_nothing_new(elm: Agent) -> None:
    first = elm.run(REFERENCE_DATE)
    again = elm.run(REFERENCE_DATE)

    assert (len(first.released), again.released) == (1, ())


def test_a_history_that_was_taken_away_stops_the_release(elm: Agent) -> None:
    """Without it, one patient's change since February would be let out."""
    _write(elm, "DELETE FROM release_history")

    assert _refused(elm) == "release history is gone, but results were released"


def test_a_history_that_was_edited_stops_the_release(elm: Agent) -> None:
    kept = _read(elm)
    _write(elm, "UPDATE release_history SET data = ?", kept[:-1] + bytes([kept[-1] ^ 1]))

    assert _refused(elm) == "release history was altered, or is not this practice's"


def test_a_history_of_before_the_last_release_stops_the_next(elm: Agent) -> None:
    """Put back from a copy, it would forget March, and April could lie one patient beside it."""
    february = _read(elm)
    elm.run(REFERENCE_DATE)
    _write(elm, "UPDATE release_history SET data = ?", february)

    assert _refused(elm, date(2026, 3, 28)).startswith("release history ends at message ")


def test_a_history_without_its_key_stops_the_release(elm: Agent) -> None:
    """A new key would give everybody a new position, and every comparison would find nobody."""
    elm.folder.people_key.unlink()

    assert _refused(elm) == "key of the release history is missing"


def _refused(agent: Agent, on: date = REFERENCE_DATE) -> str:
    outcome = agent.run(on)
    assert outcome.released == ()
    (problem,) = outcome.problems
    return problem.message


def _read(agent: Agent) -> bytes:
    with closing(sqlite3.connect(agent.folder.database)) as connection:
        return bytes(connection.execute("SELECT data FROM release_history").fetchone()[0])


def _write(agent: Agent, statement: str, *values: bytes) -> None:
    with closing(sqlite3.connect(agent.folder.database)) as connection, connection:
        connection.execute(statement, values)
