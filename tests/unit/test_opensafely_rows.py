"""Row by row, the OpenSAFELY-TPP layout comes to the canonical tables of the same people, as far as it knows of them.

It knows the month of a birth only: the canonical tables are those of people who were all born on the first. Every
column without a source is NULL, and everything else is the same.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from sqlglot import exp

from searches.batch import Batch
from searches.canon import TABLES, ColumnType
from searches.extract import open_extract
from searches.layouts.expand import Bindings
from searches.synthetic import synthesise
from searches.synthetic.canonical import write_canonical
from searches.synthetic.identities import synthetic
from searches.synthetic.model import Person
from searches.synthetic.opensafely_tpp import organisation_id
from searches.synthetic.opensafely_words import TABLES as COLUMNS
from searches.synthetic.population import population
from searches.synthetic.world import World

SEED, PATIENTS, CODE = 22, 600, "Z90001"
DAYS = (date(2026, 3, 15), date(2024, 2, 29))
"""A day in the middle of a month, before which half of that month's birthdays fall."""

NO_SOURCE = {
    "patient": {"imd_quintile"},
    "event": {"recorded_date", "unit", "problem_status"},
    "appointment": {"booking_method", "mode", "clinician_role"},
    "consultation": {"mode"},
}
ASKED = {
    name: tuple(column.name for column in table.columns if column.type is not ColumnType.CODE)
    for name, table in TABLES.items()
    if name != "referral"
}
Rows = list[dict[str, object]]


def born_on_the_first(person: Person) -> Person:
    return replace(person, born=date.fromordinal(person.born).replace(day=1).toordinal())


@pytest.fixture(scope="module", params=DAYS, ids=str)
def both(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Rows]]:
    day: date = request.param
    here, there = tmp_path_factory.mktemp("opensafely_tpp"), tmp_path_factory.mktemp("canonical")
    synthesise("opensafely_tpp", PATIENTS, SEED, here, day, CODE)
    people: Iterator[Person] = map(born_on_the_first, population(SEED, PATIENTS, day, CODE))
    write_canonical(World(CODE, day), people, there, synthetic(CODE))
    return {"here": read(here, "opensafely_tpp", day), "there": read(there, "canonical", day)}


def read(folder: Path, layout: str, day: date) -> dict[str, Rows]:
    with (
        open_extract(folder, layout, CODE) as extract,
        Batch(extract, frozenset({*ASKED, "type1"}), Bindings(day, extract.practice)) as batch,
    ):
        found = {name: rows(batch, name, columns) for name, columns in ASKED.items()}
        return found | {"type1": rows(batch, "type1", ("patient_id",))}


def rows(batch: Batch, name: str, columns: tuple[str, ...]) -> Rows:
    fetched = batch._session.rows(exp.select(*columns).from_(name))
    return [dict(zip(columns, row, strict=True)) for row in sorted(fetched, key=repr)]


def without(columns: set[str], found: Rows) -> Rows:
    return sorted(({key: row[key] for key in row if key not in columns} for row in found), key=repr)


@pytest.mark.parametrize("table", ASKED)
def test_every_column_with_a_source_is_the_same_in_every_row(both: dict[str, dict[str, Rows]], table: str) -> None:
    lost = NO_SOURCE.get(table, set())
    assert without(lost, both["here"][table]) == without(lost, both["there"][table]) != []


@pytest.mark.parametrize(("table", "columns"), NO_SOURCE.items())
def test_a_column_without_a_source_is_null(both: dict[str, dict[str, Rows]], table: str, columns: set[str]) -> None:
    assert {row[column] for row in both["here"][table] for column in columns} == {None}
    assert all(any(row[column] is not None for row in both["there"][table]) for column in columns)


def test_the_opted_out_are_those_of_the_deny_list(both: dict[str, dict[str, Rows]]) -> None:
    people = {row["patient_id"] for row in both["there"]["patient"]}
    here = {row["patient_id"] for row in both["here"]["type1"]}
    there = {row["patient_id"] for row in both["there"]["type1"]}
    assert here & people == there != set()
    assert here - people, "people of other practices stand in the list too"


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("written")
    synthesise("opensafely_tpp", PATIENTS, SEED, folder, DAYS[0], CODE)
    return folder


def table(written: Path, name: str) -> list[dict[str, str]]:
    with (written / f"{name}.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


@pytest.mark.parametrize("name", COLUMNS)
def test_every_table_has_its_columns_and_rows(written: Path, name: str) -> None:
    found = table(written, name)
    assert tuple(found[0]) == tuple(COLUMNS[name].split())
    assert all(value is not None for row in found for value in row.values())


def test_the_database_is_as_hostile_as_the_facts_say(written: Path) -> None:
    spells, events = table(written, "RegistrationHistory"), table(written, "CodedEvent")
    concepts = table(written, "CodedEvent_SNOMED")
    here = str(organisation_id(World(CODE, DAYS[0])))
    assert {row["DateOfBirth"][-3:] for row in table(written, "Patient")} == {"-01"}
    assert {"9999-12-31 00:00:00", "1900-01-01 00:00:00"} <= {row["ConsultationDate"] for row in events + concepts}
    at = {
        key: {row["Patient_ID"] for row in spells if (row["Organisation_ID"] == here) is key} for key in (True, False)
    }
    assert at[True] & at[False], "registered in two practices"
    ids, others = ({row["CodedEvent_ID"] for row in found} for found in (events, concepts))
    assert ids & others
    assert ids - others
    assert others - ids
    assert {row["CodeSystemId"] for row in concepts} == {"0", "2"}
    assert any(row["NumericValue"] == "0" for row in events)
    appointments = [tuple(row.values()) for row in table(written, "Appointment")]
    assert len(set(appointments)) < len(appointments)
    products = table(written, "MedicationDictionary")
    assert {"", "MULTIPLE_DMD_MAPPING"} < {row["DMD_ID"] for row in products}
    names = [row["VaccinationName_ID"] for row in table(written, "VaccinationReference")]
    assert len(set(names)) < len(names)
    organisations = {row["Organisation_ID"] for row in table(written, "Organisation")}
    assert {row["Organisation_ID"] for row in table(written, "DirectionsAcknowledged")} < organisations


def test_nothing_written_says_who_anybody_is(written: Path) -> None:
    names = {column for columns in COLUMNS.values() for column in columns.split()}
    assert not {name for name in names if any(word in name.lower() for word in ("nhs", "surname", "postcode", "phone"))}
