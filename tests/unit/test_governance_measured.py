"""Statistics of a distribution: shown beside their count, of the values let out, sent in steps, checked at the hub."""

from __future__ import annotations

import json
import random
import zlib
from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from governance.canonical import to_canonical
from governance.cells import CellState, Reason, ReceivedTable, Sent, Shape, State
from governance.errors import DisclosureError, FormatError
from governance.measured import Shown, describe
from governance.payload import compressed_bound, read_payload, write_payload
from governance.primary import Rule
from governance.profiles import GP_BENCH, NHS_ROUND5, STRICT10, MeanRule, Profile, narrowest
from governance.release_history import read_history, write_history
from governance.sealing import open_sealed, padded_length, seal
from governance.signing import encode64
from governance.suppress import Practice, SafeTable, Terms, failed, not_run, recheck, suppress
from searches.distribution import STATISTICS
from searches.search import Outcome, Unit
from tests.attack.surgery import LOCAL_KEY, PRESSURE, Asked, Surgery, ask_values, crowd
from tests.governance_kit import HUB_SEAL, IDENTITY, PRACTICE_KEY, message, table

FIFTY = {name: 127.4 if place % 2 else 147.4 for place, name in enumerate(crowd("patient", 50))}
OUTSIDE = crowd("other", 900)


def asked(values: Mapping[str, float] = FIFTY) -> Asked:
    return ask_values("pressure", values, not_met=crowd("unmeasured", 20))


def surgery(profile: Profile = GP_BENCH, **changes: object) -> Surgery:
    return Surgery([*FIFTY, *crowd("unmeasured", 20), *crowd("patient", 200), *OUTSIDE], profile=profile, **changes)  # type: ignore[arg-type]


def made(values: Mapping[str, float] = FIFTY, profile: Profile = GP_BENCH, many: int = 1200) -> SafeTable:
    """The table of a first release."""
    practice = surgery(profile)
    one = asked(values)
    people = {*values, *crowd("unmeasured", 20)}
    practice.patients = [*people, *crowd("other", many - len(people))]
    counted = practice._counted(one, practice.roster, 0)
    return suppress([counted], Terms("x", profile), Practice(practice.roster, 0, LOCAL_KEY), practice.history).tables[0]


def values_of(one: SafeTable) -> dict[str, str]:
    assert one.totals.statistics is not None
    return {
        name: f"{s.value:f}" if s.value is not None else str(s.reason)
        for name, s in zip(STATISTICS, one.totals.statistics.each, strict=True)
    }


def received(one: SafeTable, statistics: tuple[Sent, ...] | None = None) -> ReceivedTable:
    sent = tuple(
        (a.plain, b.plain, c.plain, d.plain, e.plain)
        for row in one.rows
        if row.statistics is not None
        for a, b, c, d, e in [row.statistics.each]
    )
    rows = tuple(row.states for row in one.rows)
    return ReceivedTable(
        one.search_id, one.search_digest[:16], one.profile, one.engine_version, rows, statistics or sent
    )


def test_the_documented_example() -> None:
    assert values_of(made()) == {
        "mean": "135",
        "deviation": "0",
        "lower_quartile": "125",
        "median": "values_tell_too_much",
        "upper_quartile": "145",
    }
    mean = made().to_json()["rows"][0]["statistics"]["mean"]  # type: ignore[index]
    assert mean == {"state": "value", "value": "135", "step": "5"}


@pytest.mark.parametrize(
    ("people", "profile", "mean", "median"),
    [
        (9, GP_BENCH, Reason.TOO_FEW_VALUES, Reason.TOO_FEW_VALUES),
        (39, GP_BENCH, None, Reason.TOO_FEW_VALUES),
        (40, GP_BENCH, None, None),
        (7, GP_BENCH, Reason.COUNT_NOT_SHOWN, Reason.COUNT_NOT_SHOWN),
        (60, STRICT10, Reason.MEANS_NOT_ALLOWED, Reason.MEANS_NOT_ALLOWED),
        (60, narrowest(GP_BENCH, STRICT10), Reason.MEANS_NOT_ALLOWED, Reason.MEANS_NOT_ALLOWED),
        (9, NHS_ROUND5, Reason.VALUES_TELL_TOO_MUCH, Reason.TOO_FEW_VALUES),  # enough, and too much alike
        (7, NHS_ROUND5, Reason.COUNT_NOT_SHOWN, Reason.COUNT_NOT_SHOWN),
        (42, NHS_ROUND5, Reason.VALUES_TELL_TOO_MUCH, Reason.TOO_FEW_VALUES),
    ],
)
def test_how_many_people_a_statistic_needs(
    people: int, profile: Profile, mean: Reason | None, median: Reason | None
) -> None:
    one_rules = mean is Reason.VALUES_TELL_TOO_MUCH
    found = made(
        {name: 60 if one_rules else 100 + place for place, name in enumerate(crowd("patient", people))}, profile
    )
    assert found.totals.statistics is not None
    assert found.totals.statistics.mean.reason == found.totals.statistics.deviation.reason == mean
    assert found.totals.statistics.median.reason == median


