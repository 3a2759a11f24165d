from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from datetime import date
from html.parser import HTMLParser
from pathlib import Path

import pytest

from agent.action_list import Identities, cell_text, listed_outcome, write_action_list
from agent.report import NOTICE, ExactReport, Shown, write_report
from agent.report_lines import groups_of
from agent.sentences import seen_by_others
from governance.optouts import take_off
from governance.profiles import profile
from governance.release_history import ReleaseHistory
from governance.suppress import CellState, Practice, Reason, State, Terms, suppress
from searches.answer import exact_cells
from searches.document import library_folder, load_search
from searches.people import AnswerRow, PeopleSets, Roster, gather
from searches.search import Good, Outcome, Search

REFERENCE_DATE = date(2026, 3, 31)
PULSE = load_search(library_folder("pulse-rhythm-65"))
DNA = load_search(library_folder("dna-booking-lead"))
ROSTER = Roster(tuple(str(number) for number in range(1, 2001)))
OPTED_OUT = 0b1111  # the first four


def pulse(search: Search = PULSE) -> PeopleSets:
    outcomes = [Outcome.MET] * 40 + [Outcome.NOT_MET] * 12
    rows = [AnswerRow(str(n), outcome, ("70-79", "F")) for n, outcome in enumerate(outcomes, start=1)]
    return gather(search, REFERENCE_DATE, ROSTER, rows)


def missed() -> PeopleSets:
    lead = DNA.dimensions[0].values[0]
    rows = [
        AnswerRow(str(person), Outcome.MET, (lead,), f"{person}-{visit}", REFERENCE_DATE, visit)
        for person in range(1, 11)
        for visit in range(5)
    ]
    return gather(DNA, REFERENCE_DATE, ROSTER, rows)


def written(folder: Path, people: PeopleSets, *, released: bool) -> Path:
    report = ExactReport("Z90001", people.search, REFERENCE_DATE, exact_cells(people, OPTED_OUT))
    counted = take_off(people, OPTED_OUT, REFERENCE_DATE, "type1_excluded")
    practice = Practice(ROSTER, OPTED_OUT, bytes(32))
    made = suppress([counted], Terms("heart-health", profile("gp-bench")), practice, ReleaseHistory())
    write_report(folder, report, Shown(made.tables[0], made.stories[0]) if released else None)
    return folder / "2026-03-31" / people.search.id


