"""Tests that share what takes long to make go to one worker; the longest groups begin first."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

from tests.scheduling import LONGEST, TOGETHER, group, longest_first

ROOT = Path(__file__).parents[2]


def test_a_file_goes_whole_and_with_those_that_share_its_demonstration() -> None:
    assert group("tests/unit/test_people.py::test_a[x::y]") == group("tests/unit/test_people.py::test_b")
    assert group("tests/unit/test_people.py::test_a") != group("tests/unit/test_codelist.py::test_a")
    assert group("tests/functional/test_demo.py::test_a") == group("tests/browser/test_pages.py::test_b")


def test_the_longest_begin_first_and_the_others_keep_their_order() -> None:
    names = ["tests/unit/b.py::x", f"{LONGEST[1]}::x", "tests/unit/a.py::x", "tests/functional/test_demo.py::x"]
    items: list[Any] = [SimpleNamespace(nodeid=name) for name in names]
    longest_first(items)
    assert [item.nodeid for item in items] == [names[3], names[1], names[0], names[2]]


def test_every_file_that_is_named_is_there() -> None:
    assert [file for file in (*TOGETHER, *LONGEST[1:]) if not (ROOT / file).is_file()] == []


def test_every_test_of_the_demonstration_is_named() -> None:
    asking = {
        str(path.relative_to(ROOT))
        for path in (ROOT / "tests").rglob("test_*.py")
        if "served_demo: Demonstration" in path.read_text(encoding="utf-8")
    }
    assert asking - {"tests/unit/test_scheduling.py"} <= set(TOGETHER)
