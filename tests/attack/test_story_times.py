"""Time oracles: what the hour and the minute at which something leaves say of the run that made it."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path
from unittest.mock import patch

from agent import cycle
from agent.config import read_config, write_config
from agent.cycle import Wish, bring_catalogue, deliver_waiting, take_turn
from agent.decisions import Answer, find_agreement, say
from agent.release_hour import ReleaseHour
from agent.run import RunRequest, run
from agent.sources import Ran
from agent.state import StateFolder
from agent.transport import INBOX, Mailbox
from agent.turn import Turn, open_turn
from governance.wire import AgreementDecision
from tests.agent_kit import (
    AGREEMENT,
    NO_PATIENCE,
    NOW,
    REFERENCE_DATE,
    AccountMailbox,
    Centre,
    enrolled,
    library,
    make_agreement,
    write_extract,
)
from tests.attack.stories import stopped_by
from tests.conformance.already import already_green

PULSE = "pulse-rhythm-65"
NIGHT = (("00:00", "00:40"), ("04:00", "04:40"))
QUARTER = timedelta(minutes=15)
TOMORROW = (NOW + timedelta(days=1)).astimezone().replace(hour=0, minute=0, second=0, microsecond=0)


@dataclass
class Watched(AccountMailbox):
    """The mailbox of a hub that notes when each message came; when an agent looks, the hub sees anyway."""

    service: Service | None = None
    seen: list[datetime] = field(default_factory=list)

    def put(self, path: str, data: bytes) -> None:
        """Take a file, and look at the clock."""
        super().put(path, data)
        if self.service is not None and path.startswith(INBOX):
            self.seen.append(self.service.now)


class Service:
    """An agent that looks every quarter of an hour; its clock goes on while something runs.

    Args:
        takes: how long a run takes over these records.
    """

    def __init__(self, folder: Path, takes: timedelta) -> None:
        self.takes, self.now = takes, TOMORROW
        centre = self.centre = Centre(folder / "hub")
        centre.publish(make_agreement(PULSE), library(PULSE))
        self.state: StateFolder = enrolled(folder / "state", centre, folder / "extract")
        write_config(self.state, replace(read_config(self.state), run_seconds=3600))
        self.mailbox = Watched(centre.account())
        self._accept()
        self.mailbox.service = self

    def looks(self, begin: str, until: str) -> None:
        """Look from one time of the day to another; a look that is missed while something runs is left out."""
        self.now = _clock(begin)
        while self.now < _clock(until):
            look = self.now
            with self._turn() as turn, patch.object(cycle, "run", self._run):
                take_turn(turn, self._open, Wish(REFERENCE_DATE, NO_PATIENCE))
                self.centre.receive(turn.key.public)
            while look <= self.now:
                look += QUARTER
            self.now = look

    def _run(self, _: RunRequest) -> Ran:
        self.now += self.takes
        return _ran()

    def _accept(self) -> None:
        with self._turn() as turn:
            catalogue = bring_catalogue(turn, self._open).catalogue
            say(turn, find_agreement(catalogue, AGREEMENT), Answer(AgreementDecision.ACCEPT, named=False))
            deliver_waiting(turn, self._open, catalogue.hub, Wish(None, NO_PATIENCE))
            self.centre.receive(turn.key.public)

    @contextmanager
    def _turn(self) -> Iterator[Turn]:
        already_green(self.state, self.now)
        with open_turn(self.state, lambda: self.now) as turn:
            yield turn

    def _open(self) -> AbstractContextManager[Mailbox]:
        return nullcontext(self.mailbox)


def _clock(text: str) -> datetime:
    hour, minute = map(int, text.split(":"))
    return TOMORROW + timedelta(hours=hour, minutes=minute)


@lru_cache(maxsize=1)
def _ran() -> Ran:
    """What a run over the practice's records gives; asked for once, as every world has the same records."""
    found: list[Ran] = []

    def keep(request: RunRequest) -> Ran:
        found.append(run(request))
        return found[0]

    with tempfile.TemporaryDirectory() as folder:
        write_extract(Path(folder) / "extract", checked=150, unchecked=50)
        service = Service(Path(folder), timedelta())
        with service._turn() as turn, patch.object(cycle, "run", keep):
            take_turn(turn, service._open, Wish(REFERENCE_DATE, NO_PATIENCE, at_once=True))
    return found[0]


def left_at(minutes: int, *looks: tuple[str, str]) -> list[datetime]:
    """When files came to the hub, from a practice where a run takes so long, and whose agent looks then."""
    # Only these two have a part in it: while another defence is away, the same comes out.
    return _left_at(minutes, looks, (ReleaseHour.may_leave, ReleaseHour.run_waits_until))


@lru_cache(maxsize=32)
def _left_at(minutes: int, looks: tuple[tuple[str, str], ...], _: tuple[object, object]) -> list[datetime]:
    _ran()
    with tempfile.TemporaryDirectory() as folder:
        service = Service(Path(folder), timedelta(minutes=minutes))
        for begin, until in looks:
            service.looks(begin, until)
        return service.mailbox.seen


@stopped_by("release hour")
def test_when_a_result_leaves_does_not_tell_how_long_the_run_took() -> None:
    """A search that takes a minute longer for each code a patient has; the hub notes when the answer comes."""
    quick, slow = (left_at(minutes, ("05:00", "06:20")) for minutes in (2, 29))
    assert len(quick) == 1, "nothing leaves at all"
    assert quick == slow
    assert ReleaseHour(6).is_now(quick[0])


@stopped_by("nothing runs into the release hour")
def test_a_run_that_lasts_into_the_hour_delays_nothing() -> None:
    """The run begins ten minutes before the hour: if it takes three quarters of it, the answer comes a day later."""
    quick, slow = (left_at(minutes, ("05:50", "07:20"), ("30:00", "30:20")) for minutes in (2, 45))
    assert len(quick) == 1, "nothing leaves at all"
    assert quick == slow


@stopped_by("release hour")
def test_the_hour_is_the_same_every_day() -> None:
    """Sealed early in the night or late: not even the day's part tells when the record system's files came."""
    early, late = (left_at(2, (begin, until), ("06:00", "06:20")) for begin, until in NIGHT)
    assert len(early) == 1, "nothing leaves at all"
    assert early == late