class Page(HTMLParser):
    """Tags and attributes of a page, and its table as rows of text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.loads: list[str] = []
        self.rows: list[list[str]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.loads += [value or "" for name, value in attributes if name in {"src", "href", "onclick", "style"}]
        if tag == "tr":
            self.rows.append([])

    def handle_data(self, data: str) -> None:
        if self.rows and data.strip():
            self.rows[-1].append(data.strip())


def test_the_report_has_both_totals_and_what_others_see_beside_them(tmp_path: Path) -> None:
    stem = written(tmp_path, pulse(), released=True)

    document = json.loads(stem.with_suffix(".json").read_bytes())
    assert document["notice"] == NOTICE
    assert document["cells"][0]["met"] == {"everyone": 40, "without_type1": 36}
    assert document["released"]["rows"][0]["met"] == {"state": "value", "value": 36}
    header, totals, *_ = csv.reader(io.StringIO(stem.with_suffix(".csv").read_text("utf-8-sig")))
    assert dict(zip(header, totals, strict=True)) == {
        "age_band": "",
        "sex": "",
        "met_everyone": "40",
        "met_without_type1": "36",
        "met_others_see": "36",
        "met_why": "4 patients who opted out are left out.",
        "not_met_everyone": "12",
        "not_met_without_type1": "12",
        "not_met_others_see": "12",
        "not_met_why": "As it is here.",
        "excepted_everyone": "0",
        "excepted_without_type1": "0",
        "excepted_others_see": "below 8",
        "excepted_why": "This search never gives this outcome, which everybody knows.",
    }


def test_before_anything_is_decided_the_report_says_nothing_of_others(tmp_path: Path) -> None:
    stem = written(tmp_path, pulse(), released=False)

    assert json.loads(stem.with_suffix(".json").read_bytes())["released"] is None


def test_appointments_stand_capped_and_all(tmp_path: Path) -> None:
    stem = written(tmp_path, missed(), released=True)

    met = json.loads(stem.with_suffix(".json").read_bytes())["cells"][0]["met"]
    assert met == {"everyone": 30, "without_type1": 18, "everyone_uncapped": 50, "without_type1_uncapped": 30}


def test_the_page_loads_nothing_runs_nothing_and_shows_the_same_figures(tmp_path: Path) -> None:
    stem = written(tmp_path, pulse(), released=True).with_suffix(".html")
    page = Page(stem.read_text())

    assert "script" not in page.tags
    assert page.loads == []
    assert page.rows[1] == ["everyone", "met", "40", "36", "36", "4 patients who opted out are left out."]
    assert page.rows[2] == ["not met", "12", "12", "12", "As it is here."]
    # Nobody can be excepted, which has no line; and the groups of nobody are told of in one sentence.
    assert [row[0] for row in page.rows[3:]] == ["70-79, F", "not met"]
    assert "Nobody is in 39 more groups" in stem.read_text()


def test_text_of_a_search_is_text_on_the_page(tmp_path: Path) -> None:
    search = replace(PULSE, title="<script>alert(1)</script>", why_it_matters="{x} & <b>")

    text = written(tmp_path, pulse(search), released=True).with_suffix(".html").read_text()

    assert "<script>" not in text
    assert "{x} &amp; &lt;b&gt;" in text


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (CellState(State.VALUE, value=0), "0"),
        (CellState(State.BAND, below=8), "below 8"),
        (CellState(State.BAND, below=8, above=0), "above 0 and below 8"),
        (CellState(State.BAND, above=1144), "above 1,144"),
        (CellState(State.WITHHELD, reason=Reason.LIST_BELOW_1000), "withheld"),
        (CellState(State.NOT_RUN, reason=Reason.LAYOUT_HAS_NO_APPOINTMENTS), "not run"),
        (CellState(State.FAILED, reason=Reason.OTHER), "failed"),
    ],
)
def test_no_two_states_read_alike(state: CellState, words: str) -> None:
    assert seen_by_others(state) == words


@pytest.mark.parametrize(
    ("search", "outcome"),
    [
        (PULSE, Outcome.NOT_MET),
        (replace(PULSE, good=Good.LOWER), Outcome.MET),
        (replace(PULSE, good=Good.NEUTRAL), None),
        (DNA, None),
    ],
    ids=["higher", "lower", "neutral", "appointments"],
)
def test_who_is_on_the_list(search: Search, outcome: Outcome | None) -> None:
    assert listed_outcome(search) is outcome


def test_the_list_names_everyone_not_met_opted_out_or_not(tmp_path: Path) -> None:
    people = pulse()
    ids = people.roster.ids(people.outcome(Outcome.NOT_MET).members)
    identities = Identities(("patient_id", "surname"), {patient_id: (patient_id, "Ó Néill") for patient_id in ids})

    path = write_action_list(tmp_path, people, identities)

    assert path is not None
    assert list(csv.reader(io.StringIO(path.read_text("utf-8-sig")))) == [
        ["patient_id", "surname"],
        *([patient_id, "Ó Néill"] for patient_id in ids),
    ]
    assert len(ids) == 12
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")


def test_no_list_is_written_where_there_is_none(tmp_path: Path) -> None:
    assert write_action_list(tmp_path, missed(), Identities((), {})) is None
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n"])
def test_a_cell_that_a_spreadsheet_would_run_is_text(start: str) -> None:
    assert cell_text(f"{start}HYPERLINK()") == f"'{start}HYPERLINK()"
    assert cell_text(f"a{start}b") == f"a{start}b"


def test_the_statistics_of_a_distribution_have_lines_after_its_counts() -> None:
    exact = {"everyone": {"n": 3, "mean": "134.772"}, "without_type1": {"n": 3, "mean": "135.000"}}
    names = ("mean", "deviation", "lower_quartile", "median", "upper_quartile")
    exact = {count: dict.fromkeys(names) | one for count, one in exact.items()}
    count = {"everyone": 373, "without_type1": 357}
    withheld = {"state": "withheld", "reason": "too_few_values"}
    states = {
        "statistics": dict.fromkeys(names, withheld) | {"mean": {"state": "value", "value": "135.0", "step": "1"}}
    }
    seen = {"words": "withheld", "why": "Too few patients have a value."}
    document = {
        "cells": [{"dimensions": {}, "met": count, "not_met": count, "excepted": count, "statistics": exact}],
        "released": {"rows": [dict.fromkeys(("met", "not_met", "excepted"), withheld) | states]},
        "others_see": [
            dict.fromkeys(("met", "not_met", "excepted", *names), seen) | {"mean": {"words": "135.0", "why": ""}}
        ],
        "why": None,
    }

    (group,) = groups_of(document)

    assert [line.name for line in group.lines[3:]] == [
        "mean",
        "standard deviation",
        "lower quartile",
        "median",
        "upper quartile",
    ]
    mean, deviation = group.lines[3:5]
    assert (mean.figure("everyone"), mean.others_see, mean.is_same) == ("134.772", "135.0", True)
    assert (deviation.figure("everyone"), deviation.kind, deviation.is_same) == ("–", "withheld", False)
