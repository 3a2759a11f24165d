"""EMIS's dictionaries: every record names a CodeId of the supplier's own, which leads to Read, SNOMED CT and dm+d.

A CodeId is shaped like a SNOMED CT description id in the supplier's namespace and is never a concept id. One concept
stands in the dictionary several times, as it does in practice: with both codes, with the Read code alone (unpadded,
perhaps with a synonym suffix), with a local code, and beside others that look like it.
"""

from __future__ import annotations

from typing import Final

from searches.synthetic.model import BARE, FALSE_FRIEND, LOCAL, NO_SUCH_CODE, PLAIN, WRONG_CASE
from searches.synthetic.vocabulary import UNLISTED, Concept, every_concept

SYNONYM: Final = 100  # the older code with a suffix
CLINICAL_NAMESPACE: Final = "1000006"
DRUG_NAMESPACE: Final = "1000033"
_VARIANTS: Final = (PLAIN, BARE, SYNONYM, LOCAL, WRONG_CASE, FALSE_FRIEND)
_MULTIPLY: Final = (
    (0, 1, 2, 3, 4, 5, 6, 7, 8, 9),
    (1, 2, 3, 4, 0, 6, 7, 8, 9, 5),
    (2, 3, 4, 0, 1, 7, 8, 9, 5, 6),
    (3, 4, 0, 1, 2, 8, 9, 5, 6, 7),
    (4, 0, 1, 2, 3, 9, 5, 6, 7, 8),
    (5, 9, 8, 7, 6, 0, 4, 3, 2, 1),
    (6, 5, 9, 8, 7, 1, 0, 4, 3, 2),
    (7, 6, 5, 9, 8, 2, 1, 0, 4, 3),
    (8, 7, 6, 5, 9, 3, 2, 1, 0, 4),
    (9, 8, 7, 6, 5, 4, 3, 2, 1, 0),
)
_PERMUTE: Final = (1, 5, 7, 6, 2, 8, 3, 0, 9, 4)
_INVERSE: Final = (0, 4, 3, 2, 1, 5, 6, 7, 8, 9)


def verhoeff(digits: str) -> str:
    """The check digit of a SNOMED CT identifier (Verhoeff 1969, as the SNOMED CT release file specification says)."""
    check = 0
    for place, digit in enumerate(reversed(digits), start=1):
        permuted = int(digit)
        for _ in range(place % 8):
            permuted = _PERMUTE[permuted]
        check = _MULTIPLY[check][permuted]
    return str(_INVERSE[check])


def description_id(number: int, namespace: str) -> str:
    """A description identifier (partition 11) of a supplier's namespace."""
    body = f"{number}{namespace}11"
    return body + verhoeff(body)


def other_case(code: str) -> str:
    """The same letters in the other case, which is another code, or a code of no meaning where there are no letters."""
    swapped = code.swapcase()
    return swapped if swapped != code else "zzzzz"


class Dictionary:
    """The two dictionaries of one extract; the same in every practice."""

    def __init__(self) -> None:
        self._ids: dict[tuple[Concept, int], str] = {}
        self.clinical: list[tuple[str, str, str, str, str]] = []
        """CodeId, term, ReadTermId, SNOMED CT concept, category."""
        self.drugs: list[tuple[str, str, str]] = []
        """CodeId, term, dm+d."""
        for place, entry in enumerate(every_concept()):
            if entry.is_drug:
                code = description_id(500_000 + place, DRUG_NAMESPACE)
                self._ids[entry, PLAIN] = code
                self.drugs.append((code, entry.label, entry.dmd))
                continue
            for variant in _VARIANTS:
                self._add(entry, variant, description_id(100_000 + 10 * place + variant % 7, CLINICAL_NAMESPACE))

    def code_id(self, entry: Concept, mark: int, n: int) -> str:
        """The CodeId that a record of that number names; most name the plain one."""
        if mark == NO_SUCH_CODE:
            return description_id(99_999, CLINICAL_NAMESPACE)
        variant = mark if mark in _VARIANTS else PLAIN
        if variant == PLAIN:
            chance = n % 23
            variant = BARE if chance == 7 else SYNONYM if chance == 9 else LOCAL if chance == 11 else PLAIN
        elif variant == BARE and n % 2:
            variant = SYNONYM
        return self._ids.get((entry, variant)) or self._ids.get((entry, BARE)) or self._ids[entry, PLAIN]

    def _add(self, entry: Concept, variant: int, code: str) -> None:
        read = entry.read2.rstrip(".")
        spelled = {
            PLAIN: (read, entry.snomed),
            BARE: (read, ""),
            SYNONYM: (f"{read}-1" if read else "", ""),
            LOCAL: (entry.emis, ""),
            WRONG_CASE: (other_case(entry.read2).rstrip(".") if read else "", ""),
            FALSE_FRIEND: (read, UNLISTED.snomed),
        }[variant]
        if variant != PLAIN and not spelled[0]:
            return
        category = (
            "Immunisations"
            if entry.is_vaccine
            else "Ethnicity"
            if entry.name == "ethnicity"
            else "Care episode outcome"
        )
        self._ids[entry, variant] = code
        self.clinical.append((code, entry.label, spelled[0], spelled[1], category))
