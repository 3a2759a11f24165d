"""Who may make what: the types that may leave have one maker each, whatever a caller would like."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGES = ("searches", "governance", "agent", "hub")
ROOT = Path(__file__).parents[2]
MAKERS = {
    "SafeTable": "governance/suppress.py",
    "CountedPeople": "governance/optouts.py",
    "ActiveAgreement": "governance/terms.py",
    "SignedAgreement": "governance/terms.py",
    "ReviewedSearch": "governance/catalogue.py",
    "SealedResult": "governance/sealing.py",
    "ReceivedResult": "governance/payload.py",
    "ReceivedTable": "governance/payload.py",
    "Catalogue": "governance/catalogue.py",
}


def sources() -> Iterator[Path]:
    for package in PACKAGES:
        yield from (ROOT / package).rglob("*.py")


def calls(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            called = node.func
            yield called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")


@pytest.mark.parametrize(("type_", "maker"), MAKERS.items())
def test_one_file_makes_what_may_cross(type_: str, maker: str) -> None:
    makers = {str(path.relative_to(ROOT)) for path in sources() if type_ in calls(path)}
    assert makers == {maker}


def test_nobody_outside_reaches_for_the_makers_mark() -> None:
    uses = [path.name for path in sources() if "_MAKER" in path.read_text(encoding="utf-8")]
    assert sorted(uses) == ["optouts.py", "suppress.py"]


def test_no_check_of_the_boundary_is_an_assert() -> None:
    for path in (ROOT / "governance").rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        assert not [node for node in ast.walk(tree) if isinstance(node, ast.Assert)], path.name


def test_the_boundary_does_no_network_and_asks_no_clock() -> None:
    forbidden = {"paramiko", "socket", "tuf", "requests", "urllib", "time", "duckdb"}
    for path in (ROOT / "governance").rglob("*.py"):
        names = set()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names |= {alias.name.split(".")[0] for alias in node.names}
            if isinstance(node, ast.ImportFrom) and node.module:
                names.add(node.module.split(".")[0])
        assert not names & forbidden, path.name
        assert not {"now", "today", "utcnow"} & set(calls(path)), path.name
