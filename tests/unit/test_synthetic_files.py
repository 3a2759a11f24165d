"""What the writers leave on disk: names, headers, quoting, encodings, and the ways in which suppliers surprise."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from searches.canon import TABLES
from searches.synthetic import SyntheticReport, synthesise
from searches.synthetic.emis_headers import HEADERS

Rows = list[dict[str, str]]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    written: dict[str, Path] = {}

    def of(layout: str) -> Path:
        if layout not in written:
            written[layout] = tmp_path_factory.mktemp(layout)
            synthesise(layout, 900, 11, written[layout])
        return written[layout]

    return of


def emis(folder: Path, table: str) -> list[Rows]:
    """The rows of a table, by delivery."""
    paths = sorted(folder.glob(f"*_{table}_2*.csv"), key=lambda path: int(path.name.split("-")[0]))
    return [read(path, "utf-8") for path in paths]


def tpp(folder: Path, table: str) -> list[Rows]:
    return [read(each / f"{table}.csv", "cp1252") for each in sorted(folder.iterdir())]


def read(path: Path, encoding: str) -> Rows:
    with path.open(encoding=encoding, newline="") as lines:
        return list(csv.DictReader(lines, strict=True))


def vision(folder: Path, table: str) -> Iterator[list[str]]:
    for path in sorted(folder.glob(f"*_{table}_data_extract-*.csv"), key=lambda path: path.name.split("-", 1)[1]):
        with path.open(encoding="utf-8", newline="") as lines:
            yield from csv.reader(lines, strict=True)


def test_the_report_counts_the_rows_of_each_file(tmp_path: Path) -> None:
    report = synthesise("canonical", 30, 1, tmp_path)
    assert isinstance(report, SyntheticReport)
    assert report.rows["patient.csv"] == 30 == len(read(tmp_path / "patient.csv", "utf-8"))


def test_canonical_tables_have_the_canonical_columns(folder: Callable[[str], Path]) -> None:
    for name, table in TABLES.items():
        with (folder("canonical") / f"{name}.csv").open(encoding="utf-8", newline="") as lines:
            assert next(csv.reader(lines)) == [column.name for column in table.columns]
    assert read(folder("canonical") / "about.csv", "utf-8") == [{"practice": "Z90001", "reference_date": "2026-03-31"}]


def test_canonical_rows_are_of_patients_and_not_of_the_future(folder: Callable[[str], Path]) -> None:
    patients = {row["patient_id"] for row in read(folder("canonical") / "patient.csv", "utf-8")}
    dates = {
        "event": "event_date",
        "medication": "issue_date",
        "immunisation": "given_date",
        "appointment": "start_date",
    }
    for name, column in dates.items():
        rows = read(folder("canonical") / f"{name}.csv", "utf-8")
        assert {row["patient_id"] for row in rows} <= patients
        assert max(row[column] for row in rows) <= "2026-03-31"


def test_emis_files_are_named_headed_and_quoted_as_delivered(folder: Callable[[str], Path]) -> None:
    paths = sorted(folder("emis_im1").iterdir())
    assert len(paths) == 3 * 21 == 3 * len(HEADERS)
    for path in paths:
        assert re.fullmatch(
            r"\d+-\d+_[A-Za-z]+_[A-Za-z]+_\d{14}_[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}\.csv", path.name
        )
        text = path.read_bytes().decode("utf-8")
        assert text.endswith('"\r\n')
        assert all(line.startswith('"') and line.endswith('"') for line in text.split("\r\n")[:-1])


@pytest.mark.parametrize("table", HEADERS)
def test_emis_rows_are_as_long_as_their_header(folder: Callable[[str], Path], table: str) -> None:
    for path in folder("emis_im1").glob(f"*_{table}_2*.csv"):
        with path.open(encoding="utf-8", newline="") as lines:
            assert len({len(row) for row in csv.reader(lines)}) == 1


def test_emis_headers_drift(folder: Callable[[str], Path]) -> None:
    first, second, _ = emis(folder("emis_im1"), "Admin_Patient")
    assert "DateOfDeactivation" in first[0]
    assert "DateofDeactivation" in second[0]
    first, second, _ = emis(folder("emis_im1"), "CareRecord_Observation")
    assert "AssociatedText" not in first[0]
    assert "AssociatedText" in second[0]


def test_emis_says_true_in_two_cases_and_regular_with_spaces(folder: Callable[[str], Path]) -> None:
    first, second, _ = emis(folder("emis_im1"), "Admin_Patient")
    assert {row["Deleted"] for row in first} == {"false"}
    assert {row["Deleted"] for row in second} == {"TRUE", "FALSE"}
    assert {"Regular", "  Regular", "GMS", "Temporary", "Dummy", ""} <= {row["PatientTypeDescription"] for row in first}
    assert {row["DummyType"] for row in first} == {"true", "false"}
    assert {row["SpineSensitive"] for row in first} == {"true", "false"}
    assert {row["IsConfidential"] for row in first} == {"true", "false"}


def test_emis_guids_rise_with_the_running_number(folder: Callable[[str], Path]) -> None:
    guids = [row["PatientGuid"] for row in emis(folder("emis_im1"), "Admin_Patient")[0]]
    assert all(re.fullmatch(r"\{[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}\}", guid) for guid in guids)
    numbers = [int(row["PatientNumber"]) for row in emis(folder("emis_im1"), "Admin_Patient")[0]]
    own = [(number, guid) for number, guid in zip(numbers, guids, strict=True) if int(guid[-13:-1], 16) < 900_000_000]
    assert [guid for _, guid in sorted(own)] == sorted(guid for _, guid in own)


def test_emis_shares_files_with_organisations_that_do_not_count(folder: Callable[[str], Path]) -> None:
    organisations = emis(folder("emis_im1"), "Admin_Organisation")[-1]
    assert [row["ODSCode"] for row in organisations] == ["Z90001", "ZZ9HUB", "Z90001", "Z90001", "Z90001"]
    agreements = emis(folder("emis_im1"), "Agreements_SharingOrganisation")
    states = [tuple(row[name] for name in ("IsActivated", "Disabled", "Deleted")) for row in agreements[-1]]
    active = ("true", "false", "false")
    assert [state == active for state in states] == [True, True, False, False, False]
    patients = emis(folder("emis_im1"), "Admin_Patient")[0]
    by_organisation = {row["OrganisationGuid"]: row["PatientGuid"] for row in patients}
    assert len(by_organisation) == 5
    ours = {row["PatientGuid"] for row in patients if row["OrganisationGuid"] == organisations[0]["OrganisationGuid"]}
    assert by_organisation[organisations[1]["OrganisationGuid"]] in ours


def test_emis_sends_rows_again_with_only_the_processing_id_to_tell(folder: Callable[[str], Path]) -> None:
    rows = emis(folder("emis_im1"), "CareRecord_Observation")[1]
    places: dict[str, list[int]] = {}
    for row in rows:
        places.setdefault(row["ObservationGuid"], []).append(int(row["ProcessingId"]))
    twice = [ids for ids in places.values() if len(ids) > 1]
    assert twice
    assert all(ids == sorted(ids, reverse=True) for ids in twice)


def test_emis_deletes_patients_whose_rows_live_on_and_has_slots_of_nobody(folder: Callable[[str], Path]) -> None:
    gone = {row["PatientGuid"] for row in emis(folder("emis_im1"), "Admin_Patient")[1] if row["Deleted"] == "TRUE"}
    alive = {
        row["PatientGuid"] for row in emis(folder("emis_im1"), "CareRecord_Observation")[0] if row["Deleted"] == "false"
    }
    assert gone & alive
    known = {row["PatientGuid"] for rows in emis(folder("emis_im1"), "Admin_Patient") for row in rows}
    slots = {row["PatientGuid"] for rows in emis(folder("emis_im1"), "Appointment_Slot") for row in rows}
    assert "" in slots
    assert slots - known - {""}


def test_emis_dates_have_precisions_and_codes_every_form(folder: Callable[[str], Path]) -> None:
    rows = [row for delivery in emis(folder("emis_im1"), "CareRecord_Observation") for row in delivery]
    assert {"U", "YMD", "YMDT"} <= {row["EffectiveDatePrecision"] for row in rows}
    codes = {row["CodeId"]: row for row in emis(folder("emis_im1"), "Coding_ClinicalCode")[0]}
    used = [codes[row["CodeId"]] for row in rows if row["CodeId"] in codes]
    assert len(used) < len(rows)  # a code that no dictionary holds
    bare = {row["ReadTermId"] for row in used if not row["SnomedCTConceptId"]}
    assert any(re.fullmatch(r"[A-Za-z0-9]{2,4}", code) for code in bare)
    assert any(code.endswith("-1") for code in bare)
    assert any("ESCT" in code or code.startswith("EMIS") for code in bare)
    assert {row["IsConfidential"] for row in rows} >= {"true", "false"}
    assert any(row["ParentObservationGuid"] for row in rows)


def test_tpp_folders_hold_a_manifest_that_names_every_file(folder: Callable[[str], Path]) -> None:
    folders = sorted(folder("tpp_sr").iterdir())
    assert [each.name for each in folders] == ["20260303_2130", "20260324_2130", "20260331_2130"]
    for each, manifest in zip(folders, tpp(folder("tpp_sr"), "SRManifest"), strict=True):
        assert {f"{row['FileName']}.csv" for row in manifest} == {path.name for path in each.iterdir()} - {
            "SRManifest.csv"
        }
        assert all(row["DateExtractTo"] == each.name for row in manifest)
        assert all((row["IsDelta"] == "N") == (row["DateExtractFrom"] == "") for row in manifest)
    first, second, last = tpp(folder("tpp_sr"), "SRManifest")
    assert {row["IsDelta"] for row in first} == {"N"}
    assert {row["FileName"]: row["IsDelta"] for row in second}["SRImmunisation"] == "N"
    assert {row["FileName"]: row["IsDelta"] for row in last}["SRImmunisation"] == "Y"


def test_tpp_rows_are_as_long_as_their_header_and_quoted(folder: Callable[[str], Path]) -> None:
    for path in folder("tpp_sr").rglob("*.csv"):
        text = path.read_bytes().decode("cp1252")
        assert text.endswith('"\r\n')
        assert len({len(row) for row in csv.reader(text.splitlines())}) == 1


def test_tpp_removes_by_a_last_column_that_only_delta_files_have(folder: Callable[[str], Path]) -> None:
    first, second, last = tpp(folder("tpp_sr"), "SRCode")
    assert "RemovedData" not in first[0]
    assert list(second[0])[-1] == "RemovedData"
    assert {row["RemovedData"] for row in second} == {"0", "1"}
    assert {row["RemovedData"] for row in last} == {"0", "1"}
    assert "RemovedData" not in tpp(folder("tpp_sr"), "SRImmunisation")[1][0]


def test_tpp_values_are_sentinels_and_placeholders(folder: Callable[[str], Path]) -> None:
    rows = tpp(folder("tpp_sr"), "SRCode")[0]
    assert {"-1", "NULL", "0"} <= {row["SNOMEDCode"] for row in rows}
    assert "" in {row["CTV3Code"] for row in rows}
    assert {row["NumericValue"] for row in rows if row["IsNumeric"] == "FALSE"} >= {"0", "-1", "0.0", "-1.0"}
    assert "<" in {row["NumericComparator"] for row in rows}
    assert {"Z90001", "ZZ9COM", "", "NULL"} <= {row["IDOrganisation"] for row in rows}
    assert {row["IDOrganisationVisibleTo"] for row in rows} == {"Z90001", "ZZ9HUB"}
    assert any(row["CTV3Code"].startswith("Y") for row in rows)
    assert all(re.fullmatch(r"(\d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d)?", row["DateEvent"]) for row in rows)
    assert "" in {row["DateEvent"] for row in rows}


def test_tpp_registrations_are_lists_of_statuses_here_and_elsewhere(folder: Callable[[str], Path]) -> None:
    rows = tpp(folder("tpp_sr"), "SRPatientRegistration")[0]
    assert {"GMS", "GMS,Contraception", "Standard", "GMS , Minor Surgery", "Private", "Applied", ""} <= {
        row["RegistrationStatus"] for row in rows
    }
    assert "Z98765" in {row["IDOrganisation"] for row in rows}
    assert len({row["IDPatient"] for row in rows}) < len(rows)
    assert {"NULL", ""} <= {row["DateDeRegistration"] for row in rows}


def test_tpp_lists_become_numbers_after_the_first_delivery(folder: Callable[[str], Path]) -> None:
    first, second, _ = tpp(folder("tpp_sr"), "SRAppointment")
    assert "Finished" in {row["AppointmentStatus"] for row in first}
    mapped = {row["RowIdentifier"] for row in tpp(folder("tpp_sr"), "SRMapping")[1]}
    assert {row["AppointmentStatus"] for row in second} <= mapped


def test_tpp_has_other_prescribing_free_text_drugs_and_a_content_filter(folder: Callable[[str], Path]) -> None:
    rows = tpp(folder("tpp_sr"), "SRPrimaryCareMedication")[0]
    for column in ("IsOtherMedication", "IsDentalMedication", "IsHospitalMedication", "IsRepeatMedication"):
        assert {row[column] for row in rows} == {"TRUE", "FALSE"}
    assert any(row["NameOfMedication"].startswith("TEXTUAL DRUG :") for row in rows)
    assert "" in {row["DateMedicationStart"] for row in rows}
    assert tpp(folder("tpp_sr"), "SRPatientRemovedByContentFilter")[0]
    assert {row["TestPatient"] for row in tpp(folder("tpp_sr"), "SRPatient")[0]} == {"TRUE", "FALSE"}


def test_vision_files_have_no_header_and_so_many_columns(folder: Callable[[str], Path]) -> None:
    widths = {"patient": 35, "practice": 14, "staff": 8, "encounter": 14, "journal": 42, "referral": 15}
    for table, width in widths.items():
        assert {len(row) for row in vision(folder("vision"), table)} == {width}
    names = {path.name for path in folder("vision").glob("*journal*")}
    assert names == {
        "FULL_Z90001_journal_data_extract-2026-03-03-213000.csv",
        "INCREMENTAL_Z90001_journal_data_extract-2026-03-24-213000.csv",
        "INCREMENTAL_Z90001_journal_data_extract-2026-03-31-213000.csv",
    }
    assert not list(folder("vision").glob("*appointment*"))


def test_vision_journal_holds_what_misleads(folder: Callable[[str], Path]) -> None:
    rows = list(vision(folder("vision"), "journal"))
    codes, snomed, immunised = ({row[place] for row in rows} for place in (4, 5, 17))
    assert {5, 6, 7} <= {len(code) for code in codes}
    assert {"DNA", "9V0.00", "asthma"} <= codes
    assert "" in snomed
    assert any(len(code) == 20 for code in snomed)
    assert {"Given", "Refusal to start or complete course"} <= immunised
    assert "trace" in {row[26] for row in rows} | {row[29] for row in rows}
    assert {row[38] for row in rows} == {"Z90001", "ZZ9HUB"}
    assert {row[39] for row in rows} == {"A", "U", "D"}
    assert {"A", "R", "S", "P", "I", "C", "T"} <= {row[40] for row in rows}
    assert any(row[24] == "BP" and row[26] and row[29] for row in rows)


def test_vision_says_type_and_state_in_one(folder: Callable[[str], Path]) -> None:
    rows = list(vision(folder("vision"), "patient"))
    assert {row[8] for row in rows} == {"R", "T", "S", "P", "D", "L"}
    assert any(row[8] == "D" and not row[17] for row in rows)
    assert any(row[8] == "L" and not row[10] for row in rows)
    assert any(row[8] == "L" and row[10] > "20260331" for row in rows)
