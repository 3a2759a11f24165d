"""Extracts: which files there are and in which order, whose they are, and what is refused."""

from __future__ import annotations

import logging
import traceback
from datetime import date
from pathlib import Path

import pytest
from sqlglot import exp, parse_one

from searches.engines.duckdb import Session
from searches.errors import AnswerError, ExtractError, LayoutError
from searches.extract import open_extract
from tests.supplier_folders import OTHERS, PRACTICE, canonical, canonical_rows, emis, guid, tpp, vision

CANARY = "CANARY-9990001112"


def only(folder: Path, pattern: str) -> Path:
    (path,) = folder.rglob(pattern)
    return path


def test_the_newest_delivery_says_how_fresh_the_extract_is(tmp_path: Path) -> None:
    for name, write in (("e", emis), ("t", tpp), ("v", vision)):
        (tmp_path / name).mkdir()
        write(tmp_path / name, {}, {"SRPatient": []} if write is tpp else {})
    assert open_extract(tmp_path / "t", "tpp_sr", PRACTICE).delivered_on == date(2026, 1, 2)
    assert open_extract(tmp_path / "v", "vision", PRACTICE).delivered_on == date(2026, 1, 1)
    assert open_extract(tmp_path / "e", "emis_im1", PRACTICE).delivered_on == date(2026, 1, 1)


def test_files_are_loaded_in_the_order_of_processing_ids_not_of_names(tmp_path: Path) -> None:
    emis(tmp_path, {"Admin_Patient": [{"DateOfBirth": "1990-01-01"}]})
    first = only(tmp_path, "*Admin_Patient*")
    later = tmp_path / first.name.replace("10-15_", "1000-1005_", 1).replace("20260101", "20260102")
    later.write_text(first.read_text().replace("1990-01-01", "1980-01-01"), newline="")
    first.rename(tmp_path / first.name.replace("10-15_", "999-999_", 1))
    assert canonical_rows(tmp_path, "emis_im1", "patient", "age") == [46]


def test_the_only_practice_of_a_folder_need_not_be_named(tmp_path: Path) -> None:
    for name in ("e", "t", "v", "c"):
        (tmp_path / name).mkdir()
    emis(tmp_path / "e", {"Admin_Organisation": [{}, {"OrganisationGuid": OTHERS, "ODSCode": "ZZ9HUB"}]})
    tpp(tmp_path / "t", {"SRPatient": [{}, {"IDOrganisationVisibleTo": "ZZ9HUB"}]})
    vision(tmp_path / "v", {})
    canonical(tmp_path / "c", {})
    opened = [("e", "emis_im1"), ("t", "tpp_sr"), ("v", "vision"), ("c", "canonical")]
    assert [open_extract(tmp_path / folder, name).practice for folder, name in opened] == [PRACTICE] * 4


def test_a_practice_whose_agreement_is_not_active_is_not_the_only_one(tmp_path: Path) -> None:
    emis(tmp_path, {}, {"Agreements_SharingOrganisation": [{"Disabled": "TRUE"}]})
    with pytest.raises(ExtractError, match="the extract holds 0 practices"):
        open_extract(tmp_path, "emis_im1")


def test_of_two_practices_one_must_be_named(tmp_path: Path) -> None:
    tpp(tmp_path, {"SRPatient": [{}, {"IDOrganisationVisibleTo": "Z90002"}]})
    with pytest.raises(ExtractError, match="the extract holds 2 practices") as refused:
        open_extract(tmp_path, "tpp_sr")
    assert "--practice" in refused.value.hint


@pytest.mark.parametrize("name", ["vision", "canonical"])
def test_another_practice_than_the_folder_says_is_refused(tmp_path: Path, name: str) -> None:
    vision(tmp_path, {})
    canonical(tmp_path, {})
    with pytest.raises(ExtractError, match="the extract is not of practice Z90009"):
        open_extract(tmp_path, name, "Z90009")


def test_no_folder_and_no_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ExtractError, match="no folder at"):
        open_extract(tmp_path / "nowhere", "vision")
    with pytest.raises(ExtractError, match="no delivery of layout tpp_sr"):
        open_extract(tmp_path, "tpp_sr")


def test_files_of_two_sharing_agreements_are_refused(tmp_path: Path) -> None:
    emis(tmp_path, {})
    path = only(tmp_path, "*Admin_Patient*")
    (tmp_path / path.name.replace("000001.csv", "000002.csv")).write_bytes(path.read_bytes())
    with pytest.raises(ExtractError, match="files of 2 sharing agreements, expected one"):
        open_extract(tmp_path, "emis_im1", PRACTICE)


def test_a_missing_table_is_named(tmp_path: Path) -> None:
    emis(tmp_path, {"Admin_Patient": [{}]}, every_table=False)
    with pytest.raises(ExtractError, match="no file of table Admin_Organisation in the extract"):
        canonical_rows(tmp_path, "emis_im1", "patient", "age")


