from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from governance.canonical import DEEPEST, from_json, to_canonical
from governance.errors import FormatError

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)


@settings(deadline=None, derandomize=True)
@given(VALUES)
def test_what_is_written_is_read_again_and_written_alike(value: object) -> None:
    data = to_canonical(value)
    assert from_json(data, len(data)) == value
    assert to_canonical(from_json(data, len(data))) == data


def test_the_order_of_names_and_blanks_make_no_difference() -> None:
    assert to_canonical({"b": [1, None], "a": "é"}) == '{"a":"é","b":[1,null]}'.encode()


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b'{"a":1,"a":2}', "stands twice"),
        (b'{"a":1.5}', "not a whole number"),
        (b'{"a":1e3}', "not a whole number"),
        (b"NaN", "not a whole number"),
        (b"[Infinity]", "not a whole number"),
        (b"{", "not JSON"),
        (b"\xff", "not JSON in UTF-8"),
        (b"9007199254740992", "beyond"),
        (b"1" * 5000, "not JSON"),
        (b'["\\ud800"]', "surrogate"),
        (b'{"\\ud800":1}', "surrogate"),
        (b"[" * 5000 + b"]" * 5000, "not JSON|nested"),
        (b"[" * (DEEPEST + 2) + b"]" * (DEEPEST + 2), "nested more than"),
    ],
)
def test_what_can_be_read_in_two_ways_is_refused(data: bytes, why: str) -> None:
    with pytest.raises(FormatError, match=why):
        from_json(data, 100_000, "thing")


def test_too_long_is_refused_before_it_is_parsed() -> None:
    with pytest.raises(FormatError, match="thing is 3 bytes, at most 2 are read"):
        from_json(b"{{{", 2, "thing")


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (1.5, "a float cannot be written"),
        ({"a": b"x"}, "a bytes cannot be written"),
        ({1: "a"}, "a name is int, expected text"),
        (2**53, "beyond"),
        ("\ud800", "surrogate"),
    ],
)
def test_what_has_no_canonical_form_is_not_written(value: object, why: str) -> None:
    with pytest.raises(FormatError, match=why):
        to_canonical(value)
