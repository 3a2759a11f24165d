# ruff: noqa: E501 - one case, one line: tables are drawn as tables
from __future__ import annotations

import pytest

from searches.canon import AGE_BANDS, IMD_QUINTILES, SEXES
from searches.errors import RuleError
from searches.footprint import footprint
from searches.parse import parse
from searches.rules import Declared, check
from searches.search import Dimension, Unit

AGE_BAND = Dimension("age_band", AGE_BANDS)
SEX = Dimension("sex", SEXES)
IMD = Dimension("imd_quintile", IMD_QUINTILES)
LEAD = Dimension("lead", ("same day", "later"))
WHO = Dimension("who", ("gp", "nurse", "other", "unknown"))
OUTCOME = "CASE WHEN p.age > 40 THEN 'met' ELSE 'not met' END AS outcome"
DNA = "CASE WHEN a.status = 'dna' THEN 'met' ELSE 'not met' END AS outcome"


def declared(
    *dimensions: Dimension, unit: Unit = Unit.PERSON, kind: str = "proportion", codelists: tuple[str, ...] = ()
) -> Declared:
    return Declared(unit, kind, dimensions, frozenset(codelists))


def appointments(columns: str = "a.appointment_id", source: str = "appointment AS a") -> str:
    return f"SELECT a.patient_id, {columns}, {DNA} FROM {source}"


@pytest.mark.parametrize(
    ("sql", "facts"),
    [
        (f"SELECT p.patient_id, p.age_band, p.sex, {OUTCOME} FROM patient AS p", declared(AGE_BAND, SEX)),
        (f"SELECT p.sex, p.patient_id, {OUTCOME} FROM patient AS p", declared(SEX)),
        (f"SELECT p.patient_id, p.imd_quintile, {OUTCOME} FROM patient AS p", declared(IMD)),
        ("SELECT p.patient_id, 'met' AS outcome FROM patient AS p", declared(kind="count")),
        (
            "SELECT p.patient_id, CASE WHEN p.age > 40 THEN 'met' END AS outcome FROM patient AS p",
            declared(kind="count"),
        ),
        (appointments(), declared(unit=Unit.APPOINTMENT)),
        (
            appointments(
                "a.appointment_id, p.age_band", "appointment AS a JOIN patient AS p ON p.patient_id = a.patient_id"
            ),
            declared(AGE_BAND, unit=Unit.APPOINTMENT),
        ),
        (
            appointments(
                "a.appointment_id, (CASE WHEN a.booked_date >= a.start_date THEN ('same day') ELSE 'later' END) AS lead"
            ),
            declared(LEAD, unit=Unit.APPOINTMENT),
        ),
        (
            appointments("a.appointment_id, COALESCE(a.clinician_role, 'unknown') AS who"),
            declared(WHO, unit=Unit.APPOINTMENT),
        ),
    ],
)
def test_what_the_document_declares_is_accepted(sql: str, facts: Declared) -> None:
    check(parse(sql), facts)


