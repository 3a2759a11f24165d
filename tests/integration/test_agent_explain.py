"""`explain` over a real run: every figure of a search, exact here, as others see it, and why; and what there is to say
when there is nothing to show."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from agent.__main__ import main
from agent.config import read_config, write_config
from agent.cycle import Wish
from agent.errors import NoSuchSearchError, NotAgreedError, NotRunError, ReportError
from agent.explain import Explained, explain
from agent.explained import to_csv, to_json, to_text
from agent.report_lines import Line
from governance.sealing import ReceivedResult
from tests.agent_kit import NO_PATIENCE, NOW, write_extract
from tests.integration.test_agent_cycle import DNA, PULSE, Practice, accepted

MARCH, APRIL = date(2026, 3, 31), date(2026, 4, 30)


def larger(practice: Practice, name: str, day: date = MARCH, **counts: int) -> None:
    """Another delivery of the practice's records."""
    folder = write_extract(practice.state.root.parent / name, **counts)
    (folder / "about.csv").write_text(f"practice,reference_date\nZ90001,{day.isoformat()}\n")
    write_config(practice.state, replace(read_config(practice.state), records=folder))


def run(practice: Practice, day: date = MARCH) -> None:
    practice.run(Wish(day, NO_PATIENCE, at_once=True))
    practice.receive()
    practice.collect()


@pytest.fixture
def practice(tmp_path: Path) -> Practice:
    """Two hundred patients of 70, a hundred and fifty of them with a pulse check, ten opted out; run for March."""
    practice = Practice(tmp_path, PULSE)
    larger(practice, "march", checked=150, unchecked=50, opted_out=10)
    accepted(practice)
    run(practice)
    return practice


def explained(practice: Practice, asked: date | None = None, search_id: str = PULSE) -> Explained:
    return explain(practice.state, search_id, asked, NOW)


def line(of: Explained, outcome: str, group: int = 0) -> Line:
    return next(line for line in of.groups[group].lines if line.outcome == outcome)


def test_every_figure_stands_beside_what_others_see_and_why(practice: Practice) -> None:
    one = explained(practice)

    assert (one.message and one.message.sequence, one.agreement, one.profile) == (2, "heart-health", "gp-bench")
    assert one.groups[0].name == "everyone"
    met, not_met = line(one, "met"), line(one, "not_met")
    assert (met.exact["everyone"], met.others_see, met.why) == (150, "150", "As it is here.")
    assert not_met.exact == {"everyone": 50, "without_type1": 40}
    assert (not_met.others_see, not_met.why) == ("40", "10 patients who opted out are left out.")
    assert all(line.why for group in one.groups for line in group.lines)
    assert one.never == ("excepted",)
    assert one.groups[1].lines[0].why == "Of fewer than 1,000 registered patients no groups are shown, only the totals."


def test_a_few_changes_are_held_and_the_sentence_says_since_when(practice: Practice) -> None:
    larger(practice, "april", APRIL, checked=153, unchecked=47, opted_out=10)
    run(practice, APRIL)

    met = line(explained(practice), "met")

    assert (met.exact["without_type1"], met.others_see, met.rules) == (153, "150", ("held",))
    assert met.why == (
        "3 patients changed since the release of 2026-03-31; changes of fewer than 5 are held, so others still see 150."
    )
    assert line(explained(practice, MARCH), "met").why == "As it is here."


def test_the_practices_own_profile_is_in_what_leaves_and_in_the_explanation(tmp_path: Path) -> None:
    practice = Practice(tmp_path, PULSE)
    larger(practice, "march", checked=147, unchecked=53, opted_out=0)
    write_config(practice.state, replace(read_config(practice.state), profile="strict10", k=12))
    accepted(practice)
    practice.run(Wish(MARCH, NO_PATIENCE, at_once=True))
    [received] = practice.receive()
    practice.collect()

    one = explained(practice)

    assert isinstance(received, ReceivedResult)
    assert one.profile == "gp-bench+k12+strict10"
    assert line(one, "met").why == "Rounded to the nearest 10."
    assert [state.value for state in received.tables[0].rows[0][:2]] == [150, 50]
    assert received.profile == one.profile


def test_the_table_fits_the_terminal_and_has_the_totals_first(practice: Practice) -> None:
    text = to_text(explained(practice), 100)

    lines = text.splitlines()
    assert lines[0] == "Pulse rhythm checked in the last five years in people aged 65 and over (pulse-rhythm-65)"
    assert lines[1] == "Z90001, 31 March 2026, agreement heart-health, profile gp-bench"
    assert lines[2].startswith("Message 2: received by the hub at 20")
    assert 'This search never says "excepted".' in lines
    head = next(number for number, one in enumerate(lines) if one.startswith("group"))
    assert lines[head].split("  ")[0] == "group"
    assert lines[head + 1].split() == ["everyone", "met", "150", "150", "150", "As", "it", "is", "here."]
    assert max(map(len, lines[head:])) <= 100


