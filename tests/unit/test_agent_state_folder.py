"""State folders of older agents are read on."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from agent.state import StateFolder, open_database

OLD = """
CREATE TABLE message (sequence INTEGER PRIMARY KEY CHECK (sequence > 0));
CREATE TABLE decision (
    agreement TEXT NOT NULL,
    version INTEGER NOT NULL,
    digest TEXT NOT NULL,
    decision TEXT NOT NULL CHECK (decision IN ('accept', 'decline', 'withdraw')),
    named INTEGER NOT NULL,
    sequence INTEGER NOT NULL UNIQUE REFERENCES message (sequence),
    signed BLOB NOT NULL
);
INSERT INTO message VALUES (1);
INSERT INTO decision VALUES ('heart-health', 1, 'd', 'accept', 0, 1, x'00');
"""


def test_a_folder_of_before_there_were_suspensions_keeps_its_decisions_and_takes_them(tmp_path: Path) -> None:
    folder = StateFolder(tmp_path / "state")
    folder.root.mkdir()
    with closing(sqlite3.connect(folder.database)) as old:
        old.execute("CREATE TABLE before (one INTEGER)")
        with open_database(StateFolder(tmp_path / "new")) as new:
            schema = [sql for (sql,) in new.execute("SELECT sql FROM sqlite_master WHERE name = 'message'")]
        old.executescript(
            OLD.replace(
                "CREATE TABLE message (sequence INTEGER PRIMARY KEY CHECK (sequence > 0));", schema[0] + ";"
            ).replace(
                "INSERT INTO message VALUES (1);",
                "INSERT INTO message (sequence, kind, agreement, reference_date, digest, size, state, spooled_at)"
                f" VALUES (1, 'acceptance', 'heart-health', '', '{'a' * 64}', 1, 'spooled', 'x');",
            )
        )
        old.commit()
    for _ in range(2):
        with open_database(folder) as connection:
            rows = connection.execute("SELECT agreement, decision, sequence FROM decision").fetchall()
            assert rows == [("heart-health", "accept", 1)]
            connection.execute("UPDATE decision SET decision = 'suspend'")
            connection.execute("UPDATE decision SET decision = 'accept'")
