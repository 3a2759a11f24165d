"""Every state of a count, from the suppressor at a practice to each page, file and terminal of the hub: never alike.

Drawn practices release drawn figures; each result is sealed, uploaded, opened, enforced and stored by the real code.
Then every surface is read, and must say of each count what left the practice: a number, a band, or the word for why
there is none. No count that is not a number looks like another state, like nothing, or like a zero.
"""

from __future__ import annotations

import dataclasses
import re
from collections import defaultdict
from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from governance.cells import CellState, SafeRow, State
from governance.optouts import OptOutPolicy, take_off
from governance.profiles import GP_BENCH
from governance.result import ResultMessage
from governance.suppress import SafeTable, failed, not_run
from governance.wire import FIRST
from hub.agreements import in_force
from hub.demo.outcome import _results, _row
from hub.inbox import opened_tables
from hub.models import Receipt, Result
from hub.pages.load import comparisons, release, totals_of_release
from hub.totals_words import file_rows, to_json
from hub.viewer import Viewer
from searches.document import read_search
from searches.people import AnswerRow, Roster, gather
from searches.search import Outcome
from tests.federation import SEARCH, Agent, Federation, search_files, use_hub
from tests.governance_kit import first_release
from tests.integration.test_pages import World, table

CODES = ("Z90001", "Z90002", "Z90003")
FIRST_DAY = date(2020, 1, 1)
OUTCOMES = ("met", "not_met", "excepted")
SEARCH_READ = read_search(search_files())
NO_NUMBER = ("layout_has_no_event", "timed_out", "other")

Released = tuple[SafeTable | None, tuple[int, int]]
"""A practice's table (None: it has not answered) and how many really met and did not."""


def counted(met: int, not_met: int, list_size: int) -> Released:
    roster = Roster(tuple(str(number) for number in range(1, met + not_met + 1)))
    values = tuple(dimension.values[-1] for dimension in SEARCH_READ.dimensions)
    rows = [
        AnswerRow(patient_id, Outcome.MET if number < met else Outcome.NOT_MET, values)
        for number, patient_id in enumerate(roster.patient_ids)
    ]
    people = take_off(gather(SEARCH_READ, FIRST_DAY, roster, rows), 0, FIRST_DAY, OptOutPolicy.TYPE1_EXCLUDED)
    lists = (0,) * (len(SEARCH_READ.cells()) - 2) + (met + not_met,)
    return first_release(people, GP_BENCH, list_size, lists), (met, not_met)


NUMBERS = st.builds(counted, st.integers(8, 900), st.integers(8, 900), st.just(5000))
BELOW = st.builds(counted, st.integers(0, 7), st.integers(15, 900), st.just(5000))
ABOVE = st.builds(counted, st.integers(15, 900), st.integers(0, 7), st.just(5000))
SMALL = st.builds(counted, st.integers(0, 7), st.integers(0, 7), st.just(5000))
SILENT = st.builds(counted, st.integers(0, 40), st.integers(0, 40), st.just(90))
NOT_RUN = st.sampled_from(NO_NUMBER).map(lambda reason: (not_run(SEARCH_READ, GP_BENCH, reason), (0, 0)))
FAILED = st.sampled_from(NO_NUMBER).map(lambda reason: (failed(SEARCH_READ, GP_BENCH, reason), (0, 0)))
AWAITED = st.just((None, (0, 0)))
KINDS = {
    "value": NUMBERS,
    "below": BELOW,
    "above": ABOVE,
    "too few": SMALL,
    "silent": SILENT,
    "not run": NOT_RUN,
    "failed": FAILED,
    "awaited": AWAITED,
}

Seen = dict[str, set[str]]
"""By the kind of a count, every text that any surface had for it."""


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    federation = Federation(tmp_path_factory.mktemp("states"))
    federation.ready(*CODES)
    return World(federation)


def send(agent: Agent, made: SafeTable | None, on: date) -> ResultMessage | None:
    if made is None:
        return None
    last = Receipt.objects.filter(practice__code=agent.code).order_by("sequence").last()
    sequence, before = (last.sequence + 1, last.digest) if last is not None else (1, FIRST)
    days = {"reference_date": on, "optouts_as_of": on, "delivered_on": on}
    message = agent.message([made], sequence=sequence, previous=before, **days)
    agent.drop(agent.seal([made], sequence=sequence, previous=before, **days).data, sequence)
    return message


