"""Code lists: named lists of clinical codes in several systems, always text, each shape and check digit verified.

A list is one CSV file `NAME.csv` with the header `system,code,label,category`:

    snomed   a SNOMED CT concept id: 6 to 18 digits, partition 00 or 10, Verhoeff check digit
             (SNOMED CT Release File Specifications, "SNOMED CT identifiers")
    dmd      a dm+d identifier: the same rules, since dm+d numbers are SNOMED CT concept ids of the UK extension
    ctv3     Clinical Terms Version 3: five characters, padded with dots, case-sensitive
    read2    Read version 2: five characters, padded with dots, case-sensitive
    emis     a supplier's own code: printable, no spaces

A code is never a number: leading zeros, trailing dots and 18 digits do not survive spreadsheets and floats. `category`
is empty, or given for every code of the list.

>>> verhoeff_is_valid("73211009"), verhoeff_is_valid("73211008")
(True, False)
"""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections.abc import Callable

from searches.errors import CodelistError
from searches.search import Code, Codelist

HEADER = ("system", "code", "label", "category")
MAX_CODELIST_BYTES = 2_000_000  # bytes; the largest national list known to us has some 20,000 codes
NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")

# Verhoeff's dihedral group D5: multiplication and the permutation applied to each position (Verhoeff 1969).
_TIMES = (
    "0123456789",
    "1234067895",
    "2340178956",
    "3401289567",
    "4012395678",
    "5987604321",
    "6598710432",
    "7659821043",
    "8765932104",
    "9876543210",
)
_PERMUTE = (
    "0123456789",
    "1576283094",
    "5803796142",
    "8916043527",
    "9453126870",
    "4286573901",
    "2793806415",
    "7046913258",
)
_SCTID = re.compile(r"[1-9][0-9]{5,17}")
_READ = re.compile(r"(?=.{5}\Z)[A-Za-z0-9]+\.*")
_LOCAL = re.compile(r"[!-+\--~]{1,40}")  # printable ASCII without space and comma
_LABEL = re.compile(r"[^\x00-\x1f\x7f]{1,200}")
_CATEGORY = re.compile(r"[A-Za-z0-9][A-Za-z0-9 _/()'&-]{0,39}")
_LONG_FORM_SHORTEST = 11  # an item digit, a seven-digit namespace, two partition digits, a check digit


def verhoeff_is_valid(digits: str) -> bool:
    """Is the last of these digits the Verhoeff check digit of the others?"""
    check = 0
    for position, digit in enumerate(reversed(digits)):
        check = int(_TIMES[check][int(_PERMUTE[position % 8][int(digit)])])
    return check == 0


def _sctid_fault(code: str) -> str:
    if not _SCTID.fullmatch(code):
        return "expected 6 to 18 digits without a leading zero"
    if code[-3:-1] not in {"00", "10"}:
        return f"expected a concept (partition 00 or 10), got partition {code[-3:-1]}"
    if code[-3:-1] == "10" and len(code) < _LONG_FORM_SHORTEST:
        return "too short to hold the namespace that partition 10 promises"
    return "" if verhoeff_is_valid(code) else "check digit is wrong"


def _read_fault(code: str) -> str:
    return "" if _READ.fullmatch(code) else "expected five letters or digits, padded at the end with dots"


def _local_fault(code: str) -> str:
    return "" if _LOCAL.fullmatch(code) else "expected 1 to 40 printable characters without spaces or commas"


SYSTEMS: dict[str, Callable[[str], str]] = {
    "snomed": _sctid_fault,
    "dmd": _sctid_fault,
    "ctv3": _read_fault,
    "read2": _read_fault,
    "emis": _local_fault,
}
"""What is wrong with a code of each system, in words; an empty string if nothing is."""


def parse_codelist(name: str, text: str) -> Codelist:
    """Read one code list.

    Args:
        name: as a search writes it in `codelist.NAME`.
        text: the whole CSV file.

    Raises:
        CodelistError: the file is malformed, or a code fails its shape, partition or check digit.
    """
    if not NAME.fullmatch(name):
        raise CodelistError(f"code list name {name!r} is refused", "use lower-case letters, digits and underscores")
    if len(text) > MAX_CODELIST_BYTES:
        raise CodelistError(f"code list {name} is longer than {MAX_CODELIST_BYTES} characters")
    codes = tuple(_code(name, line, row) for line, row in _rows(name, text))
    _check_whole(name, codes)
    return Codelist(name, codes, _digest(codes))


def _rows(name: str, text: str) -> list[tuple[int, list[str]]]:
    reader = csv.reader(io.StringIO(text), strict=True)
    try:
        rows = [(reader.line_num, row) for row in reader if row]
    except csv.Error as error:
        raise CodelistError(f"code list {name}, line {reader.line_num}: not CSV: {error}") from error
    header = tuple(rows[0][1]) if rows else ()
    if header != HEADER:
        raise CodelistError(f"code list {name}: expected the header {','.join(HEADER)}, got {','.join(header)[:80]!r}")
    return rows[1:]


def _code(name: str, line: int, row: list[str]) -> Code:
    def refused(reason: str, hint: str = "") -> CodelistError:
        return CodelistError(f"code list {name}, line {line}: {reason}", hint)

    if len(row) != len(HEADER):
        raise refused(f"expected {len(HEADER)} columns, got {len(row)}", "quote a label that holds a comma")
    system, code, label, category = row
    if system not in SYSTEMS:
        raise refused(f"unknown system {system!r}", f"use one of: {', '.join(SYSTEMS)}")
    fault = SYSTEMS[system](code)
    if fault:
        raise refused(f"{system} code {code!r}: {fault}", "compare it with the published release, as text")
    if not _LABEL.fullmatch(label):
        raise refused("the label is empty, too long or holds a control character")
    if category and not _CATEGORY.fullmatch(category):
        raise refused(f"category {category[:40]!r} is refused", "use letters, digits, spaces and _ / ( ) ' & -")
    return Code(system, code, label, category)


def _check_whole(name: str, codes: tuple[Code, ...]) -> None:
    if not codes:
        raise CodelistError(f"code list {name} is empty")
    seen: set[tuple[str, str]] = set()
    for code in codes:
        if (code.system, code.code) in seen:
            raise CodelistError(f"code list {name}: {code.system} code {code.code} stands twice")
        seen.add((code.system, code.code))
    without = next((code for code in codes if not code.category), None)
    if without is not None and any(code.category for code in codes):
        raise CodelistError(
            f"code list {name}: {without.system} code {without.code} has no category, others have",
            "give every code a category, or none",
        )


def _digest(codes: tuple[Code, ...]) -> str:
    """SHA-256 over the sorted codes, each field length-prefixed, so that the order of lines does not matter."""
    digest = hashlib.sha256(b"gpfed codelist v1\0")
    for code in sorted(codes, key=lambda code: (code.system, code.code)):
        for field in (code.system, code.code, code.label, code.category):
            encoded = field.encode()
            digest.update(len(encoded).to_bytes(8, "big") + encoded)
    return digest.hexdigest()
