"""Values over time and between searches: one person's measurement read from means that are released."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from searches.document import SearchFiles, library_folder, read_folder, read_search
from searches.errors import RuleError
from tests.attack.stories import stopped_by
from tests.attack.surgery import Letter, Surgery, ask_values, assert_alike, crowd

NEIGHBOURS = crowd("neighbour", 49)
UNMEASURED = crowd("unmeasured", 20)
OTHERS = {name: 110 + 7 * place % 60 for place, name in enumerate(NEIGHBOURS)}


def surgery() -> Surgery:
    """A hundred and thirty patients, Ann among them."""
    return Surgery([*NEIGHBOURS, "Ann", *UNMEASURED, *crowd("stranger", 60)])


def ask(values: Mapping[str, float], name: str = "pressure") -> object:
    """Everyone's pressure."""
    return ask_values(name, values, not_met=[*UNMEASURED, *(one for one in ("Ann",) if one not in values)])


def weeks(*values: Mapping[str, float]) -> Sequence[Letter]:
    """A release for each."""
    practice = surgery()
    letters = [practice.release(ask(one)) for one in values]  # type: ignore[arg-type]
    assert all(one.mean("pressure") is not None for one in letters), "no mean is shown"
    return letters


@stopped_by("values wait for others")
def test_anns_new_measurement_does_not_show_beside_the_old_mean() -> None:
    """The same people before and after; all else is the same, so a mean that moves is Ann's."""
    assert_alike(lambda it_is_so: weeks(OTHERS | {"Ann": 70}, OTHERS | {"Ann": 250 if it_is_so else 70}))


@stopped_by("gate")
def test_a_mean_before_ann_was_measured_and_one_after() -> None:
    """Mean times number, twice: the difference would be her value."""
    assert_alike(lambda it_is_so: weeks(OTHERS, OTHERS | ({"Ann": 250} if it_is_so else {})))


@stopped_by("values wait for others")
def test_a_mean_is_not_walked_to_the_edge_of_a_step() -> None:
    """Three friends are measured anew, one each week, until one more value would tip the mean: then Ann comes."""

    def world(it_is_so: bool) -> Sequence[Letter]:
        weeks_before = [OTHERS | {"Ann": 70} | dict.fromkeys(NEIGHBOURS[:friends], 200) for friends in range(4)]
        return weeks(*weeks_before, weeks_before[-1] | {"Ann": 250 if it_is_so else 70})

    assert_alike(world)


@stopped_by("values wait for others")
def test_values_that_swing_there_and_back_leave_nobody_alone() -> None:
    """Five swing away, and back without Ann: the third release would be the first but for her."""

    def world(it_is_so: bool) -> Sequence[Letter]:
        first = OTHERS | {"Ann": 70}
        swung = first | dict.fromkeys(NEIGHBOURS[:6], 200)
        return weeks(first, swung, first | {"Ann": 250 if it_is_so else 70})

    first, second, third = (letter.mean("pressure") for letter in world(True))
    assert third in (first, second)
    assert_alike(world)


@stopped_by("values as elsewhere")
def test_two_searches_of_the_same_people_do_not_mark_ann() -> None:
    """The second takes the home reading of whoever has a rare code: the same people, and one has another value."""

    def world(it_is_so: bool) -> Sequence[Letter]:
        practice = surgery()
        marked = OTHERS | {"Ann": 250 if it_is_so else 70}
        letter = practice.release(ask(OTHERS | {"Ann": 70}, "all"), ask(marked, "marked"))  # type: ignore[arg-type]
        assert letter.mean("marked") is not None
        return [letter]

    assert_alike(world)


@stopped_by("values as elsewhere")
def test_nor_do_they_a_month_apart() -> None:
    def world(it_is_so: bool) -> Sequence[Letter]:
        practice = surgery()
        first = practice.release(ask(OTHERS | {"Ann": 70}, "all"))  # type: ignore[arg-type]
        marked = OTHERS | {"Ann": 250 if it_is_so else 70}
        return [first, practice.release(ask(marked, "marked"))]  # type: ignore[arg-type]

    assert_alike(world)


def fitting(values: Mapping[str, float], letters: Sequence[Letter], names: Sequence[str]) -> list[int]:
    """What Ann's value can be for somebody who knows every other value, and reads the means of these searches."""
    found = []
    for ann in range(60, 251, 5):
        practice = surgery()
        again = practice.release(*(ask(_part(values | {"Ann": ann}, name), name) for name in names))  # type: ignore[arg-type]
        if all(again.mean(name) == letters[0].mean(name) for name in names):
            found.append(ann)
    return found


def _part(values: Mapping[str, float], name: str) -> Mapping[str, float]:
    return values if name == "all" else dict(list(values.items())[int(name.split("-")[1]) :])


@stopped_by("means on a grid")
def test_the_mean_of_ten_is_no_ones_value_to_who_knows_nine() -> None:
    nine = dict(zip(NEIGHBOURS, (70, 90, 110, 130, 150, 170, 190, 210, 230), strict=False))
    letter = surgery().release(ask(nine | {"Ann": 150}, "all"))  # type: ignore[arg-type]
    assert letter.value("all", "met") == 10
    assert letter.mean("all") is not None
    fits = fitting(nine, [letter], ["all"])
    assert max(fits) - min(fits) >= (250 - 60) / 2


@stopped_by("means on a grid")
def test_sums_made_of_means_do_not_give_the_rest() -> None:
    """Mean times number of all, less that of all but ten: the sum of ten, and of these nine are known."""
    values = OTHERS | {"Ann": 140}
    letter = surgery().release(ask(values, "all"), ask(_part(values, "less-10"), "less-10"))  # type: ignore[arg-type]
    assert letter.value("less-10", "met") == 40
    fits = fitting(OTHERS, [letter], ["all", "less-10"])
    assert max(fits) - min(fits) >= (250 - 60) / 2


FILES = read_folder(library_folder("hypertension-systolic"))


def refused(value: str) -> None:
    """A search with this value is not taken."""
    sql = FILES.files["search.sql"].replace("       r.value\nFROM", f"       {value} AS value\nFROM")
    with pytest.raises(RuleError, match="value is not a number as it was measured"):
        read_search(SearchFiles({**FILES.files, "search.sql": sql}, FILES.codelists))


@stopped_by("values are measured")
def test_a_mean_of_written_numbers_counts_nobody() -> None:
    """250 for whoever has the code and 60 for everyone else: the mean would say how many, finer than any count may."""
    refused("CASE WHEN r.value > 180 THEN 250 ELSE 60 END")


@stopped_by("values are measured")
def test_a_written_number_does_not_mark_one_person_among_measured_ones() -> None:
    refused("CASE WHEN dx.latest_date > :reference_date - INTERVAL '1' MONTH THEN 250 ELSE r.value END")


@stopped_by("values are measured")
def test_an_age_in_months_is_no_value() -> None:
    refused("p.age_months")