def test_of_a_rounded_count_the_step_is_that_of_the_fewest_people_it_can_stand_for() -> None:
    found = made({name: 100 + place % 40 for place, name in enumerate(crowd("patient", 97))}, NHS_ROUND5)
    assert found.totals.met.value == 95
    assert found.totals.statistics is not None
    assert found.totals.statistics.mean.step == 5  # of 93 people it is 5; of 95 it would be 2


def test_a_small_practice_shows_no_statistics_of_groups_and_a_tiny_one_none_at_all() -> None:
    by = [("sex", {"F": list(FIFTY)[:25], "M": [*list(FIFTY)[25:], *crowd("unmeasured", 20)]})]
    one = ask_values("pressure", FIFTY, not_met=crowd("unmeasured", 20), by=by)
    practice = Surgery([*FIFTY, *crowd("unmeasured", 20), *crowd("other", 100)])
    letter = practice.release(one)
    assert letter.mean("pressure") == 135
    assert letter.statistics("pressure", "F")["mean"]["reason"] == "count_not_shown"
    assert set(values_of(made(many=100)).values()) == {"count_not_shown"}


def test_who_opted_out_is_in_no_mean() -> None:
    values = {**dict.fromkeys(crowd("patient", 20), 100.0), **dict.fromkeys(crowd("quiet", 20), 200.0)}
    values |= dict.fromkeys(crowd("patient", 10, start=20), 120.0)
    practice = surgery(opted_out=crowd("quiet", 20))
    practice.patients = [*practice.patients, *crowd("quiet", 20)]
    letter = practice.release(ask_values("pressure", values, not_met=crowd("unmeasured", 20)))
    assert letter.value("pressure", "met") == 30
    assert letter.mean("pressure") == 110


def test_a_search_that_was_not_run_says_so_of_each_statistic() -> None:
    search = asked().search
    for state, made_empty in ((State.NOT_RUN, not_run), (State.FAILED, failed)):
        for profile in (GP_BENCH, STRICT10):
            table = made_empty(search, profile, "timed_out")
            assert table.totals.statistics is not None
            assert {(one.state, one.reason) for one in table.totals.statistics.each} == {(state, Reason.TIMED_OUT)}
            assert recheck(received(table), profile, Shape.of(search)) == table


def test_a_reason_of_a_statistic_is_none_of_a_count() -> None:
    bad = CellState(State.WITHHELD, reason=Reason.TOO_FEW_VALUES)
    one = made()
    with pytest.raises(DisclosureError, match="a cell breaks profile gp-bench"):
        recheck(replace(received(one), rows=((bad, bad, bad),)), GP_BENCH, Shape.of(asked().search))
    assert not_run(asked().search, GP_BENCH, "too_few_values").totals.met.reason is Reason.OTHER


# --- on the wire ------------------------------------------------------------------------------------------------------


def test_what_was_sealed_is_opened_statistic_by_statistic() -> None:
    sent = message(made(), table(80, 20), table(3, 3, search_id="small"))
    opened = open_sealed(seal(sent, PRACTICE_KEY, HUB_SEAL.public).data, IDENTITY, HUB_SEAL)
    assert opened.measured == sent.measured == ("pressure",)
    found = next(one for one in opened.tables if one.search_id == "pressure")
    assert recheck(found, GP_BENCH, Shape.of(asked().search)) == made()
    assert all(one.statistics is None for one in opened.tables if one.search_id != "pressure")


def test_a_message_without_distributions_is_as_it_always_was() -> None:
    body = json.loads(write_payload(message(), HUB_SEAL.public.key_id))
    assert not {"measured", "statistics"} & set(body)


def test_a_message_is_as_long_as_its_shape_whatever_its_statistics() -> None:
    tables = (made(), made(dict.fromkeys(FIFTY, 60)), made({name: 60 + 3 * n for n, name in enumerate(FIFTY)}),
              not_run(asked().search, GP_BENCH, "timed_out"), made(profile=GP_BENCH, many=90))  # fmt: skip
    assert len({len(seal(message(one), PRACTICE_KEY, HUB_SEAL.public).data) for one in tables}) == 1


