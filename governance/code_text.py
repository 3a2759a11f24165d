"""Bytes as text that people can paste or type, where every mistyped character is found and its place named.

Crockford's base32 (no I, L, O, U; read without regard to case; I and L are read as 1, O as 0) in groups of eight: seven
characters of content and one check character. The check is a weighted sum over the field of 32 elements, started with
the group's number: any one wrong character, any two characters swapped, and any group in another's place are found. The
content is two bytes of length, the bytes, and their CRC-32, which finds what several mistakes could hide from the
groups.

>>> to_groups(b"hello")
'000PGSB6-CDHQPSY3-XNRG006J'
>>> from_groups("000pgsb6 cdhqpsy3 xnrg006j")
b'hello'
"""

from __future__ import annotations

import zlib

from governance.errors import FormatError

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_ALIASES = str.maketrans({"I": "1", "L": "1", "O": "0"})
_CONTENT, _GROUP = 7, 8  # characters
_LENGTH_BYTES, _CRC_BYTES = 2, 4


def to_groups(data: bytes) -> str:
    """The text of some bytes (65,535 at most)."""
    framed = len(data).to_bytes(_LENGTH_BYTES, "big") + data + zlib.crc32(data).to_bytes(_CRC_BYTES, "big")
    symbols = _symbols(framed)
    groups = [symbols[at : at + _CONTENT] for at in range(0, len(symbols), _CONTENT)]
    return "-".join(
        "".join(_ALPHABET[symbol] for symbol in (*group, _check(number, group))) for number, group in enumerate(groups)
    )


def from_groups(text: str) -> bytes:
    """The bytes of a text; blanks and dashes may stand anywhere.

    Raises:
        FormatError: a character is not one of ours, a group does not check, or the whole does not.
    """
    plain = "".join(text.split()).replace("-", "").upper().translate(_ALIASES)
    symbols = [_symbol(place, character) for place, character in enumerate(plain)]
    if not symbols or len(symbols) % _GROUP:
        raise FormatError(f"code has {len(symbols)} characters, expected whole groups of {_GROUP}", _AGAIN)
    content: list[int] = []
    for number in range(len(symbols) // _GROUP):
        group = symbols[number * _GROUP : (number + 1) * _GROUP]
        if _check(number, group[:_CONTENT]) != group[_CONTENT]:
            raise FormatError(
                f"code has a mistyped character in group {number + 1}", "compare that group and try again"
            )
        content += group[:_CONTENT]
    return _unframed(content)


_AGAIN = "copy the whole code again"


def _unframed(content: list[int]) -> bytes:
    bits = 0
    for symbol in content:
        bits = bits << 5 | symbol
    whole = len(content) * 5 // 8
    raw = (bits >> (len(content) * 5 - whole * 8)).to_bytes(whole, "big")
    end = _LENGTH_BYTES + int.from_bytes(raw[:_LENGTH_BYTES], "big")
    data, crc = raw[_LENGTH_BYTES:end], raw[end : end + _CRC_BYTES]
    # Written again and compared: one code has one text, and nothing may hide behind its end.
    if zlib.crc32(data).to_bytes(_CRC_BYTES, "big") != crc or _symbols(raw[: end + _CRC_BYTES]) != content:
        raise FormatError("code does not check as a whole", _AGAIN)
    return data


def _symbols(framed: bytes) -> list[int]:
    """Five bits each, filled up with zeros to whole groups."""
    count = -(-len(framed) * 8 // (5 * _CONTENT)) * _CONTENT
    bits = int.from_bytes(framed, "big") << (count * 5 - len(framed) * 8)
    return [bits >> 5 * (count - 1 - place) & 31 for place in range(count)]


def _symbol(place: int, character: str) -> int:
    value = _ALPHABET.find(character)
    if value < 0:
        raise FormatError(f"code has a character that codes never use in group {place // _GROUP + 1}")
    return value


def _check(number: int, group: list[int]) -> int:
    """The group's number plus the sum of a^place * symbol in GF(32); a is primitive, so no two places weigh alike."""
    total = number & 31
    for place, symbol in enumerate(group, start=1):
        weighted = symbol
        for _ in range(place):
            weighted = _times_a(weighted)
        total ^= weighted
    return total


def _times_a(element: int) -> int:
    doubled = element << 1
    return doubled ^ 0b100101 if doubled & 0b100000 else doubled  # x^5 + x^2 + 1
