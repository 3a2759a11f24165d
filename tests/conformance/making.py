"""Write the data of the conformance kit: `python -m tests.conformance.making`.

The people are written as each supplier delivers them, the raw tables are read as the agent reads them, and what has
nothing to do with them is left out. Then a few values are spelled otherwise without meaning anything else.
"""

from __future__ import annotations

import csv
import json
import re
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from itertools import count
from pathlib import Path
from typing import Any, Final

from searches.answer import answer
from searches.conformance import FOLDER, kit
from searches.conformance.checking import who_is_where
from searches.extract import open_extract
from searches.layouts import layout
from searches.layouts.expand import Bindings, definitions, raw_tables
from searches.layouts.layout import RawTable
from searches.people import PeopleSets
from searches.synthetic import WRITERS
from searches.synthetic.canonical import write_canonical
from searches.synthetic.emis_codes import (
    _VARIANTS,
    CLINICAL_NAMESPACE,
    DRUG_NAMESPACE,
    Dictionary,
    description_id,
)
from searches.synthetic.emis_im1 import _Emis
from searches.synthetic.emis_reference import PATIENT
from searches.synthetic.identities import synthetic
from searches.synthetic.model import NO_PROBLEM, PLAIN, Person
from searches.synthetic.opensafely_tpp import _OpenSafely
from searches.synthetic.world import World
from tests.conformance.people import CONCEPTS, DOSE, DRUG, PRACTICE, REFERENCE_DATE, people

Row = dict[str, Any]
Tables = dict[str, list[Row]]
Spelling = Callable[[str], str]

NAMES: Final = ("canonical", "emis_im1", "tpp_sr", "vision", "opensafely_tpp")
_NUMBERED = "opensafely_tpp"
"""Where a practice is the number of its code."""

EXCEPT: Final = {"vision": {"kit-slots": "layout_has_no_appointments"}}
"""By layout, the searches whose answer differs from that over the canonical tables."""

NOT_ASKED: Final = {"kit-either": "layout_has_no_referrals", "mmr-two-doses": "layout_has_no_vaccination_codes"}
"""What cannot be asked of the database of `opensafely_tpp`."""

_FEW = 2  # rows of nobody are kept
_EVERY_THIRD = 3


def main() -> int:
    """Write the fixture of every layout, and the answers as the canonical tables give them."""
    for name in NAMES:
        _put(f"fixtures/{name}.json", fixture(name))
    _put("answers.json", golden())
    return 0


def _put(name: str, text: str) -> None:
    (FOLDER / name).write_text(text, encoding="utf-8")
    print(f"{name}: {len(text)} characters", file=sys.stderr)


def golden() -> str:
    """The answers of the reference (DuckDB over the canonical tables), as the text of their file."""
    everywhere = _answers(people())
    text = json.dumps({"everywhere": everywhere, "except": {**EXCEPT, _NUMBERED: _numbered(everywhere)}}, indent=1)
    return re.sub(r"\n {4,}|\n {3,}(?=\])", lambda part: " " if part[0].strip() else "", text) + "\n"


def _answers(everyone: Sequence[Person]) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="gpfed-conformance-") as folder:
        write_canonical(World(PRACTICE, REFERENCE_DATE), everyone, Path(folder), synthetic(PRACTICE))
        with open_extract(Path(folder), "canonical") as extract:
            answers = answer(extract, kit.golden_searches(), REFERENCE_DATE)
    roster, numbers = answers.roster, {str(person.n): person.n for person in everyone}
    found: dict[str, Any] = {
        "roster": {"everyone": sorted(numbers[each] for each in roster.patient_ids)},
        "type1": {"everyone": sorted(numbers[each] for each in roster.ids(answers.type1))},
    }
    for name, people_sets in sorted(answers.results.items()):
        if not isinstance(people_sets, PeopleSets):
            raise SystemExit(f"{name}: {people_sets.message}")
        found[name] = {place: list(where) for place, where in who_is_where(people_sets, numbers).items()}
    return found


def _numbered(everywhere: Mapping[str, Any]) -> dict[str, Any]:
    """What differs where everybody is born on the first of the month and nothing is a problem."""
    found = _answers([_without_problems(replace(person, born=_first_of_month(person.born))) for person in people()])
    return {name: said for name, said in found.items() if said != everywhere[name]} | NOT_ASKED


def _first_of_month(born: int) -> int:
    return date.fromordinal(born).replace(day=1).toordinal()


def _without_problems(person: Person) -> Person:
    person.chart.events[:] = [event._replace(problem=NO_PROBLEM) for event in person.chart.events]
    return person


def fixture(name: str) -> str:
    """The fixture of a layout, as the text of its file."""
    with tempfile.TemporaryDirectory(prefix="gpfed-conformance-") as folder:
        _write(name, Path(folder))
        tables = _read(name, Path(folder))
    _leave_out(tables)
    _spell_otherwise(name, tables)
    found = {
        "practice": PRACTICE[1:] if name == _NUMBERED else PRACTICE,
        "reference_date": REFERENCE_DATE.isoformat(),
        "people": _numbers(name),
        "tables": {
            table: {"columns": list(rows[0]) if rows else _columns(name, table), **_by_age(name, table, rows)}
            for table, rows in tables.items()
        },
    }
    return _one_row_a_line(found)


