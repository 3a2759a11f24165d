"""Disclosure parameters as data, and the floor that is compiled in.

A profile says how small counts are hidden. An agreement names one; an agreement that names none gets `nhs-round5`, the
national rule. The floor holds for whatever leaves, whatever any document says: nothing remote can lower it.

| profile | 0 | 1 to 7 | else | the other side of a small count |
|---|---|---|---|---|
| `gp-bench` | band, below 8 | band, below 8 | exact | band, above met + not met - 8 |
| `nhs-round5` | 0 | band, above 0 and below 8 | nearest 5, half up | shown, rounded |

`gp-bench` is for named recipients under an agreement in force. `nhs-round5` is NHS England's method for sub-national
hospital counts ("Disclosure control methodology for HES and ECDS": 1 to 7 suppressed, others to the nearest 5).
"""

from __future__ import annotations

from dataclasses import dataclass

from governance.errors import NotPermittedError

APPOINTMENT_ROUNDING = 5  # appointments go to the nearest 5 in every profile


@dataclass(frozen=True, slots=True)
class Profile:
    """How small counts are hidden.

    Args:
        id: as agreements name it.
        k: a state with fewer than `k` distinct patients is never a value (but see `zero_shown`).
        zero_shown: whether a count of nobody is shown as 0; otherwise it hides among 1 to k - 1.
        two_sided: whether the other side of a small count is hidden too.
        rounding: counts of people go to the nearest multiple of this; 1 is exact.
        denominator_min: a row with fewer distinct patients in met and not met is withheld; 0 never.
        dimensions_list_min: practices with fewer registered patients send totals rows only.
    """

    id: str
    k: int
    zero_shown: bool
    two_sided: bool
    rounding: int
    denominator_min: int
    dimensions_list_min: int


@dataclass(frozen=True, slots=True)
class Floor:
    """What no agreement can go below.

    Args:
        k: the smallest `k` of a profile.
        most_cells: of one table: combinations of dimension values, without the totals row.
        most_search_cells: of one search over all its tables.
        silent_list: practices with at most this many registered patients send nothing but withheld cells.
        most_dimensions: of one search.
        largest_number: no number of a result is larger (18 bits on the wire; the largest practice has half as many).
    """

    k: int
    most_cells: int
    most_search_cells: int
    silent_list: int
    most_dimensions: int
    largest_number: int


GP_BENCH = Profile("gp-bench", 8, False, True, 1, 8, 1000)
NHS_ROUND5 = Profile("nhs-round5", 8, True, False, 5, 0, 1000)
PROFILES: dict[str, Profile] = {one.id: one for one in (GP_BENCH, NHS_ROUND5)}
FALLBACK = NHS_ROUND5
FLOOR = Floor(k=5, most_cells=60, most_search_cells=500, silent_list=100, most_dimensions=2, largest_number=2**18 - 1)

SIZE_BANDS = ("under 4,000", "4,000 to 7,999", "8,000 to 11,999", "12,000 or more")
_SIZE_STEP = 4000  # registered patients


def profile(name: str) -> Profile:
    """The profile of that name.

    Raises:
        NotPermittedError: there is none, or it lies below the floor.
    """
    found = PROFILES.get(name)
    if found is None:
        raise NotPermittedError(f"profile {name[:40]!r} is not known, expected one of: {', '.join(PROFILES)}")
    check_floor(found)
    return found


def check_floor(profile: Profile) -> None:
    """Return if the profile is not below the floor.

    Raises:
        NotPermittedError: it is.
    """
    if profile.k < FLOOR.k:
        raise NotPermittedError(f"floor: profile {profile.id} has k={profile.k}, at least {FLOOR.k} holds")


def size_band(list_size: int) -> str:
    """Which of the four bands a list falls in: all that others learn of its size.

    >>> size_band(3999), size_band(4000), size_band(30000)
    ('under 4,000', '4,000 to 7,999', '12,000 or more')
    """
    return SIZE_BANDS[min(list_size // _SIZE_STEP, len(SIZE_BANDS) - 1)]