@pytest.mark.parametrize(
    ("marked", "facts", "reason"),
    [
        (f"«SELECT p.patient_id, {OUTCOME} FROM patient AS p", declared(SEX), "the column sex is missing"),
        (f"SELECT p.patient_id, «p.sex, {OUTCOME} FROM patient AS p", declared(), "the column sex is not declared"),
        (
            f"SELECT p.patient_id, «CASE WHEN p.age > 3 THEN 'F' ELSE 'M' END AS sex, {OUTCOME} FROM patient AS p",
            declared(SEX),
            "sex is the column of patient, unchanged",
        ),
        (
            f"SELECT p.patient_id, «CASE WHEN p.age > 3 THEN 'later' END AS lead, {OUTCOME} FROM patient AS p",
            declared(LEAD),
            "the dimension lead can be NULL",
        ),
        (
            f"SELECT p.patient_id, «CASE WHEN p.age > 3 THEN NULL ELSE 'later' END AS lead, {OUTCOME} FROM patient AS p",
            declared(LEAD),
            "the dimension lead can be NULL",
        ),
        (
            f"SELECT p.patient_id, CASE WHEN p.age > 3 THEN 'later' ELSE «'never' END AS lead, {OUTCOME} FROM patient AS p",
            declared(LEAD),
            "'never' is not a value of lead",
        ),
        (f"SELECT p.patient_id, «p.age AS lead, {OUTCOME} FROM patient AS p", declared(LEAD), "lead is not a text"),
        (
            appointments("a.appointment_id, «a.clinician_role AS who"),
            declared(WHO, unit=Unit.APPOINTMENT),
            "the dimension who can be NULL",
        ),
        (
            appointments("a.appointment_id, COALESCE(a.mode, «'unknown') AS who").replace("COALESCE(a.mode, «", "«COALESCE(a.mode, "),
            declared(WHO, unit=Unit.APPOINTMENT),
            "'face_to_face' is not a value of who",
        ),
        ("SELECT p.patient_id, «'excepted' AS outcome FROM patient AS p", declared(kind="count"), "'excepted' is not a value"),
        ("SELECT p.patient_id, CASE WHEN p.age > 3 THEN 'met' ELSE «'not met' END AS outcome FROM patient AS p", declared(kind="count"), "'not met' is not a value of outcome"),
        (f"SELECT p.patient_id, {OUTCOME} FROM «patient AS p", declared(unit=Unit.APPOINTMENT), "selects FROM appointment"),
        (f"«SELECT a.patient_id, {DNA} FROM appointment AS a", declared(unit=Unit.APPOINTMENT), "the column appointment_id is missing"),
        (appointments("«a.patient_id AS appointment_id"), declared(unit=Unit.APPOINTMENT), "under its own name"),
        (appointments("«a.booked_date AS appointment_id"), declared(unit=Unit.APPOINTMENT), "appointment_id is that of the table"),
        (appointments("«a.appointment_id"), declared(), "FROM may have several rows per patient"),
        (
            "SELECT p.patient_id, 'met' AS outcome FROM patient AS p WHERE EXISTS (SELECT 1 FROM event AS e WHERE e.patient_id = p.patient_id AND e.code IN «codelist.pulse)",
            declared(kind="count"),
            "the code list pulse is not declared",
        ),
        ("«SELECT p.patient_id, 'met' AS outcome FROM patient AS p", declared(kind="count", codelists=("x",)), "the code list x is declared and never used"),
    ],
)  # fmt: skip
def test_what_the_document_does_not_declare_is_refused(marked: str, facts: Declared, reason: str) -> None:
    before, _, after = marked.partition("«")
    with pytest.raises(RuleError, match=reason) as caught:
        check(parse(before + after), facts)
    if "several rows" not in reason:
        assert (caught.value.line, caught.value.column) == (1, len(before) + 1)


def test_the_place_is_right_in_a_file_of_many_lines() -> None:
    sql = "-- why\nSELECT p.patient_id,\n\tCASE\n       WHEN p.sex = 'f' THEN 'met' ELSE 'not met'\n       END AS outcome\nFROM patient AS p\n"
    with pytest.raises(RuleError, match="line 4, column 21: 'f' is not in the domain") as caught:
        check(parse(sql), declared())
    assert caught.value.suggestion == "use one of: F, I, M, U"


def test_a_footprint_is_every_table_column_code_list_and_date_that_is_touched() -> None:
    touched = footprint(
        parse(
            "WITH x AS (SELECT m.patient_id, MAX(m.issue_date) AS last FROM medication AS m WHERE m.issue_type = 'repeat' "
            "AND m.code IN codelist.statins GROUP BY m.patient_id) "
            "SELECT p.patient_id, CASE WHEN EXISTS (SELECT 1 FROM event WHERE event.patient_id = p.patient_id AND value > 3) "
            "THEN 'met' END AS outcome FROM patient AS p JOIN x ON x.patient_id = p.patient_id "
            "WHERE x.last >= :season_start + INTERVAL '1' DAY"
        )
    )
    assert touched.tables == {
        "event": frozenset({"patient_id", "value"}),
        "medication": frozenset({"patient_id", "issue_date", "issue_type", "code"}),
        "patient": frozenset({"patient_id"}),
    }
    assert touched.codelists == {"statins"}
    assert touched.bound_dates == {"season_start"}


def test_a_footprint_of_a_broken_search_is_refused() -> None:
    with pytest.raises(RuleError, match="there is no table opt_out"):
        footprint(parse("SELECT o.patient_id, 'met' AS outcome FROM opt_out AS o"))
