"""The pages on disclosure say what the code does: the worked example runs, parameters and names are the code's."""

from __future__ import annotations

import doctest
import re
import shlex
from datetime import date
from pathlib import Path

from agent.__main__ import parser
from agent.explain import Explained
from agent.explained import to_json
from agent.report_lines import Group, Line
from governance.profiles import PROFILES
from governance.story import Rule
from tests.docs.generated import ROOT

PAGE = ROOT / "docs" / "explanation" / "disclosure.md"
GUIDE = ROOT / "docs" / "how-to" / "explain-a-figure.md"


def table(page: Path, head: str) -> dict[str, list[str]]:
    """The rows of the table under a head line, by their first column."""
    lines = page.read_text().splitlines()
    begin = next(number for number, line in enumerate(lines) if line.startswith(head))
    rows = {}
    for line in lines[begin + 2 :]:
        if not line.startswith("|"):
            break
        name, *cells = (cell.strip() for cell in line.strip("|").split("|"))
        rows[name] = cells
    return rows


def test_the_worked_example_runs_and_gives_what_the_page_shows() -> None:
    failed, tried = doctest.testfile(str(PAGE), module_relative=False, encoding="utf-8")
    assert (failed, tried > 10) == (0, True)


def test_the_parameters_of_the_profiles_are_those_of_the_code() -> None:
    rows = table(PAGE, "| | `gp-bench`")
    profiles = [PROFILES[name] for name in ("gp-bench", "nhs-round5", "strict10")]
    assert rows["smallest number"] == [str(one.k) for one in profiles]
    assert rows["least met + not met"] == [str(one.least_denominator or "–") for one in profiles]
    assert [re.findall(r"\d+", text) for text in rows["gate"]] == [[str(one.gate_delta)] for one in profiles]
    assert rows["searches kept apart by"][1:] == [str(one.overlap_width + 1) for one in profiles[1:]]
    dimensions = [f"{one.most_dimensions}, {one.most_often}" for one in profiles]
    assert rows["dimensions, most often"] == dimensions
    assert rows["numbers"] == ["exact" if one.rounding == 1 else f"nearest {one.rounding}" for one in profiles]


def test_every_name_of_the_json_is_in_the_guide() -> None:
    line = Line("met", {"everyone": 1}, {"state": "value"}, "1", "As it is here.", ())
    document = to_json(Explained("Z90001", "a", "A", "person", str(date(2026, 3, 31)), "b", "c", (Group({}, (line,)),)))
    counts = document["counts"]
    assert isinstance(counts, list)
    documented = re.findall(r"`([a-z_]+)`", "\n".join(table(GUIDE, "| name | what it is |")))
    assert documented == ["schema", *document]
    second = GUIDE.read_text().partition("Each of `counts`:")[2]
    assert re.findall(r"^\| `([a-z_]+)` \|", second, re.MULTILINE) == list(counts[0])
    for rule in re.findall(r"`(held|snapped|few)`", second):
        assert rule in set(Rule)


def test_the_commands_of_the_guide_are_commands() -> None:
    commands = re.findall(r"gpfed-agent ((?:explain|run)[^`\n]*)", GUIDE.read_text())
    assert len(commands) >= 4
    for command in commands:
        parser().parse_args(shlex.split(command))
