"""The canonical tables: the only tables a search may name, and all that it may read of them.

Every table holds only rows of people in `patient` (currently registered, alive, no test patient at the reference date),
dated on or before the reference date or undated. There is no identifier, name, postcode, free text or birth date.

`code` can only be asked `IN codelist.NAME`. `id` columns order as integers, or as lower-case text without braces.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class ColumnType(StrEnum):
    """What may be done with a column of a canonical table."""

    ID = "id"
    INTEGER = "integer"
    DECIMAL = "decimal"  # DECIMAL(19,3)
    DATE = "date"
    CODE = "code"  # only `IN codelist.NAME`
    DOMAIN = "domain"  # text of a closed set
    TEXT = "text"  # may be neither compared nor ordered (units)


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a canonical table.

    Args:
        name: as a search writes it.
        type: what may be done with it.
        values: the closed domain, for DOMAIN columns (and `imd_quintile`); empty otherwise.
        meaning: what it holds, where the name does not say it.
    """

    name: str
    type: ColumnType
    values: tuple[str, ...] = ()
    meaning: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """A canonical table: its name, its columns in order, and the column that identifies a row."""

    name: str
    key: str
    columns: tuple[Column, ...]

    def column(self, name: str) -> Column | None:
        """The column of that name, or None."""
        return next((column for column in self.columns if column.name == name), None)


AGE_BANDS = ("0-9", "10-19", "20-29", "30-39", "40-49", "50-59", "60-69", "70-79", "80-89", "90+")
SEXES = ("F", "M", "I", "U")
IMD_QUINTILES = ("1", "2", "3", "4", "5")
ISSUE_TYPES = ("acute", "repeat", "other")
PROBLEM_STATUSES = ("active", "past")
APPOINTMENT_STATUSES = (
    "booked",
    "arrived",
    "in_progress",
    "completed",
    "dna",
    "cancelled",
    "walked_out",
    "other",
)
APPOINTMENT_MODES = ("face_to_face", "telephone", "video", "home_visit", "other")
BOOKING_METHODS = ("online", "practice", "other")
CLINICIAN_ROLES = ("gp", "nurse", "other")
CONSULTATION_MODES = APPOINTMENT_MODES
OUTCOMES = ("met", "not met", "excepted")
BOUND_DATES = ("reference_date", "period_start", "season_start")
BUILT_IN_DIMENSIONS: dict[str, tuple[str, ...]] = {
    "age_band": AGE_BANDS,
    "sex": SEXES,
    "imd_quintile": IMD_QUINTILES,
}

_T = ColumnType
_PATIENT_ID = Column("patient_id", _T.ID)

PATIENT = Table(
    "patient",
    "patient_id",
    (
        _PATIENT_ID,
        Column("age", _T.INTEGER, meaning="completed years at the reference date"),
        Column("age_months", _T.INTEGER, meaning="completed months at the reference date"),
        Column("age_band", _T.DOMAIN, AGE_BANDS),
        Column("sex", _T.DOMAIN, SEXES),
        Column("imd_quintile", _T.INTEGER, IMD_QUINTILES, "1 is the most deprived; NULL where a layout has no source"),
        Column("registered_on", _T.DATE, meaning="start of the current registration"),
    ),
)
EVENT = Table(
    "event",
    "event_id",
    (
        Column("event_id", _T.ID),
        _PATIENT_ID,
        Column("event_date", _T.DATE, meaning="clinical date; NULL if unknown"),
        Column("recorded_date", _T.DATE, meaning="date of entry; NULL where a layout has no source"),
        Column("code", _T.CODE),
        Column("value", _T.DECIMAL, meaning="numeric result; NULL if absent or not a number"),
        Column("unit", _T.TEXT),
        Column("age_months", _T.INTEGER, meaning="completed months at the event"),
        Column("problem_status", _T.DOMAIN, PROBLEM_STATUSES),
    ),
)
MEDICATION = Table(
    "medication",
    "medication_id",
    (
        Column("medication_id", _T.ID),
        _PATIENT_ID,
        Column("issue_date", _T.DATE),
        Column("code", _T.CODE),
        Column("issue_type", _T.DOMAIN, ISSUE_TYPES),
    ),
)
IMMUNISATION = Table(
    "immunisation",
    "immunisation_id",
    (
        Column("immunisation_id", _T.ID),
        _PATIENT_ID,
        Column("given_date", _T.DATE),
        Column("code", _T.CODE),
        Column("age_months", _T.INTEGER, meaning="completed months when given"),
    ),
)
APPOINTMENT = Table(
    "appointment",
    "appointment_id",
    (
        Column("appointment_id", _T.ID),
        _PATIENT_ID,
        Column("start_date", _T.DATE),
        Column("booked_date", _T.DATE),
        Column("booking_method", _T.DOMAIN, BOOKING_METHODS),
        Column("mode", _T.DOMAIN, APPOINTMENT_MODES),
        Column("clinician_role", _T.DOMAIN, CLINICIAN_ROLES),
        Column("status", _T.DOMAIN, APPOINTMENT_STATUSES),
    ),
)
CONSULTATION = Table(
    "consultation",
    "consultation_id",
    (
        Column("consultation_id", _T.ID),
        _PATIENT_ID,
        Column("consultation_date", _T.DATE),
        Column("mode", _T.DOMAIN, CONSULTATION_MODES),
    ),
)
REFERRAL = Table(
    "referral",
    "referral_id",
    (
        Column("referral_id", _T.ID),
        _PATIENT_ID,
        Column("referral_date", _T.DATE),
        Column("code", _T.CODE),
    ),
)

TABLES: dict[str, Table] = {
    table.name: table for table in (PATIENT, EVENT, MEDICATION, IMMUNISATION, APPOINTMENT, CONSULTATION, REFERRAL)
}
