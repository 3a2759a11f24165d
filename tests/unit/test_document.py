from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator

import searches
from searches.document import (
    SearchFiles,
    content_digest,
    json_schema,
    library,
    library_folder,
    load_search,
    read_folder,
    read_search,
)
from searches.errors import CodelistError, DocumentError, RuleError
from searches.search import Good, Schedule, Target, Unit
from searches.strict_yaml import read_yaml

YAML = """\
schema: 1
id: pulse-check
title: Pulse rhythm checked
why_it_matters: It finds people at risk of stroke.
unit: person
kind: proportion
dimensions: [age_band, {name: booked, values: [same day, later]}]
codelists: [pulse]
good: higher
target: {value: 0.90, source: nobody}
schedule: monthly
service_year: 2025/26
official_name: AF001
owner: us
authored_by: us
next_review: 2027-11-01
"""
SQL = """\
SELECT p.patient_id, p.age_band, CASE WHEN p.age > 50 THEN 'same day' ELSE 'later' END AS booked,
       CASE WHEN EXISTS (SELECT 1 FROM event AS e WHERE e.patient_id = p.patient_id AND e.code IN codelist.pulse)
            THEN 'met' ELSE 'not met' END AS outcome
FROM patient AS p
"""
CSV = "system,code,label,category\nsnomed,162999005,pulse rhythm regular,\n"
FILES = SearchFiles({"search.yaml": YAML, "search.sql": SQL, "README.md": "A note."}, {"pulse": CSV})


def with_yaml(old: str, new: str) -> SearchFiles:
    assert old in YAML
    return replace(FILES, files={**FILES.files, "search.yaml": YAML.replace(old, new)})


def test_a_good_folder_becomes_a_search() -> None:
    search = read_search(FILES)
    assert (search.id, search.unit, search.good, search.schedule) == (
        "pulse-check",
        Unit.PERSON,
        Good.HIGHER,
        Schedule.MONTHLY,
    )
    assert search.target == Target(Decimal("0.9"), "nobody")
    assert [dimension.name for dimension in search.dimensions] == ["age_band", "booked"]
    assert search.codelists["pulse"].of_system("snomed") == ("162999005",)
    assert (search.next_review, search.explanation, search.sql) == (date(2027, 11, 1), "A note.", SQL)
    assert search.digest == content_digest(FILES)
    assert len(search.cells()) == 21


def test_what_may_be_left_out_may_be_left_out() -> None:
    short = YAML.replace("target: {value: 0.90, source: nobody}\n", "").replace("service_year: 2025/26\n", "")
    search = read_search(
        SearchFiles({"search.yaml": short.replace("official_name: AF001\n", ""), "search.sql": SQL}, FILES.codelists)
    )
    assert (search.target, search.service_year, search.official_name, search.explanation) == (None, "", "", "")


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("schema: 1", "schema: 2", "search.yaml, schema: Input should be 1"),
        ("schema: 1", "schema: '1'", "search.yaml, schema: Input should be 1"),
        ("id: pulse-check", "id: Pulse_Check", "search.yaml, id: String should match pattern"),
        ("id: pulse-check", "id: ../../etc", "search.yaml, id: String should match pattern"),
        ("title: Pulse rhythm checked", 'title: "a\\nb"', "search.yaml, title: String should match pattern"),
        ("unit: person", "unit: household", "search.yaml, unit: Input should be 'person' or 'appointment'"),
        ("kind: proportion", "kind: distribution", "kind distribution has a measure, and no other kind has one"),
        (
            "kind: proportion",
            "kind: average",
            "search.yaml, kind: Input should be 'proportion', 'count' or 'distribution'",
        ),
        ("owner: us", "owner: us\nnhs: yes", "search.yaml, nhs: Extra inputs are not permitted"),
        ("owner: us\n", "", "search.yaml, owner: Field required"),
        ("value: 0.90", "value: 1.5", "search.yaml, target.value: Input should be less than or equal to 1"),
        ("value: 0.90", "value: '0.9'", "search.yaml, target.value: Input should be a valid number"),
        ("next_review: 2027-11-01", "next_review: soon", "search.yaml, next_review: Input should be a valid date"),
        ("service_year: 2025/26", "service_year: 2025", "search.yaml, service_year: Input should be a valid string"),
        ("[age_band, {", "[age_band, sex, {", "search.yaml, dimensions: List should have at most 2 items"),
        ("[age_band, {", "[county, {", "search.yaml, dimensions.0"),
        ("name: booked", "name: sex", "sex is reserved"),
        ("name: booked", "name: outcome", "outcome is reserved"),
        ("values: [same day, later]", "values: [later, later]", "a value stands twice"),
        ("values: [same day, later]", "values: [same day]", "at least 2 items"),
        ("values: [same day, later]", "values: [1, 2]", "Input should be a valid string"),
        ("values: [same day, later]", "values: [a, b, c, d, e, f]", "60 cells and the totals row are more than 60"),
        (
            "[age_band, {name: booked, values: [same day, later]}]",
            "[sex, sex]",
            "a dimension or code list stands twice",
        ),
        ("codelists: [pulse]", "codelists: [pulse, pulse]", "a dimension or code list stands twice"),
        ("schema: 1\n", "schema: 1\nschema: 1\n", "'schema' stands twice"),
    ],
)
def test_a_document_with_a_fault_is_refused_by_field(old: str, new: str, reason: str) -> None:
    with pytest.raises(DocumentError, match=reason):
        read_search(with_yaml(old, new))


def test_a_document_that_is_no_mapping_is_refused() -> None:
    with pytest.raises(DocumentError, match=r"search.yaml is not a list of fields"):
        read_search(SearchFiles({"search.yaml": "[1]", "search.sql": SQL}, {}))


