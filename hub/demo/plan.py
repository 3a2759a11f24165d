"""Which practices a demonstration has: codes, names, record systems and list sizes, all from one seed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from random import Random

REFERENCE_DATE = date(2026, 3, 31)
AGREEMENT_ID = "sharing-to-improve"
SMALLEST, LARGEST, MEAN = 900, 14_000, 6_000
GROUPS_NEED = 1_000  # under this list size nothing is split into groups
FEWEST = 120  # a list of 100 or fewer sends no figures at all

# In England about 58% of practices use EMIS, 33% TPP and 8% Vision; in twelve there are two of the rarest.
_LAYOUTS = (
    "emis_im1",
    "tpp_sr",
    "vision",
    "emis_im1",
    "tpp_sr",
    "emis_im1",
    "emis_im1",
    "tpp_sr",
    "emis_im1",
    "vision",
    "tpp_sr",
    "emis_im1",
)
_NAMES = (
    *("Alder", "Beech", "Cedar", "Dogwood", "Elm", "Fir", "Gorse", "Hazel", "Ivy", "Juniper", "Larch", "Maple"),
    *("Nettle", "Oak", "Pine", "Quince", "Rowan", "Sorrel", "Thyme", "Vetch", "Willow", "Yarrow"),
)
_NAMED_EVERY = 4  # the first practice and every fourth after it choose to be named


@dataclass(frozen=True, slots=True)
class PlannedPractice:
    """One invented practice.

    Args:
        patients: registered patients that are made for it.
        seed: of its patients.
        named: whether it chooses to be named.
    """

    code: str
    name: str
    layout: str
    patients: int
    seed: int
    named: bool


def plan(count: int, mean: int, seed: int) -> tuple[PlannedPractice, ...]:
    """The practices of a demonstration.

    Args:
        count: how many, 1 to 999.
        mean: patients of a practice on average, at least 200.
        seed: another seed gives other lists and other people.
    """
    random = Random(f"gpfed demo {seed}")  # noqa: S311 - invented practices, not secrets
    sizes = list_sizes(count, mean, random)
    random.shuffle(sizes)
    return tuple(
        PlannedPractice(
            code=f"Z{90_000 + number}",
            name=_name(number),
            layout=_LAYOUTS[(number - 1) % len(_LAYOUTS)],
            patients=size,
            seed=seed * 1_000 + number,
            named=number % _NAMED_EVERY == 1,
        )
        for number, size in enumerate(sizes, start=1)
    )


def list_sizes(count: int, mean: int, random: Random) -> list[int]:
    """List sizes of this mean, from 900 to 14,000 for a mean of 6,000; one of them under 1,000, whatever the mean."""
    if count == 1:
        return [mean]
    smallest = min(SMALLEST, max(FEWEST, mean * SMALLEST // MEAN))
    if count == 2:
        return [smallest, 2 * mean - smallest]
    largest = min(mean * LARGEST // MEAN, count * mean - smallest - (count - 2) * FEWEST)
    return [smallest, *_between(count * mean - smallest - largest, count - 2, largest, random), largest]


def _between(total: int, count: int, largest: int, random: Random) -> list[int]:
    least = min(GROUPS_NEED, max(FEWEST, total // count * 2 // 3))
    while True:
        weights = [random.uniform(0.3, 1.7) for _ in range(count)]
        spare = total - least * count
        sizes = [least + int(spare * weight / sum(weights)) for weight in weights]
        sizes[0] += total - sum(sizes)
        if max(sizes) <= largest:
            return sizes


def _name(number: int) -> str:
    round_, place = divmod(number - 1, len(_NAMES))
    return f"{_NAMES[place]} Surgery" if round_ == 0 else f"{_NAMES[place]} Surgery {round_ + 1}"
