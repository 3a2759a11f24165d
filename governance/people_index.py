"""Where each person stands in the sets that were released, the same over the years though the roster changes.

A run numbers its patients from 0 in the order of their ids; the next run has other patients, so its numbers mean other
people. To compare what is released now with what was released before, each person gets one position for good:

    key of a person = first 16 bytes of HMAC-SHA256(local key, "gpfed person v1" 0x00 patient_id)

The index holds these keys and no id, never leaves, and only grows; `compacted` drops people of whom nothing is kept any
more, and tells how positions move. Without the local key (owner-only, beside the other keys of the practice) a stolen
index cannot be matched with a list of ids.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

KEY_BYTES: Final = 16
_DOMAIN: Final = b"gpfed person v1\0"


@dataclass(frozen=True, slots=True)
class PeopleIndex:
    """A position for each person ever counted.

    Args:
        places: position by key of the person; positions run from 0 without gaps.
    """

    places: Mapping[bytes, int]

    @classmethod
    def empty(cls) -> PeopleIndex:
        """Of nobody."""
        return cls({})

    @property
    def size(self) -> int:
        """How many positions there are."""
        return len(self.places)

    def grown(self, keys: Iterable[bytes]) -> PeopleIndex:
        """The index with a position for each of these people."""
        places = dict(self.places)
        for key in keys:
            places.setdefault(key, len(places))
        return PeopleIndex(places)

    def positions(self, keys: Iterable[bytes]) -> list[int]:
        """The position of each, all of whom must be in the index."""
        return [self.places[key] for key in keys]

    def compacted(self, keep: Iterable[int]) -> tuple[PeopleIndex, dict[int, int]]:
        """The index of these positions only, and where each has gone."""
        kept = set(keep)
        moved = {old: new for new, old in enumerate(sorted(kept))}
        return PeopleIndex({key: moved[old] for key, old in self.places.items() if old in kept}), moved


def person_keys(local_key: bytes, patient_ids: Iterable[str]) -> list[bytes]:
    """The key of each person, in the same order.

    Args:
        local_key: of this practice; 32 bytes that never leave it.
        patient_ids: as the record system writes them.
    """
    start = hmac.new(local_key, _DOMAIN, hashlib.sha256)
    keys = []
    for patient_id in patient_ids:
        one = start.copy()
        one.update(patient_id.encode())
        keys.append(one.digest()[:KEY_BYTES])
    return keys
