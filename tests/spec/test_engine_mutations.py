"""A wrong rewrite is noticed by the cases that are there for it; `make mutations` says by how many in all."""

from __future__ import annotations

import re

import pytest

from tests.engine_servers import Servers, servers  # noqa: F401 - a fixture
from tests.mutations.planted import REPORT
from tests.mutations.rewrites import PLANTED, Planted, noticed
from tests.mutations.searching import noticing
from tests.spec.language.people import People


@pytest.mark.parametrize("planted", PLANTED, ids=lambda planted: f"{planted.engine}-{planted.name}")
def test_a_planted_mistake_is_noticed(servers: Servers, planted: Planted) -> None:  # noqa: F811 - the fixture
    with servers.database(planted.engine) as database:
        assert noticed(People(database), planted, planted.shown_by)


@pytest.mark.parametrize("planted", PLANTED, ids=lambda planted: f"{planted.engine}-{planted.name}")
def test_a_search_that_knows_nothing_of_it_notices_a_planted_mistake(servers: Servers, planted: Planted) -> None:  # noqa: F811
    first = int(reported()[planted.engine, planted.name])
    assert list(noticing(servers, planted, (first,))) == [first]


def test_the_committed_report_is_about_the_mistakes_there_are_and_each_is_noticed_twice() -> None:
    assert list(reported()) == [(planted.engine, planted.name) for planted in PLANTED], "run make mutations"


def reported() -> dict[tuple[str, str], str]:
    """The first search that noticed each mistake which cases and searches noticed."""
    row = r"^\| ([a-z]+) \| ([a-z-]+) \|.*\| [1-9][0-9]* \|.*\| [1-9][0-9]* \| ([0-9]+) \|$"
    rows = re.findall(row, REPORT.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {(engine, name): first for engine, name, first in rows}