def test_an_emis_table_that_begins_after_the_first_delivery_is_refused(tmp_path: Path) -> None:
    emis(tmp_path, {"CareRecord_Observation": [{}]}, {"CareRecord_Observation": [{}], "Coding_DrugCode": []})
    assert open_extract(tmp_path, "emis_im1", PRACTICE)
    only(tmp_path, "10-15_Coding_DrugCode*").unlink()
    assert open_extract(tmp_path, "emis_im1", PRACTICE), "dictionaries are sent whole each time"
    only(tmp_path, "10-15_CareRecord_Observation_*").unlink()
    with pytest.raises(ExtractError, match=r"20-25_CareRecord_Observation_.* holds changes"):
        open_extract(tmp_path, "emis_im1", PRACTICE)


def test_a_tpp_delivery_without_its_manifest_is_refused_not_passed_over(tmp_path: Path) -> None:
    tpp(tmp_path, {"SRPatient": [{}]}, {"SRPatient": [{}]})
    last = max(tmp_path.glob("*/SRManifest.csv"))
    last.unlink()
    with pytest.raises(ExtractError, match=rf"{last.parent.name} has no SRManifest.csv"):
        open_extract(tmp_path, "tpp_sr", PRACTICE)


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    tpp(tmp_path, {"SRPatient": [{}]})
    path = only(tmp_path, "SRPatient.csv")
    path.write_bytes(path.read_bytes().replace(b"DateBirth", b"DateOfBirth"))
    with pytest.raises(ExtractError, match=r"SRPatient.csv: column DateBirth is missing"):
        canonical_rows(tmp_path, "tpp_sr", "patient", "age")


def test_a_file_that_stops_within_its_last_record_is_refused(tmp_path: Path) -> None:
    vision(tmp_path, {"patient": [{}]})
    path = only(tmp_path, "*patient*")
    path.write_bytes(path.read_bytes()[:-2])
    with pytest.raises(ExtractError, match="is cut short: it does not end with a line end"):
        canonical_rows(tmp_path, "vision", "patient", "age")


def test_a_record_that_is_too_short_is_refused_with_its_line_and_no_value(tmp_path: Path) -> None:
    vision(tmp_path, {"patient": [{}]})
    path = only(tmp_path, "*patient*")
    path.write_bytes(path.read_bytes() + f"2,{CANARY}\r\n".encode())
    with pytest.raises(ExtractError, match="line 2: expected 35 columns, got 2") as refused:
        canonical_rows(tmp_path, "vision", "patient", "age")
    assert CANARY not in "".join(traceback.format_exception(refused.value))
    assert refused.value.__context__ is None


def test_a_record_that_is_too_long_is_refused(tmp_path: Path) -> None:
    vision(tmp_path, {"patient": [{}]})
    path = only(tmp_path, "*patient*")
    path.write_bytes(path.read_bytes() + b"2" + b"," * 35 + b"x\r\n")
    with pytest.raises(ExtractError, match="line 2: expected 35 columns, got 36"):
        canonical_rows(tmp_path, "vision", "patient", "age")


def test_an_open_quote_is_refused_without_a_value(tmp_path: Path) -> None:
    emis(tmp_path, {"Admin_Patient": [{}]})
    path = only(tmp_path, "*Admin_Patient*")
    path.write_bytes(path.read_bytes() + f'"{CANARY}\r\n'.encode())
    with pytest.raises(ExtractError, match="is cut short: a quote is not closed") as refused:
        canonical_rows(tmp_path, "emis_im1", "patient", "age")
    assert CANARY not in "".join(traceback.format_exception(refused.value))


def test_a_byte_that_is_no_utf_8_is_refused_without_a_value(tmp_path: Path) -> None:
    vision(tmp_path, {"patient": [{}, {"PID": "2", "ACTIVE": CANARY}]})
    path = only(tmp_path, "*patient*")
    path.write_bytes(path.read_bytes().replace(b"CANARY-", b"CANARY\xff\xfe"))
    with pytest.raises(ExtractError, match="line 2: a byte that is not of the declared encoding") as refused:
        canonical_rows(tmp_path, "vision", "patient", "age")
    assert "9990001112" not in "".join(traceback.format_exception(refused.value))
    assert refused.value.__context__ is None


def test_a_byte_that_windows_1252_does_not_have_is_refused_without_a_value(tmp_path: Path) -> None:
    tpp(tmp_path, {"SRPatient": [{"Surname": CANARY}]})
    path = only(tmp_path, "SRPatient.csv")
    path.write_bytes(path.read_bytes().replace(b"CANARY-", b"CANARY\x81"))
    with pytest.raises(ExtractError, match=r"SRPatient.csv cannot be read") as refused:
        canonical_rows(tmp_path, "tpp_sr", "patient", "age")
    assert "9990001112" not in "".join(traceback.format_exception(refused.value))
    assert refused.value.__context__ is None


