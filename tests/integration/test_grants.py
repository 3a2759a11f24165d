"""The login that the printed script makes can read what the layout reads, on real servers, and nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from agent.databases.connection import Asked, SiteDatabase, open_site
from agent.databases.settings import DatabaseSettings
from agent.errors import ConfigError
from agent.grants import script
from searches.answer_database import answer_on, identities_on
from searches.errors import DatabaseError
from searches.layouts import layout
from searches.layouts.site_tables import check_tables
from searches.people import PeopleSets
from searches.synthetic import REFERENCE_DATE
from tests.databases import PASSWORD, SiteServer, site
from tests.engine_kit import PRACTICE
from tests.engine_servers import Servers
from tests.exact_answers import EXTRACTS, starter_searches, write_practice
from tests.tsql import unparsed

PATIENTS = 12
USER = 'gp"reader'
SECRET = "private_notes"


@dataclass(frozen=True, slots=True)
class Made:
    """A site, and the login that the script made there."""

    server: SiteServer
    settings: DatabaseSettings
    layout: str
    refused: tuple[str, ...]

    def open(self) -> Any:
        return open_site(self.settings, PASSWORD, Asked(layout(self.layout), PRACTICE))


@pytest.fixture(
    scope="module", params=[(engine, name) for engine in ("postgresql", "mysql") for name in EXTRACTS], ids=str
)
def made(request: pytest.FixtureRequest, servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Made]:
    engine, name = request.param
    folder: Path = tmp_path_factory.mktemp("grants")
    with site(servers, engine, folder) as server:
        written = write_practice(name, PATIENTS, 3, folder)
        server.fill(written.folder, name)
        hide_something(server)
        settings = replace(server.settings, user=USER)
        text = script(layout(name), settings, host="localhost")
        yield Made(server, settings, name, run(server, text))
        server.admin.run(drop_user(server))


def statements(text: str) -> list[str]:
    """What a client of the server would run of a script."""
    kept = [line for line in text.splitlines() if line and not line.startswith("--")]
    assert all(line.endswith(";") for line in kept)
    return [line.removesuffix(";") for line in kept]


def run(server: SiteServer, text: str) -> tuple[str, ...]:
    """Run a script as an administrator does; the lines that the server refused, which are to be left out."""
    refused = []
    for statement in statements(text):
        try:
            server.admin.run(statement)
        except Exception:  # noqa: BLE001 - each driver has errors of its own
            refused.append(statement)
    if server.settings.engine == "mysql":
        server.admin.connection.cursor().execute(f"ALTER USER '{USER}'@'localhost' IDENTIFIED BY %s", (PASSWORD,))
        server.admin.run(f"ALTER USER '{USER}'@'localhost' ACCOUNT UNLOCK")
    return tuple(refused)


def drop_user(server: SiteServer) -> str:
    if server.settings.engine == "mysql":
        return f"DROP USER '{USER}'@'localhost'"
    quoted = USER.replace('"', '""')
    return f'DROP OWNED BY "{quoted}"; DROP ROLE "{quoted}"'


def hide_something(server: SiteServer) -> None:
    """A table beside those of the layout, and a column in one of them, that nobody is to read."""
    schema = server.settings.schema_of_tables
    server.admin.run(f"CREATE TABLE {schema}.{SECRET} (words VARCHAR(20))")


def refusal(database: SiteDatabase, sql: str) -> str:
    with pytest.raises(DatabaseError) as raised:
        list(database.rows(sql))
    return raised.value.reason


def test_only_spellings_of_other_versions_are_left_out(made: Made) -> None:
    spelled = {
        name for table in layout(made.layout).raw.values() for names in table.spellings.values() for name in names
    }
    assert all(any(name in line for name in spelled) for line in made.refused)
    is_blind_to_case = made.settings.engine == "mysql"
    assert len(made.refused) == (0 if is_blind_to_case else len(spelled))


def test_every_search_and_the_action_list_can_be_answered_with_it(made: Made) -> None:
    with made.open() as database:
        assert check_tables(database).complaints == ()
        answers = answer_on(database, starter_searches(), REFERENCE_DATE)
        failed = {name for name, result in answers.results.items() if not isinstance(result, PeopleSets)}
        assert failed == ({"dna-booking-lead"} if made.layout == "vision" else set())
        _, rows = identities_on(database, answers.roster.patient_ids)
        assert len(rows) == len(answers.roster.patient_ids) > 0


def test_no_other_table_can_be_read_with_it(made: Made) -> None:
    with made.open() as database:
        assert refusal(database, f"SELECT words FROM {made.settings.schema_of_tables}.{SECRET}") == "right_missing"


def test_no_other_column_can_be_read_with_it(made: Made) -> None:
    table = min(layout(made.layout).raw)
    mark = "`" if made.settings.engine == "mysql" else '"'
    named = f"{mark}{made.settings.schema_of_tables}{mark}.{mark}{table}{mark}"
    made.server.admin.run(f"ALTER TABLE {named} ADD COLUMN free_text VARCHAR(20)")
    with made.open() as database:
        assert refusal(database, f"SELECT free_text FROM {named}") == "right_missing"
    made.server.admin.run(f"ALTER TABLE {named} DROP COLUMN free_text")


@pytest.mark.parametrize("change", ["INSERT", "UPDATE", "DELETE", "CREATE", "DROP"])
def test_nothing_can_be_changed_with_it(made: Made, change: str) -> None:
    table = f"{made.settings.schema_of_tables}.{SECRET}"
    statement = {
        "INSERT": f"INSERT INTO {table} VALUES ('x')",
        "UPDATE": f"UPDATE {table} SET words = 'x'",
        "DELETE": f"DELETE FROM {table}",
        "CREATE": f"CREATE TABLE {table}_2 (words VARCHAR(20))",
        "DROP": f"DROP TABLE {table}",
    }[change]
    connection = plainly(made)
    try:
        with pytest.raises(Exception, match=r"(?i)denied|must be owner"):
            connection.cursor().execute(statement)
    finally:
        connection.close()


def plainly(made: Made) -> Any:
    """A session of the login as any other program opens it, which asks to write."""
    settings = made.settings
    if settings.engine == "mysql":
        return import_module("pymysql").connect(
            unix_socket=settings.host, user=settings.user, password=PASSWORD, autocommit=True
        )
    connection = import_module("psycopg").connect(
        host=settings.host, port=settings.port, dbname=settings.database, user=settings.user, autocommit=True
    )
    connection.execute("SET default_transaction_read_only = off")
    return connection


@pytest.mark.parametrize("name", [*EXTRACTS, "opensafely_tpp"])
def test_sql_server_takes_the_script(name: str) -> None:
    settings = DatabaseSettings("sqlserver", database="records", user=USER, schema="dbo")
    assert unparsed({"script": script(layout(name), settings)}) == {}


@pytest.mark.parametrize("engine", ["postgresql", "mysql", "sqlserver"])
def test_the_script_holds_no_password_and_no_right_but_to_read(engine: str) -> None:
    text = script(layout("vision"), DatabaseSettings(engine, database="records", user=USER, schema="gp", prefix="my_"))
    granted = {line.split(" ON ")[0].split(" (")[0] for line in statements(text) if line.startswith("GRANT")}
    assert granted == {"GRANT SELECT"} | ({"GRANT CONNECT", "GRANT USAGE"} if engine == "postgresql" else set())
    assert set(re.findall(r"(?:PASSWORD =|IDENTIFIED BY) (\S+?)[,;]", text)) <= {"'...'", "N'...'"}


def test_delivery_columns_are_asked_for_only_where_history_is_kept() -> None:
    kept = DatabaseSettings("postgresql", database="records", user=USER)
    assert '"row_in_delivery"' in script(layout("vision"), kept)
    assert '"row_in_delivery"' not in script(layout("vision"), replace(kept, history="merged"))


def test_a_file_gets_advice_on_who_may_read_it() -> None:
    said = script(layout("vision"), DatabaseSettings("sqlite", file="/srv/records.sqlite"))
    assert "chmod 640 /srv/records.sqlite" in said
    assert statements(said) == []


def test_a_server_without_a_schema_is_asked_for_one() -> None:
    with pytest.raises(ConfigError, match="no schema for mysql"):
        script(layout("vision"), DatabaseSettings("mysql", user=USER))
