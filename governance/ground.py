"""What a release starts from: it stays the same however often the release is made anew until it tells of nobody."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from governance.decision import held
from governance.known import Asked
from governance.optouts import CountedPeople
from governance.overlap import Ledger
from governance.people_index import PeopleIndex
from governance.recording import ledger_of
from governance.release_history import ReleaseHistory, Series
from governance.standing import Places, Slots, Standing, stand
from governance.visits import stand_visits
from searches.search import Unit


class Ground:
    """The history at the size of today's list, where everyone stands, and what the gate lets out.

    Args:
        keys: of the people on the list, in its order.
        history: of every release before.
    """

    def __init__(self, keys: Sequence[bytes], history: ReleaseHistory) -> None:
        self.index: Final[PeopleIndex] = history.index.grown(keys)
        self.series: Final = {key: one.padded(self.index.size) for key, one in history.series.items()}
        self.history: Final = replace(history, index=self.index, series=self.series)
        self._positions = self.index.positions(keys)
        self._ledgers: dict[str, Ledger] = {}
        self._slots: dict[str, Slots] = {}
        self._held: dict[str, Standing] = {}

    def ledger(self, period: str) -> Ledger:
        """Everything released before, to which a release is added; arguments as for `ledger_of`."""
        if period not in self._ledgers:
            self._ledgers[period] = ledger_of(self.history, period)
        return self._ledgers[period].followed()

    def slots(self, key: str, counted: CountedPeople, places: Places) -> Slots:
        """Where everyone stands.

        Args:
            key: of the series.
            counted: the answer.
            places: of its table.
        """
        if key not in self._slots:
            of = places, counted.counted, self._positions, self.index.size
            is_visits = counted.search.unit is Unit.APPOINTMENT
            self._slots[key] = stand_visits(*of) if is_visits else (stand(*of),)
        return self._slots[key]

    def values(self, counted: CountedPeople) -> dict[int, int]:
        """The value of everyone who met in a distribution, in thousandths, by position of the people index."""
        return {self._positions[person]: value for person, value in counted.values.items()}

    def held(self, asked: Asked, before: Series | None) -> Standing:
        """What the gate lets out of a table of people."""
        if asked.key not in self._held:
            self._held[asked.key] = held(asked, before)
        return self._held[asked.key]