def _write(name: str, folder: Path) -> None:
    world = World(PRACTICE, REFERENCE_DATE)
    if name == _NUMBERED:
        _write_numbered(world, folder)
        return
    if name != "emis_im1":
        WRITERS[name](world, people(), folder, synthetic(PRACTICE))
        return
    writer = _Emis(world, folder, synthetic(PRACTICE))
    _learn(writer._codes)
    for person in people():
        writer.person(person)
    writer.close()


def _write_numbered(world: World, folder: Path) -> None:
    writer = _OpenSafely(world, folder)
    drug = max(int(each.split(";")[0]) for each in writer._drugs.values()) + 1
    writer._drugs = {**writer._drugs, DRUG.label: f"{drug};0;0"}
    writer._vaccines = {**writer._vaccines, DOSE.label: 900}
    writer._row("MedicationDictionary", "", DRUG.dmd, "", DRUG.label, f"{drug};0;0", "", drug, "", "")
    for person in people():
        now = person.enrolment
        if not person.withheld and not (now is not None and now.is_test):
            writer.person(person)
    writer.close()


def _learn(dictionary: Dictionary) -> None:
    numbers = count(900_000)
    for concept in CONCEPTS:
        if concept.is_drug:
            code = dictionary._ids[concept, PLAIN] = description_id(next(numbers), DRUG_NAMESPACE)
            dictionary.drugs.append((code, concept.label, concept.dmd))
            continue
        for variant in _VARIANTS:
            dictionary._add(concept, variant, description_id(next(numbers), CLINICAL_NAMESPACE))


def _read(name: str, folder: Path) -> Tables:
    chosen = layout(name)
    if chosen.native:
        return {table.name: _records(folder / f"{table.name}.csv", table) for table in chosen.raw.values()}
    wanted = [table for table in chosen.definitions if table != "identity"]
    tables = raw_tables(definitions(chosen, wanted, Bindings(REFERENCE_DATE, PRACTICE)).values())
    found: Tables = {}
    with open_extract(folder, name, PRACTICE) as extract, extract.session(tables) as session:
        for table in sorted(tables):
            cursor = session._connection.execute(f'SELECT * FROM raw."{table}" ORDER BY delivery, row_in_delivery')
            columns = [column[0] for column in cursor.description]
            found[table] = [dict(zip(columns, row, strict=True)) for row in cursor.fetchall()]
    return found


def _numbers(name: str) -> dict[str, int]:
    """The patient id of everyone registered, and their number."""
    today = REFERENCE_DATE.toordinal()
    registered = [person.n for person in people() if person.is_registered(today)]
    if name != "emis_im1":
        return {str(number): number for number in registered}
    serial = World(PRACTICE, REFERENCE_DATE).serial
    return {f"{serial:08x}-{PATIENT.lower()}-4000-8000-{number:012x}": number for number in registered}


_KEYS: Final[Mapping[str, Sequence[str]]] = {
    "Admin_Patient": ("OrganisationGuid", "PatientGuid"),
    "Agreements_SharingOrganisation": ("OrganisationGuid",),
    "Admin_Organisation": ("OrganisationGuid",),
    "Appointment_Slot": ("OrganisationGuid", "SlotGuid"),
    "CareRecord_Consultation": ("OrganisationGuid", "ConsultationGuid"),
    "CareRecord_Observation": ("OrganisationGuid", "ObservationGuid"),
    "CareRecord_ObservationReferral": ("OrganisationGuid", "ObservationGuid"),
    "CareRecord_Problem": ("OrganisationGuid", "ObservationGuid"),
    "Coding_ClinicalCode": ("CodeId",),
    "Coding_DrugCode": ("CodeId",),
    "Prescribing_DrugRecord": ("OrganisationGuid", "DrugRecordGuid"),
    "Prescribing_IssueRecord": ("OrganisationGuid", "IssueRecordGuid"),
    "SRMapping": ("RowIdentifier",),
    "SRPatientRemovedByContentFilter": ("IDPatient",),
    "encounter": ("SERVICE_ID", "PID", "ID"),
    "journal": ("SERVICE_ID", "PID", "ID"),
    "patient": ("SERVICE_ID", "PID"),
    "practice": ("ID",),
    "referral": ("SERVICE_ID", "PID", "ID"),
}


def _by_age(name: str, table: str, rows: Sequence[Row]) -> dict[str, Any]:
    """The last version of each row, and the older ones."""
    if name == "canonical" or layout(name).native:
        return {"rows": [[*row.values()] for row in rows], "older": []}
    key = _KEYS.get(table, ("RowIdentifier", "IDOrganisationVisibleTo"))
    ordered = sorted(rows, key=lambda row: (row["delivery"], int(row.get("ProcessingId") or 0), row["row_in_delivery"]))
    latest = {tuple(row[part].strip("{ }").lower() for part in key): id(row) for row in ordered}
    last = frozenset(latest.values())
    return {
        "rows": [[*row.values()] for row in rows if id(row) in last],
        "older": [[*row.values()] for row in rows if id(row) not in last],
    }


