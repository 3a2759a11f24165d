"""Row by row, every layout comes to the canonical tables of the same people, but for the closed list of differences."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlglot import exp

from searches.batch import Batch
from searches.canon import TABLES
from searches.extract import open_extract
from searches.layouts.expand import Bindings
from searches.synthetic import synthesise
from searches.synthetic.canonical import standing
from searches.synthetic.differences import DIFFERENCES, differing
from searches.synthetic.model import CONFIDENTIAL, Event, Immunisation, Person, Pressure, Referral
from searches.synthetic.population import population

REFERENCE = date(2026, 3, 31)
SEED, PATIENTS, CODE = 21, 900, "Z90001"
SUPPLIERS = ("emis_im1", "tpp_sr", "vision")
Tables = dict[str, set[tuple[Any, ...]]]

# What is compared: the number of the record and the columns that have a source in every layout.
COLUMNS = {
    "patient": ("patient_id", "age", "age_months", "age_band", "sex", "registered_on"),
    "event": ("event_id", "patient_id", "event_date", "recorded_date", "value", "age_months", "problem_status"),
    "medication": ("medication_id", "patient_id", "issue_date", "issue_type"),
    "immunisation": ("immunisation_id", "patient_id", "given_date", "age_months"),
    "appointment": ("appointment_id", "patient_id", "start_date", "booked_date", "status"),
    "consultation": ("consultation_id", "patient_id", "consultation_date"),
    "referral": ("referral_id", "patient_id", "referral_date"),
}


@pytest.fixture(scope="module")
def people() -> list[Person]:
    everyone = population(SEED, PATIENTS, REFERENCE, CODE)
    return [person for person in everyone if person.is_registered(REFERENCE.toordinal())]


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Tables]:
    read: dict[str, Tables] = {}

    def of(layout: str) -> Tables:
        if layout not in read:
            folder = tmp_path_factory.mktemp(layout)
            synthesise(layout, PATIENTS, SEED, folder, REFERENCE, CODE)
            read[layout] = load(folder, layout)
        return read[layout]

    return of


def load(folder: Path, layout: str) -> Tables:
    with open_extract(folder, layout) as extract:
        wanted = frozenset(TABLES) - frozenset(extract.layout.missing) | {"type1"}
        with Batch(extract, wanted, Bindings(REFERENCE, extract.practice)) as batch:
            found = {name: rows(batch, layout, name) for name in COLUMNS if name in wanted}
            people = {row[0] for row in found["patient"]}
            return found | {
                "type1": {(each,) for each in map_ids(layout, batch.patient_ids("type1")) if each in people}
            }


def map_ids(layout: str, ids: Iterable[str]) -> list[int]:
    return [number(layout, each) for each in ids]


def rows(batch: Batch, layout: str, name: str) -> set[tuple[Any, ...]]:
    columns = COLUMNS[name]
    fetched = batch._session.rows(exp.select(*columns).from_(name))
    ids = 1 if name == "patient" else 2
    return {
        (*(number(layout, value, name, place) for place, value in enumerate(row[:ids])), *map(str, row[ids:]))
        for row in fetched
    }


def number(layout: str, value: Any, table: str = "patient", place: int = 1) -> int:
    """The running number behind an id: the last group of a GUID; Vision's times ten, plus the half of a pair."""
    if layout == "emis_im1":
        return int(str(value)[-12:], 16)
    if layout == "vision" and place == 0 and table in {"event", "medication", "immunisation"}:
        whole, half = divmod(int(value), 10)
        return whole + half
    return int(value)


def numbers(people: Iterable[Person], kinds: tuple[type, ...]) -> set[int]:
    return {row.n for person in people for row in standing(person) if isinstance(row, kinds)}


@pytest.mark.parametrize("layout", SUPPLIERS)
@pytest.mark.parametrize("table", ["patient", "medication", "consultation", "referral", "type1"])
def test_tables_without_a_difference_are_the_same(tables: Callable[[str], Tables], layout: str, table: str) -> None:
    assert tables(layout)[table] == tables("canonical")[table] != set()


@pytest.mark.parametrize("layout", SUPPLIERS)
def test_events_differ_in_vaccinations_parents_and_referrals_only(
    tables: Callable[[str], Tables], people: list[Person], layout: str
) -> None:
    secret = {
        row.n for person in people for row in standing(person) if isinstance(row, Event) and row.mark == CONFIDENTIAL
    }
    also = numbers(people, (Immunisation, Referral, Pressure)) if layout != "tpp_sr" else set()
    also |= secret if layout != "emis_im1" else set()
    here, there = tables(layout)["event"], tables("canonical")["event"]
    assert there <= here
    extra = {row[0] for row in here - there}
    assert set() != extra <= also
    assert {row[1] for row in here - there} <= set(differing(iter(people), layout, "event")) | set(
        differing(iter(people), layout, "referral")
    )


@pytest.mark.parametrize("layout", SUPPLIERS)
def test_immunisations_differ_in_coded_vaccinations_only(
    tables: Callable[[str], Tables], people: list[Person], layout: str
) -> None:
    coded = {
        row.n for person in people for row in standing(person) if isinstance(row, Event) and row.concept.is_vaccine
    }
    here, there = tables(layout)["immunisation"], tables("canonical")["immunisation"]
    assert there <= here
    assert {row[0] for row in here - there} == (
        coded & {row[0] for row in tables("canonical")["event"]} if layout == "emis_im1" else set()
    )


def test_appointments_are_the_same_in_tpp(tables: Callable[[str], Tables]) -> None:
    assert tables("tpp_sr")["appointment"] == tables("canonical")["appointment"]


def test_appointments_in_emis_differ_in_cancellations_and_arrivals_only(tables: Callable[[str], Tables]) -> None:
    here, there = tables("emis_im1")["appointment"], tables("canonical")["appointment"]
    assert {row[-1] for row in there - here} == {"cancelled", "arrived", "walked_out"}
    assert {row[-1] for row in here - there} == {"in_progress"}


def test_vision_has_no_appointments(tables: Callable[[str], Tables]) -> None:
    assert "appointment" not in tables("vision")


def test_only_what_has_no_source_changes_an_answer() -> None:
    assert {(each.layouts, each.searches) for each in DIFFERENCES if each.searches} == {
        (("vision",), frozenset({"dna-booking-lead"})),
        (("opensafely_tpp",), frozenset({"flu-at-risk", "mmr-two-doses", "pertussis-pregnancy"})),
    }
    assert len({each.name for each in DIFFERENCES}) == len(DIFFERENCES)
