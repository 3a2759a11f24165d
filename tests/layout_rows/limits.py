"""The closed list of what a supplier's layout cannot hold, and people as it holds them.

Everything that is not listed here must come back exactly. Each limit names what comes instead, so that a layout is held
to that too; a limit that never changes anything fails a test.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import pairwise
from random import Random

from searches.canon import TABLES, ColumnType
from tests.layout_rows.facts import SOME_DAY, Carried, Id, Practice, Row, Value, band_of, birth_date, completed_months

EMIS, TPP, VISION, OPENSAFELY = "emis_im1", "tpp_sr", "vision", "opensafely_tpp"
SUPPLIERS = (EMIS, TPP, VISION, OPENSAFELY)
PRESSURES = ("271649006", "271650006")
"""The two halves of a blood pressure, which Vision has in one row."""


@dataclass(frozen=True, slots=True)
class Limit:
    """One thing that a layout cannot hold.

    Args:
        name: as counts and the report have it.
        layouts: whose limit it is.
        reason: why, and what comes instead.
        columns: what it may change, as `table.column`; a whole table is `table.*`.
        instead: for a limit of single values, what comes for each.
        refused: the reason code with which a search that reads those columns is refused.
    """

    name: str
    layouts: tuple[str, ...]
    reason: str
    columns: tuple[str, ...]
    instead: Callable[[Value], Value] | None = None
    refused: str = ""


def _nothing(_: Value) -> Value:
    return None


def _for(**others: str) -> Callable[[Value], Value]:
    """Some values are others; `none` is the word for NULL."""
    return lambda value: others.get("none" if value is None else str(value), value)


LIMITS = (
    Limit(
        "deprivation",
        SUPPLIERS,
        "the deprivation of the area is in no extract: NULL",
        ("patient.imd_quintile",),
        _nothing,
    ),
    Limit("sex unknown", SUPPLIERS, "a sex that nobody recorded is U", ("patient.sex",), _for(none="U")),
    Limit("consultation mode", SUPPLIERS, "the facts name no source: NULL", ("consultation.mode",), _nothing),
    Limit(
        "clinician",
        (EMIS, TPP, OPENSAFELY),
        "the facts name no source: NULL",
        ("appointment.clinician_role",),
        _nothing,
    ),
    Limit(
        "registered on no day",
        SUPPLIERS,
        "somebody without a day of registration is not registered: no such patient, and none of their rows",
        tuple(f"{name}.*" for name in TABLES),
    ),
    Limit(
        "one birth date",
        SUPPLIERS,
        "every age comes from one birth date (in opensafely_tpp the first of its month): those drawn beside it that "
        "contradict it are not kept",
        ("patient.age", "patient.age_months", "patient.age_band", "event.age_months", "immunisation.age_months"),
    ),
    Limit(
        "booking method",
        (EMIS,),
        "the texts say online or are a way of the practice: other is practice",
        ("appointment.booking_method",),
        _for(other="practice"),
    ),
    Limit(
        "booking method", (TPP, OPENSAFELY), "the facts name no source: NULL", ("appointment.booking_method",), _nothing
    ),
    Limit(
        "appointment mode",
        (TPP,),
        "the extract says whether it is by telephone, and nothing else: NULL",
        ("appointment.mode",),
        lambda value: value if value == "telephone" else None,
    ),
    Limit(
        "appointment status",
        (EMIS,),
        "without a status that is known the times decide, and without times it is booked",
        ("appointment.status",),
        _for(none="booked", other="booked"),
    ),
    Limit("appointment mode", (OPENSAFELY,), "the database has no source: NULL", ("appointment.mode",), _nothing),
    Limit("day of entry", (OPENSAFELY,), "the database has none: NULL", ("event.recorded_date",), _nothing),
    Limit("problems", (OPENSAFELY,), "the database has none: NULL", ("event.problem_status",), _nothing),
    Limit(
        "numbers",
        (OPENSAFELY,),
        "0 is no number, and a float of four bytes keeps six digits: NULL (longer ones are not written)",
        ("event.value",),
        lambda value: (
            value if isinstance(value, Decimal) and value and len(value.normalize().as_tuple().digits) <= 6 else None
        ),
    ),
    Limit("appointment status", (TPP, OPENSAFELY), "no status is other", ("appointment.status",), _for(none="other")),
    Limit("issue type", (EMIS,), "an issue without a type is other", ("medication.issue_type",), _for(none="other")),
    Limit(
        "issue type",
        (TPP, VISION, OPENSAFELY),
        "an issue is of a repeat or acute",
        ("medication.issue_type",),
        _for(none="acute", other="acute"),
    ),
    Limit(
        "immunisations are entries",
        (EMIS, VISION),
        "an immunisation is a coded entry like any other: it is an event too",
        ("event.*",),
    ),
    Limit("referrals are entries", (EMIS,), "a referral is a coded entry: it is an event too", ("event.*",)),
    Limit(
        "no appointments",
        (VISION,),
        "the extract has none",
        ("appointment.*",),
        refused="layout_has_no_appointments",
    ),
    Limit("no referrals", (OPENSAFELY,), "the database has none", ("referral.*",), refused="layout_has_no_referrals"),
    Limit(
        "immunisation code",
        (OPENSAFELY,),
        "a vaccination has the names of a product and no code",
        ("immunisation.code",),
        _nothing,
        refused="layout_has_no_vaccination_codes",
    ),
    Limit(
        "referral code",
        (VISION,),
        "the table has no code",
        ("referral.code",),
        _nothing,
        refused="no_code_in_layout",
    ),
)


def limits_of(layout: str) -> tuple[Limit, ...]:
    """The limits of one layout."""
    return tuple(limit for limit in LIMITS if layout in limit.layouts)


def refused(layout: str, read: Mapping[str, frozenset[str]]) -> str:
    """The reason code with which a layout refuses a search that reads these columns of these tables, or nothing."""
    for limit in limits_of(layout):
        for table, column in (name.split(".") for name in limit.columns if limit.refused):
            if table in read and (column == "*" or column in read[table]):
                return limit.refused
    return ""


# --- people as a layout holds them ---


_PLAIN: dict[str, Value] = {
    "registered_on": date(2000, 1, 1),
    "sex": "F",
    "status": "booked",
    "issue_type": "acute",
}
"""What stands where nothing is asked of a column and the layout has no way to leave it open."""


def carried(layout: str, practice: Practice) -> Carried:
    """The people of a practice as a layout can hold them."""
    random = Random(f"{layout} {practice.code}")
    kept = Carried(practice, {name: [] for name in TABLES}, {})
    numbers = _numbering(layout, practice)
    for patient in practice.tables["patient"]:
        if "registered_on" in patient and patient["registered_on"] is None:
            kept.limits["registered on no day"] += 1
        else:
            patient_id = numbers("patient", int(str(patient["patient_id"])))
            kept.born[patient_id] = birth_date(practice, patient, random, of_month=layout == OPENSAFELY)
    for table in TABLES.values():
        if not any(limit.refused and f"{table.name}.*" in limit.columns for limit in limits_of(layout)):
            for row in practice.tables.get(table.name, ()):
                _keep(kept, layout, table.name, row, numbers)
    for copied in ("immunisation", "referral"):
        _copy(kept, layout, copied)
    return kept


Numbering = Callable[[str, int], Id]


def _numbering(layout: str, practice: Practice) -> Numbering:
    """How a layout numbers rows: what shares a table there must not share a number; the order is kept."""
    if layout == EMIS:
        sources = {"immunisation": 1, "referral": 2}
        return lambda table, drawn: Id(4 * drawn + sources.get(table, 0), drawn)
    if layout == TPP:
        return lambda _, drawn: Id(drawn, drawn)
    if layout == OPENSAFELY:
        return _apart(practice)
    journal = _journal_numbers(practice)
    return lambda table, drawn: Id(journal.get((table, drawn), drawn), drawn)


def _apart(practice: Practice) -> Numbering:
    """A database where a patient belongs to no practice: nobody's number is that of somebody in another one."""
    longest, place = 10**15, int(practice.code[1:]) % 1_000
    drawn = {value for rows in practice.tables.values() for row in rows for value in row.values() if type(value) is int}
    long = {number: longest + rank for rank, number in enumerate(sorted(n for n in drawn if n >= longest))}
    return lambda _, number: Id(long.get(number, number) * 1_000 + place, number)


