"""The shape of the code, held by tests: sizes, names, directions, one word with one meaning."""

from __future__ import annotations

import ast
import re
import statistics
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("searches", "governance", "agent", "hub")
SOURCES = sorted(
    path for package in PACKAGES for path in (ROOT / package).rglob("*.py") if "migrations" not in path.parts
)
DRAWERS = {"utils", "util", "common", "core", "helpers", "helper", "manager", "managers", "misc"}


def functions() -> Iterator[tuple[Path, ast.FunctionDef | ast.AsyncFunctionDef]]:
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield path, node


def length(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


def test_no_module_is_a_drawer() -> None:
    assert [str(path) for path in SOURCES if path.stem in DRAWERS or path.parent.name in DRAWERS] == []


def test_no_file_is_longer_than_400_lines() -> None:
    assert [str(path) for path in SOURCES if len(path.read_text().splitlines()) > 400] == []


def test_functions_are_small() -> None:
    lengths = [length(node) for _, node in functions()]
    assert statistics.median(lengths) <= 12
    assert [f"{path}:{node.name}" for path, node in functions() if length(node) > 60] == []


def test_public_functions_and_classes_have_docstrings() -> None:
    bare = []
    for path in SOURCES:
        for node in ast.parse(path.read_text()).body:
            is_public = isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_")
            if is_public and not ast.get_docstring(node):
                bare.append(f"{path}:{node.name}")
    assert bare == []


def test_the_environment_is_read_nowhere() -> None:
    """Configuration enters through files and arguments; a variable nobody sees must not change what leaves."""
    readers = [str(path) for path in SOURCES if re.search(r"os\.(environ|getenv)", path.read_text())]
    allowed = {str(ROOT / "hub" / "demo.py")}
    assert set(readers) <= allowed


def test_nothing_is_left_to_do_later() -> None:
    marks = re.compile(r"\b(TODO|FIXME|XXX|NotImplementedError)\b")
    assert [str(path) for path in SOURCES if marks.search(path.read_text())] == []


@pytest.mark.parametrize(
    ("maker", "home"),
    [("SafeTable", "governance/suppress.py"), ("CountedPeople", "governance/optouts.py")],
)
def test_only_one_module_makes(maker: str, home: str) -> None:
    makers = set()
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and maker in (getattr(node.func, "id", ""), getattr(node.func, "attr", "")):
                makers.add(path.relative_to(ROOT).as_posix())
    assert makers == {home}


def test_glossary_is_sorted_and_has_each_word_once() -> None:
    words = re.findall(r"^\| \*\*(.+?)\*\*", (ROOT / "GLOSSARY.md").read_text(), re.MULTILINE)
    assert words == sorted(set(words))


def test_the_root_shows_at_most_eighteen_entries() -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False).stdout
    entries = {name.split("/")[0] for name in listed.splitlines()}
    assert len(entries) <= 18