def test_json_and_csv_have_the_same_counts(practice: Practice) -> None:
    one = explained(practice)

    document = to_json(one)
    rows = list(csv.DictReader(io.StringIO(to_csv(one).decode("utf-8-sig"))))

    counts: list[dict[str, object]] = document["counts"]  # type: ignore[assignment]
    assert counts[1] == {
        "group": {},
        "outcome": "not_met",
        "exact": {"everyone": 50, "without_type1": 40},
        "others_see": {"state": "value", "value": 40},
        "words": "40",
        "rules": [],
        "why": "10 patients who opted out are left out.",
    }
    assert [(row["outcome"], row["others_see"], row["why"]) for row in rows] == [
        (str(count["outcome"]), count["words"], count["why"]) for count in counts
    ]
    assert rows[0]["everyone"] == "150"


def test_where_nothing_differs_it_says_so(tmp_path: Path) -> None:
    practice = Practice(tmp_path, PULSE)
    larger(practice, "march", checked=150, unchecked=50, opted_out=0)
    accepted(practice)
    run(practice)

    one = explained(practice)

    assert replace(one, groups=one.groups[:1]).summary == "Others see every figure exactly as it is here."


def test_a_search_that_the_practice_refuses_is_explained_though_it_has_no_figures(tmp_path: Path) -> None:
    practice = Practice(tmp_path, PULSE, DNA)
    larger(practice, "march", checked=150, unchecked=50, opted_out=0)
    write_config(practice.state, replace(read_config(practice.state), refuse_searches=(DNA,)))
    accepted(practice)
    run(practice)

    one = explained(practice, search_id=DNA)

    assert one.summary == "Others see that this search was not run, and no figure."
    assert line(one, "met").why.startswith("This practice refuses the search (agent.toml, refuse_searches)")
    assert any(text.split()[:4] == ["everyone", "met", "not", "run"] for text in to_text(one, 100).splitlines())


def test_what_was_run_and_not_released_says_why_and_shows_others_nothing(practice: Practice) -> None:
    larger(practice, "april", APRIL, checked=153, unchecked=47, opted_out=10)
    practice.state.people_key.unlink()
    practice.run(Wish(APRIL, NO_PATIENCE, at_once=True))

    one = explained(practice)

    assert (one.reference_date, one.message) == ("2026-04-30", None)
    assert one.not_released == "key of the release history is missing"
    assert one.summary == "Others see nothing of this: it has not been released."
    assert line(one, "met").exact["everyone"] == 153
    assert "Not released: key of the release history is missing." in to_text(one, 100)


def _never_run(practice: Practice) -> None:
    for path in sorted(practice.state.reports.rglob("*"), reverse=True):
        path.unlink() if path.is_file() else path.rmdir()


def _refused(practice: Practice) -> None:
    _never_run(practice)
    with practice.turn() as turn:
        facts: dict[str, str | int | bool] = {
            "search": PULSE,
            "permitted": False,
            "reasons": "schedule: weekly, agreed is at most monthly",
        }
        turn.diary.append("decided", facts)


def _broken(practice: Practice) -> None:
    (practice.state.reports / "2026-03-31" / f"{PULSE}.json").write_text("{")


def _old(practice: Practice) -> None:
    path = practice.state.reports / "2026-03-31" / f"{PULSE}.json"
    document = json.loads(path.read_bytes())
    del document["others_see"]
    path.write_text(json.dumps(document))


@pytest.mark.parametrize(
    ("spoil", "asked", "refusal"),
    [
        (lambda _: None, (None, "none"), (NoSuchSearchError, "no search is called 'none' here")),
        (lambda _: None, (APRIL, PULSE), (NotRunError, "pulse-rhythm-65 was not run for 2026-04-30")),
        (_never_run, (None, PULSE), (NotRunError, "search pulse-rhythm-65 has not been run here")),
        (
            _refused,
            (None, PULSE),
            (NotAgreedError, "has not been run here: schedule: weekly, agreed is at most monthly"),
        ),
        (_broken, (None, PULSE), (ReportError, "report 2026-03-31/pulse-rhythm-65.json cannot be read")),
        (_old, (None, PULSE), (ReportError, "pulse-rhythm-65.json is not one that this agent wrote")),
    ],
    ids=["no such search", "not for that date", "never run", "refused", "broken report", "report of an older agent"],
)
def test_why_there_is_nothing_to_explain(
    practice: Practice,
    spoil: Callable[[Practice], None],
    asked: tuple[date | None, str],
    refusal: tuple[type[Exception], str],
) -> None:
    spoil(practice)
    kind, message = refusal

    with pytest.raises(kind, match=message):
        explained(practice, *asked)


def test_the_command_works_offline_and_ends_with_an_exit_code(
    practice: Practice, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    state, file = str(practice.state.root), tmp_path / "pulse.csv"

    assert main(["--state", state, "explain", PULSE, "--csv", str(file)]) == 0
    out, err = capsys.readouterr()
    assert out.startswith("Pulse rhythm checked")
    assert err == f"gpfed-agent: written to {file}, exact figures included\n"
    assert file.read_bytes().startswith(b"\xef\xbb\xbfage_band,sex,outcome,everyone,without_type1,others_see,why")

    assert main(["--state", state, "explain", PULSE, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["schema"] == 1

    assert main(["--state", state, "explain", "none"]) == 1
    assert capsys.readouterr().err.splitlines() == [
        "gpfed-agent: no search is called 'none' here",
        "  searches here: pulse-rhythm-65",
    ]
    assert main(["--state", state, "explain", PULSE, "--reference-date", "2026-04-30"]) == 3
    assert main(["--state", str(tmp_path / "nowhere"), "explain", PULSE]) == 10
