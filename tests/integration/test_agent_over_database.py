"""An agent over a site's own database: the same result leaves, and whatever fails, nothing leaves by half."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from agent.config import read_config, write_config
from agent.cycle import Outcome, Wish, bring_catalogue, deliver_waiting, take_turn
from agent.databases.settings import DatabaseSettings
from agent.decisions import Answer, find_agreement, say
from agent.site_commands import keep_password
from agent.transport import Mailbox
from agent.turn import open_turn
from governance.diary_chain import verify_lines
from governance.sealing import ReceivedResult
from governance.wire import AgreementDecision
from tests.agent_kit import (
    AGREEMENT,
    NO_PATIENCE,
    NOW,
    AccountMailbox,
    Centre,
    enrolled,
    everything_under,
    library,
    make_agreement,
)
from tests.databases import SiteServer, site
from tests.engine_servers import RUNNING, Servers
from tests.exact_answers import write_practice

LAYOUT = "vision"
SEARCHES = ("pulse-rhythm-65", "smoking-recorded")
WISH = Wish(date(2026, 2, 28), NO_PATIENCE, at_once=True)
ACCEPT = Answer(AgreementDecision.ACCEPT, named=False)


class Practice:
    """An enrolled agent over some records, beside its hub; its agreement is signed."""

    def __init__(self, folder: Path, records: Path | DatabaseSettings, password: str = "") -> None:
        self.centre = Centre(folder / "hub")
        self.centre.publish(make_agreement(*SEARCHES), library(*SEARCHES))
        self.state = enrolled(folder / "state", self.centre, records, LAYOUT)
        keep_password(self.state, password)
        self.mailbox = AccountMailbox(self.centre.account())
        self.now = NOW
        with open_turn(self.state, lambda: self.now) as turn:
            catalogue = bring_catalogue(turn, self.open).catalogue
            say(turn, find_agreement(catalogue, AGREEMENT), ACCEPT)
            deliver_waiting(turn, self.open, catalogue.hub, WISH)
        self.receive()

    def open(self) -> AbstractContextManager[Mailbox]:
        return nullcontext(self.mailbox)

    def run(self, **changes: Any) -> Outcome:
        """One turn, with some settings of the database changed for it."""
        config = read_config(self.state)
        if isinstance(config.records, DatabaseSettings):
            write_config(self.state, replace(config, records=replace(config.records, **changes)))
        try:
            with open_turn(self.state, lambda: self.now) as turn:
                return take_turn(turn, self.open, WISH)
        finally:
            write_config(self.state, config)

    def receive(self) -> list[ReceivedResult | object]:
        with open_turn(self.state, lambda: self.now) as turn:
            return self.centre.receive(turn.key.public)

    def told(self, event: str) -> Mapping[str, object]:
        """The latest entry of the diary about it."""
        entries = verify_lines(self.state.diary.read_bytes()).entries
        return next(entry.facts for entry in reversed(entries) if entry.event == event)

    def result(self) -> ReceivedResult:
        """What one turn sends."""
        outcome = self.run()
        assert [one.message for one in outcome.problems] == []
        [received] = [one for one in self.receive() if isinstance(one, ReceivedResult)]
        return received


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_practice(LAYOUT, 150, 11, tmp_path_factory.mktemp("files"), date(2026, 3, 31)).folder


@pytest.fixture(scope="module")
def over_files(files: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[ReceivedResult, dict[str, bytes]]:
    practice = Practice(tmp_path_factory.mktemp("over-files"), files)
    return practice.result(), practice_only(practice)


def practice_only(practice: Practice) -> dict[str, bytes]:
    """The action lists and exact reports; not what says what has left, which names the engine."""
    kept = {**everything_under(practice.state.action_lists), **everything_under(practice.state.reports)}
    return {name: data for name, data in kept.items() if "leaves" not in name}


@contextmanager
def filled(servers: Servers, engine: str, folder: Path, files: Path) -> Any:
    with site(servers, engine, folder) as here:
        here.fill(files, LAYOUT)
        here.grant()
        yield here


@pytest.mark.parametrize("engine", RUNNING)
def test_the_same_result_leaves_and_the_same_lists_stay(
    servers: Servers,
    tmp_path: Path,
    files: Path,
    over_files: tuple[ReceivedResult, dict[str, bytes]],
    engine: str,
) -> None:
    expected, kept = over_files
    with filled(servers, engine, tmp_path, files) as here:
        practice = Practice(tmp_path, here.settings, here.password)
        received = practice.result()
        version = here.version()

    assert received.tables == expected.tables
    assert practice_only(practice) == kept
    assert any(name.endswith(".csv") for name in everything_under(practice.state.action_lists))
    assert received.list_size_band == expected.list_size_band
    assert (received.layout, received.engine, received.engine_version) == (LAYOUT, engine, version)
    assert date(2026, 3, 1) < received.delivered_on <= date(2026, 3, 31)
    assert set(received.statements) == set(SEARCHES)
    assert received.statements != expected.statements or engine == "duckdb"


Fault = Callable[[SiteServer], Any]
FAULTS: dict[str, tuple[Fault, dict[str, Any]]] = {
    # the code it ends with: how it comes about, and what is set meanwhile
    "connection_lost": (lambda here: here.cut_when_it_waits("patient"), {}),
    "time_out": (lambda here: here.held("patient"), {"statement_seconds": 1}),
    "locked": (lambda here: here.held("patient"), {"lock_seconds": 1}),
    "right_missing": (lambda here: here.without_right("patient"), {}),
    "layout_differs": (lambda here: here.renamed("patient", "DATE_OF_BIRTH", "BORN"), {}),
    "can_write": (lambda here: here.able_to_write("patient"), {}),
    "login_refused": (lambda here: nullcontext(), {"user": "nobody_of_that_name"}),
}


@pytest.mark.parametrize("engine", ["postgresql", "mysql"])
def test_whatever_fails_ends_in_a_named_state_and_the_next_run_succeeds(
    servers: Servers, tmp_path: Path, files: Path, engine: str
) -> None:
    with filled(servers, engine, tmp_path, files) as here:
        practice = Practice(tmp_path, here.settings, here.password)
        before = everything_under(practice.state.outbox)
        for reason, (fault, changes) in FAULTS.items():
            with fault(here):
                outcome = practice.run(**changes)
            # To a login that may not read a table PostgreSQL's catalogue does not list it.
            ends = {reason, "layout_differs"} if reason == "right_missing" else {reason}
            assert {one.reason for one in outcome.problems} <= ends
            assert (outcome.released, outcome.exit_code) == ((), 13), reason
            assert everything_under(practice.state.outbox) == before
            assert everything_under(practice.state.reports) == {}
            assert practice.told("turn_failed")["code"] in ends
        assert practice.receive() == []

        assert [table.search_id for table in practice.result().tables] == list(SEARCHES)


def test_in_the_quiet_hours_nothing_is_asked_and_what_is_due_waits(
    servers: Servers, tmp_path: Path, files: Path
) -> None:
    with filled(servers, "sqlite", tmp_path, files) as here:
        practice = Practice(tmp_path, replace(here.settings, file="/nowhere/at-all.sqlite"))
        around = [NOW.astimezone() + timedelta(minutes=minutes) for minutes in (-60, 60)]
        hours = "-".join(moment.strftime("%H:%M") for moment in around)

        outcome = practice.run(quiet_hours=hours)

        assert (outcome.released, outcome.problems, outcome.exit_code) == ((), (), 3)
        assert outcome.held == (f"{AGREEMENT} of 2026-02-28 waits for the end of the quiet hours at {around[1]:%H:%M}",)
        assert practice.told("quiet_hours") == {"agreement": AGREEMENT, "reference_date": "2026-02-28"}
        assert len(practice.run(file=here.settings.file).released) == 1


def test_a_run_does_not_last_into_the_quiet_hours(servers: Servers, tmp_path: Path, files: Path) -> None:
    with filled(servers, "sqlite", tmp_path, files) as here:
        practice = Practice(tmp_path, here.settings)
        practice.now = datetime.combine(NOW.date() + timedelta(days=1), datetime.min.time(), UTC)
        begin = (practice.now.astimezone() + timedelta(minutes=1)).strftime("%H:%M")
        practice.now += timedelta(seconds=59, milliseconds=500)

        outcome = practice.run(quiet_hours=f"{begin}-{'00:00' if begin != '00:00' else '01:00'}")

    assert {one.reason for one in outcome.problems} == {"run_too_long"}
    assert (outcome.released, outcome.exit_code) == ((), 13)


def test_records_that_do_not_reach_the_reference_date_release_nothing(
    servers: Servers, tmp_path: Path, files: Path
) -> None:
    with filled(servers, "sqlite", tmp_path, files) as here:
        practice = Practice(tmp_path, here.settings)
        with open_turn(practice.state, lambda: practice.now) as turn:
            outcome = take_turn(turn, practice.open, Wish(date(2026, 9, 30), NO_PATIENCE, at_once=True))

    assert outcome.exit_code == 13
    assert "opt-out list is of 2026-03-" in outcome.problems[0].message
