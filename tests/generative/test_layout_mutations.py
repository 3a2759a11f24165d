"""No rule of a layout may go without an answer changing; `make mutations` says at full size which answers."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from searches.layouts import layout
from tests.exact_answers import SUPPLIERS, probe_searches, starter_searches, write_practice
from tests.mutations.__main__ import REPORT
from tests.mutations.removal import removal

PATIENTS = 300
"""The fewest with which a synthetic practice has all its difficult people."""
FIRST = ("ethnicity-recorded", "pulse-rhythm-65")
"""Most rules say who is a patient or which version of a row stands, which these two see at little cost."""


@pytest.mark.parametrize("supplier", SUPPLIERS)
def test_taking_any_one_rule_away_changes_an_answer(supplier: str, tmp_path: Path) -> None:
    practice = write_practice(supplier, PATIENTS, 7, tmp_path)
    everything = (*starter_searches(), *probe_searches())
    stages = (
        [search for search in everything if search.id in FIRST],
        [search for search in everything if search.id not in FIRST],
    )
    left = list(layout(supplier).rules)
    for searches in stages:
        before = practice.cells(searches)
        left = [rule for rule in left if not removal(practice, rule, searches, before).is_noticed]
    assert left == []


@pytest.mark.parametrize("supplier", SUPPLIERS)
def test_the_committed_report_is_about_the_rules_there_are(supplier: str) -> None:
    section = REPORT.read_text(encoding="utf-8").split(f"## {supplier}\n")[1].split("\n## ")[0]
    reported = re.findall(r"^\| ([a-z0-9_]+) \| (?!says)(.+?) \|", section, flags=re.MULTILINE)
    assert dict(reported) == dict(layout(supplier).rules), "run make mutations"


def test_the_committed_report_found_every_rule_noticed() -> None:
    text = REPORT.read_text(encoding="utf-8")
    assert "- Not noticed: none" in text
    assert "NOT NOTICED" not in text
