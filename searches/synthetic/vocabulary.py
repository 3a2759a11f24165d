"""The concepts the synthetic record speaks of: read from the packaged code lists by name, never repeated here.

A concept is the group of rows of one code list that share a label: its SNOMED CT code and the variants in which older
records and other suppliers hold it. A few *fillers* are in no list: the rest of a record, which every search must
ignore.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from searches.errors import CodelistError

CODELISTS: Final = Path(__file__).parent.parent / "codelists"


@dataclass(frozen=True, slots=True)
class Concept:
    """One thing that can be coded.

    Args:
        name: the code list it belongs to, or `filler`.
        label: our words for it.
        snomed, ctv3, read2, emis, dmd: its code in each system, or empty.
        unit: what its value is measured in, or empty.
        category: its group in the list, or empty.
        is_vaccine: EMIS files it under Immunisations.
    """

    name: str
    label: str
    snomed: str = ""
    ctv3: str = ""
    read2: str = ""
    emis: str = ""
    dmd: str = ""
    unit: str = ""
    category: str = ""
    is_vaccine: bool = False

    @property
    def is_drug(self) -> bool:
        """Whether it stands in the dictionary of drugs."""
        return bool(self.dmd) or self.name == "filler drug"


UNITS: Final = {
    "hba1c_ifcc": "mmol/mol",
    "fructosamine": "umol/L",
    "systolic": "mmHg",
    "diastolic": "mmHg",
    "systolic_home": "mmHg",
    "diastolic_home": "mmHg",
}

# In no code list. Codes: public code sets of Greater Manchester (Read, CTV3, SNOMED CT); dm+d products by their VMP.
BMI: Final = Concept("filler", "body mass index", "60621009", "22K..", "22K..", unit="kg/m2")
EGFR: Final = Concept("filler", "estimated filtration rate", "1011481000000105", "XaK8y", "451E.", unit="mL/min")
CHOLESTEROL: Final = Concept("filler", "total cholesterol", "1005671000000105", "XE2eD", "44P..", unit="mmol/L")
BLOOD_PRESSURE: Final = Concept("filler", "blood pressure", "75367002", "246..", "246..")
REFERRAL: Final = Concept("filler", "referral", "3457005", "8H...", "8H...")
UNLISTED: Final = BMI
"""What the canonical tables hold where a record's own code means nothing."""
FILLERS: Final = (BMI, EGFR, CHOLESTEROL)
FILLER_DRUGS: Final = (
    Concept("filler", "simvastatin 40 mg tablets", dmd="320000009"),
    Concept("filler", "atorvastatin 20 mg tablets", dmd="320030001"),
    Concept("filler", "ramipril 5 mg capsules", dmd="318902004"),
    Concept("filler", "amlodipine 5 mg tablets", dmd="319283006"),
)


@cache
def concepts(name: str) -> tuple[Concept, ...]:
    """The concepts of a packaged code list, in the order of the file.

    Raises:
        CodelistError: there is no such list.
    """
    path = CODELISTS / f"{name}.csv"
    if not path.is_file():
        raise CodelistError(f"code list {name} is not packaged")
    groups: dict[str, dict[str, str]] = {}
    categories: dict[str, str] = {}
    with path.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            groups.setdefault(row["label"], {}).setdefault(row["system"], row["code"])
            categories[row["label"]] = row["category"]
    unit, is_vaccine = UNITS.get(name, ""), name.endswith("_vaccine")
    return tuple(
        Concept(name, label, unit=unit, category=categories[label], is_vaccine=is_vaccine, **codes)
        for label, codes in groups.items()
        if "snomed" in codes or "dmd" in codes
    )


@cache
def concept(name: str, words: str = "") -> Concept:
    """The first concept of a packaged code list whose label holds these words.

    Raises:
        CodelistError: the list holds no such concept.
    """
    for candidate in concepts(name):
        if words in candidate.label:
            return candidate
    raise CodelistError(f"code list {name} has no concept labelled {words!r}")


@cache
def unlinked_vaccine() -> Concept:
    """A flu vaccine on a prescription, to be given by somebody else: free text, so without a product code.

    Vision files the code of the vaccination with the drug all the same; a drug is no event for that.
    """
    given = concept("flu_vaccine")
    return Concept("filler drug", "flu vaccine to be given elsewhere", given.snomed, given.ctv3, given.read2)


@cache
def every_concept() -> tuple[Concept, ...]:
    """All concepts that a dictionary of codes has to hold: the packaged lists, then the fillers."""
    names = sorted(path.stem for path in CODELISTS.glob("*.csv"))
    listed = tuple(entry for name in names for entry in concepts(name))
    return (*listed, BLOOD_PRESSURE, REFERRAL, *FILLERS, *FILLER_DRUGS, unlinked_vaccine())