def test_statistics_that_cannot_be_compressed_still_fit_into_their_shape() -> None:
    random_number = random.Random(7)
    for searches, rows in ((1, 1), (1, 61), (40, 20), (300, 1)):
        shape = tuple((f"indicator-{number:04d}", rows) for number in range(searches))
        measured = tuple(one for one, _ in shape[::2])
        body = {
            "head": [random_number.randbytes(32).hex() for _ in range(8)],
            "searches": [one for one, _ in shape],
            "rows": [count for _, count in shape],
            "measured": list(measured),
            "statistics": encode64(random_number.randbytes(16 * rows * len(measured))),
            "digests": encode64(random_number.randbytes(8 * searches)),
            "statements": encode64(random_number.randbytes(8 * searches)),
            "cells": encode64(random_number.randbytes(8 * searches * rows)),
        }
        assert len(zlib.compress(to_canonical(body), 9)) <= compressed_bound(shape, measured)
    assert padded_length((("one", 1),), ("one",)) == 4096


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"measured": ["pressure", "pressure"]}, "does not name its distributions once each"),
        ({"measured": ["another"]}, "does not name its distributions once each"),
        ({"measured": None}, "does not name its distributions once each"),
        ({"statistics": None}, "does not name its distributions once each"),
        ({"statistics": encode64(bytes(15))}, "a column of 15 bytes, expected 16"),
        ({"statistics": encode64(b"\1" + bytes(15))}, "statistics whose first bits are not 0"),
        ({"statistics": encode64(b"\0\0\1\xff" + bytes(12))}, "a cell of an unknown kind"),
    ],
)
def test_a_payload_that_names_its_distributions_wrongly_is_not_read(change: dict[str, object], reason: str) -> None:
    body = {**json.loads(write_payload(message(made()), HUB_SEAL.public.key_id)), **change}
    payload = to_canonical({name: value for name, value in body.items() if value is not None})
    with pytest.raises(FormatError, match=reason):
        read_payload(payload)


# --- the hub's check --------------------------------------------------------------------------------------------------


def sent(**changes: CellState) -> tuple[Sent, ...]:
    whole = dict(zip(STATISTICS, received(made()).statistics[0], strict=True)) | changes  # type: ignore[index]
    mean, deviation, lower, median, upper = whole.values()
    return ((mean, deviation, lower, median, upper),)


def value(number: int) -> CellState:
    return CellState(State.VALUE, value=number)


TELL = CellState(State.WITHHELD, reason=Reason.VALUES_TELL_TOO_MUCH)


@pytest.mark.parametrize(
    "changes",
    [
        {"mean": value(39)},  # 60 + 39 x 5 is beyond 250
        {"mean": value(-1)},
        {"deviation": value(4)},
        {"mean": TELL},  # without its deviation
        {"mean": TELL, "deviation": CellState(State.WITHHELD, reason=Reason.TOO_FEW_VALUES)},
        {"median": CellState(State.WITHHELD, reason=Reason.PROTECTS_OTHERS)},
        {"median": CellState(State.BAND, below=8)},
        {"median": value(12)},  # below the lower quartile
        {"upper_quartile": CellState(State.NOT_RUN, reason=Reason.TIMED_OUT)},
    ],
)
def test_a_statistic_that_the_rules_cannot_give_is_refused(changes: dict[str, CellState]) -> None:
    with pytest.raises(DisclosureError, match="a statistic breaks profile gp-bench"):
        recheck(received(made(), sent(**changes)), GP_BENCH, Shape.of(asked().search))


def test_a_statistic_that_they_can_give_is_taken() -> None:
    found = recheck(
        received(made(), sent(mean=value(38), deviation=value(3), median=value(14))), GP_BENCH, Shape.of(asked().search)
    )
    assert values_of(found) == {
        "mean": "250",
        "deviation": "150",
        "lower_quartile": "125",
        "median": "130",
        "upper_quartile": "145",
    }


@pytest.mark.parametrize("people", [7, 9, 30])
def test_a_statistic_of_too_few_people_is_refused(people: int) -> None:
    one = made({name: 100 + place for place, name in enumerate(crowd("patient", people))})
    with pytest.raises(DisclosureError, match="a statistic breaks profile gp-bench"):
        recheck(received(one, sent()), GP_BENCH, Shape.of(asked().search))


def test_a_mean_under_a_profile_without_means_is_refused() -> None:
    one = made({name: 100 + place for place, name in enumerate(crowd("patient", 60))}, STRICT10)
    with pytest.raises(DisclosureError, match="a statistic breaks profile strict10"):
        recheck(received(one, sent()), STRICT10, Shape.of(asked().search))


def test_statistics_come_of_a_distribution_and_of_nothing_else() -> None:
    one, shape = made(), Shape.of(asked().search)
    with pytest.raises(DisclosureError, match="statistics are sent of a distribution, and of no other kind"):
        recheck(replace(received(one), statistics=None), GP_BENCH, shape)
    with pytest.raises(DisclosureError, match="statistics are sent of a distribution, and of no other kind"):
        recheck(received(one), GP_BENCH, replace(shape, measure=None))
    with pytest.raises(DisclosureError, match="statistics are not of each of its cells"):
        recheck(received(one, sent() * 2), GP_BENCH, shape)