def test_a_file_that_does_not_belong_is_refused() -> None:
    with pytest.raises(DocumentError, match=r"'run.sh' does not belong to a search"):
        read_search(replace(FILES, files={**FILES.files, "run.sh": "x"}))


def test_a_missing_file_is_refused() -> None:
    with pytest.raises(DocumentError, match=r"search.yaml or search.sql is missing"):
        read_search(SearchFiles({"search.yaml": YAML}, {}))


@pytest.mark.parametrize("lists", [{}, {"pulse": CSV, "other": CSV}])
def test_the_code_lists_sent_are_those_declared(lists: dict[str, str]) -> None:
    with pytest.raises(CodelistError, match="is either declared or sent, not both"):
        read_search(replace(FILES, codelists=lists))


def test_a_broken_code_list_is_refused() -> None:
    with pytest.raises(CodelistError, match="check digit is wrong"):
        read_search(replace(FILES, codelists={"pulse": CSV.replace("162999005", "162999006")}))


def test_a_broken_rule_is_refused() -> None:
    with pytest.raises(RuleError, match=r"line 4, column 6: there is no table patients"):
        read_search(
            replace(FILES, files={**FILES.files, "search.sql": SQL.replace("FROM patient AS", "FROM patients AS")})
        )


CHANGES: list[Callable[[SearchFiles], SearchFiles]] = [
    lambda files: replace(files, files={**files.files, "search.sql": SQL + " "}),
    lambda files: replace(files, files={**files.files, "README.md": "Another note."}),
    lambda files: replace(files, files={**files.files, "tests.yaml": ""}),
    lambda files: replace(files, codelists={"pulse": CSV + "\n"}),
    lambda files: replace(files, codelists={"pulses": CSV}),
    lambda files: SearchFiles({**files.files, "codelists/pulse.csv": CSV, "x": ""}, {}),
]


@pytest.mark.parametrize("change", CHANGES)
def test_the_digest_changes_with_everything_that_travels(change: Callable[[SearchFiles], SearchFiles]) -> None:
    assert content_digest(change(FILES)) != content_digest(FILES)


def test_the_digest_is_pinned() -> None:
    # A vector for other implementations: SHA-256 of the prefix and, for each sorted name, both lengths and texts.
    files = SearchFiles({"search.yaml": "a", "search.sql": "é"}, {"x": "c"})
    assert content_digest(files) == "63651e5f1993ec18e4ed55b4892ffe63c8836cb407909b4d92d7a473e3e82ce9"


def test_the_digest_does_not_depend_on_the_order_of_files() -> None:
    turned = SearchFiles(dict(reversed(list(FILES.files.items()))), FILES.codelists)
    assert content_digest(turned) == content_digest(FILES)


def write(folder: Path, files: SearchFiles, newline: str = "\n") -> Path:
    folder.mkdir()
    for name, text in files.files.items():
        (folder / name).write_text(text, encoding="utf-8", newline=newline)
    for name, text in files.codelists.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8", newline=newline)
    return folder


def test_a_folder_has_the_same_digest_on_windows(tmp_path: Path) -> None:
    unix = write(tmp_path / "pulse-check", FILES)
    windows = write(tmp_path / "windows", FILES, newline="\r\n")
    assert load_search(unix, unix).digest == content_digest(read_folder(windows, windows)) == content_digest(FILES)


def test_a_folder_is_named_as_its_id(tmp_path: Path) -> None:
    folder = write(tmp_path / "another", FILES)
    with pytest.raises(DocumentError, match="the folder is named another, its id is pulse-check"):
        load_search(folder, folder)


def test_a_folder_without_sql_is_refused(tmp_path: Path) -> None:
    folder = write(tmp_path / "x", SearchFiles({"search.yaml": YAML}, {}))
    with pytest.raises(DocumentError, match=r"x has no search.sql"):
        read_folder(folder)


def test_a_code_list_that_is_nowhere_is_refused(tmp_path: Path) -> None:
    folder = write(tmp_path / "x", replace(FILES, codelists={}))
    with pytest.raises(CodelistError, match="there is no code list pulse"):
        read_folder(folder)


def test_a_file_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    folder = write(tmp_path / "x", FILES)
    (folder / "README.md").write_bytes(b"caf\xe9")
    with pytest.raises(DocumentError, match=r"README.md cannot be read as UTF-8 text"):
        read_folder(folder, folder)


@pytest.mark.parametrize("search_id", library())
def test_every_packaged_search_is_valid_and_fits_the_published_schema(search_id: str) -> None:
    search = load_search(library_folder(search_id))
    content = read_yaml("search.yaml", (library_folder(search_id) / "search.yaml").read_text(encoding="utf-8"))
    assert isinstance(content, dict)
    Draft202012Validator(yaml.safe_load(json_schema())).validate({**content, "next_review": str(search.next_review)})
    assert search.id == search_id


@pytest.mark.parametrize("odd", ["\\x9b", "\\u202e", "\\u200b", "\\u2028", "\\ufeff"])
def test_no_title_hides_or_turns_round_what_a_reviewer_reads(odd: str) -> None:
    lines = YAML.splitlines()
    titled = "\n".join(f'title: "A title{odd}"' if line.startswith("title:") else line for line in lines)
    with pytest.raises(DocumentError, match="title"):
        read_search(replace(FILES, files={**FILES.files, "search.yaml": titled + "\n"}))


def test_a_search_that_is_not_packaged_is_refused() -> None:
    with pytest.raises(DocumentError, match="there is no packaged search nothing"):
        library_folder("nothing")


def test_the_published_schema_is_that_of_the_model() -> None:
    published = Path(searches.__file__).parent / "search.schema.json"
    assert published.read_text(encoding="utf-8") == json_schema()
