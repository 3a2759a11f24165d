"""A typed column read wrongly changes answers, and so does a wrong word on how a site stores its tables."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import pytest
from sqlglot import exp

from searches.engines import ENGINES, Engine, Site, mysql, postgresql, sqlite
from searches.layouts.site_tables import check_tables
from tests.engine_kit import RawPractice, Rows, raw_practice
from tests.engine_servers import Database, Servers
from tests.site_kit import PREFIX, SitePractice, canonical_rows, drop, held, resent

PATIENTS = 30
DAY = date(2024, 2, 29)
TYPED = Site("gp", PREFIX, "native", "merged")
OF_ENGINE = {"postgresql": postgresql, "mysql": mysql, "sqlite": sqlite}
_T = exp.DType


@dataclass(frozen=True, slots=True)
class Planted:
    """A typed column read wrongly.

    Args:
        says: what the statement then says.
        engine: whose mistake it is.
        cast: from which type, and to which.
        words: the wrong ones.
        layout: one that has such a column.
    """

    says: str
    engine: str
    cast: tuple[exp.DType, exp.DType]
    words: str
    layout: str

    def wrong(self) -> Engine:
        """The engine with the mistake in it."""
        module = OF_ENGINE[self.engine]
        spelling = replace(module.SPELLING, native={**module.NATIVE, self.cast: self.words})
        writer = replace(module.WRITER, rules={**module.WRITER.rules, **spelling.rules()})
        return Engine(self.engine, ENGINES[self.engine].version, writer.write)


PLANTED = (
    Planted("a GUID in capitals", "postgresql", (_T.UUID, _T.TEXT), "UPPER(CAST(_1 AS TEXT))", "emis_im1"),
    Planted("a GUID in its braces", "mysql", (_T.UUID, _T.TEXT), "LOWER(CAST(_1 AS CHAR))", "emis_im1"),
    Planted("true is t", "postgresql", (_T.BOOLEAN, _T.TEXT), "SUBSTRING(CAST(_1 AS TEXT) FROM 1 FOR 1)", "emis_im1"),
    Planted("true is Y", "mysql", (_T.BOOLEAN, _T.TEXT), "CASE WHEN _1 THEN 'Y' ELSE 'N' END", "tpp_sr"),
    Planted("true is T", "sqlite", (_T.BOOLEAN, _T.TEXT), "CASE _1 WHEN 1 THEN 'T' ELSE 'F' END", "tpp_sr"),
    Planted("a day with its time", "sqlite", (_T.TIMESTAMP, _T.DATE), "_1", "tpp_sr"),
    Planted("the day after", "postgresql", (_T.TIMESTAMP, _T.DATE), "CAST(_1 AS DATE) + 1", "tpp_sr"),
    Planted("the first of the month", "mysql", (_T.DATE, _T.DATE), "_1 - INTERVAL (DAY(_1) - 1) DAY", "vision"),
    Planted("a number without its places", "postgresql", (_T.FLOAT, _T.DECIMAL), "CAST(_1 AS INT)", "tpp_sr"),
    Planted("a number without its places", "mysql", (_T.DECIMAL, _T.DECIMAL), "FLOOR(_1)", "emis_im1"),
    Planted("an id that is cut", "sqlite", (_T.BIGINT, _T.BIGINT), "_1 % 10000", "tpp_sr"),
)


@pytest.fixture(scope="module")
def practices(tmp_path_factory: pytest.TempPathFactory) -> dict[str, RawPractice]:
    folder: Path = tmp_path_factory.mktemp("raw")
    names = ("emis_im1", "tpp_sr", "vision")
    return {name: resent(raw_practice(name, PATIENTS, 5, folder, DAY)) for name in names}


@pytest.fixture
def database(request: pytest.FixtureRequest, servers: Servers) -> Iterator[Database]:
    with servers.database(request.param) as opened:
        yield opened


def answers(loaded: SitePractice, database: Database, engine: Engine) -> dict[str, Rows]:
    asked = replace(held(loaded, database), engine=engine)
    return {table: canonical_rows(asked, table, DAY) for table in ("patient", "event")}


@pytest.mark.parametrize(
    ("database", "planted"),
    [(planted.engine, planted) for planted in PLANTED],
    indirect=["database"],
    ids=[f"{planted.engine}: {planted.says}" for planted in PLANTED],
)
def test_a_typed_column_read_wrongly_changes_answers(
    practices: dict[str, RawPractice], database: Database, planted: Planted
) -> None:
    loaded = SitePractice(practices[planted.layout], TYPED).load(database)
    try:
        right = answers(loaded, database, ENGINES[planted.engine])
        assert answers(loaded, database, planted.wrong()) != right
    finally:
        drop(database, loaded.site)


LIES = (
    ("every delivery is there", Site("gp", PREFIX), Site("gp", PREFIX, history="merged")),
    ("there is one row for each key", Site("gp", PREFIX, history="merged"), Site("gp", PREFIX)),
    ("columns are typed", Site("gp", PREFIX, "native"), Site("gp", PREFIX)),
    ("columns are text", Site("gp", PREFIX), Site("gp", PREFIX, "native")),
    ("one column is text", Site("gp", PREFIX), Site("gp", PREFIX, types=(("SRCode.DateEvent", "datetime"),))),
)


@pytest.mark.parametrize("database", ["sqlite", "postgresql"], indirect=True)
@pytest.mark.parametrize(("truth", "site", "said"), LIES, ids=[truth for truth, *_ in LIES])
def test_a_wrong_word_on_a_site_is_noticed_before_anything_is_asked(
    practices: dict[str, RawPractice], database: Database, truth: str, site: Site, said: Site
) -> None:
    loaded = SitePractice(practices["tpp_sr"], site).load(database)
    honest = check_tables(held(loaded, database), identifying=False)
    lying = check_tables(
        held(SitePractice(loaded.practice, replace(said, schema=loaded.site.schema)), database), identifying=False
    )
    drop(database, loaded.site)
    assert honest.complaints == (), truth
    assert lying.complaints != ()
