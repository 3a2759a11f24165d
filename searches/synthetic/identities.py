"""Who the synthetic people say they are: plainly invented, one of a kind, and never anybody's.

NHS numbers come from the range 999 000 0000 to 999 999 9999, which is never issued to a person; their check digit is
right (modulus 11, NHS Data Dictionary, "NHS NUMBER"). Telephone numbers begin with 0000, which no number of the
United Kingdom does; e-mail addresses end in `.example` (RFC 2606); postcodes lie in the unused area ZZ99.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

_FORENAMES: Final = ("Alder", "Birch", "Cedar", "Damson", "Elder", "Fern", "Gorse", "Hazel", "Ivy", "Juniper", "Zoë")
_TITLES: Final = ("Mx", "Ms", "Mr", "Dr")
_NHS_NUMBERS: Final = 500_000


@dataclass(frozen=True, slots=True)
class Identity:
    """Every identifying column of one person, in no layout's spelling."""

    nhs_number: str
    title: str
    forename: str
    surname: str
    street: str
    town: str
    postcode: str
    phone: str
    mobile: str
    email: str


Identities = Callable[[int], Identity]
"""From a patient number to who that is."""


def nhs_number(index: int) -> str:
    """A number of the test range with its check digit, another one for every index below 500,000.

    The ninth digit is one of two neighbours: where the first would need the check digit 10, which does not exist, the
    second does not, because the ninth digit weighs 2.
    """
    five, pair = divmod(index % _NHS_NUMBERS, 5)
    body = f"999{five:05d}{2 * pair}"
    if check_digit(body) == 10:
        body = f"999{five:05d}{2 * pair + 1}"
    return f"{body}{check_digit(body)}"


def check_digit(body: str) -> int:
    """The tenth digit of an NHS number (10 where there is none), from its first nine."""
    total = sum(int(digit) * weight for digit, weight in zip(body, range(10, 1, -1), strict=True))
    return (11 - total % 11) % 11


def synthetic(practice: str) -> Identities:
    """Invented people of one practice."""
    offset = zlib.crc32(practice.encode()) % _NHS_NUMBERS

    def of(n: int) -> Identity:
        return Identity(
            nhs_number=nhs_number(offset + n),
            title=_TITLES[n % 4],
            forename=_FORENAMES[n % 11],
            surname=f"Synthetic-{n}",
            street=f"{n} Invented Street",
            town="Nowhere",
            postcode=f"ZZ99{n % 10}ZZ",
            phone=f"00001{n % 1000000:06d}",
            mobile=f"00007{n % 1000000:06d}",
            email=f"patient{n}@{practice.lower()}.example",
        )

    return of


def marked(marker: str, practice: str = "Z90001") -> Identities:
    """Invented people with a marker in every identifying column, to follow where a column goes.

    Args:
        marker: letters, digits and hyphens; it is followed by the column's name and the patient number.
        practice: whose people.
    """
    plain = synthetic(practice)

    def of(n: int) -> Identity:
        return Identity(
            nhs_number=plain(n).nhs_number,
            title=f"{marker}title{n}",
            forename=f"{marker}forename{n}",
            surname=f"{marker}surname{n}",
            street=f"{marker}street{n}",
            town=f"{marker}town{n}",
            postcode=f"{marker}postcode{n}",
            phone=f"{marker}phone{n}",
            mobile=f"{marker}mobile{n}",
            email=f"{marker}email{n}@{practice.lower()}.example",
        )

    return of