def _records(path: Path, table: RawTable) -> list[Row]:
    """Rows of a table whose columns have types: a text is never NULL there."""
    with path.open(encoding="utf-8", newline="") as file:
        return [
            {column: row[column] if row[column] or column not in table.types else None for column in table.columns}
            for row in csv.DictReader(file)
        ]


def _columns(name: str, table: str) -> list[str]:
    return [*layout(name).raw[table].columns, "delivery", "row_in_delivery"]


# --- what has nothing to do with these people ---


def _leave_out(tables: Tables) -> None:
    for dictionary, key, users in (
        ("Coding_ClinicalCode", "CodeId", ("CareRecord_Observation",)),
        ("Coding_DrugCode", "CodeId", ("Prescribing_IssueRecord",)),
        ("MedicationDictionary", "MultilexDrug_ID", ("MedicationIssue",)),
    ):
        used = {row[key] for user in users for row in tables.get(user, ())}
        if dictionary in tables:
            tables[dictionary] = [row for row in tables[dictionary] if row[key] in used and row.get("delivery") != 1]
    listed = {row["AppointmentStatus"] for row in tables.get("SRAppointment", ())}
    _keep(tables, "SRMapping", lambda row: row["RowIdentifier"] in listed)
    ours = {row["PatientGuid"] for row in tables.get("Admin_Patient", ())}
    nobodies = count()
    _keep(tables, "Appointment_Slot", lambda row: row["PatientGuid"] in ours or next(nobodies) < _FEW)


def _keep(tables: Tables, table: str, wanted: Callable[[Row], bool]) -> None:
    if table in tables:
        tables[table] = [row for row in tables[table] if wanted(row)]


# --- the same, spelled otherwise ---


def _padded(text: str) -> str:
    return f"{text}  "


def _indented(text: str) -> str:
    return f" {text} "


def _mixed(text: str) -> str:
    return text.swapcase()


def _one(text: str) -> str:
    return {"true": "1", "false": "0"}.get(text.lower(), text)


def _scientific(text: str) -> str:
    return f"{Decimal(text):E}" if text.lstrip("-").replace(".", "").isdigit() else text


def _signed(text: str) -> str:
    return f"+{text}" if text[0].isdigit() else text


_NUMBERS = (_indented, _scientific, _signed)
_FLAGS = (_mixed, _one, _indented)
_SPELLINGS: Final[Mapping[str, Mapping[tuple[str, str], tuple[Spelling, ...]]]] = {
    "canonical": {("event", "value"): _NUMBERS, ("event", "code"): (_padded, _indented)},
    "emis_im1": {
        ("CareRecord_Observation", "Value"): _NUMBERS,
        ("CareRecord_Observation", "Deleted"): _FLAGS,
        ("CareRecord_Observation", "ObservationGuid"): (_mixed,),
        ("Coding_ClinicalCode", "SnomedCTConceptId"): (_padded, _indented),
        ("Coding_ClinicalCode", "ReadTermId"): (_padded,),
        ("Coding_DrugCode", "DmdProductCodeId"): (_padded,),
        ("Admin_Patient", "DummyType"): _FLAGS,
    },
    "tpp_sr": {
        ("SRCode", "NumericValue"): _NUMBERS,
        ("SRCode", "IsNumeric"): _FLAGS,
        ("SRCode", "CTV3Code"): (_padded, _indented),
        ("SRCode", "SNOMEDCode"): (_padded,),
        ("SRPatient", "TestPatient"): _FLAGS,
    },
    "vision": {
        ("journal", "VALUE1"): _NUMBERS,
        ("journal", "CODE"): (_padded,),
        ("journal", "SNOMED_CODE"): (_indented,),
        ("journal", "SERVICE_ID"): (_padded, _indented),
        ("journal", "SUBSET"): (_mixed,),
    },
}
"""A third of the values of these columns, in turn in each of these ways."""


def _spell_otherwise(name: str, tables: Tables) -> None:
    for (table, column), spellings in _SPELLINGS.get(name, {}).items():
        filled = [row for row in tables[table] if row[column]]
        for place, row in enumerate(filled[::_EVERY_THIRD]):
            row[column] = spellings[place % len(spellings)](row[column])
        empty = [row for row in tables[table] if not row[column]]
        for row in empty[::_EVERY_THIRD]:
            row[column] = ""


def _one_row_a_line(found: dict[str, Any]) -> str:
    lines = json.dumps({**found, "tables": "TABLES"}, indent=1).split('"TABLES"')
    blocks = []
    for table, held in found["tables"].items():
        parts = [f'"columns": {json.dumps(held["columns"])}']
        for part in ("rows", "older"):
            rows = ",\n".join(f"   {json.dumps(row)}" for row in held[part])
            parts.append(f'"{part}": [\n{rows}\n  ]' if rows else f'"{part}": []')
        blocks.append(f'  "{table}": {{{", ".join(parts)}}}')
    return f"{lines[0]}{{\n" + ",\n".join(blocks) + f"\n }}{lines[1]}\n"


if __name__ == "__main__":
    sys.exit(main())