@pytest.mark.parametrize("surname", ["Plain", "Zoë", "O’Canary"])
def test_each_way_of_reading_windows_1252_gives_the_same_rows(tmp_path: Path, surname: str) -> None:
    rows = [{"Surname": surname, "FirstName": "Kim", "RowIdentifier": str(number)} for number in range(1, 4)]
    spells = [{"RowIdentifier": str(number), "IDPatient": str(number)} for number in range(1, 4)]
    tpp(tmp_path, {"SRPatient": rows, "SRPatientRegistration": spells})
    assert canonical_rows(tmp_path, "tpp_sr", "patient", "patient_id") == [1, 2, 3]


def test_a_short_record_is_refused_in_every_way_of_reading(tmp_path: Path) -> None:
    tpp(tmp_path, {"SRPatient": [{}]})
    path = only(tmp_path, "SRPatient.csv")
    path.write_bytes(path.read_bytes() + b'"2","x"\r\n')
    with pytest.raises(ExtractError, match=r"SRPatient.csv cannot be read: expected 13 columns, got 2"):
        canonical_rows(tmp_path, "tpp_sr", "patient", "patient_id")


def test_a_line_end_inside_a_quoted_value_is_part_of_it(tmp_path: Path) -> None:
    emis(tmp_path, {"Admin_Patient": [{"Surname": "two\r\nlines"}, {"PatientGuid": guid(2)}]})
    assert len(canonical_rows(tmp_path, "emis_im1", "patient", "patient_id")) == 2


def test_a_byte_order_mark_is_no_part_of_the_first_header(tmp_path: Path) -> None:
    emis(tmp_path, {"Admin_Patient": [{}]})
    path = only(tmp_path, "*Admin_Patient*")
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert len(canonical_rows(tmp_path, "emis_im1", "patient", "patient_id")) == 1


def test_a_file_the_manifest_lists_must_be_there(tmp_path: Path) -> None:
    tpp(tmp_path, {"SRPatient": [{}]})
    only(tmp_path, "SRCode.csv").unlink()
    with pytest.raises(ExtractError, match=r"lists SRCode.csv, which is missing"):
        open_extract(tmp_path, "tpp_sr", PRACTICE)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (b'"N"', b'"?"', "IsDelta of .* is neither Y nor N"),
        (b"20260101_0200", b"soon", "no such date and time"),
        (b"SRCode", b"../../x", "a file name that is no table"),
        (b"IsDelta", b"Delta", "expected the columns FileName, IsDelta, DateExtractTo"),
    ],
)
def test_a_manifest_that_cannot_be_understood_is_refused(tmp_path: Path, old: bytes, new: bytes, message: str) -> None:
    tpp(tmp_path, {"SRPatient": [{}]})
    path = only(tmp_path, "SRManifest.csv")
    path.write_bytes(path.read_bytes().replace(old, new))
    with pytest.raises(ExtractError, match=message):
        open_extract(tmp_path, "tpp_sr", PRACTICE)


def test_a_path_that_could_mean_several_files_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "extract[1]"
    folder.mkdir()
    vision(folder, {"patient": [{}]})
    with pytest.raises(ExtractError, match="its path holds one of"):
        canonical_rows(folder, "vision", "patient", "age")


def test_a_locked_session_reads_and_writes_no_file_and_keeps_its_settings(tmp_path: Path) -> None:
    secret = tmp_path / "secret.csv"
    secret.write_text("a\n1\n")
    with Session() as session:
        session.lock()
        for statement in (
            f"SELECT * FROM read_csv('{secret}')",
            f"SELECT * FROM '{secret}'",
            f"COPY (SELECT 1) TO '{tmp_path / 'out.csv'}'",
            f"ATTACH '{tmp_path / 'x.db'}'",
            "SET enable_external_access = true",
            "RESET lock_configuration",
            "INSTALL httpfs",
            "LOAD httpfs",
        ):
            assert session._fault(statement, []) != "", statement
    assert sorted(path.name for path in tmp_path.iterdir()) == ["secret.csv"]


def test_nothing_is_asked_before_the_session_is_locked() -> None:
    with Session() as session, pytest.raises(LayoutError, match="a query before the database is locked"):
        session.rows(parse_one("SELECT 1 AS x", read="duckdb"))


def test_what_a_database_says_of_a_row_is_not_passed_on(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with Session() as session:
        session.lock()
        tree = exp.select(exp.cast(exp.Literal.string(CANARY), "DATE").as_("x"))
        with pytest.raises(AnswerError, match="the statement did not run: ConversionException") as refused:
            session.rows(tree)
    assert CANARY not in "".join(traceback.format_exception(refused.value))
    assert CANARY not in caplog.text
