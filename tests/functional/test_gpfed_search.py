"""`gpfed-search` from outside: arguments, standard output, standard error, exit codes."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from searches.__main__ import ENGINES, LAYOUTS, main
from searches.document import library, library_folder
from searches.layouts import LAYOUTS as LAYOUTS_THERE_ARE
from searches.translate import ENGINES as ENGINES_THERE_ARE

ROOT = Path(__file__).parents[2]
DAY = ["--reference-date", "2026-03-31"]


@pytest.fixture(scope="module")
def extracts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("extracts")
    for layout in LAYOUTS:
        arguments = ["--layout", layout, "--patients", "200", "--seed", "7", "--out", str(folder / layout)]
        assert main(["synthesise", *arguments]) == 0
    return folder


def program(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "searches", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT, timeout=60)


def broken(tmp_path: Path, old: str, new: str) -> Path:
    folder = tmp_path / "pulse-rhythm-65"
    shutil.copytree(library_folder("pulse-rhythm-65"), folder)
    sql = (folder / "search.sql").read_text(encoding="utf-8")
    assert old in sql
    (folder / "search.sql").write_text(sql.replace(old, new), encoding="utf-8")
    return folder


def test_help_shows_examples_and_exit_codes() -> None:
    done = program("--help")
    assert done.returncode == 0
    assert "gpfed-search check pulse-rhythm-65" in done.stdout
    assert "13  the extract cannot be read" in done.stdout


@pytest.mark.parametrize("command", ["check", "test", "run", "sql", "synthesise"])
def test_every_command_has_help_with_an_example(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        main([command, "--help"])
    printed = capsys.readouterr().out
    assert f"example:\n  gpfed-search {command} " in printed
    assert "--json" in printed


def test_help_loads_no_heavy_library() -> None:
    code = "import sys, searches.__main__ as m; m.parser().format_help(); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert not {"sqlglot", "duckdb", "pydantic", "yaml"} & set(done.stdout.split())


def test_the_choices_are_those_there_are() -> None:
    assert LAYOUTS_THERE_ARE == LAYOUTS
    assert sorted(ENGINES_THERE_ARE) == sorted(ENGINES)


@pytest.mark.parametrize("arguments", [[], ["check"], ["check", "x", "--nothing"], ["run", "x", "--layout", "y"]])
def test_a_wrong_command_line_is_exit_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(arguments)
    assert "usage: gpfed-search" in capsys.readouterr().err


@pytest.mark.parametrize("patients", ["0", "-1", "many", "1000001"])
def test_a_count_that_is_none_is_exit_2(patients: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["synthesise", "--layout", "vision", "--patients", patients, "--seed", "1", "--out", "x"])
    assert "expected a whole number from 1 to 1,000,000" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("option", "found", "message"),
    [
        ("--reference-date", "2026-02-30", "expected a day such as 2026-03-31, found '2026-02-30'"),
        ("--practice", "../Z90001", "expected letters and digits, found '../Z90001'"),
    ],
)
def test_a_day_or_a_practice_that_is_none_is_exit_2(
    option: str, found: str, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "deep" / "out"
    with pytest.raises(SystemExit, match="2"):
        main(["synthesise", "--layout", "vision", "--patients", "3", "--seed", "1", "--out", str(out), option, found])
    assert message in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("search_id", library())
def test_check_accepts_every_packaged_search(search_id: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", search_id]) == 0
    assert capsys.readouterr().out.startswith(f"{search_id}: accepted\n")


def test_check_says_what_is_read_and_how_many_cells(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(library_folder("pulse-rhythm-65")), "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["state"] == "accepted"
    assert facts["tables"]["event"] == ["code", "event_date", "patient_id"]
    assert facts["bound_dates"] == ["reference_date"]
    assert list(facts["codelists"]) == ["pulse_rhythm"]
    assert facts["cells"] == 41


def test_check_refuses_with_line_column_reason_and_what_to_write(tmp_path: Path) -> None:
    done = program("check", str(broken(tmp_path, "FROM patient AS p", "FROM patients AS p")))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("gpfed-search: line ")
    assert "column 6: there is no table patients\n  the tables are: patient, event" in done.stderr


def test_check_refuses_once_where_no_json_is_asked_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(broken(tmp_path, "p.age >= 65", "p.age >= :today"))]) == 1
    assert capsys.readouterr().out == ""


def test_check_refuses_in_json_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(broken(tmp_path, "p.age >= 65", "p.age >= median(3)")), "--json"]) == 1
    refused = json.loads(capsys.readouterr().out)
    assert refused["state"] == "refused"
    assert refused["reason"] == "the function MEDIAN is refused"
    assert refused["line"] > 1


def test_check_refuses_a_folder_that_is_no_search(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(tmp_path), "--json"]) == 1
    printed = capsys.readouterr()
    assert json.loads(printed.out)["reason"].endswith("has no search.yaml")
    assert "a search is a folder with search.yaml and search.sql" in printed.err


def test_code_lists_of_ones_own_are_used(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "pulse_rhythm.csv").write_text("system,code,label,category\nread2,2431.,pulse,\n", encoding="utf-8")
    assert main(["check", "pulse-rhythm-65", "--codelists", str(tmp_path), "--json"]) == 0
    own = json.loads(capsys.readouterr().out)["digest"]
    assert main(["check", "pulse-rhythm-65", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["digest"] != own


def test_test_names_every_hand_made_patient(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["test", "pulse-rhythm-65"]) == 0
    printed = capsys.readouterr()
    assert all(line.startswith("ok    ") for line in printed.out.splitlines())
    assert printed.err.endswith(" checked, 0 not as expected\n")


def test_test_fails_where_a_patient_gets_another_outcome(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = broken(tmp_path, "p.age >= 65", "p.age >= 66")
    assert main(["test", str(folder)]) == 1
    assert "FAIL  " in capsys.readouterr().out
    assert main(["test", str(folder), "--json"]) == 1
    said = json.loads(capsys.readouterr().out)
    assert said["failed"] == sum(not patient["holds"] for patient in said["patients"]) > 0
    assert said["checked"] == len(said["patients"])


def test_test_needs_hand_made_patients(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = broken(tmp_path, "p.age", "p.age")
    (folder / "tests.yaml").unlink()
    assert main(["test", str(folder)]) == 1
    assert "search pulse-rhythm-65 has no tests.yaml" in capsys.readouterr().err


@pytest.mark.parametrize("search_id", ["pulse-rhythm-65", "diabetes-hba1c"])
def test_run_gives_the_same_exact_cells_from_every_layout(
    search_id: str, extracts: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    answers = []
    for layout in LAYOUTS:
        assert main(["run", search_id, "--extract", str(extracts / layout), "--layout", layout, *DAY, "--json"]) == 0
        answers.append(json.loads(capsys.readouterr().out))
    assert {answer["layout"] for answer in answers} == set(LAYOUTS)
    assert all(answer["cells"] == answers[0]["cells"] for answer in answers)
    totals = answers[0]["cells"][0]
    assert totals["dimensions"] == {}
    assert totals["met"]["everyone"] >= totals["met"]["without_type1"] > 0
    assert answers[0]["receipt"]["search_digest"] == answers[0]["digest"]


def test_run_counts_appointments_capped_and_uncapped(extracts: Path, capsys: pytest.CaptureFixture[str]) -> None:
    where = ["--extract", str(extracts / "emis_im1"), "--layout", "emis_im1", *DAY]
    assert main(["run", "dna-booking-lead", *where, "--json"]) == 0
    totals = json.loads(capsys.readouterr().out)["cells"][0]["not_met"]
    assert totals["everyone_uncapped"] >= totals["everyone"] > 0
    assert main(["run", "dna-booking-lead", *where]) == 0
    uncapped = f"{totals['everyone_uncapped']} ({totals['without_type1_uncapped']})"
    assert f"{uncapped} [{totals['everyone']} ({totals['without_type1']})]" in capsys.readouterr().out


def test_run_says_what_a_layout_has_no_source_for(extracts: Path, capsys: pytest.CaptureFixture[str]) -> None:
    where = ["--extract", str(extracts / "vision"), "--layout", "vision", *DAY]
    assert main(["run", "dna-booking-lead", *where, "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["state"], said["reason"], said["cells"]) == ("not_run", "layout_has_no_appointments", [])
    assert main(["run", "dna-booking-lead", *where]) == 0
    assert "layout_has_no_appointments: " in capsys.readouterr().out


def test_run_fails_where_the_answer_is_not_valid(
    tmp_path: Path, extracts: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # No layout has a source for the quintile in this extract, so that the dimension is NULL.
    folder = broken(tmp_path, "p.sex", "p.imd_quintile")
    document = (folder / "search.yaml").read_text(encoding="utf-8")
    (folder / "search.yaml").write_text(
        document.replace("[age_band, sex]", "[age_band, imd_quintile]"), encoding="utf-8"
    )
    where = ["--extract", str(extracts / "tpp_sr"), "--layout", "tpp_sr", *DAY, "--json"]
    assert main(["run", str(folder), *where]) == 1
    assert json.loads(capsys.readouterr().out)["state"] == "failed"


def test_run_without_an_extract_is_exit_13(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "pulse-rhythm-65", "--extract", str(tmp_path), "--layout", "vision", *DAY]) == 13
    assert capsys.readouterr().err.startswith("gpfed-search: ")


def test_sql_is_one_statement_with_its_receipt(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sql", "pulse-rhythm-65", "--layout", "tpp_sr", *DAY, "--receipt"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("WITH ")
    assert ":reference_date" not in lines[0]
    assert "-- layout: tpp_sr" in lines
    assert main(["sql", "pulse-rhythm-65", "--layout", "tpp_sr", *DAY, "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["sql"] == lines[0]
    assert f"-- statement_digest: {said['receipt']['statement_digest']}" in lines
    assert main(["sql", "pulse-rhythm-65", "--layout", "tpp_sr", *DAY]) == 0
    assert capsys.readouterr().out == lines[0] + "\n"


def test_sql_that_a_layout_cannot_have_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sql", "dna-booking-lead", "--layout", "vision", *DAY]) == 1
    assert "appointment" in capsys.readouterr().err


def test_synthesise_says_what_it_wrote(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = [
        "synthesise",
        "--layout",
        "canonical",
        "--patients",
        "20",
        "--seed",
        "1",
        "--out",
        str(tmp_path / "new"),
    ]
    assert main([*arguments, "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["layout"], said["practice"], said["rows"]["patient.csv"]) == ("canonical", "Z90001", 20)
    assert main(arguments) == 13
    assert "the folder new is not empty" in capsys.readouterr().err


def test_an_interruption_is_exit_130(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("searches.commands.check.run", interrupted)
    assert main(["check", "pulse-rhythm-65"]) == 130
    assert capsys.readouterr().err == "gpfed-search: interrupted\n"


@pytest.mark.skipif(os.name != "posix", reason="head")
def test_a_reader_who_has_seen_enough_is_no_failure() -> None:
    command = f"{sys.executable} -m searches sql diabetes-hba1c --layout tpp_sr --reference-date 2026-03-31 | true"
    done = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {command}"], capture_output=True, text=True, check=False, cwd=ROOT
    )
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("engine", ENGINES)
def test_sql_is_written_for_every_engine_with_the_tables_as_the_site_calls_them(
    engine: str, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["sql", "pulse-rhythm-65", "--layout", "vision", "--engine", engine, "--reference-date", "2026-03-31"]
    assert main([*asked, "--schema", "dbo", "--prefix", "vn_", "--receipt"]) == 0
    told = capsys.readouterr().out
    assert f"-- engine: {engine}" in told
    assert re.search(r"dbo\W+vn_journal\b", told)
    assert "raw" not in told
