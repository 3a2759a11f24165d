from __future__ import annotations

from collections import Counter
from random import Random

import pytest

from hub.demo.plan import list_sizes, plan


@pytest.mark.parametrize("seed", range(20))
def test_twelve_practices_have_lists_of_900_to_14000_with_a_mean_of_6000_and_one_under_1000(seed: int) -> None:
    sizes = sorted(practice.patients for practice in plan(12, 6000, seed))
    assert (sizes[0], sizes[-1], sum(sizes)) == (900, 14_000, 72_000)
    assert sum(size < 1000 for size in sizes) == 1


def test_twelve_practices_use_three_layouts_the_commonest_most_and_the_rarest_twice() -> None:
    assert Counter(practice.layout for practice in plan(12, 6000, 1)) == {"emis_im1": 6, "tpp_sr": 4, "vision": 2}


def test_some_practices_choose_to_be_named_and_most_do_not() -> None:
    practices = plan(12, 6000, 1)
    assert practices[0].named
    assert sum(practice.named for practice in practices) == 3


@pytest.mark.parametrize(
    ("count", "mean"), [(1, 200), (2, 200), (3, 200), (3, 1200), (5, 333), (30, 8000), (150, 5333)]
)
def test_other_numbers_keep_the_mean_and_a_list_that_sends_something(count: int, mean: int) -> None:
    sizes = list_sizes(count, mean, Random(1))
    assert (len(sizes), sum(sizes)) == (count, count * mean)
    assert min(sizes) > 100


def test_codes_and_names_are_unique() -> None:
    practices = plan(150, 1000, 1)
    assert len({practice.code for practice in practices}) == len({practice.name for practice in practices}) == 150