def _journal_numbers(practice: Practice) -> dict[tuple[str, int], int]:
    """Vision's: ten times that of a row of the journal, and one or two more for the halves of a blood pressure."""
    halves = {second: first for first, second in _pressures(practice)}
    entries = sorted(
        (int(str(row[TABLES[name].key])), name)
        for name in ("event", "medication", "immunisation")
        for row in practice.tables.get(name, ())
    )
    apart = len({drawn for drawn, _ in entries}) == len(entries)
    numbers = {(name, drawn): 10 * (drawn if apart else 7 * place) for place, (drawn, name) in enumerate(entries, 1)}
    for second, first in halves.items():
        numbers["event", second] = numbers["event", first] + 2
        numbers["event", first] += 1
    return numbers


def _pressures(practice: Practice) -> Iterator[tuple[int, int]]:
    """The pairs of entries that are one row: of one patient and day, systolic first, and each with a value."""
    events = practice.tables.get("event", ())
    for one, other in pairwise(events):
        same = all(one.get(name) == other.get(name) for name in ("patient_id", "event_date", "recorded_date", "unit"))
        codes = tuple(str(row.get("code")).strip() for row in (one, other))
        whole = all(row.get("value") is not None and row.get("problem_status") is None for row in (one, other))
        if same and whole and codes == PRESSURES:
            yield int(str(one["event_id"])), int(str(other["event_id"]))


