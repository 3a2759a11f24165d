"""The agent's state folder: what stands where, and the one small database in it.

    agent.toml                  what was agreed at enrolment, and the practice's own policy    trusted
    keys/                       the practice's keys, the database's password, owner-only      trusted
    catalogue/                  verified files of the hub, kept with their digests             checked when read
    outbox/NAME                 every message that left or is to leave, as sealed              checked by digest
    receipts/SEQUENCE.receipt   what the hub signed for each                                   checked by signature
    reports/, action_lists/     exact figures and lists of patients: these never leave
    log/*.evidence              what was found against the hub's log, each a file that speaks for itself
    agreements/DIGEST.json      what was accepted here, as the hub signed it                  checked by digest
    stops/, PAUSE               the practice's own switches (`agent.stops`)                   trusted
    diary.jsonl                 the record                                                     checked by its chain
    state.sqlite                sequence, agreements decided here, the latest time seen,       trusted
                                what was seen of the hub's log,
                                what was released so far (see `governance.release_history`)    checked by its HMAC

One turn at a time: a turn holds an exclusive lock, which the operating system lets go of when the process ends, however
it ends.
"""

from __future__ import annotations

import sqlite3
import stat
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from agent.errors import BusyError, ConfigError
from agent.files import OWNER_ONLY_FILE, private_folder

_SCHEMA = """
CREATE TABLE IF NOT EXISTS message (
    sequence INTEGER PRIMARY KEY CHECK (sequence > 0),
    kind TEXT NOT NULL CHECK (kind IN ('result', 'acceptance')),
    agreement TEXT NOT NULL,
    reference_date TEXT NOT NULL,
    digest TEXT NOT NULL CHECK (length(digest) = 64),
    size INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('spooled', 'uploaded', 'receipted', 'recorded')),
    spooled_at TEXT NOT NULL,
    uploaded_at TEXT NOT NULL DEFAULT '',
    received_at TEXT NOT NULL DEFAULT '',
    receipt BLOB,
    searches TEXT NOT NULL DEFAULT '',
    restates INTEGER REFERENCES message (sequence),
    reason TEXT NOT NULL DEFAULT ''
);
CREATE TABLE IF NOT EXISTS decision (
    agreement TEXT NOT NULL,
    version INTEGER NOT NULL,
    digest TEXT NOT NULL,
    decision TEXT NOT NULL CHECK (decision IN ('accept', 'decline', 'withdraw', 'suspend', 'resume')),
    named INTEGER NOT NULL,
    sequence INTEGER NOT NULL UNIQUE REFERENCES message (sequence),
    signed BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS answered (
    agreement TEXT NOT NULL,
    search TEXT NOT NULL,
    reference_date TEXT NOT NULL,
    PRIMARY KEY (agreement, search, reference_date)
);
CREATE TABLE IF NOT EXISTS failure (
    agreement TEXT NOT NULL,
    reference_date TEXT NOT NULL,
    at TEXT NOT NULL,
    PRIMARY KEY (agreement, reference_date)
);
CREATE TABLE IF NOT EXISTS release_history (one INTEGER PRIMARY KEY CHECK (one = 1), data BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS receipted (one INTEGER PRIMARY KEY CHECK (one = 1), highest INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS log_seen (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    size INTEGER NOT NULL,
    note BLOB NOT NULL,
    cosigned_at TEXT NOT NULL DEFAULT ''
);
CREATE TABLE IF NOT EXISTS log_entry (
    path TEXT PRIMARY KEY,
    number INTEGER NOT NULL,
    proof BLOB NOT NULL,
    found_at TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS log_missing (path TEXT PRIMARY KEY, since TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS log_finding (name TEXT PRIMARY KEY, at TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS latest_time (one INTEGER PRIMARY KEY CHECK (one = 1), seen TEXT NOT NULL);
"""

_RELEASES = """
DROP INDEX IF EXISTS one_result;
CREATE UNIQUE INDEX IF NOT EXISTS one_first ON message (agreement, reference_date)
    WHERE kind = 'result' AND restates IS NULL;
CREATE UNIQUE INDEX IF NOT EXISTS one_restatement ON message (agreement, reference_date)
    WHERE kind = 'result' AND restates IS NOT NULL;
"""
_LATER_COLUMNS = {
    "searches": "TEXT NOT NULL DEFAULT ''",
    "restates": "INTEGER REFERENCES message (sequence)",
    "reason": "TEXT NOT NULL DEFAULT ''",
}
"""Of messages: what folders of earlier agents have not."""

BEGINS_HERE = b""
"""In place of a release history: results were released before there was one, and it begins with the next."""


