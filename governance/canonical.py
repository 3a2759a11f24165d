r"""Canonical JSON: the one spelling of a value that is signed or hashed.

* UTF-8, keys sorted by code point, no blanks between tokens, no byte order mark, text written as itself;
* whole numbers only, at most 2^53 - 1 either way (what every reader of JSON can hold); never a fraction;
* on reading: a size limit before anything is parsed, a name twice in one object is refused, so are fractions, NaN and
  text that is not Unicode.

Bytes that were signed are kept and compared as received; they are never written again in order to verify them.

>>> to_canonical({"b": [1, True, None], "a": "é"})
b'{"a":"\xc3\xa9","b":[1,true,null]}'
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import NoReturn

from governance.errors import FormatError

LARGEST_INTEGER = 2**53 - 1  # RFC 8259 section 6: the range on which implementations agree
DEEPEST = 16  # levels of nesting; ours have six


def to_canonical(value: object) -> bytes:
    """The canonical bytes of a value made of mappings, lists, text, whole numbers, booleans and None.

    Raises:
        FormatError: the value holds something else.
    """
    _check(value, 0)
    return json.dumps(value, ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":")).encode("utf-8")


def from_json(data: bytes, limit_bytes: int, what: str = "message") -> object:
    """Read JSON that came from outside.

    Args:
        data: as received.
        limit_bytes: refuse anything longer before parsing it.
        what: the name of the message, for the refusal.

    Raises:
        FormatError: too long, not UTF-8, not JSON, a fraction, or a name twice in one object.
    """
    if len(data) > limit_bytes:
        raise FormatError(f"{what} is {len(data)} bytes, at most {limit_bytes} are read")
    try:
        value = json.loads(
            data.decode("utf-8"),
            object_pairs_hook=_object,
            parse_float=_refuse_fraction,
            parse_constant=_refuse_fraction,
        )
    except FormatError as error:
        raise FormatError(f"{what}: {error.message}") from error
    except (ValueError, RecursionError) as error:
        raise FormatError(f"{what} is not JSON in UTF-8") from error
    try:
        _check(value, 0)
    except FormatError as error:
        raise FormatError(f"{what}: {error.message}") from error
    return value


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise FormatError("a name stands twice in one object")
    return value


def _refuse_fraction(_text: str) -> NoReturn:
    raise FormatError("a number is not a whole number")


def _check_text(text: str) -> None:
    if not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text):
        raise FormatError("text is not Unicode: a lone surrogate")


def _check(value: object, depth: int) -> None:
    if depth > DEEPEST:
        raise FormatError(f"nested more than {DEEPEST} deep")
    match value:
        case None | bool():
            return
        case str():
            _check_text(value)
        case int():
            if abs(value) > LARGEST_INTEGER:
                raise FormatError(f"a number is beyond {LARGEST_INTEGER}")
        case list() | tuple():
            for item in value:
                _check(item, depth + 1)
        case Mapping():
            _check_object(value, depth)
        case _:
            raise FormatError(f"a {type(value).__name__} cannot be written")


def _check_object(value: Mapping[object, object], depth: int) -> None:
    for name, item in value.items():
        if not isinstance(name, str):
            raise FormatError(f"a name is {type(name).__name__}, expected text")
        _check_text(name)
        _check(item, depth + 1)