def _keep(kept: Carried, layout: str, name: str, drawn: Mapping[str, Value], numbers: Numbering) -> None:
    patient_id = numbers("patient", int(str(drawn["patient_id"])))
    if patient_id not in kept.born:
        return
    row: Row = {}
    for column in TABLES[name].columns:
        value = drawn.get(column.name)
        if column.name not in drawn:
            value = _PLAIN.get(column.name)
        if column.type is ColumnType.CODE and isinstance(value, str):
            value = value.strip(" ") or None
        row[column.name] = value
    row |= {"patient_id": patient_id}
    row |= {TABLES[name].key: numbers(name, int(str(drawn[TABLES[name].key])))}
    for limit in limits_of(layout):
        for where in limit.columns:
            table, column_name = where.split(".")
            if limit.instead is not None and table == name:
                value = limit.instead(row[column_name])
                kept.limits[limit.name] += row[column_name] != value
                row[column_name] = value
    _age(kept, name, row, drawn)
    kept.tables[name].append(row)


def _age(kept: Carried, name: str, row: Row, drawn: Mapping[str, Value]) -> None:
    """Put the ages that come from the birth date in the place of those drawn."""
    born = kept.born[int(str(row["patient_id"]))]
    dated = {"event": "event_date", "immunisation": "given_date"}.get(name)
    day = row[dated] if dated is not None else kept.practice.reference_date
    months = completed_months(born, day) if born is not None and isinstance(day, date) else None
    ages: Row = {"age_months": months}
    if name == "patient":
        years = months // 12 if months is not None else None
        ages |= {"age": years, "age_band": band_of(years) if years is not None else None}
    for column in ages.keys() & row.keys():
        kept.limits["one birth date"] += column in drawn and drawn[column] != ages[column]
        row[column] = ages[column]


def _copy(kept: Carried, layout: str, name: str) -> None:
    """Put the rows of a table among the events, where a layout keeps both in one."""
    if f"{name}s are entries" not in {limit.name for limit in limits_of(layout)}:
        return
    for row in kept.tables[name]:
        event: Row = {column.name: None for column in TABLES["event"].columns}
        event |= {"event_id": row[TABLES[name].key], "patient_id": row["patient_id"], "code": row["code"]}
        event["event_date"] = row["given_date" if name == "immunisation" else "referral_date"]
        _age(kept, "event", event, {})
        kept.limits[f"{name}s are entries"] += 1
        kept.tables["event"].append(event)


__all__ = ["LIMITS", "SOME_DAY", "SUPPLIERS", "Limit", "carried", "limits_of", "refused"]
