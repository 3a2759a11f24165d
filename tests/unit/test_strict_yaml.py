from __future__ import annotations

from datetime import date

import pytest

from searches.errors import DocumentError
from searches.strict_yaml import read_yaml


def test_plain_values_keep_their_types() -> None:
    assert read_yaml("x", "a: 2026-03-31\nb: 0.9\nc: text\non: no\nd: true\n") == {
        "a": date(2026, 3, 31),
        "b": 0.9,
        "c": "text",
        "on": "no",
        "d": True,
    }


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a: 1\nb: 2\na: 3\n", "x.yaml, line 3, column 1: 'a' stands twice"),
        ("a: {b: 1, b: 2}\n", "x.yaml, line 1, column 11: 'b' stands twice"),
        ("a: &x [1]\nb: *x\n", r"x.yaml, line 2, column 4: an alias \(\*name\) is refused"),
        ("a: [1\n", "x.yaml, line 2, column 1: expected"),
        ("a: 2026-02-30\n", "x.yaml: day is out of range|x.yaml: day"),
        ("a: !!python/object:os.system x\n", "x.yaml, line 1, column 4: could not determine a constructor"),
        ("a: \x00", "x.yaml: unacceptable character"),
        ("[" * 5000, "x.yaml: maximum recursion depth|x.yaml"),
        ("x" * 200_001, "x.yaml is longer than 200000 characters"),
    ],
)
def test_traps_of_yaml_are_refused_with_their_place(text: str, reason: str) -> None:
    with pytest.raises(DocumentError, match=reason):
        read_yaml("x.yaml", text)