_days = iter(range(1, 2000))
_case = settings(
    max_examples=3, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


def test_every_surface_says_of_every_count_what_left_the_practice_and_no_two_states_look_alike(world: World) -> None:
    use_hub(world.federation.hub_folder)
    seen: Seen = defaultdict(set)
    for strategy in KINDS.values():
        _draw(world, strategy, seen)

    assert {"value", "below", "above", "withheld", "not run", "failed", "awaited"} == set(seen)
    for kind, texts in seen.items():
        others = set().union(*(said for other, said in seen.items() if other != kind))
        assert not texts & others, (kind, texts & others)
        if kind != "value":
            like_nothing_or_zero = [text for text in texts if re.fullmatch(r"\W*0?(\.0+)?\W*", text)]
            assert not like_nothing_or_zero, (kind, texts)


def _draw(world: World, strategy: st.SearchStrategy[Released], seen: Seen) -> None:
    @_case
    @given(strategy, st.one_of(*KINDS.values()), st.one_of(*KINDS.values()))
    def one(first: Released, second: Released, third: Released) -> None:
        on = FIRST_DAY + timedelta(days=next(_days))
        drawn = dict(zip(CODES, (first, second, third), strict=True))
        messages = {code: send(world.federation.agents[code], made, on) for code, (made, _) in drawn.items()}
        world.federation.receive()
        assert [world.federation.agents[code].quarantined() for code in CODES] == [()] * len(CODES)
        for code, (made, _) in drawn.items():
            _check_practice(world, code, made, on, seen)
            if made is not None:
                _check_stored(messages[code], made, code, on)
        _check_totals(world, drawn, on)

    one()


def kind_of(cell: CellState) -> str:
    if cell.state is State.BAND:
        return "below" if cell.above is None else "above"
    return str(cell.state).replace("_", " ")


def said_of(cell: CellState) -> str:
    """What a count must be called, from its state alone."""
    return {
        "value": lambda: f"{cell.value}",
        "below": lambda: f"fewer than {cell.below}",
        "above": lambda: f"more than {cell.above}",
    }.get(kind_of(cell), lambda: kind_of(cell))()


def _check_practice(world: World, code: str, made: SafeTable | None, on: date, seen: Seen) -> None:
    viewer, asked = Viewer.practice(code), f"?on={on.isoformat()}"
    page = f"/practice/heart-health/{SEARCH}/"
    if not Result.objects.filter(reference_date=on).exists():
        assert world.client(viewer).get(page + asked).status_code == 404
        return
    text = world.text(viewer, page + asked)
    own, *_ = world.file(viewer, f"/practice/heart-health/{SEARCH}.csv{asked}")
    (front,) = world.file(viewer, f"/practice.csv{asked}")
    given_ = release(in_force("heart-health"), on, world.federation.now.date())
    ((_, comparison),) = comparisons(code, given_, world.federation.config)
    terminal = _row(comparison)[1]
    if made is None:
        assert "No result of your practice has been received for this date." in text
        assert (own["state"], own["percentage"], own["met"]) == ("not yet received", "", "")
        assert (front["state"], terminal) == ("not yet received", "not yet received")
        seen["awaited"] |= {own["state"], terminal}
        return
    row = made.totals
    facts = {name: figure.replace(",", "") for name, figure in table(text, "As your practice released them")}
    for name, column, outcome in (("Met", "met", 0), ("Not met", "not_met", 1), ("Left out (excepted)", "left_out", 2)):
        cell = row.states[outcome]
        said = said_of(cell)
        people = " people" if cell.state in (State.VALUE, State.BAND) else ""
        assert (facts[name], own[column]) == (f"{said}{people}", said)
        seen[kind_of(cell)] |= {facts[name], own[column]}
    _check_share(row, (own["percentage"], front["percentage"], terminal), own["state"])


def _check_share(row: SafeRow, shares: tuple[str, str, str], state: str) -> None:
    met, not_met = row.met.value, row.not_met.value
    in_file, in_front, terminal = shares
    if met is not None and not_met is not None:
        assert abs(float(in_file) - 100 * met / (met + not_met)) <= 0.05
        assert (in_front, terminal, state) == (in_file, f"{in_file}%", "value")
        return
    assert (in_file, in_front) == ("", "")
    assert terminal == state != "value"
    assert "%" not in terminal


def _check_stored(message: ResultMessage | None, made: SafeTable, code: str, on: date) -> None:
    assert message is not None
    result = Result.objects.get(practice__code=code, reference_date=on)
    (opened,) = opened_tables(result)
    leaves = dataclasses.asdict(opened)["rows"]
    assert leaves == dataclasses.asdict(made)["rows"]
    document = message.to_json()["tables"]
    assert document == [made.to_json()]
    rows = [one for one in _results() if (one["practice"], one["reference_date"]) == (code, on.isoformat())]
    assert [{name: one[name] for name in OUTCOMES} for one in rows] == [
        {name: row.to_json()[name] for name in OUTCOMES} for row in made.rows
    ]


def _check_totals(world: World, drawn: dict[str, Released], on: date) -> None:
    given_ = release(in_force("heart-health"), on, world.federation.now.date())
    ((_, totals),) = totals_of_release(given_)
    answered = {code: one for code, one in drawn.items() if one[0] is not None and _has_counted(one[0])}
    said, rows = to_json(totals), file_rows(totals)
    for place, name in enumerate(("met", "not_met")):
        truth = sum(counts[place] for _, counts in answered.values())
        every = all(one is not None and one.totals.states[place].state is State.VALUE for one, _ in drawn.values())
        total = said[name]
        assert isinstance(total, dict)
        assert rows[place][1] == total["state"]
        assert (total["state"] == "value") == every
        if total["state"] in ("none_counted", "not_shown"):
            assert len(answered) < 2
            assert rows[place][2:6] == ("", "", "", "")
            continue
        assert total["counted"]["least"] <= truth
        assert total["counted"]["most"] is None or truth <= total["counted"]["most"]
        assert every or total["most"] is None or total["most"] > total["least"] or len(answered) == len(drawn)


def _has_counted(made: SafeTable) -> bool:
    return made.totals.met.state not in (State.NOT_RUN, State.FAILED)
