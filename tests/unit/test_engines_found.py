"""An engine is one module: the one in the guide is found, and writes every starter search."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from contextlib import suppress
from datetime import date
from pathlib import Path

import pytest
import sqlglot
from sqlglot import exp

import searches.engines
from searches.document import library, library_folder, load_search
from searches.engines import ENGINES, Engine, found
from searches.errors import LayoutError
from searches.layouts import LAYOUTS, layout
from searches.translate import ask, statement

ROOT = Path(__file__).resolve().parents[2]
GUIDE = ROOT / "docs" / "how-to" / "add-an-engine.md"
REFERENCE_DATE = date(2026, 3, 31)


@pytest.fixture
def added(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    """The engine of the guide, as one more module of the folder."""
    [module] = re.findall(r"^```python\n(.*?)^```", GUIDE.read_text(), re.MULTILINE | re.DOTALL)
    (tmp_path / "trino.py").write_text(module)
    monkeypatch.setattr(searches.engines, "__path__", [*searches.engines.__path__, str(tmp_path)])
    yield found()["trino"]
    del sys.modules["searches.engines.trino"]


def test_without_it_there_are_five() -> None:
    assert sorted(ENGINES) == ["duckdb", "mysql", "postgresql", "sqlite", "sqlserver"]
    assert next(iter(ENGINES)) == "duckdb"


@pytest.mark.parametrize("name", [name for name in LAYOUTS if name != "opensafely_tpp"])
def test_a_module_is_an_engine_that_writes_every_search(added: Engine, name: str) -> None:
    chosen = layout(name)
    written = []
    for search_id in library():
        with suppress(LayoutError):  # a table that the layout has no source for
            question = ask(load_search(library_folder(search_id)), chosen, REFERENCE_DATE)
            written.append(statement(question, chosen, added, "Z90001"))
    assert len(written) >= 11
    for one in written:
        assert isinstance(sqlglot.parse_one(one.sql, read="trino"), exp.Select)
        assert (one.receipt.engine, one.receipt.engine_version) == ("trino", "450")


def test_it_refuses_what_its_module_does_not_say(added: Engine) -> None:
    tree = exp.select("median(e.value) AS m", dialect="duckdb").from_("event AS e")
    with pytest.raises(LayoutError, match="MEDIAN cannot be written for Trino"):
        added.render(tree, searches.engines.AS_NAMED)


def test_a_native_type_that_its_module_does_not_say_is_refused(added: Engine) -> None:
    question = ask(load_search(library_folder("pulse-rhythm-65")), layout("opensafely_tpp"), REFERENCE_DATE)
    with pytest.raises(LayoutError, match=r"a cast of .* cannot be written for Trino"):
        statement(question, layout("opensafely_tpp"), added, "90001")
