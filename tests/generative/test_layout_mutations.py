"""No rule of a layout may go without an answer changing; `make mutations` says at full size which answers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from searches.layouts import layout
from searches.search import Search
from tests.exact_answers import SUPPLIERS, probe_searches, starter_searches, write_practice
from tests.mutations.__main__ import REPORT
from tests.mutations.removal import removal

PATIENTS = 300
"""The fewest with which a synthetic practice has all its difficult people."""
FIRST = ("ethnicity-recorded", "pulse-rhythm-65")
"""Most rules say who is a patient or which version of a row stands, which these two see at little cost."""
STARTER, PROBES = starter_searches(), probe_searches()


def reported(supplier: str) -> dict[str, tuple[str, str]]:
    """What the committed report says of each rule: its sentence, and the starter searches that noticed it."""
    section = REPORT.read_text(encoding="utf-8").split(f"## {supplier}\n")[1].split("\n## ")[0]
    rows = re.findall(r"^\| ([a-z0-9_]+) \| (?!says)(.+?) \| (.+?) \|", section, flags=re.MULTILINE)
    return {rule: (says, noticed) for rule, says, noticed in rows}


def stages(noticed: str) -> Iterator[tuple[Search, ...]]:
    """What is asked while one rule is away, until an answer changes: those that noticed it before, then everything."""
    named = tuple(search for search in STARTER if re.search(rf"\b{search.id} \d", noticed))
    yield tuple(search for search in named if search.id in FIRST)[:1] or named[:1] or PROBES
    yield (*STARTER, *PROBES)


@pytest.mark.parametrize("supplier", SUPPLIERS)
def test_taking_any_one_rule_away_changes_an_answer(supplier: str, tmp_path: Path) -> None:
    practice = write_practice(supplier, PATIENTS, 7, tmp_path)
    before = practice.cells((*STARTER, *PROBES))
    report = reported(supplier)
    for rule in layout(supplier).rules:
        asked = stages(report[rule][1])
        assert any(removal(practice, rule, each, before).is_noticed for each in asked), rule


@pytest.mark.parametrize("supplier", SUPPLIERS)
def test_the_committed_report_is_about_the_rules_there_are(supplier: str) -> None:
    says = {rule: says for rule, (says, _) in reported(supplier).items()}
    assert says == dict(layout(supplier).rules), "run make mutations"


def test_the_committed_report_found_every_rule_noticed() -> None:
    text = REPORT.read_text(encoding="utf-8")
    assert "- Not noticed: none" in text
    assert "NOT NOTICED" not in text
