"""The databases that other tests stand on: they take every kind of value and give it back."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from tests import engine_servers
from tests.engine_servers import RUNNING, Servers, text_columns

KINDS = {"name": "text", "n": "integer", "value": "decimal", "on": "date"}
ROWS = [("C10F.", 922337203685477580, Decimal("58.125"), date(2024, 2, 29)), (None, None, None, None), ("", 0, 0, None)]


@pytest.mark.parametrize("engine", RUNNING)
def test_a_database_gives_back_what_was_put_in(servers: Servers, engine: str) -> None:
    with servers.database(engine) as database:
        database.create("kinds", KINDS, ROWS)
        mark = "`" if engine == "mysql" else '"'
        found = database.query(f"SELECT * FROM {mark}raw{mark}.{mark}kinds{mark}")
        assert sorted(found, key=repr) == sorted(ROWS, key=repr)


@pytest.mark.parametrize("engine", RUNNING)
def test_two_databases_of_one_engine_do_not_see_each_other(servers: Servers, engine: str) -> None:
    with servers.database(engine) as one, servers.database(engine) as other:
        one.create("here", text_columns(("a",)))
        other.create("here", text_columns(("b",)), [("x", 0, 1)])
        mark = "`" if engine == "mysql" else '"'
        assert one.query(f"SELECT a FROM {mark}raw{mark}.here") == []
        assert other.query(f"SELECT b, delivery FROM {mark}raw{mark}.here") == [("x", 0)]


def test_a_missing_server_is_named_and_where_all_is_required_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_servers, "REQUIRED", False)
    with pytest.raises(pytest.skip.Exception, match="not run: Oracle is not here"):
        engine_servers.missing("Oracle", "nobody has it")
    monkeypatch.setattr(engine_servers, "REQUIRED", True)
    with pytest.raises(pytest.fail.Exception, match="not run: Oracle is not here"):
        engine_servers.missing("Oracle", "nobody has it")
