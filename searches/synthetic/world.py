"""What every writer needs to know of the practice and of the days of delivery."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from datetime import date
from typing import Final

from searches.synthetic.deliveries import Deliveries

OTHER_UNIT: Final = "ZZ9HUB"
"""Another unit in the same files, with a record of its own under the same patient ids. Not shaped like a practice's
code."""
COMMUNITY: Final = "ZZ9COM"
"""A community service whose entries a TPP practice sees among its own."""
ELSEWHERE: Final = "Z98765"
"""Where people registered who have left."""


@dataclass(frozen=True, slots=True)
class World:
    """One practice on one reference date.

    Args:
        code: the practice's synthetic organisation code.
        reference_date: the day of the last delivery.
    """

    code: str
    reference_date: date

    @property
    def today(self) -> int:
        """The reference date as an ordinal."""
        return self.reference_date.toordinal()

    @property
    def deliveries(self) -> Deliveries:
        """When the supplier delivers."""
        return Deliveries.before(self.reference_date)

    @property
    def serial(self) -> int:
        """A number that differs between practices, below 2^32."""
        return zlib.crc32(self.code.encode())
