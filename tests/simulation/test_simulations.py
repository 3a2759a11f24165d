"""The long simulations in short: they find nothing, and they would."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from governance.suppress import suppress
from tests.attack.defences import defence
from tests.bench import ledger
from tests.simulation import usefulness, years
from tests.simulation.adversary import Effort, attack, without
from tests.simulation.learning import area_under_curve, learn
from tests.simulation.picture import Chart, Group, svg

SHORT = years.Size(patients=1_100, searches=30, weeks=5)


def test_weeks_of_searches_show_nothing_that_tells_of_a_few_people() -> None:
    found = years.run(SHORT)
    assert found.findings.wrong == []
    assert found.findings.nearest >= 5
    assert found.findings.nearest_searches >= 8
    assert found.findings.shown > 500
    assert "Nothing of that kind was found" in years.report(found)


@pytest.mark.parametrize(
    ("name", "says"), [("gate", "from an earlier release"), ("overlap", "people apart"), ("threshold", "tells of")]
)
def test_the_checks_find_it_when_a_defence_is_away(monkeypatch: pytest.MonkeyPatch, name: str, says: str) -> None:
    monkeypatch.setattr(years, "suppress_audited", suppress)
    with defence(name).removed():
        found = years.run(SHORT)
    assert any(says in one for one in found.findings.wrong)


def test_most_totals_of_a_small_practice_are_numbers(tmp_path: Path) -> None:
    found = list(usefulness.noted(tmp_path, 2_000, 3))
    figures = usefulness.figures(found)
    assert figures.share >= usefulness.FLOORS[2_000]
    assert figures.telling == 0
    assert usefulness.figures(found, rounded=True).telling > 0


def test_the_national_method_rounds_half_up_and_suppresses_1_to_7() -> None:
    assert [usefulness.suppressed_and_rounded(n) for n in (0, 1, 7, 8, 12, 13, 17, 18)] == [
        0, None, None, 10, 10, 15, 15, 20
    ]  # fmt: skip


def test_the_attacker_knows_once_snapping_is_off() -> None:
    effort = Effort(plans=2, generations=0, tried=2, learned=14, guessed=14)
    with without("overlap", "audit"):
        assert attack(effort, 0).area > 0.8


def test_a_guesser_learns_what_tells_and_nothing_from_noise() -> None:
    labels = [number % 2 == 0 for number in range(40)]
    seen = [{"signal": float(label), "noise": float(number % 5)} for number, label in enumerate(labels)]
    guesser = learn(seen, labels)
    assert area_under_curve([guesser.score(one) for one in seen], labels) == 1
    assert area_under_curve([0.0] * 40, labels) == 0.5


def test_the_picture_is_plain_svg_without_style_or_script() -> None:
    drawn = svg([Chart("Share & more", ("ours",), [Group("2,000", (91.0,), 55)], 100, "%")])
    tags = {element.tag.split("}")[1] for element in ET.fromstring(drawn).iter()}
    assert tags == {"svg", "g", "rect", "text", "line"}
    assert "style=" not in drawn


def test_the_ledger_of_a_small_practice_is_measured() -> None:
    found = ledger.measure(ledger.Size(patients=1_500, searches=8, weeks_before=2))
    assert found["cells"] == 160
    assert 0 < found["gate_and_ledger_seconds"] < found["release_seconds"]
    assert found["peak_megabytes"] < 20
