"""A wrong rewrite is noticed by the cases that are there for it; `make mutations` says by how many in all."""

from __future__ import annotations

import re

import pytest

from tests.engine_servers import Servers, servers  # noqa: F401 - a fixture
from tests.mutations.planted import REPORT
from tests.mutations.rewrites import PLANTED, Planted, noticed
from tests.spec.language.people import People


@pytest.mark.parametrize("planted", PLANTED, ids=lambda planted: f"{planted.engine}-{planted.name}")
def test_a_planted_mistake_is_noticed(servers: Servers, planted: Planted) -> None:  # noqa: F811 - the fixture
    with servers.database(planted.engine) as database:
        assert noticed(People(database), planted, planted.shown_by)


def test_the_committed_report_is_about_the_mistakes_there_are() -> None:
    reported = re.findall(r"^\| ([a-z]+) \| ([a-z-]+) \|.*\| [1-9][0-9]* \|", REPORT.read_text(), flags=re.MULTILINE)
    assert reported == [(planted.engine, planted.name) for planted in PLANTED], "run make mutations"
