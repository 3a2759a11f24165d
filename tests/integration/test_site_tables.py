"""Whether a site's tables are as declared is read from the live catalogue of every engine, and said precisely."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from searches.answer_database import answer_on
from searches.document import library_folder, load_search
from searches.engines import Site
from searches.layouts.site_tables import Checked, check_tables
from tests.engine_kit import RawPractice, raw_practice
from tests.engine_servers import RUNNING, Database, Servers
from tests.site_kit import SitePractice, drop, held, resent

DAY = date(2024, 2, 29)
AS_DELIVERED = Site("gp", "my_")
TYPED = Site("gp", "my_", "native", "merged")
SEARCHES = tuple(load_search(library_folder(name)) for name in ("diabetes-bp", "af-anticoagulation"))
MARK = {"mysql": "`"}
MISSING = "as the supplier delivers it; got none"
RIGHTS = "check that the login may read it"
NAMES = "check schema and prefix, and that the login may read it"


@pytest.fixture(scope="module")
def practice(tmp_path_factory: pytest.TempPathFactory) -> RawPractice:
    folder: Path = tmp_path_factory.mktemp("raw")
    return resent(raw_practice("tpp_sr", 20, 5, folder, DAY))


@pytest.fixture(scope="module", params=RUNNING)
def database(request: pytest.FixtureRequest, servers: Servers) -> Iterator[Database]:
    with servers.database(request.param) as opened:
        yield opened


def checked(loaded: SitePractice, database: Database) -> Checked:
    return check_tables(held(loaded, database), identifying=False)


def change(loaded: SitePractice, database: Database, table: str, text: str) -> None:
    """ALTER a table; names in the text stand between double quotes."""
    mark = MARK.get(database.name, '"')
    named = f'"{loaded.site.schema}"."my_{table}"'
    database.run(f"ALTER TABLE {named} {text}".replace('"', mark))


@pytest.fixture(params=(AS_DELIVERED, TYPED), ids=("as delivered", "typed and merged"))
def loaded(request: pytest.FixtureRequest, practice: RawPractice, database: Database) -> Iterator[SitePractice]:
    made = SitePractice(practice, request.param).load(database)
    yield made
    drop(database, made.site)


def test_tables_as_declared_give_no_complaint(loaded: SitePractice, database: Database) -> None:
    assert checked(loaded, database).complaints == ()


def test_a_column_that_is_not_there_is_named(loaded: SitePractice, database: Database) -> None:
    change(loaded, database, "SRCode", 'RENAME COLUMN "CTV3Code" TO "Ctv3"')
    assert checked(loaded, database).complaints == (
        f'table "my_SRCode" has no column "CTV3Code": expected text, {MISSING}: load it, and {RIGHTS}',
    )


def test_a_column_in_another_case_is_read(loaded: SitePractice, database: Database) -> None:
    expected = answers(loaded, database)
    change(loaded, database, "SRCode", 'RENAME COLUMN "DateEvent" TO "to_come"')  # one engine knows no case at all
    change(loaded, database, "SRCode", 'RENAME COLUMN "to_come" TO "DATEEVENT"')
    assert checked(loaded, database).complaints == ()
    assert answers(loaded, database) == expected


def test_what_the_layout_can_do_without_may_be_absent(loaded: SitePractice, database: Database) -> None:
    expected = answers(loaded, database)
    mark = MARK.get(database.name, '"')
    for table in ("SRMapping", "SRPatientRemovedByContentFilter"):
        database.run(f'DROP TABLE "{loaded.site.schema}"."my_{table}"'.replace('"', mark))
    change(loaded, database, "SRImmunisation", 'DROP COLUMN "RemovedData"')
    assert checked(loaded, database).complaints == ()
    assert answers(loaded, database).keys() == expected.keys()


def test_a_table_that_must_be_there_is_named(loaded: SitePractice, database: Database) -> None:
    mark = MARK.get(database.name, '"')
    database.run(f'DROP TABLE "{loaded.site.schema}"."my_SRProblem"'.replace('"', mark))
    assert checked(loaded, database).complaints == (
        f'no table "my_SRProblem" in schema "{loaded.site.schema}": expected it, {MISSING}: {NAMES}',
    )


def test_types_that_are_not_those_declared_are_named(practice: RawPractice, database: Database) -> None:
    typed = SitePractice(practice, TYPED).load(database)
    wrong = SitePractice(practice, replace(typed.site, columns="text"))
    said = checked(wrong, database).complaints
    drop(database, typed.site)
    expected = 'table "my_SRCode" column "SNOMEDCode": expected text; got bigint: set columns = "native"'
    assert any(one.startswith(expected) for one in said)
    assert not any("CTV3Code" in one for one in said)


def test_one_exception_can_be_declared(practice: RawPractice, database: Database) -> None:
    types = (("SRCode.SNOMEDCode", "text"), ("RemovedData", "text"))
    loaded = SitePractice(practice, replace(TYPED, types=types))
    made = loaded.load(database)
    change_type(made, database)
    assert checked(made, database).complaints == ()
    without = SitePractice(practice, replace(made.site, types=()))
    said = checked(without, database).complaints
    drop(database, made.site)
    [complaint] = said
    assert complaint.startswith('table "my_SRCode" column "SNOMEDCode": expected bigint; got text: ')
    assert complaint.endswith('set under [database.types] "SRCode.SNOMEDCode" = "text"')


def change_type(made: SitePractice, database: Database) -> None:
    change(made, database, "SRCode", 'DROP COLUMN "SNOMEDCode"')
    change(made, database, "SRCode", f'ADD COLUMN "SNOMEDCode" {"TEXT" if database.name != "mysql" else "VARCHAR(30)"}')


def test_a_key_kept_twice_is_seen_where_history_is_merged(practice: RawPractice, database: Database) -> None:
    made = SitePractice(practice, replace(AS_DELIVERED, history="kept")).load(database)
    merged = SitePractice(practice, replace(made.site, history="merged"))
    said = checked(merged, database).complaints
    drop(database, made.site)
    assert any(one.startswith('table "my_SRPatient" holds ') and "expected one row for each" in one for one in said), (
        said
    )


def test_a_table_without_an_index_is_noted_and_is_no_complaint(loaded: SitePractice, database: Database) -> None:
    notes = checked(loaded, database).notes
    if database.name == "duckdb":  # it reads whole columns, index or not
        assert notes == ()
        return
    assert (
        'table "my_SRCode" has no index that begins with "CTV3Code" or "IDPatient" or "SNOMEDCode": every answer reads '
        "all of it"
    ) in notes
    mark = MARK.get(database.name, '"')
    of = f'"{loaded.site.schema}".' if database.name == "sqlite" else ""
    on = '"my_SRCode"' if database.name == "sqlite" else f'"{loaded.site.schema}"."my_SRCode"'
    database.run(f'CREATE INDEX {of}"one" ON {on} ("IDPatient")'.replace('"', mark))
    assert not any("SRCode" in note for note in checked(loaded, database).notes)


def answers(loaded: SitePractice, database: Database) -> dict[str, object]:
    asked = held(loaded, database)
    found = answer_on(replace(asked, site=checked(loaded, database).site), SEARCHES, DAY)
    return dict(found.results)