@dataclass(frozen=True, slots=True)
class StateFolder:
    """Names of everything in a state folder."""

    root: Path

    @property
    def config(self) -> Path:
        """The configuration; its presence means enrolled."""
        return self.root / "agent.toml"

    @property
    def keys(self) -> Path:
        """The practice's keys."""
        return self.root / "keys"

    @property
    def signing_key(self) -> Path:
        """The practice's signing key (text form of `governance.keys`)."""
        return self.keys / "signing.key"

    @property
    def ssh_key(self) -> Path:
        """The practice's SSH key (OpenSSH form)."""
        return self.keys / "ssh_ed25519"

    @property
    def people_key(self) -> Path:
        """The key under which people have their positions in what was released."""
        return self.keys / "people.key"

    @property
    def database_password(self) -> Path:
        """The password of the site's database; there is none where the login needs none."""
        return self.keys / "database.password"

    @property
    def catalogue(self) -> Path:
        """The verified catalogue."""
        return self.root / "catalogue"

    @property
    def outbox(self) -> Path:
        """Sealed messages."""
        return self.root / "outbox"

    @property
    def receipts(self) -> Path:
        """The hub's signed receipts."""
        return self.root / "receipts"

    @property
    def reports(self) -> Path:
        """Exact reports; never leave."""
        return self.root / "reports"

    @property
    def action_lists(self) -> Path:
        """Lists of patients; never leave."""
        return self.root / "action_lists"

    @property
    def log(self) -> Path:
        """Evidence against the hub's log."""
        return self.root / "log"

    @property
    def agreements(self) -> Path:
        """The agreements that this practice has accepted, as signed."""
        return self.root / "agreements"

    @property
    def stops(self) -> Path:
        """What this practice has stopped, a file for each agreement (`agent.stops`)."""
        return self.root / "stops"

    @property
    def pause(self) -> Path:
        """While this file is there, nothing runs and no result leaves."""
        return self.root / "PAUSE"

    @property
    def diary(self) -> Path:
        """The record."""
        return self.root / "diary.jsonl"

    @property
    def lock(self) -> Path:
        """Held for the time of a turn."""
        return self.root / "turn.lock"

    @property
    def database(self) -> Path:
        """Sequence, decisions, latest time seen."""
        return self.root / "state.sqlite"

    def make(self) -> None:
        """Make every folder, owner-only; harmless when they are there."""
        for folder in (
            self.root,
            self.keys,
            self.catalogue,
            self.outbox,
            self.receipts,
            self.reports,
            self.action_lists,
            self.log,
        ):
            private_folder(folder)


def default_folder() -> StateFolder:
    """Where a service keeps its state on this platform."""
    return StateFolder(Path(r"C:\ProgramData\gpfed-agent" if sys.platform == "win32" else "/var/lib/gpfed-agent"))


def read_password(folder: StateFolder) -> str:
    """The password of the site's database; empty where none was given.

    Raises:
        ConfigError: others than its owner can read the file.
    """
    path = folder.database_password
    if not path.exists():
        return ""
    if sys.platform != "win32" and path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise ConfigError("the database's password can be read by others", "give it anew: gpfed-agent password")
    return path.read_text(encoding="utf-8")


@contextmanager
def open_database(folder: StateFolder) -> Iterator[sqlite3.Connection]:
    """The state's database; every commit is on the disk when it returns."""
    private_folder(folder.root)
    _make_private(folder.database)
    with closing(sqlite3.connect(folder.database, isolation_level=None)) as connection:
        # A rollback journal and FULL: a commit that returned survives a power cut.
        connection.execute("PRAGMA journal_mode = DELETE")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        _make_tables(connection)
        yield connection


def _make_tables(connection: sqlite3.Connection) -> None:
    """Make what is missing; a folder of an agent that kept no release history yet begins one where it stands.

    Each step is harmless when repeated: a kill in between is made good when the folder is opened next.
    """
    tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    _widen_decisions(connection)
    connection.executescript(_SCHEMA)
    if "message" in tables and "release_history" not in tables:
        connection.execute("INSERT INTO release_history VALUES (1, ?)", (BEGINS_HERE,))
    there = {name for _, name, *_ in connection.execute("PRAGMA table_info(message)")}
    for name, kind in _LATER_COLUMNS.items():
        if name not in there:
            connection.execute(f"ALTER TABLE message ADD COLUMN {name} {kind}")
    connection.executescript(_RELEASES)


def _widen_decisions(connection: sqlite3.Connection) -> None:
    """Make anew a table of decisions that was made before a practice could suspend; SQLite cannot change its CHECK."""
    made = connection.execute("SELECT sql FROM sqlite_master WHERE name = 'decision'").fetchone()
    if made is None or "'suspend'" in made[0]:
        return
    old = "'accept', 'decline', 'withdraw'"
    new = made[0].replace(old, f"{old}, 'suspend', 'resume'").replace("decision", "decision_wider", 1)
    connection.executescript(
        f"BEGIN IMMEDIATE; {new}; INSERT INTO decision_wider SELECT * FROM decision; DROP TABLE decision;"
        " ALTER TABLE decision_wider RENAME TO decision; COMMIT;"
    )


@contextmanager
def one_turn(folder: StateFolder, wait_seconds: float = 0) -> Iterator[None]:
    """Hold the state folder for one turn.

    Raises:
        BusyError: another process holds it after the wait.
    """
    private_folder(folder.root)
    _make_private(folder.lock)
    with closing(sqlite3.connect(folder.lock, isolation_level=None, timeout=wait_seconds)) as lock:
        try:
            lock.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
                raise
            raise BusyError("another turn of the agent is running", "wait for it to end, then try again") from error
        yield


def _make_private(path: Path) -> None:
    """Make an empty file that only its owner can read, before anything is in it."""
    if not path.exists():
        path.touch(mode=OWNER_ONLY_FILE)


def latest_time(connection: sqlite3.Connection, now: datetime) -> datetime:
    """The later of now and the latest time ever seen, and remember it.

    A clock set back must not bring an expired agreement or catalogue back to life.
    """
    row = connection.execute("SELECT seen FROM latest_time").fetchone()
    seen = datetime.fromisoformat(row[0]) if row else now
    latest = max(seen, now).astimezone(UTC)
    connection.execute("INSERT OR REPLACE INTO latest_time VALUES (1, ?)", (latest.isoformat(),))
    return latest
