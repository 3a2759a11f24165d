"""tests.yaml of a search: hand-made patients, and the outcome each must get.

    reference_date: 2026-03-31
    patients:
      - name: pulse checked last summer
        born: 1956-02-01
        events: [{codelist: pulse_rhythm, on: 2025-06-01}]
        expect: met                                    # met | not met | excepted | absent
        dimensions: {age_band: 70-79}                  # checked where given

`codelist: NAME` stands for the first SNOMED CT code of that list (dm+d for medications), unless `code` gives another
code, of the list or a near miss. Records get rising ids in written order, so that ties can be tested. In a search of
appointments, each appointment carries its own `expect` and `dimensions`. In a search of a distribution, everyone who is
expected to be met carries the `value` that counts.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from searches.canon import APPOINTMENT_MODES, APPOINTMENT_STATUSES, BOOKING_METHODS, CLINICIAN_ROLES, ISSUE_TYPES
from searches.errors import DocumentError
from searches.search import Unit
from searches.strict_yaml import read_yaml

_STRICT = ConfigDict(strict=True, extra="forbid", frozen=True)
_LONG_AGO = date(2010, 1, 1)

Expected = Literal["met", "not met", "excepted", "absent"]
_Name = Annotated[str, Field(min_length=1, max_length=200)]


def _one_of(values: tuple[str, ...]) -> object:
    return Field(pattern=f"^({'|'.join(values)})$")


class CodedRecord(BaseModel):
    """A record with a code."""

    model_config = _STRICT

    codelist: str
    code: str | None = None
    on: date | None = None


class HandmadeEvent(CodedRecord):
    """An event; without a date it counts as "ever"."""

    value: float | None = None
    unit: str = ""
    recorded: date | None = None
    problem: Literal["active", "past"] | None = None


class HandmadeMedication(CodedRecord):
    """An issue of a medicine."""

    type: Annotated[str, _one_of(ISSUE_TYPES)] = "repeat"


class HandmadeImmunisation(CodedRecord):
    """A vaccine given."""


class HandmadeReferral(CodedRecord):
    """A referral."""


class HandmadeConsultation(BaseModel):
    """A consultation."""

    model_config = _STRICT

    on: date
    mode: Annotated[str, _one_of(APPOINTMENT_MODES)] | None = None


class HandmadeAppointment(BaseModel):
    """An appointment; in a search of appointments with what is expected of it."""

    model_config = _STRICT

    start: date
    booked: date | None = None
    status: Annotated[str, _one_of(APPOINTMENT_STATUSES)] = "completed"
    mode: Annotated[str, _one_of(APPOINTMENT_MODES)] | None = None
    booking_method: Annotated[str, _one_of(BOOKING_METHODS)] | None = None
    clinician_role: Annotated[str, _one_of(CLINICIAN_ROLES)] | None = None
    expect: Expected | None = None
    dimensions: dict[str, str] = {}


class HandmadePatient(BaseModel):
    """A patient that the search's author made up."""

    model_config = _STRICT

    name: _Name
    born: date
    sex: Literal["F", "M", "I", "U"] = "F"
    imd_quintile: Annotated[int, Field(ge=1, le=5)] | None = None
    registered_on: date = _LONG_AGO
    events: list[HandmadeEvent] = []
    medications: list[HandmadeMedication] = []
    immunisations: list[HandmadeImmunisation] = []
    appointments: list[HandmadeAppointment] = []
    consultations: list[HandmadeConsultation] = []
    referrals: list[HandmadeReferral] = []
    expect: Expected | None = None
    dimensions: dict[str, str] = {}
    value: float | None = None


class HandmadePatients(BaseModel):
    """tests.yaml."""

    model_config = _STRICT

    reference_date: date
    patients: Annotated[list[HandmadePatient], Field(min_length=1, max_length=1000)]

    @model_validator(mode="after")
    def _names_differ(self) -> HandmadePatients:
        names = [patient.name for patient in self.patients]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise ValueError(f"two patients are named {twice!r}")
        late = next((patient.name for patient in self.patients if patient.born > self.reference_date), None)
        if late is not None:
            raise ValueError(f"{late!r} is born after the reference date")
        return self


def read_handmade(text: str, unit: Unit, *, measured: bool = False) -> HandmadePatients:
    """Read tests.yaml of a search.

    Args:
        text: the whole file.
        unit: of the search; says whether patients or appointments carry what is expected.
        measured: whether the search is of a distribution, so that who is met has a value.

    Raises:
        DocumentError: it is not valid, or an expectation is missing or out of place.
    """
    try:
        handmade = HandmadePatients.model_validate(read_yaml("tests.yaml", text))
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "as a whole"
        raise DocumentError(
            f"tests.yaml, {place}: {first['msg']}", "dates are written 2026-03-31, texts quoted"
        ) from error
    for patient in handmade.patients:
        _check_expectations(patient, unit)
        _check_value(patient, measured=measured)
    return handmade


def _check_value(patient: HandmadePatient, *, measured: bool) -> None:
    needs_one = measured and patient.expect == "met"
    if (patient.value is not None) != needs_one:
        what = "needs the value that counts" if needs_one else "has a value, which only who meets a distribution has"
        raise DocumentError(f"tests.yaml, {patient.name!r}: the patient {what}", "write value: 58 beside expect: met")


def _check_expectations(patient: HandmadePatient, unit: Unit) -> None:
    of_person = patient.expect is not None or bool(patient.dimensions)
    of_appointments = [appointment for appointment in patient.appointments if appointment.expect is not None]
    if unit is Unit.PERSON and (patient.expect is None or of_appointments):
        raise DocumentError(f"tests.yaml, {patient.name!r}: the patient, and no appointment, needs expect")
    if unit is Unit.APPOINTMENT and (of_person or len(of_appointments) != len(patient.appointments)):
        raise DocumentError(f"tests.yaml, {patient.name!r}: each appointment, and not the patient, needs expect")
