"""One synthetic practice, written as each supplier delivers it, answers every search as its canonical tables do.

Cell by cell, for everyone and without those who opted out. What must differ is listed here, and is exactly that.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from searches.search import Search
from searches.synthetic.differences import DIFFERENCES
from tests.exact_answers import (
    CANONICAL,
    SUPPLIERS,
    Cells,
    differences,
    probe_searches,
    starter_searches,
    write_practice,
)

PATIENTS = 1_200
WRITTEN = ((1, date(2026, 3, 31)), (2, date(2026, 3, 31)), (3, date(2024, 2, 29)), (4, date(2025, 10, 31)))
"""Seeds with their reference dates: the end of a service year, a leap day, an end of month that has to be clamped."""

ASKS_APPOINTMENTS = frozenset(
    {
        "dna-booking-lead",
        "probe-appointments",
        "probe-appointment-mode",
        "probe-booking-method",
        "probe-cancelled",
        "probe-clinician-role",
        "probe-face-to-face",
    }
)
ASKS_VACCINATION_CODES = frozenset({"flu-at-risk", "mmr-two-doses", "pertussis-pregnancy", "probe-immunisation"})
NOT_RUN_IN = {
    **{("vision", name): "not run: layout_has_no_appointments" for name in ASKS_APPOINTMENTS},
    **{("opensafely_tpp", name): "not run: layout_has_no_vaccination_codes" for name in ASKS_VACCINATION_CODES},
    ("opensafely_tpp", "probe-referral"): "not run: layout_has_no_referrals",
}
"""What a supplier's records have no source for: there the search is not run, and says why."""

EMPTY_IN = {
    ("emis_im1", "probe-cancelled"): "a cancelled slot is given back and carries no patient",
    ("emis_im1", "probe-clinician-role"): "the facts name no source",
    ("emis_im1", "probe-consultation-mode"): "the facts name no source",
    ("emis_im1", "probe-deprivation"): "the area's deprivation is not in the extract",
    ("tpp_sr", "probe-booking-method"): "the extract does not say how an appointment was booked",
    ("tpp_sr", "probe-clinician-role"): "the facts name no source",
    ("tpp_sr", "probe-consultation-mode"): "the facts name no source",
    ("tpp_sr", "probe-deprivation"): "the area's deprivation is not in the extract",
    ("tpp_sr", "probe-face-to-face"): "the extract says of an appointment only whether it is by telephone",
    ("vision", "probe-consultation-mode"): "the facts name no source",
    ("vision", "probe-deprivation"): "the area's deprivation is not in the extract",
    ("opensafely_tpp", "probe-appointment-mode"): "the database does not say how an appointment was held",
    ("opensafely_tpp", "probe-booking-method"): "the database does not say how an appointment was booked",
    ("opensafely_tpp", "probe-clinician-role"): "the facts name no source",
    ("opensafely_tpp", "probe-consultation-mode"): "the facts name no source",
    ("opensafely_tpp", "probe-deprivation"): "a rank is there, and no facts of how many ranks there are",
    ("opensafely_tpp", "probe-face-to-face"): "the database does not say how an appointment was held",
    ("opensafely_tpp", "probe-problem"): "the database has no problems",
    ("opensafely_tpp", "probe-recorded"): "the database has no day of entry",
}
"""What a supplier's extract does not hold: there nobody is found by it."""


@pytest.fixture(scope="module", params=WRITTEN, ids=lambda written: f"seed {written[0]} on {written[1]}")
def answers(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Cells]:
    seed, day = request.param
    searches: tuple[Search, ...] = (*starter_searches(), *probe_searches())
    folder: Path = tmp_path_factory.mktemp("practices")
    return {name: write_practice(name, PATIENTS, seed, folder, day).cells(searches) for name in (CANONICAL, *SUPPLIERS)}


@pytest.mark.parametrize("supplier", SUPPLIERS)
def test_every_cell_is_as_in_the_canonical_tables_but_for_the_closed_list(
    answers: dict[str, Cells], supplier: str
) -> None:
    different = differences(answers[CANONICAL], answers[supplier])
    listed = {search for layout, search in EMPTY_IN if layout == supplier}
    listed |= {search for layout, search in NOT_RUN_IN if layout == supplier}
    assert {name: cells for name, cells in different.items() if name not in listed} == {}
    assert set(different) == listed, "a difference that is listed does not occur"


@pytest.mark.parametrize("supplier", SUPPLIERS)
def test_of_the_starter_searches_only_those_differ_that_the_published_list_names(
    answers: dict[str, Cells], supplier: str
) -> None:
    different = set(differences(answers[CANONICAL], answers[supplier]))
    named = {name for each in DIFFERENCES if supplier in each.layouts for name in each.searches}
    assert different & {search.id for search in starter_searches()} == named


def test_all_starter_searches_are_among_them_and_have_someone_to_count(answers: dict[str, Cells]) -> None:
    for search in starter_searches():
        totals = answers[CANONICAL][search.id][0]
        assert isinstance(totals, dict)
        assert totals["met"]["everyone"] > 0, search.id
        assert totals["not_met"]["everyone"] > 0, search.id


def test_people_opted_out_are_among_everyone_and_not_among_the_others(answers: dict[str, Cells]) -> None:
    for name in (CANONICAL, *SUPPLIERS):
        totals = answers[name]["ethnicity-recorded"][0]
        assert isinstance(totals, dict)
        everyone, others = (
            sum(totals[outcome][who] for outcome in ("met", "not_met")) for who in ("everyone", "without_type1")
        )
        assert 0 < everyone - others < everyone / 2, name


def test_a_search_without_a_source_is_not_run_and_says_why(answers: dict[str, Cells]) -> None:
    not_run = {
        (supplier, name): cells
        for supplier in SUPPLIERS
        for name, cells in answers[supplier].items()
        if isinstance(cells, str)
    }
    assert not_run == NOT_RUN_IN


@pytest.mark.parametrize(("supplier", "search"), sorted(EMPTY_IN))
def test_what_an_extract_does_not_hold_finds_nobody_and_loses_nobody(
    answers: dict[str, Cells], supplier: str, search: str
) -> None:
    for canonical, found in zip(answers[CANONICAL][search], answers[supplier][search], strict=True):
        assert isinstance(canonical, dict)
        assert isinstance(found, dict)
        for who in ("everyone", "without_type1"):
            assert found["met"][who] == found["excepted"][who] == 0
            assert found["not_met"][who] == sum(canonical[outcome][who] for outcome in ("met", "not_met", "excepted"))
