"""What holds for every code list that is shipped."""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path

import pytest

import searches
from searches.codelist import parse_codelist
from searches.search import Codelist

FOLDER = Path(searches.__file__).parent / "codelists"
LIBRARY = Path(searches.__file__).parent / "library"
NAMES = sorted(path.stem for path in FOLDER.glob("*.csv"))
DRUGS = {"doac", "vka"}
SNOMED_ONLY = {
    "anticoagulant_allergy",
    "blood_test_declined",
    "doac_declined",
    "doac_unsuitable",
    "flu_allergy",
    "fructosamine",
    "pertussis_vaccine",
}
"""No published list holds a Read or CTV3 code for these; the clinical notes say so where it matters."""
SNOMED_ONLY_IN_LIST = {
    "chads_vasc": {"CHA2DS2-VASc stroke risk score, earlier concept"},
    "diabetes_invite": {"diabetes review, invited by text message", "invited to a quality framework review"},
    "hypertension_invite": {"hypertension review, invited by text message", "invited to a quality framework review"},
    "af_invite": {"invited to a quality framework review"},
}
OF_THE_OPT_OUT = {"type1_dissent", "type1_withdrawn"}


def codelist(name: str) -> Codelist:
    return parse_codelist(name, (FOLDER / f"{name}.csv").read_text(encoding="utf-8"))


def systems_of_each_concept(name: str) -> dict[str, list[str]]:
    systems = defaultdict(list)
    for code in codelist(name).codes:
        systems[code.label].append(code.system)
    return dict(systems)


@pytest.mark.parametrize("name", NAMES)
def test_each_concept_has_one_code_per_system(name: str) -> None:
    for label, systems in systems_of_each_concept(name).items():
        assert len(systems) == len(set(systems)), f"{name}: {label}"


@pytest.mark.parametrize("name", sorted(set(NAMES) - DRUGS - SNOMED_ONLY))
def test_each_concept_is_known_in_every_event_system_except_those_that_say_so(name: str) -> None:
    for label, systems in systems_of_each_concept(name).items():
        expected = {"snomed"} if label in SNOMED_ONLY_IN_LIST.get(name, set()) else {"snomed", "ctv3", "read2"}
        assert set(systems) - {"emis"} == expected, f"{name}: {label}"


@pytest.mark.parametrize("name", sorted(SNOMED_ONLY))
def test_the_lists_known_in_snomed_only_hold_nothing_else(name: str) -> None:
    assert {code.system for code in codelist(name).codes} == {"snomed"}


@pytest.mark.parametrize("name", sorted(DRUGS))
def test_drugs_are_dmd_products(name: str) -> None:
    assert {code.system for code in codelist(name).codes} == {"dmd"}


def test_a_supplier_s_own_codes_occur_so_that_they_are_tested() -> None:
    with_own = {name for name in NAMES if codelist(name).of_system("emis")}
    assert with_own == {"flu_vaccine", "smoking"}


def test_the_lists_are_small_and_our_own_words() -> None:
    for name in NAMES:
        labels = systems_of_each_concept(name)
        assert 1 <= len(labels) <= 15, name
        for label in labels:
            assert not re.search(r"\((disorder|finding|procedure|situation|observable entity|product)\)", label), label


def test_every_list_is_used_by_a_search_or_says_who_opted_out() -> None:
    sql = "\n".join(path.read_text(encoding="utf-8") for path in LIBRARY.glob("*/search.sql"))
    used = set(re.findall(r"codelist\.([a-z0-9_]+)", sql))
    assert used == set(NAMES) - OF_THE_OPT_OUT


def test_opting_out_and_withdrawing_it_are_told_apart_in_every_system() -> None:
    dissent, withdrawn = codelist("type1_dissent"), codelist("type1_withdrawn")
    assert [dissent.of_system(system) for system in ("snomed", "ctv3", "read2")] == [
        ("827241000000103",),
        ("XaZ89",),
        ("9Nu0.",),
    ]
    assert [withdrawn.of_system(system) for system in ("snomed", "ctv3", "read2")] == [
        ("827261000000102",),
        ("XaZ8A",),
        ("9Nu1.",),
    ]


def test_the_clinic_and_the_home_lists_share_no_code() -> None:
    for value in ("systolic", "diastolic"):
        clinic, home = (
            {(code.system, code.code) for code in codelist(name).codes} for name in (value, f"{value}_home")
        )
        assert not clinic & home


def test_a_diagnosis_and_its_resolution_share_no_code() -> None:
    for name in ("diabetes", "hypertension", "af"):
        register, resolved = (
            {(code.system, code.code) for code in codelist(listed).codes} for listed in (name, f"{name}_resolved")
        )
        assert not register & resolved