# --- over time --------------------------------------------------------------------------------------------------------


def other(values: Mapping[str, float], many: int, new: float = 250) -> dict[str, float]:
    """The same people, so many of them with another value."""
    return {name: new if place < many else old for place, (name, old) in enumerate(values.items())}


@pytest.mark.parametrize(("many", "mean"), [(1, 135), (4, 135), (5, 150), (20, 180)])
def test_values_of_a_few_people_wait_for_more(many: int, mean: int) -> None:
    practice = surgery()
    practice.release(asked())
    assert practice.release(asked(other(FIFTY, many))).mean("pressure") == mean


def test_a_held_count_goes_with_the_held_mean_and_both_advance_together() -> None:
    practice = surgery()
    practice.release(asked())
    joined = FIFTY | dict.fromkeys(crowd("patient", 3, start=60), 250.0)
    held = practice.release(asked(joined))
    assert (held.value("pressure", "met"), held.mean("pressure")) == (50, 135)
    joined |= dict.fromkeys(crowd("patient", 3, start=70), 250.0)
    advanced = practice.release(asked(joined))
    assert (advanced.value("pressure", "met"), advanced.mean("pressure")) == (56, 150)


def test_who_is_held_in_a_count_stays_in_its_mean_with_the_value_of_then() -> None:
    practice = surgery()
    practice.release(asked())
    left = dict(list(FIFTY.items())[3:])
    held = practice.release(asked(left))
    assert (held.value("pressure", "met"), held.mean("pressure")) == (50, 135)


def test_values_do_not_come_back_near_to_an_earlier_release() -> None:
    """Five change, then four of them change back: one person away from the first release, and the second is shown."""
    practice = surgery()
    practice.release(asked())
    second = practice.release(asked(other(FIFTY, 5)))
    third = practice.release(asked(other(FIFTY, 1)))
    assert third.statistics("pressure") == second.statistics("pressure")


def test_the_story_says_what_is_exact_what_is_counted_and_why() -> None:
    practice = surgery()
    practice.release(asked())
    one = asked(other(FIFTY, 4))
    counted = practice._counted(one, practice.roster, 0)
    release = suppress([counted], Terms("x", GP_BENCH), Practice(practice.roster, 0, LOCAL_KEY), practice.history)
    told = release.stories[0].rows[0].statistics["mean"]
    assert (told.exact, told.counted) == ("146.408", "137.400")
    assert told.why == "a few people's new values wait until more have changed; to the nearest 5"
    assert (
        release.stories[0]
        .to_json()["rows"][0]["median"]["why"]
        .endswith("withheld: one person's value would move it by more than a step")
    )  # type: ignore[index]


def test_the_history_keeps_values_and_forgets_them_with_their_people() -> None:
    practice = surgery()
    practice.release(asked())
    practice.release(asked(other(FIFTY, 9)))
    history = practice.history
    (series,) = history.series.values()
    assert len(series.values) == 50
    assert len(series.value_past) == len(series.past) == 2
    assert [len(undo) for undo in series.value_past] == [9, 50]
    compact = history.compacted()
    (after,) = compact.series.values()
    assert sorted(after.values.values()) == sorted(series.values.values())
    assert read_history(write_history(compact, LOCAL_KEY), LOCAL_KEY) == compact


@settings(deadline=None, derandomize=True, max_examples=60)
@given(st.data())
def test_no_released_statistic_moves_by_more_than_a_step_for_one_patient(data: st.DataObject) -> None:
    """Whatever the values, and whatever one of them becomes; also without any gate between the two."""
    people = data.draw(st.integers(10, 70))
    numbers = data.draw(st.lists(st.integers(40_000, 270_000), min_size=people, max_size=people))
    who, new = data.draw(st.integers(0, people - 1)), data.draw(st.integers(0, 300_000))
    changed = [new if place == who else number for place, number in enumerate(numbers)]
    shown = Shown(value(people), PRESSURE, Rule(GP_BENCH, frozenset(Outcome), Unit.PERSON))
    first, second = (describe(one, shown).statistics.each for one in (numbers, changed))
    for before, after in zip(first, second, strict=True):
        if before.number is not None and after.number is not None:
            assert abs(before.number - after.number) <= 1


def test_a_rule_of_more_people_is_asked_of_both_sides() -> None:
    strict = replace(GP_BENCH, mean=MeanRule(n_min=51))
    assert set(values_of(made(profile=strict)).values()) >= {"too_few_values"}
    with pytest.raises(DisclosureError, match="a statistic breaks profile"):
        recheck(received(made()), strict, Shape.of(asked().search))
