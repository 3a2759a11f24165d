"""What a search says of each hand-made patient, beside what its author expects."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from searches.answer import answer
from searches.batch import Batch
from searches.errors import AnswerError
from searches.extract import open_extract
from searches.handmade.document import HandmadePatient, HandmadePatients, read_handmade
from searches.handmade.tables import appointment_ids, write_tables
from searches.layouts.expand import Bindings
from searches.people import AnswerRow, PeopleSets
from searches.search import Search, Unit
from searches.translate import ask

ABSENT = "absent"


@dataclass(frozen=True, slots=True)
class Verdict:
    """One expectation and what came of it.

    Args:
        name: of the patient, and where there are several, which appointment.
        expected: the outcome, the dimensions that were given, and of a distribution the value.
        found: the same as the search says.
    """

    name: str
    expected: Mapping[str, str]
    found: Mapping[str, str]

    @property
    def holds(self) -> bool:
        """Is it as expected?"""
        return self.expected == self.found


def verdicts(search: Search, tests: str) -> tuple[Verdict, ...]:
    """Run a search over its hand-made patients, who together are one practice.

    Args:
        search: the checked search.
        tests: the text of its tests.yaml.

    Raises:
        DocumentError: tests.yaml is not valid.
        AnswerError: the search gives no valid answer.
    """
    handmade = read_handmade(tests, search.unit, measured=search.measure is not None)
    with tempfile.TemporaryDirectory(prefix="gpfed-handmade-") as folder:
        write_tables(handmade, search.codelists, Path(folder))
        rows = _rows(search, handmade, Path(folder))
    found = {row.appointment_id or row.patient_id: row for row in rows}
    return tuple(_verdicts(search, handmade, found))


def _rows(search: Search, handmade: HandmadePatients, folder: Path) -> list[AnswerRow]:
    with open_extract(folder, "canonical") as extract:
        result = answer(extract, (search,), handmade.reference_date).results[search.id]
        if not isinstance(result, PeopleSets):
            raise AnswerError(result.message, "give every person one row, and every dimension a declared value")
        question = ask(search, extract.layout, handmade.reference_date)
        with Batch(extract, question.tables, Bindings(handmade.reference_date, extract.practice)) as batch:
            return batch.rows(question)


def _verdicts(search: Search, handmade: HandmadePatients, found: Mapping[str, AnswerRow]) -> Iterator[Verdict]:
    if search.unit is Unit.PERSON:
        for number, patient in enumerate(handmade.patients, start=1):
            expected = {"outcome": patient.expect or ABSENT, **patient.dimensions, **_value(patient)}
            yield Verdict(patient.name, expected, _said(search, found.get(str(number)), expected))
        return
    for patient, place, appointment_id in appointment_ids(handmade):
        appointment = patient.appointments[place]
        expected = {"outcome": appointment.expect or ABSENT, **appointment.dimensions}
        said = _said(search, found.get(appointment_id), expected)
        yield Verdict(f"{patient.name}, appointment {place + 1}", expected, said)


def _value(patient: HandmadePatient) -> Mapping[str, str]:
    return {} if patient.value is None else {"value": str(Decimal(round(patient.value * 1000)) / 1000)}


def _said(search: Search, row: AnswerRow | None, expected: Mapping[str, str]) -> Mapping[str, str]:
    if row is None or row.outcome is None:
        return {"outcome": ABSENT}
    values = {dimension.name: value for dimension, value in zip(search.dimensions, row.dimensions, strict=True)}
    if row.value is not None:
        values["value"] = str(Decimal(row.value) / 1000)
    return {"outcome": row.outcome.value, **{name: values.get(name, "") for name in expected if name != "outcome"}}
