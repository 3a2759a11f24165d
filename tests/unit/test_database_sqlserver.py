"""SQL Server does not run here: its adapter is driven by a scripted driver, its texts go through Microsoft's parser."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from types import ModuleType
from typing import Any, Self

import pytest

from agent.databases import sqlserver
from agent.databases.connection import check_reads_only, connected
from agent.databases.settings import DatabaseSettings
from searches.errors import AnswerError, DatabaseError
from tests.agent_kit import CANARY
from tests.tsql import unparsed

SETTINGS = DatabaseSettings("sqlserver", "db.example", 1433, "records", "reader", "none", lock_seconds=7)


class NumberedError(Exception):
    def __init__(self, number: int) -> None:
        super().__init__(f"row {CANARY}")
        self.number = number


@dataclass
class Script:
    """A server in lines: what it is asked, and what it answers to texts that begin so."""

    answers: dict[str, list[tuple[Any, ...]] | Exception] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    options: dict[str, Any] = field(default_factory=dict)

    def connect(self, **options: Any) -> Script:
        self.options = options
        return self

    def cursor(self) -> ScriptedCursor:
        return ScriptedCursor(self)

    def close(self) -> None:
        raise OSError("it is gone")


@dataclass
class ScriptedCursor:
    script: Script
    rows: list[tuple[Any, ...]] = field(default_factory=list)
    description: Any = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def execute(self, sql: str, _: tuple[Any, ...] = ()) -> None:
        self.script.asked.append(sql)
        for beginning, answer in self.script.answers.items():
            if sql.strip().startswith(beginning):
                if isinstance(answer, Exception):
                    raise answer
                self.rows, self.description = list(answer), [("x",)]

    def fetchall(self) -> list[tuple[Any, ...]]:
        return self.rows

    def fetchmany(self, size: int) -> list[tuple[Any, ...]]:
        found, self.rows = self.rows[:size], self.rows[size:]
        return found


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> Iterator[Script]:
    script = Script(
        {
            sqlserver.VERSION: [("13.0.6300.2",)],
            sqlserver.MASTERS.strip(): [],
            sqlserver.EXCESS.strip(): [],
            sqlserver.TRIAL: NumberedError(262),
            sqlserver.SNAPSHOTS: [(1,)],
        }
    )
    module = ModuleType("pytds")
    module.connect = script.connect  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "pytds", module)
    return script


def test_every_text_of_the_adapter_is_one_that_sql_server_takes() -> None:
    texts = {name: getattr(sqlserver, name) for name in ("MASTERS", "EXCESS", "TRIAL", "SNAPSHOTS", "VERSION")}
    settings = {f"SETTING{number}": text for number, text in enumerate(sqlserver._SETTINGS)}

    assert unparsed(texts | settings) == {}


def test_a_session_is_set_up_before_anything_is_asked_and_reads_one_moment(script: Script) -> None:
    with connected(SETTINGS, "secret") as connection:
        assert connection.version == "13.0.6300.2"
        check_reads_only(connection)
        connection.begin()

    assert script.options["password"] == "secret"
    assert script.options["cafile"] is None
    assert "readonly" not in script.options
    assert script.asked[: len(sqlserver._SETTINGS) + 1] == [*sqlserver._SETTINGS, "SET LOCK_TIMEOUT 7000"]
    assert script.asked[-2:] == ["SET TRANSACTION ISOLATION LEVEL SNAPSHOT", "BEGIN TRANSACTION"]
    assert not any("secret" in text for text in script.asked)


def test_without_snapshots_a_statement_sees_what_is_committed(script: Script) -> None:
    script.answers[sqlserver.SNAPSHOTS] = [(0,)]
    with connected(SETTINGS, "") as connection:
        connection.begin()

    assert script.asked[-1] == "SET TRANSACTION ISOLATION LEVEL READ COMMITTED"


@pytest.mark.parametrize(
    ("beginning", "answer", "complaint"),
    [
        (sqlserver.MASTERS.strip(), [("is a member of db_datawriter",)], "is a member of db_datawriter"),
        (sqlserver.EXCESS.strip(), [("may INSERT dbo.Patient",)], "may INSERT dbo.Patient"),
        (sqlserver.TRIAL, [], "created a table in a trial, which was taken back"),
    ],
)
def test_a_right_beyond_reading_is_named(
    script: Script, beginning: str, answer: list[tuple[Any, ...]], complaint: str
) -> None:
    script.answers[beginning] = answer
    with connected(SETTINGS, "") as connection, pytest.raises(DatabaseError, match=complaint):
        check_reads_only(connection)

    assert script.asked[-1] == "IF @@TRANCOUNT > 0 ROLLBACK TRANSACTION"


def test_rows_come_as_plain_values(script: Script) -> None:
    midnight, day = datetime.fromisoformat("2026-03-31"), date(2026, 3, 31)
    script.answers["SELECT x"] = [(1, Decimal("58.000"), midnight, day, None, True)]
    with connected(SETTINGS, "") as connection:
        [row] = connection.rows("SELECT x")

    assert row == (1, Decimal("58.000"), day, day, None, 1)


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (NumberedError(1222), "locked"),
        (NumberedError(229), "right_missing"),
        (NumberedError(207), "changed"),
        (NumberedError(1105), "full"),
        (NumberedError(99999), "failed"),
        (TimeoutError(CANARY), "time_out"),
        (ConnectionResetError(CANARY), "connection_lost"),
        (NumberedError(8114), ""),
    ],
    ids=lambda value: str(value) if isinstance(value, str) else type(value).__name__,
)
def test_what_goes_wrong_is_told_in_our_words(script: Script, error: Exception, reason: str) -> None:
    script.answers["SELECT x"] = error
    with connected(SETTINGS, "") as connection, pytest.raises((DatabaseError, AnswerError)) as refused:
        list(connection.rows("SELECT x"))

    assert getattr(refused.value, "reason", "") == reason
    assert CANARY not in repr(refused.value)
    assert refused.value.__context__ is None


def test_encryption_is_never_left_out_silently(script: Script, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "OpenSSL", None)
    verified = DatabaseSettings("sqlserver", "db.example", 1433, "records", "reader", "verified")
    with pytest.raises(DatabaseError, match="the driver for encrypted connections to SQL Server is not installed"):
        sqlserver.connect(verified, "")
    assert script.options == {}
