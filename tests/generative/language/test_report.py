"""The committed report of the long run is of every engine and layout, long enough, and without a difference."""

from __future__ import annotations

import re
from collections import Counter

from tests.engine_servers import RUNNING
from tests.generative.language.__main__ import REPORT
from tests.generative.language.running import LAYOUTS

IN_ALL, OF_AN_ENGINE = 20_000, 2_000


def cases() -> dict[tuple[str, str], tuple[int, int]]:
    """Cases and differences, by layout and engine."""
    rows = re.findall(r"^\| (\w+) \| (\w+) \| [\w.]+ \| ([\d,]+) \| ([\d,]+) \|$", REPORT.read_text(), re.MULTILINE)
    return {(layout, engine): (_number(asked), _number(wrong)) for layout, engine, asked, wrong in rows}


def _number(text: str) -> int:
    return int(text.replace(",", ""))


def test_the_committed_run_was_of_every_layout_on_every_engine_without_a_difference() -> None:
    assert set(cases()) == {(layout, engine) for layout in LAYOUTS for engine in RUNNING}, "run make generative"
    assert [place for place, (_, wrong) in cases().items() if wrong] == []


def test_the_committed_run_was_long() -> None:
    of_engine = Counter[str]()
    for (_, engine), (asked, _) in cases().items():
        of_engine[engine] += asked
    assert of_engine.total() >= IN_ALL
    assert min(of_engine.values()) >= OF_AN_ENGINE
    assert re.search(r"; seed \d+$", REPORT.read_text(), re.MULTILINE)
