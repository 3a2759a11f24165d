"""Disclosure parameters as data, and the floor that is compiled in.

A profile says how small counts are hidden. An agreement names one; an agreement that names none gets `nhs-round5`, the
national rule. The floor holds for whatever leaves, whatever any document says: nothing remote can lower it.

| profile | 0 | few | else | other side of a few | margins | for |
|---|---|---|---|---|---|---|
| `gp-bench` | below 8 | 1-7: below 8 | exact | above met + not met - 8 | audited | named recipients |
| `nhs-round5` | 0 | 1-7: above 0, below 8 | nearest 5, half up | rounded | rounded apart | anything beyond them |
| `strict10` | below 10 | 1-9: below 10 | nearest 10, half up | above, rounded down | audited | sensitive topics |

In all three a release is gated against the releases before it and against those of other searches. `nhs-round5` is NHS
England's method for sub-national hospital counts ("Disclosure control methodology for HES and ECDS": 1 to 7 suppressed,
others to the nearest 5), with the gate added, because the method ignores series.

    effective rule = agreement's profile (with the relaxations signed for that search) ∩ practice's profile ∩ floor

`narrowest` takes the stricter of each parameter by itself; the id of the result names every profile in it
(`gp-bench+strict10`), so that the hub can work out the same rule. A practice that only wants larger numbers names a
smallest count beside the agreement's profile (`gp-bench+k12`).
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache
from typing import Final

from governance.errors import NotPermittedError
from searches.search import Schedule

APPOINTMENT_ROUNDING: Final = 5  # appointments go to the nearest 5 in every profile
LARGEST_K: Final = 99  # that a practice can ask for
_JOIN = "+"


@dataclass(frozen=True, slots=True)
class MeanRule:
    """When a mean or a median of clipped values may leave (OpenSAFELY's, ACRO's and UK LLC's thresholds, the narrower).

    Args:
        n_min: fewest people behind a mean or standard deviation.
        median_n_min: fewest people behind a median or quartile.
        each_side: fewest people on each side of each cut.
        top_share_percent: the largest value is at most this share of the sum.
        largest_two_percent: the two largest values are at most this share of the sum (the (n, k) rule with n = 2).
        p_percent: the sum without the two largest is at least this share of the largest (the p% rule).
        unlike_min: fewest people whose value is not the commonest, or the mean would be everyone's value.
    """

    n_min: int = 10
    median_n_min: int = 40
    each_side: int = 10
    top_share_percent: int = 50
    largest_two_percent: int = 90
    p_percent: int = 10
    unlike_min: int = 8


@dataclass(frozen=True, slots=True)
class Profile:
    """How small counts are hidden.

    Args:
        id: as agreements name it; several, joined by +, for the narrowest of several.
        k: a state with fewer than `k` distinct patients is never a value (but see `zero_shown`).
        zero_shown: whether a count of nobody is shown as 0; otherwise it hides among 1 to k - 1.
        two_sided: whether the other side of a small count is hidden too.
        rounding: counts of people go to the nearest multiple of this, half up; 1 is exact.
        denominator_min: a row with fewer distinct patients in met and not met is withheld; 0 never.
        complementary: whether hidden cells are protected from what margins and public list sizes give away.
        gate_delta: two releases of one count differ by nobody or by at least this many distinct patients.
        gate_releases: how many earlier releases the gate looks back on.
        overlap_width: two released counts of different searches differ by nobody or by more than this many patients.
        most_dimensions: of one search.
        dimensions_list_min: practices with fewer registered patients send totals rows only.
        most_often: the shortest schedule.
        mean: when a mean may leave, or None: never.
    """

    id: str
    k: int
    zero_shown: bool
    two_sided: bool
    rounding: int
    denominator_min: int
    complementary: bool
    gate_delta: int
    gate_releases: int
    overlap_width: int
    most_dimensions: int
    dimensions_list_min: int
    most_often: Schedule
    mean: MeanRule | None

    @property
    def width(self) -> int:
        """The interval in which a hidden count can lie, as far as others can work out, is at least this wide."""
        return self.k - 1

    @property
    def least_denominator(self) -> int:
        """Below this many patients in met and not met the whole row is withheld.

        Two-sided, it is 2k - 1 at least: of 2k - 2 patients one side is always small, and that a side is known not to
        be small would then narrow the other (of 8, with one side 8 or more, the other is 0).
        """
        return max(self.denominator_min, 2 * self.k - 1) if self.two_sided else self.denominator_min


class Relaxation(StrEnum):
    """What an agreement may sign for, for one search."""

    ONE_SIDED = "one_sided"  # a process indicator that is not sensitive: the other side of a few is shown


@dataclass(frozen=True, slots=True)
class Floor:
    """What no agreement can go below.

    Args:
        k: the smallest `k` of a profile.
        gate_delta: the smallest of a profile.
        most_cells: of one table: combinations of dimension values, without the totals row.
        most_search_cells: of one search over all its tables.
        silent_list: practices with at most this many registered patients send nothing but withheld cells.
        most_dimensions: of one search.
        most_releases: of one search and reference date: the first, and one restatement labelled so.
        largest_number: no number of a result is larger (18 bits on the wire; the largest practice has half as many).
    """

    k: int
    gate_delta: int
    most_cells: int
    most_search_cells: int
    silent_list: int
    most_dimensions: int
    most_releases: int
    largest_number: int


_WEEKLY, _MONTHLY = Schedule.WEEKLY, Schedule.MONTHLY
GP_BENCH = Profile("gp-bench", 8, False, True, 1, 8, True, 5, 104, 7, 2, 1000, _WEEKLY, MeanRule())
NHS_ROUND5 = Profile("nhs-round5", 8, True, False, 5, 0, False, 5, 104, 7, 2, 1000, _WEEKLY, MeanRule(n_min=8))
STRICT10 = Profile("strict10", 10, False, True, 10, 30, True, 10, 104, 9, 1, 1000, _MONTHLY, None)
PROFILES: dict[str, Profile] = {one.id: one for one in (GP_BENCH, NHS_ROUND5, STRICT10)}
FALLBACK = NHS_ROUND5
FLOOR = Floor(
    k=5,
    gate_delta=5,
    most_cells=60,
    most_search_cells=500,
    silent_list=100,
    most_dimensions=2,
    most_releases=2,
    largest_number=2**18 - 1,
)
_WIDEST = Profile(
    "k5", FLOOR.k, True, False, 1, 0, False, FLOOR.gate_delta, 1, FLOOR.k - 1, FLOOR.most_dimensions, 0, _WEEKLY,
    MeanRule(n_min=8),
)  # fmt: skip
"""Nothing beyond the floor: narrows no profile in anything."""
_SMALLEST: Final = re.compile(r"k([5-9]|[1-9][0-9])")

SIZE_BANDS = ("under 4,000", "4,000 to 7,999", "8,000 to 11,999", "12,000 or more")
_SIZE_STEP = 4000  # registered patients


@lru_cache(maxsize=64)
def profile(name: str) -> Profile:
    """The profile of that name, or the narrowest of several whose names are joined by +; one of them at least is whole.

    Raises:
        NotPermittedError: there is none, or it lies below the floor.
    """
    names = name.split(_JOIN)
    parts = [_part(one) for one in names]
    found = narrowest(*(part for part in parts if part is not None)) if all(parts) else None
    if found is None or found.id != name or not any(one in PROFILES for one in names):
        raise NotPermittedError(f"profile {name[:40]!r} is not known, expected one of: {', '.join(PROFILES)}")
    check_floor(found)
    return found


def at_least(k: int) -> Profile:
    """What narrows any profile to counts of at least `k` patients, and to nothing else; by itself it is no profile.

    Differences between searches are held apart by as many as in the widest of the profiles: the ledger finds no more.

    Raises:
        NotPermittedError: the floor is higher.
    """
    width = max(one.overlap_width for one in PROFILES.values())
    found = replace(_WIDEST, id=f"k{k}", k=k, overlap_width=min(k - 1, width))
    check_floor(found)
    return found


def own_profile(name: str, k: int | None = None) -> Profile | None:
    """What a practice asks for by itself: a profile by name (empty: none), counts of at least `k`, both, or nothing.

    Raises:
        NotPermittedError: there is no such profile, or the floor is higher.
    """
    parts = [*([profile(name)] if name else []), *([at_least(k)] if k is not None else [])]
    return narrowest(*parts) if parts else None


def own_part(agreed: Profile, applied: Profile) -> Profile | None:
    """What a practice added to the agreement's profile, by the names of the one that it applied; None: nothing."""
    added = [_part(name) for name in applied.id.split(_JOIN) if name not in agreed.id.split(_JOIN)]
    parts = [part for part in added if part is not None]
    return narrowest(*parts) if parts else None


def narrowest(first: Profile, *others: Profile) -> Profile:
    """The stricter of each parameter.

    >>> narrowest(GP_BENCH, STRICT10).id, narrowest(GP_BENCH, STRICT10).k, narrowest(GP_BENCH, NHS_ROUND5).rounding
    ('gp-bench+strict10', 10, 5)
    """
    joined = first
    for other in others:
        joined = _narrower(joined, other)
    return joined


def effective(agreed: Profile, own: Profile | None, relaxed: frozenset[Relaxation] = frozenset()) -> Profile:
    """What holds for one search: agreement (with what it relaxes) ∩ the practice's own profile ∩ floor.

    A relaxation widens the agreement's part only: a practice that asks for more keeps it.

    Raises:
        NotPermittedError: it lies below the floor.
    """
    relaxed_profile = replace(agreed, two_sided=agreed.two_sided and Relaxation.ONE_SIDED not in relaxed)
    joined = relaxed_profile if own is None else narrowest(relaxed_profile, own)
    check_floor(joined)
    return joined


def check_floor(profile: Profile) -> None:
    """Return if the profile is not below the floor.

    Raises:
        NotPermittedError: it is.
    """
    if profile.k < FLOOR.k:
        raise NotPermittedError(f"floor: profile {profile.id} has k={profile.k}, at least {FLOOR.k} holds")
    if profile.gate_delta < FLOOR.gate_delta:
        raise NotPermittedError(
            f"floor: profile {profile.id} has a gate of {profile.gate_delta}, at least {FLOOR.gate_delta} holds"
        )


def size_band(list_size: int) -> str:
    """Which of the four bands a list falls in: all that others learn of its size.

    >>> size_band(3999), size_band(4000), size_band(30000)
    ('under 4,000', '4,000 to 7,999', '12,000 or more')
    """
    return SIZE_BANDS[min(list_size // _SIZE_STEP, len(SIZE_BANDS) - 1)]


def _part(name: str) -> Profile | None:
    if _SMALLEST.fullmatch(name):
        return at_least(int(name[1:]))
    return PROFILES.get(name)


def _joined_id(one: Profile, other: Profile) -> str:
    """Every name once; of several smallest counts the largest, which alone counts."""
    names = {*one.id.split(_JOIN), *other.id.split(_JOIN)}
    smallest = sorted((name for name in names if _SMALLEST.fullmatch(name)), key=lambda name: int(name[1:]))
    return _JOIN.join(sorted(names - set(smallest[:-1])))


def _narrower(one: Profile, other: Profile) -> Profile:
    schedules = tuple(Schedule)
    return Profile(
        id=_joined_id(one, other),
        k=max(one.k, other.k),
        zero_shown=one.zero_shown and other.zero_shown,
        two_sided=one.two_sided or other.two_sided,
        rounding=math.lcm(one.rounding, other.rounding),
        denominator_min=max(one.denominator_min, other.denominator_min),
        complementary=one.complementary or other.complementary,
        gate_delta=max(one.gate_delta, other.gate_delta),
        gate_releases=max(one.gate_releases, other.gate_releases),
        overlap_width=max(one.overlap_width, other.overlap_width),
        most_dimensions=min(one.most_dimensions, other.most_dimensions),
        dimensions_list_min=max(one.dimensions_list_min, other.dimensions_list_min),
        most_often=schedules[max(schedules.index(one.most_often), schedules.index(other.most_often))],
        mean=None if one.mean is None or other.mean is None else _narrower_mean(one.mean, other.mean),
    )


def _narrower_mean(one: MeanRule, other: MeanRule) -> MeanRule:
    return MeanRule(
        n_min=max(one.n_min, other.n_min),
        median_n_min=max(one.median_n_min, other.median_n_min),
        each_side=max(one.each_side, other.each_side),
        top_share_percent=min(one.top_share_percent, other.top_share_percent),
        largest_two_percent=min(one.largest_two_percent, other.largest_two_percent),
        p_percent=max(one.p_percent, other.p_percent),
        unlike_min=max(one.unlike_min, other.unlike_min),
    )
